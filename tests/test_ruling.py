"""Step 10 in a verification: entry rules over one code, and over all codes of a traveller."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from authority import DOCUMENT, NOW, DccState, World, dcc_test, dcc_vaccination
from pratique.reasons import Reason
from pratique.report import Outcome, Report, Step, Verdict
from pratique.rules import RuleSet
from pratique.rules.ready_made import ready_made
from who import sign_card

YELLOW_FEVER = ready_made("yellow-fever-entry")
COVID = ready_made("covid-19")


def original(rule_id: str, logic: object, **rule_set: object) -> RuleSet:
    """Return a rule set of one rule about COVID-19 vaccinations of the EU."""
    return RuleSet.from_json(
        {
            "id": "ORIGINAL",
            "version": "1.0.0",
            "destination": "UTO",
            "valid_from": "2026-01-01T00:00:00Z",
            "valid_to": "2027-01-01T00:00:00Z",
            "title": {"en": "As member states have them"},
            "purpose": "entry",
            "retention": "P0D",
            "legal_basis": {"en": "none"},
            "rules": [
                {
                    "id": rule_id,
                    "kind": "acceptance",
                    "description": {"en": "one"},
                    "applies_to": {"kinds": ["vaccination"], "targets": ["RA01"], "formats": ["eu-dcc"]},
                    "logic": logic,
                }
            ],
            **rule_set,
        }
    )


def test_yellow_fever_rules_ask_for_nothing_beyond_what_is_always_shown() -> None:
    world = World()
    report = world.verify(world.home.issue_vaccination().present(), document=DOCUMENT, rules=YELLOW_FEVER)
    assert report.verdict is Verdict.ACCEPT
    assert report.check(Step.RULES).code is Reason.RULES_MET
    assert report.missing == frozenset()


def test_rules_that_do_not_hold_reject_and_name_the_rule() -> None:
    world = World()
    world.trusted.append((state := DccState(world.clock)).entry())
    text = state.sign(dcc_vaccination(dt="2026-11-20", dn=1, sd=2))
    report = world.verify(text, compared_by_eye=True, rules=COVID)
    assert report.verdict is Verdict.REJECT
    assert report.judgement is not None
    assert report.judgement.codes == ("rules.VR-UTO-0202",)
    assert "rules.VR-UTO-0202" in report.check(Step.RULES).detail


def test_claim_that_was_not_shown_is_named_and_asked_for_alone() -> None:
    world = World()
    held = world.home.issue_test()
    report = world.verify(held.present(), document=DOCUMENT, rules=COVID)
    assert report.check(Step.RULES).outcome is Outcome.INCONCLUSIVE
    assert report.verdict is Verdict.REFER
    assert report.missing == {"event.test_result", "event.sampled_at"}
    assert "Ask the traveller to show event.sampled_at, event.test_result, and nothing else." in report.explain()
    again = world.verify(held.present(disclose=report.missing), document=DOCUMENT, rules=COVID)
    assert again.missing == {"event.test_method"}  # the sample is more than 24 hours old: now the method matters
    whole = world.verify(held.present(disclose=report.missing | again.missing), document=DOCUMENT, rules=COVID)
    assert whole.verdict is Verdict.ACCEPT


def test_rules_of_member_states_read_the_certificate_as_it_was_signed() -> None:
    world = World()
    world.trusted.append((state := DccState(world.clock)).entry())
    text = state.sign(dcc_vaccination())
    rules = original("VR-XX-0001", {"===": [{"var": "payload.v.0.dn"}, 2]})
    assert world.verify(text, compared_by_eye=True, rules=rules).verdict is Verdict.ACCEPT
    rules = original("VR-XX-0001", {"===": [{"var": "payload.v.0.dn"}, 3]})
    assert world.verify(text, compared_by_eye=True, rules=rules).verdict is Verdict.REJECT


@pytest.mark.parametrize(
    ("at", "code"),
    [
        (datetime(2026, 11, 30, tzinfo=UTC) - timedelta(seconds=1), Reason.RULES_MET),
        (datetime(2026, 11, 30, tzinfo=UTC), Reason.RULES_NOT_IN_FORCE),
    ],
)
def test_rules_have_their_time(at: datetime, code: Reason) -> None:
    world = World()
    world.trusted.append((state := DccState(world.clock)).entry())
    rules = original("VR-XX-0001", {"===": [1, 1]}, valid_to="2026-11-30T00:00:00Z")
    report = world.verify(state.sign(dcc_vaccination()), at=at, compared_by_eye=True, rules=rules)
    assert report.check(Step.RULES).code is code


def test_day_is_counted_where_the_rules_are() -> None:
    """At 11:30 UTC it is the next day already in Auckland, and the fourteenth after the vaccination."""
    world = World()
    world.trusted.append((state := DccState(world.clock)).entry())
    text = state.sign(dcc_vaccination(dt="2026-11-10"))
    at = datetime(2026, 11, 23, 11, 30, tzinfo=UTC)
    old_enough = {
        "not-after": [{"plusTime": [{"var": "event.date"}, 14, "day"]}, {"plusTime": [{"var": "today"}, 0, "day"]}]
    }
    codes = [
        world.verify(text, at=at, compared_by_eye=True, rules=original("VR-XX-0001", old_enough, zone=zone))
        .check(Step.RULES)
        .code
        for zone in ("UTC", "Pacific/Auckland")
    ]
    assert codes == [Reason.RULES_NOT_MET, Reason.RULES_MET]


def test_rules_do_not_save_what_is_not_accepted() -> None:
    world = World()
    world.acceptance = {}
    report = world.verify(world.home.issue_vaccination().present(), document=DOCUMENT, rules=YELLOW_FEVER)
    assert report.check(Step.RULES).code is Reason.RULES_MET
    assert report.verdict is Verdict.REJECT


def session_of(world: World, rules: RuleSet, *texts: str) -> tuple[list[Report], Verdict, frozenset[str]]:
    session = world.verifier().session(at=world.clock.now, compared_by_eye=True, rules=rules)
    reports = [session.add(text) for text in texts]
    found = session.report()
    return reports, found.verdict, found.missing


def test_alternatives_are_judged_over_all_codes_of_a_traveller() -> None:
    """A vaccination that is too young beside a test that will do."""
    world = World()
    world.trusted.append((state := DccState(world.clock)).entry())
    young = state.sign(dcc_vaccination(dt="2026-11-20"))
    negative = state.sign(dcc_test(sc="2026-11-23T06:00:00Z"))
    reports, verdict, missing = session_of(world, COVID, young, negative)
    assert [report.check(Step.RULES).outcome for report in reports] == [Outcome.NOT_CHECKED] * 2
    assert (verdict, missing) == (Verdict.ACCEPT, frozenset())
    assert session_of(world, COVID, young)[1] is Verdict.REJECT


def test_rejected_code_meets_no_rule() -> None:
    world = World()
    world.trusted.append((state := DccState(world.clock)).entry())
    young = state.sign(dcc_vaccination(dt="2026-11-20"))
    expired = state.sign(dcc_test(sc="2026-11-23T06:00:00Z"), claims={4: int(NOW.timestamp()) - 3600})
    assert session_of(world, COVID, young, expired)[1] is Verdict.REJECT


def test_eu_certificate_and_yellow_card_are_judged_in_one_run() -> None:
    """Rules with two requirements: each is met by a certificate of another network, of the same person."""
    world = World()
    world.trusted.append((state := DccState(world.clock)).entry())
    world.trusted[-1]["keys"][0]["formats"] = ["eu-dcc", "who-hcert"]
    of_both = [
        {**rule, "requirement": requirement}
        for requirement, rule_set in (("yellow-fever", YELLOW_FEVER), ("covid-19", COVID))
        for rule in json.loads(rule_set.payload())["rules"]
    ]
    rules = RuleSet.from_json({**json.loads(COVID.payload()), "rules": of_both})
    person = {"fn": "Eriksson", "gn": "Anna Maria", "fnt": "ERIKSSON", "gnt": "ANNA<MARIA"}
    certificate = state.sign({**dcc_vaccination(dt="2026-06-18"), "nam": person, "dob": "1974-08-12"})
    card = sign_card(3)
    reports, verdict, _ = session_of(world, rules, certificate, card)
    assert [report.verdict for report in reports] == [Verdict.ACCEPT, Verdict.ACCEPT]
    assert verdict is Verdict.ACCEPT
    for alone in (certificate, card):
        assert session_of(world, rules, alone)[1] is Verdict.REJECT
