"""The smallest disclosure: what a rule set can read at most, and the least that makes it hold for one credential.

A verifier may ask for `minimum(rule_set)`: the closed claims that its rules can read, found by walking them. A holder
shows `disclose_for(rule_set, held, at)`, most often less: of all sets of these claims that make the rules hold, one
with the fewest claims, and of several such sets the least sensitive, by the ranking of `SENSITIVITY`.

Rules are asked here exactly as a verifier asks them of the copy that would be shown. An absence cannot be shown: what a
copy does not show may be there, so that a rule which asks that something be absent is not met this way.
"""

from __future__ import annotations

from itertools import combinations
from math import comb
from typing import TYPE_CHECKING, Final, Protocol

from pratique.errors import RuleError
from pratique.formats.pratique import FORMAT
from pratique.model import IssuerIdentity, Kind
from pratique.rules.judgement import Answer, Judgement, judge_visible
from pratique.rules.variables import CLOSED, CLOSED_IN, Shown, names_below

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from pratique.model import Credential
    from pratique.rules.ruleset import Rule, RuleSet

MAX_CANDIDATES: Final = 4096  # sets tried, some 20 µs each: all sets of 12 claims; no rule set that is known reads more

SENSITIVITY: Final[Mapping[str, int]] = {
    # 1: shared by millions, says little of a person
    "event.dose": 1,
    "event.product": 1,
    "event.test_method": 1,
    "event.country": 1,
    "event.authority": 1,
    # 2: says something of a person, or where they were, and is shared by thousands
    "event.date": 2,
    "event.test_result": 2,
    "event.centre": 2,
    "holder.sex": 2,
    "holder.nationality": 2,
    # 3: with little else it singles a person out
    "event.sampled_at": 3,
    "event.batch": 3,
    "event.practitioner": 3,
    "holder.birth_date": 3,
    # 4: names somebody
    "holder.name": 4,
    "holder.name_native": 4,
    "holder.guardian": 4,
    # 5: a key to what other registers have
    "holder.document_number": 5,
    "holder.national_id": 5,
}
"""How much each closed claim gives away, from 1 to 5: what it tells of a person, and how few people share it."""


class Held(Protocol):
    """A credential as its holder keeps it: what it says, and the names of the claims that can be shown."""

    @property
    def credential(self) -> Credential:
        """Return what it says, all of it opened."""

    @property
    def disclosable(self) -> tuple[str, ...]:
        """Return the claims that can be shown, by their names."""


_UNKNOWN: Final = IssuerIdentity()


def claims_read(rule_set: RuleSet) -> frozenset[str]:
    """Return every variable that any rule can read, whatever is shown, of any edition of the rule.

    Variables of the model stand by their names, `event.dose` for each part of it; what rules read of EU DCCs as they
    were signed stands as its path, such as `payload.v.0.dt`.
    """
    return frozenset().union(*map(_read, rule_set.rules))


def _read(rule: Rule) -> frozenset[str]:
    return frozenset(name for path in rule.reads for name in names_below(path) or {path})


def minimum(rule_set: RuleSet, kind: Kind | None = None) -> frozenset[str]:
    """Return the closed claims that a verifier may ask for: those that rules read and no credential shows by itself.

    With `kind`, those that are read of a fact of that kind. Rules for other formats than our own ask for nothing: these
    show everything to everybody.
    """
    found: set[str] = set()
    for each in Kind if kind is None else (kind,):
        for rule in rule_set.rules:
            formats, kinds = rule.applies_to.formats, rule.applies_to.kinds
            if (formats is None or FORMAT in formats) and (kinds is None or each in kinds):
                found |= _read(rule) & CLOSED_IN[each]
    return frozenset(found)


def smallest_disclosures(rule_set: RuleSet, held: Held) -> Iterator[frozenset[str]]:
    """Yield the sets of claims that could be shown for a rule set, the smallest first, of these the least sensitive.

    It begins with no claim at all. After `MAX_CANDIDATES` sets it ends before a size of which not all would be left.
    """
    pool = _pool(rule_set, held)
    left = MAX_CANDIDATES
    for size in range(len(pool) + 1):
        left -= comb(len(pool), size)
        if left < 0:
            return
        yield from map(frozenset, sorted(combinations(pool, size), key=_sensitivity))


def disclose_for(rule_set: RuleSet, held: Held, at: datetime, *, issuer: IssuerIdentity = _UNKNOWN) -> frozenset[str]:
    """Return a smallest set of claims that makes a rule set hold for a credential: names for `present(disclose=…)`.

    Without any of them the rules would not hold, and none is outside `minimum`. Where a rule set has several
    requirements, it is about those that this credential can meet; other credentials are there for the others. Where
    rules read so many claims that not all sets can be tried, the result is not surely the smallest: claims are left out
    one by one then, the most sensitive first, until none can be.

    Args:
        rule_set: what the verifier asks by.
        held: the credential.
        at: the time, aware.
        issuer: what is known of the issuer beyond what the credential states, such as its country.
    Raises: RuleError: no disclosure makes the rules hold (`rules.not_met`, `rules.unanswered`), or they are not in
        force (`rules.not_in_force`).
    """
    shown = (Shown(held.credential, issuer),)
    pool = frozenset(_pool(rule_set, held))

    def met(claims: frozenset[str]) -> frozenset[str]:
        return _met(judge_visible(rule_set, shown, at, claims))

    at_best = judge_visible(rule_set, shown, at, pool)
    goal = _met(at_best)
    if not goal:
        raise RuleError(at_best.code, at_best.detail)
    for claims in smallest_disclosures(rule_set, held):
        if goal <= met(claims):
            return claims
    return _leaving_out(pool, lambda claims: goal <= met(claims))


def _met(judgement: Judgement) -> frozenset[str]:
    return frozenset(each.requirement for each in judgement.requirements if each.answer is Answer.PASSED)


def _leaving_out(claims: frozenset[str], is_enough: Callable[[frozenset[str]], bool]) -> frozenset[str]:
    """Return what is left once no claim can be left out any more, the most sensitive tried first."""
    for claim in sorted(claims, key=lambda name: (-SENSITIVITY[name], name)):
        if is_enough(claims - {claim}):
            return _leaving_out(claims - {claim}, is_enough)
    return claims


def _pool(rule_set: RuleSet, held: Held) -> list[str]:
    """Return the claims that the credential has and the rules that apply to it read, in alphabetical order."""
    credential = held.credential
    read: set[str] = set()
    for kind, target in credential.kinds:
        for rule in rule_set.rules:
            applies = rule.applies_to
            # Not by country: the list of the verifier may know one where the holder does not.
            if applies.covers(credential.format, kind, target, None) or (
                applies.countries is not None
                and any(applies.covers(credential.format, kind, target, each) for each in applies.countries)
            ):
                read |= _read(rule)
    return sorted(read & CLOSED & set(held.disclosable))


def _sensitivity(claims: tuple[str, ...]) -> tuple[list[int], tuple[str, ...]]:
    return sorted((SENSITIVITY[claim] for claim in claims), reverse=True), claims
