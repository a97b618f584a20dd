"""Whose face a click on the picture, or on a video's still, chooses."""

from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from sadtalker_ext.shells.ui import compat, face_clicks, faces, roles
from sadtalker_ext.shells.ui.face_clicks import choose, speaking
from sadtalker_ext.shells.ui.page import build_page
from sadtalker_ext.types import Picture

NEXT = roles.NEXT_FACE
ALL, ONE = [True] * 3, [True, False, False]


@pytest.mark.parametrize(
    ("face", "who", "first", "opened", "chosen", "now"),
    [
        (1, "Speaker 1", 0, [False] * 3, [NEXT] * 3, (1, [NEXT] * 3)),
        (1, "Speaker 2", 0, ONE, [NEXT] * 3, (0, ["2", NEXT, NEXT])),
        # whoever had it takes another one
        (0, "Speaker 2", 0, ONE, [NEXT] * 3, (1, ["1", NEXT, NEXT])),
        (1, "Speaker 1", 0, ALL, ["2", "3", NEXT], (1, [NEXT, "3", NEXT])),
        (1, "Speaker 3", 0, ALL, ["2", "3", NEXT], (0, [NEXT, "2", NEXT])),
        (0, "Speaker 4", 0, ALL, ["2", "3", NEXT], (3, ["2", "3", "1"])),
        # one that was taken out keeps no face
        (0, "Speaker 2", 0, ONE, [NEXT, "2", NEXT], (1, ["1", "2", NEXT])),
        (40, "Speaker 2", 0, ONE, ["2", NEXT, NEXT], (0, ["2", NEXT, NEXT])),
        (40, "Speaker 1", 0, ONE, ["2", NEXT, NEXT], (40, ["2", NEXT, NEXT])),
    ],
)
def test_a_click_gives_a_face_to_one_speaker(face, who, first, opened, chosen, now):
    assert choose(face, who, first, opened, chosen, count=4) == now


def test_who_names_no_face_is_shown_with_the_one_that_is_taken():
    named = speaking(1, [True, True, False], [NEXT, "1", "4"])
    assert named == {"Speaker 1": 1, "Speaker 2": 2, "Speaker 3": 0}


def test_on_a_video_s_still_nobody_is_taken_for_the_next_by_size():
    """Who is next by size in the whole video need not be so, or be there at all, in one moment."""
    named = speaking(1, [True, True, False], [NEXT, "1", "4"], in_video=True)
    assert named == {"Speaker 1": 1, "Speaker 3": 0}


def test_all_who_speak_are_bright_and_the_one_that_is_asked_for_is_orange():
    boxes = [(10, 10, 30, 30), (50, 10, 70, 30), (80, 10, 98, 30)]
    picture = Picture(pixels=np.full((50, 100, 3), 200, np.uint8), name="a.png")
    drawn = faces.draw_boxes(picture, boxes, 1, others=(0, 1, 9))
    assert [int(drawn[25, x].mean()) for x in (20, 60, 90)] == [200, 200, 120]
    corners = [tuple(drawn[30, x].tolist()) for x in (30, 70, 98)]
    assert corners == [faces.SPEAKING, faces.CHOSEN, faces.OTHER]
    nobody = faces.draw_boxes(picture, boxes, -1, others=(0, 1))
    corners = [tuple(nobody[30, x].tolist()) for x in (30, 70, 98)]
    assert corners == [faces.SPEAKING, faces.SPEAKING, faces.OTHER]


def test_a_click_in_the_built_page_sets_the_speaker_s_own_field(host, tmp_path):
    """What gradio calls, with the values that its page would send."""
    blocks, parts = build_page(host)
    Image.fromarray(np.full((60, 120, 3), 180, np.uint8)).save(tmp_path / "two.png")
    boxes = [[5, 5, 25, 25], [90, 5, 110, 25]]
    clicks = [fn for fn in blocks.fns.values() if fn.name == "handler" and fn.targets]
    shown = {one.elem_id: one for one in blocks.blocks.values() if getattr(one, "elem_id", "")}
    (clicked,) = (
        fn for fn in clicks if fn.targets[0] == (shown["sadtalker_ext_faces"]._id, "select")
    )
    given = [str(tmp_path / "two.png"), boxes, "Speaker 2", 0, ONE, NEXT, NEXT, NEXT]
    event = SimpleNamespace(index=[20, 20])
    first, second, third, fourth, picture = clicked.fn(event, *given)
    assert (first, second, third, fourth) == (1, "1", compat.unchanged(), compat.unchanged())
    assert picture.shape == (60, 120, 3)
    outputs = [one.elem_id.removeprefix("sadtalker_ext_") for one in clicked.outputs]
    assert outputs[:2] == ["face_index", "speaker_2_face"] and outputs[-1] == "faces"
    event.index = [57, 50]
    assert clicked.fn(event, *given)[:2] == [0, compat.unchanged()], "beside all faces"
    assert parts.options.components["face_index"] in clicked.outputs


def test_the_choice_is_not_seen_while_one_person_speaks(gradio):
    alone = face_clicks.who_updates([False] * 3)
    assert (alone["choices"], alone["visible"]) == (["Speaker 1"], False)
    two = face_clicks.who_updates([False, True, False], "Speaker 3")
    assert two["choices"] == ["Speaker 1", "Speaker 3"]
    assert (two["value"], two["visible"]) == ("Speaker 3", True)
    assert face_clicks.who_updates(ONE, "Speaker 4")["value"] == "Speaker 1"
