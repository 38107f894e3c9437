"""The list of verifiers: what is faulty is set aside by itself, and what stands on it is found by its key."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authority import NOW
from pratique.cose.keys import PrivateKey
from pratique.cose.signer import SoftwareSigner
from pratique.errors import PratiqueError, TrustError
from pratique.reasons import Reason
from pratique.request import VerifierList
from pratique.trust import signed
from pratique.trust.root import Root

SECOND = timedelta(seconds=1)
KEYS = [PrivateKey.generate(), PrivateKey.generate("Ed25519")]
DOCUMENT: dict[str, Any] = {
    "id": "UTO-verifiers",
    "sequence": 3,
    "issued_at": "2026-11-01T00:00:00Z",
    "next_update": "2026-12-01T00:00:00Z",
    "expires_at": "2026-12-15T00:00:00Z",
    "verifiers": [
        {
            "id": "https://border.example.org",
            "country": "UTO",
            "names": {"en": "Border of Utopia", "fr": "Frontière d'Utopie"},
            "keys": [
                {"public_key": KEYS[0].public.jwk},
                {
                    "public_key": KEYS[1].public.jwk,
                    "not_before": "2026-11-01T00:00:00Z",
                    "not_after": "2026-11-30T00:00:00Z",
                },
            ],
            "purposes": ["entry", "transit"],
            "max_retention": "PT12H",
        },
        {
            "id": "https://clinic.example.org",
            "country": "RUR",
            "names": {"en": "Clinic"},
            "keys": [{"public_key": KEYS[0].public.jwk}],
            "purposes": ["care"],
            "max_retention": "P30D",
        },
    ],
}


def changed(path: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    """Return the document with another member; `...` takes it out."""
    document = copy.deepcopy(DOCUMENT)
    parent: Any = document
    for step in path[:-1]:
        parent = parent[step]
    if value is ...:
        del parent[path[-1]]
    else:
        parent[path[-1]] = value
    return document


def test_the_list_is_read_with_all_that_it_says() -> None:
    found = VerifierList.decode(json.dumps(DOCUMENT).encode())
    assert (found.id, found.sequence, found.set_aside) == ("UTO-verifiers", 3, ())
    border, clinic = found.verifiers
    assert border.purposes == {"entry", "transit"}
    assert border.max_retention == timedelta(hours=12)
    assert clinic.max_retention == timedelta(days=30)
    assert border.name("fr") == "Frontière d'Utopie"
    assert clinic.name("fr") == "Clinic"
    assert [entry.key for entry in border.keys] == [key.public for key in KEYS]


def test_a_key_is_found_with_everybody_who_has_it() -> None:
    found = VerifierList.from_json(DOCUMENT)
    assert [listed.country for listed, _ in found.keys_for(KEYS[0].public.key_id)] == ["UTO", "RUR"]
    assert [listed.country for listed, _ in found.keys_for(KEYS[1].public.key_id)] == ["UTO"]
    assert found.keys_for(bytes(8)) == ()


def test_the_window_of_a_key_has_both_its_ends_inside() -> None:
    ((_, key),) = VerifierList.from_json(DOCUMENT).keys_for(KEYS[1].public.key_id)
    assert key.not_before is not None
    assert key.not_after is not None
    assert [key.is_current(key.not_before + n * SECOND) for n in (-1, 0, 1)] == [False, True, True]
    assert [key.is_current(key.not_after + n * SECOND) for n in (-1, 0, 1)] == [True, True, False]


def test_the_list_ends_when_it_expires() -> None:
    found = VerifierList.from_json(DOCUMENT)
    assert found.expires_at is not None
    assert [found.is_current(found.expires_at + n * SECOND) for n in (-1, 0, 1)] == [True, False, False]
    assert VerifierList.from_json(changed(("expires_at",), ...)).is_current(NOW + timedelta(days=10_000))


BAD_LISTS: dict[str, Any] = {
    "no object": [],
    "nothing": None,
    **{f"no {name}": changed((name,), ...) for name in ("id", "sequence", "issued_at", "verifiers")},
    "an empty id": changed(("id",), ""),
    "sequence 0": changed(("sequence",), 0),
    "a sequence that is true": changed(("sequence",), value=True),
    "a naive time": changed(("issued_at",), "2026-11-01T00:00:00"),
    "a time that is none": changed(("expires_at",), "2026-13-01T00:00:00Z"),
    "verifiers that are an object": changed(("verifiers",), {}),
    "a member more": changed(("x",), 1),
}


@pytest.mark.parametrize("document", BAD_LISTS.values(), ids=BAD_LISTS)
def test_a_list_whose_own_members_are_faulty_is_refused(document: Any) -> None:
    with pytest.raises(TrustError) as refused:
        VerifierList.from_json(document)
    assert refused.value.code is Reason.VERIFIERS_INVALID


FIRST = ("verifiers", 0)
BAD_VERIFIERS: dict[str, Any] = {
    "a text": changed(FIRST, "x"),
    "null": changed(FIRST, None),
    **{f"no {name}": changed((*FIRST, name), ...) for name in DOCUMENT["verifiers"][0]},
    "a member more": changed((*FIRST, "x"), 1),
    "an id that is a list": changed((*FIRST, "id"), []),
    "a country of two letters": changed((*FIRST, "country"), "UT"),
    "no name": changed((*FIRST, "names"), {}),
    "no key": changed((*FIRST, "keys"), []),
    "a key of no type": changed((*FIRST, "keys", 0, "public_key"), {}),
    "a key that is none": changed(
        (*FIRST, "keys", 0, "public_key"), {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}
    ),
    "a private key": changed((*FIRST, "keys", 0, "public_key", "d"), "AA"),
    "a window of a key that is no time": changed((*FIRST, "keys", 1, "not_after"), "tomorrow"),
    "no purpose": changed((*FIRST, "purposes"), []),
    "a purpose in capitals": changed((*FIRST, "purposes"), ["Entry"]),
    "a retention in months": changed((*FIRST, "max_retention"), "P1M"),
    "a retention with a line end": changed((*FIRST, "max_retention"), "P1D\n"),
}


@pytest.mark.parametrize("document", BAD_VERIFIERS.values(), ids=BAD_VERIFIERS)
def test_a_faulty_verifier_is_set_aside_and_the_rest_works(document: Any) -> None:
    found = VerifierList.from_json(document)
    assert [listed.country for listed in found.verifiers] == ["RUR"]
    assert [(each.where, each.error.code) for each in found.set_aside] == [("verifiers/0", Reason.VERIFIERS_INVALID)]


def test_of_two_verifiers_with_one_id_none_counts() -> None:
    found = VerifierList.from_json(changed(("verifiers", 1, "id"), DOCUMENT["verifiers"][0]["id"]))
    assert found.verifiers == ()
    assert len(found.set_aside) == 2


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff", b'{"id":1,"id":2}', b"[" * 100])
def test_what_is_no_list_is_refused(data: bytes) -> None:
    with pytest.raises(PratiqueError):
        VerifierList.decode(data)


# Signed

KEEPERS = [PrivateKey.generate(), PrivateKey.generate("Ed25519")]
SIGNERS = [SoftwareSigner(key) for key in KEEPERS]
ROOT = Root(
    id="UTO-root",
    version=1,
    issued_at=NOW,
    expires_at=NOW + timedelta(days=365),
    threshold=2,
    keys=tuple(key.public for key in KEEPERS),
)


def test_a_list_that_enough_keepers_signed_is_read() -> None:
    assert VerifierList.read(VerifierList.sign(DOCUMENT, SIGNERS), ROOT).verifiers == (
        VerifierList.from_json(DOCUMENT).verifiers
    )
    first = VerifierList.sign(DOCUMENT, SIGNERS[:1])
    assert VerifierList.read(signed.add_signature(first, SIGNERS[1]), ROOT).sequence == 3


def test_a_list_that_too_few_signed_or_others_or_of_another_kind_is_refused() -> None:
    strangers = [SoftwareSigner(PrivateKey.generate()) for _ in range(2)]
    payload = json.dumps(DOCUMENT).encode()
    for data in (
        VerifierList.sign(DOCUMENT, SIGNERS[:1]),
        VerifierList.sign(DOCUMENT, strangers),
        signed.sign("trust-list", payload, SIGNERS),
        payload,
    ):
        with pytest.raises(PratiqueError):
            VerifierList.read(data, ROOT)


def test_a_signed_list_must_end_and_be_one_that_the_root_vouches_for() -> None:
    endless = json.dumps(changed(("expires_at",), ...)).encode()
    with pytest.raises(TrustError, match="when it ends"):
        VerifierList.read(signed.sign("verifier-list", endless, SIGNERS), ROOT)
    with pytest.raises(TrustError, match="vouch"):
        VerifierList.read(VerifierList.sign(DOCUMENT, SIGNERS), replace(ROOT, lists=frozenset({"other"})))


@pytest.mark.parametrize("path", [("expires_at",), (*FIRST, "keys")])
def test_a_faulty_list_is_not_signed(path: tuple[str | int, ...]) -> None:
    with pytest.raises(TrustError):
        VerifierList.sign(changed(path, ...), SIGNERS)


PATHS = [
    ("verifiers",),
    FIRST,
    *((*FIRST, name) for name in DOCUMENT["verifiers"][0]),
    (*FIRST, "keys", 0),
    (*FIRST, "keys", 0, "public_key"),
    (*FIRST, "keys", 0, "public_key", "x"),
    (*FIRST, "names", "en"),
]
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(PATHS), JUNK)
def test_junk_in_any_place_costs_one_verifier_or_the_list_and_nothing_else(path: Any, junk: Any) -> None:
    try:
        found = VerifierList.from_json(changed(path, junk))
    except TrustError:
        assert len(path) == 1
        return
    if len(path) > 1:
        assert "RUR" in {listed.country for listed in found.verifiers}
