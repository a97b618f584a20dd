"""What the processes that draw tell each other: words and arrays over pipes, and shared memory.

A message is one line of JSON with words and the names, types and shapes of arrays, followed by the
bytes of these. Frames are too large for a pipe: they lie in memory that both processes see.
"""

from __future__ import annotations

import json
import math
import mmap
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from sadtalker_ext.types import ImageArray

Arrays = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Message:
    """What one process tells the other.

    Attributes:
        words: Anything JSON can say.
        arrays: Arrays by their names.
    """

    words: dict[str, Any]
    arrays: Arrays


def send(stream: IO[bytes], words: Mapping[str, Any], arrays: Arrays | None = None) -> None:
    """Write a message and flush.

    Raises:
        OSError: Nobody reads any more.
    """
    plain = {name: np.ascontiguousarray(array) for name, array in (arrays or {}).items()}
    shapes = [(name, array.dtype.str, array.shape) for name, array in plain.items()]
    stream.write(json.dumps([words, shapes]).encode() + b"\n")
    for array in plain.values():
        if array.size:
            stream.write(array.data.cast("B"))
    stream.flush()


def receive(stream: IO[bytes]) -> Message | None:
    """Read a message; None at the end.

    Raises:
        OSError: The other side has ended in the middle of a message.
    """
    line = stream.readline()
    if not line.endswith(b"\n"):
        return None
    words, shapes = json.loads(line)
    arrays = {}
    for name, dtype, shape in shapes:
        array = np.empty(shape, np.dtype(dtype))
        if array.size and stream.readinto(array.data.cast("B")) != array.nbytes:  # type: ignore[attr-defined]
            raise OSError("The message is cut off.")
        arrays[name] = array
    return Message(words=words, arrays=arrays)


class SharedFrames:
    """Memory for a few frames of one size, seen by two processes; nothing is left of it on disk.

    Linux gives memory without a name, which the other process inherits by its number. Elsewhere a
    temporary file stands for it, which the system keeps in memory as far as it likes. It may be
    inherited before anybody knows how large it has to be.

    Attributes:
        place: How the other process finds it, see `shared_frames`.
        inherited: File descriptors which that process has to be given.

    Raises:
        OSError: There is no memory of that kind.
    """

    def __init__(self) -> None:
        self._file: Path | None = None
        self._frames: ImageArray = np.empty((0, 0, 0, 3), np.uint8)
        if hasattr(os, "memfd_create"):
            number = os.memfd_create("sadtalker-frames")
            self.inherited: tuple[int, ...] = (number,)
            self.place: str | int = number
        else:
            number, name = tempfile.mkstemp(prefix="sadtalker-frames-")
            if os.name == "posix":  # macOS: without its name it goes with the last who has it open
                Path(name).unlink()
                self.inherited, self.place = (number,), number
            else:
                self._file = Path(name)
                self.inherited, self.place = (), name
        self._number = number

    def lay_out(self, count: int, size: tuple[int, int]) -> None:
        """Make room for so many frames of a width and height.

        Raises:
            OSError: There is none.
        """
        shape = count, size[1], size[0], 3
        os.ftruncate(self._number, math.prod(shape))
        self._frames = _mapped(self._number, shape)

    def frame(self, index: int, *, planes: bool = False) -> ImageArray:
        """Return a copy of one frame, (h, w, 3) uint8, or of what is in it as `planes_in`."""
        frame: ImageArray = self._frames[index]
        return (planes_in(frame) if planes else frame).copy()

    def close(self) -> None:
        """Let go of the memory; safe to call twice."""
        if self._number >= 0:
            os.close(self._number)
            self._number = -1
        self._frames = np.empty((0, 0, 0, 3), np.uint8)
        if self._file is not None:
            with suppress(OSError):  # the other process may still have it open, on Windows
                self._file.unlink(missing_ok=True)


def planes_in(frame: ImageArray) -> ImageArray:
    """Return the memory of an (h, w, 3) frame as (h * 3 / 2, w): its planes need half of it."""
    height, width = frame.shape[:2]
    return frame.reshape(-1)[: height * width * 3 // 2].reshape(height * 3 // 2, width)


def shared_frames(place: str | int, shape: tuple[int, ...]) -> ImageArray:
    """Return the frames (N, h, w, 3) uint8 of another process's `SharedFrames`, to be written."""
    if isinstance(place, int):
        return _mapped(place, shape)
    with Path(place).open("r+b") as file:
        return _mapped(file.fileno(), shape)


def _mapped(number: int, shape: tuple[int, ...]) -> ImageArray:
    memory = mmap.mmap(number, math.prod(shape))
    return np.frombuffer(memory, np.uint8).reshape(shape)
