"""Step 6 by itself: the technical window, and the days of the facts where a credential is held to them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authority import NOW
from pratique.model import Credential, Evidence, IssuerIdentity, PartialDate, Recovery, Vaccination, Validity
from pratique.reasons import Reason
from pratique.report import Check, Outcome
from pratique.validity import check_validity

if TYPE_CHECKING:
    from pratique.model import Holder

SECOND, SKEW = timedelta(seconds=1), timedelta(seconds=60)


class Facts:
    """Facts without a person."""

    def __init__(self, *facts: Evidence) -> None:
        self.facts = facts

    def evidence(self) -> tuple[Evidence, ...]:
        return self.facts

    def holder(self) -> Holder | None:
        return None

    def number(self) -> str | None:
        return None


def check(*facts: Evidence, validity: Validity = Validity(), held: bool = True, today: date = NOW.date()) -> Check:  # noqa: B008 - frozen
    credential = Credential(
        format="who-hcert",
        issuer=IssuerIdentity(),
        validity=validity,
        kinds=tuple((fact.kind, fact.target) for fact in facts),
        content=Facts(*facts),
        shows_identity=False,
        held_to_facts=held,
    )
    return check_validity(credential, NOW, datetime.combine(today, time(), UTC), clock_skew=SKEW)


def between(begins: str | None, ends: str | None, target: str = "1C81") -> Vaccination:
    return Vaccination(
        target=target,
        valid_from=None if begins is None else PartialDate.parse(begins),
        valid_until=None if ends is None else PartialDate.parse(ends),
    )


@pytest.mark.parametrize(
    ("validity", "code"),
    [
        (Validity(not_before=NOW + SKEW), Reason.NO_EXPIRY),
        (Validity(not_before=NOW + SKEW + SECOND), Reason.NOT_YET_VALID),
        (Validity(issued_at=NOW + SKEW + SECOND), Reason.NOT_YET_VALID),
        (Validity(expires_at=NOW - SKEW + SECOND), Reason.VALID_NOW),
        (Validity(expires_at=NOW - SKEW), Reason.EXPIRED),
    ],
)
@pytest.mark.parametrize("held", [True, False])
def test_technical_window_counts_whatever_the_facts_say(validity: Validity, code: Reason, *, held: bool) -> None:
    assert check(between("2026-01-01", None), validity=validity, held=held).code is code


@pytest.mark.parametrize(
    ("fact", "code"),
    [
        (between("2026-11-23", "2026-11-23"), Reason.VALID_NOW),
        (between("2026-11-24", "2026-11-30"), Reason.NOT_YET_VALID),
        (between("2026-11-01", "2026-11-22"), Reason.EXPIRED),
        (between(None, "2026-11"), Reason.VALID_NOW),
        (between(None, "2026-10"), Reason.EXPIRED),
        (between("2026", "2026"), Reason.VALID_NOW),
        (between("2027", None), Reason.NOT_YET_VALID),
        (between(None, None), Reason.NO_EXPIRY),
        (Vaccination(target="1D47", lifelong=True), Reason.VALID_NOW),
        (Vaccination(target="1D47", lifelong=True, valid_until=PartialDate(2020)), Reason.VALID_NOW),
        (Recovery(target="RA01", valid_until=PartialDate(2026, 11, 22)), Reason.EXPIRED),
    ],
)
def test_both_days_are_inside(fact: Evidence, code: Reason) -> None:
    assert check(fact).code is code
    assert check(fact, held=False).code is Reason.NO_EXPIRY


GOOD, LATE, EARLY = between(None, "2027"), between(None, "2020"), between("2027", "2028")
FEVER = Vaccination(target="1D47", lifelong=True)


@pytest.mark.parametrize(
    ("facts", "outcome", "code"),
    [
        ((GOOD, LATE, EARLY), Outcome.PASSED, Reason.VALID_NOW),
        ((LATE, EARLY), Outcome.FAILED, Reason.NOT_YET_VALID),
        ((LATE, LATE), Outcome.FAILED, Reason.EXPIRED),
        ((FEVER, LATE), Outcome.INCONCLUSIVE, Reason.EXPIRED),
        ((EARLY, FEVER), Outcome.INCONCLUSIVE, Reason.NOT_YET_VALID),
        ((FEVER, GOOD, LATE), Outcome.PASSED, Reason.VALID_NOW),
        ((FEVER, between(None, None)), Outcome.INCONCLUSIVE, Reason.NO_EXPIRY),
    ],
)
def test_one_fact_is_enough_for_its_disease_and_every_disease_is_needed(
    facts: tuple[Evidence, ...], outcome: Outcome, code: Reason
) -> None:
    answer = check(*facts)
    assert (answer.outcome, answer.code) == (outcome, code)


def test_the_detail_is_of_the_last_fact_against_the_first_disease_that_has_the_code() -> None:
    recovery = Recovery(target="1C81", valid_until=PartialDate(2020))
    assert check(recovery, LATE).detail == "the time for which the vaccination (Poliomyelitis) counts is over"
    assert check(LATE, recovery).detail == "the time for which the recovery (Poliomyelitis) counts is over"
    fever = between("2027", None, "1D47")
    assert check(LATE, fever, EARLY).detail == "the vaccination (Poliomyelitis) counts from a later day"
    assert check(fever, LATE, EARLY).detail == "the vaccination (Yellow fever) counts from day 10 after it was given"


@given(st.dates(date(1950, 1, 1), date(2080, 1, 1)), st.integers(0, 400), st.integers(-500, 500))
def test_day_by_day_it_is_early_then_counts_then_is_over(begins: date, length: int, offset: int) -> None:
    ends = begins + timedelta(days=length)
    fact = Vaccination(target="1C81", valid_from=PartialDate.from_date(begins), valid_until=PartialDate.from_date(ends))
    order = [Reason.NOT_YET_VALID, Reason.VALID_NOW, Reason.EXPIRED]
    days = [begins + timedelta(days=offset + i) for i in range(3)]
    answers = [order.index(check(fact, today=day).code) for day in days]
    assert all(one <= other for one, other in pairwise(answers))
    assert [answer == 1 for answer in answers] == [begins <= day <= ends for day in days]


@given(st.dates(date(1950, 1, 1), date(2025, 1, 1)))
def test_detail_gives_no_day_away(day: date) -> None:
    for fact in (between(str(day + timedelta(days=9000)), None), between(None, str(day), "1D47")):
        assert not any(character.isdigit() for character in check(fact).detail)
