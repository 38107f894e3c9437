"""SMART Health Cards that were printed as several codes, put together from parts in any order.

Nothing in a part says of which card it is. So parts are one card where, joined, they inflate to JSON: the parts of two
cards joined do not, and would only look like a card that somebody altered. Where more than one choice of parts would
do, because a card was cut inside its signature, none is taken.

Source: SMART Health Cards 1.4.0, "Health Cards are encoded as QR codes"; deprecated there since December 2022.
"""

from __future__ import annotations

from collections import Counter
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Final, NamedTuple

from pratique.codec import base64url, deflate, json
from pratique.errors import DecodeError
from pratique.formats import shc_text
from pratique.formats.shc_text import PART, PREFIX
from pratique.qr.text import MAX_TEXT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_PARTS: Final = 99  # of one card: their number has two digits
_MAX_TRIED: Final = 81  # ways to complete a card by one part: there are as many in a mix of three cards of five parts


class Code(NamedTuple):
    """A code of a scan: its text, and the texts that it was put together from, in the order in which they came."""

    text: str
    parts: tuple[str, ...]


class _Part(NamedTuple):
    number: int
    of: int
    digits: str


class Gathering:
    """Codes as they are shown, one after the other: parts wait for the rest of their card."""

    def __init__(self) -> None:
        self._shown: dict[_Part, tuple[int, str]] = {}  # with a number in the order in which they came
        self._card_of: dict[_Part, str] = {}
        self._cards: set[str] = set()
        self._waiting: dict[int, list[_Part]] = {}
        self._again: Counter[_Part] = Counter()  # what was shown more often than cards took it: cards can begin alike

    def add(self, text: str) -> list[Code]:
        """Return the codes that a text makes complete: none where it is a part that waits, or a code that was here.

        That is the text itself where it is no part, and else its card. Further cards may come with it whose parts were
        in the way of each other before.
        """
        part = _part(text)
        if part is None:
            return [Code(text, (text,))]
        waiting = self._waiting.setdefault(part.of, [])
        if part in self._shown:
            self._again[part] += 1
            if part not in self._card_of:
                return []
        else:
            self._shown[part] = len(self._shown), text
            waiting.append(part)
        made, tried = [], [part]
        while tried:
            again = [each for each, times in self._again.items() if times and each in self._card_of]
            cards = [card for card in _completed_by(tried.pop(), waiting, again) if _is_card(_whole(card))]
            if len(cards) == 1:
                made += self._take(cards[0])
                tried = [*waiting]
        return made

    def code_of(self, text: str) -> str:
        """Return the code that a text belongs to: its card once that is complete, else the text as it came first.

        Where several cards begin alike, the one that was complete last.
        """
        part = _part(text)
        return text if part is None else self._card_of.get(part) or self._shown.get(part, (0, text))[1]

    @property
    def waiting(self) -> list[str]:
        """Return the parts whose cards are not complete, in the order in which they came."""
        return self._texts(part for parts in self._waiting.values() for part in parts)

    def _take(self, card: list[_Part]) -> list[Code]:
        text, waiting = _whole(card), self._waiting[card[0].of]
        is_new = text not in self._cards
        self._cards.add(text)
        for part in card:
            if part in self._card_of:
                self._again[part] -= 1
            else:
                waiting.remove(part)
            self._card_of[part] = text
        self._again = +self._again
        return [Code(text, tuple(self._texts(card)))] if is_new else []

    def _texts(self, parts: Iterable[_Part]) -> list[str]:
        return [text for _, text in sorted(self._shown[part] for part in parts)]


def is_part(text: str) -> bool:
    """Return whether a text is one part of a card that was printed as several codes."""
    return _part(text) is not None


def join(texts: Iterable[str]) -> list[str]:
    """Return the texts of a scan with the parts of each card joined into one text, in the place of its first part.

    Parts may come in any order and repeatedly, those of a few cards mixed. What is no part stays as it is. So do parts
    that make no card together: each of them says `qr.incomplete` when it is verified.
    """
    gathering, texts = Gathering(), list(texts)
    for text in texts:
        gathering.add(text)
    parts: set[str] = set()
    joined = []
    for text in texts:
        code = gathering.code_of(text)
        if not is_part(text) or code not in parts:
            joined.append(code)
        if is_part(text):
            parts.add(code)
    return joined


def _part(text: str) -> _Part | None:
    match = PART(text.rstrip("\r\n")) if len(text) <= MAX_TEXT else None
    if match is None or int(match[1]) > int(match[2]) or match[2] == "1":
        return None
    return _Part(int(match[1]), int(match[2]), match[3])


def _completed_by(part: _Part, waiting: Iterable[_Part], again: Iterable[_Part]) -> Iterator[list[_Part]]:
    """Yield the sets of parts that make a card's number with one part in it; others come again where none waits."""
    by_number: dict[int, list[_Part]] = {number: [] for number in range(1, part.of + 1)}
    by_number[part.number].append(part)
    for parts in (waiting, again):
        empty = {number for number, found in by_number.items() if not found}
        for each in parts:
            if each.of == part.of and each.number in empty:
                by_number[each.number].append(each)
    if 0 < prod(map(len, by_number.values())) <= _MAX_TRIED:
        yield from map(list, product(*by_number.values()))


def _whole(parts: Iterable[_Part]) -> str:
    return PREFIX + "".join(part.digits for part in sorted(parts))


def _is_card(text: str) -> bool:
    """Return whether a text is one card, whatever it says and whoever signed it: a JWS with JSON in its payload.

    That the payload can be inflated is not enough: it has no checksum, and of the cuts of two cards one in a thousand
    can be inflated.
    """
    if len(text) > MAX_TEXT:
        return False
    try:
        _, payload, _ = shc_text.decode(text).split(b".")
        json.decode(deflate.inflate(base64url.decode(payload), raw=True))
    except (DecodeError, ValueError):
        return False
    return True
