from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.codec import base64url
from pratique.errors import DecodeError
from pratique.reasons import Reason


def encoded(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


@given(st.binary(max_size=200))
def test_whatever_another_implementation_writes_is_read(data: bytes) -> None:
    assert base64url.decode(encoded(data)) == data


@given(st.binary(max_size=200))
def test_what_is_written_is_what_another_implementation_writes(data: bytes) -> None:
    assert base64url.encode(data) == encoded(data)


@given(st.text("ABQgwz09-_+/= \n\0é", max_size=9))
def test_one_text_alone_stands_for_given_bytes(text: str) -> None:
    try:
        data = base64url.decode(text.encode())
    except DecodeError as error:
        assert error.code is Reason.BASE64URL_INVALID  # noqa: PT017 - any text may be refused, but only so
    else:
        assert encoded(data) == text.encode()


@pytest.mark.parametrize(
    "text",
    [b"A", b"AAAAA", b"AA==", b"AAA=", b"A+AA", b"A/AA", b"AA A", b"AA\nA", b"AAAA\0", b"=", b"AAAA=", b"AA\xc3\xa9"],
)
def test_padding_plain_base64_and_anything_else_is_refused(text: bytes) -> None:
    with pytest.raises(DecodeError) as raised:
        base64url.decode(text)
    assert raised.value.code is Reason.BASE64URL_INVALID


@pytest.mark.parametrize("text", [b"AB", b"AAB", b"__"])
def test_bits_left_over_must_be_zero(text: bytes) -> None:
    with pytest.raises(DecodeError, match="stand for nothing"):
        base64url.decode(text)
