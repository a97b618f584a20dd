"""Placing the points of a face that no detector finds, by pointer and by keys."""

import json

import pytest
from PIL import Image

from tests.browser.test_page import give_portrait, idle, part, tick_if_asked
from tests.support.odd_faces import odd_faces

pytestmark = pytest.mark.browser


def centre(page, name):
    box = page.locator(f".stx-face-{name}").bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag_by_finger(page, start, end):
    """Put a finger down, move it in four steps, and lift it."""
    session = page.context.new_cdp_session(page)
    ways = [[a + (b - a) * part / 4 for a, b in zip(start, end, strict=True)] for part in range(5)]
    for number, (x, y) in enumerate(ways):
        kind = "touchMove" if number else "touchStart"
        point = {"x": x, "y": y, "id": 1}
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    session.detach()


def on_sheet(page, name):
    """Where a point is, in pixels of the portrait that is shown."""
    sheet = page.locator(".stx-face-sheet").bounding_box()
    x, y = centre(page, name)
    return x - sheet["x"], y - sheet["y"]


def open_by_the_error(page, path):
    give_portrait(page, path)
    # looking everywhere for a face takes longer than finding one
    page.wait_for_selector(f"{part('picture_note')} .stx-note")
    tick_if_asked(page)
    idle(page, 1)
    page.click(part("generate"))
    # the error has the button beside it
    page.click(f"{part('status')} .stx-error[data-code=no_face] .stx-face-open")
    page.wait_for_selector("dialog.stx-face[open]")


def test_a_drawn_cat_gets_its_points_and_talks(page, tmp_path):
    cat = odd_faces()[0]
    Image.fromarray(cat.pixels).save(tmp_path / "cat.png")
    open_by_the_error(page, tmp_path / "cat.png")
    for name, (x, y) in cat.points.items():
        sheet = page.locator(".stx-face-sheet").bounding_box()
        page.mouse.move(*centre(page, name))
        page.mouse.down()
        page.mouse.move(sheet["x"] + x * sheet["width"], sheet["y"] + y * sheet["height"])
        page.mouse.up()
    sheet = page.locator(".stx-face-sheet").bounding_box()
    x, y = centre(page, "chin")
    assert (x - sheet["x"]) / sheet["width"] == pytest.approx(cat.points["chin"][0], abs=0.01)
    assert (y - sheet["y"]) / sheet["height"] == pytest.approx(cat.points["chin"][1], abs=0.01)
    # a finger does what the pointer did, and nothing scrolls under it
    for way in ((20, -12), (-20, 12)):
        x, y = centre(page, "chin")
        before = on_sheet(page, "chin")
        drag_by_finger(page, (x, y), (x + way[0], y + way[1]))
        # on the sheet: the window is in the middle of the page, and as wide as its words
        gone = [now - then for now, then in zip(on_sheet(page, "chin"), before, strict=True)]
        assert gone == pytest.approx(way, abs=1.5)
    x, y = centre(page, "chin")
    # keys move a point, and the whole face
    page.focus(".stx-face-chin")
    page.keyboard.press("ArrowDown")
    assert centre(page, "chin")[1] > y
    assert page.inner_text(".stx-face-told").startswith("Chin: ")
    before = centre(page, "mouth_left")
    page.focus(".stx-face-move")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowLeft")
    assert centre(page, "mouth_left") == pytest.approx(before, abs=0.6)
    labels = page.locator(".stx-face-point").evaluate_all(
        "all => all.map(one => one.getAttribute('aria-label'))"
    )
    assert len({*labels}) == len(labels) == 23
    page.click("dialog.stx-face [data-do=use]")
    page.wait_for_function(
        "() => document.querySelector('#sadtalker_ext_picture_note').textContent"
        ".includes('The points that you placed')"
    )
    page.click(part("generate"))
    page.wait_for_selector(f"{part('video')} video")
    # the window begins with what was placed
    page.click(f"{part('face_start')} .stx-face-open")
    kept = page.get_attribute(".stx-face-start", "data-points")
    assert json.loads(kept)["mouth_left"] == pytest.approx(cat.points["mouth_left"], abs=0.02)
    page.keyboard.press("Escape")
    assert page.locator("dialog.stx-face[open]").count() == 0
    assert page.problems == []
