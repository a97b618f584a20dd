"""Hearing phones: a neural recogniser in numpy, and how its answer becomes phones with times."""
