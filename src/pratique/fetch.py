"""The only module that opens a connection: one file from one https address that an operator names.

Nothing in a verification comes here. What is fetched is the same for everybody (a trust list, a status list), so that
fetching it says nothing about a traveller; and it counts only by its signatures, wherever it came from.
"""

from __future__ import annotations

import ssl
import urllib.error
import urllib.request
from http import HTTPStatus
from http.client import HTTPException
from time import monotonic
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from pratique.errors import FetchError
from pratique.reasons import Reason

if TYPE_CHECKING:
    from http.client import HTTPMessage, HTTPResponse
    from pathlib import Path

TIMEOUT: Final = 30.0  # seconds for each step of the connection
MAX_SECONDS: Final = 600.0  # for all that arrives: the largest list at 1 Mbit/s
MAX_BYTES: Final = 64 * 1024 * 1024  # the largest list that is read
_CHUNK: Final = 256 * 1024  # bytes


class _StayOnHttps(urllib.request.HTTPRedirectHandler):
    """Follows a redirection to another https address, and no other."""

    def redirect_request(  # noqa: PLR0913, PLR0917 - the signature of urllib
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        """Return the request for the new address. Raises: FetchError: it is not https."""
        try:
            _check(newurl)
        except FetchError:
            fp.close()
            raise
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def fetch(
    url: str,
    *,
    limit: int = MAX_BYTES,
    timeout: float = TIMEOUT,
    max_seconds: float = MAX_SECONDS,
    cafile: Path | str | None = None,
) -> bytes:
    """Return what is at an https address.

    Redirections are followed on https alone. No cookie, name or other identifier is sent.

    Args:
        url: the address.
        limit: the most bytes that are taken.
        timeout: seconds for each step of the connection.
        max_seconds: seconds for all that arrives, however steadily it drips.
        cafile: certificates (PEM) of the authorities that count, in the place of those that the system trusts: for an
            operator with a certificate authority of its own.
    Raises: FetchError (`fetch.refused`): no https address, one not written in ASCII, or more than `limit` bytes.
        (`fetch.failed`): no answer, a certificate that does not count, or another answer than 200. OSError: `cafile`
        cannot be read.
    """
    _check(url)
    context = ssl.create_default_context(cafile=cafile)
    opener = urllib.request.build_opener(_StayOnHttps, urllib.request.HTTPSHandler(context=context))
    request = urllib.request.Request(url, headers={"User-Agent": "pratique", "Accept": "*/*"})  # noqa: S310 - checked
    try:
        with opener.open(request, timeout=timeout) as answer:
            if answer.status != HTTPStatus.OK:
                raise FetchError(Reason.FETCH_FAILED, f"{_host(url)} answered {answer.status}")
            return _body(answer, limit, monotonic() + max_seconds)
    except urllib.error.HTTPError as error:
        with error:
            raise FetchError(Reason.FETCH_FAILED, f"{_host(url)} answered {error.code}") from None
    except UnicodeError:  # letters beyond ASCII, or a name with an empty part
        raise FetchError(Reason.FETCH_REFUSED, "the address is not written as https needs it") from None
    except (OSError, HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise FetchError(Reason.FETCH_FAILED, f"{_host(url)}: {type(reason).__name__}") from None


def _body(answer: HTTPResponse, limit: int, deadline: float) -> bytes:
    data = bytearray()
    while chunk := answer.read1(_CHUNK):
        data += chunk
        if len(data) > limit:
            raise FetchError(Reason.FETCH_REFUSED, f"more than {limit} bytes")
        if monotonic() > deadline:
            raise FetchError(Reason.FETCH_FAILED, "it takes too long")
    if answer.length:  # what read1 does not say: the connection ended early
        raise FetchError(Reason.FETCH_FAILED, f"it broke off {answer.length} bytes before its end")
    return bytes(data)


def _check(url: str) -> None:
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        host = None
    if host is None or parts.scheme != "https" or parts.username is not None:
        raise FetchError(Reason.FETCH_REFUSED, "only https addresses without a user's name are opened")


def _host(url: str) -> str:
    return urlsplit(url).hostname or "the address"
