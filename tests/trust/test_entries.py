from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from pki import Node
from pratique import schemas
from pratique.cose.certificates import Certificate
from pratique.cose.keys import PrivateKey, PublicKey
from pratique.errors import TrustError
from pratique.trust import Acceptance, TrustList, WithdrawalReason
from pratique.trust.entries import (
    Limits,
    key_entry,
    renewed,
    usage_kinds,
    with_acceptance,
    with_key,
    with_withdrawal,
)

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 23, 7, 30, tzinfo=UTC)
WINDOW = Limits(not_before=NOW, not_after=NOW.replace(year=2028))
RIGHT, MISTYPED = "1.3.6.1.4.1.1847.2021.1", "1.3.6.1.4.1.0.1847.2021.1"


@pytest.fixture(scope="module")
def key() -> PrivateKey:
    return PrivateKey.generate()


@pytest.fixture
def certificate(vectors: Path) -> Certificate:
    meta = json.loads((vectors / "eu-dcc-image" / "AT-img-1.png" / "meta.json").read_text(encoding="utf-8"))
    return Certificate.read(base64.b64decode(meta["key"]["value"]))


@pytest.mark.parametrize(
    ("usages", "kinds"),
    [
        (None, None),
        ((), None),
        (("1.3.6.1.5.5.7.3.2",), None),
        ((f"{RIGHT}.1",), {"test"}),
        ((f"{RIGHT}.2", f"{RIGHT}.3"), {"vaccination", "recovery"}),
        ((f"{MISTYPED}.1", f"{MISTYPED}.2", "2.23.136.1.1.14.2"), {"test", "vaccination"}),
        ((f"{RIGHT}.4",), set()),
        ((f"{RIGHT}.11", "1.3.6.1.5.5.7.3.2"), set()),
        ((f"{RIGHT}.1", f"{RIGHT}.4"), {"test"}),
    ],
)
def test_extended_key_usage_limits_kinds_and_the_mistyped_arc_counts(usages: Any, kinds: Any) -> None:
    assert usage_kinds(usages) == kinds


def test_a_certificate_gives_key_identifier_and_window(certificate: Certificate) -> None:
    entry = key_entry(certificate, format_="eu-dcc")
    assert base64.b64decode(entry["key_id"]) == certificate.hcert_key_id
    assert base64.b64decode(entry["certificate"]) == certificate.der
    assert entry["public_key"] == certificate.public_key.jwk
    assert entry["not_before"] == "2021-05-05T12:41:06Z"
    own = key_entry(certificate, format_="pratique")
    assert base64.b64decode(own["key_id"]) == certificate.public_key.key_id


def test_a_certificate_for_usages_that_are_not_known_signs_nothing_unless_somebody_says_what() -> None:
    certificate = Node("DSC", extended=[f"{RIGHT}.4"]).certificate
    with pytest.raises(TrustError, match="not known"):
        key_entry(certificate, format_="eu-dcc")
    limits = Limits(kinds=frozenset({"test"}))
    assert key_entry(certificate, format_="eu-dcc", limits=limits)["scope"] == {"kinds": ["test"]}
    assert "scope" not in key_entry(certificate, format_="pratique")


def test_limits_say_otherwise_than_the_certificate(certificate: Certificate) -> None:
    limits = Limits(kinds=frozenset({"test"}), targets=frozenset({"RA01"}), not_after=NOW)
    entry = key_entry(certificate, format_="eu-dcc", key_id=b"12345678", limits=limits)
    assert entry["key_id"] == base64.b64encode(b"12345678").decode()
    assert entry["not_after"] == "2026-11-23T07:30:00Z"
    assert entry["scope"] == {"kinds": ["test"], "targets": ["RA01"]}


def test_a_bare_key_needs_a_window_and_for_the_eu_an_identifier(key: PrivateKey) -> None:
    with pytest.raises(TrustError, match="no window"):
        key_entry(key.public, format_="pratique")
    with pytest.raises(TrustError, match="ends before"):
        key_entry(key.public, format_="pratique", limits=Limits(not_before=NOW, not_after=NOW.replace(year=2025)))
    with pytest.raises(TrustError, match="hash of the certificate"):
        key_entry(key.public, format_="eu-dcc", limits=WINDOW)
    assert key_entry(key.public, format_="eu-dcc", key_id=b"12345678", limits=WINDOW)["formats"] == ["eu-dcc"]


def test_a_key_that_codes_call_by_a_name_needs_that_name(key: PrivateKey) -> None:
    with pytest.raises(TrustError, match="a name that the issuer chose"):
        key_entry(key.public, format_="nz-covid-pass", limits=WINDOW)
    entry = key_entry(key.public, format_="nz-covid-pass", key_id=b"z12Kf7UQ", limits=WINDOW)
    assert entry["key_id"] == "ejEyS2Y3VVE="


def test_a_key_of_smart_health_cards_has_its_thumbprint_for_a_name() -> None:
    """The key and the thumbprint are those of RFC 7638's method, as the specification of the cards publishes them."""
    jwk = {
        "kty": "EC",
        "crv": "P-256",
        "x": "11XvRWy1I2S0EyJlyf_bWfw_TQ5CJJNLw78bHXNxcgw",
        "y": "eZXwxvO1hvCY0KucrPfKo7yAyMT6Ajc3N7OkAB6VYy8",
    }
    published = PublicKey.from_jwk(jwk)
    thumbprint = base64.urlsafe_b64decode("3Kfdg-XwP-7gXyywtUfUADwBumDOPKMQx-iELL11W9s=")
    entry = key_entry(published, format_="smart-health-card", limits=WINDOW)
    assert base64.b64decode(entry["key_id"]) == thumbprint == published.jwk_thumbprint
    assert key_entry(published, format_="smart-health-card", key_id=thumbprint, limits=WINDOW) == entry
    with pytest.raises(TrustError, match="not the thumbprint"):
        key_entry(published, format_="smart-health-card", key_id=b"other", limits=WINDOW)
    with pytest.raises(TrustError, match="P-256"):
        key_entry(PrivateKey.generate("ESP384").public, format_="smart-health-card", limits=WINDOW)


def test_a_list_grows_by_issuers_and_keys_and_counts(key: PrivateKey) -> None:
    first = key_entry(key.public, format_="pratique", limits=WINDOW)
    second = key_entry(PrivateKey.generate("Ed25519").public, format_="pratique", limits=WINDOW)
    document = with_key(None, first, issuer="https://a.example", country="UTO", at=NOW, name="A")
    document = with_key(document, second, issuer="https://a.example", country="UTO", at=NOW)
    document = with_key(document, second, issuer="https://b.example", country="AUT", at=NOW)
    schemas.check(document, "trust-list")
    trust_list = TrustList.from_json(document)
    assert trust_list.set_aside == ()
    assert trust_list.sequence == 3
    assert [(entry.issuer.id, entry.issuer.name()) for entry in trust_list.keys] == [
        ("https://a.example", "A"), ("https://a.example", "A"), ("https://b.example", "https://b.example"),
    ]  # fmt: skip


def test_the_list_given_is_left_as_it_is(key: PrivateKey) -> None:
    entry = key_entry(key.public, format_="pratique", limits=WINDOW)
    document = with_key(None, entry, issuer="https://a.example", country="UTO", at=NOW)
    before = json.dumps(document)
    with_key(document, {**entry, "key_id": "AAAAAAAAAAA="}, issuer="https://a.example", country="UTO", at=NOW, name="B")
    assert json.dumps(document) == before


def test_the_same_key_is_replaced_and_not_doubled(key: PrivateKey) -> None:
    entry = key_entry(key.public, format_="pratique", limits=WINDOW)
    longer = {**entry, "not_after": "2030-01-01T00:00:00Z"}
    document = with_key(None, entry, issuer="https://a.example", country="UTO", at=NOW)
    document = with_key(document, longer, issuer="https://a.example", country="UTO", at=NOW)
    assert document["issuers"][0]["keys"] == [longer]


def test_an_issuer_cannot_move_to_another_country(key: PrivateKey) -> None:
    entry = key_entry(key.public, format_="pratique", limits=WINDOW)
    document = with_key(None, entry, issuer="https://a.example", country="UTO", at=NOW)
    with pytest.raises(TrustError, match="for UTO, not AUT"):
        with_key(document, entry, issuer="https://a.example", country="AUT", at=NOW)


def test_acceptance_gains_one_line_once_and_keeps_the_others() -> None:
    deny = [{"countries": ["XXA"]}]
    document, is_new = with_acceptance({"deny": deny}, issuer="https://a.example", country="UTO", format_="pratique")
    again, is_new_again = with_acceptance(document, issuer="https://a.example", country="UTO", format_="pratique")
    assert (is_new, is_new_again) == (True, False)
    assert again == document
    assert document["deny"] == deny
    schemas.check(document, "acceptance")
    assert len(Acceptance.from_json(document).accept) == 1


# Editions


def month(number: int, key: PrivateKey) -> dict[str, Any]:
    """Return the entry of a key that signs in one month of 2026."""
    begins, ends = datetime(2026, number, 1, tzinfo=UTC), datetime(2026, number + 1, 1, tzinfo=UTC)
    return key_entry(key.public, format_="pratique", limits=Limits(not_before=begins, not_after=ends))


def cohorts(*keys: PrivateKey) -> dict[str, Any]:
    """Return a list of one issuer with a key for each of the first months of 2026."""
    document: dict[str, Any] | None = None
    for number, key in enumerate(keys, start=1):
        document = with_key(document, month(number, key), issuer="https://a.example", country="UTO", at=NOW)
    assert document is not None
    return document


def withdraw(
    document: dict[str, Any], key: PrivateKey | Certificate, reason: str = "compromise", **options: Any
) -> dict[str, Any]:
    key_id = key.hcert_key_id if isinstance(key, Certificate) else key.public.key_id
    given = {"issuer": "https://a.example", "key_id": key_id, "at": NOW, **options}
    return with_withdrawal(document, reason=WithdrawalReason(reason), **given)


def withdrawals(document: Any) -> list[Any]:
    schemas.check(document, "trust-list")
    trust_list = TrustList.from_json(document)
    assert trust_list.set_aside == ()
    return [None if key.withdrawn is None else key.withdrawn.reason.value for key in trust_list.keys]


def test_withdrawal_of_one_key_leaves_those_of_other_months(key: PrivateKey) -> None:
    document = cohorts(PrivateKey.generate(), key, PrivateKey.generate())
    before = json.dumps(document)
    changed = withdraw(document, key)
    assert withdrawals(changed) == [None, "compromise", None]
    assert changed["sequence"] == document["sequence"] + 1
    assert changed["issuers"][0]["keys"][1]["withdrawn"]["at"] == "2026-11-23T07:30:00Z"
    assert json.dumps(document) == before


def test_withdrawal_may_hold_since_an_earlier_time(key: PrivateKey) -> None:
    changed = withdraw(cohorts(key), key, "superseded", since=datetime(2026, 1, 20, tzinfo=UTC))
    assert changed["issuers"][0]["keys"][0]["withdrawn"] == {"at": "2026-01-20T00:00:00Z", "reason": "superseded"}
    assert changed["issued_at"] == "2026-11-23T07:30:00Z"


def test_leaked_key_is_withdrawn_wherever_it_stands_and_a_superseded_one_where_it_is_named(key: PrivateKey) -> None:
    named = key_entry(key.public, format_="nz-covid-pass", key_id=b"name", limits=WINDOW)
    document = with_key(cohorts(key), named, issuer="https://a.example", country="UTO", at=NOW)
    document = with_key(document, named, issuer="https://b.example", country="RUR", at=NOW)
    assert withdrawals(withdraw(document, key)) == ["compromise"] * 3
    assert withdrawals(withdraw(document, key, "superseded")) == ["superseded", None, None]


def test_leaked_key_is_known_by_its_certificate_too(certificate: Certificate) -> None:
    entry = key_entry(certificate, format_="eu-dcc")
    bare = {name: value for name, value in entry.items() if name != "public_key"}
    broken = {**bare, "certificate": "AAAA"}
    document = with_key(None, entry, issuer="eu-dcc:AUT", country="AUT", at=NOW)
    document = with_key(document, {**bare, "formats": ["who-hcert"]}, issuer="who:AUT", country="AUT", at=NOW)
    document = with_key(document, {**broken, "key_id": "AAAA"}, issuer="who:AUT", country="AUT", at=NOW)
    changed = withdraw(document, certificate, issuer="eu-dcc:AUT")
    assert withdrawals(changed) == ["compromise", "compromise", None]


def test_keys_that_share_an_identifier_are_all_withdrawn(key: PrivateKey) -> None:
    document = cohorts(key, PrivateKey.generate())
    document["issuers"][0]["keys"][1]["key_id"] = document["issuers"][0]["keys"][0]["key_id"]
    assert withdrawals(withdraw(document, key, "superseded")) == ["superseded", "superseded"]


def test_compromise_may_follow_supersession_and_nothing_follows_compromise(key: PrivateKey) -> None:
    superseded = withdraw(cohorts(key), key, "superseded")
    compromised = withdraw(superseded, key)
    assert withdrawals(compromised) == ["compromise"]
    for document, reason in ((superseded, "superseded"), (compromised, "superseded"), (compromised, "compromise")):
        with pytest.raises(TrustError, match="withdrawn already"):
            withdraw(document, key, reason)


@pytest.mark.parametrize("options", [{"key_id": b"12345678"}, {"issuer": "https://b.example"}])
def test_key_that_is_not_there_cannot_be_withdrawn(key: PrivateKey, options: dict[str, Any]) -> None:
    with pytest.raises(TrustError, match="no key with this identifier"):
        withdraw(cohorts(key), key, **options)


def test_withdrawn_key_does_not_come_back(key: PrivateKey) -> None:
    entry = month(1, key)
    for reason in ("compromise", "superseded"):
        document = withdraw(cohorts(key), key, reason)
        for again in (entry, {**entry, "key_id": "AAAA"}, {**entry, "formats": ["nz-covid-pass"]}):
            with pytest.raises(TrustError, match="stays so"):
                with_key(document, again, issuer="https://a.example", country="UTO", at=NOW)
    elsewhere = {"issuer": "https://b.example", "country": "UTO", "at": NOW}
    with pytest.raises(TrustError, match="stays so"):
        with_key(withdraw(cohorts(key), key), entry, **elsewhere)
    with_key(withdraw(cohorts(key), key, "superseded"), entry, **elsewhere)


def test_withdrawn_key_that_cannot_be_read_does_not_come_back_either(key: PrivateKey) -> None:
    broken = {**month(1, key), "public_key": {"kty": "EC"}}
    document = with_key(None, broken, issuer="https://a.example", country="UTO", at=NOW)
    with pytest.raises(TrustError, match="stays so"):
        with_key(withdraw(document, key), broken, issuer="https://a.example", country="UTO", at=NOW)


def test_renewed_list_has_its_times_and_a_higher_sequence(key: PrivateKey) -> None:
    document = cohorts(key)
    due, end = NOW + timedelta(days=7), NOW + timedelta(days=30)
    changed = renewed(document, at=NOW, next_update=due, expires_at=end)
    trust_list = TrustList.from_json(changed)
    assert (trust_list.sequence, trust_list.next_update, trust_list.expires_at) == (document["sequence"] + 1, due, end)
    assert list(changed) == ["id", "sequence", "issued_at", "next_update", "expires_at", "issuers"]
    assert changed["issuers"] == document["issuers"]
    renewed(document, at=NOW, next_update=due, expires_at=due)
    for times in ((NOW, end), (end, due)):
        with pytest.raises(TrustError, match="not due"):
            renewed(document, at=NOW, next_update=times[0], expires_at=times[1])


def test_list_whose_time_is_over_is_renewed_before_it_is_changed(key: PrivateKey) -> None:
    due = NOW + timedelta(days=7)
    document = renewed(cohorts(key), at=NOW, next_update=due, expires_at=due + timedelta(days=7))
    withdraw(document, key, at=due)
    late = due + timedelta(seconds=1)
    for change in (
        lambda: withdraw(document, key, at=late),
        lambda: with_key(document, month(3, PrivateKey.generate()), issuer="x", country="UTO", at=late),
    ):
        with pytest.raises(TrustError, match="is over") as raised:
            change()
        assert "renew" in raised.value.hint
    again = renewed(document, at=late, next_update=late + timedelta(days=7), expires_at=late + timedelta(days=30))
    assert withdrawals(withdraw(again, key, at=late)) == ["compromise"]
