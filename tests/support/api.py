"""What REST tests share: a service with the engine that needs no models, small media, loopback."""

import contextlib
import http.server
import io
import json
import socket
import threading
import time
import wave

import numpy as np
from PIL import Image

from sadtalker_ext.host.standalone import StandaloneHost
from sadtalker_ext.service import Service
from sadtalker_ext.shells.api.url_policy import UrlPolicy
from tests.support.fake_engine import FakeEngine, FakeRig
from tests.support.media import portrait_like
from tests.support.specs import specs_with

PREFIX = "/sadtalker/v1"
TALKS = f"{PREFIX}/talks"


class JournalRig(FakeRig):
    """Notes the seed, waits while its engine is held, and is as slow as its engine says."""

    def plan(self, performance, options, progress, seed):
        self.engine.note(seed)
        return super().plan(performance, options, progress, seed)

    def draw(self, motion, first=0):
        for patch in super().draw(motion, first):
            self.engine.free.wait(20)
            if self.engine.seconds_per_frame:
                time.sleep(self.engine.seconds_per_frame)
            yield patch


class Journal(FakeEngine):
    """Notes the seed of every job it works on; can be held, and can be slow.

    Args:
        path: A file that gets one line per job, or None.
        seconds_per_frame: How long each frame takes.
    """

    rig = JournalRig

    def __init__(self, path=None, seconds_per_frame=0.0, **rest):
        super().__init__(**rest)
        self.path = path
        self.seconds_per_frame = seconds_per_frame
        self.seeds = []
        self.free = threading.Event()
        self.free.set()

    def note(self, seed):
        self.seeds.append(seed)
        if self.path:
            with self.path.open("a", encoding="ascii") as file:
                file.write(f"{seed}\n")


class FakeService(Service):
    """A service whose built-in engine is the fake one; the other is missing."""

    def __init__(self, engine=None, host=None):
        self.engine = engine or Journal()
        super().__init__(host or StandaloneHost(), specs=specs_with(lambda: self.engine))


def png(width=48, height=48):
    """A small picture."""
    file = io.BytesIO()
    Image.fromarray(portrait_like(height, width)).save(file, "PNG")
    return file.getvalue()


def wav(seconds=0.24, rate=8000, level=0.5):
    """A small recording."""
    times = np.arange(round(seconds * rate)) / rate
    samples = (level * 32767 * np.sin(2 * np.pi * 220 * times)).astype("<i2")
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(samples.tobytes())
    return file.getvalue()


def form(picture=None, sound=None, **talk):
    """Arguments of a request with files."""
    return {
        "files": {
            "source_image": ("p.png", png() if picture is None else picture),
            "audio": ("s.wav", wav() if sound is None else sound),
        },
        "data": {"talk": json.dumps(talk)},
    }


def wait_final(client, talk_id, seconds=20.0):
    """Ask until a talk is final."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        talk = client.get(f"{TALKS}/{talk_id}").json()
        if talk["status"] in ("done", "error", "rejected"):
            return talk
        time.sleep(0.02)
    raise AssertionError(f"not final after {seconds} seconds: {talk}")


def wait_until(happened, seconds=20.0):
    """Wait for something."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if happened():
            return
        time.sleep(0.01)
    raise AssertionError("it did not happen")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Internet:
    """A small internet on loopback: names lead to public addresses, those to a local server.

    The policy under test is the real one; only the resolver and the last step of connecting are
    replaced.
    """

    def __init__(self):
        self.names = {"files.example": ["93.184.216.34"]}
        self.asked = []
        self.connected = []
        self.port = 0

    def resolve(self, host, port):
        self.asked.append(host)
        found = self.names.get(host)
        if found is None:
            raise OSError("unknown")
        return found.pop(0) if isinstance(found[0], list) else found

    def connect(self, address, port, timeout):
        self.connected.append(address)
        return socket.create_connection(("127.0.0.1", self.port), timeout)

    def policy(self, **rest):
        return UrlPolicy(resolve=self.resolve, connect=self.connect, **{"seconds": 5.0, **rest})


@contextlib.contextmanager
def web(pages, internet):
    """Serve `pages`: path to a function that gets the handler; yields the list of requests."""
    seen = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            length = int(self.headers.get("Content-Length") or 0)
            seen.append((self.command, self.path, dict(self.headers), self.rfile.read(length)))
            with contextlib.suppress(OSError):
                pages[self.path.partition("?")[0]](self)

        do_POST = do_GET  # noqa: N815 - the library's name

        def log_message(self, *words):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads, server.block_on_close = True, False
        internet.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield seen
        finally:
            server.shutdown()
            thread.join()


def answer(body=b"", status=200, **headers):
    """A page."""

    def page(handler):
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            if value is not None:
                handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return page
