"""The age of trust lists: due, stale, void, or younger than the clock allows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from authority import DOCUMENT, World, rfc3339
from keepers import root
from pratique.freshness import AgeLimits
from pratique.reasons import Reason
from pratique.report import Check, Outcome, Report, Step, Verdict
from pratique.trust import TrustList, TrustStore
from pratique.verify import Verifier

ISSUED = datetime(2026, 11, 20, tzinfo=UTC)
DUE = datetime(2026, 11, 24, tzinfo=UTC)
VOID = datetime(2026, 12, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
SKEW = timedelta(seconds=60)


class Lists:
    """A world whose trust list has dates."""

    def __init__(self) -> None:
        self.world = World()
        self.text = self.world.home.issue_vaccination(at=ISSUED).present()
        document = {
            **self.world.list_document,
            "issued_at": rfc3339(ISSUED),
            "next_update": rfc3339(DUE),
            "expires_at": rfc3339(VOID),
        }
        self.list = TrustList.from_json(document)

    def report(self, at: datetime, limits: AgeLimits = AgeLimits(), *more: TrustList) -> Report:  # noqa: B008
        store = TrustStore([self.list, *more], acceptance=self.world.store.acceptance)
        return Verifier(store, list_ages=limits).verify(self.text, at=at, document=DOCUMENT)

    def check(self, at: datetime, limits: AgeLimits = AgeLimits()) -> Check:  # noqa: B008
        return self.report(at, limits).check(Step.TRUST)


@pytest.fixture(scope="module")
def lists() -> Lists:
    return Lists()


@pytest.mark.parametrize(
    ("at", "outcome", "code"),
    [
        (ISSUED - SKEW - SECOND, Outcome.INCONCLUSIVE, Reason.CLOCK_BEHIND),
        (ISSUED - SKEW, Outcome.PASSED, Reason.KEY_FOUND),
        (DUE - SECOND, Outcome.PASSED, Reason.KEY_FOUND),
        (DUE, Outcome.PASSED, Reason.TRUST_LIST_DUE),
        (VOID - SECOND, Outcome.PASSED, Reason.TRUST_LIST_DUE),
        (VOID, Outcome.FAILED, Reason.TRUST_LIST_EXPIRED),
    ],
)
def test_a_lists_own_dates_hold(lists: Lists, at: datetime, outcome: Outcome, code: Reason) -> None:
    check = lists.check(at)
    assert (check.outcome, check.code) == (outcome, code)


def test_a_list_that_is_due_works_and_somebody_is_told(lists: Lists) -> None:
    report = lists.report(DUE)
    assert report.verdict is Verdict.ACCEPT
    assert [check.code for check in report.warnings] == [Reason.TRUST_LIST_DUE]
    assert "Mind: The trust list works; a newer one should be here by now: list world, since" in report.explain()
    assert report.for_traveller() == "Your certificate is in order."


def test_nothing_is_proven_by_a_list_that_is_void(lists: Lists) -> None:
    report = lists.report(VOID)
    assert report.verdict is Verdict.REJECT
    assert report.credential is None
    assert report.check(Step.SIGNATURE).code is Reason.NOT_REACHED


@pytest.mark.parametrize(
    ("limits", "at", "code"),
    [
        (AgeLimits(warn=timedelta(days=2)), ISSUED + timedelta(days=2) - SECOND, Reason.KEY_FOUND),
        (AgeLimits(warn=timedelta(days=2)), ISSUED + timedelta(days=2), Reason.TRUST_LIST_DUE),
        (AgeLimits(soft=timedelta(days=2)), ISSUED + timedelta(days=2) - SECOND, Reason.KEY_FOUND),
        (AgeLimits(soft=timedelta(days=2)), ISSUED + timedelta(days=2), Reason.TRUST_LIST_STALE),
        (AgeLimits(hard=timedelta(days=2)), ISSUED + timedelta(days=2) - SECOND, Reason.KEY_FOUND),
        (AgeLimits(hard=timedelta(days=2)), ISSUED + timedelta(days=2), Reason.TRUST_LIST_EXPIRED),
        (AgeLimits(warn=timedelta(days=99)), DUE, Reason.TRUST_LIST_DUE),
        (AgeLimits(hard=timedelta(days=99)), VOID, Reason.TRUST_LIST_EXPIRED),
    ],
)
def test_a_verifiers_limits_hold_besides(lists: Lists, limits: AgeLimits, at: datetime, code: Reason) -> None:
    assert lists.check(at, limits).code is code


def test_past_the_soft_limit_a_person_must_look(lists: Lists) -> None:
    assert lists.report(DUE, AgeLimits(soft=timedelta(days=1))).verdict is Verdict.REFER


ROOT_ENDS = datetime(2026, 11, 27, tzinfo=UTC)  # before the list does


@pytest.mark.parametrize(
    ("at", "code", "verdict"),
    [
        (ROOT_ENDS - SECOND, Reason.TRUST_LIST_DUE, Verdict.ACCEPT),
        (ROOT_ENDS, Reason.ROOT_EXPIRED, Verdict.REFER),
        (VOID - SECOND, Reason.ROOT_EXPIRED, Verdict.REFER),
        (VOID, Reason.TRUST_LIST_EXPIRED, Verdict.REJECT),
    ],
)
def test_past_the_end_of_the_root_a_person_must_look(
    lists: Lists, at: datetime, code: Reason, verdict: Verdict
) -> None:
    """A verifier that is offline notices too."""
    vouching = root(expires_at=ROOT_ENDS)
    store = TrustStore([lists.list], acceptance=lists.world.store.acceptance, roots={lists.list.id: vouching})
    report = Verifier(store).verify(lists.text, at=at, document=DOCUMENT)
    assert (report.check(Step.TRUST).code, report.verdict) == (code, verdict)


@pytest.mark.parametrize("is_first", [True, False])
def test_a_fresh_list_with_the_same_key_is_enough_beside_a_stale_one(lists: Lists, *, is_first: bool) -> None:
    later = {"id": "later", "issued_at": rfc3339(DUE), "expires_at": rfc3339(VOID)}
    both = [lists.list, TrustList.from_json({**lists.world.list_document, **later})]
    store = TrustStore(both if is_first else both[::-1], acceptance=lists.world.store.acceptance)
    verifier = Verifier(store, list_ages=AgeLimits(soft=timedelta(days=5)))
    report = verifier.verify(lists.text, at=DUE + timedelta(days=2), document=DOCUMENT)
    assert report.verdict is Verdict.ACCEPT
    assert report.issuer is not None
    assert report.issuer.trust_list == "later"


@pytest.mark.parametrize("issued_at", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_times_at_the_ends_of_the_calendar_do_no_harm(lists: Lists, issued_at: str) -> None:
    times = {"issued_at": issued_at, "expires_at": "9999-12-31T23:59:59Z"}
    odd = TrustList.from_json({**lists.world.list_document, **times})
    limits = AgeLimits(warn=SECOND, soft=SECOND, hard=SECOND)
    report = Verifier(TrustStore([odd]), list_ages=limits).verify(lists.text, at=DUE, document=DOCUMENT)
    assert report.verdict is Verdict.REJECT


def test_an_operators_own_list_has_no_age() -> None:
    world = World()
    text = world.home.issue_vaccination(at=ISSUED).present()
    limits = AgeLimits(warn=SECOND, soft=SECOND, hard=SECOND)
    for at in (ISSUED, ISSUED + timedelta(days=30)):
        report = world.verifier(list_ages=limits).verify(text, at=at, document=DOCUMENT)
        assert report.check(Step.TRUST).code is Reason.KEY_FOUND


def test_a_void_list_does_not_take_another_down(lists: Lists) -> None:
    """The same key on a second list that still counts."""
    other = TrustList.from_json({**lists.world.list_document, "id": "other", "issued_at": rfc3339(ISSUED)})
    report = lists.report(VOID, AgeLimits(), other)
    assert report.verdict is Verdict.ACCEPT
    assert report.issuer is not None
    assert report.issuer.trust_list == "other"
