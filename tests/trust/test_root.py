"""The root: its two forms, what makes it unusable, and how one follows another."""

from __future__ import annotations

import copy
from datetime import timedelta, timezone
from typing import TYPE_CHECKING, Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authority import NOW
from keepers import ANNA, BO, CLEO, DAY, DORA, EVE, root
from pratique import schemas
from pratique.codec import cbor, json
from pratique.cose.keys import PrivateKey
from pratique.errors import DecodeError, TrustError
from pratique.reasons import Reason
from pratique.trust import signed
from pratique.trust.root import MAX_KEYS, Root

if TYPE_CHECKING:
    from pratique.cose.signer import SoftwareSigner

ROOT = root(lists=frozenset({"who", "eu"}))
DOCUMENT = ROOT.to_json()
KEYS = [keeper._private_key.public for keeper in (ANNA, BO, CLEO, DORA, EVE)]
RSA_JWK = {"kty": "RSA", "n": "A" * 342 + "B", "e": "AQAB"}


def schema_takes(document: Any) -> bool:
    try:
        schemas.check(document, "root")
    except DecodeError:
        return False
    return True


def parser_takes(document: Any) -> bool:
    try:
        Root.from_json(document)
    except TrustError as error:
        return not (error.code is Reason.ROOT_INVALID and error.detail)
    return True


def test_both_forms_read_back() -> None:
    assert Root.from_json(DOCUMENT) == ROOT
    assert Root.from_cbor(ROOT.to_cbor()) == ROOT
    assert json.decode(json.encode(DOCUMENT)) == DOCUMENT
    schemas.check(DOCUMENT, "root")
    assert list(DOCUMENT) == ["id", "version", "issued_at", "expires_at", "threshold", "keys", "lists"]


def test_signed_form_is_deterministic_cbor_with_seconds_and_encoded_keys() -> None:
    content = cbor2.loads(ROOT.to_cbor())
    assert content["issued_at"] == int(ROOT.issued_at.timestamp())
    assert [cbor2.loads(key) for key in content["keys"]] == [key.cose_key for key in ROOT.keys]
    assert content["lists"] == ["eu", "who"]
    assert cbor.encode(content) == ROOT.to_cbor()


def test_root_without_lists_vouches_for_any_and_one_with_none_for_none() -> None:
    assert root().vouches_for("anything")
    assert "lists" not in root().to_json()
    assert [ROOT.vouches_for(list_id) for list_id in ("who", "eu", "other")] == [True, True, False]
    assert not root(lists=frozenset()).vouches_for("who")
    assert Root.from_json(root(lists=frozenset()).to_json()).lists == frozenset()


def test_key_is_found_by_its_own_identifier_alone() -> None:
    assert ROOT.keys_named(ANNA.key_id) == (KEYS[0],)
    assert ROOT.keys_named(DORA.key_id) == ROOT.keys_named(None) == ROOT.keys_named(b"") == ()


def change(**members: Any) -> dict[str, Any]:
    changed = {**copy.deepcopy(DOCUMENT), **members}
    return {name: value for name, value in changed.items() if value is not ...}


GOOD = [
    {}, {"lists": ...}, {"lists": []}, {"lists": ["a"]}, {"version": 2**53 - 1}, {"threshold": 3}, {"threshold": 1},
    {"issued_at": "1999-12-31T23:59:59+01:00"}, {"issued_at": "2026-01-01T00:00:00.000Z"},
    {"keys": [{**DOCUMENT["keys"][0], "kid": "Anna", "use": "sig"}], "threshold": 1},
]  # fmt: skip
BAD = [
    {"id": ...}, {"id": ""}, {"id": 1}, {"version": 0}, {"version": 2**53}, {"version": 1.0}, {"version": True},
    {"version": "1"}, {"issued_at": ...}, {"issued_at": "2026-01-01"}, {"issued_at": "2026-01-01T00:00:00.5Z"},
    {"issued_at": 1_700_000_000}, {"issued_at": "1969-01-01T00:00:00Z"}, {"expires_at": "2026-01-01T00:00:00Z\n"},
    {"threshold": 0}, {"threshold": -1}, {"threshold": 33}, {"threshold": None}, {"threshold": True}, {"keys": []},
    {"keys": {}}, {"keys": [None]}, {"keys": [DOCUMENT["keys"][0]] * 2, "threshold": 1}, {"keys": ["PEM"]},
    {"keys": [{**DOCUMENT["keys"][0], "d": "private"}], "threshold": 1}, {"lists": None}, {"lists": "who"},
    {"lists": [""]}, {"lists": [1]}, {"lists": ["who", "who"]}, {"more": 1},
]  # fmt: skip
# What a schema cannot say
UNUSABLE = [
    {"threshold": 4}, {"expires_at": DOCUMENT["issued_at"]}, {"expires_at": "2001-01-01T00:00:00Z"},
    {"keys": [{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}], "threshold": 1},
    {"keys": [DOCUMENT["keys"][0], {**DOCUMENT["keys"][0], "kid": "again"}], "threshold": 1},
    {"keys": [RSA_JWK], "threshold": 1}, {"keys": [{**DOCUMENT["keys"][0], "use": "enc"}], "threshold": 1},
]  # fmt: skip


@pytest.mark.parametrize("members", GOOD, ids=" and ".join)
def test_schema_and_parser_take(members: dict[str, Any]) -> None:
    assert schema_takes(change(**members))
    assert parser_takes(change(**members))


@pytest.mark.parametrize("members", BAD, ids=" and ".join)
def test_schema_and_parser_refuse(members: dict[str, Any]) -> None:
    assert not schema_takes(change(**members))
    assert not parser_takes(change(**members))


@pytest.mark.parametrize("document", [None, [], "root", 1])
def test_what_is_no_object_is_refused(document: Any) -> None:
    assert not schema_takes(document)
    assert not parser_takes(document)


@pytest.mark.parametrize("members", UNUSABLE, ids=" and ".join)
def test_parser_refuses_what_a_schema_cannot_see(members: dict[str, Any]) -> None:
    assert schema_takes(change(**members))
    assert not parser_takes(change(**members))


def test_keys_with_which_nothing_is_signed_here_make_no_root() -> None:
    rsa = PrivateKey.generate("PS256").public
    with pytest.raises(ValueError, match="nothing is signed"):
        root(keys=(KEYS[0], rsa))


def test_naive_time_is_a_mistake_of_the_caller() -> None:
    for name in ("issued_at", "expires_at"):
        with pytest.raises(TypeError):
            root(**{name: NOW.replace(tzinfo=None)})


def test_root_with_most_keys_is_taken_and_one_more_is_not() -> None:
    many = tuple(PrivateKey.generate("Ed25519").public for _ in range(MAX_KEYS + 1))
    assert Root.from_cbor(root(keys=many[:MAX_KEYS]).to_cbor()).keys == many[:MAX_KEYS]
    with pytest.raises(ValueError, match="33 keys"):
        root(keys=many)


@pytest.mark.parametrize(
    "payload",
    [b"", b"\xa0", b"\xff", cbor2.dumps([1]), ROOT.to_cbor() + b"\0", ROOT.to_cbor()[:-1], cbor2.dumps(DOCUMENT)],
)
def test_payload_that_is_no_root_is_refused(payload: bytes) -> None:
    with pytest.raises(TrustError) as refused:
        Root.from_cbor(payload)
    assert refused.value.code is Reason.ROOT_INVALID


def test_payload_is_refused_truncated_at_every_byte() -> None:
    payload = ROOT.to_cbor()
    for end in range(len(payload)):
        with pytest.raises(TrustError):
            Root.from_cbor(payload[:end])


# Rotation


def refusal(before: Root, data: bytes) -> TrustError:
    with pytest.raises(TrustError) as refused:
        before.successor(data)
    return refused.value


def test_successor_is_signed_by_the_thresholds_of_both() -> None:
    following = root(BO, CLEO, DORA, version=2)
    assert root().successor(following.sign([BO, CLEO])) == following  # two that are keepers of both
    entirely_new = root(DORA, EVE, version=2)
    assert root().successor(entirely_new.sign([ANNA, BO, DORA, EVE])) == entirely_new


@pytest.mark.parametrize(
    "keepers",
    [(ANNA, BO), (DORA, EVE), (ANNA, DORA, EVE), (ANNA, BO, DORA)],
    ids=["the old alone", "the new alone", "too few of the old", "too few of the new"],
)
def test_successor_without_one_of_the_thresholds_is_refused(keepers: tuple[SoftwareSigner, ...]) -> None:
    assert refusal(root(), root(DORA, EVE, version=2).sign(keepers)).code is Reason.DOCUMENT_THRESHOLD


def test_threshold_may_change_with_the_root() -> None:
    stricter = root(version=2, threshold=3)
    assert refusal(root(), stricter.sign([ANNA, BO])).code is Reason.DOCUMENT_THRESHOLD
    assert root().successor(stricter.sign([ANNA, BO, CLEO])) == stricter
    laxer = root(version=3, threshold=1)
    assert refusal(stricter, laxer.sign([ANNA, BO])).code is Reason.DOCUMENT_THRESHOLD


@pytest.mark.parametrize("version", [1, 4, 5])
def test_successor_with_another_version_is_refused(version: int) -> None:
    before = root(version=2)
    assert refusal(before, root(version=version).sign([ANNA, BO])).code is Reason.ROOT_SUCCESSION
    assert refusal(before, before.sign([ANNA, BO])).code is Reason.ROOT_SUCCESSION


def test_successor_of_another_root_is_refused() -> None:
    other = root(id="roots of Ruritania", version=2)
    assert refusal(root(), other.sign([ANNA, BO])).code is Reason.ROOT_SUCCESSION


def test_document_of_another_kind_is_no_successor() -> None:
    data = signed.sign("trust-list", root(version=2).to_cbor(), [ANNA, BO])
    assert refusal(root(), data).code is Reason.DOCUMENT_KIND


def test_chain_is_walked_root_by_root_though_those_between_have_expired() -> None:
    old = root(ANNA, BO, issued_at=NOW - 900 * DAY, expires_at=NOW - 500 * DAY)
    middle = root(BO, CLEO, version=2, issued_at=NOW - 600 * DAY, expires_at=NOW - 300 * DAY)
    new = root(CLEO, DORA, version=3)
    chain = [middle.sign([ANNA, BO, CLEO]), new.sign([BO, CLEO, DORA])]
    current = old
    for data in chain:
        current = current.successor(data)
    assert current == new
    assert refusal(old, chain[1]).code is Reason.DOCUMENT_THRESHOLD


def test_times_of_any_zone_are_the_same_moments() -> None:
    zone = timezone(timedelta(hours=-9))
    elsewhere = root(issued_at=(NOW - DAY).astimezone(zone), expires_at=(NOW + DAY).astimezone(zone))
    assert Root.from_cbor(elsewhere.to_cbor()) == Root.from_json(elsewhere.to_json()) == elsewhere


@settings(max_examples=40)
@given(
    keys=st.sets(st.sampled_from(KEYS), min_size=1),
    data=st.data(),
    version=st.integers(1, 2**53 - 1),
    lists=st.none() | st.frozensets(st.text(min_size=1, max_size=8), max_size=3),
)
def test_any_root_reads_back(keys: set[Any], data: st.DataObject, version: int, lists: frozenset[str] | None) -> None:
    made = root(keys=tuple(keys), threshold=data.draw(st.integers(1, len(keys))), version=version, lists=lists)
    assert Root.from_cbor(made.to_cbor()) == Root.from_json(made.to_json()) == made
    schemas.check(made.to_json(), "root")
