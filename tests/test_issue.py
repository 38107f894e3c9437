"""What an issuer signs: the claims given, windows no more precise than the profile, and nothing in clear."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authority import (
    CLEARANCE,
    DOCUMENT,
    EVERY_KIND,
    EXEMPTION,
    HOLDER,
    NOW,
    STATUS,
    TEST_RESULT,
    VACCINATION,
    Authority,
    Clock,
    World,
    holder_key,
)
from claims import EVIDENCE, HOLDERS
from pratique.cose.algorithms import ES256, PS256
from pratique.cose.keys import PrivateKey
from pratique.cose.signer import SoftwareSigner
from pratique.errors import ClaimError, KeyMaterialError
from pratique.formats import profile
from pratique.formats.pratique import PratiqueEnvelope
from pratique.issue import Issuer
from pratique.model import Clearance, Dose, Evidence, Holder, StatusReference
from pratique.model.dates import PartialDate
from pratique.reasons import Reason
from pratique.report import Outcome, Step

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
KEY = holder_key().public
HOME = Authority(Clock())


def issued(evidence: Evidence = VACCINATION, **options: Any) -> Any:
    return HOME.issue(evidence, **{"holder_key": KEY, **options})


def payload(held: Any) -> dict[Any, Any]:
    return cbor2.loads(cbor2.loads(held.encoded).value[2])


def window(evidence: Evidence = VACCINATION, **options: Any) -> tuple[datetime, datetime, datetime]:
    validity = issued(evidence, **options).credential.validity
    return validity.issued_at, validity.not_before, validity.expires_at


@settings(max_examples=120, deadline=None)
@given(EVIDENCE, HOLDERS, st.booleans())
def test_what_is_issued_is_read_back_whole(evidence: Evidence, holder: Holder, with_status: bool) -> None:  # noqa: FBT001
    who = None if isinstance(evidence, Clearance) else holder
    held = issued(evidence, holder=who, status=STATUS if with_status else None)
    read = held.credential
    assert read.evidence == (evidence,)
    assert read.holder == (who if who is not None and who.known() else None)
    assert read.issuer.id == HOME.id
    assert read.binding.key == KEY
    assert read.status == (STATUS if with_status else None)
    assert read.withheld == 0
    assert held.is_complete


@settings(max_examples=60, deadline=None)
@given(EVIDENCE, HOLDERS)
def test_nobody_can_put_a_claim_of_the_holder_in_clear(evidence: Evidence, holder: Holder) -> None:
    if isinstance(evidence, Clearance):
        with pytest.raises(ClaimError):
            issued(evidence, holder=replace(holder, name="ERIKSSON"))
        return
    claims = payload(issued(evidence, holder=holder))
    assert claims.keys() - {1, 2, 4, 5, 6, 8, 11, -65537} <= {cbor2.CBORSimpleValue(59)}
    assert claims[-65537].keys() - {0, 1} <= {cbor2.CBORSimpleValue(59)}
    hashes = [entry for place in (claims, claims[-65537]) for entry in place.get(cbor2.CBORSimpleValue(59), [])]
    assert all(len(entry) == 32 for entry in hashes)


def test_how_many_claims_the_holder_and_the_details_have_does_not_show() -> None:
    sizes = {
        len(payload(issued(replace(VACCINATION, **details), holder=holder))[-65537][cbor2.CBORSimpleValue(59)])
        for details in ({}, {"batch": None, "centre": None, "practitioner": None})
        for holder in (HOLDER, Holder(name="X"))
    }
    assert sizes == {3}


def test_times_of_day_do_not_show() -> None:
    for moment in (NOW, NOW.replace(hour=0), NOW.replace(hour=23, minute=59, second=59, microsecond=999_999)):
        issued_at, not_before, expires_at = window(at=moment)
        assert issued_at == not_before == datetime(2026, 11, 23, tzinfo=UTC)
        assert expires_at == datetime(2036, 12, 1, tzinfo=UTC)


def test_the_day_is_the_utc_day_wherever_the_issuer_is() -> None:
    honolulu = timezone(-10 * HOUR)
    assert window(at=datetime(2026, 11, 23, 14, tzinfo=honolulu))[0] == datetime(2026, 11, 24, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        (datetime(2030, 1, 1, tzinfo=UTC) - SECOND, datetime(2030, 1, 1, tzinfo=UTC)),
        (datetime(2030, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)),
        (datetime(2030, 1, 1, tzinfo=UTC) + SECOND, datetime(2030, 2, 1, tzinfo=UTC)),
        (date(2030, 1, 31), datetime(2030, 2, 1, tzinfo=UTC)),
        (date(2030, 12, 2), datetime(2031, 1, 1, tzinfo=UTC)),
        (date(2028, 2, 29), datetime(2028, 3, 1, tzinfo=UTC)),
        (datetime(2029, 12, 31, 23, tzinfo=timezone(-2 * HOUR)), datetime(2030, 2, 1, tzinfo=UTC)),
    ],
)
def test_the_end_is_the_first_of_a_month(given_: Any, expected: datetime) -> None:
    assert window(valid_until=given_)[2] == expected


def test_a_test_and_a_clearance_last_three_days_in_whole_hours() -> None:
    for evidence in (TEST_RESULT, CLEARANCE):
        moment = NOW.replace(hour=13, minute=59, second=59)
        assert window(evidence, at=moment)[1:] == (NOW.replace(hour=13), NOW.replace(hour=13) + 3 * DAY)


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        (NOW + 5 * HOUR - SECOND, NOW + 4 * HOUR),
        (NOW + 5 * HOUR, NOW + 5 * HOUR),
        (NOW + 5 * HOUR + SECOND, NOW + 5 * HOUR),
        (date(2026, 11, 25), datetime(2026, 11, 25, tzinfo=UTC)),
    ],
)
def test_the_end_of_a_test_is_a_whole_hour_and_never_later_than_asked(given_: Any, expected: datetime) -> None:
    assert window(TEST_RESULT, valid_until=given_)[2] == expected


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(EVERY_KIND),
    st.datetimes(datetime(1970, 1, 1), datetime(2090, 1, 1)),  # noqa: DTZ001 - made aware below
    st.none() | st.timedeltas(timedelta(days=-400), timedelta(days=400)),
    st.none() | st.timedeltas(timedelta(hours=-30), timedelta(days=4000)),
)
def test_no_window_is_more_precise_than_the_profile(
    evidence: Evidence, at: datetime, begins: timedelta | None, ends: timedelta | None
) -> None:
    at = at.replace(tzinfo=UTC)
    options = {
        "valid_from": None if begins is None else at + begins,
        "valid_until": None if ends is None else at + ends,
    }
    try:
        issued_at, not_before, expires_at = window(evidence, at=at, **options)
    except ClaimError as error:
        assert error.code is Reason.CLAIMS_INVALID  # noqa: PT017
        return
    midnight = {"hour": 0, "minute": 0, "second": 0, "microsecond": 0}
    assert issued_at == at.replace(**midnight)
    assert issued_at <= not_before < expires_at
    if evidence in (TEST_RESULT, CLEARANCE):
        assert all(moment == moment.replace(minute=0, second=0) for moment in (not_before, expires_at))
    else:
        assert not_before == not_before.replace(**midnight)
        assert expires_at == expires_at.replace(day=1, **midnight)


def test_a_yellow_fever_vaccination_counts_from_its_tenth_day() -> None:
    given_today = replace(VACCINATION, date=PartialDate(2026, 11, 23))
    assert window(given_today)[:2] == (datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 12, 3, tzinfo=UTC))
    for days, expected in ((9, 1), (10, 0), (11, 0)):
        day = NOW.date() - timedelta(days=days)
        not_before = window(replace(VACCINATION, date=PartialDate.from_date(day)))[1]
        assert not_before == datetime(2026, 11, 23, tzinfo=UTC) + expected * DAY


def test_a_vaccination_without_a_waiting_time_counts_at_once() -> None:
    polio = replace(VACCINATION, target="1C81", date=PartialDate(2026, 11, 23))
    assert window(polio)[1] == datetime(2026, 11, 23, tzinfo=UTC)


def test_an_exemption_from_yellow_fever_vaccination_counts_at_once() -> None:
    assert window(replace(EXEMPTION, date=PartialDate(2026, 11, 23)))[1] == datetime(2026, 11, 23, tzinfo=UTC)


def test_a_start_that_is_asked_for_counts_unless_it_has_passed() -> None:
    assert window(valid_from=NOW + 3 * DAY)[1] == datetime(2026, 11, 26, tzinfo=UTC)
    assert window(valid_from=date(2026, 12, 24))[1] == datetime(2026, 12, 24, tzinfo=UTC)
    assert window(valid_from=date(2020, 1, 1))[1] == datetime(2026, 11, 23, tzinfo=UTC)


def test_the_bounds_hold_to_the_second() -> None:
    world = World()
    text = world.home.issue(replace(VACCINATION, date=PartialDate(2026, 11, 23)), holder_key=KEY).present()
    begins, ends = datetime(2026, 12, 3, tzinfo=UTC), datetime(2036, 12, 1, tzinfo=UTC)
    verifier = world.verifier(clock_skew=timedelta())
    for moment, code in (
        (begins - SECOND, Reason.NOT_YET_VALID),
        (begins, Reason.VALID_NOW),
        (begins + SECOND, Reason.VALID_NOW),
        (ends - SECOND, Reason.VALID_NOW),
        (ends, Reason.EXPIRED),
        (ends + SECOND, Reason.EXPIRED),
    ):
        check = verifier.verify(text, at=moment).check(Step.VALIDITY)
        assert check.code is code
        assert (check.outcome is Outcome.PASSED) is (code is Reason.VALID_NOW)


BAD_OPTIONS: dict[str, dict[str, Any]] = {
    "an end before the start": {"valid_until": NOW - 60 * DAY},
    "an end beyond the calendar": {"valid_until": datetime.max.replace(tzinfo=UTC)},
    "a start at the end of the calendar": {"valid_from": datetime.max.replace(tzinfo=UTC)},
    "an issue before 1970": {"at": datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)},
    "a status in clear text": {"status": StatusReference("http://health.example.org", 1)},
    "a status with a negative index": {"status": StatusReference("https://health.example.org", -1)},
    "a status with an index of 33 bits": {"status": StatusReference("https://health.example.org", 2**32)},
    "a status with a long address": {"status": StatusReference("https://" + "x" * 250, 1)},
    "a name that is not transliterated": {"holder": Holder(name="Müller<<Anna")},
    "an empty name": {"holder": Holder(name="")},
    "a name of 256 letters": {"holder": Holder(name_native="x" * 256)},
    "a name of 128 letters of two bytes": {"holder": Holder(name_native="é" * 128)},
    "a name with a line end": {"holder": Holder(name_native="Anna\n")},
    "half a surrogate pair": {"holder": Holder(name_native="\ud83d")},
    "a nationality of two letters": {"holder": Holder(nationality="UT")},
    "another sex": {"holder": Holder(sex="D")},
}


@pytest.mark.parametrize("options", BAD_OPTIONS.values(), ids=BAD_OPTIONS)
def test_what_no_reader_would_take_is_not_issued(options: dict[str, Any]) -> None:
    with pytest.raises(ClaimError) as refused:
        issued(**options)
    assert refused.value.code is Reason.CLAIMS_INVALID


@pytest.mark.parametrize(
    "claims",
    [
        {"target": None},
        {"target": "yellow fever"},
        {"date": PartialDate(2026)},
        {"date": PartialDate(2026, 3)},
        {"dose": Dose(0)},
        {"dose": Dose(1, 100)},
        {"country": "Utopia"},
        {"batch": ""},
        {"vaccine": VACCINATION.product},
        {"manufacturer": VACCINATION.product},
        {"product": replace(VACCINATION.product, system="WHO")},
        {"product": replace(VACCINATION.product, code="")},
    ],
)
def test_claims_that_the_profile_has_no_place_for_are_not_issued(claims: dict[str, Any]) -> None:
    with pytest.raises(ClaimError):
        issued(replace(VACCINATION, **claims))


def test_a_clearance_says_nothing_but_its_rule() -> None:
    for changes in ({"target": "1D47"}, {"country": "UTO"}, {"date": PartialDate(2026, 1, 1)}, {"rule": ""}):
        with pytest.raises(ClaimError):
            issued(replace(CLEARANCE, **changes))
    with pytest.raises(ClaimError):
        issued(CLEARANCE, holder=HOLDER)


@pytest.mark.parametrize(
    ("evidence", "options"),
    [
        (VACCINATION, {"document": DOCUMENT}),
        (VACCINATION, {"holder_key": None}),
        (VACCINATION, {"at": NOW.replace(tzinfo=None)}),
        (VACCINATION, {"valid_from": NOW.replace(tzinfo=None)}),
        (VACCINATION, {"valid_until": NOW.replace(tzinfo=None)}),
        (replace(VACCINATION, product="who-pq|yf-stamaril"), {}),
        (replace(VACCINATION, date="2026-03-14"), {}),
        (replace(VACCINATION, dose=[1, 1]), {}),
        (replace(TEST_RESULT, sampled_at=NOW.replace(tzinfo=None)), {}),
    ],
)
def test_misuse_is_an_error_of_the_programmer(evidence: Evidence, options: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError)):
        issued(evidence, **options)


@pytest.mark.parametrize("bad", ["", "health.example.org", "https://\n", "https://münster.example", "h:" + "x" * 254])
def test_an_issuer_is_named_by_a_uri(bad: str) -> None:
    with pytest.raises(ClaimError):
        Issuer(bad, signer=SoftwareSigner(holder_key()))
    Issuer("urn:x", signer=SoftwareSigner(holder_key()))


def test_an_issuer_signs_with_fully_specified_algorithms_alone() -> None:
    with pytest.raises(ValueError, match="ES256"):
        Issuer("urn:x", signer=SoftwareSigner(holder_key(), algorithm=ES256))
    with pytest.raises(KeyMaterialError):
        SoftwareSigner(holder_key(), algorithm=PS256)


@pytest.mark.parametrize("algorithm", ["ESP256", "ESP384", "Ed25519", "ML-DSA-44"])
def test_every_algorithm_issues_what_verifies(algorithm: str) -> None:
    world = World()
    other = world.authority(algorithm=algorithm)
    report = world.verify(other.issue(VACCINATION, holder_key=PrivateKey.generate().public).present())
    assert report.check(Step.SIGNATURE).outcome is Outcome.PASSED


def leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for entry in value.values() for leaf in leaves(entry)]
    return [leaf for item in value for leaf in leaves(item)] if isinstance(value, (list, tuple)) else [value]


def test_two_credentials_with_equal_claims_share_only_what_is_always_shown() -> None:
    """The key of a holder is the holder's to change; a document is bound to under a fresh salt."""
    parts = [cbor2.loads(HOME.issue_vaccination(status=STATUS).encoded).value for _ in range(2)]
    one, other = (cbor2.loads(part[2]) for part in parts)
    always_shown = {1, 4, 5, 6, 11, 65535}
    assert {name for name in one if one[name] == other[name]} == always_shown
    assert {name for name in one[-65537] if one[-65537][name] == other[-65537][name]} == {0, 1}
    bytes_of = [{leaf for leaf in leaves(claims) if isinstance(leaf, bytes)} for claims in (one, other)]
    assert not bytes_of[0] & bytes_of[1]
    assert len(bytes_of[0]) == 6  # three hashes of the event, one of the holder, salt and tag of the binding
    shown = [{cbor2.loads(encoded)[0] for encoded in part[1][17]} for part in parts]
    assert not shown[0] & shown[1]
    assert parts[0][3] != parts[1][3]


def test_no_repr_of_issuer_or_credential_shows_a_claim() -> None:
    held = HOME.issue_vaccination()
    for shown in (repr(HOME.issuer), repr(held), repr(held.credential), repr(held.credential.evidence)):
        for secret in ("ERIKSSON", "Anna", "1974", "L898902C3", "AB123", "stamaril", "2026-03-14"):
            assert secret not in shown


def test_the_profile_names_each_claim_once() -> None:
    assert len(set(profile.PATHS.values())) == len(profile.PATHS)
    read = PratiqueEnvelope(HOME.issue_vaccination().encoded).read()
    named = {f"event.{name}" for name, _ in read.evidence[0].known()} | {f"holder.{name}" for name, _ in HOLDER.known()}
    assert named - {"event.target"} <= profile.PATHS.keys()
