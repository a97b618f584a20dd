"""C2PA: signed files validate with the library's own reader, and changes are seen."""

import dataclasses
import datetime
import json
import shutil

import numpy as np
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from sadtalker_ext.encoder.metadata import VOCABULARY, read_metadata
from sadtalker_ext.errors import InvalidOption
from sadtalker_ext.options import SUFFIXES
from sadtalker_ext.provenance import certificate, credentials
from sadtalker_ext.provenance.credentials import OwnCertificate, read_credentials, sidecar
from sadtalker_ext.provenance.hashes import file_hash, picture_hash
from sadtalker_ext.provenance.verify import verify
from tests.support.api import free_port
from tests.support.media import read_frames
from tests.support.time_stamps import time_stamp_server
from tests.unit.provenance.videos import make, picture, speech

pytestmark = pytest.mark.extra

MIME = {
    ".mp4": "video/mp4",
    ".mov": "video/quicktime",
    ".webm": "video/webm",
    ".gif": "image/gif",
    ".zip": "application/zip",
}


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    """One video of each format, as they are made by default."""
    folder = tmp_path_factory.mktemp("videos")
    sound = speech(folder)
    return {
        suffix: make(folder / f"made{suffix}", sound=sound, format=name)
        for name, suffix in SUFFIXES.items()
    }


def by_the_library(video, manifest=None):
    """The report of the library's reader alone, and its verdict."""
    import c2pa

    with video.open("rb") as file, c2pa.Reader(MIME[video.suffix], file, manifest) as reader:
        return json.loads(reader.json()), reader.get_validation_state()


@pytest.mark.parametrize("suffix", SUFFIXES.values())
def test_every_format_validates_with_the_librarys_reader(videos, suffix):
    made = videos[suffix]
    assert made.marks == ("metadata", "c2pa", "mark")
    assert made.warnings == ()
    if suffix in (".mp4", ".mov"):
        assert made.credentials is None
        assert not sidecar(made.path).exists()
        report, state = by_the_library(made.path)
    else:
        assert made.credentials == sidecar(made.path)
        report, state = by_the_library(made.path, made.credentials.read_bytes())
    assert state == "Valid"
    codes = [entry["code"] for entry in report["validation_status"]]
    assert codes == ["signingCredential.untrusted"]


def test_what_is_claimed(videos):
    report, _ = by_the_library(videos[".mp4"].path)
    manifest = report["manifests"][report["active_manifest"]]
    (actions,) = [
        one["data"]["actions"]
        for one in manifest["assertions"]
        if one["label"].startswith("c2pa.actions")
    ]
    assert [one["action"] for one in actions] == ["c2pa.created", "c2pa.watermarked.unbound"]
    assert actions[0]["digitalSourceType"] == VOCABULARY + "compositeSynthetic"
    assert "SadTalker" in actions[0]["softwareAgent"]["name"]
    assert len(actions[0]["parameters"]["ingredients"]) == 2
    assert [one["title"] for one in manifest["ingredients"]] == ["portrait", "speech"]
    assert not any("thumbnail" in one for one in (manifest, *manifest["ingredients"]))


def test_a_generated_picture_has_another_source(tmp_path):
    generated = make(tmp_path / "made.mp4", source=picture(parameters="a person, Seed: 1"))
    found = read_credentials(generated.path)
    assert found.source_type == VOCABULARY + "compositeWithTrainedAlgorithmicMedia"
    assert found.ingredients[0][1].startswith("generated picture")


def test_ingredients_are_salted_hashes_that_their_owner_can_show(videos, tmp_path):
    told = [read_credentials(videos[suffix].path).ingredients for suffix in (".mp4", ".gif")]
    for (_, portrait), (_, sound) in told:
        digest, salt = portrait.removeprefix("picture; salted SHA-256 ").split(", salt ")
        assert picture_hash(picture(), bytes.fromhex(salt)) == digest
        digest, salt = sound.removeprefix("sound; salted SHA-256 ").split(", salt ")
        assert file_hash(speech(tmp_path).path, bytes.fromhex(salt)) == digest
    assert all(one != other for one, other in zip(*told, strict=True))
    assert b"portrait.png" not in credentials.sidecar(videos[".gif"].path).read_bytes()


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_a_signed_video_still_plays_and_says_everything(videos, suffix):
    made = videos[suffix]
    assert len(read_frames(made.path)[0]) == made.frames
    described = read_metadata(made.path)
    assert described.source_type == VOCABULARY + "compositeSynthetic"
    assert described.data["engine"] == "fake"


@pytest.mark.parametrize("suffix", SUFFIXES.values())
def test_a_changed_byte_is_seen(videos, tmp_path, suffix):
    made = videos[suffix]
    data = bytearray(made.path.read_bytes())
    data[data.index(b"mdat") + 90 if suffix == ".mp4" else len(data) // 2] ^= 1
    changed = tmp_path / made.path.name
    changed.write_bytes(data)
    if made.credentials is not None:
        sidecar(changed).write_bytes(made.credentials.read_bytes())
    found = read_credentials(changed)
    assert not found.valid
    assert any("mismatch" in code for code in found.problems)


def test_tampering_is_said(videos, tmp_path):
    changed = tmp_path / "changed.mp4"
    data = videos[".mp4"].path.read_bytes()
    changed.write_bytes(data.replace(b"SadTalker", b"SedTalker", 1) + b"\0\0\0\x08free")
    found = verify(changed)
    assert found.tampered
    assert "changed after it was signed" in found.sentences()[-1]
    assert found.as_dict()["tampered"] is True


def test_a_throwaway_certificate_tells_nobody_from_anybody():
    parts = []
    for _ in range(2):
        chain, key = certificate.throwaway()
        leaf, root = x509.load_pem_x509_certificates(chain)
        parts.append((leaf, root, key))
    (one, root, key), (other, _, other_key) = parts
    assert one.subject == other.subject
    assert one.issuer == other.issuer == root.subject
    assert one.not_valid_before_utc == other.not_valid_before_utc
    assert one.not_valid_after_utc.year >= 2049
    assert key != other_key
    one.verify_directly_issued_by(root)


@pytest.fixture
def own(tmp_path):
    """A certificate of one's own: PEM files as a company would have them."""
    ours, issuer = (ec.generate_private_key(ec.SECP384R1()) for _ in range(2))
    monkey = certificate._certificate("Example Studio", ours, issuer, authority=False)
    files = (tmp_path / "chain.pem", tmp_path / "key.pem")
    root = certificate._certificate(certificate.ISSUER, issuer, issuer, authority=True)
    pem = serialization.Encoding.PEM
    files[0].write_bytes(monkey.public_bytes(pem) + root.public_bytes(pem))
    files[1].write_bytes(
        ours.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return OwnCertificate(certificate=files[0], key=files[1])


def test_a_certificate_of_ones_own_signs(own, tmp_path):
    found = read_credentials(make(tmp_path / "made.mp4", own=own).path)
    assert found.valid
    assert found.signer == "Example Studio"


def test_the_environment_names_a_certificate(own, tmp_path, monkeypatch):
    monkeypatch.setenv(credentials.CERTIFICATE, str(own.certificate))
    monkeypatch.setenv(credentials.KEY, str(own.key))
    assert read_credentials(make(tmp_path / "made.mp4").path).signer == "Example Studio"


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl answers as the server")
def test_a_time_stamp_server_says_when(own, tmp_path):
    place = tmp_path / "stamps"
    place.mkdir()
    with time_stamp_server(place) as (address, asked):
        made = make(tmp_path / "made.mp4", own=dataclasses.replace(own, time_stamps=address))
    assert [kind for kind, _ in asked] == ["application/timestamp-query"]
    assert made.warnings == ()
    report, state = by_the_library(made.path)
    assert state == "Valid"
    told = report["manifests"][report["active_manifest"]]["signature_info"]
    age = datetime.datetime.now(datetime.timezone.utc) - datetime.datetime.fromisoformat(
        told["time"].replace("Z", "+00:00")
    )
    assert abs(age.total_seconds()) < 300
    plain, _ = by_the_library(make(tmp_path / "plain.mp4", own=own).path)
    assert "time" not in plain["manifests"][plain["active_manifest"]]["signature_info"]


def test_a_time_stamp_server_that_is_gone_costs_the_signature_and_is_said(own, tmp_path):
    gone = dataclasses.replace(own, time_stamps=f"http://127.0.0.1:{free_port()}")
    made = make(tmp_path / "made.mp4", own=gone)
    assert made.marks == ("metadata", "mark")
    assert "could not be signed" in made.warnings[0]


def test_half_a_certificate_or_a_broken_one_is_refused_before_any_work(own, tmp_path):
    half = OwnCertificate(certificate=own.certificate)
    with pytest.raises(InvalidOption, match="together"):
        make(tmp_path / "made.mp4", own=half)
    own.key.write_bytes(b"nothing")
    with pytest.raises(InvalidOption, match=r"chain\.pem cannot sign"):
        make(tmp_path / "made.mp4", own=own)
    assert not (tmp_path / "made.mp4").exists()


def test_a_signature_that_fails_does_not_cost_the_video(tmp_path, monkeypatch):
    def fail(*rest):
        raise RuntimeError("no more ink")

    monkeypatch.setattr(credentials, "sign", fail)
    made = make(tmp_path / "made.mp4")
    assert made.path.exists()
    assert made.marks == ("metadata", "mark")
    assert "no more ink" in made.warnings[0]
    assert [one.name for one in tmp_path.iterdir() if one.suffix == ".mp4"] == ["made.mp4"]


def test_a_manifest_of_an_earlier_video_stays_unless_it_may_be_replaced(tmp_path):
    sidecar(tmp_path / "made.gif").write_bytes(b"somebody's")
    made = make(tmp_path / "made.gif", format="gif")
    assert made.credentials is None
    assert "c2pa" not in made.marks
    assert "exists already" in made.warnings[0]
    assert sidecar(made.path).read_bytes() == b"somebody's"
    assert {one.name for one in tmp_path.iterdir()} == {"made.gif", "made.gif.c2pa"}
    again = make(tmp_path / "made.gif", format="gif", overwrite=True)
    assert read_credentials(again.path).valid
    assert not [one for one in tmp_path.iterdir() if one.name.startswith(".")]


def test_others_files_have_their_own_manifest_or_none(videos, tmp_path):
    import cv2

    cv2.imwrite(str(tmp_path / "plain.png"), np.full((64, 64, 3), 120, np.uint8))
    assert read_credentials(tmp_path / "plain.png") is None
    (tmp_path / "odd.xyz").write_bytes(b"x")
    assert read_credentials(tmp_path / "odd.xyz") is None
