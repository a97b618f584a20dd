"""One person as filmed: the turn of the head, the face at rest, and what lies before it."""
