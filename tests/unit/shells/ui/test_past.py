"""The strip of earlier videos: each user's own, and nothing that was not listed for them."""

import pytest

from sadtalker_ext.shells.ui import past, results
from tests.unit.test_history import make


@pytest.fixture
def desk(host):
    make(host.output_dir / "2026-11-26/a.mp4", 1000)
    make(host.output_dir / "2026-11-27/b.mp4", 2000)
    host.history.note(host.output_dir / "2026-11-27/b.mp4", "ann")
    return past._Desk(host)


def listed(answer):
    """The names that an answer lists, out of gallery, names, more and remark."""
    return answer[1]


def test_without_users_everything_is_shown(desk):
    opened, _, *rest = desk.toggle("", False)
    assert opened
    assert listed(rest) == ["2026-11-27/b.mp4", "2026-11-26/a.mp4"]
    assert len(rest[0]) == 2, "a picture for each"
    shown = dict(zip(results.OUTPUTS, desk.play("", 1, listed(rest)), strict=False))
    assert shown["video"].endswith("a.mp4")
    assert "Seed: 7" in shown["parameters"]


def test_users_with_passwords_have_only_their_own(desk, host):
    host._owned = True
    assert listed(desk.toggle("bob", False)[2:]) == []
    assert listed(desk.toggle("ann", False)[2:]) == ["2026-11-27/b.mp4"]
    answer = desk.play("bob", 0, ["2026-11-27/b.mp4"])
    shown = dict(zip(results.OUTPUTS, answer, strict=False))
    assert "not there any more" in shown["status"]
    assert not isinstance(shown["video"], str)
    assert "not there any more" in desk.delete("bob", "yes", "2026-11-27/b.mp4", [])[3]
    assert (host.output_dir / "2026-11-27/b.mp4").exists()


def test_deleting_asks_first(desk, host):
    names = ["2026-11-27/b.mp4", "2026-11-26/a.mp4"]
    desk.delete("", "", names[0], names)
    assert (host.output_dir / names[0]).exists(), "the question was answered with no"
    answer = desk.delete("", "yes", names[0], names)
    assert not (host.output_dir / names[0]).exists()
    assert listed(answer) == names[1:]


def test_a_star_and_a_comparison(desk):
    names = listed(desk.toggle("", False)[2:])
    answer = desk.star("", names[1], names)
    assert listed(answer) == names[::-1], "starred ones come first"
    path, beside, _ = desk.compare("", names[0], "")
    assert path.endswith(names[0])
    assert desk.compare("", names[0], beside)[0] is None, "once more ends it"
