"""The judgement of a rule set over what a traveller shows.

Each fact of each credential is judged on its own, by the rules that apply to it. A fact **meets** a requirement when at
least one acceptance rule of that requirement applies to it, and every rule of the requirement that applies holds. So
rules for different kinds of facts are alternatives (a vaccination, or a test), and requirements add up (yellow fever,
and polio): a traveller meets the rule set when every requirement is met by one fact at least.

A rule that needs a claim which was not disclosed, and one that cannot be applied to what a certificate says, are
INCONCLUSIVE: the first names the claims. Where several facts fall short of a requirement, the one that comes closest is
reported.
"""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from pratique.errors import PratiqueError
from pratique.reasons import Reason
from pratique.rules.variables import Context, Fact, Shown
from pratique.rules.withheld import Withheld

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from pratique.rules.ruleset import Rule, RuleSet


class Answer(StrEnum):
    """What a rule, a requirement or a rule set comes to."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"
    NOT_APPLICABLE = "not_applicable"


class RuleAnswer(NamedTuple):
    """What one rule says of one fact: the claims that it would need, or why it cannot be applied."""

    rule: str
    answer: Answer
    missing: frozenset[str] = frozenset()
    detail: str = ""


class RequirementAnswer(NamedTuple):
    """What a requirement comes to, by the fact that meets it or comes closest.

    `rules` has every rule of the requirement in force, `shown` is the number of the credential, None where no fact is
    of a kind that counts.
    """

    requirement: str
    answer: Answer
    rules: tuple[RuleAnswer, ...]
    shown: int | None = None

    @property
    def missing(self) -> frozenset[str]:
        """Return the claims without which it cannot be answered."""
        return frozenset().union(*(rule.missing for rule in self.rules))


class Judgement(NamedTuple):
    """What a rule set comes to. `code` is one of the codes of step 10; `detail` has no claim's value in it."""

    rule_set: str
    version: str
    in_force: bool
    requirements: tuple[RequirementAnswer, ...]

    @property
    def answer(self) -> Answer:
        """Return PASSED where every requirement is met, FAILED where one is not, and else INCONCLUSIVE."""
        if not self.in_force or not self.requirements:
            return Answer.INCONCLUSIVE
        overall = Answer.PASSED
        for requirement in self.requirements:
            if requirement.answer is Answer.FAILED:
                return Answer.FAILED
            if requirement.answer is not Answer.PASSED:
                overall = Answer.INCONCLUSIVE
        return overall

    @property
    def name(self) -> str:
        """Return the rule set's id and version."""
        return f"{self.rule_set} {self.version}"

    @property
    def code(self) -> Reason:
        """Return the stable code."""
        return _CODES[self.answer] if self.in_force else Reason.RULES_NOT_IN_FORCE

    @property
    def missing(self) -> frozenset[str]:
        """Return the claims to ask for: those without which it cannot be answered, none where it is answered."""
        if self.answer is not Answer.INCONCLUSIVE:
            return frozenset()
        return frozenset().union(*(requirement.missing for requirement in self.requirements))

    @property
    def codes(self) -> tuple[str, ...]:
        """Return `rules.` and the id of each rule that stands in the way, such as `rules.VR-JP-0003`."""
        return tuple(f"rules.{rule.rule}" for rule in self._against())

    @property
    def detail(self) -> str:
        """Return what stands in the way, or which rule set holds, in words."""
        if not self.in_force or self.answer is Answer.PASSED:
            return self.name
        parts = [
            f"nothing shown is a fact that counts for {requirement.requirement}"
            for requirement in self.requirements
            if requirement.answer is Answer.FAILED and requirement.shown is None
        ]
        for rule in self._against():
            if rule.missing:
                parts.append(f"rules.{rule.rule} needs {', '.join(sorted(rule.missing))}")
            else:
                parts.append(f"rules.{rule.rule}" + (f" ({rule.detail})" if rule.detail else ""))
        return f"{self.name}: {'; '.join(parts)}"

    def _against(self) -> list[RuleAnswer]:
        """Return the rules that decide: those that failed, or where none did, those that cannot be answered."""
        overall = self.answer
        if overall is Answer.PASSED:
            return []
        return [
            rule
            for requirement in self.requirements
            if requirement.answer is overall
            for rule in requirement.rules
            if rule.answer is overall
        ]


_CODES: Final = {
    Answer.PASSED: Reason.RULES_MET,
    Answer.FAILED: Reason.RULES_NOT_MET,
    Answer.INCONCLUSIVE: Reason.RULES_UNANSWERED,
}


def judge(rule_set: RuleSet, shown: Shown | Sequence[Shown], at: datetime) -> Judgement:
    """Return what a rule set comes to for the credentials that a traveller shows, which are proven.

    Raises: TypeError: a naive time. Nothing else: what cannot be judged is INCONCLUSIVE.
    """
    return judge_visible(rule_set, (shown,) if isinstance(shown, Shown) else shown, at, None)


def judge_visible(rule_set: RuleSet, shown: Sequence[Shown], at: datetime, visible: frozenset[str] | None) -> Judgement:
    """Return what a rule set comes to, for the copies of the credentials that show of closed claims just `visible`."""
    if at.utcoffset() is None:
        raise TypeError("the time of an evaluation must be aware")
    if not rule_set.is_in_force(at):
        return Judgement(rule_set.id, rule_set.edition, in_force=False, requirements=())
    context = Context(at, rule_set.zone, rule_set.destination)
    facts = [
        _Judged(rule_set, number, each, fact, context, visible=visible)
        for number, each in enumerate(shown)
        for fact in rule_set.wanted.facts(each.credential)
    ]
    requirements = [_closest(name, rules, facts) for name, rules in rule_set.requirements(at).items()]
    return Judgement(rule_set.id, rule_set.edition, True, tuple(requirements))  # noqa: FBT003 - it is in force


class _Judged:
    """One fact of one credential, whose variables are made when the first rule reads them."""

    __slots__ = ("_context", "_data", "_fact", "_number", "_rule_set", "_shown", "_visible")

    def __init__(  # noqa: PLR0913 - all that an answer hangs on
        self,
        rule_set: RuleSet,
        number: int,
        shown: Shown,
        fact: Fact,
        context: Context,
        *,
        visible: frozenset[str] | None,
    ) -> None:
        self._rule_set = rule_set
        self._number = number
        self._shown = shown
        self._fact = fact
        self._context = context
        self._visible = visible
        self._data: object = None

    def judge(self, requirement: str, rules: Iterable[Rule]) -> RequirementAnswer | None:
        """Return what the fact does for a requirement, None where it is of no kind that counts."""
        credential = self._shown.credential
        kind, target, _ = self._fact
        country = credential.issuer.country or self._shown.issuer.country
        answers, overall, counts = [], Answer.PASSED, False
        for rule in rules:
            if rule.applies_to.covers(credential.format, kind, target, country):
                counts = counts or rule.kind == "acceptance"
                answer = self._answer(rule)
                if answer.answer is not Answer.PASSED and overall is not Answer.FAILED:
                    overall = answer.answer
                answers.append(answer)
            else:
                answers.append(_plain(rule.id, Answer.NOT_APPLICABLE))
        return RequirementAnswer(requirement, overall, tuple(answers), self._number) if counts else None

    def _answer(self, rule: Rule) -> RuleAnswer:
        if rule.reads_original and self._shown.original is None:
            return RuleAnswer(rule.id, Answer.INCONCLUSIVE, detail="the certificate as it was signed is not at hand")
        try:
            if self._data is None:
                self._data = self._rule_set.wanted.tree(self._shown, self._fact, self._context, self._visible)
            truth = rule.expression.holds(self._data)
        except PratiqueError as error:
            return RuleAnswer(rule.id, Answer.INCONCLUSIVE, detail=error.detail)
        if isinstance(truth, Withheld):
            return RuleAnswer(rule.id, Answer.INCONCLUSIVE, truth.names)
        return _plain(rule.id, Answer.PASSED if truth else Answer.FAILED)


@lru_cache(maxsize=1024)
def _plain(rule: str, answer: Answer) -> RuleAnswer:
    """Return an answer with which nothing has to be said; the same again and again for nearly all travellers."""
    return RuleAnswer(rule, answer)


_PRECEDENCE: Final = (Answer.PASSED, Answer.INCONCLUSIVE, Answer.FAILED)


def _closest(name: str, rules: Sequence[Rule], facts: Iterable[_Judged]) -> RequirementAnswer:
    """Return the best answer: one that passes, else the one that lacks the fewest claims, else fails the fewest."""
    answers = [answer for fact in facts if (answer := fact.judge(name, rules)) is not None]
    if not answers:
        return RequirementAnswer(name, Answer.FAILED, tuple([_plain(rule.id, Answer.NOT_APPLICABLE) for rule in rules]))
    return answers[0] if len(answers) == 1 else min(answers, key=_distance)


def _distance(answer: RequirementAnswer) -> tuple[int, int, int]:
    against = sum(rule.answer is answer.answer for rule in answer.rules)
    return _PRECEDENCE.index(answer.answer), len(answer.missing), against
