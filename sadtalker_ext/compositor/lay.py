"""Patches over the frames of a shot: one or several roles become whole frames."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from sadtalker_ext.compositor.paste_back import Blend, Placer
from sadtalker_ext.compositor.workers import in_order, thread_count
from sadtalker_ext.types import Box, FloatArray, ImageArray, Patch, Shot


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Role:
    """One face of a shot, and the patches drawn for it.

    Attributes:
        patches: One per frame, in order.
        place: Where they belong in the shot's first frame; None: they are whole frames.
        points: (K, 3) float32 mesh points of the face in the first frame.
    """

    patches: Iterator[Patch]
    place: Box | None
    points: FloatArray


class Compositor:
    """Lays the patches of all roles over the shot's frames, in the order of the roles.

    A patch with a matte is laid over by it. One with a place and no matte goes in by the blend. One
    without a place is the frame itself, under the patches of later roles.

    Args:
        shot: The frames.
        blend: How patches without a matte go in.
        device: Torch's name of a graphics card that may take part, or "cpu".
        threads: How many blend at once; when left out, see `thread_count`.
    """

    def __init__(
        self, shot: Shot, blend: Blend, *, device: str = "cpu", threads: int | None = None
    ) -> None:
        self._shot = shot
        shared = device.startswith("cuda") and blend is Blend.SOFT
        self._device = device if shared else None
        self._placers: dict[int, Placer] = {}
        self._blend = blend
        self._threads = thread_count() if threads is None else threads
        self._making = threading.Lock()

    def frames(self, roles: Sequence[Role]) -> Iterator[ImageArray]:
        """Yield whole frames, (H, W, 3) uint8 RGB, until a role has no more patches."""
        blends = any(role.place is not None for role in roles)
        width, height = self._shot.picture.size
        yield from in_order(
            lambda one: self._composed(roles, *one),
            self._layers(roles),
            self._threads if blends else 1,
            3 * width * height,
        )

    def _layers(self, roles: Sequence[Role]) -> Iterator[tuple[ImageArray, tuple[Patch, ...]]]:
        """Yield every frame of the shot with the patches that belong on it."""
        if roles:
            patches = zip(*(role.patches for role in roles), strict=False)
            yield from zip(self._shot.frames(), patches, strict=False)

    def _composed(
        self, roles: Sequence[Role], frame: ImageArray, patches: Sequence[Patch]
    ) -> ImageArray:
        canvas: ImageArray | None = None
        for number, (role, patch) in enumerate(zip(roles, patches, strict=True)):
            canvas = self._laid(frame, canvas, number, role, patch)
        return frame if canvas is None else canvas

    def _laid(
        self, frame: ImageArray, canvas: ImageArray | None, number: int, role: Role, patch: Patch
    ) -> ImageArray:
        """Return the canvas with a patch on it; None as canvas is the untouched frame."""
        if patch.place is None and patch.matte is None:
            return patch.pixels
        if patch.matte is not None:
            below = frame.copy() if canvas is None else canvas
            return over(below, patch)
        placed = self._placer(number, role, patch.place, frame).place(patch.pixels, patch.head)
        if canvas is None:
            return placed
        changed = (placed != frame).any(axis=2, keepdims=True)
        joined: ImageArray = np.where(changed, placed, canvas)
        return joined

    def _placer(self, number: int, role: Role, place: Box | None, frame: ImageArray) -> Placer:
        """Return who blends a role's patches in; kept while neither frame nor place change."""
        if place is None:
            raise ValueError("A patch that is blended in should have a place, found None.")

        def made() -> Placer:
            return Placer(frame, place, blend=self._blend, points=role.points, device=self._device)

        if not self._shot.held and self._device is None:
            return made()
        # one at a time on a device, whose memory several pictures may not fit into
        with self._making:
            if not self._shot.held:
                return made()
            if number not in self._placers:
                self._placers[number] = made()
            return self._placers[number]


def over(canvas: ImageArray, patch: Patch) -> ImageArray:
    """Lay a patch with a matte over a canvas (H, W, 3), in place, and return the canvas.

    What reaches over the border is cut off. A patch of another size than its place is resized.
    """
    import cv2

    height, width = canvas.shape[:2]
    left, top, right, bottom = patch.place or (0, 0, width, height)
    low_x, low_y, high_x, high_y = max(left, 0), max(top, 0), min(right, width), min(bottom, height)
    if patch.matte is None or low_x >= high_x or low_y >= high_y:
        return canvas
    size = (right - left, bottom - top)
    pixels = np.asarray(cv2.resize(patch.pixels, size), np.float32)
    matte = np.asarray(cv2.resize(patch.matte, size), np.float32)[..., None]
    part = (slice(low_y - top, high_y - top), slice(low_x - left, high_x - left))
    area = canvas[low_y:high_y, low_x:high_x]
    mixed = area + matte[part] * (pixels[part] - area)
    area[:] = np.clip(np.rint(mixed), 0, 255).astype(np.uint8)
    return canvas
