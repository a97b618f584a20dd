"""A soft subtitle track in MP4: 3GPP timed text (mov_text)."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from sadtalker_ext.captions.cues import cues
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.types import Speech, Word

if TYPE_CHECKING:
    from av.container import OutputContainer

_MILLISECOND: Final = Fraction(1, 1000)
_HEADER: Final = "\r\n".join(
    (
        "[Script Info]",
        "ScriptType: v4.00+",
        "",
        "[V4+ Styles]",
        "Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, "
        "BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, "
        "BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding",
        "Style: Default,Arial,16,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,1",
        "",
        "[Events]",
        "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text",
        "",
    )
)
"""The style that the media library asks for when it opens such a track; players use their own."""


NO_WORDS: Final = (
    "There are no captions: words and their times are known only when a voice here speaks a text, "
    "or where a transcript fits the sound."
)
_NO_TRACK = "Captions become a track only in mp4; choose captions srt or vtt for other formats."
_OLD = "A subtitle track needs PyAV 17 or newer; choose captions srt or vtt."


def caption_track(
    options: GenerateOptions, speech: Speech | None, *, explained: bool = False
) -> tuple[tuple[Word, ...], tuple[str, ...]]:
    """Return the captions that go into the video, and what is to be said of them and the speech.

    Args:
        options: Say what captions are wanted.
        speech: What is said.
        explained: Whether it is said elsewhere why there are no words.
    """
    told = speech.warnings if speech is not None else ()
    if options.captions == "none":
        return (), told
    if speech is None or not speech.words:
        return (), told if explained else (*told, NO_WORDS)
    if options.captions != "track":
        return (), told
    if options.format == "mp4" and can_write_subtitles():
        return cues(speech.words, speech.total_seconds), told
    return (), (*told, _NO_TRACK if options.format != "mp4" else _OLD)


def can_write_subtitles() -> bool:
    """Tell whether the installed PyAV can make such a track (from 17 on)."""
    from av.subtitles.codeccontext import SubtitleCodecContext

    return hasattr(SubtitleCodecContext, "subtitle_header")


class SubtitleTrack:
    """Captions of an open container, written beside the frames they belong to.

    Args:
        container: An MP4 file that is not being written yet.
        cues: Captions in order.
    """

    def __init__(self, container: OutputContainer, cues: Sequence[Word]) -> None:
        self._container = container
        self._cues = list(cues)
        self._written: list[Any] = []
        self._stream: Any = container.add_stream("mov_text")
        self._stream.codec_context.subtitle_header = _HEADER.encode()
        self._stream.time_base = _MILLISECOND
        self._stream.metadata["handler_name"] = "Captions"

    def write_until(self, moment: Fraction) -> None:
        """Write what begins before a moment of the video, in seconds."""
        while self._cues and self._cues[0].start < moment:
            self._write(self._cues.pop(0))

    def _write(self, cue: Word) -> None:
        import av

        text = cue.text.encode("utf-8")[:0xFFFF]
        # a sample is the length of the text in two bytes, and the text (3GPP TS 26.245)
        packet = av.Packet(struct.pack(">H", len(text)) + text)
        packet.stream = self._stream
        packet.time_base = _MILLISECOND
        packet.pts = packet.dts = round(cue.start * 1000)
        packet.duration = max(1, round(cue.end * 1000) - packet.pts)
        # PyAV 17.0 does not keep the bytes of a packet that waits to be written
        self._written.append(packet)
        self._container.mux(packet)
