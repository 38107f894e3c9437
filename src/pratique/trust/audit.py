"""What is wrong or odd in a trust list and an acceptance: for their keeper, more than loading them checks."""

from __future__ import annotations

import re
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from pratique import schemas
from pratique.cose.certificates import Certificate
from pratique.errors import PratiqueError
from pratique.model.dates import rfc3339
from pratique.trust.acceptance import Acceptance
from pratique.trust.entries import HCERT, ICAO_VDS_NC
from pratique.trust.trust_list import STATUS_LIST_FORMAT, TrustedKey, TrustList, WithdrawalReason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from pratique.cose.keys import PublicKey
    from pratique.trust.root import Root
    from pratique.trust.store import TrustStore

_ROOT_ENDS_SOON: Final = timedelta(days=30)  # as long as a list lives by default: time for keepers to meet
ADDRESS: Final = re.compile(r"https://[^/?#@\\\s]+/[^#\\\s]*")
"""Of an issuer's status lists."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault, or with `is_error` false an oddity: where it is and what."""

    where: str
    text: str
    is_error: bool = True


def audit_list(document: Any, *, at: datetime) -> Iterator[Finding]:
    """Yield what is wrong in a trust list: against its schema, in the list, in each entry, between its entries.

    Oddities are what happens and does no harm: an expired or withdrawn key, two entries with one key identifier, one
    key under two issuers, as those on one platform have it.
    """
    try:
        schemas.check(document, "trust-list")
    except PratiqueError as error:
        yield Finding("schema", error.detail)
    try:
        trust_list = TrustList.from_json(document)
    except PratiqueError as error:
        yield Finding("list", error.detail)
        return
    places = _usable(document, frozenset(entry.where for entry in trust_list.set_aside))
    yield from _audit(trust_list, [f"{where} " for where in places], at)


def audit_loaded(trust_list: TrustList, *, at: datetime) -> Iterator[Finding]:
    """Yield what is wrong in a trust list that was read already, such as a signed one; as `audit_list`."""
    yield from _audit(trust_list, [""] * len(trust_list.keys), at)


def audit_root(root: Root, *, at: datetime) -> Iterator[Finding]:
    """Yield what is wrong with a root: that it is over. That it soon is, or hangs on one keeper, is an oddity."""
    if at >= root.expires_at:
        yield Finding(
            "expires_at", f"it ended {rfc3339(root.expires_at)}: nothing new counts until its successor is here"
        )
    elif root.expires_at - at <= _ROOT_ENDS_SOON:
        yield Finding("expires_at", f"it ends {rfc3339(root.expires_at)}: its successor is due", is_error=False)
    if root.threshold == 1:
        yield Finding("threshold", "one keeper is enough, and so is one key that leaks", is_error=False)
    elif root.threshold == len(root.keys):
        yield Finding("threshold", "every keeper must sign: if one key is lost, nothing can follow", is_error=False)


def _audit(trust_list: TrustList, places: Iterable[str], at: datetime) -> Iterator[Finding]:
    yield from _times(trust_list, at)
    for entry in trust_list.set_aside:
        yield Finding(entry.where, f"set aside: {entry.error.detail or entry.error.code.meaning}")
    for issuer in trust_list.issuers:
        for address in issuer.status_lists:
            if not ADDRESS.fullmatch(address):
                yield Finding(issuer.id, "an address for status lists is no https address")
    for place, key in zip(places, trust_list.keys, strict=True):
        for text, is_error in _key(key, at):
            yield Finding(f"{place}({key.issuer.id}, {key.key_id.hex()})", text, is_error)
    yield from _between(trust_list)


def _times(trust_list: TrustList, at: datetime) -> Iterator[Finding]:
    """Yield what is wrong with the times of a list."""
    if trust_list.expires_at is not None and trust_list.issued_at > at:  # an operator's own list is as old as it is
        yield Finding("issued_at", f"it was made later than now, {rfc3339(trust_list.issued_at)}", is_error=False)
    if trust_list.expires_at is not None and at >= trust_list.expires_at:
        yield Finding("expires_at", f"it ended {rfc3339(trust_list.expires_at)}")
    elif trust_list.next_update is not None and at >= trust_list.next_update:
        yield Finding("next_update", f"the next edition was due {rfc3339(trust_list.next_update)}", is_error=False)


def _between(trust_list: TrustList) -> Iterator[Finding]:
    """Yield what is wrong or odd between the entries of a list."""
    identifiers = Counter((format_, key.key_id) for key in trust_list.keys for format_ in key.formats)
    for (format_, key_id), count in identifiers.items():
        if count > 1:
            yield Finding(key_id.hex(), f"{count} keys for {format_} have this identifier", is_error=False)
    addresses = Counter(address for issuer in trust_list.issuers for address in set(issuer.status_lists))
    for address, count in addresses.items():
        if count > 1:
            yield Finding(address, f"{count} issuers publish their status lists here", is_error=False)
    same: dict[PublicKey, list[TrustedKey]] = {}
    for key in trust_list.keys:
        with suppress(PratiqueError):  # named above, with its entry
            same.setdefault(key.key, []).append(key)
    for keys in same.values():
        where = keys[0].key_id.hex()
        issuers = sorted({key.issuer.id for key in keys})
        if len(issuers) > 1:
            yield Finding(where, f"several issuers have this key: {', '.join(issuers)}", is_error=False)
        leaked = [key.withdrawn is not None and key.withdrawn.reason is WithdrawalReason.COMPROMISE for key in keys]
        if any(leaked) and not all(leaked):
            yield Finding(where, "the key is withdrawn for compromise in one entry and counts on in another")


def audit_together(store: TrustStore) -> Iterator[Finding]:
    """Yield what is odd between the lists of a folder, each of which may be in order."""
    lists: dict[str, list[str]] = {}
    for trust_list in store.lists:
        for issuer in trust_list.issuers:
            lists.setdefault(issuer.id, []).append(trust_list.id)
        for key in trust_list.keys:
            with suppress(PratiqueError):  # named with its list
                leak = store.leak_of(key)
                if leak is not None and leak.issuer.trust_list != trust_list.id:
                    where = f"{trust_list.id} ({key.issuer.id}, {key.key_id.hex()})"
                    yield Finding(where, f"the key leaked, as list {leak.issuer.trust_list} says", is_error=False)
    for issuer_id, found in lists.items():
        if len(found) > 1:
            text = f"it is on the lists {', '.join(found)}; acceptance that names no list means each of them"
            yield Finding(issuer_id, text, is_error=False)


def audit_acceptance(document: Any) -> Iterator[Finding]:
    """Yield what is wrong in an acceptance; one that accepts nothing is an oddity."""
    try:
        schemas.check(document, "acceptance")
    except PratiqueError as error:
        yield Finding("schema", error.detail)
    try:
        acceptance = Acceptance.from_json(document)
    except PratiqueError as error:
        yield Finding("acceptance", error.detail)
        return
    if not acceptance.accept:
        yield Finding("accept", "no line, so that no issuer is accepted", is_error=False)


def _usable(document: Any, aside: frozenset[str]) -> Iterator[str]:
    """Yield the place of each key entry that was not set aside, in the order of the list's keys."""
    for i, issuer in enumerate(document["issuers"]):
        if f"issuers/{i}" not in aside:
            for j in range(len(issuer["keys"])):
                if (where := f"issuers/{i}/keys/{j}") not in aside:
                    yield where


def _key(key: TrustedKey, at: datetime) -> Iterator[tuple[str, bool]]:
    """Yield what is wrong with one key, and whether it is an error."""
    if key.withdrawn is not None:
        yield f"withdrawn as {key.withdrawn.reason.value}, {rfc3339(key.withdrawn.at)}", False
    try:
        public_key = key.key
    except PratiqueError as error:
        yield f"the key cannot be used: {error.detail or error.code.meaning}", True
        return
    if at > key.not_after:
        yield f"expired {key.not_after:%Y-%m-%d}", False
    elif at < key.not_before:
        yield f"not valid before {key.not_before:%Y-%m-%d}", False
    if STATUS_LIST_FORMAT in key.formats and not key.issuer.status_lists:
        yield "it signs status lists, and the issuer has no address for them", True
    if key.certificate is None:
        return
    try:
        certificate = Certificate.read(key.certificate)
    except PratiqueError as error:
        yield f"the certificate cannot be read: {error.detail or error.code.meaning}", True
        return
    if certificate.public_key != public_key:
        yield "certificate and public_key are of two different keys", True
    for text in _misnamed(key, certificate):
        yield text, False


def _misnamed(key: TrustedKey, certificate: Certificate) -> Iterator[str]:
    """Yield in which formats no code will name a key by the identifier that it is listed under."""
    if key.formats & HCERT and certificate.hcert_key_id != key.key_id:
        yield "the identifier is not the hash of the certificate, by which codes of these formats name it"
    if ICAO_VDS_NC in key.formats and certificate.subject_key_id != key.key_id:
        yield "the identifier is not that of the authority's key, by which certificates in seals name it"
