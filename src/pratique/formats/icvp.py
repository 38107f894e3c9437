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
from datetime import date as Date  # noqa: N812 - members are called so too
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pratique.errors import DecodeError
from pratique.formats.members import coding, day, full_day, nationality, sex, text, texts
from pratique.model import Coding, Dose, Evidence, Holder, Kind, PartialDate, Span, Vaccination
from pratique.model.codes import (
    Product,
    counts_for_life,
    days_until_valid,
    is_known_target,
    product,
    target_of_snomed,
    target_of_vaccine,
)
from pratique.model.dates import LAST_YEAR
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
_A_DAY: Final = timedelta(days=1)


class Icvp:
    """A yellow card: the doses in it and the person.

    Args:
        content: the map as it was signed.
        issued_at: when the card was issued, None where it does not say; no dose was given later.
    Raises: DecodeError (`content.invalid`): there is no dose, or a product that is not on WHO's list.
    """

    __slots__ = ("_content", "_deviations", "_doses", "_form", "_shows_identity", "variant")

    held_to_facts: Final = True

    def __init__(self, content: Mapping[Any, Any], *, issued_at: datetime | None = None) -> None:
        self._form, doses = _doses(content)
        self.variant: Final = _VARIANTS[self._form]
        self._content = content
        self._deviations = self._of_the_person()
        self._doses = tuple([self._given(dose, issued_at) for dose in doses])

    def kinds(self) -> tuple[tuple[Kind, str | None], ...]:
        """Return the kind and the disease of every dose."""
        return tuple([(Kind.VACCINATION, dose.target) for dose in self._doses])

    def deviations(self) -> tuple[str, ...]:
        """Return the members that are missing or not in their form: names, no values."""
        return tuple(dict.fromkeys(self._deviations)) if self._deviations else ()

    def shows_identity(self) -> bool:
        """Return whether there are a name and a birth date."""
        return self._shows_identity

    def evidence(self) -> tuple[Evidence, ...]:
        """Return the doses."""
        return tuple(map(self._vaccination, self._doses))

    def spans(self) -> tuple[Span, ...]:
        """Return from when until when every dose counts."""
        return tuple(map(self._span, self._doses))

    def holder(self) -> Holder:
        """Return the person; the name is as the card has it, in one text."""
        known, form = texts(self._content), self._form
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

    def _of_the_person(self) -> list[str]:
        """Return the deviations about the person, and that of the template."""
        content, form = self._content, self._form
        name, birth_date = text(content, "n"), text(content, "dob")
        self._shows_identity = name is not None and birth_date is not None
        found = [] if name is not None else ["n"]
        if full_day(birth_date) is None:
            found.append("dob")
        for member, read in (("s", sex), (_NATIONALITY[form], nationality)):
            if (member in content or form == _THIRD) and read(text(content, member)) is None:
                found.append(member)
        if form == _THIRD and text(content, "v") not in TEMPLATES:
            found.append("v")
        return found

    def _given(self, members: Mapping[Any, Any], issued_at: datetime | None) -> _Dose:
        """Return what is read of a dose at once, and note its deviations."""
        form = self._form
        listed, target = self._product(members)
        name = "dv" if form == _THIRD and "dv" in members else "dt"
        given = _day_given(text(members, name))
        if given is None or (issued_at is not None and given - issued_at.date() > _A_DAY):
            self._deviations.append(name)  # a day more, because the calendar of the clinic may be ahead of UTC
        if text(members, "cn") is None and text(members, "is") is None:
            self._deviations += ("cn", "is")
        if form != _FIRST and text(members, "bo") is None:
            self._deviations.append("bo")
        if form != _THIRD:
            for stated in ("vls", "vle"):
                if _stated_day(members, stated) is None and members.get(stated) not in (None, ""):
                    self._deviations.append(stated)
        return _Dose(members, listed, target, given)

    def _product(self, members: Mapping[Any, Any]) -> tuple[Product | None, str | None]:
        """Return the product and the disease. Raises: DecodeError: the product is not on WHO's list."""
        code = text(members, "vp") or ""
        if self._form == _FIRST:  # it names a kind of vaccine, which says of no product that WHO prequalified it
            disease = (text(members, "tg") or "").upper()
            target = disease if is_known_target(disease) else target_of_snomed(disease)
            agrees = target is not None and target_of_vaccine(code.upper()) in (None, target)
            self._deviations += ("vp",) if agrees else ("vp", "tg")
            return None, target
        found = _listed(code)
        if found is None:
            raise DecodeError(Reason.CONTENT_INVALID, "the product is not on the list of those that WHO prequalified")
        return found

    def _vaccination(self, dose: _Dose) -> Vaccination:
        members, listed, target, given = dose
        known = texts(members)
        date = None if given is None else PartialDate.from_date(given)
        stated = (None, None) if self._form == _THIRD else (_stated_day(members, "vls"), _stated_day(members, "vle"))
        valid_from, valid_until, lifelong = counting(target, date, *stated)
        code = known.get("vp")
        return Vaccination(
            target=target,
            date=date,
            valid_from=valid_from,
            valid_until=valid_until,
            lifelong=lifelong,
            practitioner=known.get("cn"),
            authority=known.get("is"),
            product=coding("who-pq", code) if listed else coding("name", known.get("mp")),
            vaccine=None if listed else coding("snomed" if (code or "").isdigit() else "icd11-vaccine", code),
            manufacturer=coding("name", listed.manufacturer if listed else known.get("ma")),
            dose=_dose(members.get("dn")),
            batch=known.get("bo"),
        )

    def _span(self, dose: _Dose) -> Span:
        _, _, target, given = dose
        if given is not None and target is not None and counts_for_life(target):
            return _for_life(target, given)
        return Span.of(self._vaccination(dose))


class _Dose(NamedTuple):
    """A dose, of which no more is read at once than a verification needs."""

    members: Mapping[Any, Any]
    listed: Product | None
    target: str | None
    given: Date | None


_day_given = lru_cache(maxsize=4096)(full_day)  # clinics vaccinate many on one day


def _stated_day(members: Mapping[Any, Any], name: str) -> PartialDate | None:
    value = members.get(name)
    return day(value.strip()) if type(value) is str else None


@lru_cache(maxsize=4096)
def _for_life(target: str, given: Date) -> Span:
    return Span(Kind.VACCINATION, target, _begins(target, given), ends=None, lifelong=True)


def _begins(target: str, given: Date) -> Date:
    """Return from which day a dose counts that was given on a day; after 2099 that day itself."""
    try:
        begins = given + timedelta(days=days_until_valid(target))
    except OverflowError:
        return given
    return begins if begins.year <= LAST_YEAR else given


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
    return PartialDate.from_date(_begins(target, given.earliest)), None, True


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
