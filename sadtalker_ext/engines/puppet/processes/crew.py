"""How many processes draw beside this one, and how long they live."""

from __future__ import annotations

import os
import threading
import weakref

from sadtalker_ext.children import can_start
from sadtalker_ext.cores import usable_cores
from sadtalker_ext.engines.puppet.processes.board import Board
from sadtalker_ext.engines.puppet.processes.drawer import Drawer, Orders
from sadtalker_ext.engines.puppet.processes.exchange import Message

VARIABLE = "SADTALKER_DRAWING_PROCESSES"
"""Most processes that draw beside the one that encodes; 0 turns them off."""
MOST = 3
"""The one encoder shares the cores with them."""
_MOST_PX = 10_000_000
"""Pixels of the stages of all processes of a crew: about 80 MB a megapixel, and 60 MB a process."""
_LEAST_SECONDS = 4.0
"""Shorter videos are finished before a process is ready."""

_counting = threading.Lock()
_drawers: weakref.WeakSet[Drawer] = weakref.WeakSet()
"""All processes of this one, whoever they draw for."""


def process_count(seconds: float | None, pixels: int) -> int:
    """Return how many processes should draw beside this one.

    Args:
        seconds: Length of the video; None where nobody knows.
        pixels: Of the picture that each of them works on.
    """
    if not can_start() or (seconds is not None and seconds < _LEAST_SECONDS):
        return 0
    asked = os.environ.get(VARIABLE, "").strip()
    most = int(asked) if asked.isdecimal() else min(MOST, usable_cores() - 1)
    return min(most, max(1, _MOST_PX // max(pixels, 1)))


class Crew:
    """The processes that draw for one rig. Whatever happens to it, they end with it."""

    def __init__(self) -> None:
        self._members: list[Drawer] = []
        self._finalizer = weakref.finalize(self, _end, self._members)

    def start(self, count: int, scene: Message, size: tuple[int, int]) -> None:
        """Start processes, as far as other rigs have not got them already; returns at once.

        Args:
            count: How many.
            scene: What they have to know of the rig.
            size: Width and height of frames.
        """
        with _counting:
            busy = sum(one.alive for one in _drawers)
            for _ in range(count - max(busy, len(self._members))):
                member = Drawer(scene, size)
                _drawers.add(member)
                self._members.append(member)

    def __len__(self) -> int:
        return sum(one.alive for one in self._members)

    def draws(self) -> bool:
        """Tell whether any of them is ready by now."""
        return any(one.ready for one in self._members)

    def draw(self, board: Board, orders: Orders) -> None:
        """Let all of them draw rows of a board."""
        for member in self._members:
            member.draw(board, orders)

    def end(self) -> None:
        """End all processes at once."""
        _end(self._members)


def _end(members: list[Drawer]) -> None:
    for member in members:
        member.end()
    members.clear()
