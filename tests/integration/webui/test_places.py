"""The tab among the host's own: Extras, other languages, below a path, and the microphone."""

import json

import pytest
from PIL import Image

from tests.integration.webui.conftest import ROOT, running
from tests.integration.webui.page import Page
from tests.support.subpath import below

pytestmark = [pytest.mark.webui, pytest.mark.browser, pytest.mark.usefixtures("wanted")]

GERMAN = {
    "Portrait": "Bildnis",
    "Generate": "Erzeugen",
    "Head motion amount": "Kopfbewegung",
    "Microphone": "Mikrofon",
    "Make the video (Ctrl+Enter).": "Das Video machen.",
    "SadTalker": "Sprecher",
}


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A picture of 160 pixels for the upscaler."""
    path = tmp_path_factory.mktemp("small") / "small.png"
    Image.open(ROOT / "examples/portrait.png").convert("RGB").resize((160, 160)).save(path)
    return path


@pytest.fixture
def page(browser, webui):
    opened = Page(browser, webui)
    yield opened
    opened.close()


def choose(page, name, option):
    """Choose from one of the host's dropdowns."""
    page.page.click(f"#{name} input")
    page.page.locator("[role=option], ul.options li").filter(has_text=option).first.click()


def test_extras_sends_what_it_enlarged(page, small):
    page.show("Extras")
    page.page.set_input_files("#extras_image input[type=file]", str(small))
    page.page.wait_for_timeout(2000)
    choose(page, "extras_upscaler_1", "Lanczos")
    page.page.click("#extras_generate")
    page.page.wait_for_selector("#extras_gallery img")
    page.page.wait_for_timeout(1500)
    page.send_picture("extras")
    assert page.sees("#tab_sadtalker")
    assert page.picture_size() == [640, 640], "four times as large by default"


def test_another_language_changes_words_and_nothing_else(browser, tmp_path, sounds):
    words = tmp_path / "data/extensions/german/localizations"
    words.mkdir(parents=True)
    (words / "de_test.json").write_text(json.dumps(GERMAN))
    with running(tmp_path, settings={"localization": "de_test"}) as server:
        page = Page(browser, server)
        assert "Sprecher" in page.tabs()
        page.make_picture()
        page.send_picture()
        assert page.sees("#tab_sadtalker")
        assert "Bildnis" in page.text("#tab_sadtalker")
        assert "Kopfbewegung" in page.text("#sadtalker_ext_head_motion")
        assert page.text("#sadtalker_ext_generate") == "Erzeugen"
        tooltip = page.page.get_attribute("#sadtalker_ext_generate", "title")
        assert tooltip == "Das Video machen."
        ways = page.page.locator("#sadtalker_ext_speech_kind")
        ways.get_by_text("Mikrofon", exact=True).click()
        page.page.wait_for_timeout(1000)
        assert page.sees("#sadtalker_ext_speech_recording"), "the value stays the original one"
        ways.get_by_text("File", exact=True).click()
        page.give_speech(sounds[0])
        page.generate()
        page.wait_until(page.video)
        page.close()


def test_below_a_path(browser, tmp_path, sounds):
    with running(tmp_path, "--subpath", "sd") as server, below("sd", server.port) as proxy:
        server.port = proxy.port
        page = Page(browser, server, "/sd/")
        page.make_picture()
        page.send_picture()
        page.give_speech(sounds[0])
        page.generate()
        page.wait_until(page.bar)
        page.wait_until(page.video)
        # Forge itself asks for one of its style sheets at the wrong place
        outside = [one for one in proxy.outside if not one.startswith(("/assets/", "/favicon"))]
        assert outside == []
        page.close()


COUNT_ASKING = """window.asked = 0;
const media = navigator.mediaDevices, ask = media.getUserMedia.bind(media);
media.getUserMedia = (...wanted) => { window.asked += 1; return ask(...wanted); };"""


def test_a_recording_becomes_a_video_and_nothing_is_asked_before(page):
    page.page.add_init_script(COUNT_ASKING)
    page.open()
    page.make_picture()
    page.send_picture()
    assert page.page.evaluate("window.asked") == 0, "the page asks for the microphone by itself"
    page.choose_speech("Microphone")
    page.record()
    page.generate()
    _, _, seconds = page.wait_until(page.video)
    assert 1.0 < seconds < 8.0
    assert page.page.evaluate("window.asked") > 0


def test_a_recording_that_was_cleared_is_missing_until_there_is_another(page, webui):
    page.make_picture()
    page.send_picture()
    page.choose_speech("Microphone")
    page.record()
    page.page.locator("#sadtalker_ext_speech_recording button[aria-label=Clear]").click()
    page.page.wait_for_timeout(2000)
    before = webui.videos()
    page.generate()
    page.wait_until(lambda: "Nothing was recorded" in page.status())
    assert webui.videos() == before
    page.record()
    page.generate()
    _, _, seconds = page.wait_until(page.video)
    assert 1.0 < seconds < 8.0


def test_img2img_sends_its_picture(page):
    page.show("img2img")
    page.page.set_input_files(
        "#img2img_image input[type=file]", str(ROOT / "examples/portrait.png")
    )
    page.page.wait_for_timeout(2500)
    page.page.click("#img2img_generate")
    page.page.wait_for_selector("#img2img_gallery img")
    page.page.wait_for_timeout(1500)
    page.send_picture("img2img")
    page.wait_until(lambda: page.sees("#tab_sadtalker"))
    assert page.picture_size() == [512, 512]
