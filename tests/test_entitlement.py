"""Keys that were withdrawn: a leaked one is worth nothing, a replaced one vouches for what it signed before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from authority import DOCUMENT, NOW, VACCINATION, DccState, World, dcc_vaccination, holder_key, rfc3339
from pratique.model import StatusReference
from pratique.model.dates import PartialDate
from pratique.reasons import Reason
from pratique.report import Outcome, Step, Verdict
from pratique.revocation import Revocation
from pratique.status import StatusStore
from pratique.trust import Acceptance, TrustList, TrustStore
from pratique.verify import Verifier
from status_lists import ADDRESS, ListSigner, bitmap

AT = datetime(2026, 12, 10, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def withdraw(key: dict[str, object], reason: str, at: datetime) -> None:
    key["withdrawn"] = {"at": rfc3339(at), "reason": reason}


@pytest.mark.parametrize("leaked_at", [NOW - timedelta(days=300), AT, AT + timedelta(days=1)])
def test_leaked_key_is_worth_nothing_whatever_date_a_credential_bears(leaked_at: datetime) -> None:
    """Whoever has the key writes any date: a back-dated credential falls with it, and every other."""
    world = World()
    text = world.home.issue_vaccination().present()
    withdraw(world.home.entry["keys"][0], "compromise", leaked_at)
    report = world.verify(text, at=AT, document=DOCUMENT)
    check = report.check(Step.ISSUER)
    assert (report.verdict, check.code) == (Verdict.REJECT, Reason.KEY_COMPROMISED)
    assert check.detail == f"withdrawn {rfc3339(leaked_at)}"
    assert "leaked" in report.explain()
    assert "no fault of yours" in report.for_traveller()


def test_leak_counts_although_another_issuer_lists_the_same_key() -> None:
    world = World()
    text = world.home.issue_vaccination().present()
    other = {**world.home.entry, "id": "https://else.example", "keys": [dict(world.home.entry["keys"][0])]}
    withdraw(other["keys"][0], "compromise", NOW)
    world.trusted.append(other)
    assert world.verify(text, document=DOCUMENT).check(Step.ISSUER).code is Reason.KEY_COMPROMISED


@pytest.mark.parametrize("other_name", [{}, {"key_id": "AAAA"}, {"formats": ["token-status-list"]}])
@pytest.mark.parametrize("ended", [False, True])
def test_leak_counts_although_another_list_has_the_same_key(other_name: dict[str, object], *, ended: bool) -> None:
    """Under whatever name, and for ever: a list that is too old to vouch for anybody still says that a key leaked."""
    world = World()
    text = world.home.issue_vaccination().present()
    key = {**world.home.entry["keys"][0], **other_name}
    withdraw(key, "compromise", NOW)
    issuer = {**world.home.entry, "id": "https://else.example", "keys": [key]}
    document = {**world.list_document, "id": "aware", "issuers": [issuer]}
    if ended:
        document["expires_at"] = rfc3339(NOW)
    store = TrustStore([*world.store.lists, TrustList.from_json(document)], acceptance=world.store.acceptance)
    report = Verifier(store).verify(text, at=NOW, document=DOCUMENT)
    check = report.check(Step.ISSUER)
    assert (report.verdict, check.code) == (Verdict.REJECT, Reason.KEY_COMPROMISED)
    assert check.detail.startswith(f"withdrawn {rfc3339(NOW)}")


@pytest.mark.parametrize("is_first", [True, False])
def test_of_two_lists_with_the_issuer_that_counts_which_has_its_status_lists(*, is_first: bool) -> None:
    world = World()
    bare = TrustList.from_json({**world.list_document, "id": "bare", "issuers": [dict(world.home.entry)]})
    lists = ListSigner(world.home)
    text = world.home.issue_vaccination(status=StatusReference(ADDRESS, 7)).present()
    both = [*world.store.lists, bare]
    store = TrustStore(both if is_first else both[::-1], acceptance=world.store.acceptance)
    revocation = Revocation(StatusStore([lists.cwt(bitmap(i7=1))]))
    report = Verifier(store, revocation=revocation).verify(text, at=NOW, document=DOCUMENT)
    assert report.check(Step.STATUS).code is Reason.STATUS_REVOKED


@pytest.mark.parametrize("ended", [False, True])
def test_refusal_counts_although_the_list_that_it_names_has_ended(*, ended: bool) -> None:
    """To hold its next edition back until it ends undoes no refusal."""
    world = World()
    text = world.home.issue_vaccination().present()
    refused = {**world.list_document, "id": "refused", "expires_at": rfc3339(NOW if ended else NOW + SECOND)}
    acceptance = Acceptance.from_json({"accept": [{}], "deny": [{"lists": ["refused"]}]})
    store = TrustStore([*world.store.lists, TrustList.from_json(refused)], acceptance=acceptance)
    report = Verifier(store).verify(text, at=NOW, document=DOCUMENT)
    assert (report.verdict, report.check(Step.ISSUER).code) == (Verdict.REJECT, Reason.ISSUER_DENIED)


def test_a_leaked_key_that_cannot_be_read_does_not_stand_in_the_way_of_others() -> None:
    world = World()
    text = world.home.issue_vaccination().present()
    broken = {**world.home.entry["keys"][0], "key_id": "AAAA", "public_key": {"kty": "EC", "crv": "P-256", "x": "AA"}}
    withdraw(broken, "compromise", NOW)
    world.home.entry["keys"].append(broken)
    assert world.verify(text, document=DOCUMENT).verdict is Verdict.ACCEPT


@pytest.mark.parametrize(
    ("withdrawn_at", "code"),
    [
        (NOW, Reason.KEY_SUPERSEDED),
        (NOW - SECOND, Reason.KEY_SUPERSEDED),
        (NOW + SECOND, Reason.ISSUER_ENTITLED),
    ],
)
def test_superseded_key_vouches_for_what_was_issued_before(withdrawn_at: datetime, code: Reason) -> None:
    world = World()
    state = DccState(world.clock)
    text = state.sign(dcc_vaccination())
    entry = state.entry()
    withdraw(entry["keys"][0], "superseded", withdrawn_at)
    world.trusted.append(entry)
    check = world.verify(text, at=NOW + timedelta(days=9)).check(Step.ISSUER)
    assert check.code is code
    assert rfc3339(withdrawn_at) in check.detail


def test_superseded_key_does_not_vouch_for_what_states_no_time_of_issue() -> None:
    world = World()
    state = DccState(world.clock)
    text = state.sign(dcc_vaccination(), claims={6: None})
    entry = state.entry()
    withdraw(entry["keys"][0], "superseded", NOW + timedelta(days=1))
    world.trusted.append(entry)
    assert world.verify(text).check(Step.ISSUER).code is Reason.ISSUER_ENTITLED
    assert world.verify(text, at=NOW + timedelta(days=1)).check(Step.ISSUER).code is Reason.KEY_SUPERSEDED


def test_one_leak_voids_one_cohort() -> None:
    """An issuer that changes its key every month loses a month by a leak."""
    world = World()
    months = []
    for _ in range(3):
        months.append(world.home.issue_vaccination(holder_key=holder_key().public).present())
        world.clock.forward(timedelta(days=30))
        world.home.add_key()
    withdraw(world.home.entry["keys"][1], "compromise", world.clock.now)
    outcomes = [world.verify(text).check(Step.ISSUER).outcome for text in months]
    assert outcomes == [Outcome.PASSED, Outcome.FAILED, Outcome.PASSED]


def test_date_of_the_fact_does_not_save_it() -> None:
    world = World()
    text = world.home.issue_vaccination(claims={"date": PartialDate(2020, 1, 1)}).present()
    withdraw(world.home.entry["keys"][0], "compromise", NOW)
    assert VACCINATION.target == "1D47"
    assert world.verify(text, document=DOCUMENT).verdict is Verdict.REJECT


def test_what_was_accepted_one_day_is_asked_again_the_next() -> None:
    """A yes is remembered for its UTC day, also where the clock of the desk runs in another zone."""
    world = World(acceptance={"accept": [{"until": "2026-12-10"}]})
    text, verifier = world.home.issue_vaccination().present(), world.verifier()
    for at, accepted in (
        (AT - SECOND, True),
        (AT, False),
        ((AT - SECOND).astimezone(timezone(timedelta(hours=9))), True),
        (AT.astimezone(timezone(timedelta(hours=-9))), False),
    ):
        check = verifier.verify(text, at=at).check(Step.ISSUER)
        assert check.code is (Reason.ISSUER_ENTITLED if accepted else Reason.ISSUER_SCOPE)


def test_what_was_accepted_for_one_kind_is_asked_again_for_another() -> None:
    world = World()
    state = DccState(world.clock)
    entry = state.entry()
    entry["keys"][0]["scope"] = {"kinds": ["vaccination"]}
    world.trusted.append(entry)
    verifier = world.verifier()
    vaccination = dcc_vaccination()
    recovery = {**vaccination, "v": None, "r": [{"tg": "840539006", "co": "AT", "df": "2026-01-01"}]}
    for _ in range(2):
        accepted = verifier.verify(state.sign(vaccination), at=NOW).check(Step.ISSUER)
        refused = verifier.verify(state.sign(recovery), at=NOW).check(Step.ISSUER)
        assert accepted.code is Reason.ISSUER_ENTITLED
        assert refused.code is Reason.KEY_SCOPE
