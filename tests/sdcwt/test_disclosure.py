"""Disclosures open what the issuer hid, each once and in its place, and nothing else."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authority import SIMPLE_59, disclosure, ordered
from pratique.codec import cbor
from pratique.cose.keys import PublicKey
from pratique.cose.sign1 import Sign1
from pratique.errors import DisclosureError, PratiqueError
from pratique.reasons import Reason
from pratique.sdcwt import Redaction, disclosed
from pratique.sdcwt.labels import REDACTED_KEYS, REDACTION_TAGS

if TYPE_CHECKING:
    from pathlib import Path

SCALARS = st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.binary(max_size=20) | st.text(max_size=20)
# A map cannot have both 59 and simple value 59 in Python; such a message is refused as one with a key twice.
KEYS = st.integers(-100_000, 100_000).filter(lambda key: key != 59) | st.text(max_size=20)
TREES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=8
)
MAPS = st.dictionaries(KEYS, TREES, min_size=1, max_size=5)


def element(value: Any) -> tuple[bytes, bytes]:
    encoded = ordered([bytes(15) + bytes([len(ordered(value)) % 256]), value])
    return encoded, hashlib.sha256(encoded).digest()


def hidden(data: st.DataObject, value: Any, made: list[bytes]) -> Any:
    """Return a value in which Hypothesis has chosen what is hidden, at every depth; `made` gets the disclosures."""
    if isinstance(value, dict):
        inner = {key: hidden(data, entry, made) for key, entry in value.items()}
        closed = {key for key in inner if data.draw(st.booleans())}
        redaction = Redaction()
        shown = {key: entry for key, entry in inner.items() if key not in closed}
        hashes = redaction.hide({key: entry for key, entry in inner.items() if key in closed})
        made.extend(redaction.disclosures)
        return {**shown, **hashes}
    return [hidden(data, item, made) for item in value] if isinstance(value, list) else value


@settings(max_examples=150, deadline=None)
@given(MAPS, st.data())
def test_whatever_was_hidden_is_the_same_once_all_of_it_is_opened(claims: dict[Any, Any], data: st.DataObject) -> None:
    made: list[bytes] = []
    signed = hidden(data, claims, made)
    before = ordered(signed)
    opened = disclosed(signed, data.draw(st.permutations(made)))
    assert opened.claims == claims
    assert opened.withheld == 0
    assert len(opened.paths) == len(made)
    assert ordered(signed) == before


def without(value: Any, path: tuple[Any, ...]) -> Any:
    """Return a tree without the entry at a path of map keys; the path leads through maps alone."""
    if len(path) == 1:
        return {key: entry for key, entry in value.items() if key != path[0]}
    return {key: without(entry, path[1:]) if key == path[0] else entry for key, entry in value.items()}


MAPS_ALONE = st.recursive(SCALARS, lambda inner: st.dictionaries(KEYS, inner, max_size=4), max_leaves=8)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(KEYS, MAPS_ALONE, min_size=1, max_size=5), st.data())
def test_any_subset_that_has_the_parents_of_what_it_has_shows_exactly_that_subset(
    claims: dict[Any, Any], data: st.DataObject
) -> None:
    made: list[bytes] = []
    signed = hidden(data, claims, made)
    paths = disclosed(signed, made).paths
    assert set(paths) == set(made)
    left_out = {path for path in paths.values() if data.draw(st.booleans())}
    gone = {path for path in paths.values() if any(path[:end] in left_out for end in range(1, len(path) + 1))}
    expected = claims
    for path in sorted(gone, key=len, reverse=True):
        expected = without(expected, path)
    opened = disclosed(signed, [encoded for encoded, path in paths.items() if path not in gone])
    assert opened.claims == expected
    assert len(opened.paths) == len(made) - len(gone)


@settings(max_examples=100, deadline=None)
@given(MAPS, st.data())
def test_a_changed_disclosure_matches_nothing(claims: dict[Any, Any], data: st.DataObject) -> None:
    made: list[bytes] = []
    signed = hidden(data, claims, made)
    if not made:
        return
    index = data.draw(st.integers(0, len(made) - 1))
    bit = data.draw(st.integers(0, 8 * len(made[index]) - 1))
    changed = bytearray(made[index])
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(DisclosureError):
        disclosed(signed, [*made[:index], bytes(changed), *made[index + 1 :]])


ONE, ONE_HASH = disclosure(20_526, 10)
TWO, TWO_HASH = disclosure("x", "batch")


def code_of(claims: dict[Any, Any], disclosures: list[bytes], **options: Any) -> Reason:
    with pytest.raises(DisclosureError) as refused:
        disclosed(claims, disclosures, **options)
    return refused.value.code


def test_a_disclosure_that_matches_no_hash_is_refused() -> None:
    assert code_of({1: "x"}, [ONE]) is Reason.DISCLOSURE_UNMATCHED
    assert code_of({REDACTED_KEYS: [TWO_HASH]}, [ONE]) is Reason.DISCLOSURE_UNMATCHED
    assert code_of({REDACTED_KEYS: [TWO_HASH]}, [ONE, TWO]) is Reason.DISCLOSURE_UNMATCHED


def test_a_disclosure_that_comes_twice_is_refused() -> None:
    assert code_of({REDACTED_KEYS: [ONE_HASH]}, [ONE, ONE]) is Reason.DISCLOSURE_REPEATED


def test_a_hash_that_stands_twice_is_refused_opened_or_not() -> None:
    for claims in ({REDACTED_KEYS: [ONE_HASH, ONE_HASH]}, {REDACTED_KEYS: [ONE_HASH], 1: {REDACTED_KEYS: [ONE_HASH]}}):
        assert code_of(claims, [ONE]) is Reason.DISCLOSURE_REPEATED
        assert code_of(claims, []) is Reason.DISCLOSURE_REPEATED


def test_nothing_is_opened_over_what_stands_already() -> None:
    assert code_of({10: 1, REDACTED_KEYS: [ONE_HASH]}, [ONE]) is Reason.DISCLOSURE_REPEATED
    other, other_hash = disclosure(1, 10)
    assert code_of({REDACTED_KEYS: [ONE_HASH, other_hash]}, [ONE, other]) is Reason.DISCLOSURE_REPEATED


def test_the_number_59_is_a_key_like_any_other() -> None:
    assert REDACTED_KEYS == 59  # to Python
    assert disclosed({59: [ONE_HASH]}, []).claims == {59: [ONE_HASH]}
    assert code_of({59: [ONE_HASH]}, [ONE]) is Reason.DISCLOSURE_UNMATCHED
    parent, parent_hash = disclosure({59: [ONE_HASH]}, 13)
    assert code_of({REDACTED_KEYS: [parent_hash]}, [parent, ONE]) is Reason.DISCLOSURE_UNMATCHED


def test_a_child_is_refused_without_its_parent() -> None:
    parent, parent_hash = disclosure({SIMPLE_59: [ONE_HASH]}, 13)
    signed = {REDACTED_KEYS: [parent_hash]}
    assert disclosed(signed, [ONE, parent]).claims == {13: {10: 20_526}}
    assert disclosed(signed, [parent]).claims == {13: {}}
    assert code_of(signed, [ONE]) is Reason.DISCLOSURE_UNMATCHED


@pytest.mark.parametrize(
    "encoded",
    [
        b"",
        b"\x80",
        ordered(5),
        ordered([]),
        ordered([bytes(15), 1, 10]),
        ordered([bytes(17), 1, 10]),
        ordered(["salt of 16 bytes", 1, 10]),
        ordered([bytes(16), 1]),
        ordered([bytes(16), 1, 10, 1]),
        ordered([bytes(16), 1, b"key"]),
        ordered([bytes(16), 1, None]),
        ordered([bytes(16), 1, [10]]),
        ordered([bytes(16), 1, "k" * 256]),
        ordered([bytes(16), 1, "é" * 128]),
        ordered([bytes(16), 1, 10]) + b"\0",
        ordered([bytes(16), 1, 10])[:-1],
        b"\x9f" + ordered(bytes(16)) + b"\x01\x0a\xff",
        ordered([bytes(16), cbor2.CBORTag(58, 1), 10]),
        ordered([bytes(16), cbor2.CBORTag(0, "2026-01-01T00:00:00Z"), 10]),
        ordered([bytes(16), cbor2.CBORTag(60, bytes(32)), 10]),
        ordered([bytes(16), {SIMPLE_59: []}, 10]),
        ordered([bytes(16), {SIMPLE_59: [bytes(31)]}, 10]),
        ordered([bytes(16), {SIMPLE_59: bytes(32)}, 10]),
        ordered([bytes(16), {cbor2.CBORSimpleValue(58): [bytes(32)]}, 10]),
    ],
)
def test_a_disclosure_in_another_form_is_refused_although_it_matches(encoded: bytes) -> None:
    claims = {REDACTED_KEYS: [hashlib.sha256(encoded).digest()]}
    assert code_of(claims, [encoded]) is Reason.DISCLOSURE_MALFORMED


def test_a_decoy_opens_nothing_and_is_not_withheld() -> None:
    decoy = ordered([bytes(16)])
    claims = {1: "x", REDACTED_KEYS: [hashlib.sha256(decoy).digest(), bytes(32)]}
    opened = disclosed(claims, [decoy])
    assert (opened.claims, opened.withheld, len(opened.paths)) == ({1: "x"}, 1, 0)
    assert opened.paths == {}


def test_elements_of_arrays_are_opened_in_their_places_and_closed_ones_are_left_out() -> None:
    first, first_hash = element("a")
    second, second_hash = element({"b": 1})
    array = [cbor.Tag(60, first_hash), "open", cbor.Tag(60, second_hash)]
    assert disclosed({1: array}, [second, first]).claims == {1: ["a", "open", {"b": 1}]}
    opened = disclosed({1: array}, [second])
    assert (opened.claims, opened.withheld, len(opened.paths)) == ({1: ["open", {"b": 1}]}, 1, 1)
    assert code_of({1: [cbor.Tag(60, ONE_HASH)]}, [ONE]) is Reason.DISCLOSURE_MALFORMED
    assert code_of({1: cbor.Tag(60, first_hash)}, [first]) is Reason.DISCLOSURE_MALFORMED
    assert code_of({1: [cbor.Tag(61, first_hash)]}, []) is Reason.DISCLOSURE_MALFORMED


def test_where_nothing_may_be_hidden_nothing_is_opened() -> None:
    _, first_hash = element("a")
    outer, outer_hash = disclosure({SIMPLE_59: [ONE_HASH]}, 13)
    signed = {REDACTED_KEYS: [outer_hash]}
    assert disclosed(signed, [outer, ONE], within={(), (13,)}).claims == {13: {10: 20_526}}
    assert code_of(signed, [outer, ONE], within={()}) is Reason.DISCLOSURE_MALFORMED
    assert code_of(signed, [], within={(13,)}) is Reason.DISCLOSURE_MALFORMED
    assert code_of({1: [cbor.Tag(60, first_hash)]}, [], within={()}) is Reason.DISCLOSURE_MALFORMED


@settings(max_examples=300, deadline=None)
@given(st.lists(st.binary(max_size=40), max_size=3), MAPS)
def test_arbitrary_disclosures_raise_only_errors_that_name_a_code(shown: list[bytes], claims: dict[Any, Any]) -> None:
    signed = {**claims, REDACTED_KEYS: [hashlib.sha256(encoded).digest() for encoded in shown]}
    try:
        disclosed(signed, shown)
    except PratiqueError as error:
        assert error.code.value.startswith("disclosures.")  # noqa: PT017


def test_the_same_claims_hidden_twice_share_neither_salt_nor_hash() -> None:
    made = [Redaction(), Redaction()]
    hashes = [set(redaction.hide({i: i for i in range(50)})[REDACTED_KEYS]) for redaction in made]
    salts = [{cbor2.loads(encoded)[0] for encoded in redaction.disclosures} for redaction in made]
    assert len(hashes[0] | hashes[1]) == len(salts[0] | salts[1]) == 100
    assert all(len(salt) == 16 for salt in salts[0])


def test_the_order_of_hashes_says_nothing() -> None:
    hashes = Redaction().hide({i: i for i in range(50)})[REDACTED_KEYS]
    assert hashes == sorted(hashes)
    assert Redaction().hide({}) == {}


# The examples of the draft, which are SD-CWTs but not of our profile.

REDACTED_ARRAY_AND_MAP = {
    500: True,
    501: "ABCD-123456",
    502: [1_549_560_720, 1_612_560_720, 1_674_004_740],
    503: {"country": "us", "region": "ca", "postal_code": "94188"},
}
NESTED = [
    {500: True, 501: "DCBA-101777", 502: 1_549_560_720, 503: {1: "us"}},
    {500: True, 501: "ABCD-123456", 502: 1_674_004_740, 503: {1: "us", 2: "ca"}},
]


def example(vectors: Path, name: str) -> tuple[Sign1, dict[Any, Any]]:
    """Return an example of the draft whose signature was verified, and its claims."""
    folder = vectors / "sd-cwt" / name
    signed = Sign1.decode((folder / "input.cbor").read_bytes(), tolerant=True)
    key = PublicKey.from_pem(json.loads((folder / "meta.json").read_text())["key"]["value"].encode())
    signed.verify(key)
    decode = cbor.Decoder(tags=REDACTION_TAGS, simple_keys=frozenset({REDACTED_KEYS}))
    return signed, decode(signed.payload)


def test_the_drafts_example_with_hidden_entries_and_elements_is_opened(vectors: Path) -> None:
    signed, claims = example(vectors, "issuer_cwt")
    opened = disclosed(claims, signed.unprotected[17], framed=True)
    assert {key: opened.claims[key] for key in REDACTED_ARRAY_AND_MAP} == REDACTED_ARRAY_AND_MAP
    assert (opened.withheld, len(opened.paths)) == (0, 5)
    closed = disclosed(claims, [])
    assert closed.claims.keys() == opened.claims.keys() - {501}
    assert (closed.claims[502], closed.claims[503]) == ([1_674_004_740], {"country": "us"})


def test_the_drafts_nested_example_is_opened_and_what_is_closed_is_left_out(vectors: Path) -> None:
    signed, claims = example(vectors, "nested_cwt")
    opened = disclosed(claims, signed.unprotected[17], framed=True)
    assert opened.claims[504] == NESTED
    assert (opened.withheld, len(opened.paths)) == (4, 7)
    with pytest.raises(DisclosureError):  # entries without the elements that they stand in
        disclosed(claims, signed.unprotected[17][1:], framed=True)


def test_a_disclosure_of_the_draft_has_the_hash_that_its_text_states() -> None:
    encoded = bytes.fromhex("8350bae611067bb823486797da1ebbb52f836b414243442d3132333435361901f5")  # figure 7
    digest = bytes.fromhex("d9df03da474fcb3c65771748e2e0608cf437504ecc24f450aaeacd40dd552b3f")  # figure 8
    assert disclosed({REDACTED_KEYS: [digest]}, [encoded]).claims == {501: "ABCD-123456"}
    assert code_of({REDACTED_KEYS: [digest]}, [encoded], framed=True) is Reason.DISCLOSURE_UNMATCHED


def test_a_damaged_disclosure_of_the_drafts_example_is_refused(vectors: Path) -> None:
    signed, claims = example(vectors, "issuer_cwt")
    shown = signed.unprotected[17]
    with pytest.raises(DisclosureError):
        disclosed(claims, [*shown[:-1], shown[-1][:-1] + b"\x00"], framed=True)


# Decoys


@pytest.mark.parametrize("entries", range(6))
def test_decoys_make_up_what_is_missing_and_no_more(entries: int) -> None:
    redaction = Redaction()
    hashes = redaction.hide({i: i for i in range(entries)}, at_least=4)[REDACTED_KEYS]
    assert len(hashes) == max(entries, 4)
    assert hashes == sorted(set(hashes))
    assert all(len(digest) == 32 for digest in hashes)
    assert len(redaction.disclosures) == len(hashes)
    assert len(redaction.paths) == entries


def test_the_holder_can_open_every_decoy_and_finds_nothing_in_it() -> None:
    redaction = Redaction()
    signed = redaction.hide({1: "a"}, at_least=5)
    opened = disclosed(signed, redaction.disclosures)
    assert opened.claims == {1: "a"}
    assert opened.withheld == 0
    assert opened.paths == redaction.paths
    salts = {cbor2.loads(disclosure)[0] for disclosure in redaction.disclosures}
    assert len(salts) == 5
    assert {len(salt) for salt in salts} == {16}


def test_a_map_with_decoys_alone_is_a_map_with_nothing_in_it() -> None:
    redaction = Redaction()
    signed = redaction.hide({}, at_least=2)
    assert disclosed(signed, ()).claims == {}
    assert disclosed(signed, ()).withheld == 2
    assert disclosed(signed, redaction.disclosures).claims == {}


def test_where_a_claim_stands_among_decoys_is_chance() -> None:
    places = set()
    for _ in range(200):
        redaction = Redaction()
        hashes = redaction.hide({1: "a"}, at_least=3)[REDACTED_KEYS]
        (disclosure,) = redaction.paths
        places.add(hashes.index(hashlib.sha256(disclosure).digest()))
    assert places == {0, 1, 2}  # fails by chance once in 10^35 runs
