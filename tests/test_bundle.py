"""A border bundle: packed, signed by the keepers of a root, loaded by a kiosk that was offline."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import cbor2
import pycddl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authority import DOCUMENT, NOW, World
from pratique.bundle import Bundle
from pratique.cose.keys import PrivateKey
from pratique.cose.signer import SoftwareSigner
from pratique.errors import PratiqueError, TrustError
from pratique.freshness import AgeLimits
from pratique.model import StatusReference
from pratique.reasons import Reason
from pratique.report import Report, Step, Verdict
from pratique.trust import wire
from pratique.trust.root import Root
from pratique.verify import Verifier
from status_lists import ADDRESS, ListSigner, bitmap

ISSUED = datetime(2026, 11, 23, 6, tzinfo=UTC)
DUE, VOID = ISSUED + timedelta(days=2), ISSUED + timedelta(days=7)
SECOND = timedelta(seconds=1)
SCHEMA = pycddl.Schema((Path(__file__).parents[1] / "schemas" / "bundle.cddl").read_text())
KEYS = [SoftwareSigner(PrivateKey.generate("ESP256")) for _ in range(3)]
ROOT = Root(
    id="border",
    version=1,
    issued_at=ISSUED - timedelta(days=30),
    expires_at=ISSUED + timedelta(days=300),
    threshold=2,
    keys=tuple(key._private_key.public for key in KEYS),
)


class Border:
    """A home authority with a status list, packed for a kiosk."""

    def __init__(self) -> None:
        self.world = World()
        self.lists = ListSigner(self.world.home)
        document = {
            **self.world.list_document,
            "next_update": "2026-12-20T00:00:00Z",
            "expires_at": "2027-01-20T00:00:00Z",
        }
        self.bundle = Bundle(
            id="border-utopia",
            sequence=4,
            issued_at=ISSUED,
            next_update=DUE,
            expires_at=VOID,
            trust_lists=(wire.to_cbor(document),),
            acceptance=b'{"accept": [{"kinds": ["vaccination"]}]}',
            status_lists=(self.lists.cwt(bitmap(i7=1), exp=int(VOID.timestamp()) + 9, ttl=None),),
        )
        self.texts = [
            self.world.home.issue_vaccination(status=StatusReference(ADDRESS, index)).present() for index in (3, 7)
        ]


@pytest.fixture(scope="module")
def border() -> Border:
    return Border()


def kiosk(border: Border, tmp_path: Path, *, root: Root = ROOT, signers: Any = KEYS[:2], **options: Any) -> Verifier:
    path = tmp_path / "border.bundle"
    path.write_bytes(options.pop("bundle", border.bundle).sign(signers))
    return Verifier.from_bundle(path, root=root, **options)


def report(verifier: Verifier, text: str, at: datetime = NOW) -> Report:
    return verifier.verify(text, at=at, document=DOCUMENT)


def test_kiosk_verifies_with_nothing_but_a_bundle(border: Border, tmp_path: Path) -> None:
    verifier = kiosk(border, tmp_path)
    verdicts = [report(verifier, text).verdict for text in border.texts]
    assert verdicts == [Verdict.ACCEPT, Verdict.REJECT]
    assert report(verifier, border.texts[1]).check(Step.STATUS).code is Reason.STATUS_REVOKED
    clearance = border.world.home.issue_clearance(valid_until=NOW + timedelta(days=2)).present()
    assert report(verifier, clearance).check(Step.ISSUER).code is Reason.ISSUER_SCOPE  # by the acceptance in it


@pytest.mark.parametrize(
    ("at", "code", "verdict"),
    [
        (ISSUED - timedelta(seconds=61), Reason.CLOCK_BEHIND, Verdict.REFER),
        (DUE - SECOND, Reason.KEY_FOUND, Verdict.ACCEPT),
        (DUE, Reason.TRUST_LIST_DUE, Verdict.ACCEPT),
        (VOID - SECOND, Reason.TRUST_LIST_DUE, Verdict.ACCEPT),
        (VOID, Reason.TRUST_LIST_EXPIRED, Verdict.REJECT),
    ],
)
def test_each_age_of_a_bundle_has_its_answer(
    border: Border, tmp_path: Path, at: datetime, code: Reason, verdict: Verdict
) -> None:
    text = border.world.home.issue_vaccination(at=ISSUED - timedelta(days=2)).present()
    found = report(kiosk(border, tmp_path), text, at)
    assert (found.check(Step.TRUST).code, found.verdict) == (code, verdict)
    if code is not Reason.KEY_FOUND:
        assert "bundle border-utopia" in found.check(Step.TRUST).detail


def test_end_of_the_root_is_noticed_by_a_kiosk(border: Border, tmp_path: Path) -> None:
    verifier = kiosk(border, tmp_path, root=replace(ROOT, expires_at=DUE - timedelta(hours=1)))
    assert report(verifier, border.texts[0], DUE - timedelta(hours=1, seconds=1)).verdict is Verdict.ACCEPT
    found = report(verifier, border.texts[0], DUE - timedelta(hours=1))
    assert (found.check(Step.TRUST).code, found.verdict) == (Reason.ROOT_EXPIRED, Verdict.REFER)


def test_soft_limit_of_the_kiosk_refers(border: Border, tmp_path: Path) -> None:
    """It counts for the lists in the bundle too, and this one was issued 18 hours before."""
    verifier = kiosk(border, tmp_path, ages=AgeLimits(soft=timedelta(hours=36)))
    stale = NOW - timedelta(days=1) + timedelta(hours=36)
    assert report(verifier, border.texts[0], stale).verdict is Verdict.REFER
    assert report(verifier, border.texts[0], stale - SECOND).verdict is Verdict.ACCEPT


def test_too_few_signatures_are_refused(border: Border, tmp_path: Path) -> None:
    with pytest.raises(TrustError) as refused:
        kiosk(border, tmp_path, signers=KEYS[:1])
    assert refused.value.code is Reason.DOCUMENT_THRESHOLD


def test_root_that_does_not_vouch_for_it_is_refused(border: Border, tmp_path: Path) -> None:
    with pytest.raises(TrustError) as refused:
        kiosk(border, tmp_path, root=replace(ROOT, lists=frozenset({"eu"})))
    assert refused.value.code is Reason.BUNDLE_INVALID


def test_trust_list_is_no_bundle(border: Border, tmp_path: Path) -> None:
    from pratique.trust import signed  # noqa: PLC0415

    path = tmp_path / "list"
    path.write_bytes(signed.sign(signed.TRUST_LIST, border.bundle.trust_lists[0], KEYS))
    with pytest.raises(TrustError) as refused:
        Verifier.from_bundle(path, root=ROOT)
    assert refused.value.code is Reason.DOCUMENT_KIND


def test_file_that_is_not_there_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(TrustError, match=r"border\.bundle cannot be read"):
        Verifier.from_bundle(tmp_path / "border.bundle", root=ROOT)


def test_damaged_status_list_takes_nothing_else_down(border: Border, tmp_path: Path) -> None:
    damaged = replace(border.bundle, status_lists=(b"\xd2\x84", *border.bundle.status_lists))
    assert report(kiosk(border, tmp_path, bundle=damaged), border.texts[0]).verdict is Verdict.ACCEPT


def test_wire_follows_its_schema_and_comes_back(border: Border) -> None:
    payload = border.bundle.to_cbor()
    SCHEMA.validate_cbor(payload)
    assert Bundle.from_cbor(payload) == border.bundle


@pytest.mark.parametrize(
    "change",
    [
        {"sequence": 0},
        {"sequence": True},
        {"id": 1},
        {"issued_at": -1},
        {"issued_at": 253402300800},
        {"next_update": int(ISSUED.timestamp())},
        {"expires_at": int(DUE.timestamp()) - 1},
        {"trust_lists": [{}]},
        {"trust_lists": {}},
        {"acceptance": "{}"},
        {"status_lists": [1]},
        {"revocation": {1: b""}},
        {"revocation": {"a": ""}},
        {"more": 1},
        {"rule_sets": None},
    ],
)
def test_payload_that_departs_from_its_schema_is_refused(border: Border, change: dict[str, Any]) -> None:
    members = {**cbor2.loads(border.bundle.to_cbor()), **change}
    with pytest.raises(TrustError) as refused:
        Bundle.from_cbor(cbor2.dumps(members, canonical=True))
    assert refused.value.code is Reason.BUNDLE_INVALID


def test_payload_without_a_member_is_refused(border: Border) -> None:
    members = cbor2.loads(border.bundle.to_cbor())
    for name in members:
        rest = {other: value for other, value in members.items() if other != name}
        with pytest.raises(TrustError):
            Bundle.from_cbor(cbor2.dumps(rest, canonical=True))


@settings(max_examples=60, deadline=None)
@given(at=st.integers(0, 10_000), flip=st.integers(1, 255))
def test_changed_byte_is_refused(at: int, flip: int) -> None:
    data = bytearray(Bundle.sign(_SMALL, KEYS[:2]))
    data[at % len(data)] ^= flip
    try:
        Bundle.read(bytes(data), ROOT)
    except PratiqueError:
        return
    raise AssertionError("a changed bundle was read")


_SMALL = Bundle(
    id="b",
    sequence=1,
    issued_at=ISSUED,
    next_update=DUE,
    expires_at=VOID,
    trust_lists=(),
    acceptance=json.dumps({}).encode(),
)


def test_packing_at_a_naive_time_is_a_mistake_of_the_caller(tmp_path: Path) -> None:
    from pratique.packing import pack  # noqa: PLC0415

    with pytest.raises(TypeError):
        pack("border", 1, at=NOW.replace(tzinfo=None), due=SECOND, ends=SECOND, trust=tmp_path)
