"""What a verification answers: one check for each step, and the verdict that follows from them."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple, overload

from pratique.errors import PratiqueError
from pratique.model import Credential, Kind
from pratique.model.codes import Coding, country_name
from pratique.model.dates import rfc3339
from pratique.reasons import Reason
from pratique.record import hour, terms

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from pratique.request import Request
    from pratique.rules import Judgement, RuleSet
    from pratique.trust import TrustedIssuer


class Step(StrEnum):
    """The steps of a verification, in their order."""

    READ = "read"
    DECODE = "decode"
    TRUST = "trust"
    SIGNATURE = "signature"
    DISCLOSURES = "disclosures"
    VALIDITY = "validity"
    ISSUER = "issuer"
    STATUS = "status"
    BINDING = "binding"
    RULES = "rules"


class Outcome(StrEnum):
    """What a step came to. INCONCLUSIVE was tried and cannot say; NOT_CHECKED was not tried, the code says why."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"
    NOT_CHECKED = "not_checked"


class Verdict(StrEnum):
    """What to do: let pass, have a person look, or refuse."""

    ACCEPT = "accept"
    REFER = "refer"
    REJECT = "reject"


REQUIRED: Final = frozenset(Step) - {Step.DISCLOSURES, Step.STATUS, Step.RULES}
"""The steps without which nothing is accepted; the others pass where there was nothing to check."""


_WARNINGS: Final = frozenset({Reason.TRUST_LIST_DUE, Reason.STATUS_DUE})
"""Codes of steps that passed and are to be mentioned all the same."""
STANDING_AGAINST: Final = frozenset({Outcome.FAILED, Outcome.INCONCLUSIVE})
"""Outcomes of a step that stand against accepting."""

_VERDICTS: Final = {
    Verdict.ACCEPT: "Accept: the credential is genuine, current, of an accepted issuer, and this traveller's.",
    Verdict.REFER: "Refer: a person must look.",
    Verdict.REJECT: "Reject.",
}


def _fact(kind: Kind, target: str | None) -> str:
    """Return what people call a fact, such as `a vaccination (Yellow fever)`."""
    article = "an" if kind is Kind.EXEMPTION else "a"
    return f"{article} {kind.value}" + ("" if target is None else f" ({Coding('icd11', target).display})")


def _facts(kinds: Sequence[tuple[Kind, str | None]]) -> str:
    """Return what people call several facts; equal ones are counted."""
    counted = Counter(_fact(kind, target) for kind, target in kinds)
    return " and ".join(fact if times == 1 else f"{fact} {times} times" for fact, times in counted.items())


class Check(NamedTuple):
    """What one step came to. `detail` says what was found and expected; it holds no claim that must be hidden."""

    step: Step
    outcome: Outcome
    code: Reason
    detail: str = ""

    @property
    def sentence(self) -> str:
        """Return the check in a plain sentence."""
        return self.code.sentence(self.detail)


class RefusedError(PratiqueError):
    """A credential that was not accepted; `report` says why."""

    def __init__(self, report: Report) -> None:
        decisive = report.decisive
        super().__init__(decisive.code, decisive.detail)
        self.report = report

    def __reduce__(self) -> tuple[type[RefusedError], tuple[Report]]:
        return type(self), (self.report,)  # made anew from its report where a pool of processes sends it on


class Report(NamedTuple):
    """The checks of one code, in the order of the steps, and what they prove.

    `credential` is there only once the signature holds, and has only what was disclosed; `issuer` is the entry of the
    trust list whose key verified. `at` is the time for which it all holds; `lists` are the sequence numbers of the
    trust lists that were asked; `judgement` is what each of the entry rules came to, where there were any.
    """

    format: str | None
    checks: tuple[Check, ...]
    at: datetime
    credential: Credential | None = None
    issuer: TrustedIssuer | None = None
    lists: Mapping[str, int] = MappingProxyType({})
    judgement: Judgement | None = None

    def __repr__(self) -> str:
        return f"Report({self.format}, {self.verdict}, {self.decisive.code.value})"

    def __bool__(self) -> bool:
        raise TypeError("a report is not a yes or no: ask for its verdict")

    @property
    def verdict(self) -> Verdict:
        """Return ACCEPT where every required step passed and no other one stands against it."""
        outcomes = {check.outcome for check in self.checks}
        if Outcome.FAILED in outcomes:
            return Verdict.REJECT
        passed = {check.step for check in self.checks if check.outcome is Outcome.PASSED}
        return Verdict.ACCEPT if passed >= REQUIRED and Outcome.INCONCLUSIVE not in outcomes else Verdict.REFER

    @property
    def decisive(self) -> Check:
        """Return the check that the verdict hangs on: the first that failed, else the first inconclusive or last."""
        for outcome in (Outcome.FAILED, Outcome.INCONCLUSIVE):
            for check in self.checks:
                if check.outcome is outcome:
                    return check
        return self.checks[-1]

    @property
    def warnings(self) -> tuple[Check, ...]:
        """Return the checks that passed and that somebody must do something about, such as a list that is due."""
        return tuple(check for check in self.checks if check.code in _WARNINGS)

    @property
    def standing_against(self) -> tuple[Check, ...]:
        """Return the checks that failed or cannot say."""
        return tuple(check for check in self.checks if check.outcome in STANDING_AGAINST)

    def check(self, step: Step) -> Check:
        """Return what a step came to."""
        return next(check for check in self.checks if check.step is step)

    @property
    def missing(self) -> frozenset[str]:
        """Return the claims without which the entry rules cannot be answered: those to ask for, and no others."""
        return frozenset() if self.judgement is None else self.judgement.missing

    def raise_for_refusal(self) -> Credential:
        """Return the credential if it is accepted. Raises: RefusedError, whatever else the verdict is."""
        if self.verdict is not Verdict.ACCEPT or self.credential is None:
            raise RefusedError(self)
        return self.credential

    def explain(self) -> str:
        """Return the report in a few plain sentences for an officer; no claim that can be hidden is in them."""
        sentences = [_VERDICTS[self.verdict]]
        if self.credential is not None:
            facts = _facts(self.credential.kinds) or "nothing"
            by = ""
            if self.issuer is not None:
                country = self.issuer.country
                by = f", issued by {self.issuer.name()} ({country_name(country) or country})"
            sentences.append(f"It attests {facts}{by}.")
        sentences += [check.sentence for check in self.standing_against]
        if self.missing:
            sentences.append(f"Ask the traveller to show {', '.join(sorted(self.missing))}, and nothing else.")
        sentences += [f"Mind: {check.sentence}" for check in self.warnings]
        sentences += [
            f"Not checked: {check.code.meaning[0].lower()}{check.code.meaning[1:]}"
            for check in self.checks
            if check.outcome is Outcome.NOT_CHECKED and check.code is not Reason.NOT_REACHED
        ]
        return " ".join(sentences)

    def for_traveller(self) -> str:
        """Return what the person in front of the desk is told: what to do, and nothing that exposes them."""
        if self.verdict is Verdict.ACCEPT:
            return "Your certificate is in order."
        advice = [check.code.advice for check in self.standing_against]
        return " ".join(dict.fromkeys(filter(None, advice))) or "Please wait: an officer will look at your certificate."

    @overload
    def record(self) -> dict[str, Any]: ...

    @overload
    def record(self, *, rules: RuleSet | None = None, request: Request | None = None) -> dict[str, Any] | None: ...

    def record(self, *, rules: RuleSet | None = None, request: Request | None = None) -> dict[str, Any] | None:
        """Return what may be kept (`schemas/record.schema.json`): verdict, codes, list versions, the hour; no claim.

        With the entry rules, the request that was answered, or both, it says besides for which purpose, by which law
        and until when it may be kept, and what was asked for; None where they allow nothing to be kept. Without either
        nobody has said for how long: that is for the caller to settle.

        Raises: ValueError: rules, request and what was judged are not about one edition of one rule set.
        """
        kept = terms(self.at, self.judgement, rules, request)
        if kept is None:
            return None
        return {
            "verdict": self.verdict.value,
            "format": self.format,
            "codes": {check.step.value: check.code.value for check in self.checks},
            "trust_lists": dict(self.lists),
            "hour": rfc3339(hour(self.at)),
            **kept,
        }
