"""Several codes of one traveller: each verified on its own, then whether they are one person's, then one verdict.

Codes are joined by the travel document, where one is at hand: each code's binding to it is then what counts. Without a
document they are joined by the names and birth dates that they show, compared as with a document: what is only close is
never taken for equal.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final, overload

from pratique.formats.shc_parts import Gathering, is_part
from pratique.formats.shc_text import PREFIX
from pratique.names import Match, compare_names
from pratique.reasons import Reason
from pratique.record import terms
from pratique.report import STANDING_AGAINST, Check, Outcome, Report, Step, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from pratique.model import Holder
    from pratique.proven import Proven
    from pratique.request import Request
    from pratique.rules import Judgement, RuleSet

MAX_CODES: Final = 64
"""Codes of one traveller; a family's papers are far fewer, and every pair of them is compared."""

_FORGED: Final = frozenset({Step.SIGNATURE, Step.DISCLOSURES})


@dataclass(frozen=True, slots=True)
class Joining:
    """Whether the proven codes are one person's: PASSED, FAILED, INCONCLUSIVE; NOT_CHECKED where fewer than two are."""

    outcome: Outcome
    code: Reason
    detail: str = ""

    @property
    def sentence(self) -> str:
        """Return it in a plain sentence."""
        return self.code.sentence(self.detail)


@dataclass(frozen=True, slots=True, repr=False)
class SessionReport:
    """What a session came to: a report for each code, in the order shown, and how they belong together.

    `rules` is the answer of step 10 over all codes that are not rejected, and `judgement` what it is made of; None
    where no rules were given.
    """

    reports: tuple[Report, ...]
    joining: Joining
    rules: Check | None = None
    judgement: Judgement | None = None

    def __repr__(self) -> str:
        return f"SessionReport({len(self.reports)} codes, {self.verdict}, {self.joining.code.value})"

    def __bool__(self) -> bool:
        raise TypeError("a report is not a yes or no: ask for its verdict")

    @property
    def verdict(self) -> Verdict:
        """Return the verdict over all codes.

        REJECT where two proven codes are different people's, or no code gets further than that. ACCEPT where some code
        is accepted and nothing speaks against the rest: an expired code beside a good one does no harm, but a forged
        one, a code that must be looked at, or a doubt whether all are one person's makes it REFER. Entry rules that do
        not hold make it REJECT, and such as cannot be answered REFER.
        """
        verdicts = {report.verdict for report in self.reports}
        ruled = Outcome.PASSED if self.rules is None else self.rules.outcome
        if Outcome.FAILED in (self.joining.outcome, ruled) or verdicts <= {Verdict.REJECT}:
            return Verdict.REJECT
        forged = any(report.check(step).outcome is Outcome.FAILED for report in self.reports for step in _FORGED)
        doubtful = Outcome.INCONCLUSIVE in (self.joining.outcome, ruled) or Verdict.REFER in verdicts or forged
        return Verdict.REFER if doubtful else Verdict.ACCEPT

    def explain(self) -> str:
        """Return it in a few plain sentences for an officer; each code's own report says more of that code."""
        counts = ", ".join(f"{number} {verdict.value}" for verdict in Verdict if (number := self._count(verdict)))
        return f"{self.verdict.value.capitalize()}: {self._codes()}, {counts}. {self.joining.sentence}"

    def for_traveller(self) -> str:
        """Return what the person in front of the desk is told: what to do, and nothing that exposes them."""
        if self.verdict is Verdict.ACCEPT:
            return "Your certificates are in order."
        codes = [self.joining.code] if self.joining.outcome in STANDING_AGAINST else []
        codes += [self.rules.code] if self.rules is not None and self.rules.outcome in STANDING_AGAINST else []
        codes += [check.code for report in self.reports for check in report.standing_against]
        advice = dict.fromkeys(filter(None, (code.advice for code in codes)))
        return " ".join(advice) or "Please wait: an officer will look at your certificates."

    @property
    def missing(self) -> frozenset[str]:
        """Return the claims without which the entry rules cannot be answered: those to ask for, and no others."""
        return frozenset() if self.judgement is None else self.judgement.missing

    @overload
    def record(self) -> dict[str, Any]: ...

    @overload
    def record(self, *, rules: RuleSet | None = None, request: Request | None = None) -> dict[str, Any] | None: ...

    def record(self, *, rules: RuleSet | None = None, request: Request | None = None) -> dict[str, Any] | None:
        """Return what may be kept: verdict, how the codes were joined, each code's own record. No claim is in it.

        The terms, which are those of all codes, and what it raises, are as of `Report.record`.
        """
        kept = terms(self.reports[0].at, self.judgement, rules, request)
        if kept is None:
            return None
        return {
            "verdict": self.verdict.value,
            "joining": self.joining.code.value,
            **({} if self.rules is None else {"rules": self.rules.code.value}),
            "codes": [report.record() for report in self.reports],
            **kept,
        }

    def _codes(self) -> str:
        return "1 code" if len(self.reports) == 1 else f"{len(self.reports)} codes"

    def _count(self, verdict: Verdict) -> int:
        return sum(report.verdict is verdict for report in self.reports)


def plain(text: str) -> str:
    """Return a text as a session takes it: without the line end that scanners add, a card's prefix in small letters."""
    text = text.rstrip("\r\n")
    return PREFIX + text[len(PREFIX) :] if text[: len(PREFIX)].lower() == PREFIX else text


class Session:
    """The codes of one traveller, shown one after the other; `Verifier.session` makes it."""

    def __init__(
        self,
        examine: Callable[[str], tuple[Report, Proven | None]],
        *,
        with_document: bool,
        rules: RuleSet | None,
        at: datetime,
    ) -> None:
        self._examine = examine
        self._with_document = with_document
        self._rules = rules
        self._at = at
        self._found: dict[str, tuple[Report, Proven | None]] = {}
        self._shown: dict[str, None] = {}
        self._gathering = Gathering()

    def __repr__(self) -> str:
        return f"Session({len(self._found)} codes)"

    def add(self, text: str) -> Report:
        """Verify one more code and return its own report. The same code shown again counts once.

        A part of a code that was printed as several (SMART Health Cards) answers `qr.incomplete` until the last part
        is there, in whatever order; that one's report is of the whole.

        Raises: TypeError: as `Verifier.verify`. ValueError: more than `MAX_CODES`.
        """
        if not isinstance(text, str):
            raise TypeError("the text of a code is a str")
        text = plain(text)
        is_new = text not in self._shown
        if is_new and len(self._shown) == MAX_CODES:
            raise ValueError(f"a session takes at most {MAX_CODES} codes")
        self._shown[text] = None
        if is_new or is_part(text):  # which may be shown again for another card
            for code in self._gathering.add(text):
                for part in set(code.parts) - {code.text}:
                    self._found.pop(part, None)
                self._examine_once(code.text)
            self._examine_once(self._gathering.code_of(text))
        return self._found[self._gathering.code_of(text)][0]

    def _examine_once(self, code: str) -> None:
        if code not in self._found:
            self._found[code] = self._examine(code)

    def shown(self) -> list[tuple[tuple[str, ...], Report]]:
        """Return each code's report with the texts that it was put together from, both in the order shown."""
        texts: dict[str, list[str]] = {}
        for text in self._shown:
            texts.setdefault(self._gathering.code_of(text), []).append(text)
        return [(tuple(parts), self._found[code][0]) for code, parts in texts.items()]

    def report(self) -> SessionReport:
        """Return what the session has come to so far. Raises: ValueError: no code was added."""
        if not self._found:
            raise ValueError("no code was added")
        reports = tuple(report for _, report in self.shown())
        joining = _join(reports, with_document=self._with_document)
        return SessionReport(reports, joining, *self._ruling())

    def _ruling(self) -> tuple[Check, Judgement] | tuple[None, None]:
        """Return what the rules come to over all codes that are not rejected."""
        counting = [
            (proven, report.issuer)
            for report, proven in self._found.values()
            if proven is not None and report.issuer is not None and report.verdict is not Verdict.REJECT
        ]
        if self._rules is None or not counting:
            return None, None
        from pratique.ruling import check_rules  # noqa: PLC0415 - not every desk has rules

        return check_rules(self._rules, counting, self._at)


def _join(reports: tuple[Report, ...], *, with_document: bool) -> Joining:
    """Return whether the codes whose signature holds are one person's."""
    proven = [(report, report.credential) for report in reports if report.credential is not None]
    if len(proven) < 2:  # noqa: PLR2004 - nothing to join
        return Joining(Outcome.NOT_CHECKED, Reason.ONE_CODE)
    if with_document:
        return _join_by_document([report.check(Step.BINDING).outcome for report, _ in proven])
    return _join_by_people([credential.holder if credential.shows_identity else None for _, credential in proven])


def _join_by_document(outcomes: list[Outcome]) -> Joining:
    if Outcome.FAILED in outcomes:
        return Joining(Outcome.FAILED, Reason.OTHER_TRAVELLER, "one code is not of the document at hand")
    if set(outcomes) == {Outcome.PASSED}:
        return Joining(Outcome.PASSED, Reason.ONE_TRAVELLER)
    return Joining(Outcome.INCONCLUSIVE, Reason.UNSURE_TRAVELLER, "one code is not surely of the document at hand")


def _join_by_people(people: list[Holder | None]) -> Joining:
    """Return whether the people who are shown are one; None stands for a code that does not show whose it is."""
    known = [holder for holder in people if holder is not None]
    matches = {_match(one, other) for one, other in combinations(known, 2)}
    if Match.DIFFERENT in matches:
        return Joining(Outcome.FAILED, Reason.OTHER_TRAVELLER, "two codes state different people")
    if len(known) < len(people):
        return Joining(Outcome.INCONCLUSIVE, Reason.UNSURE_TRAVELLER, "one code does not show whose it is")
    if matches == {Match.EQUAL}:
        return Joining(Outcome.PASSED, Reason.ONE_TRAVELLER)
    return Joining(Outcome.INCONCLUSIVE, Reason.UNSURE_TRAVELLER, "names or birth dates are close, not equal")


def _match(one: Holder, other: Holder) -> Match:
    """Return whether two people who are shown can be one: by name and birth date, as precise as both are."""
    names = compare_names(one.any_name, other.any_name)
    if one.birth_date is None or other.birth_date is None:
        return Match.DIFFERENT if names is Match.DIFFERENT else Match.NEAR
    if names is Match.DIFFERENT or not one.birth_date.agrees_with(other.birth_date):
        return Match.DIFFERENT
    return names if one.birth_date == other.birth_date else Match.NEAR
