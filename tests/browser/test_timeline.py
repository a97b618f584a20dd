"""The timeline's table and its text: the script alone, on a page that no server sends."""

import json

import pytest

from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.shells.ui.timeline_curves import Sound
from sadtalker_ext.shells.ui.timeline_editor import _editor_html, presets
from sadtalker_ext.shells.ui.timeline_plot import plot_html
from sadtalker_ext.shells.ui.translations import FOLDER
from sadtalker_ext.timeline import read_timeline

pytestmark = pytest.mark.browser
SCRIPT = FOLDER.with_name("timeline_editor.js").read_text(encoding="utf-8")
SMILE = '[{"at": 1, "emotion": "happy", "intensity": 0.8, "transition": 0.4}]'
PLOT = plot_html(GenerateOptions(timeline=SMILE), SMILE, Sound(seconds=4.0))
PAGE = (
    '<!doctype html><meta charset="utf-8"><div id="sadtalker_ext_root">'
    f'<div id="sadtalker_ext_timeline_plot">{PLOT}</div>'
    f'<div id="sadtalker_ext_timeline_editor">{_editor_html()}</div>'
    '<div id="sadtalker_ext_timeline"><textarea></textarea></div>'
    '<button id="sadtalker_ext_timeline_look" onclick="window.looked = (window.looked||0) + 1">'
    '</button><button id="sadtalker_ext_generate"></button><div id="sadtalker_ext_video"></div>'
    '<div id="sadtalker_ext_timeline_under"><div class="stx-time-under"></div></div>'
    f"</div><script>{SCRIPT}</script>"
)
ROWS = ".stx-time tbody tr"


@pytest.fixture
def editor(browser):
    context = browser.new_context()
    context.route("**/*", lambda route: route.fulfill(body=PAGE, content_type="text/html"))
    page = context.new_page()
    page.set_default_timeout(10_000)
    page.problems = []
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.goto("http://page.example/")
    yield page
    context.close()


def written(page):
    text = page.input_value("textarea")
    read_timeline(text)
    return json.loads(text or "[]")


def put(page, key, value, row=0):
    field = page.locator(f"{ROWS} [data-key={key}]").nth(row)
    if key in ("what", "ease"):
        field.select_option(value)
    else:
        field.fill(value)
        field.press("Tab")


def test_the_table_and_the_text_say_the_same(editor):
    page = editor
    page.fill("textarea", SMILE)
    page.wait_for_selector(ROWS)
    assert page.input_value(f"{ROWS} [data-key=what]") == "emotion:happy"
    put(page, "what", "head:")
    put(page, "value", "8, -3, 0")
    put(page, "until", "60%")
    put(page, "ease", "out")
    assert written(page) == [
        {"at": 1, "intensity": 0.8, "transition": 0.4, "head": [8, -3, 0], "until": "60%",
         "ease": "out"}
    ]  # fmt: skip
    put(page, "what", "look_at:")
    put(page, "transition", "")
    assert written(page)[0]["point"] == [0.9, 0.3] and "transition" not in written(page)[0]
    page.click("[data-do=undo]")
    assert written(page)[0]["transition"] == 0.4
    # the playhead, moved by keys, says what the face does there, and new entries begin there
    page.wait_for_function("() => document.querySelector('.stx-time input[type=range]').max == 4")
    page.focus(".stx-time input[type=range]")
    page.keyboard.press("End")
    said = page.get_attribute(".stx-time input[type=range]", "aria-valuetext")
    assert said.startswith("4.00 s, happy 0.8")
    page.keyboard.press("Home")
    assert page.get_attribute(".stx-time input[type=range]", "aria-valuetext") == "0.00 s"
    page.keyboard.press("End")
    page.focus("[data-do=add]")
    page.keyboard.press("Enter")
    assert [one["at"] for one in written(page)] == [1, 4]
    labels = page.locator(f"{ROWS} [data-key]").evaluate_all(
        "all => all.map(one => one.getAttribute('aria-label'))"
    )
    assert len({*labels}) == len(labels) == 14 and all(labels)
    page.locator(".stx-time-remove").nth(0).click()
    assert [one["at"] for one in written(page)] == [4]
    page.select_option(".stx-time-presets", "1")
    assert written(page) == presets()[1]["entries"]
    # what is no list is left to be written as text, and no click destroys it
    page.fill("textarea", "[{")
    page.wait_for_selector(".stx-time-unlisted:visible")
    page.click("[data-do=add]")
    assert page.input_value("textarea") == "[{"
    page.wait_for_function("() => window.looked > 0")
    assert page.problems == []


PLAYED = """length => {
  const video = document.createElement('video');
  Object.defineProperty(video, 'duration', { value: length });
  Object.defineProperty(video, 'currentTime', { value: 3, writable: true });
  Object.defineProperty(video, 'paused', { value: false });
  document.querySelector('#sadtalker_ext_video').replaceChildren(video);
  video.dispatchEvent(new Event('loadedmetadata'));
  video.dispatchEvent(new Event('timeupdate'));
  return document.querySelector('.stx-time-under').textContent;
}"""


def test_what_was_directed_stands_under_the_playing_video(editor):
    page = editor
    page.wait_for_function("() => document.querySelector('.stx-time input[type=range]').max == 4")
    assert page.evaluate(PLAYED, 4.0) == "", "a video that was not made from this timeline"
    page.click("#sadtalker_ext_generate")
    assert page.evaluate(PLAYED, 9.0) == "", "another length"
    assert page.evaluate(PLAYED, 4.04).startswith("3.00 s · happy 0.8")
    assert page.input_value(".stx-time input[type=range]") == "3"
    assert page.problems == []
