"""Which addresses a request may make this machine fetch: public ones only.

A name is resolved once, every address it has is checked, and the connection goes to a checked
address: a name that answers differently the second time (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from sadtalker_ext.shells.api.errors import UrlRefused, UrlUnreachable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Sequence[str]]
Connect = Callable[[str, int, float], socket.socket]

MAX_URL = 2048
PORTS = {"http": 80, "https": 443}
# networks that hold an IPv4 address in their last 32 bits: NAT64 (RFC 6052), IPv4-compatible
_EMBEDDING = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("::/96"))


def resolve_name(host: str, port: int) -> Sequence[str]:
    """Ask the system for every address of a host."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]).partition("%")[0] for entry in found]


def connect_to(address: str, port: int, timeout: float) -> socket.socket:
    """Open a connection to an address."""
    return socket.create_connection((address, port), timeout)


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlPolicy:
    """What may be fetched, and how.

    Attributes:
        enabled: Whether addresses in requests are fetched at all.
        seconds: Time for one fetch with all its redirects.
        redirects: How many are followed.
        user_agent: How this program introduces itself.
        resolve: Finds the addresses of a host.
        connect: Opens a connection to a checked address.
    """

    enabled: bool = True
    seconds: float = 30.0
    redirects: int = 3
    user_agent: str = "sadtalker"
    resolve: Resolve = resolve_name
    connect: Connect = connect_to


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A checked address.

    Attributes:
        scheme: "http" or "https".
        host: The name in the address, for the Host header and the certificate.
        port: TCP port.
        address: Where to connect.
        path: Path and query, as sent.
    """

    scheme: str
    host: str
    port: int
    address: str
    path: str


def check_url(url: str, policy: UrlPolicy, field: str) -> Target:
    """Resolve and judge an address.

    Raises:
        UrlRefused: The policy forbids it, or it is not an http(s) address.
        UrlUnreachable: The name has no address.
    """
    if not policy.enabled:
        raise UrlRefused(
            f"{field} is an address, and fetching addresses is switched off here.",
            hint="Send the file itself, as base64 or as a form.",
            field=field,
        )
    scheme, host, port, path = _parts(url, field)
    try:
        addresses = policy.resolve(host, port)
    except (OSError, UnicodeError) as problem:
        raise UrlUnreachable(f"{field} names the host {host!r}, which is not known.", field=field,
                             hint="Check the address.") from problem  # fmt: skip
    if not addresses:
        raise UrlUnreachable(f"{field} names the host {host!r}, which has no address.", field=field)
    for text in addresses:
        if not is_public(text):
            raise UrlRefused(
                f"{field} should lead to a public address, but {host!r} does not.",
                hint="Private and local addresses are never fetched. Send the file itself.",
                field=field,
            )
    return Target(scheme=scheme, host=host, port=port, address=addresses[0], path=path)


def is_public(text: str) -> bool:
    """Tell whether an IP address is on the public internet and belongs to a single machine.

    IPv6 addresses that carry an IPv4 address (mapped, compatible, 6to4, Teredo, NAT64) are
    public only if that one is, too.
    """
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return all(_public(one) for one in (address, *_embedded(address)))


def _public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped or any(address in network for network in _EMBEDDING):
            # judged by the address inside; these are not "global" by themselves
            return not (address.is_loopback or address.is_unspecified)
        if address.is_site_local:
            return False
    return address.is_global and not (
        address.is_multicast or address.is_reserved or address.is_loopback
        or address.is_link_local or address.is_unspecified
    )  # fmt: skip


def _embedded(address: Address) -> list[ipaddress.IPv4Address]:
    if isinstance(address, ipaddress.IPv4Address):
        return []
    found = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if any(address in network for network in _EMBEDDING):
        found.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return [one for one in found if one is not None]


def _parts(url: str, field: str) -> tuple[str, str, int, str]:
    refused = UrlRefused(
        f"{field} should be an http or https address.",
        hint="Local files and other protocols are never read. Send the file itself.",
        field=field,
    )
    if len(url) > MAX_URL or any(ord(sign) <= 32 or ord(sign) == 127 for sign in url):
        raise refused
    try:
        split = urlsplit(url)
        port = split.port or PORTS.get(split.scheme, 0)
        host = (split.hostname or "").encode("idna").decode("ascii")
    except (ValueError, UnicodeError):
        raise refused from None
    if split.scheme not in PORTS or not host:
        raise refused
    if split.username is not None or split.password is not None:
        raise UrlRefused(f"{field} should not hold a user name or a password.", field=field)
    path = split.path or "/"
    if split.query:
        path += f"?{split.query}"
    # letters beyond ASCII are sent as percent codes of their UTF-8 bytes, as browsers do
    encoded = "".join(
        sign if sign.isascii() else "".join(f"%{byte:02X}" for byte in sign.encode("utf-8"))
        for sign in path
    )
    return split.scheme, host, port, encoded
