"""The turn of the puppet's head over its background."""
