"""Words and phones of a performance: for the video's subtitle track, and for files beside it."""

from __future__ import annotations

from pathlib import Path

from sadtalker_ext.captions.cues import cues
from sadtalker_ext.captions.writing import captions_text, phones_text
from sadtalker_ext.encoder.output_file import explain
from sadtalker_ext.encoder.subtitles import can_write_subtitles
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.performance import Performance
from sadtalker_ext.progress import Progress
from sadtalker_ext.request import Request
from sadtalker_ext.speech.hearing import listen
from sadtalker_ext.types import Speech, Word

_UNKNOWN = (
    "There are no captions, because the words and their times are known only when a text is spoken "
    "by one of the voices."
)
_NO_TRACK = "Captions become a track only in mp4; choose captions srt or vtt for other formats."
_OLD = "A subtitle track needs PyAV 17 or newer; choose captions srt or vtt."


def caption_track(
    options: GenerateOptions, performance: Performance
) -> tuple[tuple[Word, ...], tuple[str, ...]]:
    """Return the captions that go into the video, and sentences about those that cannot."""
    if options.captions == "none":
        return (), ()
    speech = performance.speech
    if speech is None or not speech.words:
        return (), (_UNKNOWN,)
    if options.captions != "track":
        return (), ()
    if options.format != "mp4":
        return (), (_NO_TRACK,)
    if not can_write_subtitles():
        return (), (_OLD,)
    return cues(speech.words, speech.total_seconds), ()


def write_transcripts(request: Request, speech: Speech | None) -> tuple[str, ...]:
    """Write the files of captions and phones that were asked for.

    Args:
        request: Names the files.
        speech: What is said; sounds that are not known are listened to.

    Returns:
        Sentences about files that were not written.

    Raises:
        OutputUnwritable: A file cannot be written.
        DiskFull: There is no room.
    """
    told: list[str] = []
    captions = request.captions_target
    if captions is not None:
        if speech is not None and speech.words:
            _write(captions, captions_text(captions, speech.words, speech.total_seconds))
        elif request.options.captions == "none":
            told.append(_UNKNOWN)
    if request.phones_files and speech is None:
        told.append("There are no phones, because nothing is said.")
    elif request.phones_files and speech is not None:
        phones = speech.phonemes or listen(speech, Progress()).phonemes
        for path in request.phones_files:
            name = speech.path.name
            _write(path, phones_text(path, phones, speech.words, speech.seconds, name))
    return tuple(told)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as problem:
        raise explain(problem, path) from problem
