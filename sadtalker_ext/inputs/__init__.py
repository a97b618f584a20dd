"""What users give: pictures and sound tracks, read into plain arrays."""
