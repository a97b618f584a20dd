"""One press of Generate: from the tab's values to the tab's results."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sadtalker_ext.errors import (
    Cancelled,
    InputError,
    NoFaceFound,
    PackageMissing,
    SadTalkerError,
    UnreadableImage,
)
from sadtalker_ext.folders import make_folder
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.progress import Progress
from sadtalker_ext.scratch import scratch_folder
from sadtalker_ext.shells.ui import (
    compat,
    dub_job,
    face_editor,
    plan_grid,
    reference,
    results,
    roles,
    speech,
    words,
)
from sadtalker_ext.shells.ui.consent import REMINDER, VIDEO_REMINDER, ConsentBook
from sadtalker_ext.shells.ui.contract import TabHost
from sadtalker_ext.shells.ui.controls import OptionControls
from sadtalker_ext.shells.ui.uploads import is_shared, uploads_of
from sadtalker_ext.types import Picture, VideoFile

if TYPE_CHECKING:
    from PIL import Image

log = logging.getLogger(__name__)


class TabJob:
    """Makes one video from the tab's values by name, and returns the outputs of the tab.

    Args:
        host: The place the tab lives in.
        options: Turns widget values into options.
        consent: Remembers ticks.
        no_result: Outputs, except the last, that leave an earlier result as it is.
    """

    def __init__(
        self,
        host: TabHost,
        options: OptionControls,
        consent: ConsentBook,
        no_result: Sequence[Any],
    ) -> None:
        self._host = host
        self._options = options
        self._consent = consent
        self._no_result = list(no_result)
        self._shared = is_shared(host)

    def __call__(self, progress: Progress, values: Mapping[str, Any]) -> list[Any]:
        """Make the video; every problem becomes the last output."""
        try:
            video = self._make(progress, values)
        except Cancelled as stop:
            return [*self._no_result, words.error_html(stop)]
        except SadTalkerError as error:
            log.warning("%s", error)
            lost = isinstance(error, NoFaceFound) and values["source_kind"] != dub_job.VIDEO
            action = face_editor.open_html() if lost else ""
            told = words.error_html(error, places=not self._shared, action=action)
            return [*self._no_result, told]
        except ImportError as error:
            log.exception("a package is missing")
            return [*self._no_result, self._missing_html(error, values)]
        except Exception as error:
            log.exception("unexpected error")
            return [*self._no_result, words.error_html(error, self._details())]
        return self._show(video)

    def _details(self) -> str:
        """Return where it happened; nothing where the reader does not run the server."""
        return "See the server's log." if self._shared else traceback.format_exc(limit=-6)

    def waits(self, _first: object, values: Mapping[str, Any]) -> bool:
        """Tell whether the video needs the host's device; what is refused anyway does not."""
        dubs = values["source_kind"] == dub_job.VIDEO
        try:
            options = GenerateOptions.from_mapping(self._options.options(values))
            if not dubs and (roles.added(values) or self._is_dialogue(values, options)):
                return False  # the built-in engine moves the people of a picture
            return self._host.service.waits_for_device(options, dubs=dubs)
        except SadTalkerError:
            return False

    def _is_dialogue(self, values: Mapping[str, Any], options: GenerateOptions) -> bool:
        """Tell whether several people of the picture speak a text."""
        return values["speech_kind"] == speech.TEXT and dub_job.is_dialogue(options.text)

    def _make(self, progress: Progress, values: Mapping[str, Any]) -> VideoFile:
        chosen = self._options.options(values)
        if values["source_kind"] == dub_job.VIDEO:
            return self._dub(progress, values, chosen)
        if values["picture"] is None:
            raise UnreadableImage(
                "A portrait is missing.", hint="Drop a picture on the portrait field."
            )
        check = uploads_of(self._host)
        if check is not None:
            check.picture(values["picture"])
        picture = compat.read_picture_value(values["picture"])
        self._check_consent(picture, tick=bool(values["tick"]))
        motion, blinks = reference.borrowed(values)
        everything = motion is not None and chosen[reference.OPTION] == reference.EVERYTHING
        sound, chosen = speech.resolve(values, chosen, may_be_silent=everything)
        options = GenerateOptions.from_mapping(chosen)
        axes = plan_grid.axes_of(values, strangers=check is not None)
        if check is not None:
            # what the grid sets counts, too
            for one in plan_grid.varied(options, axes):
                check.job(one, sound, motion, blinks)
        others = self._others(values, options)
        output = self._output(picture, options)
        if others or self._is_dialogue(values, options):
            plan_grid.refuse_beside_dubbing(axes, motion, blinks)
            return self._ensemble(progress, values, options, picture, sound, output, others)
        from sadtalker_ext.service import Request

        request = Request(
            picture=picture,
            speech=sound,
            output=output,
            options=options,
            beside=True,
            reference_video=motion,
            blink_video=blinks,
        )
        if axes:
            return plan_grid.make_wall(self._host.service, request, axes, progress)
        return self._host.service.generate(request, progress)

    def _dub(
        self, progress: Progress, values: Mapping[str, Any], chosen: Mapping[str, Any]
    ) -> VideoFile:
        """Give the people of a video other words."""
        sound, named = speech.resolve(values, chosen)
        options = GenerateOptions.from_mapping(named)
        video = dub_job.video_of(values, options)
        strangers = uploads_of(self._host) is not None
        axes = plan_grid.axes_of(values, strangers=strangers)
        plan_grid.refuse_beside_dubbing(axes, *reference.borrowed(values))
        dub_job.check_footage(self._host, video)
        check = uploads_of(self._host)
        if check is not None:
            check.job(options, sound)
        others = self._others(values, options)
        still = dub_job.still_of(video)
        self._check_consent(video, tick=bool(values["tick"]))
        output = self._output(still, options)
        request = dub_job.request_of(
            values, options, source=video, speech=sound, output=output, others=others
        )
        return self._host.service.dub(request, progress)

    def _others(self, values: Mapping[str, Any], options: GenerateOptions) -> list[roles.Speaker]:
        """Return the further speakers, once what they say was looked at."""
        others = dub_job.further_speakers(values, options)
        check = uploads_of(self._host)
        if check is not None:
            check.speakers(options, others)
        return others

    def _ensemble(
        self,
        progress: Progress,
        values: Mapping[str, Any],
        options: GenerateOptions,
        picture: Picture,
        sound: Path | None,
        output: Path,
        others: Sequence[roles.Speaker],
    ) -> VideoFile:
        """Let several people of a picture talk with each other."""
        with scratch_folder() as folder:
            source = dub_job.write_picture(picture, folder)
            request = dub_job.request_of(
                values, options, source=source, speech=sound, output=output, others=others
            )
            return self._host.service.dub(request, progress)

    def _output(self, picture: Picture, options: GenerateOptions) -> Path:
        output = self._host.output_path(picture).with_suffix(options.suffix)
        make_folder(output.parent)
        return output

    def _missing_html(self, error: ImportError, values: Mapping[str, Any]) -> str:
        """Say which package is missing in the words of the engine line, and how to get it."""
        details = self._details()
        package = (error.name or "").partition(".")[0]
        if not package or package == __name__.partition(".")[0]:
            return words.error_html(error, details, places=not self._shared)
        wanted = self._options.options(values)["engine"]
        engine = self._host.service.choose(wanted)
        (status,) = (one for one in self._host.service.engines() if one.name == engine)
        reason, hint = status.reason, status.hint
        if not reason or status.can_fetch:
            reason = f"The Python package {package} cannot be used here: {error}."
            hint = "Install it anew in the Python this page runs in."
        return words.error_html(PackageMissing(reason, hint=hint), details, places=not self._shared)

    def _check_consent(self, source: Picture | Path, *, tick: bool) -> None:
        if not self._consent.is_needed(source):
            return
        if not tick:
            reminder = VIDEO_REMINDER if isinstance(source, Path) else REMINDER
            raise InputError(reminder, about="consent")
        self._consent.remember(source)

    def _show(self, video: VideoFile) -> list[Any]:
        note = "Stopped early: the beginning was kept." if video.partial else ""
        return results.in_order(
            {
                **results.player_of(video.path),
                "summary": words.summary_html(video, place=not self._shared),
                "parameters": _line_of(video),
                "plot": _plot_of(video),
                "result_path": str(video.path),
                "last_seed": str(video.seed),
                "status": words.note_html(note) if note else "",
            }
        )


def _line_of(video: VideoFile) -> str:
    from sadtalker_ext.encoder.metadata import read_metadata

    try:
        return read_metadata(video.path).line
    except SadTalkerError as problem:
        log.warning("the video's own words cannot be read: %s", problem)
        return ""


def _plot_of(video: VideoFile) -> Image.Image | None:
    if video.motion is None or not len(video.motion):
        return None
    from sadtalker_ext.inputs.audio import open_speech
    from sadtalker_ext.motion.plot import plot_with_sound

    try:
        return plot_with_sound(video.motion, open_speech(video.path))
    except SadTalkerError:  # a video without sound
        return plot_with_sound(video.motion, None)
