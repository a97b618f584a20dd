"""What tests of a server process need inside it: an engine and an internet they can steer.

They are steered through files in one folder, so it makes no difference whether the process is our
own server or a WebUI. Only the engine, the resolver and the last step of connecting are replaced.
"""

import contextlib
import dataclasses
import json
import re
import socket
import time

from sadtalker_ext.errors import EncodingError, NoFaceFound, OutOfMemory, OutputUnwritable
from sadtalker_ext.shells.api.url_policy import UrlPolicy, resolve_name
from tests.support.fake_engine import FakeEngine, FakeRig
from tests.support.specs import specs_with

PUBLIC = "93.184.216.34"
# what the system resolves without asking anybody
_OWN_NAMES = re.compile(r"localhost|[0-9:][0-9a-fx:.]*")
SECONDS = 60.0


class Control:
    """The folder both sides know.

    Attributes:
        journal: One line per job that was worked on: its seed.
        connected: One line per address that was connected to.
    """

    def __init__(self, folder):
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self.journal = folder / "journal"
        self.connected = folder / "connected"
        self.journal.touch()
        self.connected.touch()

    def set(self, name, value=""):
        part = self.folder / f"{name}.part"
        part.write_text(str(value), encoding="utf-8")
        part.replace(self.folder / name)

    def get(self, name, default=""):
        with contextlib.suppress(FileNotFoundError):
            return (self.folder / name).read_text(encoding="utf-8")
        return default

    def release(self):
        """Let what is held go on."""
        (self.folder / "hold").unlink(missing_ok=True)

    def clear(self):
        for name in ("hold", "pause", "fail", "names", "port", "weights"):
            (self.folder / name).unlink(missing_ok=True)

    def seeds(self):
        """Seeds of all jobs so far, as often as each was worked on."""
        return [int(line) for line in self.journal.read_text(encoding="ascii").split()]

    def note(self, file, words):
        with file.open("a", encoding="ascii") as opened:
            opened.write(f"{words}\n")


def failures(root):
    """Return what the engine can be told to raise."""
    return {
        "no face": NoFaceFound("No face.", hint="Another picture."),
        "no encoder": EncodingError("No encoder."),
        "full": OutOfMemory("Full."),
        "memory": MemoryError(),
        "bug": ZeroDivisionError("secret detail"),
        "unwritable": OutputUnwritable(f"{root}/results/x.mp4 cannot be written."),
    }


class SteeredRig(FakeRig):
    """Notes every job; waits while `hold` is there, slow by `pause`, and fails with `fail`."""

    def plan(self, performance, options, progress, seed):
        control = self.engine.control
        control.note(control.journal, seed)
        return super().plan(performance, options, progress, seed)

    def draw(self, motion, first=0):
        control = self.engine.control
        for number, patch in enumerate(super().draw(motion, first)):
            until = time.monotonic() + SECONDS
            while (control.folder / "hold").exists() and time.monotonic() < until:
                time.sleep(0.02)
            time.sleep(float(control.get("pause", "0") or 0))
            wrong = control.get("fail")
            if wrong and number:
                raise failures(self.engine.root)[wrong]
            yield patch


class SteeredEngine(FakeEngine):
    """Makes `SteeredRig`s."""

    rig = SteeredRig

    def __init__(self, control, root):
        super().__init__()
        self.control, self.root = control, root


class SteeredInternet:
    """Names of the file `names` lead to its addresses; public ones to the port in `port`.

    A list of lists gives each question its own answer. Names the system knows by itself, such as
    localhost and numbers, are asked of the system.
    """

    def __init__(self, control):
        self.control = control
        self.asked = {}

    def resolve(self, host, port):
        names = {"files.example": [PUBLIC], **json.loads(self.control.get("names", "{}"))}
        found = names.get(host)
        if found is None:
            if _OWN_NAMES.fullmatch(host):
                return resolve_name(host, port)
            raise OSError("unknown")
        if isinstance(found[0], list):
            self.asked[host] = self.asked.get(host, -1) + 1
            return found[min(self.asked[host], len(found) - 1)]
        return found

    def connect(self, address, port, timeout):
        self.control.note(self.control.connected, address)
        if address != PUBLIC:
            raise OSError("no such machine")
        return socket.create_connection(("127.0.0.1", int(self.control.get("port"))), timeout)

    def steer(self, policy=None):
        policy = policy or UrlPolicy()
        return dataclasses.replace(policy, resolve=self.resolve, connect=self.connect, seconds=5.0)


def steered_specs(engine):
    """Engine descriptions with the steered engine as the built-in one.

    The other one is missing until the file `weights` is there, and then it is steered, too.
    """
    return specs_with(lambda: engine, (engine.control.folder / "weights").exists)
