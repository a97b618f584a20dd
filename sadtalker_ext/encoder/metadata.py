"""What a video says about itself: how it was made, and that it is synthetic.

Three places, for three kinds of readers:

* ``comment``: one readable line, ``Engine: puppet, Seed: 123, ...``, shown by file managers and
  players; it can be turned back into options.
* ``synopsis``: everything as JSON, for programs.
* ``description`` and an XMP packet: the disclosure in words and as IPTC digital source type.
  Left out when the mark is "none", or `provenance` leaves metadata out.

Plain iTunes-style tags are used because every player shows them; free-form keys would need
another layout of the file that hides ``comment`` from most.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sadtalker_ext import __version__
from sadtalker_ext.encoder.xmp import read_xmp, xmp_packet
from sadtalker_ext.engines.spec import TRAINED, EngineSpec
from sadtalker_ext.errors import EncodingError, InvalidOption
from sadtalker_ext.local_media import open_local, readable_tags
from sadtalker_ext.options import GenerateOptions, option_specs
from sadtalker_ext.provenance.hashes import picture_hash
from sadtalker_ext.types import Picture, Speech

VOCABULARY = "http://cv.iptc.org/newscodes/digitalsourcetype/"
PROGRAM = "SadTalker for Stable Diffusion WebUI"

READABLE = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,gif"
_OPENING = "Talking head"
_SPEAKERS = "Speakers"
_ITEM = re.compile(r'([^:,"]{1,100}):\s*("(?:[^"\\]|\\.)*"|[^,]*)(?:,|$)')
"""Captions have an end, and nothing optional stands before them: anybody may have written the line,
and a long one without a colon must not be tried in every way."""
_SOURCE = re.compile(r'DigitalSourceType\s*(?:=\s*"|>)\s*([^"<\s]+)')


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoMetadata:
    """Metadata of one video, to be written or as read.

    Attributes:
        line: The readable line.
        data: The same and more as a mapping of JSON values.
        disclosure: The sentence that says how the video is synthetic; empty if unmarked.
        source_type: URI of the IPTC digital source type; empty if unmarked.
        xmp: The XMP packet; empty if unmarked.
    """

    line: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    disclosure: str = ""
    source_type: str = ""
    xmp: str = ""

    def tags(self) -> dict[str, str]:
        """Return the tags of the container."""
        tags = {"comment": self.line, "description": self.disclosure}
        if self.data:
            tags["synopsis"] = json.dumps(self.data, ensure_ascii=False)
        return {name: text for name, text in tags.items() if text}


def describe_video(
    options: GenerateOptions,
    *,
    engine: EngineSpec,
    seed: int,
    picture: Picture,
    speech: Speech | None = None,
    speakers: Sequence[Mapping[str, Any]] = (),
) -> VideoMetadata:
    """Say how a video is made.

    Inputs are named by file name only: a video that travels should not tell the folders of the
    machine it was made on.

    Args:
        options: As given.
        engine: The engine that really works, not "auto".
        seed: The seed that is really used, not -1.
        picture: Its parameters, if any, are kept.
        speech: None for idle motion.
        speakers: Where several people speak: who says what and how, as JSON values; see
            `dubbing.request.DubRequest.speakers`.
    """
    values = {name: _private(value) for name, value in options.as_dict().items()}
    values |= {"engine": engine.name, "seed": seed}
    # a name is for the record beside the video, not for everybody who gets the video
    del values["consent_by"]
    data: dict[str, Any] = {
        "program": PROGRAM,
        "version": __version__,
        "engine": engine.name,
        "seed": seed,
        "options": values,
        "picture": {
            "name": _file_name(picture.name),
            "size": list(picture.size),
            "parameters": picture.parameters,
            "hash": _salted(picture, str(seed)),
        },
    }
    if speech is not None:
        data["speech"] = {
            "name": speech.path.name,
            "start": speech.start,
            "seconds": speech.seconds,
        }
        if speech.text:
            data["speech"]["text"] = speech.text
    if speakers:
        data["speakers"] = [dict(one) for one in speakers]
    line = parameters_line(
        options, engine=engine.name, seed=seed, picture=picture, speech=speech, speakers=speakers
    )
    if not options.discloses:
        return VideoMetadata(line=line, data=data)
    generated = bool(picture.parameters)
    source = VOCABULARY + source_term(engine, generated=generated)
    data["digital_source_type"] = source
    data["digital_source_types"] = {
        "picture": VOCABULARY + "trainedAlgorithmicMedia" if generated else None,
        "motion": VOCABULARY + engine.motion_term,
    }
    sentence = _disclosure(engine, generated=generated)
    packet = xmp_packet(
        source_type=source, tool=f"{PROGRAM} {__version__}", description=f"{sentence} {line}"
    )
    return VideoMetadata(line=line, data=data, disclosure=sentence, source_type=source, xmp=packet)


def _salted(picture: Picture, salt: str) -> str:
    """Return ``salt:hash``: it finds the picture again, and shows nothing of it.

    With a salt of its own two videos do not tell that they have the same portrait.
    """
    return f"{salt}:{picture_hash(picture, salt.encode('ascii'))}"


def source_term(engine: EngineSpec, *, generated: bool) -> str:
    """Return the IPTC digital source type of a video.

    A trained engine on a generated picture makes media that is trained through and through. If
    either the picture or the engine is trained and the other is not, the video is a composite with
    trained media. The puppet engine on a photo involves no training: its motion is pure
    algorithmic media, the whole a composite with a synthetic element.

    Args:
        engine: Who moves the face.
        generated: Whether the picture came with generation parameters.
    """
    trained = engine.motion_term == TRAINED
    if trained and generated:
        return "trainedAlgorithmicMedia"
    if trained or generated:
        return "compositeWithTrainedAlgorithmicMedia"
    return "compositeSynthetic"


def parameters_line(
    options: GenerateOptions,
    *,
    engine: str,
    seed: int,
    picture: Picture,
    speech: Speech | None = None,
    speakers: Sequence[Mapping[str, Any]] = (),
) -> str:
    """Return one line in the style of Stable Diffusion's infotext, changed options by caption."""
    changed = {name: _private(value) for name, value in options.changed().items()}
    changed.pop("engine", None)
    changed.pop("seed", None)
    changed.pop("consent_by", None)
    items: list[tuple[str, object]] = [("Engine", engine), ("Seed", seed)]
    captions = {spec.name: spec.label for spec in option_specs()}
    items += [(captions[name], value) for name, value in changed.items()]
    items.append(("Picture", _file_name(picture.name)))
    if speech is not None:
        items.append(("Speech", speech.path.name))
    if speakers:
        items.append((_SPEAKERS, json.dumps([dict(one) for one in speakers], ensure_ascii=False)))
    items.append(("Version", __version__))
    return ", ".join([_OPENING, *(f"{name}: {_quoted(value)}" for name, value in items)])


def parse_line(line: str) -> dict[str, Any]:
    """Return the options that a readable line names, by option name and in their own types.

    Entries that are not options (picture, speech, version) and values that no longer fit are left
    out, so lines of other versions can be read.
    """
    by_caption = {spec.label.lower(): spec for spec in option_specs()}
    by_caption |= {spec.name: spec for spec in option_specs()}
    found: dict[str, Any] = {}
    for caption, text in _ITEM.findall(line.removeprefix(f"{_OPENING},")):
        spec = by_caption.get(caption.strip().lower())
        if spec is None:
            continue
        try:
            found[spec.name] = spec.check(_value(text.strip(), spec.kind))
        except (InvalidOption, ValueError, RecursionError):
            continue
    return found


def parse_speakers(line: str) -> list[dict[str, Any]]:
    """Return who says what by a readable line; empty where one person speaks.

    Anybody may have written the line: only that it is a list of mappings is sure.
    """
    for caption, text in _ITEM.findall(line.removeprefix(f"{_OPENING},")):
        if caption.strip() != _SPEAKERS:
            continue
        try:
            found = json.loads(json.loads(text))
        except (ValueError, TypeError, RecursionError):
            return []
        return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
    return []


def read_metadata(path: Path | str) -> VideoMetadata:
    """Read back what `describe_video` wrote; fields that are not there are empty.

    Raises:
        EncodingError: The file is not a readable video.
    """
    from av.error import FFmpegError

    path = Path(path)
    try:
        with open_local(path, READABLE) as container:
            # Matroska writes its tags in capitals
            tags = readable_tags(container.metadata)
        packet = read_xmp(path)
    except (FFmpegError, OSError) as problem:
        raise EncodingError(
            f"{path.name} should be a readable mp4, webm, mov or gif video: {problem}."
        ) from problem
    try:
        data = json.loads(tags.get("synopsis", "{}"))
    except (ValueError, RecursionError):  # anybody may have written it
        data = {}
    data = data if isinstance(data, dict) else {}
    source = _SOURCE.search(packet)
    return VideoMetadata(
        line=tags.get("comment", ""),
        data=data,
        disclosure=tags.get("description", ""),
        source_type=source.group(1) if source else str(data.get("digital_source_type", "")),
        xmp=packet,
    )


def _disclosure(engine: EngineSpec, *, generated: bool) -> str:
    what = "a generated picture" if generated else "a still picture"
    how = "by artificial intelligence" if engine.motion_term == TRAINED else "by an algorithm"
    return f"Synthetic video: {what} made to speak {how} ({PROGRAM}, {engine.name} engine)."


def _quoted(value: object) -> str:
    if not isinstance(value, str):
        return json.dumps(value)
    if value != value.strip() or re.search(r'[,:"\\\x00-\x1f]', value) or not value:
        return json.dumps(value, ensure_ascii=False)
    return value


def _value(text: str, kind: type) -> object:
    if text.startswith('"'):
        text = json.loads(text)
    if kind is bool:
        return {"true": True, "false": False}.get(text.lower(), text)
    return text if kind is str else json.loads(text)


def _private(value: object) -> object:
    """Return the option's value; of an absolute path only the file name."""
    if isinstance(value, str) and re.match(r"[/~\\]|[A-Za-z]:[/\\]", value):
        return _file_name(value)
    return value


def _file_name(name: str) -> str:
    return re.split(r"[/\\]", name)[-1]
