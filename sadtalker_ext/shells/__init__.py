"""The ways in: command line, page, REST."""
