"""Members of foreign content are read whatever they are, and what is not in its form is None."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.formats import members

DAYS = st.dates().map(str) | st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}.{0,3}", fullmatch=True) | st.text(max_size=12)


@given(DAYS)
def test_a_day_is_the_same_day_as_a_date_of_the_calendar(text: str) -> None:
    day = members.day(text)
    assert members.full_day(text) == (None if day is None else day.earliest)
    assert members.full_day(None) is None


@given(st.dictionaries(st.sampled_from("abc"), st.text(max_size=5) | st.text(min_size=254, max_size=257) | st.none()))
def test_one_text_is_that_among_all(entry: dict[str, str | None]) -> None:
    for name in "abc":
        assert members.text(entry.get(name)) == members.texts(entry).get(name)


@given(st.text(max_size=12))
def test_nothing_raises(text: str) -> None:
    members.date(text)
    members.stated_country(text)
    members.country(text)
    members.nationality(text)
    members.sex(text)


@pytest.mark.parametrize(
    ("code", "country", "nationality"),
    [
        ("AT", "AUT", "AUT"),
        (" aut ", "AUT", "AUT"),
        ("XK", "RKS", "RKS"),
        ("XXA", None, "XXA"),
        ("UTO", None, "UTO"),
        ("XL", None, None),
        ("XCL", None, None),
        ("D", None, None),
        ("", None, None),
    ],
)
def test_virtual_codes_are_no_countries_and_stateless_is_a_nationality(
    code: str, country: str | None, nationality: str | None
) -> None:
    assert members.country(code) == country
    assert members.nationality(code) == nationality
    assert members.country(7) is None
