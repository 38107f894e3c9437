from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.codec import jcs
from pratique.codec import json as strict
from pratique.errors import DecodeError
from pratique.reasons import Reason

# RFC 8785 section 3.2.3: the members of this object, and their order by UTF-16 code units.
NAMES = {
    "\u20ac": "Euro Sign",
    "\r": "Carriage Return",
    "\ufb33": "Hebrew Letter Dalet With Dagesh",
    "1": "One",
    "\U0001f600": "Emoji: Grinning Face",
    "\u0080": "Control",
    "\u00f6": "Latin Small Letter O With Diaeresis",
}
ORDER = [
    "Carriage Return",
    "One",
    "Control",
    "Latin Small Letter O With Diaeresis",
    "Euro Sign",
    "Emoji: Grinning Face",
    "Hebrew Letter Dalet With Dagesh",
]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(1 - 2**53, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def test_members_are_sorted_by_utf_16_code_units() -> None:
    assert list(json.loads(jcs.encode(NAMES)).values()) == ORDER


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({}, "{}"),
        ([], "[]"),
        ({"b": [1, {"z": 0, "a": -7}], "a": None}, '{"a":null,"b":[1,{"a":-7,"z":0}]}'),
        ([True, False, None, 0, 9007199254740991], "[true,false,null,0,9007199254740991]"),
        ('\u20ac$\u000f\nA\'B"\\\\"/', '"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'),  # section 3.2.2
        ("\b\t\n\f\r\x00\x1f\x7f", '"\\b\\t\\n\\f\\r\\u0000\\u001f\x7f"'),
        ("A\u030a", '"A\u030a"'),
    ],
)
def test_value_has_one_form(value: Any, text: str) -> None:
    assert jcs.encode(value) == text.encode()


@pytest.mark.parametrize("value", [1.0, 0.5, float("nan"), {"v": 1.0}, [2**53], -(2**53), "\ud800", {"\udfff": 1}])
def test_value_that_two_readers_may_print_differently_is_refused(value: Any) -> None:
    with pytest.raises(DecodeError) as refused:
        jcs.encode(value)
    assert refused.value.code is Reason.JSON_MALFORMED


def test_value_that_json_does_not_have_is_the_programmers_mistake() -> None:
    with pytest.raises(TypeError):
        jcs.encode({"v": b"1"})


@settings(max_examples=200)
@given(VALUES)
def test_form_is_kept_by_reading_it_again(value: Any) -> None:
    text = jcs.encode(value)
    again = strict.decode(text)
    assert again == value
    assert jcs.encode(again) == text
    assert jcs.encode(strict.decode(json.dumps(value, indent=3))) == text


PLAIN = st.text(st.sampled_from('a,:[-1.e5"\\ '), max_size=24)


@settings(max_examples=300)
@given(st.dictionaries(PLAIN, PLAIN | st.integers(-(10**17), 10**17) | st.floats() | st.booleans(), max_size=4))
def test_short_way_for_ascii_says_what_the_long_way_says(value: Any) -> None:
    def outcome(encode: Any) -> Any:
        try:
            return encode(value)
        except DecodeError as error:
            return error.code

    assert outcome(jcs.encode) == outcome(lambda value: jcs._text(value).encode())
