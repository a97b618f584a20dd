"""Talking-head videos from one portrait and speech: the SadTalker extension and its engines."""

__version__ = "0.1.0"
