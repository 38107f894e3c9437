"""One issuer's certificates or keys in a file, as two authorities exchange them: PEM, DER, JWK, JWKS, COSE keys.

What such a file is, its sender says by another way; nothing in it proves whose it is.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from pratique.codec import cbor, json
from pratique.cose.certificates import Certificate
from pratique.cose.keys import PublicKey
from pratique.errors import KeyMaterialError, PratiqueError, SignatureError
from pratique.reasons import Reason
from pratique.trust.importers.base import MAX_SOURCE_BYTES, Imported, Instructions, invalid
from pratique.trust.importers.collector import Collector

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from pratique.trust.entries import Limits

NETWORK: Final = "single"
BARE_KEY_WINDOW: Final = timedelta(days=730)
"""How long a key without a certificate counts unless told otherwise: as long as signing certificates usually do."""
NAME_THEIR_ISSUER: Final = frozenset({"pratique", "nz-covid-pass", "smart-health-card"})
"""The formats whose codes name their issuer by an identifier, with which that of the trust list is compared."""
MAX_MATERIALS: Final = 10_000
"""Keys in one file; an issuer has a few."""

_BEGIN, _END = b"-----BEGIN ", b"-----END "
_DASHES: Final = b"-----"
_SEQUENCE: Final = b"\x30"  # where a certificate or key in DER begins; no COSE_Key does
_CBOR_ARRAY, _CBOR_MAP, _CBOR_TAG = 0x80, 0xA0, 0xC0  # the major types that COSE_KeySet and COSE_Key are of


def read_materials(data: bytes) -> list[Certificate | PublicKey]:
    """Return the certificates and public keys in a file: each of a PEM bundle, JWKS or COSE_KeySet, else the one.

    Raises: KeyMaterialError: as `read_material`, for any of them; there is none, or more than are read.
    """
    return [_read(part) for part in _parts(data)]


def read_material(data: bytes) -> Certificate | PublicKey:
    """Return the certificate or public key in a file: PEM, DER, JWK or COSE_Key.

    Raises: KeyMaterialError: it is none of these, or cannot be used; a private key is named as what it is.
    """
    start = data.lstrip()
    if b"PRIVATE KEY-----" in data:
        raise KeyMaterialError(
            Reason.KEY_MALFORMED, "this is a private key", hint="its owner keeps it; add the public key"
        )
    if b"-----BEGIN CERTIFICATE-----" in data:
        return Certificate.read(data)
    if start.startswith(b"-----BEGIN"):
        return PublicKey.from_pem(data)
    if start.startswith(b"{"):
        return PublicKey.from_jwk(json.decode(data))
    if data.startswith(_SEQUENCE):
        try:
            return Certificate.read(data)
        except KeyMaterialError:
            return PublicKey.from_spki(data)
    return PublicKey.from_cose_key(data)


def recognises(data: bytes) -> bool:
    """Return whether data look like certificates or keys; they may be faulty all the same."""
    start = data[:64].lstrip()
    if start.startswith((_BEGIN, _SEQUENCE)) or _BEGIN in data:
        return True
    if start.startswith(b"{"):
        try:
            document = json.decode(data, limit=MAX_SOURCE_BYTES)
        except PratiqueError:
            return False
        return type(document) is dict and ("kty" in document or type(document.get("keys")) is list)
    return bool(data) and _CBOR_ARRAY <= data[0] < _CBOR_TAG


def import_(data: bytes, instructions: Instructions) -> Imported:
    """Return the keys of one issuer.

    Args:
        data: the file.
        instructions: `country` and `format_`; `issuer` where codes of the format name theirs; `key_id` of a single key
            and what is narrower than the certificate says. The window of keys without one is as `window` has it.
    Raises: TrustError (`import.invalid`): the instructions lack one of these. KeyMaterialError, DecodeError: it is no
        such file. SignatureError (`import.signature_invalid`): they name a signer, and such a file has none.
    """
    country, format_ = instructions.country, instructions.format_
    if country is None or format_ is None or (instructions.issuer is None and format_ in NAME_THEIR_ISSUER):
        raise invalid("a file with keys needs their issuer, its country and the format that they sign")
    if instructions.signer is not None:
        raise SignatureError(Reason.IMPORT_SIGNATURE, "a file with keys carries no signature that is checked")
    parts = _parts(data)
    if len(parts) > 1 and instructions.key_id is not None:
        raise invalid(f"the file holds {len(parts)} keys, and one identifier is given")
    collector = Collector(len(parts), at=instructions.at)
    for i, part in enumerate(parts):
        try:
            material = _read(part)
        except PratiqueError as error:
            collector.leave_out(f"/{i}", error.code, error.detail)
            continue
        limits = instructions.limits
        collector.add(
            f"/{i}",
            material,
            country=country,
            format_=format_,
            issuer=instructions.issuer,
            name=instructions.name,
            key_id=instructions.key_id,
            limits=window(limits, instructions.at) if isinstance(material, PublicKey) else limits,
        )
    return collector.imported(NETWORK, verified=[], unverified=["whose keys these are: nothing in the file proves it"])


def window(limits: Limits, at: datetime) -> Limits:
    """Return limits with a window for a key without a certificate: from the day's beginning, until two years from it.

    A key that began earlier ends no earlier: codes that it signed are being shown. One that begins later has two years.
    """
    today = at.replace(hour=0, minute=0, second=0, microsecond=0)
    not_before = limits.not_before or today
    ends = limits.not_after or max(today, not_before) + BARE_KEY_WINDOW
    return replace(limits, not_before=not_before, not_after=ends)


def _read(part: bytes | dict[Any, Any]) -> Certificate | PublicKey:
    if isinstance(part, bytes):
        return read_material(part)
    return PublicKey.from_jwk(part) if "kty" in part else PublicKey.from_cose_key(part)


def _parts(data: bytes) -> list[bytes | dict[Any, Any]]:
    """Return the pieces of a file that are one certificate or key each."""
    parts = list(_split(data))
    if not parts:
        raise KeyMaterialError(Reason.KEY_MALFORMED, "the file holds no certificate and no key")
    if len(parts) > MAX_MATERIALS:
        raise KeyMaterialError(Reason.KEY_MALFORMED, f"{len(parts)} keys; {MAX_MATERIALS} is the most that is read")
    return parts


def _split(data: bytes) -> Iterator[bytes | dict[Any, Any]]:
    start = data.lstrip()
    if _BEGIN in data and not start.startswith(b"{"):
        yield from _armoured(data)
        return
    document: Any = None
    if start.startswith(b"{"):
        document = json.decode(data, limit=MAX_SOURCE_BYTES)
        document = document.get("keys") if "keys" in document else None
    elif data and _CBOR_ARRAY <= data[0] < _CBOR_MAP:
        document = cbor.decode(data)
    if document is None:
        yield data
        return
    if type(document) is not list or not document or any(type(key) is not dict for key in document):
        raise KeyMaterialError(Reason.KEY_MALFORMED, "the set of keys is not an array of keys, or an empty one")
    yield from document


def _armoured(data: bytes) -> Iterator[bytes]:
    """Yield each block of a PEM file, with whatever stands before the first left out."""
    if b"PRIVATE KEY-----" in data:
        yield data  # refused as a whole, whatever else is in it
        return
    position = data.find(_BEGIN)
    while position >= 0:
        end = data.find(_END, position)
        end = data.find(_DASHES, end + len(_END)) if end >= 0 else -1
        if end < 0:
            yield data[position:]
            return
        yield data[position : end + len(_DASHES)]
        position = data.find(_BEGIN, end)
