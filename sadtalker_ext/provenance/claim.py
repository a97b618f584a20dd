"""What a C2PA manifest says about a video: made how, by which program, from what."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from sadtalker_ext import __version__
from sadtalker_ext.encoder.metadata import PROGRAM, VOCABULARY, source_term
from sadtalker_ext.engines.spec import EngineSpec
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.provenance.hashes import file_hash, picture_hash
from sadtalker_ext.types import Picture, Speech

_SALT_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What is claimed about one video.

    Attributes:
        engine: Who moved the face.
        picture: The portrait; told by a salted hash of its pixels.
        speech: Told by a salted hash of its file; None where nothing is said.
        marked: Whether the frames carry the invisible mark.
    """

    engine: EngineSpec
    picture: Picture
    speech: Speech | None
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
            "ingredients": self._ingredients(),
            "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": self._actions()}}],
        }

    def _ingredients(self) -> list[dict[str, Any]]:
        salt = secrets.token_bytes(_SALT_BYTES)
        generated = bool(self.picture.parameters)
        told = "generated picture" if generated else "picture"
        found = [_ingredient("portrait", told, salt, picture_hash(self.picture, salt))]
        if self.speech is not None:
            salt = secrets.token_bytes(_SALT_BYTES)
            found.append(_ingredient("speech", "sound", salt, file_hash(self.speech.path, salt)))
        return found

    def _actions(self) -> list[dict[str, Any]]:
        agent = {"name": PROGRAM, "version": __version__}
        names = ["portrait"] + ["speech"] * (self.speech is not None)
        term = source_term(self.engine, generated=bool(self.picture.parameters))
        made = {
            "action": "c2pa.created",
            "digitalSourceType": VOCABULARY + term,
            "softwareAgent": agent,
            "description": f"A portrait made to speak by the {self.engine.name} engine.",
            "parameters": {"engine": self.engine.name, "ingredientIds": names},
        }
        if not self.marked:
            return [made]
        marked = {
            "action": "c2pa.watermarked.unbound",
            "softwareAgent": agent,
            "description": "An invisible mark in all frames names the program.",
        }
        return [made, marked]


def _ingredient(name: str, kind: str, salt: bytes, digest: str) -> dict[str, Any]:
    return {
        "title": name,
        "format": "application/octet-stream",
        "instance_id": name,
        "label": name,
        "relationship": "inputTo",
        "description": f"{kind}; salted SHA-256 {digest}, salt {salt.hex()}",
    }


def claim_of(
    options: GenerateOptions, engine: EngineSpec, picture: Picture, speech: Speech | None
) -> Claim:
    """Return what is claimed about a video that is made with these options."""
    return Claim(engine=engine, picture=picture, speech=speech, marked="mark" in options.layers)
