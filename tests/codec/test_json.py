from __future__ import annotations

import json as python_json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.codec import json
from pratique.errors import DecodeError
from pratique.reasons import Reason

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


def code_of(data: bytes | str, **limits: int) -> Reason:
    with pytest.raises(DecodeError) as refused:
        json.decode(data, **limits)
    return refused.value.code


@given(VALUES)
def test_any_value_comes_back(value: Any) -> None:
    assert json.decode(json.encode(value)) == value
    assert json.decode(python_json.dumps(value).encode()) == value


def test_members_keep_their_order_and_text_its_letters() -> None:
    assert json.encode({"b": "ß", "a": 1}) == '{\n  "b": "ß",\n  "a": 1\n}\n'


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " ",
            "{",
            "[1,]",
            "{'a': 1}",
            '{"a": 1,}',
            "01",
            "1.",
            "+1",
            "nul",
            "[1] [2]",
            "{} x",
            "\ufeff{}",
            '"\t"',
        ),
        *('"\\x41"', "/* */ 1", "NaN", "[Infinity]", "-Infinity", '{"a": NaN}'),
        *('{"a": 1, "a": 1}', '{"a": {"b": 1, "b": 2}}'),
    ],
)
def test_what_is_not_exactly_one_json_text_is_refused(text: str) -> None:
    assert code_of(text) is Reason.JSON_MALFORMED
    assert code_of(text.encode()) is Reason.JSON_MALFORMED


def test_two_names_that_are_one_when_unescaped_are_refused() -> None:
    assert code_of(r'{"a": 1, "\u0061": 2}') is Reason.JSON_MALFORMED


@pytest.mark.parametrize(
    "data", [b'"\xff"', b'"\xc3"', b'"\xed\xa0\x80"', '"ä"'.encode("latin-1"), "{}".encode("utf-16")]
)
def test_other_encodings_than_utf_8_are_refused(data: bytes) -> None:
    assert code_of(data) is Reason.JSON_MALFORMED


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_depth_is_bounded_at_its_limit(opening: str, closing: str) -> None:
    for limit in (1, json.MAX_DEPTH):
        json.decode(opening * limit + "0" * (opening != "[") + closing * limit, depth=limit)
        assert code_of(opening * (limit + 1) + "0" + closing * (limit + 1), depth=limit) is Reason.JSON_LIMIT


def test_a_million_brackets_are_refused_without_recursion() -> None:
    assert code_of("[" * 1_000_000) is Reason.JSON_LIMIT
    assert code_of('{"a":' * 1_000_000) is Reason.JSON_LIMIT


def test_brackets_inside_text_are_no_depth() -> None:
    text = r"[[[[[[[[[[[[[[[[[[{{{{ \" [[[["
    assert json.decode(json.encode([text])) == [text]


def test_a_text_that_never_ends_is_measured_and_refused() -> None:
    for text in ("[" * 100, "\\" * 100_001, '\\"' * 1_000_000, "\\", '"' * 100_000, '" "\\' * 100_000):
        assert code_of('"' + text) is Reason.JSON_MALFORMED


def test_size_is_bounded_at_its_limit() -> None:
    assert json.decode(b'"aa"', limit=4) == "aa"
    assert code_of(b'"aaa"', limit=4) is Reason.JSON_LIMIT


def test_a_number_of_too_many_digits_is_refused() -> None:
    assert json.decode("9" * 4000) == int("9" * 4000)
    assert code_of("9" * 5000) is Reason.JSON_LIMIT
    assert code_of("[-" + "9" * 5000 + "]") is Reason.JSON_LIMIT


def test_no_message_quotes_what_was_read() -> None:
    for text in ('{"GEHEIM": 1, "GEHEIM": 2}', '{"a": GEHEIM}', '"GEHEIM', '["GEHEIM" 1]'):
        with pytest.raises(DecodeError) as refused:
            json.decode(text)
        assert "GEHEIM" not in str(refused.value)


@given(st.binary(max_size=60) | st.text('{}[]",:0123456789.eE+-\\unatrfl ', max_size=40).map(str.encode))
def test_arbitrary_bytes_raise_only_errors_that_name_a_code(data: bytes) -> None:
    try:
        json.decode(data)
    except DecodeError:
        return


@pytest.mark.parametrize("text", ["1e999", "[-1e400]", '{"a": 1e9999}'])
def test_number_beyond_any_measure_is_refused(text: str) -> None:
    assert code_of(text) is Reason.JSON_MALFORMED


@pytest.mark.parametrize("text", ['"\\ud800"', '["\\udc00x"]', '{"\\uD800": 1}', '"\ud800"', '"\\ud800\\u0041"'])
def test_half_of_a_surrogate_pair_is_refused(text: str) -> None:
    assert code_of(text) is Reason.JSON_MALFORMED


def test_surrogate_pair_is_one_character() -> None:
    assert json.decode('"\\ud83d\\ude00"') == json.decode('"\U0001f600"'.encode()) == "\U0001f600"


@pytest.mark.parametrize("unit", ['\\"', '"', '"a', "\\", '"\\', "[", '["'])
@pytest.mark.parametrize("before", ["", '"', '{"a": "'])
def test_quotation_marks_without_end_are_refused_at_once(before: str, unit: str) -> None:
    """With a text of a megabyte, this took hours where it took two seconds for 16 kilobytes."""
    assert code_of(before + unit * 500_000) in (Reason.JSON_MALFORMED, Reason.JSON_LIMIT)


@pytest.mark.parametrize("text", ['"[[[["', '["]]]]"]', '["\\"[[", "\\\\", []]', '{"[": "{"}'])
def test_brackets_in_texts_are_no_depth(text: str) -> None:
    assert json.decode(text, depth=2) == python_json.loads(text)


@given(st.text('[]{}"\\\\a,:1 ', max_size=24), st.integers(1, 3))
def test_bytes_and_text_are_measured_alike(text: str, depth: int) -> None:
    """Bytes are measured by a shorter way where that is sure; what is not JSON is refused by either."""

    def outcome(data: bytes | str) -> object:
        try:
            return json.decode(data, depth=depth)
        except DecodeError as error:
            return error.code

    assert outcome(text.encode()) == outcome(text) or Reason.JSON_MALFORMED in (outcome(text.encode()), outcome(text))


@given(VALUES)
def test_depth_of_any_value_is_that_of_its_brackets(value: Any) -> None:
    def nested(value: Any) -> int:
        if isinstance(value, dict):
            return 1 + max(map(nested, value.values()), default=0)
        return 1 + max(map(nested, value), default=0) if isinstance(value, list) else 0

    data = python_json.dumps(value).encode()
    assert json.decode(data, depth=nested(value)) == value
    if nested(value):
        assert code_of(data, depth=nested(value) - 1) is Reason.JSON_LIMIT


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[" * 50_000, Reason.JSON_LIMIT),
        ('{"a":' * 50_000, Reason.JSON_LIMIT),
        ('"\\\\"' + "[" * 50_000, Reason.JSON_LIMIT),
        ('["\\"' + "[" * 50_000, Reason.JSON_MALFORMED),  # a text that is not closed
        ("[\\" + "[" * 50_000, Reason.JSON_LIMIT),
        ('\\"' + "[" * 50_000 + "]" * 50_000, Reason.JSON_MALFORMED),
    ],
)
def test_unclosed_brackets_never_reach_the_parsers_recursion(text: str, reason: Reason) -> None:
    assert code_of(text.encode()) is reason
