"""Our REST routes on the WebUI's server, under the WebUI's rules."""

from __future__ import annotations

import atexit
import hashlib
import logging
import math
from pathlib import Path
from typing import Any

from sadtalker_ext.errors import SadTalkerError
from sadtalker_ext.host.webui import OPTION_PREFIX, data_folder, shared

log = logging.getLogger(__name__)

NUMBERS = {
    "api_request_mb": (200, "largest request in MB"),
    "api_upload_seconds": (120, "seconds a request may take to arrive"),
    "api_megapixels": (64, "largest picture in megapixels"),
    "api_video_seconds": (900, "longest video in seconds"),
    "api_queued": (1000, "most waiting jobs"),
    "api_keep_days": (7, "days finished videos are kept"),
}
"""Default and label of each setting; all are numbers above 0, but for 0 days, which means ever."""

_STREAM_SECONDS = 20.0
"""The WebUI's server waits for open streams at "Reload UI" and at its end."""

_mounted: list[Any] = []
"""State of the routes; "Reload UI" makes a new server, and the old state has to end first."""


def mount(app: Any) -> None:
    """Add the routes, if the user switched the WebUI's own on (``--api`` or ``--nowebui``)."""
    unmount()
    flags = shared.cmd_opts
    if getattr(flags, "sadtalker_no_api", False) or not (flags.api or flags.nowebui):
        return
    from sadtalker_ext.shells.api.app import mount_routes
    from sadtalker_ext.shells.webui.house import service

    try:
        state = mount_routes(app, service(), _settings())
    except SadTalkerError as error:
        log.warning("SadTalker's REST routes are not available: %s", error)
        return
    _mounted.append(state)
    # an orderly end puts the job that is being made back into the queue: with its page the WebUI
    # leaves its main function, without it the server alone hears of the end
    atexit.unregister(unmount)
    atexit.register(unmount)
    app.router.on_shutdown.append(state.close)


def api_options(section: tuple[str, str]) -> dict[str, Any]:
    """Return the options of the WebUI's settings page that limit requests, by name."""
    import gradio

    options = {
        name: shared.OptionInfo(
            default, f"REST: {label}", gradio.Number, {"minimum": 0}, section=section
        ).needs_reload_ui()
        for name, (default, label) in NUMBERS.items()
    }
    options["api_keep_days"].info("0 keeps them for ever")
    return options


def unmount() -> None:
    """End the state of an earlier server."""
    while _mounted:
        _mounted.pop().close()


def _settings() -> Any:
    from sadtalker_ext.shells.api.auth import basic_auth, read_users
    from sadtalker_ext.shells.api.settings import ApiSettings, limits_of
    from sadtalker_ext.shells.webui.house import host

    flags = shared.cmd_opts
    origins = (getattr(flags, "cors_allow_origins", None) or "").split(",")
    return ApiSettings(
        folder=job_folder(data_folder(), flags.port),
        # the WebUI protects only its own routes by --api-auth
        auth=basic_auth(read_users(flags.api_auth)) if flags.api_auth else None,
        several_users=bool(flags.api_auth) and len(read_users(flags.api_auth)) > 1,
        limits=limits_of(
            request_mb=_number("api_request_mb"),
            video_seconds=_number("api_video_seconds"),
            queued=max(1, round(_number("api_queued"))),
            megapixels=_number("api_megapixels"),
            upload_seconds=_number("api_upload_seconds"),
        ),
        keep_seconds=86400.0 * _number("api_keep_days", least=0.0),
        urls=_url_policy,
        origins=tuple(one.strip() for one in origins if one.strip()),
        origins_pattern=getattr(flags, "cors_allow_origins_regex", None) or "",
        interrupted=host().interrupted,
        stream_seconds=_STREAM_SECONDS,
    )


def _number(name: str, least: float = 0.1) -> float:
    """Return a setting, or its default if its value makes no sense."""
    default = float(NUMBERS[name][0])
    value = shared.opts.data.get(OPTION_PREFIX + name, default)
    usable = isinstance(value, (int, float)) and math.isfinite(value) and value >= least
    if not usable:
        log.warning("the setting %s%s should be a number above 0", OPTION_PREFIX, name)
    return float(value) if usable else default


def _url_policy() -> Any:
    """Return the WebUI's policy for addresses in requests; private ones are refused in any case."""
    from sadtalker_ext.shells.api.url_policy import UrlPolicy

    options = shared.opts.data
    return UrlPolicy(
        enabled=bool(options.get("api_enable_requests", True)),
        user_agent=str(options.get("api_useragent") or "sadtalker"),
    )


def job_folder(data: Path, port: int | None) -> Path:
    """Return the folder of jobs, which holds the key of webhooks.

    It lies outside the WebUI's folder, where any file can be read through the page.
    """
    from sadtalker_ext.weights.store import cache_folder

    name = hashlib.sha256(f"{data.resolve()}\n{port or ''}".encode()).hexdigest()[:16]
    return cache_folder() / "webui" / name
