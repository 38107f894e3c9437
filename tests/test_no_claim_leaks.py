"""No claim gets into a record, a message, a `repr`, a sentence or a log, whatever the verification comes to.

Every claim of a random credential is a word that stands nowhere else, so that finding it anywhere is a leak.
"""

from __future__ import annotations

import json
import logging
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from authority import DOCUMENT, NOW, OTHER_DOCUMENT, DccState, World, dcc_test, holder_key
from pratique.codec.cbor import Tag
from pratique.errors import ClaimError, PratiqueError
from pratique.model import Dose, Evidence, Exemption, Holder, Prophylaxis, Recovery, TestResult, Vaccination
from pratique.model.codes import Coding
from pratique.model.dates import PartialDate, to_days
from pratique.mrz import parse_mrz, td3
from pratique.present import HeldCredential
from pratique.qr import text as qr_text
from pratique.report import Outcome, RefusedError, Report, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.issue import Issuer
    from pratique.mrz import TravelDocument

SHORT = 3  # characters that are found anywhere by chance
EXAMPLES = 250  # credentials for each of the two formats, each verified in several ways: some thousands in all

WORDS = st.text("QXZJKV", min_size=9, max_size=20)
TEXTS = st.tuples(WORDS, st.text("qxzjkv é'", min_size=2, max_size=9)).map("".join)
DAYS = st.dates(date(2001, 2, 1), date(2019, 11, 30)).map(PartialDate.from_date)
BIRTHS = st.dates(date(1930, 2, 1), date(1999, 11, 30)).map(PartialDate.from_date)
CODES = st.builds(Coding, st.sampled_from(["who-pq", "atc", "loinc"]), WORDS)
COUNTRIES = st.text("QXZJ", min_size=3, max_size=3)


def some(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


COMMON = {
    "target": st.sampled_from(["1D47", "1C81", "RA01"]),
    "date": some(DAYS),
    "country": some(COUNTRIES),
    "centre": some(TEXTS),
    "practitioner": some(TEXTS),
    "authority": some(TEXTS),
}
MEDICINE = {"product": some(CODES), "dose": some(st.builds(Dose, st.integers(1, 99))), "batch": some(WORDS)}
EVIDENCE: st.SearchStrategy[Evidence] = st.one_of(
    st.builds(Vaccination, **COMMON, **MEDICINE),
    st.builds(Prophylaxis, **COMMON, **MEDICINE),
    st.builds(
        TestResult,
        **COMMON,
        test_method=some(CODES),
        test_result=some(CODES),
        sampled_at=some(st.datetimes(datetime(2001, 1, 1), datetime(2019, 1, 1), timezones=st.just(UTC))),  # noqa: DTZ001
    ),
    st.builds(Recovery, **COMMON),
    st.builds(Exemption, **COMMON),
)
HOLDERS = st.builds(
    Holder,
    name=some(st.tuples(WORDS, WORDS).map("<<".join)),
    name_native=some(TEXTS),
    birth_date=some(BIRTHS),
    sex=some(st.sampled_from("FMX")),
    nationality=some(COUNTRIES),
    document_number=some(WORDS),
    national_id=some(TEXTS),
    guardian=some(TEXTS),
)


def tokens(value: Any) -> Iterator[str]:
    """Yield every way in which a claim could be written out; single letters and small numbers are everywhere anyway."""
    if isinstance(value, (Evidence, Holder)):
        value = {name: entry for name, entry in value.known() if name not in ("target", "sex", "dose")}
    if isinstance(value, (dict, list)):
        for entry in value.values() if isinstance(value, dict) else value:
            yield from tokens(entry)
    elif isinstance(value, PartialDate):
        yield from (str(value), value.earliest.strftime("%y%m%d"))
        if len(days := str(to_days(value.earliest))) > SHORT:  # days around the start of 1970 are small numbers
            yield days
    elif isinstance(value, datetime):
        yield from (value.isoformat()[:13], str(int(value.timestamp())))
    elif isinstance(value, Coding):
        yield value.code
    elif isinstance(value, str):
        yield from (value, *(part for part in value.split("<<") if len(part) > SHORT))


def sayings(report: Report) -> Iterator[tuple[str, str]]:
    """Yield all that a report and what hangs on it say of themselves."""
    yield "record", json.dumps(report.record(), ensure_ascii=False)
    yield "repr", repr(report)
    yield "str", str(report)
    yield "format", f"{report}"
    yield "explain", report.explain()
    yield "for_traveller", report.for_traveller()
    yield "checks", repr(report.checks)
    yield "sentences", " ".join(check.sentence for check in report.checks)
    credential = report.credential
    if credential is not None:
        for name in ("evidence", "holder", "binding", "status", "issuer", "validity"):
            yield name, repr(getattr(credential, name))
        yield "credential", repr(credential) + str(credential)
    if report.verdict is not Verdict.ACCEPT:
        with pytest.raises(RefusedError) as raised:
            report.raise_for_refusal()
        yield from errors(raised.value)


def errors(error: BaseException | None) -> Iterator[tuple[str, str]]:
    """Yield what an exception says, and those behind it, shown or not."""
    while error is not None:
        yield "exception", f"{error} {error!r} {error.args!r} {getattr(error, 'hint', '')}"
        error = error.__cause__


def assert_silent(claims: set[str], said: Iterator[tuple[str, str]]) -> None:
    for where, text in said:
        found = [claim for claim in claims if claim in text]
        assert not found, (where, found, text)


@pytest.fixture(autouse=True)
def silence(capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nothing is printed or logged in any test of this module, at any level; warnings are errors everywhere."""
    caplog.set_level(logging.DEBUG)
    yield
    assert capfd.readouterr() == ("", "")
    assert caplog.get_records("call") == []


@pytest.fixture(scope="module")
def world() -> World:
    world = World()
    world.trusted.append(DccState(world.clock).entry())
    return world


MODEST = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@MODEST
@given(evidence=EVIDENCE, holder=HOLDERS, data=st.data())
def test_nothing_says_a_claim_of_a_pratique_credential(
    world: World, evidence: Evidence, holder: Holder, data: st.DataObject
) -> None:
    held = world.home.issue(
        evidence, holder=holder, holder_key=holder_key().public, valid_from=NOW, valid_until=NOW + timedelta(days=40)
    )
    claims = {*tokens(evidence), *tokens(holder), held.credential.number or "?"}
    shown = data.draw(st.sets(st.sampled_from(held.disclosable))) if held.disclosable else set()
    assert_silent(claims, iter([("held", f"{held!r} {held}")]))
    verifier = world.verifier()
    for text in (held.present(disclose=held.disclosable), held.present(disclose=shown)):
        forged = bytearray(qr_text.decode(text))
        forged[-1] ^= 1
        reports = [
            verifier.verify(text, at=NOW, document=DOCUMENT),
            verifier.verify(text, at=NOW, compared_by_eye=True),
            verifier.verify(text, at=NOW + timedelta(days=400)),
            verifier.verify(qr_text.encode(bytes(forged)), at=NOW),
        ]
        for report in reports:
            assert_silent(claims, sayings(report))


TIMES = st.datetimes(datetime(2001, 1, 1), datetime(2019, 1, 1)).map(datetime.isoformat)  # noqa: DTZ001
MEMBERS = {
    "v": ["tg", "vp", "mp", "ma", "dn", "sd", "dt", "co", "is", "ci"],
    "t": ["tg", "tt", "nm", "ma", "sc", "tr", "tc", "co", "is", "ci"],
    "r": ["tg", "fr", "co", "is", "df", "du", "ci"],
}
ODD = WORDS | TEXTS | TIMES | st.lists(WORDS, max_size=2) | st.dictionaries(WORDS, WORDS, max_size=2)


@st.composite
def payloads(draw: st.DrawFn) -> dict[str, Any]:
    """Draw the payload of an EU DCC in which every member is a marked word, of a form that fits or does not."""
    group = draw(st.sampled_from("vtr"))
    entry = draw(st.fixed_dictionaries({}, optional=dict.fromkeys(MEMBERS[group], ODD)))
    names = draw(st.fixed_dictionaries({}, optional=dict.fromkeys(("fn", "gn", "fnt", "gnt"), ODD)))
    birth = draw(BIRTHS.map(str) | ODD)
    return {"ver": "1.3.0", "nam": names, "dob": birth, group: [entry]}


@MODEST
@given(payload=payloads(), document=st.sampled_from([None, DOCUMENT, OTHER_DOCUMENT]))
def test_nothing_says_a_claim_of_an_eu_certificate(
    world: World, payload: dict[str, Any], document: TravelDocument | None
) -> None:
    claims = set(tokens(payload)) - {"1.3.0", ""}
    text = DccState(world.clock).sign(payload)
    verifier = world.verifier()
    for report in (
        verifier.verify(text, at=NOW, document=document),
        verifier.verify(text, at=NOW, compared_by_eye=True),
        verifier.verify(text, at=NOW + timedelta(days=700)),
        verifier.verify(text[:-9], at=NOW),
    ):
        assert_silent(claims, sayings(report))


@pytest.mark.parametrize("sc", [Tag(0, "ZZQX-marked"), Tag(1, 987654321), "ZZQX-marked", 987654321])
def test_time_of_a_test_that_cannot_be_read_is_not_quoted(world: World, sc: object) -> None:
    report = world.verify(DccState(world.clock).sign(dcc_test(sc=sc)))
    assert_silent({"ZZQX-marked", "987654321"}, sayings(report))


@MODEST
@given(evidence=EVIDENCE, holder=HOLDERS, data=st.data())
def test_claim_that_cannot_be_issued_is_not_quoted(
    world: World, evidence: Evidence, holder: Holder, data: st.DataObject
) -> None:
    """One claim is put out of its form; the message names the claim and not its value."""
    of = data.draw(st.sampled_from([evidence, holder]))
    name = data.draw(st.sampled_from([field.name for field in fields(of)]))
    broken = data.draw(st.sampled_from(["marked\x00QQZZ", "marked" * 100, "märkedQQZZ", "\ud800marked", "markedQQZZ "]))
    changed = type(of)(**{**dict(of.known()), name: broken})
    issuer: Issuer = world.home.issuer
    try:
        held = issuer.issue(
            changed if of is evidence else evidence,  # type: ignore[arg-type]
            holder=changed if of is holder else holder,  # type: ignore[arg-type]
            holder_key=holder_key().public,
            at=NOW,
        )
    except (ClaimError, TypeError) as error:
        assert_silent({"marked", "märked", *tokens(evidence), *tokens(holder)}, errors(error))
    else:  # free text that is in order
        assert isinstance(held, HeldCredential)


@pytest.mark.parametrize("document", [DOCUMENT, OTHER_DOCUMENT])
def test_nothing_says_what_the_travel_document_says(world: World, document: TravelDocument) -> None:
    text = world.home.issue_vaccination().present()
    report = world.verify(text, document=document)
    expected = Outcome.PASSED if document is DOCUMENT else Outcome.FAILED
    assert report.checks[8].outcome is expected
    secrets = {document.document_number, document.surname, document.given_names, "740812", "1974", "810130", "1981"}
    assert_silent(secrets, sayings(report))
    assert_silent(secrets, iter([("document", f"{document!r} {document}")]))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 87), character=st.sampled_from("0123456789ABCXYZ<"))
def test_zone_that_cannot_be_read_is_not_quoted(at: int, character: str) -> None:
    zone = td3(
        issuing_state="UTO",
        surname="QUIXOTE",
        given_names="ZARA",
        document_number="XK7730177",
        nationality="UTO",
        birth_date=date(1974, 8, 12),
        sex="F",
        expiry_date=date(2032, 4, 15),
    ).replace("\n", "")
    try:
        parse_mrz(zone[:at] + character + zone[at + 1 :], today=NOW.date())
    except PratiqueError as error:
        assert_silent({"QUIXOTE", "ZARA", "XK7730177", "740812", "320415"}, errors(error))


def test_record_has_these_members_and_no_others(world: World) -> None:
    report = world.verify(DccState(world.clock).sign({"ver": "1.3.0"}))
    assert report.record().keys() == {"verdict", "format", "codes", "trust_lists", "hour"}
    assert report.record()["hour"] == "2026-11-23T12:00:00Z"


def test_time_is_kept_to_the_hour_alone(world: World) -> None:
    report = world.verify("", at=datetime(2026, 11, 23, 12, 34, 56, 789, tzinfo=UTC))
    assert report.record()["hour"] == "2026-11-23T12:00:00Z"
