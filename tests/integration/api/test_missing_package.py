"""A server without a package says which one it is, in an answer and in its log."""

import os

from tests.integration.api.conftest import make
from tests.support.api import PREFIX, TALKS, form


def test_without_the_media_library_nothing_is_called_a_bug(tmp_path, monkeypatch):
    absent = tmp_path / "absent"
    absent.mkdir()
    (absent / "av.py").write_text(
        "raise ModuleNotFoundError(\"No module named 'av'\", name='av')\n"
    )
    paths = [str(absent), *filter(None, [os.environ.get("PYTHONPATH")])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))
    site = make("alone", tmp_path)
    site.start()
    try:
        with site.http() as client:
            answer = client.post(TALKS, **form())
            assert answer.status_code == 503
            assert answer.json()["code"] == "package_missing"
            assert "package av " in answer.json()["message"]
            assert client.get(f"{PREFIX}/health").json()["status"] == "ok"
        site.end()
        assert "Traceback" not in site.printed()
        assert not list(site.inputs.iterdir())
    finally:
        site.kill()
