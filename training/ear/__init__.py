"""Training of the small network that tells when each sound is spoken (`speech.hear.timing`)."""
