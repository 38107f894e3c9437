"""Members of foreign content put into the model: total, what is not in its form is None, as if it were absent."""

from __future__ import annotations

import re
from datetime import date as Date  # noqa: N812 - `date` reads one here
from typing import TYPE_CHECKING, Any, Final

from pratique.errors import DecodeError
from pratique.model.codes import Coding, country_alpha2, country_alpha3, country_name
from pratique.model.dates import FIRST_YEAR, LAST_YEAR, PartialDate

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_TEXT: Final = 255  # characters of one value; the schema of the EU DCC has 80

_SEXES: Final = {
    "male": "M",
    "m": "M",
    "female": "F",
    "f": "F",
    "other": "X",
    "o": "X",
    "unknown": "X",
    "u": "X",
    "x": "X",
    "unspecified": "X",
}
_ALPHA2, _ALPHA3 = 2, 3
_LENGTH_OF_DAY, _BEHIND_A_DAY = 10, "T "
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ]|\Z)").match


def texts(entry: Mapping[Any, Any]) -> dict[Any, str]:
    """Return the texts of an entry without the padding that some issuers add; empty ones count as absent."""
    return {
        name: text
        for name, value in entry.items()
        if type(value) is str and len(value) <= MAX_TEXT and (text := value.strip())
    }


def text(value: Any) -> str | None:
    """Return one text, as `texts` has it."""
    return value.strip() or None if type(value) is str and len(value) <= MAX_TEXT else None


def coding(system: str, code: str | None) -> Coding | None:
    """Return a code of a system."""
    return None if code is None else Coding(system, code)


def date(text: str | None) -> PartialDate | None:
    """Return a date of which only the day counts, whatever time stands behind it."""
    if text is None:
        return None
    try:
        return PartialDate.parse(text[:10])
    except DecodeError:
        return None


def day(text: str | None) -> PartialDate | None:
    """Return a complete date, with or without a time behind it; None for one that lacks its day."""
    return date(text) if text is not None and _DAY(text) else None


def full_day(text: str | None) -> Date | None:
    """Return what `day` returns, as a date of the calendar, in a fraction of its time."""
    # No pattern: matching takes longer than all of this. With its hyphens there a text is no week date, which
    # `fromisoformat` would take.
    if text is None or text[4:8:3] != "--":
        return None
    if len(text) > _LENGTH_OF_DAY:
        if text[_LENGTH_OF_DAY] not in _BEHIND_A_DAY:
            return None
        text = text[:_LENGTH_OF_DAY]
    try:
        found = Date.fromisoformat(text)
    except ValueError:
        return None
    return found if FIRST_YEAR <= found.year <= LAST_YEAR else None


def stated_country(code: str | None) -> str | None:
    """Return what stands in a country's place: its alpha-3 code where the code is known, else the code itself."""
    return None if code is None else country_alpha3(code.upper()) or code.upper()


def country(code: Any) -> str | None:
    """Return the alpha-3 code of an ISO 3166-1 country named by its alpha-2 or alpha-3 code, None for anything else."""
    if type(code) is not str:
        return None
    code = code.strip().upper()
    if len(code) == _ALPHA2:
        return country_alpha3(code)
    return code if len(code) == _ALPHA3 and country_alpha2(code) is not None else None


def nationality(code: str | None) -> str | None:
    """Return a country's alpha-3 code, or one that Doc 9303 adds, such as XXA; None for anything else."""
    if code is None:
        return None
    code = code.upper()
    return country(code) or (code if len(code) == _ALPHA3 and country_name(code) is not None else None)


def sex(code: str | None) -> str | None:
    """Return F, M or X (neither, or not stated) as travel documents have it, from FHIR's words or a letter."""
    return None if code is None else _SEXES.get(code.lower())
