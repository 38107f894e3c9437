"""Base32 (RFC 4648, section 6), with padding or without, as the NZ COVID Pass has it."""

from __future__ import annotations

from typing import Final

from pratique.errors import DecodeError
from pratique.reasons import Reason

ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_DIGITS = b"0123456789abcdefghijklmnopqrstuv"  # as `int` writes numbers to base 32
_INVALID = 0xFF
_TABLE = bytes(
    _DIGITS[ALPHABET.index(chr(i).upper())] if chr(i).upper() in ALPHABET and i < 128 else _INVALID  # noqa: PLR2004 - ASCII
    for i in range(256)
)
_IMPOSSIBLE: Final = frozenset((1, 3, 6))  # characters after the last group of eight: none of them ends with a byte


def decode(text: str) -> bytes:
    """Return the bytes that a Base32 text stands for; lower case counts as upper case, which some scanners hand over.

    Raises: DecodeError (`base32.invalid`): a character outside the alphabet; a length that no number of bytes has;
    padding that does not fill the last group of eight; bits left over that are not zero.
    Source: RFC 4648, sections 3.2, 3.5 and 6.
    """
    if text.endswith("="):
        padded, text = len(text), text.rstrip("=")
        if padded - len(text) != -len(text) % 8:
            raise DecodeError(Reason.BASE32_INVALID, "the padding does not fill the last group of eight characters")
    try:
        digits = text.encode("ascii").translate(_TABLE)
    except UnicodeEncodeError as error:
        raise DecodeError(Reason.BASE32_INVALID, f"character {error.start} is not in the alphabet") from None
    if _INVALID in digits:
        raise DecodeError(Reason.BASE32_INVALID, f"character {digits.index(_INVALID)} is not in the alphabet")
    if len(digits) % 8 in _IMPOSSIBLE:
        raise DecodeError(Reason.BASE32_INVALID, f"{len(digits)} characters stand for no whole number of bytes")
    size, spare = divmod(5 * len(digits), 8)
    number = int(digits or b"0", 32)  # a power of two: in time that grows with the length alone
    if number & ((1 << spare) - 1):
        raise DecodeError(Reason.BASE32_INVALID, "the bits after the last byte are not zero")
    return (number >> spare).to_bytes(size)
