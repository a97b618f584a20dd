"""The section "Animate with SadTalker" of txt2img and img2img, and of their REST routes.

Arguments, in order (also of ``alwayson_scripts`` in ``/sdapi/v1/txt2img``):

    enabled   true or false
    speech    in the page an uploaded file; in REST its content as base64 or as a data URL
    framing   one of the values of the option `preprocess`; in REST also an object with any options
    still     keep the head still
"""

from __future__ import annotations

import base64
import binascii
import importlib
import logging
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from sadtalker_ext.errors import Cancelled, InvalidOption, SadTalkerError, UnreadableAudio
from sadtalker_ext.host.webui import OPTION_PREFIX, scripts, shared
from sadtalker_ext.options import GenerateOptions, option_spec
from sadtalker_ext.shells.ui.admission import taking_files
from sadtalker_ext.shells.webui.axes import chosen_axes
from sadtalker_ext.types import Picture

log = logging.getLogger(__name__)

SCRIPT_TITLE = "Animate with SadTalker"
RESULTS = "SadTalker videos"
PROBLEM = "SadTalker error"
FRAMING = "SadTalker framing"
STILL = "SadTalker still"


class AnimateScript(scripts.Script):  # type: ignore[misc]  # the host's class is untyped
    """Makes every picture of a generation talk, when it is switched on.

    The page's script looks for the lines that `tell` writes, and shows the videos.
    """

    def title(self) -> str:
        """Return the name, which REST uses as well."""
        return SCRIPT_TITLE

    def show(self, is_img2img: bool) -> Any:  # noqa: ARG002, FBT001  the host's signature
        """Tell the host to show the section always, unless the user removed it."""
        wanted = shared.opts.data.get(OPTION_PREFIX + "show_script", True)
        return scripts.AlwaysVisible if wanted else False

    def ui(self, is_img2img: bool) -> list[Any]:  # noqa: FBT001  the host's signature
        """Build the section; its values arrive in `postprocess` in this order."""
        gradio = importlib.import_module("gradio")

        def name(part: str) -> str:
            return f"sadtalker_ext_{'img2img' if is_img2img else 'txt2img'}_{part}"

        framing, still = option_spec("preprocess"), option_spec("still")
        with gradio.Accordion(SCRIPT_TITLE, open=False, elem_id=name("animate")):
            enabled = gradio.Checkbox(
                value=False, label="Make every picture talk", elem_id=name("enabled")
            )
            # a file box, because an audio box decodes every upload and needs ffmpeg for that
            speech = taking_files(
                gradio.File(
                    label="Speech (a sound file, or a video whose sound is used)",
                    file_types=["audio", "video"],
                    elem_id=name("speech"),
                )
            )
            with gradio.Row():
                preprocess = gradio.Dropdown(
                    choices=list(framing.choices),
                    value=framing.default,
                    label=framing.label,
                    elem_id=name("framing"),
                )
                quiet = gradio.Checkbox(
                    value=still.default, label=still.label, elem_id=name("still")
                )
            gradio.HTML("<p>The videos appear in the SadTalker output folder; they and their "
                        "paths are shown below the gallery.</p>")  # fmt: skip
        for component in (enabled, speech):
            component.do_not_save_to_config = True
        # what a picture was made with can be pasted; the switch stays, for no speech comes along
        self.infotext_fields = [(preprocess, FRAMING), (quiet, STILL)]
        self.paste_field_names = [FRAMING, STILL]
        return [enabled, speech, preprocess, quiet]

    def process(
        self,
        p: Any,
        enabled: Any = None,
        _speech: Any = None,
        framing: Any = "auto",
        still: Any = None,
    ) -> None:
        """Write the section's values into the generation parameters of the pictures."""
        if not enabled:
            return
        try:
            options = options_of(framing, still)
        except SadTalkerError:
            return  # told when the pictures are there
        p.extra_generation_params |= {FRAMING: options.preprocess, STILL: options.still}

    def postprocess(
        self,
        p: Any,
        processed: Any,
        enabled: Any = None,
        speech: Any = None,
        framing: Any = "auto",
        still: Any = None,
    ) -> None:
        """Animate the finished pictures; a failure is reported, and never costs the pictures."""
        if not enabled:
            return
        facts = processed.extra_generation_params
        videos: list[str] = []
        try:
            options = options_of(framing, still, chosen_axes(p))
            with speech_file(speech) as path:
                for picture in pictures_of(processed):
                    videos.append(animate(picture, path, options))  # noqa: PERF401  kept on error
        except Cancelled:
            tell(processed, "SadTalker was stopped.")
        except SadTalkerError as error:
            facts[PROBLEM] = str(error)
            tell(processed, f"SadTalker: {error}")
        except ModuleNotFoundError as error:
            facts[PROBLEM] = f"The Python package {error.name} is not installed."
            tell(processed, f"SadTalker: {facts[PROBLEM]}")
        for video in videos:
            tell(processed, f"Talking video: {video}")
        if videos:
            facts[RESULTS] = videos


def animate(picture: Picture, speech: Path, options: GenerateOptions) -> str:
    """Make one video inside the host's running job, and return its path."""
    from sadtalker_ext.progress import Progress
    from sadtalker_ext.service import Request
    from sadtalker_ext.shells.webui.house import host, service

    with host().joined():
        output = host().output_path(picture)
        request = Request(
            picture=picture, speech=speech, output=output, options=options, beside=True
        )
        return str(service().generate(request, Progress()).path)


def tell(processed: Any, words: str) -> None:
    """Show one line below the gallery."""
    processed.comments += words + "\n"


def pictures_of(processed: Any) -> Iterator[Picture]:
    """Yield the generated pictures with their parameters: no grid, no other script's extras."""
    first, count = processed.index_of_first_image, len(processed.all_seeds)
    for number, image in enumerate(processed.images[first : first + count]):
        texts = processed.infotexts
        index = first + number
        yield Picture(
            pixels=np.asarray(image.convert("RGB")),
            name=f"{processed.all_seeds[number]}.png",
            parameters=str(texts[index]) if index < len(texts) else "",
        )


def options_of(
    framing: Any, still: Any, axes: Mapping[str, Any] = MappingProxyType({})
) -> GenerateOptions:
    """Return the options of the section, or those of a REST request; the plot's go before both."""
    if isinstance(framing, dict):
        return GenerateOptions.from_mapping({**framing, **axes})
    values = {"preprocess": framing or "auto", "still": bool(still)}
    return GenerateOptions.from_mapping({**values, **axes})


@contextmanager
def speech_file(value: Any) -> Iterator[Path]:
    """Give the speech as a file.

    The page's upload is an object with the name of a temporary file. A plain text comes from REST;
    it is content, never a path: a request must not read files of this machine.

    Raises:
        InvalidOption: There is no speech.
        UnreadableAudio: The text is not base64.
    """
    if not value:
        raise InvalidOption(
            "Speech is needed, none was given.", hint="Upload a sound file in the section."
        )
    name = getattr(value, "name", None)
    if isinstance(name, str) and type(value) is not str:
        yield Path(name)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech"
        path.write_bytes(decoded(value))
        yield path


def decoded(value: Any) -> bytes:
    """Return the bytes behind base64 or a data URL."""
    text = value if isinstance(value, str) else ""
    if text.startswith("data:"):
        text = text.partition(",")[2]
    try:
        content = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        content = b""
    if not content:
        raise UnreadableAudio(
            "The speech should be the content of a sound file in base64, found something else."
        )
    return content
