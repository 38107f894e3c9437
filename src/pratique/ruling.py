"""Step 10, whether the destination's entry rules hold for what was proven."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.formats.hc1 import Hc1Envelope
from pratique.reasons import Reason
from pratique.report import Check, Outcome, Step
from pratique.rules import Answer, Judgement, Shown, judge

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from pratique.proven import Proven
    from pratique.rules import RuleSet
    from pratique.trust import TrustedIssuer


def check_rules(
    rules: RuleSet, proven: Sequence[tuple[Proven, TrustedIssuer]], at: datetime
) -> tuple[Check, Judgement]:
    """Return whether entry rules hold, and what each of them comes to.

    Args:
        rules: what the destination asks.
        proven: every code that counts, with the issuer of its key.
        at: the time of the verification, aware; days are counted in the zone of the rules.
    """
    judgement = judge(rules, [_shown(each, issuer) for each, issuer in proven], at)
    answer = judgement.answer
    if answer is Answer.PASSED:
        return Check(Step.RULES, Outcome.PASSED, Reason.RULES_MET, judgement.name), judgement
    outcome = Outcome.FAILED if answer is Answer.FAILED else Outcome.INCONCLUSIVE
    return Check(Step.RULES, outcome, judgement.code, judgement.detail), judgement


def _shown(proven: Proven, issuer: TrustedIssuer) -> Shown:
    envelope = proven.envelope
    return Shown(proven.credential, issuer.identity, envelope.payload if isinstance(envelope, Hc1Envelope) else None)
