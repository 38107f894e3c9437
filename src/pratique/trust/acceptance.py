"""Acceptance: a verifier's own decision which of the issuers on its trust lists it accepts, for what, and when.

A small file of lines, in JSON (`schemas/acceptance.schema.json`). A fact is accepted when some `accept` line covers it
and no `deny` line does. A line covers what meets all its conditions; a condition that is absent is met by everything.
Without an `accept` line nothing is accepted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any, Final

from pratique.errors import TrustError
from pratique.model import Kind
from pratique.reasons import Reason
from pratique.trust.members import COUNTRY, FORMAT, TARGET
from pratique.trust.trust_list import TrustedIssuer, covers

_SET_CONDITIONS: Final = {
    "lists": re.compile(r".+", re.DOTALL),
    "countries": COUNTRY,
    "issuers": re.compile(r".+", re.DOTALL),
    "formats": FORMAT,
    "kinds": re.compile("|".join(Kind)),
    "targets": TARGET,
}
_DATE_CONDITIONS: Final = ("from", "until")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Decision(Enum):
    """What acceptance says of a fact."""

    ACCEPTED = Reason.ISSUER_ENTITLED
    NOT_ACCEPTED = Reason.ISSUER_NOT_ACCEPTED
    NOT_FOR_THIS = Reason.ISSUER_SCOPE
    DENIED = Reason.ISSUER_DENIED


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptanceLine:
    """The conditions of one line; None is met by everything. `from_` is inside, `until` outside, both UTC dates."""

    lists: frozenset[str] | None = None
    countries: frozenset[str] | None = None
    issuers: frozenset[str] | None = None
    formats: frozenset[str] | None = None
    kinds: frozenset[str] | None = None
    targets: frozenset[str] | None = None
    from_: date | None = None
    until: date | None = None

    def covers_issuer(self, issuer: TrustedIssuer, format_: str) -> bool:
        """Return whether the line speaks of this issuer and format."""
        return (
            (self.formats is None or format_ in self.formats)
            and (self.countries is None or issuer.country in self.countries)
            and (self.lists is None or issuer.trust_list in self.lists)
            and (self.issuers is None or issuer.id in self.issuers)
        )

    def covers_fact(self, kind: Kind, target: str | None, at: datetime) -> bool:
        """Return whether the line speaks of this kind of fact and disease agent at this time."""
        return (
            covers(self.kinds, self.targets, kind, target)
            and (self.from_ is None or self.from_ <= _day(at))
            and (self.until is None or _day(at) < self.until)
        )

    def unmet(self, kind: Kind, target: str | None, at: datetime) -> tuple[str, ...]:
        """Return the names of the conditions because of which `covers_fact` says no; none where it says yes."""
        today = _day(at)
        met = {
            "kinds": self.kinds is None or kind in self.kinds,
            "targets": covers(None if kind is not Kind.CLEARANCE else self.kinds, self.targets, kind, target),
            "from": self.from_ is None or self.from_ <= today,
            "until": self.until is None or today < self.until,
        }
        return tuple(name for name, is_met in met.items() if not is_met)


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A line that speaks of an issuer and format and did not decide: where it stands, and its unmet conditions."""

    where: str
    line: AcceptanceLine
    unmet: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision, the line that made it, and the lines that might have been meant to.

    `where` is the place of that line in the file, such as `accept/2`; without such a line it is None, and nothing that
    no line covers is accepted.
    """

    decision: Decision
    line: AcceptanceLine | None
    where: str | None
    passed_over: tuple[PassedOver, ...]

    def sentences(self) -> tuple[str, ...]:
        """Return in plain English which line decided, or that none did, and why others did not."""
        if self.decision is Decision.NOT_ACCEPTED:
            first = "No line of accept speaks of this issuer and format."
        elif self.where is None:
            first = "No line of accept covers this fact."
        else:
            first = f"The line {self.where} {'refuses' if self.decision is Decision.DENIED else 'accepts'} it."
        return first, *(
            f"The line {passed.where} speaks of this issuer and format, and does not cover the fact because of its "
            f"{' and '.join(passed.unmet)}."
            for passed in self.passed_over
        )


@dataclass(frozen=True, slots=True)
class Acceptance:
    """The lines of a verifier; empty means that nothing is accepted."""

    accept: tuple[AcceptanceLine, ...] = ()
    deny: tuple[AcceptanceLine, ...] = ()

    @classmethod
    def from_json(cls, document: Any) -> Acceptance:
        """Return the acceptance of a JSON document.

        Raises: TrustError (`trust.acceptance_invalid`): anything in it is faulty. No line is set aside: a line that is
        not understood might be the one that denies.
        """
        if type(document) is not dict or not document.keys() <= {"accept", "deny"}:
            raise _invalid("the document has members other than accept and deny")
        return cls(_lines(document.get("accept", []), "accept"), _lines(document.get("deny", []), "deny"))

    def decide(self, issuer: TrustedIssuer, format_: str, kind: Kind, target: str | None, at: datetime) -> Decision:
        """Return whether a fact by this issuer in this format is accepted at this time, or why it is not."""
        for line in self.deny:
            if line.covers_issuer(issuer, format_) and line.covers_fact(kind, target, at):
                return Decision.DENIED
        decision = Decision.NOT_ACCEPTED
        for line in self.accept:
            if line.covers_issuer(issuer, format_):
                if line.covers_fact(kind, target, at):
                    return Decision.ACCEPTED
                decision = Decision.NOT_FOR_THIS
        return decision

    def explain(self, issuer: TrustedIssuer, format_: str, kind: Kind, target: str | None, at: datetime) -> Explanation:
        """Return what `decide` answers, with the line that decided, and why the lines before it did not."""
        passed: list[PassedOver] = []
        decision = Decision.NOT_ACCEPTED
        for name, lines, answer in (("deny", self.deny, Decision.DENIED), ("accept", self.accept, Decision.ACCEPTED)):
            for i, line in enumerate(lines):
                if not line.covers_issuer(issuer, format_):
                    continue
                unmet = line.unmet(kind, target, at)
                if not unmet:
                    return Explanation(answer, line, f"{name}/{i}", tuple(passed))
                passed.append(PassedOver(f"{name}/{i}", line, unmet))
                if answer is Decision.ACCEPTED:
                    decision = Decision.NOT_FOR_THIS
        return Explanation(decision, None, None, tuple(passed))


def _day(at: datetime) -> date:
    """Return the UTC date of a moment. Raises: TypeError: it is naive."""
    if at.utcoffset() is None:
        raise TypeError("a time without a zone")
    return at.astimezone(UTC).date()


def _invalid(detail: str) -> TrustError:
    return TrustError(Reason.ACCEPTANCE_INVALID, detail)


def _lines(entries: Any, name: str) -> tuple[AcceptanceLine, ...]:
    if type(entries) is not list:
        raise _invalid(f"{name} is not an array")
    return tuple(_line(entry, f"{name}/{i}") for i, entry in enumerate(entries))


def _line(entry: Any, where: str) -> AcceptanceLine:
    if type(entry) is not dict or not entry.keys() <= {*_SET_CONDITIONS, *_DATE_CONDITIONS}:
        raise _invalid(f"{where} has a condition that is not known")
    sets = {
        name: _texts(entry[name], f"{where}/{name}", pattern)
        for name, pattern in _SET_CONDITIONS.items()
        if name in entry
    }
    dates = {name: _date(entry[name], f"{where}/{name}") for name in _DATE_CONDITIONS if name in entry}
    from_, until = dates.get("from"), dates.get("until")
    if from_ is not None and until is not None and until <= from_:  # it would cover nothing, and might be meant to deny
        raise _invalid(f"{where} ends before it begins")
    return AcceptanceLine(**sets, from_=from_, until=until)


def _texts(value: Any, where: str, pattern: re.Pattern[str]) -> frozenset[str]:
    if type(value) is not list or not value:
        raise _invalid(f"{where} is not an array with at least one item")
    for i, item in enumerate(value):
        if type(item) is not str or not pattern.fullmatch(item):
            raise _invalid(f"{where}/{i} is not one that is known, or not in its form")
    return frozenset(value)


def _date(value: Any, where: str) -> date:
    if type(value) is not str or not _DAY.fullmatch(value):  # `fromisoformat` takes week dates too
        raise _invalid(f"{where} is not a date (YYYY-MM-DD)")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise _invalid(f"{where} is not a date of the calendar") from None
