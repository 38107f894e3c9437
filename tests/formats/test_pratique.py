"""The reader of the profile's own format takes one form and no other. Every message here is signed."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authority import (
    HOLDER,
    NOW,
    SIMPLE_59,
    VACCINATION,
    World,
    disclosure,
    holder_key,
    ordered,
    pq1,
    sign_sdcwt,
)
from pratique.codec import cbor
from pratique.errors import PratiqueError
from pratique.formats.pratique import PratiqueEnvelope, envelope
from pratique.present import HeldCredential
from pratique.reasons import Reason
from pratique.report import Step, Verdict

DAY, HOUR = 86_400, 3_600
ISS, SUB, EXP, NBF, IAT, CNF, VCT, STATUS, EVENT, HOLDER_CLAIM = 1, 2, 4, 5, 6, 8, 11, 65535, -65537, -65538
TODAY = int(NOW.timestamp()) // DAY * DAY
WORLD = World()


def payload(*, claims: dict[Any, Any] | None = None) -> dict[Any, Any]:
    """Return the claims of a yellow fever vaccination with nothing hidden; `claims` replaces some."""
    whole: dict[Any, Any] = {
        ISS: WORLD.home.id,
        SUB: "abcdefghijkl",
        EXP: int(datetime(2036, 12, 1, tzinfo=UTC).timestamp()),
        NBF: TODAY,
        IAT: TODAY,
        CNF: {5: bytes(32)},
        VCT: "pratique/1",
        EVENT: {0: 1, 1: "1D47"},
    }
    whole |= claims or {}
    return {name: value for name, value in whole.items() if value is not None}


def read(message: bytes) -> Any:
    return PratiqueEnvelope(message).read()


def code_of(message: bytes) -> Reason:
    with pytest.raises(PratiqueError) as refused:
        read(message)
    with pytest.raises(PratiqueError):
        HeldCredential(message)
    report = WORLD.verify(pq1(message))
    assert report.verdict is Verdict.REJECT
    assert report.credential is None
    return refused.value.code


def test_what_the_second_implementation_signs_is_read_and_verifies() -> None:
    date, date_hash = disclosure(20_526, 10)
    product, product_hash = disclosure("who-pq|yf-stamaril", 12)
    hashes = sorted([date_hash, product_hash])
    message = sign_sdcwt(WORLD.home, payload(claims={EVENT: {0: 1, 1: "1D47", SIMPLE_59: hashes}}), [product, date])
    report = WORLD.verify(pq1(message))
    assert report.check(Step.ISSUER).code is Reason.ISSUER_ENTITLED
    assert report.credential is not None
    assert report.credential.evidence[0].known() == [
        ("target", "1D47"),
        ("date", VACCINATION.date.from_date(datetime(2026, 3, 14, tzinfo=UTC).date())),
        ("product", VACCINATION.product),
    ]


@pytest.mark.parametrize("form", [{5: bytes(32)}, {1: None}, {-65537: [1, bytes(16), bytes(16)]}])
def test_each_of_the_three_bindings_is_read(form: dict[int, Any]) -> None:
    if 1 in form:
        form = {1: holder_key().public.cose_key}
    credential = read(sign_sdcwt(WORLD.home, payload(claims={CNF: form})))
    assert type(credential.binding).__name__ == ("DocumentBinding" if -65537 in form else "KeyBinding")


CLOSED = {
    "the holder in clear": {HOLDER_CLAIM: {1: "ERIKSSON<<ANNA"}},
    "an empty holder in clear": {HOLDER_CLAIM: {}},
    "the date in clear": {EVENT: {0: 1, 1: "1D47", 10: 20_526}},
    "the product in clear": {EVENT: {0: 1, 1: "1D47", 12: "who-pq|yf-stamaril"}},
    "the details in clear": {EVENT: {0: 1, 1: "1D47", 13: {3: "AB123"}}},
    "empty details in clear": {EVENT: {0: 1, 1: "1D47", 13: {}}},
}


@pytest.mark.parametrize("claims", CLOSED.values(), ids=CLOSED)
def test_a_claim_that_must_be_closed_is_refused_in_clear(claims: dict[int, Any]) -> None:
    assert code_of(sign_sdcwt(WORLD.home, payload(claims=claims))) is Reason.CONTENT_INVALID


def test_a_name_that_is_opened_together_with_its_neighbours_is_refused() -> None:
    opened, closed = disclosure({1: "ERIKSSON<<ANNA", 3: 1684}, HOLDER_CLAIM)
    message = sign_sdcwt(WORLD.home, payload(claims={SIMPLE_59: [closed]}), [opened])
    assert code_of(message) is Reason.CONTENT_INVALID


@pytest.mark.parametrize("name", [ISS, SUB, EXP, NBF, IAT, CNF, VCT, EVENT])
def test_a_claim_that_must_be_shown_is_refused_behind_a_hash(name: int) -> None:
    whole = payload()
    opened, closed = disclosure(whole.pop(name), name)
    for shown in ([], [opened]):
        code_of(sign_sdcwt(WORLD.home, {**whole, SIMPLE_59: [closed]}, shown))


def test_the_kind_is_refused_behind_a_hash() -> None:
    opened, closed = disclosure(1, 0)
    code_of(sign_sdcwt(WORLD.home, payload(claims={EVENT: {1: "1D47", SIMPLE_59: [closed]}}), [opened]))


@pytest.mark.parametrize(
    "claims",
    [
        {STATUS: {"status_list": {"idx": 1, "uri": "https://health.example.org", SIMPLE_59: [bytes(32)]}}},
        {STATUS: {"status_list": {"idx": 1, "uri": "https://health.example.org"}, SIMPLE_59: [bytes(32)]}},
        {CNF: {5: bytes(32), SIMPLE_59: [bytes(32)]}},
        {CNF: {1: {1: 2, SIMPLE_59: [bytes(32)]}}},
    ],
)
def test_nothing_is_hidden_where_the_profile_hides_nothing(claims: dict[Any, Any]) -> None:
    assert code_of(sign_sdcwt(WORLD.home, payload(claims=claims))) is Reason.DISCLOSURE_MALFORMED


def test_nothing_is_hidden_inside_a_disclosed_value() -> None:
    _, hidden_hash = disclosure(2, 1)
    for value, key in (({1: 5, SIMPLE_59: [hidden_hash]}, 10), ([1, cbor.Tag(60, hidden_hash)], 1)):
        opened, closed = disclosure(value, key)
        event = {0: 1, 1: "1D47", SIMPLE_59: [closed]}
        shown = [opened]
        if key == 1:
            details, details_hash = disclosure({SIMPLE_59: [closed]}, 13)
            event, shown = {0: 1, 1: "1D47", SIMPLE_59: [details_hash]}, [opened, details]
        assert code_of(sign_sdcwt(WORLD.home, payload(claims={EVENT: event}), shown)) is Reason.DISCLOSURE_MALFORMED


def test_decoys_are_read_over() -> None:
    decoy = ordered([bytes(16)])
    closed = hashlib.sha256(decoy).digest()
    claims = payload(claims={SIMPLE_59: sorted([closed, bytes(32)])})
    assert read(sign_sdcwt(WORLD.home, claims)).withheld == 2
    assert read(sign_sdcwt(WORLD.home, claims, [decoy])).withheld == 1


BAD_CLAIMS: dict[str, dict[Any, Any]] = {
    "no issuer": {ISS: None},
    "an empty issuer": {ISS: ""},
    "an issuer of 256 bytes": {ISS: "h:" + "x" * 254},
    "an issuer with a control character": {ISS: "https://a\n"},
    "no number": {SUB: None},
    "a number of 11 characters": {SUB: "abcdefghijk"},
    "a number with another alphabet": {SUB: "abcdefghijk="},
    "a number with a line end": {SUB: "abcdefghijkl\n"},
    "a number that is one": {SUB: 7},
    "no expiry": {EXP: None},
    "an expiry amid a month": {EXP: TODAY + 30 * DAY},
    "an expiry amid a day": {EXP: int(datetime(2036, 12, 1, 1, tzinfo=UTC).timestamp())},
    "a floating-point expiry": {EXP: 2_111_702_400.0},
    "an expiry beyond the calendar": {EXP: 253_402_300_800},
    "a start amid a day": {NBF: TODAY + HOUR},
    "a negative start": {NBF: -DAY},
    "a start that is true": {NBF: True},
    "an issue amid a day": {IAT: TODAY + 1},
    "an end before its start": {NBF: int(datetime(2036, 12, 2, tzinfo=UTC).timestamp())},
    "an end before its issue": {IAT: int(datetime(2036, 12, 2, tzinfo=UTC).timestamp())},
    "an end at its start": {NBF: int(datetime(2036, 12, 1, tzinfo=UTC).timestamp())},
    "no binding": {CNF: None},
    "an empty binding": {CNF: {}},
    "two bindings": {CNF: {5: bytes(32), -65537: [1, bytes(16), bytes(16)]}},
    "another binding": {CNF: {3: b"kid"}},
    "a short thumbprint": {CNF: {5: bytes(31)}},
    "another derivation": {CNF: {-65537: [2, bytes(16), bytes(16)]}},
    "a derivation that is true": {CNF: {-65537: [True, bytes(16), bytes(16)]}},
    "a short salt": {CNF: {-65537: [1, bytes(15), bytes(16)]}},
    "a long tag": {CNF: {-65537: [1, bytes(16), bytes(17)]}},
    "a fourth item": {CNF: {-65537: [1, bytes(16), bytes(16), 1]}},
    "a private key": {CNF: {1: {1: 2, -1: 1, -2: bytes(32), -3: bytes(32), -4: bytes(32)}}},
    "a point off its curve": {CNF: {1: {1: 2, -1: 1, -2: bytes(32), -3: bytes(32)}}},
    "no profile": {VCT: None},
    "another profile": {VCT: "pratique/2"},
    "an empty status": {STATUS: {}},
    "a status with more": {STATUS: {"status_list": {"idx": 1, "uri": "https://a", "aud": "x"}}},
    "a negative index": {STATUS: {"status_list": {"idx": -1, "uri": "https://a"}}},
    "an index of 33 bits": {STATUS: {"status_list": {"idx": 2**32, "uri": "https://a"}}},
    "a status in clear text": {STATUS: {"status_list": {"idx": 1, "uri": "http://a"}}},
    "a status without address": {STATUS: {"status_list": {"idx": 1, "uri": 5}}},
    "no event": {EVENT: None},
    "an event that is a list": {EVENT: [1, "1D47"]},
    "no kind": {EVENT: {1: "1D47"}},
    "kind 0": {EVENT: {0: 0, 1: "1D47"}},
    "kind 7": {EVENT: {0: 7, 1: "1D47"}},
    "a kind that is true": {EVENT: {0: True, 1: "1D47"}},
    "no target": {EVENT: {0: 1}},
    "a target in words": {EVENT: {0: 1, 1: "yellow fever"}},
    "a target with a line end": {EVENT: {0: 1, 1: "1D47\n"}},
    "a vaccination with a rule": {EVENT: {0: 1, 1: "1D47", 2: "UTO-entry"}},
    "a clearance with a target": {EVENT: {0: 6, 1: "1D47", 2: "UTO-entry"}},
    "a clearance without rule": {EVENT: {0: 6}},
    "an unknown entry of the event": {EVENT: {0: 1, 1: "1D47", 99: 1}},
    "an audience": {3: "somebody"},
    "an unknown claim": {-65539: 1},
    "a claim by a name": {"iss": "x"},
    "no hashes": {SIMPLE_59: []},
    "hashes that are one": {SIMPLE_59: bytes(32)},
    "a short hash": {SIMPLE_59: [bytes(31)]},
    "a hash twice": {SIMPLE_59: [bytes(32), bytes(32)]},
    "a hash at two levels": {SIMPLE_59: [bytes(32)], EVENT: {0: 1, 1: "1D47", SIMPLE_59: [bytes(32)]}},
    "another simple value as key": {cbor.Simple(58): [bytes(32)]},
}


@pytest.mark.parametrize("claims", BAD_CLAIMS.values(), ids=BAD_CLAIMS)
def test_claims_in_another_form_are_refused(claims: dict[Any, Any]) -> None:
    code_of(sign_sdcwt(WORLD.home, payload(claims=claims)))


BAD_HEADERS: dict[str, dict[str, dict[Any, Any]]] = {
    "no algorithm": {"protected": {1: None}},
    "the algorithm unprotected": {"protected": {1: None}, "unprotected": {1: -9}},
    "an algorithm of MACs": {"protected": {1: 5}},
    "no key identifier": {"protected": {4: None}},
    "the key identifier unprotected": {"protected": {4: None}, "unprotected": {4: bytes(8)}},
    "a key identifier of 7 bytes": {"protected": {4: bytes(7)}},
    "a key identifier in text": {"protected": {4: "abcdefgh"}},
    "no type": {"protected": {16: None}},
    "the type of a key binding token": {"protected": {16: 294}},
    "a hash algorithm named": {"protected": {170: -16}},
    "something critical": {"protected": {2: [170], 170: -16}},
    "no disclosure in the array": {"unprotected": {17: []}},
    "disclosures that are one": {"unprotected": {17: b"\x81\x40"}},
    "a disclosure that is no bytes": {"unprotected": {17: [[bytes(16), 1, 10]]}},
    "encrypted disclosures": {"unprotected": {171: []}},
    "something unprotected": {"unprotected": {99: 1}},
    "something named unprotected": {"unprotected": {"x": 1}},
}


@pytest.mark.parametrize("headers", BAD_HEADERS.values(), ids=BAD_HEADERS)
def test_headers_in_another_form_are_refused(headers: dict[str, dict[Any, Any]]) -> None:
    code_of(sign_sdcwt(WORLD.home, payload(), **headers))


def with_event(value: Any, key: Any) -> tuple[dict[Any, Any], list[bytes]]:
    opened, closed = disclosure(value, key)
    return payload(claims={EVENT: {0: 1, 1: "1D47", SIMPLE_59: [closed]}}), [opened]


def with_details(value: Any, key: Any) -> tuple[dict[Any, Any], list[bytes]]:
    opened, closed = disclosure(value, key)
    claims, details = with_event({SIMPLE_59: [closed]}, 13)
    return claims, [opened, *details]


def with_holder(value: Any, key: Any) -> tuple[dict[Any, Any], list[bytes]]:
    opened, closed = disclosure(value, key)
    holder, holder_hash = disclosure({SIMPLE_59: [closed]}, HOLDER_CLAIM)
    return payload(claims={SIMPLE_59: [holder_hash]}), [opened, holder]


BAD_VALUES = {
    "a date in text": with_event("2026-03-14", 10),
    "a date in year 1899": with_event(-25_568, 10),
    "a date in year 2100": with_event(47_482, 10),
    "a date that is true": with_event(*(True, 10)),
    "a product without system": with_event("yf-stamaril", 12),
    "a product with an empty code": with_event("who-pq|", 12),
    "a product beyond ASCII": with_event("who-pq|é", 12),
    "a test's claim in a vaccination": with_event("snomed|260415000", 17),
    "an unknown number": with_event(1, 11),
    "a number as text": with_event(20_526, "10"),
    "a key of bytes": with_event(20_526, b"10"),
    "a kind over the kind": with_event(2, 0),
    "details that are a list": with_event([1], 13),
    "details that are null": with_event(None, 13),
    "dose 0": with_details([0], 1),
    "dose 100": with_details([100], 1),
    "a dose of three numbers": with_details([1, 2, 3], 1),
    "an empty dose": with_details([], 1),
    "a dose that is true": with_details([True], 1),
    "a country of two letters": with_details("UT", 2),
    "an empty batch": with_details("", 3),
    "a batch of 256 bytes": with_details("é" * 128, 3),
    "a centre with a control character": with_details("Port\x00clinic", 4),
    "an unknown detail": with_details("x", 7),
    "a name in lower case": with_holder("Eriksson", 1),
    "a name with three fillers": with_holder("ERIKSSON<<<ANNA", 1),
    "a name that is a list": with_holder(["ERIKSSON"], 1),
    "a birth date with month 13": with_holder([1974, 13], 3),
    "a birth date of year 74": with_holder([74], 3),
    "a birth date of three parts": with_holder([1974, 8, 12], 3),
    "a birth date in text": with_holder("1974-08-12", 3),
    "sex in lower case": with_holder("f", 4),
    "a nationality of two letters": with_holder("UT", 5),
    "a document number with a filler": with_holder("L898902<3", 6),
    "an unknown claim of the holder": with_holder("x", 9),
}


@pytest.mark.parametrize(("claims", "shown"), BAD_VALUES.values(), ids=BAD_VALUES)
def test_disclosed_values_in_another_form_are_refused(claims: dict[Any, Any], shown: list[bytes]) -> None:
    code_of(sign_sdcwt(WORLD.home, claims, shown))


@pytest.mark.parametrize("name", ["නිශ්‍ශංක", "می‌خواهم", "Nguyễn Văn Ánh", "O'Brien", "王小明", "Ægir-Þór"])
def test_a_name_is_read_as_its_bearer_writes_it(name: str) -> None:
    claims, shown = with_holder(name, 2)
    assert read(sign_sdcwt(WORLD.home, claims, shown)).holder.name_native == name


def test_a_clearance_with_a_holder_is_refused() -> None:
    opened, closed = disclosure("ERIKSSON", 1)
    holder, holder_hash = disclosure({SIMPLE_59: [closed]}, HOLDER_CLAIM)
    claims = payload(claims={EVENT: {0: 6, 2: "UTO-entry"}, SIMPLE_59: [holder_hash]})
    code_of(sign_sdcwt(WORLD.home, claims, [opened, holder]))


def test_whole_hours_will_do_for_a_test_and_a_clearance_and_for_nothing_else() -> None:
    window = {NBF: TODAY + 13 * HOUR, EXP: TODAY + 61 * HOUR}
    for event in ({0: 3, 1: "RA01"}, {0: 6, 2: "UTO-entry"}):
        assert read(sign_sdcwt(WORLD.home, payload(claims={**window, EVENT: event}))).validity.not_before.hour == 13
    for kind in (1, 2, 4, 5):
        code = code_of(sign_sdcwt(WORLD.home, payload(claims={**window, EVENT: {0: kind, 1: "RA01"}})))
        assert code is Reason.TIME_MALFORMED
    minutes = {NBF: TODAY + 60}
    assert (
        code_of(sign_sdcwt(WORLD.home, payload(claims={**minutes, EVENT: {0: 3, 1: "RA01"}}))) is Reason.TIME_MALFORMED
    )


MESSAGE = WORLD.home.issue(VACCINATION, holder=HOLDER, holder_key=holder_key().public).encoded


@settings(max_examples=400, deadline=None)
@given(st.binary(max_size=80))
def test_arbitrary_bytes_raise_only_errors_that_name_a_code(data: bytes) -> None:
    for make in (PratiqueEnvelope, HeldCredential):
        with pytest.raises(PratiqueError):
            make(data)


@settings(max_examples=400, deadline=None)
@given(st.text(max_size=60))
def test_arbitrary_text_raises_only_errors_that_name_a_code(text: str) -> None:
    for scanned in (text, "PQ1:" + text):
        with pytest.raises(PratiqueError):
            envelope(scanned)
        with pytest.raises(PratiqueError):
            HeldCredential.from_text(scanned)


@settings(max_examples=400, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, len(MESSAGE) - 1), st.integers(0, 255)), min_size=1, max_size=3),
    st.integers(0, 4),
)
def test_damaged_credentials_raise_only_errors_that_name_a_code(changes: list[tuple[int, int]], cut: int) -> None:
    data = bytearray(MESSAGE)
    for position, value in changes:
        data[position] = value
    try:
        HeldCredential(bytes(data[: len(data) - cut]))
    except PratiqueError:
        return


def test_a_credential_that_breaks_off_anywhere_is_refused() -> None:
    for end in range(len(MESSAGE)):
        with pytest.raises(PratiqueError):
            PratiqueEnvelope(MESSAGE[:end])


def test_bytes_after_the_message_are_refused() -> None:
    with pytest.raises(PratiqueError):
        PratiqueEnvelope(MESSAGE + b"\x00")


@pytest.mark.parametrize("prefix", [b"", b"\xd8\x3d", b"\xd1", b"\xd8\x12", b"\xd2\xd2"])
def test_another_tag_than_18_alone_is_refused(prefix: bytes) -> None:
    with pytest.raises(PratiqueError):
        PratiqueEnvelope(prefix + MESSAGE[1:])
