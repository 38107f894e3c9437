"""Step 8 in a verification: what status lists and foreign revocation lists at hand come to for the verdict."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta

import pytest

from authority import DCC_KEY_IDS, DOCUMENT, ES256, NOW, DccState, World, dcc_vaccination
from pratique.model import StatusReference
from pratique.reasons import Reason
from pratique.report import Check, Outcome, Report, Step, Verdict
from pratique.revocation import Revocation
from pratique.status import StatusPolicy, StatusStore
from pratique.status.dcc_hash_list import HashBatch
from pratique.status.foreign import ForeignRevocation
from status_lists import ADDRESS, ListSigner, bitmap

HOUR = timedelta(hours=1)


class Desk:
    """A border with the status list of the home authority at hand."""

    def __init__(self, *, bits: int = 1, data: bytes | None = None, **claims: object) -> None:
        self.world = World()
        self.lists = ListSigner(self.world.home)
        token = self.lists.cwt(bitmap(i7=1) if data is None else data, bits=bits, **claims)
        self.revocation = Revocation(StatusStore([token]))

    def report(self, index: int = 3, *, uri: str = ADDRESS, after: timedelta = timedelta()) -> Report:
        text = self.world.home.issue_vaccination(status=StatusReference(uri, index)).present()
        verifier = self.world.verifier(revocation=self.revocation)
        return verifier.verify(text, at=NOW + after, document=DOCUMENT)

    def check(self, index: int = 3, **options: object) -> Check:
        return self.report(index, **options).check(Step.STATUS)  # type: ignore[arg-type]


def test_credential_that_was_not_revoked_is_accepted() -> None:
    report = Desk().report()
    assert (report.check(Step.STATUS).code, report.verdict) == (Reason.STATUS_VALID, Verdict.ACCEPT)


def test_revoked_credential_is_rejected_and_the_traveller_told_whom_to_ask() -> None:
    report = Desk().report(7)
    assert (report.check(Step.STATUS).code, report.verdict) == (Reason.STATUS_REVOKED, Verdict.REJECT)
    assert "Ask the issuer" in report.for_traveller()


@pytest.mark.parametrize(
    ("value", "code", "outcome"),
    [
        (0, Reason.STATUS_VALID, Outcome.PASSED),
        (1, Reason.STATUS_REVOKED, Outcome.FAILED),
        (2, Reason.STATUS_SUSPENDED, Outcome.FAILED),
        (3, Reason.STATUS_APPLICATION, Outcome.INCONCLUSIVE),
    ],
)
def test_every_status_has_its_outcome(value: int, code: Reason, outcome: Outcome) -> None:
    check = Desk(bits=2, data=bytes([value << 6])).check(3)
    assert (check.code, check.outcome) == (code, outcome)


@pytest.mark.parametrize(
    ("after", "code", "verdict"),
    [
        (10 * HOUR, Reason.STATUS_VALID, Verdict.ACCEPT),
        (11 * HOUR, Reason.STATUS_DUE, Verdict.ACCEPT),  # its time to live is 12 hours, and it is an hour old
        (24 * HOUR - timedelta(seconds=1), Reason.STATUS_DUE, Verdict.ACCEPT),
        (24 * HOUR, Reason.STATUS_EXPIRED, Verdict.REFER),
    ],
)
def test_each_age_of_a_status_list_has_its_answer(after: timedelta, code: Reason, verdict: Verdict) -> None:
    report = Desk().report(after=after)
    assert (report.check(Step.STATUS).code, report.verdict) == (code, verdict)
    assert [check.code for check in report.warnings] == ([code] if code is Reason.STATUS_DUE else [])


def test_policy_says_how_old_a_status_list_may_be() -> None:
    desk = Desk()
    desk.revocation = desk.revocation._replace(policy=StatusPolicy(max_age=2 * HOUR))
    assert desk.check(after=HOUR - timedelta(seconds=1)).code is Reason.STATUS_VALID
    assert desk.check(after=HOUR).code is Reason.STATUS_STALE


def test_list_that_got_old_can_still_say_no() -> None:
    assert Desk().report(7, after=48 * HOUR).verdict is Verdict.REJECT


@pytest.mark.parametrize(
    ("index", "uri", "code"),
    [
        (80, ADDRESS, Reason.STATUS_UNKNOWN),
        (3, "https://health.example.org/status/2", Reason.STATUS_FOREIGN_LIST),
        (3, "https://health.example.net/status/1", Reason.STATUS_FOREIGN_LIST),
    ],
)
def test_what_no_list_answers_is_referred(index: int, uri: str, code: Reason) -> None:
    report = Desk().report(index, uri=uri)
    assert (report.check(Step.STATUS).code, report.verdict) == (code, Verdict.REFER)


def test_list_that_another_issuer_signed_says_nothing() -> None:
    """The attack in which a status list is swapped between issuers."""
    desk = Desk()
    other = desk.world.authority()
    forger = ListSigner(other, address=ADDRESS)
    desk.revocation = Revocation(StatusStore([forger.cwt(bitmap())]))
    report = desk.report(7)
    assert (report.check(Step.STATUS).code, report.verdict) == (Reason.STATUS_LIST_INVALID, Verdict.REFER)


def test_nothing_at_hand_is_said_and_not_passed_over() -> None:
    desk = Desk()
    desk.revocation = Revocation()
    assert desk.check().code is Reason.STATUS_UNAVAILABLE


def test_foreign_certificate_on_a_hash_list_is_rejected() -> None:
    world = World()
    state = DccState(world.clock)
    world.trusted.append(state.entry())
    revoked, other = dcc_vaccination(), dcc_vaccination(ci="URN:UVCI:01:AT:SOMEBODY#A")
    (entry,) = revoked["v"]
    hashed = base64.b64encode(hashlib.sha256(entry["ci"].encode()).digest()[:16]).decode()
    batch = HashBatch.from_json(
        {
            "country": "AT",
            "expires": (NOW + timedelta(days=1)).isoformat(),
            "kid": base64.b64encode(DCC_KEY_IDS[ES256]).decode(),
            "hashType": "UCI",
            "entries": [{"hash": hashed}],
        }
    )
    verifier = world.verifier(revocation=Revocation(foreign=ForeignRevocation([batch])))
    reports = [verifier.verify(state.sign(payload), at=NOW, compared_by_eye=True) for payload in (revoked, other)]
    assert [report.verdict for report in reports] == [Verdict.REJECT, Verdict.ACCEPT]
    assert [report.check(Step.STATUS).code for report in reports] == [Reason.STATUS_REVOKED, Reason.STATUS_NOT_LISTED]


def test_network_of_which_nothing_is_held_is_not_checked() -> None:
    world = World()
    state = DccState(world.clock)
    world.trusted.append(state.entry())
    verifier = world.verifier(revocation=Revocation(foreign=ForeignRevocation()))
    report = verifier.verify(state.sign(dcc_vaccination()), at=NOW, compared_by_eye=True)
    assert report.check(Step.STATUS).outcome is Outcome.NOT_CHECKED
    assert report.verdict is Verdict.ACCEPT
