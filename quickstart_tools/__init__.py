"""What quickstart.py is made of; the standard library only."""
