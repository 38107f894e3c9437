"""The one table of what a credential of the profile carries, on the wire and off it."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings

from authority import CLEARANCE, EVERY_KIND, HOLDER, TEST_RESULT, VACCINATION
from claims import EVIDENCE, HOLDERS
from pratique.errors import ClaimError, DecodeError, PratiqueError
from pratique.formats import profile
from pratique.model import Clearance, Evidence, Holder, Kind, StatusReference
from pratique.model.dates import PartialDate


def event_of(claims: profile.WireClaims) -> dict[int, Any]:
    """Return the event map with every claim of it opened."""
    details = {profile.EVENT_DETAILS: dict(claims.details)} if claims.details else {}
    return {**claims.shown, **claims.event, **details}


@settings(max_examples=200, deadline=None)
@given(EVIDENCE, HOLDERS)
def test_facts_and_holders_come_back(evidence: Evidence, holder: Holder) -> None:
    claims = profile.to_wire(evidence, None if isinstance(evidence, Clearance) else holder)
    assert profile.Fact(event_of(claims)).evidence() == evidence
    if not isinstance(evidence, Clearance):
        assert profile.read_holder(dict(claims.holder)) == holder


@settings(max_examples=60, deadline=None)
@given(EVIDENCE, HOLDERS)
def test_only_kind_and_target_or_rule_are_shown(evidence: Evidence, holder: Holder) -> None:
    claims = profile.to_wire(evidence, None if isinstance(evidence, Clearance) else holder)
    assert claims.shown.keys() == ({0, 2} if isinstance(evidence, Clearance) else {0, 1})
    assert not claims.shown.keys() & claims.event.keys()


def test_the_numbers_are_those_of_the_design() -> None:
    claims = profile.to_wire(VACCINATION, HOLDER)
    assert claims.shown == {0: 1, 1: "1D47"}
    assert claims.event == {10: 20_526, 12: "who-pq|yf-stamaril"}
    assert claims.details == {
        1: [1, 1],
        2: "UTO",
        3: "AB123-77",
        4: "Port clinic",
        5: "Dr Nilsson",
        6: "Ministry of Health",
    }
    assert claims.holder == {
        1: "ERIKSSON<<ANNA<MARIA",
        2: "Anna María Eriksson",
        3: 1684,
        4: "F",
        5: "UTO",
        6: "L898902C3",
        7: "740812-123",
        8: "Carl Eriksson",
    }
    claims = profile.to_wire(TEST_RESULT, None)
    assert claims.shown == {0: 3, 1: "RA01"}
    assert claims.event == {16: "loinc|LP6464-4", 17: "snomed|260415000", 18: 1_795_340_467}
    assert profile.to_wire(CLEARANCE, None).shown == {0: 6, 2: "UTO-entry-2026"}
    kinds = ["vaccination", "prophylaxis", "test", "recovery", "exemption", "clearance"]
    assert {kind.value: number for kind, number in profile.KIND_NUMBERS.items()} == {
        kind: number for number, kind in enumerate(kinds, 1)
    }


@pytest.mark.parametrize(
    ("date", "wire"),
    [
        (PartialDate(1974, 8, 12), 1684),
        (PartialDate(1969, 12, 31), -1),
        (PartialDate(1900, 1, 1), -25_567),
        (PartialDate(1974, 8), [1974, 8]),
        (PartialDate(1974), [1974]),
    ],
)
def test_a_birth_date_keeps_its_precision(date: PartialDate, wire: Any) -> None:
    assert profile.to_wire(VACCINATION, Holder(birth_date=date)).holder == {3: wire}
    assert profile.read_holder({3: wire}).birth_date == date


@pytest.mark.parametrize(
    "wire", [True, 1.0, "1974", [], [1974, 8, 12], [1974, 0], [1974, 13], [True], [1974, True], [1899], [-1], [19740]]
)
def test_a_birth_date_in_another_form_is_refused(wire: Any) -> None:
    with pytest.raises(DecodeError):
        profile.read_holder({3: wire})


def test_a_time_is_utc_and_cut_to_whole_seconds() -> None:
    sampled = datetime(2026, 11, 22, 11, 41, 7, 999_999, tzinfo=timezone(timedelta(hours=2)))
    claims = profile.to_wire(replace(TEST_RESULT, sampled_at=sampled), None)
    assert profile.Fact(event_of(claims)).evidence().sampled_at == datetime(2026, 11, 22, 9, 41, 7, tzinfo=UTC)


@pytest.mark.parametrize("seconds", [-1, profile.MAX_SECONDS, 1.5, True, "0", None, 2**64])
def test_a_time_outside_the_calendar_is_refused(seconds: Any) -> None:
    event = {0: 3, 1: "RA01", 18: seconds}
    with pytest.raises(DecodeError):
        profile.Fact(event).evidence()
    assert profile.Fact({**event, 18: profile.MAX_SECONDS - 1}).evidence().sampled_at.year == 9999


@pytest.mark.parametrize(
    "text", ["", "x" * 256, "é" * 128, "a\nb", "a\x00", "\u202eabc", "\u00ad", "\ud800", 5, None, b"x", ["x"]]
)
def test_a_text_in_another_form_is_refused(text: Any) -> None:
    with pytest.raises(DecodeError):
        profile.text(text)


@pytest.mark.parametrize("text", ["x", "x" * 255, "é" * 127, "a b", "ශ්‍රී", "می‌رود", "王"])
def test_a_text_of_at_most_255_bytes_is_kept_as_it_is(text: str) -> None:
    assert profile.text(text) == text


@pytest.mark.parametrize("kind", Kind)
def test_no_kind_has_a_claim_of_another(kind: Kind) -> None:
    number = profile.KIND_NUMBERS[kind]
    model = {field.name for field in fields(profile.EVIDENCE_TYPES[number])}
    values: dict[int, Any] = {10: 20_526, 12: "a|b", 16: "a|b", 17: "a|b", 18: 0}
    details: dict[int, Any] = {1: [1], 2: "UTO", 3: "x", 4: "x", 5: "x", 6: "x"}
    paths = {path: name.removeprefix("event.") for name, path in profile.PATHS.items()}
    for key, value in values.items():
        taken = takes({0: number, 1: "RA01", key: value})
        assert taken is (paths[profile.EVENT, key] in model and kind is not Kind.CLEARANCE)
    for key, value in details.items():
        taken = takes({0: number, 1: "RA01", 13: {key: value}})
        assert taken is (paths[profile.EVENT, 13, key] in model and kind is not Kind.CLEARANCE)


def takes(event: dict[int, Any]) -> bool:
    try:
        profile.Fact(event).evidence()
    except PratiqueError:
        return False
    return True


@pytest.mark.parametrize("evidence", EVERY_KIND, ids=lambda evidence: evidence.kind.value)
def test_a_message_about_a_claim_names_it_and_not_its_value(evidence: Evidence) -> None:
    for changes in ({"centre": "GEHEIM\n"}, {"country": "GEHEIM"}, {"target": "GEHEIM-7"}):
        with pytest.raises(ClaimError) as refused:
            profile.to_wire(replace(evidence, **changes), None)
        assert "GEHEIM" not in str(refused.value)
        assert "event" in str(refused.value) or "place" in str(refused.value)


def test_a_status_is_one_entry_of_one_list() -> None:
    claim = {"status_list": {"idx": 5, "uri": "https://a"}}
    assert profile.read_status(claim) == StatusReference("https://a", 5)
    for bad in (
        {},
        [],
        {**claim, "x": 1},
        {"status_list": {"idx": 5}},
        {"status_list": {"idx": True, "uri": "https://a"}},
    ):
        with pytest.raises(DecodeError):
            profile.read_status(bad)
