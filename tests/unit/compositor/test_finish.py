import numpy as np
import pytest

from sadtalker_ext.compositor.debug_overlay import PointOverlay
from sadtalker_ext.compositor.finish import Finisher, FinishTools
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.portrait.topology import triangles
from tests.support.face_points import placed_mesh

MESH = placed_mesh(scale=0.3, at=(120, 100))


def picture(seed=0):
    return np.random.default_rng(seed).integers(60, 190, (200, 240, 3)).astype(np.uint8)


WHOLE = (MESH, (240, 200))


class Follow:
    """Makes point finders and remembers where they were told to begin."""

    def __init__(self, answer=lambda frame: MESH):
        self.starts = []
        self.sizes = []
        self.answer = answer

    def __call__(self, start):
        self.starts.append(start)

        def find(frame):
            self.sizes.append(frame.shape[:2])
            return self.answer(frame)

        return find


def brighter_lines(squares):
    lines = np.where(np.arange(512) // 4 % 2, 30, -30)[None, :, None, None]
    return np.clip(squares.astype(int) + lines, 0, 255).astype(np.uint8)


def tools(follow, **rest):
    return FinishTools(follow=follow, triangles=triangles(), **rest)


def finish(options, given=None, face=WHOLE, count=3):
    finisher = Finisher(options, face, given)
    return list(finisher.frames(iter([picture(i) for i in range(count)]))), finisher


def test_without_options_frames_pass_untouched():
    found, finisher = finish(GenerateOptions())
    for index, frame in enumerate(found):
        np.testing.assert_array_equal(frame, picture(index))
    assert finisher.warnings == ()


def test_the_size_comes_before_the_face():
    follow = Follow(lambda frame: MESH * 2)
    options = GenerateOptions(enhancer="gfpgan", output_side=480, debug_overlay=True)
    found, _ = finish(options, tools(follow, enhancer=brighter_lines))
    assert [frame.shape for frame in found] == [(400, 480, 3)] * 3
    assert set(follow.sizes) == {(400, 480)}
    assert len(follow.starts) == 2  # one follower for the enhancer, one for the drawing
    for start in follow.starts:
        np.testing.assert_allclose(start, MESH * 2)


def test_an_upscaler_doubles_and_the_face_is_looked_for_there():
    follow = Follow(lambda frame: MESH * 2)
    options = GenerateOptions(enhancer="gfpgan", upscaler="any")
    given = tools(
        follow,
        enhancer=brighter_lines,
        upscaler=lambda one, factor: one.repeat(2, axis=0).repeat(2, axis=1),
    )
    found, _ = finish(options, given)
    assert found[0].shape == (400, 480, 3)
    np.testing.assert_allclose(follow.starts[0], MESH * 2)


@pytest.mark.parametrize(("face", "known"), [(WHOLE, True), (None, False)])
def test_the_chosen_face_is_followed_where_its_place_is_known(face, known):
    follow = Follow()
    finish(GenerateOptions(enhancer="gfpgan"), tools(follow, enhancer=brighter_lines), face)
    assert (follow.starts[0] is not None) == known


def test_no_strength_asks_for_nothing():
    follow = Follow()
    options = GenerateOptions(enhancer="gfpgan", enhancer_strength=0)
    found, _ = finish(options, tools(follow, enhancer=brighter_lines))
    assert follow.starts == []
    np.testing.assert_array_equal(found[0], picture(0))


@pytest.mark.parametrize(("lost", "words"), [(1, "1 frame,"), (3, "3 frames,")])
def test_frames_without_a_face_are_told(lost, words):
    answers = iter([None] * lost + [MESH] * 9)
    options = GenerateOptions(enhancer="gfpgan")
    _, finisher = finish(
        options, tools(Follow(lambda frame: next(answers)), enhancer=brighter_lines), count=5
    )
    assert words in finisher.warnings[0]


def test_the_overlay_draws_on_the_face_and_leaves_the_frame_alone():
    frame = np.full((200, 240, 3), 90, np.uint8)
    overlay = PointOverlay(lambda one: MESH, triangles())
    drawn = overlay.drawn(frame, MESH)
    assert frame.max() == 90
    x, y = np.rint(MESH[33, :2]).astype(int)
    assert drawn[y, x].min() > 150
    low, high = MESH[:, :2].min(0) - 4, MESH[:, :2].max(0) + 4
    rows, columns = np.nonzero((drawn != 90).any(axis=2))
    assert low[0] <= columns.min() <= columns.max() <= high[0]
    assert low[1] <= rows.min() <= rows.max() <= high[1]


def test_the_overlay_counts_and_says_when_there_is_no_face():
    grey = [np.full((200, 240, 3), 90, np.uint8) for _ in range(2)]
    plain, again = PointOverlay(lambda one: None, triangles()).frames(grey)
    assert (plain != 90).any()
    assert (plain != again).any()  # another number
    assert (plain[60:] == 90).all()
