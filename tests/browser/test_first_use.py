"""What somebody does who opens the page for the first time: examples, and what was made before."""

import pytest

from tests.browser.test_page import part

pytestmark = pytest.mark.browser


SHARING = """navigator.canShare = () => true;
navigator.share = async ({ files }) => { window.shared = files[0]; };"""


def test_one_click_on_a_fresh_page_makes_an_example_talk(page):
    page.add_init_script(SHARING)
    with page.expect_response("**/queue/join*"):
        page.reload()
    assert page.evaluate("document.querySelector('.stx-clip').muted"), "a page that is loud"
    page.wait_for_function("() => document.querySelector('.stx-clip').currentTime > 0")
    page.click(part("play_example"))
    page.wait_for_selector(f"{part('video')} video")
    page.wait_for_function(
        "() => document.querySelector('#sadtalker_ext_video video').videoWidth === 768"
    )
    assert not page.is_visible(part("consent")), "nobody has to be asked about our drawings"
    assert not page.is_visible(part("play_example"))
    page.click(part("share"))
    page.wait_for_function("() => window.shared?.size > 10_000")
    assert page.evaluate("() => [shared.type, shared.name.slice(-4)]") == ["video/mp4", ".mp4"]
    page.click(part("another"))
    assert page.evaluate("() => document.activeElement.closest('#sadtalker_ext_speech_kind') && 1")
    earlier = f"{part('past_gallery')} .grid-container button"
    page.click(part("past"))
    page.wait_for_selector(earlier)
    page.locator(earlier).first.click()
    page.wait_for_selector(part("past_star"))
    assert "768x768" in page.inner_text(part("summary"))
    page.click(part("past_star"))
    page.wait_for_function(
        "() => document.querySelector('#sadtalker_ext_past_gallery').innerText.includes('★')"
    )
    page.click(part("past_compare"))
    page.wait_for_selector(f"{part('compared')} video")
    page.locator(earlier).last.click()
    page.wait_for_function(
        "() => { const [a, b] = ['video', 'compared'].map(n => document.querySelector("
        "`#sadtalker_ext_${n} video`)); return a && b && b.currentTime > 0.2 && "
        "Math.abs(a.currentTime - b.currentTime) < 0.5; }"
    )
    # gradio 3 makes a player anew for every video
    page.evaluate(
        "() => { const [a, b] = ['video', 'compared'].map(n => document.querySelector("
        "`#sadtalker_ext_${n} video`)); b.pause(); const c = a.cloneNode(); c.autoplay = true;"
        "c.muted = true; a.replaceWith(c); }"
    )
    page.wait_for_function(
        "() => { const [a, b] = ['video', 'compared'].map(n => document.querySelector("
        "`#sadtalker_ext_${n} video`)); return !a.paused && a.currentTime > 0.2 && !b.paused && "
        "Math.abs(a.currentTime - b.currentTime) < 0.3; }"
    )
    assert page.foreign == [], "the page asks no other server for anything"
    assert page.problems == []


def test_examples_are_portraits_and_voices_to_choose(page):
    page.click(part("example_drawn_man"))
    page.wait_for_selector(f"{part('picture')} img")
    page.get_by_text("Idle", exact=True).first.click()
    page.wait_for_selector(part("speech_file"), state="hidden")
    page.get_by_text("File", exact=True).click()
    page.click(part("example_story"))
    page.wait_for_selector(f"{part('speech_file')} audio", state="attached")
    page.wait_for_timeout(1000)
    assert not page.is_visible(part("consent"))
    assert page.problems == []
