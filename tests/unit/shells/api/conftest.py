import pytest

pytest.importorskip("fastapi")
pytest.importorskip("httpx")

from contextlib import contextmanager

from fastapi.testclient import TestClient

from sadtalker_ext.shells.api.app import build_app
from sadtalker_ext.shells.api.settings import ApiSettings
from tests.support.api import FakeService, Internet, Journal


@pytest.fixture
def engine():
    return Journal()


@pytest.fixture
def internet():
    return Internet()


@pytest.fixture
def serve(tmp_path, engine, internet):
    """Open an app with some settings; yields a client that has `state`."""

    @contextmanager
    def opened(**settings):
        settings = {"folder": tmp_path / "data", "urls": internet.policy, **settings}
        app = build_app(FakeService(engine), ApiSettings(**settings))
        with TestClient(app) as client:
            client.sadtalker = app.state.sadtalker
            yield client
            engine.free.set()

    return opened


@pytest.fixture
def client(serve):
    with serve() as opened:
        yield opened


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One app for tables of requests that leave nothing behind."""
    settings = ApiSettings(folder=tmp_path_factory.mktemp("shared"), urls=Internet().policy)
    app = build_app(FakeService(Journal()), settings)
    with TestClient(app) as client:
        client.sadtalker = app.state.sadtalker
        yield client
