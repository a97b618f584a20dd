"""The script of the WebUIs' pages in one that has neither bar nor buttons for us: SD.Next's."""

from pathlib import Path

import pytest

from sadtalker_ext.shells.ui.compat import given_inputs

pytestmark = pytest.mark.browser
ROOT = Path(__file__).resolve().parents[2]

# what a page of SD.Next offers, and no more
HOST = """() => {
    Object.assign(window, {
        gradioApp: () => document, updates: [], asked: [],
        onUiLoaded: (call) => call(), onAfterUiUpdate: (call) => updates.push(call),
        randomId: () => "task(x)",
        requestProgress: (id, place, gallery, end, told) => asked.push({id, gallery, end, told}),
    });
    window.update = () => updates.forEach((call) => call());
}"""
BODY = """<div id="tab_sadtalker"><div id="sadtalker_ext_root">
    <div id="sadtalker_ext_generate_box"><button id="sadtalker_ext_generate">Generate</button>
    <button id="sadtalker_ext_interrupt">Interrupt</button>
    <button id="sadtalker_ext_interrupting">Interrupting</button></div>
    <div id="sadtalker_ext_stage"><div id="sadtalker_ext_progress"></div>
    <div class="stx-result"><video></video><p class="stx-summary">1 s</p></div></div></div></div>"""


@pytest.fixture
def page(browser):
    opened = browser.new_page()
    # a page of an address has a storage; nobody is asked for this one
    opened.route("**/*", lambda route: route.fulfill(body=BODY, content_type="text/html"))
    opened.goto("http://127.0.0.1:9/")
    opened.add_style_tag(path=ROOT / "style.css")
    opened.evaluate(HOST)
    for name in ("sadtalker", "sadtalker_keys"):
        opened.add_script_tag(path=ROOT / "javascript" / f"{name}.js")
    yield opened
    opened.close()


def seen(page):
    names = ("generate", "interrupt", "interrupting")
    return [name for name in names if page.is_visible(f"#sadtalker_ext_{name}")]


def answer(page, html):
    """Put in place of the bar what the server answers."""
    page.evaluate(
        "html => { document.querySelector('#sadtalker_ext_progress').innerHTML = html; update(); }",
        html,
    )


def test_a_job_in_the_queue_has_a_bar_and_can_be_stopped(page):
    assert seen(page) == ["generate"]
    assert page.evaluate("sadtalker_ext_submit('', 7)") == ["task(x)", 7]
    answer(page, '<div class="stx-queued" data-task="task(x)"></div>')
    assert page.evaluate("asked.map(one => [one.id, one.gallery])") == [["task(x)", None]]
    assert seen(page) == ["interrupt"]
    told = {"progress": 0.25, "eta": 3.2, "textinfo": "Rendering 5 / 20"}
    page.evaluate("told => asked[0].told(told)", told)
    assert page.inner_text("#sadtalker_ext_progress .stx-line").split() == (
        ["Rendering", "5", "/", "20", "4", "s"]
    )
    assert page.evaluate("document.querySelector('.stx-bar > div').style.width") == "25%"
    assert page.evaluate("sadtalker_ext_stop()") == ["task(x)"]
    assert seen(page) == ["interrupting"]
    answer(page, '<div class="stx-ended" data-task="task(x)"></div>')
    assert seen(page) == ["generate"]


def test_keys_press_the_button_that_is_shown_and_the_host_does_not_press_it_again(page):
    page.evaluate("""() => {
        Object.assign(window, {pressed: [], heard: []});
        for (const name of ['generate', 'interrupt']) {
            document.querySelector(`#sadtalker_ext_${name}`).onclick = () => pressed.push(name);
        }
        document.addEventListener('keydown', (event) => heard.push(event.key));
    }""")
    for key in ("Escape", "Control+Enter"):
        page.keyboard.press(key)
    page.wait_for_function("pressed.length")
    answer(page, '<div class="stx-running"><div class="stx-bar"></div></div>')
    for key in ("Control+Enter", "Escape"):
        page.keyboard.press(key)
    page.wait_for_function("pressed.length > 1")
    assert page.evaluate("pressed") == ["generate", "interrupt"]
    # a key that means none of our buttons is the host's
    assert page.evaluate("heard") == ["Escape", "Control", "Control", "Enter"]
    page.evaluate("document.body.append(document.createElement('dialog'))")
    page.evaluate("document.querySelector('dialog').showModal()")
    page.keyboard.press("Escape")
    page.wait_for_timeout(120)
    assert page.evaluate("pressed.length") == 2


def test_only_the_values_of_inputs_come_back(page):
    script = given_inputs("sadtalker_ext_submit", 2)
    assert page.evaluate(f"({script})('', 7, 'an output', 'another')") == ["task(x)", 7]


def test_a_job_beside_the_queue_shows_the_bar_that_the_server_draws(page):
    page.evaluate("document.querySelector('video').pause = () => { window.paused = true; }")
    page.evaluate("sadtalker_ext_submit('')")
    assert page.evaluate("window.paused"), "the result of before is heard below the new one"
    assert page.is_visible(".stx-result")
    answer(page, '<div class="stx-running"><div class="stx-bar"></div></div>')
    assert page.is_hidden(".stx-result")
    assert seen(page) == ["interrupt"]
    assert page.evaluate("asked") == []
    answer(page, '<div class="stx-ended" data-task="task(x)"></div>')
    assert seen(page) == ["generate"]
    # the page is opened again while a job runs
    assert page.evaluate("sadtalker_ext_restore()") == ["task(x)"]


def told_below(page, text):
    """Say below txt2img's gallery what a generation left."""
    page.evaluate(
        """text => {
            let told = document.querySelector('#html_log_txt2img');
            if (!told) {
                told = document.createElement('div');
                told.id = 'html_log_txt2img';
                document.body.append(told);
            }
            told.innerHTML = '<p class="comments">' + text + '</p>';
            update();
            update();
        }""",
        text,
    )
    return page.evaluate(
        "[...document.querySelectorAll('video.stx-made')].map(one => one.getAttribute('src'))"
    )


def test_videos_of_the_section_are_shown_below_the_gallery_until_the_next_generation(page):
    lines = "A remark<br>\nTalking video: /out/a b/1#2.mp4<br>\nTalking video: C:\\x\\3.mp4<br>\n"
    assert told_below(page, lines) == ["file=/out/a%20b/1%232.mp4", "file=C:%5Cx%5C3.mp4"]
    # nothing can be read there: no broken player stays
    page.wait_for_function("[...document.querySelectorAll('.stx-made')].every(one => one.hidden)")
    assert page.locator("video.stx-made").first.is_hidden()
    assert told_below(page, "Another remark<br>\n") == []


DROP = """([name, type]) => {
    const place = document.createElement('div');
    place.id = 'tab_pnginfo';
    place.innerHTML = '<p>Drop here</p>';
    const field = document.createElement('div');
    field.id = 'sadtalker_ext_parameters_of';
    field.innerHTML = '<input type="file">';
    document.body.append(place, field);
    window.given = [];
    field.firstChild.onchange = (event) => given.push(event.target.files[0].name);
    const data = new DataTransfer();
    data.items.add(new File(['x'], name, {type}));
    const event = new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true});
    place.firstChild.dispatchEvent(event);
    return [event.defaultPrevented, given];
}"""


@pytest.mark.parametrize(
    ("name", "kind", "taken"), [("a.mp4", "video", True), ("a.png", "image", False)]
)
def test_a_video_dropped_on_png_info_comes_to_the_field_that_reads_it(page, name, kind, taken):
    found = page.evaluate(DROP, [name, f"{kind}/{name[2:]}"])
    assert found == [taken, [name] if taken else []]


HOLDING = """() => {
    const field = document.querySelector('#sadtalker_ext_parameters_of');
    field.innerHTML = '<button aria-label="Clear"></button>';
    field.firstChild.onclick = () => setTimeout(() => {
        field.innerHTML = '<input type="file">';
        field.firstChild.onchange = (event) => given.push(event.target.files[0].name);
    }, 1300);
    const data = new DataTransfer();
    data.items.add(new File(['x'], 'second.mp4', {type: 'video/mp4'}));
    const event = new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true});
    document.querySelector('#tab_pnginfo p').dispatchEvent(event);
}"""


def test_a_second_video_waits_until_a_slow_page_has_taken_the_first_away(page):
    page.evaluate(DROP, ["first.mp4", "video/mp4"])
    page.evaluate(HOLDING)
    page.wait_for_function("given.length == 2", timeout=4000)
    assert page.evaluate("given") == ["first.mp4", "second.mp4"]


ASKED_AGAIN = """() => {
    window.again = 0;
    const button = document.createElement('button');
    button.id = 'sadtalker_ext_restore_progress';
    button.onclick = () => { again += 1; };
    document.body.append(button);
}"""


def test_a_job_whose_connection_broke_is_asked_for_anew(page):
    page.evaluate(ASKED_AGAIN)
    page.evaluate("sadtalker_ext_submit('')")
    bar = '<div class="stx-running"><div class="stx-bar"></div></div>'
    answer(page, bar)
    assert page.evaluate("again") == 0
    answer(page, f"{bar}<span class='error'>Error</span>")
    page.evaluate("update()")
    assert page.evaluate("again") == 1, "once, and not at every change of the page"
    assert page.evaluate("sadtalker_ext_restore()") == ["task(x) again"]
    assert page.evaluate("sadtalker_ext_restore()") == ["task(x)"]


def test_a_job_whose_connection_broke_before_it_was_shown_gives_generate_back(page):
    """The page of AUTOMATIC1111 kept Interrupt, without a bar and without a job, for ever."""
    page.evaluate(ASKED_AGAIN)
    page.evaluate("window.showSubmitButtons = (_, free) => { window.free = free; }")
    error = "<span class='error'>Error</span>"
    answer(page, error)
    assert page.evaluate("again") == 0, "no job was asked for"
    answer(page, "")
    page.evaluate("sadtalker_ext_submit('')")
    assert page.evaluate("free") is False
    answer(page, error)
    assert page.evaluate("again") == 1
    # nothing changes the page where the next connection breaks, too
    page.wait_for_function("again == 2", timeout=20_000)
    # the server knows no such job
    answer(page, '<div class="stx-ended" data-task="task(x)"></div>')
    assert page.evaluate("free") is True
