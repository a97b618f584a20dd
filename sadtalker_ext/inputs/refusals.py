"""What is said of a file that could not be looked at in a process of its own."""

from __future__ import annotations

from typing import Any

from sadtalker_ext import errors
from sadtalker_ext.errors import (
    InputTooLarge,
    SadTalkerError,
    UnreadableAudio,
    UnreadableImage,
    UnreadableMotion,
    UnreadableVideo,
)

_UNREADABLE: dict[str, type[SadTalkerError]] = {
    "picture": UnreadableImage,
    "sound": UnreadableAudio,
    "driving": UnreadableVideo,
    "motion": UnreadableMotion,
}


def error_of(answer: dict[str, Any], kind: str, name: str) -> SadTalkerError:
    """Return the error that a child tells of a file, or one for what it cannot name."""
    found = getattr(errors, str(answer.get("class")), None)
    if isinstance(found, type) and issubclass(found, SadTalkerError):
        told, hint, remedy = answer["message"], answer["hint"], answer.get("remedy", "")
        error: SadTalkerError = found(told, hint=hint, remedy=remedy)
        return error
    return _UNREADABLE.get(kind, UnreadableImage)(
        f"{name} cannot be read: it is damaged in an unusual way.",
        hint="Download or export it again.",
    )


def gave_up(kind: str, name: str, seconds: float, *, late: bool) -> SadTalkerError:
    """Return the error of a file at which a child took too long or broke down."""
    if late:
        return InputTooLarge(
            f"{name} should be readable within {seconds:.0f} seconds, but takes longer.",
            hint="Export it again, shorter or smaller.",
        )
    return _UNREADABLE.get(kind, UnreadableImage)(
        f"{name} cannot be read: its decoder broke down, or used more than it may.",
        hint="Export it again, shorter or smaller.",
    )


def too_busy() -> SadTalkerError:
    """Return the error of a file whose turn did not come."""
    words = "Too many other files are being looked at."
    return errors.ResourceError(words, hint="Try again in a moment.")


def ending() -> SadTalkerError:
    """Return the error of a file that nobody looks at any more."""
    return errors.ResourceError("The program is ending.", hint="Try again when it runs again.")
