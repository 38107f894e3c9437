"""Documents under the signatures of a root's keepers: who signed, what kind of document it is, and nothing else.

One frame for whatever an operator ships: a COSE_Sign (RFC 9052 section 4.1) whose protected header says of which kind
the payload is, as `typ` (RFC 9596): `application/pratique-<kind>+cbor`. So no document can pass for one of another
kind. It counts when as many different root keys signed it as the root demands. The keepers can sign one after
another, each on a machine of their own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pratique.cose import sign as cose_sign
from pratique.cose.algorithms import SIGNING
from pratique.cose.headers import TYP
from pratique.cose.sign import MAX_SIGNATURES, Sign
from pratique.errors import DecodeError, PratiqueError, TrustError
from pratique.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pratique.cose.keys import PublicKey
    from pratique.cose.signer import Signer
    from pratique.trust.root import Root

ROOT: Final = "root"
TRUST_LIST: Final = "trust-list"

MAX_DOCUMENT_BYTES: Final = 64 * 1024 * 1024  # the largest payload is a trust list; 50,000 certificates take some 60 MB

_TAG_SIGN: Final = b"\xd8\x62"
_KIND: Final = re.compile(r"[a-z]+(-[a-z]+)*")
_TYP: Final = re.compile(rf"application/pratique-({_KIND.pattern})\+cbor")


@dataclass(frozen=True, slots=True, repr=False)
class Verified:
    """A document that enough root keys signed.

    `keys` are the different root keys whose signatures hold. `unknown` signatures name no key of the root, `invalid`
    ones name one and do not hold: neither counts for the document or against it.
    """

    kind: str
    payload: bytes
    keys: tuple[PublicKey, ...]
    unknown: int
    invalid: int

    def __repr__(self) -> str:
        return f"Verified({self.kind}, {len(self.payload)} bytes, {len(self.keys)} keys)"


def is_signed(data: bytes) -> bool:
    """Return whether data begin as a signed document does: with tag 98, COSE_Sign."""
    return data.startswith(_TAG_SIGN)


def sign(kind: str, payload: bytes, signers: Sequence[Signer]) -> bytes:
    """Return a document of a kind, such as `trust-list`, with the signatures of these signers.

    A signer's key identifier must be its key's own, the first 8 bytes of the thumbprint: by it the root's key is found.
    Raises: ValueError: the kind is not in its form; no signer, or more than `MAX_SIGNATURES`; a signer's algorithm is
    not one with which new documents are signed (`cose.algorithms.SIGNING`). Not checked: the payload.
    """
    if not _KIND.fullmatch(kind):
        raise ValueError(f"{kind!r} is no kind of document: words of small letters with hyphens between them")
    for signer in signers:
        _check_signer(signer)
    return cose_sign.encode({TYP: f"application/pratique-{kind}+cbor"}, {}, payload, signers)


def add_signature(data: bytes, signer: Signer) -> bytes:
    """Return a signed document with one signature more; one under the same key identifier gives way to it.

    Raises: DecodeError, UnsupportedError: it is not a signed document, or has `MAX_SIGNATURES` already. ValueError: as
    `sign`. Not checked: that the other signatures hold; that the signer should sign this, which is for its keeper.
    """
    _check_signer(signer)
    message, _ = _read(data)
    others = [each for each in message.signatures if each.key_id != signer.key_id]
    if len(others) == MAX_SIGNATURES:
        raise DecodeError(Reason.COSE_MALFORMED, f"the document has {MAX_SIGNATURES} signatures, and no room for more")
    own = cose_sign.sign(message.headers, message.payload, signer)
    return cose_sign.complete(message.headers, message.unprotected, message.payload, [*others, own])


def kind_of(data: bytes) -> str:
    """Return the kind of a signed document, of which nothing is proven. Raises: as `verify`, for its form."""
    return _read(data)[1]


def payload_of(data: bytes, kind: str) -> bytes:
    """Return the payload of a signed document of a kind, for people to look at: nothing in it is proven.

    Raises: TrustError (`document.kind`): of another kind; and as `verify`, for its form.
    """
    return _read_as(kind, data).payload


def verify(data: bytes, kind: str, root: Root) -> Verified:
    """Return what the root vouches for: the payload of a document that enough of its keys signed.

    Raises:
        TrustError: `document.limit`: more than `MAX_DOCUMENT_BYTES`. `document.kind`: of another kind, or of none.
            `document.threshold`: fewer different keys of the root than its threshold signed it.
        DecodeError, UnsupportedError: it is no such message, or demands what is not understood (`cose.critical`).
    Not checked: what the payload says; its age and the root's; that it is newer than another.
    """
    message = _read_as(kind, data)
    signed: dict[bytes, PublicKey] = {}  # by thumbprint: a key that signs twice, or is listed twice, is one key
    unknown = invalid = 0
    for signature in message.signatures:
        keys = root.keys_named(signature.key_id)
        unknown += not keys
        for key in keys:
            if key.thumbprint in signed:
                continue
            try:
                message.verify(signature, key, accepted=SIGNING)
            except PratiqueError:
                invalid += 1
            else:
                signed[key.thumbprint] = key
    if len(signed) < root.threshold:
        raise TrustError(
            Reason.DOCUMENT_THRESHOLD,
            f"{len(signed)} of the keys of root {root.id!r} version {root.version} signed it, {root.threshold} must; "
            f"signatures of unknown keys: {unknown}, that do not hold: {invalid}",
        )
    return Verified(kind, message.payload, tuple(signed.values()), unknown, invalid)


def _check_signer(signer: Signer) -> None:
    if signer.algorithm not in SIGNING:
        names = ", ".join(sorted(algorithm.name for algorithm in SIGNING))
        raise ValueError(f"documents are signed with {names}, not with {signer.algorithm.name}")


def _read_as(kind: str, data: bytes) -> Sign:
    message, found = _read(data)
    if found != kind:
        raise TrustError(Reason.DOCUMENT_KIND, f"it is a {found}, and a {kind} is expected")
    return message


def _read(data: bytes) -> tuple[Sign, str]:
    """Return a document's message and its kind."""
    if len(data) > MAX_DOCUMENT_BYTES:
        raise TrustError(Reason.DOCUMENT_LIMIT, f"{len(data)} bytes, at most {MAX_DOCUMENT_BYTES} are read")
    message = Sign.decode(data)
    typ = message.headers.get(TYP)
    match = _TYP.fullmatch(typ) if type(typ) is str else None
    if match is None:
        raise TrustError(Reason.DOCUMENT_KIND, "its header names no kind of document that is signed here")
    return message, match[1]
