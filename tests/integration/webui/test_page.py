"""The tab in a real WebUI, driven in a browser."""

import pytest

from sadtalker_ext.encoder.metadata import read_metadata
from tests.integration.webui.conftest import ROOT, running
from tests.integration.webui.page import Page

pytestmark = [pytest.mark.webui, pytest.mark.browser, pytest.mark.usefixtures("wanted")]


@pytest.fixture
def page(browser, webui):
    opened = Page(browser, webui)
    yield opened
    opened.close()


def test_from_a_gallery_to_a_video(page, webui, sounds):
    page.make_picture(batch=2)
    page.send_picture()
    assert page.sees("#tab_sadtalker")
    assert page.picture_size() == [512, 512], "the grid would be 1024 pixels wide"
    page.give_speech(sounds[0])
    before = webui.videos()
    page.generate()
    bars = [page.wait_until(page.bar)]
    page.wait_until(lambda: bars.append(page.bar()) or "Rendering" in bars[-1] or page.video())
    page.wait_for_end()
    width, height, seconds = page.wait_until(page.video)
    assert (width, height) == (512, 512)
    assert 1.3 < seconds < 1.8
    (made,) = set(webui.videos()) - set(before)
    assert made.parent.parent == webui.data / "outputs/sadtalker"
    assert made.name in page.text("#tab_sadtalker")
    assert "a portrait" in str(read_metadata(made)), "the generation parameters travel along"
    assert not page.sees("#sadtalker_ext_interrupt")
    page.page.click("#sadtalker_ext_to_img2img")
    page.wait_until(lambda: page.sees("#tab_img2img"))
    assert page.problems == []


def test_the_current_result_can_be_pulled(page):
    page.show("SadTalker")
    page.page.click("#sadtalker_ext_use_img2img")
    page.page.wait_for_timeout(1500)
    assert not page.has_picture(), "an empty gallery gives nothing"
    page.make_picture()
    page.show("SadTalker")
    page.page.click("#sadtalker_ext_use_txt2img")
    page.wait_until(page.has_picture)


def test_png_info_sends_its_picture(page):
    if not page.exists("#pnginfo_image"):
        pytest.skip("this WebUI has no tab PNG Info")
    page.show("PNG Info")
    page.page.set_input_files(
        "#pnginfo_image input[type=file]", str(ROOT / "examples/portrait.png")
    )
    page.page.wait_for_timeout(2000)
    page.send_picture("pnginfo")
    assert page.sees("#tab_sadtalker")


def test_keys_interrupt_and_reload(page, webui, sounds):
    page.make_picture()
    page.send_picture()
    page.give_speech(sounds[1])
    before = webui.videos()
    page.page.keyboard.press("Control+Enter")
    page.wait_until(lambda: "Rendering" in page.bar(), 240)
    assert page.sees("#sadtalker_ext_interrupt")
    page.page.keyboard.press("Escape")
    page.wait_for_end()
    assert "Stopped" in page.status()
    assert webui.videos() == before, "nothing broken is left behind"

    page.generate()
    page.wait_until(lambda: "Rendering" in page.bar(), 240)
    page.open()
    page.show("SadTalker")
    page.wait_until(page.bar, 60)
    page.page.click("#sadtalker_ext_interrupt")
    page.wait_for_end()
    _, state = webui.call("GET", "/sdapi/v1/progress")
    assert state["state"]["job"] == ""


def test_txt2img_goes_on_beside_a_job_that_needs_no_device(page, webui, sounds):
    page.make_picture()
    page.send_picture()
    page.give_speech(sounds[1])
    page.generate()
    page.wait_until(lambda: "Rendering" in page.bar(), 240)
    before = len(webui.pictures())
    page.show("txt2img")
    page.page.click("#txt2img_generate")
    page.wait_until(lambda: len(webui.pictures()) > before, 60)
    page.show("SadTalker")
    assert page.busy(), "the picture waited for the video"
    page.page.click("#sadtalker_ext_interrupt")
    page.wait_for_end()
    assert "Stopped" in page.status()
    assert page.sees("#sadtalker_ext_generate")


def test_one_click_makes_an_example_talk(page, webui):
    page.show("SadTalker")
    before = webui.videos()
    page.page.click("#sadtalker_ext_play_example")
    page.wait_until(page.video, 240)
    page.wait_for_end()
    assert len(webui.videos()) == len(before) + 1
    page.page.click("#sadtalker_ext_past")
    page.wait_until(lambda: page.exists("#sadtalker_ext_past_gallery img"))
    page.page.click("#sadtalker_ext_past_gallery .grid-wrap button")
    page.wait_until(lambda: page.sees("#sadtalker_ext_past_star"))
    assert "768x768" in page.text("#sadtalker_ext_summary")
    assert page.problems == []


def test_an_error_is_a_sentence(page):
    page.show("SadTalker")
    page.generate()
    page.wait_until(lambda: "portrait is missing" in page.status())


def test_reload_ui_brings_everything_back(page, webui):
    for _ in range(2):
        page.reload_ui()
        assert "SadTalker" in page.tabs()
        page.make_picture()
        page.send_picture()
        assert page.sees("#tab_sadtalker")
    assert webui.call("GET", "/sadtalker/v1/health")[0] == 200


# gradio 3 asks a page that joined its queue for the data; this one has gone by then
LEAVING = """() => {
    const send = WebSocket.prototype.send;
    WebSocket.prototype.send = function (text) {
        if (text.includes('"data"')) this.close(); else send.call(this, text);
    };
}"""


def test_reload_ui_survives_a_page_that_left_in_the_middle_of_an_event(browser, webui):
    page = Page(browser, webui)
    page.make_picture()
    page.page.evaluate(LEAVING)
    page.page.click("#sadtalker_ext_from_txt2img")
    page.page.wait_for_timeout(1000)
    page.close()
    page = Page(browser, webui)
    page.reload_ui()
    page.close()


@pytest.mark.parametrize(
    ("settings", "shown"),
    [({"ui_tab_order": ["SadTalker"]}, True), ({"hidden_tabs": ["SadTalker"]}, False)],
)
def test_tabs_may_be_ordered_and_hidden(browser, tmp_path, settings, shown):
    with running(tmp_path, settings=settings) as server:
        page = Page(browser, server)
        assert ("SadTalker" in page.tabs()) is shown
        page.make_picture()
        if shown:
            assert page.tabs()[0] == "SadTalker"
            page.send_picture()
            assert page.sees("#tab_sadtalker")
        else:
            assert not page.exists("#sadtalker_ext_from_txt2img")
        page.close()
