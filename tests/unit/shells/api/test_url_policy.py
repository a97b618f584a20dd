import pytest

from sadtalker_ext.shells.api.errors import UrlRefused, UrlUnreachable
from sadtalker_ext.shells.api.url_policy import UrlPolicy, check_url, is_public


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.9.9.9",
        "0.0.0.0",  # noqa: S104 - to be refused
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",  # the metadata service of clouds
        "100.64.0.1",  # shared by carriers
        "192.0.0.8",
        "192.0.2.1",
        "198.18.0.1",
        "198.51.100.7",
        "203.0.113.9",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fc00::1",
        "fd12:3456::1",
        "fec0::1",
        "ff02::1",
        "2001:db8::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "::127.0.0.1",
        "::ffff:0:127.0.0.1",  # translated (RFC 2765), whatever it carries
        "::ffff:0:10.0.0.1",
        "::ffff:0:1.1.1.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b::10.0.0.1",
        "64:ff9b:1::10.0.0.1",  # a network's own translation (RFC 8215)
        "64:ff9b:1::1.1.1.1",
        "2002:7f00:1::",
        "2002:0a00:0001::1",
        "2001:0:7f00:1::",
        "not an address",
        "",
    ],
)
def test_addresses_that_are_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    ["93.184.216.34", "1.1.1.1", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"],
)
def test_addresses_that_are_public(address):
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://files.example/a",
        "gopher://files.example/",
        "data:text/plain,x",
        "//files.example/a",
        "/etc/passwd",
        "C:\\secret.png",
        "http://",
        "http:///path",
        "http://user@files.example/",
        "http://user:password@files.example/",
        "http://files.example:99999/",
        "http://files.example:x/",
        "http://files.example/a b",
        "http://files.example/\r\nX-Header: 1",
        "http://[::1",
        "http://" + "a" * 300 + ".example/",
        "http://files.example/" + "a" * 3000,
    ],
)
def test_addresses_that_are_none(url, internet):
    with pytest.raises(UrlRefused):
        check_url(url, internet.policy(), "source_url")
    assert internet.connected == []


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://[::1]/",
        "http://2130706433/",  # 127.0.0.1 as one number
        "http://0x7f.1/",
        "http://017700000001/",
        "http://127.1/",
        "http://localhost:80/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:0:127.0.0.1]/",
        "http://[64:ff9b::127.0.0.1]/",
        "http://0/",
    ],
)
def test_disguises_of_loopback_are_seen_by_the_real_resolver(url):
    with pytest.raises((UrlRefused, UrlUnreachable)):
        check_url(url, UrlPolicy(), "source_url")


def test_one_private_address_among_public_ones_is_enough(internet):
    internet.names["mixed.example"] = ["93.184.216.34", "10.0.0.1"]
    with pytest.raises(UrlRefused, match="public"):
        check_url("http://mixed.example/", internet.policy(), "source_url")


def test_unknown_names(internet):
    with pytest.raises(UrlUnreachable, match="not known"):
        check_url("http://nowhere.example/", internet.policy(), "source_url")


def test_switched_off(internet):
    with pytest.raises(UrlRefused, match="switched off"):
        check_url("http://files.example/", internet.policy(enabled=False), "source_url")


def test_paths_keep_their_query_and_letters(internet):
    target = check_url("https://files.example:8443/ä?q=1#x", internet.policy(), "source_url")
    assert (target.path, target.port, target.host) == ("/%C3%A4?q=1", 8443, "files.example")
    assert target.address == "93.184.216.34"


def test_a_webhook_is_called_and_has_no_file_to_send(internet):
    internet.names["inside.example"] = ["10.0.0.1"]
    asked = [
        ("http://inside.example/", internet.policy()),
        ("file:///a", internet.policy()),
        ("http://files.example/", internet.policy(enabled=False)),
    ]
    for url, policy in asked:
        with pytest.raises(UrlRefused) as caught:
            check_url(url, policy, "webhook")
        assert caught.value.hint and "file" not in caught.value.hint
