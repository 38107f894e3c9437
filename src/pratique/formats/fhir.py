"""A FHIR R4 bundle in the common model: vaccinations, tests and exemptions of exactly one patient.

What is no such bundle is refused, and so is a fact about somebody else than its patient. The rest of the reading is
total: a member that is not in its form becomes None, and `deviations` names those that a person should look at.

Source: HL7 FHIR R4 (4.0.1); SMART Health Cards: Vaccination and Testing (HL7).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pratique.errors import DecodeError
from pratique.formats.fhir_facts import FORMS, Resource, clean, codings, is_date, kind_of, partial_date, texts
from pratique.model import Evidence, Holder, Kind
from pratique.model.codes import counts_for_life
from pratique.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX_ENTRIES: Final = 256  # resources in one bundle; the largest published card has 55
MAX_FACTS: Final = 256  # a vaccine against several diseases is a fact for each

_SEXES: Final = {"male": "M", "female": "F"}


class Bundle:
    """A bundle with exactly one patient, and its facts; the facts are put into the model when they are asked for.

    Attributes:
        kinds: kind and disease agent of every fact; a vaccine against several diseases is a fact for each.
        held_to_facts: whether a fact counts from or until a day: yellow fever, by international rules, and exemptions.
        shows_identity: whether there are a name and a birth date.
        deviations: the members that depart from the profile, without their values.
    Raises: DecodeError (`content.invalid`): no bundle, more than `MAX_ENTRIES` resources, not exactly one patient, or a
        fact about another.
    """

    __slots__ = ("_facts", "_patient", "deviations", "held_to_facts", "kinds", "shows_identity")

    def __init__(self, bundle: Any) -> None:
        entries = _entries(bundle)
        patients = [entry for entry in entries if entry["resource"].get("resourceType") == "Patient"]
        if len(patients) != 1:
            raise _refuse(f"{len(patients)} patients in the bundle, one belongs")
        url, patient = patients[0].get("fullUrl"), patients[0]["resource"]
        if type(url) is not str or sum(entry.get("fullUrl") == url for entry in entries) != 1:
            raise _refuse("the patient has no address of its own in the bundle")
        departs = ["modifierExtension"] if "modifierExtension" in patient else []
        self._patient: Final[Resource] = patient
        self._facts: Final = list(_facts(entries, url, departs))
        if len(self._facts) > MAX_FACTS:
            raise _refuse(f"more than {MAX_FACTS} facts in the bundle")
        names, born = bool(_name(patient)), is_date(patient.get("birthDate"))
        if not names:
            departs.append("name")
        if not born:
            departs.append("birthDate")
        self.shows_identity: Final = names and born
        self.kinds: Final = tuple([(kind, target) for kind, _, target in self._facts])
        self.held_to_facts: Final = any(
            kind is Kind.EXEMPTION or (kind is Kind.VACCINATION and target is not None and counts_for_life(target))
            for kind, target in self.kinds
        )
        self.deviations: Final = tuple(dict.fromkeys(departs))

    def evidence(self) -> tuple[Evidence, ...]:
        """Return the facts, in the order of the bundle."""
        return tuple([FORMS[kind].read(resource, target) for kind, resource, target in self._facts])

    def holder(self) -> Holder:
        """Return the patient; the name is that of a register, transliterated here where Doc 9303 has its letters."""
        name = _name(self._patient)
        family, given = clean(name.get("family")), texts(name.get("given"))
        written = " ".join(filter(None, (*given, family, *texts(name.get("suffix")))))
        gender = self._patient.get("gender")
        return Holder(
            name=_transliterated(family, given),
            name_native=clean(written) or clean(name.get("text")),
            birth_date=partial_date(self._patient.get("birthDate")),
            sex=_SEXES.get(gender) if type(gender) is str else None,
        )

    def number(self) -> str | None:
        """Return nothing: cards have no number."""
        return None


def _entries(bundle: Any) -> list[dict[str, Any]]:
    """Return the entries of a bundle, each of which has a resource. Raises: DecodeError."""
    entries = bundle.get("entry") if type(bundle) is dict and bundle.get("resourceType") == "Bundle" else None
    if type(entries) is not list or len(entries) > MAX_ENTRIES:
        raise _refuse(f"there is no bundle of at most {MAX_ENTRIES} entries")
    if any(type(entry) is not dict or type(entry.get("resource")) is not dict for entry in entries):
        raise _refuse("an entry of the bundle has no resource")
    return entries


def _facts(entries: list[dict[str, Any]], url: str, departs: list[str]) -> Iterator[tuple[Kind, Resource, str | None]]:
    """Yield the facts with kind and disease; name the members that depart from the profile. Raises: DecodeError."""
    for entry in entries:
        resource = entry["resource"]
        kind = kind_of(resource)
        if kind is None:
            continue
        form = FORMS[kind]
        _check_subject(resource, form.subject, url, departs)
        if "modifierExtension" in resource:  # it may turn the meaning of the whole into something else
            departs.append("modifierExtension")
        stated = codings(resource.get(form.code))
        if form.coded and not stated:
            departs.append(form.code)
        departs += form.departures(resource)
        for target in form.targets(stated) or (None,):
            yield kind, resource, target


def _check_subject(resource: Resource, member: str, url: str, departs: list[str]) -> None:
    """Check that a fact is about the patient; one that does not say so may be another's. Raises: DecodeError."""
    subject = resource.get(member)
    if subject is None:
        departs.append(member)
    elif type(subject) is not dict or subject.get("reference") != url:
        raise _refuse(f"the {member} of a fact is not the patient in the bundle")


def _name(patient: Resource) -> Mapping[str, Any]:
    """Return the first name in which something stands that can be compared; nothing where there is none."""
    names = patient.get("name")
    for name in names if type(names) is list else ():
        if type(name) is dict and (clean(name.get("family")) or clean(name.get("text")) or texts(name.get("given"))):
            return name
    return {}


def _transliterated(family: str | None, given: tuple[str, ...]) -> str | None:
    """Return `FAMILY<<GIVEN<NAMES`; None without a family name, or in a script that Doc 9303 has no table for."""
    from pratique.names import icao_name  # noqa: PLC0415 - a verdict without a document needs no tables

    try:
        return clean(icao_name(family, " ".join(given))) if family is not None else None
    except DecodeError:
        return None


def _refuse(what: str) -> DecodeError:
    return DecodeError(Reason.CONTENT_INVALID, what)
