"""One server: requests, answers, events and files."""

from __future__ import annotations

import json
import math
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

from sadtalker_ext.client.answers import (
    FINAL,
    ApiError,
    Talk,
    TalkProgress,
    progress_of,
    refusal_of,
    talk_of,
)
from sadtalker_ext.client.connection import Connection
from sadtalker_ext.client.media import Media, body_of, content_of, is_address, rewind, save_whole

PREFIX = "/sadtalker/v1"
_AGAIN_SECONDS = 0.2
"""Until a stream of events that the server ended early is asked for again."""
_PATIENCE = 5
"""Times that a server which was not reached is asked again while a job is waited for."""


class Client:
    """Talks to one server.

    Args:
        address: Of the server, such as "http://127.0.0.1:7860" for a WebUI.
        auth: User and password (the WebUI's `--api-auth`).
        token: Bearer token, instead of `auth`.
        timeout: Seconds for one answer.
        transport: Replaces the network, for tests.
    """

    def __init__(
        self,
        address: str = "http://127.0.0.1:7861",
        *,
        auth: tuple[str, str] | None = None,
        token: str = "",
        timeout: float = 60.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._http = Connection(
            base_url=address.rstrip("/") + PREFIX,
            auth=auth,
            headers={"Authorization": f"Bearer {token}"} if token else {},
            timeout=timeout,
            transport=transport,
        )

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def make(
        self,
        portrait: Media,
        speech: Media | None,
        output: Path | str,
        *,
        on_progress: Callable[[TalkProgress], None] | None = None,
        timeout: float | None = None,
        overwrite: bool = False,
        **more: Any,
    ) -> Talk:
        """Send, wait, and save the video.

        Args:
            portrait: The picture.
            speech: What it says; None with `text=` or `config={"idle_seconds": 5}`.
            output: The file to write.
            on_progress: Called whenever something changed.
            timeout: Seconds to wait at most; the job is cancelled then.
            overwrite: Whether the file may be replaced; else FileExistsError.
            more: As for `create`.

        Raises:
            ApiError: The server refused the request, or the job failed.
            TimeoutError: It took too long.
        """
        if not overwrite and Path(output).exists():
            raise FileExistsError(f"{output} exists already; overwrite=True replaces it.")
        talk = self.create(portrait, speech, **more)
        try:
            talk = self.wait(talk.id, timeout=timeout, on_progress=on_progress)
        except (TimeoutError, KeyboardInterrupt):
            # a server that cannot be asked any more must not hide why
            with suppress(ApiError, httpx.HTTPError):
                self.delete(talk.id)
            raise
        self.download(talk.id, output)
        return talk

    def create(
        self,
        portrait: Media,
        speech: Media | None = None,
        *,
        text: str = "",
        voice: str = "",
        reference_video: Media | None = None,
        config: Mapping[str, Any] | None = None,
        name: str = "",
        user_data: str = "",
        webhook: str = "",
        idempotency_key: str = "",
    ) -> Talk:
        """Queue a job.

        When the answer is lost on the way, the request is sent again with the same idempotency
        key, so there is never more than one job.

        Args:
            portrait: The picture.
            speech: A recording, or a video whose sound is used.
            text: A text to speak instead.
            voice: Who speaks it; see `voices`.
            reference_video: A video to borrow motion from, as the option `reference_use` says.
            config: Options; see `options`.
            name: A title.
            user_data: Anything, returned as it is.
            webhook: Address to call at the end.
            idempotency_key: Drawn when empty.
        """
        talk: dict[str, Any] = {"config": dict(config or {})}
        given = {"name": name, "user_data": user_data, "webhook": webhook}
        talk |= {key: value for key, value in given.items() if value}
        if text:
            talk["script"] = {"type": "text", "input": text}
            if voice:
                talk["script"]["provider"] = {"voice_id": voice}
        if is_address(speech):
            talk["script"] = {"type": "audio", "audio_url": speech}
        if is_address(portrait):
            talk["source_url"] = portrait
        if is_address(reference_video):
            talk["driver_url"] = reference_video
        media = {"source_image": portrait, "audio": speech, "reference_video": reference_video}
        headers = {"Idempotency-Key": idempotency_key or secrets.token_urlsafe(16)}
        with ExitStack() as opened:
            files = {
                key: (key, content_of(value, opened))
                for key, value in media.items()
                if value is not None and not is_address(value)
            }
            return talk_of(self._post_talk(talk, files, headers))

    def get(self, talk_id: str) -> Talk:
        """Ask how far a job is."""
        return talk_of(self._ask("GET", f"/talks/{talk_id}"))

    def list(self, limit: int = 20) -> Iterator[Talk]:
        """Yield all jobs, newest first, asking for `limit` at a time."""
        token = ""
        while True:
            query = {"limit": limit} | ({"token": token} if token else {})
            page = self._ask("GET", "/talks", params=query)
            yield from map(talk_of, page["talks"])
            token = page.get("token", "")
            if not token:
                return

    def delete(self, talk_id: str) -> Talk:
        """Cancel a job, or remove it with its video when it is final."""
        return talk_of(self._ask("DELETE", f"/talks/{talk_id}"))

    def watch(self, talk_id: str) -> Iterator[TalkProgress]:
        """Yield the progress whenever it changes, until the job is final.

        Raises:
            ApiError: The server refuses, or there is no such job.
        """
        final = False
        before: TalkProgress | None = None
        while not final:
            for event, data in self._events(talk_id):
                final = event == "removed" or data.get("status") in FINAL
                if event == "removed":
                    break
                now = progress_of(data["progress"] if event == "state" else data)
                if now != before:
                    before = now
                    yield now
            if not final:
                time.sleep(_AGAIN_SECONDS)

    def _events(self, talk_id: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the events of one stream; a server may end it before the job is final."""
        event = ""
        with self._http.stream("GET", f"/talks/{talk_id}/events", timeout=60.0) as answer:
            if answer.status_code != 200:
                answer.read()
                raise refusal_of(answer)
            for line in answer.iter_lines():
                kind, _, value = line.partition(": ")
                if kind == "event":
                    event = value
                elif kind == "data" and event:
                    yield event, json.loads(value)

    def wait(
        self,
        talk_id: str,
        *,
        timeout: float | None = None,
        on_progress: Callable[[TalkProgress], None] | None = None,
        every: float = 0.5,
    ) -> Talk:
        """Wait until a job is done; a server that is not reached for a while is asked again.

        Raises:
            ApiError: It ended in another way.
            httpx.TransportError: The server was not reached, nor any of `_PATIENCE` times after it.
            TimeoutError: It took longer than `timeout` seconds.
        """
        deadline = math.inf if timeout is None else time.monotonic() + timeout
        before, missed = None, 0
        while True:
            talk = None
            try:
                talk, missed = self.get(talk_id), 0
            except httpx.TransportError:
                missed += 1
                if missed > _PATIENCE:
                    raise
            if talk is not None and on_progress is not None and talk.progress != before:
                before = talk.progress
                on_progress(talk.progress)
            if talk is not None and talk.status == "done":
                return talk
            if talk is not None and talk.final:
                raise talk.error or ApiError(0, {"message": f"the talk is {talk.status}"})
            if time.monotonic() > deadline:
                raise TimeoutError(f"talk {talk_id} took longer than {timeout:g} seconds")
            time.sleep(every)

    def download(self, talk_id: str, output: Path | str) -> Path:
        """Save the video; the file appears under its name only when it is whole."""
        with self._http.stream("GET", f"/talks/{talk_id}/video") as answer:
            if answer.status_code != 200:
                answer.read()
                raise refusal_of(answer)
            return save_whole(answer.iter_bytes(), Path(output))

    def options(self) -> dict[str, Any]:
        """Return the JSON Schema of `config`."""
        return self._ask("GET", "/options")

    def engines(self) -> dict[str, Any]:
        """Return which engines are ready."""
        return self._ask("GET", "/engines")

    def voices(self) -> dict[str, Any]:
        """Return who can speak a text."""
        return self._ask("GET", "/voices")

    def health(self) -> dict[str, Any]:
        """Return version, jobs by state and limits."""
        return self._ask("GET", "/health")

    def _post_talk(
        self, talk: Mapping[str, Any], files: Mapping[str, Any], headers: Mapping[str, str]
    ) -> dict[str, Any]:
        body = body_of(talk, files)
        try:
            return self._ask("POST", "/talks", headers=headers, **body)
        except httpx.TransportError:
            rewind(files)
            return self._ask("POST", "/talks", headers=headers, **body)

    def _ask(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        answer = self._http.request(method, path, **more)
        if not answer.is_success:
            raise refusal_of(answer)
        found: dict[str, Any] = answer.json()
        return found
