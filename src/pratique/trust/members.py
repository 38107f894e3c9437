"""The members of a trust list's entries, checked one by one, in JSON and in CBOR.

`schemas/trust-list.schema.json` and `schemas/trust-list.cddl` describe the two forms; what is checked here on every
load is the same, by hand, because a schema validator alone takes longer to import than a verification may take.
"""

from __future__ import annotations

import base64
import binascii
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pratique.errors import DecodeError, TrustError
from pratique.model import Kind
from pratique.model.dates import parse_datetime
from pratique.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime

COUNTRY: Final = re.compile(r"[A-Z]{3}")
FORMAT: Final = re.compile(r"[a-z][a-z0-9-]{0,31}")
KIND: Final = re.compile("|".join(Kind))
TARGET: Final = re.compile(r"[0-9A-Z]{2,8}(\.[0-9A-Z]{1,2})?")
LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_TIME: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})"
)
_JWK: Final = frozenset({"kty", "crv", "x", "y", "n", "e", "pub", "alg", "use", "key_ops", "kid"})


class Form(NamedTuple):
    """How JSON or CBOR has the values that the two write differently; each function raises `TrustError`.

    `time` and `octets` return the value of a member; `check_public_key` leaves the key as it stands in the entry, to be
    parsed when it is needed; `issuer` returns an item of `issuers` as an entry.
    """

    time: Callable[[Any, str], datetime]
    octets: Callable[[Any], bytes]
    check_public_key: Callable[[Any], None]
    issuer: Callable[[Any], Any]


def invalid(detail: str) -> TrustError:
    """Return the error for a trust list, or an entry of one, that is not as it should be."""
    return TrustError(Reason.TRUST_LIST_INVALID, detail)


def members(entry: Any, required: frozenset[str], optional: Collection[str] = ()) -> None:
    """Check the members of an object: one that is not known may carry a restriction, so it is refused."""
    if type(entry) is not dict:
        raise invalid("an entry is not an object")
    if missing := required - entry.keys():
        raise invalid(f"{min(missing)} is missing")
    if len(entry) > len(required) and (unknown := entry.keys() - required - frozenset(optional)):
        raise invalid(f"{len(unknown)} members are not known")


def text(value: Any, name: str) -> str:
    """Return a text that is not empty."""
    if type(value) is not str or not value:
        raise invalid(f"{name} is not a text")
    return value


def items(value: Any, name: str) -> list[Any]:
    """Return the items of an array."""
    if type(value) is not list:
        raise invalid(f"{name} is not an array")
    return value


def matching(value: Any, name: str, pattern: re.Pattern[str]) -> str:
    """Return a text in a given form."""
    if type(value) is not str or not pattern.fullmatch(value):
        raise invalid(f"{name} is not in its form")
    return value


def texts(value: Any, name: str, pattern: re.Pattern[str]) -> frozenset[str]:
    """Return the texts of an array that has at least one, each in a given form; equal arrays give one set."""
    found = items(value, name)
    if not found:
        raise invalid(f"{name} is empty")
    for item in found:
        if type(item) is not str:
            raise invalid(f"{name} is not in its form")
    return _texts(tuple(found), name, pattern)


@lru_cache(maxsize=1024)  # a list has few sets of formats, kinds and targets, and tens of thousands of keys
def _texts(found: tuple[str, ...], name: str, pattern: re.Pattern[str]) -> frozenset[str]:
    return frozenset(matching(item, name, pattern) for item in found)


def _time(value: Any, name: str) -> datetime:
    try:
        return parse_datetime(matching(value, name, _TIME))
    except DecodeError as error:
        raise invalid(f"{name}: {error.detail}") from None


def _octets(value: Any) -> bytes:
    encoded = text(value, "a key identifier or certificate")
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise invalid("a key identifier or certificate is not base64") from None


def _check_jwk(jwk: Any) -> None:
    """Check the shape of a JWK; what stands in it is read with the key, when that is first needed."""
    members(jwk, frozenset({"kty"}), _JWK)
    for name, value in jwk.items():
        for each in items(value, name) if name == "key_ops" else (value,):
            text(each, name)


def _as_it_is(issuer: Any) -> Any:
    return issuer


JSON: Final = Form(_time, _octets, _check_jwk, _as_it_is)
