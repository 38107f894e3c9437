"""The texts of SMART Health Cards: a JWS in pairs of digits behind `shc:/`, whole, in parts, or as it stands in a file.

Each pair of digits is a character's code less 45. Parts are put together by `shc_parts`.

Source: SMART Health Cards 1.4.0, "Encoding QRs".
"""

from __future__ import annotations

import re
from typing import Any, Final

from pratique.codec import json
from pratique.errors import DecodeError
from pratique.reasons import Reason

PREFIX: Final = "shc:/"
MAX_FILE: Final = 1024 * 1024  # bytes of a `.smart-health-card` file
MAX_CARDS: Final = 64  # in one file

_OFFSET = 45
_LARGEST = 77  # of a pair: z, the last letter of base64url
PART: Final = re.compile(r"shc:/([1-9][0-9]?)/([1-9][0-9]?)/([0-9]+)\Z", re.IGNORECASE | re.ASCII).match
_IN_FILE = re.compile(r"[A-Za-z0-9_.-]+\Z").match
# `bytes.fromhex` takes a pair of digits for one byte, 0x00 to 0x99; the table has the character that it stands for.
_CHARACTERS: Final = bytes(
    (byte >> 4) * 10 + (byte & 15) + _OFFSET if byte & 15 <= 9 and (byte >> 4) * 10 + (byte & 15) <= _LARGEST else 0  # noqa: PLR2004
    for byte in range(256)
)


def decode(text: str) -> bytes:
    """Return the JWS, in ASCII, that the text of a whole card stands for.

    Raises: DecodeError: `qr.incomplete` for one part of several; `jws.malformed` for an odd number of digits, a pair
    above 77, or anything else that is no digit. Not checked: that it is a JWS.
    """
    digits = text[len(PREFIX) :]
    if "/" in digits:
        digits = _only_part(text)
    if not digits.isascii() or not digits.encode().isdigit() or len(digits) & 1:
        raise _malformed(f"{len(digits)} characters behind {PREFIX} are not pairs of digits")
    jws = bytes.fromhex(digits).translate(_CHARACTERS)
    if 0 in jws:
        raise _malformed(f"pair {jws.index(0) + 1} of digits is above {_LARGEST}")
    return jws


def _only_part(text: str) -> str:
    """Return the digits of a card that is printed as one part of one."""
    part = PART(text)
    if part is None or int(part[1]) > int(part[2]):
        raise _malformed(f"what stands behind {PREFIX} is neither digits nor a part of a card")
    if part[2] != "1":
        raise DecodeError(Reason.QR_INCOMPLETE, f"part {part[1]} of {part[2]}")
    return part[3]


def read_file(data: bytes) -> list[str]:
    """Return the texts of the cards in a `.smart-health-card` file, as their QR codes would have them.

    Raises: DecodeError: `json.malformed`, `json.limit`; `content.invalid`: no array of 1 to `MAX_CARDS` JWS.
    """
    content: Any = json.decode(data, limit=MAX_FILE)
    cards = content.get("verifiableCredential") if type(content) is dict else None
    if type(cards) is not list or not 0 < len(cards) <= MAX_CARDS:
        raise DecodeError(Reason.CONTENT_INVALID, f"verifiableCredential is not an array of 1 to {MAX_CARDS} cards")
    if any(type(card) is not str or not _IN_FILE(card) for card in cards):
        raise DecodeError(Reason.CONTENT_INVALID, "a card in the file is not a JWS in compact form")
    return [PREFIX + "".join([f"{ord(character) - _OFFSET:02}" for character in card]) for card in cards]


def _malformed(detail: str) -> DecodeError:
    return DecodeError(Reason.JWS_MALFORMED, detail)
