"""Speech: what is heard in a sound, and text spoken by a voice."""
