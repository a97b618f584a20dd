"""The tab in a host that lacks what A1111 and Forge have: SD.Next."""

import pytest

from tests.support.fake_host.sdnext import without_the_rest

gradio = pytest.importorskip("gradio")


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
