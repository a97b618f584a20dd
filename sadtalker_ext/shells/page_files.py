"""The files of a page: which folder they lie in, and which of its users each one belongs to.

gradio draws a folder for each file that it receives or shows, so that nobody guesses a path. Where
there are users with passwords, a file is besides served only to the user who uploaded it or to whom
it was shown.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any

SENTENCE = (
    "The page opens only files that were uploaded to it or made by it; this request names another "
    "one. Upload the file."
)

_GIVEN_NAME = re.compile(r"[0-9a-f]{32,64}")
"""Name of the folder that gradio draws for each file."""
_MOST_GRANTS = 20_000
_LONGEST_PATH = 8192
_STRING = re.compile(rb'"((?:[^"\\]|\\.)*)"')


def is_admitted(path: Any, folders: tuple[str, ...], *, drawn: bool = False) -> bool:
    """Tell whether a path lies in one of the folders.

    Foreign paths are judged by their letters alone, so that nobody learns what exists; links are
    followed only inside the folders.

    Args:
        path: As a browser sent it.
        folders: What is admitted.
        drawn: Whether the file must lie in a subfolder with a name that nobody guesses.
    """
    if not isinstance(path, str) or "\0" in path or not Path(path).is_absolute():
        return False
    plain = os.path.normpath(path)
    for folder in folders:
        for root in {os.path.normpath(folder), os.path.realpath(folder)}:
            if not _is_below(plain, root):
                continue
            real = os.path.realpath(plain)
            if not _is_below(real, os.path.realpath(folder)):
                return False
            parts = Path(real).relative_to(os.path.realpath(folder)).parts
            return not drawn or (len(parts) == 2 and bool(_GIVEN_NAME.fullmatch(parts[0])))
    return False


def _is_below(path: str, root: str) -> bool:
    return Path(path) != Path(root) and Path(path).is_relative_to(root)


def upload_folders(component: Any = None) -> tuple[str, ...]:
    """Return gradio's folder for uploads and for what it shows; a component may have its own."""
    usual = os.environ.get("GRADIO_TEMP_DIR") or str(Path(tempfile.gettempdir()) / "gradio")
    own = (getattr(component, name, None) for name in ("GRADIO_CACHE", "DEFAULT_TEMP_DIR"))
    return tuple({usual, *(str(one) for one in own if one)})


class Grants:
    """Remembers to which user each file was shown, or by whom it was uploaded.

    Args:
        folders: Where such files lie.
    """

    def __init__(self, folders: tuple[str, ...]) -> None:
        self._folders = folders
        self._known: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._guard = threading.Lock()

    def grant(self, owner: str, path: str) -> None:
        """Let a user have a file; the oldest of very many grants is forgotten."""
        with self._guard:
            self._known[owner, os.path.normpath(path)] = None
            self._known.move_to_end((owner, os.path.normpath(path)))
            while len(self._known) > _MOST_GRANTS:
                self._known.popitem(last=False)

    def allows(self, owner: str, path: str) -> bool:
        """Tell whether a user may have a file."""
        return (owner, os.path.normpath(path)) in self._known

    def grant_all_in(self, owner: str, answer: bytes) -> None:
        """Let a user have every file that an answer to them names."""
        if not any(os.fsencode(folder) in answer for folder in self._folders):
            return
        for found in _STRING.finditer(answer):
            text = _string(found[0])
            if is_admitted(text, self._folders, drawn=True):
                self.grant(owner, text)

    def allows_all_in(self, owner: str, value: Any) -> bool:
        """Tell whether a value of an event names no file in the folders that is another user's."""
        waiting = [value]
        while waiting:
            one = waiting.pop()
            if isinstance(one, dict):
                waiting += one.values()
            elif isinstance(one, list):
                waiting += one
            elif isinstance(one, str) and len(one) < _LONGEST_PATH:
                inside = is_admitted(one, self._folders)
                if inside and not self.allows(owner, one):
                    return False
        return True


class Listener:
    """Reads the answers to one user as they are sent, in pieces of any size.

    Args:
        grants: Told of the files in them.
        owner: The user.
    """

    def __init__(self, grants: Grants, owner: str) -> None:
        self._grants = grants
        self._owner = owner
        self._rest = b""

    def hear(self, piece: bytes) -> None:
        """Take the next piece; a path may be cut in two."""
        text = self._rest + piece
        self._grants.grant_all_in(self._owner, text)
        self._rest = text[-_LONGEST_PATH:]


def served_path(address: str) -> str | None:
    """Return the file that an address of the page asks for; None when it asks for none."""
    found = re.search(r"/file[=/](.+)", address, re.DOTALL)
    return found[1] if found else None


def _string(literal: bytes) -> str:
    try:
        value = json.loads(literal)
    except ValueError:
        return ""
    return value if isinstance(value, str) else ""
