"""Signed lists in CBOR: one encoding of one content, and damage in it is set aside as it is in JSON."""

from __future__ import annotations

import base64
import copy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from authority import NOW, World, ordered, rfc3339
from pratique.codec import cbor
from pratique.cose.keys import PrivateKey, PublicKey
from pratique.errors import PratiqueError, TrustError
from pratique.model import Kind
from pratique.reasons import Reason
from pratique.trust import TrustList, wire
from pratique.trust.trust_list import MAX_ISSUERS, MAX_KEYS

KEYS = [
    *(PrivateKey.generate(name).public for name in ("ESP256", "ESP384", "Ed25519", "ML-DSA-44")),
    PublicKey.from_native(rsa.generate_private_key(65537, 2048).public_key()),
]
KEY = KEYS[0]
DUE = {"next_update": rfc3339(NOW + timedelta(days=7)), "expires_at": rfc3339(NOW + timedelta(days=30))}
WITHDRAWN = {"at": "2026-11-01T00:00:00Z", "reason": "compromise"}


def document() -> dict[str, Any]:
    """Return a list of two issuers, the first with everything that an issuer and a key can have."""
    world = World()
    world.authority()
    issuer = world.trusted[0]
    issuer |= {"status_lists": ["https://health.example.org/status/"], "scope": {"kinds": ["vaccination"]}}
    issuer["keys"][0] |= {"withdrawn": WITHDRAWN, "certificate": "AAAA", "scope": {"targets": ["1D47", "RA01"]}}
    return {**world.list_document, **DUE}


def outline(payload: bytes) -> Any:
    """Return a list with its issuers decoded, to be changed and encoded again."""
    decoded = cbor.decode(payload)
    return {**decoded, "issuers": [cbor.decode(issuer) for issuer in decoded["issuers"]]}


def encoded(changed: Any) -> bytes:
    return ordered({**changed, "issuers": [ordered(issuer) for issuer in changed["issuers"]]})


def refused(payload: bytes) -> str:
    with pytest.raises(TrustError) as raised:
        TrustList.from_cbor(payload)
    assert raised.value.code is Reason.TRUST_LIST_INVALID
    return raised.value.detail


# There and back

TEXTS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=6)
TIMES = st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31, 23, 59, 59)).map(  # noqa: DTZ001 - made aware below
    lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
)
OCTETS = st.binary(min_size=1, max_size=12).map(lambda data: base64.b64encode(data).decode())
SCOPES = st.fixed_dictionaries(
    {},
    optional={
        "kinds": st.lists(st.sampled_from([kind.value for kind in Kind]), min_size=1, max_size=3),
        "targets": st.lists(st.sampled_from(["1D47", "RA01", "XN109.Z9"]), min_size=1, max_size=2),
    },
)
WITHDRAWALS = st.fixed_dictionaries({"at": TIMES.map(rfc3339), "reason": st.sampled_from(["compromise", "superseded"])})


@st.composite
def keys(draw: st.DrawFn) -> dict[str, Any]:
    not_before, not_after = sorted((draw(TIMES), draw(TIMES)))
    materials = {"public_key": st.sampled_from([key.jwk for key in KEYS]), "certificate": OCTETS}
    needed = draw(st.sampled_from(sorted(materials)))
    entry = st.fixed_dictionaries(
        {
            "key_id": OCTETS,
            "formats": st.lists(st.from_regex(r"[a-z][a-z0-9-]{0,5}", fullmatch=True), min_size=1, max_size=2),
            "not_before": st.just(rfc3339(not_before)),
            "not_after": st.just(rfc3339(not_after)),
            needed: materials.pop(needed),
        },
        optional={**materials, "scope": SCOPES, "withdrawn": WITHDRAWALS},
    )
    return draw(entry)


ISSUERS = st.fixed_dictionaries(
    {
        "id": TEXTS,
        "country": st.from_regex(r"[A-Z]{3}", fullmatch=True),
        "keys": st.lists(keys(), max_size=2),
    },
    optional={
        "names": st.dictionaries(st.sampled_from(["en", "zh-Hant"]), TEXTS),
        "status_lists": st.lists(TEXTS, max_size=2),
        "scope": SCOPES,
    },
)


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    times = sorted(draw(st.tuples(TIMES, TIMES, TIMES)))
    return {
        "id": draw(TEXTS),
        "sequence": draw(st.integers(1, 2**53 - 1)),
        **dict(zip(("issued_at", "next_update", "expires_at"), map(rfc3339, times), strict=True)),
        "issuers": draw(st.lists(ISSUERS, max_size=2, unique_by=lambda issuer: issuer["id"])),
    }


@settings(max_examples=100, deadline=None)
@given(documents())
def test_any_list_comes_back_as_it_was_and_is_encoded_in_one_way(given_: dict[str, Any]) -> None:
    payload = wire.to_cbor(given_)
    assert wire.from_cbor(payload) == given_
    assert encoded(outline(payload)) == payload


@settings(max_examples=100, deadline=None)
@given(documents())
def test_any_list_says_the_same_in_both_forms(given_: dict[str, Any]) -> None:
    from_json, from_cbor = TrustList.from_json(given_), TrustList.from_cbor(wire.to_cbor(given_))
    assert replaced(from_json) == replaced(from_cbor)
    for one, other in zip(from_json.keys, from_cbor.keys, strict=True):
        for name in ("issuer", "key_id", "formats", "scope", "not_before", "not_after", "withdrawn", "certificate"):
            assert getattr(one, name) == getattr(other, name)


def replaced(trust_list: TrustList) -> tuple[object, ...]:
    return (
        trust_list.id,
        trust_list.sequence,
        trust_list.issued_at,
        trust_list.next_update,
        trust_list.expires_at,
        trust_list.set_aside,
    )


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.kind)
def test_key_of_every_type_is_the_same_after_it(key: PublicKey) -> None:
    given_ = document()
    given_["issuers"][0]["keys"][0]["public_key"] = key.jwk
    assert TrustList.from_cbor(wire.to_cbor(given_)).keys[0].key == key


def test_members_stand_in_the_order_in_which_people_read_them() -> None:
    shown = wire.from_cbor(wire.to_cbor(document()))
    assert list(shown) == ["id", "sequence", "issued_at", "next_update", "expires_at", "issuers"]
    assert list(shown["issuers"][0]) == ["id", "country", "names", "status_lists", "scope", "keys"]
    assert list(shown["issuers"][0]["keys"][0]) == [
        *("key_id", "public_key", "certificate", "formats", "scope", "not_before", "not_after", "withdrawn")
    ]


def test_times_with_an_offset_come_back_in_utc() -> None:
    given_ = {**document(), "issued_at": "2026-11-01T02:00:00+02:00"}
    assert wire.from_cbor(wire.to_cbor(given_))["issued_at"] == "2026-11-01T00:00:00Z"


def test_what_a_jwk_says_beside_the_key_is_honoured_and_left_out() -> None:
    given_ = document()
    key = given_["issuers"][0]["keys"][0]
    plain = wire.to_cbor(given_)
    key["public_key"] |= {"kid": "1", "use": "sig", "alg": "ES256", "key_ops": ["verify"]}
    assert wire.to_cbor(given_) == plain
    for restriction in ({"use": "enc"}, {"alg": "ES384"}, {"key_ops": ["sign"]}):
        key["public_key"] |= restriction
        assert refused_to_encode(given_).startswith("issuers/0/keys/0: the public key cannot be read")


# What is not signed


def refused_to_encode(given_: Any) -> str:
    with pytest.raises(TrustError) as raised:
        wire.to_cbor(given_)
    assert raised.value.code is Reason.TRUST_LIST_INVALID
    return raised.value.detail


@pytest.mark.parametrize("name", DUE)
def test_list_that_does_not_say_when_it_ends_is_not_encoded_and_not_read(name: str) -> None:
    given_ = document()
    changed = outline(wire.to_cbor(given_))
    del given_[name], changed[name]
    assert name in refused_to_encode(given_)
    assert name in refused(encoded(changed))


@pytest.mark.parametrize("time", ["2026-01-01T00:00:00.5Z", "1969-12-31T23:59:59Z", "1970-01-01T00:00:00+00:01"])
def test_time_that_is_no_whole_second_since_1970_is_not_encoded(time: str) -> None:
    for path in ((), ("issuers", 0, "keys", 0)):
        given_: Any = document()
        entry = given_
        for step in path:
            entry = entry[step]
        entry["not_before" if path else "issued_at"] = time
        assert "/".join(map(str, path)) in refused_to_encode(given_)


def test_faulty_entry_is_not_encoded_and_named() -> None:
    given_ = document()
    given_["issuers"][1]["keys"][0]["formats"] = []
    assert refused_to_encode(given_) == "issuers/1/keys/0: formats is empty"
    given_["issuers"][0]["country"] = "Utopia"
    assert refused_to_encode(given_).startswith("issuers/0: country")


# What is not read


def test_payload_that_breaks_off_anywhere_is_refused() -> None:
    payload = wire.to_cbor(document())
    for end in range(0, len(payload), 7):
        refused(payload[:end])
    refused(payload[:-1])


@pytest.mark.parametrize("payload", [b"", b"\xf6", b"\x80", b"\xa0", b"{}", b"\xa1\x01\x01", b"\xff"], ids=bytes.hex)
def test_what_is_no_list_is_refused(payload: bytes) -> None:
    refused(payload)


def test_bytes_after_it_a_key_twice_and_another_encoding_are_refused() -> None:
    payload = wire.to_cbor(document())
    refused(payload + b"\0")
    assert payload.startswith(b"\xa6\x62id")
    refused(b"\xb8\x06" + payload[1:])  # the number of members in two bytes
    refused(b"\xbf" + payload[1:] + b"\xff")  # indefinite length
    refused(b"\xa7\x62id\x61x" + payload[1:])
    changed = outline(payload)
    refused(cbor.encode({**changed, "issuers": []})[:-1] + b"\x81\xc0\x40")  # a tag


BAD_LISTS: dict[str, dict[str, Any]] = {
    "empty id": {"id": ""},
    "id in bytes": {"id": b"list"},
    "sequence 0": {"sequence": 0},
    "sequence that is true": {"sequence": True},
    "sequence beyond what JSON carries": {"sequence": 2**53},
    "time in text": {"issued_at": "2026-11-01T00:00:00Z"},
    "time before 1970": {"issued_at": -1},
    "time that is true": {"issued_at": True},
    "time after the year 9999": {"expires_at": 253_402_300_800},
    "next edition before this one": {"next_update": 1},
    "end before the next edition": {"expires_at": int(NOW.timestamp())},
    "unknown member": {"delegations": []},
}


@pytest.mark.parametrize("case", BAD_LISTS)
def test_list_whose_own_members_are_faulty_is_refused(case: str) -> None:
    refused(encoded({**outline(wire.to_cbor(document())), **BAD_LISTS[case]}))


@pytest.mark.parametrize("issuers", [{}, None, b"", "text"])
def test_list_whose_issuers_are_no_array_is_refused(issuers: Any) -> None:
    refused(ordered({**outline(wire.to_cbor(document())), "issuers": issuers}))


BAD_ISSUERS: dict[str, bytes] = {
    "nothing": b"",
    "no map": b"\x80",
    "malformed": b"\xa1\x61",
    "a key twice": b"\xa2\x62id\x61a\x62id\x61a",
    "another encoding": b"\xa1\x62id\x78\x01a",
    "nested without end": b"\x81" * 10_000,
    "unknown member": ordered({"id": "x", "country": "UTO", "keys": [], "until": 1}),
    "name under a number": ordered({"id": "x", "country": "UTO", "keys": [], "names": {1: "x"}}),
    "no keys": ordered({"id": "x", "country": "UTO"}),
}


@pytest.mark.parametrize("case", BAD_ISSUERS)
def test_damaged_issuer_is_set_aside_and_the_others_work(case: str) -> None:
    changed = cbor.decode(wire.to_cbor(document()))
    changed["issuers"].insert(1, BAD_ISSUERS[case])
    trust_list = TrustList.from_cbor(ordered(changed))
    assert [aside.where for aside in trust_list.set_aside] == ["issuers/1"]
    assert [key.issuer.country for key in trust_list.keys] == ["UTO", "RUR"]
    with pytest.raises(TrustError, match="issuers/1: "):
        wire.from_cbor(ordered(changed))


@pytest.mark.parametrize("item", [None, 1, "text", {}, []], ids=repr)
def test_issuer_that_is_no_byte_string_is_set_aside(item: Any) -> None:
    changed = cbor.decode(wire.to_cbor(document()))
    changed["issuers"].insert(0, item)
    trust_list = TrustList.from_cbor(ordered(changed))
    assert [aside.where for aside in trust_list.set_aside] == ["issuers/0"]
    assert len(trust_list.keys) == 2


BAD_KEYS: dict[str, dict[str, Any]] = {
    "identifier in base64": {"key_id": "AAAA"},
    "empty identifier": {"key_id": b""},
    "key as a map": {"public_key": {1: 2}},
    "empty key": {"public_key": b""},
    "certificate in base64": {"certificate": "AAAA"},
    "time in text": {"not_before": "2026-01-01T00:00:00Z"},
    "time with a fraction": {"not_after": 1_800_000_000.5},
    "window that ends before it begins": {"not_after": 0},
    "no format": {"formats": []},
    "format that is a number": {"formats": [1]},
    "unknown kind": {"scope": {"kinds": ["vaccine"]}},
    "scope under a number": {"scope": {1: ["test"]}},
    "withdrawn at no time": {"withdrawn": {"at": "today", "reason": "compromise"}},
    "withdrawn for no known reason": {"withdrawn": {"at": 1, "reason": "expired"}},
    "unknown member": {"until": 1},
}


@pytest.mark.parametrize("case", BAD_KEYS)
def test_damaged_key_is_set_aside_and_the_others_work(case: str) -> None:
    changed = outline(wire.to_cbor(document()))
    (key,) = changed["issuers"][0]["keys"]
    changed["issuers"][0]["keys"] = [key, {**key, **BAD_KEYS[case]}, key]
    trust_list = TrustList.from_cbor(encoded(changed))
    assert [aside.where for aside in trust_list.set_aside] == ["issuers/0/keys/1"]
    assert trust_list.set_aside[0].error.code is Reason.TRUST_LIST_INVALID
    assert len(trust_list.keys) == 3


@pytest.mark.parametrize(
    "cose_key",
    [b"\xff", b"\xa0", ordered({**KEY.cose_key, -4: bytes(32)}), ordered({**KEY.cose_key, -2: bytes(31)})],
    ids=["no CBOR", "no type", "private", "short coordinate"],
)
def test_key_that_cannot_be_parsed_is_found_when_it_is_needed(cose_key: bytes) -> None:
    changed = outline(wire.to_cbor(document()))
    changed["issuers"][0]["keys"][0]["public_key"] = cose_key
    trust_list = TrustList.from_cbor(encoded(changed))
    assert trust_list.set_aside == ()
    with pytest.raises(PratiqueError):
        _ = trust_list.keys[0].key
    with pytest.raises(TrustError, match="issuers/0/keys/0: the public key"):
        wire.from_cbor(encoded(changed))


SPOTS = [
    *((name,) for name in ("id", "sequence", "issued_at", "issuers")),
    *(("issuers", 0, name) for name in ("id", "country", "names", "status_lists", "scope", "keys")),
    *(
        ("issuers", 0, "keys", 0, name)
        for name in ("key_id", "public_key", "formats", "not_after", "scope", "withdrawn")
    ),
]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**64), 2**64 - 1) | st.binary(max_size=8) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.integers(0, 9) | st.text(max_size=6), inner),
    max_leaves=4,
)


@settings(max_examples=150, deadline=None)
@given(spot=st.sampled_from(SPOTS), value=VALUES)
def test_any_value_anywhere_is_read_or_refused(spot: tuple[str | int, ...], value: Any) -> None:
    changed = copy.deepcopy(outline(wire.to_cbor(document())))
    holder: Any = changed
    for step in spot[:-1]:
        holder = holder[step]
    holder[spot[-1]] = value
    try:
        payload = ordered(changed) if spot == ("issuers",) else encoded(changed)
        for key in TrustList.from_cbor(payload).keys:
            _ = key.key
        wire.from_cbor(payload)
    except PratiqueError:
        return


# Limits


def test_list_longer_than_the_limit_is_refused_unread() -> None:
    assert "is the most that is read" in refused(bytes(wire.MAX_LIST_BYTES + 1))
    assert "is the most that is read" not in refused(bytes(wire.MAX_LIST_BYTES))


@pytest.mark.parametrize("junk", [b"\0", b"\x80", b"\xa0", b"\x40", b"\xf6"], ids=bytes.hex)
def test_list_of_a_million_junk_entries_is_refused_before_anything_is_built(junk: bytes) -> None:
    outline_ = {**outline(wire.to_cbor(document())), "issuers": []}
    payload = ordered(outline_)
    start, found, rest = payload.partition(b"\x67issuers\x80")
    assert found
    refused(start + b"\x67issuers\x9a" + (1_000_000).to_bytes(4) + junk * 1_000_000 + rest)


def test_as_many_issuers_as_the_limit_are_read_and_no_more() -> None:
    outline_ = {**outline(wire.to_cbor(document())), "issuers": [b"\0"] * MAX_ISSUERS}
    assert len(TrustList.from_cbor(ordered(outline_)).set_aside) == MAX_ISSUERS
    refused(ordered({**outline_, "issuers": [b"\0"] * (MAX_ISSUERS + 1)}))
    shown = {**document(), "issuers": [None] * (MAX_ISSUERS + 1)}
    with pytest.raises(TrustError, match="issuers"):
        TrustList.from_json(shown)


def test_keys_of_all_issuers_together_are_no_more_than_the_limit() -> None:
    given_ = document()
    assert len(given_["issuers"][0]["keys"]) == 1
    given_["issuers"][1]["keys"] = [None] * MAX_KEYS
    with pytest.raises(TrustError, match="keys"):
        TrustList.from_json(given_)
    changed = outline(wire.to_cbor(document()))
    changed["issuers"][1]["keys"] = [0] * MAX_KEYS
    refused(encoded(changed))


def test_error_of_an_entry_keeps_no_frames() -> None:
    """A list may have a quarter of a million of them, and each frame would hold what was in it."""
    given_ = document()
    given_["issuers"][0]["keys"][0]["not_before"] = "2026-02-30T00:00:00Z"
    (aside,) = TrustList.from_json(given_).set_aside
    assert aside.error.__traceback__ is None
    assert aside.error.__context__ is None
