"""The built-in engine: a face mesh moved by phonemes, real time on a CPU."""
