import pytest

from tests.support.fake_host import fake_webui


@pytest.fixture
def webui(tmp_path, monkeypatch):
    """Loads modules of a fake WebUI whose data lies in tmp_path."""
    monkeypatch.delenv("SADTALKER_CHECKPOINTS", raising=False)
    monkeypatch.setenv("SADTALKER_HOME", str(tmp_path / "cache"))
    with fake_webui(tmp_path) as load:
        yield load


@pytest.fixture
def host(webui):
    from sadtalker_ext.host.webui import WebUIHost

    return WebUIHost()
