"""Which frames give the inside of the mouth."""

from types import SimpleNamespace

import pytest

from sadtalker_ext.engines.puppet.dub import looks


@pytest.mark.parametrize(
    ("seen", "best"),
    [
        ([(0.27, 0.424), (0.17, 0.268), (0.59, 0.42)], 2),  # as many teeth, seen better
        ([(0.5, 0.1), (0.3, 0.8)], 1),  # far more teeth
        ([(0.2, 0.0), (0.4, 0.0)], 1),
        ([(-0.2, 0.0)], 0),
    ],
)
def test_teeth_count_by_how_well_they_are_seen(seen, best):
    found = [SimpleNamespace(merit=merit, teeth=teeth) for merit, teeth in seen]
    assert looks.showing_teeth(found) is found[best]
