"""A worker of a cluster whose engine is the fake one, and dies or fails where a job asks for it."""

import os
import signal
import time
from pathlib import Path

from sadtalker_ext.batch.ray_worker import Worker
from sadtalker_ext.errors import OutOfMemory
from sadtalker_ext.service import Service
from tests.support.fake_engine import FakeEngine, FakeRig
from tests.support.specs import REGISTERED, specs_with

DIES_ONCE, DIES, FULL_ONCE, LINGERS, SLOW, BUG, FULL = 101, 102, 103, 104, 105, 106, 107
"""Seeds of jobs whose engine does so in the middle of the video; `SLOW` at every later frame."""


class MortalRig(FakeRig):
    """Draws as `FakeRig`, and does at its third frame what the job's seed says."""

    def draw(self, motion, first=0):
        for number, patch in enumerate(super().draw(motion, first)):
            if number == 2:
                self._act(self.engine.seed)
            elif number > 2 and self.engine.seed == SLOW:
                time.sleep(0.05)
            yield patch

    def die(self):
        os.kill(os.getpid(), signal.SIGKILL)

    def _act(self, seed):
        once = Path(os.environ["MORTAL_FOLDER"]) / f"{seed}.once"
        first = not once.exists()
        if seed in (DIES_ONCE, FULL_ONCE, LINGERS, SLOW):
            once.write_text(str(os.getpid()), encoding="utf-8")
        if seed == DIES or (seed == DIES_ONCE and first):
            self.die()
        if seed == BUG:
            raise ZeroDivisionError("secret detail")
        if seed == FULL:
            raise MemoryError
        if seed == FULL_ONCE and first:
            raise OutOfMemory("No room today.")
        if seed == LINGERS:
            time.sleep(0.2)


class MortalEngine(FakeEngine):
    spec = next(spec for spec in REGISTERED if spec.built_in)
    rig = MortalRig
    seed = 0

    def prepare(self, shot, options, progress):
        self.seed = options.seed
        return super().prepare(shot, options, progress)


class MortalWorker(Worker):
    """Keeps the fake engine in place of the real ones."""

    def __init__(self, setup):
        super().__init__(setup)
        self._service = Service(self._service._host, specs=specs_with(MortalEngine))
