"""The invisible mark: faint, steady, and found again after what platforms do to videos."""

import cv2
import numpy as np
import pytest

from sadtalker_ext.encoder.video import VideoWriter
from sadtalker_ext.planes import CodedFrame, Colours, Planes
from sadtalker_ext.provenance import detect, mark
from sadtalker_ext.provenance.detect import (
    ANY,
    CUT,
    MIRRORED,
    USUAL_SIZES,
    WHOLE,
    find_mark,
    mean_luma,
)
from sadtalker_ext.provenance.frames import some_frames
from sadtalker_ext.provenance.mark import InvisibleMark, PlaneMark, strength
from tests.support.media import read_frames
from tests.unit.provenance.pictures import talking, textured

FIRST_SIGNS = [-1, 1, -1, -1, 1, 1, 1, 1, -1, 1, 1, 1, -1, 1, -1, 1]


@pytest.fixture(scope="module")
def plain():
    return list(talking())


@pytest.fixture(scope="module")
def marked(plain):
    draw = InvisibleMark().draw
    return [draw(frame) for frame in plain]


@pytest.fixture(scope="module")
def published(marked, tmp_path_factory):
    """The marked frames as they come out of a finished mp4."""
    return coded(marked, tmp_path_factory.mktemp("mark"), quality=18)


def coded(frames, folder, quality):
    path = folder / f"coded{quality}.mp4"
    with VideoWriter(path, quality=quality, overwrite=True) as writer:
        for frame in frames:
            writer.write(frame)
    return list(read_frames(path)[0])


def half(frames):
    return [cv2.resize(one, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA) for one in frames]


def cut(frames):
    """A tenth of the height and the width, not centred and not at a block."""
    height, width = frames[0].shape[:2]
    rows, columns = round(0.9 * height), round(0.9 * width)
    return [np.ascontiguousarray(one[13 : 13 + rows, 7 : 7 + columns]) for one in frames]


def mirrored(frames):
    return [np.ascontiguousarray(one[:, ::-1]) for one in frames]


def psnr(one, other):
    return 10 * np.log10(255**2 / np.mean((one.astype(float) - other) ** 2))


def test_it_is_faint_and_the_same_in_every_frame(plain, marked):
    for one, other in zip(plain, marked, strict=True):
        assert psnr(one, other) > 45
    quiet = np.all([(one > 20) & (one < 235) for one in plain], axis=0)
    changes = [np.where(quiet, b.astype(int) - a, 0) for a, b in zip(plain, marked, strict=True)]
    assert np.ptp(changes, axis=0).max() == 0
    assert np.abs(changes[0]).max() > 0


def test_flat_and_dark_parts_get_less_of_it():
    picture = textured()
    picture[300:] = 4
    found = strength(picture)
    flat, grain, dark = found[100:200, 30:60], found[100:200, 150:], found[340:, 150:]
    assert flat.mean() < 0.7 * grain.mean()
    assert dark.mean() < 0.7 * flat.mean()


@pytest.mark.parametrize("level", [0, 1, 128, 254, 255])
def test_nothing_wraps_around(level):
    frame = np.full((40, 300, 3), level, np.uint8)
    change = np.abs(InvisibleMark().draw(frame).astype(int) - frame)
    assert change.max() <= 3


def test_planes_are_marked_as_the_frames_that_they_are_of():
    draw, draw_planes = InvisibleMark().draw, InvisibleMark().draw
    for frame in list(talking())[:2]:
        marked = draw_planes(coded_planes(frame)).astype(int)
        change = np.abs(marked - coded_planes(draw(frame)))
        height = frame.shape[0]
        assert change[:height].max() <= 2
        assert (change[:height] > 1).mean() < 0.01
        assert np.abs(marked - coded_planes(frame))[:height].mean() > 0.5
        assert change[height:].mean() < 0.05  # where a colour is as bright as can be


def coded_planes(frame):
    height, width = frame.shape[:2]
    made = CodedFrame(height, width)
    made.convert(frame, slice(0, height), slice(0, width))
    return made.values


@pytest.mark.parametrize("bits", [8, 10])
def test_filmed_frames_get_the_same_everywhere_and_nothing_wraps(bits):
    most, kind = (1 << bits) - 1, np.uint8 if bits == 8 else np.uint16
    stamp, patterns = PlaneMark(), []
    for level in (0, most // 2, most):
        y = np.full((100, 150), level, kind)
        half = np.full((50, 75), most // 2, kind)
        frame = Planes(y, half, half.copy(), Colours(bits=bits, full=True))
        stamp.draw(frame)
        assert (frame.u == half).all()
        patterns.append(frame.y.astype(int) - level)
    dark, grey, light = patterns
    assert 1.0 < np.sqrt(np.mean((grey / (1 << (bits - 8))) ** 2)) < 1.4
    np.testing.assert_array_equal(dark, np.maximum(grey, 0))
    np.testing.assert_array_equal(light, np.minimum(grey, 0))


@pytest.mark.parametrize("size", [(1, 1), (37, 500), (129, 127)])
def test_every_size_of_frame_can_be_marked(size):
    frame = np.full((*size, 3), 99, np.uint8)
    assert InvisibleMark().draw(frame).shape == frame.shape


def test_the_bits_of_the_tile_are_those_of_the_published_key():
    """A file that is marked today must be read by every later version."""
    assert mark.KEY == b"sadtalker-ext invisible mark 1"
    assert mark.signs().shape == (16, 16, 5)
    assert mark.signs().reshape(-1)[:16].tolist() == FIRST_SIGNS
    assert np.mean(mark.tile() ** 2) == pytest.approx(1, abs=1e-4)


def test_its_blocks_leave_no_grid():
    """Steps from pixel to pixel, also from one tile to the next; they were 1.71 and 0.45."""
    tiles = np.tile(mark.tile(), (2, 2))[: mark.TILE + 1, : mark.TILE + 1]
    for steps in (np.diff(tiles, axis=1), np.diff(tiles, axis=0).T):
        across = np.sqrt(np.mean(steps**2, axis=0)).reshape(-1, mark.BLOCK)
        assert across[:, -1].max() < 2 * across[:, :-1].mean()


@pytest.mark.parametrize(
    "change",
    [
        lambda frames, folder: frames,
        lambda frames, folder: coded(frames, folder, 28),
        lambda frames, folder: coded(half(frames), folder, 23),
        lambda frames, folder: coded(cut(frames), folder, 23),
        lambda frames, folder: coded(half(cut(frames)), folder, 23),
        lambda frames, folder: coded(cut(frames), folder, 28),
        lambda frames, folder: coded(mirrored(frames), folder, 28),
        lambda frames, folder: coded(mirrored(half(cut(frames))), folder, 23),
    ],
    ids=[
        "as it was",
        "CRF 28",
        "half size",
        "cut",
        "half and cut",
        "CRF 28 and cut",
        "mirrored and CRF 28",
        "mirrored, half and cut",
    ],
)
def test_it_is_found_after(published, tmp_path, change):
    found = find_mark(mean_luma(change(published, tmp_path)))
    assert found.found, found
    assert found.probability <= detect.ALARM


@pytest.mark.parametrize("suffix", [".gif", ".webm", ".zip"])
def test_it_is_found_in_other_formats(marked, tmp_path, suffix):
    path = tmp_path / f"coded{suffix}"
    with VideoWriter(path) as writer:
        for frame in marked:
            writer.write(frame)
    assert find_mark(mean_luma(some_frames(path))).found


def test_what_was_not_marked_has_no_mark(plain):
    found = find_mark(mean_luma(plain))
    assert not found.found
    assert found.probability > 1e-3
    assert find_mark(np.zeros((100, 100), np.float32)).score == 0
    assert find_mark(np.zeros((20, 300), np.float32)).score == 0


def test_another_key_is_not_ours(plain, monkeypatch):
    for made in (mark.signs, mark.tile):
        made.cache_clear()
    monkeypatch.setattr(mark, "KEY", b"somebody else's")
    draw = InvisibleMark().draw
    foreign = [draw(frame) for frame in plain]
    monkeypatch.undo()
    for made in (mark.signs, mark.tile):
        made.cache_clear()
    assert not find_mark(mean_luma(foreign)).found


def test_a_search_makes_no_more_comparisons_than_the_probability_counts(monkeypatch):
    sizes = []
    folded = detect._Flattened.folded
    monkeypatch.setattr(
        detect._Flattened,
        "folded",
        lambda flat, *size: sizes.append(size) or folded(flat, *size),
    )
    assert not find_mark(mean_luma([textured(150, 150)])).found
    usual, turned, others = np.split(np.array(sizes), [len(USUAL_SIZES), 2 * len(USUAL_SIZES)])
    assert usual[:, 0].tolist() == turned[:, 0].tolist() == list(USUAL_SIZES)
    assert len(turned) * mark.TILE**2 <= MIRRORED.tests
    assert len(usual) <= WHOLE.tests
    assert len(usual) * mark.TILE**2 <= CUT.tests
    assert 300 < len(others) <= ANY.tests / mark.TILE**2
    stages = (WHOLE, CUT, MIRRORED, ANY)
    chances = [one.tests * np.exp(-(one.threshold**2) / 2) for one in stages]
    assert sum(chances) == pytest.approx(detect.ALARM)
    assert WHOLE.threshold < CUT.threshold < ANY.threshold


def test_the_score_spreads_as_the_bound_says_under_signs_by_chance(plain, monkeypatch):
    """Hoeffding: with coin tosses for signs the score has mean 0, and no more than variance 1."""
    folded = detect._Flattened(mean_luma(plain)).folded(1.0, 1.0)
    random = np.random.default_rng(1)
    scores = []
    for _ in range(400):
        tossed = random.choice(np.float32([-1, 1]), (16, 16, 5))
        monkeypatch.setattr(detect, "signs", lambda tossed=tossed: tossed)
        scores.append(detect._score(folded, (3, 5)))
    assert abs(np.mean(scores)) < 0.2
    assert 0.85 < np.std(scores) < 1.1
    assert np.mean(np.abs(scores) > 2) < 2 * np.exp(-2)
