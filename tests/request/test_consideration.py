"""What stands against a request is said, all of it; what does not is answered with the least that the rules need."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authority import HOLDER, NOW, VACCINATION, World, holder_key
from pratique import schemas
from pratique.cose import sign1
from pratique.cose.keys import PrivateKey
from pratique.cose.signer import SoftwareSigner
from pratique.errors import RequestError, RuleError
from pratique.formats import profile
from pratique.formats.pratique import envelope
from pratique.model import Coding, Dose, IssuerIdentity, PartialDate
from pratique.qr import text as qr_text
from pratique.reasons import Reason
from pratique.report import Outcome, Step
from pratique.request import Consideration, Request, VerifierList, consider, read
from pratique.request.message import PREFIX, TYPE
from pratique.rules.minimum import minimum
from pratique.rules.ready_made import ready_made
from pratique.rules.ruleset import RuleSet

if TYPE_CHECKING:
    from pratique.present import HeldCredential

SECOND = timedelta(seconds=1)
BORDER, OTHER = "https://border.example.org", "https://clinic.example.org"
KEY, OTHER_KEY = PrivateKey.generate(), PrivateKey.generate("Ed25519")
RULES = ready_made("covid-19")
YELLOW_FEVER = ready_made("yellow-fever-entry")
REQUEST = Request.for_rules(
    RULES, verifier=BORDER, names={"en": "Border"}, audience=f"{BORDER}/lane/7", at=NOW, valid_for=timedelta(hours=1)
)


def listed(id_: str, key: PrivateKey, **changes: Any) -> dict[str, Any]:
    return {
        "id": id_,
        "country": "UTO",
        "names": {"en": "Border of Utopia", "fr": "Frontière d'Utopie"},
        "keys": [{"public_key": key.public.jwk}],
        "purposes": ["entry", "transit"],
        "max_retention": "P30D",
        **changes,
    }


def verifiers(*entries: dict[str, Any], **changes: Any) -> VerifierList:
    document = {"id": "x", "sequence": 1, "issued_at": "2026-11-01T00:00:00Z", **changes}
    return VerifierList.from_json(document | {"verifiers": [*entries]})


LIST = verifiers(listed(BORDER, KEY), listed(OTHER, OTHER_KEY, purposes=["care"]))


def considered(request: Request = REQUEST, key: PrivateKey = KEY, **options: Any) -> Consideration:
    return consider(
        read(request.sign(SoftwareSigner(key))), **{"verifiers": LIST, "rule_set": RULES, "at": NOW, **options}
    )


def codes(consideration: Consideration) -> list[Reason]:
    assert consideration.is_acceptable is not bool(consideration.refusals)
    schemas.check(consideration.document, "request", part="consideration")
    return [refusal.code for refusal in consideration.refusals]


def edited(rule_set: RuleSet = RULES, **changes: Any) -> RuleSet:
    return RuleSet.from_json({**deepcopy(rule_set.document), **changes})


def test_a_request_that_asks_no_more_than_it_may_is_acceptable() -> None:
    found = considered()
    assert codes(found) == []
    assert found.raise_for_refusal() == (REQUEST, RULES)
    assert found.verifier is not None
    assert found.verifier.id == BORDER


def test_the_holder_is_told_who_asks_for_what_why_how_long_and_by_which_law() -> None:
    found = considered(replace(REQUEST, claims=frozenset({"event.date", "event.product"})))
    told = found.explain()
    for part in ("Border of Utopia", "Utopia", "event.date, event.product", "entry", RULES.id, RULES.legal_basis["en"]):
        assert part in told
    assert "Frontière d'Utopie" in found.explain("fr")
    assert "nothing beyond what every code shows" in considered(replace(REQUEST, claims=frozenset())).explain()
    view = found.document
    assert view["verifier"]["id"] == BORDER
    assert view["request"] == found.request.document
    assert view["acceptable"] is True


@pytest.mark.parametrize(
    ("hours", "words"),
    [(0, "not at all"), (1, "1 hour"), (12, "12 hours"), (24, "1 day"), (48, "2 days"), (36, "36 hours")],
)
def test_the_retention_is_said_in_words(hours: int, words: str) -> None:
    assert f"Kept: {words}." in considered(replace(REQUEST, retention=timedelta(hours=hours))).explain()


# Who asks


def test_a_request_by_nobody_on_the_list_is_refused_and_nothing_of_it_is_repeated() -> None:
    found = considered(key=PrivateKey.generate())
    assert codes(found) == [Reason.REQUEST_SIGNER_UNKNOWN]
    assert (found.request, found.verifier) == (None, None)
    assert "Border" not in found.explain()
    assert "request" not in found.document


def test_a_tampered_request_is_by_nobody_on_the_list() -> None:
    signed = read(REQUEST.sign(SoftwareSigner(KEY)))
    more = read(replace(REQUEST, claims=REQUEST.claims | {"holder.name"}).sign(SoftwareSigner(KEY)))
    swapped = replace(signed, signed=signed.signed._replace(payload=more.signed.payload))
    assert codes(consider(swapped, verifiers=LIST, rule_set=RULES, at=NOW)) == [Reason.REQUEST_SIGNER_UNKNOWN]


def test_a_listed_verifier_cannot_ask_in_the_name_of_another() -> None:
    document = listed(OTHER, OTHER_KEY)
    found = considered(key=OTHER_KEY, verifiers=verifiers(listed(BORDER, KEY), document))
    assert codes(found) == [Reason.REQUEST_VERIFIER_MISMATCH] * 2  # and its audience is the other's


@pytest.mark.parametrize("audience", [OTHER, f"{BORDER}.example.com", f"{BORDER}:8000", BORDER[:-1], f"x{BORDER}/"])
def test_what_is_shown_to_a_verifier_cannot_be_for_another(audience: str) -> None:
    assert codes(considered(replace(REQUEST, audience=audience))) == [Reason.REQUEST_VERIFIER_MISMATCH]


@pytest.mark.parametrize("audience", [BORDER, f"{BORDER}/", f"{BORDER}/lane/7"])
def test_the_audience_is_the_verifier_or_below_it(audience: str) -> None:
    assert codes(considered(replace(REQUEST, audience=audience))) == []


def test_one_key_may_sign_for_several_verifiers_each_in_its_own_name() -> None:
    both = verifiers(listed(OTHER, KEY), listed(BORDER, KEY))
    found = considered(verifiers=both)
    assert codes(found) == []
    assert found.verifier.id == BORDER


def test_a_key_counts_in_its_window_alone() -> None:
    window = {"not_before": "2026-11-23T12:00:00Z", "not_after": "2026-11-23T12:30:00Z"}
    entry = listed(BORDER, KEY, keys=[{"public_key": KEY.public.jwk, **window}])
    for offset, known in ((-1, False), (0, True), (1800, True), (1801, False)):
        found = considered(verifiers=verifiers(entry), at=NOW + offset * SECOND)
        assert codes(found) == ([] if known else [Reason.REQUEST_SIGNER_UNKNOWN])


def test_a_list_that_has_expired_vouches_for_nobody() -> None:
    ended = {"expires_at": "2026-11-23T12:00:01Z"}
    found = [
        codes(considered(verifiers=verifiers(listed(BORDER, KEY), **ended), at=NOW + n * SECOND)) for n in (0, 1, 2)
    ]
    assert found == [[], [Reason.VERIFIERS_EXPIRED], [Reason.VERIFIERS_EXPIRED]]


def test_a_list_from_the_future_shows_that_the_clock_was_set_back() -> None:
    found = [
        codes(considered(verifiers=verifiers(listed(BORDER, KEY), issued_at=f"2026-11-23T12:01:0{n}Z"))) for n in (0, 1)
    ]
    assert found == [[], [Reason.VERIFIERS_NOT_YET]]


def test_a_signed_request_that_says_nothing_usable_is_refused() -> None:
    headers = {4: KEY.public.key_id, 16: TYPE}
    text = qr_text.encode(sign1.encode(headers, {}, b"\xa0", SoftwareSigner(KEY)), prefix=PREFIX)
    assert codes(consider(read(text), verifiers=LIST, rule_set=RULES, at=NOW)) == [Reason.REQUEST_INVALID]


# When


@pytest.mark.parametrize(
    ("offset", "expected"),
    [
        (-61, [Reason.REQUEST_NOT_YET]),
        (-60, []),
        (-59, []),
        (3599, []),
        (3600, [Reason.REQUEST_EXPIRED]),
        (3601, [Reason.REQUEST_EXPIRED]),
    ],
)
def test_a_request_counts_in_its_time_alone(offset: int, expected: list[Reason]) -> None:
    assert codes(considered(at=NOW + offset * SECOND)) == expected


def test_a_naive_time_is_a_mistake_of_the_program() -> None:
    with pytest.raises(TypeError):
        considered(at=NOW.replace(tzinfo=None))


# What for, and for how long


def test_a_purpose_that_the_list_does_not_allow_is_refused() -> None:
    rules = edited(purpose="care")
    asked = Request.for_rules(rules, verifier=BORDER, names={"en": "x"}, audience=BORDER, at=NOW)
    found = considered(asked, rule_set=rules)
    assert codes(found) == [Reason.REQUEST_PURPOSE]
    assert "entry, transit" in found.explain()


def test_a_purpose_that_is_not_that_of_the_rules_is_refused() -> None:
    assert codes(considered(replace(REQUEST, purpose="transit"))) == [Reason.REQUEST_PURPOSE]


@pytest.mark.parametrize(("hours", "expected"), [(23, []), (24, []), (25, [Reason.REQUEST_RETENTION])])
def test_what_is_shown_is_kept_no_longer_than_the_list_allows(hours: int, expected: list[Reason]) -> None:
    rules = edited(retention="P90D")
    asked = replace(REQUEST, rule_set_sha256=rules.sha256, retention=timedelta(hours=hours))
    day = verifiers(listed(BORDER, KEY, max_retention="P1D"))
    assert codes(considered(asked, rule_set=rules, verifiers=day)) == expected


@pytest.mark.parametrize(("hours", "expected"), [(23, []), (24, []), (25, [Reason.REQUEST_RETENTION])])
def test_what_is_shown_is_kept_no_longer_than_the_rules_allow(hours: int, expected: list[Reason]) -> None:
    rules = edited(retention="P1D")
    asked = replace(REQUEST, rule_set_sha256=rules.sha256, retention=timedelta(hours=hours))
    assert codes(considered(asked, rule_set=rules)) == expected


# By which rules


def test_a_refusal_says_how_long_it_may_be() -> None:
    none, day = edited(retention="P0D"), verifiers(listed(BORDER, KEY, max_retention="PT12H"))
    found = considered(replace(REQUEST, rule_set_sha256=none.sha256), rule_set=none)
    assert "1 day; its rules allow nothing to be kept." in found.explain()
    assert "1 day; the list of verifiers allows at most 12 hours." in considered(verifiers=day).explain()


def test_rules_that_are_not_those_that_were_published_are_refused() -> None:
    for options in ({"rule_set": None}, {"rule_set": YELLOW_FEVER}, {"rule_set": edited(version="9.0.0")}):
        assert Reason.REQUEST_OTHER_RULES in codes(considered(**options))
    assert considered(rule_set=None).excess == REQUEST.claims
    assert codes(considered(replace(REQUEST, rule_set_sha256=bytes(32)))) == [Reason.REQUEST_OTHER_RULES]
    assert codes(considered(replace(REQUEST, rule_set="UTO-other"))) == [Reason.REQUEST_OTHER_RULES]


def test_rules_that_are_not_in_force_are_refused() -> None:
    later = edited(valid_from="2026-11-23T12:00:01Z")
    asked = replace(REQUEST, rule_set_sha256=later.sha256)
    assert codes(considered(asked, rule_set=later)) == [Reason.REQUEST_OTHER_RULES]
    assert codes(considered(asked, rule_set=later, at=NOW + SECOND)) == []


@pytest.mark.parametrize("claim", ["holder.name", "holder.birth_date", "event.batch", "event.colour"])
def test_one_claim_more_than_the_rules_read_is_refused_by_its_name(claim: str) -> None:
    found = considered(replace(REQUEST, claims=REQUEST.claims | {claim}))
    assert codes(found) == [Reason.REQUEST_ASKS_TOO_MUCH]
    assert found.excess == {claim}
    assert claim in found.refusals[0].sentence
    assert found.document["excess"] == [claim]


def test_all_that_stands_against_a_request_is_said() -> None:
    worst = replace(
        REQUEST,
        verifier=OTHER,
        purpose="marketing",
        retention=timedelta(days=365),
        rule_set_sha256=bytes(32),
        claims=frozenset({"holder.national_id"}),
    )
    assert set(codes(considered(worst, at=NOW + timedelta(hours=2)))) == {
        Reason.REQUEST_VERIFIER_MISMATCH,
        Reason.REQUEST_PURPOSE,
        Reason.REQUEST_RETENTION,
        Reason.REQUEST_EXPIRED,
        Reason.REQUEST_OTHER_RULES,
        Reason.REQUEST_ASKS_TOO_MUCH,
    }


def test_a_consideration_is_no_yes_or_no() -> None:
    with pytest.raises(TypeError):
        bool(considered())


# The answer

WORLD = World()
COVID = replace(VACCINATION, target="RA01", product=Coding("eu-product", "EU/1/20/1528"), dose=Dose(3, 3))


def wallet(evidence: Any = COVID, **options: Any) -> HeldCredential:
    return WORLD.home.issue(evidence, **{"holder": HOLDER, "holder_key": holder_key().public, **options})


def shown(text: str) -> tuple[str, ...]:
    opened = set(envelope(text).open().paths.values())
    return tuple(name for name, path in profile.PATHS.items() if path in opened)


def test_a_border_asks_a_wallet_shows_just_that_and_the_border_accepts_the_key() -> None:
    asked = Request.for_rules(YELLOW_FEVER, verifier=BORDER, names={"en": "x"}, audience=BORDER, at=NOW)
    answer = considered(asked, rule_set=YELLOW_FEVER)
    text = wallet(VACCINATION).present(request=answer, signer=SoftwareSigner(holder_key()), at=NOW)
    assert shown(text) == ()
    report = WORLD.verify(text, challenge=asked.challenge)
    assert report.check(Step.BINDING).code is Reason.KEY_PROVEN
    again = Request.for_rules(YELLOW_FEVER, verifier=BORDER, names={"en": "x"}, audience=BORDER, at=NOW)
    assert WORLD.verify(text, challenge=again.challenge).check(Step.BINDING).code is Reason.OTHER_NONCE


def test_what_rules_need_of_a_credential_is_shown_and_no_more() -> None:
    held = wallet()
    text = held.present(rules=RULES, at=NOW)
    assert shown(text) == ("event.product", "event.dose")  # a booster counts whenever it was given
    assert set(shown(text)) < minimum(RULES)
    answered = held.present(request=considered(), signer=SoftwareSigner(holder_key()), at=NOW)
    assert shown(answered) == shown(text)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 300), st.integers(1, 4), st.integers(1, 3))
def test_a_border_accepts_what_is_shown_by_its_rules_and_not_one_claim_less(days: int, number: int, of: int) -> None:
    given_on = PartialDate.from_date((NOW - timedelta(days=days)).date())
    held = wallet(replace(COVID, date=given_on, dose=Dose(number, of)))
    try:
        text = held.present(rules=RULES, at=NOW)
    except RuleError:
        assert rules_of(held.present(disclose=held.disclosable)) is not Outcome.PASSED
        return
    names = set(shown(text))
    assert names <= minimum(RULES)
    assert rules_of(text) is Outcome.PASSED
    for name in names:
        assert rules_of(held.present(disclose=names - {name})) is Outcome.INCONCLUSIVE


def rules_of(text: str) -> Outcome:
    return WORLD.verify(text, rules=RULES).check(Step.RULES).outcome


def test_rules_about_certificates_of_one_country_are_met_by_who_knows_the_issuers() -> None:
    document = deepcopy(YELLOW_FEVER.document)
    document["rules"][0]["applies_to"]["countries"] = ["UTO"]
    of_utopia = RuleSet.from_json(document)
    held = WORLD.home.issue_vaccination(holder_key=holder_key().public)
    with pytest.raises(RuleError):
        held.present(rules=of_utopia, at=NOW)
    assert held.present(rules=of_utopia, at=NOW, issuer=IssuerIdentity(country="UTO")) == held.present()


def test_a_credential_bound_to_a_document_answers_without_a_key() -> None:
    held = WORLD.home.issue_vaccination()
    asked = Request.for_rules(YELLOW_FEVER, verifier=BORDER, names={"en": "x"}, audience=BORDER, at=NOW)
    answer = considered(asked, rule_set=YELLOW_FEVER)
    for signer in (None, SoftwareSigner(holder_key())):
        text = held.present(request=answer, signer=signer, at=NOW)
        assert text == held.present()


def test_a_request_that_is_refused_is_not_answered() -> None:
    answer = considered(replace(REQUEST, claims=REQUEST.claims | {"holder.name"}))
    with pytest.raises(RequestError) as refused:
        wallet().present(request=answer, signer=SoftwareSigner(holder_key()), at=NOW)
    assert refused.value.code is Reason.REQUEST_ASKS_TOO_MUCH
    with pytest.raises(RequestError):
        wallet().present(request=considered(key=PrivateKey.generate()), at=NOW)
    with pytest.raises(RequestError):
        wallet().present(request=Consideration(()), at=NOW)


def test_a_request_that_has_expired_since_it_was_considered_is_not_answered() -> None:
    held, signer = WORLD.home.issue(COVID, holder_key=holder_key().public), SoftwareSigner(holder_key())
    found = considered()
    for offset in (-1, 0, 1):
        moment = REQUEST.expires_at + offset * SECOND
        if offset < 0:
            assert held.present(request=found, signer=signer, at=moment)
            continue
        with pytest.raises(RequestError) as refused:
            held.present(request=found, signer=signer, at=moment)
        assert refused.value.code is Reason.REQUEST_EXPIRED


def test_what_was_not_asked_for_is_not_shown_even_if_the_rules_would_need_it() -> None:
    answer = considered(replace(REQUEST, claims=frozenset()))
    assert answer.is_acceptable
    with pytest.raises(RuleError):
        wallet().present(request=answer, signer=SoftwareSigner(holder_key()), at=NOW)


def test_a_credential_that_cannot_meet_the_rules_is_not_opened_for_them() -> None:
    with pytest.raises(RuleError):
        wallet(VACCINATION).present(rules=RULES, at=NOW)


@pytest.mark.parametrize(
    "options",
    [
        {"rules": RULES, "disclose": ["event.date"]},
        {"rules": RULES},
        {"rules": RULES, "at": NOW.replace(tzinfo=None)},
        {"request": considered(), "disclose": ["event.date"]},
        {"request": considered(), "rules": RULES},
        {"request": considered(), "at": NOW},
        {"request": considered(), "signer": SoftwareSigner(holder_key())},
    ],
)
def test_what_is_not_clear_is_a_mistake_of_the_program(options: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        wallet().present(**{"at": None, **options})
