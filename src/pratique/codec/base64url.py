"""Base64url without padding (RFC 4648 section 5, RFC 7515 section 2), strict: one text for the same bytes."""

from __future__ import annotations

import binascii
from typing import Final

from pratique.errors import DecodeError
from pratique.reasons import Reason

_TO_BASE64: Final = bytes.maketrans(b"-_+/=", b"+/\0\0\0")
_FROM_BASE64: Final = bytes.maketrans(b"+/", b"-_")
_PADDING: Final = (b"", b"", b"==", b"=")
# The last character of a text whose bits do not fill its bytes: the bits left over are zero.
_LAST: Final = (b"", b"", b"AQgw", b"AEIMQUYcgkosw048")


def decode(text: bytes) -> bytes:
    """Return the bytes that a base64url text stands for.

    Args:
        text: the text in ASCII, without padding; empty for no bytes.
    Raises: DecodeError (`base64url.invalid`): padding, a character outside the alphabet, those of plain Base64
        included, a single character left over, or bits left over that are not zero.
    """
    rest = len(text) & 3
    if rest == 1:
        raise DecodeError(Reason.BASE64URL_INVALID, "one character is left over after the last group")
    if rest and text[-1] not in _LAST[rest]:
        raise DecodeError(Reason.BASE64URL_INVALID, "the last character has bits that stand for nothing")
    try:
        return binascii.a2b_base64(text.translate(_TO_BASE64) + _PADDING[rest], strict_mode=True)
    except binascii.Error:
        raise DecodeError(Reason.BASE64URL_INVALID, f"one of {len(text)} characters is not in the alphabet") from None


def encode(data: bytes) -> bytes:
    """Return the text of bytes, in ASCII, without padding."""
    return binascii.b2a_base64(data, newline=False).rstrip(b"=").translate(_FROM_BASE64)
