"""Dubbed videos, read back: the mouth says the new words, and nothing else changes."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import av
import cv2
import numpy as np
import pytest

from benchmarks.dubbing import compared, dub_observed
from benchmarks.subject import SPEECH
from sadtalker_ext.dubbing.request import DubRequest, DubRole, DubSegment
from sadtalker_ext.errors import NoFaceFound, NoSuchFace
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.provenance.consent import consent_file
from sadtalker_ext.provenance.verify import verify
from tests.support.dubbing import OTHER, WIDTH, changes, dub, frames_of
from tests.support.footage import times_of, write_footage
from tests.support.media import tone, write_sound


def test_the_mouth_says_the_other_words(video, models, tmp_path):
    output = tmp_path / "dubbed.mp4"
    request = DubRequest(video=video, output=output, roles=(DubRole(speech=SPEECH),), options=OTHER)
    made, rows, _ = dub_observed(request, models)
    assert times_of(output) == times_of(video)
    assert made.frames == len(rows)
    found = compared(video, output, rows, models)
    assert found["filmed_opening_against_intended_r"] < 0.6
    assert found["opening_against_intended_r"] > 0.85
    assert abs(found["best_lag_frames"]) <= 1
    assert found["closures_reached"] >= 0.9 * found["closures"]
    assert found["outside_grey_levels"] < 1.0
    assert found["seam_gradient_ratio"] < 1.1
    assert found["flicker_ratio"] < 1.1


def test_cuts_and_frames_without_a_face(filmed, tools, tmp_path):
    rng = np.random.default_rng(0)
    wall = cv2.resize(rng.integers(0, 255, (6, 6, 3), np.uint8), filmed[0].shape[1::-1])
    other = [frame[:, ::-1] for frame in filmed[20:32]]
    frames = [*filmed[:12], *[wall] * 6, *other]
    path = write_footage(tmp_path / "cut.mp4", frames)
    options = replace(OTHER, consent_by="Ada Example")
    roles = (DubRole(speech=SPEECH),)
    made = dub(tools, path, tmp_path / "out.mp4", *roles, length="cut", options=options)
    assert "sha256_of_file" in consent_file(made.path).read_text(encoding="utf-8")
    assert any("6 of 30 frames do not show the face" in one for one in made.warnings)
    before, after = frames_of(path), frames_of(tmp_path / "out.mp4")
    moved = [changes(a, b).max() for a, b in zip(before, after, strict=True)]
    assert max(moved[12:18]) < 16  # what coding alone does
    assert np.median(moved[3:12]) > 30
    assert np.median(moved[19:]) > 30


@pytest.fixture(scope="module")
def pair(filmed, tmp_path_factory):
    """Two people beside each other."""
    both = [np.hstack([frame, frame[:, ::-1] // 4 * 3 + 20]) for frame in filmed[:12]]
    return write_footage(tmp_path_factory.mktemp("pair") / "pair.mp4", both)


def test_only_the_chosen_face_speaks(pair, tools, tmp_path):
    box = (WIDTH, 0, 2 * WIDTH, 1000)
    dub(tools, pair, tmp_path / "out.mp4", DubRole(speech=SPEECH), box=box)
    halves = np.split(
        np.stack(
            [
                changes(*two)
                for two in zip(frames_of(pair), frames_of(tmp_path / "out.mp4"), strict=False)
            ]
        ),
        2,
        axis=2,
    )
    silent, spoken = halves
    assert spoken[3:].max((1, 2)).mean() > 30
    assert silent.max() < 16


def test_two_roles_in_one_pass(pair, tools, tmp_path):
    roles = (
        DubRole(face="0", segments=(DubSegment(at=0.0, speech=SPEECH),)),
        DubRole(face="1", speech=SPEECH, at=0.2),
    )
    made = dub(tools, pair, tmp_path / "out.mp4", *roles, length="cut")
    assert made.frames == 12
    moved = np.stack(
        [
            changes(*two)
            for two in zip(frames_of(pair), frames_of(tmp_path / "out.mp4"), strict=False)
        ]
    )
    for half in np.split(moved, 2, axis=2):
        assert half[3:].max((1, 2)).mean() > 30


def test_who_is_not_there(filmed, tools, tmp_path):
    video = write_footage(tmp_path / "a.mp4", filmed[:3])
    with pytest.raises(NoSuchFace, match="only one person"):
        dub(tools, video, tmp_path / "out.mp4", DubRole(face="3", speech=SPEECH))
    assert list(tmp_path.iterdir()) == [video]


def test_what_lies_before_the_mouth_stays(filmed, tools, tmp_path):
    """A dark bar goes through the picture, before the mouth."""
    frames = []
    for number, frame in enumerate(filmed[:28]):
        shown = frame.copy()
        if 16 <= number < 24:
            shown[:, 113 + 2 * (number - 20) : 143 + 2 * (number - 20)] = (20, 60, 130)
        frames.append(shown)
    path = write_footage(tmp_path / "bar.mp4", frames)
    dub(tools, path, tmp_path / "out.mp4", DubRole(speech=SPEECH))
    before, after = frames_of(path), frames_of(tmp_path / "out.mp4")
    for number in range(17, 23):
        middle = 128 + 2 * (number - 20)
        bar = np.s_[:, middle - 9 : middle + 9]
        assert changes(before[number][bar], after[number][bar]).max() < 16
    assert (
        np.median([changes(*two).max() for two in zip(before[:15], after[:15], strict=True)]) > 30
    )


def test_no_face_at_all(tools, tmp_path):
    plain = [np.full((64, 64, 3), 90, np.uint8)] * 4
    path = write_footage(tmp_path / "wall.mp4", plain)
    with pytest.raises(NoFaceFound):
        dub(tools, path, tmp_path / "out.mp4", DubRole(speech=SPEECH))


def test_the_sound_and_the_label_lie_where_they_should(pair, tools, tmp_path):
    beep = write_sound(tmp_path / "beep.wav", tone(0.22, 16000), 16000)
    dub(
        tools,
        pair,
        tmp_path / "out.mp4",
        DubRole(speech=beep, at=0.2),
        options=GenerateOptions(seed=1, mark="label"),
    )
    assert changes(frames_of(pair)[0], frames_of(tmp_path / "out.mp4")[0])[-30:, -90:].max() > 60
    with av.open(str(tmp_path / "out.mp4")) as container:
        stream = container.streams.audio[0]
        sound = np.concatenate([f.to_ndarray().mean(0) for f in container.decode(stream)])
        rate = stream.rate
        length = float(stream.duration * stream.time_base)
    loud = np.flatnonzero(np.abs(sound) > 0.1) / rate
    assert loud[0] == pytest.approx(0.2, abs=0.01)
    assert loud[-1] == pytest.approx(0.42, abs=0.01)
    assert length == pytest.approx(float(12 * Fraction(1, 25)), abs=0.001)


def test_a_dubbed_video_carries_every_mark(video, tools, tmp_path):
    output = tmp_path / "out.mp4"
    made = dub(
        tools, video, output, DubRole(speech=SPEECH), options=replace(OTHER, provenance="auto")
    )
    found = verify(output)
    assert made.marks == found.marks
    assert {"metadata", "mark"} <= set(found.marks)
    assert found.credentials is None or (found.credentials.valid and not found.tampered)
    assert not verify(video).mark.found
