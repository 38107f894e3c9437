"""A key binding token proves that the holder's key signed what is shown: for one verifier, one nonce, one time."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authority import CLEARANCE, DOCUMENT, HOLDER, NOW, OTHER_DOCUMENT, VACCINATION, World, holder_key, ordered, pq1
from crafting import IDENTITY, held, resigned
from pratique import schemas
from pratique.cose import algorithms
from pratique.cose.keys import PrivateKey, PublicKey
from pratique.cose.sign1 import Sign1
from pratique.cose.signer import SoftwareSigner
from pratique.errors import DecodeError, KeyMaterialError, PratiqueError
from pratique.formats.pratique import envelope, presented
from pratique.identity import check_holder
from pratique.present import HeldCredential
from pratique.qr import text as qr_text
from pratique.reasons import Reason
from pratique.report import Check, Outcome, Step, Verdict
from pratique.sdcwt import Challenge, KeyBindingToken
from pratique.sdcwt.key_binding import is_token
from pratique.view import credential_view

if TYPE_CHECKING:
    from pathlib import Path

    from pratique.model import Credential

WORLD = World()
HELD = held(WORLD)
SIGNER = SoftwareSigner(holder_key())
AUDIENCE = "https://border.example.org"
CHALLENGE = Challenge(AUDIENCE, bytes(range(16)))
SECOND = timedelta(seconds=1)


def token(card: HeldCredential = HELD, **options: Any) -> str:
    """Return the text of a presentation that answers CHALLENGE, unless told otherwise."""
    answer = {"audience": AUDIENCE, "nonce": CHALLENGE.nonce, "signer": SIGNER, "at": NOW}
    return card.present(**{**answer, **options})


TOKEN = token(disclose=["event.date"])
MESSAGE = qr_text.decode(TOKEN)


def checked(
    text: str,
    challenge: Challenge | None = CHALLENGE,
    *,
    at: datetime = NOW,
    document: Any = None,
    compared_by_eye: bool = False,
) -> tuple[Outcome, Reason]:
    """Return what step 9 comes to for a text whose issuer's signature was verified."""
    report = WORLD.verify(text)
    assert report.check(Step.SIGNATURE).outcome is Outcome.PASSED
    check = binding(report.credential, challenge, at=at, document=document, compared_by_eye=compared_by_eye)
    return check.outcome, check.code


def binding(credential: Credential | None, challenge: Challenge | None, **options: Any) -> Check:
    assert credential is not None
    document = options.pop("document")
    return check_holder(credential, document, challenge=challenge, **options)


PROVEN = (Outcome.PASSED, Reason.KEY_PROVEN)


def failed(code: Reason) -> tuple[Outcome, Reason]:
    return Outcome.FAILED, code


# The whole way


def test_a_presentation_proves_the_holders_key_and_shows_what_was_chosen() -> None:
    report = WORLD.verify(TOKEN)
    assert report.credential is not None
    assert report.credential.evidence[0].known() == [("target", "1D47"), ("date", VACCINATION.date)]
    assert report.credential.presentation.audience == AUDIENCE
    assert report.check(Step.ISSUER).outcome is Outcome.PASSED
    assert checked(TOKEN) == PROVEN


@pytest.mark.parametrize("algorithm", ["ESP256", "ESP384", "Ed25519", "ML-DSA-44", "ES256", "EdDSA", "ES384"])
def test_the_holders_key_may_be_of_every_kind_that_signs(algorithm: str) -> None:
    key = PrivateKey.generate(algorithm)
    card = WORLD.home.issue(VACCINATION, holder_key=key.public)
    text = token(card, signer=SoftwareSigner(key, algorithm=algorithms.by_name(algorithm)))
    assert checked(text) == PROVEN


@pytest.mark.parametrize("algorithm", ["ESP256", "Ed25519"])
@pytest.mark.parametrize("length", [3, 10, 17, 18, 19, 26, 40, 60, 100, 255])
def test_a_token_is_known_by_its_type_however_short_its_credential_is(algorithm: str, length: int) -> None:
    key, world = PrivateKey.generate(algorithm), World()
    small = world.authority(id="a:" + "x" * (length - 2))
    text = token(small.issue(CLEARANCE, holder_key=key.public), signer=SoftwareSigner(key))
    assert is_token(qr_text.decode(text))
    assert world.verify(text, challenge=CHALLENGE).check(Step.BINDING).code is Reason.KEY_PROVEN


@pytest.mark.parametrize(
    "data", [b"", b"\xd2", b"\xd2\x84", b"\xd2\x84\x58", b"\xd2\x84\x59\x00", b"\xd2\x84\x59\xff\xff"]
)
def test_what_is_too_short_is_no_token(data: bytes) -> None:
    assert not is_token(data)
    assert not is_token(HELD.encoded)


@settings(max_examples=40, deadline=None)
@given(st.text(min_size=1, max_size=60), st.binary(min_size=8, max_size=64), st.integers(0, 300), st.data())
def test_any_audience_nonce_and_choice_is_read_as_it_was_signed(
    audience: str, nonce: bytes, age: int, data: st.DataObject
) -> None:
    chosen = {name for name in HELD.disclosable if data.draw(st.booleans())}
    try:
        challenge = Challenge(audience, nonce)
    except ValueError:
        assert not audience.isprintable()
        return
    text = token(disclose=chosen, audience=audience, nonce=nonce, at=NOW - age * SECOND)
    assert checked(text, challenge) == PROVEN
    assert checked(text, replace(challenge, nonce=nonce + b"x" if len(nonce) < 64 else nonce[1:]))[0] is Outcome.FAILED
    assert envelope(text).disclosures == envelope(HELD.present(disclose=chosen)).disclosures


def test_a_second_implementation_finds_the_form_of_the_draft() -> None:
    message = cbor2.loads(MESSAGE)
    protected, unprotected, payload, _ = message.value
    headers = cbor2.loads(protected)
    assert message.tag == 18
    assert dict(unprotected) == {}
    assert headers.keys() == {1, 13, 16}
    assert headers[16] == 294
    assert cbor2.loads(payload) == {3: AUDIENCE, 6: int(NOW.timestamp()), 39: CHALLENGE.nonce}
    assert headers[13].tag == 18
    assert cbor2.loads(headers[13].value[0])[16] == 293
    assert KeyBindingToken.decode(MESSAGE).is_signed_by(holder_key().public)


# The draft's published example


def test_the_drafts_token_is_read_and_both_its_signatures_hold(vectors: Path) -> None:
    folder = vectors / "sd-cwt" / "nested_kbt"
    data = (folder / "input.cbor").read_bytes()
    keys = json.loads((folder / "meta.json").read_text())["key"]
    found = KeyBindingToken.decode(data)
    assert is_token(data)
    assert found.audience == "https://verifier.example/app"
    assert found.nonce.hex() == "8c0f5f523b95bea44a9a48c649240803"
    assert found.issued_at == datetime(2024, 9, 2, 2, 30, 37, tzinfo=UTC)
    assert found.is_signed_by(PublicKey.from_pem(keys["value"].encode()))
    assert not found.is_signed_by(PublicKey.from_pem(keys["issuer"].encode()))
    nested = Sign1.decode(found.sd_cwt)
    nested.verify(PublicKey.from_pem(keys["issuer"].encode()))
    assert found.sd_cwt == (vectors / "sd-cwt" / "nested_cwt" / "input.cbor").read_bytes()


def test_every_changed_byte_of_the_drafts_token_is_noticed(vectors: Path) -> None:
    folder = vectors / "sd-cwt" / "nested_kbt"
    data = (folder / "input.cbor").read_bytes()
    key = PublicKey.from_pem(json.loads((folder / "meta.json").read_text())["key"]["value"].encode())
    for position in range(len(data)):
        changed = bytearray(data)
        changed[position] ^= 1
        try:
            assert not KeyBindingToken.decode(bytes(changed)).is_signed_by(key), position
        except PratiqueError:
            continue


# What a thief of a presentation may try


def test_a_presentation_is_no_use_at_another_verifier() -> None:
    other = replace(CHALLENGE, audience="https://other.example.org")
    assert checked(TOKEN, other) == failed(Reason.OTHER_AUDIENCE)


def test_a_presentation_is_no_use_in_answer_to_another_nonce() -> None:
    assert checked(TOKEN, Challenge.new(AUDIENCE)) == failed(Reason.OTHER_NONCE)


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        (-61, failed(Reason.PROOF_OUT_OF_TIME)),
        (-60, PROVEN),
        (-59, PROVEN),
        (0, PROVEN),
        (299, PROVEN),
        (300, PROVEN),
        (301, failed(Reason.PROOF_OUT_OF_TIME)),
    ],
)
def test_a_presentation_ages_within_its_limit(age: int, expected: tuple[Outcome, Reason]) -> None:
    assert checked(TOKEN, at=NOW + age * SECOND) == expected


@pytest.mark.parametrize("limit", [0, 30, 3600])
def test_the_limit_of_age_is_the_verifiers(limit: int) -> None:
    challenge = replace(CHALLENGE, max_age=limit * SECOND)
    assert checked(TOKEN, challenge, at=NOW + limit * SECOND) == PROVEN
    assert checked(TOKEN, challenge, at=NOW + (limit + 1) * SECOND) == failed(Reason.PROOF_OUT_OF_TIME)


@pytest.mark.parametrize(
    ("offset", "expected"),
    [(-61, failed(Reason.PROOF_OUT_OF_TIME)), (-60, PROVEN), (0, PROVEN)],
)
def test_a_key_cannot_sign_before_its_credential_begins(offset: int, expected: tuple[Outcome, Reason]) -> None:
    begins = WORLD.verify(TOKEN).credential.validity.not_before
    moment = begins + offset * SECOND
    assert checked(token(at=moment), at=moment) == expected


@pytest.mark.parametrize(("offset", "expected"), [(-1, PROVEN), (0, failed(Reason.PROOF_OUT_OF_TIME))])
def test_a_key_cannot_sign_once_its_credential_has_ended(offset: int, expected: tuple[Outcome, Reason]) -> None:
    moment = WORLD.verify(TOKEN).credential.validity.expires_at + offset * SECOND
    assert checked(token(at=moment), at=moment) == expected


def forged(key: PrivateKey, sd_cwt: bytes | None = None, **parts: Any) -> str:
    """Return a token that somebody else made; `headers` and `claims` replace members, None takes one out."""
    inside = cbor2.loads(sd_cwt or qr_text.decode(HELD.present(disclose=["event.date"])))
    headers = {1: -9, 13: inside, 16: 294} | parts.get("headers", {})
    claims = {3: AUDIENCE, 6: int(NOW.timestamp()), 39: CHALLENGE.nonce} | parts.get("claims", {})
    first, second = ({name: value for name, value in whole.items() if value is not None} for whole in (headers, claims))
    protected, payload = parts.get("protected", ordered_with_tags(first)), parts.get("payload", ordered(second))
    to_sign = cbor2.dumps(["Signature1", protected, b"", payload])
    signature = SoftwareSigner(key).sign(to_sign)
    return pq1(b"\xd2" + cbor2.dumps([protected, parts.get("unprotected", {}), payload, signature]))


def ordered_with_tags(headers: dict[Any, Any]) -> bytes:
    entries = sorted((ordered(key), inner(value)) for key, value in headers.items())
    return bytes([0xA0 | len(entries)]) + b"".join(key + value for key, value in entries)


def inner(value: Any) -> bytes:
    if isinstance(value, cbor2.CBORTag):
        return bytes([0xC0 | value.tag]) + inner(value.value) if value.tag < 24 else cbor2.dumps(value)
    return ordered(dict(value) if isinstance(value, cbor2.frozendict) else value)


def test_the_forger_of_these_tests_makes_a_good_token_with_the_holders_key() -> None:
    assert checked(forged(holder_key())) == PROVEN
    assert forged(holder_key())[:40] == TOKEN[:40]


def test_another_key_than_the_holders_proves_nothing() -> None:
    assert checked(forged(PrivateKey.generate())) == failed(Reason.KEY_PROOF_INVALID)
    assert checked(forged(PrivateKey.generate()), None) == failed(Reason.KEY_PROOF_INVALID)


def test_a_token_by_a_key_of_another_type_proves_nothing() -> None:
    assert checked(forged(PrivateKey.generate("Ed25519"), headers={1: -19})) == failed(Reason.KEY_PROOF_INVALID)


def test_disclosures_cannot_be_added_or_taken_away_under_the_holders_signature() -> None:
    good = cbor2.loads(MESSAGE).value
    for shown in ([], ["event.date", "holder.name"]):
        swapped = cbor2.loads(qr_text.decode(HELD.present(disclose=shown)))
        protected = ordered_with_tags({1: -9, 13: swapped, 16: 294})
        text = pq1(b"\xd2" + cbor2.dumps([protected, {}, good[2], good[3]]))
        assert checked(text) == failed(Reason.KEY_PROOF_INVALID)


def test_a_token_around_somebody_elses_credential_proves_nothing() -> None:
    other = WORLD.home.issue(VACCINATION, holder_key=PrivateKey.generate().public)
    assert checked(forged(holder_key(), other.encoded)) == failed(Reason.KEY_PROOF_INVALID)


def test_a_proof_that_fails_is_not_mended_by_name_and_birth_date() -> None:
    text = token(disclose=IDENTITY)
    other = Challenge.new(AUDIENCE)
    assert checked(text, other, document=DOCUMENT) == failed(Reason.OTHER_NONCE)
    assert checked(text, other, compared_by_eye=True) == failed(Reason.OTHER_NONCE)


def test_a_proof_that_holds_does_not_hide_another_persons_name() -> None:
    text = token(disclose=IDENTITY)
    assert checked(text, document=DOCUMENT) == PROVEN
    assert checked(text, document=OTHER_DOCUMENT) == failed(Reason.HOLDER_MISMATCH)


def test_without_a_challenge_the_proof_counts_for_nothing_and_name_and_birth_date_serve() -> None:
    assert checked(TOKEN, None) == (Outcome.INCONCLUSIVE, Reason.CHALLENGE_NEEDED)
    assert checked(TOKEN, None, document=DOCUMENT) == (Outcome.INCONCLUSIVE, Reason.CHALLENGE_NEEDED)
    assert checked(token(disclose=IDENTITY), None, document=DOCUMENT) == (Outcome.PASSED, Reason.HOLDER_MATCHES)
    assert WORLD.verify(TOKEN).verdict is Verdict.REFER


def test_paper_in_answer_to_a_challenge_proves_no_key() -> None:
    assert checked(HELD.present()) == (Outcome.INCONCLUSIVE, Reason.KEY_NOT_PROVEN)


def test_every_changed_byte_of_a_presentation_is_refused() -> None:
    for position in range(len(MESSAGE)):
        changed = bytearray(MESSAGE)
        changed[position] ^= 0x11
        report = WORLD.verify(qr_text.encode(bytes(changed)))
        if report.verdict is not Verdict.REJECT:  # then a byte outside the issuer's signature, in the holder's
            check = binding(report.credential, CHALLENGE, at=NOW, document=None, compared_by_eye=False)
            assert check.outcome is Outcome.FAILED, position


# Binding to a thumbprint

THUMBPRINT = HeldCredential.from_text(
    resigned(HELD, WORLD.home.keys[-1], claims={8: {5: holder_key().public.thumbprint}}, disclosures=[])
)


def test_a_thumbprint_is_proven_by_the_key_that_the_token_brings() -> None:
    text = token(THUMBPRINT, holder_key=holder_key().public)
    assert checked(text) == PROVEN
    assert checked(text, Challenge.new(AUDIENCE)) == failed(Reason.OTHER_NONCE)


def test_a_key_that_has_not_the_thumbprint_proves_nothing() -> None:
    other = PrivateKey.generate()
    text = forged(other, THUMBPRINT.encoded, headers={14: {8: {1: other.public.cose_key}}})
    assert checked(text) == failed(Reason.KEY_PROOF_INVALID)


def test_a_key_in_the_token_stands_there_only_for_a_thumbprint() -> None:
    confirmed = {8: {1: holder_key().public.cose_key}}
    for text in (forged(holder_key(), headers={14: confirmed}), forged(holder_key(), THUMBPRINT.encoded)):
        report = WORLD.verify(text)
        assert report.decisive.code is Reason.CONTENT_INVALID
        assert report.credential is None


# What is no token


def nested_twice() -> str:
    return forged(holder_key(), MESSAGE)


NO_TOKENS: dict[str, dict[str, Any]] = {
    "typ of an SD-CWT": {"headers": {16: 293}},
    "typ as text": {"headers": {16: "application/kb+cwt"}},
    "no typ": {"headers": {16: None}},
    "no algorithm": {"headers": {1: None}},
    "an algorithm of MACs": {"headers": {1: 5}},
    "a key identifier": {"headers": {4: bytes(8)}},
    "a CWT claims header": {"headers": {15: {1: "x"}}},
    "no credential": {"headers": {13: None}},
    "a credential in bytes": {"headers": {13: HELD.encoded}},
    "a credential without tag": {"headers": {13: cbor2.loads(HELD.encoded).value}},
    "a credential of three parts": {"headers": {13: cbor2.CBORTag(18, cbor2.loads(HELD.encoded).value[:3])}},
    "two credentials": {"headers": {13: [cbor2.loads(HELD.encoded)] * 2}},
    "a number as credential": {"headers": {13: cbor2.CBORTag(18, 1)}},
    "another tag": {"headers": {13: cbor2.CBORTag(17, cbor2.loads(HELD.encoded).value)}},
    "a tag in a tag": {"headers": {13: cbor2.CBORTag(18, cbor2.loads(HELD.encoded))}},
    "something unprotected": {"unprotected": {4: bytes(8)}},
    "something critical": {"headers": {2: [13]}},
    "an issuer": {"claims": {1: "x"}},
    "a subject": {"claims": {2: "x"}},
    "an end": {"claims": {4: int(NOW.timestamp()) + 60}},
    "a beginning": {"claims": {5: int(NOW.timestamp())}},
    "no audience": {"claims": {3: None}},
    "an empty audience": {"claims": {3: ""}},
    "an audience that is a list": {"claims": {3: [AUDIENCE]}},
    "a long audience": {"claims": {3: "a" * 256}},
    "an audience with a line end": {"claims": {3: AUDIENCE + "\n"}},
    "no time": {"claims": {6: None}},
    "a time in text": {"claims": {6: "now"}},
    "a time that is true": {"claims": {6: True}},
    "a negative time": {"claims": {6: -1}},
    "a time after the calendar": {"claims": {6: 253_402_300_800}},
    "no nonce": {"claims": {39: None}},
    "a short nonce": {"claims": {39: bytes(7)}},
    "a long nonce": {"claims": {39: bytes(65)}},
    "a nonce in text": {"claims": {39: "0123456789abcdef"}},
    "claims that are a list": {"payload": ordered([1])},
    "no claims": {"payload": b""},
    "keys in another order": {"payload": cbor2.dumps({6: 1, 3: AUDIENCE, 39: bytes(16)})},
    "a key twice": {"payload": bytes.fromhex("a403616103616106013948") + bytes(9)},
    "an indefinite map": {"payload": b"\xbf" + ordered({3: AUDIENCE, 6: 1, 39: bytes(16)})[1:] + b"\xff"},
    "a claims set that is no map": {"headers": {14: [1]}},
    "a claims set with a subject": {"headers": {14: {2: "x", 8: {1: holder_key().public.cose_key}}}},
    "a claims set without key": {"headers": {14: {8: {}}}},
    "a private key in the header": {"headers": {14: {8: {1: {**holder_key().public.cose_key, -4: bytes(32)}}}}},
}


@pytest.mark.parametrize("parts", NO_TOKENS.values(), ids=NO_TOKENS)
def test_what_departs_from_the_form_is_refused_although_the_holder_signed_it(parts: dict[str, Any]) -> None:
    text = forged(holder_key(), **parts)
    with pytest.raises(PratiqueError):
        KeyBindingToken.decode(qr_text.decode(text))
    report = WORLD.verify(text)
    assert report.verdict is Verdict.REJECT
    assert report.credential is None


def test_a_token_in_a_token_is_refused() -> None:
    report = WORLD.verify(nested_twice())
    assert report.verdict is Verdict.REJECT
    assert report.credential is None
    with pytest.raises(DecodeError):
        presented(qr_text.decode(nested_twice()))


@pytest.mark.parametrize("typ", [None, 61, 294, "application/sd-cwt"])
def test_a_token_around_a_message_of_another_type_is_refused(typ: int | str | None) -> None:
    inside = cbor2.loads(HELD.encoded).value
    headers = {name: value for name, value in {**cbor2.loads(inside[0]), 16: typ}.items() if value is not None}
    other = b"\xd2" + cbor2.dumps([ordered(headers), {}, inside[2], inside[3]])
    with pytest.raises(DecodeError):
        KeyBindingToken.decode(qr_text.decode(forged(holder_key(), other)))


def test_a_token_around_a_credential_that_is_bound_to_a_document_is_refused() -> None:
    bound = WORLD.home.issue_vaccination()
    report = WORLD.verify(forged(holder_key(), qr_text.decode(bound.present())))
    assert report.decisive.code is Reason.CONTENT_INVALID
    assert report.credential is None


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damaged_tokens_raise_only_errors_that_name_a_code(data: st.DataObject) -> None:
    damaged = bytearray(MESSAGE)
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[data.draw(st.integers(0, len(MESSAGE) - 1))] = data.draw(st.integers(0, 255))
    try:
        presented(bytes(damaged[: data.draw(st.integers(0, len(MESSAGE)))])).read()
    except PratiqueError:
        return


def test_a_token_that_breaks_off_anywhere_or_goes_on_is_refused() -> None:
    for end in range(len(MESSAGE)):
        with pytest.raises(PratiqueError):
            KeyBindingToken.decode(MESSAGE[:end])
    with pytest.raises(PratiqueError):
        KeyBindingToken.decode(MESSAGE + b"\x00")


def test_a_presentation_is_no_copy_to_keep() -> None:
    with pytest.raises(DecodeError, match="no copy to keep"):
        HeldCredential.from_text(TOKEN)


# Making one


@pytest.mark.parametrize("missing", ["audience", "nonce", "signer", "at"])
def test_half_of_an_answer_is_a_mistake_of_the_program(missing: str) -> None:
    with pytest.raises(TypeError):
        token(**{missing: None})


@pytest.mark.parametrize(
    "options",
    [{"audience": ""}, {"audience": "a\n"}, {"audience": "é" * 128}, {"nonce": bytes(7)}, {"nonce": bytes(65)}],
)
def test_what_no_token_can_hold_is_a_mistake_of_the_program(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"an audience|a nonce"):
        token(**options)


def test_a_naive_time_is_a_mistake_of_the_program() -> None:
    with pytest.raises(TypeError):
        token(at=NOW.replace(tzinfo=None))
    with pytest.raises(TypeError):
        check_holder(WORLD.verify(TOKEN).credential, None, compared_by_eye=False, challenge=CHALLENGE)


def test_a_signer_with_another_key_is_noticed_before_anything_is_shown() -> None:
    for card, options in ((HELD, {}), (THUMBPRINT, {"holder_key": holder_key().public})):
        with pytest.raises(KeyMaterialError) as refused:
            token(card, signer=SoftwareSigner(PrivateKey.generate()), **options)
        assert refused.value.code is Reason.OTHER_KEY
    other = PrivateKey.generate()
    for signer in (SIGNER, SoftwareSigner(other)):
        with pytest.raises(KeyMaterialError) as refused:
            token(THUMBPRINT, holder_key=other.public, signer=signer)
        assert refused.value.code is Reason.OTHER_KEY
    with pytest.raises(TypeError):
        token(THUMBPRINT)


def test_a_credential_that_is_bound_to_a_document_has_no_key_to_sign_with() -> None:
    with pytest.raises(KeyMaterialError) as refused:
        token(WORLD.home.issue_vaccination())
    assert refused.value.code is Reason.NOT_KEY_BOUND


@pytest.mark.parametrize("limit", [{"max_age": -SECOND}, {"clock_skew": -SECOND}])
def test_a_negative_limit_is_a_mistake_of_the_program(limit: dict[str, timedelta]) -> None:
    with pytest.raises(ValueError, match="negative"):
        Challenge(AUDIENCE, bytes(16), **limit)


def test_no_two_challenges_are_the_same_and_none_shows_its_nonce() -> None:
    first, second = Challenge.new(AUDIENCE), Challenge.new(AUDIENCE)
    assert first.nonce != second.nonce
    assert len(first.nonce) == 16
    assert repr(first.nonce) not in repr(first)


def test_no_repr_shows_a_claim_or_the_nonce() -> None:
    shown = repr(WORLD.verify(TOKEN).credential.presentation) + repr(KeyBindingToken.decode(MESSAGE))
    for secret in (HOLDER.name, "2026", CHALLENGE.nonce.hex(), repr(CHALLENGE.nonce)):
        assert secret not in shown


def test_a_report_on_a_presentation_can_be_sent_to_another_process() -> None:
    again = pickle.loads(pickle.dumps(WORLD.verify(TOKEN, challenge=CHALLENGE)))  # noqa: S301 - our own bytes
    assert again.check(Step.BINDING).code is Reason.KEY_PROVEN
    assert again.credential.presentation.verify()
    assert again.credential.binding.key == holder_key().public


def test_the_json_view_says_to_whom_and_when_and_not_the_nonce() -> None:
    view = credential_view(WORLD.verify(TOKEN).credential)
    assert view["presentation"] == {"audience": AUDIENCE, "issued_at": "2026-11-23T12:00:00Z"}
    schemas.check(view, "credential")
    assert "presentation" not in credential_view(WORLD.verify(HELD.present()).credential)
