"""An engine without models: a bar that grows with the mouth. Shells are tested with it."""

import numpy as np

from sadtalker_ext.types import MOTION_FPS, Face, MotionTrack, Portrait
from tests.support.specs import FAKE

NAMES = ("jaw",)


class FakeEngine:
    """Draws a moving stripe over the picture; follows the loudness of the speech.

    Args:
        fail_at: Frame at which rendering raises `error`.
        error: What it raises there.
    """

    spec = FAKE

    def __init__(self, fail_at=None, error=None):
        self.fail_at = fail_at
        self.error = error
        self.closed = 0

    def analyse(self, picture, options, progress):
        width, height = picture.size
        face = Face(points=np.zeros((478, 3), np.float32), box=(0, 0, width, height), score=1.0)
        return Portrait(picture=picture, face=face, frame_size=picture.size)

    def move(self, portrait, speech, options, progress, seed, borrowed=None):
        seconds = speech.total_seconds if speech else options.idle_seconds
        frames = max(1, int(np.ceil(seconds * MOTION_FPS - 1e-6)))
        jaw = np.random.default_rng(seed).uniform(0, 1, frames).astype(np.float32)
        return MotionTrack(
            fps=MOTION_FPS,
            head=np.zeros((frames, 3), np.float32),
            blink=np.zeros((frames, 2), np.float32),
            gaze=np.zeros((frames, 2), np.float32),
            jaw=jaw,
            controls=jaw[:, None],
            names=NAMES,
        )

    def render(self, portrait, motion, options):
        for number, jaw in enumerate(motion.jaw):
            if number == self.fail_at:
                raise self.error
            frame = portrait.picture.pixels.copy()
            frame[: int(jaw * len(frame))] //= 2
            yield frame

    def close(self):
        self.closed += 1
