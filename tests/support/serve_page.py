"""The page beside the REST routes on loopback, with an engine that needs no models.

Runs on gradio 3, 4 and 6; ``sadtalker serve`` itself asks for 6.

    python -m tests.support.serve_page FOLDER PORT USERS [NAME ...]

USERS is JSON, passwords by name. The names are those the server answers to besides loopback, as by
``--allowed-host``.
"""

import inspect
import json
import sys
from pathlib import Path

import uvicorn

from sadtalker_ext.shells.api.app import build_app
from sadtalker_ext.shells.api.auth import basic_auth
from sadtalker_ext.shells.api.media import bounds_of
from sadtalker_ext.shells.api.settings import ApiSettings, limits_of
from sadtalker_ext.shells.ui import compat
from sadtalker_ext.shells.ui.page import PageHost, build_page, mount_page
from sadtalker_ext.shells.ui.uploads import UploadCheck
from tests.support.api import FakeService


def main(folder, port, users, *names):
    settings = ApiSettings(
        folder=folder / "data",
        limits=limits_of(request_mb=1, video_seconds=20, queued=10, megapixels=4),
        auth=basic_auth(users) if users else None,
        hosts=("localhost", "127.0.0.1", "::1", *names),
        public_names=names,
    )
    service = FakeService()
    app = build_app(service, settings)
    results, state = settings.folder / "page", folder / "state"
    uploads = UploadCheck(
        inspector=app.state.sadtalker.inspector, bounds=bounds_of(settings.limits)
    )
    mount = compat.gradio().mount_gradio_app
    if "ssr_mode" in inspect.signature(mount).parameters:
        mount_page(app, service, output_dir=results, state_folder=state, uploads=uploads)
    else:
        blocks, _ = build_page(PageHost(service, results, state_folder=state, uploads=uploads))
        blocks.queue()
        app.router.routes[:] = [
            route for route in app.router.routes if getattr(route, "path", None) != "/"
        ]
        mount(app, blocks, "/")
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="info")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), json.loads(sys.argv[3]), *sys.argv[4:])
