"""Imports point one way (docs/architecture.md)."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2] / "sadtalker_ext"
GROUND = {
    "blendshapes",
    "children",
    "cores",
    "kept",
    "directions",
    "timeline",
    "spelling",
    "spoken_words",
    "text_files",
    "errors",
    "face_points",
    "folders",
    "installing",
    "types",
    "unfinished",
    "option_spec",
    "options",
    "progress",
    "curves",
    "engines.spec",
    "performance",
    "opencv",
    "pixels",
    "local_media",
    "scratch",
    "planes",
    "provenance.hashes",
}
ALLOWED = {
    "errors": set(),
    "face_points": {"errors"},
    "folders": {"errors"},
    "installing": set(),
    "blendshapes": set(),
    "children": set(),
    "cores": set(),
    "directions": {"blendshapes", "errors", "spelling", "spoken_words"},
    "timeline": {"directions", "errors", "text_files"},
    "types": {"blendshapes", "spoken_words", "video_file"},
    "video_file": {"types"},
    "spelling": set(),
    "spoken_words": set(),
    "text_files": {"errors"},
    "local_media": set(),
    "scratch": set(),
    "unfinished": set(),
    "opencv": {"errors", "types"},
    "pixels": {"opencv", "types"},
    "planes": {"types"},
    "option_spec": {"errors"},
    "option_fields": {"engines.registry"},
    "options": {"directions", "errors", "face_points", "option_spec", "option_fields"}
    | {"spelling", "timeline"},
    "presets": {"errors", "folders", "options", "spelling", "text_files"},
    "progress": {"errors", "types"},
    "curves": {"types"},
    "kept": {"types"},
    "performance": {"types", "speech"},  # of speech types only
    "shot": GROUND | {"performance"},
    "inputs": GROUND,
    "weights": GROUND,
    "portrait": GROUND | {"weights"},
    "speech": GROUND | {"inputs", "weights"},
    "captions": GROUND,
    "motion_files": GROUND | {"encoder", "motion"},
    "transcripts": GROUND | {"captions", "encoder", "request", "speech"},
    "motion": GROUND | {"speech", "portrait"},
    "compositor": GROUND,
    "encoder": GROUND | {"captions", "option_fields"},
    "provenance.hashes": {"types"},
    "provenance": GROUND | {"encoder", "inputs", "option_fields", "speech"},
    "engines.spec": {"engines.base", "planes", "portrait", "shot", "weights"},  # types only
    "engines.registry": {"engines.base", "engines.spec"},  # of base types only
    "engines.base": GROUND | {"shot"},  # types only
    "engines.puppet.spec": GROUND | {"engines.base", "engines.puppet", "shot", "weights"},
    "engines.sadtalker.spec": GROUND | {"engines.base", "engines.sadtalker", "portrait", "weights"},
    "engines.puppet": GROUND
    | {"engines.base", "engines.puppet.spec", "portrait", "shot", "motion", "weights"},
    "engines.sadtalker": GROUND
    | {
        "engines.base",
        "engines.sadtalker.spec",
        "engines.sadtalker.nets",
        "portrait",
        "shot",
        "motion",
        "weights",
    },
    "engines.sadtalker.nets": set(),
    "host": GROUND,
    "history": GROUND | {"encoder", "history_table", "host", "provenance", "video_file"},
    "history_table": set(),
    "pipeline": GROUND
    | {"shot", "motion", "compositor", "encoder", "provenance"}
    | {"drawing", "engines.base", "engines.registry", "planning", "segments"},
    "planning": GROUND | {"encoder", "engines.base", "motion"},
    "dubbing": GROUND
    | {
        "pipeline",
        "provenance",
        "inputs",
        "speech",
        "portrait",
        "shot",
        "motion",
        "compositor",
        "encoder",
        "engines.base",
        "ensemble_video",
        "weights",
    },
    "ensemble": GROUND | {"compositor", "engines.base", "shot"},
    "ensemble_video": GROUND
    | {"compositor", "encoder", "engines.base", "ensemble"}
    | {"pipeline", "planning", "provenance", "shot"},
    "finish_tools": GROUND | {"host", "compositor", "portrait", "weights"},
    "request": GROUND
    | {"inputs", "speech", "encoder", "captions", "provenance", "weights"}
    | {"motion", "motion_files"},
    "engine_status": GROUND | {"weights"},
    "engine_set": GROUND | {"engine_status", "engines.base", "engines.spec", "weights"},
    "service": GROUND
    | {
        "engine_set",
        "engine_status",
        "request",
        "dubbing",
        "ensemble_video",
        "transcripts",
        "segments",
        "shot",
        "finish_tools",
        "host",
        "pipeline",
        "engines.base",
        "engines.registry",
        "inputs",
        "portrait",
        "weights",
        "compositor",
        "encoder",
        "motion",
        "motion_files",
        "provenance",
    },
    "placing": GROUND | {"portrait"},
    "portraits": GROUND | {"inputs"},
    "wall": GROUND | {"inputs"},
    "grid": GROUND | {"encoder", "engines.registry", "inputs", "provenance", "service", "wall"},
    "segments": GROUND | {"encoder"},
    "drawing": GROUND | {"compositor", "encoder", "engines.base", "segments"},
    "batch": GROUND
    | {"compositor", "drawing", "encoder", "host", "presets", "provenance", "segments", "service"},
    "jobs": GROUND,
    "shells": GROUND
    | {"jobs"}
    | {
        "batch",
        "grid",
        "history",
        "presets",
        "engines.registry",
        "service",
        "host",
        "weights",
        "motion",
        "speech",
        "provenance",
        "shells.api",
        "shells.ui",
        "shells.page_files",
    },
    "shells.page_files": set(),
    "shells.api": GROUND
    | {"engines.registry", "service", "jobs", "inputs", "provenance", "speech", "weights"}
    | {"shells.page_files"},
    "client": {"errors"},
    "shells.ui": GROUND
    | {
        "dubbing",
        "grid",
        "history",
        "placing",
        "portraits",
        "presets",
        "shells.page_files",
        "engines.registry",
        "service",
        "host",
        "weights",
        "inputs",
        "speech",
        "encoder",
        "motion",
        "provenance",
    },
    "shells.webui": GROUND | {"history", "service", "host", "weights", "shells.ui", "shells.api"},
    "shells.comfyui": GROUND
    | {"dubbing", "service", "host", "weights", "inputs", "motion", "speech"},
    "option_values": set(),
    "front_door": GROUND | {"service", "host", "option_values"},
    "__main__": {"shells"},
    "__init__": {"dubbing", "front_door", "options", "progress", "provenance", "types"},
}
FREE = {"sadtalker_ext", "engines"}  # package front doors: docstring (and version) only


def room_of(module: str) -> str:
    """The longest prefix of a dotted name that has an entry of its own."""
    name = module.removeprefix("sadtalker_ext.").removeprefix("sadtalker_ext")
    parts = name.split(".") if name else ["__init__"]
    for length in range(len(parts), 0, -1):
        candidate = ".".join(parts[:length])
        if candidate in ALLOWED:
            return candidate
    return name


def imports_of(path: Path) -> set[str]:
    """Every module of this package that a file imports, at any depth."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                longer = f"{node.module}.{alias.name}"
                relative = longer.removeprefix("sadtalker_ext.").replace(".", "/")
                is_module = (ROOT / f"{relative}.py").exists() or (ROOT / relative).is_dir()
                found.add(longer if is_module else node.module)
    return {name for name in found if name.split(".")[0] == "sadtalker_ext"}


def files() -> list[Path]:
    return sorted(ROOT.rglob("*.py"))


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_one_way(path):
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    room = room_of(module)
    if path.name == "__init__.py" and room not in ALLOWED:
        assert module in FREE or not imports_of(path)
        return
    assert room in ALLOWED, f"{module} lies in no known room: add it to ALLOWED"
    for target in imports_of(path):
        arrow = room_of(target)
        if target == "sadtalker_ext" or arrow == room:
            continue
        assert arrow in ALLOWED[room], f"{module} must not import {target}"


def test_a_wrong_arrow_is_seen(tmp_path):
    """The check itself can fail."""
    wrong = tmp_path / "wrong.py"
    wrong.write_text("from sadtalker_ext.service import Service\n")
    assert imports_of(wrong) == {"sadtalker_ext.service"}
    assert room_of("sadtalker_ext.service") not in ALLOWED["encoder"]


def test_nets_need_only_torch_and_the_standard_library():
    import sys

    for path in (ROOT / "engines/sadtalker/nets").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            for name in names:
                top = name.split(".")[0]
                assert top in {"torch", "sadtalker_ext"} | set(sys.stdlib_module_names), (
                    path.name,
                    name,
                )
