"""The nodes for ComfyUI, in the older interface, with our own engine behind them."""

import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from sadtalker_ext import errors
from sadtalker_ext.options import option_spec, option_specs
from sadtalker_ext.shells.comfyui import jobs, register
from sadtalker_ext.shells.comfyui.nodes import nodes
from tests.support.fake_comfyui import Bar, Interrupted, running_in_comfyui
from tests.support.media import speech_like

ROOT = Path(__file__).resolve().parents[4]

EXAMPLE = ROOT / "examples/portrait.png"
RATE = 16000


@pytest.fixture(scope="module")
def comfyui(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        with running_in_comfyui(patch, tmp_path_factory.mktemp("comfyui")) as fake:
            yield fake
        for service in jobs._kept.values():
            service.close()
        jobs._kept.clear()


@pytest.fixture(scope="module")
def portrait():
    picture = Image.open(EXAMPLE).convert("RGB").resize((256, 256))
    return torch.from_numpy(np.asarray(picture, np.float32) / 255)[None]


def audio(seconds=0.5):
    sound = np.asarray(speech_like(seconds, RATE), np.float32).reshape(-1)
    return {"waveform": torch.from_numpy(sound)[None, None], "sample_rate": RATE}


@pytest.fixture(scope="module")
def talk(comfyui):
    return register.version1(next(node for node in nodes() if node.id == "SadTalkerTalk"))


@pytest.fixture(scope="module")
def made(talk, portrait):
    Bar.seen = []
    return talk().execute(
        portrait=portrait, audio=audio(), seed=3, engine="puppet", fps=10.0, frames=True
    )


def test_talk_gives_a_video_its_frames_and_its_sound(made):
    video, frames, sound, report = made
    report = json.loads(report)
    assert video.get_stream_source() == report["path"]
    assert frames.shape == (report["frames"], report["height"], report["width"], 3)
    assert 0 <= float(frames.min()) < float(frames.max()) <= 1
    assert sound["waveform"].shape[-1] / sound["sample_rate"] == pytest.approx(0.5, abs=0.1)
    assert float(sound["waveform"].abs().max()) > 0.05
    assert report["seed"] == 3 and report["engine"] == "puppet"


def test_the_hosts_bar_goes_to_its_end_and_shows_frames(made):
    steps = [value for value, _, _ in Bar.seen]
    assert steps == sorted(steps) and steps[-1] >= 980
    assert {total for _, total, _ in Bar.seen} == {1000}
    assert any(preview is not None for _, _, preview in Bar.seen)


def test_a_stop_is_the_hosts_own(comfyui, talk, portrait):
    comfyui.stopped = True
    try:
        with pytest.raises(Interrupted):
            talk().execute(portrait=portrait, audio=audio(), engine="puppet")
    finally:
        comfyui.stopped = False


def test_without_frames_a_node_that_reads_them_is_told(talk, portrait):
    _, frames, sound, _ = talk().execute(
        portrait=portrait, audio=audio(0.2), engine="puppet", fps=10.0
    )
    assert "Switch on the input frames" in frames.message
    assert sound["waveform"].shape[-1] > 0


def test_nothing_to_say_is_a_sentence(talk, portrait):
    with pytest.raises(jobs.NodeFailed, match="Speech is needed"):
        talk().execute(portrait=portrait, text="", engine="puppet")


def test_a_picture_without_a_face_says_so(talk):
    with pytest.raises(jobs.NodeFailed, match="face"):
        talk().execute(portrait=torch.zeros(1, 64, 64, 3), audio=audio(), engine="puppet")


def test_a_wrong_portrait_is_refused(talk):
    with pytest.raises(jobs.NodeFailed, match="IMAGE"):
        talk().execute(portrait=torch.zeros(64, 64, 3), audio=audio(), engine="puppet")


def test_options_are_wired_and_the_nodes_own_win(comfyui):
    node = register.version1(next(one for one in nodes() if one.id == "SadTalkerOptions"))
    (first,) = node().execute(blink="off", fps=12.0)
    assert first == {"blink": "off", "fps": 12.0}
    (second,) = node().execute(blink="natural", gaze="fixed", options=first)
    assert second == {"gaze": "fixed", "fps": 12.0}
    with pytest.raises(jobs.NodeFailed, match="head_yaw"):
        node().execute(head_yaw=99.0)


def test_every_option_is_on_a_node():
    shown = {one.name for node in nodes() for one in node.inputs}
    missing = {spec.name for spec in option_specs()} - shown
    assert missing == {"keep_partial", "format"}


@pytest.mark.parametrize("node", nodes(), ids=lambda node: node.id)
def test_widgets_are_as_the_options_say(node, comfyui):
    kinds = register.version1(node).INPUT_TYPES()
    for name, (kind, facts) in {**kinds["required"], **kinds["optional"]}.items():
        assert facts["tooltip"]
        if name not in {spec.name for spec in option_specs()} or node.id == "SadTalkerDirect":
            continue  # what is directed has moments, and is no option
        spec = option_spec(name)
        if isinstance(kind, list):
            assert [str(one) for one in spec.menu or spec.choices] == kind
        if spec.low is not None and not spec.numbers and name != "seed":
            assert (facts["min"], facts["max"]) == (spec.low, spec.high)


def test_without_comfyui_the_file_beside_the_package_does_nothing(monkeypatch):
    for name in ("folder_paths", "comfy"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    namespace = {"__file__": str(ROOT / "__init__.py"), "__name__": "somewhere"}
    before = set(sys.modules)
    code = (ROOT / "__init__.py").read_text(encoding="utf-8")
    exec(compile(code, "__init__.py", "exec"), namespace)  # noqa: S102
    assert set(sys.modules) == before
    assert not [name for name in namespace if re.match("NODE_|comfy_", name)]


def test_in_comfyui_it_offers_the_nodes(comfyui):
    namespace = {"__file__": str(ROOT / "__init__.py"), "__name__": "custom_nodes.sadtalker"}
    path = list(sys.path)
    code = (ROOT / "__init__.py").read_text(encoding="utf-8")
    exec(compile(code, "__init__.py", "exec"), namespace)  # noqa: S102
    assert set(namespace["NODE_CLASS_MAPPINGS"]) == {node.id for node in nodes()}
    assert sys.path == path


@pytest.mark.parametrize("file", sorted((ROOT / "example_workflows").glob("*.json")), ids=str)
def test_example_workflows_fit_the_nodes(file):
    """The host reads the values of widgets by their order: needed ones first, then the others."""
    known = {node.id: node for node in nodes()}
    shown = [one for one in json.loads(file.read_text())["nodes"] if one["type"] in known]
    assert shown
    for one in shown:
        inputs = sorted(known[one["type"]].inputs, key=lambda found: found.optional)
        widgets = [found for found in inputs if not found.is_wire]
        values = iter(one["widgets_values"])
        for widget in widgets:
            value = next(values)
            if widget.kind == "COMBO":
                assert value in widget.choices
            else:
                kinds = {"STRING": str, "INT": int, "FLOAT": (int, float), "BOOLEAN": bool}
                assert isinstance(value, kinds[widget.kind])
            if widget.drawn:
                assert next(values) in ("fixed", "randomize")
        assert next(values, None) is None


def node_named(name):
    return register.version1(next(one for one in nodes() if one.id == name))()


def test_directions_follow_one_another(comfyui):
    direct = node_named("SadTalkerDirect")
    (first,) = direct.execute(at=0.5, until=2.0, emotion="happy", intensity=0.8)
    (second,) = direct.execute(at=1.0, gesture="nod", gaze="left", until=3.0, options=first)
    assert json.loads(second["timeline"]) == [
        {"at": 0.5, "emotion": "happy", "intensity": 0.8, "until": 2.0},
        {"at": 1.0, "gaze": "left", "intensity": 1.0, "until": 3.0},
        {"at": 1.0, "gesture": "nod", "intensity": 1.0},
    ]
    with pytest.raises(jobs.NodeFailed, match="choose an emotion"):
        direct.execute(at=0.5)
    with pytest.raises(jobs.NodeFailed, match="list"):
        direct.execute(at=0, emotion="sad", options={"timeline": '{"expressions": []}'})


def test_directions_become_options_of_talk(comfyui):
    (wired,) = node_named("SadTalkerDirect").execute(at=0.0, emotion="sad")
    options = jobs.options_of({"options": wired, "fps": 12.0})
    assert "sad" in options.timeline and options.fps == 12.0


def test_motion_becomes_a_numbered_file_of_the_output_folder(comfyui, portrait):
    from sadtalker_ext.motion.formats.files import motion_seconds

    (path,) = node_named("SadTalkerMotion").execute(
        portrait=portrait, audio=audio(0.4), text="", file_format=".json",
        filename_prefix="made/face", seed=1, options={"engine": "puppet"},
    )  # fmt: skip
    path = Path(path)
    assert path.name == "face_00001_.json" and path.parent.name == "made"
    assert motion_seconds(path) == pytest.approx(0.4, abs=0.1)


def test_dub_hands_the_video_over_where_it_lies(comfyui, made, tmp_path, monkeypatch):
    asked = []

    def dub(request, progress):
        asked.append(request)
        assert request.roles[0].speech.exists()
        raise errors.NoFaceFound("No face found in the video.", hint="Take another.")

    monkeypatch.setattr(jobs.service(), "dub", dub)
    with pytest.raises(jobs.NodeFailed, match="Take another"):
        node_named("SadTalkerDub").execute(
            video=made[0], audio=audio(0.2), text="", face="all", length="cut", keep_audio=0.3,
            seed=5, options={"mouth_scale": 1.2},
        )  # fmt: skip
    (request,) = asked
    assert str(request.video) == made[0].get_stream_source()
    assert (request.length, request.keep_audio, request.roles[0].face) == ("cut", 0.3, "all")
    assert (request.options.seed, request.options.mouth_scale) == (5, 1.2)
