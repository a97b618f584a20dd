"""Our SadTalker engine by the stages that `benchmarks.versus` compares."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from sadtalker_ext.types import Face, Picture

MODE = "full"
SEED = 1
REACH = 13
"""Frames to both sides that a frame's key points depend on."""


class Ours:
    """Our program by the same stages."""

    def __init__(self, checkpoints: Path, blend: str = "soft") -> None:
        from sadtalker_ext.options import GenerateOptions

        self._checkpoints = checkpoints
        self.options = GenerateOptions(
            engine="sadtalker", preprocess=MODE, original_crop=True, blink="original", blend=blend
        )

    def load(self) -> None:
        from sadtalker_ext.engines.sadtalker.loading import load_networks

        def find(name: str) -> Path | None:
            path = self._checkpoints / name
            return path if path.is_file() else None

        self.networks = load_networks(find, "cpu", 256, "float32")

    def analyse(self, picture: Path, landmarks: np.ndarray) -> None:
        from sadtalker_ext.engines.sadtalker.crop import CropMode
        from sadtalker_ext.engines.sadtalker.framing import frame_face
        from sadtalker_ext.inputs.image import read_picture

        self.picture = read_picture(picture)
        self.points = np.pad(landmarks, ((0, 0), (0, 1))).astype(np.float32)
        self.framing = frame_face(
            self.picture, landmarks, CropMode(MODE), 256, self.networks, original_crop=True
        )

    def listen(self, speech: Path) -> None:
        from sadtalker_ext.engines.sadtalker.speaking import blink_ratio, windows_of
        from sadtalker_ext.inputs.audio import open_speech

        self.speech = open_speech(speech)
        self.windows = windows_of(self.speech, self.options)
        self.ratio = blink_ratio(len(self.windows), self.options, SEED)

    def move(self) -> None:
        from sadtalker_ext.engines.sadtalker.driving import DrivingRows
        from sadtalker_ext.engines.sadtalker.semantics import driving_rows
        from sadtalker_ext.engines.sadtalker.speaking import speaking_rows

        source = self.framing.row
        rows = speaking_rows(
            self.networks, source, self.windows, self.ratio, DrivingRows(), self.options, SEED
        )
        self.rows = driving_rows(rows, source, full=True)

    def prepare(self, frame: np.ndarray, row: np.ndarray) -> None:
        self.prepared = self.networks.renderer.prepare(frame, row)

    def render(self, rows: np.ndarray, wanted: list[range]) -> np.ndarray:
        """Return the wanted frames; each sees the rows beside it."""
        renderer, drawn = self.networks.renderer, []
        for part in wanted:
            low = max(part.start - REACH, 0)
            points = renderer.key_points(self.prepared, rows[low : part.stop + REACH])
            inside = points[part.start - low : part.stop - low]
            drawn += list(renderer.draw(self.prepared, inside, 1))
        return np.stack(drawn)

    def paste(self, frames: np.ndarray, target: Path) -> None:
        from sadtalker_ext.compositor.lay import Compositor, Role
        from sadtalker_ext.compositor.paste_back import Blend
        from sadtalker_ext.encoder.video import VideoWriter
        from sadtalker_ext.shot.still import still_shot
        from sadtalker_ext.types import Patch

        place, shot = self.framing.paste_box, still_shot(self.picture, _unasked)
        patches = (Patch(pixels=frame, place=place) for frame in frames)
        role = Role(patches=patches, place=place, points=self.points)
        blended = Compositor(shot, Blend(self.options.blend)).frames([role])
        with VideoWriter(target, speech=self.speech, overwrite=True) as writer:
            for frame in blended:
                writer.write(frame)


def _unasked(_: Picture, __: int) -> Face:
    raise AssertionError("Pasting should not look for a face.")
