"""Words and phones with their times, in the formats of other programs."""
