"""The built-in English voice."""
