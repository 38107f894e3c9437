"""What a proven status list says about one credential at a time, and for how long its yes is believed.

A list that got old can still say no; only its yes gets old.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from pratique.model.dates import rfc3339
from pratique.reasons import Reason
from pratique.status.token_status_list import StatusType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pratique.status.token import SignedStatusList, StatusListToken

CLOCK_SKEW: Final = timedelta(seconds=60)  # what clocks of issuers and verifiers may differ by


class StatusPolicy(NamedTuple):
    """How old a status list may be that says that a credential is valid.

    Args:
        max_age: from this age on, counted from when it was issued, a list is stale; None is no limit but its own.
        grace: for how long after its own end a list is stale and not yet expired.
        lifetime: when a list expires that states no end, counted from when it was issued.
        clock_skew: by how much a list may seem to be from the future.
    """

    max_age: timedelta | None = None
    grace: timedelta = timedelta()
    lifetime: timedelta = timedelta(days=7)
    clock_skew: timedelta = CLOCK_SKEW


class StatusAnswer(NamedTuple):
    """What a status list says about one credential.

    Args:
        code: one of those that `status.store` names.
        detail: what was found; the address of the list, never the credential's number on it.
        value: the status on the list, where it has one; for a list that is stale or expired too.
        issued_at: when the list was issued, where there is one that its issuer signed.
        expires_at: when it ends, stated or by policy.
        is_due: its time to live is over, so that a newer one should be here.
    """

    code: Reason
    detail: str = ""
    value: int | None = None
    issued_at: datetime | None = None
    expires_at: datetime | None = None
    is_due: bool = False


def answer(token: StatusListToken, index: int, at: datetime, policy: StatusPolicy) -> StatusAnswer:
    """Return what a token, which is proven, says about the credential with a number on its list."""
    issued_at = token.issued_at
    ends = token.expires_at or _after(issued_at, policy.lifetime)
    is_due = token.time_to_live is not None and at - issued_at >= token.time_to_live
    try:
        value = token.statuses.get(index)
    except IndexError:
        detail = f"{token.uri}, {len(token.statuses)} statuses"
        return StatusAnswer(Reason.STATUS_UNKNOWN, detail, None, issued_at, ends, is_due)
    code, since = _judged(token, value, ends, at, policy)
    detail = token.uri if since is None else f"{token.uri}, {since}, checked at {rfc3339(at)}"
    return StatusAnswer(code, detail, value, issued_at, ends, is_due)


def _judged(
    token: StatusListToken, value: int, ends: datetime, at: datetime, policy: StatusPolicy
) -> tuple[Reason, str | None]:
    """Return what a status comes to at a time, and since when, where that is the reason."""
    if value:
        return _CODES.get(value, Reason.STATUS_APPLICATION), issued_at_text(token)
    if at + policy.clock_skew < (token.not_before or token.issued_at):
        return Reason.STATUS_NOT_YET, issued_at_text(token)
    if at >= ends:
        code = Reason.STATUS_STALE if at - ends < policy.grace else Reason.STATUS_EXPIRED
        return code, f"expired {rfc3339(ends)}"
    if policy.max_age is not None and at - token.issued_at >= policy.max_age:
        return Reason.STATUS_STALE, issued_at_text(token)
    return Reason.STATUS_VALID, None


def _after(moment: datetime, period: timedelta) -> datetime:
    try:
        return moment + period
    except OverflowError:  # the issuer signed a time at the end of the calendar
        return datetime.max.replace(tzinfo=UTC)


_CODES: Final[Mapping[int, Reason]] = {
    StatusType.INVALID: Reason.STATUS_REVOKED,
    StatusType.SUSPENDED: Reason.STATUS_SUSPENDED,
}


def issued_at_text(token: SignedStatusList | StatusListToken) -> str:
    """Return when a token was issued, in words."""
    return f"issued {rfc3339(token.issued_at)}"
