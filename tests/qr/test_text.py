from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.errors import DecodeError, PratiqueError
from pratique.qr import text
from pratique.reasons import Reason


@given(st.binary(max_size=2000))
@settings(max_examples=100)
def test_bytes_round_trip(data: bytes) -> None:
    assert text.decode(text.encode(data)) == data


@given(st.text())
@settings(max_examples=200)
def test_arbitrary_text_decodes_or_is_refused(content: str) -> None:
    for candidate in (content, text.PREFIX + content):
        try:
            data = text.decode(text.scanned(candidate))
        except PratiqueError:
            continue
        assert text.encode(data) == candidate.rstrip("\r\n")


def test_text_is_the_prefix_and_base45() -> None:
    assert text.encode(b"AB") == "PQ1:BB8"  # RFC 9285, section 4.3


@pytest.mark.parametrize("content", ["", "BB8", "pq1:BB8", "PQ2:BB8", " PQ1:BB8", "HC1:BB8"])
def test_another_prefix_is_refused(content: str) -> None:
    with pytest.raises(DecodeError) as caught:
        text.decode(content)
    assert caught.value.code is Reason.FORMAT_UNKNOWN


@pytest.mark.parametrize("content", ["PQ1:bb8", "PQ1:A", "PQ1::::", "PQ1:BB8\n"])
def test_anything_but_base45_behind_the_prefix_is_refused(content: str) -> None:
    with pytest.raises(DecodeError) as caught:
        text.decode(content)
    assert caught.value.code is Reason.BASE45_INVALID


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\r", "\n\n"])
def test_a_scanners_line_end_is_dropped(end: str) -> None:
    assert text.scanned("HC1:6B" + end) == "HC1:6B"


def test_spaces_are_kept_because_they_are_base45_digits() -> None:
    assert text.scanned(" PQ1:BB \r\n") == " PQ1:BB "


def test_text_is_accepted_up_to_its_bound_and_no_further() -> None:
    longest = text.PREFIX + "0" * (text.MAX_TEXT - len(text.PREFIX))
    assert text.scanned(longest) == longest
    for refuse in (text.scanned, text.decode):
        with pytest.raises(DecodeError) as caught:
            refuse(longest + "0")
        assert caught.value.code is Reason.QR_TOO_LONG
        assert "000" not in str(caught.value)
