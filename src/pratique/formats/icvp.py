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
    from collections.abc import Callable, Mapping
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
_CODES: Final[tuple[Mapping[str, Callable[[str | None], str | None]], ...]] = (
    {"s": sex, "ntl": nationality},
    {"s": sex, "ntl": nationality},
    {"s": sex, "nt": nationality, "v": lambda version: version if version in TEMPLATES else None},
)
_DOCUMENT: Final = ("nid", "nid", "id")
_DOCUMENT_TYPE: Final = ("", "ndt", "dt")
_PASSPORT: Final = "PPN"  # HL7 v2, table 0203
_OF_THE_LISTED: Final = ("1D47", "1C81")  # what the list is for; a vaccine against six diseases stands for the second
_CATALOGUE_ID = re.compile(r"[A-Za-z0-9]{1,200}Product[0-9a-f]{32}\Z").match
_DOCUMENT_NUMBER = re.compile(r"[0-9A-Z]{1,24}\Z").match
_MAX_DOSE: Final = 99
_A_DAY: Final = timedelta(days=1)
_SHORT: Final = 64  # characters of all codes together, so that nobody fills the memory with them


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
        self._doses: list[tuple[Mapping[Any, Any], _Known]] = []
        for dose in doses:  # plain loops, here and below: nearly all cards have one
            self._doses.append((dose, self._given(dose, issued_at)))

    def kinds(self) -> tuple[tuple[Kind, str | None], ...]:
        """Return the kind and the disease of every dose."""
        if len(self._doses) == 1:
            return (self._doses[0][1].kind,)
        return tuple([known.kind for _, known in self._doses])

    def deviations(self) -> tuple[str, ...]:
        """Return the members that are missing or not in their form: names, no values."""
        return tuple(dict.fromkeys(self._deviations)) if self._deviations else ()

    def shows_identity(self) -> bool:
        """Return whether there are a name and a birth date."""
        return self._shows_identity

    def evidence(self) -> tuple[Evidence, ...]:
        """Return the doses."""
        return tuple(self._vaccination(members, known) for members, known in self._doses)

    def spans(self) -> tuple[Span, ...]:
        """Return from when until when every dose counts."""
        found = []
        for members, known in self._doses:
            found.append(known.span or Span.of(self._vaccination(members, known)))
        return tuple(found)

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
        name, birth_date = text(content.get("n")), text(content.get("dob"))
        self._shows_identity = name is not None and birth_date is not None
        found = [] if name is not None else ["n"]
        if full_day(birth_date) is None:
            found.append("dob")
        codes: tuple[Any, Any, Any] = content.get("s"), content.get("nt"), content.get("v")
        stated_sex, state, template = codes
        if type(stated_sex) is type(state) is type(template) is str and len("".join(codes)) <= _SHORT:  # the third form
            found += _usually_amiss(*codes)
        else:
            found += _amiss(content, form)
        return found

    def _given(self, members: Mapping[Any, Any], issued_at: datetime | None) -> _Known:
        """Return what is read of a dose at once, and note its deviations."""
        form = self._form
        name = "dv" if form == _THIRD and "dv" in members else "dt"
        stated, code = text(members.get(name)), text(members.get("vp")) or ""
        known = self._by_codes(members, code, stated) if form == _FIRST else _listed(code, stated)
        given = known.given
        if given is None or (issued_at is not None and given - issued_at.date() > _A_DAY):
            self._deviations.append(name)  # a day more, because the calendar of the clinic may be ahead of UTC
        if text(members.get("cn")) is None and text(members.get("is")) is None:
            self._deviations += ("cn", "is")
        if form != _FIRST and text(members.get("bo")) is None:
            self._deviations.append("bo")
        if form != _THIRD:
            for member in ("vls", "vle"):
                if _stated_day(members, member) is None and members.get(member) not in (None, ""):
                    self._deviations.append(member)
        return known

    def _by_codes(self, members: Mapping[Any, Any], code: str, stated: str | None) -> _Known:
        """Return what the first form says: it names a kind of vaccine, of which nobody knows whether it is listed."""
        disease = (text(members.get("tg")) or "").upper()
        target = disease if is_known_target(disease) else target_of_snomed(disease)
        agrees = target is not None and target_of_vaccine(code.upper()) in (None, target)
        self._deviations += ("vp",) if agrees else ("vp", "tg")
        return _known(None, target, stated)

    def _vaccination(self, members: Mapping[Any, Any], known: _Known) -> Vaccination:
        listed, target, given = known.listed, known.target, known.given
        entries = texts(members)
        date = None if given is None else PartialDate.from_date(given)
        stated = (None, None) if self._form == _THIRD else (_stated_day(members, "vls"), _stated_day(members, "vle"))
        valid_from, valid_until, lifelong = counting(target, date, *stated)
        code = entries.get("vp")
        return Vaccination(
            target=target,
            date=date,
            valid_from=valid_from,
            valid_until=valid_until,
            lifelong=lifelong,
            practitioner=entries.get("cn"),
            authority=entries.get("is"),
            product=coding("who-pq", code) if listed else coding("name", entries.get("mp")),
            vaccine=None if listed else coding("snomed" if (code or "").isdigit() else "icd11-vaccine", code),
            manufacturer=coding("name", listed.manufacturer if listed else entries.get("ma")),
            dose=_dose(members.get("dn")),
            batch=entries.get("bo"),
        )


class _Known(NamedTuple):
    """What follows of a dose from its product, or its disease, and its day; `span` where these settle it."""

    listed: Product | None
    target: str | None
    given: Date | None
    span: Span | None
    kind: tuple[Kind, str | None]


def _known(listed: Product | None, target: str | None, stated: str | None) -> _Known:
    given = full_day(stated)
    span = None
    if given is not None and target is not None and counts_for_life(target):
        span = Span(Kind.VACCINATION, target, _begins(target, given), ends=None, lifelong=True)
    return _Known(listed, target, given, span, (Kind.VACCINATION, target))


@lru_cache(maxsize=4096)  # a clinic gives many the same product on one day
def _listed(code: str, stated: str | None) -> _Known:
    """Return what follows from a product on WHO's list. Raises: DecodeError: it is not there."""
    found = product(Coding("who-pq", code))
    if found is None:
        raise DecodeError(Reason.CONTENT_INVALID, "the product is not on the list of those that WHO prequalified")
    target = next((target for target in _OF_THE_LISTED if target in found.targets), found.targets[0])
    return _known(found, target, stated)


def _amiss(content: Mapping[Any, Any], form: int) -> tuple[str, ...]:
    """Return which of the members in `_CODES` are not in their form; the third form must have them all."""
    return tuple(
        name
        for name, read in _CODES[form].items()
        if (name in content or form == _THIRD) and read(text(content.get(name))) is None
    )


@lru_cache(maxsize=256)  # the cards of a state have few of them
def _usually_amiss(stated_sex: str, stated_nationality: str, template: str) -> tuple[str, ...]:
    return _amiss({"s": stated_sex, "nt": stated_nationality, "v": template}, _THIRD)


def _stated_day(members: Mapping[Any, Any], name: str) -> PartialDate | None:
    value = members.get(name)
    return day(value.strip()) if type(value) is str else None


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
