"""CBOR is read in one way: every freedom that RFC 8949 leaves and cbor2 takes is tried here."""

from __future__ import annotations

import math
import struct
from typing import Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authority import ordered
from pratique.codec import cbor
from pratique.codec.cbor import MAX_DEPTH, MAX_ITEMS
from pratique.errors import DecodeError
from pratique.reasons import Reason

SCALARS = st.none() | st.booleans() | st.integers(-(2**64), 2**64 - 1) | st.binary(max_size=30) | st.text(max_size=30)
KEY_59 = frozenset({cbor.Simple(59)})
KEYS = st.integers(-(2**64), 2**64 - 1) | st.text(max_size=30)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)


def code_of(data: bytes, **options: Any) -> Reason:
    with pytest.raises(DecodeError) as refused:
        cbor.decode(data, **options)
    return refused.value.code


def hexed(text: str) -> bytes:
    return bytes.fromhex(text)


@settings(max_examples=300)
@given(VALUES)
def test_any_value_is_encoded_deterministically_and_comes_back(value: Any) -> None:
    data = cbor.encode(value)
    assert data == ordered(value)
    assert cbor.decode(data, deterministic=True) == value
    assert cbor.decode(data) == value == cbor2.loads(data)


@settings(max_examples=100)
@given(VALUES)
def test_a_value_that_breaks_off_anywhere_is_refused(value: Any) -> None:
    data = cbor.encode(value)
    for end in range(len(data)):
        assert code_of(data[:end]) is Reason.CBOR_MALFORMED


@given(VALUES, st.binary(min_size=1, max_size=4))
def test_bytes_after_a_value_are_refused(value: Any, more: bytes) -> None:
    assert code_of(cbor.encode(value) + more) is Reason.CBOR_MALFORMED


@given(VALUES, st.binary(min_size=16, max_size=16))
def test_a_second_value_is_refused(value: Any, other: bytes) -> None:
    for second in (value, other, [other], None):
        assert code_of(cbor.encode(value) + cbor.encode(second)) is Reason.CBOR_MALFORMED


@given(VALUES, st.sampled_from([b"\x50", b"\x58\x10", b"\x59\x00\x10", b"\x82\x50", b""]), st.integers(0, 16))
def test_the_mark_behind_an_item_is_none_that_data_can_have(value: Any, head: bytes, size: int) -> None:
    """An item is decoded before a mark, which shows that nothing follows it; data that has the mark gains nothing."""
    mark = cbor._MARK
    assert len(mark) == 16
    assert b"P" not in mark
    assert cbor.decode(cbor.encode([value, mark])) == [value, mark]
    if head or size:
        assert code_of(cbor.encode(value) + head + mark[:size]) is Reason.CBOR_MALFORMED


MALFORMED = {
    "nothing": "",
    "a key twice": "a201010102",
    "a text key twice": "a2616101616102",
    "a key twice inside": "81a201010102",
    "a key twice in two lengths": "a20101180102",
    "an array of indefinite length": "9f01ff",
    "a map of indefinite length": "bf0101ff",
    "bytes of indefinite length": "5f4101ff",
    "text of indefinite length": "7f6161ff",
    "an indefinite length inside": "819fff",
    "a break alone": "ff",
    "a break in an array": "81ff",
    "a reserved length": "1c",
    "a reserved length of an array": "9d01",
    "text that is not UTF-8": "61ff",
    "text with a surrogate": "63eda080",
    "a simple value in two bytes that fits one": "f818",
    "a key of bytes": "a1410101",
    "a key that is true": "a1f501",
    "a key that is null": "a1f601",
    "a floating-point key": "a1fb3ff000000000000001",
    "an array as key": "a1810101",
    "a map as key": "a1a001",
    "a simple value as key": "a1f83b01",
    "a tagged key": "a1c00101",
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED)
def test_what_is_not_one_plain_value_is_refused(data: str) -> None:
    assert code_of(hexed(data)) is Reason.CBOR_MALFORMED
    assert code_of(hexed(data), deterministic=True) is Reason.CBOR_MALFORMED


def test_one_and_true_and_a_float_are_not_one_key() -> None:
    for other in ("f5", "f93c00", "fb3ff0000000000000"):
        assert code_of(hexed(f"a20101{other}02")) is Reason.CBOR_MALFORMED


HUGE = ["5b7fffffffffffffff", "7b7fffffffffffffff", "9b7fffffffffffffff", "bb7fffffffffffffff"]


@pytest.mark.parametrize(
    "head", [*HUGE, *(head.replace("7f", "ff", 1) for head in HUGE), "5affffffff", "9affffffff", "baffffffff"]
)
def test_a_huge_declared_length_is_refused_without_the_memory_for_it(head: str) -> None:
    for data in (head, head + "00" * 40, "81" + head):
        assert code_of(hexed(data)) in {Reason.CBOR_MALFORMED, Reason.CBOR_LIMIT}


TAGGED = {
    "a date in text": "c0" + cbor2.dumps("2026-11-23T12:00:00Z").hex(),
    "a date in seconds": "c11a6a000000",
    "a bignum": "c24101",
    "a huge bignum": "c2" + cbor2.dumps(b"\xff" * 2000).hex(),
    "a negative bignum": "c34101",
    "a decimal fraction": "c48221196ab3",
    "a bigfloat": "c5822003",
    "a shareable value": "d81c8101",
    "a shared reference": "82d81c80d81d00",
    "a shared reference to itself": "d81c81d81d00",
    "a rational": "d81e820103",
    "a regular expression": "d823" + cbor2.dumps("(a+)+$").hex(),
    "a MIME message": "d824" + cbor2.dumps("From: a").hex(),
    "a UUID": "d82550" + "00" * 16,
    "a string reference": "d9010082616181d81900",
    "a set": "d90102820101",
    "an address": "d9010444c0000201",
    "a network": "d90105a144c0000200 1818".replace(" ", ""),
    "a day": "d8641a00004f9d",
    "a date in text, RFC 8943": "d903ec" + cbor2.dumps("2026-11-23").hex(),
    "a complex number": "d9a7f8820102",
    "self-described CBOR": "d9d9f701",
    "encoded CBOR": "d8184101",
    "a redacted element": "d83c5820" + "00" * 32,
    "a tag never heard of": "da7fffffff01",
    "the largest tag": "dbffffffffffffffff01",
}


@pytest.mark.parametrize("data", TAGGED.values(), ids=TAGGED)
def test_no_tag_means_anything_and_none_is_taken_that_was_not_named(data: str) -> None:
    for where in ("", "81", "a101"):
        assert code_of(hexed(where + data)) is Reason.CBOR_MALFORMED


@pytest.mark.parametrize("number", [0, 1, 2, 28, 35, 60, 258, 1004])
def test_a_tag_that_is_named_stays_a_tag(number: int) -> None:
    value = cbor.decode(
        cbor2.dumps([cbor2.CBORTag(60, "x")]).replace(b"\xd8\x3c", tag_head(number)), tags=frozenset({number})
    )
    assert type(value[0]) is cbor.Tag
    assert (value[0].tag, value[0].value) == (number, "x")


def tag_head(number: int) -> bytes:
    if number < 24:
        return bytes([0xC0 | number])
    return bytes([0xD8, number]) if number < 256 else b"\xd9" + number.to_bytes(2)


@pytest.mark.parametrize(("opening", "closing"), [(b"\x81", b"\x00"), (b"\xa1\x00", b"\x00"), (b"\xc6", b"\x00")])
def test_depth_is_bounded_at_its_limit(opening: bytes, closing: bytes) -> None:
    tags = frozenset({6})
    cbor.decode(opening * (MAX_DEPTH - 1) + closing, tags=tags)
    for depth in (MAX_DEPTH + 1, 1000, 100_000):
        assert code_of(opening * depth + closing, tags=tags) in {Reason.CBOR_LIMIT, Reason.CBOR_MALFORMED}


def test_the_number_of_items_is_bounded_at_its_limit() -> None:
    assert len(cbor.decode(cbor2.dumps([0] * (MAX_ITEMS - 1)))) == MAX_ITEMS - 1
    assert code_of(cbor2.dumps([0] * MAX_ITEMS)) is Reason.CBOR_LIMIT
    assert code_of(cbor2.dumps([{i: [i] for i in range(MAX_ITEMS // 3)}])) is Reason.CBOR_LIMIT


def items_in(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + sum(items_in(key) + items_in(entry) for key, entry in value.items())
    return 1 + sum(map(items_in, value)) if isinstance(value, list) else 1


@settings(max_examples=100)
@given(VALUES)
def test_as_many_items_as_the_limit_are_read_and_no_more(value: Any) -> None:
    data, items = cbor.encode(value), items_in(value)
    for deterministic in (True, False):
        read = cbor.Decoder(deterministic=deterministic, max_items=items)
        assert read(data) == value
        assert read.prefix(b"\0" + data + b"\x80" * 9, 1) == (value, 1 + len(data))
        with pytest.raises(DecodeError) as refused:
            cbor.Decoder(deterministic=deterministic, max_items=items - 1)(data)
        assert refused.value.code is Reason.CBOR_LIMIT


def test_a_tag_is_an_item_of_its_own() -> None:
    data, tags = hexed("c11a514b67b0"), frozenset({1})
    assert cbor.Decoder(tags=tags, max_items=2)(data).value == 1_363_896_240
    with pytest.raises(DecodeError, match="more than 1"):
        cbor.Decoder(tags=tags, max_items=1)(data)


SHORTER = {
    "0 in two bytes": "1800",
    "23 in two bytes": "1817",
    "255 in three bytes": "1900ff",
    "65535 in five bytes": "1a0000ffff",
    "2^32-1 in nine bytes": "1b00000000ffffffff",
    "-1 in two bytes": "3800",
    "the length of bytes": "580101",
    "the length of text": "780161",
    "the length of an array": "980101",
    "the length of a map": "b8010101",
    "a number inside": "811800",
    "a key": "a1180001",
    "a number in half precision": "f93c00",
}


@pytest.mark.parametrize("data", SHORTER.values(), ids=SHORTER)
def test_what_could_be_shorter_is_read_unless_one_encoding_is_demanded(data: str) -> None:
    cbor.decode(hexed(data))
    assert code_of(hexed(data), deterministic=True) is Reason.CBOR_NOT_DETERMINISTIC


def test_keys_out_of_order_are_read_unless_one_encoding_is_demanded() -> None:
    for data in ("a202010101", "a2616201616101", "a220010101", "a26161010101", "81a202010101", "a10aa202010101"):
        cbor.decode(hexed(data))
        assert code_of(hexed(data), deterministic=True) is Reason.CBOR_NOT_DETERMINISTIC


def test_the_order_is_bytewise_and_not_by_length_first() -> None:
    data = hexed("a3 0a01 186401 2001".replace(" ", ""))  # RFC 8949 section 4.2.1: 10, 100, -1
    assert list(cbor.decode(data, deterministic=True)) == [10, 100, -1]
    assert cbor.encode({-1: 1, 100: 1, 10: 1}) == data


@pytest.mark.parametrize(
    "bits", ["f97e00", "fa7fc00000", "fb7ff8000000000000", "fb7ff8000000000001", "f97c00", "f9fc00"]
)
def test_floats_that_are_no_number_are_kept_as_they_are_and_never_equal_a_claim(bits: str) -> None:
    value = cbor.decode(hexed(bits))
    assert type(value) is float
    assert not math.isfinite(value)


@given(st.floats())
def test_floats_of_eight_bytes_come_back(value: float) -> None:
    data = b"\xfb" + struct.pack(">d", value)
    read = cbor.decode(data)
    assert struct.pack(">d", read) == struct.pack(">d", value) or math.isnan(value)


def test_simple_values_may_be_keys_only_where_that_is_asked_for() -> None:
    data = hexed("a1f83b81f6")
    assert cbor.decode(data, simple_keys=KEY_59) == {cbor.Simple(59): [None]}
    assert code_of(data) is Reason.CBOR_MALFORMED
    assert code_of(hexed("a2f83b01f83b02"), simple_keys=KEY_59) is Reason.CBOR_MALFORMED
    for key in ("f5", "f6", "f7", "c100", "4101", "a0", "f93c00"):
        assert code_of(hexed(f"a1{key}01"), simple_keys=KEY_59) is Reason.CBOR_MALFORMED


@pytest.mark.parametrize("value", [object(), [object()], {"a": object()}])
def test_what_has_no_form_in_cbor_is_not_encoded(value: Any) -> None:
    with pytest.raises(TypeError):
        cbor.encode(value)


def test_no_message_quotes_what_was_read() -> None:
    for value in ({"GEHEIM": 1}, ["GEHEIM"]):
        data = cbor2.dumps(value)
        for damaged in (data[:-1], data + b"\0", b"\xc0" + data, b"\xa2" + data[1:] * 2, b"\xa1" + data + b"\0"):
            with pytest.raises(DecodeError) as refused:
                cbor.decode(damaged)
            assert "GEHEIM" not in str(refused.value)


@settings(max_examples=800)
@given(st.binary(max_size=40), st.sampled_from([frozenset(), KEY_59]), st.booleans())
def test_arbitrary_bytes_raise_only_errors_that_name_a_code(data: bytes, simple: Any, one_form: bool) -> None:  # noqa: FBT001
    for tags in (frozenset[int](), frozenset({0, 1, 2, 18, 60})):
        try:
            value = cbor.decode(data, tags=tags, simple_keys=simple, deterministic=one_form)
        except DecodeError:
            continue
        if one_form:
            assert cbor.encode(value) == data
