"""Card revocation lists: which cards a list takes back, and which list may take the place of another."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authority import NOW, Clock
from pratique.errors import DecodeError
from pratique.formats.smart_health_card import envelope
from pratique.model import CardIdentifier
from pratique.reasons import Reason
from pratique.status.smart_rid import CardList, lists_of_directory
from shc import ISS, ShcIssuer, b64u, payload

if TYPE_CHECKING:
    from pathlib import Path

KID = b64u(bytes(range(32)))
ISSUED = datetime(2026, 6, 1, 12, tzinfo=UTC)
AT_ISSUE = int(ISSUED.timestamp())


def card_list(*rids: Any, **changes: Any) -> CardList:
    return CardList.from_json({"kid": KID, "method": "rid", "ctr": 1, "rids": list(rids), **changes})


def card(rid: str | None = "AQPCj4wwk6Mt", issued_at: datetime | None = ISSUED) -> CardIdentifier:
    return CardIdentifier(ISS, rid, issued_at)


def test_card_with_a_listed_rid_is_revoked() -> None:
    assert card_list("other", "AQPCj4wwk6Mt").revokes(card())


@pytest.mark.parametrize("rid", [None, "AQPCj4wwk6M", "AQPCj4wwk6Mtt", "aqpcj4wwk6mt"])
def test_card_with_another_rid_or_none_is_not_revoked(rid: str | None) -> None:
    assert not card_list("AQPCj4wwk6Mt").revokes(card(rid))


@pytest.mark.parametrize(("after", "revoked"), [(-1, False), (0, False), (1, True)], ids=["before", "at", "after"])
def test_time_behind_a_rid_revokes_what_was_issued_before_it(after: int, revoked: bool) -> None:  # noqa: FBT001
    assert card_list(f"AQPCj4wwk6Mt.{AT_ISSUE + after}").revokes(card()) is revoked


def test_card_without_a_time_of_issue_was_issued_before_any() -> None:
    assert card_list(f"AQPCj4wwk6Mt.{AT_ISSUE}").revokes(card(issued_at=None))


@pytest.mark.parametrize("order", [1, -1])
def test_widest_of_several_entries_counts(order: int) -> None:
    early, late = f"AQPCj4wwk6Mt.{AT_ISSUE - 9}", f"AQPCj4wwk6Mt.{AT_ISSUE + 9}"
    assert card_list(*[early, late][::order]).revokes(card())
    assert card_list(*[early, "AQPCj4wwk6Mt"][::order]).revokes(card())
    assert not card_list(early, early).revokes(card())


def test_time_of_issue_with_fractions_is_before_the_next_second_alone() -> None:
    issuer = ShcIssuer(Clock())
    opened = envelope(issuer.text(payload(vc={"rid": "AQPCj4wwk6Mt"}, nbf=AT_ISSUE + 0.999)))
    opened.read()
    identifier = opened.revocation_identifiers()
    assert (identifier.issuer, identifier.rid, identifier.issued_at) == (ISS, "AQPCj4wwk6Mt", ISSUED)
    assert not card_list(f"AQPCj4wwk6Mt.{AT_ISSUE}").revokes(identifier)
    assert card_list(f"AQPCj4wwk6Mt.{AT_ISSUE + 1}").revokes(identifier)


def test_card_says_what_it_can_be_revoked_by_only_once_it_was_read() -> None:
    opened = envelope(ShcIssuer(Clock()).text(payload()))
    with pytest.raises(ValueError, match="read before"):
        opened.revocation_identifiers()
    opened.read()
    assert opened.revocation_identifiers().rid is None
    assert repr(opened.revocation_identifiers()) == "CardIdentifier()"


@pytest.mark.parametrize("stated", [69, "69"])
def test_counter_may_be_written_as_text(stated: Any) -> None:
    assert card_list(ctr=stated).counter == 69
    assert repr(card_list("a", ctr=stated)) == "CardList(key 0001020304050607, counter=69, 1 cards)"


@pytest.mark.parametrize(
    ("counter", "stated", "behind"), [(4, None, False), (4, 3, False), (4, 4, False), (4, 5, True), ("4", "5", True)]
)
def test_list_behind_the_counter_of_the_key_set_is_known(counter: Any, stated: Any, behind: bool) -> None:  # noqa: FBT001
    made = card_list(ctr=counter) if stated is None else card_list(ctr=counter, crlVersion=stated)
    assert made.is_behind is behind


@pytest.mark.parametrize(
    "changes",
    [
        {"kid": None},
        {"kid": KID[:-1]},
        {"kid": KID + "="},
        {"kid": "é" * 43},
        {"kid": b64u(bytes(31))},
        {"method": None},
        {"method": "hash-fhir"},
        {"ctr": None},
        {"ctr": -1},
        {"ctr": "-1"},
        {"ctr": 1.0},
        {"ctr": True},
        {"ctr": 10**15},
        {"ctr": "1" * 16},
        {"ctr": "\u0661"},
        {"crlVersion": "x"},
        {"rids": None},
        {"rids": {}},
        {"iss": ""},
        {"iss": 1},
        {"iss": "h" * 256},
    ],
    ids=str,
)
def test_list_that_is_none_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(DecodeError) as caught:
        card_list(**changes)
    assert caught.value.code is Reason.STATUS_LIST_INVALID


@pytest.mark.parametrize(
    "bad",
    [
        None,
        1,
        "",
        "a" * 25,
        "a.b",
        "a.",
        ".1",
        "a.1.2",
        "a.-1",
        "a.1e3",
        "a b",
        "a=",
        "a+",
        "é",
        "a\n",
        "a." + "1" * 16,
    ],
)
def test_damaged_entry_is_set_aside_and_the_rest_counts(bad: Any) -> None:
    made = card_list(bad, "AQPCj4wwk6Mt", "a" * 24)
    assert (made.damaged, len(made)) == (1, 2)
    assert made.revokes(card())


def test_number_of_entries_is_limited() -> None:
    with pytest.raises(DecodeError, match="1000001 rids, at most 1000000"):
        card_list(*[None] * 1_000_001)


@pytest.mark.parametrize(
    ("new", "old", "follows"),
    [
        ((2, []), (1, ["a"]), True),
        ((1, ["a"]), (2, ["a"]), False),
        ((1, ["a", "b"]), (1, ["a"]), True),
        ((1, ["a"]), (1, ["a", "b"]), False),
        ((1, ["a"]), (1, ["a.5"]), True),
        ((1, ["a.5"]), (1, ["a"]), False),
        ((1, ["a.5"]), (1, ["a.5"]), True),
        ((1, ["a.4"]), (1, ["a.5"]), False),
    ],
    ids=str,
)
def test_counter_does_not_go_back_and_takes_nothing_off(new: Any, old: Any, follows: bool) -> None:  # noqa: FBT001
    later, held = (card_list(*rids, ctr=counter) for counter, rids in (new, old))
    if follows:
        later.check_follows(held)
        return
    with pytest.raises(DecodeError) as caught:
        later.check_follows(held)
    assert caught.value.code is Reason.STATUS_ROLLBACK


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(
        st.text("AZaz09-_", min_size=1, max_size=24), st.none() | st.integers(0, 10**10), min_size=1, max_size=20
    )
)
def test_list_revokes_exactly_what_it_names(named: dict[str, int | None]) -> None:
    made = card_list(*(rid if before is None else f"{rid}.{before}" for rid, before in named.items()))
    assert made.damaged == 0
    for rid, before in named.items():
        assert made.revokes(card(rid)) is (before is None or before > AT_ISSUE)
        assert not made.revokes(card(rid[::-1] + "!"))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(JSON, st.sampled_from(["kid", "method", "ctr", "rids", "iss", "crlVersion", None]))
def test_any_document_is_read_or_refused(value: Any, name: str | None) -> None:
    with suppress(DecodeError):
        CardList.from_json({"kid": KID, "method": "rid", "ctr": 1, "rids": ["a"], name: value} if name else value)


@settings(max_examples=100, deadline=None)
@given(JSON, JSON, JSON)
def test_any_snapshot_of_the_directory_is_read_or_refused(issuer: Any, keys: Any, lists: Any) -> None:
    for snapshot in (issuer, {"issuerInfo": lists}, {"issuerInfo": [{"issuer": issuer, "keys": keys, "crls": lists}]}):
        with suppress(DecodeError):
            assert all(not each.get("rids") for each in lists_of_directory(snapshot))


def test_list_of_the_directory_names_its_issuer_and_the_counter_of_its_key() -> None:
    published = {"kid": KID, "method": "rid", "ctr": 4, "rids": ["a"]}
    keys = [{"kid": "other", "crlVersion": 9}, {"kid": KID, "crlVersion": 5}, {"kid": ["x"]}, None]
    entry = {"issuer": {"iss": ISS}, "keys": keys, "crls": [published, None, {**published, "kid": "unlisted"}]}
    found = lists_of_directory({"issuerInfo": [entry, {"issuer": {"iss": "https://b.example"}, "keys": []}, None]})
    assert found[:2] == ({**published, "iss": ISS, "crlVersion": 5}, {**published, "kid": "unlisted", "iss": ISS})
    assert CardList.from_json(found[0]).is_behind


def test_list_that_a_key_set_announces_and_the_directory_lacks_is_behind() -> None:
    entry = {"issuer": {"iss": ISS}, "keys": [{"kid": KID, "crlVersion": "1"}, {"kid": "none"}], "crls": None}
    (missing,) = lists_of_directory({"issuerInfo": [entry]})
    assert CardList.from_json(missing).is_behind
    card_list(iss=ISS).check_follows(CardList.from_json(missing))


def test_every_list_that_issuers_published_is_read_whole(vectors: Path) -> None:
    snapshot = json.loads((vectors / "trust" / "vci" / "vci_snapshot.json").read_text(encoding="utf-8"))
    found = list(map(CardList.from_json, lists_of_directory(snapshot)))
    assert sorted(map(len, found)) == [0, 0, 0, 17, 555, 771]
    assert sum(each.damaged for each in found) == 0
    assert {each.counter for each in found} == {each.stated_counter for each in found} == {1, 4, 69, 556}
    assert None not in {each.issuer for each in found}
    quebec = next(each for each in found if each.counter == 69)
    before = datetime.fromtimestamp(1643950799, UTC)
    assert quebec.revokes(card("YheGzx4ezAE", before - timedelta(seconds=1)))
    assert not quebec.revokes(card("YheGzx4ezAE", before))
    assert not quebec.revokes(card("YheGzx4ezAE", NOW))
