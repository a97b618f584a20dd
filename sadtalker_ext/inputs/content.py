"""What a file is, judged by its first bytes.

Extensions lie: pictures are renamed, downloads turn out to be web pages. Every error about an
input says what the file really looks like, and opening is only tried on existing, non-empty,
regular files.
"""

from __future__ import annotations

import os
from pathlib import Path

from sadtalker_ext.errors import InputError

FILM, SOUND = "film", "sound"
_HEAD_BYTES = 4096

# (offset, bytes, what it is); the first match wins
_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "a PNG picture"),
    (0, b"\xff\xd8\xff", "a JPEG picture"),
    (0, b"GIF8", "a GIF picture"),
    (0, b"II*\x00", "a TIFF picture"),
    (0, b"MM\x00*", "a TIFF picture"),
    (8, b"WEBP", "a WebP picture"),
    (8, b"WAVE", "a WAV sound file"),
    (8, b"AVI ", "an AVI video"),
    (0, b"8BPS", "a Photoshop document"),
    (0, b"\x00\x00\x01\x00", "an icon file"),
    (0, b"\xff\x0a", "a JPEG XL picture"),
    (0, b"\x00\x00\x00\x0cJXL ", "a JPEG XL picture"),
    (0, b"%PDF", "a PDF document"),
    (0, b"PK\x03\x04", "a ZIP archive"),
    (0, b"Rar!", "a RAR archive"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"OggS", "an Ogg file"),
    (0, b"fLaC", "a FLAC sound file"),
    (0, b"ID3", "an MP3 sound file"),
    (0, b"\x1aE\xdf\xa3", "a Matroska or WebM file"),
    (0, b"FLV\x01", "a Flash video"),
    (0, b"FORM", "an AIFF sound file"),
    (0, b"#!AMR", "an AMR sound file"),
    (0, b"\x00\x00\x01\xba", "an MPEG video"),
    (0, b"\x00\x00\x01\xb3", "an MPEG video"),
    (4, b"moov", "a QuickTime video"),
    (4, b"wide", "a QuickTime video"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "a Windows Media file"),
    (0, b"caff", "a CAF sound file"),
    (0, b".snd", "an AU sound file"),
    (0, b"\x7fELF", "a program"),
    (0, b"MZ", "a program"),
)

_ISO_BRANDS: dict[bytes, str] = {
    b"avif": "an AVIF picture",
    b"avis": "an AVIF picture",
    b"heic": "a HEIC picture",
    **dict.fromkeys((b"heix", b"heim", b"heis", b"hevc"), "a HEIC picture"),
    **dict.fromkeys((b"mif1", b"msf1"), "a HEIF picture"),
    b"M4A ": "an M4A sound file",
    b"M4B ": "an M4A sound file",
    b"qt  ": "a QuickTime video",
    b"crx ": "a camera's raw picture",
}

_FILMS = ("an AVI video", "a Flash video", "an MPEG video", "a QuickTime video")
_SOUNDS = (
    "a WAV sound file",
    "a FLAC sound file",
    "an MP3 sound file",
    "an AIFF sound file",
    "an AMR sound file",
    "an AU sound file",
    "a CAF sound file",
    "an M4A sound file",
    "an MP3 or AAC sound file",
)
_MOSTLY = {
    "an MP4 file": FILM,
    "a Matroska or WebM file": FILM,
    "a Windows Media file": FILM,
    "an Ogg file": SOUND,
}
"""Containers of either, and what they hold where their name does not tell."""
_NAMED = {
    **dict.fromkeys(
        (".aac", ".m4a", ".m4b", ".mka", ".mp3", ".oga", ".opus", ".weba", ".wma"), SOUND
    ),
    ".ogv": FILM,
}

_TEXT_MARKS: tuple[tuple[bytes, str], ...] = (
    (b"<!doctype html", "an HTML page"),
    (b"<html", "an HTML page"),
    (b"<svg", "an SVG drawing"),
    (b"#extm3u", "a playlist"),
    (b"ffconcat", "a playlist"),
    (b"[playlist]", "a playlist"),
    (b"<mpd", "a playlist"),
    (b"version https://git-lfs", "a Git LFS pointer, not the file itself"),
)


def describe_bytes(head: bytes) -> str:
    """Say in a few words what a file beginning with `head` looks like."""
    if not head:
        return "an empty file"
    for offset, mark, words in _SIGNATURES:
        if head[offset : offset + len(mark)] == mark:
            return words
    if head[4:8] == b"ftyp":
        return _ISO_BRANDS.get(head[8:12], "an MP4 file")
    if head[:2] == b"BM" and len(head) > 14 and head[6:10] == b"\0\0\0\0":
        return "a BMP picture"
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        return "an MP3 or AAC sound file"
    return _describe_text(head)


def _describe_text(head: bytes) -> str:
    lower = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for mark, words in _TEXT_MARKS:
        if lower.startswith(mark):
            return words
    if lower.startswith(b"<?xml"):
        return "an SVG drawing" if b"<svg" in lower else "an XML document"
    if lower[:1] in (b"{", b"["):
        return "a JSON document"
    if not head.strip(b"\0"):
        return "a file of zeros"
    text = bytes(range(32, 127)) + b"\t\r\n"
    plain = sum(byte in text for byte in head)
    return "a text file" if plain > 0.95 * len(head) else "data of an unknown kind"


def describe_content(path: Path) -> str:
    """Say in a few words what the file looks like, from its first bytes."""
    with path.open("rb") as file:
        return describe_bytes(file.read(_HEAD_BYTES))


def media_kind(path: Path, found: str) -> str:
    """Return `FILM`, `SOUND`, or nothing for a file that is neither.

    Args:
        path: The file; its extension counts only for a container of either.
        found: What `describe_content` says of it.
    """
    if found in _MOSTLY:
        return _NAMED.get(path.suffix.lower(), _MOSTLY[found])
    return FILM if found in _FILMS else SOUND if found in _SOUNDS else ""


def require_file(path: Path, expected: str, error: type[InputError]) -> None:
    """Raise `error` unless `path` is a readable, non-empty, regular file.

    Args:
        path: The file the user named.
        expected: What it should be, with its article: "a picture".
        error: The class to raise.
    """
    if path == Path():
        raise error(
            f"The name of {expected} is empty, or that of the current folder.",
            hint="Name one file; in a script, see that the variable with its name is set.",
        )
    # os.path answers no to names that are too long, where Path raises before Python 3.14
    if not os.path.exists(path):  # noqa: PTH110
        there = os.path.exists(path.parent)  # noqa: PTH110
        missing = "no such file" if there else f"no folder {path.parent}"
        raise error(
            f"{path.name or path} should be {expected}, but there is {missing}.",
            hint="Check the path and the spelling.",
        )
    if path.is_dir():
        raise error(
            f"{path.name or path} should be {expected}, but it is a folder.",
            hint="Name one file inside it.",
        )
    if not path.is_file():
        raise error(f"{path.name} should be {expected}, but it is not a regular file.")
    try:
        with path.open("rb") as file:
            empty = not file.read(1)
    except OSError as problem:
        raise error(
            f"{path.name} should be {expected}, but it cannot be read: "
            f"{problem.strerror or problem}.",
            hint="Check the permissions of the file.",
        ) from problem
    if empty:
        raise error(
            f"{path.name} should be {expected}, but it is empty (0 bytes).",
            hint="Download or export it again.",
        )
