"""The skin of the puppet: what the face's muscles do to brows, cheeks, nose, mouth and chin."""
