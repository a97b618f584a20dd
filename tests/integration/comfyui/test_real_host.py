"""Our nodes in a real ComfyUI: over its API, and on its page."""

import json
import time

import av
import pytest

from sadtalker_ext.shells.comfyui.nodes import nodes

pytestmark = pytest.mark.comfyui


def talking(**inputs):
    """A prompt: a portrait and a sound become a saved video."""
    given = {"portrait": ["1", 0], "audio": ["2", 0], "seed": 1, "engine": "puppet"}
    widgets = {
        "text": "",
        "frames": False,
        "preprocess": "auto",
        "head_motion": 1.0,
        "expression_scale": 1.0,
    }
    return {
        "1": {"class_type": "LoadImage", "inputs": {"image": "portrait.png"}},
        "2": {"class_type": "LoadAudio", "inputs": {"audio": "speech.wav"}},
        "3": {
            "class_type": "SadTalkerTalk",
            "inputs": {
                **given,
                **widgets,
                "expression_scale": 1.0,
                "fps": 10.0,
                "quality": 18,
                **inputs,
            },
        },
        "4": {
            "class_type": "SaveVideo",
            "inputs": {
                "video": ["3", 0],
                "filename_prefix": "talking",
                "format": "auto",
                "codec": "auto",
            },
        },
    }


def problem(done):
    return [body.get("exception_message") for _, body in done["status"]["messages"]]


def test_every_node_is_there_as_described(comfyui):
    _, known = comfyui.call("/object_info")
    for node in nodes():
        found = known[node.id]
        assert found["display_name"] == node.title
        assert found["output"] == [one.kind for one in node.outputs]
        shown = {**found["input"]["required"], **found["input"].get("optional", {})}
        assert list(shown) == sorted(shown, key=list(shown).index)
        assert set(shown) == {one.name for one in node.inputs}


def test_a_portrait_talks(comfyui):
    done = comfyui.finished(comfyui.start(talking()))
    assert done["status"]["status_str"] == "success", problem(done)
    saved = next((comfyui.base / "output").rglob("talking*.mp4"))
    with av.open(str(saved)) as video:
        assert len(video.streams.audio) == 1
        assert video.streams.video[0].frames == 10
        assert "synthetic" in json.dumps(dict(video.metadata)).lower()


def test_frames_and_sound_go_on_to_other_nodes(comfyui):
    prompt = talking(frames=True)
    prompt["5"] = {"class_type": "PreviewImage", "inputs": {"images": ["3", 1]}}
    prompt["6"] = {"class_type": "PreviewAudio", "inputs": {"audio": ["3", 2]}}
    done = comfyui.finished(comfyui.start(prompt))
    assert done["status"]["status_str"] == "success", problem(done)
    assert len(done["outputs"]["5"]["images"]) == 10
    assert done["outputs"]["6"]["audio"]


def test_a_node_that_reads_frames_nobody_asked_for_is_left_out(comfyui):
    """The host shows the words of the value that is not there on the node's own page."""
    prompt = talking()
    prompt["5"] = {"class_type": "PreviewImage", "inputs": {"images": ["3", 1]}}
    done = comfyui.finished(comfyui.start(prompt))
    assert "5" not in done["outputs"] and "4" in done["outputs"]


def test_an_error_is_a_sentence_on_the_node(comfyui):
    prompt = talking()
    prompt["1"] = {
        "class_type": "EmptyImage",
        "inputs": {"width": 64, "height": 64, "batch_size": 1, "color": 0},
    }
    done = comfyui.finished(comfyui.start(prompt))
    assert done["status"]["status_str"] == "error"
    told = next(body for kind, body in done["status"]["messages"] if kind == "execution_error")
    assert told["node_type"] == "SadTalkerTalk" and "face" in told["exception_message"]


def test_the_hosts_stop_button_stops_us(comfyui):
    options = {"class_type": "SadTalkerOptions", "inputs": {}}
    _, known = comfyui.call("/object_info/SadTalkerOptions")
    for name, (kind, *facts) in known["SadTalkerOptions"]["input"]["required"].items():
        options["inputs"][name] = facts[0]["default"] if facts else kind[0]
    options["inputs"] |= {"idle_seconds": 600.0, "text": ""}
    prompt = talking(options=["7", 0], fps=60.0)
    del prompt["2"], prompt["3"]["inputs"]["audio"]
    prompt["7"] = options
    before = set((comfyui.base / "temp").glob("sadtalker_*"))
    started = comfyui.start(prompt)
    time.sleep(5)
    began = time.monotonic()
    comfyui.call("/interrupt", {})
    done = comfyui.finished(started)
    assert time.monotonic() - began < 20
    kinds = [kind for kind, _ in done["status"]["messages"]]
    assert "execution_interrupted" in kinds
    assert set((comfyui.base / "temp").glob("sadtalker_*")) == before


def test_directions_and_a_file_of_motion(comfyui):
    prompt = {name: node for name, node in talking().items() if name in "12"}
    prompt["3"] = {
        "class_type": "SadTalkerDirect",
        "inputs": {
            "at": 0.0, "until": 0.0, "emotion": "happy", "gaze": "-", "gesture": "-",
            "intensity": 1.0,
        },
    }  # fmt: skip
    prompt["4"] = {
        "class_type": "SadTalkerMotion",
        "inputs": {
            "portrait": ["1", 0], "audio": ["2", 0], "text": "", "file_format": ".json",
            "filename_prefix": "motion/face", "seed": 1, "options": ["3", 0],
        },
    }  # fmt: skip
    done = comfyui.finished(comfyui.start(prompt))
    assert done["status"]["status_str"] == "success", problem(done)
    (file,) = (comfyui.base / "output" / "motion").glob("face_00001_*.json")
    assert json.loads(file.read_text())


def test_a_prefix_that_leads_out_of_the_output_folder_is_refused(comfyui):
    prompt = {name: node for name, node in talking().items() if name in "12"}
    prompt["4"] = {
        "class_type": "SadTalkerMotion",
        "inputs": {
            "portrait": ["1", 0], "audio": ["2", 0], "text": "", "file_format": ".json",
            "filename_prefix": "../../face", "seed": 1,
        },
    }  # fmt: skip
    done = comfyui.finished(comfyui.start(prompt))
    assert done["status"]["status_str"] == "error"
    assert not list(comfyui.base.parent.glob("face*"))


def test_a_video_is_dubbed(comfyui):
    made = next((comfyui.base / "output").rglob("talking*.mp4"))
    (comfyui.base / "input" / "made.mp4").write_bytes(made.read_bytes())
    prompt = {"2": talking()["2"]}
    prompt["1"] = {"class_type": "LoadVideo", "inputs": {"file": "made.mp4"}}
    prompt["3"] = {
        "class_type": "SadTalkerDub",
        "inputs": {
            "video": ["1", 0], "audio": ["2", 0], "text": "", "face": "largest", "length": "hold",
            "keep_audio": 0.0, "seed": 1, "frames": False,
        },
    }  # fmt: skip
    prompt["4"] = talking()["4"] | {}
    prompt["4"]["inputs"]["filename_prefix"] = "dubbed"
    done = comfyui.finished(comfyui.start(prompt))
    assert done["status"]["status_str"] == "success", problem(done)
    saved = next((comfyui.base / "output").rglob("dubbed*.mp4"))
    with av.open(str(saved)) as video:
        assert len(video.streams.audio) == 1
