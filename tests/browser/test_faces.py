"""Whose face it is: clicks on a picture of several people."""

import numpy as np
import pytest
from PIL import Image

from tests.browser.test_page import PORTRAIT, give_portrait, idle, part, tick_if_asked

pytestmark = pytest.mark.browser


def test_one_of_several_faces_is_chosen_by_a_click(page, tmp_path):
    face = np.asarray(Image.open(PORTRAIT).convert("RGB").resize((400, 400)))
    small = np.asarray(Image.fromarray(face).resize((260, 260)))
    group = np.full((400, 700, 3), 235, np.uint8)
    group[:, :400] = face
    group[60:320, 420:680] = small
    Image.fromarray(group).save(tmp_path / "group.png")
    give_portrait(page, tmp_path / "group.png")
    faces = page.locator(f"{part('faces')} img")
    faces.wait_for()
    page.wait_for_timeout(800)
    before = faces.get_attribute("src")
    box = faces.bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.78, box["y"] + box["height"] * 0.4)
    page.wait_for_function(
        f"(before) => document.querySelector('{part('faces')} img').src !== before", arg=before
    )
    # a further speaker: now a click is for that one, whose own field says so
    page.click(part("add_speaker"))
    page.wait_for_selector(f"{part('who')} input")
    assert page.get_by_label("Speaker 2", exact=True).is_checked()
    page.wait_for_timeout(800)  # the picture is drawn anew
    faces.click(position={"x": box["width"] * 0.3, "y": box["height"] * 0.4})
    page.wait_for_function(
        f"() => document.querySelector('{part('speaker_2_face')} input').value === '1'"
    )
    page.click(part("remove_speaker_2"))
    page.wait_for_selector(part("who"), state="hidden")
    tick_if_asked(page)
    idle(page, 1)
    page.click(part("generate"))
    page.wait_for_selector(f"{part('video')} video")
    page.click(f"{part('parameters_box')} button")
    assert "Face: 1" in page.input_value(f"{part('parameters')} textarea")
