"""Fake of the WebUI's package."""
