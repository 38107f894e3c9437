"""VCI: the directory of the issuers of SMART Health Cards, with their keys.

Two forms are read. The snapshot has every issuer with the keys that the directory's keepers found, and is signed, as a
whole and in a file of its own. The plain directory has addresses alone; the operator fetches the key sets and gives
them too. Each issuer is listed by itself, under the address (`iss`) that its cards state, with its keys under their
thumbprints: platforms sign for many issuers with one key, and a key counts for each of them apart.

Neither form says where an issuer is. The directory's metadata do, for most; for the others the operator says it.
Revocation lists in a snapshot are not trust, and are left where they are; see `status.smart_rid`.

Source: github.com/the-commons-project/vci-directory; SMART Health Cards Framework 1.4.0.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from pratique.codec import base64url, json
from pratique.cose import algorithms
from pratique.cose.algorithms import EC_P256, EC_P384, EC_P521, ES256, ES384, ES512
from pratique.cose.certificates import Certificate
from pratique.cose.keys import PublicKey
from pratique.errors import PratiqueError, SignatureError, TrustError
from pratique.model.dates import parse_datetime, rfc3339
from pratique.reasons import Reason
from pratique.trust.entries import SMART_HEALTH_CARD, Limits
from pratique.trust.importers.base import MAX_SOURCE_BYTES, Imported, Instructions, invalid
from pratique.trust.importers.collector import MAX_ENTRIES, Collector, unbase64
from pratique.trust.importers.single import BARE_KEY_WINDOW

if TYPE_CHECKING:
    from collections.abc import Mapping

NETWORK: Final = "vci"
FIRST_CARDS: Final = datetime(2021, 1, 1, tzinfo=UTC)
"""Before the first cards: from then on a key may have signed, unless the operator says otherwise."""
SEEN_WITHIN: Final = timedelta(days=30)
"""How long before the snapshot an issuer's keys may have been retrieved; it is tried every day."""
EXAMPLES: Final = frozenset(
    {"https://spec.smarthealth.cards/examples/issuer", "https://smarthealth.cards/examples/issuer"}
)
"""Issuers of published examples: anybody has their private keys."""

_ALGORITHMS: Final = MappingProxyType({EC_P256: ES256, EC_P384: ES384, EC_P521: ES512})
_ISSUER: Final = re.compile(r"https://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~%!$&'()*+,;=:@-]+)*")
_MAX_TEXT: Final = 255  # characters of an address or a name; the longest in use have 111 and 109


def recognises(document: Any) -> bool:
    """Return whether a JSON document is the directory or its snapshot."""
    return type(document) is dict and ("issuerInfo" in document or "participating_issuers" in document)


def import_(
    data: bytes,
    instructions: Instructions,
    *,
    metadata: bytes | None = None,
    key_sets: Mapping[str, bytes] = MappingProxyType({}),
) -> Imported:
    """Return the issuers of the directory with their keys.

    Args:
        data: the snapshot or the plain directory.
        instructions: `signer` must have made `signature`, over these very bytes; `country` is that of issuers of which
            the metadata do not say it; `limits` are those of every key.
        metadata: the directory's file `vci-issuers-metadata.json`.
        key_sets: the JWKS of issuers, by address; they replace the keys in a snapshot.
    Raises: TrustError (`import.invalid`), DecodeError: it is neither form, as a whole, or the metadata are none.
        SignatureError (`import.signature_invalid`): the instructions name a signer, and the signature is not by it.
        TrustError (`import.stale`): the snapshot is from after the import.
    """
    document = json.decode(data, limit=MAX_SOURCE_BYTES)
    if not recognises(document):
        raise invalid("it is neither the directory nor its snapshot")
    directory = _Directory(instructions, {} if metadata is None else _countries(metadata), key_sets)
    verified, unverified = _signature(data, instructions)
    if "issuerInfo" in document:
        issuers = document["issuerInfo"]
        directory.made_at = _time(document.get("time"))
        if directory.made_at > instructions.at:
            raise TrustError(Reason.IMPORT_STALE, f"the snapshot is of {rfc3339(directory.made_at)}")
        unverified.append(f"what changed since {rfc3339(directory.made_at)}, when the snapshot was made")
        unverified.append("that the keys are the issuers': the directory's keepers retrieved them")
    else:
        issuers = document["participating_issuers"]
        issuers = [{"issuer": issuer, "keys": []} for issuer in issuers] if type(issuers) is list else None
        unverified.append("that the keys are the issuers': whoever retrieved them vouches for them")
    if type(issuers) is not list or len(issuers) > MAX_ENTRIES:
        raise invalid(f"its issuers are no array, or more than {MAX_ENTRIES}")
    collector = Collector(sum(map(_count, issuers)), at=instructions.at)
    for i, entry in enumerate(issuers):
        directory.add(f"/{i}", entry, collector)
    verified.append("the identifier of each key is the thumbprint of the key")
    unverified.append("in which country the issuers are: the metadata and the operator say so")
    return collector.imported(NETWORK, verified=verified, unverified=unverified)


class _Directory:
    """What is known of every issuer, and the addresses seen so far."""

    def __init__(
        self, instructions: Instructions, countries: Mapping[str, object], key_sets: Mapping[str, bytes]
    ) -> None:
        self.made_at: datetime | None = None
        self._default = instructions.country
        self._countries = countries
        self._key_sets = key_sets
        self._seen: set[str] = set()
        given = instructions.limits
        self._limits = Limits(
            kinds=given.kinds,
            targets=given.targets,
            not_before=given.not_before or FIRST_CARDS,
            not_after=given.not_after or instructions.at.replace(microsecond=0) + BARE_KEY_WINDOW,
        )

    def add(self, where: str, entry: Any, collector: Collector) -> None:
        """Add an issuer with each of its keys, or remark on why not."""
        issuer = entry.get("issuer") if type(entry) is dict else None
        address, name = (_text(issuer, member) for member in ("iss", "name"))
        if address is None or name is None or not _ISSUER.fullmatch(address):
            collector.leave_out(where, Reason.IMPORT_ENTRY, "it has no address in the form of the network, or no name")
            return
        if address in EXAMPLES:
            collector.leave_out(
                where, Reason.IMPORT_OTHER_USE, "an issuer of published examples, whose keys are public"
            )
            return
        if address in self._seen:
            collector.leave_out(where, Reason.IMPORT_DUPLICATE, "the address of an issuer that is there already")
            return
        self._seen.add(address)
        keys = self._keys(where, address, entry, collector)
        stated = self._countries.get(_text(issuer, "canonical_iss") or address) or self._default
        country = collector.country(where, stated) if keys else None
        if country is None:
            return
        self._note_age(where, entry, collector)
        for j, jwk in enumerate(keys):
            if (key := _usable(f"{where}/{j}", jwk, collector)) is not None:
                collector.add(
                    f"{where}/{j}",
                    key,
                    country=country,
                    format_=SMART_HEALTH_CARD,
                    issuer=address,
                    name=name,
                    limits=self._limits,
                )

    def _keys(self, where: str, address: str, entry: Mapping[str, Any], collector: Collector) -> list[Any]:
        keys = entry.get("keys")
        if address in self._key_sets:
            try:
                document = json.decode(self._key_sets[address], limit=MAX_SOURCE_BYTES)
            except PratiqueError as error:
                collector.leave_out(where, error.code, error.detail)
                return []
            keys = document.get("keys") if type(document) is dict else None
        if type(keys) is not list:
            collector.leave_out(where, Reason.IMPORT_ENTRY, "its keys are no array")
            return []
        if not keys:
            collector.leave_out(where, Reason.IMPORT_REFERENCE, "an issuer without keys")
        return keys

    def _note_age(self, where: str, entry: Mapping[str, Any], collector: Collector) -> None:
        if self.made_at is None:
            return
        try:
            retrieved = _time(entry.get("lastRetrieved"))
        except PratiqueError:
            collector.note(where, Reason.IMPORT_NOT_SEEN, "it does not say when its keys were retrieved")
            return
        if retrieved < self.made_at - SEEN_WITHIN:
            collector.note(where, Reason.IMPORT_NOT_SEEN, f"its keys were last retrieved {retrieved:%Y-%m-%d}")


def _usable(where: str, jwk: Any, collector: Collector) -> PublicKey | None:
    """Return the key of a JWK whose name is its thumbprint; None, with a remark, where it cannot be used."""
    try:
        key = _key(jwk)
        if base64url.decode((_text(jwk, "kid") or "").encode()) == key.jwk_thumbprint:
            return key
        collector.leave_out(where, Reason.KEY_MISNAMED)
    except PratiqueError as error:
        collector.leave_out(where, error.code, error.detail)
    return None


def _key(jwk: Any) -> PublicKey:
    """Return the key of a JWK; a certificate that comes with it must be of the same key."""
    if type(jwk) is not dict:
        raise TrustError(Reason.IMPORT_ENTRY, "a key is no object")
    key = PublicKey.from_jwk(jwk)
    if "x5c" in jwk:
        chain = jwk["x5c"]
        if type(chain) is not list or not chain or PublicKey.from_certificate(unbase64(chain[0])) != key:
            raise TrustError(Reason.IMPORT_ENTRY, "the certificate with the key is of another key")
    return key


def _signature(data: bytes, instructions: Instructions) -> tuple[list[str], list[str]]:
    """Check the signature over the file, ECDSA in DER, and return what is verified by it and what is not."""
    signer, signature = instructions.signer, instructions.signature
    if signer is None:
        return [], ["who made the file: no signer was given"]
    if isinstance(signer, Certificate):
        if not signer.not_before <= instructions.at <= signer.not_after:
            raise SignatureError(Reason.IMPORT_SIGNATURE, "the signer given is outside its time")
        signer = signer.public_key
    algorithm = _ALGORITHMS.get(signer.family)
    if signature is None or algorithm is None:
        raise SignatureError(Reason.IMPORT_SIGNATURE, "there is no signature, or the key is not for ECDSA")
    try:
        holds = algorithms.verify(algorithm, signer, algorithms.raw_ecdsa(signature, algorithm), data)
    except SignatureError as error:
        raise SignatureError(Reason.IMPORT_SIGNATURE, error.detail) from None
    if not holds:
        raise SignatureError(Reason.IMPORT_SIGNATURE, "the signature over the file is not by the key given")
    return ["the file is as the signer given signed it"], []


def _countries(metadata: bytes) -> dict[str, object]:
    """Return the country of each issuer that has one, by its address, as the directory's metadata state it."""
    document = json.decode(metadata, limit=MAX_SOURCE_BYTES)
    entries = document.get("issuer_metadata") if type(document) is dict else None
    if type(entries) is not list:
        raise invalid("the metadata are not those of the directory")
    found: dict[str, object] = {}
    for entry in entries:
        address = _text(entry, "canonical_iss") or _text(entry, "iss")
        locations = entry.get("locations") if address is not None else None
        stated = {_text(each, "country") for each in locations} if type(locations) is list else set()
        if address is not None and len(stated) == 1:
            found[address] = stated.pop()
    return found


def _count(entry: Any) -> int:
    keys = entry.get("keys") if type(entry) is dict else None
    return len(keys) if type(keys) is list else 1


def _text(members: Any, name: str) -> str | None:
    value = members.get(name) if type(members) is dict else None
    return value if type(value) is str and 0 < len(value) <= _MAX_TEXT else None


def _time(value: Any) -> datetime:
    try:
        return parse_datetime(value if type(value) is str else "")
    except PratiqueError as error:
        raise invalid(f"a time in it is none: {error.detail}") from None
