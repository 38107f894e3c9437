"""Every list that is encoded follows `trust-list.cddl`; what departs from it in one place is neither in it nor read.

pycddl is the second opinion, and what `test_cddl.py` says of it holds here: where `.size` or `.regexp` stands it
forgets to look at the type, so that all is checked once more without them, and issuers, which stand encoded in an
array, are checked one by one.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import cbor2
import pycddl
import pytest

from authority import DccState, World, ordered
from pratique import schemas
from pratique.errors import TrustError
from pratique.trust import TrustList, wire

WORLD = World()
WORLD.trusted.append(DccState(WORLD.clock).entry())
DOCUMENT = {
    **WORLD.list_document,
    "next_update": "2026-11-30T00:00:00Z",
    "expires_at": "2026-12-30T00:00:00Z",
}
DOCUMENT["issuers"][0] |= {"scope": {"kinds": ["vaccination"]}, "status_lists": ["https://health.example.org/s/"]}
DOCUMENT["issuers"][0]["keys"][0] |= {
    "certificate": "AAAA",
    "scope": {"targets": ["1D47", "XN109.Z9"]},
    "withdrawn": {"at": "2026-11-20T00:00:00Z", "reason": "superseded"},
}
LIST = cbor2.loads(wire.to_cbor(DOCUMENT))
ISSUER = cbor2.loads(LIST["issuers"][0])
KEY = ISSUER["keys"][0]


@cache
def rules(name: str) -> tuple[pycddl.Schema, pycddl.Schema]:
    """Return one rule of the schema as a schema of its own, and what it says of types alone."""
    text = re.sub(r"bstr \.cbor [a-z-]+", "bstr", schemas.cddl("trust-list"))
    text, count = re.subn(r'\.regexp "([^"]*)"', r'.regexp "^(\1)$"', text)
    assert count
    types = re.sub(r' \.(size|regexp) ("[^"]*"|\([^)]*\))', "", text)
    return pycddl.Schema(f"root = {name}\n{text}"), pycddl.Schema(f"root = {name}\n{types}")


def check(name: str, value: Any) -> None:
    for schema in rules(name):
        schema.validate_cbor(cbor2.dumps(value))


def is_read(issuer: Any = ISSUER, **changes: Any) -> bool:
    """Return whether a list is read whole with this issuer and these changes in its own members."""
    try:
        return not TrustList.from_cbor(ordered({**LIST, "issuers": [ordered(issuer)], **changes})).set_aside
    except TrustError:
        return False


def without(value: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: entry for key, entry in value.items() if key != name}


def test_what_is_encoded_follows_the_schema() -> None:
    check("trust-list", LIST)
    for issuer in LIST["issuers"]:
        check("issuer", cbor2.loads(issuer))
        assert is_read(cbor2.loads(issuer))


@pytest.mark.parametrize(
    "change",
    [
        {"id": ""},
        {"id": b"list"},
        {"sequence": 0},
        {"sequence": 2**53},
        {"sequence": 1.0},
        {"issued_at": "2026-11-01T00:00:00Z"},
        {"issued_at": -1},
        {"expires_at": 253_402_300_800},
        {"issuers": {}},
        {"signatures": []},
    ],
)
def test_list_that_departs_in_one_place_is_refused_by_schema_and_reader(change: dict[str, Any]) -> None:
    with pytest.raises(pycddl.ValidationError):
        check("trust-list", LIST | change)
    assert not is_read(**change)


@pytest.mark.parametrize("name", LIST)
def test_list_that_lacks_a_member_is_refused_by_schema_and_reader(name: str) -> None:
    with pytest.raises(pycddl.ValidationError):
        check("trust-list", without(LIST, name))
    with pytest.raises(TrustError):
        TrustList.from_cbor(ordered(without(LIST, name)))


@pytest.mark.parametrize(
    "issuer",
    [
        *(without(ISSUER, name) for name in ("id", "country", "keys")),
        ISSUER | {"id": ""},
        ISSUER | {"country": "uto"},
        ISSUER | {"country": "UT"},
        ISSUER | {"names": ["Ministry"]},
        ISSUER | {"names": {"en": ""}},
        ISSUER | {"names": {1: "Ministry"}},
        ISSUER | {"status_lists": "https://health.example.org/s/"},
        ISSUER | {"status_lists": [""]},
        ISSUER | {"scope": []},
        ISSUER | {"scope": {"kinds": []}},
        ISSUER | {"scope": {"kinds": ["vaccine"]}},
        ISSUER | {"scope": {"targets": ["yellow fever"]}},
        ISSUER | {"keys": {}},
        ISSUER | {"until": 1},
    ],
)
def test_issuer_that_departs_in_one_place_is_set_aside_and_not_in_the_schema(issuer: Any) -> None:
    with pytest.raises(pycddl.ValidationError):
        check("issuer", issuer)
    assert not is_read(issuer)


@pytest.mark.parametrize(
    "key",
    [
        *(without(KEY, name) for name in ("key_id", "formats", "not_before", "not_after")),
        KEY | {"key_id": b""},
        KEY | {"key_id": "AAAA"},
        KEY | {"public_key": {1: 2}},
        KEY | {"certificate": "AAAA"},
        KEY | {"formats": []},
        KEY | {"formats": ["EU DCC"]},
        KEY | {"formats": "pratique"},
        KEY | {"not_before": "2026-01-01T00:00:00Z"},
        KEY | {"not_after": -1},
        KEY | {"withdrawn": True},
        KEY | {"withdrawn": {"at": 1}},
        KEY | {"withdrawn": {"at": 1, "reason": "expired"}},
        KEY | {"withdrawn": {"at": 1, "reason": "compromise", "by": "x"}},
        KEY | {"until": 1},
    ],
)
def test_key_that_departs_in_one_place_is_set_aside_and_not_in_the_schema(key: Any) -> None:
    with pytest.raises(pycddl.ValidationError):
        check("key", key)
    assert not is_read({**ISSUER, "keys": [key]})


@pytest.mark.parametrize("name", ["public_key", "certificate", "scope", "withdrawn"])
def test_key_without_what_it_need_not_have_is_read_and_in_the_schema(name: str) -> None:
    key = without(KEY, name)
    check("key", key)
    assert is_read({**ISSUER, "keys": [key]})
