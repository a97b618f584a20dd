"""An engine without models: a bar that grows with the mouth. Shells are tested with it."""

import numpy as np

from sadtalker_ext.motion.controls import CONTROLS, JAW, rest
from sadtalker_ext.types import MOTION_FPS, Face, Motion, Patch
from tests.support.specs import FAKE


class FakeRig:
    """Draws a moving stripe over the picture; follows a random jaw of the speech's length."""

    place = None
    device = "cpu"

    def __init__(self, engine, picture):
        self.engine = engine
        self.picture = picture
        self.size = picture.size
        box = (0, 0, *picture.size)
        self.face = Face(points=np.zeros((478, 3), np.float32), box=box, score=1.0)

    def plan(self, performance, options, progress, seed):
        frames = max(1, int(np.ceil((performance.seconds or 0) * MOTION_FPS - 1e-6)))
        controls = rest(frames)
        controls[:, JAW] = np.random.default_rng(seed).uniform(0, 1, frames)
        return Motion(
            fps=MOTION_FPS,
            head=np.zeros((frames, 3), np.float32),
            lids=np.zeros((frames, 2), np.float32),
            gaze=np.zeros((frames, 2), np.float32),
            controls=controls,
            names=CONTROLS,
        )

    def unable(self, motion):
        return ()

    def draw(self, motion, first=0):
        for number, jaw in enumerate(motion.jaw):
            if number == self.engine.fail_at:
                raise self.engine.error
            frame = self.picture.pixels.copy()
            frame[: int(jaw * len(frame))] //= 2
            yield Patch(pixels=frame)


class FakeEngine:
    """Makes `FakeRig`s.

    Args:
        fail_at: Frame at which drawing raises `error`.
        error: What it raises there.
    """

    spec = FAKE
    rig = FakeRig

    def __init__(self, fail_at=None, error=None):
        self.fail_at = fail_at
        self.error = error
        self.closed = 0

    def prepare(self, shot, options, progress):
        return self.rig(self, shot.picture)

    def close(self):
        self.closed += 1
