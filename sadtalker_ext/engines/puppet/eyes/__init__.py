"""The eyes of the puppet: lids, irises, brows."""
