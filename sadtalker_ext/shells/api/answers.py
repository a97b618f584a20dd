"""The answers as JSON Schema, for the documentation."""

from __future__ import annotations

import copy
from typing import Any

Json = dict[str, Any]

_ERROR: Json = {
    "title": "Error",
    "type": "object",
    "required": ["code", "message", "hint"],
    "properties": {
        "code": {"type": "string", "description": "Stable name of the kind of problem."},
        "message": {"type": "string", "description": "What was expected, and what was found."},
        "hint": {"type": "string", "description": "What to do next; may be empty."},
        "field": {"type": "string", "description": "Which field of the request, when known."},
    },
    "additionalProperties": False,
}
_TIME: Json = {"type": "string", "format": "date-time"}
_PROGRESS: Json = {
    "title": "Progress",
    "type": "object",
    "required": ["stage", "text", "fraction"],
    "properties": {
        "stage": {"type": "string", "description": "queued, loading, face, ..., done"},
        "text": {"type": "string", "description": "As people read it: Rendering 45 / 182"},
        "done": {"type": "integer"},
        "total": {"type": "integer"},
        "fraction": {"type": "number", "minimum": 0, "maximum": 1,
                     "description": "Of the whole job, roughly; never goes back within a try."},
        "queue_position": {"type": "integer", "minimum": 0, "description": "Jobs before this one."},
        "stopping": {"type": "boolean", "description": "A cancel was asked for."},
    },
}  # fmt: skip
_METADATA: Json = {
    "title": "Metadata",
    "type": "object",
    "properties": {
        "engine": {"type": "string"},
        "seed": {"type": "integer"},
        "num_frames": {"type": "integer"},
        "resolution": {"type": "array", "items": {"type": "integer"}},
        "fps": {"type": "number"},
        "seconds": {"type": "number"},
        "processing_fps": {"type": "number", "description": "Frames rendered per second."},
        "size_kib": {"type": "number"},
        "partial": {"type": "boolean", "description": "Cancelled, and the beginning was kept."},
        "timings": {"type": "object", "description": "Seconds per stage."},
    },
}
_TALK: Json = {
    "title": "Talk",
    "type": "object",
    "required": ["id", "status", "created_at", "modified_at", "progress"],
    "properties": {
        "id": {"type": "string"},
        "object": {"type": "string", "enum": ["talk"]},
        "status": {"type": "string", "enum": ["created", "started", "done", "error", "rejected"]},
        "created_at": _TIME,
        "started_at": _TIME,
        "modified_at": _TIME,
        "finished_at": _TIME,
        "progress": _PROGRESS,
        "result_url": {"type": "string", "description": "Where the video is, once it is done."},
        "duration": {"type": "number", "description": "Seconds."},
        "metadata": _METADATA,
        "warnings": {"type": "array", "items": {"type": "string"}},
        "error": _ERROR,
        "config": {"type": "object", "description": "Options that differ from their defaults."},
        "attempts": {"type": "integer"},
        "source_url": {"type": "string"},
        "audio_url": {"type": "string"},
        "name": {"type": "string"},
        "user_data": {"type": "string"},
        "webhook": {"type": "string"},
    },
    "additionalProperties": False,
}
_ANSWERS: dict[str, Json] = {
    "Error": _ERROR,
    "Talk": _TALK,
    "TalkList": {
        "title": "TalkList",
        "type": "object",
        "required": ["talks"],
        "properties": {
            "talks": {"type": "array", "items": _TALK},
            "token": {"type": "string", "description": "Give it back to get the next page."},
        },
    },
    "Engines": {
        "title": "Engines",
        "type": "object",
        "required": ["engines", "default"],
        "properties": {
            "default": {"type": "string", "description": "What engine: auto would take now."},
            "engines": {
                "type": "array",
                "items": {
                    "title": "EngineStatus",
                    "type": "object",
                    "required": ["name", "ready", "reason", "hint"],
                    "properties": {
                        "name": {"type": "string"},
                        "ready": {"type": "boolean"},
                        "reason": {"type": "string"},
                        "hint": {"type": "string"},
                    },
                },
            },
        },
    },
    "Voices": {
        "title": "Voices",
        "type": "object",
        "required": ["voices", "reason", "hint"],
        "properties": {
            "voices": {
                "type": "array",
                "items": {
                    "title": "Voice",
                    "type": "object",
                    "required": ["id", "name", "language"],
                    "properties": {
                        "id": {"type": "string"},
                        "name": {"type": "string"},
                        "language": {"type": "string"},
                    },
                },
            },
            "reason": {"type": "string", "description": "Why there are none; else empty."},
            "hint": {"type": "string"},
        },
    },
    "Health": {
        "title": "Health",
        "type": "object",
        "required": ["status", "version", "jobs"],
        "properties": {
            "status": {"type": "string", "enum": ["ok", "no_engine"]},
            "version": {"type": "string"},
            "uptime_seconds": {"type": "number"},
            "jobs": {"type": "object", "description": "How many in each state."},
            "limits": {"type": "object", "description": "What one request may cost."},
        },
    },
    "Options": {
        "title": "OptionsSchema",
        "type": "object",
        "description": "JSON Schema of config, made from the program's own declarations.",
        "required": ["properties"],
        "properties": {"properties": {"type": "object"}},
    },
}


def answer(name: str, description: str = "") -> Json:
    """Return one kind of answer as FastAPI's `responses` wants it."""
    return {
        "description": description or name,
        "content": {"application/json": {"schema": copy.deepcopy(_ANSWERS[name])}},
    }


def named(document: Json) -> Json:
    """Move schemas with a CamelCase title to the components of an OpenAPI document.

    Client generators make one class of each; inline schemas would give them dozens.
    """
    parts: Json = document.setdefault("components", {}).setdefault("schemas", {})

    def walk(value: Any) -> Any:
        if isinstance(value, list):
            return [walk(entry) for entry in value]
        if not isinstance(value, dict):
            return value
        moved = {name: walk(entry) for name, entry in value.items()}
        title = moved.get("title")
        if not isinstance(title, str) or not title.isalpha() or moved.get("type") != "object":
            return moved
        parts[title] = moved
        return {"$ref": f"#/components/schemas/{title}"}

    for path, methods in document.get("paths", {}).items():
        document["paths"][path] = walk(methods)
    return document
