import gc
import weakref

import cv2
import numpy as np
import pytest

from sadtalker_ext.compositor.enhance import FaceEnhancement
from sadtalker_ext.compositor.face_align import TEMPLATE, align, face_mask, spread
from sadtalker_ext.errors import OutOfMemory
from tests.support.face_points import placed_mesh

WIDTH, HEIGHT = 360, 300
MESH = placed_mesh(scale=0.5, turn_rad=0.1, at=(180, 150))


def skin(seed=0):
    """A smooth picture with mild texture, like skin and background."""
    noise = np.random.default_rng(seed).uniform(60, 200, (30, 36, 3)).astype(np.float32)
    return np.rint(
        cv2.resize(noise, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC).clip(0, 255)
    ).astype(np.uint8)


def still(count, frame=None):
    frame = skin() if frame is None else frame
    return [frame.copy() for _ in range(count)]


def unchanged(squares):
    return squares


def stripes(squares):
    """Adds fine detail: horizontal lines two pixels high, 24 levels up and down."""
    lines = np.where(np.arange(512) // 4 % 2, 24, -24)[None, :, None, None]
    return np.clip(squares.astype(int) + lines, 0, 255).astype(np.uint8)


def run(frames, enhancer, find=lambda frame: MESH, **rest):
    stage = FaceEnhancement(enhancer, find, **rest)
    return list(stage.frames(iter(frames))), stage


def test_a_restorer_that_changes_nothing_changes_nothing():
    frames = [skin(seed) for seed in range(5)]
    found, stage = run(frames, unchanged)
    assert stage.missed == 0
    for before, after in zip(frames, found, strict=True):
        np.testing.assert_array_equal(before, after)
        assert after is not before


def test_only_the_face_changes_and_the_order_is_kept():
    frames = [skin(seed) for seed in range(9)]
    found, _ = run(frames, stripes)
    alignment = align(MESH)
    box = alignment.box((WIDTH, HEIGHT))
    face = np.zeros((HEIGHT, WIDTH), bool)
    face[box[1] : box[3], box[0] : box[2]] = spread(face_mask(MESH, alignment), alignment, box) > 0
    for before, after in zip(frames, found, strict=True):
        np.testing.assert_array_equal(before[~face], after[~face])
        assert np.abs(after[face].astype(int) - before[face]).mean() > 3


def test_detail_lands_on_the_feature_it_was_made_for():
    """A spot drawn at the template's nose appears at the nose of a turned face."""

    def spot(squares):
        marked = squares.copy()
        x, y = np.rint(TEMPLATE[2]).astype(int)
        marked[:, y - 6 : y + 7, x - 6 : x + 7] = 255
        return marked

    grey = np.full((HEIGHT, WIDTH, 3), 100, np.uint8)
    found = run([grey], spot, strength=1.0)[0][0]
    rows, columns = np.nonzero(found[..., 0] > 160)
    assert np.hypot(columns.mean() - MESH[4, 0], rows.mean() - MESH[4, 1]) < 0.7


@pytest.mark.parametrize("strength", [0.25, 0.5, 1.0])
def test_strength_scales_what_is_added(strength):
    grey = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    whole = run([grey], stripes, strength=1.0)[0][0].astype(int) - 128
    part = run([grey], stripes, strength=strength)[0][0].astype(int) - 128
    assert np.abs(part - strength * whole).max() <= 1
    assert np.abs(whole).max() > 15


def test_the_restorers_own_colours_are_not_taken():
    def warmer(squares):
        tinted = squares.astype(int) + np.array([30, 5, -25])
        return np.clip(tinted, 0, 255).astype(np.uint8)

    frames = still(1)
    found, _ = run(frames, warmer, strength=1.0)
    assert np.abs(found[0].astype(int) - frames[0]).max() <= 2


class Boiling:
    """Invents other detail in every frame."""

    def __init__(self):
        self.random = np.random.default_rng(1)

    def __call__(self, squares):
        grain = self.random.normal(0, 12, (*squares.shape[:3], 1))
        grain = np.stack([cv2.GaussianBlur(one, (0, 0), 1.5) for one in grain])[..., None] * 5
        return np.clip(squares + grain, 0, 255).astype(np.uint8)


def test_skin_that_stands_still_does_not_boil():
    frames = still(24)
    found = np.stack(run(frames, Boiling(), strength=1.0)[0]).astype(np.float32)[8:]
    x, y = MESH[4, :2].astype(int)
    face = (slice(None), slice(y - 40, y + 30), slice(x - 30, x + 30))
    flicker = np.abs(np.diff(found[face], axis=0)).mean()
    alone = np.stack(
        [
            run([frame], boiling, strength=1.0)[0][0]
            for boiling in [Boiling()]
            for frame in frames[:16]
        ]
    )
    unsteady = np.abs(np.diff(alone[face].astype(np.float32), axis=0)).mean()
    assert unsteady > 1.5
    assert flicker < unsteady / 2.5


def test_nothing_trails_behind_what_moves():
    """A mouth that opens gets the detail of the open mouth at once."""
    x, y = ((MESH[61] + MESH[291]) / 2)[:2].astype(int)
    closed = np.full((HEIGHT, WIDTH, 3), 150, np.uint8)
    opened = closed.copy()
    opened[y - 8 : y + 8, x - 15 : x + 15] = 30

    def lines_on_bright(squares):
        bright = (squares[..., :1] > 100) * np.where(np.arange(512) // 4 % 2, 24, -24)[
            :, None, None
        ]
        return np.clip(squares.astype(int) + bright, 0, 255).astype(np.uint8)

    found, _ = run(still(8, closed) + still(1, opened), lines_on_bright, strength=1.0)
    inside = found[8][y - 4 : y + 4, x - 9 : x + 9].astype(int)
    assert np.abs(inside - 30).max() <= 4
    before = found[7][y - 4 : y + 4, x - 9 : x + 9].astype(int)
    assert np.abs(before - 150).max() > 8


def test_alignment_follows_a_moving_head_without_lag():
    def moving(number):
        return placed_mesh(scale=0.5, at=(120 + 3 * number, 150))

    steps = iter(range(20))
    seen = []

    def spot(squares):
        seen.append(len(squares))
        marked = squares.copy()
        x, y = np.rint(TEMPLATE[2]).astype(int)
        marked[:, y - 6 : y + 7, x - 6 : x + 7] = 255
        return marked

    grey = np.full((HEIGHT, WIDTH, 3), 100, np.uint8)
    found, _ = run(still(20, grey), spot, lambda frame: moving(next(steps)), strength=1.0)
    for number in range(3, 17):
        columns = np.nonzero(found[number][..., 0] > 170)[1]
        assert abs(columns.mean() - moving(number)[4, 0]) < 1.0


def test_jitter_of_the_points_does_not_shake_the_squares():
    random = np.random.default_rng(3)
    squares = []

    def keep(batch):
        squares.extend(batch.astype(np.float32))
        return batch

    def shaking(frame):
        return MESH + random.normal(0, 1.0, MESH.shape).astype(np.float32)

    run(still(30), keep, shaking)
    steady = np.abs(np.diff(squares, axis=0)).mean()
    jitter = [align(shaking(None)) for _ in range(30)]
    from sadtalker_ext.compositor.face_align import cut

    raw = np.stack([cut(skin(), one) for one in jitter]).astype(np.float32)
    assert steady < 0.6 * np.abs(np.diff(raw, axis=0)).mean()


def test_frames_without_a_face_pass_and_are_counted():
    frames = [skin(seed) for seed in range(7)]
    answers = iter([MESH, None, None, MESH, MESH, None, MESH])
    found, stage = run(frames, stripes, lambda frame: next(answers))
    assert stage.missed == 3
    changed = [not np.array_equal(a, b) for a, b in zip(frames, found, strict=True)]
    assert changed == [True, False, False, True, True, False, True]


def test_no_frames_and_no_face_at_all():
    assert run([], stripes)[0] == []
    found, stage = run(still(3), stripes, lambda frame: None)
    assert stage.missed == len(found) == 3


def test_memory_for_fewer_faces_gives_the_same_frames():
    sizes = []

    def small_device(squares):
        sizes.append(len(squares))
        if len(squares) > 1:
            raise OutOfMemory("no room", hint="")
        return stripes(squares)

    frames = [skin(seed) for seed in range(6)]
    found, _ = run(frames, small_device)
    wanted, _ = run(frames, stripes)
    np.testing.assert_array_equal(found, wanted)
    assert sizes == [4, 2, 1, 1, 1, 1, 1, 1]


def test_no_memory_for_a_single_face_says_what_was_tried():
    def full(squares):
        raise OutOfMemory("The device has no room.", hint="")

    with pytest.raises(OutOfMemory) as caught:
        run(still(4), full)
    assert "one face" in caught.value.hint
    assert "CPU" in caught.value.hint


def test_a_restorer_of_the_wrong_shape_is_a_bug_that_shows():
    with pytest.raises(ValueError, match="512"):
        run(still(1), lambda squares: squares[:, ::2, ::2])


def test_memory_does_not_grow_with_the_number_of_frames():
    alive = []
    most = 0

    class Frame(np.ndarray):
        """Arrays of a subclass can be referred to weakly."""

    def frames():
        nonlocal most
        for number in range(60):
            frame = skin().view(Frame)
            alive.append(weakref.ref(frame))
            yield frame
            del frame
            if number % 10 == 9:  # late in a long suite a collection takes a second
                gc.collect()
                most = max(most, sum(one() is not None for one in alive))

    for _ in FaceEnhancement(stripes, lambda frame: MESH).frames(frames()):
        pass
    assert most <= 12
