"""What a video carries to prove what it is: an invisible mark, C2PA, and reading them again."""
