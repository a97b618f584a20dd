"""One measure of faces, on the example or on every picture of a folder."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.subject import PORTRAIT, face_models
from sadtalker_ext.engines.puppet.stage import view_stage
from sadtalker_ext.errors import InputError
from sadtalker_ext.inputs.image import read_picture
from sadtalker_ext.portrait.find import find_face
from sadtalker_ext.portrait.models import FaceModels
from sadtalker_ext.types import FloatArray, ImageArray

Measure = Callable[[ImageArray, FloatArray, FaceModels], dict[str, Any]]
"""Gets the pixels the puppet works on, the (478, 3) mesh points in them, and the face models."""

_PICTURES = (".png", ".jpg", ".jpeg", ".webp")


def measure_faces(folder: Path | None, measure: Measure) -> dict[str, dict[str, Any]]:
    """Measure every face of a folder, or the example's; say why where there is none."""
    models = face_models()
    files = [PORTRAIT] if folder is None else sorted(folder.iterdir())
    found: dict[str, dict[str, Any]] = {}
    for file in files:
        if file.suffix.lower() not in _PICTURES:
            continue
        picture = read_picture(file)
        try:
            face = find_face(picture, models, 0)
        except InputError as error:
            found[file.stem] = {"skipped": error.message}
            continue
        view = view_stage(picture.pixels, face, "full")
        found[file.stem] = measure(view.pixels, view.points, models)
        print(file.stem, json.dumps(found[file.stem]), flush=True)
    return found


def measure_by_command(description: str | None, measure: Measure) -> int:
    """Measure what the command line names, print and save."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--portraits", type=Path, help="a folder of faces; the example without")
    parser.add_argument("--json", type=Path, help="write the results here")
    parsed = parser.parse_args()
    found = measure_faces(parsed.portraits, measure)
    if parsed.json:
        parsed.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return 0
