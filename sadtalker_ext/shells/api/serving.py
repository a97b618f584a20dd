"""Our own server: how it runs, and how it ends."""

from __future__ import annotations

import os
import sys
import threading
from types import FrameType
from typing import Any

from sadtalker_ext.shells.api.patience import patient_protocol

OPEN_SECONDS = 5
"""Time for open answers, such as event streams, after the signal to end."""
LAST_SECONDS = 9.5
"""From that signal to the end of the process, whatever still holds on to it."""


def run_server(app: Any, *, host: str, port: int, verbose: bool = False) -> None:
    """Serve an app of `app.build_app` until a signal ends it.

    Args:
        app: What is served.
        host: The address to listen on.
        port: TCP port.
        verbose: Whether each request is logged.
    """
    import uvicorn

    class Server(uvicorn.Server):
        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            if not self.should_exit:
                _begin_to_end(app)
            super().handle_exit(sig, frame)

    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_level="info" if verbose else "warning",
        access_log=verbose,
        server_header=False,
        http=patient_protocol(),
        timeout_graceful_shutdown=OPEN_SECONDS,
    )
    server = Server(config)
    try:
        server.run()
    except KeyboardInterrupt:
        return
    if not server.started:
        sys.exit(3)  # as uvicorn itself does, for example when the port is taken


def _begin_to_end(app: Any) -> None:
    """Let go of uploads that are looked at, and see that the process ends in any case.

    Jobs that do not end in time are in the table; they are made after the next start.
    """
    last = threading.Timer(LAST_SECONDS, os._exit, (0,))
    last.daemon = True
    last.start()
    # not in the handler of the signal, which may have interrupted whoever holds its lock
    closing = threading.Thread(target=app.state.sadtalker.inspector.close, daemon=True)
    closing.start()
