"""JSON (RFC 8259), strict and bounded: no duplicate names, no NaN, no trailing text, limited size and depth."""

from __future__ import annotations

import json
import math
import re
from typing import Any, Final

from pratique.errors import DecodeError
from pratique.reasons import Reason

MAX_BYTES = 64 * 1024 * 1024  # a trust list of 50,000 keys takes some 30 MB
MAX_DEPTH = 16


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        raise DecodeError(Reason.JSON_MALFORMED, "a member name occurs twice in one object")
    return mapping


def _no_constant(name: str) -> Any:
    raise DecodeError(Reason.JSON_MALFORMED, f"{name} is not JSON")


def _finite(text: str) -> float:
    if math.isfinite(number := float(text)):
        return number
    raise DecodeError(Reason.JSON_MALFORMED, "a number is too large")


# A text that is not closed runs to the end: to look for an end again from each quotation mark would take hours.
_TEXT = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_BRACKETS = re.compile(r"[\[\]{}]")
_BACKSLASH: Final = ord("\\")
_BRACES: Final = bytes.maketrans(b"[]", b"{}")
_NEITHER_BRACKETS_NOR_QUOTES: Final = bytes(set(range(256)) - set(b'[]{}"'))


def _is_shallow(data: bytes, depth: int) -> bool:
    """Return whether arrays and objects are surely nested no deeper; False for a text that needs a closer look.

    A text of JSON in which no bracket stands between two quotation marks is measured by its brackets alone: of pairs of
    them, each round takes away the innermost.
    """
    if _BACKSLASH in data:
        data = data.replace(b"\\\\", b"").replace(b'\\"', b"")  # what is left of them escapes neither bracket nor quote
    outline = data.translate(_BRACES, _NEITHER_BRACKETS_NOR_QUOTES).replace(b'""', b"")
    for _ in range(depth):
        if not outline:
            return True
        outline = outline.replace(b"{}", b"")
    return not outline


def _depth(text: str) -> int:
    """Return how deep arrays and objects are nested; text of any shape is measured without recursion."""
    deepest = depth = 0
    for bracket in _BRACKETS.findall(_TEXT.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite)


def decode(data: bytes | str, *, limit: int = MAX_BYTES, depth: int = MAX_DEPTH) -> Any:
    """Return the value of one JSON text in UTF-8.

    Raises: DecodeError: `json.limit` beyond `limit` bytes or `depth` levels; `json.malformed` for anything else that is
    not exactly one JSON text with unique member names, numbers that are finite and texts of whole characters (RFC 7493,
    sections 2.1 to 2.3).
    """
    if len(data) > limit:
        raise DecodeError(Reason.JSON_LIMIT, f"{len(data)} bytes, at most {limit} are read")
    try:
        text = data if isinstance(data, str) else data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DecodeError(Reason.JSON_MALFORMED, f"byte {error.start} is not UTF-8") from None
    if text.startswith("\ufeff"):
        raise DecodeError(Reason.JSON_MALFORMED, "a byte order mark stands before it")
    if not (isinstance(data, bytes) and _is_shallow(data, depth)) and _depth(text) > depth:
        raise DecodeError(Reason.JSON_LIMIT, f"nested deeper than {depth} levels")
    try:
        value = _DECODER.decode(text)
        # In pairs they stand for one character; alone they are none.
        if isinstance(data, str) or ("\\u" in text and _SURROGATE.search(text)):
            json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise DecodeError(Reason.JSON_MALFORMED, f"line {error.lineno}, column {error.colno}: {error.msg}") from None
    except UnicodeEncodeError:
        raise DecodeError(Reason.JSON_MALFORMED, "a text has half of a surrogate pair") from None
    except ValueError:  # an integer of more digits than Python converts
        raise DecodeError(Reason.JSON_LIMIT, "a number has too many digits") from None
    return value


def encode(value: Any) -> str:
    """Return a JSON text for people: two spaces of indent, members in the order given, UTF-8 left as it is."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
