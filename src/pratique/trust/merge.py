"""Issuers of several networks on one trust list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pratique.errors import TrustError
from pratique.reasons import Reason
from pratique.trust.entries import material, with_status_lists
from pratique.trust.trust_list import WithdrawalReason

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def merged(document: Mapping[str, Any], issuers: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return a trust list with more issuers on it; what is on it stays.

    An issuer that is on it already gets the keys and addresses of status lists that it does not have yet. A key that it
    has, under the same identifier and for the same formats, stays as it is listed, with its withdrawal: an import knows
    nothing of that. A key that leaked is withdrawn wherever it comes in again, under whatever name.

    Args:
        document: the list, in JSON.
        issuers: entries, as importers make them.
    Raises: TrustError (`trust.list_invalid`): an issuer is on the list for another country.
    """
    entries = {entry["id"]: dict(entry) for entry in document["issuers"]}
    leaks = {
        material(key): key["withdrawn"]
        for entry in document["issuers"]
        for key in entry["keys"]
        if key.get("withdrawn", {}).get("reason") == WithdrawalReason.COMPROMISE
    }
    leaks.pop(None, None)
    for issuer in issuers:
        entry = entries.setdefault(issuer["id"], {**issuer, "keys": []})
        if entry["country"] != issuer["country"]:
            raise TrustError(
                Reason.TRUST_LIST_INVALID,
                f"{issuer['id']} is on the list for {entry['country']}, and imported for {issuer['country']}",
            )
        with_status_lists(entry, issuer.get("status_lists", ()))
        there = {_name(key) for key in entry["keys"]}
        new = [dict(key) for key in issuer["keys"] if _name(key) not in there]
        for key in new:
            if (leak := leaks.get(material(key))) is not None:
                key["withdrawn"] = leak
        entry["keys"] = [*entry["keys"], *new]
    return {**document, "issuers": list(entries.values())}


def _name(key: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return by what a key's entry is told from others: identifier, formats, and the key itself, however written."""
    return (
        key["key_id"],
        tuple(sorted(key["formats"])),
        material(key) or str([key.get("public_key"), key.get("certificate")]),
    )
