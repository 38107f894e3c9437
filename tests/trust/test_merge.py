from __future__ import annotations

from typing import Any

import pytest

from authority import World
from pratique.errors import TrustError
from pratique.trust import TrustList
from pratique.trust.merge import merged


def lists() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a list, and an issuer that is not on it."""
    world = World()
    return world.list_document, world.authority(trust=False).entry


def test_issuers_of_another_network_come_after_those_that_are_there() -> None:
    document, issuer = lists()
    found = merged(document, [issuer])
    assert [entry["id"] for entry in found["issuers"]] == [document["issuers"][0]["id"], issuer["id"]]
    assert TrustList.from_json(found).set_aside == ()


def test_importing_again_changes_nothing() -> None:
    document, issuer = lists()
    once = merged(document, [issuer])
    assert merged(once, [issuer]) == once


def test_key_that_was_withdrawn_stays_withdrawn() -> None:
    document, issuer = lists()
    once = merged(document, [issuer])
    once["issuers"][1]["keys"][0]["withdrawn"] = {"at": "2026-11-01T00:00:00Z", "reason": "superseded"}
    assert merged(once, [issuer]) == once


def test_key_that_leaked_is_withdrawn_under_whatever_name_it_comes_in() -> None:
    document, issuer = lists()
    leak = {"at": "2026-11-01T00:00:00Z", "reason": "compromise"}
    document["issuers"][0]["keys"][0]["withdrawn"] = leak
    again = {**document["issuers"][0]["keys"][0], "key_id": "AAAA"}
    del again["withdrawn"]
    found = merged(document, [{**issuer, "keys": [again]}])
    assert found["issuers"][1]["keys"][0]["withdrawn"] == leak


def test_key_that_is_written_in_other_words_is_the_same_key() -> None:
    """What a JWK says beside the key, such as `key_ops`, undoes no withdrawal."""
    document, issuer = lists()
    once = merged(document, [issuer])
    once["issuers"][1]["keys"][0]["withdrawn"] = {"at": "2026-11-01T00:00:00Z", "reason": "superseded"}
    key = {**issuer["keys"][0], "public_key": {**issuer["keys"][0]["public_key"], "key_ops": ["verify"]}}
    assert merged(once, [{**issuer, "keys": [key]}]) == once
    once["issuers"][1]["keys"][0] |= {"public_key": key["public_key"]}
    once["issuers"][1]["keys"][0]["withdrawn"] = {"at": "2026-11-01T00:00:00Z", "reason": "compromise"}
    found = merged(once, [{**issuer, "id": "https://else.example"}])
    assert found["issuers"][2]["keys"][0]["withdrawn"]["reason"] == "compromise"


def test_issuer_of_another_country_is_refused() -> None:
    document, _ = lists()
    with pytest.raises(TrustError, match="is on the list for UTO, and imported for RUR"):
        merged(document, [{**document["issuers"][0], "country": "RUR"}])
