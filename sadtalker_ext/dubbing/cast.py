"""Which of the people in a video a role means."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from sadtalker_ext.dubbing.analysis import Analysis
from sadtalker_ext.dubbing.request import DubRole, is_number
from sadtalker_ext.errors import InvalidOption, NoFaceFound, NoSuchFace
from sadtalker_ext.portrait.identity import Likeness
from sadtalker_ext.types import Box

_PASSED_SECONDS = 0.2
"""Faces seen for less are no people to count."""
_SAME = 1.5
"""A picture and a person that differ by more are two people."""
_SURE = 1.0
"""What differs by less is most often the same person, see `Likeness.differs`."""

LikenessOf = Callable[[Path], Likeness]
"""Measures the largest face of a picture file; raises NoFaceFound."""


def ranked(analysis: Analysis) -> list[int]:
    """Return the people by how much of the pictures their faces take, most first."""
    tracks = analysis.tracks
    if not len(tracks.faces):
        return []
    area = np.square(np.asarray(tracks.faces["reach"], np.float64))
    sums = np.bincount(tracks.person_of, area)
    counts = np.bincount(tracks.person_of)
    seconds = tracks.frames["seconds"]
    step = float(seconds[-1] - seconds[0]) / max(len(seconds) - 1, 1)
    enough = counts * max(step, 1e-3) >= min(_PASSED_SECONDS, len(seconds) * step)
    order = [int(one) for one in np.argsort(-sums) if sums[one] > 0]
    return [one for one in order if enough[one]] or order[:1]


def cast(
    analysis: Analysis,
    roles: Sequence[DubRole],
    name: str,
    *,
    box: Box | None,
    likeness_of: LikenessOf,
    tell: Callable[[str], None] = lambda _: None,
) -> list[list[int]]:
    """Return the people of each role; nobody has two.

    Args:
        analysis: What was found.
        roles: Who is meant.
        name: Of the video, for messages.
        box: Where the face of the first role lies, if asked for and it does not say so itself.
        likeness_of: Measures the picture of a person.
        tell: Told where the person of a picture is not surely the one of the video.

    Raises:
        NoFaceFound: The video shows no face.
        NoSuchFace: A role means somebody who is not there.
        InvalidOption: Two roles mean the same person.
    """
    people = ranked(analysis)
    if not people:
        raise NoFaceFound(
            f"No face found in {name}.", hint="Use a video with a larger or more frontal face."
        )
    taken: dict[int, list[int]] = {}
    # whoever names nobody takes the largest that nobody else named, whatever the order of roles
    boxes = [role.box or (box if number == 0 else None) for number, role in enumerate(roles)]
    turns = sorted(range(len(roles)), key=lambda one: _vague(roles[one], boxes[one]))
    for number in turns:
        role, here = roles[number], boxes[number]
        free = [one for one in people if not any(one in other for other in taken.values())]
        if here is not None:
            chosen = [_in_box(analysis, people, here, name)]
        elif role.face == "all":
            chosen = free
        elif role.face == "largest":
            chosen = free[:1]
        elif is_number(role.face):
            chosen = [_counted(people, int(role.face), name)]
        else:
            chosen = [_alike(analysis, people, Path(role.face), likeness_of, tell)]
        if not chosen:
            raise NoSuchFace(
                f"{name} shows {len(people)} people, and {len(roles)} roles were given.",
                hint="Give fewer roles.",
            )
        if any(one in other for one in chosen for other in taken.values()):
            raise InvalidOption(
                f"Two roles mean the same person of {name}.",
                hint="Choose another face for one of them.",
            )
        taken[number] = chosen
    return [taken[number] for number in range(len(roles))]


def _vague(role: DubRole, box: Box | None) -> int:
    """Return 0 for a role that names somebody, 1 for the largest who is left, 2 for the rest."""
    if box is not None:
        return 0
    return {"largest": 1, "all": 2}.get(str(role.face), 0)


def _counted(people: Sequence[int], index: int, name: str) -> int:
    if index >= len(people):
        count = "only one person" if len(people) == 1 else f"{len(people)} people"
        raise NoSuchFace(
            f"Face {index} was asked for, but {name} shows {count}.",
            hint=f"Faces are counted by size from 0: choose 0 to {len(people) - 1}."
            if len(people) > 1
            else "Choose face 0.",
        )
    return people[index]


def _alike(
    analysis: Analysis,
    people: Sequence[int],
    picture: Path,
    likeness_of: LikenessOf,
    tell: Callable[[str], None],
) -> int:
    wanted = likeness_of(picture)
    found = {one: analysis.people[one].differs(wanted) for one in people}
    best = min(found, key=lambda one: found[one])
    if found[best] > _SAME:
        raise NoSuchFace(
            f"Nobody in the video looks like {picture.name}.",
            hint="Choose the face by its number.",
        )
    if found[best] > _SURE:
        tell(
            f"Whoever is most like {picture.name} in the video was taken, but may be somebody "
            "else: look whether the right person speaks, or choose the face by its number."
        )
    return best


def _in_box(analysis: Analysis, people: Sequence[int], box: Box, name: str) -> int:
    """Return who is most often inside a box."""
    tracks = analysis.tracks
    middle = np.asarray(tracks.faces["middle"])
    inside = (middle[:, 0] >= box[0]) & (middle[:, 0] < box[2])
    inside &= (middle[:, 1] >= box[1]) & (middle[:, 1] < box[3])
    counts = np.bincount(tracks.person_of[inside], minlength=max(people) + 1)
    best = max(people, key=lambda one: counts[one])
    if not counts[best]:
        raise NoSuchFace(f"No face of {name} lies in the box {box}.", hint="Choose another box.")
    return best
