"""Patches of one or several roles over a shot of two frames, as a video's would be."""

import numpy as np
import pytest

from sadtalker_ext.compositor.lay import Compositor, Role, over
from sadtalker_ext.compositor.paste_back import Blend
from sadtalker_ext.engines.puppet.stage import box_of
from sadtalker_ext.types import Face, FollowedFace, Patch, Picture, Shot

FRAMES = [np.full((40, 60, 3), level, np.uint8) for level in (50, 120)]
POINTS = np.zeros((478, 3), np.float32)


def moving_face(index):
    """A face that is 5 pixels further right in the second frame."""

    def at(number):
        points = POINTS + np.float32([10 + 5 * number, 10, 0])
        return Face(points=points, box=box_of(points), score=1.0, index=index)

    return FollowedFace(index=index, at=at)


@pytest.fixture
def shot():
    return Shot(
        picture=Picture(pixels=FRAMES[0], name="two.mp4"),
        frames=lambda: iter(FRAMES),
        face=moving_face,
        held=False,
    )


def follow(shot, level, size=(8, 6), offset=0):
    """A rig of the crudest kind: a grey patch where the face is in each frame."""
    face = shot.face(0)
    for number, _ in enumerate(shot.frames()):
        left, top = (int(value) for value in face.at(number).points[0, :2])
        place = (left + offset, top, left + offset + size[0], top + size[1])
        yield Patch(
            pixels=np.full((size[1], size[0], 3), level, np.uint8),
            place=place,
            matte=np.ones((size[1], size[0]), np.float32),
        )


def role(patches, place=(0, 0, 1, 1)):
    return Role(patches=patches, place=place, points=POINTS)


def test_patches_follow_the_face_over_the_frames_of_a_video(shot):
    first, second = Compositor(shot, Blend.SOFT).frames([role(follow(shot, 200))])
    for frame, level, left in ((first, 50, 10), (second, 120, 15)):
        assert (frame[10:16, left : left + 8] == 200).all()
        outside = np.ones(frame.shape[:2], bool)
        outside[10:16, left : left + 8] = False
        assert (frame[outside] == level).all()
    assert (FRAMES[0] == 50).all(), "the shot's own frames are not written to"


def test_the_patches_of_two_roles_are_laid_in_their_order(shot):
    roles = [role(follow(shot, 200)), role(follow(shot, 90, offset=4))]
    first, _ = Compositor(shot, Blend.SOFT).frames(roles)
    assert (first[10:16, 10:14] == 200).all()
    assert (first[10:16, 14:22] == 90).all()


def test_a_whole_frame_lies_under_later_patches(shot):
    whole = (Patch(pixels=np.full((40, 60, 3), 7, np.uint8)) for _ in range(2))
    frames = list(Compositor(shot, Blend.SOFT).frames([role(whole, None), role(follow(shot, 90))]))
    assert len(frames) == 2
    assert frames[0][0, 0, 0] == 7
    assert frames[0][12, 12, 0] == 90


@pytest.mark.parametrize("blend", list(Blend))
def test_patches_without_a_matte_are_blended_into_each_frame(shot, blend):
    def patches():
        for _ in range(2):
            yield Patch(pixels=np.full((30, 30, 3), 220, np.uint8), place=(10, 5, 40, 35))

    points = POINTS + np.float32([25, 20, 0])
    points[:, :2] += np.random.default_rng(0).uniform(-8, 8, (478, 2))
    one = Role(patches=patches(), place=(10, 5, 40, 35), points=points.astype(np.float32))
    first, second = Compositor(shot, blend).frames([one])
    assert (first[:4] == 50).all()
    assert (second[:4] == 120).all()


def test_a_shot_that_ends_ends_the_video(shot):
    endless = (Patch(pixels=FRAMES[0]) for _ in range(99))
    assert len(list(Compositor(shot, Blend.SOFT).frames([role(endless, None)]))) == 2


def test_a_matte_mixes_and_what_reaches_over_the_border_is_cut():
    canvas = np.full((10, 10, 3), 100, np.uint8)
    patch = Patch(
        pixels=np.full((8, 8, 3), 200, np.uint8),
        place=(6, -4, 14, 4),
        matte=np.full((8, 8), 0.5, np.float32),
    )
    laid = over(canvas, patch)
    assert laid is canvas
    assert (laid[:4, 6:] == 150).all()
    assert (laid[4:] == 100).all()
    assert (laid[:, :6] == 100).all()
