"""Words and phones of what was said, as files beside the video."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from sadtalker_ext.captions.writing import captions_text, phones_text
from sadtalker_ext.encoder.output_file import explain
from sadtalker_ext.encoder.subtitles import NO_WORDS
from sadtalker_ext.performance import Performance
from sadtalker_ext.progress import Progress
from sadtalker_ext.request import Request
from sadtalker_ext.speech.hear.recogniser import Require
from sadtalker_ext.speech.hearing import Hearing, listen
from sadtalker_ext.types import Speech


def with_words(
    request: Request, performance: Performance, progress: Progress, require: Require | None = None
) -> Performance:
    """Find out when the words of a known text are said, where anything asks for them.

    Args:
        request: Says what is asked for: captions, files of phones, directions at words.
        performance: What is said.
        progress: Counts the chunks listened to.
        require: Gives the weight files of the phone recogniser.

    Returns:
        The performance with words and with what was heard, so that nobody has to listen again.
    """
    speech, options = performance.speech, request.options
    if speech is None or speech.words or not speech.text:
        return performance
    if not (
        options.captions != "none"
        or request.captions_target is not None
        or request.phones_files
        or options.timeline
    ):
        return performance
    hearing = listen(speech, progress, require)
    return replace(performance, speech=replace(speech, words=hearing.words), hearing=hearing)


def write_transcripts(
    request: Request, speech: Speech | None, hearing: Hearing | None = None
) -> tuple[str, ...]:
    """Write the files of captions and phones that were asked for.

    Args:
        request: Names the files.
        speech: What is said; sounds that are not known are listened to.
        hearing: What is heard in it, if somebody listened already.

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
        elif request.options.captions == "none" and not (hearing and hearing.tells_no_words):
            told.append(NO_WORDS)
    if request.phones_files and speech is None:
        told.append("There are no phones, because nothing is said.")
    elif request.phones_files and speech is not None:
        heard = hearing or (None if speech.phonemes else listen(speech, Progress()))
        phones = speech.phonemes or (heard.phonemes if heard is not None else ())
        for path in request.phones_files:
            name = speech.path.name
            _write(path, phones_text(path, phones, speech.words, speech.seconds, name))
    return tuple(told)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as problem:
        raise explain(problem, path) from problem
