"""Austria's exemption certificates: the layers of HC1, exactly one exemption, and a key for nothing else."""

from __future__ import annotations

import base64
import copy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from authority import DOCUMENT, NOW, PERSON, DccState, World, dcc_recovery, dcc_test, dcc_vaccination, sign_dcc
from conftest import VECTORS, load_vectors
from pratique.cose.certificates import Certificate
from pratique.reasons import Reason
from pratique.report import Outcome, Report, Step, Verdict
from pratique.trust import Acceptance, TrustList, TrustStore
from pratique.trust.entries import key_entry, with_acceptance, with_key
from pratique.verify import Verifier
from pratique.view import report_view
from who import sign_card

FORMAT = "at-exemption"
VE = {"tg": "840539006", "du": "2027-02-28", "co": "AT", "is": "Ministry of Health, Austria", "ci": "URN:UVCI:01:AT:1"}


def exemption(**changes: Any) -> dict[str, Any]:
    return {"ver": "AT-1.0.0", "nam": PERSON, "dob": "1998-02-26", "ve": [VE], **changes}


def sign(payload: Any, **options: Any) -> str:
    return "AT1:" + sign_dcc(payload, **options).removeprefix("HC1:")


def world_of(*formats: str, **key: Any) -> World:
    world = World()
    world.trusted.append(DccState(world.clock).entry(formats=list(formats), **key))
    return world


def verify(world: World, text: str) -> Report:
    return world.verify(text, compared_by_eye=True)


def test_exemption_is_accepted_with_the_day_until_which_it_counts() -> None:
    report = verify(world_of(FORMAT), sign(exemption()))
    assert report.verdict is Verdict.ACCEPT, report.explain()
    assert "an exemption (COVID-19)" in report.explain()
    seen = report_view(report)["credential"]
    assert seen["format"] == report.format == FORMAT
    assert seen["events"] == [
        {
            "kind": "exemption",
            "target": "RA01",
            "valid_until": "2027-02-28",
            "country": "AUT",
            "authority": "Ministry of Health, Austria",
        }
    ]


@pytest.mark.parametrize(
    "payload",
    [
        exemption(ve=[VE, VE]),
        exemption(ve=[]),
        exemption(ve=None),
        exemption(ve=VE),
        exemption(ve=["x"]),
        dcc_vaccination(),
        dcc_test(),
        dcc_recovery(),
        {**dcc_vaccination(), "ve": [VE]},
        {},
        "x",
    ],
)
def test_anything_but_one_exemption_is_refused(payload: Any) -> None:
    check = verify(world_of(FORMAT), sign(payload)).check(Step.DECODE)
    assert (check.outcome, check.code) == (Outcome.FAILED, Reason.CONTENT_INVALID)


def test_exemption_behind_the_prefix_of_the_eu_is_no_dcc_and_the_reverse() -> None:
    world = world_of(FORMAT, "eu-dcc", "who-hcert")
    assert verify(world, sign_dcc(exemption())).decisive.code is Reason.CONTENT_INVALID
    assert verify(world, sign(dcc_recovery())).decisive.code is Reason.CONTENT_INVALID


@pytest.mark.parametrize("formats", [["eu-dcc"], ["who-hcert"], ["pratique"]])
def test_key_of_another_format_is_not_asked(formats: list[str]) -> None:
    assert verify(world_of(*formats), sign(exemption())).decisive.code is Reason.KEY_UNKNOWN


@pytest.mark.parametrize("kinds", [["vaccination"], ["test", "recovery"]])
def test_key_with_a_usage_of_the_eu_signs_no_exemption(kinds: list[str]) -> None:
    """There is no usage for exemptions, so that any of those there are leaves them out."""
    assert verify(world_of(FORMAT, scope={"kinds": kinds}), sign(exemption())).decisive.code is Reason.KEY_SCOPE


def certificate(*usages: str) -> Certificate:
    """Return a certificate of the state's key with these extended key usages."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "DSC")])
    key = DccState(World().clock).public_key().native
    builder = x509.CertificateBuilder(name, name, key, 1, NOW - timedelta(days=9), NOW + timedelta(days=9))
    if usages:
        builder = builder.add_extension(x509.ExtendedKeyUsage(map(x509.ObjectIdentifier, usages)), critical=False)
    signed = builder.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    return Certificate.read(signed.public_bytes(serialization.Encoding.DER))


@pytest.mark.parametrize(
    ("usages", "exempt", "vaccinated"),
    [
        ((), True, True),
        (("1.3.6.1.5.5.7.3.2",), True, True),
        (("1.3.6.1.4.1.1847.2021.1.2",), False, True),
        (("1.3.6.1.4.1.0.1847.2021.1.2",), False, True),
        (("1.3.6.1.4.1.1847.2021.1.1", "1.3.6.1.4.1.1847.2021.1.3"), False, False),
    ],
)
def test_usages_of_a_certificate_decide_what_its_key_signs(
    usages: tuple[str, ...], *, exempt: bool, vaccinated: bool
) -> None:
    dsc = certificate(*usages)
    for format_, text, covered in (
        (FORMAT, sign(exemption(), key_id=dsc.hcert_key_id), exempt),
        ("who-hcert", sign_card(3, key_id=dsc.hcert_key_id), vaccinated),
    ):
        world = World()
        world.trusted = with_key(None, key_entry(dsc, format_=format_), issuer="at", country="AUT", at=NOW)["issuers"]
        check = verify(world, text).check(Step.ISSUER)
        assert check.code is (Reason.ISSUER_ENTITLED if covered else Reason.KEY_SCOPE)


@pytest.mark.parametrize(("du", "deviations"), [("28.02.2027", "at du"), (None, "at du"), ("2027-02-28T00:00:00", "")])
def test_end_that_is_no_day_is_looked_at(du: Any, deviations: str) -> None:
    payload = exemption(ve=[{**VE, "du": du}])
    assert verify(world_of(FORMAT), sign(payload)).check(Step.DECODE).detail == deviations


def test_truncated_anywhere_it_is_refused() -> None:
    world, text = world_of(FORMAT), sign(exemption())
    verifier = world.verifier()
    for length in range(0, len(text), 3):
        assert verifier.verify(text[:length], at=NOW, document=DOCUMENT).verdict is Verdict.REJECT


VECTORS_OF_AUSTRIA = load_vectors("at1")


@pytest.mark.skipif(not VECTORS.is_dir(), reason=f"the outside test vectors are not at {VECTORS}")
def test_there_are_three_outside_vectors() -> None:
    assert len(VECTORS_OF_AUSTRIA) == 3


@pytest.mark.parametrize("vector", VECTORS_OF_AUSTRIA, ids=lambda vector: vector.name)
def test_outside_vector_gives_what_its_metadata_expects(vector: Any) -> None:
    """The trust list is made as `pratique trust add` makes it, from the certificate alone."""
    certificate = Certificate.read(base64.b64decode(vector.meta["key"]["value"]))
    at = datetime.fromisoformat(vector.meta["clock"]).astimezone(UTC)
    entry = key_entry(certificate, format_=FORMAT)
    document = with_key(None, entry, issuer="at", country="AUT", at=at)
    acceptance, _ = with_acceptance(None, issuer="at", country="AUT", format_=FORMAT)
    store = TrustStore([TrustList.from_json(copy.deepcopy(document))], acceptance=Acceptance.from_json(acceptance))
    report = Verifier(store).verify(vector.text(), at=at, compared_by_eye=True)
    outcomes = {check.step: check.outcome for check in report.checks}
    observed = {
        "decode": outcomes[Step.READ] is Outcome.PASSED and outcomes[Step.DECODE] is not Outcome.FAILED,
        "signature_valid": outcomes[Step.SIGNATURE] is Outcome.PASSED,
        "schema_valid": outcomes[Step.DECODE] is Outcome.PASSED,
        "expired_at_clock": outcomes[Step.VALIDITY] is Outcome.FAILED,
        "key_usage_ok": report.check(Step.ISSUER).code is not Reason.KEY_SCOPE,
    }
    expected = vector.meta["expected"]
    assert {name: observed[name] for name in observed if expected[name] is not None} == {
        name: expected[name] for name in observed if expected[name] is not None
    }
