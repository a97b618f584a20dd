"""The servers every test of this folder runs against.

On every run the stand-alone app, and where passwords matter another one that has some. With

    WEBUI_DIR=.../webui WEBUI_PYTHON=.../bin/python pytest -m webui tests/integration/api

a real WebUI in each of three ways. It gets a data folder of its own, so nothing of the user's is
read or changed.
"""

import os

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")
pytest.importorskip("httpx")

from tests.support.sites import USERS, Alone, WebUI

WEBUI = {
    "webui": {},
    "webui with passwords": {"users": USERS},
    "no page with passwords": {"users": USERS, "page": False},
}
ALONE = {"alone": {}, "alone with passwords": {"users": USERS}}


def kinds(*names):
    """Return the named kinds of server as parameters; those of a WebUI need one."""
    return [pytest.param(name, marks=[pytest.mark.webui] * (name in WEBUI)) for name in names]


EVERY = kinds("alone", *WEBUI)
OPEN = kinds("alone", "webui")
LOCKED = kinds(*(name for name in (*ALONE, *WEBUI) if name.endswith("passwords")))


def make(name, folder, **more):
    """Return a server that is not started yet."""
    if name in ALONE:
        return Alone(folder, **ALONE[name], **more)
    if not os.environ.get("WEBUI_DIR"):
        pytest.skip("WEBUI_DIR is not set")
    return WebUI(folder, **WEBUI[name], **more)


@pytest.fixture(scope="session", params=EVERY)
def server(request, tmp_path_factory):
    """One of the servers, for the whole run."""
    made = make(request.param, tmp_path_factory.mktemp("site"))
    made.start()
    yield made
    made.kill()


@pytest.fixture
def site(server):
    """The server, idle, and left idle and unsteered."""
    server.rest()
    yield server
    server.rest()


@pytest.fixture
def client(site):
    with site.http() as opened:
        yield opened
