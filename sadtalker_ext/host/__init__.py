"""What the surrounding program offers: the WebUI, or nothing."""
