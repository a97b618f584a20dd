"""What a person does with the page, in a real browser and with the real puppet engine."""

import re

import pytest
from PIL import Image

from tests.browser.conftest import ROOT
from tests.support.media import portrait_like

pytestmark = pytest.mark.browser

PORTRAIT = ROOT / "examples" / "portrait.png"
SPEECH = ROOT / "examples" / "speech.flac"


def part(name):
    return f"#sadtalker_ext_{name}"


def upload(page, name, path):
    page.set_input_files(f"{part(name)} input[type=file]", str(path))


def give_portrait(page, path=PORTRAIT):
    upload(page, "picture", path)
    page.wait_for_selector(f"{part('picture')} img")


def give_speech(page, seconds):
    upload(page, "speech_file", SPEECH)
    page.wait_for_selector(f"{part('speech_file')} audio", state="attached")
    page.click(f"{part('trim')} button")
    page.fill(f"{part('audio_end')} input", str(seconds))
    page.press(f"{part('audio_end')} input", "Tab")


def tick_if_asked(page):
    """The first test that uses the example is asked; the others find the tick remembered."""
    page.wait_for_timeout(1500)
    box = page.locator(f"{part('consent')} input")
    if box.is_visible():
        box.check()


def idle(page, seconds):
    page.get_by_text("Idle", exact=True).first.click()
    field = page.locator(f"{part('idle_seconds')} input[type=number]")
    field.fill(str(seconds))
    field.press("Tab")


def test_a_portrait_and_speech_become_a_video_that_plays(page):
    give_portrait(page)
    page.check(f"{part('consent')} input")
    give_speech(page, 2)
    page.click(part("generate"))
    page.wait_for_selector(f"{part('progress')} .stx-running")
    page.wait_for_function(
        "() => /Rendering \\d+ \\/ 50/.test(document.querySelector('.stx-stage')?.textContent "
        "+ document.querySelector('.stx-line')?.textContent)"
    )
    assert not page.is_visible(part("generate"))
    assert page.is_visible(part("interrupt"))
    page.wait_for_selector(f"{part('video')} video")
    page.wait_for_function(
        "() => { const v = document.querySelector('#sadtalker_ext_video video');"
        "return v.currentTime > 0.3 && v.videoWidth === 512 && !v.paused; }"
    )
    video = page.evaluate(
        "() => { const v = document.querySelector('#sadtalker_ext_video video');"
        "return { seconds: v.duration, loop: v.loop }; }"
    )
    assert video["seconds"] == pytest.approx(2, abs=0.1)
    assert video["loop"]
    summary = page.inner_text(part("summary"))
    assert "512x512" in summary
    assert "puppet engine" in summary
    page.click(f"{part('parameters_box')} button")
    assert "Engine: puppet" in page.input_value(f"{part('parameters')} textarea")
    seed = re.search(r"seed (\d+)", summary).group(1)
    page.click(part("reuse_seed"))
    page.click(f"{part('group_output')} button")
    page.wait_for_function(
        f"() => document.querySelector('{part('seed')} input')?.value === '{seed}'"
    )
    assert page.foreign == [], "the page asks no other server for anything"
    assert page.problems == []


COUNT_ASKING = """window.asked = 0;
const media = navigator.mediaDevices, ask = media.getUserMedia.bind(media);
media.getUserMedia = (...wanted) => { window.asked += 1; return ask(...wanted); };"""


def test_a_recording_becomes_a_video_and_nothing_is_asked_before(page):
    page.add_init_script(COUNT_ASKING)
    page.reload()
    page.wait_for_selector(part("generate"))
    give_portrait(page)
    tick_if_asked(page)
    assert page.evaluate("window.asked") == 0, "the page asks for the microphone by itself"
    page.get_by_text("Microphone", exact=True).click()
    page.click(f"{part('speech_recording')} .record-button")
    page.wait_for_timeout(1800)
    with page.expect_response(lambda answer: "/upload" in answer.url) as sent:
        page.locator(f"{part('speech_recording')} .stop-button").click()
    assert sent.value.ok
    page.wait_for_selector(f"{part('speech_recording')} .play-pause-button")
    page.wait_for_timeout(500)
    assert page.evaluate("window.asked") > 0
    page.locator(part("speech_kind")).get_by_text("Video", exact=True).click()
    page.wait_for_selector(part("speech_video"))
    page.get_by_text("Microphone", exact=True).click()  # what was recorded is still there
    page.wait_for_selector(f"{part('speech_recording')} .play-pause-button")
    page.click(part("generate"))
    page.wait_for_selector(f"{part('video')} video")
    seconds = float(re.match(r"([\d.]+) s", page.inner_text(part("summary"))).group(1))
    assert 1.0 < seconds < 8.0


def test_a_job_is_interrupted_and_the_page_is_ready_again(page):
    give_portrait(page)
    tick_if_asked(page)
    idle(page, 60)
    page.click(part("generate"))
    page.wait_for_function(
        "() => /Rendering [1-9]/.test(document.querySelector('#sadtalker_ext_progress')?.innerText)"
    )
    page.keyboard.press("Escape")
    page.wait_for_function(
        "() => document.querySelector('#sadtalker_ext_status')?.innerText.includes('Stopped')"
    )
    assert page.is_visible(part("generate"))
    assert not page.is_visible(part("interrupt"))
    assert not page.is_visible(".stx-error")


def test_a_reloaded_page_finds_its_job_and_its_result(page):
    give_portrait(page)
    tick_if_asked(page)
    idle(page, 30)  # long enough to be found running again after a slow reload
    still = page.locator(f"{part('still')} input")
    chosen = still.is_checked()
    still.focus()
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(f"{part('progress')} .stx-running")
    assert still.is_checked() == chosen, "a box that has the focus does not flip"
    page.reload()
    page.wait_for_selector(f"{part('progress')} .stx-running")
    assert page.is_visible(part("interrupt"))
    page.wait_for_selector(f"{part('video')} video")
    assert "30.0 s" in page.inner_text(part("summary"))
    for _ in range(3):
        page.reload()
        page.wait_for_selector(f"{part('video')} video")
        assert page.is_visible(part("generate"))
        assert "30.0 s" in page.inner_text(part("summary"))


@pytest.mark.parametrize(("kind", "shown"), [("gif", "moving"), ("png", "file"), ("webm", "video")])
def test_other_formats_are_shown_too(page, kind, shown):
    give_portrait(page)
    tick_if_asked(page)
    idle(page, 0.5)
    page.click(f"{part('group_output')} button")
    page.click(f"{part('format')} input")
    page.get_by_role("option", name=kind).click()
    page.click(part("generate"))
    page.wait_for_selector(f"{part('summary')} .stx-summary")
    page.wait_for_selector(part(shown))
    hidden = {"video", "moving", "file"} - {shown}
    assert [name for name in sorted(hidden) if page.is_visible(part(name))] == []


def test_somebody_else_does_not_see_my_job(page, browser, address):
    give_portrait(page)
    tick_if_asked(page)
    idle(page, 2)
    page.click(part("generate"))
    page.wait_for_selector(f"{part('progress')} .stx-running")
    other = browser.new_context()
    visitor = other.new_page()
    visitor.goto(address)
    visitor.wait_for_selector(part("generate"))
    visitor.wait_for_timeout(1500)
    assert not visitor.is_visible(".stx-running")
    other.close()
    page.wait_for_selector(f"{part('video')} video")


def test_errors_say_what_to_do(page, tmp_path):
    assert not page.is_visible(part("summary")), "no empty result is shown"
    assert not page.is_visible(part("parameters_box"))
    page.click(part("generate"))
    page.wait_for_selector(".stx-error")
    text = page.inner_text(".stx-error")
    assert "A portrait is missing." in text
    assert "Drop a picture" in text
    assert len(text.splitlines()) <= 3
    plain = tmp_path / "plain.png"
    Image.fromarray(portrait_like(300, 300)).save(plain)
    give_portrait(page, plain)
    page.wait_for_function(
        "() => document.querySelector('#sadtalker_ext_picture_note').innerText"
        ".includes('No face found in plain.png')"
    )
    page.wait_for_selector(".stx-error", state="detached")
    page.click(part("generate"))
    page.wait_for_function(
        "() => document.querySelector('.stx-error')?.innerText.includes('tick the line')"
    )


def test_presets_and_engines_change_the_options(page):
    page.click(f"{part('preset')} input")
    page.get_by_role("option", name="Still portrait").click()
    page.wait_for_function("() => document.querySelector('#sadtalker_ext_still input').checked")
    page.click(f"{part('group_head_and_eyes')} button")
    assert page.is_visible(part("gaze")) and not page.is_visible(part("pose_style"))
    page.get_by_label("sadtalker", exact=True).check()
    page.wait_for_function(
        "() => { const e = document.querySelector('#sadtalker_ext_pose_style');"
        "return e.offsetParent && !e.querySelector('input[type=range]').disabled"
        " && !e.innerText.includes('Has no effect'); }"
    )
    page.wait_for_selector(part("gaze"), state="hidden")


@pytest.mark.parametrize(("width", "theme"), [(420, "light"), (420, "dark"), (1280, "dark")])
def test_nothing_is_cut_off(page, address, width, theme):
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{address}/?__theme={theme}")
    page.wait_for_selector(part("generate"))
    page.wait_for_timeout(500)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    cut = page.evaluate(
        "() => [...document.querySelectorAll('#sadtalker_ext_root button, "
        "#sadtalker_ext_root label')].filter(e => e.offsetParent && "
        "e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 90))"
    )
    assert cut == []


@pytest.mark.parametrize("width", [420, 768])
def test_generate_is_in_reach_wherever_the_page_is_scrolled_to(page, width):
    page.set_viewport_size({"width": width, "height": 800})
    for top in (0, 500, 1000, 5000):
        page.evaluate("top => scrollTo(0, top)", top)
        page.wait_for_timeout(200)
        found = page.evaluate(
            "id => { const box = document.querySelector(id).getBoundingClientRect();"
            "return document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2)"
            "?.closest(id) !== null && box.bottom <= innerHeight && box.top >= 0; }",
            part("generate"),
        )
        assert found, f"Generate is out of sight at {top} pixels"


def test_a_narrow_page_goes_to_the_result(page):
    page.set_viewport_size({"width": 420, "height": 800})
    page.click(part("generate"))
    page.wait_for_selector(".stx-error")
    page.wait_for_function(
        "() => { const box = document.querySelector('.stx-error').getBoundingClientRect();"
        "return box.top > 0 && box.bottom < innerHeight; }"
    )


def test_every_visible_control_has_a_tooltip(page):
    page.wait_for_timeout(1000)
    for name in ("generate", "preset", "head_motion", "engine", "speech_kind", "download"):
        if page.locator(part(name)).count():
            assert page.get_attribute(part(name), "title"), name
