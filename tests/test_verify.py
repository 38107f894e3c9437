"""The ceremony: each step fails alone, in its order, with its code, and no later step rescues an earlier one."""

from __future__ import annotations

import hashlib
import threading
import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authority import (
    DOCUMENT,
    NOW,
    STATUS,
    DccState,
    World,
    base45,
    dcc_vaccination,
    key_entry,
    sign_dcc,
)
from crafting import held, resigned, shown, signed, verify
from pratique.codec import cbor
from pratique.cose import algorithms
from pratique.cose.keys import PrivateKey
from pratique.errors import DisclosureError
from pratique.formats.pratique import PratiqueEnvelope
from pratique.qr import text as qr_text
from pratique.reasons import Reason
from pratique.report import Outcome, RefusedError, Report, Step, Verdict
from pratique.sdcwt import disclosed
from pratique.sdcwt.labels import REDACTED_KEYS
from pratique.trust import TrustStore
from pratique.verify import CLOCK_SKEW, Verifier

if TYPE_CHECKING:
    from collections.abc import Callable

SECOND = timedelta(seconds=1)
FIRST_OF_MONTH = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.fixture(scope="module")
def text(world: World) -> str:
    return shown(world)


def outcomes(report: Report) -> dict[Step, Outcome]:
    return {check.step: check.outcome for check in report.checks}


def flipped(text: str) -> str:
    """Return a credential with one bit of its signature changed, everything else as it was."""
    data = bytearray(qr_text.decode(text))
    data[-1] ^= 1
    return qr_text.encode(bytes(data))


# One case for each step


def test_credential_in_order_passes_every_step_that_applies(world: World, text: str) -> None:
    report = verify(world, text)
    assert report.verdict is Verdict.ACCEPT
    assert outcomes(report) == {
        **dict.fromkeys(Step, Outcome.PASSED),
        Step.STATUS: Outcome.NOT_CHECKED,
        Step.RULES: Outcome.NOT_CHECKED,
    }
    assert report.credential is not None
    assert report.issuer is not None
    assert report.raise_for_refusal() is report.credential


def unread(_: World, text: str) -> str:
    return text.replace("PQ1:", "PQ2:")


def undecodable(_: World, text: str) -> str:
    return text[:-1] + "?"


def of_an_unknown_key(world: World, _: str) -> str:
    return resigned(held(world), PrivateKey.generate())


def forged(_: World, text: str) -> str:
    return flipped(text)


def with_a_disclosure_too_many(world: World, _: str) -> str:
    stray = cbor.encode([bytes(16), "ERIKSSON<<BRITTA", 1])
    return resigned(held(world), world.home.keys[-1], disclosures=[stray])


def expired(world: World, _: str) -> str:
    return shown(world, valid_until=FIRST_OF_MONTH)


def of_another_issuer(world: World, _: str) -> str:
    return resigned(held(world), world.home.keys[-1], claims={1: "https://elsewhere.example.org"})


def with_a_status(world: World, _: str) -> str:
    return shown(world, status=STATUS)


def of_another_person(world: World, _: str) -> str:
    other = replace(held(world).credential.holder, name="SPECIMEN<<OTTO")  # type: ignore[type-var]
    return shown(world, holder=other)


FAILING: dict[str, tuple[Callable[[World, str], str], Step, Outcome, Reason, timedelta]] = {
    "read": (unread, Step.READ, Outcome.FAILED, Reason.FORMAT_UNKNOWN, timedelta()),
    "decode": (undecodable, Step.DECODE, Outcome.FAILED, Reason.BASE45_INVALID, timedelta()),
    "trust": (of_an_unknown_key, Step.TRUST, Outcome.FAILED, Reason.KEY_UNKNOWN, timedelta()),
    "signature": (forged, Step.SIGNATURE, Outcome.FAILED, Reason.SIGNATURE_INVALID, timedelta()),
    "disclosures": (
        with_a_disclosure_too_many,
        Step.DISCLOSURES,
        Outcome.FAILED,
        Reason.DISCLOSURE_UNMATCHED,
        timedelta(),
    ),
    "validity": (expired, Step.VALIDITY, Outcome.FAILED, Reason.EXPIRED, timedelta(days=9)),
    "issuer": (of_another_issuer, Step.ISSUER, Outcome.FAILED, Reason.ISSUER_MISMATCH, timedelta()),
    "status": (with_a_status, Step.STATUS, Outcome.INCONCLUSIVE, Reason.STATUS_UNAVAILABLE, timedelta()),
    "binding": (of_another_person, Step.BINDING, Outcome.FAILED, Reason.HOLDER_MISMATCH, timedelta()),
}
PROVING = (Step.READ, Step.DECODE, Step.TRUST, Step.SIGNATURE, Step.DISCLOSURES)


@pytest.mark.parametrize("case", FAILING)
def test_step_fails_alone_with_its_code(world: World, text: str, case: str) -> None:
    make, step, outcome, code, later = FAILING[case]
    report = verify(world, make(world, text), at=NOW + later)
    assert (report.check(step).outcome, report.check(step).code) == (outcome, code)
    assert [check.step for check in report.checks] == list(Step)
    standing = {one for one, found in outcomes(report).items() if found in (Outcome.FAILED, Outcome.INCONCLUSIVE)}
    assert standing == {step}
    assert report.decisive is report.check(step)
    assert report.verdict is (Verdict.REJECT if outcome is Outcome.FAILED else Verdict.REFER)


@pytest.mark.parametrize("case", FAILING)
def test_steps_after_one_that_cannot_be_done_without_are_not_reached(world: World, text: str, case: str) -> None:
    make, step, _, _, later = FAILING[case]
    report = verify(world, make(world, text), at=NOW + later)
    after = report.checks[list(Step).index(step) + 1 :]
    if step in PROVING:
        assert {(check.outcome, check.code) for check in after} == {(Outcome.NOT_CHECKED, Reason.NOT_REACHED)}
        assert report.credential is None
    else:
        assert Reason.NOT_REACHED not in {check.code for check in after}
        assert report.credential is not None


@pytest.mark.parametrize("case", FAILING)
def test_refusal_is_raised_for_those_who_prefer_exceptions(world: World, text: str, case: str) -> None:
    make, _, _, code, later = FAILING[case]
    report = verify(world, make(world, text), at=NOW + later)
    with pytest.raises(RefusedError) as raised:
        report.raise_for_refusal()
    assert raised.value.code is code
    assert raised.value.report is report


def test_everything_wrong_after_the_proof_is_reported_at_once(world: World) -> None:
    wrong = shown(world, valid_until=FIRST_OF_MONTH, status=STATUS)
    report = World.verify(world, wrong, at=NOW + timedelta(days=9))  # no document
    assert report.check(Step.VALIDITY).code is Reason.EXPIRED
    assert report.check(Step.STATUS).code is Reason.STATUS_UNAVAILABLE
    assert report.check(Step.BINDING).code is Reason.COMPARE_BY_EYE
    assert report.verdict is Verdict.REJECT


def test_broken_content_under_a_genuine_signature_fails_to_decode(world: World) -> None:
    report = verify(world, resigned(held(world), world.home.keys[-1], claims={11: "pratique/2"}))
    assert report.check(Step.DECODE).outcome is Outcome.FAILED
    assert report.check(Step.SIGNATURE).outcome is Outcome.PASSED
    assert report.check(Step.DISCLOSURES).code is Reason.NOT_REACHED
    assert report.credential is None


# What nobody trusts is refused


def test_empty_store_refuses_everything(text: str) -> None:
    report = Verifier(TrustStore()).verify(text, at=NOW, document=DOCUMENT)
    assert report.decisive.code is Reason.KEY_UNKNOWN


def test_no_acceptance_is_no_trust(text: str, world: World) -> None:
    store = TrustStore(world.store.lists)
    report = Verifier(store).verify(text, at=NOW, document=DOCUMENT)
    assert report.decisive.code is Reason.ISSUER_NOT_ACCEPTED
    assert report.verdict is Verdict.REJECT


# Headers


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"protected": {16: 294}}, Reason.COSE_MALFORMED),
        ({"protected": {16: None}}, Reason.COSE_MALFORMED),
        ({"protected": {16: "application/sd-cwt"}}, Reason.COSE_MALFORMED),
        ({"protected": {2: [99], 99: 1}}, Reason.COSE_CRITICAL),
        ({"protected": {2: [4]}}, Reason.COSE_MALFORMED),
        ({"protected": {3: "text/plain"}}, Reason.COSE_MALFORMED),
        ({"protected": {4: b"short"}}, Reason.COSE_MALFORMED),
        ({"protected": {4: None}}, Reason.COSE_MALFORMED),
        ({"unprotected": {33: b"x5chain"}}, Reason.COSE_MALFORMED),
        ({"unprotected": {17: []}}, Reason.COSE_MALFORMED),
        ({"unprotected": {17: ["text"]}}, Reason.COSE_MALFORMED),
        ({"unprotected": {171: []}}, Reason.FORMAT_UNSUPPORTED),
    ],
    ids=repr,
)
def test_headers_other_than_the_profiles_are_refused(world: World, headers: dict[str, Any], code: Reason) -> None:
    report = verify(world, resigned(held(world), world.home.keys[-1], **headers))
    assert report.check(Step.DECODE).code is code
    assert report.verdict is Verdict.REJECT


def test_algorithm_that_only_the_unprotected_header_names_does_not_count(world: World) -> None:
    key = world.home.keys[-1]
    payload = cbor.encode(PratiqueEnvelope(held(world).encoded).claims())
    protected = {4: key.public.key_id, 16: 293}
    message = cbor.encode(["Signature1", cbor.encode(protected), b"", payload])
    signature = key.sign(key.public.default_algorithm, message)
    data = b"\xd2" + cbor.encode([cbor.encode(protected), {1: -9}, payload, signature])
    report = verify(world, qr_text.encode(data))
    assert report.check(Step.DECODE).outcome is Outcome.FAILED


# Keys of one format are none of another


def test_key_for_eu_certificates_does_not_verify_a_pratique_credential() -> None:
    world = World()
    world.home.entry["keys"][0]["formats"] = ["eu-dcc"]
    assert verify(world, shown(world)).decisive.code is Reason.KEY_UNKNOWN


def test_key_for_pratique_credentials_does_not_verify_an_eu_certificate() -> None:
    world = World()
    state = DccState(world.clock)
    world.trusted.append(state.entry(formats=["pratique"]))
    assert world.verify(state.sign(dcc_vaccination())).decisive.code is Reason.KEY_UNKNOWN


def test_credential_wrapped_as_an_eu_certificate_is_not_taken_for_one() -> None:
    world = World()
    entry = world.home.entry["keys"][0]
    entry["formats"] = ["pratique", "eu-dcc"]
    data = qr_text.decode(shown(world))
    report = verify(world, "HC1:" + base45(zlib.compress(data)))
    assert report.verdict is Verdict.REJECT
    assert report.check(Step.DECODE).outcome is Outcome.FAILED


# Colliding key identifiers


def colliding_world() -> tuple[World, PrivateKey]:
    """Return a world in which another issuer's key, listed first, has the identifier of the home authority's."""
    world = World()
    other = PrivateKey.generate()
    entry = key_entry(other.public, clock=world.clock, formats=["pratique"], key_id=world.home.keys[0].public.key_id)
    world.trusted.insert(0, {"id": "https://first.example.org", "country": "RUR", "keys": [entry]})
    return world, other


def test_right_key_is_found_among_colliding_identifiers() -> None:
    world, _ = colliding_world()
    report = verify(world, shown(world))
    assert report.verdict is Verdict.ACCEPT
    assert report.issuer is not None
    assert report.issuer.id == world.home.id


def test_key_with_a_colliding_identifier_cannot_sign_in_the_name_of_the_other_issuer() -> None:
    world, other = colliding_world()
    forged = resigned(held(world), other, protected={4: world.home.keys[0].public.key_id})
    assert verify(world, forged).decisive.code is Reason.ISSUER_MISMATCH


def test_signature_that_no_colliding_key_verifies_is_invalid() -> None:
    world, _ = colliding_world()
    assert verify(world, flipped(shown(world))).decisive.code is Reason.SIGNATURE_INVALID


BROKEN = (
    {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
    {"kty": "EC", "crv": "P-256"},
    {"kty": "oct", "k": "AA"},
    {"kty": "OKP", "crv": "Ed448", "x": "AA"},
    {},
)


@pytest.mark.parametrize("jwk", BROKEN, ids=repr)
def test_broken_key_among_the_candidates_does_not_take_the_good_one_down(jwk: dict[str, str]) -> None:
    world = World()
    good = world.home.entry["keys"][0]
    world.home.entry["keys"].insert(0, {**good, "public_key": jwk})
    assert verify(world, shown(world)).verdict is Verdict.ACCEPT
    assert verify(world, flipped(shown(world))).decisive.code is Reason.SIGNATURE_INVALID


def test_broken_key_alone_is_named_as_such_or_not_listed() -> None:
    world = World()
    world.home.entry["keys"][0]["public_key"] = BROKEN[0]
    report = verify(world, shown(world))
    assert report.verdict is Verdict.REJECT
    assert report.decisive.code in (Reason.KEY_MALFORMED, Reason.KEY_UNKNOWN)


def test_key_of_another_type_under_the_identifier_is_unsuitable() -> None:
    world = World()
    identifier = world.home.keys[0].public.key_id
    other = PrivateKey.generate("Ed25519")
    world.home.entry["keys"] = [key_entry(other.public, clock=world.clock, formats=["pratique"], key_id=identifier)]
    assert verify(world, shown(world)).decisive.code is Reason.KEY_UNSUITABLE


# One key, listed for two issuers


def dcc_world(*entries: dict[str, Any], acceptance: dict[str, Any] | None = None) -> World:
    world = World()
    world.trusted += entries
    world.acceptance = acceptance or world.acceptance
    return world


def test_one_entitled_issuer_of_a_shared_key_is_enough() -> None:
    state = DccState(World().clock)
    tests_only, other = state.entry(scope={"kinds": ["test"]}), {**state.entry(), "id": "other"}
    world = dcc_world(tests_only, other)
    report = world.verify(state.sign(dcc_vaccination()), compared_by_eye=True)
    assert report.verdict is Verdict.ACCEPT
    assert report.issuer is not None
    assert report.issuer.id == "other"


def test_issuer_that_is_refused_by_name_spoils_a_shared_key() -> None:
    state = DccState(World().clock)
    world = dcc_world(
        {**state.entry(), "id": "good"},
        {**state.entry(), "id": "bad"},
        acceptance={"accept": [{}], "deny": [{"issuers": ["bad"]}]},
    )
    assert world.verify(state.sign(dcc_vaccination())).decisive.code is Reason.ISSUER_DENIED


def test_refusal_of_the_stated_issuer_is_reported_before_a_mismatch_of_another() -> None:
    world = World(acceptance={"accept": [{"countries": ["RUR"]}]})
    entry = dict(world.home.entry["keys"][0])
    world.trusted.insert(0, {"id": "https://first.example.org", "country": "RUR", "keys": [entry]})
    report = verify(world, shown(world))
    assert report.decisive.code is Reason.ISSUER_NOT_ACCEPTED
    assert report.issuer is not None
    assert report.issuer.id == world.home.id


# The issuer's country


def country_check(iss: str | None, country: str = "AUT") -> tuple[Outcome, Reason, Verdict]:
    state = DccState(World().clock, country=country, iss=iss)
    world = dcc_world(state.entry())
    report = world.verify(state.sign(dcc_vaccination()), compared_by_eye=True)
    check = report.check(Step.ISSUER)
    return check.outcome, check.code, report.verdict


def test_country_that_is_the_keys_passes() -> None:
    assert country_check("AT") == (Outcome.PASSED, Reason.ISSUER_ENTITLED, Verdict.ACCEPT)


def test_country_that_is_not_stated_passes() -> None:
    assert country_check(None) == (Outcome.PASSED, Reason.ISSUER_ENTITLED, Verdict.ACCEPT)


def test_issuer_name_that_is_no_country_passes() -> None:
    ministry = "Ministry of IDPs from the occupied territories, Labour, Health and SA of Georgia"
    assert country_check(ministry, "GEO") == (Outcome.PASSED, Reason.ISSUER_ENTITLED, Verdict.ACCEPT)


def test_country_other_than_the_keys_is_for_a_person_to_look_at() -> None:
    assert country_check("NL") == (Outcome.INCONCLUSIVE, Reason.ISSUER_MISMATCH, Verdict.REFER)


def test_both_countries_are_named_where_they_differ() -> None:
    state = DccState(World().clock, iss="NL")
    world = dcc_world(state.entry())
    detail = world.verify(state.sign(dcc_vaccination())).check(Step.ISSUER).detail
    assert "NLD" in detail
    assert "AUT" in detail


def test_other_country_does_not_hide_that_the_issuer_is_not_accepted() -> None:
    state = DccState(World().clock, iss="NL")
    world = dcc_world(state.entry(), acceptance={"accept": [{"countries": ["NLD"]}]})
    assert world.verify(state.sign(dcc_vaccination())).decisive.code is Reason.ISSUER_NOT_ACCEPTED


# Scope and acceptance


@pytest.mark.parametrize("where", ["key", "issuer"])
@pytest.mark.parametrize(
    ("scope", "covered"),
    [
        ({}, True),
        ({"kinds": ["vaccination"]}, True),
        ({"kinds": ["vaccination"], "targets": ["1D47"]}, True),
        ({"kinds": ["test", "recovery"]}, False),
        ({"targets": ["RA01"]}, False),
        ({"kinds": ["vaccination"], "targets": ["RA01"]}, False),
        ({"kinds": ["test"], "targets": ["1D47"]}, False),
    ],
    ids=repr,
)
def test_scope_limits_kinds_and_targets(where: str, scope: dict[str, list[str]], covered: bool) -> None:  # noqa: FBT001
    world = World()
    holder = world.home.entry["keys"][0] if where == "key" else world.home.entry
    holder["scope"] = scope
    code = verify(world, shown(world)).check(Step.ISSUER).code
    refused = Reason.KEY_SCOPE if where == "key" else Reason.ISSUER_SCOPE
    assert code is (Reason.ISSUER_ENTITLED if covered else refused)


@pytest.mark.parametrize("tg", ["840539007", "", "999", None, 840539006])
def test_unknown_disease_is_in_no_target_scope(tg: object) -> None:
    state = DccState(World().clock)
    world = dcc_world(state.entry(scope={"targets": ["RA01"]}))
    assert world.verify(state.sign(dcc_vaccination())).check(Step.ISSUER).outcome is Outcome.PASSED
    assert world.verify(state.sign(dcc_vaccination(tg=tg))).check(Step.ISSUER).code is Reason.KEY_SCOPE


@pytest.mark.parametrize("tg", ["840539007", "", None])
def test_unknown_disease_is_in_no_accepted_target(tg: str | None) -> None:
    state = DccState(World().clock)
    world = dcc_world(state.entry(), acceptance={"accept": [{"targets": ["RA01"]}]})
    assert world.verify(state.sign(dcc_vaccination(tg=tg))).check(Step.ISSUER).code is Reason.ISSUER_SCOPE


ACCEPTANCES: dict[str, tuple[dict[str, Any], Reason]] = {
    "empty": ({}, Reason.ISSUER_NOT_ACCEPTED),
    "deny alone": ({"deny": [{"countries": ["XXA"]}]}, Reason.ISSUER_NOT_ACCEPTED),
    "all": ({"accept": [{}]}, Reason.ISSUER_ENTITLED),
    "country": ({"accept": [{"countries": ["UTO"]}]}, Reason.ISSUER_ENTITLED),
    "other country": ({"accept": [{"countries": ["RUR"]}]}, Reason.ISSUER_NOT_ACCEPTED),
    "list": ({"accept": [{"lists": ["world"]}]}, Reason.ISSUER_ENTITLED),
    "other list": ({"accept": [{"lists": ["worlds"]}]}, Reason.ISSUER_NOT_ACCEPTED),
    "issuer": ({"accept": [{"issuers": ["https://health.example.org"]}]}, Reason.ISSUER_ENTITLED),
    "other issuer": ({"accept": [{"issuers": ["https://health.example.org/"]}]}, Reason.ISSUER_NOT_ACCEPTED),
    "format": ({"accept": [{"formats": ["pratique"]}]}, Reason.ISSUER_ENTITLED),
    "other format": ({"accept": [{"formats": ["eu-dcc"]}]}, Reason.ISSUER_NOT_ACCEPTED),
    "kind": ({"accept": [{"kinds": ["vaccination"]}]}, Reason.ISSUER_ENTITLED),
    "other kind": ({"accept": [{"kinds": ["test"]}]}, Reason.ISSUER_SCOPE),
    "target": ({"accept": [{"targets": ["1D47"]}]}, Reason.ISSUER_ENTITLED),
    "other target": ({"accept": [{"targets": ["RA01"]}]}, Reason.ISSUER_SCOPE),
    "conditions of two lines do not add up": (
        {"accept": [{"kinds": ["vaccination"], "targets": ["RA01"]}, {"kinds": ["test"], "targets": ["1D47"]}]},
        Reason.ISSUER_SCOPE,
    ),
    "deny wins": ({"accept": [{}], "deny": [{"countries": ["UTO"]}]}, Reason.ISSUER_DENIED),
    "deny wins over a closer line": (
        {"accept": [{"issuers": ["https://health.example.org"], "kinds": ["vaccination"]}], "deny": [{}]},
        Reason.ISSUER_DENIED,
    ),
    "deny of something else": ({"accept": [{}], "deny": [{"kinds": ["test"]}]}, Reason.ISSUER_ENTITLED),
}


@pytest.mark.parametrize("case", ACCEPTANCES)
def test_acceptance_decides(text: str, world: World, case: str) -> None:
    document, code = ACCEPTANCES[case]
    varied = World(acceptance=document)
    varied.trusted[:] = world.trusted
    assert verify(varied, text).check(Step.ISSUER).code is code


@pytest.mark.parametrize(
    ("at", "code"),
    [
        (datetime(2026, 11, 21, 23, 59, 59, tzinfo=UTC), Reason.ISSUER_SCOPE),
        (datetime(2026, 11, 22, 0, 0, 0, tzinfo=UTC), Reason.ISSUER_ENTITLED),
        (datetime(2026, 11, 24, 23, 59, 59, tzinfo=UTC), Reason.ISSUER_ENTITLED),
        (datetime(2026, 11, 25, 0, 0, 0, tzinfo=UTC), Reason.ISSUER_SCOPE),
    ],
)
@pytest.mark.parametrize("skew", [timedelta(), timedelta(hours=3)])
def test_acceptance_holds_from_its_first_day_until_its_last_whatever_the_skew(
    text: str, world: World, at: datetime, code: Reason, skew: timedelta
) -> None:
    varied = World(acceptance={"accept": [{"from": "2026-11-22", "until": "2026-11-25"}]})
    varied.trusted[:] = world.trusted
    report = varied.verifier(clock_skew=skew).verify(text, at=at, document=DOCUMENT)
    assert report.check(Step.ISSUER).code is code


def test_credential_without_a_fact_is_not_accepted_for_want_of_a_question(monkeypatch: pytest.MonkeyPatch) -> None:
    """No reader makes such a credential; one that did must not slip past scope and acceptance."""
    state = DccState(World().clock)
    world = dcc_world(state.entry(), acceptance={})
    monkeypatch.setattr("pratique.formats.dcc.Dcc.kinds", lambda _: ())
    assert world.verify(state.sign(dcc_vaccination())).check(Step.ISSUER).code is Reason.NO_FACT


def test_dates_of_acceptance_are_days_in_utc(text: str, world: World) -> None:
    varied = World(acceptance={"accept": [{"from": "2026-11-24"}]})
    varied.trusted[:] = world.trusted
    tokyo = timezone(timedelta(hours=9))
    at = datetime(2026, 11, 24, 8, 59, 59, tzinfo=tokyo)  # 23:59:59 of the day before in UTC
    assert varied.verify(text, at=at).check(Step.ISSUER).code is Reason.ISSUER_SCOPE
    assert varied.verify(text, at=at + SECOND).check(Step.ISSUER).code is Reason.ISSUER_ENTITLED


# Times, one second before, at and after


SKEWS = [timedelta(), CLOCK_SKEW]
AROUND = (-SECOND, timedelta(), SECOND)


@pytest.mark.parametrize("skew", SKEWS)
def test_start_itself_is_inside(world: World, skew: timedelta) -> None:
    starts = datetime(2026, 12, 24, tzinfo=UTC)
    verifier = world.verifier(clock_skew=skew)
    text = shown(world, valid_from=starts)
    codes = [verifier.verify(text, at=starts - skew + by).check(Step.VALIDITY).code for by in AROUND]
    assert codes == [Reason.NOT_YET_VALID, Reason.VALID_NOW, Reason.VALID_NOW]


@pytest.mark.parametrize("skew", SKEWS)
def test_end_itself_is_outside(world: World, skew: timedelta) -> None:
    ends = datetime(2027, 1, 1, tzinfo=UTC)
    verifier = world.verifier(clock_skew=skew)
    text = shown(world, valid_until=ends)
    codes = [verifier.verify(text, at=ends + skew + by).check(Step.VALIDITY).code for by in AROUND]
    assert codes == [Reason.VALID_NOW, Reason.EXPIRED, Reason.EXPIRED]


@pytest.mark.parametrize("skew", SKEWS)
@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (6, [Reason.NOT_YET_VALID, Reason.VALID_NOW, Reason.VALID_NOW]),
        (4, [Reason.VALID_NOW, Reason.EXPIRED, Reason.EXPIRED]),
    ],
    ids=["iat", "exp"],
)
@pytest.mark.parametrize("number", [int, float], ids=["integer", "float"])
def test_times_of_eu_certificates_are_bounds_too(
    skew: timedelta, claim: int, expected: list[Reason], number: type
) -> None:
    state = DccState(World().clock)
    verifier = dcc_world(state.entry()).verifier(clock_skew=skew)
    text = state.sign(dcc_vaccination(), claims={6: None, claim: number(NOW.timestamp())})
    bound = NOW + (skew if claim == 4 else -skew)
    assert [verifier.verify(text, at=bound + by).check(Step.VALIDITY).code for by in AROUND] == expected


def test_credential_that_is_not_issued_yet_is_not_valid_whatever_its_start(world: World) -> None:
    later = int((NOW + timedelta(days=7)).timestamp()) // 86_400 * 86_400
    text = resigned(held(world), world.home.keys[-1], claims={6: later})
    assert verify(world, text).check(Step.VALIDITY).code is Reason.NOT_YET_VALID


@pytest.mark.parametrize("exp", [float("nan"), float("inf"), -1, 253_402_300_800, "soon", True, 1e300])
def test_end_that_is_no_time_is_never_valid(exp: object) -> None:
    state = DccState(World().clock)
    report = dcc_world(state.entry()).verify(state.sign(dcc_vaccination(), claims={4: exp}), compared_by_eye=True)
    assert report.verdict is Verdict.REJECT
    assert report.decisive.code is Reason.TIME_MALFORMED


def test_certificate_without_an_end_is_for_a_person_to_look_at() -> None:
    state = DccState(World().clock)
    report = dcc_world(state.entry()).verify(state.sign(dcc_vaccination(), claims={4: None}), compared_by_eye=True)
    assert report.check(Step.VALIDITY).code is Reason.NO_EXPIRY
    assert report.verdict is Verdict.REFER


def key_window_code(world: World, text: str, at: datetime, **window: str) -> Reason:
    for trusted in world.trusted:
        for key in trusted["keys"]:
            key.update(window)
    return world.verify(text, at=at).check(Step.ISSUER).code


def test_key_of_an_eu_certificate_must_be_in_its_window_now() -> None:
    state = DccState(World().clock)
    world = dcc_world(state.entry())
    text = state.sign(dcc_vaccination())
    window = {"not_before": "2026-11-24T00:00:00Z", "not_after": "2026-12-24T00:00:00Z"}
    first, last = (datetime.fromisoformat(bound) for bound in window.values())
    assert [key_window_code(world, text, first + by, **window) for by in AROUND] == [
        Reason.KEY_NOT_YET_VALID,
        Reason.ISSUER_ENTITLED,
        Reason.ISSUER_ENTITLED,
    ]
    assert [key_window_code(world, text, last + by, **window) for by in AROUND] == [
        Reason.ISSUER_ENTITLED,
        Reason.ISSUER_ENTITLED,
        Reason.KEY_EXPIRED,
    ]


@pytest.mark.parametrize(
    ("not_after", "code"),
    [
        ("2026-11-22T23:59:59Z", Reason.KEY_EXPIRED),
        ("2026-11-23T00:00:00Z", Reason.ISSUER_ENTITLED),
        ("2026-11-23T00:00:01Z", Reason.ISSUER_ENTITLED),
    ],
)
def test_key_must_not_have_expired_before_the_day_of_issue(not_after: str, code: Reason) -> None:
    world = World()
    text = shown(world)  # issued on 2026-11-23, as far as it says
    years_later = NOW + timedelta(days=1000)
    window = {"not_before": "2026-01-01T00:00:00Z", "not_after": not_after}
    assert key_window_code(world, text, years_later, **window) is code


@pytest.mark.parametrize(
    ("not_before", "code"),
    [
        ("2026-11-23T11:59:59Z", Reason.ISSUER_ENTITLED),  # made one second before it signed, on the same day
        ("2026-11-24T00:00:00Z", Reason.ISSUER_ENTITLED),
        ("2026-11-24T00:00:01Z", Reason.KEY_NOT_YET_VALID),
    ],
)
def test_key_must_have_been_valid_on_the_day_of_issue(not_before: str, code: Reason) -> None:
    world = World()
    text = shown(world)
    window = {"not_before": not_before, "not_after": "2027-01-01T00:00:00Z"}
    assert key_window_code(world, text, NOW + timedelta(days=3), **window) is code


def test_key_that_is_not_valid_yet_signs_nothing() -> None:
    world = World()
    window = {"not_before": "2026-11-23T12:00:01Z", "not_after": "2027-01-01T00:00:00Z"}
    assert key_window_code(world, shown(world), NOW, **window) is Reason.KEY_NOT_YET_VALID


@pytest.mark.parametrize("year", [1, 9999])
def test_times_at_the_ends_of_the_calendar_are_answered(world: World, text: str, year: int) -> None:
    at = datetime(year, 1, 1, tzinfo=UTC) if year == 1 else datetime(year, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert verify(world, text, at=at).verdict is Verdict.REJECT


def test_certificate_at_the_end_of_the_calendar_is_answered() -> None:
    world = World()
    last_day = 253_402_214_400  # 9999-12-31
    text = resigned(held(world), world.home.keys[-1], claims={6: last_day - 86_400 * 30, 5: last_day - 86_400 * 30})
    assert verify(world, text).verdict is Verdict.REJECT


class NoOffset(tzinfo):
    """A zone that is there and says nothing."""

    def utcoffset(self, _: datetime | None) -> None:
        return None


@pytest.mark.parametrize("at", [datetime(2026, 11, 23, 12), datetime(2026, 11, 23, 12, tzinfo=NoOffset())])  # noqa: DTZ001
def test_naive_time_is_a_type_error(world: World, text: str, at: datetime) -> None:
    with pytest.raises(TypeError, match="aware"):
        verify(world, text, at=at)


@pytest.mark.parametrize("text", [b"PQ1:", None, 5, ["PQ1:"]])
def test_text_of_another_type_is_a_type_error(world: World, text: Any) -> None:
    with pytest.raises(TypeError, match="str"):
        verify(world, text)


def test_deviation_of_many_entries_is_named_once() -> None:
    state = DccState(World().clock)
    entry = {**dcc_vaccination()["v"][0], "co": "", "dt": "soon"}
    report = dcc_world(state.entry()).verify(state.sign({**dcc_vaccination(), "v": [entry] * 5}))
    assert report.check(Step.DECODE).detail == "at co, dt"


def test_negative_skew_is_a_value_error(world: World) -> None:
    with pytest.raises(ValueError, match="skew"):
        world.verifier(clock_skew=-SECOND)


# The text


@settings(max_examples=300, deadline=None)
@given(body=st.text(max_size=200), prefix=st.sampled_from(["", "PQ1:", "HC1:"]))
def test_any_text_gives_a_report_and_no_exception(body: str, prefix: str) -> None:
    report = Verifier(TrustStore()).verify(prefix + body, at=NOW)
    assert report.verdict is Verdict.REJECT
    assert [check.step for check in report.checks] == list(Step)


@settings(max_examples=300, deadline=None)
@given(data=st.binary(max_size=400))
def test_any_bytes_in_base45_give_a_report_and_no_exception(data: bytes) -> None:
    assert Verifier(TrustStore()).verify(qr_text.encode(data), at=NOW).verdict is Verdict.REJECT


@pytest.mark.parametrize("tail", ["\r\n", "\n", "\r"])
def test_line_end_that_a_scanner_adds_is_taken_off(world: World, text: str, tail: str) -> None:
    assert verify(world, text + tail).verdict is Verdict.ACCEPT


def test_text_cut_anywhere_is_refused(world: World, text: str) -> None:
    verifier = world.verifier()
    for end in range(0, len(text), 7):
        assert verifier.verify(text[:end], at=NOW, document=DOCUMENT).verdict is Verdict.REJECT


def test_every_changed_byte_is_refused(world: World, text: str) -> None:
    verifier = world.verifier()
    data = qr_text.decode(text)
    for position in range(len(data)):
        changed = data[:position] + bytes((data[position] ^ 0x01,)) + data[position + 1 :]
        assert verifier.verify(qr_text.encode(changed), at=NOW, document=DOCUMENT).verdict is Verdict.REJECT, position


def test_long_unproven_key_identifier_is_cut_in_the_report() -> None:
    report = World().verify(sign_dcc(dcc_vaccination(), key_id=bytes(5000)))
    assert report.decisive.code is Reason.KEY_UNKNOWN
    assert len(report.decisive.detail) < 80


# Anything that a trusted issuer signs


KEYS = st.integers(-70_000, 70_000) | st.text(max_size=3)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(max_size=20) | st.binary(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def payload(world: World) -> dict[Any, Any]:
    return PratiqueEnvelope(held(world).encoded).claims()


@settings(max_examples=300, deadline=None)
@given(
    changes=st.dictionaries(st.sampled_from([1, 2, 4, 5, 6, 8, 11, 65535, -65537, -65538]) | KEYS, VALUES, max_size=3)
)
def test_whatever_a_trusted_issuer_signs_gives_a_report(
    world: World, payload: dict[Any, Any], changes: dict[Any, Any]
) -> None:
    report = verify(world, signed(world.home.keys[-1], {**payload, **changes}))
    assert report.check(Step.SIGNATURE).outcome is Outcome.PASSED
    _use(report)


@settings(max_examples=300, deadline=None)
@given(
    changes=st.dictionaries(
        st.sampled_from(["tg", "vp", "mp", "ma", "dn", "sd", "dt", "co", "is", "ci"]), VALUES, max_size=3
    ),
    top=st.dictionaries(st.sampled_from(["ver", "nam", "dob", "v", "t", "r", "x"]), VALUES, max_size=2),
    claims=st.dictionaries(st.sampled_from([1, 4, 6, -260, 99]), VALUES, max_size=2),
)
def test_whatever_a_trusted_state_signs_gives_a_report(
    changes: dict[str, Any], top: dict[str, Any], claims: dict[Any, Any]
) -> None:
    state = DccState(World().clock)
    world = dcc_world(state.entry())
    text = state.sign({**dcc_vaccination(**changes), **top}, claims=claims)
    report = verify(world, text)
    if report.check(Step.READ).outcome is Outcome.PASSED and Step.SIGNATURE in outcomes(report):
        _use(report)


def _use(report: Report) -> None:
    """Ask a report for everything that it can say."""
    assert report.explain()
    assert report.for_traveller()
    assert report.record()
    assert repr(report)
    if report.credential is not None:
        assert report.credential.evidence
        assert report.credential.holder is None or repr(report.credential.holder)
        assert report.credential.number is None or report.credential.number


def chained_disclosures(depth: int) -> tuple[list[Any], list[bytes]]:
    """Return a list of hashes, and disclosures of which each holds the hash of the one before, deeply nested."""
    disclosures: list[bytes] = []
    value: Any = 0
    for _ in range(depth):
        for _ in range(12):
            value = [value]
        disclosures.append(cbor.encode([bytes(16), value, 10]))
        value = {REDACTED_KEYS: [hashlib.sha256(disclosures[-1]).digest()]}
    return value[REDACTED_KEYS], disclosures


def test_disclosures_chained_beyond_measure_are_refused(world: World) -> None:
    hashes, disclosures = chained_disclosures(70)
    event = {0: 1, 1: "1D47", REDACTED_KEYS: hashes}
    text = resigned(held(world), world.home.keys[-1], claims={-65537: event}, disclosures=disclosures)
    assert len(text) < qr_text.MAX_TEXT
    report = verify(world, text)
    assert report.check(Step.SIGNATURE).outcome is Outcome.PASSED
    assert report.verdict is Verdict.REJECT


@pytest.mark.parametrize("depth", [10, 40, 1000])
def test_disclosures_chained_without_a_profile_are_refused_without_recursion(depth: int) -> None:
    hashes, disclosures = chained_disclosures(depth)
    with pytest.raises(DisclosureError):
        disclosed({REDACTED_KEYS: hashes}, disclosures)


# Threads


def test_two_threads_get_the_same_reports_from_one_verifier(world: World) -> None:
    texts = [make(world, shown(world)) for make, *_ in FAILING.values()] * 5
    verifier = world.verifier()

    def reports() -> list[Any]:
        return [_plain(verifier.verify(text, at=NOW, document=DOCUMENT)) for text in texts]

    expected = reports()
    fresh = world.verifier()  # its keys are parsed by whichever thread comes first
    found: list[list[Any]] = []

    def run() -> None:
        found.append([_plain(fresh.verify(text, at=NOW, document=DOCUMENT)) for text in texts])

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected, expected]


def _plain(report: Report) -> Any:
    credential = report.credential
    return report.checks, report.verdict, None if credential is None else (credential.evidence, credential.holder)


def test_report_shares_nothing_with_the_verifier(world: World, text: str) -> None:
    verifier = world.verifier()
    dict.clear(verifier.verify(text, at=NOW).lists)  # type: ignore[arg-type]
    assert verifier.verify(text, at=NOW).lists == {"world": 1}


def test_a_key_that_many_issuers_share_is_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    entry = world.home.entry
    world.trusted += [{**entry, "id": f"https://hospital-{i}.example"} for i in range(20)]
    tried = []
    verify_signature = algorithms.verify
    monkeypatch.setattr(algorithms, "verify", lambda *given: tried.append(given) or verify_signature(*given))
    assert verify(world, shown(world)).verdict is Verdict.ACCEPT
    assert len(tried) == 1


@pytest.mark.parametrize(
    ("argument", "value"), [("at", "2021-05-06"), ("at", NOW.date()), ("document", "P<UTO"), ("document", b"P<UTO")]
)
def test_argument_of_another_type_is_a_mistake_and_says_which(argument: str, value: object) -> None:
    world = World()
    given: dict[str, Any] = {"at": world.clock.now, argument: value}
    with pytest.raises(TypeError, match=r"time of a verification|TravelDocument"):
        world.verifier().verify("PQ1:", **given)
