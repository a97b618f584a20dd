"""Text to speech with the voices this machine has.

The built-in voice speaks natural American English once its files are fetched; espeak-ng (the
`voice` extra) sounds robotic, but speaks about a hundred languages; voices of piper and of the
operating system are used where they are. All are asked the same way: see `voices.provider`.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sadtalker_ext.errors import InvalidOption, PackageMissing
from sadtalker_ext.installing import how_to_add, sadtalker
from sadtalker_ext.progress import Progress, Stage
from sadtalker_ext.speech.language import language_of
from sadtalker_ext.speech.voices import espeak
from sadtalker_ext.speech.voices.espeak import WORKER as WORKER
from sadtalker_ext.speech.voices.hibari import voice as hibari
from sadtalker_ext.speech.voices.piper import Piper
from sadtalker_ext.speech.voices.provider import Delivery, Provider, Utterance
from sadtalker_ext.speech.voices.provider import Voice as Voice
from sadtalker_ext.speech.voices.system import System
from sadtalker_ext.spelling import nearest
from sadtalker_ext.types import Speech
from sadtalker_ext.weights.store import WeightStore

if TYPE_CHECKING:
    from sadtalker_ext.speech.marked_text import Passage

MAX_CHARACTERS: Final = 100_000
"""About two hours."""
_MOST_NAMED, _LONGEST_NAMED = 8, 40
"""Words that a note names, and their characters."""


def providers(store: WeightStore | None = None) -> tuple[Provider, ...]:
    """Return the sources of voices, best first.

    Args:
        store: Where weight files are; the usual search order when not given.
    """
    found = store if store is not None else WeightStore.standard()
    return (hibari.Hibari(found), Piper(found), espeak.Espeak(), System())


def list_voices(store: WeightStore | None = None) -> tuple[Voice, ...]:
    """Return the voices of this machine, best first; empty when there are none."""
    return tuple(one for _, one in _owned(store))


def _owned(store: WeightStore | None) -> tuple[tuple[Provider, Voice], ...]:
    """Return the voices of this machine, best first, each with who speaks it."""
    return tuple((provider, one) for provider in providers(store) for one in provider.voices())


def natural_voice_lacks(store: WeightStore | None = None) -> bool:
    """Tell whether the files of the built-in voice are still to be fetched."""
    found = store if store is not None else WeightStore.standard()
    return bool(found.missing(["voice"]))


def missing_voices() -> PackageMissing:
    """Return the error that says how to get a voice."""
    return PackageMissing(
        "Text needs a voice, and this machine has none yet.",
        hint=f"Run `{sadtalker('weights fetch voice')}` for a natural English voice (14 MB). "
        f"{how_to_add('voice')} That adds espeak-ng for other languages. Or give a sound file.",
    )


def voice_for(text: str, voices: Sequence[Voice]) -> Voice:
    """Return the voice that speaks a text when none was chosen: the first of its language.

    Args:
        text: What to say.
        voices: Those of this machine, best first.
    """
    language = language_of(text)
    return next(
        (one for one in voices if one.language.split("-")[0] == language),
        next((one for one in voices if one.language == "en-us"), voices[0]),
    )


def speak(
    text: str,
    folder: Path,
    *,
    voice: str = "",
    rate: float = 1.0,
    pitch: float = 0.0,
    progress: Progress | None = None,
    store: WeightStore | None = None,
) -> Speech:
    """Speak a text into a WAV file and return it as speech, with exact sounds and words if known.

    Marks in the text are not said: pauses and manners of speaking are followed, all others come
    with the speech; see `marked_text`. It goes sentence by sentence, so the length of the text
    needs no memory.

    Args:
        text: What to say.
        folder: Where the WAV file goes; it must live as long as the speech is used.
        voice: A name of `list_voices`; empty takes the best one for the text's language.
        rate: 1.0 is the voice's own speed.
        pitch: -50 (low) .. 50 (high).
        progress: Counts characters; may stop the work.
        store: Where weight files are; the usual search order when not given.

    Raises:
        PackageMissing: There is no voice on this machine.
        InvalidOption: The text is empty, too long, or nothing a voice can say; a mark in it is
            wrong; or there is no such voice.
        UnreadableAudio: The voice failed.
        Cancelled: The work was stopped.
    """
    # here: a page that starts asks only who could speak
    from sadtalker_ext.inputs.audio import open_speech
    from sadtalker_ext.speech.marked_text import read_marked
    from sadtalker_ext.speech.utterances import Told, written

    text = text.strip()
    if not text or len(text) > MAX_CHARACTERS:
        raise InvalidOption(
            f"Option text should be 1 to {MAX_CHARACTERS} characters, found {len(text)}."
        )
    marked = read_marked(text)
    text = marked.text
    owned = _owned(store)  # once: some ask a program
    voices = [one for _, one in owned]
    provider, chosen = _choose(text, voice, owned)
    delivery = Delivery(voice=voice or chosen.name, rate=rate, pitch=pitch)
    progress = progress or Progress()
    progress.enter(Stage.SPEAKING, len(text))
    path = folder / "speech.wav"
    told = Told()
    with contextlib.closing(written(_said(provider, delivery, marked.parts), path, told)) as steps:
        for characters in steps:
            progress.advance(characters)
    if not told.spoken:
        hint, remedy = _next_step(text, chosen, voices)
        raise InvalidOption(
            f"The voice {chosen.name} finds nothing in the text that it can say.",
            hint=hint,
            remedy=remedy,
        )
    speech = open_speech(path)
    phones = told.phones if told.phones is None else tuple(told.phones)
    return dataclasses.replace(
        speech,
        text=" ".join(text.split()),
        phonemes=phones,
        words=tuple(told.words),
        marks=marked.marks,
        warnings=(
            *_foreign(text, voice, chosen, voices),
            *_left_out(provider, chosen, marked.parts),
        ),
    )


def _said(
    provider: Provider, delivery: Delivery, parts: Sequence[Passage]
) -> Generator[Utterance, None, None]:
    """Yield the utterances of all parts of a text, each in its manner and with its pause."""
    for part in parts:
        own = dataclasses.replace(
            delivery,
            rate=min(max(delivery.rate * part.rate, 0.5), 2.0) if part.rate != 1 else delivery.rate,
            pitch=min(max(delivery.pitch + part.pitch, -50.0), 50.0),
        )
        if part.pause is None:
            yield from provider.synthesise(part.text, own)
            continue
        last: Utterance | None = None
        for utterance in provider.synthesise(part.text, own):
            if last is not None:
                yield last
            last = utterance
        if last is not None:
            yield dataclasses.replace(last, pause=part.pause)


def _choose(
    text: str, voice: str, owned: Sequence[tuple[Provider, Voice]]
) -> tuple[Provider, Voice]:
    # of several voices with one name the best counts
    owners = {one.name: (provider, one) for provider, one in reversed(owned)}
    if not owners:
        raise missing_voices()
    if not voice:
        return owners[voice_for(text, [one for _, one in owned]).name]
    found = owners.get(voice) or owners.get(voice.split("+")[0])
    if found is None:
        near = nearest(voice, owners)
        known = ", ".join(one.name for _, one in owned[:8])
        hint = f"Did you mean {near}?" if near else f"Some of them: {known}."
        if voice == hibari.NAME:
            hint = f"Its files are missing: run `{sadtalker('weights fetch voice')}`."
        raise InvalidOption(
            f"Option voice should be one of this machine's voices, found {voice!r}.", hint=hint
        )
    return found


def _foreign(text: str, voice: str, chosen: Voice, voices: Sequence[Voice]) -> tuple[str, ...]:
    """Say that a text was read in another language than its own, because nobody speaks that."""
    language = language_of(text)
    if voice or chosen.language.split("-")[0] == language:
        return ()
    return (
        f"The text looks like {language!r}, but no voice of this machine speaks it, so the voice "
        f"{chosen.name} read it as {chosen.language}. {_next_step(text, chosen, voices)[0]}",
    )


def _next_step(text: str, chosen: Voice, voices: Sequence[Voice]) -> tuple[str, str]:
    """Return what to do about a text that a voice cannot say, and the remedy of an error."""
    language = language_of(text)
    if not any(sign.isalnum() for sign in text):
        return "There are no words in the text: write some.", ""
    if chosen.language.split("-")[0] == language:
        return "Write words in its language, or choose another voice.", "voice"
    able = [one.name for one in voices if one.language.split("-")[0] == language]
    if able:
        return f"The voice {able[0]} speaks {language!r}.", ""
    if espeak.installed():
        return f"No voice of this machine speaks {language!r}; give a sound file instead.", ""
    return f"{how_to_add('voice')} That adds espeak-ng for about a hundred languages.", ""


def _left_out(provider: Provider, chosen: Voice, parts: Sequence[Passage]) -> tuple[str, ...]:
    """Name the words of a text that its voice could not say."""
    words = list(dict.fromkeys(word for part in parts for word in provider.unread(part.text)))
    if not words:
        return ()
    named = ", ".join(word[:_LONGEST_NAMED] for word in words[:_MOST_NAMED])
    more = f" and {len(words) - _MOST_NAMED} more" if len(words) > _MOST_NAMED else ""
    return (
        f"The voice {chosen.name} cannot read these words, or not all of their letters: "
        f"{named}{more}. They were left out.",
    )
