"""Attacks on trust at the desk, one each, by its name. Those on lists on their way are in `trust/test_attacks.py`."""

from __future__ import annotations

from datetime import timedelta

from authority import DOCUMENT, NOW, DccState, World, dcc_test, dcc_vaccination, rfc3339
from pratique.cose.keys import PrivateKey
from pratique.freshness import AgeLimits
from pratique.model import StatusReference
from pratique.reasons import Reason
from pratique.report import Report, Step, Verdict
from pratique.revocation import Revocation
from pratique.status import StatusStore
from pratique.trust import TrustList, TrustStore
from pratique.verify import Verifier
from status_lists import ADDRESS, ListSigner, bitmap


def refused(report: Report, step: Step, code: Reason, verdict: Verdict = Verdict.REJECT) -> None:
    assert (report.check(step).code, report.verdict) == (code, verdict), report.explain()


def test_key_identifier_collision_across_issuers() -> None:
    """An issuer lists a key of its own under another's identifier: both are tried, and neither signs for the other."""
    world = World()
    other = world.authority()
    other.entry["keys"][0]["key_id"] = world.home.entry["keys"][0]["key_id"]
    genuine = world.home.issue_vaccination().present()
    report = world.verify(genuine, document=DOCUMENT)
    assert report.verdict is Verdict.ACCEPT
    assert report.issuer is not None
    assert report.issuer.id == world.home.id
    world.trusted.remove(world.home.entry)
    refused(world.verify(genuine, document=DOCUMENT), Step.SIGNATURE, Reason.SIGNATURE_INVALID)


def test_issuer_signs_in_the_name_of_another() -> None:
    world = World()
    other = world.authority()
    other.id = world.home.id  # what its credentials state; its entry says who it is
    forged = other.issue_vaccination().present()
    refused(world.verify(forged, document=DOCUMENT), Step.ISSUER, Reason.ISSUER_MISMATCH)


def test_issuer_signs_for_another_country() -> None:
    world = World()
    world.trusted.append(DccState(world.clock, country="AUT").entry())
    forged = DccState(world.clock, country="AUT", iss="DE").sign(dcc_vaccination())
    refused(world.verify(forged, compared_by_eye=True), Step.ISSUER, Reason.ISSUER_MISMATCH, Verdict.REFER)


def test_usage_violation() -> None:
    """A key for tests signs a vaccination."""
    world = World()
    state = DccState(world.clock)
    world.trusted.append(state.entry(scope={"kinds": ["test"]}))
    refused(world.verify(state.sign(dcc_vaccination()), compared_by_eye=True), Step.ISSUER, Reason.KEY_SCOPE)
    assert world.verify(state.sign(dcc_test()), compared_by_eye=True).verdict is Verdict.ACCEPT


def test_leaked_key_with_a_back_dated_issue() -> None:
    world = World()
    world.home.entry["keys"][0]["withdrawn"] = {"at": rfc3339(NOW), "reason": "compromise"}
    forged = world.home.issue_vaccination(at=NOW - timedelta(days=200)).present()
    refused(world.verify(forged, document=DOCUMENT), Step.ISSUER, Reason.KEY_COMPROMISED)


def test_status_list_swapped_between_issuers() -> None:
    """Somebody else's list, in which the number is free, stands in for the one on which the credential is revoked."""
    world = World()
    ListSigner(world.home)
    forger = ListSigner(world.authority(), address=ADDRESS)
    text = world.home.issue_vaccination(status=StatusReference(ADDRESS, 7)).present()
    verifier = world.verifier(revocation=Revocation(StatusStore([forger.cwt(bitmap())])))
    report = verifier.verify(text, at=NOW, document=DOCUMENT)
    refused(report, Step.STATUS, Reason.STATUS_LIST_INVALID, Verdict.REFER)


def test_stale_list() -> None:
    """Whoever cuts a kiosk off keeps it on a list from before a key was withdrawn, for as long as its owner allows."""
    world = World()
    text = world.home.issue_vaccination().present()
    dates = {"next_update": rfc3339(NOW + timedelta(days=7)), "expires_at": rfc3339(NOW + timedelta(days=30))}
    store = TrustStore([TrustList.from_json({**world.list_document, **dates})], acceptance=world.store.acceptance)
    verifier = Verifier(store, list_ages=AgeLimits(soft=timedelta(days=10)))
    at = NOW + timedelta(days=20)
    refused(verifier.verify(text, at=at, document=DOCUMENT), Step.TRUST, Reason.TRUST_LIST_STALE, Verdict.REFER)
    over = NOW + timedelta(days=30)
    refused(verifier.verify(text, at=over, document=DOCUMENT), Step.TRUST, Reason.TRUST_LIST_EXPIRED)


def test_clock_set_back() -> None:
    """To bring a list back that has ended, or a credential that has expired."""
    world = World()
    text = world.home.issue_vaccination(at=NOW - timedelta(days=90)).present()
    dates = {"next_update": rfc3339(NOW + timedelta(days=7)), "expires_at": rfc3339(NOW + timedelta(days=30))}
    store = TrustStore([TrustList.from_json({**world.list_document, **dates})], acceptance=world.store.acceptance)
    report = Verifier(store).verify(text, at=NOW - timedelta(days=60), document=DOCUMENT)
    refused(report, Step.TRUST, Reason.CLOCK_BEHIND, Verdict.REFER)


def test_key_of_another_format() -> None:
    """A key that signs status lists signs no credential."""
    world = World()
    lists = ListSigner(world.home)
    world.home.keys.append(lists.key)
    refused(world.verify(world.home.issue_vaccination().present(), document=DOCUMENT), Step.TRUST, Reason.KEY_UNKNOWN)


def test_key_that_nobody_listed() -> None:
    world = World()
    world.home.keys.append(PrivateKey.generate("ESP256"))
    refused(world.verify(world.home.issue_vaccination().present(), document=DOCUMENT), Step.TRUST, Reason.KEY_UNKNOWN)
