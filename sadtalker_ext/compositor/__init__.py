"""Paste-back: rendered faces back into the picture; restoration, enlarging, overlay."""
