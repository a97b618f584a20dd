"""The head turns like a solid body, over a background and a torso that stay."""

from __future__ import annotations

import numpy as np
import pytest

from sadtalker_ext.engines.puppet.head import field
from sadtalker_ext.engines.puppet.head.tiles import Run, Strip
from sadtalker_ext.engines.puppet.head.turn import HeadTurn
from tests.support.puppet_person import Person, make_person, places_of

POSES = [(9, 0, 0), (-9, 0, 0), (0, 6, 0), (0, -6, 0), (0, 0, 5), (0, 0, -5), (7, 4, 4)]


@pytest.fixture(scope="module")
def person() -> Person:
    return make_person()


@pytest.fixture(scope="module")
def turn(person):
    return HeadTurn(person.picture, person.points, person.mask)


def centre_of(frame, colour):
    """Mean place of the pixels near a colour."""
    rows, columns = np.nonzero(np.abs(frame.astype(int) - colour).sum(-1) < 60)
    return np.array([columns.mean(), rows.mean()])


def test_neutral_pose_is_the_picture(person, turn):
    frame = turn.apply(person.picture, 0.0, 0.0, 0.0)
    assert np.array_equal(frame, person.picture)
    assert frame is not person.picture


def test_the_way_from_neutral_is_continuous(person, turn):
    frame = turn.apply(person.picture, 0.002, 0.002, 0.002)
    assert np.abs(frame.astype(int) - person.picture).max() <= 1


def test_the_canvas_is_not_written(person, turn):
    canvas = person.picture.copy()
    turn.apply(canvas, 5, 3, 2)
    assert np.array_equal(canvas, person.picture)


@pytest.mark.parametrize("pose", POSES)
def test_background_away_from_the_head_stays_to_the_bit(person, turn, pose):
    frame = turn.apply(person.picture, *pose)
    changed = np.abs(frame.astype(int) - person.picture).max(-1)
    assert changed[person.far].max() == 0


@pytest.mark.parametrize("pose", POSES)
def test_torso_stays(person, turn, pose):
    frame = turn.apply(person.picture, *pose)
    changed = np.abs(frame.astype(int) - person.picture)
    assert changed[person.torso].mean() < 0.1


def test_yaw_moves_the_nose_right_and_the_ears_hardly(person, turn):
    places = [
        [centre_of(turn.apply(person.picture, yaw, 0, 0), mark) for mark in person.marks]
        for yaw in (-9, -5, 0, 5, 9)
    ]
    nose, top = np.array(places).transpose(1, 0, 2)
    assert np.all(np.diff(nose[:, 0]) > 2)
    assert np.abs(np.diff(nose[:, 1])).max() < 1
    assert np.ptp(top[:, 0]) < 0.5 * np.ptp(nose[:, 0])


def test_pitch_moves_the_nose_down(person, turn):
    down = [
        centre_of(turn.apply(person.picture, 0, pitch, 0), person.marks[0])[1]
        for pitch in (-6, -3, 0, 3, 6)
    ]
    assert np.all(np.diff(down) > 1)


def test_roll_turns_clockwise_about_the_neck(person, turn):
    frame = turn.apply(person.picture, 0, 0, 5)
    nose, top = (centre_of(frame, mark) for mark in person.marks)
    nose0, top0 = (centre_of(person.picture, mark) for mark in person.marks)
    spine0, spine = nose0 - top0, nose - top
    angle = np.degrees(np.arctan2(spine0[0] * spine[1] - spine0[1] * spine[0], spine0 @ spine))
    assert angle == pytest.approx(5, abs=0.4)
    assert top[0] > top0[0]


def test_lift_raises_the_head_by_face_heights(person, turn):
    frame = turn.apply(person.picture, 0, 0, 0, 0.02)
    raised = centre_of(person.picture, person.marks[0]) - centre_of(frame, person.marks[0])
    height = np.ptp(person.points[:, 1])
    assert raised == pytest.approx([0, 0.02 * height], abs=0.3)


def test_no_ghost_of_the_head_is_left_behind(person, turn):
    """Where the head was, only background colours remain."""
    frame = turn.apply(person.picture, 0, 0, 5)
    assert turn.layered
    left_free = person.head & ~np.roll(person.head, 3, axis=1)
    left_free[person.points[152, 1].astype(int) - 40 :] = False
    clean = frame[left_free].astype(int)
    nearest = np.abs(clean - person.plain).sum(-1)
    assert np.percentile(nearest, 90) < 60


def test_expression_on_the_canvas_moves_with_the_head(person, turn):
    canvas = person.picture.copy()
    x, y = person.points[:, :2].mean(0).astype(int)
    canvas[y - 8 : y + 8, x - 8 : x + 8] = (255, 0, 255)
    frame = turn.apply(canvas, 8, 0, 0)
    assert centre_of(frame, (255, 0, 255))[0] > x + 2


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_a_useless_mask_falls_back_to_a_fading_field(person, level):
    turn = HeadTurn(person.picture, person.points, np.full_like(person.mask, level))
    assert not turn.layered
    frame = turn.apply(person.picture, 9, 4, 3)
    changed = np.abs(frame.astype(int) - person.picture).max(-1)
    assert changed[person.points[:, 1].astype(int), person.points[:, 0].astype(int)].max() > 0
    assert changed[:, :4].max() == 0
    assert np.array_equal(turn.apply(person.picture, 0, 0, 0), person.picture)


def test_nothing_outside_the_box_changes(person):
    """A small face in a large picture costs only its own region."""
    wide = np.full((900, 1000, 3), 90, np.uint8)
    mask = np.zeros((900, 1000), np.float32)
    height, width = person.mask.shape
    wide[100 : 100 + height, 300 : 300 + width] = person.picture
    mask[100 : 100 + height, 300 : 300 + width] = person.mask
    turn = HeadTurn(wide, person.points + np.float32([300, 100, 0]), mask)
    left, top, right, bottom = turn.box
    assert (right - left) * (bottom - top) < 0.35 * wide.shape[0] * wide.shape[1]
    changed = turn.apply(wide, 9, 6, 5) != wide
    assert not changed[:top].any()
    assert not changed[bottom:].any()
    assert not changed[:, :left].any()
    assert not changed[:, right:].any()


def test_nothing_folds_or_tears_at_wide_turns(person):
    """Also where the face ends at the background, as on the far side of a turned head."""
    cut = person.mask * (np.arange(person.mask.shape[1]) < 185)
    for mask in (person.mask, cut):
        turn = HeadTurn(person.picture, person.points * [1, 1, 1.6], mask)
        for pose in [(15, 0, 0), (-15, 0, 0), (0, 10, 0), (0, -10, 0), (15, 8, -6), (-15, -8, 6)]:
            places = places_of(turn, *pose, 0.0)
            across = np.diff(places[..., 0], axis=1)
            down = np.diff(places[..., 1], axis=0)
            assert across.min() > 0.3
            assert across.max() < 4
            assert down.min() > 0.3
            assert down.max() < 4


def test_shoulders_breathe_and_follow_a_little(person):
    picture, mask = person.picture.copy(), person.mask.copy()
    picture[245:, 60:260], mask[245:, 60:260] = (60, 60, 120), 1.0
    turn = HeadTurn(picture, person.points, mask)
    edge = np.s_[235:255, 62:72]
    for pose, least in (((0, 0, 0, 0.02), 1.2), ((0, 0, 8, 0), 0.2)):
        frame = turn.apply(picture, *pose)
        before, after = (np.abs(p[edge].astype(int) - (60, 60, 120)) for p in (picture, frame))
        ways = [np.argmin(one.sum(-1) > 60, axis=0).mean() for one in (before, after)]
        assert least <= abs(ways[1] - ways[0]) < 6
        if pose[2]:
            assert np.array_equal(frame[300:], picture[300:])


def test_the_chest_lifts_and_broadens_with_a_breath_and_the_belly_stays(person):
    turn = HeadTurn(person.picture, person.points, person.mask)
    still, breath = places_of(turn, 0, 0, 0, 0), places_of(turn, 0, 0, 0, 0.02)
    left, top = turn.box[:2]
    way = still - breath
    height = np.ptp(person.points[:, 1])

    def at(x, y):
        return way[y - top, x - left]

    chest, low = at(160, 262), at(160, 315)
    assert -1.2 * 0.02 * height < chest[1] < -0.5 * 0.02 * height
    assert abs(low[1]) < 0.3 * abs(chest[1])
    assert at(110, 262)[0] < -0.1 < 0.1 < at(210, 262)[0]
    assert np.abs(way[..., 0]).max() < 0.02 * height


def test_a_face_outside_the_picture_moves_nothing(person):
    far = person.points + np.float32([5000, 0, 0])
    turn = HeadTurn(person.picture, far, np.zeros_like(person.mask))
    left, top, right, bottom = turn.box
    assert left < right and top < bottom
    assert np.array_equal(turn.apply(person.picture, 5, 3, 2), person.picture)


class EveryTile:
    """All cells, mixed: what `Tiles` may leave out, and take for opaque, must not be seen."""

    def __init__(self, turn):
        rows, columns = (slice(0, count) for count in turn.field.shape)
        self.whole = Strip((rows, columns), [Run(columns, False)])

    def strips(self, _):
        yield self.whole


@pytest.mark.parametrize("pose", [(9, 0, 0), (0, -6, 0), (-7, 4, 4), (0.05, 0, 0)])
def test_drawing_by_tiles_leaves_nothing_out(person, turn, monkeypatch, pose):
    by_tiles = turn.apply(person.picture, *pose, 0.01, pose)
    monkeypatch.setattr(turn, "_tiles", EveryTile(turn))
    whole = turn.apply(person.picture, *pose, 0.01, pose)
    assert np.abs(by_tiles.astype(int) - whole).max() <= 1


@pytest.mark.parametrize("cells", [8, 20])
def test_tiles_of_large_cells_leave_nothing_out(person, monkeypatch, cells):
    """A close-up has cells of more pixels."""
    monkeypatch.setattr(field, "_CELLS", cells)
    turn = HeadTurn(person.picture, person.points, person.mask)
    assert (turn.field.step >= 10) == (cells < 12)
    by_tiles = turn.apply(person.picture, -12, 6, 8)
    monkeypatch.setattr(turn, "_tiles", EveryTile(turn))
    assert np.abs(by_tiles.astype(int) - turn.apply(person.picture, -12, 6, 8)).max() <= 1


def test_tiles_are_a_part_of_the_box(person, turn):
    strips = list(turn._tiles.strips(turn.field.sources(9, 0, 0, 0)))
    drawn = sum(
        (strip.cells[0].stop - strip.cells[0].start) * (run.columns.stop - run.columns.start)
        for strip in strips
        for run in strip.runs
    )
    assert 0.2 < drawn / np.prod(turn.field.shape) < 0.8
    assert any(run.opaque for strip in strips for run in strip.runs)
    assert list(turn._tiles.strips(turn.field.sources(0, 0, 0, 0))) == []


def test_only_what_is_said_to_have_changed_is_looked_at(person, turn):
    canvas = person.picture.copy()
    x, y = person.points[:, :2].mean(0).astype(int)
    box = (x - 8, y - 8, x + 8, y + 8)
    canvas[box[1] : box[3], box[0] : box[2]] = (255, 0, 255)
    told = turn.apply(canvas, 8, 0, 0, changed=[box, (-9, -9, 0, 0)])
    assert np.array_equal(told, turn.apply(canvas, 8, 0, 0))
    after = turn.apply(person.picture, 8, 0, 0, changed=[])
    assert np.array_equal(after, turn.apply(person.picture, 8, 0, 0))


@pytest.mark.parametrize("within", [(40, 30, 250, 331), (0, 0, 100, 100), (150, 340, 320, 360)])
def test_a_part_of_a_frame_is_that_part(person, turn, within):
    left, top, right, bottom = within
    whole = turn.apply(person.picture, 7, 4, 4)
    part = turn.apply(person.picture, 7, 4, 4, within=within)
    assert np.array_equal(part, whole[top:bottom, left:right])
