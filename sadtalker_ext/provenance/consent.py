"""A record of consent beside a video: who agreed, when, and to the use of what."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path

from sadtalker_ext import __version__
from sadtalker_ext.encoder.metadata import PROGRAM
from sadtalker_ext.encoder.output_file import explain
from sadtalker_ext.provenance.credentials import SIDECAR
from sadtalker_ext.provenance.hashes import file_hash, picture_hash
from sadtalker_ext.types import Picture

ENDING = ".consent.json"


def consent_file(video: Path) -> Path:
    """Return where the record of a video lies: ``NAME.mp4.consent.json``."""
    return video.with_name(f"{video.name}{ENDING}")


def move_records(video: Path, target: Path) -> None:
    """Give what lies beside a video the names that go with another name of the video."""
    for ending in (SIDECAR, ENDING):
        record = video.with_name(f"{video.name}{ending}")
        if record.exists():
            record.replace(target.with_name(f"{target.name}{ending}"))


def keep_consent(video: Path, source: Picture | Path, who: str) -> None:
    """Write the record of a finished video, as `write_consent`; nothing where nobody is named."""
    if who:
        write_consent(video, source, who)


def write_consent(video: Path, source: Picture | Path, who: str) -> Path:
    """Write the record of a finished video; it replaces one of an earlier video of that name.

    Args:
        video: The video; the record lies beside it and never inside.
        source: What was agreed to: a picture, kept as a hash of its size and pixels, or the video
            that was dubbed, kept as a hash of its bytes.
        who: As given.

    Raises:
        OutputUnwritable: It cannot be written there.
        DiskFull: There is no space.
    """
    record = {
        "consent_by": who,
        "recorded_at": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        **_told(source),
        "video": video.name,
        "program": f"{PROGRAM} {__version__}",
    }
    path = consent_file(video)
    try:
        path.write_text(json.dumps(record, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    except OSError as problem:
        raise explain(problem, path) from problem
    return path


def _told(source: Picture | Path) -> dict[str, dict[str, str | int]]:
    if isinstance(source, Path):
        content = file_hash(source)
        return {"dubbed": {"sha256_of_file": content, "bytes": source.stat().st_size}}
    width, height = source.size
    return {"picture": {"sha256_of_pixels": picture_hash(source), "width": width, "height": height}}
