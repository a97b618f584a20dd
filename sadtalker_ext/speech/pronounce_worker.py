"""Tells how words are pronounced, with the espeak-ng library, in a process of its own.

Started as a script: a JSON request on standard input, a JSON answer on standard output. It imports
nothing of this package: espeak-ng is GPL, so it is loaded only by separate programs that talk in
plain data.

Request: {"language", "lines": [text, ...]} -> {"lines": [IPA, ...]}, words parted by spaces.
"""

import ctypes
import json
import sys

SILENT_OUTPUT = 2
UTF8 = 1
IPA = 2


def load() -> ctypes.CDLL:
    """Return the library, ready to be asked."""
    import espeakng_loader

    library = ctypes.CDLL(espeakng_loader.get_library_path())
    library.espeak_Initialize(SILENT_OUTPUT, 0, str(espeakng_loader.get_data_path()).encode(), 0)
    library.espeak_TextToPhonemes.restype = ctypes.c_char_p
    library.espeak_TextToPhonemes.argtypes = [
        ctypes.POINTER(ctypes.c_char_p),
        ctypes.c_int,
        ctypes.c_int,
    ]
    return library


def pronounce(language: str, lines: list[str]) -> dict[str, object]:
    """Return the pronunciation of each line."""
    library = load()
    if library.espeak_SetVoiceByName(language.encode()):
        return {"error": f"espeak-ng does not speak {language}"}
    spoken = []
    for line in lines:
        left = ctypes.c_char_p(line.encode())
        parts = []
        while left.value:
            parts.append((library.espeak_TextToPhonemes(left, UTF8, IPA) or b"").decode())
        spoken.append(" ".join(parts))
    return {"lines": spoken}


if __name__ == "__main__":
    # text is UTF-8 whatever the system's own code is
    wanted = json.loads(sys.stdin.buffer.read().decode("utf-8"))
    answer = pronounce(wanted["language"], wanted["lines"])
    sys.stdout.buffer.write(json.dumps(answer).encode())
