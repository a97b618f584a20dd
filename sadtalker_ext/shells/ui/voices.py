"""The line that says who can speak a text, and the button that fetches the natural voice."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Any

from sadtalker_ext.errors import Cancelled, SadTalkerError
from sadtalker_ext.shells.ui import compat, words
from sadtalker_ext.shells.ui.contract import Component, element_id
from sadtalker_ext.shells.ui.controls import SPEECH_TEXT, OptionControls
from sadtalker_ext.shells.ui.engines import download_size, licences
from sadtalker_ext.shells.ui.speakers import SpeakersParts
from sadtalker_ext.shells.ui.working import Run
from sadtalker_ext.weights.store import WeightStore

_FEATURE = "voice"


def find_voices(store: WeightStore | None = None) -> tuple[list[tuple[str, str]], str]:
    """Return name and words of every voice, and how to get one when there is none."""
    try:
        from sadtalker_ext.speech.voice import list_voices, missing_voices

        voices = [(voice.name, voice.label) for voice in list_voices(store)]
        return voices, "" if voices else str(missing_voices())
    except (ImportError, SadTalkerError, OSError, ValueError) as problem:
        return [], f"Text needs a voice, and none can be used here: {problem}"


class VoiceLine:
    """What the text panel shows about voices.

    Args:
        store: Where the files of the natural voice are, and how they get there.
    """

    def __init__(self, store: WeightStore) -> None:
        self._store = store
        self._run: Run | None = None
        self._guard = threading.Lock()

    @property
    def title(self) -> str:
        """The download button's words; empty when there is nothing to fetch."""
        files = self._store.missing([_FEATURE])
        return f"Download voice ({words.size(download_size(files))})" if files else ""

    def html(self) -> str:
        """Return why no text can be spoken, or that a better voice could be fetched."""
        voices, none = find_voices(self._store)
        files = self._store.missing([_FEATURE])
        if not files:
            return f'<div class="stx-hint">{escape(none)}</div>' if none else ""
        terms = escape(", ".join(licences(files)))
        fetched = f"licence {terms}. Fetched once, and checked; nothing is installed."
        if voices:
            return f'<div class="stx-hint">A natural English voice can be added: {fetched}</div>'
        return (
            f'<div class="stx-hint">Text needs a voice. This one speaks English: {fetched} '
            f"{escape(_other_languages())}</div>"
        )

    def fetch(self) -> Iterator[list[Any]]:
        """Fetch the voice; yield line, download button and stop button again and again."""
        with self._guard:
            if self._run is None or self._run.finished:
                if not self.title:
                    yield self._rest()
                    return
                self._run = Run(lambda progress: self._store.fetch([_FEATURE], progress))
            run = self._run
        hidden, shown = compat.update(visible=False), compat.update(visible=True)
        for event in run.watch():
            yield [words.progress_html(event, stopping=run.stopping), hidden, shown]
        yield self._rest(run.error)

    def stop(self) -> None:
        """Stop the download."""
        if self._run is not None:
            self._run.stop()

    def _rest(self, error: BaseException | None = None) -> list[Any]:
        if isinstance(error, Cancelled):
            problem = words.note_html("Stopped.")
        else:
            problem = "" if error is None else words.error_html(error)
        title = self.title
        button = compat.update(value=title or "Download voice", visible=bool(title))
        return [self.html() + problem, button, compat.update(visible=False)]


def _other_languages() -> str:
    from sadtalker_ext.installing import how_to_add

    return f"Other languages need espeak-ng: {how_to_add('voice')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceParts:
    """The components of the line."""

    line: Component
    download: Component
    stop: Component


def make_voice_parts(line: VoiceLine) -> VoiceParts:
    """Make the line and its buttons at the current place of the page."""
    gr = compat.gradio()
    text = compat.html(line.html(), elem_id=element_id("voice_line"))
    with gr.Row(elem_classes=["stx-buttons"]):
        title = line.title
        download = gr.Button(
            title or "Download voice",
            elem_id=element_id("voice_download"),
            visible=bool(title),
            size="sm",
        )
        stop = gr.Button(
            "Stop the download", elem_id=element_id("voice_stop"), visible=False, size="sm"
        )
    compat.explained(download, "Fetch a natural English voice once, check it, and keep it.")
    compat.explained(stop, "End the download; it can be started again.")
    return VoiceParts(line=text, download=download, stop=stop)


def connect_voice_parts(
    parts: VoiceParts,
    line: VoiceLine,
    options: OptionControls,
    store: WeightStore,
    *,
    others: SpeakersParts | None = None,
) -> None:
    """Wire the buttons; when the voice is there, texts can be written and voices chosen."""
    event = compat.listen(
        parts.download.click, line.fetch, [], [parts.line, parts.download, parts.stop]
    )
    compat.listen(parts.stop.click, line.stop, parallel=True)

    more_voices, more_texts = ([], []) if others is None else (others.voices, others.texts)

    def ready() -> list[Any]:
        voices, none = find_voices(store)
        choice = options.voice_update(voices)
        able = {"interactive": not none}
        return [
            *(choice | able if name == "voice" else compat.update(**able) for name in SPEECH_TEXT),
            *(choice | able for _ in more_voices),
            *(compat.update(**able) for _ in more_texts),
        ]

    outputs = [options.components[name] for name in SPEECH_TEXT]
    compat.listen(event.then, ready, [], [*outputs, *more_voices, *more_texts])
