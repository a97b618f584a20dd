"""Talking-head videos from one portrait and speech.

    from sadtalker_ext import animate

    video = animate("portrait.png", "speech.wav", "talking.mp4", head_motion=0.5)

Importing this package imports nothing else of it: a WebUI's installer and start-up do so, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sadtalker_ext.dubbing.request import DubRole, DubSegment
    from sadtalker_ext.front_door import Animator, animate, dub, load
    from sadtalker_ext.options import GenerateOptions
    from sadtalker_ext.progress import Progress, ProgressEvent
    from sadtalker_ext.provenance.verify import verify
    from sadtalker_ext.types import Motion, VideoFile

__version__ = "0.1.0"
__all__ = [
    "Animator",
    "DubRole",
    "DubSegment",
    "GenerateOptions",
    "Motion",
    "Progress",
    "ProgressEvent",
    "VideoFile",
    "animate",
    "dub",
    "load",
    "verify",
]
_HOMES = {
    "Animator": "front_door",
    "DubRole": "dubbing.request",
    "DubSegment": "dubbing.request",
    "GenerateOptions": "options",
    "Motion": "types",
    "Progress": "progress",
    "ProgressEvent": "progress",
    "VideoFile": "types",
    "animate": "front_door",
    "dub": "front_door",
    "load": "front_door",
    "verify": "provenance.verify",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found: object = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
