"""The port of a server is tried before the page is built."""

import errno
import socket

import pytest

from sadtalker_ext.errors import SetupError
from sadtalker_ext.shells.cli import serve


@pytest.fixture
def taken():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


@pytest.fixture
def free():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        return other.getsockname()[1]


def named(monkeypatch, *addresses):
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", one) for one in addresses]
    monkeypatch.setattr(serve.socket, "getaddrinfo", lambda *_, **__: found)


def test_a_port_of_another_program_is_refused(taken, free):
    serve._require_free("127.0.0.1", free)
    with pytest.raises(SetupError, match=f"Port {taken} of 127.0.0.1 is taken"):
        serve._require_free("127.0.0.1", taken)


@pytest.mark.parametrize("order", [1, -1])
def test_every_address_of_a_name_is_tried(monkeypatch, taken, free, order):
    named(monkeypatch, *[("127.0.0.1", free), ("127.0.0.1", taken)][::order])
    with pytest.raises(SetupError, match=r"of talk\.example \(127\.0\.0\.1\) is taken"):
        serve._require_free("talk.example", 1)


def test_an_address_that_the_machine_lacks_matters_only_alone(monkeypatch, free):
    def refusal(family, address):
        return OSError(errno.EADDRNOTAVAIL, "no such address") if address[0] == "::1" else None

    monkeypatch.setattr(serve, "_refusal", refusal)
    named(monkeypatch, ("::1", free), ("127.0.0.1", free))
    serve._require_free("localhost", free)
    named(monkeypatch, ("::1", free))
    with pytest.raises(SetupError, match="cannot be used: no such address"):
        serve._require_free("localhost", free)
