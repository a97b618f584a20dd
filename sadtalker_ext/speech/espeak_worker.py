"""Speaks one text with the espeak-ng library, in a process of its own.

Started as a script: ``python espeak_worker.py``, a JSON request on standard input, a JSON answer on
standard output. It imports nothing of this package: espeak-ng is GPL, so it is loaded only here, by
a separate program that talks in plain data.

Requests
    {"do": "list"} -> {"voices": [[name, language], ...]}
    {"do": "phones", "texts": [...], "voice"} -> {"phones": [...]}: each text in IPA
    {"do": "speak", "text", "voice", "words_per_minute", "pitch", "path"}
        -> {"events": [[seconds, phoneme mnemonic], ...], "words": [[seconds, place in the text
        from 1, length], ...]}; the sound is written to `path` as WAV
"""

import ctypes
import functools
import json
import sys
import wave

WORD_EVENT, PHONEME_EVENT = 1, 7
SYNCHRONOUS = 2
PHONEME_EVENTS_WANTED = 1
UTF8 = 1
IPA = 2
RATE_PARAMETER, PITCH_PARAMETER = 1, 3


class _Name(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("milliseconds", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("name", _Name),
    )


class _Voice(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_char_p),
        ("identifier", ctypes.c_char_p),
    )


_Receiver = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


@functools.cache
def load() -> tuple[ctypes.CDLL, int]:
    """Return the library and its sampling rate."""
    import espeakng_loader

    library = ctypes.CDLL(espeakng_loader.get_library_path())
    data = str(espeakng_loader.get_data_path()).encode()
    rate = library.espeak_Initialize(SYNCHRONOUS, 0, data, PHONEME_EVENTS_WANTED)
    return library, int(rate)


def list_voices() -> dict[str, object]:
    """Return every voice with its language."""
    return {"voices": [[name, language] for name, language, _ in _voices()]}


def _voices() -> list[tuple[str, str, str]]:
    """Return name, language and file of every voice."""
    library, _ = load()
    library.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_Voice))
    listed = library.espeak_ListVoices(None)
    voices, index = [], 0
    while listed[index]:
        voice = listed[index].contents
        # the language is preceded by one byte of priority
        words = (voice.name, voice.languages[1:], voice.identifier)
        voices.append(tuple(word.decode() for word in words))
        index += 1
    return voices


def _choose(voice: str) -> str:
    """Set the voice of a language or file, perhaps with a variant (+f3); return what is wrong.

    Some files have another name than their language: that of fr-fr is called fr.
    """
    library, _ = load()
    language, plus, variant = voice.partition("+")
    files = [file for _, spoken, file in _voices() if spoken == language]
    for name in (voice, *(file + plus + variant for file in files)):
        if not library.espeak_SetVoiceByName(name.encode()):
            return ""
    return f"espeak-ng has no voice called {voice}"


def phones(request: dict[str, object]) -> dict[str, object]:
    """Return the phones of some texts in the International Phonetic Alphabet."""
    library, _ = load()
    library.espeak_TextToPhonemes.restype = ctypes.c_char_p
    if problem := _choose(str(request["voice"])):
        return {"error": problem}
    found = []
    for text in request["texts"]:  # type: ignore[attr-defined]
        rest = ctypes.c_char_p(str(text).encode())
        parts = []
        # each call reads one clause and moves the pointer; it is null at the end
        while rest.value:
            part = library.espeak_TextToPhonemes(ctypes.byref(rest), UTF8, IPA)
            parts.append((part or b"").decode())
        found.append(" ".join(parts))
    return {"phones": found}


def speak(request: dict[str, object]) -> dict[str, object]:
    """Speak into a WAV file and return the phonemes with their times."""
    library, rate = load()
    blocks: list[bytes] = []
    events: list[tuple[float, str]] = []
    words: list[tuple[float, int, int]] = []

    def receive(samples: object, count: int, event: object) -> int:
        if samples and count:
            blocks.append(ctypes.string_at(samples, 2 * count))  # type: ignore[arg-type]
        index = 0
        while event[index].type:  # type: ignore[index]
            one = event[index]  # type: ignore[index]
            if one.type == PHONEME_EVENT:
                mnemonic = bytes(one.name.string).split(b"\0")[0].decode()
                events.append((one.sample / rate, mnemonic))
            if one.type == WORD_EVENT:
                words.append((one.sample / rate, one.text_position, one.length))
            index += 1
        return 0

    receiver = _Receiver(receive)
    library.espeak_SetSynthCallback(receiver)
    if problem := _choose(str(request["voice"])):
        return {"error": problem}
    library.espeak_SetParameter(RATE_PARAMETER, int(str(request["words_per_minute"])), 0)
    library.espeak_SetParameter(PITCH_PARAMETER, int(str(request["pitch"])), 0)
    text = str(request["text"]).encode()
    library.espeak_Synth(text, len(text) + 1, 0, 1, 0, UTF8, None, None)
    library.espeak_Synchronize()
    with wave.open(str(request["path"]), "wb") as target:
        target.setnchannels(1)
        target.setsampwidth(2)
        target.setframerate(rate)
        target.writeframes(b"".join(blocks))
    return {"events": events, "words": words}


if __name__ == "__main__":
    wanted = json.loads(sys.stdin.read())
    answer = {"list": lambda _: list_voices(), "phones": phones, "speak": speak}[wanted["do"]](
        wanted
    )
    sys.stdout.write(json.dumps(answer))
