"""The request, declared once: for the documentation, and for `validate`.

Options come from the registry. No pydantic: the same code runs under pydantic 1 and 2.
"""

from __future__ import annotations

from typing import Any

from sadtalker_ext.engines.registry import engines_for
from sadtalker_ext.options import OptionSpec, option_specs
from sadtalker_ext.shells.api.dub_schema import dub_schema
from sadtalker_ext.shells.api.dubbing import SPEECHES
from sadtalker_ext.shells.api.url_policy import MAX_URL

Json = dict[str, Any]

_KINDS = {bool: "boolean", int: "integer", float: "number", str: "string"}
MAX_TEXT = 20_000


def option_schema(spec: OptionSpec) -> Json:
    """Return one option as JSON Schema."""
    schema: Json = {
        "type": _KINDS[spec.kind],
        "title": spec.label,
        "description": spec.help + (f" ({spec.unit})" if spec.unit else ""),
        "default": spec.default,
        "x-group": spec.group,
        "x-engines": list(engines_for(spec.name)),
    }
    if spec.unit:
        schema["x-unit"] = spec.unit
    if spec.choices:
        schema["enum"] = list(spec.choices)
    bounds = {"minimum": spec.low, "maximum": spec.high}
    bounds = {name: bound for name, bound in bounds.items() if bound is not None}
    if spec.numbers:
        schema["type"] = ["array", "string"]
        schema["items"] = {"type": "number", **bounds}
    elif spec.parts:
        schema["type"] = ["array", "string"]
        schema["items"] = {"type": "string", "enum": list(spec.parts)}
    else:
        schema |= bounds
    if spec.structured:
        schema["type"] = ["array", "object", "string"]
    if spec.kind is str and not spec.choices:
        schema["maxLength"] = MAX_TEXT
    return schema


def options_schema() -> Json:
    """Return all options as one JSON Schema object."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Options",
        "type": "object",
        "properties": {spec.name: option_schema(spec) for spec in option_specs()},
        "additionalProperties": False,
    }


_NO_CONFIG = {
    "align_driver": "How a driver video is used is said by reference_use.",
    "align_expand_factor": "Choose the framing by preprocess, for example extcrop.",
    "auto_match": "Choose a driver video yourself: driver_url, beside config.",
    "driver_url": "Give it beside config, not inside.",
    "logo": "A visible label is put on the video by mark: label.",
    "motion_factor": "Use head_motion and expression_scale.",
    "normalization_factor": "Use expression_scale.",
    "output_resolution": "Use size and preprocess.",
    "sharpen": "There is no sharpening here.",
    "show_watermark": "Use mark: label.",
}
_NO_TALK = {
    "face": "Choose among several faces by config.face_index.",
    "persist": "The server's own setting says how long results are kept.",
    "presenter_config": "There are no presenters here; give a picture.",
    "presenter_id": "There are no presenters here; give a picture.",
    "result_url": "Fetch the video from result_url of the answer.",
    "source_audio": "Give the speech as script.audio_url or script.audio_base64.",
    "voice": "Name the voice in script.provider.voice_id.",
}
_NO_SCRIPT = {
    "reduce_noise": "Clean the recording first.",
    "ssml": "Give plain text.",
    "subtitles": "Set config.captions to track, srt or vtt.",
}


def _text(description: str, longest: int, **more: Any) -> Json:
    return {"type": "string", "description": description, "maxLength": longest, **more}


def config_schema() -> Json:
    """Return `config`: the registry, and D-ID's names where they mean something here."""
    schema = options_schema()
    del schema["$schema"]
    schema["title"] = "Config"
    schema["properties"] |= {
        "stitch": {
            "type": "boolean",
            "description": "D-ID's name: put the face back into the full picture "
            "(preprocess: full), or show only the head (preprocess: crop).",
        },
        "result_format": {
            "type": "string",
            "enum": ["mp4", ".mp4", "webm", ".webm", "mov", ".mov", "gif", ".gif"],
            "description": "D-ID's name of format.",
        },
        "fluent": {
            "type": "boolean",
            "enum": [False],
            "description": "D-ID's name: end in the pose of the beginning. Not available yet, so "
            "only false is accepted.",
        },
    }
    schema["x-unsupported"] = _NO_CONFIG
    return schema


def script_schema() -> Json:
    """Return `script`: what is said."""
    return {
        "title": "Script",
        "type": "object",
        "description": "What is said: a recording, or text when a voice is installed.",
        "required": ["type"],
        "properties": {
            "type": {"type": "string", "enum": ["audio", "text"]},
            "audio_url": _text("Public address of the recording.", MAX_URL, format="uri"),
            "audio_base64": {
                "type": "string",
                "description": "The recording itself, as base64 or as a data: URL.",
                "format": "byte",
            },
            "input": _text("The text to speak.", MAX_TEXT),
            "provider": {
                "type": "object",
                "description": "The voice; see GET /voices.",
                "properties": {
                    "type": _text("Kind of voice.", 40),
                    "voice_id": _text("Name of the voice.", 200),
                },
                "additionalProperties": False,
            },
        },
        "x-unsupported": _NO_SCRIPT,
        "additionalProperties": False,
    }


def expressions_schema() -> Json:
    """Return `driver_expressions`: D-ID's emotion timeline."""
    return {
        "title": "DriverExpressions",
        "type": "object",
        "description": "D-ID's timeline of expressions, in frames of the video; the names are "
        "those of the option emotion, and D-ID's.",
        "required": ["expressions"],
        "properties": {
            "expressions": {
                "type": "array",
                "maxItems": 1000,
                "items": {
                    "type": "object",
                    "required": ["start_frame", "expression"],
                    "properties": {
                        "start_frame": {"type": "integer", "minimum": 0, "maximum": 10_000_000},
                        "expression": {"type": "string", "maxLength": 40},
                        "intensity": {"type": "number", "minimum": 0, "maximum": 1, "default": 1},
                    },
                    "additionalProperties": False,
                },
            },
            "transition_frames": {"type": "integer", "minimum": 0, "maximum": 10_000},
        },
        "additionalProperties": False,
    }


def talk_request_schema() -> Json:
    """Return the body of `POST /talks`."""
    return {
        "title": "TalkRequest",
        "type": "object",
        "description": "A portrait and what it says. The picture is given by exactly one of "
        "source_url and source_image, the speech by script; without script, config.idle_seconds "
        "asks for a video without speech.",
        "properties": {
            "source_url": _text("Public address of the picture.", MAX_URL, format="uri"),
            "source_image": {
                "type": "string",
                "description": "The picture itself, as base64 or as a data: URL.",
                "format": "byte",
            },
            "script": script_schema(),
            "config": config_schema(),
            "driver_url": _text(
                "Public address of a video whose head motion or blinks are borrowed, as "
                "config.reference_use says.",
                MAX_URL,
                format="uri",
            ),
            "dub": dub_schema(),
            "driver_expressions": expressions_schema(),
            "name": _text("A title, returned as it is.", 200),
            "user_data": _text("Anything of yours, returned as it is.", 2000),
            "webhook": _text("Public address that is called when the job is final.", MAX_URL,
                             format="uri"),
        },
        "x-unsupported": _NO_TALK,
        "additionalProperties": False,
    }  # fmt: skip


def form_schema() -> Json:
    """Return the body of `POST /talks` as a form with files."""
    return {
        "title": "TalkForm",
        "type": "object",
        "properties": {
            "source_image": {
                "type": "string",
                "format": "binary",
                "description": "The picture's file.",
            },
            "audio": {
                "type": "string",
                "format": "binary",
                "description": "The recording's file, or a video with sound.",
            },
            "reference_video": {
                "type": "string",
                "format": "binary",
                "description": "The file of a video whose motion is borrowed (driver_url).",
            },
            "motion_in": {
                "type": "string",
                "format": "binary",
                "description": "What the face does, instead of planning it: a motion file as "
                "docs/motion.md describes them. Without speech the video is as long as it.",
            },
            **{
                name: {
                    "type": "string",
                    "format": "binary",
                    "description": "What a role of dub.roles says, counted from 0.",
                }
                for name in SPEECHES
            },
            "talk": {
                "type": "string",
                "description": "All other fields of TalkRequest, as JSON.",
                "contentMediaType": "application/json",
            },
        },
        "additionalProperties": False,
    }
