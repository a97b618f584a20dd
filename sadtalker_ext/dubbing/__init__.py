"""Dubbing: a video whose people say something else."""
