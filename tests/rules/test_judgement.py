"""Rule sets are judged over credentials of every format, and say what they lack."""

from __future__ import annotations

import copy
from datetime import UTC, date, datetime, timedelta
from typing import Any

import cbor2
import pytest

import who
from authority import (
    CLEARANCE,
    EVERY_KIND,
    HOLDER,
    NOW,
    RECOVERY,
    TEST_RESULT,
    VACCINATION,
    DccState,
    World,
    dcc_recovery,
    dcc_test,
    dcc_vaccination,
    holder_key,
)
from pratique.errors import DecodeError
from pratique.formats import hc1
from pratique.model import (
    Clearance,
    Credential,
    Dose,
    Evidence,
    Holder,
    IssuerIdentity,
    Kind,
    Recovery,
    Vaccination,
    Validity,
)
from pratique.model.codes import Coding
from pratique.model.dates import PartialDate
from pratique.present import HeldCredential
from pratique.reasons import Reason
from pratique.rules.judgement import Answer, judge
from pratique.rules.ready_made import ready_made
from pratique.rules.ruleset import RuleSet
from pratique.rules.variables import NAMES, Shown

WORLD = World()
STATE = DccState(WORLD.clock)
SECOND = timedelta(seconds=1)
HOLDS = True  # the logic of a rule that always holds
COMIRNATY = Coding("eu-product", "EU/1/20/1528")
BASE = ready_made("clearance").document


def issue(evidence: Evidence, **options: Any) -> HeldCredential:
    holder = {} if isinstance(evidence, Clearance) else {"holder": HOLDER}
    return WORLD.home.issue(evidence, **{"holder_key": holder_key().public, **holder, **options})


def shown(held: HeldCredential, *disclose: str) -> Shown:
    return Shown(HeldCredential.from_text(held.present(disclose=disclose)).credential)


def dcc(content: dict[str, Any]) -> Shown:
    envelope = hc1.envelope(STATE.sign(content))
    return Shown(envelope.read(), original=envelope.payload)


def rule_set(*logics: Any, zone: str = "UTC", **members: Any) -> RuleSet:
    rules = [
        {"id": f"R-{i}", "kind": "acceptance", "description": {"en": "-"}, "logic": logic}
        if not isinstance(logic, dict) or "logic" not in logic
        else {"id": f"R-{i}", "kind": "acceptance", "description": {"en": "-"}} | logic
        for i, logic in enumerate(logics)
    ]
    return RuleSet.from_json(BASE | {"rules": rules, "zone": zone} | members)


class Stated:
    """The content of a credential that states just these facts."""

    def __init__(self, facts: tuple[Evidence, ...], holder: Holder | None) -> None:
        self._facts = facts
        self._holder = holder

    def evidence(self) -> tuple[Evidence, ...]:
        return self._facts

    def holder(self) -> Holder | None:
        return self._holder

    def number(self) -> str | None:
        return None


def stating(*facts: Evidence, format_: str = "icao-vds-nc", holder: Holder | None = None) -> Shown:
    """Return a foreign credential, which hides nothing."""
    credential = Credential(
        format=format_,
        issuer=IssuerIdentity(country="UTO"),
        validity=Validity(),
        kinds=tuple((fact.kind, fact.target) for fact in facts),
        content=Stated(facts, holder),
        shows_identity=False,
    )
    return Shown(credential)


def value_of(name: str, each: Shown) -> Any:
    """Return what a variable is, found by asking rules: null, true, or the text or number among what is likely."""
    return judge(rule_set({"var": name}), each, NOW).answer


# The ready-made rule sets


def test_yellow_fever_needs_nothing_beyond_what_is_always_shown() -> None:
    judgement = judge(ready_made("yellow-fever-entry"), shown(issue(VACCINATION)), NOW)
    assert judgement.answer is Answer.PASSED
    assert judgement.code is Reason.RULES_MET
    assert judgement.missing == frozenset()
    assert judgement.detail == "UTO-yellow-fever-entry 1.0.0"


@pytest.mark.parametrize(("seconds", "answer"), [(-1, Answer.FAILED), (0, Answer.PASSED), (1, Answer.PASSED)])
@pytest.mark.parametrize("format_", ["pratique", "icao-vds-nc"])
def test_yellow_fever_counts_from_day_ten_in_every_format(format_: str, seconds: int, answer: Answer) -> None:
    given = Vaccination(target="1D47", date=PartialDate(2026, 11, 20))
    each = shown(issue(given)) if format_ == "pratique" else stating(given)
    at = datetime(2026, 11, 30, tzinfo=UTC) + seconds * SECOND
    assert judge(ready_made("yellow-fever-entry"), each, at).answer is answer


@pytest.mark.parametrize(
    ("today", "answer"),
    [
        (date(2026, 4, 10), Answer.FAILED),
        (date(2026, 4, 11), Answer.PASSED),
        (date(2027, 3, 14), Answer.PASSED),
        (date(2027, 3, 15), Answer.FAILED),
    ],
)
def test_polio_dose_counts_from_four_weeks_to_twelve_months(today: date, answer: Answer) -> None:
    document = ready_made("polio-exit").document | {"valid_to": "2030-01-01T00:00:00Z"}
    given = Vaccination(target="1C81", date=PartialDate(2026, 3, 14))
    at = datetime(today.year, today.month, today.day, 23, 59, 59, tzinfo=UTC)
    assert judge(RuleSet.from_json(document), stating(given), at).answer is answer
    closed = judge(RuleSet.from_json(document), shown(issue(given)), at)
    assert (closed.answer, closed.missing) == (Answer.INCONCLUSIVE, {"event.date"})


def days_ago(days: int) -> PartialDate:
    return PartialDate.from_date(NOW.date() - timedelta(days=days))


@pytest.mark.parametrize(
    ("fact", "answer", "codes"),
    [
        (Vaccination(target="RA01", date=days_ago(13), dose=Dose(2, 2), product=COMIRNATY), Answer.FAILED, "0202"),
        (Vaccination(target="RA01", date=days_ago(14), dose=Dose(2, 2), product=COMIRNATY), Answer.PASSED, ""),
        (Vaccination(target="RA01", date=days_ago(270), dose=Dose(2, 2), product=COMIRNATY), Answer.PASSED, ""),
        (Vaccination(target="RA01", date=days_ago(271), dose=Dose(2, 2), product=COMIRNATY), Answer.FAILED, "0202"),
        (Vaccination(target="RA01", date=days_ago(999), dose=Dose(3, 3), product=COMIRNATY), Answer.PASSED, ""),
        (Vaccination(target="RA01", date=days_ago(20), dose=Dose(1, 2), product=COMIRNATY), Answer.FAILED, "0202"),
        (Vaccination(target="RA01", date=days_ago(20), dose=Dose(2, 2)), Answer.FAILED, "0201"),
        (Vaccination(target="RA01", dose=Dose(2, 2), product=COMIRNATY), Answer.INCONCLUSIVE, "0202"),
        (Recovery(target="RA01", date=days_ago(10)), Answer.FAILED, "0201"),
        (Recovery(target="RA01", date=days_ago(11)), Answer.PASSED, ""),
        (Recovery(target="RA01", date=days_ago(180)), Answer.PASSED, ""),
        (Recovery(target="RA01", date=days_ago(181)), Answer.FAILED, "0201"),
        (TEST_RESULT, Answer.PASSED, ""),
    ],
)
def test_covid_rules_take_a_vaccination_or_a_recovery_or_a_test(fact: Evidence, answer: Answer, codes: str) -> None:
    judgement = judge(ready_made("covid-19"), stating(fact), NOW)
    assert judgement.answer is answer
    assert [code[-4:] for code in judgement.codes] == ([codes] if codes else [])


def test_clearance_that_names_the_rule_set_is_enough_and_another_is_not() -> None:
    assert judge(ready_made("clearance"), shown(issue(CLEARANCE)), NOW).answer is Answer.PASSED
    other = judge(ready_made("clearance"), shown(issue(Clearance(rule="elsewhere"))), NOW)
    assert other.answer is Answer.FAILED
    assert other.code is Reason.RULES_NOT_MET
    assert other.codes == ("rules.CR-UTO-0001",)
    assert other.detail == "UTO-entry-clearance 1.0.0: rules.CR-UTO-0001"


@pytest.mark.parametrize(
    ("content", "answer"),
    [
        (dcc_vaccination(), Answer.PASSED),
        (dcc_recovery(), Answer.PASSED),
        (dcc_test(), Answer.PASSED),
    ],
)
def test_same_rules_judge_an_eu_certificate(content: dict[str, Any], answer: Answer) -> None:
    rules = rule_set({"and": [{"===": [{"var": "event.target"}, "RA01"]}, {"var": "holder.name"}]})
    assert judge(rules, dcc(content), NOW).answer is answer


@pytest.mark.parametrize("form", [1, 2, 3])
def test_same_rules_judge_a_yellow_card(form: int) -> None:
    envelope = hc1.envelope(who.sign_card(form))
    each = Shown(envelope.read(), original=envelope.payload)
    assert judge(ready_made("yellow-fever-entry"), each, NOW).answer is Answer.PASSED
    both = judge(ready_made("yellow-fever-entry"), [dcc(dcc_vaccination()), each], NOW)
    assert (both.answer, both.requirements[0].shown) == (Answer.PASSED, 1)


# What was not shown


def test_rule_that_lacks_a_claim_names_it_and_no_other() -> None:
    held = issue(VACCINATION)
    rules = rule_set({"===": [{"var": "event.country"}, "UTO"]}, {"===": [{"var": "event.target"}, "1D47"]})
    judgement = judge(rules, shown(held), NOW)
    assert judgement.answer is Answer.INCONCLUSIVE
    assert judgement.code is Reason.RULES_UNANSWERED
    assert judgement.missing == {"event.country"}
    assert judgement.detail == "UTO-entry-clearance 1.0.0: rules.R-0 needs event.country"
    assert judge(rules, shown(held, *judgement.missing), NOW).answer is Answer.PASSED


def test_rule_that_surely_fails_asks_for_nothing() -> None:
    rules = rule_set({"===": [{"var": "event.country"}, "UTO"]}, {"===": [{"var": "event.target"}, "RA01"]})
    judgement = judge(rules, shown(issue(VACCINATION)), NOW)
    assert (judgement.answer, judgement.missing) == (Answer.FAILED, frozenset())


def test_claim_that_a_whole_copy_does_not_have_is_null() -> None:
    held = WORLD.home.issue(RECOVERY, holder_key=holder_key().public)
    rules = rule_set({"!": [{"var": "event.centre"}]})
    assert judge(rules, shown(held), NOW).answer is Answer.INCONCLUSIVE
    assert judge(rules, shown(held, "event.date"), NOW).answer is Answer.INCONCLUSIVE
    assert judge(rules, Shown(held.credential), NOW).answer is Answer.PASSED


def test_claim_that_this_kind_of_fact_cannot_have_is_null_and_not_asked_for() -> None:
    assert value_of("event.test_result", shown(issue(VACCINATION))) is Answer.FAILED
    assert value_of("event.manufacturer", shown(issue(VACCINATION))) is Answer.FAILED
    assert value_of("holder.name", shown(issue(CLEARANCE))) is Answer.FAILED
    assert value_of("event.date", shown(issue(CLEARANCE))) is Answer.FAILED


@pytest.mark.parametrize("name", sorted(NAMES))
@pytest.mark.parametrize("evidence", EVERY_KIND, ids=lambda evidence: evidence.kind.value)
def test_every_variable_can_be_read_of_every_kind(name: str, evidence: Evidence) -> None:
    held = issue(evidence)
    for each in (Shown(held.credential), shown(held), stating(evidence, holder=HOLDER)):
        assert judge(rule_set({"var": name}), each, NOW).answer in (Answer.PASSED, Answer.FAILED, Answer.INCONCLUSIVE)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("now", "2026-11-23T12:00:00Z"),
        ("today", "2026-11-23"),
        ("credential.format", "pratique"),
        ("credential.binding", "holder-key"),
        ("issuer.id", "https://health.example.org"),
        ("issuer.country", "UTO"),
        ("validity.not_before", "2026-11-23T00:00:00Z"),
        ("event.kind", "vaccination"),
        ("event.target", "1D47"),
        ("event.date", "2026-03-14"),
        ("event.valid_from", "2026-11-23T00:00:00Z"),
        ("event.product", "who-pq|yf-stamaril"),
        ("event.country", "UTO"),
        ("event.batch", "AB123-77"),
        ("holder.birth_date", "1974-08-12"),
        ("holder.name", "ERIKSSON<<ANNA<MARIA"),
    ],
)
def test_variable_has_the_value_of_the_view(name: str, value: str) -> None:
    each = Shown(issue(VACCINATION).credential, IssuerIdentity(country="UTO"))
    assert judge(rule_set({"===": [{"var": name}, value]}), each, NOW).answer is Answer.PASSED


def test_dose_is_number_and_of() -> None:
    rules = rule_set({"===": [{"var": "event.dose.0"}, 1]}, {"===": [{"var": "event.dose.1"}, 1]})
    assert judge(rules, Shown(issue(VACCINATION).credential), NOW).answer is Answer.PASSED
    assert judge(rule_set({"var": "event.dose.1"}), stating(Vaccination(dose=Dose(2))), NOW).answer is Answer.FAILED


def test_rule_that_cannot_be_applied_is_not_passed_and_says_where() -> None:
    rules = rule_set({">": [{"var": "event.dose.0"}, 1]})
    judgement = judge(rules, stating(RECOVERY), NOW)
    assert judgement.answer is Answer.INCONCLUSIVE
    assert judgement.missing == frozenset()
    assert judgement.detail.endswith("rules.R-0 (at />: all operands must be integers)")


# Which day it is


@pytest.mark.parametrize(
    ("zone", "day"), [("UTC", "2026-11-23"), ("Pacific/Kiritimati", "2026-11-24"), ("-12:00", "2026-11-23")]
)
def test_today_is_counted_where_the_destination_is(zone: str, day: str) -> None:
    assert judge(rule_set({"===": [{"var": "today"}, day]}, zone=zone), stating(RECOVERY), NOW).answer is Answer.PASSED


def test_day_of_a_fact_begins_where_the_destination_is() -> None:
    rules = {"not-before": [{"plusTime": [{"var": "now"}, 0, "day"]}, {"plusTime": [{"var": "event.date"}, 1, "day"]}]}
    given = stating(Recovery(target="RA01", date=PartialDate(2026, 11, 20)))
    midnight_in_tokyo = datetime(2026, 11, 20, 15, tzinfo=UTC)
    for zone, at, answer in [
        ("Asia/Tokyo", midnight_in_tokyo, Answer.PASSED),
        ("Asia/Tokyo", midnight_in_tokyo - SECOND, Answer.FAILED),
        ("UTC", midnight_in_tokyo, Answer.FAILED),
    ]:
        assert judge(rule_set(rules, zone=zone), given, at).answer is answer


def test_naive_time_is_the_programmers_error() -> None:
    with pytest.raises(TypeError, match="aware"):
        judge(ready_made("clearance"), shown(issue(CLEARANCE)), datetime(2026, 1, 1))  # noqa: DTZ001


def test_rule_set_out_of_its_time_answers_nothing() -> None:
    judgement = judge(ready_made("clearance"), shown(issue(CLEARANCE)), datetime(2031, 1, 1, tzinfo=UTC))
    assert judgement.answer is Answer.INCONCLUSIVE
    assert judgement.code is Reason.RULES_NOT_IN_FORCE
    assert judgement.requirements == ()
    assert judgement.missing == frozenset()


# Which rules apply


def applying(logic: Any, **conditions: list[str]) -> dict[str, Any]:
    return {"logic": logic, "applies_to": conditions}


@pytest.mark.parametrize(
    ("conditions", "answer"),
    [
        ({}, Answer.PASSED),
        ({"kinds": ["recovery", "test"]}, Answer.PASSED),
        ({"kinds": ["vaccination"]}, Answer.FAILED),
        ({"targets": ["RA01"]}, Answer.PASSED),
        ({"targets": ["1D47"]}, Answer.FAILED),
        ({"formats": ["icao-vds-nc"]}, Answer.PASSED),
        ({"formats": ["pratique"]}, Answer.FAILED),
        ({"countries": ["UTO"]}, Answer.PASSED),
        ({"countries": ["JPN"]}, Answer.FAILED),
        ({"countries": ["UTO"], "kinds": ["test"]}, Answer.FAILED),
    ],
)
def test_fact_that_no_rule_applies_to_meets_nothing(conditions: dict[str, list[str]], answer: Answer) -> None:
    judgement = judge(rule_set(applying(HOLDS, **conditions)), stating(RECOVERY), NOW)
    assert judgement.answer is answer
    if answer is Answer.FAILED:
        assert judgement.requirements[0].rules[0].answer is Answer.NOT_APPLICABLE
        assert judgement.requirements[0].shown is None
        assert "nothing shown is a fact that counts for entry" in judgement.detail


def test_country_of_the_issuer_is_what_the_trust_list_says_where_the_credential_says_none() -> None:
    rules = rule_set(applying(HOLDS, countries=["UTO"]))
    credential = issue(RECOVERY).credential
    assert judge(rules, Shown(credential), NOW).answer is Answer.FAILED
    assert judge(rules, Shown(credential, IssuerIdentity(country="UTO")), NOW).answer is Answer.PASSED


def test_invalidation_rule_that_does_not_hold_takes_a_fact_out_and_never_lets_one_in() -> None:
    invalid = {"logic": {"===": [{"var": "event.batch"}, "good"]}, "kind": "invalidation"}
    accepted = applying(HOLDS, kinds=["vaccination"])
    assert judge(rule_set(accepted, invalid), stating(Vaccination(batch="good")), NOW).answer is Answer.PASSED
    assert judge(rule_set(accepted, invalid), stating(Vaccination(batch="bad")), NOW).answer is Answer.FAILED
    held_alone = judge(rule_set(accepted, {**invalid, "logic": True}), stating(RECOVERY), NOW)
    assert held_alone.answer is Answer.FAILED


def test_one_fact_has_to_meet_all_rules_of_a_requirement() -> None:
    rules = rule_set({"===": [{"var": "event.country"}, "UTO"]}, {"===": [{"var": "event.target"}, "RA01"]})
    halves = [stating(Recovery(target="RA01", country="JPN")), stating(Recovery(target="1D47", country="UTO"))]
    assert judge(rules, halves, NOW).answer is Answer.FAILED
    whole = stating(Recovery(target="RA01", country="UTO"))
    judgement = judge(rules, [*halves, whole], NOW)
    assert judgement.answer is Answer.PASSED
    assert judgement.requirements[0].shown == 2
    both = stating(Recovery(target="RA01", country="JPN"), Recovery(target="RA01", country="UTO"))
    assert judge(rules, both, NOW).answer is Answer.PASSED


def test_every_requirement_has_to_be_met_by_some_credential() -> None:
    rules = rule_set(
        {**applying(HOLDS, targets=["1D47"]), "requirement": "yellow-fever"},
        {**applying({"var": "event.date"}, targets=["1C81"]), "requirement": "polio"},
    )
    yellow_fever, polio = Vaccination(target="1D47"), Vaccination(target="1C81", date=days_ago(40))
    alone = judge(rules, stating(yellow_fever), NOW)
    assert alone.answer is Answer.FAILED
    assert alone.detail.endswith("nothing shown is a fact that counts for polio")
    assert judge(rules, [stating(yellow_fever), stating(polio)], NOW).answer is Answer.PASSED
    assert judge(rules, stating(yellow_fever, polio), NOW).answer is Answer.PASSED
    lacking = judge(rules, [stating(yellow_fever), shown(issue(polio))], NOW)
    assert (lacking.answer, lacking.missing) == (Answer.INCONCLUSIVE, {"event.date"})
    assert judge(rules, (), NOW).answer is Answer.FAILED


def test_fact_that_lacks_the_fewest_claims_is_asked_for() -> None:
    rules = rule_set({"and": [{"var": "event.date"}, {"var": "event.batch"}]})
    held = issue(VACCINATION)
    judgement = judge(rules, [shown(held), shown(held, "event.batch")], NOW)
    assert judgement.missing == {"event.date"}
    assert judgement.requirements[0].shown == 1


def test_requirement_whose_rules_are_not_in_force_is_not_met_by_that() -> None:
    past = {"logic": True, "valid_to": "2026-06-01T00:00:00Z"}
    assert judge(rule_set(past), stating(RECOVERY), NOW).answer is Answer.FAILED
    assert judge(rule_set(past, {"logic": True, "requirement": "b"}), stating(RECOVERY), NOW).answer is Answer.FAILED


def test_every_dose_of_a_certificate_is_a_fact_of_its_own() -> None:
    """A seal lists its diseases once, however many doses it has (`Credential.kinds`)."""
    each = stating(*(Vaccination(target="RA01", dose=Dose(number), date=days_ago(30 * number)) for number in (3, 2, 1)))
    each.credential.kinds = ((Kind.VACCINATION, "RA01"),)
    for number in (1, 2, 3):
        rules = rule_set({"===": [{"var": "event.dose.0"}, number]})
        assert judge(rules, each, NOW).answer is Answer.PASSED
    assert judge(rule_set({"===": [{"var": "event.dose.0"}, 4]}), each, NOW).answer is Answer.FAILED


# EU certificates, as they were signed


def test_original_is_read_where_a_rule_says_that_it_is_for_eu_certificates() -> None:
    rules = rule_set(
        applying({"===": [{"var": "payload.v.0.mp"}, "EU/1/20/1528"]}, formats=["eu-dcc"]),
        applying({"===": [{"var": "external.validationClock"}, "2026-11-23T12:00:00Z"]}, formats=["eu-dcc"]),
        applying({"===": [{"var": "external.issuerCountryCode"}, "AT"]}, formats=["eu-dcc"]),
    )
    assert judge(rules, dcc(dcc_vaccination()), NOW).answer is Answer.PASSED


def test_original_that_is_not_at_hand_is_not_taken_for_null() -> None:
    rules = rule_set(applying({"!": [{"var": "payload.v.0.mp"}]}, formats=["eu-dcc"]))
    judgement = judge(rules, dcc(dcc_vaccination())._replace(original=None), NOW)
    assert judgement.answer is Answer.INCONCLUSIVE
    assert "not at hand" in judgement.detail

    def broken() -> dict[str, Any]:
        raise DecodeError(Reason.CONTENT_INVALID, "broken")

    broken_one = judge(rules, dcc(dcc_vaccination())._replace(original=broken), NOW)
    assert broken_one.answer is Answer.INCONCLUSIVE


def test_original_with_what_json_does_not_have_is_read_as_json() -> None:
    """Hungary and Sweden tag the time of a sample; some issuers write undefined where nothing is."""
    sampled = cbor2.CBORTag(0, "2026-11-22T10:27:15Z")
    content = dcc_test(sc=sampled, nm=cbor2.undefined, tc=b"bytes") | {7: "no text"}
    since = {"plusTime": [{"var": "payload.t.0.sc"}, 48, "hour"]}
    rules = rule_set(
        applying({"before": [{"plusTime": [{"var": "external.iat"}, 0, "day"]}, since]}, formats=["eu-dcc"]),
        applying({"!": [{"var": "payload.t.0.nm"}]}, formats=["eu-dcc"]),
        applying({"!": [{"var": "payload.7"}]}, formats=["eu-dcc"]),
        applying({"===": [{"var": "payload.t.0.tc"}, "x"]}, formats=["eu-dcc"]),
    )
    answers = judge(rules, dcc(content), NOW).requirements[0].rules
    assert [rule.answer for rule in answers] == [Answer.PASSED, Answer.PASSED, Answer.PASSED, Answer.INCONCLUSIVE]


def test_rule_for_eu_certificates_does_not_stand_in_the_way_of_others() -> None:
    rules = rule_set(
        applying({"var": "payload.v.0"}, formats=["eu-dcc"]),
        applying({"var": "event.kind"}),
    )

    def nothing() -> dict[str, Any]:
        raise DecodeError(Reason.CONTENT_INVALID, "there is no EU DCC in a yellow card")

    assert judge(rules, dcc(dcc_vaccination()), NOW).answer is Answer.PASSED
    for each in (stating(RECOVERY), shown(issue(RECOVERY)), stating(RECOVERY, format_="who-hcert")):
        for original in (None, nothing):
            assert judge(rules, each._replace(original=original), NOW).answer is Answer.PASSED


def test_judgement_has_no_claim_of_the_credential_in_it() -> None:
    rules = rule_set({">": [{"var": "holder.name"}, 1]}, {"plusTime": [{"var": "holder.national_id"}, 1, "day"]})
    judgement = judge(rules, Shown(issue(VACCINATION).credential), NOW)
    said = repr(judgement) + judgement.detail + "".join(judgement.codes)
    for _, value in (*HOLDER.known(), *VACCINATION.known()):
        assert str(value) not in said or str(value) in ("UTO", "F", "1D47")


def test_every_kind_of_the_model_can_be_named() -> None:
    document = copy.deepcopy(BASE)
    document["rules"][0]["applies_to"] = {"kinds": [kind.value for kind in Kind]}
    assert RuleSet.from_json(document).rules[0].applies_to.kinds == set(Kind)
