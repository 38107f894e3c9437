from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import authority
from pratique.codec import base45
from pratique.errors import DecodeError
from pratique.reasons import Reason

# RFC 9285, sections 4.3 and 4.4
EXAMPLES = [(b"AB", "BB8"), (b"Hello!!", "%69 VD92EX0"), (b"base-45", "UJCLQE7W581"), (b"ietf!", "QED8WEX0")]


@pytest.mark.parametrize(("data", "text"), EXAMPLES)
def test_the_examples_of_the_standard_hold_both_ways(data: bytes, text: str) -> None:
    assert base45.encode(data) == text
    assert base45.decode(text) == data


def test_every_value_of_one_and_two_bytes_agrees_with_the_standard() -> None:
    for value in range(0x10000):
        data = value.to_bytes(2)
        text = authority.base45(data)
        assert base45.encode(data) == text
        assert base45.decode(text) == data
    for value in range(0x100):
        data = value.to_bytes()
        assert base45.encode(data) == authority.base45(data)
        assert base45.decode(authority.base45(data)) == data


@given(st.binary(max_size=600))
def test_any_bytes_agree_with_a_second_implementation_and_come_back(data: bytes) -> None:
    text = base45.encode(data)
    assert text == authority.base45(data)
    assert base45.decode(text) == data


def test_no_bytes_are_no_characters() -> None:
    assert base45.encode(b"") == ""
    assert base45.decode("") == b""


def test_groups_beyond_two_bytes_are_refused_and_the_last_one_within_is_not() -> None:
    assert base45.decode("FGW") == b"\xff\xff"
    letters = base45.ALPHABET
    for value in (*range(0x10000, 0x10000 + 200), 45**3 - 1):
        group = letters[value % 45] + letters[value // 45 % 45] + letters[value // 2025]
        for text in (group, "BB8" + group, group + "BB8", group + "00"):
            with pytest.raises(DecodeError) as refused:
                base45.decode(text)
            assert refused.value.code is Reason.BASE45_INVALID


def test_last_pairs_beyond_one_byte_are_refused_and_the_last_one_within_is_not() -> None:
    assert base45.decode("U5") == b"\xff"
    letters = base45.ALPHABET
    for value in range(0x100, 45 * 45):
        with pytest.raises(DecodeError):
            base45.decode("BB8" + letters[value % 45] + letters[value // 45])


@pytest.mark.parametrize("text", ["B", "BB8B", "BB8BB8B"])
def test_a_character_left_over_is_refused(text: str) -> None:
    with pytest.raises(DecodeError):
        base45.decode(text)


@pytest.mark.parametrize(
    "character", [chr(i) for i in range(256) if chr(i) not in base45.ALPHABET] + ["\uff21", "\ud800", "😀"]
)
def test_every_character_outside_the_alphabet_is_refused_wherever_it_stands(character: str) -> None:
    for text in (f"{character}B8", f"B{character}8", f"BB{character}", f"BB8{character}", f"BB8B{character}"):
        with pytest.raises(DecodeError) as refused:
            base45.decode(text)
        assert refused.value.code is Reason.BASE45_INVALID
        assert str(text.index(character)) in refused.value.detail


@given(st.text(max_size=80) | st.text(base45.ALPHABET, max_size=80))
def test_any_text_is_decoded_to_what_encodes_to_it_or_refused(text: str) -> None:
    try:
        data = base45.decode(text)
    except DecodeError:
        return
    assert base45.encode(data) == text
