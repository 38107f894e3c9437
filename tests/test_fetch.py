"""Fetching, against a server of this machine with a certificate authority of its own."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

import pytest

from https_server import LIST, Authority, Server, serving
from pratique.errors import FetchError
from pratique.fetch import fetch
from pratique.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def server(authority: Authority) -> Iterator[Server]:
    with serving(authority) as running:
        yield running


@pytest.fixture
def get(authority: Authority, server: Server, monkeypatch: pytest.MonkeyPatch) -> Callable[..., bytes]:
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)

    def fetched(path: str, **options: Any) -> bytes:
        return fetch(server.address + path, **{"cafile": authority.file, "timeout": 20.0, **options})

    return fetched


def test_what_is_at_the_address_is_returned(get: Callable[..., bytes]) -> None:
    assert get("/list") == LIST
    assert get("/unmeasured") == LIST


def test_nothing_that_names_who_asks_is_sent(get: Callable[..., bytes], server: Server) -> None:
    get("/who")
    headers = next(headers for path, headers in server.asked if path == "/who")
    assert {name.lower() for name in headers} <= {"host", "user-agent", "accept", "accept-encoding", "connection"}
    assert headers["User-Agent"] == "pratique"


def test_redirection_on_https_is_followed(get: Callable[..., bytes], server: Server) -> None:
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


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1/ü", "https://ü.invalid/ü", "https://a..invalid/", "https://\udcff/"]
)
def test_address_that_cannot_be_written_as_https_needs_it_is_refused(url: str) -> None:
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


def test_certificate_of_an_authority_that_does_not_count_is_refused(server: Server, tmp_path: Path) -> None:
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
    with serving(authority) as running, pytest.raises(FetchError) as failed:
        fetch(f"{running.address}/list", cafile=authority.file)
    assert "SSLCertVerificationError" in failed.value.detail


def test_nobody_at_the_address_is_a_failure(authority: Authority) -> None:
    with serving(authority) as gone:
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
