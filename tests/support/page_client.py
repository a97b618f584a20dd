"""What a browser sends to the page, and what somebody sends who writes requests by hand."""

import base64
import contextlib
import json
import os
import re
import subprocess
import sys
import time
import uuid
from pathlib import Path

import httpx

from tests.support.api import free_port

ROOT = Path(__file__).resolve().parents[2]


class PageServer:
    """`tests.support.serve_page` as a process, with folders of its own.

    Attributes:
        uploads: gradio's folder.
    """

    def __init__(self, folder, *names, users=None):
        self.base, self.names, self.users = folder, names, users or {}
        self.uploads = folder / "gradio"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "server.log"

    def __enter__(self):
        words = ["-m", "tests.support.serve_page", self.base, self.port]
        words += [json.dumps(self.users), *self.names]
        environment = {
            **os.environ,
            "GRADIO_TEMP_DIR": str(self.uploads),
            "GRADIO_ANALYTICS_ENABLED": "False",
            "SADTALKER_HOME": str(self.base / "home"),
            "PYTHONUNBUFFERED": "1",
        }
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, *(str(word) for word in words)],
                cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        deadline = time.monotonic() + 60
        while True:
            with contextlib.suppress(httpx.TransportError):
                auth = next(iter(self.users.items()), None)
                if httpx.get(f"{self.url}/config", timeout=20, auth=auth).status_code == 200:
                    # gradio 3 starts the queue of a mounted page only when it is asked to
                    httpx.get(f"{self.url}/startup-events", timeout=20, auth=auth)
                    return self
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.1)

    def __exit__(self, *_problem):
        self.process.kill()
        self.process.wait()

    def files(self):
        """Everything that lies in gradio's folder."""
        return {path for path in self.uploads.rglob("*") if path.is_file()}


class Visitor:
    """Sends events to a page of gradio 3, 4 or 6."""

    def __init__(self, server, auth=None, **headers):
        self.server, self.auth = server, auth
        self.http = httpx.Client(base_url=server.url, timeout=60, headers=headers, auth=auth)
        self.config = httpx.get(f"{server.url}/config", timeout=60, auth=auth).json()
        self.generation = int(self.config["version"].split(".")[0])
        self.prefix = "/gradio_api" if self.generation >= 5 else ""
        self.components = {one["id"]: one for one in self.config["components"]}

    def name_of(self, component):
        return self.components.get(component, {"props": {}})["props"].get("elem_id") or ""

    def event(self, element, trigger):
        """Number and inputs of an event, by its element and trigger."""
        for number, event in enumerate(self.config["dependencies"]):
            for target in event["targets"]:
                one, kind = target if isinstance(target, list) else (target, event["trigger"])
                if self.name_of(one) == f"sadtalker_ext_{element}" and kind == trigger:
                    return event.get("id", number), event["inputs"]
        raise LookupError(f"{element} {trigger}")

    def values(self, inputs, given):
        """The page's own values, but for those given by the element's name."""
        names = [self.name_of(one).removeprefix("sadtalker_ext_") for one in inputs]
        own = [self.components[one]["props"].get("value") for one in inputs]
        assert set(given) <= set(names), names
        return [given.get(name, value) for name, value in zip(names, own, strict=True)]

    def file(self, path, **more):
        """A file as a browser of this gradio writes it."""
        path = str(path)
        if self.generation < 4:
            return {"name": path, "data": None, "is_file": True, **more}
        return {"path": path, "meta": {"_type": "gradio.FileData"}, **more}

    def upload(self, name, content, **headers):
        answer = self.http.post(
            f"{self.prefix}/upload", files={"files": (name, content)}, headers=headers
        )
        answer.raise_for_status()
        return answer.json()[0]

    def send(self, element, trigger, **given):
        """Send an event through the queue; returns its last message."""
        number, inputs = self.event(element, trigger)
        return self.send_raw(number, self.values(inputs, given))

    def send_raw(self, number, data):
        body = {"data": data, "fn_index": number, "session_hash": uuid.uuid4().hex[:11]}
        if self.generation < 4:
            return self._by_socket(body)
        self.http.post(f"{self.prefix}/queue/join", json=body).raise_for_status()
        place = f"{self.prefix}/queue/data"
        with self.http.stream("GET", place, params={"session_hash": body["session_hash"]}) as lines:
            return last_message(
                json.loads(line[5:]) for line in lines.iter_lines() if line.startswith("data:")
            )

    def _by_socket(self, body):
        from websockets.sync.client import connect

        address = f"ws://127.0.0.1:{self.server.port}/queue/join"
        headers = {}
        if self.auth:
            pair = base64.b64encode(":".join(self.auth).encode()).decode()
            headers["Authorization"] = f"Basic {pair}"
        with connect(address, max_size=None, additional_headers=headers) as socket:

            def messages():
                while True:
                    message = json.loads(socket.recv(60))
                    if message["msg"] == "send_hash" or message["msg"] == "send_data":
                        socket.send(json.dumps(body))
                    yield message

            return last_message(messages())

    def send_at_once(self, number, data):
        """Call an event past the queue; returns the answer."""
        body = {"data": data, "fn_index": number, "session_hash": "x"}
        path = f"{self.prefix}/{'api' if self.generation >= 4 else 'run'}/predict"
        return self.http.post(path, json=body)


def last_message(messages):
    for message in messages:
        if message["msg"] == "process_completed":
            return message
    raise AssertionError("the event did not end")


def words_of(message):
    """All words of an answer, without marks."""
    text = json.dumps(message.get("output"), ensure_ascii=False)
    return re.sub(r"<[^>]+>", " ", text)
