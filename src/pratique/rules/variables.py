"""What rules can read: the common model as a tree of variables, one fact at a time, the same for every format.

`NAMES` lists the variables; their values are those of the JSON view (`pratique.view`): dates and times as text, codes
as `system|code`, a dose as [number, of]. What a credential does not state is null; what its holder did not disclose is
`Withheld`. Of these the view has others, or none:

- `now` is the time of the evaluation, `today` its date in the zone of the rule set.
- `event.valid_from` is where the fact begins to count: as its certificate states it; for our own credentials the start
  of their window; else, for a vaccination, its day and the days that rules that bind states add to it (yellow fever:
  10, International Health Regulations, Annex 7).
- `credential.binding` is `travel-document`, `holder-key`, or null where a credential shows name and birth date instead.

For EU DCCs there are `payload`, the DCC as it was signed, and `external`, as the member states' rules read them. Other
credentials have neither, and no rule that reads them applies to those.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pratique.codec.cbor import UNDEFINED, Tag
from pratique.formats import profile
from pratique.formats.pratique import FORMAT
from pratique.model import Clearance, Credential, Dose, Holder, IssuerIdentity, KeyBinding, Kind
from pratique.model.codes import country_alpha2, days_until_valid
from pratique.model.dates import rfc3339
from pratique.rules.withheld import Partial, Withheld

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import tzinfo

    from pratique.model import Evidence

_EVENT: Final = frozenset(
    {"kind", "valid_from"} | {field.name for kind in profile.EVIDENCE_TYPES.values() for field in fields(kind)}
)
_HOLDER: Final = frozenset(field.name for field in fields(Holder))
_CREDENTIAL: Final = frozenset({"format", "variant", "binding"})
_ISSUER: Final = frozenset(IssuerIdentity._fields)
_VALIDITY: Final = frozenset({"issued_at", "not_before", "expires_at"})
_MAPS: Final = {
    "credential": _CREDENTIAL,
    "issuer": _ISSUER,
    "validity": _VALIDITY,
    "event": _EVENT,
    "holder": _HOLDER,
}

NAMES: Final = frozenset({"now", "today"} | {f"{part}.{name}" for part, names in _MAPS.items() for name in names})
"""The variables of the common model."""

PAYLOAD_FORMATS: Final = frozenset({"eu-dcc", "at-exemption"})
"""The formats that rules can read as they were signed."""

DCC_PARAMETERS: Final = frozenset({"validationClock", "countryCode", "issuerCountryCode", "exp", "iat"})
"""What the member states' rules read below `external`, beside `valueSets`."""

_OPEN: Final = frozenset({"kind", "target"})

CLOSED: Final = frozenset(profile.PATHS)
"""The variables that only the holder of one of our own credentials can show."""

CLOSED_IN: Final[Mapping[Kind, frozenset[str]]] = {
    kind.kind: frozenset()
    if kind is Clearance
    else CLOSED & ({f"event.{field.name}" for field in fields(kind)} | {f"holder.{name}" for name in _HOLDER})
    for kind in profile.EVIDENCE_TYPES.values()
}
"""Those of them that a credential of each kind can have."""

_DOSE_PARTS: Final = ("event.dose.0", "event.dose.1")


class Shown(NamedTuple):
    """A credential that a traveller shows, proven before rules are asked.

    `issuer` is what the trust list says of its issuer, for what the credential itself does not state. `original` gives
    the EU DCC as it was signed, for rules that read it; it may raise DecodeError.
    """

    credential: Credential
    issuer: IssuerIdentity = IssuerIdentity()
    original: Callable[[], Mapping[str, Any]] | None = None


class Fact(NamedTuple):
    """One fact of a credential; without its evidence where that is made when a rule reads it, or no rule does."""

    kind: Kind
    target: str | None
    evidence: Evidence | None = None


@lru_cache(maxsize=256)
def _facts(kinds: tuple[tuple[Kind, str | None], ...]) -> tuple[Fact, ...]:
    return tuple([Fact(kind, target) for kind, target in kinds])


def names_below(path: str) -> frozenset[str]:
    """Return the variables that a path reads: itself, or all that are in it; none if there is no such variable.

    `event.dose.0` reads `event.dose`. `payload`, `external` and `value_sets` are no variables of the model.
    """
    if path in NAMES:
        return frozenset({path})
    if path in _DOSE_PARTS:
        return frozenset({"event.dose"})
    return frozenset(name for name in NAMES if name.startswith(f"{path}."))


def reads_original(path: str) -> bool:
    """Return whether a path leads into a certificate as it was signed."""
    return path.partition(".")[0] in ("payload", "external")


class Wanted:
    """The variables that some rules read, sorted by where they come from, so that no other is made."""

    __slots__ = ("_original", "_parts", "_singles", "names")

    def __init__(self, paths: Iterable[str]) -> None:
        paths = frozenset(paths)
        self.names: Final = frozenset(name for path in paths for name in names_below(path))
        self._parts: Final = {
            part: frozenset(name for name in known if f"{part}.{name}" in self.names) for part, known in _MAPS.items()
        }
        self._singles: Final = self.names & {"now", "today"}
        self._original: Final = any(map(reads_original, paths))

    def facts(self, credential: Credential) -> tuple[Fact, ...]:
        """Return the facts to judge, one by one: of a foreign certificate with several doses, every dose."""
        if credential.format == FORMAT or self._parts["event"] <= _OPEN:
            return _facts(credential.kinds)
        return tuple(Fact(evidence.kind, evidence.target, evidence) for evidence in credential.evidence)

    def tree(self, shown: Shown, fact: Fact, context: Context, visible: frozenset[str] | None = None) -> dict[str, Any]:
        """Return the variables for one fact of a credential.

        Args:
            shown: the credential.
            fact: one of its `facts`.
            context: where and when.
            visible: for the holder, who has it all and would show a part: the closed claims of that part.
        Raises: DecodeError: by `shown.original`.
        Not checked: that the original is at hand where a rule reads it.
        """
        credential, parts = shown.credential, self._parts
        made: dict[str, Any] = {}
        is_partial = False
        for name in self._singles:
            made[name] = getattr(context, name)
        if parts["event"]:
            made["event"] = event = _event(credential, fact, parts["event"], visible)
            is_partial = type(event) is Partial
        if parts["holder"]:
            holder = credential.holder
            values = {name: None if holder is None else getattr(holder, name) for name in parts["holder"]}
            made["holder"] = shown_of = _map(credential, "holder", values, visible, CLOSED_IN[fact.kind])
            is_partial = is_partial or type(shown_of) is Partial
        if parts["validity"]:
            made["validity"] = {name: _json(getattr(credential.validity, name)) for name in parts["validity"]}
        if parts["issuer"]:
            made["issuer"] = {
                name: getattr(credential.issuer, name) or getattr(shown.issuer, name) for name in parts["issuer"]
            }
        if parts["credential"]:
            made["credential"] = {name: _CREDENTIAL_VALUES[name](credential) for name in parts["credential"]}
        if self._original and shown.original is not None and credential.format in PAYLOAD_FORMATS:
            made["payload"] = _plain(shown.original())
            made["external"] = context.external(shown)
        return Partial(made) if is_partial else made


class Context:
    """When and where rules are asked, in the forms that they read."""

    __slots__ = ("_at", "_country", "_zone")

    def __init__(self, at: datetime, zone: tzinfo, country: str) -> None:
        self._at = at
        self._zone = zone
        self._country = country

    @property
    def now(self) -> str:
        """Return the moment, in UTC."""
        return rfc3339(self._at)

    @property
    def today(self) -> str:
        """Return the date in the zone of the rule set."""
        return self._at.astimezone(self._zone).date().isoformat()

    def external(self, shown: Shown) -> dict[str, Any]:
        """Return the parameters that the member states' rules read, countries as alpha-2 codes."""
        validity = shown.credential.validity
        issuer = shown.credential.issuer.country or shown.issuer.country
        return {
            "validationClock": self.now,
            "countryCode": country_alpha2(self._country),
            "issuerCountryCode": None if issuer is None else country_alpha2(issuer),
            "exp": _json(validity.expires_at),
            "iat": _json(validity.issued_at),
        }


def _event(credential: Credential, fact: Fact, names: frozenset[str], visible: frozenset[str] | None) -> dict[str, Any]:
    evidence = fact.evidence
    if evidence is None:
        if names <= _WITHOUT_EVIDENCE.keys():
            return {name: _WITHOUT_EVIDENCE[name](credential, fact) for name in names}
        evidence = credential.evidence[0]
        values: dict[str, Any] = {"valid_from": credential.validity.not_before}
    else:
        values = {"valid_from": evidence.valid_from or _counts_from(evidence)}
    values |= {"kind": fact.kind.value, "target": fact.target}
    known = {name: values[name] if name in values else getattr(evidence, name, None) for name in names}
    return _map(credential, "event", known, visible, CLOSED_IN[fact.kind])


@lru_cache(maxsize=1024)  # windows begin on whole days, or hours
def _day(begins: datetime | None) -> str | None:
    return None if begins is None else rfc3339(begins)


_WITHOUT_EVIDENCE: Final[Mapping[str, Callable[[Credential, Fact], str | None]]] = {
    "kind": lambda _, fact: fact.kind.value,
    "target": lambda _, fact: fact.target,
    "valid_from": lambda credential, _: _day(credential.validity.not_before),
}
"""What the event of one of our own credentials shows in every copy."""


def _counts_from(evidence: Evidence) -> date | None:
    """Return from which day a vaccination counts that does not state it, by rules that bind states."""
    if evidence.kind is not Kind.VACCINATION or evidence.date is None or evidence.target is None:
        return None
    return evidence.date.latest + timedelta(days=days_until_valid(evidence.target))


def _map(
    credential: Credential,
    part: str,
    values: dict[str, Any],
    visible: frozenset[str] | None,
    closed: frozenset[str],
) -> dict[str, Any]:
    """Return the values as rules read them, with what may be there and is not shown in its place.

    `closed` are the claims that a credential of this kind can have closed.
    """
    made: dict[str, Any] = {}
    partial = False
    for name, value in values.items():
        full = f"{part}.{name}"
        is_open = (full in visible) if visible is not None else not (value is None and credential.withheld)
        if is_open or full not in closed:
            made[name] = _json(value)
        else:
            made[name] = Withheld(frozenset({full}))
            partial = True
    return Partial(made) if partial else made


def _binding(credential: Credential) -> str | None:
    if credential.binding is None:
        return None
    return "holder-key" if isinstance(credential.binding, KeyBinding) else "travel-document"


_CREDENTIAL_VALUES: Final[Mapping[str, Callable[[Credential], str | None]]] = {
    "format": lambda credential: credential.format,
    "variant": lambda credential: credential.variant,
    "binding": _binding,
}


def _json(value: Any) -> Any:
    if value is None or type(value) is str or type(value) is bool:
        return value
    if type(value) is datetime:
        return rfc3339(value)
    if isinstance(value, Dose):
        return [value.number] if value.of is None else [value.number, value.of]
    return str(value)  # codes and dates write themselves as the view has them


def _plain(value: Any) -> Any:
    """Return what a DCC holds as JSON: tags around dates are taken off, keys that are no text are left out.

    How deep it is nested, the CBOR decoder has bounded.
    """
    kind = type(value)
    if kind is dict:
        return {key: _plain(item) for key, item in value.items() if type(key) is str}
    if kind is list:
        return [_plain(item) for item in value]
    if kind is Tag:
        return _plain(value.value)
    return None if value is UNDEFINED else value
