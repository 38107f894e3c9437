"""SMART Health Cards from a second implementation: each layer attacked, each step failing alone, each kind of fact."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authority import DOCUMENT, OTHER_DOCUMENT, World
from pratique import view
from pratique.errors import DecodeError, PratiqueError
from pratique.formats import recognise, smart_health_card
from pratique.formats.smart_health_card import ShcEnvelope
from pratique.model.codes import Coding
from pratique.model.dates import PartialDate
from pratique.reasons import Reason
from pratique.report import Outcome, Report, Step, Verdict
from pratique.schemas import check
from shc import (
    CVX,
    ISS,
    PATIENT,
    SNOMED,
    ShcIssuer,
    b64u,
    bundle,
    concept,
    deflate,
    digits,
    dose,
    exemption,
    observed,
    payload,
)

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def world() -> World:
    made = World()
    made.trusted.append(ShcIssuer(made.clock).entry())
    return made


@pytest.fixture
def issuer(world: World) -> ShcIssuer:
    return ShcIssuer(world.clock)


def failures(report: Report) -> dict[Step, Reason]:
    return {check.step: check.code for check in report.checks if check.outcome is Outcome.FAILED}


def doubts(report: Report) -> dict[Step, Reason]:
    return {check.step: check.code for check in report.checks if check.outcome is Outcome.INCONCLUSIVE}


def deviations(*resources: dict[str, Any], patient: dict[str, Any] | None = None, **changes: Any) -> tuple[str, ...]:
    issuer = ShcIssuer(World().clock)
    card = payload(*resources, **changes)
    if patient is not None:
        card["vc"]["credentialSubject"]["fhirBundle"]["entry"][0]["resource"] = patient
    return ShcEnvelope(issuer.jws(card).encode()).read().deviations


# What a good card says


def test_card_of_a_trusted_issuer_is_accepted_for_the_holder_of_the_document(world: World, issuer: ShcIssuer) -> None:
    report = world.verify(issuer.text(payload(dose("37"), dose("10"))), document=DOCUMENT)
    assert report.verdict is Verdict.ACCEPT, report.explain()
    assert [(fact.kind, fact.target) for fact in report.credential.evidence] == [  # type: ignore[union-attr]
        ("vaccination", "1D47"),
        ("vaccination", "1C81"),
    ]
    check(view.report_view(report), "report")


def test_dose_is_read_with_product_day_batch_and_place(issuer: ShcIssuer) -> None:
    mvx = {"identifier": {"system": "http://hl7.org/fhir/sid/mvx", "value": "MOD"}}
    given = dose("207", occurrenceDateTime="2026-01-29T23:30:00-08:00", manufacturer=mvx)
    credential = ShcEnvelope(issuer.jws(payload(given)).encode()).read()
    (fact,) = credential.evidence
    assert fact.known() == [
        ("target", "RA01"),
        ("date", PartialDate(2026, 1, 29)),
        ("centre", "ABC General Hospital"),
        ("product", Coding("cvx", "207")),
        ("manufacturer", Coding("mvx", "MOD")),
        ("batch", "0000007"),
    ]
    assert credential.deviations == ()
    assert credential.number is None


def test_test_is_read_with_its_kind_and_the_result_that_formats_share(issuer: ShcIssuer) -> None:
    (fact,) = ShcEnvelope(issuer.jws(payload(observed("94500-6", "260385009"))).encode()).read().evidence
    known = dict(fact.known())
    assert "(loinc 94500-6)" in known.pop("test_name")
    assert known == {
        "target": "RA01",
        "centre": "Airport laboratory",
        "test_method": Coding("loinc", "LP6464-4"),
        "test_result": Coding("snomed", "260415000"),
        "sampled_at": datetime(2026, 11, 22, 7, 41, 7, tzinfo=UTC),
    }


@pytest.mark.parametrize(
    ("system", "code", "result"),
    [
        (SNOMED, "10828004", "snomed|260373001"),
        ("http://loinc.org", "LA6576-8", "snomed|260373001"),
        ("http://loinc.org", "LA11883-8", "snomed|260415000"),
        (SNOMED, "720735008", "snomed|720735008"),
        ("https://elsewhere.example", "260415000", "None"),
    ],
)
def test_results_in_other_words_are_one(issuer: ShcIssuer, system: str, code: str, result: str) -> None:
    card = payload(observed(valueCodeableConcept=concept(system, code)))
    (fact,) = ShcEnvelope(issuer.jws(card).encode()).read().evidence
    assert str(fact.test_result) == result  # type: ignore[attr-defined]


def test_test_for_antibodies_is_about_no_disease(issuer: ShcIssuer) -> None:
    assert ShcEnvelope(issuer.jws(payload(observed("94563-4"))).encode()).read().kinds == (("test", None),)


def test_sample_of_a_day_alone_has_no_time(issuer: ShcIssuer) -> None:
    period = observed(effectiveDateTime=None, effectivePeriod={"start": "2026-11-22"})
    (fact,) = ShcEnvelope(issuer.jws(payload(period)).encode()).read().evidence
    assert (fact.date, fact.sampled_at) == (PartialDate(2026, 11, 22), None)  # type: ignore[attr-defined]


def test_exemption_is_read(issuer: ShcIssuer) -> None:
    (fact,) = ShcEnvelope(issuer.jws(payload(exemption(abatementDateTime="2027-01"))).encode()).read().evidence
    assert (fact.kind, fact.target) == ("exemption", "1D47")
    assert (fact.date, fact.valid_until) == (PartialDate(2026, 10, 5), PartialDate(2027, 1))  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("vaccine", "targets"),
    [
        (concept(CVX, "183"), ["1D47"]),
        (concept(CVX, "110"), ["1C17", "1C13", "1C12", "1E50.1", "1C81"]),
        (concept(SNOMED, "1119349007"), ["RA01"]),
        (concept("http://id.who.int/icd11/mms", "XM0N24"), ["1D47"]),
        (
            {"coding": [{"system": "https://www.gs1.org/gtin", "code": "4150"}, *concept(CVX, "208")["coding"]]},
            ["RA01"],
        ),
        (concept(SNOMED, "840539006"), [None]),
        (concept(CVX, "204"), [None]),
        (concept(CVX, "99999"), [None]),
        (concept("https://elsewhere.example", "208"), [None]),
    ],
)
def test_disease_follows_from_the_vaccine(issuer: ShcIssuer, vaccine: Any, targets: list[str | None]) -> None:
    kinds = ShcEnvelope(issuer.jws(payload(dose(vaccineCode=vaccine))).encode()).read().kinds
    assert kinds == tuple(("vaccination", target) for target in targets)


@pytest.mark.parametrize(
    "resource",
    [
        dose(status="not-done"),
        dose(status="entered-in-error"),
        dose(status=None),
        dose(status=["completed"]),
        dose(isSubpotent=True),
        dose(isSubpotent="false"),
        observed(status="entered-in-error"),
        observed(status="preliminary"),
        observed(status={}),
        exemption(verificationStatus=concept("x", "entered-in-error")),
        exemption(category=[concept("x", "problem-list-item")]),
        exemption(category={}),
        {"resourceType": "AllergyIntolerance"},
        {"resourceType": ["Immunization"], "status": "completed"},
    ],
)
def test_what_was_not_done_or_is_not_final_is_no_fact(world: World, issuer: ShcIssuer, resource: Any) -> None:
    report = world.verify(issuer.text(payload(resource)), document=DOCUMENT)
    assert report.credential is not None
    assert report.credential.evidence == ()
    assert failures(report) == {Step.ISSUER: Reason.NO_FACT}


def test_dose_of_another_kind_is_a_fact_of_its_own_beside_those_that_do_not_count(issuer: ShcIssuer) -> None:
    card = payload(dose(), dose(status="not-done"), observed(), exemption())
    assert [kind for kind, _ in ShcEnvelope(issuer.jws(card).encode()).read().kinds] == [
        "vaccination",
        "test",
        "exemption",
    ]


# Whose it is


@pytest.mark.parametrize(
    ("name", "expected", "native"),
    [
        ({"family": "Eriksson", "given": ["Anna", "María"]}, "ERIKSSON<<ANNA<MARIA", "Anna María Eriksson"),
        ({"family": "O'Hara", "given": ["Al"], "suffix": ["Jr."]}, "OHARA<<AL", "Al O'Hara Jr."),
        ({"text": "Anna Maria Eriksson"}, None, "Anna Maria Eriksson"),
        ({"family": "王", "given": ["芳"]}, None, "芳 王"),
        ({"family": "Eriksson", "given": [None, 7, "Anna"]}, "ERIKSSON<<ANNA", "Anna Eriksson"),
        ({"given": ["Anna"]}, None, "Anna"),
    ],
)
def test_name_is_that_of_the_register_and_transliterated_where_it_can_be(
    issuer: ShcIssuer, name: Any, expected: str | None, native: str
) -> None:
    card = payload()
    card["vc"]["credentialSubject"]["fhirBundle"] = bundle(dose(), patient={**PATIENT, "name": [{}, name]})
    credential = ShcEnvelope(issuer.jws(card).encode()).read()
    assert credential.shows_identity
    assert credential.holder is not None
    assert (credential.holder.name, credential.holder.name_native) == (expected, native)


def test_card_of_somebody_else_is_refused(world: World, issuer: ShcIssuer) -> None:
    assert failures(world.verify(issuer.text(payload()), document=OTHER_DOCUMENT)) == {
        Step.BINDING: Reason.HOLDER_MISMATCH
    }


def test_partial_birth_date_is_referred(world: World, issuer: ShcIssuer) -> None:
    card = payload()
    card["vc"]["credentialSubject"]["fhirBundle"] = bundle(dose(), patient={**PATIENT, "birthDate": "1974-08"})
    report = world.verify(issuer.text(card), document=DOCUMENT)
    assert doubts(report) == {Step.BINDING: Reason.HOLDER_UNCERTAIN}


@pytest.mark.parametrize(
    "patient", [{"resourceType": "Patient"}, {**PATIENT, "name": {}}, {**PATIENT, "birthDate": 1974}]
)
def test_patient_without_name_or_birth_date_shows_no_identity(world: World, issuer: ShcIssuer, patient: Any) -> None:
    card = payload()
    card["vc"]["credentialSubject"]["fhirBundle"] = bundle(dose(), patient=patient)
    report = world.verify(issuer.text(card), document=DOCUMENT)
    assert doubts(report) == {Step.DECODE: Reason.CONTENT_DEVIATES, Step.BINDING: Reason.HOLDER_NOT_SHOWN}


# Each step failing alone


def test_each_step_fails_alone(world: World, issuer: ShcIssuer) -> None:
    text = issuer.text(payload())
    assert failures(world.verify("shx" + text[3:], document=DOCUMENT)) == {Step.READ: Reason.FORMAT_UNKNOWN}
    assert failures(world.verify(text[:-2], document=DOCUMENT))[Step.DECODE] is Reason.BASE64URL_INVALID
    assert failures(world.verify(ShcIssuer(world.clock, number=1).text(payload()), document=DOCUMENT)) == {
        Step.TRUST: Reason.KEY_UNKNOWN
    }
    assert failures(world.verify(text, at=world.clock.now - timedelta(days=31), document=DOCUMENT)) == {
        Step.VALIDITY: Reason.NOT_YET_VALID
    }
    assert failures(world.verify(text, at=world.clock.now + timedelta(days=301), document=DOCUMENT)) == {
        Step.VALIDITY: Reason.EXPIRED
    }


def test_altered_payload_fails_at_the_signature_alone(world: World, issuer: ShcIssuer) -> None:
    head, _, signature = issuer.jws(payload()).split(".")
    other = b64u(deflate(json.dumps(payload(dose("37"))).encode()))
    report = world.verify("shc:/" + digits(f"{head}.{other}.{signature}"), document=DOCUMENT)
    assert failures(report) == {Step.SIGNATURE: Reason.SIGNATURE_INVALID}
    assert report.credential is None


def test_signature_in_der_does_not_hold(world: World, issuer: ShcIssuer) -> None:
    message = issuer.jws(payload()).rpartition(".")[0]
    text = "shc:/" + digits(f"{message}.{b64u(issuer.der(message.encode()))}")
    assert failures(world.verify(text)) == {Step.SIGNATURE: Reason.SIGNATURE_INVALID}


@pytest.mark.parametrize("iss", [ISS + "/", ISS.upper(), ISS.replace("https", "http"), "https://cards.example.net"])
def test_issuer_is_compared_exactly_with_the_entry_of_the_key(world: World, issuer: ShcIssuer, iss: str) -> None:
    assert failures(world.verify(issuer.text(payload(iss=iss)), document=DOCUMENT)) == {
        Step.ISSUER: Reason.ISSUER_MISMATCH
    }


@pytest.mark.parametrize("iss", [None, "", 7, ["https://cards.example.org/issuer"]])
def test_card_that_names_no_issuer_is_refused(world: World, issuer: ShcIssuer, iss: Any) -> None:
    assert failures(world.verify(issuer.text(payload(iss=iss)))) == {Step.DECODE: Reason.CONTENT_INVALID}


def test_key_of_many_issuers_counts_for_the_one_that_the_card_names(world: World, issuer: ShcIssuer) -> None:
    others = [ShcIssuer(world.clock, iss=f"https://pharmacy-{i}.example", country="CAN") for i in range(3)]
    world.trusted += [other.entry() for other in others]
    report = world.verify(issuer.text(payload(iss="https://pharmacy-1.example")), document=DOCUMENT)
    assert report.verdict is Verdict.ACCEPT, report.explain()
    assert report.issuer is not None
    assert (report.issuer.id, report.issuer.country) == ("https://pharmacy-1.example", "CAN")


def test_key_outside_its_window_scope_or_acceptance_is_refused(world: World, issuer: ShcIssuer) -> None:
    text = issuer.text(payload())
    late = world.clock.now - timedelta(days=10)
    for change, reason in (
        ({"not_before": late.isoformat()}, Reason.KEY_NOT_YET_VALID),
        ({"not_after": (late - timedelta(days=90)).isoformat()}, Reason.KEY_EXPIRED),
        ({"scope": {"kinds": ["test"]}}, Reason.KEY_SCOPE),
        ({"scope": {"targets": ["1D47"]}}, Reason.KEY_SCOPE),
    ):
        world.trusted[-1] = issuer.entry(**change)
        assert failures(world.verify(text, document=DOCUMENT)) == {Step.ISSUER: reason}
    world.trusted[-1] = issuer.entry()
    world.acceptance = {"accept": [{"formats": ["eu-dcc"]}]}
    assert failures(world.verify(text, document=DOCUMENT)) == {Step.ISSUER: Reason.ISSUER_NOT_ACCEPTED}


@pytest.mark.parametrize("format_", ["eu-dcc", "pratique", "vds-nc", "nz-covid-pass"])
def test_key_for_another_format_does_not_verify_a_card(world: World, issuer: ShcIssuer, format_: str) -> None:
    world.trusted[-1] = issuer.entry(formats=[format_])
    assert failures(world.verify(issuer.text(payload()))) == {Step.TRUST: Reason.KEY_UNKNOWN}


def test_listed_key_must_be_the_one_that_its_identifier_names(world: World, issuer: ShcIssuer) -> None:
    """An attacker's key, listed by mistake under the identifier of another, would let both sign for one."""
    attacker = ShcIssuer(world.clock, number=1)
    world.trusted[-1] = issuer.entry(public_key=attacker.jwk)
    text = attacker.text(payload(), header=issuer.header())
    assert failures(world.verify(text)) == {Step.SIGNATURE: Reason.KEY_MISNAMED}


def test_keys_in_the_header_do_not_count(world: World, issuer: ShcIssuer) -> None:
    attacker = ShcIssuer(world.clock, number=1)
    own = {"jwk": attacker.jwk, "jku": "https://attacker.example", "x5c": ["AAAA"], "x5u": "https://attacker.example"}
    assert failures(world.verify(attacker.text(payload(), header=issuer.header(**own)))) == {
        Step.SIGNATURE: Reason.SIGNATURE_INVALID
    }
    assert failures(world.verify(attacker.text(payload(), header=attacker.header(**own)))) == {
        Step.TRUST: Reason.KEY_UNKNOWN
    }
    assert not failures(world.verify(issuer.text(payload(), header=issuer.header(**own)), document=DOCUMENT))


# Hostile layers


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"alg": "none"}, Reason.COSE_ALGORITHM),
        ({"alg": "HS256"}, Reason.COSE_ALGORITHM),
        ({"alg": "ES384"}, Reason.COSE_ALGORITHM),
        ({"alg": None}, Reason.COSE_ALGORITHM),
        ({"alg": ["ES256"]}, Reason.COSE_ALGORITHM),
        ({"crit": ["b64"], "b64": False}, Reason.COSE_CRITICAL),
        ({"zip": None}, Reason.JWS_MALFORMED),
        ({"zip": "def"}, Reason.JWS_MALFORMED),
        ({"kid": None}, Reason.JWS_MALFORMED),
        ({"kid": "short"}, Reason.JWS_MALFORMED),
        ({"kid": "A" * 44}, Reason.JWS_MALFORMED),
        ({"kid": "A" * 42 + "B"}, Reason.JWS_MALFORMED),
        ({"kid": "é" * 43}, Reason.JWS_MALFORMED),
        ({"kid": 43}, Reason.JWS_MALFORMED),
        ({"x5c": ["A" * 5000]}, Reason.JSON_LIMIT),
    ],
)
def test_header_that_is_not_exactly_so_is_refused(issuer: ShcIssuer, changes: Any, reason: Reason) -> None:
    with pytest.raises(PratiqueError) as raised:
        ShcEnvelope(issuer.jws(payload(), header=issuer.header(**changes)).encode())
    assert raised.value.code is reason


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (b"[]", Reason.JWS_MALFORMED),
        (b'{"alg":"ES256","alg":"none"}', Reason.JSON_MALFORMED),
        (b"{" * 40, Reason.JSON_LIMIT),
        (b"\xff", Reason.JSON_MALFORMED),
        (b"{} ", Reason.COSE_ALGORITHM),
    ],
)
def test_header_that_is_no_object_is_refused(issuer: ShcIssuer, header: bytes, reason: Reason) -> None:
    with pytest.raises(PratiqueError) as raised:
        ShcEnvelope(issuer.jws(payload(), header=header).encode())
    assert raised.value.code is reason


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda jws: jws.rpartition(".")[0], Reason.JWS_MALFORMED),
        (lambda jws: jws + ".AAAA", Reason.JWS_MALFORMED),
        (lambda jws: jws + "=", Reason.BASE64URL_INVALID),
        (lambda jws: jws[:-1] + "+", Reason.BASE64URL_INVALID),
        (lambda _: "", Reason.JWS_MALFORMED),
        (lambda _: "..", Reason.JSON_MALFORMED),
    ],
)
def test_text_that_is_no_compact_jws_is_refused(
    issuer: ShcIssuer, change: Callable[[str], str], reason: Reason
) -> None:
    with pytest.raises(PratiqueError) as raised:
        ShcEnvelope(change(issuer.jws(payload())).encode())
    assert raised.value.code is reason


@pytest.mark.parametrize(
    ("compressed", "reason"),
    [
        (deflate(json.dumps(payload()).encode(), wbits=15), Reason.DEFLATE_INVALID),
        (deflate(json.dumps(payload()).encode()) + b"\0", Reason.DEFLATE_INVALID),
        (deflate(json.dumps(payload()).encode())[:-1], Reason.DEFLATE_INVALID),
        (deflate(b" " * (64 * 1024 + 1)), Reason.DEFLATE_TOO_LARGE),
        (deflate(b"[" * 17 + b"]" * 17), Reason.JSON_LIMIT),
        (deflate(b'{"iss":"a","iss":"b"}'), Reason.JSON_MALFORMED),
        (deflate(b'{"nbf":NaN}'), Reason.JSON_MALFORMED),
        (deflate(b"[]"), Reason.CONTENT_INVALID),
        (deflate(b""), Reason.JSON_MALFORMED),
        (b"", Reason.DEFLATE_INVALID),
    ],
)
def test_payload_is_inflated_only_behind_a_good_signature_and_then_strictly(
    world: World, issuer: ShcIssuer, compressed: bytes, reason: Reason
) -> None:
    assert failures(world.verify(issuer.text(None, compressed=compressed))) == {Step.DECODE: reason}
    forged = ShcIssuer(world.clock, number=1).text(None, compressed=compressed, header=issuer.header())
    assert failures(world.verify(forged)) == {Step.SIGNATURE: Reason.SIGNATURE_INVALID}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"nbf": "1632261134"}, Reason.TIME_MALFORMED),
        ({"nbf": True}, Reason.TIME_MALFORMED),
        ({"nbf": -1}, Reason.TIME_MALFORMED),
        ({"exp": 1e300}, Reason.TIME_MALFORMED),
        ({"exp": {}}, Reason.TIME_MALFORMED),
        ({"vc": None}, Reason.CONTENT_INVALID),
        ({"vc": {}}, Reason.CONTENT_INVALID),
        ({"vc": {"type": "https://smarthealth.cards#health-card"}}, Reason.CONTENT_INVALID),
        ({"vc": {"type": ["https://smarthealth.cards#health-card"]}}, Reason.CONTENT_INVALID),
    ],
)
def test_payload_that_is_no_card_is_refused(
    world: World, issuer: ShcIssuer, changes: dict[str, Any], reason: Reason
) -> None:
    card = {name: value for name, value in {**payload(), **changes}.items() if value is not None}
    assert failures(world.verify(issuer.text(card))) == {Step.DECODE: reason}


def _without_address() -> dict[str, Any]:
    made = bundle(dose())
    del made["entry"][0]["fullUrl"]
    return made


def _two_at_one_address() -> dict[str, Any]:
    made = bundle(dose())
    made["entry"][1]["fullUrl"] = "resource:0"
    return made


@pytest.mark.parametrize(
    "content",
    [
        None,
        [],
        {},
        {"resourceType": "Bundle"},
        {"resourceType": "Bundle", "entry": []},
        {"resourceType": "Bundle", "entry": [7]},
        {"resourceType": "Bundle", "entry": [{"resource": None}]},
        {"resourceType": "Composition", "entry": bundle(dose())["entry"]},
        bundle(dose(), PATIENT),
        bundle(dose(patient={"reference": "resource:1"})),
        bundle(dose(patient={"reference": "Patient/1"})),
        bundle(dose(patient="resource:0")),
        bundle(dose(), observed(subject={"reference": "resource:9"})),
        bundle(dose(), exemption(subject={})),
        bundle(*([{"resourceType": "Basic"}] * 256)),
        bundle(*([dose("146")] * 100)),
        _without_address(),
        _two_at_one_address(),
    ],
)
def test_bundle_of_not_exactly_one_patient_or_with_a_fact_about_another_is_refused(
    world: World, issuer: ShcIssuer, content: Any
) -> None:
    card = payload(vc={"credentialSubject": {"fhirVersion": "4.0.1", "fhirBundle": content}})
    assert failures(world.verify(issuer.text(card))).get(Step.DECODE) is Reason.CONTENT_INVALID


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (deviations(), ()),
        (deviations(nbf=1_632_261_134_924), ("nbf",)),
        (deviations(nbf=None, iat=1_632_261_134), ("nbf",)),
        (deviations(iss="http://cards.example.org"), ("iss",)),
        (deviations(vc={"rid": "MKyCxh7p6uQ"}), ()),
        (deviations(vc={"rid": "=" * 8}), ("rid",)),
        (deviations(vc={"rid": "A" * 25}), ("rid",)),
        (deviations(vc={"credentialSubject": {"fhirVersion": "3.0.2", "fhirBundle": bundle()}}), ("fhirVersion",)),
        (deviations(dose(patient=None)), ("patient",)),
        (deviations(dose(occurrenceDateTime=None)), ("occurrenceDateTime",)),
        (deviations(dose(occurrenceDateTime="29.1.2026")), ("occurrenceDateTime",)),
        (deviations(dose(occurrenceDateTime="2026-01-29T10:00:00")), ("occurrenceDateTime",)),
        (deviations(dose(occurrenceDateTime="2026-01")), ()),
        (deviations(dose(vaccineCode={"text": "Comirnaty"})), ("vaccineCode",)),
        (deviations(dose(modifierExtension=[{}])), ("modifierExtension",)),
        (deviations(patient={**PATIENT, "modifierExtension": [{}]}), ("modifierExtension",)),
        (deviations(observed(subject=None, effectiveDateTime=7, code=[])), ("subject", "code", "effectiveDateTime")),
        (deviations(exemption(recordedDate="soon")), ("recordedDate",)),
        (deviations(patient={**PATIENT, "name": [], "birthDate": "12.8.1974"}), ("name", "birthDate")),
    ],
)
def test_departures_are_named_without_their_values(found: tuple[str, ...], expected: tuple[str, ...]) -> None:
    assert found == expected


def test_revocation_identifier_is_kept_and_not_shown(issuer: ShcIssuer) -> None:
    credential = ShcEnvelope(issuer.jws(payload(vc={"rid": "MKyCxh7p6uQ"})).encode()).read()
    assert credential._content.rid == "MKyCxh7p6uQ"  # type: ignore[attr-defined]
    assert "MKyCxh7p6uQ" not in json.dumps(view.credential_view(credential))


def test_times_are_cut_to_seconds_and_milliseconds_are_seen(issuer: ShcIssuer) -> None:
    expected = datetime(2021, 9, 21, 21, 52, 14, tzinfo=UTC)
    for nbf in (1632261134.924, 1632261134, 1632261134924):
        validity = ShcEnvelope(issuer.jws(payload(nbf=nbf)).encode()).read().validity
        assert (validity.issued_at, validity.not_before) == (expected, expected)


def test_card_without_an_end_is_for_a_person_to_judge(world: World, issuer: ShcIssuer) -> None:
    report = world.verify(issuer.text(payload(exp=None)), document=DOCUMENT)
    assert doubts(report) == {Step.VALIDITY: Reason.NO_EXPIRY}


def test_yellow_fever_counts_from_the_tenth_day_and_then_for_life(world: World, issuer: ShcIssuer) -> None:
    given = world.clock.now.date()
    text = issuer.text(payload(dose("37", occurrenceDateTime=f"{given}T10:00:00Z"), exp=None))
    for days, expected in ((0, Outcome.FAILED), (9, Outcome.FAILED), (10, Outcome.PASSED), (300, Outcome.PASSED)):
        report = world.verify(text, at=world.clock.now + timedelta(days=days), document=DOCUMENT)
        assert report.check(Step.VALIDITY).outcome is expected, days
    mixed = issuer.text(payload(dose("37", occurrenceDateTime=str(given)), dose()))
    assert doubts(world.verify(mixed, document=DOCUMENT)) == {Step.VALIDITY: Reason.NOT_YET_VALID}


def test_exemption_counts_until_its_end(world: World, issuer: ShcIssuer) -> None:
    today = world.clock.now.date()
    for until, failed in ((today, {}), (today - timedelta(days=1), {Step.VALIDITY: Reason.EXPIRED})):
        text = issuer.text(payload(exemption(abatementDateTime=str(until))))
        assert failures(world.verify(text, document=DOCUMENT)) == failed


# Whatever comes


def test_card_truncated_anywhere_is_never_accepted(world: World, issuer: ShcIssuer) -> None:
    text = issuer.text(payload())
    verifier = world.verifier()
    for end in range(len(text)):
        report = verifier.verify(text[:end], at=world.clock.now, document=DOCUMENT)
        assert report.verdict is Verdict.REJECT, end


@settings(max_examples=150)
@given(st.text(max_size=40) | st.text("0123456789/", max_size=60))
def test_any_text_behind_the_prefix_is_read_or_refused(text: str) -> None:
    try:
        smart_health_card.envelope("shc:/" + text)
    except PratiqueError:
        return


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**14), 10**14) | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
MEMBERS = ("name", "birthDate", "gender", "modifierExtension", "status", "patient", "subject", "code", "vaccineCode")
MORE = ("occurrenceDateTime", "effectiveDateTime", "performer", "manufacturer", "lotNumber", "valueCodeableConcept")


@settings(max_examples=150)
@given(
    st.sampled_from([PATIENT, dose(), observed(), exemption()]), st.sampled_from((*MEMBERS, *MORE, "category")), JSON
)
def test_member_of_any_type_raises_only_the_librarys_errors(resource: dict[str, Any], name: str, value: Any) -> None:
    changed = {**resource, name: value}
    is_patient = resource is PATIENT
    content = bundle(dose(), patient=changed) if is_patient else bundle(changed)
    card = payload(vc={"credentialSubject": {"fhirVersion": "4.0.1", "fhirBundle": content}})
    jws = ShcIssuer(World().clock).jws(card)
    try:
        credential = ShcEnvelope(jws.encode()).read()
    except DecodeError:
        return
    check(view.credential_view(credential), "credential")


def test_capitals_before_the_digits_are_the_same_card(world: World, issuer: ShcIssuer) -> None:
    text = issuer.text(payload())
    assert recognise("SHC:/" + text[5:])[0] is smart_health_card.READER
    assert world.verify("SHC:/" + text[5:] + "\r\n", document=DOCUMENT).verdict is Verdict.ACCEPT
