"""The claims of pratique's profile in their usual form, read by one pattern over their encoding.

The encoding is deterministic, and what the profile leaves open is little, so that one regular expression matches what
issuers sign, and reading takes a quarter of the time of the long way. What a pattern cannot see, that a length is that
of its text or that a window ends on the first of a month, the long way finds out itself, once for each piece that many
credentials share: issuer, window, kind and disease, the address of a status list, the day or product disclosed. What
belongs to one credential alone has a fixed form: its number, salts, hash of a document and hashes of claims.

Nothing is decided here. What is not in this form, be it unusual or wrong, is left to the long way (`PratiqueEnvelope`,
`sdcwt.disclosed`), which reads every form that the profile has and says what is wrong with all others. The tests hold
both ways to the same answers.
"""

from __future__ import annotations

import re
from functools import lru_cache, partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pratique.codec import cbor
from pratique.errors import PratiqueError
from pratique.formats import profile
from pratique.formats.profile import EXP, IAT, NBF, Fact
from pratique.formats.window import window
from pratique.model import Credential, DocumentBinding, IssuerIdentity, Kind, StatusReference, Validity

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pratique.model import Evidence

_TEXT: Final = rb"(?:[\x61-\x77]|\x78.)[ -~]{1,255}"  # whether its length is right, the long way says
_HASHES: Final = rb"(?:\xf8\x3b([\x81-\x97])((?:\x58\x20.{32})+))?"
_CLAIMS: Final = re.compile(
    rb"([\xa8-\xaa])"
    rb"\x01(" + _TEXT + rb")"
    rb"\x02\x6c([A-Za-z0-9_-]{12})"
    rb"(\x04\x1a.{4}\x05\x1a.{4}\x06\x1a.{4})"
    rb"\x08\xa1\x3a\x00\x01\x00\x00\x83\x01\x50(.{16})\x50(.{16})"
    rb"\x0b\x6apratique/1"
    rb"(?:\x19\xff\xff\xa1\x6bstatus_list\xa2\x63idx([\x00-\x17]|\x18.|\x19..|\x1a.{4})\x63uri(" + _TEXT + rb"))?"
    rb"\x3a\x00\x01\x00\x00([\xa2\xa3])"
    rb"(\x00[\x01-\x05]\x01[\x62-\x6b][.0-9A-Z]{2,11}|\x00\x06\x02" + _TEXT + rb")" + _HASHES + _HASHES,
    re.DOTALL,
)
_LEAST: Final = {1: 0, 2: 24, 3: 256, 5: 65_536}  # the least number of each size (RFC 8949, section 4.2.1)
_ARRAY: Final = 0x80  # the heads of short ones, less their size
_MAP: Final = 0xA0
_HASH_HEAD: Final = b"\x58\x20"
_HASH_BYTES: Final = 34  # with its head
_SALT_HEAD: Final = b"\x83\x50"  # how a disclosure [salt, value, key] begins
_SALT_END: Final = 18
# What is remembered of disclosures, by the keys that end them: days and codes. A time in seconds is one person's.
_SHARED: Final = (b"\x0a", b"\x0c", b"\x10", b"\x11")
_REMEMBERED: Final = 1024  # pieces of each sort
_NONE: Final = frozenset[bytes]()


def read(payload: bytes, disclosures: Sequence[bytes]) -> Credential | None:
    """Return what claims and disclosures in their usual form say; None for any others, good or bad.

    Usual is a credential that is bound to a document and discloses nothing, or claims of its event but no details.
    """
    match = _CLAIMS.fullmatch(payload)
    if match is None:
        return None
    (size, stated, number, times, salt, tag, index, address, event_size, event, count, hashes, top_count,
     top_hashes) = match.groups()  # fmt: skip
    issuer, fact = _issuer(stated), _fact(event)
    status = None if address is None else _status(index, address)
    if issuer is None or fact is None or (status is None and address is not None):
        return None
    validity = _window(times, fact.kinds[0][0])
    hidden, top = _split(count, hashes), _split(top_count, top_hashes)
    if validity is None or hidden is None or top is None or not hidden.isdisjoint(top):
        return None
    if size[0] != _MAP + 8 + bool(address) + bool(top) or event_size[0] != _MAP + 2 + bool(hidden):
        return None
    evidence, shown = fact.evidence, len(disclosures)
    if shown:
        opened = _opened(disclosures, hidden, fact)
        if opened is None:
            return None
        evidence = partial(_evidence, event, tuple(opened.items()))
    return Credential(
        profile.FORMAT,
        issuer,
        validity,
        fact.kinds,
        profile.Content(evidence, None, number.decode()),
        shows_identity=False,
        binding=DocumentBinding(1, salt, tag),
        status=status,
        withheld=len(hidden) + len(top) - shown,
    )


def _split(count: bytes | None, hashes: bytes) -> frozenset[bytes] | set[bytes] | None:
    """Return the hashes of one map with their heads; None where they are not as many as stated, or two are the same."""
    if count is None:
        return _NONE
    found = {hashes[i : i + _HASH_BYTES] for i in range(0, len(hashes), _HASH_BYTES)}
    return found if len(hashes) == _HASH_BYTES * len(found) and count[0] == _ARRAY + len(found) else None


def _opened(disclosures: Sequence[bytes], hidden: frozenset[bytes] | set[bytes], fact: _Fact) -> dict[int, Any] | None:
    """Return the claims of the event that are disclosed, by their numbers; None where one is unusual or wrong."""
    opened = {}
    for disclosure in disclosures:
        if _HASH_HEAD + sha256(disclosure).digest() not in hidden or not disclosure.startswith(_SALT_HEAD):
            return None
        encoded = disclosure[_SALT_END:]
        claim = (_claim if encoded.endswith(_SHARED) else _read_claim)(encoded)
        if claim is None:
            return None
        opened[claim[0]] = claim[1]
    return opened if len(opened) == len(disclosures) and fact.disclosable.issuperset(opened) else None


class _Fact(NamedTuple):
    kinds: tuple[tuple[Kind, str | None], ...]
    disclosable: frozenset[int]
    evidence: Callable[[], Evidence]


# The long way, for the pieces of an encoding that many credentials share. What it refuses is not usual.


@lru_cache(maxsize=_REMEMBERED)
def _issuer(encoded: bytes) -> IssuerIdentity | None:
    try:
        return IssuerIdentity(id=profile.text(cbor.decode(encoded, deterministic=True)))
    except PratiqueError:
        return None


@lru_cache(maxsize=_REMEMBERED)
def _window(encoded: bytes, kind: Kind) -> Validity | None:
    try:
        times = cbor.decode(b"\xa3" + encoded, deterministic=True)
        return window(times[IAT], times[NBF], times[EXP], kind)
    except PratiqueError:
        return None


@lru_cache(maxsize=_REMEMBERED)
def _fact(encoded: bytes) -> _Fact | None:
    try:
        fact = Fact(cbor.decode(b"\xa2" + encoded, deterministic=True))
    except PratiqueError:
        return None
    return _Fact(((fact.kind, fact.target),), profile.DISCLOSABLE[fact.kind], fact.evidence)


def _evidence(encoded: bytes, opened: tuple[tuple[int, Any], ...]) -> Evidence:
    return Fact({**cbor.decode(b"\xa2" + encoded, deterministic=True), **dict(opened)}).evidence()


def _read_claim(encoded: bytes) -> tuple[int, Any] | None:
    """Return number and value of a claim of an event."""
    try:
        value, key = cbor.decode(b"\x82" + encoded, deterministic=True)
        return (key, value) if profile.is_event_claim(key, value) else None
    except PratiqueError:
        return None


_claim = lru_cache(maxsize=_REMEMBERED)(_read_claim)


@lru_cache(maxsize=_REMEMBERED)
def _address(encoded: bytes) -> str | None:
    try:
        return profile.read_status({"status_list": {"idx": 0, "uri": cbor.decode(encoded, deterministic=True)}}).uri
    except PratiqueError:
        return None


def _status(index: bytes, address: bytes) -> StatusReference | None:
    uri, number = _address(address), index[0] if len(index) == 1 else int.from_bytes(index[1:])
    return None if uri is None or number < _LEAST[len(index)] else StatusReference(uri, number)
