"""Partial dates keep their precision, days count from 1970, and foreign date-times are read leniently."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.errors import DecodeError, PratiqueError
from pratique.model.dates import PartialDate, from_days, parse_datetime, to_days
from pratique.reasons import Reason

DATES = st.dates(date(1900, 1, 1), date(2099, 12, 31))


@pytest.mark.parametrize("text", ["1990", "1990-05", "1990-05-02", "2000-02-29", "1900", "2099-12-31"])
def test_the_text_of_a_partial_date_is_the_text_it_came_from(text: str) -> None:
    assert str(PartialDate.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    ["", "1899", "2100", "90", "1990-5", "1990-00", "1990-13", "1990-05-00", "1990-02-29", "1990-05-32", " 1990",
     "1990\n", "1990-05-02T00:00:00", "1990-W05", "19900502", "\uff11990", "1990-", "+1990", "1990-05-02Z"],
)  # fmt: skip
def test_anything_but_a_date_of_the_calendar_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(DecodeError) as caught:
        PartialDate.parse(text)
    assert caught.value.code is Reason.DATE_INVALID
    assert len(text) < 4 or text not in str(caught.value)


@pytest.mark.parametrize("parts", [(1990, None, 2), (1990, 0), (1990, 13), (1990, 4, 31), (1899,), (2100,)])
def test_a_partial_date_that_cannot_be_is_not_made(parts: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"year|month|calendar"):
        PartialDate(*parts)


def test_repr_shows_the_precision_and_no_value() -> None:
    assert repr(PartialDate(1990)) == "PartialDate(year precision)"
    assert repr(PartialDate(1990, 5)) == "PartialDate(month precision)"
    assert repr(PartialDate(1990, 5, 2)) == "PartialDate(day precision)"


def test_earliest_and_latest_bound_what_is_unknown() -> None:
    assert (PartialDate(2020).earliest, PartialDate(2020).latest) == (date(2020, 1, 1), date(2020, 12, 31))
    assert (PartialDate(2020, 2).earliest, PartialDate(2020, 2).latest) == (date(2020, 2, 1), date(2020, 2, 29))
    assert PartialDate(2020, 2, 3).earliest == PartialDate(2020, 2, 3).latest == date(2020, 2, 3)
    assert PartialDate(2020, 2, 3).is_complete
    assert not PartialDate(2020, 2).is_complete


def test_partial_dates_have_no_order() -> None:
    with pytest.raises(TypeError):
        assert PartialDate(1990) < PartialDate(1991)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("left", "right", "agree"),
    [
        ("1990", "1990-05-02", True),
        ("1990-05", "1990-05-02", True),
        ("1990-05-02", "1990-05-02", True),
        ("1990-05-02", "1990-05-03", False),
        ("1990-05", "1990-06-02", False),
        ("1990", "1991", False),
        ("1991", "1990-05-02", False),
    ],
)
def test_dates_agree_in_what_both_know(left: str, right: str, agree: bool) -> None:  # noqa: FBT001
    assert PartialDate.parse(left).agrees_with(PartialDate.parse(right)) is agree
    assert PartialDate.parse(right).agrees_with(PartialDate.parse(left)) is agree


@given(DATES)
@settings(max_examples=100)
def test_days_and_dates_are_each_others_inverse(day: date) -> None:
    assert from_days(to_days(day)) == day
    assert timedelta(days=to_days(day)) == day - date(1970, 1, 1)
    assert str(PartialDate.from_date(day)) == day.isoformat()
    assert PartialDate.parse(day.isoformat()).earliest == day


@pytest.mark.parametrize("days", [-25568, 47482, 10**30, True, 1.0, "1", None])
def test_days_out_of_range_or_of_another_type_are_refused(days: object) -> None:
    with pytest.raises(DecodeError):
        from_days(days)  # type: ignore[arg-type]


def test_the_first_and_last_day_are_read() -> None:
    assert from_days(-25567) == date(1900, 1, 1)
    assert from_days(47481) == date(2099, 12, 31)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2022-01-15T10:20:30Z", datetime(2022, 1, 15, 10, 20, 30, tzinfo=UTC)),
        ("2022-01-15T10:20:30+02:00", datetime(2022, 1, 15, 8, 20, 30, tzinfo=UTC)),
        ("2022-01-15T10:20:30+0200", datetime(2022, 1, 15, 8, 20, 30, tzinfo=UTC)),
        ("2022-01-15T10:20:30-03", datetime(2022, 1, 15, 13, 20, 30, tzinfo=UTC)),
        ("2022-01-15T10:20:30", datetime(2022, 1, 15, 10, 20, 30, tzinfo=UTC)),
        ("2022-01-15T10:20Z", datetime(2022, 1, 15, 10, 20, tzinfo=UTC)),
        ("2022-01-15T10:20:30.5Z", datetime(2022, 1, 15, 10, 20, 30, 500000, tzinfo=UTC)),
        ("2022-01-15T10:20:30.1234567891234+01:00", datetime(2022, 1, 15, 9, 20, 30, 123456, tzinfo=UTC)),
        ("2022-01-15", datetime(2022, 1, 15, tzinfo=UTC)),
        ("2022-01-15 10:20:30", datetime(2022, 1, 15, 10, 20, 30, tzinfo=UTC)),
        (" 2022-01-15t10:20:30z\n", datetime(2022, 1, 15, 10, 20, 30, tzinfo=UTC)),
    ],
)
def test_date_times_of_deployed_certificates_are_read_as_utc(text: str, expected: datetime) -> None:
    moment = parse_datetime(text)
    assert moment == expected
    assert moment.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "text",
    ["", "2022", "2022-01", "2022-W03-6", "20220115", "20220115T102030Z", "2022-13-01", "2022-02-30T00:00:00Z",
     "2022-01-15T25:00:00Z", "2022-01-15T10:00:00+25:00", "0001-01-01T00:00:00+23:00", "9999-12-31T23:00:00-23:00",
     "2022-01-15T10:20:30Z" + " " * 100, "yesterday"],
)  # fmt: skip
def test_other_date_times_are_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(DecodeError) as caught:
        parse_datetime(text)
    assert caught.value.code is Reason.DATE_INVALID
    assert not text or text not in str(caught.value)


@given(st.text(max_size=40))
@settings(max_examples=200)
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (PartialDate.parse, parse_datetime):
        with suppress(PratiqueError):
            assert read(text) is not None
