from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.codec import base32
from pratique.errors import DecodeError
from pratique.reasons import Reason

RFC = {"": b"", "MY": b"f", "MZXQ": b"fo", "MZXW6": b"foo", "MZXW6YQ": b"foob", "MZXW6YTB": b"fooba"}


@pytest.mark.parametrize(("text", "data"), [*RFC.items(), ("MZXW6YTBOI", b"foobar")])
def test_examples_of_the_rfc_are_read_with_and_without_their_padding(text: str, data: bytes) -> None:
    assert base32.decode(text) == data
    assert base32.decode(base64.b32encode(data).decode()) == data
    assert base32.decode(text.lower()) == data


@given(st.binary(max_size=200))
def test_whatever_another_implementation_writes_is_read(data: bytes) -> None:
    assert base32.decode(base64.b32encode(data).decode().rstrip("=")) == data


@pytest.mark.parametrize(
    "character", ["0", "1", "8", "9", "=", " ", "-", "_", "+", "/", "\n", "\0", "\u017f", "é", "Ā"]
)
def test_character_outside_the_alphabet_is_refused_with_its_place(character: str) -> None:
    with pytest.raises(DecodeError, match="character 2 ") as raised:
        base32.decode(f"MZ{character}W6YTB")
    assert raised.value.code is Reason.BASE32_INVALID


@pytest.mark.parametrize("length", [1, 3, 6, 9, 11, 14])
def test_length_that_no_bytes_have_is_refused(length: int) -> None:
    with pytest.raises(DecodeError, match="no whole number of bytes"):
        base32.decode("A" * length)


@pytest.mark.parametrize("text", ["=", "MY=", "MY=======", "MZXW6YTB=", "MZXW6YTB========", "MZ=XW6YQ", "M======="])
def test_padding_stands_at_the_end_and_fills_the_last_group(text: str) -> None:
    with pytest.raises(DecodeError) as raised:
        base32.decode(text)
    assert raised.value.code is Reason.BASE32_INVALID


@pytest.mark.parametrize("text", ["MZ", "MZXR", "MZXW7", "MZXW6YR"])
def test_bits_left_over_must_be_zero(text: str) -> None:
    with pytest.raises(DecodeError, match="not zero"):
        base32.decode(text)


@given(st.text(max_size=40))
def test_any_text_is_decoded_or_refused(text: str) -> None:
    try:
        data = base32.decode(text)
    except DecodeError:
        return
    assert base64.b32encode(data).decode().rstrip("=") == text.rstrip("=").upper()
