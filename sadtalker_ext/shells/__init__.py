"""The ways in: command line, page, REST, and the WebUI's extension."""
