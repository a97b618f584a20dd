"""Frames of the puppet drawn in processes of their own, beside the one that encodes."""
