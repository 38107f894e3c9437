"""SMART Health Cards that were printed as several codes, put together from parts in any order.

Nothing in a part says of which card it is. So parts are one card where, joined, they can be inflated: the parts of two
cards joined cannot, and would only look like a card that somebody altered.

Source: SMART Health Cards 1.4.0, "Health Cards are encoded as QR codes"; deprecated there since December 2022.
"""

from __future__ import annotations

from itertools import product
from math import prod
from typing import TYPE_CHECKING, Final, NamedTuple

from pratique.codec import base64url, deflate
from pratique.errors import DecodeError
from pratique.formats import shc_text
from pratique.formats.shc_text import PART, PREFIX
from pratique.qr.text import MAX_TEXT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_PARTS: Final = 99  # of one card: their number has two digits
_MAX_TRIED: Final = 32  # ways to complete a card by one more part; three cards of four parts have 27


class Gathered(NamedTuple):
    """A code of a scan: its text, whole where its parts were there, and the places that it was gathered from.

    `is_settled` says that no further part can change it.
    """

    text: str
    places: tuple[int, ...]
    is_settled: bool


class _Part(NamedTuple):
    number: int
    of: int
    digits: str
    text: str


def is_part(text: str) -> bool:
    """Return whether a text is one part of a card that was printed as several codes."""
    return _part(text) is not None


def gather(texts: Iterable[str]) -> list[Gathered]:
    """Return the codes of a scan, in the order of their first parts, those joined whose parts are all there.

    Parts may come in any order and repeatedly, those of several cards mixed. What is no part stays as it is. So do
    parts that make no card together: each of them says `qr.incomplete` when it is verified.
    """
    made: list[tuple[str, list[_Part], bool]] = []
    whole: list[Gathered] = []
    waiting: dict[int, list[_Part]] = {}
    places: dict[str, list[int]] = {}
    for place, text in enumerate(texts):
        part = _part(text)
        if part is None:
            whole.append(Gathered(text, (place,), is_settled=True))
            continue
        places.setdefault(part.text, []).append(place)
        if len(places[part.text]) > 1:
            continue
        others = waiting.setdefault(part.of, [])
        card = next((card for card in _completed_by(part, others) if _is_card(_whole(card))), None)
        if card is None:
            others.append(part)
        else:
            waiting[part.of] = [other for other in others if other not in card]
            made.append((_whole(card), card, True))
    made += [(part.text, [part], False) for parts in waiting.values() for part in parts]
    joined = [
        Gathered(text, tuple(sorted(place for part in parts for place in places[part.text])), is_settled)
        for text, parts, is_settled in made
    ]
    return sorted([*whole, *joined], key=lambda gathered: gathered.places)


def join(texts: Iterable[str]) -> list[str]:
    """Return the texts of a scan with the parts of each card joined into one; see `gather`."""
    return [code.text for code in gather(texts)]


def _part(text: str) -> _Part | None:
    match = PART(text.rstrip("\r\n"))
    if match is None or int(match[1]) > int(match[2]) or match[2] == "1":
        return None
    return _Part(int(match[1]), int(match[2]), match[3], match[0])


def _completed_by(part: _Part, others: Iterable[_Part]) -> Iterator[list[_Part]]:
    """Yield the sets of parts that one more part completes."""
    by_number: dict[int, list[_Part]] = {number: [] for number in range(1, part.of + 1)}
    for each in (*others, part):
        if each is part or each.number != part.number:
            by_number[each.number].append(each)
    if 0 < prod(map(len, by_number.values())) <= _MAX_TRIED:
        yield from map(list, product(*by_number.values()))


def _whole(parts: Iterable[_Part]) -> str:
    return PREFIX + "".join(part.digits for part in sorted(parts))


def _is_card(text: str) -> bool:
    """Return whether a text is one card, whatever it says and whoever signed it: a JWS whose payload can be inflated.

    Inflating wrong bits goes on until it fails, or ends anywhere but at their end.
    """
    if len(text) > MAX_TEXT:
        return False
    try:
        _, payload, _ = shc_text.decode(text).split(b".")
        deflate.inflate(base64url.decode(payload), raw=True)
    except (DecodeError, ValueError):
        return False
    return True
