"""What is wrong or odd in a trust list and an acceptance: for their keeper, more than loading them checks."""

from __future__ import annotations

import base64
import binascii
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pratique import schemas
from pratique.cose.certificates import Certificate
from pratique.errors import PratiqueError
from pratique.trust.acceptance import Acceptance
from pratique.trust.entries import HCERT, ICAO_VDS_NC
from pratique.trust.trust_list import TrustedKey, TrustList

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault, or with `is_error` false an oddity: where it is and what."""

    where: str
    text: str
    is_error: bool = True


def audit_list(document: Any, *, at: datetime) -> Iterator[Finding]:
    """Yield what is wrong in a trust list: against its schema, in each entry, between its entries.

    An expired key and two entries with one key identifier are oddities: both happen and do no harm.
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
    for entry in trust_list.set_aside:
        yield Finding(entry.where, f"set aside: {entry.error.detail or entry.error.code.meaning}")
    places = _usable(document, frozenset(entry.where for entry in trust_list.set_aside))
    for (where, certificate), key in zip(places, trust_list.keys, strict=True):
        for text, is_error in _key(key, certificate, at):
            yield Finding(f"{where} ({key.issuer.id}, {key.key_id.hex()})", text, is_error)
    identifiers = Counter((format_, key.key_id) for key in trust_list.keys for format_ in key.formats)
    for (format_, key_id), count in identifiers.items():
        if count > 1:
            yield Finding(key_id.hex(), f"{count} keys for {format_} have this identifier", is_error=False)


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


def _usable(document: Any, aside: frozenset[str]) -> Iterator[tuple[str, str | None]]:
    """Yield place and certificate of each key entry that was not set aside, in the order of the list's keys."""
    for i, issuer in enumerate(document["issuers"]):
        if f"issuers/{i}" not in aside:
            for j, entry in enumerate(issuer["keys"]):
                if (where := f"issuers/{i}/keys/{j}") not in aside:
                    yield where, entry.get("certificate")


def _key(key: TrustedKey, encoded: str | None, at: datetime) -> Iterator[tuple[str, bool]]:
    """Yield what is wrong with one key, and whether it is an error."""
    try:
        public_key = key.key
    except PratiqueError as error:
        yield f"the key cannot be used: {error.detail or error.code.meaning}", True
        return
    if key.not_before > key.not_after:
        yield "the window ends before it begins", True
    elif at > key.not_after:
        yield f"expired {key.not_after:%Y-%m-%d}", False
    elif at < key.not_before:
        yield f"not valid before {key.not_before:%Y-%m-%d}", False
    if encoded is None:
        return
    try:
        certificate = Certificate.read(base64.b64decode(encoded, validate=True))
    except binascii.Error:
        yield "the certificate is not base64", True
        return
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
