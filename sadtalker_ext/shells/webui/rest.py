"""Our REST routes on the WebUI's server, under the WebUI's rules."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path
from typing import Any

from sadtalker_ext.errors import SadTalkerError
from sadtalker_ext.host.webui import data_folder, shared

log = logging.getLogger(__name__)

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
        _mounted.append(mount_routes(app, service(), _settings()))
    except SadTalkerError as error:
        log.warning("SadTalker's REST routes are not available: %s", error)


def unmount() -> None:
    """End the state of an earlier server."""
    while _mounted:
        _mounted.pop().close()


def _settings() -> Any:
    from sadtalker_ext.shells.api.auth import basic_auth, read_users
    from sadtalker_ext.shells.api.settings import ApiSettings
    from sadtalker_ext.shells.webui.house import host

    flags = shared.cmd_opts
    origins = (getattr(flags, "cors_allow_origins", None) or "").split(",")
    return ApiSettings(
        folder=job_folder(data_folder(), flags.port),
        # the WebUI protects only its own routes by --api-auth
        auth=basic_auth(read_users(flags.api_auth)) if flags.api_auth else None,
        urls=_url_policy,
        origins=tuple(one.strip() for one in origins if one.strip()),
        interrupted=host().interrupted,
    )


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
