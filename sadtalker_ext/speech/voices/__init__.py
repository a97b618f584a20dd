"""Voices that speak a text."""
