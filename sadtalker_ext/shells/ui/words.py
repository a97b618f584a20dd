"""The small pieces of HTML of the tab. Everything from outside is escaped here."""

from __future__ import annotations

from html import escape

from sadtalker_ext.errors import Cancelled, SadTalkerError
from sadtalker_ext.installing import without_places
from sadtalker_ext.progress import ProgressEvent, overall_share
from sadtalker_ext.shells.ui.working import seconds_left
from sadtalker_ext.types import VideoFile


def progress_html(event: ProgressEvent | None, *, preview: str = "", stopping: bool = False) -> str:
    """Return the bar, the stage in words, the time left and the latest frame.

    It is made anew again and again, so it is no region that is read aloud: `page.js` says each
    stage once.
    """
    done = 0.0 if event is None else overall_share(event.stage, event.done, event.total)
    share = round(100 * done)
    words = "Stopping" if stopping else "Waiting for its turn" if event is None else event.text
    left = None if stopping else seconds_left(event)
    eta = "" if left is None else f"about {duration(left)} left"
    picture = f'<img class="stx-preview" alt="Latest frame" src="{escape(preview)}">'
    state = "stx-running stx-stopping" if stopping else "stx-running"
    return (
        f'<div class="{state}">'
        f'<div class="stx-line"><span class="stx-stage">{escape(words)}</span>'
        f'<span class="stx-eta">{escape(eta)}</span></div>'
        f'<div class="stx-bar" role="progressbar" aria-valuenow="{share}" aria-valuemin="0" '
        f'aria-valuemax="100"><div style="width:{share}%"></div></div>'
        f"{picture if preview else ''}</div>"
    )


def ended_html(task: str) -> str:
    """Return what stands in place of the bar when a job has ended: nothing that is seen."""
    return f'<div class="stx-ended" data-task="{escape(task)}"></div>'


def error_html(
    error: BaseException, details: str = "", *, places: bool = True, action: str = ""
) -> str:
    """Return an error in at most three lines: what happened, what to do, folded details.

    Args:
        error: What happened.
        details: For who runs the server.
        places: Whether to tell where files lie on this machine.
        action: HTML of a button that helps.
    """
    if isinstance(error, Cancelled):
        return note_html("Stopped. Nothing was kept.")
    if isinstance(error, SadTalkerError):
        message, hint, kind = error.message, error.hint, error.code
    elif isinstance(error, MemoryError):
        message, kind = "This machine ran out of memory.", "out_of_memory"
        hint = "Use a smaller picture or a shorter speech."
    else:
        message, kind = "This should not have happened: it is a bug.", "bug"
        hint = "Please report it with the details below."
        details = details or f"{type(error).__name__}: {error}"
    if not places:
        # before the signs are replaced that HTML needs: a path may hold some
        message, hint, details = (without_places(text) for text in (message, hint, details))
    more = ""
    if details:
        more = f"<details><summary>Details</summary><pre>{escape(details)}</pre></details>"
    advice = f'<div class="stx-hint">{escape(hint)}</div>' if hint else ""
    about = error.about if isinstance(error, SadTalkerError) else ""
    return (
        f'<div class="stx-error" role="alert" data-code="{escape(kind)}" '
        f'data-about="{escape(about)}">'
        f"<div><b>{escape(message)}</b></div>{advice}{action}{more}</div>"
    )


def note_html(text: str) -> str:
    """Return a plain remark."""
    return f'<div class="stx-note">{escape(text)}</div>'


def summary_html(video: VideoFile, *, place: bool = True) -> str:
    """Return what was made: facts in one line, the path in another, and any warnings.

    Args:
        video: The video.
        place: Whether its folder is told, too; somebody at another machine need not know it.
    """
    facts = [
        f"{video.seconds:.1f} s",
        f"{video.width}x{video.height}",
        f"{video.engine} engine",
        f"seed {video.seed}",
    ]
    if video.marks:
        facts.append(f"marks: {', '.join(video.marks)}")
    spent = sum(video.timings.values())
    if spent:
        facts.append(f"made in {duration(spent)}")
    if video.partial:
        facts.insert(0, "stopped early")
    items = "<i> · </i>".join(f"<span>{escape(fact)}</span>" for fact in facts)
    notes = "".join(f'<div class="stx-hint">{escape(one)}</div>' for one in video.warnings)
    path = escape(str(video.path) if place else video.path.name)
    return (
        f'<div class="stx-summary"><div class="stx-facts">{items}</div>'
        f'<div class="stx-path" title="{path}">{path}</div>'
        f"{notes}</div>"
    )


def duration(seconds: float) -> str:
    """Return a time as people say it, for example ``45 s`` or ``3 min``."""
    if seconds < 99.5:
        return f"{max(1, round(seconds))} s"
    if seconds < 5400:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"


def size(count: int) -> str:
    """Return a number of bytes as people say it."""
    if count >= 995_000_000:
        return f"{count / 1e9:.1f} GB"
    return f"{max(1, round(count / 1e6))} MB"
