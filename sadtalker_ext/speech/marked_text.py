"""Texts with marks: emotions, gestures, pauses and stresses written between the words.

Two spellings are read. Inline marks: `Hello [happy 0.8] there [pause 0.5] *really*`. And SSML, the
W3C's Speech Synthesis Markup Language, with Microsoft's `express-as`: of it `break`,
`emphasis`, `prosody` (rate and pitch) and `express-as` mean something here; other elements are
read for their text. A text without marks stays exactly as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final
from xml.etree import ElementTree

from sadtalker_ext.directions import ALIASES, EMOTIONS, GESTURES, NEUTRAL
from sadtalker_ext.errors import InvalidOption
from sadtalker_ext.spelling import nearest
from sadtalker_ext.spoken_words import Mark

LONGEST_PAUSE: Final = 10.0
_INLINE: Final = re.compile(
    r"\[\s*([A-Za-z_]+)(?:\s+([-+]?\d*\.?\d+)\s*s?)?\s*\]|\*(?=\S)([^*\n]{1,80})(?<=\S)\*"
)
_GESTURES: Final = tuple(name for name in GESTURES if name != "look_at")
_KNOWN: Final = (*EMOTIONS, *ALIASES, *_GESTURES, "pause")
_BREAKS: Final = {
    "none": 0.0,
    "x-weak": 0.15,
    "weak": 0.25,
    "medium": 0.5,
    "strong": 0.75,
    "x-strong": 1.25,
}
_EMPHASES: Final = {"strong": 1.0, "moderate": 0.7, "none": 0.0, "reduced": 0.0}
_RATES: Final = {"x-slow": 0.6, "slow": 0.8, "medium": 1.0, "fast": 1.2, "x-fast": 1.45}
_PITCHES: Final = {"x-low": -30.0, "low": -15.0, "medium": 0.0, "high": 15.0, "x-high": 30.0}
_UNSURE: Final = 0.78
"""How alike a word in brackets must be to a known mark to be taken for a slip of the pen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A stretch of text that is spoken in one manner.

    Attributes:
        text: What is said.
        pause: Seconds of silence after it; None: as long as the voice pauses by itself.
        rate: Factor of the speed.
        pitch: Added to the voice's pitch, -50 .. 50.
    """

    text: str
    pause: float | None = None
    rate: float = 1.0
    pitch: float = 0.0


@dataclass(frozen=True, slots=True)
class MarkedText:
    """A text without its marks, and the marks.

    Attributes:
        text: What is said, as one text.
        parts: The same in stretches.
        marks: In the order of the text.
    """

    text: str
    parts: tuple[Passage, ...]
    marks: tuple[Mark, ...] = ()

    @property
    def plain(self) -> bool:
        """Whether there was no mark at all."""
        return not self.marks and len(self.parts) == 1 and self.parts[0] == Passage(text=self.text)


def read_marked(text: str) -> MarkedText:
    """Read a text with its marks.

    Raises:
        InvalidOption: A mark is misspelt, has a value out of range, or the SSML is broken.
    """
    writer = _Writer()
    if text.lstrip().startswith("<speak"):
        _read_ssml(text.strip(), writer)
        return writer.finished()
    if not any(_means(match) for match in _INLINE.finditer(text)):
        return MarkedText(text, (Passage(text=text),))
    at = 0
    for match in _INLINE.finditer(text):
        if not _means(match):
            continue
        writer.say(text[at : match.start()])
        at = match.end()
        if match[3] is not None:
            writer.stress(match[3], 1.0)
        else:
            writer.mark(match[1].lower(), match[2])
    writer.say(text[at:])
    return writer.finished()


def _means(match: re.Match[str]) -> bool:
    """Tell whether brackets or asterisks are a mark; other words in brackets are only said."""
    if match[3] is not None:
        return bool(match[3].strip())
    name = match[1].lower()
    if name in _KNOWN:
        return True
    near = nearest(name, _KNOWN, _UNSURE)
    if near:
        raise InvalidOption(
            f"The text has the mark {match[0]}, which does not exist: did you mean [{near}]?"
        )
    return False


@dataclass(slots=True)
class _Writer:
    """Collects parts and marks; counts the words said so far."""

    parts: list[Passage] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    words: int = 0
    said: str = ""
    rate: float = 1.0
    pitch: float = 0.0

    def say(self, text: str) -> None:
        self.said += text
        self.words += len(text.split())

    def stress(self, text: str, value: float) -> None:
        if value > 0:
            count = max(len(text.split()), 1)
            self.marks += [
                Mark(word=self.words + nth, kind="stress", value=value) for nth in range(count)
            ]
        self.say(text)

    def mark(self, name: str, value: str | None) -> None:
        if name == "pause":
            seconds = 0.5 if value is None else float(value)
            self.pause(_within("pause", seconds, LONGEST_PAUSE))
            return
        size = _within(name, 1.0 if value is None else float(value), 1.0)
        name = ALIASES.get(name, name)
        kind = "emotion" if name in EMOTIONS else "gesture"
        self.marks.append(Mark(word=self.words, kind=kind, name=name, value=size))

    def pause(self, seconds: float) -> None:
        self.close(seconds)

    def close(self, pause: float | None) -> None:
        """End the part; a pause where nothing was said yet is added to the part before."""
        text = self.said.strip()
        self.said = ""
        if text:
            self.parts.append(Passage(text=text, pause=pause, rate=self.rate, pitch=self.pitch))
        elif self.parts and pause is not None:
            last = self.parts[-1]
            self.parts[-1] = Passage(
                text=last.text, pause=(last.pause or 0.0) + pause, rate=last.rate, pitch=last.pitch
            )

    def manner(self, rate: float, pitch: float) -> None:
        if (rate, pitch) != (self.rate, self.pitch):
            self.close(None)
            self.rate, self.pitch = rate, pitch

    def finished(self) -> MarkedText:
        self.close(None)
        text = " ".join(part.text for part in self.parts)
        return MarkedText(text, tuple(self.parts), tuple(self.marks))


def _within(name: str, value: float, most: float) -> float:
    if not 0 <= value <= most:
        raise InvalidOption(
            f"The mark [{name}] of the text should have a number from 0 to {most:g}, found "
            f"{value:g}."
        )
    return value


def _read_ssml(text: str, writer: _Writer) -> None:
    if "<!" in text:
        raise InvalidOption("SSML should hold elements and text only, found <!.")
    # express-as has a prefix that short texts often do not declare
    declared = re.sub(r"<(/?)mstts:", r"<\1", text)
    try:
        root = ElementTree.fromstring(declared)  # noqa: S314 (no document types: refused above)
    except ElementTree.ParseError as error:
        raise InvalidOption(f"The text begins as SSML, but cannot be read: {error}.") from None
    _walk(root, writer)


def _walk(element: ElementTree.Element, writer: _Writer) -> None:
    kind = element.tag.rsplit("}", 1)[-1]
    get = {name.rsplit("}", 1)[-1]: value for name, value in element.attrib.items()}
    before = writer.rate, writer.pitch
    if kind == "break":
        writer.pause(_break_seconds(get))
    elif kind == "emphasis":
        writer.stress("".join(element.itertext()), _EMPHASES.get(get.get("level", ""), 0.7))
        return
    elif kind == "prosody":
        writer.manner(
            before[0] * _relative(get.get("rate"), _RATES, 1.0),
            before[1] + _pitch(get.get("pitch")),
        )
    elif kind == "express-as":
        style = ALIASES.get(get.get("style", ""), get.get("style", ""))
        if style in EMOTIONS:
            degree = min(_number(get.get("styledegree"), 1.0), 1.0)
            writer.marks.append(
                Mark(word=writer.words, kind="emotion", name=style, value=max(degree, 0.0))
            )
    writer.say(element.text or "")
    for child in element:
        _walk(child, writer)
        writer.say(child.tail or "")
    if kind == "express-as":
        writer.marks.append(Mark(word=writer.words, kind="emotion", name=NEUTRAL))
    writer.manner(*before)


def _break_seconds(get: dict[str, str]) -> float:
    time = re.fullmatch(r"\s*(\d*\.?\d+)\s*(ms|s)\s*", get.get("time", ""))
    if time:
        return min(float(time[1]) / (1000 if time[2] == "ms" else 1), LONGEST_PAUSE)
    return _BREAKS.get(get.get("strength", "medium"), _BREAKS["medium"])


def _relative(text: str | None, words: dict[str, float], default: float) -> float:
    """Read a rate: a word, "+10%", "90%" or a factor; kept from half to twice."""
    if text is None:
        return default
    if text in words:
        return words[text]
    percent = re.fullmatch(r"\s*([-+]?)(\d*\.?\d+)\s*%\s*", text)
    if percent:
        share = float(percent[2]) / 100
        value = 1 + share * (-1 if percent[1] == "-" else 1) if percent[1] else share
    else:
        value = _number(text, default)
    return min(max(value, 0.5), 2.0)


def _pitch(text: str | None) -> float:
    if text is None:
        return 0.0
    if text in _PITCHES:
        return _PITCHES[text]
    return min(max(50 * (_relative(text, {}, 1.0) - 1), -50.0), 50.0)


def _number(text: str | None, default: float) -> float:
    try:
        return float(text) if text is not None else default
    except ValueError:
        return default
