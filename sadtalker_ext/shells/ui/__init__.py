"""The tab: the same page inside a WebUI and stand-alone."""
