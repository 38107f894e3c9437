"""A request is read as it was signed, in one form and no other; nothing it says counts before its signature holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authority import NOW, base45, ordered
from pratique import schemas
from pratique.codec import base45 as strict
from pratique.cose import algorithms
from pratique.cose.keys import PrivateKey
from pratique.cose.signer import SoftwareSigner
from pratique.errors import DecodeError, PratiqueError, RequestError
from pratique.qr.render import modules
from pratique.reasons import Reason
from pratique.request import Request, read
from pratique.rules.ready_made import ready_made
from pratique.sdcwt import Challenge

KEY = PrivateKey.generate()
RULES = ready_made("covid-19")
BORDER = "https://border.example.org"
REQUEST = Request.for_rules(
    RULES, verifier=BORDER, names={"en": "Border of Utopia", "fr": "Frontière d'Utopie"}, audience=BORDER, at=NOW
)
TEXT = REQUEST.sign(SoftwareSigner(KEY))


def message(text: str = TEXT) -> bytes:
    return strict.decode(text.removeprefix("PQR1:"))


PAYLOAD = cbor2.loads(cbor2.loads(message()).value[2])


def signed(payload: Any, *, headers: dict[Any, Any] | None = None, key: PrivateKey = KEY, **parts: Any) -> str:
    """Return the text of anything, signed as a request; `headers` replaces members, None takes one out."""
    whole = {1: -9, 4: key.public.key_id, 16: "application/pratique-request+cbor"} | (headers or {})
    protected = ordered({label: value for label, value in whole.items() if value is not None})
    body = payload if isinstance(payload, bytes) else ordered(payload)
    signature = SoftwareSigner(key).sign(cbor2.dumps(["Signature1", protected, b"", body]))
    return "PQR1:" + base45(b"\xd2" + cbor2.dumps([protected, parts.get("unprotected", {}), body, signature]))


def test_a_request_is_read_as_it_was_signed() -> None:
    assert read(TEXT).verify([KEY.public]) == REQUEST
    assert read(TEXT + "\r\n").verify([PrivateKey.generate().public, KEY.public]) == REQUEST
    assert read(signed(dict(PAYLOAD))).verify([KEY.public]) == REQUEST


def test_a_request_for_rules_asks_for_what_they_can_read_and_says_what_they_say() -> None:
    assert REQUEST.claims == {
        "event.date", "event.dose", "event.product", "event.sampled_at", "event.test_method", "event.test_result",
    }  # fmt: skip
    assert (REQUEST.rule_set, REQUEST.rule_set_sha256) == (RULES.id, RULES.sha256)
    assert (REQUEST.purpose, REQUEST.retention, REQUEST.legal_basis) == (
        RULES.purpose,
        RULES.retention,
        RULES.legal_basis,
    )
    assert REQUEST.expires_at - REQUEST.issued_at == timedelta(minutes=10)
    again = Request.for_rules(RULES, verifier=BORDER, names=REQUEST.names, audience=BORDER, at=NOW)
    assert again.nonce != REQUEST.nonce
    assert REQUEST.challenge == Challenge(BORDER, REQUEST.nonce)


def test_a_yellow_fever_request_asks_for_nothing() -> None:
    asked = Request.for_rules(
        ready_made("yellow-fever-entry"), verifier=BORDER, names={"en": "x"}, audience=BORDER, at=NOW
    )
    assert asked.claims == frozenset()
    assert read(asked.sign(SoftwareSigner(KEY))).verify([KEY.public]) == asked


@pytest.mark.parametrize("algorithm", sorted(each.name for each in algorithms.SIGNING))
def test_every_algorithm_that_issuers_have_signs_requests(algorithm: str) -> None:
    key = PrivateKey.generate(algorithm)
    assert read(REQUEST.sign(SoftwareSigner(key))).verify([key.public]) == REQUEST


def test_an_older_algorithm_signs_no_request() -> None:
    with pytest.raises(ValueError, match="ES256"):
        REQUEST.sign(SoftwareSigner(KEY, algorithm=algorithms.ES256))


def test_the_symbols_are_of_a_size_that_a_screen_shows() -> None:
    """In modules a side at level M, with an identifier of 26 characters; a code with 177 is the largest there is."""
    least = Request.for_rules(
        ready_made("yellow-fever-entry"), verifier=BORDER, names={"en": "Border of Utopia"}, audience=BORDER, at=NOW
    )
    assert modules(least.sign(SoftwareSigner(KEY))) <= 85
    assert modules(TEXT) <= 97


TEXTS = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=60)
BY_LANGUAGE = st.dictionaries(st.sampled_from(["en", "fr", "zh-Hant"]), TEXTS, min_size=1)
REQUESTS = st.builds(
    lambda lifetime, **members: Request(**members, expires_at=members["issued_at"] + lifetime),
    lifetime=st.integers(1, 86_400).map(lambda seconds: timedelta(seconds=seconds)),
    verifier=TEXTS,
    names=BY_LANGUAGE,
    audience=TEXTS,
    nonce=st.binary(min_size=8, max_size=64),
    purpose=st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True),
    retention=st.integers(0, 87_600).map(lambda hours: timedelta(hours=hours)),
    legal_basis=BY_LANGUAGE,
    rule_set=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True),
    rule_set_sha256=st.binary(min_size=32, max_size=32),
    claims=st.frozensets(st.from_regex(r"(event|holder)\.[a-z_]{1,12}", fullmatch=True), max_size=8),
    issued_at=st.integers(0, 250_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
)


@settings(max_examples=80, deadline=None)
@given(REQUESTS)
def test_whatever_can_be_asked_is_the_same_on_the_wire_and_in_json(request_: Request) -> None:
    assert read(request_.sign(SoftwareSigner(KEY))).verify([KEY.public]) == request_
    schemas.check(request_.document, "request")
    assert Request.from_json(request_.document) == request_


def test_a_time_in_another_zone_is_the_same_time() -> None:
    there = timezone(timedelta(hours=9))
    moved = replace(REQUEST, issued_at=NOW.astimezone(there), expires_at=(NOW + timedelta(hours=1)).astimezone(there))
    assert read(moved.sign(SoftwareSigner(KEY))).verify([KEY.public]) == moved


# What a forger may try


def test_a_request_by_another_key_is_refused() -> None:
    for keys in ([], [PrivateKey.generate().public], [PrivateKey.generate("Ed25519").public]):
        with pytest.raises(RequestError) as refused:
            read(TEXT).verify(keys)
        assert refused.value.code is Reason.REQUEST_SIGNER_UNKNOWN


def test_every_changed_byte_of_a_request_is_refused() -> None:
    data = message()
    for position in range(len(data)):
        changed = bytearray(data)
        changed[position] ^= 0x11
        with pytest.raises(PratiqueError):
            read("PQR1:" + base45(bytes(changed))).verify([KEY.public])


def test_a_request_that_breaks_off_anywhere_or_goes_on_is_refused() -> None:
    data = message()
    for end in range(len(data)):
        with pytest.raises(PratiqueError):
            read("PQR1:" + base45(data[:end]))
    with pytest.raises(PratiqueError):
        read("PQR1:" + base45(data + b"\x00"))


BAD_HEADERS: dict[str, dict[str, Any]] = {
    "no type": {"headers": {16: None}},
    "the type of a trust list": {"headers": {16: "application/pratique-trust-list+cbor"}},
    "the type of a credential": {"headers": {16: 293}},
    "no key identifier": {"headers": {4: None}},
    "a short key identifier": {"headers": {4: bytes(7)}},
    "a key identifier in text": {"headers": {4: "abcdefgh"}},
    "no algorithm": {"headers": {1: None}},
    "an algorithm of MACs": {"headers": {1: 5}},
    "something critical": {"headers": {2: [4]}},
    "something else": {"headers": {3: 60}},
    "something unprotected": {"unprotected": {99: 1}},
}


@pytest.mark.parametrize("parts", BAD_HEADERS.values(), ids=BAD_HEADERS)
def test_headers_in_another_form_are_refused(parts: dict[str, Any]) -> None:
    with pytest.raises(PratiqueError):
        read(signed(dict(PAYLOAD), **parts))


BAD_PAYLOADS: dict[str, Any] = {
    **{f"no member {number}": {number: None} for number in range(1, 12)},
    "a member more": {12: 1},
    "a member by a name": {"verifier": "x"},
    "an empty verifier": {1: ""},
    "a verifier of 256 bytes": {1: "a" * 256},
    "a verifier that is a number": {1: 1},
    "no name": {2: {}},
    "names that are a text": {2: "Border"},
    "a name for no language": {2: {"English": "x"}},
    "a name that is a number": {2: {"en": 1}},
    "a name with a line end": {2: {"en": "Border\n"}},
    "nine languages": {2: {f"a{letter}": "x" for letter in "abcdefghi"}},
    "an audience that is a list": {3: [BORDER]},
    "a short nonce": {4: bytes(7)},
    "a long nonce": {4: bytes(65)},
    "a nonce in text": {4: "0123456789abcdef"},
    "a purpose in capitals": {5: "Entry"},
    "a purpose with a line end": {5: "entry\n"},
    "a retention in text": {6: "P0D"},
    "a negative retention": {6: -1},
    "a retention that is true": {6: True},
    "a retention beyond ten years": {6: 87_601},
    "a huge retention": {6: 2**63},
    "an empty legal basis": {7: {"en": ""}},
    "a rule set without hash": {8: ["x"]},
    "a short hash": {8: ["x", bytes(31)]},
    "a hash in text": {8: ["x", "0" * 64]},
    "a rule set with a space": {8: ["x y", bytes(32)]},
    "rules that are a map": {8: {0: "x", 1: bytes(32)}},
    "claims that are a text": {9: "event.date"},
    "a claim that is a number": {9: [1]},
    "a claim of no part": {9: ["date"]},
    "a claim of another part": {9: ["issuer.name"]},
    "a claim twice": {9: ["event.date", "event.date"]},
    "claims out of order": {9: ["event.product", "event.date"]},
    "33 claims": {9: [f"event.{'a' * n}" for n in range(1, 33)] + ["holder.a"]},
    "a time in text": {10: "2026-11-23T12:00:00Z"},
    "a time that is true": {10: True},
    "a negative time": {10: -1},
    "a time after the calendar": {11: 253_402_300_800},
    "an end at the beginning": {11: int(NOW.timestamp())},
    "an end before the beginning": {11: int(NOW.timestamp()) - 1},
    "an end a day and a second later": {11: int(NOW.timestamp()) + 86_401},
}


@pytest.mark.parametrize("changes", BAD_PAYLOADS.values(), ids=BAD_PAYLOADS)
def test_what_a_request_says_in_another_form_is_refused_although_it_is_signed(changes: dict[Any, Any]) -> None:
    whole = {name: value for name, value in {**PAYLOAD, **changes}.items() if value is not None}
    with pytest.raises(RequestError) as refused:
        read(signed(whole)).verify([KEY.public])
    assert refused.value.code is Reason.REQUEST_INVALID


@pytest.mark.parametrize(
    "payload", [b"", b"\xa0", b"\x80", ordered(dict(PAYLOAD)) + b"\x00", cbor2.dumps(PAYLOAD)[:-1]]
)
def test_a_payload_that_is_no_map_is_refused(payload: bytes) -> None:
    with pytest.raises(RequestError):
        read(signed(payload)).verify([KEY.public])


def test_a_request_that_ends_a_day_later_will_do() -> None:
    day = dict(PAYLOAD) | {11: int(NOW.timestamp()) + 86_400}
    assert read(signed(day)).verify([KEY.public]).expires_at == NOW + timedelta(days=1)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_arbitrary_text_raises_only_errors_that_name_a_code(text: str) -> None:
    for scanned in (text, "PQR1:" + text):
        with pytest.raises(PratiqueError):
            read(scanned)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damaged_content_raises_only_errors_that_name_a_code(data: st.DataObject) -> None:
    body = bytearray(ordered(dict(PAYLOAD)))
    for _ in range(data.draw(st.integers(1, 3))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    try:
        read(signed(bytes(body))).verify([KEY.public])
    except PratiqueError:
        return


@pytest.mark.parametrize("text", ["", "PQR1:", "PQ1:" + TEXT[5:], TEXT.lower(), "PQR1:" + "0" * 9000])
def test_what_is_no_request_is_refused(text: str) -> None:
    with pytest.raises(DecodeError):
        read(text)


# JSON

BAD_JSON: dict[str, dict[str, Any]] = {
    **{f"no {name}": {name: ...} for name in REQUEST.document},
    "a member more": {"x": 1},
    "a nonce with padding": {"nonce": "AAAAAAAAAAAAAAAAAAAAAA=="},
    "a nonce with bits left over": {"nonce": "AAAAAAAAAAAAAAAAAAAAAB"},
    "a retention in months": {"retention": "P1M"},
    "a retention beyond ten years": {"retention": "P9999D"},
    "a hash in capitals": {"rule_set": {"id": "x", "sha256": "A" * 64}},
    "a claim twice": {"claims": ["event.date"] * 2},
    "a naive time": {"issued_at": "2026-11-23T12:00:00"},
    "half a second": {"issued_at": "2026-11-23T12:00:00.5Z"},
    "an end before the beginning": {"expires_at": "2026-11-23T11:00:00Z"},
    "a control character": {"verifier": "a\u0000b"},
}


@pytest.mark.parametrize("changes", BAD_JSON.values(), ids=BAD_JSON)
def test_json_in_another_form_is_refused(changes: dict[str, Any]) -> None:
    document = {name: value for name, value in {**REQUEST.document, **changes}.items() if value is not ...}
    with pytest.raises(PratiqueError):
        Request.from_json(document)


@pytest.mark.parametrize(
    "changes",
    [
        {"claims": frozenset({"date"})},
        {"nonce": bytes(7)},
        {"names": {}},
        {"retention": timedelta(minutes=1)},
        {"retention": timedelta(hours=-1)},
        {"issued_at": NOW.replace(tzinfo=None)},
        {"issued_at": NOW.replace(microsecond=1)},
        {"purpose": "entry\n"},
        {"rule_set_sha256": bytes(31)},
    ],
)
def test_a_request_that_cannot_be_is_a_mistake_of_the_program(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(changes))):
        replace(REQUEST, **changes)


def test_no_repr_shows_the_nonce() -> None:
    assert REQUEST.nonce.hex() not in repr(REQUEST) + repr(read(TEXT))
    assert repr(REQUEST.nonce) not in repr(REQUEST)


def test_a_verifier_is_called_by_its_name_in_a_language_or_by_its_identifier() -> None:
    assert REQUEST.name("fr") == "Frontière d'Utopie"
    assert REQUEST.name("de") == "Border of Utopia"
    assert replace(REQUEST, names={"fr": "x"}).name("de") == BORDER
