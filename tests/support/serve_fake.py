"""The REST server with an engine that tests steer, as a process that they can kill.

python -m tests.support.serve_fake SETTINGS_AS_JSON
"""

import json
import sys
from pathlib import Path

import uvicorn

from sadtalker_ext.host.standalone import StandaloneHost
from sadtalker_ext.service import Service
from sadtalker_ext.shells.api.app import build_app
from sadtalker_ext.shells.api.auth import basic_auth
from sadtalker_ext.shells.api.settings import ApiSettings, limits_of
from tests.support.under_test import Control, SteeredEngine, SteeredInternet, steered_specs


def main(given):
    control = Control(Path(given["control"]))
    folder = Path(given["folder"])
    specs = steered_specs(SteeredEngine(control, folder))
    settings = ApiSettings(
        folder=folder,
        auth=basic_auth(given["users"]) if given["users"] else None,
        limits=limits_of(**given["limits"]),
        urls=SteeredInternet(control).steer,
        hosts=() if given["users"] else ("127.0.0.1",),
        origins=(given["origin"],),
    )
    app = build_app(Service(StandaloneHost(), specs=specs), settings)
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=given["port"],
        log_level="info",
        timeout_graceful_shutdown=5,
    )


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
