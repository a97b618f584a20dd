"""Some hundred damaged files; ``python -m tests.fuzz`` tries as many as one likes."""

import pytest

from tests.fuzz.kinds import KINDS, Reader
from tests.fuzz.mutate import mutated
from tests.support.harm import gif_larger_than_its_canvas, many_scans, matroska_with_gaps

COUNT = 36
"""Of each kind. Enough to see that a whole kind of damage ends in a traceback again."""


ALWAYS = {"weights": {"refused"}, "preset": {"read"}}
"""Those of no network are refused even when they are whole; damaged presets count as none."""


EACH = [pytest.param(kind, marks=pytest.mark.extra if kind == "body" else ()) for kind in KINDS]
"""Bodies of requests are read where the packages of a server are."""


@pytest.fixture(scope="module")
def reader():
    started = Reader()
    yield started
    started.close()


@pytest.mark.parametrize("kind", EACH)
@pytest.mark.filterwarnings("default")
def test_damaged_files_end_in_a_sentence(reader, kind, tmp_path):
    seeds = list(KINDS[kind].seeds(tmp_path))
    outcomes = {}
    for number in range(COUNT):
        original = seeds[number % len(seeds)]
        path = tmp_path / f"mutated{original.suffix}"
        path.write_bytes(mutated(original.read_bytes(), number))
        outcomes[number, original.name] = reader.outcome(kind, path)
    assert not {one: how for one, how in outcomes.items() if how.startswith("FAILED")}
    found = {how.partition(":")[0] for how in outcomes.values()}
    assert found == ALWAYS.get(kind, {"read", "refused"})


@pytest.mark.parametrize("kind", EACH)
def test_good_files_are_read(reader, kind, tmp_path):
    """Or every damaged one would be refused for another reason."""
    for path in KINDS[kind].seeds(tmp_path):
        outcome = reader.outcome(kind, path)
        assert outcome == "read" or path.name in REFUSED, (path.name, outcome)


REFUSED = {"o.json", "w.safetensors", "w.pth"}
"""Good files of another kind: options are no landmarks, and the weights are no network's."""


def test_files_made_to_harm(reader, tmp_path):
    for name, data in (
        ("a.gif", gif_larger_than_its_canvas()),
        ("a.jpg", many_scans(3000)),
        ("a.png", b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + b"\x7f" * 8),
    ):
        (tmp_path / name).write_bytes(data)
        assert reader.outcome("picture", tmp_path / name).startswith("refused")
    (tmp_path / "a.mkv").write_bytes(matroska_with_gaps(rate=1e9, gaps=3))
    assert reader.outcome("sound", tmp_path / "a.mkv").startswith("refused")


def test_a_failure_would_be_seen(reader, tmp_path, monkeypatch):
    def fail(_inspector, _path):
        raise ZeroDivisionError

    monkeypatch.setitem(KINDS, "picture", type(KINDS["picture"])(None, fail))
    assert reader.outcome("picture", tmp_path).startswith("FAILED: Traceback")
