"""Weight files: what exists, where they are, fetching and checking them."""
