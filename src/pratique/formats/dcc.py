"""The payload of an EU DCC in the common model: vaccination, test, recovery, and the person.

What is no DCC at all is refused. The rest of the reading is total, because what a state signed is not ours to argue
with: a member that is not in its form becomes None, as if it were absent, and `deviations` names those that a person
should look at.

Source: EU DCC schema 1.3.x (eHealth Network, `DCC.combined-schema.json`) and its value sets.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from pratique.codec.cbor import Tag
from pratique.errors import DecodeError
from pratique.model import Dose, Evidence, Holder, Kind, Recovery, TestResult, Vaccination
from pratique.model.codes import Coding, country_alpha3, is_known, target_of_snomed
from pratique.model.dates import PartialDate, parse_datetime
from pratique.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_TEXT: Final = 255  # characters of one value; the schema has 80
MAX_DOSE: Final = 99
MAX_ENTRIES: Final = 16  # facts in one certificate; schema 1.3 has one, earlier ones allowed several (RO, SK)
RAPID_TEST: Final = "LP217198-3"

_KINDS: Final[Mapping[str, Kind]] = {"v": Kind.VACCINATION, "t": Kind.TEST, "r": Kind.RECOVERY}
_DATES: Final = {"v": ("dt",), "t": ("sc",), "r": ("fr", "df", "du")}
_DATE = re.compile(r"(19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}").match
_BIRTH_DATE = re.compile(r"((19|20)[0-9]{2}(-[0-9]{2}){0,2})?\Z").match
_FULL_BIRTH_DATE = re.compile(r"((19|20)[0-9]{2}-[0-9]{2}-[0-9]{2})?\Z").match
_COMPLETE_BIRTH_DATES: Final = ("1.0.", "1.1.", "1.2.")  # schema versions before partial birth dates
_NAMES: Final = ("fnt", "gnt", "fn", "gn")
_COUNTRY = re.compile(r"[A-Z]{1,10}\Z").match


class Dcc:
    """A DCC: the one group that has entries (v, t or r), and the entries, one but in early certificates.

    Raises: DecodeError (`content.invalid`): there is not exactly one group with maps in it. Groups that are null or
    empty do not count (BG).
    """

    __slots__ = ("_content", "entries", "group")

    def __init__(self, content: Mapping[str, Any]) -> None:
        groups = [name for name in _KINDS if content.get(name)]
        if len(groups) != 1:
            raise DecodeError(Reason.CONTENT_INVALID, f"{len(groups)} of the groups v, t, r have entries, one belongs")
        group = groups[0]
        entries = content[group]
        if type(entries) is not list or len(entries) > MAX_ENTRIES or any(type(entry) is not dict for entry in entries):
            raise DecodeError(Reason.CONTENT_INVALID, f"{group} is not an array of at most {MAX_ENTRIES} maps")
        self.group: Final = group
        self.entries: Final = entries
        self._content = content

    def shows_identity(self) -> bool:
        """Return whether there are a name and a birth date, so that a person can be compared with them."""
        names, birth_date = self._content.get("nam"), self._content.get("dob")
        if type(names) is not dict or type(birth_date) is not str or not birth_date.strip():
            return False
        return any(type(name) is str and name.strip() for name in map(names.get, _NAMES))

    def kinds(self) -> tuple[tuple[Kind, str | None], ...]:
        """Return the kind and the disease agent (ICD-11, None where it is not known) of every entry."""
        kind = _KINDS[self.group]
        return tuple([(kind, _target(entry)) for entry in self.entries])

    def deviations(self) -> tuple[str, ...]:
        """Return where it departs from the schema in a way that a person should see: names of members, no values."""
        found = []
        version, birth_date = self._content.get("ver"), self._content.get("dob")
        complete = type(version) is str and version.startswith(_COMPLETE_BIRTH_DATES)
        if type(birth_date) is not str or not (_FULL_BIRTH_DATE if complete else _BIRTH_DATE)(birth_date):
            found.append("dob")
        for entry in self.entries:
            country = entry.get("co")
            if type(country) is not str or not _COUNTRY(country):
                found.append("co")
            for name in _DATES[self.group]:
                value = entry.get(name)
                if type(value) is Tag:
                    value = value.value
                if type(value) is not str or not _DATE(value):
                    found.append(name)
            if entry.get("tt") == RAPID_TEST and not _is_listed(entry.get("ma")):
                found.append("ma")
        return tuple(dict.fromkeys(found))

    def evidence(self) -> tuple[Evidence, ...]:
        """Return the facts."""
        return tuple(map(_GROUPS[self.group], self.entries))

    def holder(self) -> Holder:
        """Return the person; `name` is what was transliterated, surname first."""
        names = self._content.get("nam")
        texts = _texts(names) if type(names) is dict else {}
        birth_date = self._content.get("dob")
        return Holder(
            name="<<".join(filter(None, (texts.get("fnt"), texts.get("gnt")))) or None,
            name_native=" ".join(filter(None, (texts.get("gn"), texts.get("fn")))) or None,
            birth_date=_date(birth_date.strip()) if type(birth_date) is str else None,
        )

    def number(self) -> str | None:
        """Return the certificate's identifier (UVCI) as it stands."""
        return _texts(self.entries[0]).get("ci")


def _is_listed(device: Any) -> bool:
    """Return whether a rapid test is in the EU's list; one that is not named is not held against it."""
    return type(device) is not str or is_known(Coding("eu-device", device.strip()))


def _target(entry: Mapping[str, Any]) -> str | None:
    code = entry.get("tg")
    return target_of_snomed(code.strip()) if type(code) is str else None


def _texts(entry: Mapping[str, Any]) -> dict[str, str]:
    """Return the texts of an entry without the padding that some issuers add; empty ones count as absent."""
    return {
        name: text
        for name, value in entry.items()
        if type(value) is str and len(value) <= MAX_TEXT and (text := value.strip())
    }


def _coding(system: str, code: str | None) -> Coding | None:
    return None if code is None else Coding(system, code)


def _date(text: str | None) -> PartialDate | None:
    """Return a date of which only the day counts, whatever time stands behind it."""
    if text is None:
        return None
    try:
        return PartialDate.parse(text[:10])
    except DecodeError:
        return None


def _country(code: str | None) -> str | None:
    return None if code is None else country_alpha3(code.upper()) or code.upper()


def _dose(entry: Mapping[str, Any]) -> Dose | None:
    done, of = entry.get("dn"), entry.get("sd")
    if type(done) is not int or not 0 <= done <= MAX_DOSE:
        return None
    return Dose(done, of if type(of) is int and 0 <= of <= MAX_DOSE else None)


def _vaccination(entry: Mapping[str, Any]) -> Vaccination:
    texts = _texts(entry)
    vaccine = texts.get("vp")
    return Vaccination(
        target=_target(entry),
        date=_date(texts.get("dt")),
        country=_country(texts.get("co")),
        authority=texts.get("is"),
        product=_coding("eu-product", texts.get("mp")),
        vaccine=_coding("snomed" if vaccine is not None and vaccine.isdigit() else "atc", vaccine),
        manufacturer=_coding("eu-manufacturer", texts.get("ma")),
        dose=_dose(entry),
    )


def _test(entry: Mapping[str, Any]) -> TestResult:
    texts = _texts(entry)
    sampled = entry.get("sc")
    text = sampled.value if type(sampled) is Tag else sampled  # tagged as a date-time: HU, SE
    try:
        sampled_at = parse_datetime(text) if type(text) is str else None
    except DecodeError:
        sampled_at = None
    return TestResult(
        target=_target(entry),
        country=_country(texts.get("co")),
        centre=texts.get("tc"),
        authority=texts.get("is"),
        test_method=_coding("loinc", texts.get("tt")),
        test_result=_coding("snomed", texts.get("tr")),
        sampled_at=sampled_at,
        product=_coding("eu-device", texts.get("ma")),
        test_name=texts.get("nm"),
    )


def _recovery(entry: Mapping[str, Any]) -> Recovery:
    texts = _texts(entry)
    return Recovery(
        target=_target(entry),
        date=_date(texts.get("fr")),
        country=_country(texts.get("co")),
        authority=texts.get("is"),
        valid_from=_date(texts.get("df")),
        valid_until=_date(texts.get("du")),
    )


_GROUPS: Final[Mapping[str, Callable[[Mapping[str, Any]], Evidence]]] = {
    "v": _vaccination,
    "t": _test,
    "r": _recovery,
}
