"""The REST server with the fake engine, as a process that tests can kill.

python -m tests.support.serve_fake PORT FOLDER JOURNAL SECONDS_PER_FRAME
"""

import sys
from pathlib import Path

import uvicorn

from sadtalker_ext.shells.api.app import build_app
from sadtalker_ext.shells.api.settings import ApiSettings, Limits
from tests.support.api import FakeService, Journal

if __name__ == "__main__":
    port, folder, journal, pause = sys.argv[1:]
    limits = Limits(body_seconds=3.0, pause_seconds=1.0, body_bytes=2_000_000)
    service = FakeService(Journal(Path(journal), float(pause)))
    app = build_app(service, ApiSettings(folder=Path(folder), limits=limits))
    uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="error", access_log=False)
