"""The tab in a host that lacks what A1111 and Forge have: SD.Next."""

from tests.support.fake_host.sdnext import without_the_rest
from tests.unit.shells.webui.test_jobs import connected, gradio


def test_the_tab_is_built_and_offers_no_folder_button(webui):
    without_the_rest(webui)
    from sadtalker_ext.shells.webui.galleries import Neighbours
    from sadtalker_ext.shells.webui.house import service
    from sadtalker_ext.shells.webui.settings import add_settings
    from sadtalker_ext.shells.webui.tab import build_tabs

    service.cache_clear()
    add_settings()
    ((blocks, *_),) = build_tabs(Neighbours())
    names = {getattr(block, "elem_id", None) for block in blocks.blocks.values()}
    assert "sadtalker_ext_generate" in names
    assert not [name for name in names if name and name.endswith("open_folder")]
    pasted = webui("generation_parameters_copypaste").paste_fields
    assert pasted["sadtalker"]["init_img"] is not None
    service.cache_clear()


def test_every_gallery_that_sends_elsewhere_sends_to_us(webui):
    without_the_rest(webui)
    from sadtalker_ext.shells.webui.galleries import Neighbours

    found = Neighbours()
    with gradio.Blocks():
        for tab in ("txt2img", "img2img", "control", "video", "extras", "gallery"):
            if tab == "extras":
                found.look_at(gradio.HTML(), "extras_tab")  # a row of its own there
            found.look_at(gradio.Gallery(), f"{tab}_gallery")
            found.look_at(gradio.Textbox(), f"generation_info_{tab}")
            for name in ("extras", "caption") if tab != "video" else ():
                found.look_at(gradio.Button(), f"{name}_tab")
        assert list(found.buttons) == ["txt2img", "img2img", "control", "extras"]
        assert [one.name for one in found.sources()] == ["txt2img", "img2img", "control"]


def test_two_failures_in_a_row_give_as_many_outputs_as_there_are(webui, monkeypatch):
    without_the_rest(webui)
    from sadtalker_ext.shells.webui.galleries import Neighbours
    from sadtalker_ext.shells.webui.house import service
    from sadtalker_ext.shells.webui.tab_host import WebUITabHost

    def job(progress):
        raise RuntimeError("boom")

    service.cache_clear()
    submit = connected(WebUITabHost(Neighbours()), job, monkeypatch)["submit"]
    lengths = {len(answer) for _ in range(2) for answer in submit("task(a)")}
    assert lengths == {3}
    service.cache_clear()
