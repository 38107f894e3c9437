"""The report: a verdict that follows from the checks, and sentences for the people on both sides of the desk."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest

from authority import CLEARANCE, DOCUMENT, NOW, STATUS, DccState, World, dcc_vaccination, holder_key
from crafting import shown, verify
from pratique.reasons import Reason
from pratique.report import REQUIRED, Check, Outcome, RefusedError, Report, Step, Verdict
from shc import ShcIssuer, dose, payload


def report(**outcomes: Outcome) -> Report:
    """Return a report whose steps all passed, but for those named."""
    checks = (Check(step, outcomes.get(step.value, Outcome.PASSED), Reason.NOT_REACHED) for step in Step)
    return Report(format="pratique", checks=tuple(checks), at=NOW)


def test_everything_passed_is_accepted() -> None:
    assert report().verdict is Verdict.ACCEPT


@pytest.mark.parametrize("step", Step)
def test_one_failure_rejects(step: Step) -> None:
    assert report(**{step.value: Outcome.FAILED}).verdict is Verdict.REJECT


@pytest.mark.parametrize("step", Step)
def test_one_doubt_refers(step: Step) -> None:
    assert report(**{step.value: Outcome.INCONCLUSIVE}).verdict is Verdict.REFER


@pytest.mark.parametrize("step", Step)
def test_required_step_that_was_not_taken_refers(step: Step) -> None:
    expected = Verdict.REFER if step in REQUIRED else Verdict.ACCEPT
    assert report(**{step.value: Outcome.NOT_CHECKED}).verdict is expected


@pytest.mark.parametrize(("first", "second"), list(itertools.permutations(Step, 2)))
def test_failure_is_never_rescued_by_a_doubt(first: Step, second: Step) -> None:
    made = report(**{first.value: Outcome.FAILED, second.value: Outcome.INCONCLUSIVE})
    assert made.verdict is Verdict.REJECT
    assert made.decisive.step is first


def test_step_that_is_missing_altogether_is_not_accepted() -> None:
    checks = tuple(check for check in report().checks if check.step is not Step.SIGNATURE)
    assert Report(format="pratique", checks=checks, at=NOW).verdict is Verdict.REFER


def test_report_is_no_yes_or_no() -> None:
    with pytest.raises(TypeError, match="verdict"):
        bool(report())


def test_acceptance_without_a_credential_raises() -> None:
    with pytest.raises(RefusedError):
        report().raise_for_refusal()


@pytest.fixture(scope="module")
def world() -> World:
    world = World()
    world.trusted.append(DccState(world.clock).entry())
    return world


def test_explanation_names_verdict_fact_and_issuer(world: World) -> None:
    text = verify(world, shown(world)).explain()
    assert text.startswith("Accept: ")
    assert "a vaccination (Yellow fever), issued by Health of UTO" in text


def test_explanation_names_what_stands_against_it_and_what_was_not_checked(world: World) -> None:
    text = world.verify(shown(world, status=STATUS)).explain()
    assert text.startswith("Refer: ")
    assert Reason.STATUS_UNAVAILABLE.meaning[:-1] in text
    assert Reason.COMPARE_BY_EYE.meaning in text
    assert "Not checked: no entry rules were given." in text


def test_explanation_of_a_scope_reads_as_words() -> None:
    world = World()
    world.home.entry["keys"][0]["scope"] = {"kinds": ["test", "recovery"], "targets": ["RA01"]}
    text = verify(world, shown(world)).explain()
    assert "vaccination by a key for recovery, test about RA01" in text
    assert "frozenset" not in text


def test_article_fits_the_fact(world: World) -> None:
    text = world.home.issue_exemption(holder_key=holder_key().public).present()
    assert "It attests an exemption (Yellow fever)" in world.verify(text).explain()


def test_clearance_is_explained_without_a_disease(world: World) -> None:
    text = world.home.issue(CLEARANCE, holder_key=holder_key().public).present()
    assert "It attests a clearance, issued by" in world.verify(text).explain()


def test_issuer_of_no_known_country_is_named_by_its_code(world: World) -> None:
    world = World()
    world.trusted.append(DccState(world.clock, country="QQQ", iss=None).entry())
    explained = world.verify(DccState(world.clock, iss=None).sign(dcc_vaccination())).explain()
    assert "None" not in explained
    assert "QQQ" in explained


def test_traveller_is_told_what_to_do(world: World) -> None:
    late = shown(world, valid_until=NOW + timedelta(days=8))
    assert verify(world, late, at=NOW + timedelta(days=60)).for_traveller() == Reason.EXPIRED.advice
    assert verify(world, shown(world)).for_traveller() == "Your certificate is in order."


def test_traveller_is_not_told_the_same_twice() -> None:
    world = World(acceptance={})
    told = world.verify(shown(world)).for_traveller()
    assert told == f"{Reason.ISSUER_NOT_ACCEPTED.advice} {Reason.COMPARE_BY_EYE.advice}"


def test_traveller_is_told_to_wait_where_nothing_can_be_done(world: World) -> None:
    report = world.verify(DccState(world.clock).sign({**dcc_vaccination(), "dob": "x"}), compared_by_eye=True)
    assert report.for_traveller()


def test_text_that_is_no_code_is_explained(world: World) -> None:
    explained = world.verify("https://example.org", document=DOCUMENT).explain()
    assert explained.startswith("Reject. ")
    assert "example.org" not in explained


def test_refusal_survives_being_sent_to_another_process(world: World) -> None:
    import pickle  # noqa: PLC0415 - a pool of processes does it

    with pytest.raises(RefusedError) as raised:
        world.verify("nothing").raise_for_refusal()
    again = pickle.loads(pickle.dumps(raised.value))  # noqa: S301
    assert (again.code, again.detail, str(again)) == (raised.value.code, raised.value.detail, str(raised.value))


def test_equal_facts_are_counted() -> None:
    world = World()
    issuer = ShcIssuer(world.clock)
    world.trusted.append(issuer.entry())
    report = world.verify(issuer.text(payload(dose(), dose())))
    assert "It attests a vaccination (COVID-19) 2 times, issued by" in report.explain()
