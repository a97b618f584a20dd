"""The part of glTF 2.0 that animations of faces need, as one binary file (GLB).

A file is a header, a chunk of JSON and a chunk of numbers; accessors say where in the numbers an
array lies (Khronos glTF 2.0, sections 3.6 and 4.4).
"""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
import numpy.typing as npt

from sadtalker_ext.types import FloatArray

_MAGIC, _JSON, _BINARY = b"glTF", b"JSON", b"BIN\0"
_FLOAT = 5126
_WIDTHS = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}
_MOST_FRAMES = 1_000_000


class Writer:
    """Collects nodes and their movement.

    Args:
        times: (T,) seconds of the key frames, which all movements share.
    """

    def __init__(self, times: npt.NDArray[np.float64]) -> None:
        self._data = b""
        self._nodes: list[dict[str, Any]] = []
        self._roots: list[int] = []
        self._samplers: list[dict[str, Any]] = []
        self._channels: list[dict[str, Any]] = []
        self._accessors: list[dict[str, Any]] = []
        self._views: list[dict[str, Any]] = []
        self._times = self._array(times.astype(np.float32)[:, None], "SCALAR")
        self._accessors[0] |= {"min": [float(times[0])], "max": [float(times[-1])]}

    def node(
        self,
        name: str,
        *,
        translation: tuple[float, float, float] = (0.0, 0.0, 0.0),
        parent: int | None = None,
    ) -> int:
        """Add a node and return its number."""
        number = len(self._nodes)
        self._nodes.append({"name": name, "translation": [*translation]})
        if parent is None:
            self._roots.append(number)
        else:
            self._nodes[parent].setdefault("children", []).append(number)
        return number

    def move(self, node: int, places: FloatArray) -> None:
        """Move a node to (T, 3) places."""
        self._animate(node, "translation", self._array(places, "VEC3"))

    def turn(self, node: int, turns: FloatArray) -> None:
        """Turn a node by (T, 4) quaternions."""
        self._animate(node, "rotation", self._array(turns, "VEC4"))

    def file(self, extension: str, told: dict[str, Any]) -> bytes:
        """Return the file, with the object of an extension."""
        document = {
            "asset": {"version": "2.0", "generator": "SadTalker for Stable Diffusion WebUI"},
            "extensionsUsed": [extension],
            "extensions": {extension: told},
            "scene": 0,
            "scenes": [{"nodes": self._roots}],
            "nodes": self._nodes,
            "animations": [{"samplers": self._samplers, "channels": self._channels}],
            "accessors": self._accessors,
            "bufferViews": self._views,
            "buffers": [{"byteLength": len(self._data)}],
        }
        text = json.dumps(document, separators=(",", ":")).encode("ascii")
        text += b" " * (-len(text) % 4)
        chunks = [(_JSON, text), (_BINARY, self._data)]
        body = b"".join(struct.pack("<I4s", len(part), kind) + part for kind, part in chunks)
        return struct.pack("<4sII", _MAGIC, 2, 12 + len(body)) + body

    def _array(self, rows: FloatArray, kind: str) -> int:
        data = rows.astype("<f4").tobytes()
        self._views.append({"buffer": 0, "byteOffset": len(self._data), "byteLength": len(data)})
        self._data += data
        self._accessors.append(
            {
                "bufferView": len(self._views) - 1,
                "componentType": _FLOAT,
                "count": len(rows),
                "type": kind,
            }
        )
        return len(self._accessors) - 1

    def _animate(self, node: int, path: str, output: int) -> None:
        sampler = {"input": self._times, "output": output, "interpolation": "LINEAR"}
        self._samplers.append(sampler)
        target = {"node": node, "path": path}
        self._channels.append({"sampler": len(self._samplers) - 1, "target": target})


class Reader:
    """A binary glTF file's first animation.

    Args:
        data: The file.

    Attributes:
        document: Its JSON.

    Raises:
        ValueError: It is no such file.
    """

    def __init__(self, data: bytes) -> None:
        if len(data) < 20 or data[:4] != _MAGIC:
            raise ValueError("it is no binary glTF")
        chunks: dict[bytes, bytes] = {}
        place = 12
        while place + 8 <= len(data):
            size, kind = struct.unpack_from("<I4s", data, place)
            chunks.setdefault(kind, data[place + 8 : place + 8 + size])
            place += 8 + size
        try:
            self.document: dict[str, Any] = json.loads(chunks[_JSON])
        except RecursionError:
            raise ValueError("its JSON is nested too deeply") from None
        self._numbers = chunks.get(_BINARY, b"")
        animation = self.document["animations"][0]
        self._moved = {
            (one["target"]["node"], one["target"]["path"]): animation["samplers"][one["sampler"]]
            for one in animation["channels"]
            if "node" in one["target"]
        }

    def times(self, fps: float) -> npt.NDArray[np.float64]:
        """Return the times of frames, (T,) seconds: at a rate, or 0 for that of the key frames."""
        keys = [self._array(sampler["input"])[:, 0] for sampler in self._moved.values()]
        end = max(float(times[-1]) for times in keys)
        longest = max(keys, key=len)
        if len(longest) == 1:  # one pose, whatever the rate
            return np.asarray(longest, np.float64)
        if not fps:
            if len(longest) < 2 or longest[-1] <= longest[0]:
                raise ValueError("it has fewer than two key frames")
            fps = (len(longest) - 1) / float(longest[-1] - longest[0])
        count = round(end * fps) + 1
        if not 0 < count <= _MOST_FRAMES:
            raise ValueError("it is too long")
        return np.arange(count) / fps

    def weight(self, node: int, times: npt.NDArray[np.float64]) -> FloatArray:
        """Return the X translation of a node at some times, (T,) float32."""
        return self._at(node, "translation", times, [0.0, 0.0, 0.0])[:, 0]

    def turn(self, node: int, times: npt.NDArray[np.float64]) -> FloatArray:
        """Return the rotation of a node at some times, (T, 4) float32, about of length 1."""
        return self._at(node, "rotation", times, [0.0, 0.0, 0.0, 1.0])

    def _at(
        self, node: int, path: str, times: npt.NDArray[np.float64], rest: list[float]
    ) -> FloatArray:
        sampler = self._moved.get((node, path))
        if sampler is None:
            still = self.document["nodes"][node].get(path, rest)
            return np.tile(np.array(still, np.float32), (len(times), 1))
        keys, values = self._array(sampler["input"])[:, 0], self._array(sampler["output"])
        kind = sampler.get("interpolation", "LINEAR")
        if kind == "CUBICSPLINE":
            values = values[1::3]  # between tangents; straight lines are close enough for faces
        if len(values) != len(keys):
            raise ValueError("a sampler's input and output differ in length")
        if kind == "STEP":
            last = np.clip(np.searchsorted(keys, times + 1e-6, side="right") - 1, 0, None)
            return values[last]
        columns = [np.interp(times, keys, column) for column in values.T]
        return np.stack(columns, axis=1).astype(np.float32)

    def _array(self, number: int) -> FloatArray:
        accessor = self.document["accessors"][number]
        view = self.document["bufferViews"][accessor["bufferView"]]
        width, count = _WIDTHS[accessor["type"]], int(accessor["count"])
        if accessor["componentType"] != _FLOAT or not 0 < count <= 3 * _MOST_FRAMES:
            raise ValueError("numbers should be floats")
        first = int(view.get("byteOffset", 0)) + int(accessor.get("byteOffset", 0))
        step = int(view.get("byteStride", 4 * width))
        end = first + step * (count - 1) + 4 * width
        if first < 0 or step < 4 * width or end > len(self._numbers):
            raise ValueError("an array lies outside of the file")
        found = np.ndarray((count, width), "<f4", self._numbers, first, (step, 4))
        if not np.isfinite(found).all():
            raise ValueError("a number is infinite")
        return found.astype(np.float32)
