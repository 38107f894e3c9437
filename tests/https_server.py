"""A server of this machine that speaks https, with a certificate authority of its own, for whatever fetches.

with serving(Authority(folder)) as server:
    server.files["/status/1"] = b"..."
    fetch(f"{server.address}/status/1", cafile=authority.file)
"""

from __future__ import annotations

import ssl
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LIST = bytes(range(256)) * 40


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _certificate(
    subject: str, key: ec.EllipticCurvePrivateKey, issuer: str, issuer_key: ec.EllipticCurvePrivateKey, *, days: int
) -> x509.Certificate:
    is_authority = key is issuer_key
    ends = datetime.now(UTC) + timedelta(days=days)
    address: x509.GeneralName = (
        x509.IPAddress(ip_address(subject)) if subject.startswith("127") else x509.DNSName(subject)
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(ends - timedelta(days=30))
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
    )
    if is_authority:
        names = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
        others = dict.fromkeys((*names, "encipher_only", "decipher_only"), False)
        builder = builder.add_extension(x509.KeyUsage(key_cert_sign=True, crl_sign=True, **others), critical=True)
    return builder.sign(issuer_key, hashes.SHA256())


class Authority:
    """A certificate authority with one server, whose certificate is for this machine unless told otherwise."""

    def __init__(self, folder: Path, *, address: str = "127.0.0.1", days: int = 20) -> None:
        own, server = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        self.file = folder / f"{address}.{days}.ca.pem"
        self.chain = folder / f"{address}.{days}.server.pem"
        self.file.write_bytes(_certificate("ca.example", own, "ca.example", own, days=25).public_bytes(Encoding.PEM))
        certificate = _certificate(address, server, "ca.example", own, days=days)
        key = server.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self.chain.write_bytes(key + certificate.public_bytes(Encoding.PEM))


class _Answers(BaseHTTPRequestHandler):
    """Answers by the path that was asked for."""

    def do_GET(self) -> None:
        path = self.path
        self.server.asked.append((path, dict(self.headers)))  # type: ignore[attr-defined]
        if path == "/silent":
            self.server.hold.wait()  # type: ignore[attr-defined]
            return
        if path.startswith("/to/"):
            self._redirect(path.removeprefix("/to/"))
        elif path == "/again":
            self._redirect(f"{self.server.address}/again")  # type: ignore[attr-defined]
        elif path.startswith("/code/"):
            self._answer(int(path.rpartition("/")[2]), b"")
        elif path == "/broken":
            self._answer(200, LIST[:100], length=len(LIST))
        elif path == "/unmeasured":
            self._answer(200, LIST, length=None)
        elif path == "/drip":
            self._drip()
        else:
            self._answer(200, self.server.files.get(path, LIST))  # type: ignore[attr-defined]

    def _redirect(self, address: str) -> None:
        self.send_response(302)
        self.send_header("Location", address)
        self.end_headers()

    def _answer(self, code: int, body: bytes, *, length: int | None = -1) -> None:
        self.send_response(code)
        if length is not None:
            self.send_header("Content-Length", str(len(body) if length < 0 else length))
        self.end_headers()
        self.wfile.write(body)

    def _drip(self) -> None:
        self.send_response(200)
        self.end_headers()
        try:
            while not self.server.hold.is_set():  # type: ignore[attr-defined]
                self.wfile.write(b"x")
        except OSError:  # whoever asked has gone
            return

    def log_message(self, *_: object) -> None: ...


class Server(ThreadingHTTPServer):
    """What is at its paths, and who asked for what; `hold` lets go of whoever waits."""

    daemon_threads = True
    files: dict[str, bytes]
    asked: list[tuple[str, dict[str, str]]]
    hold: threading.Event
    address: str

    def handle_error(self, *_: object) -> None:
        """Say nothing of clients that broke off, which they do here."""


@contextmanager
def serving(authority: Authority) -> Iterator[Server]:
    """Serve until the block ends."""
    server = Server(("127.0.0.1", 0), _Answers)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.chain)
    # The handshake is left to the thread of the connection, so that one that is refused does not stop the server.
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.asked, server.hold, server.files = [], threading.Event(), {}
    server.address = f"https://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.hold.set()
        server.shutdown()
        thread.join()
        server.server_close()
