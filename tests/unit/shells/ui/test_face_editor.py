"""The window in which the points of a face are placed, and what is remembered of it."""

import html
import json
import re
from pathlib import Path

import numpy as np
import pytest

from sadtalker_ext.errors import NoFaceFound
from sadtalker_ext.face_points import NAMES, read_face_points
from sadtalker_ext.shells.ui import face_editor, words
from sadtalker_ext.shells.ui.page import build_page
from sadtalker_ext.types import Picture

ROOT = Path(__file__).resolve().parents[4]
UI = ROOT / "sadtalker_ext" / "shells" / "ui"
FOUR = {
    "left_eye_outer": (0.3, 0.4),
    "right_eye_outer": (0.7, 0.4),
    "mouth_left": (0.4, 0.7),
    "mouth_right": (0.6, 0.7),
}


@pytest.fixture
def picture():
    pixels = np.random.default_rng(0).integers(0, 255, (60, 90, 3), np.uint8)
    return Picture(pixels=pixels, name="drawing.png")


def points_in(text):
    return json.loads(html.unescape(re.search('data-points="([^"]*)"', text)[1]))


def event_of(blocks, component, name):
    """The function of an event of the page, in whatever way a version of gradio keeps it."""
    functions = getattr(blocks, "fns", None)
    found = functions.values() if isinstance(functions, dict) else functions
    for one in found:
        targets = getattr(one, "targets", [])
        if any(target[0] == component._id and target[1] == name for target in targets):
            return one.fn
    pytest.skip("this gradio hides its events")


def test_points_are_remembered_by_the_pixels(picture, tmp_path):
    book = face_editor.PointBook(tmp_path / "not-there-yet")
    assert book.find(picture) == ""
    book.keep(picture, json.dumps(FOUR))
    again = face_editor.PointBook(tmp_path / "not-there-yet")
    renamed = Picture(pixels=picture.pixels.copy(), name="other.png")
    assert read_face_points(again.find(renamed)) == FOUR
    assert again.find(Picture(pixels=picture.pixels[::-1].copy(), name="drawing.png")) == ""
    again.keep(renamed, "")
    assert book.find(picture) == ""


def test_a_damaged_file_counts_as_none(picture, tmp_path):
    book = face_editor.PointBook(tmp_path)
    book.keep(picture, json.dumps(FOUR))
    (path,) = (tmp_path / "face-points").iterdir()
    path.write_bytes(b"\xff{")
    assert book.find(picture) == ""


def test_where_several_people_use_a_page_nothing_is_kept(picture):
    book = face_editor.PointBook(None)
    book.keep(picture, json.dumps(FOUR))
    assert book.find(picture) == ""


def test_the_window_names_every_point_and_the_script_is_there():
    text = face_editor._window_html()
    assert all(f'data-point="{name}"' in text for name in (*NAMES, "move", "size"))
    script = (UI / "face_editor.js").read_text()
    lines = set(re.findall(r'"([a-z]+(?:_[a-z]+)+|chin|forehead)"', script))
    assert lines - {"sadtalker_ext", "face_start", "face_keep"} <= set(NAMES)


def test_the_webuis_script_is_the_page_s():
    script = (ROOT / "javascript" / "sadtalker_face_editor.js").read_text()
    assert script == (UI / "face_editor.js").read_text()


def test_points_begin_in_the_middle_where_nothing_was_found(picture):
    pytest.importorskip("cv2")
    text = face_editor.start_html(picture, (), {})
    points = np.array(list(points_in(text).values()))
    assert set(points_in(text)) == {*NAMES} - {"mouth_bottom"} and face_editor.OPEN in text
    assert points.min() > 0 and points.max() < 1
    assert points[:, 0].mean() == pytest.approx(0.5, abs=0.02)


def test_points_that_were_kept_are_begun_with(picture):
    text = face_editor.start_html(picture, (), FOUR)
    assert points_in(text) == {name: list(point) for name, point in FOUR.items()}
    assert 'data-kept="yes"' in text and face_editor.CORRECT in text


def test_the_error_has_the_button_beside_it():
    error = NoFaceFound("No face found in a.png.", hint="Try another.")
    told = words.error_html(error, action=face_editor.open_html())
    assert told.index("Try another.") < told.index("stx-face-open") < told.index("</div>", -8)
    assert "stx-face-open" not in words.error_html(error)


def test_placed_points_are_taken_over_kept_and_forgotten(host, portrait, tmp_path):
    pytest.importorskip("cv2")
    blocks, parts = build_page(host)
    field = parts.options.components[face_editor.OPTION]
    assert field.visible is False and field.do_not_save_to_config
    keep = next(
        one for one in blocks.blocks.values()
        if getattr(one, "elem_id", None) == "sadtalker_ext_face_keep"
    )  # fmt: skip
    placed = event_of(blocks, keep, "click")
    note, start, written = placed(json.dumps(FOUR), str(portrait))
    assert face_editor.KEPT in note and read_face_points(written) == FOUR
    assert points_in(start)["mouth_left"] == [0.4, 0.7]
    assert len(list((tmp_path / "state" / "face-points").iterdir())) == 1
    note, _, _ = placed('{"chin": [0, 0]}', str(portrait))
    assert "stx-error" in note
    note, _, written = placed("", str(portrait))
    assert face_editor.FORGOTTEN in note and written == ""
    assert list((tmp_path / "state" / "face-points").iterdir()) == []
