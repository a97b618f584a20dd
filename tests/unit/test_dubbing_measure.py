"""What the benchmark of dubbing remembers of a mouth."""

from types import SimpleNamespace

import numpy as np

from benchmarks.dubbing import Observed


def test_a_held_frame_is_compared_with_what_it_was_asked_first():
    rows = {}
    observed = Observed(SimpleNamespace(draw=lambda frames: [None] * len(frames)), rows, [])
    for number, jaw in ((0, 0.1), (1, 0.2), (1, 0.9)):
        observed.draw([SimpleNamespace(number=number, row=np.array([jaw]))])
    assert {number: float(row[0]) for number, row in rows.items()} == {0: 0.1, 1: 0.2}
