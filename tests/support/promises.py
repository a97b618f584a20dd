"""What users and programs rely on, as one JSON object: names, defaults, ranges, statuses, keys.

``promises.json`` beside this file holds it as it was in the first version that people had
(commit 1cc4bf9): ``PYTHONPATH=FOLDER_OF_THAT_VERSION python tests/support/promises.py``. Names may
be added later; what is in that file stays.
"""

import argparse
import asyncio
import contextlib
import json
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np

from sadtalker_ext import errors
from sadtalker_ext.encoder.metadata import describe_video
from sadtalker_ext.jobs.records import Job, JobState, Moment
from sadtalker_ext.options import SUFFIXES, GenerateOptions, option_specs
from sadtalker_ext.shells.cli.arguments import ORIGINAL_NAMES, build_parser
from sadtalker_ext.types import Picture, Speech, VideoFile


def promises(folder):
    """Return everything; a folder for a server's files is needed."""
    return {
        "options": options(),
        "suffixes": SUFFIXES,
        "original_flags": ORIGINAL_NAMES,
        "commands": commands(),
        "errors": error_codes(),
        "metadata": metadata(),
        "video": video_keys(),
        "talks": talks(),
        **rest(folder),
        "page": page(folder),
    }


def options():
    return {
        spec.name: {
            "default": spec.default,
            "kind": spec.kind.__name__,
            "label": spec.label,
            "choices": list(spec.choices or ()),
            "low": spec.low,
            "high": spec.high,
        }
        for spec in option_specs()
    }


def commands():
    """Flags and places of every command by its words."""
    found = {}

    def walk(parser, words):
        places = []
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                for name, inner in action.choices.items():
                    walk(inner, [*words, name])
            elif action.option_strings:
                flags = found.setdefault(" ".join(words), {})
                default = action.default
                plain = default is None or isinstance(default, (bool, int, float, list))
                for flag in action.option_strings:
                    flags[flag] = {
                        "default": default if plain else str(default),
                        "choices": [str(one) for one in action.choices or ()],
                    }
            else:
                places.append(action.dest)
        found.setdefault(" ".join(words), {})["places"] = places

    walk(build_parser(), [])
    return found


def error_codes():
    from sadtalker_ext.shells.api import errors as api_errors

    classes = [*vars(errors).values(), *vars(api_errors).values()]
    return {
        one.code: [one.exit_code, one.http_status]
        for one in classes
        if isinstance(one, type) and issubclass(one, errors.SadTalkerError)
    }


def _engine(name):
    """The engine as `describe_video` takes it: by description, once by name."""
    try:
        from sadtalker_ext.engines.registry import engine_specs
    except ImportError:
        return name
    return next(spec for spec in engine_specs() if spec.name == name)


def metadata():
    """The tags of a video without the version, which changes."""
    pixels = np.zeros((8, 8, 3), np.uint8)
    picture = Picture(pixels=pixels, name="ada.png", parameters="a portrait, Seed: 1")
    speech = Speech(
        path=Path("folder/hello.wav"), start=0.5, seconds=2.0, rate_hz=16000, channels=1,
        read=lambda _rate: iter(()), text="Hello, you.",
    )  # fmt: skip
    found = {}
    for name in ("sadtalker", "puppet"):
        for mark in ("none", "metadata", "label"):
            changed = GenerateOptions.from_mapping({"mark": mark, "still": True, "head_yaw": 0.5})
            made = describe_video(
                changed, engine=_engine(name), seed=7, picture=picture, speech=speech
            )
            data = {key: value for key, value in made.data.items() if key != "version"}
            found[f"{name}, {mark}"] = {
                "tags": sorted(made.tags()),
                "line": made.line.rpartition(", Version")[0],
                "data": data,
                "disclosure": made.disclosure,
                "source_type": made.source_type,
            }
    return json.loads(json.dumps(found))


def a_video():
    return VideoFile(
        path=Path("ada.mp4"), width=64, height=48, fps=25.0, frames=50, seconds=2.0,
        engine="puppet", seed=7, partial=False, timings={"render": 0.12345}, warnings=("one",),
    )  # fmt: skip


def video_keys():
    if hasattr(VideoFile, "as_dict"):
        return a_video().as_dict()
    from sadtalker_ext.shells.cli.generate import describe

    return describe(a_video())


RESULT = {
    "suffix": ".mp4", "engine": "puppet", "seed": 7, "width": 64, "height": 48, "fps": 25.0,
    "frames": 50, "seconds": 2.0, "partial": False, "warnings": ["one"],
    "timings": {"render": 0.1}, "processing_fps": 500.0, "size_kib": 12.5,
}  # fmt: skip


def talks():
    """Jobs as clients see them. The fraction is an estimate, and no promise."""
    from sadtalker_ext.shells.api.view import talk_view

    order = {
        "config": {"still": True}, "source_url": "https://a.example/a.png", "name": "A title",
        "audio_url": "https://a.example/a.wav", "user_data": "mine",
    }  # fmt: skip
    problem = {"code": "no_face", "message": "No face.", "hint": "Another picture."}
    moment = Moment(stage="rendering", text="Rendering 3 / 9", done=3, total=9, stopping=True)
    cases = {
        "waiting": (JobState.CREATED, None, None, None, 2),
        "starting": (JobState.STARTED, None, None, None, 0),
        "running": (JobState.STARTED, None, None, moment, 0),
        "done": (JobState.DONE, RESULT, None, None, 0),
        "rejected": (JobState.REJECTED, None, problem, None, 0),
        "failed": (JobState.ERROR, None, problem, None, 0),
    }
    found = {}
    for name, (state, result, error, now, ahead) in cases.items():
        job = Job(
            seq=1, id="tlk_x", owner="", lane="cpu", state=state, attempts=1, created_at=1e9,
            started_at=None if state is JobState.CREATED else 1e9 + 1.5,
            finished_at=1e9 + 9 if state.final else None, order=order, result=result, error=error,
            webhook="https://a.example/hook",
        )  # fmt: skip
        view = talk_view(job, address="http://x/talks/tlk_x", moment=now, ahead=ahead)
        view["progress"].pop("fraction")
        found[name] = json.loads(json.dumps(view))
    return found


def _service(folder):
    from sadtalker_ext.host.standalone import StandaloneHost
    from sadtalker_ext.service import Service
    from sadtalker_ext.weights.store import WeightStore

    return Service(StandaloneHost(output_dir=folder), WeightStore(cache=folder / "cache"))


def rest(folder):
    """Routes, and what the OpenAPI document says of requests and answers."""
    from sadtalker_ext.shells.api.app import _document, build_app
    from sadtalker_ext.shells.api.describe import describing_routes
    from sadtalker_ext.shells.api.settings import ApiSettings
    from sadtalker_ext.shells.api.talks import talk_routes

    app = build_app(_service(folder), ApiSettings(folder=folder / "data"))
    state = app.state.sadtalker
    try:
        routers = (talk_routes(state), describing_routes(state, dict))
        routes = sorted(
            f"{method} {route.path}"
            for router in routers
            for route in router.routes
            for method in route.methods
        )
        document = json.loads(json.dumps(_document(state)))
    finally:
        state.close()
    shapes = {
        name: shape
        for name, schema in document["components"]["schemas"].items()
        for name, shape in _shape(name, schema).items()
    }
    statuses = {
        f"{method.upper()} {path}": sorted(route["responses"])
        for path, methods in document["paths"].items()
        for method, route in methods.items()
    }
    return {"routes": routes, "shapes": shapes, "statuses": statuses}


def _shape(name, schema):
    """Every property of a schema by its path: types, enumerations, and whether it is required."""
    found = {}
    required = schema.get("required", ())
    for key, value in schema.get("properties", {}).items():
        place = f"{name}.{key}"
        found[place] = {
            "type": value.get("type", value.get("$ref", "")),
            "required": key in required,
            "enum": value.get("enum", []),
        }
        found |= _shape(place, value) | _shape(f"{place}[]", value.get("items", {}))
    if "additionalProperties" in schema:
        found[name] = {"closed": schema["additionalProperties"] is False}
    return found


def page(folder):
    """Kinds and labels of the page's settings by their ids; WebUIs store defaults by the label."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from sadtalker_ext.shells.ui.page import PageHost, build_page

        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        host = PageHost(_service(folder), folder / "results", state_folder=folder / "state")
        blocks, _parts = build_page(host)
        asyncio.set_event_loop(None)
        loop.close()
    return {
        block.elem_id: [type(block).__name__, getattr(block, "label", None)]
        for block in blocks.blocks.values()
        if getattr(block, "elem_id", None) and type(block).__name__ in SETTINGS
    }


SETTINGS = {"Slider", "Checkbox", "Radio", "Number", "Dropdown", "Textbox"}


def as_text(found):
    """One line for each entry of each part."""
    parts = []
    for name, part in sorted(found.items()):
        pairs = sorted(part.items()) if isinstance(part, dict) else enumerate(part)
        rows = [
            (f"{json.dumps(key)}: " if isinstance(part, dict) else "")
            + json.dumps(value, ensure_ascii=False, sort_keys=True)
            for key, value in pairs
        ]
        opening, closing = "{}" if isinstance(part, dict) else "[]"
        parts.append(f"{json.dumps(name)}: {opening}\n" + ",\n".join(rows) + f"\n{closing}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch, contextlib.redirect_stdout(sys.stderr):
        text = as_text(promises(Path(scratch)))
    print(text, end="")
