"""The engine frames the picture and renders rows in order, ahead but not far ahead."""

from __future__ import annotations

import dataclasses
import threading
import time

import numpy as np
import pytest

from sadtalker_ext.engines.puppet.head.turn import HeadTurn
from sadtalker_ext.engines.puppet.rig import PuppetRig
from sadtalker_ext.engines.puppet.stage import (
    LARGEST_FACE_PX,
    LONGEST_SIDE_PX,
    longest_side,
    view_stage,
)
from sadtalker_ext.motion.controls import CONTROLS, rest
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.portrait.find import box_of
from sadtalker_ext.types import Face, Motion
from tests.support.puppet_person import make_person


class Recorder:
    """Stands for a layer: counts, and paints the given jaw so that order can be seen."""

    warnings = ()

    box = (0, 0, 1, 1)

    def __init__(self, pause: float = 0.0):
        self.calls = 0
        self.pause = pause
        self.lock = threading.Lock()

    def apply(self, canvas, controls, *rest_of_it):
        with self.lock:
            self.calls += 1
        time.sleep(self.pause)
        if isinstance(controls, dict):
            canvas[0, 0] = round(255 * controls["jaw"])
        return self.box


def track(frames: int, yaw: float = 0.0) -> Motion:
    controls = rest(frames)
    controls[:, 0] = np.linspace(0.1, 1, frames)
    head = np.zeros((frames, 3), np.float32)
    head[:, 0] = yaw
    return Motion(
        fps=25.0,
        head=head,
        lids=np.zeros((frames, 2), np.float32),
        gaze=np.zeros((frames, 2), np.float32),
        controls=controls,
        names=CONTROLS,
    )


def face_of(points) -> Face:
    return Face(points=points, box=box_of(points), score=1.0)


def nothing_is_directed():
    raise AssertionError("the skin of a face that nobody directs")


def rig(pause: float = 0.0) -> tuple[PuppetRig, Recorder]:
    person = make_person()
    view = view_stage(person.picture, face_of(person.points), "full")
    mouth = Recorder(pause)
    puppet = PuppetRig(
        face=face_of(person.points),
        track=None,
        view=view,
        mask=person.mask,
        mouth=mouth,
        eyes=Recorder(),
        head=HeadTurn(view.pixels, view.points, person.mask),
        skin=nothing_is_directed,
    )
    return puppet, mouth


def drawn(one, motion):
    return [patch.pixels for patch in one.draw(motion)]


def test_frames_come_in_order_and_are_independent():
    one, _ = rig()
    frames = drawn(one, track(20))
    assert [int(frame[0, 0, 0]) for frame in frames] == [
        round(255 * float(jaw)) for jaw in np.linspace(0.1, 1, 20).astype(np.float32)
    ]
    assert len({id(frame) for frame in frames}) == 20
    frames[0][:] = 0
    assert frames[1].any()


def test_the_same_motion_gives_the_same_frames():
    one, _ = rig()
    first, second = (drawn(one, track(6, 7.0)) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_rendering_does_not_run_far_ahead_of_the_encoder():
    one, mouth = rig()
    frames = one.draw(track(100))
    next(frames)
    time.sleep(0.3)
    assert mouth.calls <= 8
    frames.close()


def test_stopping_early_leaves_no_thread_behind():
    one, _ = rig(pause=0.01)
    frames = one.draw(track(100))
    next(frames)
    frames.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("puppet")]


def test_an_error_in_a_frame_is_raised_and_ends_the_work():
    one, mouth = rig()
    mouth.apply = lambda *_: 1 / 0
    with pytest.raises(ZeroDivisionError):
        drawn(one, track(5))
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("puppet")]


SHAKEN = np.float32([[12 * np.sin(row / 2), 0, 3 * np.cos(row)] for row in range(20)])
"""A head whose hair does not hang still at any row."""


def test_a_block_whose_beginning_was_not_drawn_begins_at_rest():
    one, _ = rig()
    turning = dataclasses.replace(track(20), head=SHAKEN)
    drawn(one, turning.rows(0, 7))
    (alone,) = (patch.pixels for patch in one.draw(turning.rows(9, 10), 9))
    assert np.array_equal(alone, drawn(one, turning.rows(9, 10))[0])


@pytest.mark.parametrize("lengths", [[20], [7, 13], [1] * 20])
def test_blocks_of_any_length_draw_the_same(lengths):
    one, _ = rig()
    turning = dataclasses.replace(track(20), head=SHAKEN)
    whole, again, first = drawn(one, turning), [], 0
    for length in lengths:
        block = turning.rows(first, first + length)
        again += [patch.pixels for patch in one.draw(block, first)]
        first += length
    assert all(np.array_equal(a, b) for a, b in zip(whole, again, strict=True))


def test_a_part_is_drawn_as_in_the_whole_motion():
    """Hair trails behind a turn that began before the part."""
    one, _ = rig()
    turning = track(12)
    turning.head[:, 0] = np.linspace(-9, 9, 12)
    whole = drawn(one, turning)
    part = [patch.pixels for patch in one.draw_part(turning, range(5, 9))]
    assert all(np.array_equal(a, b) for a, b in zip(part, whole[5:9], strict=True))
    alone = [patch.pixels for patch in one.draw(turning.rows(5, 9), 5)]
    assert not all(np.array_equal(a, b) for a, b in zip(part, alone, strict=True))


def test_a_path_is_kept_within_what_the_picture_can_show_and_told():
    one, _ = rig()
    still = track(3)
    view = np.full((3, 3), np.nan, np.float32)
    view[:, 0] = (5, 18, 30)
    far = dataclasses.replace(still, view=view)
    (warning,) = one.unable(far)
    assert "yaw path" in warning
    assert "found 30" in warning
    head = np.float32([[5, 0, 0], [18, 0, 0], [18, 0, 0]])
    turned = drawn(one, dataclasses.replace(still, head=head))
    assert all(np.array_equal(a, b) for a, b in zip(drawn(one, far), turned, strict=True))
    assert one.unable(dataclasses.replace(still, view=np.minimum(view, 18))) == ()


def face_at(x: float, y: float, width: float, height: float):
    points = np.zeros((478, 3), np.float32)
    turn = np.linspace(0, 2 * np.pi, 478)
    points[:, 0] = x + width / 2 * np.sin(turn)
    points[:, 1] = y - height / 2 * np.cos(turn)
    return face_of(points)


def test_a_small_face_shows_the_whole_picture_with_even_sides():
    picture = np.zeros((801, 601, 3), np.uint8)
    view = view_stage(picture, face_at(300, 200, 80, 100), "auto")
    assert view.size == (600, 800)
    assert view.pixels.shape[:2] == (801, 601)


def test_a_crop_is_square_around_the_head_and_sees_beyond_its_edge():
    picture = np.arange(800 * 900, dtype=np.uint32).reshape(800, 900, 1).astype(np.uint8)
    picture = np.repeat(picture, 3, 2)
    face = face_at(450, 350, 120, 150)
    view = view_stage(picture, face, "crop")
    width, height = view.size
    assert width == height
    assert 2 * 150 < width < 2.5 * 150
    left, top, right, bottom = view.frame
    assert left > 30
    assert view.pixels.shape[1] - right > 30
    centre = view.points[:, :2].mean(0)
    assert left < centre[0] < right
    assert top < centre[1] < bottom
    x, y = np.round(view.points[0, :2]).astype(int)
    assert np.array_equal(
        view.pixels[y, x], picture[tuple(np.round(face.points[0, 1::-1]).astype(int))]
    )


@pytest.mark.parametrize("preprocess", ["crop", "extcrop", "full", "auto", "resize", "extfull"])
@pytest.mark.parametrize(("x", "y"), [(60, 80), (440, 620), (250, 350)])
def test_every_framing_stays_inside_the_picture(preprocess, x, y):
    picture = np.zeros((701, 503, 3), np.uint8)
    view = view_stage(picture, face_at(x, y, 100, 130), preprocess)
    left, top, right, bottom = view.frame
    assert left >= 0
    assert top >= 0
    assert right <= view.pixels.shape[1]
    assert bottom <= view.pixels.shape[0]
    assert view.size[0] % 2 == 0
    assert view.size[1] % 2 == 0


def test_large_pictures_are_scaled_to_a_video_that_plays():
    picture = np.zeros((5000, 4000, 3), np.uint8)
    view = view_stage(picture, face_at(2000, 2000, 2400, 3000), "full")
    assert max(view.size) <= LONGEST_SIDE_PX
    assert np.ptp(view.points[:, 1]) <= LARGEST_FACE_PX + 1


@pytest.mark.parametrize(
    ("chosen", "drawn", "told"),
    [
        ({}, 2000, "output_side"),
        ({"output_side": 400}, 600, ""),
        ({"output_side": 100}, 384, ""),
        ({"output_side": 1100}, 1650, ""),
        ({"output_side": 1300}, 1950, "Frames of 1560 x 1950 pixels take long"),
        ({"output_side": 1900}, 2000, "output_side"),
        ({"output_side": 400, "upscaler": "some"}, 2000, "output_side"),
    ],
)
def test_what_is_shown_small_is_not_drawn_large(chosen, drawn, told):
    """A phone's photo took minutes for a video of 720 pixels."""
    picture = np.zeros((2000, 1600, 3), np.uint8)
    longest = longest_side(GenerateOptions(**chosen))
    view = view_stage(picture, face_at(800, 800, 400, 500), "full", longest)
    assert max(view.size) == drawn
    assert told in " ".join(view.warnings) and bool(told) == bool(view.warnings)


def test_what_lids_and_lips_cannot_do_is_told_when_they_should():
    one, mouth = rig()
    one.eyes.warnings = ("An eye is hidden.",)
    mouth.warnings = ("The mouth is open.",)
    mute = dataclasses.replace(track(3), controls=rest(3))
    assert one.unable(mute) == ()
    assert one.unable(track(3)) == ("The mouth is open.",)
    shut = dataclasses.replace(mute, lids=np.ones((3, 2), np.float32))
    assert one.unable(shut) == ("An eye is hidden.",)


def test_transparency_ends_where_the_picture_says_and_not_at_its_own_plain_margin():
    """The head can turn over what was clear before."""
    one, _ = rig()
    alpha = np.zeros(one.view.pixels.shape[:2], np.uint8)
    alpha[70:] = 255  # its upper margin looks like the bar of a film
    motion = track(2)
    motion.head[:] = [0.0, 12.0, 0.0]
    *_, last = one.draw_alpha(alpha, motion)
    assert last[:69].max() > 0
