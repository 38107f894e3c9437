from __future__ import annotations

from typing import Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.cose import sign1
from pratique.cose.algorithms import EDDSA, ES256, ESP256, SIGNING
from pratique.cose.keys import PrivateKey
from pratique.cose.sign1 import ALG, CRIT, KEY_ID, Sign1, complete, encode, prepare
from pratique.cose.signer import SoftwareSigner
from pratique.errors import DecodeError, KeyMaterialError, PratiqueError, SignatureError, UnsupportedError
from pratique.reasons import Reason

KEY = PrivateKey.generate("ESP256")
SIGNER = SoftwareSigner(KEY)
PAYLOAD = b"a payload of a few bytes"
MESSAGE = encode({KEY_ID: SIGNER.key_id}, {}, PAYLOAD, SIGNER)
BODY = MESSAGE[1:]
PROTECTED = {ALG: ESP256.label}


def message(
    protected: Any = PROTECTED, unprotected: Any = None, payload: Any = PAYLOAD, signature: Any = bytes(64)
) -> bytes:
    """Return a message as cbor2 encodes it, whatever its parts are; a map as protected header is encoded."""
    protected = cbor2.dumps(protected) if isinstance(protected, dict) else protected
    return b"\xd2" + cbor2.dumps([protected, {} if unprotected is None else unprotected, payload, signature])


def refusal(data: bytes, **options: Any) -> PratiqueError:
    with pytest.raises(PratiqueError) as refused:
        Sign1.decode(data, **options)
    return refused.value


def both(data: bytes) -> set[Reason]:
    return {refusal(data).code, refusal(data, tolerant=True).code}


def test_signed_message_reads_back_and_verifies(signer: SoftwareSigner, keys: dict[str, PrivateKey]) -> None:
    data = encode({16: 293}, {17: [b"disclosure"]}, PAYLOAD, signer, external_aad=b"outside")
    read = Sign1.decode(data)
    assert read.headers == {ALG: signer.algorithm.label, 16: 293}
    assert read.unprotected == {17: [b"disclosure"]}
    assert read.payload == PAYLOAD
    assert read.algorithm() is signer.algorithm
    key = keys[signer.algorithm.family].public
    read.verify(key, external_aad=b"outside")
    with pytest.raises(SignatureError):
        read.verify(key)


def test_message_is_what_cbor2_makes_of_the_same_parts() -> None:
    read = Sign1.decode(MESSAGE)
    protected = cbor2.dumps({1: -9, 4: KEY.public.key_id})
    assert cbor2.dumps(cbor2.CBORTag(18, [protected, {}, PAYLOAD, read.signature])) == MESSAGE


@pytest.mark.parametrize("size", [0, 1, 23, 24, 255, 256, 65_535, 65_536, 70_000])
def test_bytes_to_be_signed_are_the_sig_structure(size: int) -> None:
    payload, aad = bytes(size), bytes(size // 2)
    read = Sign1.decode(complete(PROTECTED, {}, payload, b"sig"))
    assert read.to_be_signed() == cbor2.dumps(["Signature1", read.protected, b"", payload])
    assert read.to_be_signed(aad) == cbor2.dumps(["Signature1", read.protected, aad, payload])
    assert prepare(PROTECTED, payload, external_aad=aad) == read.to_be_signed(aad)


def test_key_held_elsewhere_signs_between_prepare_and_complete() -> None:
    protected = {ALG: ESP256.label, KEY_ID: b"remote"}
    data = complete(protected, {}, PAYLOAD, KEY.sign(ESP256, prepare(protected, PAYLOAD)))
    Sign1.decode(data).verify(KEY.public)


def test_received_protected_header_is_verified_as_it_came() -> None:
    # 1: -7 with the number in two bytes more than it needs: not deterministic, and signed so.
    protected = bytes.fromhex("a101390006")
    to_be_signed = cbor2.dumps(["Signature1", protected, b"", PAYLOAD])
    data = b"\xd2" + cbor2.dumps([protected, {}, PAYLOAD, KEY.sign(ES256, to_be_signed)])
    assert refusal(data).code is Reason.CBOR_NOT_DETERMINISTIC
    Sign1.decode(data, tolerant=True).verify(KEY.public)


def test_changing_the_decoded_headers_is_not_possible() -> None:
    read = Sign1.decode(MESSAGE)
    for header in (read.headers, read.unprotected):
        with pytest.raises(TypeError):
            header[ALG] = -7  # type: ignore[index]
    assert read == Sign1.decode(MESSAGE)
    assert hash(read) == hash(Sign1.decode(MESSAGE))


def test_repr_shows_sizes_alone() -> None:
    assert repr(Sign1.decode(MESSAGE)) == f"Sign1({len(PAYLOAD)} bytes of payload, 64 bytes of signature)"


# Tags


@pytest.mark.parametrize("prefix", [b"", b"\xd8\x3d", b"\xd8\x3d\xd2"], ids=["none", "61", "61, 18"])
def test_foreign_message_may_lack_its_tag_or_have_a_cwt_tag(prefix: bytes) -> None:
    assert refusal(prefix + BODY).code is Reason.COSE_MALFORMED
    assert Sign1.decode(prefix + BODY, tolerant=True) == Sign1.decode(MESSAGE)


@pytest.mark.parametrize(
    "prefix",
    [
        b"\xd1",
        b"\xd2\xd2",
        b"\xd2\xd8\x3d",
        b"\xd8\x12",
        b"\xd8\x62",
        b"\xd8\x3d\xd8\x3d",
        b"\xd8\x3d\xd1",
        b"\xd9\xd9\xf7",
    ],
    ids=["17", "18, 18", "18, 61", "18 in two bytes", "98", "61, 61", "61, 17", "55799"],
)
def test_message_under_another_tag_is_refused(prefix: bytes) -> None:
    assert both(prefix + BODY) <= {Reason.COSE_MALFORMED, Reason.CBOR_MALFORMED}


# Structure


def test_message_is_refused_truncated_at_every_byte_and_with_bytes_after_it() -> None:
    for end in range(len(MESSAGE)):
        refusal(MESSAGE[:end])
        refusal(MESSAGE[:end], tolerant=True)
    assert both(MESSAGE + b"\0") == {Reason.CBOR_MALFORMED}


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5])
def test_array_of_another_length_is_refused(count: int) -> None:
    parts = [cbor2.dumps(PROTECTED), {}, PAYLOAD, bytes(64), b""][:count]
    assert both(b"\xd2" + cbor2.dumps(parts)) == {Reason.COSE_MALFORMED}


@pytest.mark.parametrize("item", [{}, 1, b"x", "x", None])
def test_another_item_than_an_array_is_refused(item: Any) -> None:
    assert both(b"\xd2" + cbor2.dumps(item)) == {Reason.COSE_MALFORMED}


@pytest.mark.parametrize(
    "parts",
    [
        {"protected": "text"}, {"protected": None}, {"protected": 1}, {"protected": [1]},
        {"protected": cbor2.dumps([1, 2])}, {"protected": cbor2.dumps(None)},
        {"unprotected": []}, {"unprotected": b""}, {"unprotected": b"\xa0"},
        {"payload": None}, {"payload": "text"}, {"payload": {}},
        {"signature": None}, {"signature": "text"}, {"signature": []},
    ],
    ids=str,
)  # fmt: skip
def test_part_of_another_type_is_refused(parts: dict[str, Any]) -> None:
    assert both(message(**parts)) == {Reason.COSE_MALFORMED}


def test_detached_payload_is_refused_as_that() -> None:
    assert refusal(message(payload=None)).detail == "the payload is detached"


@pytest.mark.parametrize("protected", [b"\xff", b"\xa1", b"\xa1\x01", b"\xa1\x01\x26\x00", b"\xbf\x01\x26\xff"])
def test_protected_header_that_is_no_cbor_is_refused(protected: bytes) -> None:
    assert both(message(protected)) == {Reason.CBOR_MALFORMED}


def test_duplicate_labels_are_refused_in_either_header() -> None:
    twice = bytes.fromhex("a201260126")
    assert both(message(twice)) == {Reason.CBOR_MALFORMED}
    assert both(b"\xd2\x84\x40" + twice + b"\x40\x40") == {Reason.CBOR_MALFORMED}


def test_indefinite_length_is_refused() -> None:
    assert both(b"\xd2\x9f" + BODY[1:] + b"\xff") == {Reason.COSE_MALFORMED}


def test_label_in_both_headers_is_refused_and_tolerated_with_the_protected_one_counting() -> None:
    data = message({ALG: -9, KEY_ID: b"protected"}, {ALG: -7, KEY_ID: b"unprotected"})
    assert refusal(data).code is Reason.COSE_MALFORMED
    read = Sign1.decode(data, tolerant=True)
    assert read.algorithm_label == -9
    assert (read.key_id, read.key_id_is_protected) == (b"protected", True)


@pytest.mark.parametrize("protected", [b"", b"\xa0"], ids=["no bytes", "an empty map"])
def test_empty_protected_header_is_for_foreign_messages_and_signed_as_no_bytes(protected: bytes) -> None:
    signature = KEY.sign(ES256, cbor2.dumps(["Signature1", b"", b"", PAYLOAD]))
    data = message(protected, {ALG: -7}, signature=signature)
    assert refusal(data).code is Reason.COSE_MALFORMED
    read = Sign1.decode(data, tolerant=True)
    assert read.headers == {}
    assert sign1.algorithms.verify(ES256, KEY.public, read.signature, read.to_be_signed())


def test_strict_and_tolerant_reading_do_not_share_what_they_remember() -> None:
    protected = bytes.fromhex("a204410001390006")  # labels out of order
    for _ in range(2):
        assert Sign1.decode(message(protected), tolerant=True).headers == {KEY_ID: b"\0", ALG: -7}
        assert refusal(message(protected)).code is Reason.CBOR_NOT_DETERMINISTIC


def test_long_protected_header_is_read_too() -> None:
    read = Sign1.decode(message({ALG: -9, 33: bytes(500)}))
    assert read.headers == {ALG: -9, 33: bytes(500)}


# The algorithm


def test_algorithm_in_the_unprotected_header_alone_is_refused() -> None:
    read = Sign1.decode(message({KEY_ID: b"k"}, {ALG: -9}), tolerant=True)
    assert read.algorithm_label is None
    for use in (read.algorithm, lambda: read.verify(KEY.public)):
        with pytest.raises(UnsupportedError) as refused:
            use()
        assert refused.value.code is Reason.COSE_ALGORITHM


def test_unprotected_algorithm_is_taken_on_request_if_the_key_is_of_its_type() -> None:
    protected = cbor2.dumps({KEY_ID: b"k"})
    signature = KEY.sign(ES256, cbor2.dumps(["Signature1", protected, b"", PAYLOAD]))
    read = Sign1.decode(message(protected, {ALG: -7}, signature=signature), tolerant=True)
    chosen = read.algorithm(unprotected_if_fits=KEY.public)
    assert chosen is ES256
    assert sign1.algorithms.verify(chosen, KEY.public, read.signature, read.to_be_signed())
    with pytest.raises(UnsupportedError):
        read.algorithm(unprotected_if_fits=PrivateKey.generate("Ed25519").public)
    with pytest.raises(UnsupportedError):
        read.algorithm(accepted=SIGNING, unprotected_if_fits=KEY.public)


def test_unprotected_algorithm_never_overrides_the_protected_one() -> None:
    read = Sign1.decode(message({ALG: -8}, {ALG: -7}), tolerant=True)
    assert read.algorithm(unprotected_if_fits=KEY.public) is EDDSA
    null = Sign1.decode(message({ALG: None}, {ALG: -7}), tolerant=True)
    with pytest.raises(UnsupportedError):
        null.algorithm(unprotected_if_fits=KEY.public)


@pytest.mark.parametrize("label", [-36, 5, "ES256", None, True, b"\x26", [-9], {}])
def test_algorithm_that_is_not_known_is_refused(label: Any) -> None:
    read = Sign1.decode(message({ALG: label}))
    with pytest.raises(UnsupportedError) as refused:
        read.verify(KEY.public)
    assert refused.value.code is Reason.COSE_ALGORITHM


def test_algorithm_of_another_key_type_is_refused() -> None:
    with pytest.raises(KeyMaterialError) as refused:
        Sign1.decode(MESSAGE).verify(PrivateKey.generate("Ed25519").public)
    assert refused.value.code is Reason.KEY_UNSUITABLE


def test_only_accepted_algorithms_verify() -> None:
    Sign1.decode(MESSAGE).verify(KEY.public, accepted=SIGNING)
    legacy = encode({}, {}, PAYLOAD, SoftwareSigner(KEY, algorithm=ES256))
    Sign1.decode(legacy).verify(KEY.public)
    with pytest.raises(UnsupportedError):
        Sign1.decode(legacy).verify(KEY.public, accepted=SIGNING)


def test_signature_of_another_key_does_not_hold() -> None:
    with pytest.raises(SignatureError) as refused:
        Sign1.decode(MESSAGE).verify(PrivateKey.generate("ESP256").public)
    assert refused.value.code is Reason.SIGNATURE_INVALID


# The key identifier


def test_key_identifier_says_which_header_it_came_from() -> None:
    for protected, unprotected, expected in (
        ({ALG: -9, KEY_ID: b"k"}, {}, (b"k", True)),
        ({ALG: -9}, {KEY_ID: b"k"}, (b"k", False)),
        ({ALG: -9}, {}, (None, False)),
    ):
        read = Sign1.decode(message(protected, unprotected))
        assert (read.key_id, read.key_id_is_protected) == expected


@pytest.mark.parametrize("key_id", ["text", 5, [], {}])
def test_key_identifier_that_is_no_byte_string_is_refused(key_id: Any) -> None:
    for protected, unprotected in (({ALG: -9, KEY_ID: key_id}, {}), ({ALG: -9}, {KEY_ID: key_id})):
        with pytest.raises(DecodeError):
            _ = Sign1.decode(message(protected, unprotected)).key_id


# crit


@pytest.mark.parametrize("tolerant", [False, True])
def test_critical_label_that_is_understood_passes(tolerant: bool) -> None:  # noqa: FBT001 - both ways
    Sign1.decode(message({ALG: -9, CRIT: [ALG]}), tolerant=tolerant)
    Sign1.decode(
        message({ALG: -9, CRIT: ["ours", 999], 999: 1, "ours": 1}),
        tolerant=tolerant,
        understood=frozenset((999, "ours")),
    )


@pytest.mark.parametrize("labels", [[999], ["theirs"], [ALG, 999]])
def test_critical_label_that_is_not_understood_is_refused(labels: Any) -> None:
    data = message({ALG: -9, CRIT: labels, 999: 1, "theirs": 1})
    assert both(data) == {Reason.COSE_CRITICAL}


@pytest.mark.parametrize(
    "labels", [[], [KEY_ID], [999], None, 1, "1", b"\1", {}, [None], [[1]], [True], [b"\1"]], ids=str
)
def test_crit_that_is_empty_malformed_or_names_what_is_absent_is_refused(labels: Any) -> None:
    assert both(message({ALG: -9, CRIT: labels})) == {Reason.COSE_MALFORMED}


def test_crit_in_the_unprotected_header_is_refused() -> None:
    assert both(message({ALG: -9}, {CRIT: [ALG]})) == {Reason.COSE_MALFORMED}
    assert both(message({ALG: -9, CRIT: [ALG]}, {CRIT: [ALG]})) == {Reason.COSE_MALFORMED}


# Mistakes of the programmer


def test_encoding_with_another_algorithm_than_the_signers_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="names algorithm -7, the signer has -9"):
        encode({ALG: -7}, {}, PAYLOAD, SIGNER)


def test_encoding_a_label_in_both_headers_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="both headers"):
        encode({KEY_ID: b"k"}, {KEY_ID: b"k"}, PAYLOAD, SIGNER)


# Anything at all


def read_and_verify(data: bytes) -> None:
    for tolerant in (False, True):
        try:
            read = Sign1.decode(data, tolerant=tolerant)
            _ = read.key_id
            read.verify(KEY.public)
        except PratiqueError:
            continue
        assert data.endswith(BODY), "an altered message verified"


@settings(max_examples=500)
@given(st.binary(max_size=120))
def test_arbitrary_bytes_raise_only_our_errors(data: bytes) -> None:
    for prefix in (b"", b"\xd2", b"\xd2\x84"):
        read_and_verify(prefix + data)


scalars = st.none() | st.booleans() | st.integers(-(2**64), 2**64 - 1) | st.binary(max_size=8) | st.text(max_size=4)


def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    labels = st.integers(-9, 20) | st.text(max_size=2)
    return st.lists(inner, max_size=3) | st.dictionaries(labels, inner, max_size=3)


encodable = st.recursive(scalars, nested, max_leaves=4)
items = st.recursive(scalars | st.floats() | st.integers(), nested, max_leaves=8)


@settings(max_examples=300)
@given(st.dictionaries(st.sampled_from([1, 2, 3, 4, 16, 17, "x"]), items), items, items, items)
def test_arbitrary_parts_raise_only_our_errors(protected: Any, unprotected: Any, payload: Any, signature: Any) -> None:
    read_and_verify(message(protected, unprotected, payload, signature))


@settings(max_examples=300)
@given(position=st.integers(0, len(BODY) * 8 - 1))
def test_any_flipped_bit_is_refused(position: int) -> None:
    altered = bytearray(BODY)
    altered[position // 8] ^= 1 << position % 8
    for tolerant in (False, True):
        with pytest.raises(PratiqueError):
            Sign1.decode(b"\xd2" + altered, tolerant=tolerant).verify(KEY.public)


@settings(max_examples=100)
@given(
    protected=st.dictionaries(st.integers(5, 2**40) | st.text(max_size=5), encodable, max_size=4),
    payload=st.binary(max_size=300),
)
def test_what_is_encoded_decodes_to_the_same(protected: dict[Any, Any], payload: bytes) -> None:
    read = Sign1.decode(encode(protected, {}, payload, SIGNER))
    assert read.headers == {**protected, ALG: -9}
    assert read.payload == payload
    read.verify(KEY.public)


USUAL = {
    "empty unprotected header": ({ALG: -9, KEY_ID: bytes(8)}, {}, bytes(300)),
    "short payload": ({ALG: -9}, {}, bytes(24)),
    "long payload": ({ALG: -9}, {}, bytes(70_000)),
    "key identifier outside": ({ALG: -7}, {KEY_ID: bytes(8)}, bytes(256)),
    "disclosures": ({ALG: -9, 16: 293}, {17: [bytes(20), bytes(300)]}, bytes(255)),
    "no disclosure": ({ALG: -9}, {17: []}, bytes(30)),
    "many": ({ALG: -9}, {17: [bytes(1)] * 30}, bytes(30)),
    "critical": ({ALG: -9, CRIT: [4], 4: b"1"}, {}, bytes(30)),
}


@pytest.mark.parametrize("tolerant", [False, True])
@pytest.mark.parametrize("parts", USUAL.values(), ids=USUAL)
def test_the_usual_form_is_read_as_the_long_way_reads_it(
    parts: tuple[Any, Any, bytes], *, tolerant: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = sign1.complete(*parts, bytes(64))
    changed = [message]
    for i in [*range(min(len(message), 60)), *range(len(message) - 70, len(message))]:
        changed += [message[:i] + bytes((message[i] ^ bit,)) + message[i + 1 :] for bit in (1, 2, 16, 32, 64, 128)]
        changed += [message[:i] + message[i + 1 :], message[: i + 1] + message[i:], message[:i]]
    found = [sign1._usual(each, tolerant=tolerant) for each in changed]
    monkeypatch.setattr(sign1, "_usual", lambda *_, **__: None)
    for each, usual in zip(changed, found, strict=True):
        if usual is not None:
            whole = Sign1.decode(each, tolerant=tolerant)
            assert tuple(usual) == tuple(whole)
            assert usual.to_be_signed() == whole.to_be_signed()
    assert (found[0] is not None) is (parts not in (USUAL["long payload"], USUAL["many"], USUAL["critical"]))


FRONT = bytes.fromhex("d28443a10126")
INSIDE = b"\x58\x40" + bytes(63)
WITHIN_THE_HEADER = {
    "byte string": FRONT + b"\xa1\x04\x58\x41" + INSIDE + b"\x40",
    "array": FRONT + b"\xa1\x11\x81\x58\x41" + INSIDE + b"\x40",
    "one byte more": FRONT + b"\xa1\x04\x58\x40" + INSIDE[:-1] + b"\x41\x00",
    "a long header": FRONT
    + b"\xa1\x04\x5a\x00\x01\x11\x70"
    + bytes(70_000)
    + b"\x58\x18"
    + bytes(24)
    + b"\x58\x40"
    + bytes(64),
}


@pytest.mark.parametrize("data", WITHIN_THE_HEADER.values(), ids=WITHIN_THE_HEADER)
def test_a_signature_is_never_taken_from_a_header_nor_a_header_that_is_too_long(data: bytes) -> None:
    assert both(data) <= {Reason.CBOR_MALFORMED, Reason.COSE_MALFORMED}
    assert sign1._usual(data, tolerant=True) is None
