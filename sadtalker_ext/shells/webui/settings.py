"""Our section of the WebUI's settings page."""

from __future__ import annotations

from typing import Any

from sadtalker_ext.host.memory import POLICIES, WHEN_NEEDED
from sadtalker_ext.host.webui import OPTION_PREFIX, shared
from sadtalker_ext.shells.webui.rest import api_options

SECTION = ("sadtalker_ext", "SadTalker")


def add_settings() -> None:
    """Add every option; called by the host whenever it builds its page."""
    import gradio

    info = shared.OptionInfo
    paths = {"visible": not getattr(shared.cmd_opts, "hide_ui_dir_config", False)}
    options = {
        **_heading("videos", "Videos"),
        "output_dir": info(
            "", "Folder for videos", gradio.Textbox, paths, section=SECTION
        ).info("empty: outputs/sadtalker; subfolders follow the pattern for images"),
        **_heading("device", "Graphics card and memory"),
        "make_room": info(
            WHEN_NEEDED,
            "Move the Stable Diffusion model out of the GPU before a video",
            gradio.Radio,
            {"choices": list(POLICIES)},
            section=SECTION,
        ).info("it comes back afterwards; without effect on the CPU"),
        "keep_models": info(
            default=False,
            label="Keep SadTalker's models loaded between videos",
            section=SECTION,
        ).info("the next video starts sooner; about 1 GB stays in use"),
        **_heading("places", "Where it is shown"),
        "show_buttons": info(
            default=True,
            label="Show the talking-head button under the galleries and on PNG Info",
            section=SECTION,
        ).needs_reload_ui(),
        "show_script": info(
            default=True,
            label="Show the section Animate with SadTalker in txt2img and img2img",
            section=SECTION,
        ).needs_reload_ui(),
        **_heading("rest", "Limits of the REST routes"),
        **api_options(SECTION),
    }  # fmt: skip
    for name, option in options.items():
        shared.opts.add_option(OPTION_PREFIX + name, option)


def _heading(name: str, words: str) -> dict[str, Any]:
    """Return a heading in the section, where the host has such a thing."""
    kind = getattr(shared, "OptionHTML", None)
    if kind is None:
        return {}
    heading = kind(f"<h3>{words}</h3>")
    heading.section = SECTION
    return {f"heading_{name}": heading}
