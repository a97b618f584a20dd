"""Reading every mark of a file, and saying in sentences what was found."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sadtalker_ext.encoder.metadata import PROGRAM, VOCABULARY, read_metadata
from sadtalker_ext.errors import EncodingError, UnreadableVideo
from sadtalker_ext.inputs.content import require_file
from sadtalker_ext.installing import how_to_add
from sadtalker_ext.provenance.credentials import Credentials, available, read_credentials
from sadtalker_ext.provenance.detect import MarkSearch, find_mark, mean_luma
from sadtalker_ext.provenance.frames import some_frames

_SEARCHED = 4 << 20
"""Bytes at the beginning and at the end in which an XMP packet is looked for."""
_SOURCE = re.compile(
    rb"DigitalSourceType[^\w:/]{1,8}(?:rdf:resource=\")?(" + b"http[^\"'<\\s]{1,200})"
)
_PROGRAM = PROGRAM.encode("ascii")

_SOURCES = {
    "trainedAlgorithmicMedia": "made by a trained algorithm (artificial intelligence)",
    "compositeWithTrainedAlgorithmicMedia": "composed with media that a trained algorithm made",
    "algorithmicMedia": "made by an algorithm",
    "compositeSynthetic": "composed with synthetic parts",
    "digitalCapture": "taken by a camera",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldByMetadata:
    """What plain metadata says.

    Attributes:
        ours: Whether they name this program.
        source_type: URI of the IPTC digital source type; empty if there is none.
        disclosure: The sentence that says how the video is synthetic.
    """

    ours: bool
    source_type: str
    disclosure: str

    @property
    def found(self) -> bool:
        """Whether they say anything about where the file comes from."""
        return bool(self.source_type or self.disclosure)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """Every mark of one file.

    Attributes:
        name: Name of the file.
        metadata: Plain metadata.
        credentials: The C2PA manifest; None where there is none.
        credentials_readable: Whether C2PA can be read on this machine.
        mark: The search for the invisible mark.
    """

    name: str
    metadata: ToldByMetadata
    credentials: Credentials | None
    credentials_readable: bool
    mark: MarkSearch

    @property
    def marks(self) -> tuple[str, ...]:
        """Which marks were found: metadata, c2pa, mark; a damaged manifest is one, too."""
        found = {
            "metadata": self.metadata.found,
            "c2pa": self.credentials is not None,
            "mark": self.mark.found,
        }
        return tuple(name for name, there in found.items() if there)

    @property
    def tampered(self) -> bool:
        """Whether a manifest says that the file was changed after it was signed."""
        return self.credentials is not None and not self.credentials.valid

    def sentences(self) -> list[str]:
        """Return what was found, one sentence for each mark and one in sum."""
        return [
            _of_metadata(self.metadata),
            self._of_credentials(),
            _of_mark(self.mark),
            self._sum(),
        ]

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values."""
        told = asdict(self.credentials) if self.credentials is not None else None
        return {
            "file": self.name,
            "marks": [*self.marks],
            "tampered": self.tampered,
            "metadata": asdict(self.metadata),
            "c2pa": told,
            "c2pa_readable": self.credentials_readable,
            "mark": {
                "found": self.mark.found,
                "score": round(self.mark.score, 2),
                "scale": round(self.mark.scale, 3),
                "mirrored": self.mark.mirrored,
                "false_alarm_probability": self.mark.probability,
            },
            "sentences": self.sentences(),
        }

    def _of_credentials(self) -> str:
        told = self.credentials
        if not self.credentials_readable:
            return f"C2PA: not looked for, c2pa-python is not installed. {how_to_add('provenance')}"
        if told is None:
            return "C2PA: no manifest."
        where = "a manifest beside the file" if told.beside else "a manifest in the file"
        if not told.valid:
            what = ", ".join(told.problems) or "it is not valid"
            return f"C2PA: {where} does not fit it, so something was changed ({what})."
        trust = "trusted" if told.trusted else "not on a list of trusted signers"
        signer = told.signer or "unnamed"
        return (
            f"C2PA: {where} by {told.program or 'an unnamed program'} is intact; it says "
            f"{_source_words(told.source_type)}. The signer ({signer}) is {trust}."
        )

    def _sum(self) -> str:
        if self.tampered:
            return "In sum: the file was changed after it was signed."
        if self.mark.found or self.metadata.ours:
            return "In sum: this was made by SadTalker."
        if self.credentials is not None and self.credentials.program.startswith(PROGRAM):
            return "In sum: this was made by SadTalker."
        if self.marks:
            return "In sum: the file says where it comes from, but nothing of SadTalker."
        return "In sum: no mark was found. That does not prove that the file is genuine."


def verify(path: Path | str) -> Verification:
    """Read every mark of a file: plain metadata, a C2PA manifest, and the invisible mark.

    Files of other programs can be read as well; nothing is fetched from a network.

    Args:
        path: A video, a picture, or a zip of pictures.

    Raises:
        UnreadableVideo: It cannot be read.
        InputTooLarge: Its frames are too large.
    """
    path = Path(path)
    require_file(path, "a video, a picture, or a zip of pictures", UnreadableVideo)
    readable = available()
    return Verification(
        name=path.name,
        mark=find_mark(mean_luma(some_frames(path))),
        metadata=_metadata(path),
        credentials=read_credentials(path) if readable else None,
        credentials_readable=readable,
    )


def _metadata(path: Path) -> ToldByMetadata:
    """Return what tags say, or where the format has none, an XMP packet anywhere in the file."""
    try:
        tags = read_metadata(path)
    except EncodingError:
        tags = None
    text = _ends(path)
    found = _SOURCE.search(text)
    ours = _PROGRAM in text
    source = found[1].decode("ascii", "replace") if found else ""
    if tags is None:
        return ToldByMetadata(ours=ours, source_type=source, disclosure="")
    program = str(tags.data.get("program", ""))
    return ToldByMetadata(
        ours=ours or program == PROGRAM,
        source_type=tags.source_type or source,
        disclosure=tags.disclosure if program == PROGRAM else "",
    )


def _ends(path: Path) -> bytes:
    with path.open("rb") as file:
        head = file.read(_SEARCHED)
        length = file.seek(0, 2)
        file.seek(max(length - _SEARCHED, len(head)))
        return head + file.read(_SEARCHED)


def _of_metadata(told: ToldByMetadata) -> str:
    if not told.found and told.ours:
        return "Metadata: parameters of SadTalker, and no word that the file is synthetic."
    if not told.found:
        return "Metadata: nothing about where the file comes from."
    words = _source_words(told.source_type)
    sentence = f" {told.disclosure}" if told.disclosure else ""
    return f"Metadata: the file says {words}.{sentence}"


def _of_mark(mark: MarkSearch) -> str:
    if not mark.found:
        return f"Invisible mark: not found (score {mark.score:.1f})."
    size = "" if abs(mark.scale - 1) < 0.01 else f" at {100 * mark.scale:.0f} % of its first size"
    turned = ", in frames that were mirrored" if mark.mirrored else ""
    return (
        f"Invisible mark: found{size}{turned} (score {mark.score:.1f}; chance alone reaches "
        f"{mark.stage.threshold:.1f} in less than one of a million files)."
    )


def _source_words(uri: str) -> str:
    if not uri:
        return "nothing about its source"
    term = uri.removeprefix(VOCABULARY)
    return f"that it is {_SOURCES[term]}" if term in _SOURCES else f"the source {term}"
