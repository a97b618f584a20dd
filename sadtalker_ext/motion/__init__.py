"""What a face does, planned and edited without knowing an engine: blinks, gaze, head, view."""
