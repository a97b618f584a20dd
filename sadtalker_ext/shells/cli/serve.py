"""``sadtalker serve``: the page and the REST routes on a server of their own."""

from __future__ import annotations

import argparse
import errno
import importlib.metadata
import importlib.util
import ipaddress
import math
import os
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sadtalker_ext.errors import InvalidOption, PackageMissing, SetupError
from sadtalker_ext.installing import how_to_add

if TYPE_CHECKING:
    from sadtalker_ext.service import Service
    from sadtalker_ext.shells.api.settings import ApiSettings

SERVER_PACKAGES = {
    "fastapi": "fastapi",
    "uvicorn": "uvicorn",
    "python_multipart": "python-multipart",
}
PAGE_GRADIO = 6
"""Oldest major version of gradio that the page of our own server works with; a WebUI's older one
serves only the tab in that WebUI, whose own passwords guard it."""
LOOPBACK = ("localhost", "127.0.0.1", "::1")
SWITCH_SECONDS = 0.0005
AUTH_VARIABLE = "SADTALKER_API_AUTH"
TOKEN_VARIABLE = "SADTALKER_API_TOKEN"  # noqa: S105 - a name, not a token
SECRET_VARIABLE = "SADTALKER_WEBHOOK_SECRET"  # noqa: S105 - a name, not a secret


def run_serve(parsed: argparse.Namespace) -> dict[str, Any]:
    """Serve until stopped.

    Raises:
        PackageMissing: The server's packages are not installed.
        InvalidOption: Another machine could reach the server, and nobody would have to log in.
        SetupError: The port or the data folder is in use by another process, or the cluster of
            `--workers` cannot be reached.
    """
    absent = [name for module, name in SERVER_PACKAGES.items() if not _installed(module)]
    if absent:
        raise PackageMissing(
            f"The server needs {', '.join(absent)}, not installed here.",
            hint=how_to_add("page"),
        )
    from sadtalker_ext.shells.cli.workers import calls_of

    settings = _settings(parsed)
    _require_free(parsed.host, parsed.port)
    with calls_of(parsed) as workers:
        _serve(parsed, replace(settings, workers=workers))
    return {"stopped": True}


def _serve(parsed: argparse.Namespace, settings: ApiSettings) -> None:
    from sadtalker_ext.host.standalone import StandaloneHost
    from sadtalker_ext.service import Service
    from sadtalker_ext.shells.api.app import build_app
    from sadtalker_ext.shells.api.serving import run_server
    from sadtalker_ext.shells.cli.own_process import suit

    # this process is ours: rendering threads pass the interpreter on sooner, so that answers do
    # not wait 5 ms for it at every step
    sys.setswitchinterval(SWITCH_SECONDS)
    weight_dirs = [parsed.weights_dir] if parsed.weights_dir else []
    host = StandaloneHost(output_dir=settings.folder, weight_dirs=weight_dirs, suit=suit)
    service = Service(host)
    app = build_app(service, settings)
    has_page = _has_page()
    if has_page:
        _add_page(app, service, settings, local=_is_loopback(parsed.host))
    if not parsed.json:
        name = f"[{parsed.host}]" if ":" in parsed.host else parsed.host
        what = "" if has_page else f" (REST only; for the page: {how_to_add('page')})"
        print(f"http://{name}:{parsed.port}/{what}", file=sys.stderr)
        print(f"data folder: {settings.folder}", file=sys.stderr)
        if settings.workers is not None:
            print(f"workers: {settings.workers.seats} ({parsed.workers})", file=sys.stderr)
    try:
        run_server(app, host=parsed.host, port=parsed.port, verbose=parsed.verbose)
    finally:
        app.state.sadtalker.close()
        service.close()


def _add_page(app: Any, service: Service, settings: ApiSettings, *, local: bool) -> None:
    from sadtalker_ext.jobs.folder import private_folder
    from sadtalker_ext.shells.api.auth import asking
    from sadtalker_ext.shells.api.media import bounds_of
    from sadtalker_ext.shells.ui.page import mount_page
    from sadtalker_ext.shells.ui.uploads import UploadCheck

    results = settings.folder / "page"
    # the data folder itself may be open to others: its rights are its owner's business
    private_folder(results)
    mount_page(
        app,
        service,
        output_dir=results,
        local=local,
        asking=asking(settings.auth) if settings.auth else None,
        shared=settings.several_users,
        uploads=UploadCheck(
            inspector=app.state.sadtalker.inspector, bounds=bounds_of(settings.limits)
        ),
    )


def _settings(parsed: argparse.Namespace) -> ApiSettings:
    from sadtalker_ext.shells.api.auth import basic_auth, either, read_users, token_auth
    from sadtalker_ext.shells.api.settings import ApiSettings, limits_of

    users = parsed.api_auth or os.environ.get(AUTH_VARIABLE, "")
    token = os.environ.get(TOKEN_VARIABLE, "")
    ways = [basic_auth(read_users(users))] if users else []
    ways += [token_auth(token)] if token else []
    if not ways and not _is_loopback(parsed.host):
        raise InvalidOption(
            f"Other machines could reach {parsed.host}, so credentials are needed.",
            hint=f"Set {TOKEN_VARIABLE}, or {AUTH_VARIABLE} (or --api-auth) to user:password.",
        )
    _check_numbers(parsed)
    names = _allowed_names(parsed.allowed_host)
    limits = limits_of(
        request_mb=parsed.max_upload_mb,
        video_seconds=parsed.max_seconds,
        queued=parsed.max_queued,
    )
    return ApiSettings(
        folder=parsed.data_dir.expanduser().absolute(),
        auth=either(*ways) if ways else None,
        several_users=len(read_users(users) if users else ()) + bool(token) > 1,
        limits=limits,
        keep_seconds=parsed.keep_days * 86400.0,
        webhook_secret=os.environ.get(SECRET_VARIABLE, ""),
        hosts=() if ways and not names else (*LOOPBACK, parsed.host.lower(), *names),
        public_names=names,
        origins=tuple(parsed.allow_origin),
    )


def _allowed_names(given: Sequence[str]) -> tuple[str, ...]:
    from sadtalker_ext.shells.api.sites import allowed_name

    for text in given:
        if not allowed_name(text):
            raise InvalidOption(
                f"--allowed-host should be a name such as talk.example.org, found {text!r}."
            )
    return tuple(allowed_name(text) for text in given)


def _check_numbers(parsed: argparse.Namespace) -> None:
    """Refuse limits that nothing keeps to; negative days would remove every finished video."""
    for name, least in (
        ("keep_days", 0.0),
        ("max_upload_mb", 1.0),
        ("max_seconds", 0.1),
        ("max_queued", 1.0),
    ):
        value = getattr(parsed, name)
        if not (math.isfinite(value) and value >= least):
            raise InvalidOption(
                f"--{name.replace('_', '-')} should be at least {least:g}, found {value:g}."
            )


def _require_free(host: str, port: int) -> None:
    """Refuse a port that another program has, before the page is built and an address is told.

    Args:
        host: A name or an address; the server listens on all addresses of a name.
        port: TCP port.

    Raises:
        SetupError: It cannot be listened on.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, OverflowError):
        return  # the server says what is wrong with the name
    refused = [(one[4], error) for one in found if (error := _refusal(one[0], one[4]))]
    # an address that this machine does not have is left out by the server, unless there is no other
    lasting = [one for one in refused if one[1].errno != errno.EADDRNOTAVAIL]
    if not lasting and len(refused) < len(found):
        return
    address, error = (lasting or refused)[0]
    taken = error.errno == errno.EADDRINUSE
    why = "is taken by another program" if taken else f"cannot be used: {error.strerror or error}"
    where = host if address[0] == host else f"{host} ({address[0]})"
    raise SetupError(
        f"Port {port} of {where} {why}.", hint="Choose another one with --port."
    ) from error


def _refusal(family: int, address: tuple[Any, ...]) -> OSError | None:
    """Return why an address cannot be listened on; None where it can."""
    try:
        probe = socket.socket(family, socket.SOCK_STREAM)
    except OSError:
        return OSError(errno.EADDRNOTAVAIL, "this machine has no such addresses")
    with probe:
        if os.name != "nt":  # there it means that two programs may share a port
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:  # as the server does: 0.0.0.0 is another one's
            with suppress(AttributeError, OSError):
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            probe.bind(address)
        except OSError as error:
            return error
    return None


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _has_page() -> bool:
    """Tell whether gradio is there, and new enough to ask for passwords in a page of ours."""
    if not _installed("gradio"):
        return False
    try:
        found = importlib.metadata.version("gradio")
    except importlib.metadata.PackageNotFoundError:
        return False
    return found.split(".")[0].isdigit() and int(found.split(".")[0]) >= PAGE_GRADIO


def _installed(module: str) -> bool:
    if module == "python_multipart" and importlib.util.find_spec("multipart") is not None:
        return True  # its name until 2024
    return importlib.util.find_spec(module) is not None
