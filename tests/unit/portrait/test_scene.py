"""Who is who while people of a video cross, come late and leave."""

import cv2
import numpy as np
import pytest

from sadtalker_ext.planes import Colours, Planes
from sadtalker_ext.portrait.find import find_face
from sadtalker_ext.portrait.scene import SceneFollower

WIDTH, HEIGHT, HEAD = 560, 260, 190
FRAMES = 44
PAST = 0.6
"""Distance of two heads, in head widths, from which both faces can be seen."""


def planes_of(picture):
    planes = cv2.cvtColor(picture, cv2.COLOR_RGB2YUV_I420)
    half = (HEIGHT // 2, WIDTH // 2)
    luma, u, v = np.split(planes.ravel(), [HEIGHT * WIDTH, HEIGHT * WIDTH * 5 // 4])
    colours = Colours(matrix="601")
    return Planes(luma.reshape(HEIGHT, WIDTH), u.reshape(half), v.reshape(half), colours)


def head_of(portrait, models):
    """A head of `HEAD` pixels, its matte, and where its face is within it."""
    points = find_face(portrait, models).points[:, :2]
    low, high = points.min(0), points.max(0)
    middle, reach = (low + high) / 2, 0.75 * (high - low).max()
    left, top = (middle - reach).astype(int)
    side = int(2 * reach)
    picture = portrait.pixels[max(top, 0) : top + side, max(left, 0) : left + side]
    picture = cv2.resize(picture, (HEAD, HEAD), interpolation=cv2.INTER_AREA)
    y, x = np.mgrid[0:HEAD, 0:HEAD] / HEAD - 0.5
    matte = np.clip((0.47 - np.hypot(x * 1.18, y)) / 0.03, 0, 1)[..., None]
    return picture, matte


@pytest.fixture(scope="module")
def heads(portrait, models):
    """Two people: the example, and somebody broader with other colours who looks the other way."""
    one, matte = head_of(portrait, models)
    other = np.clip(one[:, ::-1, ::-1] * np.array([0.95, 0.75, 0.6]) + 8, 0, 255)
    wide = cv2.resize(other.astype(np.uint8), (HEAD * 6 // 5, HEAD))
    other = wide[:, HEAD // 10 : HEAD // 10 + HEAD]
    return (one, matte), (other, matte[:, ::-1])


def shown(heads, places, front):
    """A frame with heads at places (middles), the one in front last."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    frame = np.stack([90 + x / 8, 100 + y / 5, 120 - x / 12], -1)
    for number in sorted(places, key=lambda one: one == front):
        picture, matte = heads[number]
        left, top = round(places[number] - HEAD / 2), (HEIGHT - HEAD) // 2
        low, high = max(left, 0), min(left + HEAD, WIDTH)
        if high > low:
            part = np.s_[top : top + HEAD, low:high]
            inner = np.s_[:, low - left : high - left]
            frame[part] += (picture[inner] - frame[part]) * matte[inner]
    return np.clip(frame, 0, 255).astype(np.uint8)


def follow(models, pictures):
    follower = SceneFollower(models)
    frames = [planes_of(one) for one in pictures]
    seen = [
        [(one.person, float(one.points[:, 0].mean())) for one in faces]
        for faces in (
            follower(one, cut=not number, after=after)
            for number, (one, after) in enumerate(zip(frames, [*frames[1:], None], strict=True))
        )
    ]
    follower.close()
    return seen, follower


def crossing(heads, front):
    """Places of both heads in every frame; they meet in the middle."""
    ways = np.linspace(0, 1, FRAMES)
    places = [{0: 110 + 340 * way, 1: 450 - 340 * way} for way in ways]
    return places, [shown(heads, one, front) for one in places]


@pytest.mark.parametrize("front", [0, 1])
def test_people_who_cross_stay_who_they_are(heads, models, front):
    places, pictures = crossing(heads, front)
    seen, follower = follow(models, pictures)
    start = sorted(seen[0], key=lambda one: one[1])
    assert len(start) == 2
    assert len(follower.people) == 2
    name = {0: start[0][0], 1: start[1][0]}
    for frame, (place, faces) in enumerate(zip(places, seen, strict=True)):
        apart = abs(place[0] - place[1]) / HEAD
        for number, person in name.items():
            at = [x for who, x in faces if who == person]
            if number == front or (apart > PAST and frame < FRAMES // 2):
                assert at, f"frame {frame}: person {number} is lost, {apart:.2f} apart"
            for x in at:
                if number == front or apart > PAST:
                    # the mean of the mesh lies within a head near its middle
                    assert abs(x - place[number]) < 0.3 * HEAD, f"frame {frame}: person {number}"
    assert {who for who, _ in seen[-1]} == set(name.values())


def test_who_comes_late_is_found_soon_and_disturbs_nobody(heads, models):
    ways = [620 - 22 * n for n in range(12)] + [378] * 16
    pictures = [shown(heads, {0: 130, 1: at}, 0) for at in ways]
    seen, follower = follow(models, pictures)
    assert all(seen)
    first = [faces[0][0] for faces in seen]
    assert set(first) == {first[0]}
    whole = next(n for n, at in enumerate(ways) if at < WIDTH - HEAD / 2)
    late = [n for n, faces in enumerate(seen) if len(faces) == 2]
    assert late[0] <= whole + 12
    assert late == list(range(late[0], len(seen)))
    assert len(follower.people) == 2
