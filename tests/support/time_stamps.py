"""A time-stamp server of our own (RFC 3161) on loopback: openssl makes its answers."""

import contextlib
import datetime
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

NAME = "Time Stamps for Tests"

_SECTION = """
[stamps]
serial = {folder}/serial
signer_cert = {folder}/stamps.pem
certs = {folder}/stamps.pem
signer_key = {folder}/stamps.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
ess_cert_id_alg = sha256
"""


@contextlib.contextmanager
def time_stamp_server(folder):
    """Yield its address and the list of requests it has answered.

    Args:
        folder: An empty place for its key and certificate.
    """
    _make_certificate(folder)
    (folder / "serial").write_text("01\n")
    (folder / "stamps.cnf").write_text(_SECTION.format(folder=folder))
    asked = []

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self):
            question = self.rfile.read(int(self.headers["Content-Length"]))
            asked.append((self.headers["Content-Type"], question))
            (folder / "question").write_bytes(question)
            words = "openssl ts -reply -queryfile question -config stamps.cnf -section stamps"
            subprocess.run(
                [*words.split(), "-out", "answer"], cwd=folder, check=True, capture_output=True
            )
            answer = (folder / "answer").read_bytes()
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *words):
            pass

    server = HTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _make_certificate(folder):
    """A certificate as RFC 3161 and C2PA want it: issued by another, for time stamps alone."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    key, above = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in "12")
    certificate = _issued(key, above)
    (folder / "stamps.pem").write_bytes(certificate.public_bytes(pem))
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    (folder / "stamps.key").write_bytes(private)


def _issued(key, above):
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    def name(text):
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    now = datetime.datetime.now(datetime.timezone.utc)
    use = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
    parts = [
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (use, True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), True),
        (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(above.public_key()), False),
    ]
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(NAME))
        .issuer_name(name(f"{NAME}, Root"))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
    )
    for part, critical in parts:
        builder = builder.add_extension(part, critical=critical)
    return builder.sign(above, hashes.SHA256())
