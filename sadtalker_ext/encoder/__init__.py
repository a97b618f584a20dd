"""Writing the video file."""
