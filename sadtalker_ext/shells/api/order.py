"""From the JSON of a request to an order: D-ID's names become options of the registry."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sadtalker_ext.directions import NEUTRAL
from sadtalker_ext.errors import InvalidOption
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.shells.api.dubbing import (
    SPEECHES,
    check_dub_order,
    speaks_itself,
    with_speeches,
)
from sadtalker_ext.shells.api.errors import InvalidRequest
from sadtalker_ext.shells.api.schema import talk_request_schema
from sadtalker_ext.shells.api.validate import check
from sadtalker_ext.timeline import read_timeline


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A request that was understood.

    Attributes:
        options: How to make the video; a text to speak is among them.
        source_url: Where the picture is, or empty.
        source_image: The picture as base64, or empty.
        audio_url: Where the speech is, or empty.
        audio_base64: The speech as base64, or empty.
        driver_url: Where a video is whose motion is borrowed, or empty.
        name: The client's title.
        user_data: Returned as it is.
        webhook: Called at the end, or empty.
        dub: How the driver video is dubbed; None makes a video of the picture.
    """

    options: GenerateOptions
    source_url: str = ""
    source_image: str = ""
    audio_url: str = ""
    audio_base64: str = ""
    driver_url: str = ""
    name: str = ""
    user_data: str = ""
    webhook: str = ""
    dub: Mapping[str, Any] | None = None


def read_order(body: object, files: Collection[str] = ()) -> Order:
    """Check a request and translate it.

    Args:
        body: Parsed JSON.
        files: Names of the files that came in a form.

    Raises:
        InvalidRequest: A field is missing, unknown or wrong, or two contradict each other.
        UnsupportedField: A field of D-ID's that means nothing here.
        InvalidOption: An option is out of range.
    """
    check(body, talk_request_schema())
    assert isinstance(body, dict)  # noqa: S101 - the schema says so
    talk = {name: value for name, value in body.items() if value is not None}
    if talk.get("dub") is not None:
        talk["dub"] = with_speeches(talk["dub"], files)
    elif any(name in files for name in SPEECHES):
        raise InvalidRequest("Files of roles go with dub.roles only.", field="dub")
    driven = bool(talk.get("driver_url")) or "reference_video" in files
    if talk.get("dub") is None or (speaks_itself(talk["dub"]) and not driven):
        _one_picture(talk, image_file="source_image" in files)
    borrows = bool(talk.get("driver_url")) or "reference_video" in files
    if talk.get("driver_url") and "reference_video" in files:
        raise InvalidRequest(
            "The video to borrow from should be given once, found driver_url and a file.",
            field="driver_url",
        )
    script = {name: value for name, value in talk.get("script", {}).items() if value is not None}
    options = _options(talk.get("config", {}), talk.get("driver_expressions"), script)
    dub = None if talk.get("dub") is None else check_dub_order(talk, files, options)
    if borrows and options.reference_use == "all":
        if script or options.text or "audio" in files:
            raise InvalidRequest(
                "config.reference_use all takes the sound of the video, but speech was given, too.",
                hint="Leave the speech out, or set config.reference_use to pose+blink.",
                field="script" if script else "config.text" if options.text else "audio",
            )
    elif not speaks_itself(dub):
        moves = bool(options.idle_seconds) or "motion_in" in files
        _one_speech(script, options, audio_file="audio" in files, moves=moves)
    return Order(
        options=options,
        source_url=talk.get("source_url", ""),
        source_image=talk.get("source_image", ""),
        audio_url=script.get("audio_url", ""),
        audio_base64=script.get("audio_base64", ""),
        driver_url=talk.get("driver_url", ""),
        name=talk.get("name", ""),
        user_data=talk.get("user_data", ""),
        webhook=talk.get("webhook", ""),
        dub=dub,
    )


def _one_picture(talk: Mapping[str, Any], *, image_file: bool) -> None:
    given = [name for name in ("source_url", "source_image") if talk.get(name)]
    if len(given) + image_file != 1:
        found = " and ".join(given + ["a file"] * image_file) or "none"
        raise InvalidRequest(
            f"The picture should be given once, found {found}.",
            hint="Give source_url, or source_image as base64, or a form with the file "
            "source_image.",
            field="source_image" if not given or image_file else given[0],
        )


def _one_speech(
    script: Mapping[str, Any], options: GenerateOptions, *, audio_file: bool, moves: bool
) -> None:
    kind = script.get("type", "audio")
    fits = {"audio": ("audio_url", "audio_base64"), "text": ("input", "provider")}[kind]
    for name in ("audio_url", "audio_base64", "input", "provider"):
        if script.get(name) and name not in fits:
            raise InvalidRequest(
                f"script.{name} does not go with a script of type {kind}.", field=f"script.{name}"
            )
    given = [f"script.{name}" for name in fits if name != "provider" and script.get(name)]
    given += ["the file audio"] * audio_file
    if options.text and "script.input" not in given:
        given.append("config.text")
    if len(given) > 1:
        raise InvalidRequest(
            f"The speech should be given once, found {' and '.join(given)}.", field="script"
        )
    if given and options.idle_seconds:
        raise InvalidRequest(
            "config.idle_seconds is for a video without speech, but speech was given, too.",
            hint="Leave one of the two out.",
            field="config.idle_seconds",
        )
    if given or (not script and moves):
        return
    needed = "script.input" if kind == "text" else "script.audio_url or script.audio_base64"
    raise InvalidRequest(
        f"The field {needed} is needed.",
        hint="For a video without speech leave script out and set config.idle_seconds.",
        field=needed.split()[0] if script else "script",
    )


def _options(
    config: Mapping[str, Any], expressions: Mapping[str, Any] | None, script: Mapping[str, Any]
) -> GenerateOptions:
    values = {name: value for name, value in config.items() if value is not None}
    stitch = values.pop("stitch", None)
    if kind := values.pop("result_format", "").lstrip("."):
        if values.get("format", kind) != kind:
            raise InvalidRequest(
                f"config.result_format is {kind}, but format is {values['format']}.",
                hint="Give only one of them.",
                field="config.result_format",
            )
        values["format"] = kind
    values.pop("fluent", None)
    if stitch is not None:
        framing = "full" if stitch else "crop"
        if values.get("preprocess", framing) != framing:
            raise InvalidRequest(
                f"config.stitch: {str(stitch).lower()} means preprocess: {framing}, but "
                f"preprocess is {values['preprocess']}.",
                hint="Give only one of them.",
                field="config.stitch",
            )
        values["preprocess"] = framing
    if script.get("input"):
        if values.get("text"):
            raise InvalidRequest(
                "The text should be given once, found script.input and config.text.",
                field="script.input",
            )
        values["text"] = script["input"]
    if voice := (script.get("provider") or {}).get("voice_id"):
        values["voice"] = voice
    named = [one["expression"] for one in (expressions or {}).get("expressions", ())]
    if expressions is not None and any(name != NEUTRAL for name in named):
        values["timeline"] = _timeline_of(expressions, values.get("timeline"))
    try:
        return GenerateOptions.from_mapping(values)
    except InvalidOption as problem:
        # the ranges were checked by the schema: what is left is about two options together
        raise InvalidRequest(problem.message, hint=problem.hint, field="config") from problem


def _timeline_of(expressions: Mapping[str, Any], timeline: Any) -> str:
    """Return D-ID's expressions as the text of the option timeline, checked."""
    if timeline:
        raise InvalidRequest(
            "The timeline should be given once, found driver_expressions and config.timeline.",
            field="driver_expressions",
        )
    text = json.dumps(expressions)
    try:
        read_timeline(text)
    except InvalidOption as problem:
        raise InvalidRequest(problem.message, field="driver_expressions") from problem
    return text
