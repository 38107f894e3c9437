"""Every published SMART Health Card, as texts and as pictures, gives the outcome that its metadata expects.

The trust list of each has the keys that the vector names under the issuer that the card names; the clock is the
vector's, or a day on which all published cards had been issued.
"""

from __future__ import annotations

import base64
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from conftest import VECTORS, Vector, load_vectors
from pratique.cose.keys import PublicKey
from pratique.formats.smart_health_card import envelope, join
from pratique.qr.read import read
from pratique.reasons import Reason
from pratique.report import Outcome, Report, Step, Verdict
from pratique.trust import Acceptance, TrustList, TrustStore
from pratique.verify import Verifier

if TYPE_CHECKING:
    from collections.abc import Mapping

CARDS = load_vectors("shc")
if not CARDS:
    pytest.skip(f"the outside test vectors of SMART Health Cards are not at {VECTORS}", allow_module_level=True)

ISSUERS = ("https://spec.smarthealth.cards/examples/issuer", "https://smarthealth.cards/examples/issuer")
NOT_CARDS_FOR_TRAVEL: Mapping[str, tuple[Step, Reason]] = {
    # A laboratory report without a patient, though the specification publishes it: nobody can be compared with it.
    "spec-02": (Step.DECODE, Reason.CONTENT_INVALID),
    # A patient summary (IPS): genuine, and neither a vaccination nor a test is in it.
    "hl7-02": (Step.ISSUER, Reason.NO_FACT),
    # Signed by a key of the old specification, which the source does not give.
    "commons-correct_data": (Step.TRUST, Reason.KEY_UNKNOWN),
}
DEVIATIONS: Mapping[str, frozenset[str]] = {"spec-02": frozenset({"decode"})}
FACTS = {"KDE-example-00": 2, "faq-reference-pdf": 2, "hl7-00": 3, "spec-00": 3, "hl7-02": 0}


def key_entry(jwk: Mapping[str, str]) -> dict[str, Any]:
    key = PublicKey.from_jwk(jwk)
    return {
        "key_id": base64.b64encode(base64.urlsafe_b64decode(jwk["kid"] + "=")).decode(),
        "public_key": key.jwk,
        "formats": ["smart-health-card"],
        "not_before": "2021-01-01T00:00:00Z",
        "not_after": "2031-01-01T00:00:00Z",
    }


def verify(vector: Vector, text: str) -> Report:
    keys = [key_entry(jwk) for jwk in vector.meta["key"]["value"]]
    issuers = [{"id": issuer, "country": "USA", "keys": keys} for issuer in ISSUERS]
    document = {"id": "vectors", "sequence": 1, "issued_at": "2021-01-01T00:00:00Z", "issuers": issuers}
    trust_list = TrustList.from_json(document)
    assert not trust_list.set_aside
    store = TrustStore([trust_list], acceptance=Acceptance.from_json({"accept": [{}]}))
    at = datetime.fromisoformat(vector.meta["clock"] or "2026-01-01T00:00:00Z")
    return Verifier(store).verify(text, at=at, compared_by_eye=True)


def texts(vector: Vector) -> list[str]:
    """Return the codes of a vector, the last part first."""
    return [(vector.folder / name).read_text() for name in reversed(vector.meta["inputs"]["text"])]


def observed(report: Report) -> dict[str, Any]:
    outcomes = {check.step: check.outcome for check in report.checks}
    return {
        "decode": Outcome.FAILED not in (outcomes[Step.READ], outcomes[Step.DECODE]),
        "signature_valid": outcomes[Step.SIGNATURE] is Outcome.PASSED,
        "expired_at_clock": outcomes[Step.VALIDITY] is Outcome.FAILED,
        "revoked": outcomes[Step.STATUS] is Outcome.FAILED,
    }


@pytest.mark.parametrize("vector", CARDS, ids=lambda vector: vector.name)
def test_card_gives_the_outcome_that_its_metadata_expects(vector: Vector) -> None:
    (text,) = join(texts(vector))
    report = verify(vector, text)
    expected = vector.meta["expected"]
    differing = {name for name, answer in observed(report).items() if expected[name] not in (None, answer)}
    assert differing == DEVIATIONS.get(vector.name, frozenset()), report.explain()
    failed = {check.step: check.code for check in report.checks if check.outcome is Outcome.FAILED}
    assert failed == dict([NOT_CARDS_FOR_TRAVEL[vector.name]] if vector.name in NOT_CARDS_FOR_TRAVEL else ())
    if vector.name in FACTS:
        assert report.credential is not None
        assert [(fact.kind, fact.target) for fact in report.credential.evidence] == [("vaccination", "RA01")] * FACTS[
            vector.name
        ]


@pytest.mark.parametrize("vector", CARDS, ids=lambda vector: vector.name)
def test_payload_is_read_as_it_was_signed(vector: Vector) -> None:
    (text,) = join(texts(vector))
    assert vector.meta["payload"] in (None, envelope(text.strip()).payload())


def test_card_without_an_end_is_referred_and_nothing_else_is_doubted() -> None:
    (vector,) = (vector for vector in CARDS if vector.name == "spec-00")
    report = verify(vector, vector.text())
    doubts = {check.code for check in report.checks if check.outcome is Outcome.INCONCLUSIVE}
    assert (report.verdict, doubts) == (Verdict.REFER, {Reason.NO_EXPIRY})


@pytest.mark.parametrize(
    "vector", [vector for vector in CARDS if vector.meta["inputs"].get("image")], ids=lambda vector: vector.name
)
def test_pictures_hold_the_texts_in_any_order(vector: Vector) -> None:
    found = [text for name in reversed(vector.meta["inputs"]["image"]) for text in read(vector.folder / name)]
    assert join(found) == join([text.rstrip("\n") for text in texts(vector)])


@pytest.mark.parametrize("vector", CARDS, ids=lambda vector: vector.name)
def test_lone_part_is_no_card(vector: Vector) -> None:
    if len(texts(vector)) > 1:
        for text in texts(vector):
            assert verify(vector, text).decisive.code is Reason.QR_INCOMPLETE
