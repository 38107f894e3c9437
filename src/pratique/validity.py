"""Step 6, whether a credential is within its time: its technical window, and where its facts state one, theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pratique.model.codes import Coding, days_until_valid
from pratique.model.dates import rfc3339
from pratique.reasons import Reason
from pratique.report import Check, Outcome, Step

if TYPE_CHECKING:
    from datetime import date, datetime, timedelta

    from pratique.model import Credential, Span

_VALID: Final = Check(Step.VALIDITY, Outcome.PASSED, Reason.VALID_NOW)
_NO_EXPIRY: Final = Check(Step.VALIDITY, Outcome.INCONCLUSIVE, Reason.NO_EXPIRY)


def check_validity(credential: Credential, at: datetime, local: datetime, *, clock_skew: timedelta) -> Check:
    """Return whether a credential is within its time.

    The start of the technical window is inside it, its end outside. Where the credential is held to its facts, they
    must count today as well: of several about one disease one is enough, of several diseases all are needed. No detail
    gives a fact's date away.

    Args:
        credential: what was proven.
        at: the time of the verification, UTC.
        local: the same in the zone of the verifier, by whose calendar days are counted.
        clock_skew: by how much clocks may differ at either end of the technical window.
    """
    validity = credential.validity
    for begins in (validity.not_before, validity.issued_at):
        if begins is not None and begins > at and begins - at > clock_skew:
            return _failed(Reason.NOT_YET_VALID, f"valid from {rfc3339(begins)}, checked at {rfc3339(at)}")
    expires_at = validity.expires_at
    if expires_at is not None and at >= expires_at and at - expires_at >= clock_skew:
        return _failed(Reason.EXPIRED, f"expired {rfc3339(expires_at)}, checked at {rfc3339(at)}")
    if credential.held_to_facts:
        return _check_facts(credential.spans, local.date(), has_expiry=expires_at is not None)
    return _NO_EXPIRY if expires_at is None else _VALID


def _check_facts(facts: tuple[Span, ...], today: date, *, has_expiry: bool) -> Check:
    """Return whether the facts count today; one that states no end needs the end of the credential."""
    for fact in facts:
        if _counts(fact, today) is not Reason.VALID_NOW and (refusal := _against(facts, today)) is not None:
            return refusal
    return _VALID if has_expiry or all(map(_ends, facts)) else _NO_EXPIRY


def _against(facts: tuple[Span, ...], today: date) -> Check | None:
    """Return that facts about some disease do not count today, none of them."""
    found = [(fact, _counts(fact, today)) for fact in facts]
    counting = {fact.target for fact, code in found if code is Reason.VALID_NOW}
    against = [(fact, code) for fact, code in found if fact.target not in counting]
    if not against:
        return None
    code = Reason.NOT_YET_VALID if Reason.NOT_YET_VALID in {code for _, code in against} else Reason.EXPIRED
    last = {fact.target: fact for fact, each in against if each is code}
    fact = next(last[fact.target] for fact, _ in against if fact.target in last)
    outcome = Outcome.INCONCLUSIVE if counting else Outcome.FAILED
    return Check(Step.VALIDITY, outcome, code, _in_words(fact, code))


def _counts(fact: Span, today: date) -> Reason:
    """Return whether a fact counts on a day; both ends are inside."""
    if fact.begins is not None and today < fact.begins:
        return Reason.NOT_YET_VALID
    if fact.ends is not None and not fact.lifelong and today > fact.ends:
        return Reason.EXPIRED
    return Reason.VALID_NOW


def _ends(fact: Span) -> bool:
    """Return whether a fact says how long it counts, if only that it does for life."""
    return fact.lifelong or fact.ends is not None


def _in_words(fact: Span, code: Reason) -> str:
    """Return why a fact does not count."""
    what = f"the {fact.kind.value}" + ("" if fact.target is None else f" ({Coding('icd11', fact.target).display})")
    if code is Reason.EXPIRED:
        return f"the time for which {what} counts is over"
    days = 0 if fact.target is None else days_until_valid(fact.target)
    return f"{what} counts " + (f"from day {days} after it was given" if days else "from a later day")


def _failed(code: Reason, detail: str) -> Check:
    return Check(Step.VALIDITY, Outcome.FAILED, code, detail)
