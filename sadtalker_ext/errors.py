"""All errors this package raises on purpose.

    SadTalkerError             code, message, hint, http_status, exit_code
    ├─ InputError              the sender can fix it (4xx, exit 2)
    │   ├─ InvalidOption   UnreadableImage   UnreadableAudio   UnreadableVideo
    │   ├─ InputTooLarge   SilentAudio       UnreadableMotion
    │   ├─ NoFaceFound     FaceTooSmall      NoSuchFace
    │   └─ OutputExists    OutputUnwritable
    ├─ SetupError              whoever runs the machine can fix it (503, exit 3)
    │   ├─ WeightsMissing  WeightsCorrupt  WeightsMismatch  DownloadFailed
    │   └─ PackageMissing  PackageBroken  HostUnsupported
    ├─ ResourceError           OutOfMemory  DiskFull  WorkerLost (507, exit 4)
    ├─ EncodingError           container, codec, the library's own text (500, exit 5)
    └─ Cancelled               not a failure; never logged as one (499, exit 130)

A message says what was expected, what was found and where; the hint says what to do next.
"""

from __future__ import annotations

import errno
from typing import ClassVar, Final

OVERWRITE: Final = "overwrite"
"""A remedy: what has the name may be replaced."""
FETCH: Final = "weights fetch"
"""A remedy: weight files that can be fetched."""
DUB_IT: Final = "dub"
"""A remedy: the people of a video get other words."""


class SadTalkerError(Exception):
    """Base of every error raised on purpose.

    Attributes:
        message: One sentence: what was expected, what was found, where.
        hint: What to do next; may be empty.
        about: What has to change, where it is known: "picture", "video", "speech" or "consent".
        remedy: What the hint tells to do, by the name of an option, `OVERWRITE`, `FETCH` or
            `DUB_IT`; empty where it tells something else. A shell adds how that is done there.
        code: Stable machine-readable name of the class of problem.
        http_status: Status the REST shell answers with.
        exit_code: Exit status of the command line.
    """

    code: ClassVar[str] = "error"
    http_status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1
    about: str = ""
    remedy: str = ""

    def __init__(self, message: str, *, hint: str = "", about: str = "", remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.about = about or self.about
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()

    def as_dict(self) -> dict[str, str]:
        """Return the machine-readable form used by the CLI's ``--json`` and by REST."""
        told = {"code": self.code, "message": self.message, "hint": self.hint}
        return told | ({"remedy": self.remedy} if self.remedy else {})


class InputError(SadTalkerError):
    """Something the sender gave cannot be used."""

    code = "input_error"
    http_status = 422
    exit_code = 2


class InvalidOption(InputError):
    """An option has an unknown name, or a value outside its range."""

    code = "invalid_option"


class UnreadableImage(InputError):
    """The picture is missing, empty, truncated or not an image."""

    code = "unreadable_image"
    about = "picture"


class UnreadableAudio(InputError):
    """The speech is missing, empty, truncated or has no sound track."""

    code = "unreadable_audio"
    about = "speech"


class UnreadableVideo(InputError):
    """The reference video is missing, empty, damaged or without pictures."""

    code = "unreadable_video"
    about = "video"


class InputTooLarge(InputError):
    """The input exceeds a stated limit (pixels, seconds or bytes)."""

    code = "input_too_large"
    http_status = 413


class SilentAudio(InputError):
    """The sound track holds no signal."""

    code = "silent_audio"
    about = "speech"


class UnreadableMotion(InputError):
    """The motion file is missing, broken, or of an unknown kind."""

    code = "unreadable_motion"


class NoFaceFound(InputError):
    """No face was found in the picture."""

    code = "no_face"
    about = "picture"


class FaceTooSmall(InputError):
    """A face was found, but with too few pixels to animate."""

    code = "face_too_small"
    about = "picture"


class NoSuchFace(InputError):
    """The face index asked for is higher than the number of faces found."""

    code = "no_such_face"
    about = "picture"


class OutputExists(InputError):
    """The output file exists and overwriting was not asked for."""

    code = "output_exists"
    http_status = 409


class OutputUnwritable(InputError):
    """The output cannot be written at the given place."""

    code = "output_unwritable"


class SetupError(SadTalkerError):
    """The installation lacks something."""

    code = "setup_error"
    http_status = 503
    exit_code = 3


class WeightsMissing(SetupError):
    """A weight file was not found in any searched folder."""

    code = "weights_missing"


class WeightsCorrupt(SetupError):
    """A weight file has the wrong size or hash, or is not a weight file at all."""

    code = "weights_corrupt"


class WeightsMismatch(SetupError):
    """A weight file is readable but its keys or shapes do not fit the network."""

    code = "weights_mismatch"


class DownloadFailed(SetupError):
    """A download did not complete."""

    code = "download_failed"


class PackageMissing(SetupError):
    """An optional package is needed and not installed."""

    code = "package_missing"


class PackageBroken(SetupError):
    """A package is installed in a version that is too old or calculates wrongly."""

    code = "package_broken"


class HostUnsupported(SetupError):
    """The WebUI host lacks something this extension needs."""

    code = "host_unsupported"


class ResourceError(SadTalkerError):
    """The machine ran out of something."""

    code = "resource_error"
    http_status = 507
    exit_code = 4


class OutOfMemory(ResourceError):
    """Memory of the device or of the machine was exhausted."""

    code = "out_of_memory"


class DiskFull(ResourceError):
    """No space is left where the result is written."""

    code = "disk_full"


class WorkerLost(ResourceError):
    """A worker process ended in the middle of a job, as often as it was tried."""

    code = "worker_lost"


class EncodingError(SadTalkerError):
    """The video could not be encoded."""

    code = "encoding_failed"
    exit_code = 5


class Cancelled(SadTalkerError):
    """The user stopped the work; not a failure."""

    code = "cancelled"
    http_status = 499
    exit_code = 130


_NO_ROOM = (
    "out of memory",  # CUDA, ROCm, XPU, MPS
    "allocate memory",  # the CPU's allocator on Linux
    "not enough memory",  # the same on Windows
    "not enough gpu video memory",  # DirectML
    "status_alloc_failed",  # cuBLAS, cuDNN
)


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether an error of torch, of numpy or of a device's driver means that memory is full.

    Torch's own class has moved between versions and only some devices raise it; the others raise a
    plain RuntimeError with their own words.
    """
    if isinstance(error, (OutOfMemory, MemoryError)):
        return True
    if any(one.__name__ == "OutOfMemoryError" for one in type(error).__mro__):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and any(words in text for words in _NO_ROOM)


def is_disk_full(error: BaseException) -> bool:
    """Tell whether an error of the system, or of SQLite, means that no space is left."""
    if isinstance(error, DiskFull):
        return True
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
    return type(error).__name__ == "OperationalError" and "disk is full" in str(error)
