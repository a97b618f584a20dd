"""The engine as users get it, against the recorded end-to-end cases.

The reference looked for landmarks twice and drew two kinds of random numbers from two seeds; both
are recorded and put in place here. Everything else is the engine's own way.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

from sadtalker_ext.engines.sadtalker import framing, rig, speaking
from sadtalker_ext.engines.sadtalker.engine import SadTalkerEngine
from sadtalker_ext.engines.sadtalker.networks import Networks
from sadtalker_ext.engines.sadtalker.spec import SPEC
from sadtalker_ext.inputs.audio import open_speech
from sadtalker_ext.motion.view import AXES, with_view
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.performance import Performance
from sadtalker_ext.progress import Progress
from sadtalker_ext.shot.still import still_shot
from sadtalker_ext.types import Face, Picture, Speech
from tests.golden.folder import GoldenFolder
from tests.golden.networks import network
from tests.golden.stages.case_rows import options_of
from tests.golden.stages.end_to_end import speech_file_of
from tests.golden.stages.paste import source_of_case
from tests.golden.stages.picture import has_pictures, picture
from tests.golden.stages.speech import sound_of

DATA = Path(__file__).parent / "data"


class RowCollector:
    """Stands for the renderer, which has its own recorded stages."""

    device = torch.device("cpu")

    def prepare(self, picture, row):
        self.frame, self.row = picture, row
        return self

    def key_points(self, face, rows, camera=None):
        self.rows, self.camera = rows, camera or {}
        return torch.zeros(len(rows), 15, 3)

    def draw(self, face, points, batch_size):
        return (np.zeros((256, 256, 3), np.uint8) for _ in points)


@pytest.fixture(scope="module")
def folder():
    return GoldenFolder(DATA)


DRIVEN = rig.driving_rows


def playable(folder):
    """Cases whose picture and sound travel with the tests: name, picture and mode."""
    found = []
    for case in folder.cases():
        origin = source_of_case(folder, case)
        if origin and has_pictures(folder, f"source_{origin[0]}"):
            found.append((case, *origin))
    return found


def test_defaults_give_the_originals_rows(folder, monkeypatch):
    cases = playable(folder)
    assert cases
    for case, name, mode in cases:
        compare_case(folder, monkeypatch, case, name, mode)


@dataclass(frozen=True)
class Replay:
    """An end-to-end case, ready to be made again."""

    engine: SadTalkerEngine
    options: GenerateOptions
    source: Picture
    face: Face
    speech: Speech
    seed: int

    def shot(self):
        return still_shot(self.source, lambda picture, index: self.face)

    def planned(self):
        """The rig, and the motion it planned."""
        rig = self.engine.prepare(self.shot(), self.options, Progress())
        performance = Performance(speech=self.speech)
        motion = rig.plan(performance, self.options, Progress(), self.seed)
        return rig, with_view(motion, self.options, mirrored=SPEC.mirrors_yaw)


def replay(folder, monkeypatch, case, name, mode, renderer):
    """The engine with keyed weights, and options that ask for the original's own way."""
    recorded = folder.arrays(f"{case}.npz")
    notes = options_of(folder, case)
    camera = folder.notes[case].get("camera", {})
    stored = folder.arrays("preprocess.npz")
    points = stored[f"{name}_{mode.value}_{notes['size']}_landmarks"]
    monkeypatch.setattr(framing, "frame_points", lambda *rest: points)
    monkeypatch.setattr(speaking, "draw_noise", lambda frames, seed: recorded["pose_z"])
    networks = Networks(
        recon=network(folder, "face_3drecon"),
        expression=network(folder, "audio2exp"),
        pose=network(folder, "audio2pose"),
        renderer=renderer,
    )
    face = Face(points=np.zeros((478, 3), np.float32), box=(0, 0, 1, 1), score=1.0)
    return Replay(
        engine=SadTalkerEngine(lambda size, precision: networks),
        face=face,
        options=GenerateOptions(
            preprocess=mode.value,
            size=notes["size"],
            pose_style=notes["pose_style"],
            expression_scale=notes["exp_scale"],
            still=notes["still"],
            blink="original",
            blend="poisson",
            original_crop=True,
            **{axis: path for axis, path in camera.items() if axis in AXES},
        ),
        source=Picture(
            pixels=picture(folder, f"source_{name}"),
            name=name,
            landmarks=stored[f"landmarks_{name}"],
        ),
        speech=open_speech(folder.root / sound_of(folder, speech_file_of(folder, case))),
        seed=notes["py_seed"],
    )


def compare_case(folder, monkeypatch, case, name, mode):
    recorded = folder.arrays(f"{case}.npz")
    notes = options_of(folder, case)
    camera = folder.notes[case].get("camera", {})
    prepared = f"{name}_{mode.value}_{notes['size']}"
    seen = RowCollector()
    made = replay(folder, monkeypatch, case, name, mode, seen)

    given = []

    def noted(rows, *rest, **more):
        given.append(rows)
        return DRIVEN(rows, *rest, **more)

    monkeypatch.setattr(rig, "driving_rows", noted)
    made_rig, motion = made.planned()
    frames = list(made_rig.draw(motion))

    np.testing.assert_array_equal(seen.frame, picture(folder, f"frame_{prepared}"))
    np.testing.assert_allclose(seen.row, recorded["source_semantics"].ravel(), atol=1e-4)
    np.testing.assert_allclose(given[0], recorded["coeff_pred"], atol=1e-4)
    wanted = recorded["target_semantics"][: len(motion)]
    np.testing.assert_allclose(seen.rows, wanted, atol=1e-4)
    assert set(seen.camera) == {axis for axis in AXES if camera.get(axis)}
    for axis, path in seen.camera.items():
        recorded_path = recorded[f"{axis}_c_seq"].ravel()[: len(motion)]
        np.testing.assert_allclose(path, recorded_path, atol=1e-4)
    assert len(frames) == len(recorded["coeff_pred"])
    width, height = folder.crop_info[prepared][0]
    assert made_rig.size == (notes["size"], int(notes["size"] * height / width))
    assert (made_rig.place is not None) == mode.goes_back
