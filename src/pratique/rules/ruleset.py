"""A rule set: what a destination asks of travellers, why, since when, and in words for people.

Data, not code, in JSON (`schemas/rule-set.schema.json`). What is checked here on every load is the same as there and
more: that each rule's logic is CertLogic, and that every variable it reads exists. Nothing is set aside: a rule that is
not understood might be the one that refuses.

A rule set is signed and sent as `payload`, its one canonical encoding (RFC 8785); `sha256` is the hash of that.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from pratique.codec import jcs, json
from pratique.errors import DecodeError, RuleError
from pratique.model.dates import parse_datetime
from pratique.reasons import Reason
from pratique.rules import moments
from pratique.rules.certlogic import Constant, Expression, compile_logic
from pratique.rules.grammar import MAX_DEPTH, reads
from pratique.rules.variables import DCC_PARAMETERS, PAYLOAD_FORMATS, Wanted, names_below, reads_original
from pratique.trust.members import COUNTRY, FORMAT, KIND, LANGUAGE, TARGET

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime, tzinfo

MAX_BYTES: Final = 1024 * 1024  # in JSON; the largest member state's rules take 60 kB with their value sets
MAX_RULES: Final = 500
MAX_TEXTS: Final = 10_000  # in one value set; the EU's list of rapid tests has some 800
JSON_DEPTH: Final = 2 * MAX_DEPTH + 8  # an expression takes an object and an array; rules stand four levels deep

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_SET_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")  # without the dot that parts the steps of a path
_VERSION: Final = re.compile(r"(0|[1-9][0-9]{0,5})(\.(0|[1-9][0-9]{0,5})){2}")
_PURPOSE: Final = re.compile(r"[a-z][a-z0-9-]{0,63}")
_RETENTION: Final = re.compile(r"P(?:([0-9]{1,4})D|T([0-9]{1,4})H)")
_TIME: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})"
)
_CONDITIONS: Final = {"formats": FORMAT, "kinds": KIND, "targets": TARGET, "countries": COUNTRY}
_KINDS: Final = ("acceptance", "invalidation")
_SET: Final = frozenset(
    {"id", "version", "destination", "valid_from", "valid_to", "title", "purpose", "retention", "legal_basis", "rules"}
)
_RULE: Final = frozenset({"id", "kind", "description", "logic"})


@dataclass(frozen=True, slots=True)
class AppliesTo:
    """The facts that a rule speaks of; None is any. `countries` are those of issuers, alpha-3."""

    formats: frozenset[str] | None = None
    kinds: frozenset[str] | None = None
    targets: frozenset[str] | None = None
    countries: frozenset[str] | None = None

    def covers(self, format_: str, kind: str, target: str | None, country: str | None) -> bool:
        """Return whether a fact is among them; what is not known is in no list."""
        return (
            (self.kinds is None or kind in self.kinds)
            and (self.targets is None or target in self.targets)
            and (self.formats is None or format_ in self.formats)
            and (self.countries is None or country in self.countries)
        )


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """One rule, compiled. It holds where its logic is true, whichever of the two kinds it is.

    An `acceptance` rule is the destination's; an `invalidation` rule is made by the country of the issuer, about its
    own certificates. `requirement` names what it belongs to: a traveller must meet each. `reads` are the paths that its
    logic can read; `reads_original` is set where one leads into an EU DCC as it was signed. The rule is in force from
    `valid_from` on and before `valid_to`.
    """

    id: str
    version: tuple[int, ...]
    kind: str
    description: Mapping[str, str]
    expression: Expression = field(repr=False)
    reads: frozenset[str] = field(repr=False)
    reads_original: bool
    applies_to: AppliesTo
    requirement: str
    valid_from: datetime | None
    valid_to: datetime | None

    def is_in_force(self, at: datetime) -> bool:
        """Return whether a moment is in its time."""
        return (self.valid_from is None or self.valid_from <= at) and (self.valid_to is None or at < self.valid_to)


@dataclass(frozen=True, eq=False)
class RuleSet:
    """What a destination asks, in one edition.

    `destination` is alpha-3; `valid_from` is inside its time, `valid_to` outside. Days are counted in `zone`. `purpose`
    is a code that programs compare, `retention` how long what is shown may be kept; `title`, `legal_basis` and the
    descriptions of rules are texts by language. `canonical` is the encoding that is signed.
    """

    id: str
    version: tuple[int, ...]
    destination: str
    valid_from: datetime
    valid_to: datetime
    zone: tzinfo = field(repr=False)
    title: Mapping[str, str]
    purpose: str
    retention: timedelta
    legal_basis: Mapping[str, str] = field(repr=False)
    rules: tuple[Rule, ...] = field(repr=False)
    value_sets: Mapping[str, tuple[str, ...]] = field(repr=False)
    sources: tuple[str, ...] = field(repr=False)
    canonical: bytes = field(repr=False)

    @classmethod
    def from_json(cls, document: Any) -> RuleSet:
        """Return the rule set of a JSON document.

        Raises: RuleError (`rules.invalid`): anything in it is faulty; with the place.
        """
        _members(document, _SET, {"zone", "value_sets", "sources"}, "the rule set")
        zone = moments.zone_of(_text(document.get("zone", "UTC"), "zone"))
        value_sets = _value_sets(document.get("value_sets", {}))
        texts = {name: Constant(items) for name, items in value_sets.items()}
        constants = {f"{root}.{name}": constant for name, constant in texts.items() for root in _SET_ROOTS}
        rules = _items(document["rules"], "rules", MAX_RULES)
        made = cls(
            id=_matching(document["id"], "id", _ID),
            version=_version(document["version"], "version"),
            destination=_matching(document["destination"], "destination", COUNTRY),
            valid_from=_time(document["valid_from"], "valid_from"),
            valid_to=_time(document["valid_to"], "valid_to"),
            zone=zone,
            title=_texts(document["title"], "title"),
            purpose=_matching(document["purpose"], "purpose", _PURPOSE),
            retention=_retention(document["retention"]),
            legal_basis=_texts(document["legal_basis"], "legal_basis"),
            rules=tuple(_rule(entry, f"rules/{i}", zone, constants) for i, entry in enumerate(rules)),
            value_sets=value_sets,
            sources=tuple(_text(item, "sources") for item in _items(document.get("sources", []), "sources", MAX_RULES)),
            canonical=_canonical(document),
        )
        made._check()
        return made

    def _check(self) -> None:
        """Check what no member says alone."""
        if self.valid_to <= self.valid_from:
            raise _invalid("it ends before it begins")
        editions = {(rule.id, rule.version) for rule in self.rules}
        if len(editions) != len(self.rules):
            raise _invalid("two rules have one id and version")
        accepting = {rule.requirement for rule in self.rules if rule.kind == "acceptance"}
        if not accepting:
            raise _invalid("it has no acceptance rule, so nothing could meet it")
        if missing := {rule.requirement for rule in self.rules} - accepting:
            raise _invalid(f"requirement {min(missing)} has no acceptance rule, so nothing could meet it")

    @classmethod
    def decode(cls, data: bytes | str) -> RuleSet:
        """Return the rule set of a JSON text. Raises: DecodeError: no JSON, or too large; RuleError."""
        return cls.from_json(json.decode(data, limit=MAX_BYTES, depth=JSON_DEPTH))

    @classmethod
    def from_payload(cls, data: bytes) -> RuleSet:
        """Return the rule set of a signed payload. Raises: DecodeError; RuleError, also for another encoding of it."""
        made = cls.decode(data)
        if made.canonical != data:
            raise _invalid("it is not in its one canonical encoding")
        return made

    def __reduce__(self) -> tuple[Any, tuple[bytes]]:
        return RuleSet.from_payload, (self.canonical,)  # compiled anew where a pool of processes sends it on

    def payload(self) -> bytes:
        """Return the bytes to sign."""
        return self.canonical

    @cached_property
    def sha256(self) -> bytes:
        """Return the SHA-256 hash of the payload, by which a request names exactly this rule set."""
        return hashlib.sha256(self.canonical).digest()

    @property
    def document(self) -> Any:
        """Return the rule set as JSON, a copy of its own each time."""
        return json.decode(self.canonical, limit=MAX_BYTES, depth=JSON_DEPTH)

    def is_in_force(self, at: datetime) -> bool:
        """Return whether a moment (aware) is in its time."""
        return self.valid_from <= at < self.valid_to

    def requirements(self, at: datetime) -> Mapping[str, tuple[Rule, ...]]:
        """Return every requirement with its rules that are in force at a moment, of each rule the highest version."""
        span = bisect_right(self._changes, at)  # they are the same until the next rule begins or ends
        if span not in self._spans:
            self._spans[span] = self._in_force(at)
        return self._spans[span]

    def _in_force(self, at: datetime) -> dict[str, tuple[Rule, ...]]:
        latest: dict[str, Rule] = {}
        for rule in self.rules:
            if rule.is_in_force(at) and (rule.id not in latest or latest[rule.id].version < rule.version):
                latest[rule.id] = rule
        groups: dict[str, list[Rule]] = {rule.requirement: [] for rule in self.rules}
        for rule in self.rules:
            if latest.get(rule.id) is rule:
                groups[rule.requirement].append(rule)
        return {name: tuple(found) for name, found in groups.items()}

    @cached_property
    def _changes(self) -> list[datetime]:
        """The moments at which a rule begins or ends to be in force, in their order."""
        return sorted({time for rule in self.rules for time in (rule.valid_from, rule.valid_to) if time is not None})

    @cached_property
    def _spans(self) -> dict[int, dict[str, tuple[Rule, ...]]]:
        return {}

    @cached_property
    def edition(self) -> str:
        """Return the version as text."""
        return ".".join(map(str, self.version))

    @cached_property
    def wanted(self) -> Wanted:
        """Return the variables that any of the rules can read."""
        return Wanted({path for rule in self.rules for path in rule.reads})


def in_force(rule_sets: Collection[RuleSet], at: datetime) -> dict[str, RuleSet]:
    """Return the rule sets in force at a moment by their id; of several editions, the highest version."""
    found: dict[str, RuleSet] = {}
    for rule_set in rule_sets:
        if rule_set.is_in_force(at) and (rule_set.id not in found or found[rule_set.id].version < rule_set.version):
            found[rule_set.id] = rule_set
    return found


def _rule(entry: Any, where: str, zone: tzinfo, constants: Mapping[str, Constant]) -> Rule:
    optional = {"applies_to", "requirement", "version", "valid_from", "valid_to"}
    _members(entry, _RULE, optional, where)
    try:
        expression = compile_logic(entry["logic"], zone=zone, constants=constants)
    except RuleError as error:
        raise _invalid(f"{where}/logic: {error.detail}") from None
    paths = frozenset(path for path in reads(entry["logic"]) if path not in constants)
    applies_to = _applies_to(entry.get("applies_to", {}), f"{where}/applies_to")
    for path in sorted(paths):
        _check_variable(path, where, applies_to)
    kind = entry["kind"]
    if type(kind) is not str or kind not in _KINDS:
        raise _invalid(f"{where}/kind is neither {' nor '.join(_KINDS)}")
    times = {
        name: _time(entry[name], f"{where}/{name}") if name in entry else None for name in ("valid_from", "valid_to")
    }
    return Rule(
        id=_matching(entry["id"], f"{where}/id", _ID),
        version=_version(entry.get("version", "1.0.0"), f"{where}/version"),
        kind=kind,
        description=_texts(entry["description"], f"{where}/description"),
        expression=expression,
        reads=paths,
        reads_original=any(map(reads_original, paths)),
        applies_to=applies_to,
        requirement=_matching(entry.get("requirement", "entry"), f"{where}/requirement", _ID),
        valid_from=times["valid_from"],
        valid_to=times["valid_to"],
    )


_SET_ROOTS: Final = ("value_sets", "external.valueSets")


def _check_variable(path: str, where: str, applies_to: AppliesTo) -> None:
    """Check that a variable exists: one that does not would be null for everybody."""
    root, _, rest = path.partition(".")
    if root == "payload" or (root == "external" and rest in DCC_PARAMETERS):
        if applies_to.formats is None or not applies_to.formats <= PAYLOAD_FORMATS:
            formats = " and ".join(sorted(PAYLOAD_FORMATS))
            raise _invalid(f"{where}/logic reads {path}, which only {formats} have: applies_to must say so")
    elif not path:
        raise _invalid(f"{where}/logic reads all there is: name the variables")
    elif not names_below(path):
        raise _invalid(f"{where}/logic reads {path}, and there is no such variable or value set")


def _invalid(detail: str) -> RuleError:
    return RuleError(Reason.RULES_INVALID, detail)


def _members(entry: Any, required: frozenset[str], optional: Collection[str], where: str) -> None:
    if type(entry) is not dict:
        raise _invalid(f"{where} is not an object")
    if missing := required - entry.keys():
        raise _invalid(f"{where}: {min(missing)} is missing")
    if unknown := entry.keys() - required - frozenset(optional):
        raise _invalid(f"{where}: {len(unknown)} members are not known")


def _items(value: Any, where: str, most: int) -> list[Any]:
    if type(value) is not list or len(value) > most:
        raise _invalid(f"{where} is not an array of at most {most}")
    return value


def _text(value: Any, where: str) -> str:
    if type(value) is not str or not value:
        raise _invalid(f"{where} is not a text")
    return value


def _matching(value: Any, where: str, pattern: re.Pattern[str]) -> str:
    if type(value) is not str or not pattern.fullmatch(value):
        raise _invalid(f"{where} is not in its form")
    return value


def _texts(value: Any, where: str) -> dict[str, str]:
    if type(value) is not dict or not value or not all(map(LANGUAGE.fullmatch, value)):
        raise _invalid(f"{where} is not an object whose members are languages, at least one")
    return {language: _text(text, where) for language, text in value.items()}


def _version(value: Any, where: str) -> tuple[int, ...]:
    return tuple(map(int, _matching(value, where, _VERSION).split(".")))


def _time(value: Any, where: str) -> datetime:
    try:
        return parse_datetime(_matching(value, where, _TIME))
    except DecodeError as error:
        raise _invalid(f"{where}: {error.detail}") from None


def _retention(value: Any) -> timedelta:
    match = _RETENTION.fullmatch(value) if type(value) is str else None
    if match is None:
        raise _invalid("retention is not in its form, P0D to P9999D or PT0H to PT9999H")
    return timedelta(days=int(match[1] or 0), hours=int(match[2] or 0))


def _applies_to(entry: Any, where: str) -> AppliesTo:
    _members(entry, frozenset(), _CONDITIONS, where)
    found = {}
    for name, pattern in _CONDITIONS.items():
        if name in entry:
            items = _items(entry[name], f"{where}/{name}", MAX_TEXTS)
            if not items:
                raise _invalid(f"{where}/{name} is empty")
            found[name] = frozenset(_matching(item, f"{where}/{name}", pattern) for item in items)
    return AppliesTo(**found)


def _value_sets(value: Any) -> dict[str, tuple[str, ...]]:
    if type(value) is not dict or not all(map(_SET_NAME.fullmatch, value)):
        raise _invalid("value_sets is not an object of named lists")
    return {
        name: tuple(_text(item, f"value_sets/{name}") for item in _items(items, f"value_sets/{name}", MAX_TEXTS))
        for name, items in value.items()
    }


def _canonical(document: Any) -> bytes:
    try:
        return jcs.encode(document)
    except DecodeError as error:
        raise _invalid(error.detail) from None
