"""The other side: disclosures are matched with the hashes that the issuer signed, and what they open is put in place.

Every disclosure must match a hash that is there, once; nothing may be opened over an entry that stands already; what
stays closed is counted and left out. Source: draft-ietf-spice-sd-cwt-07, section 9.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple

from pratique.codec import cbor
from pratique.codec.cbor import Simple, Tag
from pratique.errors import DecodeError, DisclosureError
from pratique.reasons import Reason
from pratique.sdcwt.labels import (
    HASH_BYTES,
    MAX_KEY_BYTES,
    REDACTED_ELEMENT,
    REDACTION_KEYS,
    REDACTION_TAGS,
    SALT_BYTES,
)

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

Path = tuple[int | str, ...]
"""Where a value stands in nested maps: the keys that lead to it, from the outside in."""

MAX_MAPS = 8  # within each other, opened ones too; the deepest profile has 3
_NESTING = frozenset({dict, list, Tag})
_decode = cbor.Decoder(tags=REDACTION_TAGS, simple_keys=REDACTION_KEYS)
_DECOY, _ELEMENT, _ENTRY = 1, 2, 3  # how many items a disclosure of each sort has


class Disclosed(NamedTuple):
    """Claims with what was disclosed in place; how many hashes stayed closed; where each disclosure opened its claim.

    A path is the keys that lead to a claim; an element of an array has that of its array. Decoys open nothing.
    """

    claims: dict[Any, Any]
    withheld: int
    paths: dict[bytes, Path]

    def __repr__(self) -> str:
        return f"Disclosed({len(self.paths)} opened, {self.withheld} withheld)"


def disclosed(
    claims: dict[Any, Any],
    disclosures: Sequence[bytes],
    *,
    within: Container[Path] | None = None,
    framed: bool = False,
) -> Disclosed:
    """Return the claims with every disclosure put in its place and every closed hash left out.

    Args:
        claims: the signed claims, decoded; they are left as they are.
        disclosures: the byte strings of `sd_claims`, in any order, a child before its parent too.
        within: the maps that may have hidden entries, by their paths, `()` for the claims themselves; no array may
            then have hidden elements. None: anything may be hidden anywhere.
        framed: a hash is over the byte string with its CBOR head, as in the tokens that come with the draft. Section
            3.2 of the draft, figures 7 and 8, and this project's profile hash the content alone.
    Raises: DisclosureError: `disclosures.malformed`, `disclosures.unmatched`, `disclosures.repeated`.
    Not checked: the signature, and that the claims are those of any profile.

    """
    opening = _Opening(disclosures, within=within, framed=framed)
    opened = opening.open(claims)
    if opening.pending:
        raise DisclosureError(
            Reason.DISCLOSURE_UNMATCHED, f"{len(opening.pending)} of {len(disclosures)} disclosures match no hash"
        )
    return Disclosed(opened, opening.withheld, opening.paths)


class _Opening:
    """One pass over the claims; `pending` shrinks as disclosures find their place."""

    def __init__(
        self,
        disclosures: Sequence[bytes],
        *,
        within: Container[Path] | None = None,
        framed: bool = False,
    ) -> None:
        self.pending: dict[bytes, bytes] = {}
        for encoded in disclosures:
            self.pending[hashlib.sha256(cbor.encode(encoded) if framed else encoded).digest()] = encoded
        if len(self.pending) != len(disclosures):
            raise DisclosureError(Reason.DISCLOSURE_REPEATED, "two disclosures are the same")
        self.withheld = 0
        self.paths: dict[bytes, Path] = {}
        self._within = within
        self._seen: set[bytes] = set()

    def open(self, value: Any, path: Path = ()) -> Any:
        kind = type(value)
        if kind is dict:
            return self._open_map(value, path)
        if kind is list:
            return value if _NESTING.isdisjoint(map(type, value)) else [*self._open_elements(value, path)]
        if kind is Tag:
            raise DisclosureError(Reason.DISCLOSURE_MALFORMED, "a redacted element outside an array")
        return value

    def _open_map(self, mapping: dict[Any, Any], path: Path) -> dict[Any, Any]:
        if len(path) > MAX_MAPS:  # each disclosure may nest as deep as CBOR may, and hold the hash of the next
            raise DisclosureError(Reason.DISCLOSURE_MALFORMED, f"nested deeper than {MAX_MAPS} maps")
        opened: dict[Any, Any] = {}
        hashes: Any = None
        for key, value in mapping.items():
            if type(key) is Simple:  # to Python it is equal to its number, and 59 is a key like any other
                hashes = value
            elif type(value) in _NESTING:
                opened[key] = self.open(value, (*path, key))
            else:
                opened[key] = value
        if len(opened) < len(mapping):
            if self._within is not None and path not in self._within:
                raise DisclosureError(Reason.DISCLOSURE_MALFORMED, "entries are hidden where none may be")
            for _, value, key in self._opened_by(hashes, _ENTRY, path):
                usable = len(key.encode()) <= MAX_KEY_BYTES if type(key) is str else type(key) is int
                if not usable:
                    raise DisclosureError(Reason.DISCLOSURE_MALFORMED, "a disclosed key is no integer or short text")
                if key in opened:
                    raise DisclosureError(Reason.DISCLOSURE_REPEATED, "a disclosed key stands in its map already")
                opened[key] = self.open(value, (*path, key))
        return opened

    def _open_elements(self, elements: list[Any], path: Path) -> Iterator[Any]:
        for element in elements:
            if type(element) is Tag and element.tag == REDACTED_ELEMENT:
                if self._within is not None:
                    raise DisclosureError(Reason.DISCLOSURE_MALFORMED, "an element of an array is hidden")
                for parts in self._opened_by([element.value], _ELEMENT, path):
                    yield self.open(parts[1], path)
            else:
                yield self.open(element, path)

    def _opened_by(self, hashes: Any, size: int, path: Path) -> list[list[Any]]:
        """Return the parts of the disclosures of these hashes; what stays closed is counted, a decoy is left out."""
        if type(hashes) is not list or not hashes:
            raise DisclosureError(Reason.DISCLOSURE_MALFORMED, "hidden entries are not an array of hashes")
        for digest in hashes:
            if type(digest) is not bytes or len(digest) != HASH_BYTES:
                raise DisclosureError(Reason.DISCLOSURE_MALFORMED, f"a hash is not {HASH_BYTES} bytes")
        known = len(self._seen)
        self._seen.update(hashes)
        if len(self._seen) != known + len(hashes):
            raise DisclosureError(Reason.DISCLOSURE_REPEATED, "the same hash stands twice")
        if not self.pending:
            self.withheld += len(hashes)
            return []
        found = [encoded for digest in hashes if (encoded := self.pending.pop(digest, None)) is not None]
        self.withheld += len(hashes) - len(found)
        opened = [(encoded, parts) for encoded in found if len(parts := _parts(encoded)) != _DECOY]
        for encoded, parts in opened:
            if len(parts) != size:
                raise DisclosureError(Reason.DISCLOSURE_MALFORMED, f"{len(parts)} items where {size} belong")
            self.paths[encoded] = (*path, parts[2]) if size == _ENTRY else path
        return [parts for _, parts in opened]


def _parts(encoded: bytes) -> list[Any]:
    """Return the items of a disclosure: [salt, value, key], [salt, value] or [salt]."""
    try:
        parts = _decode(encoded)
    except DecodeError as error:
        raise DisclosureError(Reason.DISCLOSURE_MALFORMED, error.detail) from None
    if type(parts) is not list or not _DECOY <= len(parts) <= _ENTRY:
        raise DisclosureError(Reason.DISCLOSURE_MALFORMED, "a disclosure is not an array of one to three items")
    if type(parts[0]) is not bytes or len(parts[0]) != SALT_BYTES:
        raise DisclosureError(Reason.DISCLOSURE_MALFORMED, f"a salt is not {SALT_BYTES} bytes")
    return parts
