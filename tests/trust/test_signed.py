"""Signed documents: kind, threshold, signatures one after another."""

from __future__ import annotations

from typing import Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keepers import ANNA, BO, CLEO, DORA, root
from pratique.cose.algorithms import ES256
from pratique.cose.headers import ALG, CRIT, KEY_ID, TYP
from pratique.cose.keys import PrivateKey
from pratique.cose.sign import MAX_SIGNATURES, Sign, Signature, complete, encode, prepare
from pratique.cose.signer import SoftwareSigner
from pratique.errors import DecodeError, PratiqueError, TrustError
from pratique.reasons import Reason
from pratique.trust import signed

ROOT = root()
PAYLOAD = b"\xa1\x62id\x63who"
DOCUMENT = signed.sign("rule-set", PAYLOAD, [ANNA, BO])
HEADERS = {TYP: "application/pratique-rule-set+cbor"}


def refusal(data: bytes, kind: str = "rule-set") -> PratiqueError:
    with pytest.raises(PratiqueError) as refused:
        signed.verify(data, kind, ROOT)
    return refused.value


def test_document_that_enough_keepers_signed_gives_its_payload() -> None:
    verified = signed.verify(DOCUMENT, "rule-set", ROOT)
    assert (verified.kind, verified.payload) == ("rule-set", PAYLOAD)
    assert verified.keys == ROOT.keys[:2]
    assert (verified.unknown, verified.invalid) == (0, 0)
    assert repr(verified) == f"Verified(rule-set, {len(PAYLOAD)} bytes, 2 keys)"
    assert signed.kind_of(DOCUMENT) == "rule-set"


def test_payload_can_be_looked_at_before_anything_is_proven() -> None:
    one = signed.sign("rule-set", PAYLOAD, [DORA])
    assert signed.payload_of(one, "rule-set") == PAYLOAD
    with pytest.raises(TrustError) as refused:
        signed.payload_of(one, "root")
    assert refused.value.code is Reason.DOCUMENT_KIND


def test_kind_stands_in_the_protected_header() -> None:
    message = Sign.decode(DOCUMENT)
    assert message.headers == HEADERS
    assert message.unprotected == {}


def test_keepers_sign_one_after_another() -> None:
    first = signed.sign("rule-set", PAYLOAD, [ANNA])
    assert refusal(first).code is Reason.DOCUMENT_THRESHOLD
    second = signed.add_signature(first, CLEO)
    assert signed.verify(second, "rule-set", ROOT).keys == (ROOT.keys[0], ROOT.keys[2])
    third = signed.add_signature(second, BO)
    assert set(signed.verify(third, "rule-set", ROOT).keys) == set(ROOT.keys)


def test_signing_again_replaces_the_signature_and_repairs_one_that_does_not_hold() -> None:
    message = Sign.decode(DOCUMENT)
    broken = complete(message.headers, {}, PAYLOAD, [_without_effect(message.signatures[0]), message.signatures[1]])
    assert refusal(broken).code is Reason.DOCUMENT_THRESHOLD
    mended = signed.add_signature(broken, ANNA)
    assert len(Sign.decode(mended).signatures) == 2
    signed.verify(mended, "rule-set", ROOT)


def _without_effect(signature: Signature) -> Signature:
    return Signature.of(signature.headers, {}, bytes(64))


def test_signatures_of_strangers_are_counted_and_do_no_harm() -> None:
    data = signed.sign("rule-set", PAYLOAD, [DORA, ANNA, SoftwareSigner(PrivateKey.generate("ML-DSA-44")), BO])
    verified = signed.verify(data, "rule-set", ROOT)
    assert (len(verified.keys), verified.unknown, verified.invalid) == (2, 2, 0)


def test_signatures_that_do_not_hold_are_counted_and_do_no_harm() -> None:
    message = Sign.decode(DOCUMENT)
    junk = [_without_effect(each) for each in message.signatures]
    verified = signed.verify(complete(HEADERS, {}, PAYLOAD, [*junk, *message.signatures]), "rule-set", ROOT)
    assert (len(verified.keys), verified.unknown, verified.invalid) == (2, 0, 2)


def test_signature_without_a_key_identifier_is_of_an_unknown_key() -> None:
    own = {ALG: ANNA.algorithm.label}
    anonymous = Signature.of(own, {}, ANNA.sign(prepare(HEADERS, own, PAYLOAD)))
    message = Sign.decode(DOCUMENT)
    error = refusal(complete(HEADERS, {}, PAYLOAD, [anonymous, message.signatures[1]]))
    assert error.code is Reason.DOCUMENT_THRESHOLD
    assert "1 of the keys" in error.detail


def test_older_algorithm_does_not_count_and_is_not_written() -> None:
    older = SoftwareSigner(ANNA._private_key, algorithm=ES256)
    assert refusal(encode(HEADERS, {}, PAYLOAD, [older, BO])).code is Reason.DOCUMENT_THRESHOLD
    for sign in (lambda: signed.sign("rule-set", PAYLOAD, [older]), lambda: signed.add_signature(DOCUMENT, older)):
        with pytest.raises(ValueError, match="not with ES256"):
            sign()


@pytest.mark.parametrize("kind", ["", "Root", "root list", "root+cbor", "-root", "root-", "root\n", "a/b"])
def test_kind_in_another_form_is_a_mistake(kind: str) -> None:
    with pytest.raises(ValueError, match="no kind of document"):
        signed.sign(kind, PAYLOAD, [ANNA])


def test_document_without_signers_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="0 signatures"):
        signed.sign("rule-set", PAYLOAD, [])


@pytest.mark.parametrize(
    "typ",
    [
        "application/pratique-rule-sets+cbor", "application/pratique-+cbor", "application/pratique-rule-set+cbor\n",
        " application/pratique-rule-set+cbor", "application/pratique-rule-set+json",
        "application/pratique-Rule-Set+cbor", 293, None, b"application/pratique-rule-set+cbor",
    ],
)  # fmt: skip
def test_header_that_names_another_kind_or_none_is_refused(typ: Any) -> None:
    assert refusal(encode({TYP: typ}, {}, PAYLOAD, [ANNA, BO])).code is Reason.DOCUMENT_KIND
    assert refusal(encode({ALG: 1}, {TYP: HEADERS[TYP]}, PAYLOAD, [ANNA, BO])).code is Reason.DOCUMENT_KIND


def test_changing_the_kind_breaks_the_signatures() -> None:
    message = Sign.decode(DOCUMENT)
    renamed = complete({TYP: "application/pratique-root+cbor"}, {}, PAYLOAD, message.signatures)
    assert refusal(renamed, "root").code is Reason.DOCUMENT_THRESHOLD


def test_document_with_as_many_signatures_as_there_can_be_takes_no_more() -> None:
    junk = [Signature.of({ALG: -9, KEY_ID: bytes((i,))}, {}, bytes(64)) for i in range(MAX_SIGNATURES)]
    full = complete(HEADERS, {}, PAYLOAD, junk)
    with pytest.raises(DecodeError, match="no room for more"):
        signed.add_signature(full, ANNA)
    signed.verify(
        signed.add_signature(signed.add_signature(complete(HEADERS, {}, PAYLOAD, junk[2:]), ANNA), BO), "rule-set", ROOT
    )


def test_what_is_no_signed_document_is_refused() -> None:
    for data in (b"", PAYLOAD, b"\xd2" + DOCUMENT[2:], DOCUMENT[2:], DOCUMENT + b"\0"):
        assert isinstance(refusal(data), DecodeError)
        with pytest.raises(DecodeError):
            signed.add_signature(data, ANNA)


def test_size_is_bounded_before_anything_is_read() -> None:
    for size, code in (
        (signed.MAX_DOCUMENT_BYTES, Reason.COSE_MALFORMED),
        (signed.MAX_DOCUMENT_BYTES + 1, Reason.DOCUMENT_LIMIT),
    ):
        assert refusal(bytes(size)).code is code


def test_critical_label_in_a_signature_is_honoured_too() -> None:
    own = cbor2.dumps({ALG: -9, CRIT: [99], 99: 1})
    signatures = [[own, {}, bytes(64)]]
    assert (
        refusal(b"\xd8\x62" + cbor2.dumps([cbor2.dumps(HEADERS), {}, PAYLOAD, signatures])).code is Reason.COSE_CRITICAL
    )


@settings(max_examples=100)
@given(st.sets(st.sampled_from([ANNA, BO, CLEO, DORA]), min_size=1), st.integers(1, 3))
def test_threshold_decides_for_any_set_of_signers(signers: set[SoftwareSigner], threshold: int) -> None:
    data = signed.sign("rule-set", PAYLOAD, list(signers))
    known = len(signers - {DORA})
    if known >= threshold:
        assert len(signed.verify(data, "rule-set", root(threshold=threshold)).keys) == known
    else:
        with pytest.raises(TrustError):
            signed.verify(data, "rule-set", root(threshold=threshold))


@settings(max_examples=150)
@given(position=st.integers(0, len(DOCUMENT) * 8 - 1))
def test_any_flipped_bit_leaves_the_document_refused(position: int) -> None:
    altered = bytearray(DOCUMENT)
    altered[position // 8] ^= 1 << position % 8
    refusal(bytes(altered))
