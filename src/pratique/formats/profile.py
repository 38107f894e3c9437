"""The profile of SD-CWT that pratique's own credentials follow: every claim, its number, and whether it is shown.

What is open and what is closed is fixed here, in one place, and nowhere else: `OPEN` claims stand in every copy, every
other claim is redacted on its own. Names are those of the common model; `schemas/credential.cddl` says the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pratique.errors import ClaimError, DecodeError
from pratique.model import (
    Clearance,
    Dose,
    Evidence,
    Exemption,
    Holder,
    Kind,
    Prophylaxis,
    Recovery,
    StatusReference,
    TestResult,
    Vaccination,
)
from pratique.model.codes import Coding
from pratique.model.dates import MAX_SECONDS, PartialDate, from_days, to_days
from pratique.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FORMAT: Final = "pratique"
PROFILE: Final = "pratique/1"

# Registered CWT claims (RFC 8392, RFC 8747, draft-ietf-spice-sd-cwt, draft-ietf-oauth-status-list)
ISS, SUB, EXP, NBF, IAT, CNF, VCT, STATUS = 1, 2, 4, 5, 6, 8, 11, 65535
# Claims of this profile, in the range for private use (RFC 8392, section 9.1)
EVENT, HOLDER = -65537, -65538
# Confirmation methods (RFC 8747, section 3; RFC 9679, section 5.6) and the one of this profile
CNF_KEY, CNF_THUMBPRINT, CNF_DOCUMENT = 1, 5, -65537
# The open entries of the event map, and the nested map of details
EVENT_KIND, EVENT_TARGET, EVENT_RULE, EVENT_DETAILS = 0, 1, 2, 13

DAY: Final = 86_400  # seconds
HOUR: Final = 3_600  # seconds
MAX_TEXT: Final = 255  # bytes of UTF-8 in any one text
MAX_INDEX: Final = 2**32 - 1  # in a status list

KIND_NUMBERS: Final[Mapping[Kind, int]] = {
    Kind.VACCINATION: 1,
    Kind.PROPHYLAXIS: 2,
    Kind.TEST: 3,
    Kind.RECOVERY: 4,
    Kind.EXEMPTION: 5,
    Kind.CLEARANCE: 6,
}
EVIDENCE_TYPES: Final[Mapping[int, type[Evidence]]] = {
    1: Vaccination,
    2: Prophylaxis,
    3: TestResult,
    4: Recovery,
    5: Exemption,
    6: Clearance,
}

_JOINERS = {0x200C: None, 0x200D: None}  # not printable to Python; Sinhala, Malayalam and Persian names need them
_TARGET = re.compile(r"[0-9A-Z]{2,8}(\.[0-9A-Z]{1,2})?\Z")
_COUNTRY = re.compile(r"[A-Z]{3}\Z")
_NAME = re.compile(r"[A-Z]+(<[A-Z]+)*(<<[A-Z]+(<[A-Z]+)*)?\Z")
_DOCUMENT_NUMBER = re.compile(r"[0-9A-Z]{1,24}\Z")
_CODE = re.compile(r"[a-z0-9-]{1,16}\|[!-{}~][ -{}~]{0,199}\Z")


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim that only the holder can show: its name, its number in its map, and its form on the wire and off it."""

    name: str
    key: int
    to_wire: Callable[[Any], Any]
    from_wire: Callable[[Any], Any]


def _refuse(what: str) -> DecodeError:
    return DecodeError(Reason.CONTENT_INVALID, what)


def text(value: Any) -> str:
    """Return a text of 1 to 255 bytes without control characters, or refuse."""
    # Unprintable texts go first: a lone surrogate, which JSON can escape, has no bytes to count.
    if type(value) is not str or not (value.isprintable() or value.translate(_JOINERS).isprintable()):
        raise _refuse("a text is not printable")
    if not 0 < len(value.encode()) <= MAX_TEXT:
        raise _refuse(f"a text is empty or longer than {MAX_TEXT} bytes")
    return value


def _matching(pattern: re.Pattern[str], what: str) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if type(value) is not str or not pattern.match(value):
            raise _refuse(f"{what} is not in its form")
        return value

    return check


target = _matching(_TARGET, "a target (ICD-11 code)")
_country = _matching(_COUNTRY, "a country (ISO 3166-1 alpha-3)")
_name = _matching(_NAME, "a name (ICAO Doc 9303: SURNAME<<GIVEN<NAMES)")
_document_number = _matching(_DOCUMENT_NUMBER, "a document number")
_code = _matching(_CODE, "a code (system|code)")
_sex = _matching(re.compile(r"[FMX]\Z"), "sex (F, M or X)")


def _coding(value: Any) -> Coding:
    system, _, code = _code(value).partition("|")
    return Coding(system, code)


def _date(value: Any) -> PartialDate:
    if type(value) is not int:
        raise _refuse("a date is not a number of days")
    return PartialDate.from_date(from_days(value))


def _complete_days(value: PartialDate) -> int:
    if not value.is_complete:
        raise _refuse("a date must have year, month and day")
    return to_days(value.earliest)


def _partial_date(value: Any) -> PartialDate:
    if type(value) is int:
        return _date(value)
    if type(value) is not list or not 1 <= len(value) <= 2 or any(type(part) is not int for part in value):  # noqa: PLR2004 - year, or year and month
        raise _refuse("a partial date is not [year] or [year, month]")
    return PartialDate.parse("-".join(f"{part:0{4 if i == 0 else 2}}" for i, part in enumerate(value)))


def _partial_wire(value: PartialDate) -> Any:
    if value.is_complete:
        return to_days(value.earliest)
    return [value.year] if value.month is None else [value.year, value.month]


def _seconds(value: datetime) -> int:
    if value.tzinfo is None:
        raise ValueError("a time must be aware")
    return int(value.timestamp())


def _moment(value: Any) -> datetime:
    if type(value) is not int or not 0 <= value < MAX_SECONDS:
        raise _refuse("a time is not a number of seconds since 1970")
    return datetime.fromtimestamp(value, UTC)


def _dose(value: Any) -> Dose:
    if (
        type(value) is not list
        or not 1 <= len(value) <= 2  # noqa: PLR2004 - number, or number and of
        or any(type(part) is not int or not 1 <= part <= 99 for part in value)  # noqa: PLR2004
    ):
        raise _refuse("a dose is not [number] or [number, of] from 1 to 99")
    return Dose(*value)


def _text_claim(name: str, key: int, check: Callable[[Any], str] = text) -> Claim:
    return Claim(name, key, check, check)


_EVENT_CLAIMS: Final = (
    Claim("date", 10, _complete_days, _date),
    Claim("product", 12, lambda value: _code(f"{value.system}|{value.code}"), _coding),
    Claim("test_method", 16, lambda value: _code(f"{value.system}|{value.code}"), _coding),
    Claim("test_result", 17, lambda value: _code(f"{value.system}|{value.code}"), _coding),
    Claim("sampled_at", 18, _seconds, _moment),
)
_DETAIL_CLAIMS: Final = (
    Claim("dose", 1, lambda value: [value.number] if value.of is None else [value.number, value.of], _dose),
    _text_claim("country", 2, _country),
    _text_claim("batch", 3),
    _text_claim("centre", 4),
    _text_claim("practitioner", 5),
    _text_claim("authority", 6),
)
_HOLDER_CLAIMS: Final = (
    _text_claim("name", 1, _name),
    _text_claim("name_native", 2),
    Claim("birth_date", 3, _partial_wire, _partial_date),
    _text_claim("sex", 4, _sex),
    _text_claim("nationality", 5, _country),
    _text_claim("document_number", 6, _document_number),
    _text_claim("national_id", 7),
    _text_claim("guardian", 8),
)

_FIELDS_OF: Final = {kind: frozenset(field.name for field in fields(kind)) for kind in EVIDENCE_TYPES.values()}
_OPEN_IN_FACT: Final = frozenset({EVENT_KIND, EVENT_TARGET})
_OPEN_IN_CLEARANCE: Final = frozenset({EVENT_KIND, EVENT_RULE})
_OPEN: Final = _OPEN_IN_FACT | _OPEN_IN_CLEARANCE
_EVENT_BY_KEY: Final = {claim.key: claim for claim in _EVENT_CLAIMS}
_DETAIL_BY_KEY: Final = {claim.key: claim for claim in _DETAIL_CLAIMS}
_HOLDER_BY_KEY: Final = {claim.key: claim for claim in _HOLDER_CLAIMS}

DISCLOSABLE: Final[Mapping[Kind, frozenset[int]]] = {
    kind.kind: frozenset(claim.key for claim in _EVENT_CLAIMS if claim.name in known and kind is not Clearance)
    for kind, known in _FIELDS_OF.items()
}
"""The claims that the event map of a credential of each kind can have beside the open ones and the details."""

PATHS: Final[Mapping[str, tuple[int, ...]]] = {
    **{f"event.{claim.name}": (EVENT, claim.key) for claim in _EVENT_CLAIMS},
    **{f"event.{claim.name}": (EVENT, EVENT_DETAILS, claim.key) for claim in _DETAIL_CLAIMS},
    **{f"holder.{claim.name}": (HOLDER, claim.key) for claim in _HOLDER_CLAIMS},
}
"""Where each claim stands that only the holder can show, by its name in the common model."""

CLOSED_MAPS: Final = frozenset({(), (EVENT,), (EVENT, EVENT_DETAILS), (HOLDER,)})
"""The maps in which entries are hidden."""


class MostHidden(NamedTuple):
    """How many entries can be hidden in each map of a credential, whatever it says."""

    top: int
    event: int
    details: int
    holder: int


def most_hidden(kind: Kind) -> MostHidden:
    """Return how many hashes the maps of a credential of this kind have when every claim that it can have is there."""
    if kind is Kind.CLEARANCE:
        return MostHidden(0, 0, 0, 0)
    known = _FIELDS_OF[EVIDENCE_TYPES[KIND_NUMBERS[kind]]]
    event, details = (sum(claim.name in known for claim in claims) for claims in (_EVENT_CLAIMS, _DETAIL_CLAIMS))
    return MostHidden(top=1, event=event + 1, details=details, holder=len(_HOLDER_CLAIMS))


def _fields(claims: Any, by_key: Mapping[int, Claim], where: str) -> dict[str, Any]:
    """Return the fields of a disclosed map by name. Raises: DecodeError for a claim that has no place there."""
    if type(claims) is not dict:
        raise _refuse(f"{where} is not a map")
    fields = {}
    for key, value in claims.items():
        claim = by_key.get(key)
        if claim is None:
            raise _refuse(f"{where} has a claim that this profile does not know")
        fields[claim.name] = claim.from_wire(value)
    return fields


def is_event_claim(key: Any, value: Any) -> bool:
    """Return whether this is a claim of the event map, in its form. Raises: DecodeError: it is in another form."""
    claim = _EVENT_BY_KEY.get(key) if type(key) is int else None
    return claim is not None and claim.from_wire(value) is not None


class Fact:
    """The fact of an event map in which disclosed claims are in place: checked at once, put into the model on demand.

    Raises: DecodeError.
    """

    __slots__ = ("_fields", "_type", "kind", "target")

    def __init__(self, event: Any) -> None:
        number = event.get(EVENT_KIND) if type(event) is dict else None
        evidence_type = EVIDENCE_TYPES.get(number) if type(number) is int else None
        if evidence_type is None:
            raise _refuse("the event is no map or of no known kind")
        self._type: Final = evidence_type
        self.kind: Final = evidence_type.kind
        self.target: Final = None if evidence_type is Clearance else target(event.get(EVENT_TARGET))
        self._fields: Final = self._read(event) if len(event) > len(_OPEN_IN_FACT) or self.target is None else {}

    def _read(self, event: dict[Any, Any]) -> dict[str, Any]:
        if self.target is None:
            if event.keys() != _OPEN_IN_CLEARANCE:
                raise _refuse("a clearance names a rule set and nothing else")
            return {"rule": text(event[EVENT_RULE])}
        closed = {key: value for key, value in event.items() if key not in _OPEN_IN_FACT}
        read = _fields(closed.pop(EVENT_DETAILS), _DETAIL_BY_KEY, "the details") if EVENT_DETAILS in closed else {}
        read |= _fields(closed, _EVENT_BY_KEY, "the event")
        if not read.keys() <= _FIELDS_OF[self._type]:
            raise _refuse(f"a claim has no place in a {self.kind.value}")
        return read

    def evidence(self) -> Evidence:
        """Return the fact in the model."""
        return self._type(target=self.target, **self._fields)


def count_closed(claims: Mapping[Any, Any]) -> int:
    """Return how many claims stand in opened claims that only the holder can show; nested maps count beside theirs."""
    event, holder = claims[EVENT], claims.get(HOLDER)
    count = len(event.keys() - _OPEN)
    if EVENT_DETAILS in event:
        count += len(event[EVENT_DETAILS])
    return count if holder is None else count + 1 + len(holder)


def read_holder(claims: Any) -> Holder:
    """Return the holder of a disclosed holder map. Raises: DecodeError."""
    return Holder(**_fields(claims, _HOLDER_BY_KEY, "the holder"))


def read_status(value: Any) -> StatusReference:
    """Return where the status stands, by its claim (draft-ietf-oauth-status-list, section 6). Raises: DecodeError."""
    reference = value.get("status_list") if type(value) is dict and value.keys() == {"status_list"} else None
    if type(reference) is not dict or reference.keys() != {"idx", "uri"}:
        raise _refuse("the status is not one status_list of idx and uri")
    index, uri = reference["idx"], reference["uri"]
    if type(index) is not int or not 0 <= index <= MAX_INDEX or not text(uri).startswith("https://"):
        raise _refuse("the status list's index or address is not usable")
    return StatusReference(uri, index)


class Content:
    """What a credential of this profile says, with what was disclosed in place."""

    __slots__ = ("_evidence", "_holder", "_number")

    def __init__(self, evidence: Callable[[], Evidence], holder: Holder | None, number: str) -> None:
        self._evidence = evidence
        self._holder = holder
        self._number = number

    def evidence(self) -> tuple[Evidence, ...]:
        """Return the one fact."""
        return (self._evidence(),)

    def holder(self) -> Holder | None:
        """Return who it is about, None where nothing of it is disclosed."""
        return self._holder

    def number(self) -> str:
        """Return the certificate's number."""
        return self._number


@dataclass(frozen=True, slots=True, repr=False)
class WireClaims:
    """The claims of a credential as they go on the wire: what is shown, and what is closed at each level."""

    shown: Mapping[int, Any]
    event: Mapping[int, Any]
    details: Mapping[int, Any]
    holder: Mapping[int, Any]


def _wire(value: Evidence | Holder, claims: tuple[Claim, ...], where: str, left: set[str]) -> dict[int, Any]:
    """Return the claims that `value` has, by number, and strike their names from `left`."""
    made = {}
    for claim in claims:
        field = getattr(value, claim.name, None)
        if field is None:
            continue
        left.discard(claim.name)
        try:
            made[claim.key] = claim.to_wire(field)
            claim.from_wire(made[claim.key])
        except DecodeError as error:
            raise ClaimError(Reason.CLAIMS_INVALID, f"{where}.{claim.name}: {error.detail}") from None
        except (AttributeError, TypeError):
            raise TypeError(f"{where}.{claim.name} is a {type(field).__name__}") from None
    return made


def to_wire(evidence: Evidence, holder: Holder | None) -> WireClaims:
    """Return the claims of a fact and its holder, each checked to be readable again.

    Raises: ClaimError: a value is not in its form, or the profile has no place for it. TypeError: a wrong type.
    ValueError: a naive time.
    """
    left = {name for name, _ in evidence.known()}
    event = _wire(evidence, _EVENT_CLAIMS, "event", left)
    details = _wire(evidence, _DETAIL_CLAIMS, "event", left)
    shown: dict[int, Any] = {EVENT_KIND: KIND_NUMBERS[evidence.kind]}
    try:
        if isinstance(evidence, Clearance):
            shown[EVENT_RULE] = text(evidence.rule)
        else:
            shown[EVENT_TARGET] = target(evidence.target)
    except DecodeError as error:
        raise ClaimError(Reason.CLAIMS_INVALID, f"event: {error.detail}") from None
    left -= {"target", "rule"}
    if left or (isinstance(evidence, Clearance) and (event or details or holder or evidence.target)):
        name = min(left, default="target")
        raise ClaimError(Reason.CLAIMS_INVALID, f"a {evidence.kind} of this profile has no place for event.{name}")
    return WireClaims(shown, event, details, _wire(holder, _HOLDER_CLAIMS, "holder", set()) if holder else {})
