"""WHO's DDCC core data sets, vaccination and test: at keys 3 and 4 of claim -260, or the whole payload of old samples.

Samples mix the flat names of the first drafts with the nested ones of the model, snake_case with camelCase, and write
CBOR's `undefined` where a value is absent: all of that is read. What is no core data set is refused; a member that is
not in its form becomes None, and `deviations` names it.

Source: WHO Digital Documentation of COVID-19 Certificates, core data sets (2021, 2022), logical models of SMART DDCC.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from pratique.codec.cbor import UNDEFINED
from pratique.errors import DecodeError
from pratique.formats.icvp import counting
from pratique.formats.members import coding, country, day, sex
from pratique.formats.members import date as partial_date
from pratique.model import Coding, Dose, Evidence, Holder, Kind, PartialDate, TestResult, Vaccination
from pratique.model.codes import is_known_target, product, target_of_snomed
from pratique.model.dates import parse_datetime
from pratique.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_TEXT: Final = 255  # characters of one value
MAX_DOSE: Final = 99

_SYSTEMS: Final = (  # parts of the addresses by which code systems are named
    ("snomed", "snomed"),
    ("loinc", "loinc"),
    ("icd/release/11", "icd11"),
    ("icd11", "icd11"),
    ("icd-11", "icd11"),
    ("whocc.no/atc", "atc"),
    ("prequalproductids", "who-pq"),
)
_AGENTS: Final = {"XN109": "RA01", "XN1P6": "RA01"}  # ICD-11 names the virus so, apart from the disease
_VACCINES: Final = "XM"  # how ICD-11's extension codes for them begin
_NESTED: Final = ("certificate", "meta", "vaccination", "test", "period")
_DOCUMENT_NUMBER = re.compile(r"[0-9A-Z]{1,24}\Z").match
_LONGEST_NAME: Final = 32  # characters; the longest that is read has 14
_DAY_LENGTH: Final = len("2026-11-23")


class _CoreDataSet:
    """What both core data sets have: the person, the certificate, and members read under whichever name they have."""

    held_to_facts: Final = True
    spans: Final = None
    variant: str
    kind: Kind

    def __init__(self, content: Mapping[Any, Any]) -> None:
        self._deviations: list[str] = []
        self._members: dict[str, Any] = {}
        self._collect(content, depth=0)
        if self._text("name") is None:
            self._deviations.append("name")
        if partial_date(self._text("birthdate")) is None:
            self._deviations.append("birthdate")
        self._fact: Evidence = self._read()

    def _read(self) -> Evidence:
        raise NotImplementedError

    def _collect(self, content: Mapping[Any, Any], *, depth: int) -> None:
        """Gather the members, those of nested groups too; of two of one name that differ the first counts."""
        for name, value in content.items():
            if type(name) is not str or len(name) > _LONGEST_NAME or value is None or value is UNDEFINED:
                continue
            key = _plain(name)
            if key in _NESTED and type(value) is dict and depth < len(_NESTED):
                self._collect(value, depth=depth + 1)
            elif self._members.setdefault(key, value) != value:
                self._deviations.append(key)

    def _value(self, *names: str) -> Any:
        members = self._members
        for name in names:
            if name in members:
                return members[name]
        return None

    def _text(self, *names: str) -> str | None:
        """Return a text; one that is there and none, or too long, is a deviation."""
        value = self._value(*names)
        if type(value) is dict:
            value = value.get("value") or value.get("code")
        if value is None:
            return None
        if type(value) is not str or len(value) > MAX_TEXT:
            self._deviations.append(names[0])
            return None
        return value.strip() or None

    def _day(self, *names: str) -> PartialDate | None:
        text = self._text(*names)
        found = day(text)
        if text is not None and found is None:
            self._deviations.append(names[0])
        return found

    def _coding(self, *names: str, system: str = "other") -> Coding | None:
        """Return a code with its system, which a map names by an address; else it is `system`."""
        value = self._value(*names)
        if type(value) is dict:
            address = value.get("system")
            if type(address) is str and len(address) <= MAX_TEXT:
                system = _system(address)
            value = value.get("code")
        if value is None:
            return None
        if type(value) is not str or not value.strip() or len(value) > MAX_TEXT:
            self._deviations.append(names[0])
            return None
        code = value.strip()
        return Coding("icd11-vaccine" if system == "icd11" and code.upper().startswith(_VACCINES) else system, code)

    def _target(self, *names: str) -> str | None:
        found = self._coding(*names)
        code = "" if found is None else found.code.upper()
        target = code if is_known_target(code) else target_of_snomed(code) or _AGENTS.get(code)
        if target is None:
            self._deviations.append(names[0])
        return target

    def _country(self) -> str | None:
        found = self._coding("country")
        code = None if found is None else country(found.code)
        if code is None:
            self._deviations.append("country")
        return code

    def kinds(self) -> tuple[tuple[Kind, str | None], ...]:
        """Return the kind and the disease of the one fact."""
        return ((self.kind, self._fact.target),)

    def deviations(self) -> tuple[str, ...]:
        """Return the members that are missing or not in their form: names, no values."""
        return tuple(dict.fromkeys(self._deviations))

    def shows_identity(self) -> bool:
        """Return whether there are a name and a birth date."""
        return all(type(self._value(name)) is str and self._value(name).strip() for name in ("name", "birthdate"))

    def evidence(self) -> tuple[Evidence, ...]:
        """Return the fact."""
        return (self._fact,)

    def holder(self) -> Holder:
        """Return the person; the name is as the certificate has it, in one text."""
        name = self._text("name")
        document = (self._text("passportnumber") or "").upper()
        return Holder(
            name=name if name is not None and "<<" in name else None,
            name_native=name if name is not None and "<<" not in name else None,
            birth_date=partial_date(self._text("birthdate")),
            sex=sex(self._text("sex")),
            document_number=document if _DOCUMENT_NUMBER(document) else None,
            national_id=self._text("identifier"),
        )

    def number(self) -> str | None:
        """Return the certificate's identifier."""
        return self._text("hcid", "ddccid", "reference")


class DdccVaccination(_CoreDataSet):
    """A vaccination core data set. Raises: DecodeError (`content.invalid`): it names no vaccine, brand or disease."""

    variant = "DDCC vaccination"
    kind = Kind.VACCINATION

    def _read(self) -> Vaccination:
        if self._value("vaccine", "brand", "disease") is None:
            raise DecodeError(Reason.CONTENT_INVALID, "a vaccination names no vaccine, no brand and no disease")
        brand = self._coding("brand")
        listed = product(brand) if brand is not None else None
        target = self._target("disease") if listed is None or self._value("disease") is not None else listed.targets[0]
        given = self._day("date")
        if given is None:
            self._deviations.append("date")
        stated = filter(None, (self._day("vaccinevalid"), self._day("validfrom", "start")))
        begins = max(stated, key=lambda found: found.earliest, default=None)
        ends = self._day("validuntil", "end")
        valid_from, _, lifelong = counting(target, given, begins, ends)
        return Vaccination(
            target=target,
            date=given,
            valid_from=valid_from,
            valid_until=ends,
            lifelong=lifelong if ends is None else None,  # the certificate ends all the same
            country=self._country(),
            centre=self._text("centre"),
            practitioner=self._text("practitioner", "hw"),
            authority=self._text("pha", "issuer"),
            product=brand,
            vaccine=self._coding("vaccine"),
            manufacturer=self._coding("manufacturer", "maholder"),
            dose=self._dose(),
            batch=self._text("lot"),
        )

    def _dose(self) -> Dose | None:
        number, of = self._value("dose"), self._value("totaldoses")
        if type(number) is not int or not 0 < number <= MAX_DOSE:
            if number is not None:
                self._deviations.append("dose")
            return None
        return Dose(number, of if type(of) is int and 0 < of <= MAX_DOSE else None)


class DdccTest(_CoreDataSet):
    """A test core data set. Raises: DecodeError (`content.invalid`): it names neither pathogen nor result."""

    variant = "DDCC test result"
    kind = Kind.TEST

    def _read(self) -> TestResult:
        if self._value("pathogen", "result") is None:
            raise DecodeError(Reason.CONTENT_INVALID, "a test names no pathogen and no result")
        text = self._text("date")
        sampled_at = None
        if text is not None and len(text) > _DAY_LENGTH:
            try:
                sampled_at = parse_datetime(text)
            except DecodeError:
                self._deviations.append("date")
        sampled_on = None if sampled_at is not None else day(text)
        result = self._coding("result", system="snomed")
        if sampled_at is None and sampled_on is None:
            self._deviations.append("date")
        if result is None:
            self._deviations.append("result")
        return TestResult(
            target=self._target("pathogen"),
            date=sampled_on,
            valid_from=self._day("validfrom", "start"),
            valid_until=self._day("validuntil", "end"),
            country=self._country(),
            centre=self._text("centre"),
            authority=self._text("pha", "issuer"),
            test_method=self._coding("type", system="loinc"),
            test_result=result,
            sampled_at=sampled_at,
            product=self._coding("brand") or coding("name", self._text("manufacturer")),
        )


def read_legacy(claims: Mapping[Any, Any]) -> _CoreDataSet:
    """Return the core data set that is the whole payload. Raises: DecodeError (`content.invalid`): there is none."""
    names = {_plain(name) for name in claims if type(name) is str}
    if "name" not in names or not names & {"vaccine", "brand", "disease", "vaccination", "test", "pathogen", "result"}:
        raise DecodeError(Reason.CONTENT_INVALID, "there is no claim -260, and no core data set in its place")
    found = DdccTest(claims) if names & {"test", "pathogen", "result"} else DdccVaccination(claims)
    found.variant = f"{found.variant}, old form without claim -260"
    return found


@lru_cache(maxsize=64)
def _system(address: str) -> str:
    """Return the code system that an address names; `other` where it is none of those that have a table."""
    address = address.lower()
    return next((system for part, system in _SYSTEMS if part in address), "other")


@lru_cache(maxsize=256)
def _plain(name: str) -> str:
    """Return the name of a member as all its spellings have it."""
    return name.replace("_", "").lower()
