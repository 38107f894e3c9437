"""Step 6, whether a credential is within its time: its technical window, and where its facts state one, theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pratique.model import Vaccination
from pratique.model.codes import Coding, days_until_valid
from pratique.model.dates import rfc3339
from pratique.reasons import Reason
from pratique.report import Check, Outcome, Step

if TYPE_CHECKING:
    from datetime import date, datetime, timedelta

    from pratique.model import Credential, Evidence

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
        if begins is not None and begins - at > clock_skew:
            return _failed(Reason.NOT_YET_VALID, f"valid from {rfc3339(begins)}, checked at {rfc3339(at)}")
    expires_at = validity.expires_at
    if expires_at is not None and at - expires_at >= clock_skew:
        return _failed(Reason.EXPIRED, f"expired {rfc3339(expires_at)}, checked at {rfc3339(at)}")
    if credential.held_to_facts:
        return _check_facts(credential.evidence, local.date(), has_expiry=expires_at is not None)
    return _NO_EXPIRY if expires_at is None else _VALID


def _check_facts(facts: tuple[Evidence, ...], today: date, *, has_expiry: bool) -> Check:
    """Return whether the facts count today; one that states no end needs the end of the credential."""
    answers: dict[str | None, dict[Reason, str]] = {}
    for fact in facts:
        code, detail = _counts(fact, today)
        answers.setdefault(fact.target, {})[code] = detail
    against = [found for found in answers.values() if Reason.VALID_NOW not in found]
    if against:
        code = Reason.NOT_YET_VALID if any(Reason.NOT_YET_VALID in found for found in against) else Reason.EXPIRED
        detail = next(found[code] for found in against if code in found)
        outcome = Outcome.FAILED if len(against) == len(answers) else Outcome.INCONCLUSIVE
        return Check(Step.VALIDITY, outcome, code, detail)
    ends = has_expiry or all(fact.valid_until is not None or _is_lifelong(fact) for fact in facts)
    return _VALID if ends else _NO_EXPIRY


def _counts(fact: Evidence, today: date) -> tuple[Reason, str]:
    """Return whether a fact counts on a day, as a code, and in words; both ends are inside."""
    what = f"the {fact.kind.value}" + ("" if fact.target is None else f" ({Coding('icd11', fact.target).display})")
    if fact.valid_from is not None and today < fact.valid_from.earliest:
        days = 0 if fact.target is None else days_until_valid(fact.target)
        when = f"from day {days} after it was given" if days else "from a later day"
        return Reason.NOT_YET_VALID, f"{what} counts {when}"
    if fact.valid_until is not None and not _is_lifelong(fact) and today > fact.valid_until.latest:
        return Reason.EXPIRED, f"the time for which {what} counts is over"
    return Reason.VALID_NOW, ""


def _is_lifelong(fact: Evidence) -> bool:
    return isinstance(fact, Vaccination) and fact.lifelong is True


def _failed(code: Reason, detail: str) -> Check:
    return Check(Step.VALIDITY, Outcome.FAILED, code, detail)
