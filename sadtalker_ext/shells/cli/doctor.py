"""``sadtalker doctor``: what is installed, what is missing, and what to do about it."""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sadtalker_ext import __version__
from sadtalker_ext.engines.registry import engine_specs
from sadtalker_ext.host.standalone import StandaloneHost
from sadtalker_ext.installing import sadtalker, too_old
from sadtalker_ext.service import Service
from sadtalker_ext.speech.voice import list_voices, missing_voices
from sadtalker_ext.weights.manifest import FILES

PACKAGES = {
    "numpy": "core",
    "opencv-python-headless": "core",
    "opencv-python": "host",
    "Pillow": "core",
    "av": "core",
    **{name: spec.extra or "core" for spec in reversed(engine_specs()) for name in spec.packages},
    "gradio": "page",
    "spandrel": "enhance",
    "espeakng-loader": "voice",
    "c2pa-python": "provenance",
    "cryptography": "provenance",
    "pillow-heif": "heic",
    "kornia": "optional",
    "face-alignment": "optional",
}
"""Distribution name and the extra that installs it."""

_SHOWN = 4
"""Voices that are named."""


def run_doctor(parsed: argparse.Namespace) -> dict[str, Any]:
    """Look at everything and return it; the exit code is 0 when one engine is ready."""
    weight_dirs = [parsed.weights_dir] if parsed.weights_dir else []
    host = StandaloneHost(weight_dirs=weight_dirs)
    service = Service(host)
    engines = [
        {"name": one.name, "ready": one.ready, "reason": one.reason, "hint": one.hint}
        for one in service.engines()
    ]
    versions = {name: _version(name) for name in PACKAGES}
    report: dict[str, Any] = {
        "version": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cores": os.cpu_count(),
        "device": host.device(),
        "free_disk_mb": shutil.disk_usage(Path.cwd()).free // 1_000_000,
        "packages": versions,
        "too_old": {
            name: bound
            for name, version in versions.items()
            if version is not None and (bound := too_old(name, version))
        },
        "voices": [voice.name for voice in list_voices(service.store)],
        "weights": {file.name: _place(service, file.name) for file in FILES},
        "engines": engines,
        "exit_code": 0 if any(engine["ready"] for engine in engines) else 3,
    }
    if not parsed.json:
        _show(report)
    return report


def _voices(names: Sequence[str]) -> str:
    if not names:
        error = missing_voices()
        return f"none. {error.hint}"
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _place(service: Service, name: str) -> str | None:
    path = service.store.find(name)
    return str(path) if path else None


def _show(report: dict[str, Any]) -> None:
    print(f"sadtalker {report['version']}, Python {report['python']}, {report['platform']}")
    print(f"device {report['device']}, {report['cores']} cores, "
          f"{report['free_disk_mb']} MB free here")  # fmt: skip
    for engine in report["engines"]:
        state = "ready" if engine["ready"] else f"not ready: {engine['reason']}"
        print(f"engine {engine['name']}: {state}")
        if engine["hint"]:
            print(f"  {engine['hint']}")
    for name, extra in PACKAGES.items():
        bound = report["too_old"].get(name)
        note = f"  TOO OLD: {bound} or newer is needed" if bound else ""
        print(f"  {name:24} {report['packages'][name] or '-':16} ({extra}){note}")
    print(f"voices: {_voices(report['voices'])}")
    found = sum(path is not None for path in report["weights"].values())
    print(
        f"weights: {found} of {len(report['weights'])} files found "
        f"(see `{sadtalker('weights list')}`)"
    )
    sys.stdout.flush()
