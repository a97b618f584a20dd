"""Dubbing: the mouth of every frame of a video is taken to other speech."""
