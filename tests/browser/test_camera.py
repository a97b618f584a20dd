"""Recording oneself in the tab: the portrait moves as the head before the camera does."""

import re

import pytest

from tests.browser.test_page import part

pytestmark = pytest.mark.browser


def frames_of(path):
    av = pytest.importorskip("av")
    with av.open(path) as container:
        return [frame.to_ndarray(format="gray").astype(int) for frame in container.decode(video=0)]


def test_a_recording_of_the_camera_moves_a_portrait(page):
    page.click(part("example_drawn_woman"))
    page.wait_for_selector(f"{part('picture')} img")
    page.locator(f"{part('group_reference')} button").first.click()
    page.locator(part("reference_kind")).get_by_text("Camera", exact=True).click()
    camera = page.locator(part("reference_camera"))
    camera.get_by_text("Click to Access Webcam").click()
    camera.locator(".capture-button").click()
    page.wait_for_timeout(1300)
    camera.locator(".capture-button").click()
    # a browser does not write how long its recording is; the player says it all the same
    page.wait_for_function(
        "() => { const shown = document.querySelector('#sadtalker_ext_reference_camera video');"
        "return shown?.src && shown.duration > 0.5 && shown.duration < 60"
        " && shown.currentTime === 0; }"
    )
    page.click(f"{part('reference_use')} input")
    page.get_by_role("option", name="all", exact=True).click()
    page.click(part("generate"))
    page.wait_for_selector(f"{part('video')} video")
    seconds = float(re.match(r"([\d.]+) s", page.inner_text(part("summary"))).group(1))
    assert 0.8 < seconds < 8.0
    frames = frames_of(page.inner_text(f"{part('summary')} .stx-path"))
    # the bun on her head: only a head that leans takes it from side to side
    bun = [frame[: len(frame) // 6] for frame in frames]
    moved = [(abs(one - bun[0]) > 25).mean() for one in bun]
    assert max(moved) > 0.01
    assert page.problems == []
