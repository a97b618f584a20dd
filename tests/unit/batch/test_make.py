"""What a worker that died has left is removed, and nothing else."""

from sadtalker_ext.encoder.output_file import discard_parts, hidden_name


def test_only_unfinished_work_for_the_name_is_removed(tmp_path):
    target = tmp_path / "a.mp4"
    mine = hidden_name(target)
    dub = hidden_name(target, "dub")
    dub.mkdir()
    (dub / "part-00000.mp4").touch()
    mine.touch()
    others = [
        target,
        hidden_name(tmp_path / "a.webm"),
        hidden_name(tmp_path / "ab.mp4"),
        hidden_name(tmp_path / "b.mp4"),
        tmp_path / ".a.part.mp4",
    ]
    for one in others:
        one.touch()
    discard_parts(target)
    assert not mine.exists()
    assert not dub.exists()
    assert all(one.exists() for one in others)


def test_shortened_names_are_left_alone(tmp_path):
    """Those of another long name may look the same."""
    other = hidden_name(tmp_path / f"{'n' * 120}2.mp4")
    other.touch()
    discard_parts(tmp_path / f"{'n' * 120}1.mp4")
    assert other.exists()
