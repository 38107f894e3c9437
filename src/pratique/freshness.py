"""How old what a verifier holds may be: three limits on its age, and what comes of each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from pratique.model.dates import rfc3339
from pratique.reasons import Reason
from pratique.report import Check, Outcome, Step

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pratique.trust import TrustedKey
    from pratique.trust.root import Root

_NEVER: Final = datetime.max.replace(tzinfo=UTC)
_ALWAYS: Final = datetime.min.replace(tzinfo=UTC)


class AgeLimits(NamedTuple):
    """A verifier's own limits on the age of a signed list, counted from when it was issued; None is no limit.

    Past `warn` it works and the report says so, past `soft` a person must look, past `hard` it counts no more. The
    list's own dates hold besides: past `next_update` is a warning, from `expires_at` on it counts no more.
    """

    warn: timedelta | None = None
    soft: timedelta | None = None
    hard: timedelta | None = None


NO_LIMITS: Final = AgeLimits()


class Dated(Protocol):
    """A trust list or a bundle: when it was issued, when the next is due, from when on it counts no more."""

    @property
    def id(self) -> str:
        """Return its name."""

    @property
    def issued_at(self) -> datetime:
        """Return when it was issued."""

    @property
    def next_update(self) -> datetime | None:
        """Return when the next is due."""

    @property
    def expires_at(self) -> datetime | None:
        """Return from when on it counts no more."""


class _Age:
    """The moments from which a list or bundle is due, stale and void, and before which the clock must be wrong.

    One that states no `expires_at` is the operator's own and has no age.
    """

    __slots__ = ("_due", "_issued_at", "_name", "_stale", "begins", "until", "void")

    def __init__(self, name: str, dated: Dated, limits: AgeLimits, clock_skew: timedelta) -> None:
        issued_at, ages = dated.issued_at, dated.expires_at is not None
        self._name = f"{name} {dated.id}"
        self._issued_at = issued_at
        self.begins = _before(issued_at, clock_skew) if ages else _ALWAYS
        self._due = min(dated.next_update or _NEVER, _after(issued_at, limits.warn)) if ages else _NEVER
        self._stale = _after(issued_at, limits.soft) if ages else _NEVER
        self.void = min(dated.expires_at or _NEVER, _after(issued_at, limits.hard)) if ages else _NEVER
        self.until = min(self._due, self._stale, self.void)

    def check(self, at: datetime) -> Check:
        """Return what it comes to, in the order of how bad it is."""
        if at >= self.void:
            detail = f"{self._name} counted until {rfc3339(self.void)}, checked at {rfc3339(at)}"
            return Check(Step.TRUST, Outcome.FAILED, Reason.TRUST_LIST_EXPIRED, detail)
        if at < self.begins:
            detail = f"{self._name} was issued {rfc3339(self._issued_at)}, checked at {rfc3339(at)}"
            return Check(Step.TRUST, Outcome.INCONCLUSIVE, Reason.CLOCK_BEHIND, detail)
        if at >= self._stale:
            detail = f"{self._name}, since {rfc3339(self._stale)}"
            return Check(Step.TRUST, Outcome.INCONCLUSIVE, Reason.TRUST_LIST_STALE, detail)
        if at >= self._due:
            return Check(Step.TRUST, Outcome.PASSED, Reason.TRUST_LIST_DUE, f"{self._name}, since {rfc3339(self._due)}")
        return _FRESH


class _RootAge:
    """The moment from which a root vouches for nothing new.

    Lists that it vouched for before keep their own dates; but that none came since is what an attacker would see to who
    has the keys of a root that is gone.
    """

    begins: Final = _ALWAYS
    void: Final = _NEVER

    def __init__(self, root: Root) -> None:
        self._name = f"root {root.id}"
        self.until: Final = root.expires_at

    def check(self, at: datetime) -> Check:
        """Return whether it is over."""
        if at < self.until:
            return _FRESH
        detail = f"{self._name} counted until {rfc3339(self.until)}, checked at {rfc3339(at)}"
        return Check(Step.TRUST, Outcome.INCONCLUSIVE, Reason.ROOT_EXPIRED, detail)


class Ages:
    """The ages of a verifier's trust lists, of the bundle that they came in, and of the roots that vouch for them.

    Between `begins` and `until` all are fresh, and nothing has to be looked at.
    """

    def __init__(
        self,
        lists: Iterable[Dated],
        limits: AgeLimits,
        *,
        clock_skew: timedelta,
        bundle: Dated | None = None,
        roots: Mapping[str, Root] = MappingProxyType({}),
    ) -> None:
        shared = () if bundle is None else (_Age("bundle", bundle, limits, clock_skew),)
        vouching = {list_id: (_RootAge(root),) for list_id, root in roots.items()}
        self._ages: dict[str, tuple[_Age | _RootAge, ...]] = {
            each.id: (_Age("list", each, limits, clock_skew), *shared, *vouching.get(each.id, ())) for each in lists
        }
        every = [age for ages in self._ages.values() for age in ages]
        self.begins: Final = max((age.begins for age in every), default=_ALWAYS)
        self.until: Final = min((age.until for age in every), default=_NEVER)

    def is_void(self, list_id: str, at: datetime) -> bool:
        """Return whether a list, or the bundle that it came in, counts no more."""
        return any(at >= age.void for age in self._ages[list_id])

    def check(self, list_id: str, at: datetime) -> Check:
        """Return what the age of a list comes to, or that of its bundle or root where that is worse."""
        return min((age.check(at) for age in self._ages[list_id]), key=_goodness)

    def freshest(self, keys: Iterable[TrustedKey], at: datetime) -> list[TrustedKey]:
        """Return the keys whose lists count, those on the freshest first: one that is fresh is enough."""
        found = [key for key in keys if not self.is_void(key.issuer.trust_list, at)]
        return sorted(found, key=lambda key: -_goodness(self.check(key.issuer.trust_list, at)))


_FRESH: Final = Check(Step.TRUST, Outcome.PASSED, Reason.KEY_FOUND)
_WORST: Final = (
    Reason.TRUST_LIST_EXPIRED,
    Reason.CLOCK_BEHIND,
    Reason.ROOT_EXPIRED,
    Reason.TRUST_LIST_STALE,
    Reason.TRUST_LIST_DUE,
    Reason.KEY_FOUND,
)


def _goodness(check: Check) -> int:
    return _WORST.index(check.code)


def _after(moment: datetime, limit: timedelta | None) -> datetime:
    try:
        return _NEVER if limit is None else moment + limit
    except OverflowError:  # a time at the end of the calendar
        return _NEVER


def _before(moment: datetime, period: timedelta) -> datetime:
    try:
        return moment - period
    except OverflowError:  # a time at the beginning of the calendar
        return _ALWAYS
