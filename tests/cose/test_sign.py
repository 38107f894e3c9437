from __future__ import annotations

from typing import Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.cose.algorithms import ES256, ESP256, SIGNING
from pratique.cose.headers import ALG, CONTENT_TYPE, CRIT, KEY_ID, MAX_HEADER_BYTES, TYP
from pratique.cose.keys import PrivateKey
from pratique.cose.sign import MAX_SIGNATURES, Sign, Signature, complete, encode, prepare
from pratique.cose.signer import SoftwareSigner
from pratique.errors import KeyMaterialError, PratiqueError, SignatureError, UnsupportedError
from pratique.reasons import Reason

KEYS = [PrivateKey.generate(name) for name in ("ESP256", "Ed25519", "ESP384")]
SIGNERS = [SoftwareSigner(key) for key in KEYS]
KEY, SIGNER = KEYS[0], SIGNERS[0]
PAYLOAD = b"a payload of a few bytes"
PROTECTED = {TYP: "application/example"}
MESSAGE = encode(PROTECTED, {}, PAYLOAD, SIGNERS)
BODY = MESSAGE[2:]
ONE = [cbor2.dumps({ALG: -9}), {}, bytes(64)]


def message(
    protected: Any = PROTECTED, unprotected: Any = None, payload: Any = PAYLOAD, signatures: Any = (ONE,)
) -> bytes:
    """Return a message as cbor2 encodes it, whatever its parts are; a map as protected header is encoded."""
    protected = cbor2.dumps(protected) if isinstance(protected, dict) else protected
    return b"\xd8\x62" + cbor2.dumps([protected, {} if unprotected is None else unprotected, payload, signatures])


def refusal(data: bytes, **options: Any) -> PratiqueError:
    with pytest.raises(PratiqueError) as refused:
        Sign.decode(data, **options)
    return refused.value


def both(data: bytes) -> set[Reason]:
    return {refusal(data).code, refusal(data, tolerant=True).code}


def test_every_signature_is_verified_with_its_own_key_and_no_other() -> None:
    read = Sign.decode(MESSAGE)
    assert read.headers == PROTECTED
    assert read.payload == PAYLOAD
    for i, signature in enumerate(read.signatures):
        assert signature.key_id == SIGNERS[i].key_id
        assert signature.key_id_is_protected
        assert signature.algorithm() is SIGNERS[i].algorithm
        read.verify(signature, KEYS[i].public)
        with pytest.raises((SignatureError, KeyMaterialError)):
            read.verify(signature, KEYS[i - 1].public)


def test_signer_of_every_algorithm_signs(signer: SoftwareSigner, keys: dict[str, PrivateKey]) -> None:
    read = Sign.decode(encode(PROTECTED, {}, PAYLOAD, [signer], external_aad=b"outside"))
    key = keys[signer.algorithm.family].public
    read.verify(read.signatures[0], key, external_aad=b"outside")
    with pytest.raises(SignatureError):
        read.verify(read.signatures[0], key)


def test_message_is_what_cbor2_makes_of_the_same_parts() -> None:
    read = Sign.decode(MESSAGE)
    signatures = [[each.protected, {}, each.signature] for each in read.signatures]
    assert cbor2.dumps(cbor2.CBORTag(98, [cbor2.dumps(PROTECTED), {}, PAYLOAD, signatures])) == MESSAGE
    assert complete(read.headers, read.unprotected, read.payload, read.signatures) == MESSAGE


@pytest.mark.parametrize("size", [0, 23, 24, 255, 256, 65_535, 65_536])
def test_bytes_to_be_signed_are_the_sig_structure(size: int) -> None:
    payload, aad = bytes(size), bytes(size // 2)
    read = Sign.decode(complete(PROTECTED, {}, payload, [Signature.of({ALG: -9}, {}, b"sig")]))
    (signature,) = read.signatures
    for outside in (b"", aad):
        expected = cbor2.dumps(["Signature", cbor2.dumps(PROTECTED), cbor2.dumps({ALG: -9}), outside, payload])
        assert read.to_be_signed(signature, outside) == expected
        assert prepare(PROTECTED, {ALG: -9}, payload, external_aad=outside) == expected


def test_keys_held_elsewhere_sign_one_after_another() -> None:
    own = {ALG: ESP256.label, KEY_ID: b"remote"}
    first = Sign.decode(encode(PROTECTED, {}, PAYLOAD, [SIGNERS[1]]))
    added = Signature.of(own, {}, KEY.sign(ESP256, prepare(first.headers, own, first.payload)))
    read = Sign.decode(complete(first.headers, first.unprotected, first.payload, [*first.signatures, added]))
    read.verify(read.signatures[0], KEYS[1].public)
    read.verify(read.signatures[1], KEY.public)


def test_signature_is_over_the_protected_header_of_the_body_and_its_own() -> None:
    read = Sign.decode(MESSAGE)
    kept = read.signatures[0]
    other_body = Sign.decode(complete({TYP: "application/other"}, {}, PAYLOAD, [kept]))
    renamed = Signature.of({ALG: -9, KEY_ID: b"other"}, {}, kept.signature)
    other_signer = Sign.decode(complete(PROTECTED, {}, PAYLOAD, [renamed]))
    for altered in (other_body, other_signer):
        with pytest.raises(SignatureError):
            altered.verify(altered.signatures[0], KEY.public)


def test_received_headers_are_verified_as_they_came() -> None:
    body, own = bytes.fromhex("a103190001"), bytes.fromhex("a101390006")  # numbers in more bytes than they need
    to_be_signed = cbor2.dumps(["Signature", body, own, b"", PAYLOAD])
    data = message(body, signatures=[[own, {}, KEY.sign(ES256, to_be_signed)]])
    assert refusal(data).code is Reason.CBOR_NOT_DETERMINISTIC
    read = Sign.decode(data, tolerant=True)
    read.verify(read.signatures[0], KEY.public)


def test_changing_the_decoded_headers_is_not_possible() -> None:
    read = Sign.decode(MESSAGE)
    for header in (read.headers, read.unprotected, read.signatures[0].headers, read.signatures[0].unprotected):
        with pytest.raises(TypeError):
            header[ALG] = -7  # type: ignore[index]
    assert read == Sign.decode(MESSAGE)
    assert hash(read) == hash(Sign.decode(MESSAGE))


def test_repr_shows_sizes_alone() -> None:
    read = Sign.decode(MESSAGE)
    assert repr(read) == f"Sign({len(PAYLOAD)} bytes of payload, 3 signatures)"
    assert repr(read.signatures[0]) == "Signature(64 bytes)"


# Structure


@pytest.mark.parametrize(
    "prefix", [b"\xd2", b"\xd8\x62\xd8\x62", b"\xd9\x00\x62", b"\xd8\x3d", b"\xd8\x61"],
    ids=["18", "98, 98", "98 in three bytes", "61", "97"],
)  # fmt: skip
def test_message_under_another_tag_is_refused(prefix: bytes) -> None:
    assert both(prefix + BODY) == {Reason.COSE_MALFORMED}


def test_foreign_message_may_lack_its_tag() -> None:
    assert refusal(BODY).code is Reason.COSE_MALFORMED
    assert Sign.decode(BODY, tolerant=True) == Sign.decode(MESSAGE)


def test_message_is_refused_truncated_at_every_byte_and_with_bytes_after_it() -> None:
    for end in range(len(MESSAGE)):
        refusal(MESSAGE[:end])
        refusal(MESSAGE[:end], tolerant=True)
    assert both(MESSAGE + b"\0") == {Reason.CBOR_MALFORMED}


@pytest.mark.parametrize(
    "parts",
    [
        {"protected": "text"}, {"protected": None}, {"protected": cbor2.dumps([1])}, {"protected": b"\xff"},
        {"unprotected": []}, {"unprotected": b""},
        {"payload": None}, {"payload": "text"},
        {"signatures": []}, {"signatures": None}, {"signatures": {}}, {"signatures": b"x"}, {"signatures": [b"x"]},
        {"signatures": [ONE[:2]]}, {"signatures": [[*ONE, b""]]}, {"signatures": [[None, {}, b""]]},
        {"signatures": [[ONE[0], [], b""]]}, {"signatures": [[ONE[0], {}, None]]}, {"signatures": [[[], {}, b""]]},
    ],
    ids=str,
)  # fmt: skip
def test_part_of_another_type_is_refused(parts: dict[str, Any]) -> None:
    assert both(message(**parts)) <= {Reason.COSE_MALFORMED, Reason.CBOR_MALFORMED}


def test_so_many_signatures_are_read_and_written_and_no_more() -> None:
    most = [ONE] * MAX_SIGNATURES
    assert len(Sign.decode(message(signatures=most)).signatures) == MAX_SIGNATURES
    assert both(message(signatures=[*most, ONE])) == {Reason.COSE_MALFORMED}
    assert both(message(signatures=[ONE] * 300)) == {Reason.COSE_MALFORMED}
    complete({}, {}, b"", [Signature.of({}, {}, b"")] * MAX_SIGNATURES)
    for count in (0, MAX_SIGNATURES + 1):
        with pytest.raises(ValueError, match=f"{count} signatures"):
            complete({}, {}, b"", [Signature.of({}, {}, b"")] * count)


def test_number_of_signatures_in_more_bytes_than_it_needs_is_for_foreign_messages() -> None:
    data = message(signatures=b"").removesuffix(b"\x40") + b"\x98\x01" + cbor2.dumps(ONE)
    assert refusal(data).code is Reason.CBOR_NOT_DETERMINISTIC
    assert len(Sign.decode(data, tolerant=True).signatures) == 1
    none = message(signatures=b"").removesuffix(b"\x40") + b"\x98\x00"
    assert both(none) == {Reason.COSE_MALFORMED}


def test_long_headers_are_refused_before_they_are_read() -> None:
    long = {33: bytes(MAX_HEADER_BYTES)}
    for data in (message(long), message(signatures=[[cbor2.dumps(long), {}, b""]])):
        assert both(data) == {Reason.CBOR_LIMIT}
    for data in (message(unprotected=long), message(signatures=[[ONE[0], long, b""]])):
        assert both(data) == {Reason.CBOR_MALFORMED}
    fits = {33: bytes(MAX_HEADER_BYTES - 100)}
    read = Sign.decode(message(unprotected=fits, payload=bytes(MAX_HEADER_BYTES)))
    assert read.unprotected == fits


def test_empty_protected_header_is_for_foreign_messages_and_signed_as_no_bytes() -> None:
    to_be_signed = cbor2.dumps(["Signature", b"", ONE[0], b"", PAYLOAD])
    for protected in (b"", b"\xa0"):
        data = message(protected, signatures=[[ONE[0], {}, KEY.sign(ESP256, to_be_signed)]])
        assert refusal(data).code is Reason.COSE_MALFORMED
        read = Sign.decode(data, tolerant=True)
        read.verify(read.signatures[0], KEY.public)


def test_label_in_both_headers_is_refused_and_tolerated_with_the_protected_one_counting() -> None:
    for data in (message({ALG: -9}, {ALG: -7}), message(signatures=[[ONE[0], {ALG: -7}, b""]])):
        assert refusal(data).code is Reason.COSE_MALFORMED
    read = Sign.decode(message(signatures=[[ONE[0], {ALG: -7}, b""]]), tolerant=True)
    assert read.signatures[0].algorithm_label == -9
    with pytest.raises(ValueError, match="both headers"):
        Signature.of({ALG: -9}, {ALG: -9}, b"")
    with pytest.raises(ValueError, match="both headers"):
        complete({TYP: "a"}, {TYP: "a"}, b"", [Signature.of({ALG: -9}, {}, b"")])


# Algorithm and crit


@pytest.mark.parametrize("headers", [({TYP: 1, ALG: -9}, {KEY_ID: b"k"}, {}), ({TYP: 1}, {KEY_ID: b"k"}, {ALG: -9})])
def test_algorithm_counts_in_the_protected_header_of_the_signature_alone(headers: tuple[Any, Any, Any]) -> None:
    body, own, unprotected = headers
    signature = KEY.sign(ESP256, prepare(body, own, PAYLOAD))
    read = Sign.decode(complete(body, {}, PAYLOAD, [Signature.of(own, unprotected, signature)]))
    with pytest.raises(UnsupportedError) as refused:
        read.verify(read.signatures[0], KEY.public)
    assert refused.value.code is Reason.COSE_ALGORITHM


def test_only_accepted_algorithms_verify() -> None:
    read = Sign.decode(encode(PROTECTED, {}, PAYLOAD, [SoftwareSigner(KEY, algorithm=ES256)]))
    read.verify(read.signatures[0], KEY.public)
    with pytest.raises(UnsupportedError):
        read.verify(read.signatures[0], KEY.public, accepted=SIGNING)


@pytest.mark.parametrize("labels", [[999], ["theirs"], [TYP, 999]])
def test_critical_label_that_is_not_understood_is_refused_in_body_and_signature(labels: Any) -> None:
    header = {ALG: -9, CRIT: labels, TYP: "x", 999: 1, "theirs": 1}
    for data in (message(header), message(signatures=[ONE, [cbor2.dumps(header), {}, b""]])):
        assert both(data) == {Reason.COSE_CRITICAL}
        Sign.decode(data, tolerant=True, understood=frozenset((TYP, 999, "theirs")))


def test_crit_that_is_malformed_is_refused_in_body_and_signature() -> None:
    header = cbor2.dumps({ALG: -9, CRIT: []})
    assert both(message(header)) == {Reason.COSE_MALFORMED}
    assert both(message(signatures=[[header, {}, b""]])) == {Reason.COSE_MALFORMED}
    assert both(message({CONTENT_TYPE: 0}, {CRIT: [ALG]})) == {Reason.COSE_MALFORMED}


# Anything at all


@settings(max_examples=300)
@given(st.binary(max_size=120))
def test_arbitrary_bytes_raise_only_our_errors(data: bytes) -> None:
    for prefix in (b"", b"\xd8\x62", b"\xd8\x62\x84"):
        for tolerant in (False, True):
            try:
                read = Sign.decode(prefix + data, tolerant=tolerant)
                read.verify(read.signatures[0], KEY.public)
            except PratiqueError:
                continue
            raise AssertionError("arbitrary bytes verified")


@settings(max_examples=200)
@given(position=st.integers(0, len(BODY) * 8 - 1))
def test_any_flipped_bit_breaks_at_least_one_signature(position: int) -> None:
    altered = bytearray(BODY)
    altered[position // 8] ^= 1 << position % 8
    for tolerant in (False, True):
        with pytest.raises(PratiqueError):  # noqa: PT012 - decoding or any of three
            read = Sign.decode(b"\xd8\x62" + altered, tolerant=tolerant)
            for signature, key in zip(read.signatures, KEYS, strict=True):
                read.verify(signature, key.public)


@settings(max_examples=60)
@given(
    protected=st.dictionaries(st.integers(5, 2**40) | st.text(max_size=5), st.integers() | st.text(), min_size=1),
    payload=st.binary(max_size=300),
    count=st.integers(1, MAX_SIGNATURES),
)
def test_what_is_encoded_decodes_to_the_same(protected: dict[Any, Any], payload: bytes, count: int) -> None:
    protected = {label: value if type(value) is str else value % 2**63 for label, value in protected.items()}
    signatures = [Signature.of({ALG: -9, KEY_ID: bytes((i,))}, {}, bytes(i)) for i in range(count)]
    read = Sign.decode(complete(protected, {}, payload, signatures))
    assert (read.headers, read.payload, list(read.signatures)) == (protected, payload, signatures)
