"""The video file, and what it says about itself."""
