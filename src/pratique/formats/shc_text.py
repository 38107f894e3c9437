"""The texts of SMART Health Cards: a JWS in pairs of digits behind `shc:/`, whole, in parts, or as it stands in a file.

Each pair of digits is a character's code less 45. Splitting over several QR codes was deprecated in December 2022, and
cards made before are still shown.

Source: SMART Health Cards 1.4.0, "Encoding QRs" and "Health Cards are encoded as QR codes".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pratique.codec import json
from pratique.errors import DecodeError
from pratique.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable

PREFIX: Final = "shc:/"
MAX_FILE: Final = 1024 * 1024  # bytes of a `.smart-health-card` file
MAX_CARDS: Final = 64  # in one file
MAX_PARTS: Final = 99  # of one card: their number has two digits

_OFFSET = 45
_LARGEST = 77  # of a pair: z, the last letter of base64url
_PART = re.compile(r"shc:/([1-9][0-9]?)/([1-9][0-9]?)/([0-9]+)\Z", re.IGNORECASE | re.ASCII).match
_IN_FILE = re.compile(r"[A-Za-z0-9_.-]+\Z").match
# `bytes.fromhex` takes a pair of digits for one byte, 0x00 to 0x99; the table has the character that it stands for.
_CHARACTERS: Final = bytes(
    (byte >> 4) * 10 + (byte & 15) + _OFFSET if byte & 15 <= 9 and (byte >> 4) * 10 + (byte & 15) <= _LARGEST else 0  # noqa: PLR2004
    for byte in range(256)
)


class _Part(NamedTuple):
    """One part of a card: its number from 1, of how many, its digits."""

    number: int
    of: int
    digits: str


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
    part = _part(text)
    if part is None:
        raise _malformed(f"what stands behind {PREFIX} is neither digits nor a part of a card")
    if part.of != 1:
        raise DecodeError(Reason.QR_INCOMPLETE, f"part {part.number} of {part.of}")
    return part.digits


def is_part(text: str) -> bool:
    """Return whether a text is one part of a card that was printed as several codes."""
    part = _part(text.rstrip("\r\n"))
    return part is not None and part.of > 1


def _part(text: str) -> _Part | None:
    match = _PART(text)
    if match is None or int(match[1]) > int(match[2]):
        return None
    return _Part(int(match[1]), int(match[2]), match[3])


def join(texts: Iterable[str]) -> list[str]:
    """Return the texts of a scan with the parts of each card joined into one text, in the place of its first part.

    Parts may come in any order and repeatedly; those of one card come before those of the next. What is no part of a
    SMART Health Card stays as it is. So do parts that cannot be joined, because some are missing or because those of
    several cards are mixed: each of them says `qr.incomplete` when it is verified.
    """
    joined: dict[int, str] = {}
    gathered: dict[int, dict[int, tuple[int, str, str]]] = {}
    mixed: set[int] = set()
    seen: set[str] = set()
    for place, text in enumerate(texts):
        scanned = text.rstrip("\r\n")
        part = _part(scanned)
        if part is None or part.of == 1:
            joined[place] = text
            continue
        if scanned in seen:
            continue
        seen.add(scanned)
        parts = gathered.setdefault(part.of, {})
        if part.number in parts:
            mixed.add(part.of)
        if part.of in mixed:
            joined[place] = text
            continue
        parts[part.number] = (place, part.digits, text)
        if len(parts) == part.of:
            first = min(place for place, _, _ in parts.values())
            joined[first] = PREFIX + "".join(parts[number][1] for number in range(1, part.of + 1))
            parts.clear()
    for parts in gathered.values():
        joined.update((place, text) for place, _, text in parts.values())
    return [joined[place] for place in sorted(joined)]


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
