"""Frames from coefficient rows: key points for all frames at once, pictures in small batches.

What depends on the picture alone is computed once by `Renderer.prepare`; frames are yielded as
they are made, so memory does not grow with the length of the speech.

T is the number of frames, K the numbers per row (70, or 73 with the place of the crop), S the
side of the square picture (256 or 512), B the batch size.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from sadtalker_ext.engines.sadtalker.keypoints import head_angles, place_points
from sadtalker_ext.engines.sadtalker.nets.generator import Generator, Source
from sadtalker_ext.engines.sadtalker.nets.kp_detector import KeypointDetector
from sadtalker_ext.engines.sadtalker.nets.layers import fold
from sadtalker_ext.engines.sadtalker.nets.mapping import HeadMotion, MappingNet
from sadtalker_ext.engines.sadtalker.semantics import driving_windows, source_window
from sadtalker_ext.engines.sadtalker.transfer import AHEAD, Copy, PrecisionLost, fetched, starter
from sadtalker_ext.errors import InvalidOption, OutOfMemory, is_out_of_memory
from sadtalker_ext.types import FloatArray, ImageArray

logger = logging.getLogger(__name__)

MAPPING_BATCH = 256
"""Windows per call of the mapping network, so that hours of speech need no memory."""


@dataclass(frozen=True, kw_only=True, eq=False)
class PreparedFace:
    """A source picture, ready to be moved; lives on the renderer's device.

    Attributes:
        source: What the generator needs of the picture.
        canonical: (15, 3) float32 key points of the face at rest.
    """

    source: Source
    canonical: Tensor


class Renderer:
    """The networks that turn coefficient rows into frames, on one device.

    Args:
        generator: Loaded; it is folded and takes its precision here.
        kp_detector: Loaded; always float32.
        mapping: One or both mapping networks, or functions that load them by the length of their
            rows, called when first needed: most jobs need one of the two. Rows choose theirs by
            their length.
        device: Where everything runs.
        dtype: Precision of the convolutions done per frame. Key points, coordinates, the blending
            mask and everything done once per picture stay in float32.
        compile_backend: Backend of `torch.compile` for the work per frame, or None.

    Raises:
        InvalidOption: float16 was asked for on a processor, which needs minutes per frame for it.
    """

    def __init__(
        self,
        generator: Generator,
        kp_detector: KeypointDetector,
        mapping: MappingNet | Iterable[MappingNet] | Mapping[int, Callable[[], MappingNet]],
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
        *,
        compile_backend: str | None = None,
    ) -> None:
        self.device = torch.device(device)
        self.dtype = dtype
        if self.device.type == "cpu" and dtype == torch.float16:
            raise InvalidOption(
                "Precision float16 needs a GPU; on the CPU a frame would take minutes.",
                hint="Choose float32 or bfloat16.",
            )
        self._unloaded: dict[int, Callable[[], MappingNet]] = {}
        ready: list[MappingNet] = []
        if isinstance(mapping, MappingNet):
            ready = [mapping]
        elif isinstance(mapping, Mapping):
            self._unloaded = dict(mapping)
        else:
            ready = list(mapping)
        for network in (generator, kp_detector, *ready):
            self._settle(network)
        self._generator = generator.set_precision(dtype).arrange(self.device.type)
        self._detector = kp_detector
        self._mappings = {network.inputs: network for network in ready}
        self._loading = threading.Lock()
        self._compiled = compile_backend is not None
        self._start_copy = starter(self.device)
        self._draw = self._generator.forward
        if compile_backend is not None:
            self._draw = torch.compile(self._generator, backend=compile_backend, dynamic=False)

    def _settle(self, network: nn.Module) -> None:
        fold(network)
        network.eval().requires_grad_(requires_grad=False).to(self.device)

    def _mapping(self, inputs: int) -> MappingNet:
        """Return the mapping network for rows of so many numbers, loaded if it is not yet."""
        with self._loading, torch.inference_mode(mode=False):
            if inputs not in self._mappings and inputs in self._unloaded:
                network = self._unloaded[inputs]()
                self._settle(network)
                self._mappings[inputs] = network
            return self._mappings[inputs]

    @torch.inference_mode()
    def prepare(self, picture: ImageArray | FloatArray, row: FloatArray) -> PreparedFace:
        """Compute whatever depends only on the picture.

        Args:
            picture: (S, S, 3) RGB, uint8, or float32 in [0, 1].
            row: (K,) float32 coefficients of the picture.
        """
        pixels = np.ascontiguousarray(picture)
        if pixels.dtype == np.uint8:
            pixels = pixels.astype(np.float32) / np.float32(255)
        tensor = torch.from_numpy(pixels).to(self.device).permute(2, 0, 1).unsqueeze(0)
        canonical = self._detector(tensor)
        motion = self._motion(source_window(row)[None])
        points = place_points(canonical[0], motion, head_angles(motion))
        return PreparedFace(source=self._generator.encode(tensor, points), canonical=canonical[0])

    def numbers(self) -> Iterator[bytes]:
        """Yield some of the networks' own numbers, which tell one model from another."""
        mappings = (self._mapping(inputs) for inputs in self._unloaded or self._mappings)
        for network in (self._detector, *mappings):
            for value in list(network.state_dict().values())[:4]:
                yield value.detach().float().cpu().numpy().tobytes()

    @torch.inference_mode()
    def key_points(
        self,
        face: PreparedFace,
        rows: FloatArray,
        camera: Mapping[str, FloatArray] | None = None,
    ) -> Tensor:
        """Return the (T, 15, 3) float32 key points of all frames.

        Args:
            face: From `prepare`.
            rows: (T, K) float32 driving rows.
            camera: Degrees per frame, (T,), of the axes "yaw", "pitch", "roll" that are not to be
                taken from the rows.
        """
        motion = self._motion(driving_windows(rows))
        angles = head_angles(motion)._replace(
            **{
                axis: torch.as_tensor(degrees, dtype=torch.float32, device=self.device)
                for axis, degrees in (camera or {}).items()
            }
        )
        return place_points(face.canonical, motion, angles)

    def frames(
        self,
        face: PreparedFace,
        rows: FloatArray,
        camera: Mapping[str, FloatArray] | None = None,
        batch_size: int = 1,
    ) -> Iterator[ImageArray]:
        """Yield one (S, S, 3) uint8 RGB frame per driving row; see `key_points`.

        Raises:
            OutOfMemory: The device has no room for a batch of this size.
        """
        yield from self.draw(face, self.key_points(face, rows, camera), batch_size)

    def draw(self, face: PreparedFace, points: Tensor, batch_size: int) -> Iterator[ImageArray]:
        """Yield one (S, S, 3) uint8 RGB frame per (15, 3) key points.

        A graphics card is given the next batches before the frames of one are waited for.

        Raises:
            OutOfMemory: The device has no room for a batch of this size.
            PrecisionLost: The numbers of a batch did not fit into float16; see `widen`.
        """
        ahead = AHEAD if self.device.type == "cuda" else 0
        yield from fetched(self._started(face.source, points, batch_size), ahead)

    @torch.inference_mode()
    def redraw(self, pictures: ImageArray, rows: FloatArray, windows: FloatArray) -> ImageArray:
        """Return pictures of faces with other expressions, each face from its own picture.

        Args:
            pictures: (B, S, S, 3) uint8 RGB.
            rows: (B, K) float32 coefficients of the pictures.
            windows: (B, K, 27) float32 driving rows around each picture.

        Returns:
            (B, S, S, 3) uint8 RGB.

        Raises:
            OutOfMemory: The device has no room for so many pictures.
            PrecisionLost: The numbers did not fit into float16; see `widen`.
        """
        try:
            tensor = torch.from_numpy(pictures.astype(np.float32) / np.float32(255))
            tensor = tensor.to(self.device).permute(0, 3, 1, 2)
            canonical = self._detector(tensor)
            own = self._motion(np.stack([source_window(row) for row in rows]))
            points = place_points(canonical, own, head_angles(own))
            driven = self._motion(windows)
            driving = place_points(canonical, driven, head_angles(driven))
            source = self._generator.encode(tensor, points)
            levels, fits = self._levels(source, driving, len(driving))
            if not fits:
                raise PrecisionLost
            found: ImageArray = levels.cpu().numpy()
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            raise self._full(len(rows)) from error
        return found

    def _full(self, frames: int) -> OutOfMemory:
        """Return the error of a device without room."""
        smaller = "Lower the batch size or choose 256 instead of 512"
        return OutOfMemory(
            f"{self.device} has no room for {frames} frames at once.",
            hint=f"{smaller}." if self.device.type == "cpu" else f"{smaller}, or use the CPU.",
        )

    def widen(self) -> None:
        """Compute everything in float32 from now on."""
        self.dtype = torch.float32
        self._generator.set_precision(torch.float32)

    def _started(self, source: Source, points: Tensor, batch_size: int) -> Iterator[Copy]:
        """Start one batch after the other."""
        for start in range(0, len(points), batch_size):
            driving = points[start : start + batch_size]
            try:
                yield self._start_copy(*self._levels(source, driving, batch_size))
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                raise self._full(len(driving)) from error

    @torch.inference_mode()
    def _levels(self, source: Source, driving: Tensor, batch_size: int) -> tuple[Tensor, Tensor]:
        """Render a batch as (B, S, S, 3) uint8: 255 * value, rounded half to even.

        Returns:
            The levels, and () bool: whether all values fitted into float16 where it is used.
        """
        count = len(driving)
        if self._compiled and count < batch_size:  # a second shape would compile again
            driving = torch.cat([driving, driving[-1:].expand(batch_size - count, -1, -1)])
        picture: Tensor = self._draw(source, driving)
        levels = torch.round(picture[:count] * 255).to(torch.uint8).permute(0, 2, 3, 1)
        fits = torch.isfinite(picture).all() if self.dtype == torch.float16 else torch.tensor(True)
        return levels.contiguous(), fits

    def _motion(self, windows: FloatArray) -> HeadMotion:
        network = self._mapping(windows.shape[1])
        parts = [
            network(torch.from_numpy(windows[start : start + MAPPING_BATCH]).to(self.device))
            for start in range(0, len(windows), MAPPING_BATCH)
        ]
        return HeadMotion(*(torch.cat(heads) for heads in zip(*parts, strict=True)))
