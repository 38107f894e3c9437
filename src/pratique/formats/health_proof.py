"""The messages of ICAO health seals in the common model: proof of vaccination and proof of test.

What is no such message at all is refused. The rest of the reading is total, as for every foreign format: a member that
is not in its form becomes None, and `deviations` names those that a person should look at.

Source: ICAO TR "VDS-NC for travel-related public health proofs" 1.1, and the seals that states published.
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from pratique.errors import DecodeError
from pratique.model import Dose, Evidence, Holder, Kind, TestResult, Vaccination
from pratique.model.codes import Coding, state_alpha3, target_of_icd11, target_of_vaccine
from pratique.model.dates import PartialDate, parse_datetime
from pratique.names import icao_name
from pratique.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

MAX_TEXT: Final = 255  # characters of one value; the report has 39 at most
MAX_DOSE: Final = 99
MAX_ENTRIES: Final = 32  # vaccines in one seal, and doses of each; what a QR code holds is less
COVID_19: Final = "RA01"
"""What a proof of test is about: the report is about COVID-19, and has no member for another disease."""

_NUMBER = re.compile(r"[A-Za-z0-9]").search
_DAY = re.compile(r"(?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}").fullmatch
_COUNTRY = re.compile(r"[A-Z]{1,3}").fullmatch
_SEXES: Final = frozenset("FMX")
_TRAVEL_DOCUMENTS: Final = frozenset({"P", "A", "C", "I"})  # passport and cards; not visa, crew or driving licence
_METHODS: Final[Mapping[str, Coding]] = {
    "molecular(PCR)": Coding("loinc", "LP6464-4"),
    "molecular(other)": Coding("loinc", "LP6464-4"),
    "antigen": Coding("loinc", "LP217198-3"),
}
_RESULTS: Final[Mapping[str, Coding]] = {
    "normal": Coding("snomed", "260415000"),
    "negative": Coding("snomed", "260415000"),
    "abnormal": Coding("snomed", "260373001"),
    "positive": Coding("snomed", "260373001"),
}


class _Proof:
    """What both messages have: the person, and the number of the certificate."""

    number_member: str
    document_member: str

    __slots__ = ("_birth_date", "_document", "_message", "_name", "_person")

    def __init__(self, message: Mapping[str, Any]) -> None:
        person = message.get("pid")
        if type(person) is not dict:
            raise DecodeError(Reason.CONTENT_INVALID, "pid is missing or no object")
        self._message = message
        self._person: Mapping[str, Any] = person
        self._name = _text(person, "n")
        self._birth_date = _date(person, "dob")
        self._document = _text(person, self.document_member)

    def number(self) -> str | None:
        """Return the certificate's identifier (UVCI or UTCI) as it stands."""
        return _text(self._message, self.number_member)

    def document_number(self) -> str | None:
        """Return the number of the travel document that the seal was issued for; None where it names none."""
        number = self._document
        return number if number is not None and _NUMBER(number) else None

    def shows_identity(self) -> bool:
        """Return whether there are a name and a birth date, so that a person can be compared with them."""
        return self._name is not None and self._birth_date is not None

    def holder(self) -> Holder:
        """Return the person; `name` where two spaces tell the surname from the given names, else as it stands."""
        name = _zone_name(self._name)
        sex = _text(self._person, "sex")
        return Holder(
            name=name,
            name_native=self._name if name is None else None,
            birth_date=self._birth_date,
            sex=sex if sex in _SEXES else None,
            document_number=self.document_number(),
            national_id=_text(self._person, "ai"),
        )

    def _personal_deviations(self) -> list[str]:
        person = self._person
        found = [] if self.number() is not None else [self.number_member]
        if self._name is None:
            found.append("pid.n")
        if self._birth_date is None and ("dob" in person or self.document_number() is None):
            found.append("pid.dob")
        if self._document is None and self.document_member in person:
            found.append(f"pid.{self.document_member}")
        return found


class VaccinationProof(_Proof):
    """A proof of vaccination: vaccines, and the doses of each.

    Raises: DecodeError (`content.invalid`): there are no vaccines, or one without doses.
    """

    number_member, document_member = "uvci", "i"

    __slots__ = ("_doses",)

    def __init__(self, message: Mapping[str, Any]) -> None:
        super().__init__(message)
        self._doses = [(vaccine, dose) for vaccine in _objects(message, "ve") for dose in _objects(vaccine, "vd")]

    def kinds(self) -> tuple[tuple[Kind, str | None], ...]:
        """Return kind and disease agent of the vaccines, each once, however many doses there were."""
        return tuple(dict.fromkeys((Kind.VACCINATION, _target(vaccine)) for vaccine, _ in self._doses))

    def evidence(self) -> tuple[Evidence, ...]:
        """Return the doses, in the order of the seal."""
        return tuple(
            Vaccination(
                target=_target(vaccine),
                date=_date(dose, "dvc"),
                country=_country(dose),
                centre=_text(dose, "adm"),
                product=_coding("name", _text(vaccine, "nam")),
                vaccine=_coding("icd11-vaccine", _text(vaccine, "des")),
                dose=None if (number := _dose(dose)) is None else Dose(number),
                batch=_text(dose, "lot"),
            )
            for vaccine, dose in self._doses
        )

    def deviations(self) -> tuple[str, ...]:
        """Return where it departs from the report in a way that a person should see: names of members, no values."""
        found = self._personal_deviations()
        for vaccine, dose in self._doses:
            code, disease = _text(vaccine, "des"), _text(vaccine, "dis")
            if code is None:
                found.append("ve.des")
            if disease is not None and _agents(disease, code)[1] not in (None, _agents(disease, code)[0]):
                found.append("ve.dis")
            if not _is_day(_text(dose, "dvc")):
                found.append("vd.dvc")
            if _dose(dose) is None:
                found.append("vd.seq")
            if _country(dose) is None:
                found.append("vd.ctr")
        return tuple(dict.fromkeys(found))


class TestProof(_Proof):
    """A proof of test. Raises: DecodeError (`content.invalid`): there is no result or no time."""

    __test__ = False  # its name looks like a test case to pytest
    number_member, document_member = "utci", "dn"

    __slots__ = ("_place", "_result", "_times")

    def __init__(self, message: Mapping[str, Any]) -> None:
        super().__init__(message)
        parts = [message.get(name) for name in ("tr", "dat", "sp")]
        result, times, place = parts
        if type(result) is not dict or type(times) is not dict:
            raise DecodeError(Reason.CONTENT_INVALID, "tr or dat is missing or no object")
        self._result, self._times = result, times
        self._place: Mapping[str, Any] = place if type(place) is dict else {}

    def document_number(self) -> str | None:
        """Return the number of the document that the seal was issued for, if it is one to travel with."""
        return super().document_number() if _text(self._person, "dt") in _TRAVEL_DOCUMENTS else None

    def kinds(self) -> tuple[tuple[Kind, str | None], ...]:
        """Return kind and disease agent; the latter is implied by the report."""
        return ((Kind.TEST, COVID_19),)

    def evidence(self) -> tuple[Evidence, ...]:
        """Return the test. A result is put into the code of other formats where it says the same: not of antibodies."""
        method, result = _text(self._result, "tc"), _text(self._result, "r")
        known = _METHODS.get(method or "")
        return (
            TestResult(
                target=COVID_19,
                country=_country(self._place),
                centre=_text(self._place, "spn"),
                test_method=known or _coding("name", method),
                test_result=(None if known is None else _RESULTS.get(result or "")) or _coding("name", result),
                sampled_at=_moment(self._times, "sc"),
                test_name=", ".join(filter(None, (method, _text(self._result, "m")))) or None,
            ),
        )

    def deviations(self) -> tuple[str, ...]:
        """Return where it departs from the report in a way that a person should see: names of members, no values."""
        found = self._personal_deviations()
        absent = (
            ("dat.sc", _moment(self._times, "sc")),
            ("tr.tc", _text(self._result, "tc")),
            ("tr.r", _RESULTS.get(_text(self._result, "r") or "")),
            ("sp.ctr", _country(self._place)),
        )
        return (*found, *(name for name, value in absent if value is None))


PROOFS: Final[Mapping[str, Callable[[Mapping[str, Any]], VaccinationProof | TestProof]]] = {
    "icao.vacc": VaccinationProof,
    "icao.test": TestProof,
}


def _objects(value: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    found = value.get(name)
    if type(found) is not list or not 0 < len(found) <= MAX_ENTRIES or any(type(each) is not dict for each in found):
        raise DecodeError(Reason.CONTENT_INVALID, f"{name} is not an array of 1 to {MAX_ENTRIES} objects")
    return found


def _text(value: Mapping[str, Any], name: str) -> str | None:
    """Return a text without the spaces around it; None where there is none, or one that is out of all proportion."""
    found = value.get(name)
    return found.strip() or None if type(found) is str and len(found) <= MAX_TEXT else None


def _date(value: Mapping[str, Any], name: str) -> PartialDate | None:
    text = _text(value, name)
    try:
        return None if text is None else PartialDate.parse(text)
    except DecodeError:
        return None


def _is_day(text: str | None) -> bool:
    """Return whether a text is a whole date of the calendar that the model takes."""
    if text is None or not _DAY(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _moment(value: Mapping[str, Any], name: str) -> datetime | None:
    text = _text(value, name)
    try:
        return None if text is None else parse_datetime(text)
    except DecodeError:
        return None


def _dose(dose: Mapping[str, Any]) -> int | None:
    """Return the number of a dose, which some write as text."""
    number = dose.get("seq")
    if type(number) is str and len(number) <= len(str(MAX_DOSE)) and number.isascii() and number.isdigit():
        number = int(number)
    return number if type(number) is int and 1 <= number <= MAX_DOSE else None


def _country(value: Mapping[str, Any]) -> str | None:
    code = _text(value, "ctr")
    return None if code is None or not _COUNTRY(code) else state_alpha3(code)


def _coding(system: str, code: str | None) -> Coding | None:
    return None if code is None else Coding(system, code)


def _target(vaccine: Mapping[str, Any]) -> str | None:
    """Return the disease agent: the one that is stated, else the one that the vaccine's code is for."""
    disease, code = _text(vaccine, "dis"), _text(vaccine, "des")
    stated, implied = _agents(disease, code)
    return implied if disease is None else stated


@lru_cache(maxsize=256)
def _agents(disease: str | None, code: str | None) -> tuple[str | None, str | None]:
    """Return the disease agents that a disease and a vaccine's code stand for, each None where it is not known."""
    return target_of_icd11(disease or ""), target_of_vaccine(code or "")


def _zone_name(stated: str | None) -> str | None:
    surname, spaces, given = (stated or "").partition("  ")
    if not spaces:
        return None
    try:
        return icao_name(surname, given)
    except DecodeError:
        return None
