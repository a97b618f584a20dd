"""Whole frames by the engine with real networks and keyed weights.

The recorded cases are made again from picture and sound to the finished frame; the other modes,
which have no recorded frames, are made once each.
"""

from pathlib import Path

import numpy as np
import pytest

from sadtalker_ext.compositor.lay import Compositor, Role
from sadtalker_ext.compositor.paste_back import Blend
from sadtalker_ext.engines.sadtalker.engine import SadTalkerEngine
from sadtalker_ext.engines.sadtalker.networks import Networks
from sadtalker_ext.engines.sadtalker.render import Renderer
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.performance import Performance
from sadtalker_ext.progress import Progress
from sadtalker_ext.shot.still import still_shot
from sadtalker_ext.types import Face, Picture
from tests.golden.folder import GoldenFolder
from tests.golden.networks import keyed_network
from tests.golden.stages.picture import picture
from tests.golden.test_engine import DATA, playable, replay

FULL = Path(__file__).resolve().parents[3] / "shared" / "spec" / "golden"


@pytest.fixture(scope="module")
def renderer():
    """Generator, key points and both mapping networks, as one product renderer."""
    parts = ("generator", "kp_extractor", "mapping_00229", "mapping_00109")
    generator, detector, *mappings = (keyed_network(name) for name in parts)
    return Renderer(generator, detector, mappings)


def first_frame(folder, monkeypatch, case, name, mode, renderer):
    """The first frame of a case, alone and in its picture."""
    made = replay(folder, monkeypatch, case, name, mode, renderer)
    rig, motion = made.planned()
    patch = next(rig.draw(motion))
    return patch.pixels, composed(made.shot(), rig, [patch], made.options)


def composed(shot, rig, patches, options):
    """The first whole frame."""
    role = Role(patches=iter(patches), place=rig.place, points=rig.face.points)
    return next(Compositor(shot, Blend(options.blend)).frames([role]))


def close(found, wanted, levels=1, share=0.999):
    assert found.shape == wanted.shape
    difference = np.abs(found.astype(int) - wanted)
    assert (difference <= levels).mean() >= share


def test_a_case_with_free_view_is_the_originals_frame(renderer, monkeypatch):
    """From the user's picture, sound and options: `--input_yaw -20 30 10` and the others."""
    folder = GoldenFolder(DATA)
    name, mode = next(rest for case, *rest in playable(folder) if case == "e2e_freeview")
    frame, placed = first_frame(folder, monkeypatch, "e2e_freeview", name, mode, renderer)
    recorded = folder.arrays("e2e_freeview.npz")
    assert recorded["rendered_frames"][0] == 0
    close(frame, recorded["frames_uint8"][0])
    assert placed is frame


@pytest.mark.slow
@pytest.mark.skipif(not FULL.exists(), reason="the whole recordings do not travel with the tests")
def test_every_recorded_case_is_the_originals_frame(renderer, monkeypatch):
    folder = GoldenFolder(FULL)
    pasted = 0
    for case, name, mode in playable(folder):
        frame, placed = first_frame(folder, monkeypatch, case, name, mode, renderer)
        recorded = folder.arrays(f"{case}.npz")
        close(frame, recorded["frames_uint8"][0])
        if "pasted_rgb" in recorded:
            left, top, right, bottom = (int(edge) for edge in recorded["pasted_region"])
            close(placed[top:bottom, left:right], recorded["pasted_rgb"][0], levels=2)
            pasted += 1
    assert pasted


def one_frame(renderer, **options):
    folder = GoldenFolder(DATA)
    landmarks = folder.arrays("preprocess.npz")["landmarks_a"]
    points = np.zeros((478, 3), np.float32)
    points[:68, :2], points[68:, :2] = landmarks, landmarks[30]
    face = Face(points=points, box=(0, 0, 1, 1), score=1.0)
    networks = Networks(
        recon=keyed_network("face_3drecon"),
        expression=keyed_network("audio2exp"),
        pose=keyed_network("audio2pose"),
        renderer=renderer,
    )
    engine = SadTalkerEngine(lambda size, precision: networks)
    chosen = GenerateOptions(idle_seconds=0.04, **options)
    source = Picture(pixels=picture(folder, "source_a"), name="a", landmarks=landmarks)
    shot = still_shot(source, lambda one, index: face)
    rig = engine.prepare(shot, chosen, Progress())
    performance = Performance(idle_seconds=chosen.idle_seconds)
    motion = rig.plan(performance, chosen, Progress(), 1)
    return rig, composed(shot, rig, rig.draw(motion), chosen)


@pytest.mark.slow
@pytest.mark.parametrize("size", [256, 512])
@pytest.mark.parametrize("mode", ["crop", "extcrop", "resize", "full", "extfull"])
def test_every_mode_renders(renderer, mode, size):
    if size == 512 and mode != "full":
        pytest.skip("one 512 frame takes a minute")
    # the exact blend changes nothing outside its box; the soft one may move the picture with it
    rig, placed = one_frame(renderer, preprocess=mode, size=size, blend="poisson")
    assert rig.framing.frame.shape == (size, size, 3)
    source = picture(GoldenFolder(DATA), "source_a")
    if mode.endswith("full"):
        left, top, right, bottom = rig.place
        assert placed.shape == source.shape
        assert (placed[top:bottom, left:right] != source[top:bottom, left:right]).mean() > 0.2
        outside = np.ones(source.shape[:2], bool)
        outside[top:bottom, left:right] = False
        assert outside.any()
        np.testing.assert_array_equal(placed[outside], source[outside])
    else:
        assert placed.shape[:2] == rig.size[::-1]
        assert placed.std() > 10
