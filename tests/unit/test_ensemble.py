"""Several people of one picture: who is whose, and who attends to whom."""

import dataclasses

import numpy as np
import pytest

from sadtalker_ext.dubbing.picture import is_picture, picture_parts
from sadtalker_ext.dubbing.request import DubRequest, DubRole, DubSegment
from sadtalker_ext.engines.puppet.bystanders import bystanders, own_part
from sadtalker_ext.engines.puppet.stage import view_stage
from sadtalker_ext.ensemble import Speaking, listening
from sadtalker_ext.errors import FaceTooSmall, InvalidOption
from sadtalker_ext.motion.controls import CONTROLS
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.progress import Progress
from sadtalker_ext.shot.territory import territories
from sadtalker_ext.types import Face, FollowedFace, Motion, Shot
from tests.support.media import speech_like, write_sound


def face(x, y, size=60):
    points = np.array(
        [[x - size / 2, y - size / 2, 0], [x + size / 2, y + size / 2, 0]], np.float32
    )
    return Face(points=points, box=(0, 0, 1, 1), score=1.0)


def still(frames=100):
    zero = np.zeros((frames, 2), np.float32)
    return Motion(
        fps=25.0,
        head=np.zeros((frames, 3), np.float32),
        lids=zero,
        gaze=zero.copy(),
        controls=np.zeros((frames, len(CONTROLS)), np.float32),
        names=CONTROLS,
    )


def test_every_pixel_belongs_to_somebody():
    faces = [face(80, 60), face(240, 70, 50), face(400, 60)]
    shares = territories(faces, (480, 200))
    np.testing.assert_allclose(np.sum(shares, axis=0), 1.0, atol=1e-5)
    for share, x in zip(shares, (80, 240, 400), strict=True):
        # the face and the body under it
        assert share[40:80, x - 30 : x + 30].min() > 0.99
        assert share[190, x] > 0.99


def test_one_person_has_everything():
    assert territories([face(40, 40)], (80, 80))[0].min() == 1.0


def test_who_stands_beside_the_one_that_is_moved_is_no_part_of_them():
    """Without this the head of a neighbour floats along with that of the speaker."""
    picture = np.zeros((200, 480, 3), np.uint8)
    me, beside, double = face(80, 60), face(240, 70), face(90, 75, 40)
    view = view_stage(picture, me, "full")
    mask = np.ones(view.pixels.shape[:2], np.float32)
    own = own_part(mask, view, me, [beside, double])
    assert own[20:100, 40:120].min() > 0.99, "what is found at the same place is the same person"
    assert own[30:110, 200:280].max() < 0.01
    assert own_part(mask, view, me, [double]) is mask
    # a smaller stage, as of a large picture
    small = dataclasses.replace(view, points=view.points / 2, scale=0.5, pixels=picture[::2, ::2])
    halved = own_part(mask[::2, ::2], small, me, [beside])
    np.testing.assert_allclose(halved, own[::2, ::2], atol=0.05)


@pytest.mark.parametrize("index", [0, 1])
def test_bystanders_are_all_other_faces_with_pixels_enough(index):
    faces = [dataclasses.replace(face(80, 60), index=place, count=3) for place in range(2)]

    def follow(place):
        if place == 2:
            raise FaceTooSmall("Too small.")
        return FollowedFace(index=place, at=lambda _: faces[place])

    shot = Shot(picture=None, frames=None, face=follow)
    assert bystanders(shot, faces[index]) == [faces[1 - index]]


def test_who_is_silent_looks_at_the_speaker():
    faces = [face(80, 60), face(300, 60)]
    speaking = [Speaking(spans=((0.0, 2.0),)), Speaking(spans=((2.0, 4.0),))]
    left, right = listening([still(), still()], faces, speaking, seed=1)
    # the right one listens first, and looks to the left; then the other way round
    assert right.gaze[10:40, 0].max() < -5
    assert abs(left.gaze[10:40, 0]).max() < 1
    assert left.gaze[65:90, 0].min() > 5
    assert abs(right.gaze[65:90, 0]).max() < 1
    assert right.head[25, 0] < -2 < 2 < left.head[75, 0]


def test_nobody_attends_to_silence():
    faces = [face(80, 60), face(300, 60)]
    silent = [Speaking(spans=()), Speaking(spans=())]
    for motion in listening([still(), still()], faces, silent, seed=1):
        assert not motion.gaze.any()
        assert not motion.head.any()


def asked(tmp_path, *roles):
    request = DubRequest(video=tmp_path / "group.png", output=tmp_path / "o.mp4", roles=roles)
    return picture_parts(request, tmp_path, Progress(), None)


def test_what_everybody_says(tmp_path):
    sound = write_sound(tmp_path / "a.wav", speech_like(0.5, 16000), 16000)
    parts, heard, _ = asked(
        tmp_path,
        DubRole(face="1", speech=sound),
        DubRole(segments=(DubSegment(at=0.8, speech=sound),)),
        DubRole(),
    )
    assert [part.face for part in parts] == [1, 0, 2]
    assert parts[1].spans == ((0.8, pytest.approx(1.3)),)
    assert parts[2].speech is None
    assert heard.seconds == pytest.approx(1.6)
    assert parts[0].speech.seconds == heard.seconds


def test_a_role_takes_its_own_part_of_a_sound(tmp_path):
    sound = write_sound(tmp_path / "a.wav", speech_like(1.0, 16000), 16000)
    roles = (DubRole(speech=sound), DubRole(speech=sound, at=1.0, start=0.0, end=0.0, track=0))
    request = DubRequest(
        video=tmp_path / "group.png",
        output=tmp_path / "o.mp4",
        roles=roles,
        options=GenerateOptions(audio_start=0.2, audio_end=0.6),
    )
    parts, _, _ = picture_parts(request, tmp_path, Progress(), None)
    assert parts[0].spans == ((0.0, pytest.approx(0.4)),)
    assert parts[1].spans == ((1.0, pytest.approx(2.0)),)


@pytest.mark.parametrize("faces", [("0", "0"), ("all", "1")])
def test_one_face_has_one_role(tmp_path, faces):
    sound = write_sound(tmp_path / "a.wav", speech_like(0.5, 16000), 16000)
    with pytest.raises(InvalidOption):
        asked(tmp_path, *(DubRole(face=one, speech=sound) for one in faces))


def test_pictures_are_known_by_name(tmp_path):
    assert is_picture(tmp_path / "a.JPG")
    assert not is_picture(tmp_path / "a.mp4")
