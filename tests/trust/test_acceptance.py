"""Acceptance: nothing unless it says so, a refusal before everything, and no line that is not understood."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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


# Explanations

CONDITIONS = st.fixed_dictionaries(
    {},
    optional={
        "countries": st.lists(st.sampled_from(["UTO", "RUR"]), min_size=1),
        "kinds": st.lists(st.sampled_from([kind.value for kind in Kind]), min_size=1, max_size=3),
        "targets": st.lists(st.sampled_from(["1D47", "RA01"]), min_size=1, max_size=2),
        "from": st.sampled_from(["2026-11-22", "2026-11-23", "2026-11-24"]),
        "until": st.sampled_from(["2026-11-25", "2026-11-26"]),
    },
)
FILES = st.fixed_dictionaries({}, optional={name: st.lists(CONDITIONS, max_size=3) for name in ("accept", "deny")})
TIMES = st.sampled_from([datetime(2026, 11, day, hour, tzinfo=UTC) for day in range(21, 28) for hour in (0, 23)])


@settings(max_examples=300)
@given(FILES, st.sampled_from(Kind), st.sampled_from(["1D47", "RA01", None]), TIMES)
def test_explanation_decides_as_the_decision_does_and_names_its_line(
    document: Any, kind: Kind, target: str | None, at: datetime
) -> None:
    acceptance = Acceptance.from_json(document)
    explanation = acceptance.explain(ISSUER, "pratique", kind, target, at)
    assert explanation.decision is acceptance.decide(ISSUER, "pratique", kind, target, at)
    if explanation.where is None:
        assert explanation.line is None
        assert explanation.decision in {Decision.NOT_ACCEPTED, Decision.NOT_FOR_THIS}
    else:
        name, number = explanation.where.split("/")
        assert explanation.line is getattr(acceptance, name)[int(number)]
        assert (name == "deny") is (explanation.decision is Decision.DENIED)
    for passed in explanation.passed_over:
        assert passed.line.covers_issuer(ISSUER, "pratique")
        assert passed.unmet
    for line in (*acceptance.accept, *acceptance.deny):
        assert (line.unmet(kind, target, at) == ()) is line.covers_fact(kind, target, at)


def explain(document: object, kind: Kind = Kind.VACCINATION, target: str | None = "1D47") -> tuple[str, ...]:
    return Acceptance.from_json(document).explain(ISSUER, "pratique", kind, target, NOW).sentences()


def test_naive_time_is_a_mistake_of_the_caller() -> None:
    acceptance = Acceptance.from_json({"accept": [{"from": "2026-11-03"}]})
    issuer = TrustedIssuer("https://health.example", "UTO", {}, Scope(), "who")
    for asked in (acceptance.decide, acceptance.explain):
        with pytest.raises(TypeError):
            asked(issuer, "pratique", Kind.VACCINATION, None, datetime(2026, 11, 3))  # noqa: DTZ001 - the mistake


def test_explanation_names_the_line_that_decided() -> None:
    lines: list[Any] = [{"countries": ["RUR"]}, {"countries": ["UTO"], "kinds": ["test"]}, {}]
    assert explain({"accept": lines}) == (
        "The line accept/2 accepts it.",
        "The line accept/1 speaks of this issuer and format, and does not cover the fact because of its kinds.",
    )
    assert explain({"accept": lines, "deny": lines[2:]}) == ("The line deny/0 refuses it.",)


def test_explanation_says_that_no_line_decided_and_why() -> None:
    assert explain({"accept": [{"countries": ["RUR"]}]}) == ("No line of accept speaks of this issuer and format.",)
    early = {"countries": ["UTO"], "targets": ["RA01"], "from": "2026-11-24"}
    assert explain({"accept": [early], "deny": [early]}) == (
        "No line of accept covers this fact.",
        *(
            f"The line {where} speaks of this issuer and format, "
            "and does not cover the fact because of its targets and from."
            for where in ("deny/0", "accept/0")
        ),
    )


def test_clearance_is_not_covered_because_of_the_targets() -> None:
    acceptance = Acceptance.from_json({"accept": [{"targets": ["1D47"]}, {"targets": ["1D47"], "kinds": ["test"]}]})
    explanation = acceptance.explain(ISSUER, "pratique", Kind.CLEARANCE, None, NOW)
    assert [passed.unmet for passed in explanation.passed_over] == [("targets",), ("kinds", "targets")]
