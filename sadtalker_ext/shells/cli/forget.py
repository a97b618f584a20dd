"""``sadtalker forget``: remove what a server stored about somebody."""

from __future__ import annotations

import argparse
import contextlib
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sadtalker_ext.errors import InvalidOption
from sadtalker_ext.jobs import names
from sadtalker_ext.jobs.forgetting import Forgetter
from sadtalker_ext.jobs.ownership import MARKER
from sadtalker_ext.weights.store import cache_folder


def run_forget(parsed: argparse.Namespace) -> dict[str, Any]:
    """Remove what was asked for, and say how much it was.

    Raises:
        InvalidOption: Nothing was asked for, or there is no such data folder.
        SetupError: The folder is not ours, or a server works in it.
    """
    folder = parsed.data_dir.expanduser().absolute()
    days = parsed.older_than
    if days is not None and not (math.isfinite(days) and days >= 0):
        raise InvalidOption(f"--older-than should be at least 0 days, found {days:g}.")
    if not (parsed.user or parsed.job or days is not None or parsed.page or parsed.all):
        raise InvalidOption(
            "Nothing was named that should be forgotten.",
            hint="Give --user NAME, --job ID, --older-than DAYS, --page or --all.",
        )
    if not any((folder / one).is_file() for one in (MARKER, names.DATABASE)):
        raise InvalidOption(
            f"{folder} is no data folder of sadtalker.", hint="Name it by --data-dir."
        )
    with Forgetter(folder) as forgetter:
        chosen: set[str] = set()
        for user in parsed.user:
            chosen |= forgetter.jobs_of(user)
        chosen |= forgetter.known(parsed.job)
        if days is not None:
            chosen |= forgetter.older_than(days * 86400.0)
        if parsed.all:
            chosen |= forgetter.everything()
        jobs = forgetter.forget(chosen)
        videos = sum(_forget_videos(folder / names.PAGE, user) for user in parsed.user)
        everybody = parsed.page or parsed.all
        videos += forgetter.forget_page() if everybody else 0
    state = _forget_page_state() if everybody else _forget_presets(parsed.user)
    if not parsed.json:
        print(f"{jobs} jobs, {videos} videos of the page and {state} files of its state forgotten")
    return {"jobs": jobs, "page_videos": videos, "page_state": state}


def _forget_presets(users: Sequence[str]) -> int:
    """Remove the presets that some users keep on the page."""
    from sadtalker_ext.presets import PresetBook

    return sum(PresetBook(cache_folder() / "page", user).forget() for user in users if user)


def _forget_videos(folder: Path, user: str) -> int:
    """Remove the videos that a user made in the page; returns how many."""
    from sadtalker_ext.history import History

    if not folder.is_dir():
        return 0
    history = History(folder, cache_folder() / "page")
    owned = history.owned_by(user)
    for name in owned:
        history.delete(name, owner=user)
    return len(owned)


def _forget_page_state() -> int:
    """Remove what the page keeps elsewhere: ticks, presets, stars and small pictures."""
    from sadtalker_ext.history import TABLE
    from sadtalker_ext.presets import FILES

    removed = 0
    page: Path = cache_folder() / "page"
    posters = (page / "posters").glob(f"{'[0-9a-f]' * 32}.jpg")
    presets = [path for pattern in FILES for path in page.glob(pattern)]
    for path in (page / "consent.txt", page / TABLE, *presets, *posters):
        with contextlib.suppress(OSError):
            path.unlink()
            removed += 1
    return removed
