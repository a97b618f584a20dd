"""The stand-alone page on a free port, for the browser tests; prints the address."""

import argparse
import socket
from pathlib import Path

import fastapi
import uvicorn

from sadtalker_ext.host.standalone import StandaloneHost
from sadtalker_ext.service import Service
from sadtalker_ext.shells.ui.page import mount_page

parser = argparse.ArgumentParser()
parser.add_argument("folder", type=Path)
folder = parser.parse_args().folder

app = fastapi.FastAPI()
service = Service(StandaloneHost(output_dir=folder))
mount_page(app, service, output_dir=folder / "results", state_folder=folder / "state")
listener = socket.create_server(("127.0.0.1", 0))
print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])
