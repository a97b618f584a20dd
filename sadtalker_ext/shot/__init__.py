"""Pictures and videos as frames with followed faces."""
