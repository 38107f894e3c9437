"""How old what a verifier holds may be: three limits on its age, and what comes of each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from pratique.model.dates import rfc3339
from pratique.reasons import Reason
from pratique.report import Check, Outcome, Step

if TYPE_CHECKING:
    from pratique.trust import TrustList

NEVER: Final = datetime.max.replace(tzinfo=UTC)
ALWAYS: Final = datetime.min.replace(tzinfo=UTC)


class AgeLimits(NamedTuple):
    """A verifier's own limits on the age of a signed list, counted from when it was issued; None is no limit.

    Past `warn` it works and the report says so, past `soft` a person must look, past `hard` it counts no more. The
    list's own dates hold besides: past `next_update` is a warning, from `expires_at` on it counts no more.
    """

    warn: timedelta | None = None
    soft: timedelta | None = None
    hard: timedelta | None = None


NO_LIMITS: Final = AgeLimits()


class Freshness:
    """The moments from which a trust list is due, stale and void, and before which the clock must be wrong.

    A list that states no `expires_at` is the operator's own and has no age.
    """

    __slots__ = ("_due", "_id", "_issued_at", "_stale", "_void", "from_", "until")

    def __init__(self, trust_list: TrustList, limits: AgeLimits, *, clock_skew: timedelta) -> None:
        issued_at, ages = trust_list.issued_at, trust_list.expires_at is not None
        self._id = trust_list.id
        self._issued_at = issued_at
        self._due = min(trust_list.next_update or NEVER, _after(issued_at, limits.warn)) if ages else NEVER
        self._stale = _after(issued_at, limits.soft) if ages else NEVER
        self._void = min(trust_list.expires_at or NEVER, _after(issued_at, limits.hard)) if ages else NEVER
        self.from_ = issued_at - clock_skew if ages else ALWAYS
        self.until = min(self._due, self._stale, self._void)

    def is_void(self, at: datetime) -> bool:
        """Return whether the list counts no more."""
        return at >= self._void

    def check(self, at: datetime) -> Check:
        """Return what the age of the list comes to; asked only outside `from_` to `until`, within which it is fresh."""
        if at < self.from_:
            detail = f"list {self._id} was issued {rfc3339(self._issued_at)}, checked at {rfc3339(at)}"
            return Check(Step.TRUST, Outcome.INCONCLUSIVE, Reason.CLOCK_BEHIND, detail)
        if at >= self._void:
            detail = f"list {self._id} counted until {rfc3339(self._void)}, checked at {rfc3339(at)}"
            return Check(Step.TRUST, Outcome.FAILED, Reason.TRUST_LIST_EXPIRED, detail)
        if at >= self._stale:
            return Check(Step.TRUST, Outcome.INCONCLUSIVE, Reason.TRUST_LIST_STALE, self._since(self._stale))
        return Check(Step.TRUST, Outcome.PASSED, Reason.TRUST_LIST_DUE, self._since(self._due))

    def _since(self, moment: datetime) -> str:
        return f"list {self._id}, since {rfc3339(moment)}"


def _after(moment: datetime, limit: timedelta | None) -> datetime:
    return NEVER if limit is None else moment + limit
