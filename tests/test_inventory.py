"""How old the parts of a bundle are: one second before each of their dates, and at it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from authority import NOW, rfc3339
from keepers import DAY, list_document, root
from pratique.bundle import Bundle
from pratique.inventory import Age, Part, inventory, revocations
from pratique.trust import wire
from revocation import batch, sha
from seals import SealState, certificate_list

SECOND = timedelta(seconds=1)
STATE = SealState()


def bundle(**parts: Any) -> Bundle:
    members = {
        "id": "border",
        "sequence": 4,
        "issued_at": NOW,
        "next_update": NOW + 20 * DAY,
        "expires_at": NOW + 21 * DAY,
        "trust_lists": (wire.to_cbor(list_document(issued_at=NOW)),),
        "acceptance": b"{}",
    }
    return Bundle(**{**members, **parts})


def only(contents: dict[str, bytes], after: timedelta = timedelta()) -> Part:
    (part,) = revocations(contents, at=NOW + after)
    return part


@pytest.mark.parametrize(
    ("after", "age"),
    [
        (-61 * SECOND, Age.EARLY),
        (-60 * SECOND, Age.FRESH),
        (7 * DAY - SECOND, Age.FRESH),
        (7 * DAY, Age.DUE),
        (30 * DAY - SECOND, Age.DUE),
        (30 * DAY, Age.OVER),
    ],
)
def test_trust_list_has_an_age_of_its_own(after: timedelta, age: Age) -> None:
    _, listed = inventory(bundle(), at=NOW + after)
    assert (listed.kind, listed.name, listed.age) == ("trust list", "who", age)


def test_root_is_over_from_its_end_on() -> None:
    ends = root().expires_at
    assert [inventory(bundle(), root(), at=at)[1].age for at in (ends - SECOND, ends)] == [Age.FRESH, Age.OVER]


@pytest.mark.parametrize("name", ["trust_lists", "status_lists", "rule_sets"])
def test_part_that_cannot_be_read_is_over_and_the_rest_is_shown(name: str) -> None:
    parts = inventory(bundle(**{name: (b"\x00",)}), at=NOW)
    assert parts[0].age is Age.FRESH
    (damaged,) = [part for part in parts if part.age is Age.OVER]
    assert damaged.name == "number 1"
    assert damaged.content


def test_hash_lists_are_as_old_as_the_notes_say() -> None:
    lists = {"at.dcc.json": json.dumps(batch(sha("a"), sha("b"))).encode()}
    assert only(lists) == Part("revocations", "eu-dcc", "2 hashes", Age.UNDATED)
    notes = {"as-of.json": json.dumps({"eu-dcc": rfc3339(NOW)}).encode()}
    assert only({**lists, **notes}) == Part("revocations", "eu-dcc", "2 hashes", Age.FRESH, NOW)
    assert only(notes, -61 * SECOND) == Part("revocations", "eu-dcc", "0 hashes", Age.EARLY, NOW)


def test_certificate_list_is_stale_from_its_next_update_on() -> None:
    data = {"a.crl": certificate_list(STATE, 7, made=NOW)}
    due = only(data).next_update
    assert due is not None
    assert only(data).content == "a.crl, 1 certificates"
    for after, age in ((due - NOW - SECOND, Age.FRESH), (due - NOW, Age.STALE), (-61 * SECOND, Age.EARLY)):
        assert only(data, after).age is age


def test_file_that_is_no_list_is_over() -> None:
    part = only({"a.crl": b"\x30"})
    assert (part.name, part.age) == ("a.crl", Age.OVER)
