"""The networks; attribute names equal the keys of the published checkpoints."""
