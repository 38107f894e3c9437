"""NZ COVID Passes: the published ones give the outcome that they state, made ones fail at each step alone."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authority import DOCUMENT, OTHER_DOCUMENT, World
from conftest import VECTORS, Vector, load_vectors
from passes import CTI, KEY_NAME, SUBJECT, Ministry, credential, text
from pratique.errors import DecodeError, PratiqueError, UnsupportedError
from pratique.formats import nzcp, recognise
from pratique.model import Clearance, Kind
from pratique.model.dates import PartialDate
from pratique.qr.read import read
from pratique.reasons import Reason
from pratique.report import Outcome, Report, Step, Verdict
from pratique.trust import Acceptance, TrustList, TrustStore
from pratique.verify import Verifier
from pratique.view import credential_view

# --- published passes

PUBLISHED = load_vectors("nzcp")
WITHOUT_OUTCOME = "spec-nzcp-revoked-public-key"  # its source says nothing of it; its key is in no document


def verify_published(vector: Vector, code: str) -> Report:
    """Verify with the keys of the vector's DID document, each under its name, at the vector's clock."""
    document = vector.meta["key"]["value"]
    keys = [
        {
            "key_id": base64.b64encode(method["id"].partition("#")[2].encode()).decode(),
            "public_key": method["publicKeyJwk"],
            "formats": ["nz-covid-pass"],
            "not_before": "2021-01-01T00:00:00Z",
            "not_after": "2031-12-31T00:00:00Z",
        }
        for method in document["verificationMethod"]
    ]
    issuers = [{"id": document["id"], "country": "NZL", "keys": keys}]
    trust_list = TrustList.from_json(
        {"id": "vectors", "sequence": 1, "issued_at": "2021-01-01T00:00:00Z", "issuers": issuers}
    )
    assert not trust_list.set_aside
    store = TrustStore([trust_list], acceptance=Acceptance.from_json({"accept": [{}]}))
    return Verifier(store).verify(code, at=datetime.fromisoformat(vector.meta["clock"]), compared_by_eye=True)


def observed(report: Report) -> dict[str, Any]:
    """Return our answers in the words of the vectors' metadata."""
    outcomes = {check.step: check.outcome for check in report.checks}
    return {
        "decode": Outcome.FAILED not in (outcomes[Step.READ], outcomes[Step.DECODE]),
        "signature_valid": outcomes[Step.SIGNATURE] is Outcome.PASSED,
        "expired_at_clock": outcomes[Step.VALIDITY] is Outcome.FAILED,
        "overall": "VALID" if report.verdict is Verdict.ACCEPT else "INVALID",
    }


@pytest.mark.skipif(not PUBLISHED, reason=f"the outside test vectors are not at {VECTORS}")
def test_published_passes_are_all_there() -> None:
    assert len(PUBLISHED) == 9


@pytest.mark.parametrize("vector", PUBLISHED, ids=lambda vector: vector.name)
def test_published_pass_gives_the_outcome_that_its_metadata_expects(vector: Vector) -> None:
    codes = [vector.text()] if (vector.folder / "input.txt").exists() else []
    for image in vector.meta["inputs"].get("image", ()):
        codes += read(vector.folder / image)
    assert codes
    for code in codes:
        report = verify_published(vector, code)
        expected = {name: value for name, value in vector.meta["expected"].items() if value is not None}
        answers = observed(report)
        assert {name: answers[name] for name in expected} == expected, report.explain()
        if vector.name == WITHOUT_OUTCOME:
            assert report.decisive.code is Reason.KEY_UNKNOWN
        if vector.meta["payload"] and report.credential is not None:
            holder = report.credential.holder
            assert holder is not None
            stated = vector.meta["payload"]
            assert holder.name_native == f"{stated['givenName']} {stated['familyName']}"
            assert str(holder.birth_date) == stated.get("dob", str(holder.birth_date))


# --- passes of our own making


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def ministry(world: World) -> Ministry:
    made = Ministry(world.clock)
    world.trusted.append(made.entry())
    return made


def verify(world: World, code: str, **options: Any) -> Report:
    """Verify with DOCUMENT in hand, which is that of the subject, so that nothing else stands against the pass."""
    return world.verify(code, **{"document": DOCUMENT, **options})


def refused(world: World, code: str, step: Step, reason: Reason, **options: Any) -> Report:
    """Verify, and assert that exactly this step failed for this reason."""
    report = verify(world, code, **options)
    assert [check.step for check in report.checks if check.outcome is Outcome.FAILED] == [step]
    assert (report.verdict, report.decisive.code) == (Verdict.REJECT, reason)
    said = f"{report.explain()} {report.for_traveller()} {report.record()} {report!r}"
    assert not any(word in said for word in ("Anna", "Eriksson", "1974-08-12", CTI.hex()))
    return report


def test_genuine_pass_is_accepted(world: World, ministry: Ministry) -> None:
    report = verify(world, ministry.sign())
    assert report.verdict is Verdict.ACCEPT, report.explain()
    assert report.format == "nz-covid-pass"


def test_pass_is_a_clearance_and_says_nothing_else_about_health(world: World, ministry: Ministry) -> None:
    found = verify(world, ministry.sign()).raise_for_refusal()
    assert found.kinds == ((Kind.CLEARANCE, None),)
    assert found.evidence == (Clearance(rule="PublicCovidPass"),)
    assert found.number == "urn:uuid:00010203-0405-0607-0809-0a0b0c0d0e0f"
    assert found.issuer == (ministry.id, None, None)
    assert found.validity == (None, world.clock.now, world.clock.now + timedelta(days=28))


def test_acceptance_of_vaccinations_alone_does_not_take_a_pass(world: World, ministry: Ministry) -> None:
    world.acceptance = {"accept": [{"kinds": ["vaccination"]}]}
    refused(world, ministry.sign(), Step.ISSUER, Reason.ISSUER_SCOPE)


def test_a_disease_alone_does_not_take_a_pass(world: World, ministry: Ministry) -> None:
    world.acceptance = {"accept": [{"targets": ["RA01"]}]}
    refused(world, ministry.sign(), Step.ISSUER, Reason.ISSUER_SCOPE)


def test_person_is_read_with_the_name_transliterated(world: World, ministry: Ministry) -> None:
    subject = {"givenName": "Hēmi Wiremu", "familyName": "Ōtāne-O'Brien", "dob": "1990-01-31"}
    report = verify(world, ministry.sign({"vc": credential(subject)}))
    assert report.credential is not None
    holder = report.credential.holder
    assert holder is not None
    assert holder.name == "OTANE<OBRIEN<<HEMI<WIREMU"
    assert holder.name_native == "Hēmi Wiremu Ōtāne-O'Brien"
    assert holder.birth_date == PartialDate(1990, 1, 31)


@pytest.mark.parametrize("family_name", [None, ""])
def test_given_name_may_be_the_whole_name(world: World, ministry: Ministry, family_name: str | None) -> None:
    subject = {"givenName": "Anna Maria Eriksson", "familyName": family_name}
    report = verify(world, ministry.sign({"vc": credential(subject)}))
    assert report.verdict is Verdict.ACCEPT, report.explain()


def test_name_in_a_script_without_a_table_is_compared_by_a_person(world: World, ministry: Ministry) -> None:
    report = verify(world, ministry.sign({"vc": credential({"givenName": "安娜", "familyName": "埃里克松"})}))
    assert (report.verdict, report.decisive.code) == (Verdict.REFER, Reason.HOLDER_UNCERTAIN)


@pytest.mark.parametrize("family_name", [7, ["Eriksson"], "E" * 101, "  "])
def test_family_name_out_of_form_is_named_and_referred(world: World, ministry: Ministry, family_name: Any) -> None:
    report = verify(world, ministry.sign({"vc": credential({"familyName": family_name})}))
    check = report.check(Step.DECODE)
    assert (check.outcome, check.code) == (Outcome.INCONCLUSIVE, Reason.CONTENT_DEVIATES)
    assert check.detail == "at familyName"


@pytest.mark.parametrize(
    "change",
    [
        {"protected": {4: KEY_NAME}},
        {"protected": {"more": 1}},
        {"unprotected": {99: b"nobody signed this"}},
        {"changes": {8: "another claim"}},
        {"changes": {"vc": credential({"more": 1})}},
        {"changes": {"vc": credential(more=1, **{"@context": ["https://www.w3.org/2018/credentials/v1"]})}},
    ],
)
def test_what_the_specification_leaves_open_is_taken(world: World, ministry: Ministry, change: dict[str, Any]) -> None:
    report = verify(world, ministry.sign(**change))
    assert report.verdict is Verdict.ACCEPT, report.explain()


def test_lower_case_and_padding_of_scanners_are_taken(world: World, ministry: Ministry) -> None:
    code = ministry.sign()
    data = code.removeprefix("NZCP:/1/")
    for form in (data.lower(), data + "=" * (-len(data) % 8), data + "\r\n"):
        assert verify(world, "NZCP:/1/" + form).verdict is Verdict.ACCEPT


# --- each step fails alone


def test_another_version_is_not_read(world: World, ministry: Ministry) -> None:
    for version in ("2", "", "01", "1.0"):
        code = ministry.sign().replace("/1/", f"/{version}/")
        refused(world, code, Step.DECODE, Reason.FORMAT_UNSUPPORTED)
    refused(world, "NZCP:/1", Step.DECODE, Reason.FORMAT_UNSUPPORTED)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"tag": None}, Reason.COSE_MALFORMED),
        ({"tag": 61}, Reason.COSE_MALFORMED),
        ({"tag": 98}, Reason.COSE_MALFORMED),
        ({"protected": {1: None}}, Reason.COSE_ALGORITHM),
        ({"protected": {1: -35}}, Reason.COSE_ALGORITHM),
        ({"protected": {1: None}, "unprotected": {1: -7}}, Reason.COSE_ALGORITHM),
        ({"protected": {4: None}}, Reason.COSE_MALFORMED),
        ({"protected": {4: None}, "unprotected": {4: KEY_NAME.encode()}}, Reason.COSE_MALFORMED),
        ({"protected": {4: b""}}, Reason.COSE_MALFORMED),
        ({"protected": {4: 12}}, Reason.COSE_MALFORMED),
        ({"protected": {4: "k" * 101}}, Reason.COSE_MALFORMED),
        ({"protected": {2: [99], 99: 1}}, Reason.COSE_CRITICAL),
    ],
)
def test_header_that_is_none_of_a_pass_is_refused(
    world: World, ministry: Ministry, change: dict[str, Any], reason: Reason
) -> None:
    refused(world, ministry.sign(**change), Step.DECODE, reason)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({1: None}, Reason.CONTENT_INVALID),
        ({1: "https://passes.health.example"}, Reason.CONTENT_INVALID),
        ({1: 7}, Reason.CONTENT_INVALID),
        ({7: None}, Reason.CONTENT_INVALID),
        ({7: CTI[:15]}, Reason.CONTENT_INVALID),
        ({7: CTI.hex()}, Reason.CONTENT_INVALID),
        ({5: None}, Reason.TIME_MALFORMED),
        ({4: None}, Reason.TIME_MALFORMED),
        ({5: 1.5}, Reason.TIME_MALFORMED),
        ({4: float("nan")}, Reason.TIME_MALFORMED),
        ({4: 2**53}, Reason.TIME_MALFORMED),
        ({5: -1}, Reason.TIME_MALFORMED),
        ({5: True}, Reason.TIME_MALFORMED),
        ({5: cbor2.CBORTag(1, 5)}, Reason.CBOR_MALFORMED),
        ({5: 2_000_000_000, 4: 2_000_000_000}, Reason.TIME_MALFORMED),
        ({"vc": None}, Reason.CONTENT_INVALID),
        ({"vc": []}, Reason.CONTENT_INVALID),
        ({"vc": credential(version="1.1.0")}, Reason.FORMAT_UNSUPPORTED),
        ({"vc": credential(version=None)}, Reason.FORMAT_UNSUPPORTED),
        ({"vc": credential(type=["VerifiableCredential"])}, Reason.CONTENT_INVALID),
        ({"vc": credential(type=["PublicCovidPass", "VerifiableCredential"])}, Reason.CONTENT_INVALID),
        ({"vc": credential(type=["VerifiableCredential", "PublicCovidPass", "More"])}, Reason.CONTENT_INVALID),
        ({"vc": credential(**{"@context": []})}, Reason.CONTENT_INVALID),
        ({"vc": credential(**{"@context": "https://www.w3.org/2018/credentials/v1"})}, Reason.CONTENT_INVALID),
        ({"vc": credential(**{"@context": ["https://www.w3.org/2018/credentials/v1", 7]})}, Reason.CONTENT_INVALID),
        ({"vc": credential(**{"@context": ["https://www.w3.org/ns/credentials/v2"]})}, Reason.CONTENT_INVALID),
        ({"vc": credential(credentialSubject=[SUBJECT])}, Reason.CONTENT_INVALID),
        ({"vc": credential({"givenName": None})}, Reason.CONTENT_INVALID),
        ({"vc": credential({"givenName": ""})}, Reason.CONTENT_INVALID),
        ({"vc": credential({"givenName": 7})}, Reason.CONTENT_INVALID),
        ({"vc": credential({"givenName": "A" * 101})}, Reason.CONTENT_INVALID),
        ({"vc": credential({"dob": None})}, Reason.CONTENT_INVALID),
        ({"vc": credential({"dob": "1974"})}, Reason.CONTENT_INVALID),
        ({"vc": credential({"dob": "12/08/1974"})}, Reason.CONTENT_INVALID),
        ({"vc": credential({"dob": "1974-02-30"})}, Reason.DATE_INVALID),
        ({"vc": credential({"dob": "1899-12-31"})}, Reason.CONTENT_INVALID),
        ({"vc": credential({"dob": 19740812})}, Reason.CONTENT_INVALID),
    ],
)
def test_claim_that_a_pass_must_have_is_not_argued_about(
    world: World, ministry: Ministry, changes: dict[Any, Any], reason: Reason
) -> None:
    report = refused(world, ministry.sign(changes), Step.DECODE, reason)
    assert report.check(Step.SIGNATURE).outcome is Outcome.PASSED


def test_unknown_key_is_refused(world: World, ministry: Ministry) -> None:
    report = refused(world, ministry.sign(protected={4: "key-2"}), Step.TRUST, Reason.KEY_UNKNOWN)
    assert report.credential is None


def test_no_issuer_is_built_in() -> None:
    """Neither the live issuer nor the example of the specification is trusted unless a trust list has it."""
    for vector in PUBLISHED:
        if (vector.folder / "input.txt").exists():
            world = World()
            report = world.verify(vector.text(), at=datetime.fromisoformat(vector.meta["clock"]))
            assert report.verdict is Verdict.REJECT
            assert report.check(Step.TRUST).outcome is not Outcome.PASSED


def test_signature_of_another_key_is_refused(world: World, ministry: Ministry) -> None:
    assert ministry.key_name == KEY_NAME
    forger = Ministry(world.clock)
    refused(world, forger.sign(), Step.SIGNATURE, Reason.SIGNATURE_INVALID)


def test_changed_claim_is_refused(world: World, ministry: Ministry) -> None:
    message = ministry.message(cbor2.dumps(ministry.claims()))
    forged = message.replace(b"Eriksson", b"Erikssen")
    assert forged != message
    refused(world, text(forged), Step.SIGNATURE, Reason.SIGNATURE_INVALID)


@pytest.mark.parametrize(("seconds", "reason"), [(-61, Reason.NOT_YET_VALID), (-60, None), (28 * 86_400 + 59, None)])
def test_window_is_kept_to_the_second_but_for_clock_skew(
    world: World, ministry: Ministry, seconds: int, reason: Reason | None
) -> None:
    code, at = ministry.sign(), world.clock.now + timedelta(seconds=seconds)
    if reason is None:
        assert verify(world, code, at=at).verdict is Verdict.ACCEPT
    else:
        refused(world, code, Step.VALIDITY, reason, at=at)


def test_expired_pass_is_refused(world: World, ministry: Ministry) -> None:
    at = world.clock.now + timedelta(days=28, seconds=60)
    refused(world, ministry.sign(), Step.VALIDITY, Reason.EXPIRED, at=at)


def test_pass_in_the_name_of_another_issuer_is_refused(world: World, ministry: Ministry) -> None:
    other = Ministry(world.clock, id="did:web:other.example", country="UTO", key_name="other")
    world.trusted.append(other.entry())
    report = refused(world, other.sign({1: ministry.id}), Step.ISSUER, Reason.ISSUER_MISMATCH)
    assert report.check(Step.SIGNATURE).outcome is Outcome.PASSED


def test_two_issuers_may_give_their_keys_the_same_name(world: World, ministry: Ministry) -> None:
    other = Ministry(world.clock, id="did:web:other.example", country="UTO")
    world.trusted.append(other.entry())
    for issuer in (ministry, other):
        report = verify(world, issuer.sign())
        assert report.verdict is Verdict.ACCEPT
        assert report.issuer is not None
        assert report.issuer.id == issuer.id


def test_key_must_be_in_its_window_when_the_pass_is_verified(world: World, ministry: Ministry) -> None:
    """An issuer can only take a key away, so what it once signed falls with it."""
    world.trusted[-1] = ministry.entry(not_after="2026-11-30T00:00:00Z")
    assert verify(world, ministry.sign()).verdict is Verdict.ACCEPT
    at = datetime(2026, 12, 1, tzinfo=UTC)
    refused(world, ministry.sign(), Step.ISSUER, Reason.KEY_EXPIRED, at=at)


def test_key_for_another_kind_of_fact_is_refused(world: World, ministry: Ministry) -> None:
    world.trusted[-1] = ministry.entry(scope={"kinds": ["vaccination"]})
    refused(world, ministry.sign(), Step.ISSUER, Reason.KEY_SCOPE)


@pytest.mark.parametrize("format_", ["eu-dcc", "pratique", "smart-health-card"])
def test_key_listed_for_another_format_does_not_count(world: World, ministry: Ministry, format_: str) -> None:
    world.trusted[-1] = ministry.entry(formats=[format_])
    refused(world, ministry.sign(), Step.TRUST, Reason.KEY_UNKNOWN)


def test_somebody_else_with_the_pass_is_refused(world: World, ministry: Ministry) -> None:
    refused(world, ministry.sign(), Step.BINDING, Reason.HOLDER_MISMATCH, document=OTHER_DOCUMENT)


def test_without_a_document_a_person_compares(world: World, ministry: Ministry) -> None:
    report = verify(world, ministry.sign(), document=None)
    assert (report.verdict, report.decisive.code) == (Verdict.REFER, Reason.COMPARE_BY_EYE)
    assert verify(world, ministry.sign(), document=None, compared_by_eye=True).verdict is Verdict.ACCEPT


# --- hostile at each layer


def test_text_cut_anywhere_is_refused(ministry: Ministry) -> None:
    code = ministry.sign()
    for end in range(len("NZCP:/1/"), len(code)):
        with pytest.raises(PratiqueError):
            nzcp.envelope(code[:end]).read()


def test_message_cut_or_lengthened_anywhere_is_refused(ministry: Ministry) -> None:
    message = ministry.message(cbor2.dumps(ministry.claims()))
    for data in (*(message[:end] for end in range(len(message))), message + b"\0", message + message):
        with pytest.raises(DecodeError):
            nzcp.NzcpEnvelope(data)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\xa0\xa0",
        b"\xbf\xff",
        b"\x80",
        b"\xa2\x01\x61a\x01\x61b",  # the issuer twice
        b"\x81" * 40,
        b"\xa1\x01" * 40,
        b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff",
        cbor2.dumps(cbor2.CBORTag(24, b"")),
        cbor2.dumps([0] * 20_000),
    ],
)
def test_payload_that_is_no_set_of_claims_is_refused(ministry: Ministry, payload: bytes) -> None:
    with pytest.raises(DecodeError):
        nzcp.NzcpEnvelope(ministry.message(payload)).read()


def test_text_longer_than_any_code_is_not_looked_into() -> None:
    with pytest.raises(DecodeError) as raised:
        recognise("NZCP:/1/" + "A" * 9_000)
    assert raised.value.code is Reason.QR_TOO_LONG


@given(st.text(max_size=60) | st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZ234567=/", max_size=200))
@settings(max_examples=150)
def test_any_text_is_read_or_refused(body: str) -> None:
    for code in ("NZCP:/" + body, "NZCP:/1/" + body):
        with pytest.raises((DecodeError, UnsupportedError)):
            nzcp.envelope(code).read()


_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats()
    | st.text(max_size=8)
    | st.binary(max_size=17),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
_MINISTRY = Ministry(World().clock)


@given(st.sampled_from([1, 4, 5, 7, "vc"]), _VALUES)
@settings(max_examples=150, deadline=None)
def test_any_claim_that_is_signed_is_read_or_refused(name: Any, value: Any) -> None:
    claims = {**_MINISTRY.claims(), name: value}
    try:
        found = nzcp.NzcpEnvelope(_MINISTRY.message(cbor2.dumps(claims))).read()
    except PratiqueError:
        return
    credential_view(found)


@given(st.sampled_from([*SUBJECT, "more"]), _VALUES)
@settings(max_examples=150, deadline=None)
def test_any_subject_that_is_signed_is_read_or_refused(name: str, value: Any) -> None:
    claims = {**_MINISTRY.claims(), "vc": credential(credentialSubject={**SUBJECT, name: value})}
    try:
        found = nzcp.NzcpEnvelope(_MINISTRY.message(cbor2.dumps(claims))).read()
    except PratiqueError:
        return
    credential_view(found)
