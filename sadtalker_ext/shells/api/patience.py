"""How long the server waits for the head of a request.

A client that opens many connections and sends a byte now and then would keep them all for ever:
the server's own clock begins only when a request has been answered. So each connection has a
deadline for the next whole head, which ends only when there is one.
"""

from __future__ import annotations

import asyncio
from typing import Any

HEAD_SECONDS = 15.0


def patient_protocol(seconds: float = HEAD_SECONDS) -> Any:
    """Return a class for uvicorn's argument ``http``.

    Args:
        seconds: From the opening of a connection, or from the first byte of a later request, to
            the end of its head.
    """
    try:
        from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol as Base
    except ImportError:
        from uvicorn.protocols.http.h11_impl import H11Protocol as Base  # type: ignore[assignment]
    return type("PatientProtocol", (_Patient, Base), {"head_seconds": seconds})


class _Patient:
    """What is put before one of uvicorn's protocols."""

    head_seconds: float
    head_deadline: asyncio.TimerHandle | None = None
    transport: Any

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)  # type: ignore[misc]
        self._wait_for_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)  # type: ignore[misc]
        if self._has_head():
            self._stop_waiting()
        elif self.head_deadline is None:
            self._wait_for_head()

    def handle_websocket_upgrade(self, *event: Any) -> None:
        self._stop_waiting()
        super().handle_websocket_upgrade(*event)  # type: ignore[misc]

    def connection_lost(self, problem: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(problem)  # type: ignore[misc]

    def _has_head(self) -> bool:
        cycle = getattr(self, "cycle", None)
        return cycle is not None and not cycle.response_complete

    def _wait_for_head(self) -> None:
        loop = asyncio.get_running_loop()
        self.head_deadline = loop.call_later(self.head_seconds, self._give_up)

    def _stop_waiting(self) -> None:
        if self.head_deadline is not None:
            self.head_deadline.cancel()
            self.head_deadline = None

    def _give_up(self) -> None:
        self.head_deadline = None
        if not self._has_head() and not self.transport.is_closing():
            self.transport.close()
