"""One file per topic; `tests.golden.registry` finds them all."""
