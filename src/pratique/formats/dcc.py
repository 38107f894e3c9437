"""The payload of an EU DCC in the common model: vaccination, test, recovery, and the person.

What is no DCC at all is refused. The rest of the reading is total, because what a state signed is not ours to argue
with: a member that is not in its form becomes None, as if it were absent, and `deviations` names those that a person
should look at.

Source: EU DCC schema 1.3.x (eHealth Network, `DCC.combined-schema.json`) and its value sets.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from pratique.codec.cbor import Tag
from pratique.errors import DecodeError
from pratique.formats.members import coding, date, stated_country, texts
from pratique.model import Dose, Evidence, Exemption, Holder, Kind, Recovery, TestResult, Vaccination
from pratique.model.codes import Coding, is_known, target_of_snomed
from pratique.model.dates import parse_datetime
from pratique.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_DOSE: Final = 99
MAX_ENTRIES: Final = 16  # facts in one certificate; schema 1.3 has one, earlier ones allowed several (RO, SK)
RAPID_TEST: Final = "LP217198-3"

GROUPS: Final = ("v", "t", "r")
EXEMPTIONS: Final = "ve"  # of Austria's variant

_KINDS: Final[Mapping[str, Kind]] = {
    "v": Kind.VACCINATION,
    "t": Kind.TEST,
    "r": Kind.RECOVERY,
    EXEMPTIONS: Kind.EXEMPTION,
}
_DATES: Final = {"v": ("dt",), "t": ("sc",), "r": ("fr", "df", "du"), EXEMPTIONS: ("du",)}
_DATE = re.compile(r"(?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}").match
_BIRTH_DATE = re.compile(r"(?:(?:19|20)[0-9]{2}(?:-[0-9]{2}){0,2})?\Z").match
_FULL_BIRTH_DATE = re.compile(r"(?:(?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2})?\Z").match
_COMPLETE_BIRTH_DATES: Final = ("1.0.", "1.1.", "1.2.")  # schema versions before partial birth dates
_NAMES: Final = ("fnt", "gnt", "fn", "gn")
_LONGEST_COUNTRY: Final = 10  # characters of `co` in the schema, all of them A to Z
_MAPS: Final = {dict}


class Dcc:
    """A DCC: the one group that has entries (v, t or r), and the entries, one but in early certificates.

    Args:
        content: the map as it was signed.
        groups: the groups of which one has entries.
    Raises: DecodeError (`content.invalid`): there is not exactly one group with maps in it. Groups that are null or
    empty do not count (BG).
    """

    __slots__ = ("_content", "entries", "group")

    held_to_facts: Final = False  # whether a recovery is still good for entry is for rules to say
    variant: Final = None
    spans: Final = None

    def __init__(self, content: Mapping[str, Any], *, groups: tuple[str, ...] = GROUPS) -> None:
        group, count = "", 0
        for name in groups:  # plain loops, here and below: nearly all have one group with one entry
            if content.get(name):
                group, count = name, count + 1
        if count != 1:
            names = ", ".join(groups)
            raise DecodeError(Reason.CONTENT_INVALID, f"{count} of the groups {names} have entries, one belongs")
        entries = content[group]
        if type(entries) is not list or len(entries) > MAX_ENTRIES or {*map(type, entries)} != _MAPS:
            raise DecodeError(Reason.CONTENT_INVALID, f"{group} is not an array of at most {MAX_ENTRIES} maps")
        self.group: Final = group
        self.entries: Final = entries
        self._content = content

    def shows_identity(self) -> bool:
        """Return whether there are a name and a birth date, so that a person can be compared with them."""
        names, birth_date = self._content.get("nam"), self._content.get("dob")
        if type(names) is not dict or type(birth_date) is not str or not birth_date.strip():
            return False
        for member in _NAMES:
            name = names.get(member)
            if type(name) is str and name.strip():
                return True
        return False

    def kinds(self) -> tuple[tuple[Kind, str | None], ...]:
        """Return the kind and the disease agent (ICD-11, None where it is not known) of every entry."""
        kind, entries = _KINDS[self.group], self.entries
        if len(entries) == 1:
            return ((kind, _target(entries[0])),)
        return tuple([(kind, _target(entry)) for entry in entries])

    def deviations(self) -> tuple[str, ...]:
        """Return where it departs from the schema in a way that a person should see: names of members, no values."""
        found = []
        birth_date, group = self._content.get("dob"), self.group
        if type(birth_date) is not str or not (_FULL_BIRTH_DATE(birth_date) or self._may_be_partial(birth_date)):
            found.append("dob")
        for entry in self.entries:
            country = entry.get("co")
            if type(country) is not str or not _is_country(country):
                found.append("co")
            for name in _DATES[group]:
                value = entry.get(name)
                if type(value) is Tag:
                    value = value.value
                if type(value) is not str or not _DATE(value):
                    found.append(name)
            if entry.get("tt") == RAPID_TEST and not _is_listed(entry.get("ma")):
                found.append("ma")
        return tuple(dict.fromkeys(found)) if found else ()

    def _may_be_partial(self, birth_date: str) -> bool:
        version = self._content.get("ver")
        complete = type(version) is str and version.startswith(_COMPLETE_BIRTH_DATES)
        return not complete and _BIRTH_DATE(birth_date) is not None

    def evidence(self) -> tuple[Evidence, ...]:
        """Return the facts."""
        return tuple(map(_GROUPS[self.group], self.entries))

    def holder(self) -> Holder:
        """Return the person; `name` is what was transliterated, surname first."""
        names = self._content.get("nam")
        known = texts(names) if type(names) is dict else {}
        birth_date = self._content.get("dob")
        return Holder(
            name="<<".join(filter(None, (known.get("fnt"), known.get("gnt")))) or None,
            name_native=" ".join(filter(None, (known.get("gn"), known.get("fn")))) or None,
            birth_date=date(birth_date.strip()) if type(birth_date) is str else None,
        )

    def number(self) -> str | None:
        """Return the certificate's identifier (UVCI) as it stands."""
        return texts(self.entries[0]).get("ci")


def _is_country(code: str) -> bool:
    return code.isupper() and code.isalpha() and code.isascii() and len(code) <= _LONGEST_COUNTRY


def _is_listed(device: Any) -> bool:
    """Return whether a rapid test is in the EU's list; one that is not named is not held against it."""
    return type(device) is not str or is_known(Coding("eu-device", device.strip()))


def _target(entry: Mapping[str, Any]) -> str | None:
    return _target_of(code) if type(code := entry.get("tg")) is str else None


@lru_cache(maxsize=64)
def _target_of(code: str) -> str | None:
    return target_of_snomed(code.strip())


def _dose(entry: Mapping[str, Any]) -> Dose | None:
    done, of = entry.get("dn"), entry.get("sd")
    if type(done) is not int or not 0 <= done <= MAX_DOSE:
        return None
    return Dose(done, of if type(of) is int and 0 <= of <= MAX_DOSE else None)


def _vaccination(entry: Mapping[str, Any]) -> Vaccination:
    known = texts(entry)
    vaccine = known.get("vp")
    return Vaccination(
        target=_target(entry),
        date=date(known.get("dt")),
        country=stated_country(known.get("co")),
        authority=known.get("is"),
        product=coding("eu-product", known.get("mp")),
        vaccine=coding("snomed" if vaccine is not None and vaccine.isdigit() else "atc", vaccine),
        manufacturer=coding("eu-manufacturer", known.get("ma")),
        dose=_dose(entry),
    )


def _test(entry: Mapping[str, Any]) -> TestResult:
    known = texts(entry)
    sampled = entry.get("sc")
    text = sampled.value if type(sampled) is Tag else sampled  # tagged as a date-time: HU, SE
    try:
        sampled_at = parse_datetime(text) if type(text) is str else None
    except DecodeError:
        sampled_at = None
    return TestResult(
        target=_target(entry),
        country=stated_country(known.get("co")),
        centre=known.get("tc"),
        authority=known.get("is"),
        test_method=coding("loinc", known.get("tt")),
        test_result=coding("snomed", known.get("tr")),
        sampled_at=sampled_at,
        product=coding("eu-device", known.get("ma")),
        test_name=known.get("nm"),
    )


def _recovery(entry: Mapping[str, Any]) -> Recovery:
    known = texts(entry)
    return Recovery(
        target=_target(entry),
        date=date(known.get("fr")),
        country=stated_country(known.get("co")),
        authority=known.get("is"),
        valid_from=date(known.get("df")),
        valid_until=date(known.get("du")),
    )


def _exemption(entry: Mapping[str, Any]) -> Exemption:
    known = texts(entry)
    return Exemption(
        target=_target(entry),
        country=stated_country(known.get("co")),
        authority=known.get("is"),
        valid_until=date(known.get("du")),
    )


_GROUPS: Final[Mapping[str, Callable[[Mapping[str, Any]], Evidence]]] = {
    "v": _vaccination,
    "t": _test,
    "r": _recovery,
    EXEMPTIONS: _exemption,
}
