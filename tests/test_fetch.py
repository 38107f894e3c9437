"""Fetching, against a server of this machine with a certificate authority of its own."""

from __future__ import annotations

import ssl
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from pratique.errors import FetchError
from pratique.fetch import fetch
from pratique.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
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
            self._answer(200, LIST)

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


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    asked: list[tuple[str, dict[str, str]]]
    hold: threading.Event
    address: str

    def handle_error(self, *_: object) -> None:
        """Say nothing of clients that broke off, which they do here."""


@contextmanager
def _serving(authority: Authority) -> Iterator[_Server]:
    server = _Server(("127.0.0.1", 0), _Answers)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.chain)
    # The handshake is left to the thread of the connection, so that one that is refused does not stop the server.
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.asked, server.hold = [], threading.Event()
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


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def server(authority: Authority) -> Iterator[_Server]:
    with _serving(authority) as serving:
        yield serving


@pytest.fixture
def get(authority: Authority, server: _Server, monkeypatch: pytest.MonkeyPatch) -> Callable[..., bytes]:
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)

    def fetched(path: str, **options: Any) -> bytes:
        return fetch(server.address + path, **{"cafile": authority.file, "timeout": 20.0, **options})

    return fetched


def test_what_is_at_the_address_is_returned(get: Callable[..., bytes]) -> None:
    assert get("/list") == LIST
    assert get("/unmeasured") == LIST


def test_nothing_that_names_who_asks_is_sent(get: Callable[..., bytes], server: _Server) -> None:
    get("/who")
    headers = next(headers for path, headers in server.asked if path == "/who")
    assert {name.lower() for name in headers} <= {"host", "user-agent", "accept", "accept-encoding", "connection"}
    assert headers["User-Agent"] == "pratique"


def test_redirection_on_https_is_followed(get: Callable[..., bytes], server: _Server) -> None:
    assert get(f"/to/{server.address}/list") == LIST


@pytest.mark.parametrize(
    "target", ["http://127.0.0.1:9/list", "file:///etc/passwd", "ftp://127.0.0.1/list", "https://a:b@127.0.0.1/list"]
)
def test_redirection_to_anything_else_is_refused(get: Callable[..., bytes], target: str) -> None:
    with pytest.raises(FetchError) as refused:
        get(f"/to/{target}")
    assert refused.value.code in {Reason.FETCH_REFUSED, Reason.FETCH_FAILED}  # urllib refuses some by itself


def test_redirections_in_a_circle_come_to_an_end(get: Callable[..., bytes]) -> None:
    with pytest.raises(FetchError) as failed:
        get("/again")
    assert failed.value.code is Reason.FETCH_FAILED


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/list", "file:///etc/passwd", "list", "https:///list", "https://[::1"]
)
def test_address_that_is_not_https_is_refused(url: str) -> None:
    with pytest.raises(FetchError) as refused:
        fetch(url)
    assert refused.value.code is Reason.FETCH_REFUSED


def test_address_with_a_password_is_refused_and_not_repeated() -> None:
    with pytest.raises(FetchError) as refused:
        fetch("https://anna:secret@127.0.0.1/list")
    assert refused.value.code is Reason.FETCH_REFUSED
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("path", ["/list", "/unmeasured"])
def test_more_than_the_limit_is_refused(get: Callable[..., bytes], path: str) -> None:
    assert get(path, limit=len(LIST)) == LIST
    with pytest.raises(FetchError) as refused:
        get(path, limit=len(LIST) - 1)
    assert refused.value.code is Reason.FETCH_REFUSED


@pytest.mark.parametrize("code", [204, 206, 304, 401, 404, 500, 503])
def test_any_answer_but_200_is_a_failure(get: Callable[..., bytes], code: int) -> None:
    with pytest.raises(FetchError) as failed:
        get(f"/code/{code}")
    assert failed.value.code is Reason.FETCH_FAILED
    assert str(code) in failed.value.detail


def test_answer_that_breaks_off_is_a_failure(get: Callable[..., bytes]) -> None:
    with pytest.raises(FetchError) as failed:
        get("/broken")
    assert failed.value.code is Reason.FETCH_FAILED
    assert f"{len(LIST) - 100} bytes before its end" in failed.value.detail


def test_server_that_does_not_answer_is_given_up(get: Callable[..., bytes]) -> None:
    with pytest.raises(FetchError) as failed:
        get("/silent", timeout=0.2)
    assert failed.value.code is Reason.FETCH_FAILED


def test_server_that_drips_for_ever_is_given_up(get: Callable[..., bytes]) -> None:
    with pytest.raises(FetchError) as failed:
        get("/drip", max_seconds=0.0)
    assert failed.value.code is Reason.FETCH_FAILED


def test_certificate_of_an_authority_that_does_not_count_is_refused(server: _Server, tmp_path: Path) -> None:
    before = len(server.asked)
    for cafile in (None, Authority(tmp_path).file):
        with pytest.raises(FetchError) as failed:
            fetch(f"{server.address}/list", cafile=cafile)
        assert failed.value.code is Reason.FETCH_FAILED
        assert "SSLCertVerificationError" in failed.value.detail
    assert len(server.asked) == before


@pytest.mark.parametrize(("address", "days"), [("other.example", 20), ("127.0.0.1", -1)], ids=["name", "expired"])
def test_certificate_for_another_name_or_time_is_refused(tmp_path: Path, address: str, days: int) -> None:
    authority = Authority(tmp_path, address=address, days=days)
    with _serving(authority) as serving, pytest.raises(FetchError) as failed:
        fetch(f"{serving.address}/list", cafile=authority.file)
    assert "SSLCertVerificationError" in failed.value.detail


def test_nobody_at_the_address_is_a_failure(authority: Authority) -> None:
    with _serving(authority) as gone:
        address = gone.address
    with pytest.raises(FetchError) as failed:
        fetch(f"{address}/list", cafile=authority.file)
    assert failed.value.code is Reason.FETCH_FAILED


def test_authorities_that_cannot_be_read_are_an_error_of_the_caller(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        fetch("https://127.0.0.1/list", cafile=tmp_path / "none.pem")
    (tmp_path / "empty.pem").write_bytes(b"")
    with pytest.raises(ssl.SSLError):
        fetch("https://127.0.0.1/list", cafile=tmp_path / "empty.pem")
