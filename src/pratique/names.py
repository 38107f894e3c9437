"""Names as machine-readable zones print them: transliteration, and whether two names can be one person's.

Source: ICAO Doc 9303 part 3, section 4.6 (names) and section 6 (transliteration).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

from pratique.errors import DecodeError
from pratique.model.codes import table
from pratique.reasons import Reason

TRUNCATED_AT: Final = (39, 31, 30)  # characters that TD3, TD2 and TD1 have for a name
_LONG_ENOUGH = 5  # letters; in a shorter name one letter is a difference between people, not a slip
_LAST_OF_LATIN_EXTENDED_B = "\u024f"
_LATIN_EXTENDED_ADDITIONAL = frozenset(map(chr, range(0x1E00, 0x1F00)))
_SHADDA = "\u0651"  # doubles the letter before it
_TEH_MARBUTA = "\u0629"  # another sequence at the end of a name component


class Match(StrEnum):
    """How two names compare. A person has to look at NEAR."""

    EQUAL = "equal"
    NEAR = "near"
    DIFFERENT = "different"


def transliterate(text: str) -> str:
    """Return a name in A to Z, with a single filler `<` between its components.

    Latin, Cyrillic and Arabic letters follow Doc 9303 part 3, section 6; where that offers several sequences, Ä is AE,
    Ö is OE, Ü is UE, Ñ is N. The variants of single Cyrillic languages are left out: an
    issuer whose passports use one takes the name from the passport. Accents on base letters go; hyphens and white
    space become fillers; apostrophes, commas and other punctuation go (section 4.6).
    Raises: DecodeError (`content.invalid`): a letter that the tables do not have, a digit or a symbol, by its place.
    """
    letters: list[str] = []
    normal = unicodedata.normalize("NFC", text).upper()
    for position, character in enumerate(normal):
        if character == _SHADDA:
            letters.append(letters[-1] if letters else "")
        elif character == _TEH_MARBUTA and not normal[position + 1 : position + 2].isalpha():
            letters.append("XAH")
        elif (found := _letters(character)) is not None:
            letters.append(found)
        else:
            raise DecodeError(Reason.CONTENT_INVALID, f"Doc 9303 does not transliterate character {position + 1}")
    return "<".join("".join(letters).replace("<", " ").split())


def icao_name(surname: str, given_names: str = "") -> str:
    """Return `SURNAME<<GIVEN<NAMES`, transliterated and not cut. Raises: as `transliterate`."""
    return "<<".join(filter(None, (transliterate(surname), transliterate(given_names))))


@lru_cache(maxsize=1024)
def _letters(character: str) -> str | None:
    if "A" <= character <= "Z":
        return character
    known: dict[str, str] = table("transliteration")["codes"]
    if character in known:
        return known[character]
    category = unicodedata.category(character)
    if character in "<\t\r\n" or category in {"Zs", "Pd"}:
        return "<"
    if category.startswith("P") or category in {"Mn", "Cf", "Lm"} or character in "`\u00b4":
        return ""  # punctuation, accents and vowel signs on their own, marks of direction, modifier apostrophes
    base = unicodedata.normalize("NFD", character)[0]
    return None if base == character else _letters(base)


@dataclass(frozen=True, slots=True, repr=False)
class _Name:
    """The components of a name; `split` says whether it is known which of them are the surname."""

    surname: tuple[str, ...]
    given: tuple[str, ...]
    split: bool

    @classmethod
    def read(cls, text: str) -> _Name:
        surname, separator, given = text.strip("<").partition("<<")
        return cls(_components(surname), _components(given), bool(separator))

    @property
    def text(self) -> str:
        return "<<".join(filter(None, ("<".join(self.surname), "<".join(self.given))))

    def orders(self, other: _Name) -> tuple[tuple[str, ...], ...]:
        """Return all components in the orders in which they can be meant, given what `other` knows."""
        first = self.surname + self.given
        return (first,) if self.split and other.split else (first, self.given + self.surname)

    def folded(self) -> _Name:
        return _Name(tuple(map(_fold, self.surname)), tuple(map(_fold, self.given)), self.split)


def _components(text: str) -> tuple[str, ...]:
    return tuple(filter(None, transliterate(text).split("<")))


def compare_names(stated: str, printed: str, *, truncated_at: int | None = None) -> Match:
    """Return whether the name that a credential states can be the name that a travel document prints.

    Both in the form `SURNAME<<GIVEN<NAMES`, or as one text without `<<`, whose components are then tried in both
    orders. Letters outside A to Z are transliterated.

    - EQUAL: the same components; or the printed name fills its field, `truncated_at` characters, and the stated one
      begins with it.
    - NEAR: the same after folding transliterations that differ between states (OE or O, UE or U, I or Y); components
      joined or in another order; some missing; one letter added, dropped, changed or swapped with its neighbour in a
      part of five or more; a field that is full and whose components are beginnings of the stated ones; and a name
      that cannot be compared because it is empty or in a script without a table.
    - DIFFERENT: anything else in Latin letters. In other scripts nothing is: states transliterate them too differently.

    Without `truncated_at`, either name may have been cut at any of the lengths 30, 31 and 39.
    """
    try:
        one, other = _Name.read(stated), _Name.read(printed)
    except DecodeError:
        return Match.NEAR
    if not one.surname + one.given or not other.surname + other.given:
        return Match.NEAR
    if _equal(one, other) or _cut(one, other, truncated_at):
        return Match.EQUAL
    if _near(one.folded(), other.folded()) or _shortened(one, other) or not (_is_latin(stated) and _is_latin(printed)):
        return Match.NEAR
    return Match.DIFFERENT


def _is_latin(text: str) -> bool:
    return not any(
        character > _LAST_OF_LATIN_EXTENDED_B and character.isalpha() and character not in _LATIN_EXTENDED_ADDITIONAL
        for character in unicodedata.normalize("NFC", text)
    )


def _equal(one: _Name, other: _Name) -> bool:
    if one.split and other.split:
        return (one.surname, one.given) == (other.surname, other.given)
    return any(order == other.surname + other.given for order in one.orders(other)) or any(
        order == one.surname + one.given for order in other.orders(one)
    )


def _cut(one: _Name, other: _Name, truncated_at: int | None) -> bool:
    if truncated_at is not None:
        return len(other.text) == truncated_at and one.text.startswith(other.text)
    short, long = sorted((one.text, other.text), key=len)
    return len(short) in TRUNCATED_AT and long.startswith(short)


def _near(one: _Name, other: _Name) -> bool:
    if sorted(one.surname + one.given) == sorted(other.surname + other.given):
        return True
    if not (one.split and other.split):
        return any(
            _similar("".join(left), "".join(right)) or _is_part(left, right)
            for left in one.orders(other)
            for right in other.orders(one)
        )
    surnames, givens = ("".join(one.surname), "".join(other.surname)), ("".join(one.given), "".join(other.given))
    if surnames == givens[::-1]:
        return True
    if surnames[0] == surnames[1]:
        return _similar(*givens) or _is_part(one.given, other.given)
    return givens[0] == givens[1] and (_similar(*surnames) or _is_part(one.surname, other.surname))


def _shortened(one: _Name, other: _Name) -> bool:
    """Return whether the shorter name may be the longer one as Doc 9303 parts 4 to 6 shorten it to fit its field."""
    short, long = sorted((one, other), key=lambda name: len(name.text))
    if len(short.text) not in TRUNCATED_AT:
        return False
    if long.text.startswith(short.text):
        return True
    return short.split and long.split and _begins(short.surname, long.surname) and _begins(short.given, long.given)


def _begins(components: tuple[str, ...], whole: tuple[str, ...]) -> bool:
    """Return whether each component is the beginning of one in `whole`, in the same order."""
    rest = iter(whole)
    return all(any(candidate.startswith(component) for candidate in rest) for component in components)


def _is_part(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Return whether all components of the shorter are in the longer, in the same order."""
    short, long = sorted((one, other), key=len)
    rest = iter(long)
    return all(component in rest for component in short)


def _similar(one: str, other: str) -> bool:
    """Return whether two texts are equal, or long enough and one edit apart (optimal string alignment)."""
    if one == other:
        return True
    if min(len(one), len(other)) < _LONG_ENOUGH or abs(len(one) - len(other)) > 1:
        return False
    at = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    left, right = one[at:], other[at:]
    swapped = left[1:2] + left[:1] == right[:2] and left[2:] == right[2:]
    return swapped or left[1:] == right[1:] or left[1:] == right or left == right[1:]


_FOLDED: Final = {"AE": "A", "AA": "A", "OE": "O", "UE": "U", "UXX": "U", "NXX": "N", "IJ": "I", "J": "I", "Y": "I"}
_FOLDING: Final = re.compile("|".join(sorted(_FOLDED, key=len, reverse=True)))


def _fold(component: str) -> str:
    """Return a component in which the sequences that states choose differently for one letter are alike."""
    return _FOLDING.sub(lambda found: _FOLDED[found[0]], component)
