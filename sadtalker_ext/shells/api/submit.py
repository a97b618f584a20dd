"""From a request to a queued job: understand, save, look at, queue."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from sadtalker_ext.jobs.folder import new_id
from sadtalker_ext.jobs.records import Job, NewJob
from sadtalker_ext.shells.api import media, uploads
from sadtalker_ext.shells.api.dub_checks import (
    check_end,
    check_times,
    check_video,
    check_words,
)
from sadtalker_ext.shells.api.dubbing import speaks_itself, speech_sources, words_of
from sadtalker_ext.shells.api.errors import InvalidRequest, KeyReused, TooManyJobs
from sadtalker_ext.shells.api.fetch import fetch
from sadtalker_ext.shells.api.order import Order, read_order
from sadtalker_ext.shells.api.state import AUDIO, IMAGE, MOTION, REFERENCE, ApiState
from sadtalker_ext.shells.api.uploads import Body
from sadtalker_ext.shells.api.url_policy import check_url

MAX_KEY = 200
MOST_MOTION_BYTES = 16_000_000
"""A minute of all blendshapes has about 0.6 MB; reading takes some ten times the memory."""


async def submit(
    state: ApiState, body: Body, *, owner: str, key: str, talks_address: str
) -> tuple[Job, bool]:
    """Make a job of a request.

    Everything the job needs is on the disk when this returns: files are saved, addresses fetched,
    and both have been opened, so wrong ones are refused at once.

    Args:
        state: Shared state.
        body: The parsed request.
        owner: Who asks.
        key: Idempotency key, or empty.
        talks_address: Full address of the collection.

    Returns:
        The job, and whether it is new; with a known idempotency key it is the earlier one.

    Raises:
        SadTalkerError: The request cannot be used, or the queue is full.
    """
    loop = asyncio.get_running_loop()
    # files that take long to look at must not keep those of other users waiting
    async with state.upload_places[owner]:
        return await loop.run_in_executor(
            state.submitters, _submit, state, body, owner, key, talks_address
        )


def _submit(
    state: ApiState, body: Body, owner: str, key: str, talks_address: str
) -> tuple[Job, bool]:
    order = read_order(body.talk, body.files)
    digest = uploads.fingerprint(body) if key else ""
    earlier = _earlier(state, owner, key, digest)
    if earlier is not None:
        return earlier, False
    _check_room(state, owner)
    if order.dub is not None:
        check_times(order.dub, state.settings.limits)
    if order.webhook:
        check_url(order.webhook, state.settings.urls(), "webhook")
    job_id = new_id()
    inputs = state.folder.input_dir(job_id)
    inputs.mkdir()
    kept = False
    try:
        _save(state, order, body, inputs, owner)
        new = NewJob(
            id=job_id,
            lane=state.lane_of(order.options, order.dub),
            order=_stored(order, f"{talks_address}/{job_id}"),
            owner=owner,
            key=key,
            fingerprint=digest,
            webhook=order.webhook,
        )
        job, kept = state.store.add(new)
    finally:
        if not kept:
            state.folder.drop_inputs(job_id)
    if not kept:  # two requests with one key at the same moment
        return _earlier(state, owner, key, digest) or job, False
    state.runner.call(job.lane)
    return job, True


def _check_room(state: ApiState, owner: str) -> None:
    places = state.settings.limits.queued
    if state.store.open_count() >= places:
        raise TooManyJobs(
            "The queue is full.", hint="Try again later.", headers={"Retry-After": "30"}
        )
    if state.store.open_count(owner) >= state.settings.share(places):
        raise TooManyJobs(
            "Your half of the queue is full.",
            hint="Try again when some of your videos are done.",
            headers={"Retry-After": "30"},
        )


def check_key(key: str) -> str:
    """Return a usable idempotency key."""
    if len(key) > MAX_KEY or not key.isprintable():
        raise InvalidRequest(
            f"The header Idempotency-Key should have at most {MAX_KEY} printable characters.",
            field="Idempotency-Key",
        )
    return key


def _earlier(state: ApiState, owner: str, key: str, digest: str) -> Job | None:
    job = state.store.by_key(owner, key) if key else None
    if job is not None and job.fingerprint != digest:
        raise KeyReused(
            "This Idempotency-Key was used for a different request.",
            hint="Draw a new key for each new request.",
            field="Idempotency-Key",
        )
    return job


def _save(state: ApiState, order: Order, body: Body, inputs: Path, owner: str) -> None:
    limits = state.settings.limits
    looker = media.Looker(state.inspector, owner if state.settings.several_users else "")
    image, audio = inputs / IMAGE, inputs / AUDIO
    if order.dub is None or order.dub.get("picture"):
        _save_one(
            state, image, limits.image_bytes, body.files.get("source_image"),
            (order.source_image, "source_image"), (order.source_url, "source_url"),
        )  # fmt: skip
        media.check_picture(looker, image, limits)
    if order.driver_url or REFERENCE in body.files:
        _save_one(
            state, inputs / REFERENCE, limits.audio_bytes, body.files.get(REFERENCE),
            ("", REFERENCE), (order.driver_url, "driver_url"),
        )  # fmt: skip
        media.check_reference(looker, inputs / REFERENCE, order.options, limits)
        if order.dub is not None:
            check_video(inputs / REFERENCE, limits)
    sounds: dict[str, float] = {}
    if order.dub is not None and speaks_itself(order.dub):
        sounds = _save_roles(state, order, body, inputs, looker)
    elif order.options.text:
        media.check_text(order.options, limits, state.service.store)
    elif order.audio_url or order.audio_base64 or "audio" in body.files:
        _save_one(
            state, audio, limits.audio_bytes, body.files.get("audio"),
            (order.audio_base64, "script.audio_base64"), (order.audio_url, "script.audio_url"),
        )  # fmt: skip
        sounds[AUDIO] = media.check_speech(looker, audio, order.options, limits)
    elif order.options.idle_seconds:
        media.check_idle(order.options, limits)
    if order.dub is not None:
        check_end(order.dub, order.options, limits, sounds)
    if MOTION in body.files:
        uploads.save_file(body.files[MOTION].file, inputs / MOTION, MOST_MOTION_BYTES, MOTION)
        media.check_motion(looker, inputs / MOTION, limits)


def _save_roles(
    state: ApiState, order: Order, body: Body, inputs: Path, looker: media.Looker
) -> dict[str, float]:
    """Save what the roles of a dubbing say; return the seconds of each sound by its name."""
    limits, dub = state.settings.limits, order.dub or {}
    sounds: dict[str, float] = {}
    for name, address in speech_sources(dub):
        _save_one(
            state, inputs / name, limits.audio_bytes, body.files.get(name), ("", name),
            (address, f"dub.roles.{name}"),
        )  # fmt: skip
        sounds[name] = media.check_speech(looker, inputs / name, order.options, limits)
    if words_of(dub):
        check_words(dub, order.options, limits, state.service.store)
    return sounds


def _save_one(
    state: ApiState,
    target: Path,
    limit: int,
    upload: Any,
    encoded: tuple[str, str],
    address: tuple[str, str],
) -> None:
    if upload is not None:
        uploads.save_file(upload.file, target, limit, target.name)
    elif encoded[0]:
        uploads.save_bytes(uploads.decode_base64(encoded[0], limit, encoded[1]), target)
    else:
        fetch(address[0], target, limit=limit, policy=state.settings.urls(), field=address[1])


def _stored(order: Order, address: str) -> dict[str, Any]:
    return {
        "config": order.options.changed(),
        "address": address,
        "name": order.name,
        "user_data": order.user_data,
        "source_url": order.source_url,
        "audio_url": order.audio_url,
        **({} if order.dub is None else {"dub": dict(order.dub)}),
    }
