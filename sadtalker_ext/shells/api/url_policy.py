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

Resolve = Callable[[str, int], Sequence[str]]
Connect = Callable[[str, int, float], socket.socket]

MAX_URL = 2048
WEBHOOK = "webhook"
"""The field whose address is called; all others are fetched."""
PORTS = {"http": 80, "https": 443}
_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: an IPv4 address in the last 32 bits
# of the IANA's registries of special addresses, because Pythons differ in what they list; among
# them 6to4, Teredo and IPv4-compatible addresses, which could carry a private address inside
_SPECIAL = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
        "::/96", "::ffff:0:0:0/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32",
        "2002::/16", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10",
    )
)  # fmt: skip


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
            hint="Leave it out, and ask how far the job is."
            if field == WEBHOOK
            else "Send the file itself, as base64 or as a form.",
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
                hint="Private and local addresses are never "
                + ("called." if field == WEBHOOK else "fetched. Send the file itself."),
                field=field,
            )
    return Target(scheme=scheme, host=host, port=port, address=addresses[0], path=path)


def is_public(text: str) -> bool:
    """Tell whether an IP address is on the public internet and belongs to a single machine.

    IPv6 addresses that stand for an IPv4 address (mapped, NAT64) are judged by that one.
    """
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        elif address in _NAT64:
            address = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    special = address.is_multicast or address.is_loopback or address.is_unspecified
    return address.is_global and not special and not any(address in net for net in _SPECIAL)


def _parts(url: str, field: str) -> tuple[str, str, int, str]:
    refused = UrlRefused(
        f"{field} should be an http or https address.",
        hint="Give the address of a server that is called at the end."
        if field == WEBHOOK
        else "Local files and other protocols are never read. Send the file itself.",
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
