"""A video in place of the portrait."""

from pathlib import Path

import numpy as np
import pytest

from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.shells.ui import dub_job
from sadtalker_ext.shells.ui.consent import ConsentBook
from sadtalker_ext.shells.ui.face_editor import PointBook
from sadtalker_ext.shells.ui.sources import SourceLooker
from tests.support.footage import write_footage


def test_the_still_is_upright_and_has_faded_in(tmp_path):
    black, shown = np.zeros((48, 64, 3), np.uint8), np.zeros((48, 64, 3), np.uint8)
    shown[:, :32] = 200
    path = write_footage(tmp_path / "a.mp4", [black, black, shown])
    assert dub_job.still_of(path).pixels[24, :20].mean() > 150


def test_one_colour_all_along_is_a_still_too(tmp_path):
    path = write_footage(tmp_path / "a.mp4", [np.zeros((48, 64, 3), np.uint8)] * 3)
    assert dub_job.still_of(path).pixels.shape == (48, 64, 3)


@pytest.fixture
def looker(host, tmp_path):
    return SourceLooker(host, ConsentBook(tmp_path / "ticks"), PointBook(None))


def test_each_source_is_asked_for_on_its_own(looker, portrait, tmp_path):
    """Drop a photo, a video, tick for one, and switch."""
    video = write_footage(tmp_path / "a.mp4", [np.zeros((48, 64, 3), np.uint8)] * 2)

    def asks(kind, *, with_video=True, with_photo=True):
        updates = looker.switched(
            kind, str(video) if with_video else None, str(portrait) if with_photo else None
        )
        *panes, group, tick = updates
        assert [one["visible"] for one in panes] == [kind == "Video", kind == "Picture"]
        assert tick["value"] is False
        assert ("video" in tick["label"]) == (kind == "Video")
        return group["visible"]

    assert asks("Video")
    assert asks("Picture")
    assert not asks("Video", with_video=False)
    assert asks("Picture", with_video=False), "the photo is still there"
    looker._consent.remember(video)
    assert not asks("Video")
    assert asks("Picture")


@pytest.mark.parametrize(
    ("words", "between"), [("All of it", 1.0), ("Nothing of it", 0.0), (None, 0.3)]
)
def test_the_sound_in_pauses_is_as_loud_as_was_chosen(words, between):
    values = {"keep_audio": 0.3, "keep_outside": words, "source_kind": "Video"}
    asked = dub_job.request_of(
        values, GenerateOptions(), source=Path("a.mp4"), speech=Path("b.wav"), output=Path("c.mp4")
    )
    assert (asked.keep_audio, asked.between) == (0.3, between)
