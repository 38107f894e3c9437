"""Acceptance: nothing unless it says so, a refusal before everything, and no line that is not understood."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from pratique.errors import TrustError
from pratique.model import Kind
from pratique.reasons import Reason
from pratique.trust import Acceptance, Decision, Scope, TrustedIssuer

ISSUER = TrustedIssuer("https://health.example.org", "UTO", {}, Scope(), "list")
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def decide(document: object, kind: Kind = Kind.VACCINATION, target: str | None = "1D47") -> Decision:
    return Acceptance.from_json(document).decide(ISSUER, "pratique", kind, target, NOW)


@pytest.mark.parametrize("document", [{}, {"accept": []}, {"accept": [], "deny": []}, {"deny": [{}]}])
def test_without_a_line_that_accepts_nothing_is_accepted(document: object) -> None:
    assert decide(document) is not Decision.ACCEPTED


def test_empty_acceptance_accepts_nothing() -> None:
    assert Acceptance().decide(ISSUER, "pratique", Kind.TEST, "RA01", NOW) is Decision.NOT_ACCEPTED


FAULTY: list[Any] = [
    None,
    [],
    "accept",
    {"accepts": [{}]},
    {"accept": {}},
    {"accept": None},
    {"accept": ["UTO"]},
    {"accept": [{"country": "UTO"}]},
    {"accept": [{"countries": []}]},
    {"accept": [{"countries": "UTO"}]},
    {"accept": [{"countries": ["UTO", 1]}]},
    {"accept": [{"countries": None}]},
    {"deny": [{"countries": ["UT"]}]},
    {"deny": [{"countries": ["uto"]}]},
    {"deny": [{"countries": ["UTO "]}]},
    {"deny": [{"kinds": ["vaccinations"]}]},
    {"deny": [{"targets": ["yellow fever"]}]},
    {"deny": [{"formats": ["EU DCC"]}]},
    {"deny": [{"issuers": [""]}]},
    {"accept": [{"from": "20261123"}]},
    {"accept": [{"from": "2026-W48-1"}]},
    {"accept": [{"from": "2026-11-31"}]},
    {"accept": [{"until": "2026-11-23T00:00:00Z"}]},
    {"accept": [{"until": None}]},
    {"deny": [{"from": "2026-12-01", "until": "2026-11-01"}]},
    {"deny": [{"from": "2026-12-01", "until": "2026-12-01"}]},
]


@pytest.mark.parametrize("document", FAULTY, ids=repr)
def test_line_that_is_not_understood_takes_the_whole_file_down(document: object) -> None:
    """It might be the one that denies."""
    with pytest.raises(TrustError) as raised:
        Acceptance.from_json(document)
    assert raised.value.code is Reason.ACCEPTANCE_INVALID


def test_fault_is_named_by_its_place() -> None:
    with pytest.raises(TrustError) as raised:
        Acceptance.from_json({"accept": [{}, {"countries": ["UTO", "RU"]}]})
    assert "accept/1/countries/1" in str(raised.value)


def test_clearance_is_accepted_under_a_target_only_where_it_is_named() -> None:
    assert decide({"accept": [{"targets": ["1D47"]}]}, Kind.CLEARANCE, None) is Decision.NOT_FOR_THIS
    named = {"accept": [{"targets": ["1D47"], "kinds": ["clearance", "vaccination"]}]}
    assert decide(named, Kind.CLEARANCE, None) is Decision.ACCEPTED


def test_reason_says_whether_the_issuer_or_the_fact_is_not_accepted() -> None:
    assert decide({"accept": [{"countries": ["RUR"]}]}) is Decision.NOT_ACCEPTED
    assert decide({"accept": [{"countries": ["UTO"], "kinds": ["test"]}]}) is Decision.NOT_FOR_THIS
    assert decide({"accept": [{}], "deny": [{"lists": ["list"]}]}) is Decision.DENIED
