"""The FHIR resources that are facts: which count, about which disease, in which form, and what they say.

An immunization counts when it was completed and was not too weak, an observation when it is final, a condition when it
is an exemption from vaccination and nobody took it back. What was not done or was entered in error is no fact.

Source: HL7 FHIR R4 (4.0.1), Immunization, Observation, Condition; SMART Health Cards: Vaccination and Testing (HL7).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from pratique.errors import DecodeError
from pratique.formats.icvp import counting
from pratique.model import Evidence, Exemption, Kind, PartialDate, TestResult, Vaccination, codes
from pratique.model.codes import Coding
from pratique.model.dates import parse_datetime

if TYPE_CHECKING:
    from datetime import datetime

Resource: TypeAlias = Mapping[str, Any]

MAX_TEXT: Final = 255  # characters of one value, as everywhere in the model
MAX_CODINGS: Final = 16  # codes of one thing, each from another system
EXEMPTION: Final = "vaccine-exemption"

SYSTEMS: Final[Mapping[str, str]] = {
    "http://hl7.org/fhir/sid/cvx": "cvx",
    "http://snomed.info/sct": "snomed",
    "http://loinc.org": "loinc",
    "http://id.who.int/icd11/mms": "icd11-vaccine",
    "http://id.who.int/icd/release/11/mms": "icd11-vaccine",
    "https://www.gs1.org/gtin": "gtin",
    "https://www.humanservices.gov.au/organisations/health-professionals/enablers/air-vaccine-code-formats": "air",
}
"""The systems of codes that cards use, under the names that the model has for them."""

_MVX = "http://hl7.org/fhir/sid/mvx"
_COUNTING: Final = frozenset({"final", "amended", "corrected"})
_TAKEN_BACK: Final = frozenset({"entered-in-error", "refuted"})
_DATE = re.compile(r"(19|20)[0-9]{2}(-[0-9]{2}){0,2}\Z").match
_TIME = re.compile(
    r"(19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})\Z"
).match
_CODE = re.compile(r"[!-{}~]{1,80}\Z").match


def kind_of(resource: Resource) -> Kind | None:
    """Return the kind of fact that a resource is, None for one that is none or does not count."""
    match resource.get("resourceType"):
        case "Immunization":
            counts = resource.get("status") == "completed" and resource.get("isSubpotent", False) is False
            return Kind.VACCINATION if counts else None
        case "Observation":
            status = resource.get("status")
            return Kind.TEST if type(status) is str and status in _COUNTING else None
        case "Condition":
            return Kind.EXEMPTION if _is_exemption(resource) else None
    return None


class Form(NamedTuple):
    """How a kind of fact is read.

    `subject` and `code` are the members that say whom and what it is about, `coded` is whether it must have a code.
    `targets` gives the diseases of its codes, `departures` the members that are not in their form, `read` what it says
    of one disease, and is total.
    """

    subject: str
    code: str
    targets: Callable[[list[Coding]], tuple[str, ...]]
    departures: Callable[[Resource], Iterator[str]]
    read: Callable[[Resource, str | None], Evidence]
    coded: bool = True


def is_date(value: Any) -> bool:
    """Return whether a value is in the form of a FHIR date: a day, a month or a year."""
    return type(value) is str and _DATE(value) is not None


def partial_date(value: Any) -> PartialDate | None:
    """Return the day of a date or date-time as it is written, in whatever zone; None where it is none."""
    if type(value) is not str or not (_DATE(value) or _TIME(value)):
        return None
    try:
        return PartialDate.parse(value.partition("T")[0])
    except DecodeError:
        return None


def clean(value: Any) -> str | None:
    """Return a text without white space around it; None for an empty one, one too long, and anything else."""
    return (value.strip() or None) if type(value) is str and len(value) <= MAX_TEXT else None


def texts(values: Any) -> tuple[str, ...]:
    """Return the texts of an array, as `clean` has them."""
    return tuple(text for value in values if (text := clean(value))) if type(values) is list else ()


def codings(concept: Any) -> list[Coding]:
    """Return the codes of a concept whose system is known, in their order."""
    entries = concept.get("coding") if type(concept) is dict else None
    found = []
    for entry in entries[:MAX_CODINGS] if type(entries) is list else ():
        if type(entry) is dict:
            system, code = entry.get("system"), entry.get("code")
            if type(system) is str and type(code) is str and system in SYSTEMS and _CODE(code):
                found.append(Coding(SYSTEMS[system], code))
    return found


def _is_moment(value: Any) -> bool:
    return type(value) is str and (_DATE(value) is not None or _TIME(value) is not None)


def _moment(value: Any) -> datetime | None:
    """Return the moment that a date-time names; a date alone, whose zone is not known, names none."""
    if type(value) is not str or not _TIME(value):
        return None
    try:
        return parse_datetime(value)
    except DecodeError:
        return None


def _shown(resource: Resource, *path: str) -> str | None:
    """Return the `display` of the first performer, below a path of members."""
    performers = resource.get("performer")
    value = performers[0] if type(performers) is list and performers else None
    for name in (*path, "display"):
        value = value.get(name) if type(value) is dict else None
    return clean(value)


# Immunization


def _vaccine_targets(vaccine: list[Coding]) -> tuple[str, ...]:
    """Return the diseases of the first code that a table knows; two codes of one dose name the same vaccine."""
    return next(filter(None, map(codes.vaccine_targets, vaccine)), ())


def _vaccination_departures(resource: Resource) -> Iterator[str]:
    if not _is_moment(resource.get("occurrenceDateTime")):
        yield "occurrenceDateTime"


def _vaccination(resource: Resource, target: str | None) -> Vaccination:
    stated = codings(resource.get("vaccineCode"))
    known = next((coding for coding in stated if codes.is_known(coding)), next(iter(stated), None))
    given = partial_date(resource.get("occurrenceDateTime"))
    fixed = target is not None and codes.counts_for_life(target)
    valid_from, _, lifelong = counting(target, given, None, None) if fixed else (None, None, None)
    return Vaccination(
        target=target,
        date=given,
        valid_from=valid_from,
        lifelong=lifelong,
        product=known,
        manufacturer=_manufacturer(resource.get("manufacturer")),
        batch=clean(resource.get("lotNumber")),
        centre=_shown(resource, "actor"),
    )


def _manufacturer(value: Any) -> Coding | None:
    identifier = value.get("identifier") if type(value) is dict else None
    if type(identifier) is not dict or identifier.get("system") != _MVX:
        return None
    code = identifier.get("value")
    return Coding("mvx", code) if type(code) is str and _CODE(code) else None


# Observation


def _test_targets(test: list[Coding]) -> tuple[str, ...]:
    return tuple(filter(None, map(codes.test_target, test)))[:1]


def _sampled(resource: Resource) -> Any:
    period = resource.get("effectivePeriod")
    return resource.get("effectiveDateTime", period.get("start") if type(period) is dict else None)


def _test_departures(resource: Resource) -> Iterator[str]:
    if not _is_moment(_sampled(resource)):
        yield "effectiveDateTime"


def _test(resource: Resource, target: str | None) -> TestResult:
    stated = codings(resource.get("code"))
    known = next((coding for coding in stated if codes.test_target(coding)), next(iter(stated), None))
    result = next(iter(codings(resource.get("valueCodeableConcept"))), None)
    sampled = _sampled(resource)
    moment = _moment(sampled)
    return TestResult(
        target=target,
        date=partial_date(sampled) if moment is None else None,
        sampled_at=moment,
        test_method=None if known is None else codes.test_method(known),
        test_name=None if known is None else clean(f"{known.display} ({known.system} {known.code})"),
        test_result=None if result is None else codes.common_result(result),
        centre=_shown(resource),
    )


# Condition


def _is_exemption(resource: Resource) -> bool:
    categories = resource.get("category")
    if type(categories) is not list or not any(EXEMPTION in _raw_codes(each) for each in categories):
        return False
    return _TAKEN_BACK.isdisjoint(_raw_codes(resource.get("verificationStatus")))


def _raw_codes(concept: Any) -> set[str]:
    """Return the codes of a concept, of whatever system."""
    entries = concept.get("coding") if type(concept) is dict else None
    found = (entry.get("code") for entry in entries if type(entry) is dict) if type(entries) is list else ()
    return {code for code in found if type(code) is str}


def _exemption_departures(resource: Resource) -> Iterator[str]:
    for name in ("recordedDate", "abatementDateTime"):
        if name in resource and not _is_moment(resource[name]):
            yield name


def _exemption(resource: Resource, target: str | None) -> Exemption:
    return Exemption(
        target=target,
        date=partial_date(resource.get("recordedDate")),
        valid_until=partial_date(resource.get("abatementDateTime")),
    )


FORMS: Final[Mapping[Kind, Form]] = {
    Kind.VACCINATION: Form("patient", "vaccineCode", _vaccine_targets, _vaccination_departures, _vaccination),
    Kind.TEST: Form("subject", "code", _test_targets, _test_departures, _test),
    Kind.EXEMPTION: Form("subject", "code", _vaccine_targets, _exemption_departures, _exemption, coded=False),
}
