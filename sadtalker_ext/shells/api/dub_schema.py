"""The shape of what may be asked of a dubbing by REST."""

from __future__ import annotations

from typing import Any

from sadtalker_ext.jobs.names import MOST_SPEECHES
from sadtalker_ext.shells.api.url_policy import MAX_URL

MOST_CHARACTERS = 100_000
MOST_ROLES = MOST_SPEECHES


def dub_schema() -> dict[str, Any]:
    """Return `dub`: the driver video is given other words."""
    return {
        "title": "Dub",
        "type": "object",
        "description": "The video of driver_url, or of the file reference_video, is dubbed: its "
        "mouths say the script, and all else stays. A picture takes its place only where roles or "
        "a dialogue say what is spoken.",
        "properties": {
            "face": {
                "type": ["integer", "string"],
                "minimum": 0,
                "maximum": 99,
                "maxLength": 10,
                "description": "Who speaks: largest, all, or a number counted by size from 0.",
                "default": "largest",
            },
            "at": {
                "type": "number",
                "minimum": 0,
                "maximum": 86_400,
                "description": "When the speech begins (s)",
                "default": 0,
            },
            "keep_audio": {
                "type": "number",
                "minimum": 0,
                "maximum": 1,
                "description": "How much of the video's own sound is kept.",
                "default": 0,
            },
            "keep_outside": {
                "type": "number",
                "minimum": 0,
                "maximum": 1,
                "description": "How much of it is kept where nothing new is said; as much, if "
                "left out.",
            },
            "length": {
                "type": "string",
                "enum": ["hold", "loop", "cut"],
                "description": "Where speech and video are not equally long: hold the last frame, "
                "run back and forth, or end with the shorter one.",
                "default": "hold",
            },
            "dialogue": {
                "type": "string",
                "maxLength": MOST_CHARACTERS,
                "description": "In place of a script: lines such as 'A: Good morning.' that the "
                "roles say in turn.",
            },
            "roles": {
                "type": "array",
                "minItems": 1,
                "maxItems": MOST_ROLES,
                "description": "In place of a script, or beside a dialogue: who says what. With "
                "them, or with a dialogue, a picture may be given in place of a video.",
                "items": _role_schema(),
            },
        },
        "additionalProperties": False,
    }


def _role_schema() -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            "name": {
                "type": "string",
                "maxLength": 40,
                "description": "How the dialogue calls this person; A, B, C by default.",
            },
            "face": {
                "type": "integer",
                "minimum": 0,
                "maximum": 99,
                "description": "Number of the face, counted by size from 0.",
            },
            "text": {
                "type": "string",
                "maxLength": MOST_CHARACTERS,
                "description": "What this person says.",
            },
            "voice": {"type": "string", "maxLength": 200, "description": "A name of GET /voices."},
            "speech_url": {
                "type": "string",
                "format": "uri",
                "maxLength": MAX_URL,
                "description": "Public address of what this person says, in place of a text; a "
                "form may hold the file speech_0, speech_1, ... of the roles in their order.",
            },
            "emotion": {
                "type": "string",
                "maxLength": 200,
                "description": "How this person looks, as the option emotion.",
            },
            "emotion_intensity": {"type": "number", "minimum": 0, "maximum": 1},
            "timeline": {
                "type": ["array", "string"],
                "maxLength": MOST_CHARACTERS,
                "description": "What this person's face does when, as the option timeline.",
            },
            "at": {
                "type": "number",
                "minimum": 0,
                "maximum": 86_400,
                "description": "When it begins (s)",
            },
        },
        "additionalProperties": False,
    }
