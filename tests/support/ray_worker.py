"""A worker of a cluster whose engine is the fake one, and dies or fails where a job asks for it."""

import os
import signal
import time
from pathlib import Path

from sadtalker_ext.batch.ray_worker import Worker
from sadtalker_ext.errors import OutOfMemory
from sadtalker_ext.service import Service
from tests.support.fake_engine import FakeEngine, FakeRig
from tests.support.specs import specs_with

DIES_ONCE, DIES, FULL_ONCE, LINGERS = 101, 102, 103, 104
"""Seeds of jobs whose engine does so in the middle of the video."""


class MortalRig(FakeRig):
    """Draws as `FakeRig`, and does at its third frame what the job's seed says."""

    def plan(self, performance, options, progress, seed):
        self._seed = options.seed
        return super().plan(performance, options, progress, seed)

    def draw(self, motion, first=0):
        for number, patch in enumerate(super().draw(motion, first)):
            if number == 2:
                self._act()
            yield patch

    def _act(self):
        once = Path(os.environ["MORTAL_FOLDER"]) / f"{self._seed}.once"
        first = not once.exists()
        if self._seed in (DIES_ONCE, FULL_ONCE, LINGERS):
            once.write_text(str(os.getpid()), encoding="utf-8")
        if self._seed == DIES or (self._seed == DIES_ONCE and first):
            os.kill(os.getpid(), signal.SIGKILL)
        if self._seed == FULL_ONCE and first:
            raise OutOfMemory("No room today.")
        if self._seed == LINGERS:
            time.sleep(0.2)


class MortalEngine(FakeEngine):
    rig = MortalRig


class MortalWorker(Worker):
    """Keeps the fake engine in place of the real ones."""

    def __init__(self, setup):
        super().__init__(setup)
        self._service = Service(self._service._host, specs=specs_with(MortalEngine))
