"""Examples to try with one click: portraits, voices, and one that speaks already.

The drawings and recordings were made for this project; the photograph is NASA's, in the public
domain. None shows somebody who would have to be asked.
"""

from __future__ import annotations

import base64
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sadtalker_ext.shells.ui import compat
from sadtalker_ext.shells.ui.contract import Component, element_id

FOLDER = Path(__file__).with_name("examples")
PLAY = "Make an example talk"
THUMBNAIL = 128
"""Side of the small pictures (``*-small.jpg``) in pixels; twice of what is shown."""

CLICK_GENERATE = (
    f"() => {{ const found = document.getElementById('{element_id('generate')}'); "
    "const button = found.matches('button') ? found : found.querySelector('button'); "
    "setTimeout(() => button.click(), 300); return []; }"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A file that comes with the package.

    Attributes:
        file: Its name in `FOLDER`.
        label: What the page calls it.
        help: Its tooltip.
    """

    file: str
    label: str
    help: str

    @property
    def path(self) -> Path:
        """Return where it lies."""
        return FOLDER / self.file

    @property
    def thumbnail(self) -> str:
        """Return the small picture of a portrait, as an address that holds it.

        It is a file of its own: making it anew took a tenth of the page's time at every start.
        """
        small = (FOLDER / f"{Path(self.file).stem}-small.jpg").read_bytes()
        return "data:image/jpeg;base64," + base64.b64encode(small).decode("ascii")

    @property
    def element(self) -> str:
        """Return the id of its button."""
        return element_id(f"example_{Path(self.file).stem.replace('-', '_')}")


PORTRAITS = (
    Example(file="drawn-woman.jpg", label="Drawn woman", help="A drawing made for this page."),
    Example(file="drawn-man.jpg", label="Drawn man", help="A drawing made for this page."),
    Example(
        file="astronaut.jpg",
        label="Astronaut",
        help="A photograph by NASA, in the public domain; NASA does not endorse this program.",
    ),
)
VOICES = (
    Example(file="hello.flac", label="Hello", help="Six seconds: a picture says hello."),
    Example(file="story.flac", label="Story", help="Five seconds: how a fairy tale begins."),
    Example(file="welcome.flac", label="Welcome", help="Four seconds: quick and high."),
)


@functools.cache
def fingerprints() -> frozenset[str]:
    """Return the hashes of the portraits: nobody has to be asked about them."""
    from sadtalker_ext.inputs.image import read_picture
    from sadtalker_ext.provenance.hashes import picture_hash

    return frozenset(picture_hash(read_picture(one.path)) for one in PORTRAITS)


def placeholder_html() -> str:
    """Return what stands in place of a result: what to do, and an example that speaks."""
    clip = base64.b64encode((FOLDER / "clip.mp4").read_bytes()).decode("ascii")
    return (
        '<div class="stx-empty">'
        '<video class="stx-clip" autoplay muted loop playsinline controls '
        'aria-label="An example: a drawn woman speaks" '
        f'src="data:video/mp4;base64,{clip}"></video>'
        "<b>Your video appears here.</b>"
        "<span>Add a portrait and speech, then press Generate.</span></div>"
    )


def make_portrait_examples() -> list[tuple[Component, Example]]:
    """Make a row of small portraits at the current place of the page."""
    rules = "".join(f"#{one.element}{{background-image:url({one.thumbnail})}}" for one in PORTRAITS)
    compat.html(f"<style>{rules}</style>", elem_classes=["stx-rules"])
    return _make_row("or try", PORTRAITS, "stx-thumbnail")


def make_voice_examples() -> list[tuple[Component, Example]]:
    """Make a row of voices at the current place of the page."""
    return _make_row("or try", VOICES, "stx-voice")


def make_play_button() -> Component:
    """Make the button that shows everything at once; hidden when there is a result."""
    button = compat.gradio().Button(PLAY, elem_id=element_id("play_example"), size="sm")
    return compat.explained(button, "Take a drawing and a voice of ours, and generate.")


def connect_examples(
    portraits: Sequence[tuple[Component, Example]],
    voices: Sequence[tuple[Component, Example]],
    play: Component,
    *,
    picture: Component,
    kind: Component,
    file: Component,
    file_kind: str,
    first: Mapping[Component, Any],
) -> None:
    """Wire the buttons.

    Args:
        portraits: Buttons that fill `picture`.
        voices: Buttons that fill `file` and choose it as what is spoken.
        play: Fills both, and generates.
        picture: The portrait.
        kind: Where the speech comes from.
        file: The sound file.
        file_kind: Value of `kind` for a file.
        first: What `play` sets before: choices that would make something else of the example.
    """
    for button, one in portraits:
        compat.listen(button.click, functools.partial(_picture, one), [], [picture])
    for button, one in voices:
        compat.listen(button.click, functools.partial(_spoken, one, file_kind), [], [kind, file])

    def fill() -> list[Any]:
        return [*first.values(), _picture(PORTRAITS[0]), *_spoken(VOICES[0], file_kind)]

    filled = compat.listen(play.click, fill, [], [*first, picture, kind, file])
    compat.listen(filled.then, None, [], [], js=CLICK_GENERATE)


def _make_row(
    words: str, examples: Sequence[Example], kind: str
) -> list[tuple[Component, Example]]:
    gr = compat.gradio()
    buttons = []
    with gr.Row(elem_classes=["stx-examples"]):
        compat.html(f"<span>{words}</span>")
        for one in examples:
            button = gr.Button(one.label, elem_id=one.element, elem_classes=[kind], size="sm")
            buttons.append((compat.explained(button, one.help), one))
    return buttons


def _picture(example: Example) -> Any:
    from PIL import Image

    with Image.open(example.path) as image:
        return image.convert("RGB")


def _spoken(example: Example, file_kind: str) -> list[Any]:
    import numpy as np

    from sadtalker_ext.inputs.audio import open_speech

    # samples instead of the path: no version of gradio has to be told that it may read the file
    speech = open_speech(example.path)
    samples = np.concatenate(list(speech.read(None)))
    return [file_kind, (speech.rate_hz, np.round(samples * 32767).astype(np.int16))]
