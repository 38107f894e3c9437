"""The canonical form of JSON (RFC 8785), for what health seals hold: texts, whole numbers, true, false, null.

Fractions are refused rather than written: how they are printed is the one hard part of the standard, and no seal has
any.
"""

from __future__ import annotations

import re
from json.encoder import JSONEncoder, encode_basestring
from typing import Any, Final

from pratique.errors import DecodeError
from pratique.reasons import Reason

_LARGEST: Final = 2**53 - 1  # beyond it two numbers may be one in other readers (RFC 7493 section 2.2)

_encode_plainly = JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False, check_circular=False).encode
# A fraction, an exponent or sixteen digits, where a number stands; in a text it may look so too.
# Three patterns, because one that begins with a certain character is found four times as fast.
_ODD_NUMBERS: Final = tuple(
    re.compile(rf"{start}-?[0-9]+(?:[.e]|(?<=[0-9]{{16}}))").search for start in (":", ",", r"\[")
)


def encode(value: Any) -> bytes:
    """Return the canonical UTF-8 of a value that `codec.json` decoded.

    Members are sorted by the UTF-16 code units of their names at every level, nothing is between them, and only what
    has to be escaped is. Texts are not normalised. How deep the value is nested, its decoder has bounded.
    Raises: DecodeError (`json.malformed`): a number with a fraction, one beyond 2**53 - 1, half a surrogate pair.
    """
    if type(value) in (dict, list):
        try:
            plain = _encode_plainly(value)
        except ValueError:  # NaN or an infinity
            plain = "\\"
        # Without a backslash all of it is ASCII and nothing is escaped, so that it is canonical; twice as fast.
        if "\\" not in plain and not any(search(plain) for search in _ODD_NUMBERS):
            return plain.encode()
    try:
        return _text(value).encode()
    except UnicodeEncodeError:
        raise DecodeError(Reason.JSON_MALFORMED, "a text has half of a surrogate pair") from None


def _text(value: Any) -> str:
    kind = type(value)
    if kind is str:
        return encode_basestring(value)  # escapes exactly what section 3.2.2.2 lists, in its forms
    if kind is dict:
        names = sorted(value) if "".join(value).isascii() else sorted(value, key=_utf16)
        return "{" + ",".join([f"{encode_basestring(name)}:{_text(value[name])}" for name in names]) + "}"
    if kind is list:
        return "[" + ",".join(map(_text, value)) + "]"
    if kind is int and -_LARGEST <= value <= _LARGEST:
        return str(value)
    if value is None or kind is bool:
        return "null" if value is None else "true" if value else "false"
    if kind in (int, float):
        raise DecodeError(Reason.JSON_MALFORMED, "a number has a fraction or an exponent, or is beyond 2**53 - 1")
    raise TypeError(f"{kind.__name__} is no value of JSON")


def _utf16(name: str) -> bytes:
    return name.encode("utf-16-be", "surrogatepass")
