"""What a reviewer sees before a list is signed: nothing is left out, and what widens trust stands first."""

from __future__ import annotations

import base64
import copy
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.codec import json
from pratique.cose.keys import PrivateKey
from pratique.errors import TrustError
from pratique.model import Kind
from pratique.trust import TrustList, wire
from pratique.trust.diff import Effect, diff, diff_lists

if TYPE_CHECKING:
    from collections.abc import Callable

ONE, OTHER, THIRD = (PrivateKey.generate(name).public for name in ("ESP256", "Ed25519", "ESP384"))
COMPROMISE = {"at": "2026-11-01T00:00:00Z", "reason": "compromise"}
SUPERSEDED = {"at": "2026-11-01T00:00:00Z", "reason": "superseded"}


def key(public: Any = ONE, **members: Any) -> dict[str, Any]:
    return {
        "key_id": base64.b64encode(public.key_id).decode(),
        "public_key": public.jwk,
        "formats": ["pratique"],
        "not_before": "2026-01-01T00:00:00Z",
        "not_after": "2027-01-01T00:00:00Z",
        **members,
    }


def document() -> dict[str, Any]:
    issuers = [
        {
            "id": f"https://{name}.example.org",
            "country": "UTO",
            "names": {"en": name},
            "status_lists": [f"https://{name}.example.org/status/"],
            "scope": {"kinds": ["test", "vaccination"]},
            "keys": [key(public, scope={"targets": ["1D47", "RA01"]}, certificate="AAAA")],
        }
        for name, public in (("one", ONE), ("two", OTHER))
    ]
    return {
        "id": "list",
        "sequence": 3,
        "issued_at": "2026-11-01T00:00:00Z",
        "next_update": "2026-11-08T00:00:00Z",
        "expires_at": "2026-12-01T00:00:00Z",
        "issuers": issuers,
    }


def after(change: Callable[[Any], object], old: Any = None) -> list[tuple[str, str]]:
    """Return effect and kind of every difference after a change of the next edition."""
    old = document() if old is None else old
    new = copy.deepcopy(old) | {"sequence": 4}
    change(new)
    return [(found.effect.value, found.what) for found in diff(old, new)]


def edit(*path: str | int, to: Any) -> Callable[[Any], object]:
    """Return the change of one member of a list, or of its removal where `to` is `...`."""

    def change(given_: Any) -> None:
        for step in path[:-1]:
            given_ = given_[step]
        if to is ...:
            del given_[path[-1]]
        else:
            given_[path[-1]] = to

    return change


KEY = ("issuers", 0, "keys", 0)


def test_next_edition_with_the_same_content_has_no_difference() -> None:
    assert after(lambda new: new.update(issued_at="2026-11-07T00:00:00Z")) == []
    assert after(lambda new: new["issuers"].reverse()) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (edit("id", to="other"), [("wider", "list.renamed")]),
        (edit("sequence", to=3), [("neither", "list.sequence")]),
        (edit("expires_at", to="2027-01-01T00:00:00Z"), [("neither", "list.expires_at")]),
        (edit("expires_at", to=...), [("wider", "list.expires_at")]),
        (edit("next_update", to=...), [("wider", "list.next_update")]),
        (edit("issuers", 0, "country", to="RUR"), [("wider", "issuer.country")]),
        (edit("issuers", 0, "names", to={"en": "Other"}), [("neither", "issuer.names")]),
        (edit("issuers", 0, "scope", to=...), [("wider", "issuer.scope")]),
        (edit("issuers", 0, "scope", to={"kinds": ["test"]}), [("narrower", "issuer.scope")]),
        (
            edit("issuers", 0, "scope", to={"kinds": ["test", "recovery"]}),
            [("wider", "issuer.scope"), ("narrower", "issuer.scope")],
        ),
        (
            edit("issuers", 0, "scope", to={"targets": ["1D47"]}),
            [("wider", "issuer.scope"), ("narrower", "issuer.scope")],
        ),
        (edit("issuers", 0, "status_lists", to=...), [("narrower", "issuer.status_lists")]),
        (
            edit("issuers", 0, "status_lists", to=["https://evil.example/"]),
            [("wider", "issuer.status_lists"), ("narrower", "issuer.status_lists")],
        ),
        (edit("issuers", 1, to=...), [("narrower", "issuer.removed")]),
        (edit(*KEY, "scope", to={"targets": ["1D47"]}), [("narrower", "key.scope")]),
        (edit(*KEY, "scope", to=...), [("wider", "key.scope")]),
        (edit(*KEY, "formats", to=["pratique", "eu-dcc"]), [("wider", "key.formats")]),
        (edit(*KEY, "formats", to=["eu-dcc"]), [("wider", "key.formats"), ("narrower", "key.formats")]),
        (edit(*KEY, "not_before", to="2026-01-01T00:00:01Z"), [("narrower", "key.window")]),
        (edit(*KEY, "not_before", to="2025-12-31T23:59:59Z"), [("wider", "key.window")]),
        (edit(*KEY, "not_after", to="2026-12-31T23:59:59Z"), [("narrower", "key.window")]),
        (edit(*KEY, "not_after", to="2027-01-01T00:00:01Z"), [("wider", "key.window")]),
        (edit(*KEY, "certificate", to="AAAB"), [("neither", "key.certificate")]),
        (edit(*KEY, "certificate", to=...), [("neither", "key.certificate")]),
        (edit(*KEY, "public_key", to=THIRD.jwk), [("wider", "key.exchanged")]),
        (edit(*KEY, "key_id", to="AAAA"), [("wider", "key.added"), ("narrower", "key.removed")]),
        (edit(*KEY, "withdrawn", to=COMPROMISE), [("narrower", "key.withdrawn")]),
        (edit(*KEY, "withdrawn", to=SUPERSEDED), [("narrower", "key.withdrawn")]),
        (edit(*KEY, to=...), [("narrower", "key.removed")]),
    ],
)
def test_each_difference_is_seen_for_what_it_does(
    change: Callable[[Any], object], expected: list[tuple[str, str]]
) -> None:
    assert after(change) == expected


@pytest.mark.parametrize(
    ("before", "now", "effect"),
    [
        (COMPROMISE, ..., "wider"),
        (SUPERSEDED, ..., "wider"),
        (COMPROMISE, SUPERSEDED, "wider"),
        (SUPERSEDED, COMPROMISE, "narrower"),
        (SUPERSEDED, SUPERSEDED | {"at": "2026-11-02T00:00:00Z"}, "wider"),
        (SUPERSEDED, SUPERSEDED | {"at": "2026-10-31T00:00:00Z"}, "narrower"),
        (COMPROMISE, COMPROMISE | {"at": "2026-11-02T00:00:00Z"}, "neither"),
    ],
)
def test_withdrawal_that_is_taken_back_or_softened_widens(before: Any, now: Any, effect: str) -> None:
    old = document()
    edit(*KEY, "withdrawn", to=before)(old)
    assert after(edit(*KEY, "withdrawn", to=now), old) == [(effect, "key.withdrawn")]


def test_new_issuer_is_shown_with_each_of_its_keys_and_first() -> None:
    old = document()
    new = copy.deepcopy(old) | {"sequence": 4}
    added = {"id": "https://three.example.org", "country": "RUR", "keys": [key(THIRD), key(ONE, withdrawn=COMPROMISE)]}
    new["issuers"].append(added)
    edit(*KEY, "not_after", to="2026-06-01T00:00:00Z")(new)
    changes = diff(old, new)
    assert [(change.effect, change.what) for change in changes] == [
        (Effect.WIDER, "issuer.added"),
        (Effect.WIDER, "key.added"),
        (Effect.NARROWER, "key.window"),
        (Effect.NEITHER, "key.added"),
    ]
    assert changes[0].sentence == "https://three.example.org (RUR) is new, with 2 keys; it may sign any about any."
    assert changes[1].sentence == (
        f"The key {THIRD.key_id.hex()} of https://three.example.org is new: it may sign pratique, any about any, "
        "from 2026-01-01T00:00:00Z until 2027-01-01T00:00:00Z."
    )
    assert changes[2].view() == {
        "effect": "narrower",
        "what": "key.window",
        "issuer": "https://one.example.org",
        "key_id": ONE.key_id.hex(),
        "sentence": f"The key {ONE.key_id.hex()} of https://one.example.org may sign until 2026-06-01T00:00:00Z; "
        "it was 2027-01-01T00:00:00Z.",
    }


def test_first_edition_is_all_new() -> None:
    changes = diff(None, document())
    assert {change.effect for change in changes} == {Effect.WIDER}
    assert [change.what for change in changes] == ["list.added", *("issuer.added", "key.added") * 2]


def test_issuer_without_keys_is_seen() -> None:
    assert after(edit("issuers", 0, "keys", to=[])) == [("narrower", "key.removed")]
    bare = {"id": "https://three.example.org", "country": "RUR", "keys": []}
    assert after(lambda new: new["issuers"].append(bare)) == [("wider", "issuer.added")]


def test_keys_that_share_an_identifier_are_told_apart() -> None:
    old = document()
    old["issuers"][0]["keys"] = [key(public, key_id="AAAA") for public in (ONE, OTHER)]
    assert after(lambda new: new["issuers"][0]["keys"].reverse(), old) == []
    assert after(edit(*KEY, "public_key", to=THIRD.jwk), old) == [("wider", "key.exchanged")]
    old["issuers"][0]["keys"] = [key(formats=["pratique"]), key(formats=["eu-dcc"])]
    assert after(lambda new: new["issuers"][0]["keys"].reverse(), old) == []


def test_unusable_entry_of_the_new_edition_is_named() -> None:
    old, new = document(), document() | {"sequence": 4}
    edit(*KEY, "formats", to=[])(new)
    changes = diff(old, new)
    assert [(change.effect.value, change.what) for change in changes] == [
        ("narrower", "key.removed"),
        ("neither", "entry.unusable"),
    ]
    assert changes[1].sentence == "The entry issuers/0/keys/0 cannot be used: formats is empty."


def test_form_of_a_list_makes_no_difference() -> None:
    old = document()
    assert diff_lists(TrustList.from_json(old), TrustList.from_cbor(wire.to_cbor(old | {"sequence": 4}))) == ()
    broken = document()
    edit(*KEY, "public_key", to={"kty": "EC"})(broken)
    assert after(lambda _: None, broken) == []
    assert after(edit(*KEY, "public_key", to={"kty": "OKP"}), broken) == [("wider", "key.exchanged")]


LIMITS = st.none() | st.sets(st.sampled_from(["test", "vaccination", "recovery"]), min_size=1).map(sorted)
TIMES = st.sampled_from([f"2026-0{month}-01T00:00:00Z" for month in range(1, 7)])


WITHDRAWALS = st.sampled_from([..., COMPROMISE, SUPERSEDED, SUPERSEDED | {"at": "2026-09-01T00:00:00Z"}])
STATES = st.tuples(LIMITS, TIMES, WITHDRAWALS)


@settings(max_examples=150, deadline=None)
@given(STATES, STATES)
def test_whatever_only_the_new_edition_lets_in_has_a_difference_that_widens(before: Any, now: Any) -> None:
    editions = (document(), document() | {"sequence": 4})
    for (kinds, begins, withdrawn), edition in zip((before, now), editions, strict=True):
        edition["issuers"][0]["scope"] = {} if kinds is None else {"kinds": kinds}
        edition["issuers"][0]["keys"][0] |= {"not_before": begins} | (
            {} if withdrawn is ... else {"withdrawn": withdrawn}
        )
    if allowed(editions[1]) - allowed(editions[0]):
        assert diff(*editions)[0].effect is Effect.WIDER


def allowed(given_: Any) -> set[tuple[str, int]]:
    """Return for which kinds of fact, issued on the first of which months, the first key of a list counts."""
    found = TrustList.from_json(given_).keys[0]
    days = {month: datetime(2026, month, 1, tzinfo=UTC) for month in range(1, 13)}
    return {
        (kind.value, month)
        for kind in (Kind.TEST, Kind.VACCINATION, Kind.RECOVERY, Kind.EXEMPTION)
        for month, day in days.items()
        if found.issuer.scope.covers(kind, "1D47") and found.covers_time(day)
        if found.withdrawn is None or not found.withdrawn.voids(day)
    }


def test_what_is_no_list_is_not_compared() -> None:
    for editions in ((document(), {}), ({}, document()), (None, None)):
        with pytest.raises(TrustError):
            diff(*editions)


def test_changes_are_json() -> None:
    views = [change.view() for change in diff(None, document())]
    assert json.decode(json.encode(views)) == views
