import pytest
from starlette.datastructures import Headers

from sadtalker_ext.errors import InvalidOption
from sadtalker_ext.shells.api.errors import CrossSite
from sadtalker_ext.shells.api.settings import ApiSettings
from sadtalker_ext.shells.api.sites import allowed_name, check_site, host_name
from sadtalker_ext.shells.cli.arguments import build_parser
from sadtalker_ext.shells.cli.serve import _settings


def welcome(settings, host, **more):
    headers = {"host": host, **{name.replace("_", "-"): value for name, value in more.items()}}
    try:
        check_site("POST", Headers(headers), settings)
    except CrossSite:
        return False
    return True


def served(*words, folder="data"):
    return _settings(build_parser().parse_args(["serve", "--data-dir", folder, *words]))


@pytest.fixture(autouse=True)
def no_credentials(monkeypatch):
    for name in ("SADTALKER_API_AUTH", "SADTALKER_API_TOKEN"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("talk.example.org", "talk.example.org"),
        ("Talk.Example.org.:8443", "talk.example.org"),
        ("https://talk.example.org/page", "talk.example.org"),
        ("10.0.0.7", "10.0.0.7"),
        ("[::1]:80", "::1"),
        ("::1", "::1"),
        ("*", "*"),
        ("", ""),
        ("http://", ""),
        ("[::1", ""),
    ],
)
def test_people_write_names_in_many_ways(given, name):
    assert allowed_name(given) == name


def test_a_host_header_is_compared_without_port_and_case():
    assert host_name("LocalHost.:7861") == "localhost"
    assert host_name("[::1]:7861") == "::1"


def test_without_passwords_only_own_names_are_answered():
    settings = served("--allowed-host", "https://Talk.example.org")
    for host in ("localhost:7861", "127.0.0.1", "[::1]:7861", "talk.example.org"):
        assert welcome(settings, host)
    for host in ("evil.example", "", "talk.example.org.evil.example", "10.0.0.7"):
        assert not welcome(settings, host)


def test_passwords_answer_every_name_until_some_are_given(monkeypatch):
    monkeypatch.setenv("SADTALKER_API_TOKEN", "secret")
    everywhere = ("--host", "0.0.0.0")  # noqa: S104
    assert welcome(served(*everywhere), "any.example")
    settings = served(*everywhere, "--allowed-host", "talk.example.org")
    assert welcome(settings, "talk.example.org")
    assert welcome(settings, "192.168.1.5:7861"), "its own address, whichever it is"
    assert not welcome(settings, "evil.example")


def test_any_name_can_be_allowed():
    assert welcome(served("--allowed-host", "*"), "any.example")
    assert not welcome(served("--allowed-host", "*"), "a.example", origin="http://b.example")


def test_a_name_of_a_proxy_is_an_origin_of_ours_and_localhost_is_not():
    settings = served("--allowed-host", "talk.example.org")
    assert welcome(settings, "127.0.0.1:7861", origin="https://talk.example.org")
    assert not welcome(settings, "127.0.0.1:7861", origin="http://localhost:3000")


def test_a_name_that_is_none_is_refused():
    with pytest.raises(InvalidOption, match="--allowed-host should be a name"):
        served("--allowed-host", "http://")


def test_a_server_that_was_told_nothing_answers_to_all(tmp_path):
    assert welcome(ApiSettings(folder=tmp_path), "any.example")
