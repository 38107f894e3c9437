"""The text that a QR code carries: a credential's bytes as Base45 behind a prefix, and what a scanner hands over."""

from __future__ import annotations

from typing import Final

from pratique.codec import base45
from pratique.errors import DecodeError
from pratique.reasons import Reason

PREFIX: Final = "PQ1:"
MAX_TEXT: Final = 8 * 1024
"""Characters accepted from a scanner; the largest QR code holds 7,089 (ISO/IEC 18004, version 40-L, digits)."""


def encode(data: bytes, *, prefix: str = PREFIX) -> str:
    """Return the QR text of a credential, or of what has another prefix: that, then Base45.

    All of it fits alphanumeric mode.
    """
    return prefix + base45.encode(data)


def decode(text: str, *, prefix: str = PREFIX) -> bytes:
    """Return the bytes that a QR text carries.

    Raises: DecodeError (`qr.too_long`): more than `MAX_TEXT` characters; (`format.unknown`): another prefix;
    (`base45.invalid`): anything but Base45 behind it. Not checked: what the bytes mean.
    """
    if len(text) > MAX_TEXT:
        raise _too_long(text)
    if not text.startswith(prefix):
        raise DecodeError(Reason.FORMAT_UNKNOWN, f"the text does not begin with {prefix}")
    return base45.decode(text[len(prefix) :])


def scanned(text: str) -> str:
    """Return a text as a scanner handed it over, without the line end that many scanners add.

    Spaces stay: they are Base45 digits. Raises: DecodeError (`qr.too_long`): more than `MAX_TEXT` characters.
    """
    text = text.rstrip("\r\n")
    if len(text) > MAX_TEXT:
        raise _too_long(text)
    return text


def _too_long(text: str) -> DecodeError:
    return DecodeError(Reason.QR_TOO_LONG, f"{len(text):,} characters, at most {MAX_TEXT:,} are read")
