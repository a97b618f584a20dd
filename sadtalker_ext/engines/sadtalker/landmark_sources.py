"""Where the 68 landmarks of a portrait come from: a file, face-alignment, or the mesh."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import logging
from pathlib import Path
from typing import Any

import numpy as np

from sadtalker_ext.errors import NoFaceFound, PackageMissing
from sadtalker_ext.installing import how_to_add
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.portrait.landmarks68 import landmarks_68
from sadtalker_ext.types import Face, FloatArray, Picture

log = logging.getLogger(__name__)

NETWORK_FILES = (
    "2DFAN4-11f355bf06.pth.tar",
    "2DFAN4-cd938726ad.zip",
    "2DFAN4-11f355bf06.pth",
)
"""Names under which releases of face-alignment keep the landmark network."""


class LandmarkSource:
    """Finds landmarks by the option; face-alignment is loaded when first used and kept.

    Args:
        device: torch's name of the device.
    """

    def __init__(self, device: str = "cpu") -> None:
        self._device = device
        self._network: Any = None

    def __call__(self, picture: Picture, face: Face, options: GenerateOptions) -> FloatArray:
        """Return (68, 2) float32 picture pixels; what came with the picture goes first.

        Raises:
            PackageMissing: face-alignment was asked for and is not installed.
            NoFaceFound: It was asked for and finds nothing at the face.
        """
        if picture.landmarks is not None:
            return picture.landmarks
        if picture.face_points:
            return landmarks_68(face.points)  # a network that found no face finds no landmarks
        wanted = options.landmarks
        if wanted == "mesh" or (wanted == "auto" and not is_ready()):
            return landmarks_68(face.points)
        return self._by_network(picture, face)

    def close(self) -> None:
        """Let go of the network; safe to call twice."""
        self._network = None

    def _by_network(self, picture: Picture, face: Face) -> FloatArray:
        if self._network is None:
            self._network = _load(self._device)
        left, top, right, bottom = face.box
        boxes = [[float(left), float(top), float(right), float(bottom), face.score]]
        found = self._network.get_landmarks_from_image(picture.pixels, detected_faces=boxes)
        if not found:
            raise NoFaceFound(
                f"face-alignment found no landmarks in {picture.name}.",
                hint="Choose landmarks mesh.",
            )
        return np.asarray(found[0], np.float32)[:, :2]


def is_ready() -> bool:
    """Tell whether face-alignment can work without fetching anything."""
    if importlib.util.find_spec("face_alignment") is None:
        return False
    import torch

    folder = Path(torch.hub.get_dir()) / "checkpoints"
    return any((folder / name).is_file() for name in NETWORK_FILES)


def _load(device: str) -> Any:
    try:
        face_alignment = importlib.import_module("face_alignment")
    except ImportError as error:
        raise PackageMissing(
            "Landmarks by face-alignment need the package face-alignment, not installed here.",
            hint=f"{how_to_add('face-alignment')} Or choose landmarks mesh.",
        ) from error
    build = face_alignment.FaceAlignment
    kinds = face_alignment.LandmarksType
    known = inspect.signature(build).parameters
    # our own detector has the face already, so its detectors (and their downloads) are left out;
    # compiling, the default of new releases, costs more than one picture is worth
    settings = {"device": device, "flip_input": False, "face_detector": "folder", "compile": False}
    log.info("landmarks by face-alignment")
    return build(
        getattr(kinds, "TWO_D", None) or kinds._2D,
        **{name: value for name, value in settings.items() if name in known},
    )
