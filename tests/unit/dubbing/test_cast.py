"""Which person of a video each role means."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from sadtalker_ext.dubbing.cast import cast
from sadtalker_ext.dubbing.request import DubRole, is_number
from sadtalker_ext.errors import InvalidOption, NoSuchFace

FRAMES = 10
LEFT, MIDDLE, RIGHT = (0, 0, 100, 100), (100, 0, 200, 100), (200, 0, 300, 100)


@pytest.fixture
def three():
    """Three people beside each other, the one in the middle largest and the right one smallest."""
    reach, x = np.array([30.0, 50.0, 20.0]), np.array([50.0, 150.0, 250.0])
    faces = {
        "reach": np.tile(reach, FRAMES),
        "middle": np.tile(np.stack([x, np.full(3, 50.0)], 1), (FRAMES, 1)),
    }
    tracks = SimpleNamespace(
        faces=Rows(faces),
        person_of=np.tile(np.arange(3), FRAMES),
        frames={"seconds": np.arange(FRAMES) / 10},
    )
    return SimpleNamespace(tracks=tracks, people=())


class Rows(dict):
    """Rows with named columns, as many as there are faces in all frames."""

    def __len__(self):
        return len(self["reach"])


def meant(three, *roles, box=None):
    found = cast(three, roles, "a.mp4", box=box, likeness_of=None)
    return [one[0] for one in found]


def test_a_box_is_a_roles_own(three):
    assert meant(three, DubRole(), DubRole(box=RIGHT)) == [1, 2]
    assert meant(three, DubRole(box=LEFT), DubRole(box=RIGHT)) == [0, 2]
    assert meant(three, DubRole(box=LEFT), DubRole(face="0")) == [0, 1]
    assert meant(three, DubRole(), DubRole(), box=RIGHT) == [2, 1]
    assert meant(three, DubRole(box=LEFT), box=RIGHT) == [0], "its own box counts"


@pytest.mark.parametrize(("differs", "told"), [(0.8, 0), (1.2, 1), (1.6, None)])
def test_a_person_who_may_be_somebody_else_is_told_of(three, differs, told):
    three.people = [SimpleNamespace(differs=lambda _, by=by: by) for by in (1.9, differs, 1.8)]
    notes = []

    def found():
        role = DubRole(face=Path("ann.png"))
        return cast(three, [role], "a.mp4", box=None, likeness_of=lambda _: None, tell=notes.append)

    if told is None:
        with pytest.raises(NoSuchFace, match=r"ann\.png"):
            found()
    else:
        assert (found(), len(notes)) == ([[1]], told)
        assert all("ann.png" in note for note in notes)


def test_two_roles_are_two_people(three):
    with pytest.raises(InvalidOption):
        meant(three, DubRole(box=LEFT), DubRole(box=LEFT))
    with pytest.raises(NoSuchFace):
        meant(three, DubRole(), DubRole(box=(400, 0, 500, 100)))


def test_whoever_names_nobody_leaves_named_people_alone(three):
    """The largest is number 0, [1] of the three."""
    assert meant(three, DubRole(), DubRole(face="0")) == [0, 1]
    assert meant(three, DubRole(face="all"), DubRole()) == [0, 1]
    assert not is_number("²")
