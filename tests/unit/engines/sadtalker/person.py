"""A face, a picture and a voice for tests of the engine around stand-in networks."""

from pathlib import Path

import numpy as np

from sadtalker_ext.engines.sadtalker.engine import SadTalkerEngine
from sadtalker_ext.motion.view import with_view
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.performance import Driving, Performance
from sadtalker_ext.portrait.landmarks68 import MESH_TO_68
from sadtalker_ext.progress import Progress
from sadtalker_ext.shot.still import still_shot
from sadtalker_ext.types import Face, Picture, Speech


def mesh(left=200, top=150, size=100.0):
    """A mesh whose eyes and mouth corners form a plain face of about `size` pixels."""
    points = np.random.default_rng(0).uniform(0.2, 0.8, (478, 3)).astype(np.float32)
    places = {36: (0.2, 0.3), 42: (0.6, 0.3)}
    for first, (x, y) in places.items():
        for number in range(first, first + 6):
            points[MESH_TO_68[number], :2] = (x + 0.2 * ((number - first) in (1, 2, 3)), y)
    for number, place in {30: (0.5, 0.55), 48: (0.3, 0.8), 54: (0.7, 0.8)}.items():
        points[MESH_TO_68[number], :2] = place
    points[0, 1], points[1, 1] = 0, 1
    points *= size
    points[:, :2] += (left, top)
    return points


def face_at(**place):
    return Face(points=mesh(**place), box=(0, 0, 1, 1), score=1.0)


def someone():
    pixels = np.random.default_rng(1).integers(0, 256, (600, 500, 3), dtype=np.uint8)
    return Picture(pixels=pixels, name="someone.png")


def make_engine(networks, track=None, **place):
    engine = SadTalkerEngine(lambda size, precision: networks, track)
    engine.find_face = lambda one, index: face_at(**place)
    return engine


def prepared(engine, picture, options, progress=None):
    """The rig of the person on a picture."""
    return engine.prepare(still_shot(picture, engine.find_face), options, progress or Progress())


def speech(samples, block=None):
    """Samples at 16 kHz, or a function that yields them in blocks."""
    count = len(samples)
    size = block or max(count, 1)
    return Speech(
        path=Path("words.wav"),
        start=0,
        seconds=count / 16000,
        rate_hz=16000,
        channels=1,
        read=lambda rate: iter(
            [samples[at : at + size].astype(np.float32) for at in range(0, max(count, 1), size)]
        ),
    )


def voice(frames, seed=0):
    return speech(np.random.default_rng(seed).normal(0, 0.1, 640 * frames))


def run(engine, picture, sound, seed=5, driving=None, **options):
    """Return the rig, the motion with the networks' own rows, and all frames."""
    chosen = GenerateOptions(**options)
    rig = prepared(engine, picture, chosen)
    performance = Performance(
        speech=sound, driving=driving or Driving(), idle_seconds=chosen.idle_seconds
    )
    motion = rig.plan(performance, chosen, Progress(), seed)
    motion = with_view(motion, chosen, mirrored=engine.spec.mirrors_yaw)
    return rig, Seen(motion, rig._plan.rows), [patch.pixels for patch in rig.draw(motion)]


class Seen:
    """A motion, and the rows (T, K) the networks planned with it."""

    def __init__(self, motion, rows):
        self.motion = motion
        self.rows = rows

    def __getattr__(self, name):
        return getattr(self.motion, name)

    def __len__(self):
        return len(self.motion)
