"""Words and phones of what was said, as files beside the video."""

from __future__ import annotations

from pathlib import Path

from sadtalker_ext.captions.writing import captions_text, phones_text
from sadtalker_ext.encoder.output_file import explain
from sadtalker_ext.encoder.subtitles import NO_WORDS
from sadtalker_ext.progress import Progress
from sadtalker_ext.request import Request
from sadtalker_ext.speech.hearing import listen
from sadtalker_ext.types import Speech


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
            told.append(NO_WORDS)
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
