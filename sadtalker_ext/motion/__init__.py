"""Edits of a motion track that any engine understands."""
