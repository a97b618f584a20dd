"""REST: jobs in the shape of D-ID's `talks`, on the WebUI's server or on one of our own."""
