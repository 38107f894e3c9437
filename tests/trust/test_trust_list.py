"""Trust lists: a damaged entry is set aside by itself, and nothing that is not understood widens anything."""

from __future__ import annotations

import base64
import copy
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authority import World
from pratique.cose.keys import PrivateKey
from pratique.errors import PratiqueError, TrustError
from pratique.model import Kind
from pratique.reasons import Reason
from pratique.trust import Scope, TrustedIssuer, TrustList, Withdrawal, WithdrawalReason

KEY = PrivateKey.generate().public


def document(**issuer: Any) -> dict[str, Any]:
    """Return a list of two issuers with a key each; members given here replace those of the first."""
    entries = [
        {"id": f"https://{name}.example.org", "country": country, "names": {"en": name}, "keys": [key()]}
        for name, country in (("one", "UTO"), ("two", "RUR"))
    ]
    return {
        "id": "list",
        "sequence": 3,
        "issued_at": "2026-11-01T00:00:00Z",
        "issuers": [without_none({**entries[0], **issuer}), entries[1]],
    }


def key(**members: Any) -> dict[str, Any]:
    entry = {
        "key_id": base64.b64encode(KEY.key_id).decode(),
        "public_key": KEY.jwk,
        "formats": ["pratique"],
        "not_before": "2026-01-01T00:00:00Z",
        "not_after": "2027-01-01T00:00:00Z",
        **members,
    }
    return without_none(entry)


def without_none(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if value is not ...}


def test_list_in_order_has_every_key_and_sets_nothing_aside() -> None:
    trust_list = TrustList.from_json(document())
    assert (trust_list.id, trust_list.sequence, len(trust_list.keys), trust_list.set_aside) == ("list", 3, 2, ())
    assert trust_list.keys[0].key == KEY
    assert trust_list.keys[0].issuer.name("fr") == "one"
    assert trust_list.keys[0].issuer.trust_list == "list"


FAULTY_ISSUERS: dict[str, dict[str, Any]] = {
    "no id": {"id": ...},
    "empty id": {"id": ""},
    "id that is a number": {"id": 1},
    "no country": {"country": ...},
    "alpha-2 country": {"country": "UT"},
    "lower-case country": {"country": "uto"},
    "country with a digit": {"country": "UT0"},
    "country with a line end": {"country": "UTO\n"},
    "names that are a text": {"names": "one"},
    "name that is a number": {"names": {"en": 1}},
    "no keys": {"keys": ...},
    "keys that are an object": {"keys": {}},
    "unknown member": {"revoked": True},
    "status lists that are a text": {"status_lists": "https://one.example.org/status/"},
    "status list without an address": {"status_lists": [""]},
    "status list that is a number": {"status_lists": [1]},
    "status lists that are null": {"status_lists": None},
    "scope that is null": {"scope": None},
    "scope with an unknown member": {"scope": {"kinds": ["test"], "until": "2026-12-01"}},
    "scope with an unknown kind": {"scope": {"kinds": ["vaccine"]}},
    "scope with no kind": {"scope": {"kinds": []}},
    "scope with a target by name": {"scope": {"targets": ["yellow fever"]}},
    "the id of the other issuer, coming first": {"id": "https://two.example.org"},
}
REPEATED = "the id of the other issuer, coming first"


@pytest.mark.parametrize("case", FAULTY_ISSUERS)
def test_faulty_issuer_is_set_aside_and_the_other_works(case: str) -> None:
    trust_list = TrustList.from_json(document(**FAULTY_ISSUERS[case]))
    (aside,) = trust_list.set_aside
    assert aside.where == ("issuers/1" if case == REPEATED else "issuers/0")
    assert aside.error.code is Reason.TRUST_LIST_INVALID
    assert [found.issuer.id for found in trust_list.keys] == ["https://two.example.org"]


FAULTY_KEYS: dict[str, Any] = {
    "not an object": "key",
    "null": None,
    "no key_id": key(key_id=...),
    "key_id in hexadecimal": key(key_id="d919375fc1e7b6b"),
    "empty key_id": key(key_id=""),
    "key_id in base64url": key(key_id="-_-_-_-_-_8="),
    "no formats": key(formats=...),
    "no format": key(formats=[]),
    "formats that are a text": key(formats="pratique"),
    "format that is a number": key(formats=[1]),
    "no not_before": key(not_before=...),
    "no not_after": key(not_after=...),
    "date that is none": key(not_before="2026-02-30T00:00:00Z"),
    "date without a time": key(not_after="2027-01-01"),
    "date without an offset": key(not_after="2027-01-01T00:00:00"),
    "date that is a number": key(not_after=1_800_000_000),
    "year out of range": key(not_after="9999-12-31T23:59:59-14:00"),
    "window that ends before it begins": key(not_after="2025-01-01T00:00:00Z"),
    "neither key nor certificate": key(public_key=...),
    "certificate that is not base64": key(public_key=..., certificate="%%%"),
    "key that is a text": key(public_key="key"),
    "key that is null": key(public_key=None),
    "key with a private part": key(public_key={**KEY.jwk, "d": "AAAA"}),
    "unknown member": key(revoked=True),
    "withdrawn without a reason": key(withdrawn={"at": "2026-11-01T00:00:00Z"}),
    "withdrawn without a time": key(withdrawn={"reason": "compromise"}),
    "withdrawn for no known reason": key(withdrawn={"at": "2026-11-01T00:00:00Z", "reason": "expired"}),
    "withdrawn with an unknown member": key(
        withdrawn={"at": "2026-11-01T00:00:00Z", "reason": "superseded", "by": "AA=="}
    ),
    "withdrawn that is true": key(withdrawn=True),
    "withdrawn that is null": key(withdrawn=None),
    "scope that is a list": key(scope=["test"]),
    "scope with an unknown kind": key(scope={"kinds": ["TEST"]}),
}


@pytest.mark.parametrize("case", FAULTY_KEYS)
def test_faulty_key_is_set_aside_and_the_others_work(case: str) -> None:
    trust_list = TrustList.from_json(document(keys=[FAULTY_KEYS[case], key()]))
    (aside,) = trust_list.set_aside
    assert (aside.where, aside.error.code) == ("issuers/0/keys/0", Reason.TRUST_LIST_INVALID)
    assert len(trust_list.keys) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"id": ...},
        {"id": ""},
        {"sequence": ...},
        {"sequence": 0},
        {"sequence": True},
        {"sequence": "1"},
        {"sequence": 1.0},
        {"issued_at": ...},
        {"issued_at": "yesterday"},
        {"issued_at": 0},
        {"issuers": ...},
        {"issuers": {}},
        {"issuers": None},
        {"sequence": 2**53},
        {"next_update": None},
        {"next_update": "2026-10-31T23:59:59Z"},
        {"expires_at": "2026-10-31T23:59:59Z"},
        {"expires_at": 1_800_000_000},
        {"next_update": "2026-12-01T00:00:01Z", "expires_at": "2026-12-01T00:00:00Z"},
        {"signed_by": "somebody"},
    ],
    ids=repr,
)
def test_list_whose_own_members_are_faulty_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(TrustError) as raised:
        TrustList.from_json(without_none({**document(), **change}))
    assert raised.value.code is Reason.TRUST_LIST_INVALID


@pytest.mark.parametrize("whole", [None, [], "list", 1, {}])
def test_document_that_is_no_list_is_refused(whole: object) -> None:
    with pytest.raises(TrustError):
        TrustList.from_json(whole)


def test_key_is_read_from_its_certificate_where_there_is_no_other() -> None:
    broken = key(public_key=..., certificate=base64.b64encode(b"not a certificate").decode())
    trust_list = TrustList.from_json(document(keys=[broken, key()]))
    assert len(trust_list.keys) == 3  # that it parses is found out when it is needed
    with pytest.raises(PratiqueError) as raised:
        _ = trust_list.keys[0].key
    assert raised.value.code is Reason.CERTIFICATE_MALFORMED


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=8), inner, max_size=2),
    max_leaves=5,
)
PATHS = [
    ("id",),
    ("sequence",),
    ("issued_at",),
    ("issuers",),
    *((("issuers", 0, *rest)) for rest in ((), ("id",), ("country",), ("names",), ("scope",), ("keys",))),
    *(("issuers", 0, "keys", 0, *rest) for rest in ((), *((name,) for name in (*key(), "scope", "certificate")))),
    *(("issuers", 0, "keys", 0, "public_key", name) for name in ("kty", "crv", "x", "y", "alg", "key_ops", "d")),
]


@settings(max_examples=400, deadline=None)
@given(path=st.sampled_from(PATHS), value=JSON)
def test_any_value_anywhere_is_read_or_refused(path: tuple[Any, ...], value: Any) -> None:
    changed = copy.deepcopy(document())
    holder: Any = changed
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    try:
        trust_list = TrustList.from_json(changed)
        for found in trust_list.keys:
            assert found.key is not None
    except PratiqueError:
        return
    assert any(found.issuer.id == "https://two.example.org" for found in trust_list.keys) or path == ("issuers",)


def test_set_aside_entry_is_named_without_its_content() -> None:
    trust_list = TrustList.from_json(document(keys=[key(scope={"kinds": ["secret-kind"]})]))
    assert "secret" not in str(trust_list.set_aside[0].error)
    assert "secret" not in repr(trust_list)


# Scope


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("target", ["RA01", "1D47", None])
def test_scope_without_limits_covers_everything(kind: Kind, target: str | None) -> None:
    assert Scope().covers(kind, target)


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.CLEARANCE])
def test_unknown_target_is_in_no_limited_scope(kind: Kind) -> None:
    scope = Scope(targets=frozenset({"RA01"}))
    assert scope.covers(kind, "RA01")
    assert not scope.covers(kind, None)
    assert not scope.covers(kind, "1D47")


def test_clearance_is_in_a_scope_of_targets_only_where_it_is_named() -> None:
    """It states no disease and may stand for any, so a key for one disease must not give clearances unasked."""
    targets = frozenset({"RA01"})
    assert not Scope(targets=targets).covers(Kind.CLEARANCE, None)
    assert not Scope(frozenset({"test"}), targets).covers(Kind.CLEARANCE, None)
    assert Scope(frozenset({"test", "clearance"}), targets).covers(Kind.CLEARANCE, None)
    assert Scope(frozenset({"clearance"})).covers(Kind.CLEARANCE, None)


def test_key_for_one_disease_gives_no_clearances() -> None:
    world = World()
    world.home.entry["keys"][0]["scope"] = {"targets": ["RA01"]}
    report = world.verify(world.home.issue_clearance().present())
    assert report.decisive.code is Reason.KEY_SCOPE


def test_document_of_a_world_is_json() -> None:
    assert TrustList.from_json(json.loads(json.dumps(World().list_document))).set_aside == ()


# Status lists


def issuer_with(*addresses: str) -> TrustedIssuer:
    trust_list = TrustList.from_json(document(status_lists=[*addresses]))
    return trust_list.keys[0].issuer


BASE = "https://one.example.org/status/"


@pytest.mark.parametrize(
    "uri",
    [f"{BASE}1", f"{BASE}2026/11/list-7", f"{BASE}a.b_c~d-e", f"{BASE}a..b", BASE],
)
def test_address_below_one_that_ends_with_a_slash_is_the_issuers(uri: str) -> None:
    assert issuer_with(BASE).publishes(uri)


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "https://one.example.org/status",
        "https://one.example.org/status2/1",
        "https://one.example.org/",
        "https://one.example.org/STATUS/1",
        "https://ONE.example.org/status/1",
        "HTTPS://one.example.org/status/1",
        "http://one.example.org/status/1",
        "https://one.example.org:443/status/1",
        "https://user@one.example.org/status/1",
        "https://one.example.org@evil.example/status/1",
        "https://one.example.org.evil.example/status/1",
        "https://evil.example/https://one.example.org/status/1",
        " https://one.example.org/status/1",
        f"{BASE}../other/1",
        f"{BASE}1/../../other",
        f"{BASE}./1",
        f"{BASE}.",
        f"{BASE}..",
        f"{BASE}.hidden",
        f"{BASE}%2e%2e/other",
        f"{BASE}%2E%2E%2Fother",
        f"{BASE}..%2fother",
        f"{BASE}..\\other",
        f"{BASE}1\\..\\..\\other",
        f"{BASE}/1",
        f"{BASE}1//2",
        f"{BASE}1/",
        f"{BASE}1?x=https://evil.example/",
        f"{BASE}1#fragment",
        f"{BASE}1;x",
        f"{BASE}1@evil.example",
        f"{BASE}1 ",
        f"{BASE}1\n",
        f"{BASE}\t1",
        f"{BASE}ä",
        f"{BASE}\uff0e\uff0e/x",
    ],
)
def test_address_that_some_software_reads_otherwise_is_not_the_issuers(uri: str) -> None:
    assert not issuer_with(BASE).publishes(uri)


def test_address_that_is_listed_whole_is_the_issuers_and_nothing_beside_it() -> None:
    issuer = issuer_with("https://one.example.org/list?id=1", "https://one.example.org/a%20b")
    assert issuer.publishes("https://one.example.org/list?id=1")
    assert issuer.publishes("https://one.example.org/a%20b")
    for uri in ("https://one.example.org/list?id=2", "https://one.example.org/list?id=1/2", "https://one.example.org/"):
        assert not issuer.publishes(uri)


@pytest.mark.parametrize(
    "folder", ["/", "https:/", "https://", "https:///", "http://one.example.org/", "https://one.example.org/?/"]
)
def test_folder_that_is_no_https_address_covers_nothing(folder: str) -> None:
    for uri in (f"{folder}x", "https://one.example.org/x", "https://one.example.org/status/1"):
        assert not issuer_with(folder).publishes(uri)


def test_issuer_without_addresses_publishes_nothing() -> None:
    assert not issuer_with().publishes("https://one.example.org/status/1")
    assert TrustList.from_json(document()).keys[0].issuer.status_lists == ()


# Withdrawal


@pytest.mark.parametrize(("seconds", "after_supersession"), [(-1, False), (0, True), (1, True)])
def test_compromise_voids_everything_and_supersession_what_was_issued_from_then_on(
    seconds: int,
    after_supersession: bool,  # noqa: FBT001 - parametrised
) -> None:
    at = datetime(2026, 11, 1, tzinfo=UTC)
    issued_at = at + timedelta(seconds=seconds)
    assert Withdrawal(at, WithdrawalReason.SUPERSEDED).voids(issued_at) is after_supersession
    assert Withdrawal(at, WithdrawalReason.COMPROMISE).voids(issued_at)


def test_withdrawn_key_is_on_the_list_with_time_and_reason() -> None:
    withdrawn = {"at": "2026-11-01T00:00:00+01:00", "reason": "superseded"}
    trust_list = TrustList.from_json(document(keys=[key(withdrawn=withdrawn), key()]))
    at = datetime(2026, 10, 31, 23, tzinfo=UTC)
    assert trust_list.keys[0].withdrawn == Withdrawal(at, WithdrawalReason.SUPERSEDED)
    assert trust_list.keys[1].withdrawn is None


def test_list_says_when_the_next_is_due_and_when_it_ends() -> None:
    due = {"next_update": "2026-11-08T00:00:00Z", "expires_at": "2026-12-01T00:00:00Z"}
    trust_list = TrustList.from_json({**document(), **due})
    assert trust_list.next_update == datetime(2026, 11, 8, tzinfo=UTC)
    assert trust_list.expires_at == datetime(2026, 12, 1, tzinfo=UTC)
    trust_list = TrustList.from_json(document())
    assert (trust_list.next_update, trust_list.expires_at) == (None, None)


def test_keys_share_what_is_the_same_in_many() -> None:
    """Of 50,000 keys most have the formats and scope of their neighbour."""
    scope = {"kinds": ["vaccination"], "targets": ["1D47"]}
    trust_list = TrustList.from_json(document(keys=[key(scope=dict(scope)), key(scope=dict(scope))]))
    one, other, _ = trust_list.keys
    assert one.formats is other.formats
    assert one.scope is other.scope
    assert not hasattr(one, "__dict__")
    assert one.key is one.key
