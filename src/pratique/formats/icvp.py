"""The digital yellow card: WHO's International Certificate of Vaccination or Prophylaxis, in the forms in circulation.

    form    doses               nationality   document, its type
    1       v: one map          ntl           nid             test codes of 2024; names disease and vaccine by code
    2       v: array of maps    ntl           nid, ndt        2025; names the product of WHO's catalogue
    3       vx: one map         nt            id, dt          draft of 2026; v is the version of the template

Disease and manufacturer follow from the product, which must be on the bundled list of WHO: else the card is not valid
(International Health Regulations, Annex 6, paragraph 3). From when and until when a dose counts follows from disease
and date, not from the times of the envelope: yellow fever from day 10 for life (Annex 7), whatever a card states.
What is no yellow card is refused; a member that is not in its form becomes None, and `deviations` names it.

Source: WHO SMART Trust PHW, logical models DVCMin and DVCMinVaccineDetails; WHO SMART ICVP 0.1 to 0.3.
"""

from __future__ import annotations

import re
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from pratique.errors import DecodeError
from pratique.formats.members import coding, day, is_day, nationality, sex, texts
from pratique.model import Coding, Dose, Evidence, Holder, Kind, PartialDate, Vaccination
from pratique.model.codes import (
    Product,
    counts_for_life,
    days_until_valid,
    is_known_target,
    product,
    target_of_snomed,
    target_of_vaccine,
)
from pratique.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

MAX_DOSES: Final = 16
TEMPLATES: Final = frozenset({"0.1.0"})
"""Versions of the template of form 3; a person looks at a card of any other."""

_VARIANTS: Final = (
    "digital yellow card (ICVP), first form, test codes of 2024",
    "digital yellow card (ICVP), second form of 2025",
    "digital yellow card (ICVP), third form, draft of 2026",
)
_FIRST, _SECOND, _THIRD = range(3)
_NATIONALITY: Final = ("ntl", "ntl", "nt")
_DOCUMENT: Final = ("nid", "nid", "id")
_DOCUMENT_TYPE: Final = ("", "ndt", "dt")
_PASSPORT: Final = "PPN"  # HL7 v2, table 0203
_OF_THE_LISTED: Final = ("1D47", "1C81")  # what the list is for; a vaccine against six diseases stands for the second
_CATALOGUE_ID = re.compile(r"[A-Za-z0-9]{1,200}Product[0-9a-f]{32}\Z").match
_DOCUMENT_NUMBER = re.compile(r"[0-9A-Z]{1,24}\Z").match
_MAX_DOSE: Final = 99


class Icvp:
    """A yellow card: the doses in it and the person.

    Args:
        content: the map as it was signed.
        issued_at: when the card was issued, None where it does not say; no dose was given later.
    Raises: DecodeError (`content.invalid`): there is no dose, or a product that is not on WHO's list.
    """

    held_to_facts: Final = True

    def __init__(self, content: Mapping[Any, Any], *, issued_at: datetime | None = None) -> None:
        form, doses = _doses(content)
        self._texts = texts(content)
        self._form = form
        self.variant: Final = _VARIANTS[form]
        self._deviations = self._person_deviations(content)
        self._evidence = tuple([self._vaccination(dose, issued_at) for dose in doses])

    def kinds(self) -> tuple[tuple[Kind, str | None], ...]:
        """Return the kind and the disease of every dose."""
        return tuple([(fact.kind, fact.target) for fact in self._evidence])

    def deviations(self) -> tuple[str, ...]:
        """Return the members that are missing or not in their form: names, no values."""
        return tuple(dict.fromkeys(self._deviations))

    def shows_identity(self) -> bool:
        """Return whether there are a name and a birth date."""
        return "n" in self._texts and "dob" in self._texts

    def evidence(self) -> tuple[Evidence, ...]:
        """Return the doses."""
        return self._evidence

    def holder(self) -> Holder:
        """Return the person; the name is as the card has it, in one text."""
        known, form = self._texts, self._form
        name, number = known.get("n"), known.get(_DOCUMENT[form])
        is_passport = known.get(_DOCUMENT_TYPE[form], "").upper() == _PASSPORT
        document = number.upper().replace(" ", "").replace("-", "") if number is not None and is_passport else None
        if document is not None and not _DOCUMENT_NUMBER(document):
            document = None
        return Holder(
            name=name if name is not None and "<<" in name else None,
            name_native=name if name is not None and "<<" not in name else None,
            birth_date=day(known.get("dob")),
            sex=sex(known.get("s")),
            nationality=nationality(known.get(_NATIONALITY[form])),
            document_number=document,
            national_id=None if is_passport else number,
            guardian=known.get("gn"),
        )

    def number(self) -> None:
        """Return None: a yellow card has no number of its own."""

    def _person_deviations(self, content: Mapping[Any, Any]) -> list[str]:
        known, form = self._texts, self._form
        found = [] if "n" in known else ["n"]
        if not is_day(known.get("dob")):
            found.append("dob")
        for name, read in (("s", sex), (_NATIONALITY[form], nationality)):
            if (name in content or form == _THIRD) and read(known.get(name)) is None:
                found.append(name)
        if form == _THIRD and known.get("v") not in TEMPLATES:
            found.append("v")
        return found

    def _vaccination(self, dose: Mapping[Any, Any], issued_at: datetime | None) -> Vaccination:
        known, form = texts(dose), self._form
        listed, target = self._product(known)
        name = "dv" if form == _THIRD and "dv" in dose else "dt"
        given = day(known.get(name))
        if given is None or (issued_at is not None and given.earliest - issued_at.date() > timedelta(days=1)):
            self._deviations.append(name)  # a day more, because the calendar of the clinic may be ahead of UTC
        if "cn" not in known and "is" not in known:
            self._deviations += ("cn", "is")
        if form != _FIRST and "bo" not in known:
            self._deviations.append("bo")
        valid_from, valid_until, lifelong = counting(target, given, self._day(dose, "vls"), self._day(dose, "vle"))
        code = known.get("vp")
        return Vaccination(
            target=target,
            date=given,
            valid_from=valid_from,
            valid_until=valid_until,
            lifelong=lifelong,
            practitioner=known.get("cn"),
            authority=known.get("is"),
            product=coding("who-pq", code) if listed else coding("name", known.get("mp")),
            vaccine=None if listed else coding("snomed" if (code or "").isdigit() else "icd11-vaccine", code),
            manufacturer=coding("name", listed.manufacturer if listed else known.get("ma")),
            dose=_dose(dose.get("dn")),
            batch=known.get("bo"),
        )

    def _product(self, known: Mapping[Any, str]) -> tuple[Product | None, str | None]:
        """Return the product and the disease. Raises: DecodeError: the product is not on WHO's list."""
        if self._form == _FIRST:  # it names a kind of vaccine, which says of no product that WHO prequalified it
            code = known.get("tg", "").upper()
            target = code if is_known_target(code) else target_of_snomed(code)
            of_vaccine = target_of_vaccine(known.get("vp", "").upper())
            agrees = target is not None and of_vaccine in (None, target)
            self._deviations += ("vp",) if agrees else ("vp", "tg")
            return None, target
        found = _listed(known.get("vp", ""))
        if found is None:
            raise DecodeError(Reason.CONTENT_INVALID, "the product is not on the list of those that WHO prequalified")
        return found

    def _day(self, dose: Mapping[Any, Any], name: str) -> PartialDate | None:
        """Return a day that may be stated; what is stated and is no day is a deviation."""
        value = dose.get(name) if self._form != _THIRD else None
        found = day(value.strip()) if type(value) is str else None
        if found is None and value not in (None, ""):
            self._deviations.append(name)
        return found


def counting(
    target: str | None, given: PartialDate | None, stated_from: PartialDate | None, stated_until: PartialDate | None
) -> tuple[PartialDate | None, PartialDate | None, bool | None]:
    """Return from when and until when a dose counts, both inside, and whether for life.

    By the International Health Regulations where they fix it (Annex 7: yellow fever), whatever was stated; else as
    stated, and from the day it was given.
    """
    if target is None or not counts_for_life(target):
        return stated_from or given, stated_until, None
    if given is None or not given.is_complete:
        return None, None, None
    try:
        begins = PartialDate.from_date(given.earliest + timedelta(days=days_until_valid(target)))
    except (ValueError, OverflowError):  # after 2099
        begins = given
    return begins, None, True


@lru_cache(maxsize=128)
def _listed(code: str) -> tuple[Product, str] | None:
    """Return a product on WHO's list and the disease that it is on the list for; None for any other."""
    found = product(Coding("who-pq", code))
    if found is None:
        return None
    return found, next((target for target in _OF_THE_LISTED if target in found.targets), found.targets[0])


def _doses(content: Mapping[Any, Any]) -> tuple[int, list[Mapping[Any, Any]]]:
    """Return the form of a card and its doses."""
    version = content.get("v")
    if type(content.get("vx")) is dict:
        return _THIRD, [content["vx"]]
    if type(version) is dict:
        code = version.get("vp")
        is_second = type(code) is str and bool(_CATALOGUE_ID(code.strip())) and not version.keys() & {"tg", "dn"}
        return _SECOND if is_second else _FIRST, [version]
    if type(version) is not list or not 0 < len(version) <= MAX_DOSES or {type(dose) for dose in version} != {dict}:
        raise DecodeError(Reason.CONTENT_INVALID, f"a yellow card has 1 to {MAX_DOSES} doses in v, or one in vx")
    return _SECOND, version


def _dose(value: Any) -> Dose | None:
    """Return the number of a dose, which is a code in digits or a number."""
    if type(value) is str and value.strip().isascii() and value.strip().isdecimal() and len(value) <= 4:  # noqa: PLR2004 - padded
        value = int(value)
    return Dose(value) if type(value) is int and 0 < value <= _MAX_DOSE else None
