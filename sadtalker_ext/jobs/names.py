"""What is ours in a data folder, by name alone; see `folder` for what the names mean."""

from __future__ import annotations

import re
import secrets

from sadtalker_ext.options import SUFFIXES as FORMATS
from sadtalker_ext.unfinished import FOLDERS, PROBE, part, read_name, unfinished_name

SUFFIXES = tuple(FORMATS.values())
CAPTIONS = (".srt", ".vtt")
RECORDS = (".c2pa", ".consent.json")
"""Added to a video's name: what lies beside it and goes with it; see docs/provenance.md."""
INPUTS, RESULTS, PAGE = "inputs", "results", "page"
DATABASE, LOCK, SECRET = "jobs.sqlite3", "jobs.lock", "webhook.secret"
IMAGE, AUDIO, REFERENCE, MOTION = "source_image", "audio", "reference_video", "motion_in"
MOST_SPEECHES = 8
SPEECHES = tuple(f"speech_{number}" for number in range(MOST_SPEECHES))
"""What the roles of a dubbing say."""
UPLOADS = (IMAGE, AUDIO, REFERENCE, MOTION, *SPEECHES)
"""Files in a job's folder of uploads."""

_BESIDE = ("-wal", "-shm", "-journal")
OURS = {INPUTS, RESULTS, PAGE, DATABASE, LOCK, SECRET} | {
    f"{file}{ending}" for file in (DATABASE, LOCK) for ending in _BESIDE
}
"""Everything that versions without a marker put into a data folder."""

_ID = r"tlk_[A-Za-z0-9_-]{22}"
_ENDINGS = "|".join(re.escape(one) for one in SUFFIXES)
_VIDEO = re.compile(rf"({_ID})(?:{_ENDINGS})")
_RECORDS = "|".join(re.escape(one) for one in RECORDS)
_BESIDE_VIDEO = re.compile(rf"{_ID}(?:\.srt|\.vtt|(?:{_ENDINGS})(?:{_RECORDS}))")
_WORK = (PROBE, *FOLDERS, *map(part, SUFFIXES))
"""Endings of what is not finished."""
_PAGE_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_PAGE_FILE = re.compile(rf"\d{{4}}-[\w.-]+(?:{_ENDINGS}|\.srt|\.vtt)(?:{_RECORDS})?")
_PAGE_STEM = re.compile(r"\d{4}-[\w.-]+")
_STOPPED = re.compile(rf"({_ID})\.partial(?:-\d+)?(?:{_ENDINGS})(?:{_RECORDS})?")


def new_id() -> str:
    """Return a random id of 128 bits."""
    return f"tlk_{secrets.token_urlsafe(16)}"


def is_id(text: str) -> bool:
    """Tell whether a text could have come from `new_id`."""
    return re.fullmatch(_ID, text) is not None


def video_id(name: str) -> str:
    """Return the job whose finished video has this name; empty when it is no such name."""
    found = _VIDEO.fullmatch(name)
    return found[1] if found else ""


def stopped_id(name: str) -> str:
    """Return the job whose kept beginning of a video has this name; empty when it is none."""
    found = _STOPPED.fullmatch(name)
    return found[1] if found else ""


def is_result_of(job_id: str, name: str) -> bool:
    """Tell whether a file of this name is the video of a job, or lies beside it."""
    named = _VIDEO.fullmatch(name) or _BESIDE_VIDEO.fullmatch(name)
    return named is not None and name.startswith(f"{job_id}.")


def unfinished_video(job_id: str, suffix: str) -> str:
    """Return a name for the video of a job while it is being written; see `is_unfinished`."""
    return unfinished_name(job_id, part(suffix))


def is_unfinished(name: str) -> bool:
    """Tell whether a file or folder of this name is a video that was being made."""
    found = read_name(name)
    return found is not None and found.ending in _WORK and is_id(found.stem)


def is_page_day(name: str) -> bool:
    """Tell whether a folder of this name could hold the page's videos of one day."""
    return _PAGE_DAY.fullmatch(name) is not None


def is_page_file(name: str) -> bool:
    """Tell whether a file of this name could be a video that the page numbered."""
    return _PAGE_FILE.fullmatch(name) is not None


def is_page_unfinished(name: str) -> bool:
    """Tell whether a file or folder of this name is a video of the page that was being made."""
    found = read_name(name)
    return (
        found is not None and found.ending in _WORK and _PAGE_STEM.fullmatch(found.stem) is not None
    )


def is_ours(name: str) -> bool:
    """Tell whether a file among the results has a name that we give."""
    known = video_id(name) or stopped_id(name) or _BESIDE_VIDEO.fullmatch(name)
    return bool(known) or is_unfinished(name)
