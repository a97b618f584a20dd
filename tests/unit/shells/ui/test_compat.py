import pytest

from sadtalker_ext.shells.ui import compat


def quick():
    pass


def again_and_again():
    yield


@pytest.fixture
def options_of(monkeypatch):
    def connect(version, fn, **how):
        monkeypatch.setattr(compat, "version", lambda: version)
        return compat.listen(lambda **options: options, fn, **how)

    return connect


def test_only_what_lasts_goes_through_the_queue_of_gradio_3(options_of):
    assert options_of(3, quick)["queue"] is False
    assert "queue" not in options_of(3, quick, lasting=True)
    assert "queue" not in options_of(3, again_and_again), "gradio 3 streams only from its queue"


@pytest.mark.parametrize("version", [4, 6])
def test_later_versions_choose_themselves(options_of, version):
    for fn in (quick, again_and_again):
        assert "queue" not in options_of(version, fn)
