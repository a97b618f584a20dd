"""The timeline's table and its text: the script alone, on a page that no server sends."""

import json

import pytest

from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.shells.ui.timeline_curves import Sound
from sadtalker_ext.shells.ui.timeline_editor import _editor_html, presets
from sadtalker_ext.shells.ui.timeline_plot import plot_html
from sadtalker_ext.shells.ui.translations import FOLDER
from sadtalker_ext.timeline import read_timeline
from tests.browser.test_face_points import drag_by_finger

pytestmark = pytest.mark.browser
SCRIPTS = "".join(
    f"<script>{FOLDER.with_name(f'{name}.js').read_text(encoding='utf-8')}</script>"
    for name in ("timeline_editor", "timeline_grips", "player")
)
STYLE = FOLDER.with_name("style.css").read_text(encoding="utf-8")
SMILE = '[{"at": 1, "emotion": "happy", "intensity": 0.8, "transition": 0.4}]'
PLOT = plot_html(GenerateOptions(timeline=SMILE), SMILE, Sound(seconds=4.0))
PAGE = (
    f'<!doctype html><meta charset="utf-8"><style>{STYLE}</style><div id="sadtalker_ext_root">'
    f'<div id="sadtalker_ext_timeline_plot">{PLOT}</div>'
    f'<div id="sadtalker_ext_timeline_editor">{_editor_html()}</div>'
    '<div id="sadtalker_ext_timeline"><textarea></textarea></div>'
    '<button id="sadtalker_ext_timeline_look" onclick="window.looked = (window.looked||0) + 1">'
    '</button><button id="sadtalker_ext_generate"></button><div id="sadtalker_ext_video"></div>'
    '<div id="sadtalker_ext_timeline_under"><div class="stx-time-under"></div></div>'
    f"</div>{SCRIPTS}"
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


TWO = json.dumps(
    [
        {"at": 1, "emotion": "happy", "intensity": 0.8},
        {"at": "50%", "until": "75%", "gaze": "left"},
        {"at": 0, "gesture": "nod"},
    ]
)


MORPH = """html => {
  const box = document.createElement('div');
  box.innerHTML = html;
  const [old, now] = [document.querySelector('.stx-time-data'), box.firstChild];
  for (const { name, value } of now.attributes) old.setAttribute(name, value);
  old.innerHTML = now.innerHTML;
}"""


def draw(page, *, in_place=False):
    """Do what the server does when it is asked for the curves; gradio 6 keeps the element."""
    text = page.input_value("textarea")
    drawn = plot_html(GenerateOptions(timeline=text), text, Sound(seconds=4.0))
    page.evaluate(
        MORPH
        if in_place
        else "html => { document.querySelector('#sadtalker_ext_timeline_plot').innerHTML = html; }",
        drawn,
    )
    page.wait_for_selector(".stx-time-view .stx-time-grips")


def grip(page, place, part):
    return page.locator(f".stx-time-grips [data-place='{place}'][data-part={part}]")


def middle(page, place, part):
    box = grip(page, place, part).bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(page, place, part, seconds, strength):
    """Drag a grip with the mouse, by seconds and by strength."""
    view = page.locator(".stx-time-grips").bounding_box()
    x, y = middle(page, place, part)
    page.mouse.move(x, y)
    page.mouse.down()
    to = x + seconds / 4 * view["width"], y - strength * 0.92 * view["height"]
    page.mouse.move((x + to[0]) / 2, (y + to[1]) / 2)
    page.mouse.move(*to)
    row = page.input_value(f"{ROWS} >> nth={place} >> [data-key=at]")
    page.mouse.up()
    return row


def test_entries_are_dragged_on_their_curves(editor):
    page = editor
    page.fill("textarea", TWO)
    page.wait_for_selector(f"{ROWS} >> nth=2")
    draw(page)
    assert page.locator(".stx-time-grips [role=slider]").count() == 6
    # the point where one begins takes time and strength along; the table follows at once
    assert float(drag(page, 0, "start", 1.0, -0.3)) == pytest.approx(2, abs=0.02)
    happy = written(page)[0]
    assert happy["at"] == pytest.approx(2, abs=0.02) and "until" not in happy
    assert happy["intensity"] == pytest.approx(0.5, abs=0.02)
    draw(page)
    # the end, and all of an entry, in the unit that was written
    drag(page, 1, "end", 0.5, -0.5)
    left = written(page)[1]
    assert left["at"] == "50%" and "intensity" not in left
    assert float(left["until"].rstrip("%")) == pytest.approx(87.5, abs=0.5)
    drag(page, 1, "bar", -1.0, 0.0)
    left = written(page)[1]
    assert float(left["at"].rstrip("%")) == pytest.approx(25, abs=0.5)
    assert float(left["until"].rstrip("%")) == pytest.approx(62.5, abs=0.5)
    # nothing leaves the video, and no end comes before its beginning
    drag(page, 1, "start", 9.0, 0.0)
    drag(page, 0, "start", -9.0, -0.9)
    happy, left, _ = written(page)
    assert float(left["at"].rstrip("%")) < float(left["until"].rstrip("%"))
    assert (happy["at"], happy["intensity"]) == (0, 0)
    # a finger; a touch that moves nothing changes nothing
    draw(page)
    x, y = middle(page, 2, "start")
    view = page.locator(".stx-time-grips").bounding_box()
    drag_by_finger(page, (x, y), (x + view["width"] / 8, y))
    assert written(page)[2] == {"at": pytest.approx(0.5, abs=0.02), "gesture": "nod"}
    before = page.input_value("textarea")
    grip(page, 0, "start").click(position={"x": 13, "y": 13})
    assert page.input_value("textarea") == before
    assert page.input_value(".stx-time input[type=range]") == "0", "the playhead stays"
    assert page.problems == []


def test_entries_are_moved_by_keys(editor):
    page = editor
    page.fill("textarea", TWO)
    page.wait_for_selector(f"{ROWS} >> nth=2")
    draw(page)
    held = grip(page, 0, "start")
    assert held.get_attribute("aria-label") == "1. happy: At, Strength"
    assert grip(page, 1, "end").get_attribute("aria-label") == "2. Look to the left: Until"
    held.focus()
    for key in ("ArrowRight", "Shift+ArrowRight", "ArrowUp", "ArrowUp"):
        page.keyboard.press(key)
    assert written(page)[0] == {"at": 1.24, "emotion": "happy", "intensity": 0.9}
    assert held.get_attribute("aria-valuetext") == "1.24 s, 0.90"
    assert page.locator(f"{ROWS}.stx-time-held [data-key=at]").input_value() == "1.24"
    # new curves take no focus away
    draw(page, in_place=True)
    page.keyboard.press("ArrowLeft")
    assert written(page)[0]["at"] == 1.2
    page.keyboard.press("Control+z")
    assert written(page)[0] == {"at": 1, "emotion": "happy", "intensity": 0.8}
    # a timeline that is refused keeps its grips
    grip(page, 1, "start").focus()
    page.keyboard.press("Shift+ArrowLeft")
    page.evaluate("() => { document.querySelector('.stx-time-data').dataset.spans = '[]'; }")
    page.keyboard.press("Delete")
    assert [one["at"] for one in written(page)] == [1, 0]
    assert page.locator(".stx-time-grips [role=slider]").count() == 4
    assert page.evaluate("() => document.activeElement.dataset.place") == "1"
    page.keyboard.press("Delete")
    page.keyboard.press("Delete")
    assert written(page) == [] and page.locator(".stx-time-grips [role=slider]").count() == 0
    # of many, those around the playhead
    many = [{"at": k / 100, "gesture": "nod"} for k in range(0, 400, 2)]
    page.fill("textarea", json.dumps(many))
    draw(page)
    assert page.locator(".stx-time-grips .stx-time-start").count() == 40
    page.focus(".stx-time input[type=range]")
    page.keyboard.press("End")
    assert grip(page, 199, "start").count() == 1 and grip(page, 0, "start").count() == 0
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
