"""Damaged files of every kind that the program reads: none may end in anything but a sentence."""
