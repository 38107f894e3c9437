"""Members of foreign content are read whatever they are, and what is not in its form is None."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.formats import members

DAYS = st.dates().map(str) | st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}.{0,3}", fullmatch=True) | st.text(max_size=12)


@given(DAYS)
def test_what_is_a_day_is_known_without_reading_it(text: str) -> None:
    assert members.is_day(text) is (members.day(text) is not None)
    assert not members.is_day(None)


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
