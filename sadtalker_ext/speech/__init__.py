"""What is heard in speech: phones, loudness, pitch, stresses; and text spoken by a voice."""
