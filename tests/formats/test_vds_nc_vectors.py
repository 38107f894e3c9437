"""Every outside vector of VDS-NC gives the outcome that its metadata expects, trusting the authorities it names."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from conftest import VECTORS, Vector, load_vectors
from pratique.cose import unproven
from pratique.cose.certificates import Certificate
from pratique.formats.vds_nc import SealEnvelope
from pratique.model.codes import country_alpha3
from pratique.reasons import Reason
from pratique.report import Outcome, Report, Step, Verdict
from pratique.trust import Acceptance, TrustList, TrustStore
from pratique.trust.entries import ICAO_VDS_NC, key_entry, with_key
from pratique.verify import Verifier

if TYPE_CHECKING:
    from collections.abc import Mapping

SEALS = load_vectors("vds-nc")
if not SEALS:
    pytest.skip(f"the outside test vectors of VDS-NC are not at {VECTORS}", allow_module_level=True)

AT = datetime(
    2026, 11, 23, tzinfo=UTC
)  # the vectors name no time; this is in the window of each certificate that counts

# Of each vector, the reason why it is not accepted: in the metadata's words that it does not decode or is not signed.
REASONS: Mapping[str, tuple[Step, Reason]] = {
    "AU-app-nonVDSJson": (Step.READ, Reason.FORMAT_UNKNOWN),
    "AU-lib-nonVDSJson": (Step.READ, Reason.FORMAT_UNKNOWN),
    "AU-lib-invalidVDSJson": (Step.SIGNATURE, Reason.SIGNATURE_INVALID),
    # An example with a certificate that names no authority: nobody can vouch for it.
    "KDE-single-vaccine": (Step.TRUST, Reason.KEY_UNKNOWN),
    "AU-lib-validVDSJson": (Step.BINDING, Reason.COMPARE_BY_EYE),
}


def authorities(vector: Vector) -> list[Certificate]:
    return [Certificate.read(base64.b64decode(each["der_b64"])) for each in vector.meta["key"]["value"]]


def verify(vector: Vector, **options: Any) -> Report:
    document = None
    for authority in authorities(vector):
        country = country_alpha3(authority.country or "") or ""
        entry = key_entry(authority, format_=ICAO_VDS_NC)
        document = with_key(document, entry, issuer=f"icao:{country}", country=country, at=AT)
    trust_list = TrustList.from_json(document)
    assert not trust_list.set_aside
    store = TrustStore([trust_list], acceptance=Acceptance.from_json({"accept": [{}]}))
    return Verifier(store).verify(vector.text(), **{"at": AT, **options})


@pytest.mark.parametrize("vector", SEALS, ids=lambda vector: vector.name)
def test_vector_gives_the_outcome_that_its_metadata_expects(vector: Vector) -> None:
    report, expected = verify(vector), vector.meta["expected"]
    outcomes = {check.step: check.outcome for check in report.checks}
    decoded = outcomes[Step.READ] is Outcome.PASSED and outcomes[Step.DECODE] is not Outcome.FAILED
    assert decoded is expected["decode"]
    if expected["signature_valid"] is not None:
        assert (outcomes[Step.SIGNATURE] is Outcome.PASSED) is expected["signature_valid"]
    decisive = report.decisive
    assert (decisive.step, decisive.code) == REASONS[vector.name]


def test_vectors_are_all_there() -> None:
    assert {vector.name for vector in SEALS} == REASONS.keys()


def test_genuine_seal_is_accepted_once_compared() -> None:
    (vector,) = (vector for vector in SEALS if vector.name == "AU-lib-validVDSJson")
    report = verify(vector, compared_by_eye=True)
    assert report.verdict is Verdict.ACCEPT
    credential = report.raise_for_refusal()
    assert credential.issuer.country == "AUS"
    assert credential.kinds == (("vaccination", "RA01"),)
    assert len(credential.evidence) == 2
    assert credential.deviations == ()


def test_payload_is_read_as_it_was_signed() -> None:
    for vector in SEALS:
        if vector.meta["payload"] is not None:
            assert SealEnvelope(vector.text()).data == vector.meta["payload"]


def test_genuine_authorities_are_read_even_where_strict_parsers_refuse_them() -> None:
    found = {authority.der: authority for vector in SEALS for authority in authorities(vector)}
    assert {(each.country, each.public_key.kind) for each in found.values()} == {("AU", "RSA 4096"), ("JP", "EC P-384")}
    assert all(each.is_authority and each.subject_key_id for each in found.values())
    signed_by_themselves = [each for each in found.values() if unproven.read(each.der).is_signed_by(each.public_key)]
    assert {each.country for each in signed_by_themselves} == {"AU", "JP"}


def test_authority_apart_from_the_vectors_is_the_one_in_them() -> None:
    (vector,) = (vector for vector in SEALS if vector.name == "AU-lib-validVDSJson")
    der = (VECTORS / "trust" / "csca" / "AUS-csca.der").read_bytes()
    assert der in [authority.der for authority in authorities(vector)]
