"""What a C2PA manifest says about a video: made how, by which program, from what."""

from __future__ import annotations

import functools
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sadtalker_ext import __version__
from sadtalker_ext.encoder.metadata import PROGRAM, VOCABULARY, source_term
from sadtalker_ext.engines.spec import TRAINED, EngineSpec
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.provenance.hashes import file_hash, picture_hash
from sadtalker_ext.types import Picture, Speech

_SALT_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingredient:
    """Something a video was made from.

    Attributes:
        name: Its title.
        kind: What it is, in a few words.
        hashed: Returns its SHA-256 with a salt.
    """

    name: str
    kind: str
    hashed: Callable[[bytes], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What is claimed about one video.

    Attributes:
        term: Its digital source type, one of the IPTC's terms.
        made: How it was made, in one sentence.
        engines: Who moved the faces.
        ingredients: What it was made from; told by salted hashes.
        marked: Whether the frames carry the invisible mark.
    """

    term: str
    made: str
    engines: tuple[str, ...]
    ingredients: tuple[Ingredient, ...]
    marked: bool

    def manifest(self, mime: str) -> dict[str, Any]:
        """Return the manifest's definition, as the C2PA library takes it.

        The salts are new for each video: two videos of one portrait cannot be told to be that, and
        yet whoever has the portrait can show that it was used. Names of files stay out.
        """
        return {
            "claim_generator_info": [{"name": PROGRAM, "version": __version__}],
            "title": "Talking head",
            "format": mime,
            "ingredients": [_told(one) for one in self.ingredients],
            "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": self._actions()}}],
        }

    def _actions(self) -> list[dict[str, Any]]:
        agent = {"name": PROGRAM, "version": __version__}
        names = [one.name for one in self.ingredients]
        made = {
            "action": "c2pa.created",
            "digitalSourceType": VOCABULARY + self.term,
            "softwareAgent": agent,
            "description": self.made,
            "parameters": {"engine": ", ".join(self.engines), "ingredientIds": names},
        }
        if not self.marked:
            return [made]
        marked = {
            "action": "c2pa.watermarked.unbound",
            "softwareAgent": agent,
            "description": "An invisible mark in all frames names the program.",
        }
        return [made, marked]


def _told(one: Ingredient) -> dict[str, Any]:
    salt = secrets.token_bytes(_SALT_BYTES)
    return {
        "title": one.name,
        "format": "application/octet-stream",
        "instance_id": one.name,
        "label": one.name,
        "relationship": "inputTo",
        "description": f"{one.kind}; salted SHA-256 {one.hashed(salt)}, salt {salt.hex()}",
    }


def claim_of(
    options: GenerateOptions, engine: EngineSpec, picture: Picture, speech: Speech | None
) -> Claim:
    """Return what is claimed about a video that is made with these options."""
    generated = bool(picture.parameters)
    portrait = Ingredient(
        name="portrait",
        kind="generated picture" if generated else "picture",
        hashed=functools.partial(picture_hash, picture),
    )
    said = () if speech is None else (_file("speech", "sound", speech.path),)
    return Claim(
        term=source_term(engine, generated=generated),
        made=f"A portrait made to speak by the {engine.name} engine.",
        engines=(engine.name,),
        ingredients=(portrait, *said),
        marked="mark" in options.layers,
    )


def wall_claim(
    options: GenerateOptions,
    engines: Sequence[EngineSpec],
    videos: Sequence[Path],
    *,
    generated: bool,
) -> Claim:
    """Return what is claimed about a wall of videos.

    Args:
        options: Of the wall.
        engines: Those of the videos, at least one.
        videos: The single files.
        generated: Whether the picture came with generation parameters.
    """
    by_training = [one for one in engines if one.motion_term == TRAINED]
    return Claim(
        term=source_term((*by_training, *engines)[0], generated=generated),
        made=f"{len(videos)} videos of a portrait made to speak, side by side.",
        engines=tuple(dict.fromkeys(one.name for one in engines)),
        ingredients=tuple(
            _file(f"video {number}", "video", path) for number, path in enumerate(videos, 1)
        ),
        marked="mark" in options.layers,
    )


def _file(name: str, kind: str, path: Path) -> Ingredient:
    return Ingredient(name=name, kind=kind, hashed=functools.partial(file_hash, path))
