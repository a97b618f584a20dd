"""Putting rendered faces back into the picture."""
