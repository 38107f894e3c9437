"""WHO's core data sets under every name that their members have, and the published payloads that nobody signed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import cbor2
import pytest

from conftest import VECTORS
from pratique.errors import DecodeError
from pratique.formats.dcc import Dcc
from pratique.formats.ddcc import DdccTest, DdccVaccination, read_legacy
from pratique.model import Dose, PartialDate, TestResult, Vaccination
from pratique.model.codes import Coding
from pratique.reasons import Reason
from who import DDCC_TEST, DDCC_VACCINATION, NAME, STAMARIL

NESTED: dict[str, Any] = {
    "name": NAME,
    "birthDate": "1974-08-12",
    "identifier": "740812-123",
    "sex": "female",
    "certificate": {
        "issuer": {"identifier": {}, "value": "Ministry of Health"},
        "hcid": {"value": "UT111222333"},
        "version": "RC1",
        "period": {"start": "2026-02-18", "end": "2027-02-17"},
    },
    "vaccination": {
        "vaccine": {"code": "1119349007", "system": "http://snomed.info/sct"},
        "brand": {"code": "XM8NQ0", "system": "http://id.who.int/icd11/mms"},
        "maholder": {"code": "ORG-100030215", "system": "https://spor.ema.europa.eu/v1/organisations"},
        "lot": "PT123F",
        "date": "2026-02-18",
        "validFrom": "2026-03-04",
        "dose": 2,
        "totalDoses": 2,
        "country": {"code": "SE"},
        "centre": "Port clinic",
        "practitioner": {"value": "Dr Nilsson"},
        "disease": {"code": "RA01", "system": "http://id.who.int/icd11/mms"},
    },
}


@pytest.mark.parametrize("content", [DDCC_VACCINATION, NESTED])
def test_flat_and_nested_names_say_the_same(content: dict[str, Any]) -> None:
    read = DdccVaccination(content)
    assert read.evidence() == (
        Vaccination(
            target="RA01",
            date=PartialDate(2026, 2, 18),
            valid_from=PartialDate(2026, 3, 4),
            valid_until=PartialDate(2027, 2, 17),
            country="SWE",
            centre="Port clinic",
            practitioner="Dr Nilsson",
            authority="Ministry of Health",
            product=Coding("icd11-vaccine", "XM8NQ0"),
            vaccine=Coding("snomed", "1119349007"),
            manufacturer=Coding("other", "ORG-100030215"),
            dose=Dose(2, 2),
            batch="PT123F",
        ),
    )
    assert read.number() == "UT111222333"
    assert read.holder().name_native == NAME
    assert read.holder().national_id == "740812-123"
    assert read.holder().sex == "F"
    assert read.deviations() == ()
    assert read.shows_identity()


def test_test_result_is_read() -> None:
    read = DdccTest(DDCC_TEST)
    assert read.evidence() == (
        TestResult(
            target="RA01",
            country="SGP",
            centre="Airport laboratory",
            test_method=Coding("loinc", "LP6464-4"),
            test_result=Coding("snomed", "260415000"),
            sampled_at=datetime(2026, 11, 22, 8, 41, 7, tzinfo=UTC),
        ),
    )
    assert (read.holder().document_number, read.number(), read.deviations()) == ("L898902C3", "R-1", ())
    (fact,) = DdccTest({**DDCC_TEST, "test": {**DDCC_TEST["test"], "date": "2026-11-22"}}).evidence()
    assert fact.date == PartialDate(2026, 11, 22)


def test_undefined_and_null_are_absent() -> None:
    empty = {"due_date": cbor2.undefined, "lot": cbor2.undefined, "centre": None, "hw": None}
    read = DdccVaccination({**DDCC_VACCINATION, **empty})
    (fact,) = read.evidence()
    assert (fact.centre, fact.practitioner) == (None, None)
    assert read.deviations() == ()


@pytest.mark.parametrize(
    ("changes", "deviations"),
    [
        ({"name": None}, ("name",)),
        ({"name": 7}, ("name",)),
        ({"birthDate": "x"}, ("birthdate",)),
        ({"birthDate": "1974"}, ()),
        ({"date": None}, ("date",)),
        ({"date": "2026-02"}, ("date",)),
        ({"valid_until": "2027"}, ("validuntil",)),
        ({"vaccine_valid": 5}, ("vaccinevalid",)),
        ({"dose": "2"}, ("dose",)),
        ({"dose": 0}, ("dose",)),
        ({"country": {"code": "XXO"}}, ("country",)),
        ({"country": None}, ("country",)),
        ({"disease": {"code": "0"}}, ("disease",)),
        ({"disease": None}, ("disease",)),
        ({"vaccine": {"code": 7}}, ("vaccine",)),
        ({"lot": "x" * 256}, ("lot",)),
        ({"validUntil": "2030-01-01"}, ("validuntil",)),
    ],
)
def test_members_out_of_their_form_are_named(changes: dict[str, Any], deviations: tuple[str, ...]) -> None:
    assert DdccVaccination({**DDCC_VACCINATION, **changes}).deviations() == deviations


@pytest.mark.parametrize(
    ("changes", "deviations"),
    [
        ({"date": "noon on Sunday"}, ("date",)),
        ({"result": None}, ("result",)),
        ({"pathogen": {"code": "x"}}, ("pathogen",)),
    ],
)
def test_members_of_a_test_out_of_their_form_are_named(changes: dict[str, Any], deviations: tuple[str, ...]) -> None:
    assert DdccTest({**DDCC_TEST, "test": {**DDCC_TEST["test"], **changes}}).deviations() == deviations


def test_brand_from_the_list_of_who_names_its_disease_and_yellow_fever_waits_ten_days() -> None:
    brand = {"code": STAMARIL, "system": "http://smart.who.int/pcmt-vaxprequal/CodeSystem/PreQualProductIds"}
    content = {**DDCC_VACCINATION, "brand": brand, "disease": None, "vaccine_valid": None}
    read = DdccVaccination(content)
    (fact,) = read.evidence()
    assert (fact.target, fact.valid_from, read.deviations()) == ("1D47", PartialDate(2026, 2, 28), ())
    assert (fact.valid_until, fact.lifelong) == (PartialDate(2027, 2, 17), None)  # the certificate ends
    (fact,) = DdccVaccination({**content, "valid_until": None}).evidence()
    assert (fact.valid_until, fact.lifelong) == (None, True)


def test_old_form_is_told_by_its_members() -> None:
    assert isinstance(read_legacy(DDCC_VACCINATION), DdccVaccination)
    assert isinstance(read_legacy(NESTED), DdccVaccination)
    assert isinstance(read_legacy(DDCC_TEST), DdccTest)
    assert "old form" in read_legacy(DDCC_TEST).variant
    for content in ({}, {1: "AT", 4: 5}, {"name": NAME}, {"vaccine": {}}, {1: {"name": NAME, "vaccine": {}}}):
        with pytest.raises(DecodeError) as refused:
            read_legacy(content)
        assert refused.value.code is Reason.CONTENT_INVALID


def test_nothing_follows_maps_in_maps_for_ever() -> None:
    content: dict[str, Any] = dict(DDCC_VACCINATION)
    for _ in range(14):
        content = {**DDCC_VACCINATION, "test": content}
    assert DdccVaccination(content).holder().name_native == NAME


@pytest.mark.skipif(not VECTORS.is_dir(), reason=f"the outside test vectors are not at {VECTORS}")
def test_unsigned_payload_of_a_dcc_is_read() -> None:
    folder = VECTORS / "payload-fixture" / "ddcc-eudcc-dcc-valid-tr"
    content = json.loads((folder / "input.txt").read_text(encoding="utf-8"))["-260"]["1"]
    read = Dcc(content)
    (fact,) = read.evidence()
    assert isinstance(fact, TestResult)
    assert (fact.country, fact.test_result, fact.target) == ("URY", Coding("snomed", "260373001"), None)
    assert fact.sampled_at == datetime(2022, 1, 21, tzinfo=UTC)
    assert read.holder().birth_date == PartialDate(1951, 1, 20)
    assert read.deviations() == ()
