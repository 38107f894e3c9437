"""The smallest disclosure: nothing beyond what rules read, nothing that could be left out, the least sensitive."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authority import CLEARANCE, HOLDER, NOW, TEST_RESULT, VACCINATION, World, holder_key
from pratique.errors import RuleError
from pratique.model import Dose, Evidence, Holder, IssuerIdentity, Kind, Vaccination
from pratique.model.codes import Coding
from pratique.model.dates import PartialDate
from pratique.present import HeldCredential
from pratique.reasons import Reason
from pratique.rules import minimum as module
from pratique.rules.judgement import Answer, judge
from pratique.rules.minimum import SENSITIVITY, claims_read, disclose_for, minimum, smallest_disclosures
from pratique.rules.ready_made import ready_made
from pratique.rules.ruleset import RuleSet
from pratique.rules.variables import CLOSED, Shown

WORLD = World()
HELD = WORLD.home.issue(VACCINATION, holder=HOLDER, holder_key=holder_key().public)
BASE = ready_made("clearance").document
COMIRNATY = Coding("eu-product", "EU/1/20/1528")


def rule_set(*logics: Any, **members: Any) -> RuleSet:
    rules = [
        {"id": f"R-{i}", "kind": "acceptance", "description": {"en": "-"}}
        | (logic if isinstance(logic, dict) and "logic" in logic else {"logic": logic})
        for i, logic in enumerate(logics)
    ]
    return RuleSet.from_json(BASE | {"rules": rules} | members)


def either(*logics: Any) -> Any:
    first, *rest = logics
    return {"if": [first, True, either(*rest)]} if rest else first


def covid(dose: Dose, days: int) -> HeldCredential:
    given = PartialDate.from_date(NOW.date() - timedelta(days=days))
    fact = Vaccination(target="RA01", date=given, dose=dose, product=COMIRNATY, batch="X1", country="UTO")
    return WORLD.home.issue(fact, holder=HOLDER, holder_key=holder_key().public)


def answer(rules: RuleSet, held: HeldCredential, claims: frozenset[str]) -> Answer:
    """Return what a verifier comes to for the copy that shows these claims."""
    copy = HeldCredential.from_text(held.present(disclose=claims)).credential
    return judge(rules, Shown(copy), NOW).answer


def assert_least(rules: RuleSet, held: HeldCredential, claims: frozenset[str]) -> None:
    assert claims <= minimum(rules)
    assert set(HeldCredential.from_text(held.present(disclose=claims)).disclosable) == claims
    assert answer(rules, held, claims) is Answer.PASSED
    for claim in claims:
        assert answer(rules, held, claims - {claim}) is not Answer.PASSED


def test_every_closed_claim_has_its_rank() -> None:
    assert SENSITIVITY.keys() == CLOSED


# What may be asked for


@pytest.mark.parametrize(
    ("name", "claims"),
    [
        ("yellow-fever-entry", set()),
        ("clearance", set()),
        ("polio-exit", {"event.date"}),
        (
            "covid-19",
            {
                "event.date",
                "event.dose",
                "event.product",
                "event.sampled_at",
                "event.test_method",
                "event.test_result",
            },
        ),
    ],
)
def test_minimum_is_what_rules_read_and_nothing_always_shown(name: str, claims: set[str]) -> None:
    assert minimum(ready_made(name)) == claims


@pytest.mark.parametrize(
    ("kind", "claims"),
    [
        (Kind.VACCINATION, {"event.date", "event.dose", "event.product"}),
        (Kind.RECOVERY, {"event.date"}),
        (Kind.TEST, {"event.sampled_at", "event.test_method", "event.test_result"}),
        (Kind.CLEARANCE, set()),
    ],
)
def test_minimum_for_a_kind_is_what_is_read_of_that_kind(kind: Kind, claims: set[str]) -> None:
    assert minimum(ready_made("covid-19"), kind) == claims


def test_variables_that_are_read_are_named_whole() -> None:
    dcc = {"logic": {"var": "payload.v.0.dt"}, "applies_to": {"formats": ["eu-dcc"]}}
    rules = rule_set({">=": [{"var": "event.dose.0"}, {"var": "event.dose.1"}]}, {"var": "now"}, dcc)
    assert claims_read(rules) == {"event.dose", "now", "payload.v.0.dt"}
    assert minimum(rules) == {"event.dose"}


def test_rule_that_reads_a_whole_map_may_ask_for_all_of_it() -> None:
    assert minimum(rule_set({"var": "holder"})) == {name for name in CLOSED if name.startswith("holder.")}


def test_rule_for_another_format_asks_for_nothing() -> None:
    assert minimum(rule_set({"logic": {"var": "holder.name"}, "applies_to": {"formats": ["icao-vds-nc"]}})) == set()


# What is shown


def test_yellow_fever_shows_nothing_more() -> None:
    assert disclose_for(ready_made("yellow-fever-entry"), HELD, NOW) == set()


@pytest.mark.parametrize(
    ("dose", "days", "claims"),
    [
        (Dose(2, 2), 100, {"event.date", "event.dose", "event.product"}),
        (Dose(3, 3), 400, {"event.dose", "event.product"}),
    ],
)
def test_cheaper_alternative_is_taken(dose: Dose, days: int, claims: set[str]) -> None:
    held = covid(dose, days)
    found = disclose_for(ready_made("covid-19"), held, NOW)
    assert found == claims
    assert_least(ready_made("covid-19"), held, found)


def test_test_within_a_day_does_not_show_its_method() -> None:
    held = WORLD.home.issue(TEST_RESULT, holder=HOLDER, holder_key=holder_key().public)
    fresh = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    assert disclose_for(ready_made("covid-19"), held, fresh) == {"event.sampled_at", "event.test_result"}
    later = {"event.sampled_at", "event.test_result", "event.test_method"}
    assert disclose_for(ready_made("covid-19"), held, NOW) == later


def test_of_sets_of_one_size_the_least_sensitive_is_taken() -> None:
    rules = rule_set(
        either({"var": "holder.national_id"}, {"var": "holder.name"}, {"var": "event.batch"}, {"var": "event.centre"})
    )
    assert disclose_for(rules, HELD, NOW) == {"event.centre"}


def test_fewer_claims_come_before_less_sensitive_ones() -> None:
    rules = rule_set(either({"and": [{"var": "event.dose"}, {"var": "event.country"}]}, {"var": "holder.national_id"}))
    assert disclose_for(rules, HELD, NOW) == {"holder.national_id"}


def test_candidates_come_smallest_first_and_each_once() -> None:
    rules = rule_set({"and": [{"var": "holder.name"}, {"var": "event.date"}, {"var": "event.dose.0"}]})
    assert list(smallest_disclosures(rules, HELD)) == [
        set(),
        {"event.dose"},
        {"event.date"},
        {"holder.name"},
        {"event.date", "event.dose"},
        {"event.dose", "holder.name"},
        {"event.date", "holder.name"},
        {"event.date", "event.dose", "holder.name"},
    ]


def test_rules_that_cannot_be_met_are_refused_with_the_reason() -> None:
    for rules, code in [
        (rule_set({"===": [{"var": "event.country"}, "JPN"]}), Reason.RULES_NOT_MET),
        (ready_made("polio-exit"), Reason.RULES_NOT_MET),
        (rule_set({"!": [{"var": "holder.sex"}]}), Reason.RULES_NOT_MET),
        (rule_set({">": [{"var": "event.batch"}, 1]}), Reason.RULES_UNANSWERED),
    ]:
        with pytest.raises(RuleError) as caught:
            disclose_for(rules, HELD, NOW)
        assert caught.value.code is code
    with pytest.raises(RuleError) as caught:
        disclose_for(ready_made("yellow-fever-entry"), HELD, datetime(2050, 1, 1, tzinfo=UTC))
    assert caught.value.code is Reason.RULES_NOT_IN_FORCE


def test_claim_that_was_never_stated_cannot_be_shown_to_be_absent() -> None:
    held = WORLD.home.issue(
        Vaccination(target="1D47", date=PartialDate(2026, 3, 14)), holder=HOLDER, holder_key=holder_key().public
    )
    with pytest.raises(RuleError) as caught:
        disclose_for(rule_set({"!": [{"var": "event.batch"}]}), held, NOW)
    assert caught.value.code is Reason.RULES_UNANSWERED


def test_each_credential_serves_the_requirements_that_it_can_meet() -> None:
    rules = rule_set(
        {"logic": {"var": "event.country"}, "requirement": "a", "applies_to": {"targets": ["1D47"]}},
        {"logic": {"var": "event.batch"}, "requirement": "b", "applies_to": {"targets": ["RA01"]}},
    )
    assert disclose_for(rules, HELD, NOW) == {"event.country"}
    assert disclose_for(rules, covid(Dose(2, 2), 10), NOW) == {"event.batch"}


def test_country_of_the_issuer_can_be_given() -> None:
    rules = rule_set({"logic": {"var": "event.batch"}, "applies_to": {"countries": ["UTO"]}})
    assert disclose_for(rules, HELD, NOW, issuer=IssuerIdentity(country="UTO")) == {"event.batch"}
    with pytest.raises(RuleError):
        disclose_for(rules, HELD, NOW)


def test_clearance_has_nothing_to_show() -> None:
    held = WORLD.home.issue(CLEARANCE, holder_key=holder_key().public)
    assert disclose_for(ready_made("clearance"), held, NOW) == set()


# For any rules


CLAIMS = [name for name in HELD.disclosable if name.startswith(("event.", "holder."))]
TRUE: dict[str, Any] = {name: {"var": name} for name in CLAIMS}
LEAVES = st.sampled_from(CLAIMS).map(lambda name: {"var": name}) | st.sampled_from(
    [
        True,
        False,
        {"===": [{"var": "event.target"}, "1D47"]},
        {"===": [{"var": "event.country"}, "JPN"]},
        {"===": [{"var": "event.country"}, "UTO"]},
        {">=": [{"var": "event.dose.0"}, 1]},
        {">": [{"var": "event.batch"}, 1]},
        {"after": [{"plusTime": [{"var": "now"}, 0, "day"]}, {"plusTime": [{"var": "event.date"}, 1, "day"]}]},
    ]
)
LOGIC = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, min_size=2, max_size=4).map(lambda terms: {"and": terms})
        | inner.map(lambda term: {"!": [term]})
        | st.lists(inner, min_size=3, max_size=3).map(lambda terms: {"if": terms})
        | st.lists(inner, min_size=2, max_size=3).map(lambda terms: either(*terms))
    ),
    max_leaves=8,
)


def smallest_by_trying_all(rules: RuleSet) -> int | None:
    pool = sorted(minimum(rules) & set(HELD.disclosable))
    for size in range(len(pool) + 1):
        for claims in combinations(pool, size):
            if answer(rules, HELD, frozenset(claims)) is Answer.PASSED:
                return size
    return None


@settings(max_examples=150, deadline=None)
@given(st.lists(LOGIC, min_size=1, max_size=3))
def test_disclosure_is_the_smallest_that_makes_the_rules_hold(logics: list[Any]) -> None:
    rules = rule_set(*logics)
    try:
        claims = disclose_for(rules, HELD, NOW)
    except RuleError:
        assert answer(rules, HELD, minimum(rules) & set(HELD.disclosable)) is not Answer.PASSED
        return
    assert_least(rules, HELD, claims)
    if len(minimum(rules)) <= 4:
        assert len(claims) == smallest_by_trying_all(rules)


@settings(max_examples=60, deadline=None)
@given(st.lists(LOGIC, min_size=1, max_size=3))
def test_disclosure_is_one_without_which_rules_do_not_hold_where_not_all_can_be_tried(logics: list[Any]) -> None:
    rules = rule_set(*logics)
    limit, module.MAX_CANDIDATES = module.MAX_CANDIDATES, 2
    try:
        claims = disclose_for(rules, HELD, NOW)
    except RuleError:
        return
    finally:
        module.MAX_CANDIDATES = limit
    assert_least(rules, HELD, claims)


def test_rules_that_read_everything_are_answered_within_the_limit() -> None:
    rules = rule_set(*({"var": name} for name in CLAIMS))
    assert len(CLAIMS) == 16
    assert len(list(smallest_disclosures(rules, HELD))) <= module.MAX_CANDIDATES
    assert disclose_for(rules, HELD, NOW) == set(CLAIMS)
    assert_least(rules, HELD, frozenset(CLAIMS))


def test_any_evidence_and_holder_can_be_asked_about() -> None:
    bare: list[tuple[Evidence, Holder | None]] = [(VACCINATION, None), (Vaccination(target="1D47"), Holder(sex="F"))]
    for evidence, holder in bare:
        held = WORLD.home.issue(evidence, holder=holder, holder_key=holder_key().public)
        assert disclose_for(rule_set({"===": [{"var": "event.target"}, "1D47"]}), held, NOW) == set()
