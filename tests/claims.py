"""Facts and holders of every kind, made by Hypothesis: whatever the profile has a place for."""

from __future__ import annotations

import string
from datetime import UTC, date, datetime

from hypothesis import strategies as st

from pratique.model import (
    Clearance,
    Dose,
    Evidence,
    Exemption,
    Holder,
    Prophylaxis,
    Recovery,
    TestResult,
    Vaccination,
)
from pratique.model.codes import Coding
from pratique.model.dates import PartialDate

UPPER = string.ascii_uppercase
DAYS = st.dates(date(1900, 1, 1), date(2099, 12, 31)).map(PartialDate.from_date)
BIRTH_DATES = st.one_of(
    DAYS,
    st.builds(PartialDate, st.integers(1900, 2099)),
    st.builds(PartialDate, st.integers(1900, 2099), st.integers(1, 12)),
)
TEXTS = st.text(
    st.characters(exclude_categories=["C", "Zl", "Zp", "Zs"], include_characters=" \u200c\u200d"),
    min_size=1,
    max_size=60,
)
TARGETS = st.sampled_from(["1D47", "1C81", "RA01", "1A00", "XN109.Z9"])
COUNTRIES = st.sampled_from(["UTO", "AUT", "XXA", "RKS"])
CODINGS = st.builds(
    Coding,
    st.text(string.ascii_lowercase + string.digits + "-", min_size=1, max_size=16),
    st.from_regex(r"[!-{}~][ -{}~]{0,40}", fullmatch=True),
)
DOSES = st.builds(Dose, st.integers(1, 99), st.none() | st.integers(1, 99))
NAMES = st.from_regex(r"[A-Z]{1,12}(<[A-Z]{1,8}){0,2}(<<[A-Z]{1,8}(<[A-Z]{1,8}){0,2})?", fullmatch=True)
MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 30)).map(  # noqa: DTZ001 - made aware here
    lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
)

_EVERY = {name: st.none() | TEXTS for name in ("centre", "practitioner", "authority")} | {
    "target": TARGETS,
    "date": st.none() | DAYS,
    "country": st.none() | COUNTRIES,
}
_GIVEN = {"product": st.none() | CODINGS, "dose": st.none() | DOSES, "batch": st.none() | TEXTS}
_TESTED = {
    "product": st.none() | CODINGS,
    "test_method": st.none() | CODINGS,
    "test_result": st.none() | CODINGS,
    "sampled_at": st.none() | MOMENTS,
}

EVIDENCE: st.SearchStrategy[Evidence] = st.one_of(
    st.builds(Vaccination, **_EVERY, **_GIVEN),
    st.builds(Prophylaxis, **_EVERY, **_GIVEN),
    st.builds(TestResult, **_EVERY, **_TESTED),
    st.builds(Recovery, **_EVERY),
    st.builds(Exemption, **_EVERY),
    st.builds(Clearance, rule=TEXTS),
)
HOLDERS = st.builds(
    Holder,
    name=st.none() | NAMES,
    name_native=st.none() | TEXTS,
    birth_date=st.none() | BIRTH_DATES,
    sex=st.sampled_from([None, "F", "M", "X"]),
    nationality=st.none() | COUNTRIES,
    document_number=st.none() | st.text(UPPER + string.digits, min_size=1, max_size=24),
    national_id=st.none() | TEXTS,
    guardian=st.none() | TEXTS,
)
