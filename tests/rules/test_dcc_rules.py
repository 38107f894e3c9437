"""The member states' real rules, imported and judged over certificates, give the results that they publish."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from conftest import load_vectors
from pratique.errors import DecodeError, RuleError
from pratique.formats.dcc import Dcc
from pratique.model import Credential, IssuerIdentity, Validity
from pratique.model.dates import parse_datetime
from pratique.reasons import Reason
from pratique.rules.dcc_rules import rule_from_dcc, rule_set_from_dcc, value_set_from_dcc
from pratique.rules.judgement import Answer, judge
from pratique.rules.variables import Shown

ABOUT = {
    "id": "dcc",
    "version": "1.0.0",
    "destination": "AUT",
    "valid_from": "2021-06-01T00:00:00Z",
    "valid_to": "2031-01-01T00:00:00Z",
    "title": {"en": "Rules of a member state"},
    "purpose": "entry",
    "retention": "P0D",
    "legal_basis": {"en": "Regulation (EU) 2021/953"},
}
RULE: dict[str, Any] = {
    "Identifier": "VR-AT-0001",
    "Type": "Acceptance",
    "Country": "AT",
    "Version": "1.0.0",
    "SchemaVersion": "1.0.0",
    "Engine": "CERTLOGIC",
    "EngineVersion": "0.7.5",
    "CertificateType": "Vaccination",
    "Description": [{"lang": "en", "desc": "Accepted vaccines."}],
    "ValidFrom": "2021-06-01T00:00:00Z",
    "ValidTo": "2030-06-01T00:00:00Z",
    "AffectedFields": ["v.0", "v.0.mp"],
    "Logic": {"in": [{"var": "payload.v.0.mp"}, {"var": "external.valueSets.vaccines"}]},
}
SUMMER = datetime(2021, 7, 1, tzinfo=UTC)
NO_CERTIFICATE = "the payload is no certificate: several groups have entries, or none"
OTHER_TYPE = "the certificate is of another type than the rule: it is never asked"


def certificate(payload: dict[str, Any]) -> Shown:
    content = Dcc(payload)
    credential = Credential(
        format="eu-dcc",
        issuer=IssuerIdentity(country="AUT"),
        validity=Validity(),
        kinds=content.kinds(),
        content=content,
        shows_identity=content.shows_identity(),
    )
    return Shown(credential, original=lambda: payload)


def judged(case: dict[str, Any]) -> Answer | str:
    """Return what the rule of a case comes to by itself, or why it is not asked."""
    external = case["data"]["external"]
    rules = rule_set_from_dcc([case["rule"]], value_sets=external["valueSets"], about=ABOUT)
    at = parse_datetime(external["validationClock"]) if "validationClock" in external else SUMMER
    try:
        each = certificate(case["data"]["payload"])
    except DecodeError:
        return NO_CERTIFICATE
    requirement = judge(rules, each, at).requirements[0]
    return OTHER_TYPE if requirement.shown is None else requirement.answer


VECTORS = load_vectors("dcc-rule")


@pytest.mark.usefixtures("vectors")
def test_rules_of_member_states_give_their_results_on_certificates() -> None:
    """Every one of them is asked or accounted for, and none is passed that its state would refuse, nor the reverse."""
    counts: dict[str, int] = {}
    for vector in VECTORS:
        case = json.loads(vector.text())
        found = judged(case)
        if found in (Answer.PASSED, Answer.FAILED):
            assert (found is Answer.PASSED) is vector.meta["expected"]["result"]["value"], vector.name
        counts[found] = counts.get(found, 0) + 1
    assert counts == {Answer.PASSED: 168, Answer.FAILED: 129, OTHER_TYPE: 184, NO_CERTIFICATE: 275}


def test_rule_of_the_gateway_becomes_an_entry_of_a_rule_set() -> None:
    assert rule_from_dcc(RULE) == {
        "id": "VR-AT-0001",
        "version": "1.0.0",
        "kind": "acceptance",
        "description": {"en": "Accepted vaccines."},
        "logic": RULE["Logic"],
        "applies_to": {"formats": ["eu-dcc"], "kinds": ["vaccination"]},
        "valid_from": "2021-06-01T00:00:00Z",
        "valid_to": "2030-06-01T00:00:00Z",
    }


def test_invalidation_rule_is_for_certificates_of_its_own_country() -> None:
    entry = rule_from_dcc(RULE | {"Type": "Invalidation", "Identifier": "IR-FR-0001", "Country": "FR"})
    assert (entry["kind"], entry["applies_to"]["countries"]) == ("invalidation", ["FRA"])


def test_general_rule_is_for_every_kind() -> None:
    assert rule_from_dcc(RULE | {"CertificateType": "General"})["applies_to"] == {"formats": ["eu-dcc"]}


@pytest.mark.parametrize(
    "change",
    [
        {"Identifier": "VR-0001"},
        {"Identifier": 1},
        {"Engine": "JSONLOGIC"},
        {"Type": "Refusal"},
        {"Type": []},
        {"CertificateType": "Exemption"},
        {"CertificateType": None},
        {"Type": "Invalidation", "Country": "EU"},
        {"Type": "Invalidation", "Country": None},
        {"Region": "BY"},
        {"Description": {"en": "text"}},
        {"Description": [{"lang": "en"}]},
        {"Description": [{"lang": 1, "desc": "text"}]},
        {"Description": []},
        {"Version": 1},
        {"ValidFrom": "2021"},
        {"ValidTo": None},
        {"Logic": {"or": []}},
        {"Logic": {"var": "external.valueSets.others"}},
        {"Logic": {"var": "payloads.v"}},
        {"Logic": {"var": "external.kids"}},
    ],
)
def test_rule_that_is_not_in_its_form_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(RuleError) as caught:
        rule_set_from_dcc([RULE | change], value_sets={"vaccines": ["x"]}, about=ABOUT)
    assert caught.value.code is Reason.RULES_INVALID


@pytest.mark.parametrize("name", ["Identifier", "Type", "Version", "Engine", "Logic", "ValidFrom", "ValidTo"])
def test_rule_that_lacks_a_member_is_refused(name: str) -> None:
    rule = copy.deepcopy(RULE)
    del rule[name]
    with pytest.raises(RuleError):
        rule_from_dcc(rule)
    with pytest.raises(RuleError):
        rule_from_dcc([RULE])


def test_value_set_is_its_codes() -> None:
    document = {"valueSetId": "vaccines", "valueSetDate": "2021-04-27", "valueSetValues": {"EU/1": {}, "EU/2": {}}}
    assert value_set_from_dcc(document) == ("vaccines", ["EU/1", "EU/2"])
    for broken in ({}, [], {"valueSetValues": {}}, {"valueSetId": "x", "valueSetValues": ["EU/1"]}):
        with pytest.raises(RuleError):
            value_set_from_dcc(broken)
