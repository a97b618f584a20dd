"""What is known about a finished video."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sadtalker_ext.types import Motion


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoFile:
    """A finished video.

    Attributes:
        path: Where it is.
        width: Pixels.
        height: Pixels.
        fps: Frames per second.
        frames: Number of frames.
        seconds: Duration.
        engine: Which engine made it.
        seed: The seed that repeats it.
        partial: Whether the job was cancelled and only the beginning was kept.
        timings: Seconds spent per stage.
        warnings: Sentences about anything that was done differently than asked.
        motion: What the face does, at the video's frame rate; for plots.
        marks: Which marks it carries: metadata, label, c2pa, mark; see docs/provenance.md.
        credentials: The C2PA manifest beside it, where the file cannot hold one.
    """

    path: Path
    width: int
    height: int
    fps: float
    frames: int
    seconds: float
    engine: str
    seed: int
    partial: bool = False
    timings: dict[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    motion: Motion | None = field(default=None, repr=False, compare=False)
    marks: tuple[str, ...] = ()
    credentials: Path | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return everything but the motion as plain values."""
        facts = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "motion"}
        timings = {name: round(seconds, 3) for name, seconds in self.timings.items()}
        credentials = None if self.credentials is None else str(self.credentials)
        return facts | {
            "path": str(self.path),
            "timings": timings,
            "warnings": [*self.warnings],
            "marks": [*self.marks],
            "credentials": credentials,
        }
