"""Training of the networks that this project makes itself; nothing here is needed to run it."""
