"""Which names this server answers to, and which web pages may talk to it.

The REST routes and the page ask the same questions. A browser can be made to send requests here by
any page its user visits: under a name that page's owner points at this machine (DNS rebinding), or
across sites. Programs that are no browsers can send what they like; passwords are against them.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from sadtalker_ext.shells.api.errors import CrossSite
from sadtalker_ext.shells.api.settings import ApiSettings

ANY = "*"


def check_site(method: str, headers: Headers, settings: ApiSettings) -> None:
    """Refuse web pages that reach for this server through their visitor's browser.

    Raises:
        CrossSite: The name or the origin is not welcome.
    """
    host = headers.get("host", "")
    if not _is_own_name(host_name(host), settings.hosts):
        raise CrossSite(
            f"This server does not answer to the name {host[:80]!r}.",
            hint="Use the address it was started with; whoever runs it can add names "
            "(--allowed-host).",
        )
    origin = headers.get("origin", "")
    # reading counts as well: some hosts let any page read from this machine (gradio 4 even those
    # without an origin of their own, whose origin is "null")
    if not origin or method == "OPTIONS" or _is_welcome(origin, settings):
        return
    # browsers write this header themselves, so that it is true behind a proxy that changes Host
    same_origin = headers.get("sec-fetch-site", "") == "same-origin"
    if not same_origin and origin.partition("://")[2] != host:
        raise CrossSite(
            "Requests from web pages of other sites are not accepted.",
            hint="The person who runs the server can allow the page's origin (--allow-origin), or "
            "the name a proxy gives to the server (--allowed-host).",
        )


def _is_own_name(name: str, hosts: tuple[str, ...]) -> bool:
    if not hosts or ANY in hosts or name in hosts:
        return True
    # listening on every address: no page can pretend to have one, only names can be pointed here
    return any(_is_unspecified(one) for one in hosts) and _address(name) is not None


def _is_unspecified(host: str) -> bool:
    address = _address(host)
    return address is not None and address.is_unspecified


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None


def _is_welcome(origin: str, settings: ApiSettings) -> bool:
    if origin in settings.origins or ANY in settings.origins:
        return True
    if settings.public_names and host_name(origin.partition("://")[2]) in settings.public_names:
        return True
    pattern = settings.origins_pattern
    return bool(pattern) and re.fullmatch(pattern, origin) is not None


def host_name(host: str) -> str:
    """Return the name in a Host header as it is compared: without port, in small letters."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower().rstrip(".")


def allowed_name(text: str) -> str:
    """Return the name in what a person gives as an allowed host: a name, perhaps with more.

    Returns:
        ``example.org`` for that, for ``example.org:8443`` and for ``https://example.org/page``;
        an address as it is; "*" as it is; empty when there is no name in it.
    """
    text = text.strip()
    if text == ANY or _address(text) is not None:
        return text
    try:
        return (urlsplit(text if "://" in text else f"//{text}").hostname or "").rstrip(".")
    except ValueError:
        return ""
