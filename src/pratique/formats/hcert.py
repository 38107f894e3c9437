"""What an HC1 code says, by the sub-keys of its claim -260: an EU DCC, a yellow card, a DDCC, or links to records.

    1       EU DCC                                      `dcc`
    3, 4    DDCC core data set: vaccination, test       `ddcc`
    5       health links, which are counted and never opened
    -6      digital yellow card (ICVP)                  `icvp`
    none    the core data set as the whole payload, as the oldest DDCC samples have it

Sub-keys that are not known are passed over. Several that are known are read each, and must be about one person. A code
with the EU DCC alone is an EU DCC; anything else is a WHO certificate, and its key must be listed for that.

Source: HCERT 1.1 (WHO SMART Trust), logical model HCert.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any, Final, Protocol

from pratique.errors import DecodeError, UnsupportedError
from pratique.formats.dcc import EXEMPTIONS, GROUPS, Dcc
from pratique.formats.ddcc import DdccTest, DdccVaccination, read_legacy
from pratique.formats.icvp import Icvp
from pratique.names import Match, compare_names
from pratique.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from pratique.model import Evidence, Holder, Kind, Span

EU_DCC: Final = "eu-dcc"
WHO: Final = "who-hcert"
EXEMPTION: Final = "at-exemption"

MAX_PARTS: Final = 16  # contents of one claim, and links; every pair of contents is compared

_HCERT: Final = -260
_DCC, _VACCINATION, _TEST, _LINKS, _ICVP = 1, 3, 4, 5, -6
_CONTENTS: Final = (_DCC, _VACCINATION, _TEST, _ICVP)
_CORE_DATA_SETS: Final = {_VACCINATION: DdccVaccination, _TEST: DdccTest}
_LINK_SCHEMES: Final = ("shlink:/", "vhlink:/")


class Content(Protocol):
    """What each content module gives of its part of the claim."""

    @property
    def held_to_facts(self) -> bool:
        """Return whether it counts only while its facts do."""

    @property
    def variant(self) -> str | None:
        """Return which form it is in, in words."""

    def kinds(self) -> tuple[tuple[Kind, str | None], ...]:
        """Return kind and target of every fact."""

    def deviations(self) -> tuple[str, ...]:
        """Return the members that depart from the schema."""

    def shows_identity(self) -> bool:
        """Return whether there are a name and a birth date."""

    def evidence(self) -> tuple[Evidence, ...]:
        """Return the facts."""

    def holder(self) -> Holder:
        """Return the person."""

    def number(self) -> str | None:
        """Return the certificate's number."""

    @property
    def spans(self) -> Callable[[], tuple[Span, ...]] | None:
        """Return what gives from when until when its facts count; None where only the facts say it."""


Found = tuple[str, Content, int]
"""The format that the content makes it, the content, and how many links stand beside it."""


def read(claims: Mapping[Any, Any], *, issued_at: datetime | None) -> Found:
    """Return what the claims of an HC1 code say.

    Raises: DecodeError (`content.invalid`): none of the known contents, or one that is not in its form, or two people.
    UnsupportedError (`format.link`): links alone; (`format.unsupported`): sub-keys that are not known alone.
    """
    container = claims.get(_HCERT)
    if container is None:
        return WHO, read_legacy(claims), 0
    if type(container) is not dict:
        raise _invalid("claim -260 is not a map")
    if len(container) == 1:  # nearly all
        if _DCC in container:
            return EU_DCC, Dcc(_map(container[_DCC])), 0
        if type(card := container.get(_ICVP)) is dict:
            return WHO, Icvp(card, issued_at=issued_at), 0
    return _contents(container, issued_at)


def _contents(container: dict[Any, Any], issued_at: datetime | None) -> Found:
    """Return what is at the sub-keys that are known, and how many links. Raises: as `read`."""
    parts: list[Content] = []
    for key in _CONTENTS:
        if key in container:
            parts += _parts(key, container[key], issued_at)
    links = _count_links(container[_LINKS]) if _LINKS in container else 0
    if len(parts) > MAX_PARTS:
        raise _invalid(f"more than {MAX_PARTS} contents in claim -260")
    if not parts:
        if links:
            raise UnsupportedError(Reason.FORMAT_LINK, f"{links} of them in a WHO certificate, and no fact")
        raise UnsupportedError(Reason.FORMAT_UNSUPPORTED, "claim -260 holds none of the contents that are read")
    return WHO, parts[0] if len(parts) == 1 else Several(parts), links


def _parts(key: int, value: Any, issued_at: datetime | None) -> list[Content]:
    maps = [_map(item) for item in value] if type(value) is list else [_map(value)]
    if key == _ICVP:
        return [Icvp(content, issued_at=issued_at) for content in maps]
    return [_CORE_DATA_SETS[key](content) if key in _CORE_DATA_SETS else Dcc(content) for content in maps]


def read_exemption(claims: Mapping[Any, Any]) -> Found:
    """Return what the claims of an AT1 code say. Raises: DecodeError (`content.invalid`): not exactly one exemption."""
    content = dcc_of(claims)
    if any(content.get(group) for group in GROUPS):
        raise _invalid("there is more than an exemption in it")
    exemption = Dcc(content, groups=(EXEMPTIONS,))
    if len(exemption.entries) != 1:
        raise _invalid(f"{len(exemption.entries)} exemptions, one belongs")
    return EXEMPTION, exemption, 0


def dcc_of(claims: Mapping[Any, Any]) -> dict[str, Any]:
    """Return the EU DCC in the claims, as it was signed. Raises: DecodeError."""
    container = claims.get(_HCERT)
    content = container.get(_DCC) if type(container) is dict else None
    if type(content) is not dict:
        raise _invalid("there is no EU DCC at claim -260, key 1")
    return content


def identifiers(claims: Mapping[Any, Any]) -> tuple[tuple[str, str | None], ...]:
    """Return identifier and country of every entry of the EU DCCs in the claims, each as it stands, unstripped.

    It raises nothing: what has no identifier, or is not in its form, is left out.
    """
    container = claims.get(_HCERT)
    content = container.get(_DCC) if type(container) is dict else None
    found: list[tuple[str, str | None]] = []
    for part in content if type(content) is list else [content]:
        if type(part) is not dict:
            continue
        for group in (*GROUPS, EXEMPTIONS):
            entries = part.get(group)
            for entry in entries if type(entries) is list else ():
                if type(entry) is dict and type(entry.get("ci")) is str:
                    country = entry.get("co")
                    found.append((entry["ci"], country if type(country) is str else None))
    return tuple(found)


class Several:
    """Several contents of one code, about one person; the first that shows one gives the person and the number.

    Raises: DecodeError (`content.invalid`): they are about different people. Names that are only close are a deviation.
    """

    held_to_facts: Final = True
    spans: Final = None

    def __init__(self, parts: list[Content]) -> None:
        matches = {_match(one.holder(), other.holder()) for one, other in combinations(parts, 2)}
        if Match.DIFFERENT in matches:
            raise _invalid("its parts are about different people")
        self._parts = parts
        self._is_close = matches != {Match.EQUAL}

    @property
    def variant(self) -> str:
        """Return the forms of all parts."""
        return " and ".join(part.variant or "EU DCC" for part in self._parts)

    def kinds(self) -> tuple[tuple[Kind, str | None], ...]:
        """Return kind and target of every fact of every part."""
        return tuple(kind for part in self._parts for kind in part.kinds())

    def deviations(self) -> tuple[str, ...]:
        """Return the deviations of every part; `holder` where the parts do not surely name one person."""
        found = [name for part in self._parts for name in part.deviations()]
        return tuple(dict.fromkeys([*found, "holder"] if self._is_close else found))

    def shows_identity(self) -> bool:
        """Return whether some part shows a name and a birth date."""
        return any(part.shows_identity() for part in self._parts)

    def evidence(self) -> tuple[Evidence, ...]:
        """Return the facts of every part."""
        return tuple(fact for part in self._parts for fact in part.evidence())

    def holder(self) -> Holder:
        """Return the person, as the first part that shows one has them."""
        return next((part for part in self._parts if part.shows_identity()), self._parts[0]).holder()

    def number(self) -> str | None:
        """Return the first number that there is."""
        return next(filter(None, (part.number() for part in self._parts)), None)


def _match(one: Holder, other: Holder) -> Match:
    """Return whether two parts can be about one person; NEAR where a name or birth date is missing or less precise."""
    if one.birth_date is None or other.birth_date is None:
        return Match.NEAR
    if not one.birth_date.agrees_with(other.birth_date):
        return Match.DIFFERENT
    names = compare_names(one.name or one.name_native or "", other.name or other.name_native or "")
    return Match.NEAR if names is Match.EQUAL and one.birth_date != other.birth_date else names


def _count_links(value: Any) -> int:
    """Return how many links there are: one text, or an array of texts or of maps with `u`. What they say is not read.

    Raises: DecodeError: none of these.
    """
    items = value if type(value) is list else [value]
    links = [item.get("u") if type(item) is dict else item for item in items]
    if not 0 < len(links) <= MAX_PARTS or not all(map(_is_link, links)):
        raise _invalid("the health links are not texts that begin with shlink:/ or vhlink:/")
    return len(links)


def _is_link(value: Any) -> bool:
    return type(value) is str and value[:8].lower() in _LINK_SCHEMES


def _map(value: Any) -> dict[Any, Any]:
    if type(value) is not dict:
        raise _invalid("a content of claim -260 is not a map")
    return value


def _invalid(what: str) -> DecodeError:
    return DecodeError(Reason.CONTENT_INVALID, what)
