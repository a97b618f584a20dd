"""Glasses in front of the eyes."""
