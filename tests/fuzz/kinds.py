"""Every kind of file that the program reads: seeds to be damaged, and how each is read."""

import importlib.util
import json
import traceback
from dataclasses import dataclass
from itertools import islice

import numpy as np
from PIL import Image, features

from sadtalker_ext.errors import SadTalkerError
from sadtalker_ext.inputs.audio import open_speech
from sadtalker_ext.inputs.image import from_pil, read_picture
from sadtalker_ext.inputs.inspector import Inspector
from sadtalker_ext.inputs.landmarks import read_landmarks
from sadtalker_ext.inputs.looking import Bounds, Part
from sadtalker_ext.inputs.video import open_driving
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.presets import PresetBook
from sadtalker_ext.shells.cli.batch import read_jobs
from sadtalker_ext.speech.transcript import read_transcript, spoken_text
from tests.support.media import portrait_like, speech_like, write_mute_video, write_sound

BOUNDS = Bounds(pixels=4_000_000, seconds=30.0, position=600.0)
BROKEN = ("decoder broke down", "but takes longer", "in an unusual way")
"""Words of the sentences that hide a crash, an endless loop and a traceback."""


@dataclass(frozen=True)
class Kind:
    """How seeds are made, and how a damaged one is read.

    Attributes:
        seeds: Writes good files into a folder and returns them.
        read: Gets the inspector and a damaged file.
    """

    seeds: object
    read: object


class Reader:
    """Reads damaged files, and tells how it went."""

    def __init__(self):
        self.inspector = Inspector(children=1, seconds=30.0, memory=1_000_000_000)

    def outcome(self, kind, path):
        """``read``, ``refused: ...`` or ``FAILED: ...``."""
        try:
            KINDS[kind].read(self.inspector, path)
        except SadTalkerError as error:
            if any(words in error.message for words in BROKEN):
                return f"FAILED: {error.message}"
            return f"refused: {error.message}"
        except Exception:  # noqa: BLE001 - this is what is looked for
            return f"FAILED: {traceback.format_exc(limit=-5)}"
        return "read"

    def close(self):
        self.inspector.close()


def _pictures(folder):
    picture = Image.fromarray(portrait_like(40, 36))
    frames = [Image.fromarray(portrait_like(40, 36) // (one + 1)) for one in range(3)]
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x8769] = {0x9286: b"ASCII\0\0\0a cat\nSteps: 20, Seed: 1"}
    plain = {".png": {}, ".bmp": {}, ".ppm": {}, ".tiff": {"compression": "tiff_lzw"}}
    marked = {".jpg": {"exif": exif.tobytes()}, ".webp": {"exif": exif.tobytes()}}
    if "avif" in features.modules and features.check("avif"):
        marked[".avif"] = {"exif": exif.tobytes()}
    for suffix, how in {**plain, **marked}.items():
        picture.save(folder / f"p{suffix}", **how)
        yield folder / f"p{suffix}"
    picture.save(folder / "progressive.jpg", progressive=True)
    yield folder / "progressive.jpg"
    frames[0].save(folder / "p.gif", save_all=True, append_images=frames[1:], duration=40)
    yield folder / "p.gif"
    for mode in ("RGBA", "P", "I;16", "LA", "1"):
        path = folder / f"{mode.replace(';', '')}.png"
        image = Image.fromarray(np.arange(1440, dtype=np.uint16).reshape(40, 36) * 45)
        (image if mode == "I;16" else picture.convert(mode)).save(path)
        yield path


def _read_picture(inspector, path):
    inspector.look_at_picture(path, BOUNDS)
    read_picture(path)
    try:
        with Image.open(path) as opened:
            image = opened.copy()
    except Exception:  # noqa: BLE001 - a host's own reading, not ours
        return
    from_pil(image)


def _sounds(folder):
    for kind in ("wav", "mp3", "m4a", "flac", "ogg", "opus", "webm", "mkv", "mp4"):
        rate = 48000 if kind in ("opus", "webm") else 16000
        path = folder / f"s.{kind}"
        yield write_sound(path, speech_like(0.4, rate), rate, kind)


def _read_sound(inspector, path):
    inspector.look_at_sound(path, Part(), BOUNDS)
    speech = open_speech(path, end=30.0)
    for read in (speech.read, speech.read_channels):
        for block in read(16000):
            assert np.isfinite(block).all()


def _videos(folder):
    yield write_mute_video(folder / "v.mp4", 0.3)
    yield write_mute_video(folder / "v.mkv", 0.3)
    yield write_sound(folder / "both.mkv", speech_like(0.3, 16000), 16000, "mkv")


def _read_video(inspector, path):
    inspector.look_at_driving(path, Part(whole=True), BOUNDS)
    for _seconds, frame in islice(open_driving(path, end=30.0).read(), 20):
        assert frame.dtype == np.uint8


def _texts(folder):
    points = np.linspace(5, 30, 136).reshape(68, 2)
    rows = "\n".join(f"{x:g} {y:g}" for x, y in points)
    files = {
        "l.json": json.dumps(points.tolist()),
        "l.txt": rows,
        "l.pts": f"version: 1\nn_points: 68\n{{\n{rows}\n}}\n",
        "t.srt": "1\n00:00:00,000 --> 00:00:01,000\nGood morning!\n\n2\n00:00:01,5 --> 00:02\nY\n",
        "t.vtt": "WEBVTT\n\n00:00.000 --> 00:01.000\n<v Ann>Good <b>morning</b>!\n\nNOTE x\n",
        "b.jsonl": '{"portrait": "a.png", "output": "b.mp4", "seed": 3, "blend": "soft"}\n' * 3,
        "o.json": json.dumps({"seed": 3, "yaw": [0, 10], "text": "Hi", "format": "gif"}),
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
        yield folder / name


def _read_text(_inspector, path):
    if path.suffix in (".srt", ".vtt"):
        spoken_text(read_transcript(path))
    elif path.suffix == ".jsonl":
        for _number, values in read_jobs(path)[0]:
            GenerateOptions.from_mapping(
                {
                    name: value
                    for name, value in values.items()
                    if name not in ("portrait", "output")
                }
            )
    else:
        read_landmarks(path, (40, 40))


def _bodies(folder):
    talk = {
        "source_url": "https://a.example/p.png",
        "script": {"type": "text", "input": "Good morning!", "provider": {"voice_id": "en"}},
        "config": {"stitch": True, "result_format": "mp4", "seed": 3, "yaw": [0, 20.5]},
        "webhook": "https://b.example/x", "user_data": "x", "name": "n",
    }  # fmt: skip
    audio = {"source_image": "QUJD", "script": {"type": "audio", "audio_base64": "QUJD"}}
    for name, value in (("talk", talk), ("audio", audio)):
        (folder / f"{name}.json").write_text(json.dumps(value), encoding="utf-8")
        yield folder / f"{name}.json"


def _read_body(_inspector, path):
    from sadtalker_ext.shells.api.order import read_order
    from sadtalker_ext.shells.api.uploads import decode_base64, parse_json

    order = read_order(parse_json(path.read_bytes()), {})
    if order.source_image:
        decode_base64(order.source_image, 1000, "source_image")


def _presets(folder):
    book = PresetBook(folder / "good")
    book.save("mine", {"seed": 3, "blend": "soft"})
    yield folder / "good" / "presets.json"


def _read_presets(_inspector, path):
    folder = path.parent / "presets"
    folder.mkdir(exist_ok=True)
    (folder / "presets.json").write_bytes(path.read_bytes())
    book = PresetBook(folder)
    for name in book.names():
        book.values(name)


def _weights(folder):
    from safetensors.numpy import save_file

    save_file({"a.weight": np.ones((3, 4), np.float32), "b": np.zeros(5, np.float32)},
              folder / "w.safetensors")  # fmt: skip
    yield folder / "w.safetensors"
    import torch

    torch.save({"model": {"a": torch.ones(3)}}, folder / "w.pth")
    yield folder / "w.pth"


def _read_weights(_inspector, path):
    from sadtalker_ext.weights.checkpoint import read_component

    read_component(path, "generator")


KINDS = {
    "picture": Kind(_pictures, _read_picture),
    "sound": Kind(_sounds, _read_sound),
    "video": Kind(_videos, _read_video),
    "text": Kind(_texts, _read_text),
    "body": Kind(_bodies, _read_body),
    "preset": Kind(_presets, _read_presets),
}
if importlib.util.find_spec("safetensors") and importlib.util.find_spec("torch"):
    KINDS["weights"] = Kind(_weights, _read_weights)
