"""EU DCC revocation: batches of hashes as the gateway hands them out, and the set that many of them make.

A batch is for one key, or for every key of one country where its `kid` is `UNKNOWN_KID`. Each of its hashes is the
first half of a SHA-256 over one of three things:

    SIGNATURE        r alone for ES256, so that a signature counts as revoked with n - s in the place of s too;
                     the whole signature for PS256
    UCI              the certificate's identifier (`ci`) exactly as it stands: prefix, case and checksum stay
    COUNTRYCODEUCI   a country and the identifier, without anything between. Deployments take the country from different
                     places, the CWT's `iss` or the entry's `co`; both are tried, and the country that revokes

The gateway wraps a batch into a CMS signed by the state's upload certificate, which `gateway_batch` takes off. Nothing
is proven here: whoever puts a batch into the folder vouches for it.

Source: EU DCC gateway (dgc-gateway), revocation API; `docs/formats.md`.
"""

from __future__ import annotations

import base64
import hashlib
from array import array
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pratique.errors import DecodeError
from pratique.model.codes import country_alpha2, country_alpha3
from pratique.model.dates import parse_datetime
from pratique.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from pratique.model import HashedIdentifiers

HASH_BYTES: Final = 16
MAX_ENTRIES: Final = 100_000  # in one batch; the gateway's have 1,000 at most, and a state may merge its own
MAX_HASHES: Final = 4_000_000  # held at once: 80 MB, and some 500 MB while the set is made
MAX_BATCHES: Final = 100_000  # in one file
UNKNOWN_KEY: Final = "UNKNOWN_KID"

_MAX_KEY_ID = 64  # bytes; those of certificates have 8
_BASE64_PER_BYTE = 2  # characters, generously: what is longer than that is not looked into
_RECORD = HASH_BYTES + 4  # a hash and, in seconds since 1970, when it ceases to count
_LATEST = 0xFFFFFFFF  # the latest such second, in 2106
_IN_A_BUCKET = 4  # as a power of two: so many hashes share a bucket on average, and are looked through


class HashType(StrEnum):
    """What is hashed."""

    SIGNATURE = "SIGNATURE"
    UCI = "UCI"
    COUNTRYCODEUCI = "COUNTRYCODEUCI"


_HASH_TYPES: Final = {each.value: each for each in HashType}


@dataclass(frozen=True, slots=True, repr=False)
class HashBatch:
    """A batch: who revokes (`country`, alpha-3), under which key (None: any of the country's), and until when.

    `hashes` are of 16 bytes each. `damaged` is how many entries were set aside because they are no hashes.
    """

    country: str
    key_id: bytes | None
    hash_type: HashType
    expires_at: datetime
    hashes: tuple[bytes, ...]
    damaged: int = 0

    def __repr__(self) -> str:
        return f"HashBatch({self.country}, {self.hash_type}, {len(self.hashes)} hashes)"

    @classmethod
    def from_json(cls, document: Any) -> HashBatch:
        """Return the batch that a JSON document is.

        Not checked: who signed it.
        Raises: DecodeError (`status.list_invalid`): it is none; a single entry that is no hash is set aside.
        """
        if type(document) is not dict or type(entries := document.get("entries")) is not list:
            raise _invalid("a batch is an object with an array of entries")
        if len(entries) > MAX_ENTRIES:
            raise _invalid(f"{len(entries)} entries in one batch, at most {MAX_ENTRIES} are read")
        stated = document.get("country")
        country = country_alpha3(stated.upper()) if type(stated) is str else None
        if country is None:
            raise _invalid("country is not an ISO 3166-1 alpha-2 code")
        hash_type = _HASH_TYPES.get(str(document.get("hashType")))
        if hash_type is None:
            raise _invalid(f"hashType is none of {', '.join(HashType)}")
        expires = document.get("expires")
        if type(expires) is not str:
            raise _invalid("expires is not a date and time")
        hashes = [_hash(entry) for entry in entries]
        good = tuple(found for found in hashes if found is not None)
        return cls(
            country, _key_id(document.get("kid")), hash_type, _moment(expires), good, damaged=len(hashes) - len(good)
        )


class Batches(NamedTuple):
    """The batches of a file, and what is wrong with those that are none, by their place in it from 0 on."""

    good: tuple[HashBatch, ...]
    faults: dict[int, str]


def read_batches(document: Any) -> Batches:
    """Return the batches of a JSON document, which is one of them or an array.

    Raises: DecodeError (`status.list_invalid`): more than `MAX_BATCHES`. One that is none is among the faults.
    """
    documents = document if type(document) is list else [document]
    if len(documents) > MAX_BATCHES:
        raise _invalid(f"{len(documents)} batches in one file, at most {MAX_BATCHES} are read")
    good: list[HashBatch] = []
    faults: dict[int, str] = {}
    for place, each in enumerate(documents):
        try:
            good.append(HashBatch.from_json(each))
        except DecodeError as error:
            faults[place] = error.detail
    return Batches(tuple(good), faults)


class HashLists:
    """All batches that a verifier holds, packed.

    A hash, the second at which it ceases to count, and its part of an index take some 20.3 bytes together.
    Raises: DecodeError (`status.list_invalid`): more than `MAX_HASHES` hashes.
    """

    def __init__(self, batches: Iterable[HashBatch]) -> None:
        records: dict[tuple[str, bytes | None], dict[HashType, list[bytes]]] = {}
        count = 0
        for batch in batches:
            count += len(batch.hashes)
            if count > MAX_HASHES:
                raise _invalid(f"more than {MAX_HASHES} hashes")
            until = min(max(0, int(batch.expires_at.timestamp())), _LATEST).to_bytes(4)
            listed = records.setdefault((batch.country, batch.key_id), {}).setdefault(batch.hash_type, [])
            listed += [value + until for value in batch.hashes]
        self._sets = {
            owner: {hash_type: _PackedSet(found) for hash_type, found in by_type.items()}
            for owner, by_type in records.items()
        }
        self.countries: Final = frozenset(country for country, _ in self._sets)

    def __len__(self) -> int:
        return sum(len(packed) for by_type in self._sets.values() for packed in by_type.values())

    def find(self, identifiers: HashedIdentifiers, *, country: str, key_id: bytes, at: datetime) -> HashType | None:
        """Return by which hash a certificate is revoked, None where it is on no list that counts for it.

        Args:
            identifiers: what its hashes are made of.
            country: that of the key which verified it, alpha-3. No other country's batches are looked into.
            key_id: the key's identifier. Batches for another key are not looked into.
            at: aware; a hash counts until its batch expires, and not at that second any more.
        """
        second = int(at.timestamp())
        for owner in ((country, key_id), (country, None)):
            for hash_type, packed in self._sets.get(owner, {}).items():
                for value in _hashes(identifiers, hash_type, country):
                    if packed.counts_until(value) > second:
                        return hash_type
        return None


class _PackedSet:
    """Hashes with the second until which each counts, sorted, and found by their first bits."""

    __slots__ = ("_records", "_shift", "_starts")

    def __init__(self, records: list[bytes]) -> None:
        ordered = sorted(set(records))
        bits = max(0, len(ordered).bit_length() - _IN_A_BUCKET)  # 18 at most, by `MAX_HASHES`
        self._shift = 32 - bits
        sizes = Counter(int.from_bytes(record[:4]) >> self._shift for record in ordered)
        self._starts = array("I", accumulate((sizes[i] * _RECORD for i in range(1 << bits)), initial=0))
        self._records = b"".join(ordered)

    def __len__(self) -> int:
        return len(self._records) // _RECORD

    def counts_until(self, value: bytes) -> int:
        """Return the second at which a hash ceases to count, 0 where it is not listed; the latest of several."""
        bucket = int.from_bytes(value[:4]) >> self._shift
        start, end = self._starts[bucket], self._starts[bucket + 1]
        latest, found = 0, self._records.find(value, start, end)
        while found >= 0:
            if found % _RECORD == 0:  # not across two of them
                latest = max(latest, int.from_bytes(self._records[found + HASH_BYTES : found + _RECORD]))
            found = self._records.find(value, found + 1, end)
        return latest


def _hashes(identifiers: HashedIdentifiers, hash_type: HashType, country: str) -> Iterator[bytes]:
    """Yield the hashes of a type that a certificate can be listed by."""
    if hash_type is HashType.SIGNATURE:
        yield _digest(identifiers.signature)
    elif hash_type is HashType.UCI:
        for number, _ in identifiers.entries:
            yield _digest(number.encode())
    else:
        for number, stated in identifiers.entries:
            for prefix in {identifiers.issuer, stated, country_alpha2(country)} - {None}:
                yield _digest(f"{prefix}{number}".encode())


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()[:HASH_BYTES]


def _key_id(stated: Any) -> bytes | None:
    if stated == UNKNOWN_KEY:
        return None
    key_id = _unbase64(stated, _MAX_KEY_ID)
    if not key_id:
        raise _invalid(f"kid is neither the Base64 of a key identifier nor {UNKNOWN_KEY}")
    return key_id


def _hash(entry: Any) -> bytes | None:
    found = _unbase64(entry.get("hash"), HASH_BYTES) if type(entry) is dict else None
    return found if found is not None and len(found) == HASH_BYTES else None


def _unbase64(text: Any, most: int) -> bytes | None:
    """Return the bytes of a Base64 text, None where it is none or stands for more than `most` bytes."""
    if type(text) is not str or len(text) > most * _BASE64_PER_BYTE:
        return None
    try:
        found = base64.b64decode(text, validate=True)
    except ValueError:  # the alphabet, the padding, or not ASCII
        return None
    return found if len(found) <= most else None


def _moment(text: str) -> datetime:
    try:
        return parse_datetime(text)
    except DecodeError:
        raise _invalid("expires is not a date and time") from None


def _invalid(detail: str) -> DecodeError:
    return DecodeError(Reason.STATUS_LIST_INVALID, detail)
