"""Equality with the published model: recorded outputs, keyed test weights, and the check."""
