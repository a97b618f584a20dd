"""The certificate that signs a video where nobody brought one of their own.

Every file gets a new pair of keys that is thrown away after signing, and a certificate with the
same names and dates for everybody. So nothing in two files tells that one machine, or one person,
made both, no key lies on a disk to be stolen, and nobody can sign in the name of an earlier file.
The signature proves that a file was not changed since, not who made it: readers call it valid,
but its signer untrusted. Whoever wants to be known brings a certificate (see `signer`).

C2PA does not accept a certificate that signs itself ("C2PA Technical Specification", X.509
certificates), so a root made in the same moment signs the one that signs the file.
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

ORGANIZATION = "SadTalker for Stable Diffusion WebUI"
SUBJECT = "Self-signed, made by a program on a user's machine"
ISSUER = "Self-signed, no authority"

_FROM = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
_UNTIL = datetime.datetime(2049, 12, 31, tzinfo=datetime.timezone.utc)
"""Fixed: the hour of signing would tell files apart, and what expired reads as invalid."""


def throwaway() -> tuple[bytes, bytes]:
    """Return a chain of two certificates and the key of the first, all as PEM."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    root_key = ec.generate_private_key(ec.SECP256R1())
    key = ec.generate_private_key(ec.SECP256R1())
    root = _certificate(ISSUER, root_key, root_key, authority=True)
    leaf = _certificate(SUBJECT, key, root_key, authority=False)
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return leaf.public_bytes(pem) + root.public_bytes(pem), private


def _certificate(
    subject: str,
    key: EllipticCurvePrivateKey,
    signer: EllipticCurvePrivateKey,
    *,
    authority: bool,
) -> x509.Certificate:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509.oid import ExtendedKeyUsageOID

    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(ISSUER))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_FROM)
        .not_valid_after(_UNTIL)
        .add_extension(
            x509.BasicConstraints(ca=authority, path_length=0 if authority else None), critical=True
        )
        .add_extension(_usage(authority=authority), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
    )
    if not authority:
        purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
        builder = builder.add_extension(purpose, critical=False)
    return builder.sign(signer, hashes.SHA256())


def _usage(*, authority: bool) -> x509.KeyUsage:
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=not authority,
        key_cert_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common: str) -> x509.Name:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANIZATION),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )
