"""The pattern reads what the long way reads, and never anything else: two readers of one profile must not differ."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authority import (
    DOCUMENT,
    EVERY_KIND,
    HOLDER,
    NOW,
    SIMPLE_59,
    VACCINATION,
    Authority,
    Clock,
    disclosure,
    holder_key,
    ordered,
)
from pratique.cose import sign1
from pratique.errors import PratiqueError
from pratique.formats import profile_pattern
from pratique.formats.pratique import PratiqueEnvelope
from pratique.model import Clearance, Credential, Evidence, StatusReference, TestResult
from pratique.model.codes import Coding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pratique.present import HeldCredential

AUTHORITY = Authority(Clock())
UNIQUE = ("event.date", "event.product", "event.test_method", "event.test_result", "event.sampled_at")


def issue(evidence: Evidence, **options: Any) -> HeldCredential:
    holder = None if isinstance(evidence, Clearance) else HOLDER
    return AUTHORITY.issue(evidence, **{"holder": holder, "document": DOCUMENT, **options})


HELD = [
    *(issue(evidence) for evidence in EVERY_KIND),
    issue(VACCINATION, status=StatusReference("https://health.example.org/status/1", 7)),
    issue(
        replace(VACCINATION, product=None, dose=None),
        holder=None,
        status=StatusReference("https://a.example", 2**32 - 1),
    ),
]


def envelope_of(payload: bytes, disclosures: Sequence[bytes] = ()) -> PratiqueEnvelope:
    """Return an envelope of any claims; nobody asks here who signed it."""
    headers = {1: -9, 4: bytes(8), 16: 293}
    message = sign1.complete(headers, {17: list(disclosures)} if disclosures else {}, payload, bytes(64))
    return PratiqueEnvelope(message)


def by_pattern(envelope: PratiqueEnvelope) -> Credential | None:
    return profile_pattern.read(envelope.signed.payload, envelope.disclosures)


def by_the_long_way(envelope: PratiqueEnvelope) -> Credential:
    return envelope.read(envelope.open())


def known(credential: Credential) -> dict[str, Any]:
    """Return all that a credential says."""
    stated = {name: getattr(credential, name) for name in Credential.__slots__ if not name.startswith("_")}
    return stated | {"evidence": credential.evidence, "holder": credential.holder, "number": credential.number}


def agree(envelope: PratiqueEnvelope) -> bool:
    """Return whether the pattern read it; both ways agree then."""
    found = by_pattern(envelope)
    if found is None:
        return False
    assert known(found) == known(by_the_long_way(envelope))
    return True


def parsed(text: str) -> PratiqueEnvelope:
    from pratique.formats.pratique import envelope  # noqa: PLC0415 - the name stands for others here

    return envelope(text)


@pytest.mark.parametrize("held", HELD, ids=lambda held: held.credential.kinds[0][0])
def test_what_issuers_sign_is_usual(held: HeldCredential) -> None:
    assert agree(parsed(held.present()))


@pytest.mark.parametrize("evidence", [VACCINATION, EVERY_KIND[2]], ids=["vaccination", "test"])
def test_claims_of_the_event_are_usual_to_disclose(evidence: Evidence) -> None:
    held = issue(evidence)
    names = [name for name in UNIQUE if getattr(evidence, name.partition(".")[2], None) is not None]
    assert agree(parsed(held.present(disclose=names)))
    for name in names:
        assert agree(parsed(held.present(disclose=[name])))


def test_what_is_bound_to_a_key_goes_the_long_way() -> None:
    envelope = parsed(AUTHORITY.issue(VACCINATION, holder_key=holder_key().public, at=NOW).present())
    assert by_pattern(envelope) is None
    assert by_the_long_way(envelope).binding is not None


@pytest.mark.parametrize("name", ["event.batch", "holder.name"])
def test_details_and_holder_go_the_long_way(name: str) -> None:
    held = issue(VACCINATION)
    envelope = parsed(held.present(disclose=[name]))
    assert by_pattern(envelope) is None
    assert by_the_long_way(envelope).withheld


@pytest.mark.parametrize("held", HELD[:1] + HELD[2:3] + HELD[5:], ids=lambda held: held.credential.kinds[0][0])
@pytest.mark.parametrize("change", [1, 2, 0x20, 0x80, 0xFF])
def test_no_changed_byte_is_read_otherwise(held: HeldCredential, change: int) -> None:
    payload = parsed(held.present()).signed.payload
    read = 0
    for i in range(len(payload)):
        read += agree(envelope_of(payload[:i] + bytes((payload[i] ^ change,)) + payload[i + 1 :]))
    assert read  # some bytes are hashes


@pytest.mark.parametrize("held", HELD[:1] + HELD[5:7], ids=lambda held: held.credential.kinds[0][0])
def test_no_missing_or_doubled_byte_is_read_otherwise(held: HeldCredential) -> None:
    payload = parsed(held.present()).signed.payload
    for i in range(len(payload)):
        agree(envelope_of(payload[:i] + payload[i + 1 :]))
        agree(envelope_of(payload[:i] + payload[i : i + 1] + payload[i:]))
        agree(envelope_of(payload[:i]))


TEXTS = st.sampled_from(
    [
        "https://health.example.org",
        "",
        "a",
        "x" * 23,
        "x" * 24,
        "x" * 255,
        "x" * 256,
        "a\x7f",
        "é",
        ":",
        "\x02l",
        "1D47",
    ]
)
NUMBERS = st.sampled_from([0, 1, 23, 24, 255, 256, 65_535, 65_536, 86_400, 2**31, 2**32 - 1, 2**32, -1]) | st.integers()
DAYS = st.sampled_from([1_793_404_800, 1_793_404_800 + 3_600, 1_793_404_799, 1_801_440_000, 86_400, 0, 2_111_702_400])
HASHES = st.lists(st.sampled_from([bytes(32), bytes([1]) * 32, b"\x58\x20" * 16, bytes(31)]), max_size=30)
CNF = st.sampled_from(
    [
        {-65537: [1, bytes(16), bytes(16)]},
        {-65537: [2, bytes(16), bytes(16)]},
        {-65537: [1, bytes(15), bytes(16)]},
        {5: bytes(32)},
        {5: bytes(31)},
        {1: bytes(32)},
        {},
    ]
)
EVENTS = st.fixed_dictionaries(
    {0: st.integers(0, 7), 1: st.sampled_from(["1D47", "RA01.0", "1d47", "1D47.", "1D47.123", "A", "A" * 9, 5])},
    optional={2: TEXTS, 10: NUMBERS, SIMPLE_59: HASHES},
) | st.fixed_dictionaries({0: st.just(6), 2: TEXTS}, optional={SIMPLE_59: HASHES})
STATUSES = st.fixed_dictionaries({"status_list": st.fixed_dictionaries({"idx": NUMBERS, "uri": TEXTS})})
CHANGED = {
    1: TEXTS,
    2: st.sampled_from(["Sx0oakN5m4cv", "Sx0oakN5m4c", "Sx0oakN5m4c=", 5]),
    4: DAYS,
    5: DAYS,
    6: DAYS,
    8: CNF,
    11: st.sampled_from(["pratique/1", "pratique/2"]),
    -65537: EVENTS,
    65535: STATUSES,
    -65538: st.just({}),
    SIMPLE_59: HASHES,
}
CLAIMS = st.lists(st.one_of(st.tuples(st.just(name), value) for name, value in CHANGED.items()), max_size=3).map(dict)


@settings(max_examples=500)
@given(CLAIMS)
def test_no_claims_are_read_otherwise(claims: dict[Any, Any]) -> None:
    agree(envelope_of(ordered({**USUAL, **claims})))


USUAL = cbor2.loads(parsed(HELD[0].present()).signed.payload)


OPENED = st.sampled_from([(18_262, 10), ("who-pq|x", 12), ("snomed|260415000", 17), (1_793_404_800, 18)])
ANYTHING = st.tuples(NUMBERS | TEXTS | st.just("who-pq|x") | st.just({}), st.integers(-1, 24) | TEXTS)


@settings(max_examples=500)
@given(
    st.lists(OPENED | OPENED | ANYTHING, min_size=1, max_size=3),
    st.sampled_from([SIMPLE_59, SIMPLE_59, "top"]),
    st.sampled_from([1, 3, 5]),
)
def test_no_disclosures_are_read_otherwise(shown: list[tuple[Any, Any]], place: Any, kind: int) -> None:
    made = [disclosure(value, key) for value, key in shown]
    hashes = sorted({digest for _, digest in made})
    event = {0: kind, 1: "1D47", SIMPLE_59: [bytes(32)] if place == "top" else hashes}
    claims = {**USUAL, -65537: event, SIMPLE_59: hashes if place == "top" else [bytes(32)]}
    agree(envelope_of(ordered(claims), [encoded for encoded, _ in made]))


def test_a_disclosure_shown_twice_or_of_another_credential_is_left_to_the_long_way() -> None:
    one, other = (parsed(issue(VACCINATION).present(disclose=UNIQUE[:2])) for _ in range(2))
    for disclosures in (
        [*one.disclosures, one.disclosures[0]],
        other.disclosures,
        [*one.disclosures, *other.disclosures],
    ):
        refused(one.signed.payload, disclosures)


def test_a_claim_that_the_kind_has_no_place_for_is_left_to_the_long_way() -> None:
    refused(*closed(ordered([bytes(16), "snomed|260415000", 17])))


@pytest.mark.parametrize("shown", [(18_262, 10), ("who-pq|x", 12), ("a|b", 16), ("snomed|1", 17), (1_793_404_800, 18)])
@pytest.mark.parametrize("kind", range(1, 7))
def test_each_claim_is_read_alike_in_each_kind(kind: int, shown: tuple[Any, int]) -> None:
    """Where the long way refuses a claim, as it does every one of a clearance, the pattern does not take it."""
    encoded, digest = disclosure(*shown)
    named = {2: "UTO-entry-2026"} if kind == 6 else {1: "1D47"}
    times = {4: 1_793_404_800 + 86_400, 5: 1_793_404_800, 6: 1_793_404_800} if kind in (3, 6) else {}
    event = {0: kind, **named, SIMPLE_59: [digest]}
    assert agree(envelope_of(ordered({**USUAL, **times, -65537: event})))
    envelope = envelope_of(ordered({**USUAL, **times, -65537: event}), [encoded])
    try:
        by_the_long_way(envelope)
    except PratiqueError:
        assert by_pattern(envelope) is None
    else:
        assert agree(envelope)


@pytest.mark.parametrize("head", [b"\x82\x50", b"\x84\x50", b"\x83\x51", b"\x83\x30", b"\x83\x70"])
def test_a_disclosure_that_begins_otherwise_is_left_to_the_long_way(head: bytes) -> None:
    usual = ordered([bytes(16), 18_262, 10])
    assert agree(envelope_of(*closed(usual)))
    refused(*closed(head + usual[2:]))


def test_a_hash_that_stands_in_two_maps_is_left_to_the_long_way() -> None:
    one = {SIMPLE_59: [bytes(32)]}
    assert agree(envelope_of(ordered({**USUAL, -65537: {0: 1, 1: "1D47", **one}, SIMPLE_59: [bytes([1]) * 32]})))
    refused(ordered({**USUAL, -65537: {0: 1, 1: "1D47", **one}, **one}))


def test_more_hashes_than_an_array_states_are_left_to_the_long_way() -> None:
    one, other = b"\x58\x20" + bytes(32), b"\x58\x20" + bytes([1]) * 32
    claims = {name: value for name, value in USUAL.items() if name != SIMPLE_59}
    payload = ordered({**claims, -65537: {0: 1, 1: "1D47", SIMPLE_59: [bytes(32), bytes([1]) * 32]}})
    assert agree(envelope_of(payload))
    refused(payload.replace(one + other, one + other + one))


@pytest.mark.parametrize(
    ("shortest", "longer"),
    [("07", "1807"), ("07", "190007"), ("18ff", "1900ff"), ("19ffff", "1a0000ffff"), ("1a00010000", "1a00000007")],
)
def test_an_index_in_a_longer_form_is_left_to_the_long_way(shortest: str, longer: str) -> None:
    short, long = bytes.fromhex(shortest), bytes.fromhex(longer)
    index = short[0] if len(short) == 1 else int.from_bytes(short[1:])
    status = {"status_list": {"idx": index, "uri": "https://a.example"}}
    payload = ordered({**USUAL, 65535: status})
    assert agree(envelope_of(payload))
    refused(payload.replace(b"\x63idx" + short, b"\x63idx" + long))


def test_a_sampled_time_is_read_alike() -> None:
    fact = TestResult(target="RA01", sampled_at=NOW, test_result=Coding("snomed", "260415000"))
    assert agree(parsed(issue(fact).present(disclose=["event.sampled_at"])))


def refused(payload: bytes, disclosures: Sequence[bytes] = ()) -> None:
    """Check that the pattern leaves something to the long way, which refuses it."""
    envelope = envelope_of(payload, disclosures)
    assert by_pattern(envelope) is None
    with pytest.raises(PratiqueError):
        by_the_long_way(envelope)


def closed(encoded: bytes) -> tuple[bytes, list[bytes]]:
    """Return the claims of a vaccination of which one claim is closed, and its disclosure."""
    event = {0: 1, 1: "1D47", SIMPLE_59: [sha256(encoded).digest()]}
    return ordered({**USUAL, -65537: event}), [encoded]
