"""C2PA manifests ("content credentials"): written into a video or beside it, and read again.

Everything is done by `c2pa-python`, the reference implementation of the C2PA specification, and
without the network, but for a time stamp where a server for it is named.
"""

from __future__ import annotations

import importlib.util
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sadtalker_ext.errors import InvalidOption
from sadtalker_ext.provenance.certificate import throwaway
from sadtalker_ext.provenance.claim import Claim

if TYPE_CHECKING:
    from c2pa import Context, Signer

PACKAGES = ("c2pa", "cryptography")
SIDECAR = ".c2pa"
EMBEDDED = frozenset({".mp4", ".mov"})
"""Files that carry their manifest inside; others get a file beside them."""
CERTIFICATE, KEY, TIME_STAMPS = (
    "SADTALKER_C2PA_CERTIFICATE",
    "SADTALKER_C2PA_KEY",
    "SADTALKER_C2PA_TSA",
)
"""Environment variables for a certificate of one's own."""

_MIME = {
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".mov": "video/quicktime",
    ".webm": "video/webm",
    ".gif": "image/gif",
    ".zip": "application/zip",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".avi": "video/avi",
}
_SETTINGS = {
    "builder": {"thumbnail": {"enabled": False}},
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
}
_UNTRUSTED = "signingCredential.untrusted"
_ALGORITHMS = {"secp256r1": b"es256", "secp384r1": b"es384", "secp521r1": b"es512"}


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnCertificate:
    """A certificate of one's own, instead of one made for the file.

    Attributes:
        certificate: PEM file with the chain, the signing certificate first.
        key: PEM file with its private key, without a password.
        time_stamps: URL of a server for time stamps (RFC 3161); empty for none.
    """

    certificate: Path | None = None
    key: Path | None = None
    time_stamps: str = ""

    @staticmethod
    def of_environment() -> OwnCertificate:
        """Return what the environment variables name."""
        named = {name: os.environ.get(name, "") for name in (CERTIFICATE, KEY)}
        return OwnCertificate(
            certificate=Path(named[CERTIFICATE]) if named[CERTIFICATE] else None,
            key=Path(named[KEY]) if named[KEY] else None,
            time_stamps=os.environ.get(TIME_STAMPS, ""),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What the manifest of a file says, and whether it is to be believed.

    Attributes:
        valid: The signature fits, and the file is as it was signed.
        trusted: The signer is on a list of trusted ones; never so for a throw-away certificate.
        program: Who wrote the manifest.
        signer: Name in the certificate.
        source_type: URI of the digital source type; empty if there is none.
        ingredients: Title and description of what it was made from.
        problems: Codes of what did not fit, without the missing trust.
        beside: Whether the manifest lies in a file of its own.
    """

    valid: bool
    trusted: bool
    program: str
    signer: str
    source_type: str
    ingredients: tuple[tuple[str, str], ...]
    problems: tuple[str, ...]
    beside: bool


def sidecar(video: Path) -> Path:
    """Return where the manifest beside a video lies: ``NAME.webm.c2pa``.

    With the extension of the video, because NAME.webm and NAME.gif may lie side by side.
    """
    return video.with_name(f"{video.name}{SIDECAR}")


def available() -> bool:
    """Tell whether manifests can be written and read here."""
    return all(importlib.util.find_spec(name) is not None for name in PACKAGES)


def signer(own: OwnCertificate) -> Signer:
    """Return who signs: an own certificate, or one made for this file alone.

    Raises:
        InvalidOption: The certificate or its key cannot be used.
    """
    import c2pa

    # the library leaves it unannotated
    info: Any = c2pa.C2paSignerInfo
    stamps = own.time_stamps.encode("utf-8") or None
    if own.certificate is None and own.key is None:
        chain, key = throwaway()
        return c2pa.Signer.from_info(info(b"es256", chain, key, stamps))
    if own.certificate is None or own.key is None:
        raise InvalidOption(
            "A certificate and its private key are needed together, found only one of them.",
            hint="Name two PEM files.",
        )
    try:
        chain, key = own.certificate.read_bytes(), own.key.read_bytes()
        return c2pa.Signer.from_info(info(_algorithm(key), chain, key, stamps))
    except (OSError, ValueError, TypeError, c2pa.C2paError) as problem:
        raise InvalidOption(
            f"The certificate {own.certificate.name} cannot sign: {problem}.",
            hint="Give the chain and the key as PEM files, the key without a password.",
        ) from problem


def _algorithm(key: bytes) -> bytes:
    """Return C2PA's name of the algorithm that goes with a private key.

    Raises:
        ValueError: C2PA has none.
    """
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    found = load_pem_private_key(key, password=None)
    if isinstance(found, ec.EllipticCurvePrivateKey) and found.curve.name in _ALGORITHMS:
        return _ALGORITHMS[found.curve.name]
    if isinstance(found, ed25519.Ed25519PrivateKey):
        return b"ed25519"
    if isinstance(found, rsa.RSAPrivateKey):
        return b"ps256"
    raise ValueError("the key should be of P-256, P-384, P-521, Ed25519 or RSA")


def sign(path: Path, target: Path, claim: Claim, who: Signer) -> bytes:
    """Sign a complete file.

    Args:
        path: The file; its extension tells its kind.
        target: Becomes the signed file, where its kind carries a manifest inside; else a copy.
        claim: What is said about it.
        who: Of `signer`; closed afterwards.

    Returns:
        The manifest.
    """
    import c2pa

    mime = _mime(path)
    with who, c2pa.Builder(claim.manifest(mime), _context()) as builder:
        if path.suffix.lower() not in EMBEDDED:
            builder.set_no_embed()
        with path.open("rb") as source, target.open("w+b") as signed:
            return bytes(builder.sign(who, mime, source, signed))


def read_credentials(path: Path) -> Credentials | None:
    """Return what the manifest in a file, or beside it, says; None where there is none."""
    if path.suffix.lower() in _MIME and (found := _read(path, None)):
        return found
    beside = (one for one in (sidecar(path), path.with_suffix(SIDECAR)) if one.is_file())
    return next((found for one in beside if (found := _read(path, one))), None)


def _read(path: Path, manifest: Path | None) -> Credentials | None:
    """Read the manifest in a file, or another file's; None where there is none to be read."""
    import c2pa

    try:
        data = None if manifest is None else manifest.read_bytes()
        with path.open("rb") as file, c2pa.Reader(_mime(path), file, data, _context()) as reader:
            return _credentials(json.loads(reader.json()), beside=manifest is not None)
    except (c2pa.C2paError, OSError):
        return None


def _credentials(found: Mapping[str, Any], *, beside: bool) -> Credentials:
    manifest = found["manifests"][found["active_manifest"]]
    codes = [entry["code"] for entry in found.get("validation_status", [])]
    state = found.get("validation_state", "")
    generators = manifest.get("claim_generator_info") or [{}]
    return Credentials(
        valid=state in ("Valid", "Trusted"),
        trusted=state == "Trusted",
        program=f"{generators[0].get('name', '')} {generators[0].get('version', '')}".strip(),
        signer=manifest.get("signature_info", {}).get("common_name", ""),
        source_type=_source_type(manifest),
        ingredients=tuple(
            (str(entry.get("title", "")), str(entry.get("description", "")))
            for entry in manifest.get("ingredients", [])
        ),
        problems=tuple(code for code in codes if code != _UNTRUSTED),
        beside=beside,
    )


def _source_type(manifest: Mapping[str, Any]) -> str:
    for assertion in manifest.get("assertions", []):
        if str(assertion.get("label", "")).startswith("c2pa.actions"):
            for action in assertion.get("data", {}).get("actions", []):
                if "digitalSourceType" in action:
                    return str(action["digitalSourceType"])
    return ""


def _mime(path: Path) -> str:
    return _MIME.get(path.suffix.lower(), "application/octet-stream")


def _context() -> Context:
    import c2pa

    return c2pa.Context.from_dict(_SETTINGS)
