"""Motion as files: what goes out comes back, and files by the letter of each format are read."""

import json
import struct

import numpy as np
import pytest

from sadtalker_ext.blendshapes import BLENDSHAPES, COLUMN
from sadtalker_ext.errors import InvalidOption, UnreadableMotion
from sadtalker_ext.motion.controls import (
    BREATH,
    BROW,
    CONTROLS,
    JAW,
    PRESS,
    RELAX,
    ROUND,
    TONGUE,
    WIDE,
)
from sadtalker_ext.motion.formats import live2d, live_link, vrma
from sadtalker_ext.motion.formats.files import SUFFIXES, motion_bytes, read_motion
from sadtalker_ext.motion.formats.weights import FaceWeights, from_weights, to_weights
from sadtalker_ext.types import Motion

FRAMES = 60


def random_motion(seed=0, *, face=True, view=True):
    """A motion in which everything moves, within what a face does."""
    random = np.random.default_rng(seed)

    def wave(low, high, columns):
        return random.uniform(low, high, (FRAMES, columns)).astype(np.float32)

    controls = wave(0, 1, len(CONTROLS))
    controls[:, [BROW, BREATH]] = wave(-1, 1, 2)
    seen = wave(-20, 20, 3)
    seen[::2] = np.nan
    directed = np.where(wave(0, 1, 52) > 0.7, wave(0, 1, 52), 0).astype(np.float32)
    return Motion(
        fps=25.0, head=wave(-15, 15, 3), lids=wave(0, 1, 2), gaze=wave(-20, 20, 2),
        controls=controls, names=CONTROLS, view=seen if view else None,
        face=directed if face else None,
    )  # fmt: skip


def random_weights(seed=0):
    random = np.random.default_rng(seed)
    shapes = random.uniform(0, 1, (FRAMES, 52)).astype(np.float32)
    # one symmetric part, so that both ways of coming back are taken
    shapes[::2, COLUMN["mouthStretchLeft"]] = shapes[::2, COLUMN["mouthStretchRight"]]
    gaze = random.uniform(-20, 20, (FRAMES, 2)).astype(np.float32)
    looking = Motion(
        fps=30.0, head=gaze[:, [0, 0, 0]], lids=gaze * 0, gaze=gaze,
        controls=np.zeros((FRAMES, len(CONTROLS)), np.float32), names=CONTROLS,
    )  # fmt: skip
    looks = [name for name in BLENDSHAPES if name.startswith("eyeLook")]
    for name in looks:
        shapes[:, COLUMN[name]] = to_weights(looking).shapes[:, COLUMN[name]]
    head = random.uniform(-30, 30, (FRAMES, 3)).astype(np.float32)
    return FaceWeights(fps=30.0, shapes=shapes, head=head, gaze=gaze)


def through(tmp_path, name, motion):
    (tmp_path / name).write_bytes(motion_bytes(tmp_path / name, motion))
    return read_motion(tmp_path / name)


def assert_same(one, other, parts, tolerance):
    for part in parts:
        found = np.abs(getattr(one, part) - getattr(other, part)).max()
        assert found <= tolerance, (part, found)


def test_weights_come_back_as_they_were():
    told = random_weights()
    again = to_weights(from_weights(told))
    assert_same(told, again, ("shapes", "head", "gaze"), 2e-4)
    assert from_weights(told).face is not None


def test_speech_comes_back_as_controls_and_nothing_else():
    motion = random_motion(face=False, view=False)
    motion.controls[:, PRESS] = np.repeat([0, 1, 0.4], FRAMES // 3)
    again = from_weights(to_weights(motion))
    kept = [number for number in range(len(CONTROLS)) if number not in (BREATH, TONGUE, RELAX)]
    difference = np.abs(again.controls[:, kept] - motion.controls[:, kept]).max(axis=0)
    assert dict(zip([CONTROLS[n] for n in kept], difference > 1e-3, strict=True)) == {
        CONTROLS[n]: CONTROLS[n] in ("jaw", "round") for n in kept
    }  # a jaw above 0.9 and a pucker above 0.95 are as far as a blendshape goes
    reached = motion.controls[:, JAW] < 0.9
    assert np.abs(again.controls - motion.controls)[reached, JAW].max() < 1e-3
    assert_same(motion, again, ("lids", "gaze", "head"), 1e-4)
    assert again.face is None or again.face.max() < 1e-3


def test_sides_are_the_persons_own():
    """The eye on the left side of the picture is the person's right one."""
    motion = random_motion(face=False, view=False)
    motion.lids[:] = (1, 0)
    motion.gaze[:] = (30, -25)
    shapes = to_weights(motion).shapes[0]
    ones = {name for name in BLENDSHAPES if name.startswith("eye") and shapes[COLUMN[name]] > 0.99}
    assert ones == {
        *("eyeBlinkRight", "eyeLookOutLeft", "eyeLookInRight"),
        *("eyeLookUpLeft", "eyeLookUpRight"),
    }


def test_sealed_lips_are_told_by_arkits_means():
    motion = random_motion(face=False, view=False)
    motion.controls[:, [JAW, PRESS]] = (0.45, 1.0)
    shapes = to_weights(motion).shapes[0]
    assert shapes[COLUMN["mouthClose"]] == pytest.approx(shapes[COLUMN["jawOpen"]])
    assert shapes[COLUMN["mouthPressLeft"]] == 1
    assert from_weights(to_weights(motion)).controls[:, PRESS].min() > 0.999


def test_our_own_format_keeps_everything_to_the_last_bit(tmp_path):
    motion = random_motion()
    again = through(tmp_path, "face.json", motion)
    for part in ("head", "lids", "gaze", "controls", "view", "face"):
        assert np.array_equal(getattr(again, part), getattr(motion, part), equal_nan=True), part
    assert (again.fps, again.names) == (motion.fps, motion.names)
    plain = through(tmp_path, "plain.json", random_motion(face=False, view=False))
    assert plain.face is None
    assert plain.view is None


@pytest.mark.parametrize("suffix", [".csv", ".arkit.json", ".vrma"])
def test_weights_travel(tmp_path, suffix):
    told = random_weights(seed=2)
    again = through(tmp_path, f"face{suffix}", from_weights(told))
    assert again.fps == 30.0
    assert len(again) == FRAMES
    assert_same(to_weights(again), told, ("shapes", "head", "gaze"), 3e-4)


def test_what_was_asked_of_the_view_is_the_head_that_travels(tmp_path):
    motion = random_motion()
    again = through(tmp_path, "face.csv", motion)
    assert np.abs(again.head - motion.pose).max() < 1e-3


def test_live2d_keeps_what_a_drawn_model_has(tmp_path):
    motion = random_motion(face=False, view=False)
    motion.controls[:, ROUND] *= motion.controls[:, WIDE] < 0.5
    motion.controls[:, WIDE] *= motion.controls[:, ROUND] == 0
    again = through(tmp_path, "face.motion3.json", motion)
    assert len(again) == FRAMES
    assert_same(motion, again, ("head", "lids", "gaze"), 1e-3)
    for column in (JAW, WIDE, ROUND, BROW, BREATH):
        assert np.abs(again.controls[:, column] - motion.controls[:, column]).max() < 1e-3


def test_live2ds_counts_are_those_of_its_curves():
    told = json.loads(live2d.write(random_motion()))
    curves = told["Curves"]
    assert told["Meta"]["CurveCount"] == len(curves) == 12
    assert told["Meta"]["TotalSegmentCount"] == 12 * (FRAMES - 1)
    assert told["Meta"]["TotalPointCount"] == 12 * FRAMES
    assert told["Meta"]["Duration"] == pytest.approx((FRAMES - 1) / 25)


def test_live2ds_other_segments_are_read():
    jaw = [0, 0.0, 1, 0.5, 0.0, 0.5, 1.0, 1.0, 1.0, 2, 2.0, 0.5, 3, 3.0, 0.2]
    told = {
        "Version": 3, "Meta": {"Duration": 3.0, "Fps": 10.0},
        "Curves": [{"Target": "Parameter", "Id": "ParamMouthOpenY", "Segments": jaw}],
    }  # fmt: skip
    found = live2d.read(told).jaw
    assert found[5] == pytest.approx(0.5, abs=0.01)  # half way of a symmetric curve
    assert found[2] < 0.15  # slow at its ends
    assert found[15] == 1.0  # stepped: held until the next point
    assert found[20] == pytest.approx(0.2, abs=0.35)
    assert found[25] == pytest.approx(0.2)  # inverse stepped: the next value at once
    assert live2d.read(told).lids.max() == 0


def test_a_live_link_file_as_the_app_writes_it():
    names = ["EyeBlinkLeft", "JawOpen", "HeadYaw"]
    lines = [",".join(["Timecode", "BlendShapeCount", *names])]
    lines += [
        f"11:23:{44 + n // 60:02}:{n % 60:02}.532,61,0.5,{n / 200:.3f},0.1" for n in range(150)
    ]
    told = live_link.read("\r\n".join(lines).encode())
    assert told.fps == 60.0
    assert told.shapes[:, COLUMN["eyeBlinkLeft"]].tolist() == [0.5] * 150
    assert told.shapes[100, COLUMN["jawOpen"]] == pytest.approx(0.5)
    assert told.head[0] == pytest.approx([np.degrees(0.1), 0, 0], abs=1e-4)


def test_the_header_of_live_link_has_61_columns_in_apples_order():
    header = live_link.write(random_weights()).split(b"\n")[0].decode().split(",")
    assert header[:4] == ["Timecode", "BlendShapeCount", "EyeBlinkLeft", "EyeLookDownLeft"]
    assert header[53:56] == ["TongueOut", "HeadYaw", "HeadPitch"]
    assert len(header) == 2 + 61


def test_frames_by_name_are_read(tmp_path):
    frames = [{"time": n / 50, "blendShapes": {"JawOpen": 0.25, "odd": 1}} for n in range(5)]
    (tmp_path / "face.json").write_text(json.dumps({"frames": frames}))
    found = read_motion(tmp_path / "face.json")
    assert found.fps == pytest.approx(50)
    assert found.jaw == pytest.approx(0.225, abs=1e-5)


def glb(data):
    size, _ = struct.unpack_from("<I4s", data, 12)
    return json.loads(data[20 : 20 + size]), data[28 + size :]


def test_a_vrm_animation_follows_the_extension():
    told = random_weights()
    document, numbers = glb(vrma.write(told))
    assert struct.unpack_from("<4sII", vrma.write(told)) == (b"glTF", 2, len(vrma.write(told)))
    assert document["buffers"][0]["byteLength"] == len(numbers)
    extension = document["extensions"]["VRMC_vrm_animation"]
    assert document["extensionsUsed"] == ["VRMC_vrm_animation"]
    assert extension["specVersion"] == "1.0"
    assert {"hips", "spine", "head"} <= set(extension["humanoid"]["humanBones"])
    assert set(extension["expressions"]["custom"]) == set(BLENDSHAPES)
    assert {"aa", "ih", "ou", "ee", "oh"} <= set(extension["expressions"]["preset"])
    for view in document["bufferViews"]:
        assert view["byteOffset"] % 4 == 0
        assert view["byteOffset"] + view["byteLength"] <= len(numbers)
    vowels = [vrma.presets(told)[name] for name in ("aa", "ih", "ou", "ee", "oh")]
    assert np.sum(vowels, axis=0).max() <= 1 + 1e-6


@pytest.mark.parametrize(("column", "axis", "sign"), [(0, 1, 1), (1, 0, 1), (2, 2, -1)])
def test_angles_of_vrm_turn_the_right_way(column, axis, sign):
    """Yaw about +Y, pitch about +X, roll about -Z; and back, however they are mixed."""
    angles = np.zeros((1, 3), np.float32)
    angles[0, column] = 40
    expected = np.zeros(4)
    expected[axis], expected[3] = sign * np.sin(np.radians(20)), np.cos(np.radians(20))
    assert vrma._quaternions(angles)[0] == pytest.approx(expected, abs=1e-6)
    mixed = np.random.default_rng(3).uniform(-60, 60, (50, 3)).astype(np.float32)
    assert np.abs(vrma._angles(vrma._quaternions(mixed)) - mixed).max() < 1e-3


def test_presets_alone_move_a_face():
    told = random_weights()
    document, numbers = glb(vrma.write(told))
    del document["extensions"]["VRMC_vrm_animation"]["expressions"]["custom"]
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    body = struct.pack("<I4s", len(text), b"JSON") + text
    body += struct.pack("<I4s", len(numbers), b"BIN\0") + numbers
    found = vrma.read(struct.pack("<4sII", b"glTF", 2, 12 + len(body)) + body)
    for name in ("jawOpen", "eyeBlinkLeft", "mouthPucker"):
        one, other = found.shapes[:, COLUMN[name]], told.shapes[:, COLUMN[name]]
        assert np.corrcoef(one, other)[0, 1] > 0.9, name


def test_a_missing_file_and_an_unknown_name(tmp_path):
    with pytest.raises(UnreadableMotion, match=r"no\.csv cannot be read"):
        read_motion(tmp_path / "no.csv")
    with pytest.raises(InvalidOption, match=r"face\.bvh"):
        motion_bytes(tmp_path / "face.bvh", random_motion())


def test_a_single_frame_travels(tmp_path):
    motion = random_motion(face=False, view=False).rows(0, 1)
    for suffix in SUFFIXES:
        again = through(tmp_path, f"one{suffix}", motion)
        # Live2D's curves have an end of their own: the pose is held for a second frame
        assert len(again) == (2 if suffix == live2d.SUFFIX else 1), suffix
        assert np.abs(again.lids[0] - motion.lids[0]).max() < 1e-3, suffix
