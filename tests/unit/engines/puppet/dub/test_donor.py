"""Which frame gives the inside of the mouth."""

from types import SimpleNamespace

import numpy as np
import pytest

from sadtalker_ext.engines.puppet.dub import donor


@pytest.mark.parametrize(
    ("looks", "best"),
    [
        ([(0.27, 0.424), (0.17, 0.268), (0.59, 0.42)], 2),  # as many teeth, seen better
        ([(0.5, 0.1), (0.3, 0.8)], 1),  # far more teeth
        ([(0.4, 0.0), (0.2, 0.0)], 0),
        ([(-0.2, 0.0)], 0),
    ],
)
def test_teeth_count_by_how_well_they_are_seen(monkeypatch, looks, best):
    monkeypatch.setattr(
        donor, "MouthDonor", lambda look, pose, depth: SimpleNamespace(teeth=look.shown, look=look)
    )
    seen = [SimpleNamespace(merit=merit, shown=teeth) for merit, teeth in looks]
    found = donor.best_donor(seen, [np.eye(3)] * len(seen), 0.0)
    assert found.look is seen[best]
