"""The payload of an EU DCC in the common model: vaccination, test, recovery, and the person.

Source: EU DCC schema 1.3.x (eHealth Network, `DCC.combined-schema.json`) and its value sets.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from pratique.codec.cbor import Tag
from pratique.errors import DecodeError
from pratique.model import Dose, Evidence, Holder, Recovery, TestResult, Vaccination
from pratique.model.codes import Coding, country_alpha3, is_known, target_of_snomed
from pratique.model.dates import PartialDate, parse_datetime
from pratique.reasons import Reason

MAX_TEXT: Final = 255  # characters of one value; the schema has 80
MAX_DOSE: Final = 99
MAX_ENTRIES: Final = 16  # facts in one certificate; schema 1.3 has one, earlier ones allowed several (RO, SK)

RAPID_TEST: Final = "LP217198-3"
_BIRTH_DATE = re.compile(r"(19|20)[0-9]{2}(-[0-9]{2}){0,2}\Z")
_FULL_BIRTH_DATE = re.compile(r"(19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}\Z")
_PARTIAL_BIRTH_DATES_SINCE = (1, 3)  # schema version; before it a birth date had to be complete
_COUNTRY = re.compile(r"[A-Z]{1,10}\Z")


def _refuse(what: str) -> DecodeError:
    return DecodeError(Reason.CONTENT_INVALID, what)


def _text(entry: Mapping[str, Any], name: str) -> str | None:
    """Return a text without the padding that some issuers add; None where it is absent, null or empty."""
    value = entry.get(name)
    if value is None:
        return None
    if type(value) is not str or len(value) > MAX_TEXT:
        raise _refuse(f"{name} is not a text of at most {MAX_TEXT} characters")
    return value.strip() or None


def _coding(entry: Mapping[str, Any], name: str, system: str) -> Coding | None:
    code = _text(entry, name)
    return None if code is None else Coding(system, code)


def _vaccine(entry: Mapping[str, Any]) -> Coding | None:
    code = _text(entry, "vp")
    return None if code is None else Coding("snomed" if code.isdigit() else "atc", code)


def _target(entry: Mapping[str, Any]) -> str | None:
    code = _text(entry, "tg")
    return None if code is None else target_of_snomed(code)


def _country(entry: Mapping[str, Any]) -> str | None:
    code = _text(entry, "co")
    return None if code is None else country_alpha3(code.upper()) or code.upper()


def _date(entry: Mapping[str, Any], name: str) -> PartialDate | None:
    """Return a date of which only the day counts, whatever time stands behind it."""
    value = _text(entry, name)
    if value is None:
        return None
    if len(value) <= len("2021-06-11"):
        return PartialDate.parse(value)
    parse_datetime(value)
    return PartialDate.parse(value[:10])


def _number(entry: Mapping[str, Any], name: str) -> int | None:
    value = entry.get(name)
    if value is not None and (type(value) is not int or not 0 <= value <= MAX_DOSE):
        raise _refuse(f"{name} is not a number from 0 to {MAX_DOSE}")
    return value


def _vaccination(entry: Mapping[str, Any]) -> Vaccination:
    number, of = _number(entry, "dn"), _number(entry, "sd")
    return Vaccination(
        target=_target(entry),
        date=_date(entry, "dt"),
        country=_country(entry),
        authority=_text(entry, "is"),
        product=_coding(entry, "mp", "eu-product"),
        vaccine=_vaccine(entry),
        manufacturer=_coding(entry, "ma", "eu-manufacturer"),
        dose=None if number is None else Dose(number, of),
    )


def _test(entry: Mapping[str, Any]) -> TestResult:
    sampled = entry.get("sc")
    text = sampled.value if type(sampled) is Tag else sampled
    if text is not None and type(text) is not str:
        raise _refuse("sc is not a time")
    return TestResult(
        target=_target(entry),
        country=_country(entry),
        centre=_text(entry, "tc"),
        authority=_text(entry, "is"),
        test_method=_coding(entry, "tt", "loinc"),
        test_result=_coding(entry, "tr", "snomed"),
        sampled_at=None if not text else parse_datetime(text),
        product=_coding(entry, "ma", "eu-device"),
        test_name=_text(entry, "nm"),
    )


def _recovery(entry: Mapping[str, Any]) -> Recovery:
    return Recovery(
        target=_target(entry),
        date=_date(entry, "fr"),
        country=_country(entry),
        authority=_text(entry, "is"),
        valid_from=_date(entry, "df"),
        valid_until=_date(entry, "du"),
    )


_GROUPS: Final[Mapping[str, Callable[[Mapping[str, Any]], Evidence]]] = {
    "v": _vaccination,
    "t": _test,
    "r": _recovery,
}


def _entries(content: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """Return the one group that has entries, and its entries; groups that are null or empty do not count (BG)."""
    groups = [name for name in _GROUPS if content.get(name)]
    if len(groups) != 1:
        raise _refuse(f"{len(groups)} of the groups v, t, r have entries, where one belongs")
    entries = content[groups[0]]
    if type(entries) is not list or len(entries) > MAX_ENTRIES or any(type(entry) is not dict for entry in entries):
        raise _refuse(f"{groups[0]} is not an array of at most {MAX_ENTRIES} maps")
    return groups[0], entries


def read_evidence(content: Mapping[str, Any]) -> tuple[tuple[Evidence, ...], str | None]:
    """Return the facts of a DCC, one but in early certificates, and its identifier (UVCI). Raises: DecodeError."""
    group, entries = _entries(content)
    return tuple(map(_GROUPS[group], entries)), _text(entries[0], "ci")


def read_holder(content: Mapping[str, Any]) -> Holder:
    """Return the person of a DCC. Raises: DecodeError."""
    names = content.get("nam")
    if type(names) is not dict:
        raise _refuse("nam is not a map")
    surname, given = _text(names, "fnt"), _text(names, "gnt")
    native = " ".join(filter(None, (_text(names, "gn"), _text(names, "fn"))))
    return Holder(
        name="<<".join(filter(None, (surname, given))) or None,
        name_native=native or None,
        birth_date=_birth_date(content),
    )


def _birth_date(content: Mapping[str, Any]) -> PartialDate | None:
    """Return the birth date; one that is no date at all is left out, and `deviations` names it."""
    value = _text(content, "dob")
    if value is None:
        return None
    try:
        return PartialDate.parse(value[:10])
    except DecodeError:
        return None


def deviations(content: Mapping[str, Any], evidence: tuple[Evidence, ...]) -> tuple[str, ...]:
    """Return where a payload departs from the schema in a way that a person should see: names of members, no values."""
    found = []
    pattern = _BIRTH_DATE if _version(content) >= _PARTIAL_BIRTH_DATES_SINCE else _FULL_BIRTH_DATE
    birth_date = content.get("dob")
    if birth_date != "" and (type(birth_date) is not str or not pattern.match(birth_date)):
        found.append("dob")
    for fact in evidence:
        if fact.country is None or not _COUNTRY.match(fact.country):
            found.append("co")
        if isinstance(fact, TestResult) and fact.test_method == Coding("loinc", RAPID_TEST):
            device = fact.product
            if device is not None and not is_known(device):
                found.append("ma")
    return tuple(found)


def _version(content: Mapping[str, Any]) -> tuple[int, ...]:
    version = content.get("ver")
    parts = version.split(".")[:2] if type(version) is str else ()
    return tuple(int(part) for part in parts if part.isascii() and part.isdigit() and len(part) < 4)  # noqa: PLR2004
