"""What the command line says of the machine: doctor, and the list of weights."""

import json
import re

from sadtalker_ext.shells.cli import main


def run(*words):
    return main([str(word) for word in words])


def test_doctor_names_voices_and_what_is_too_old(capsys, monkeypatch):
    monkeypatch.setattr("sadtalker_ext.shells.cli.doctor._version", {"av": "12.3.0"}.get)
    monkeypatch.setattr("sadtalker_ext.shells.cli.doctor.list_voices", lambda store: ())
    run("doctor")
    told = capsys.readouterr().out
    assert re.search(r"av +12.3.0 .*TOO OLD: 13 or newer", told)
    assert "voices: none. Run" in told and "weights fetch voice" in told
    run("doctor", "--json")
    assert json.loads(capsys.readouterr().out)["too_old"] == {"av": "13"}


def test_doctor_names_both_engines(capsys):
    run("doctor", "--json")
    answer = json.loads(capsys.readouterr().out)
    assert [engine["name"] for engine in answer["engines"]] == ["sadtalker", "puppet"]
    assert answer["packages"]["numpy"]


def test_weights_list_shows_licences(capsys):
    assert run("weights", "list", "--json") == 0
    files = json.loads(capsys.readouterr().out)["files"]
    assert all(file["licence"] and len(file["sha256"]) == 64 for file in files)
