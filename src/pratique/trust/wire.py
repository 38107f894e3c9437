"""The CBOR form of a trust list, which operators sign: deterministic, one text of bytes for one content.

It is the JSON form (`schemas/trust-list.schema.json`) with the same names, and four things in another way, as
`schemas/trust-list.cddl` says: times are whole seconds since 1970, identifiers and certificates are bytes, a public
key is an encoded COSE_Key (RFC 9052 section 7), and each issuer is encoded by itself in a byte string. So one issuer
that is damaged is set aside alone, only the outline of a list is in memory beside what was made of it, and a key stays
the bytes that it is until it is needed.
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from pratique.codec import cbor
from pratique.cose.keys import PublicKey
from pratique.errors import DecodeError, PratiqueError
from pratique.model.dates import MAX_SECONDS, parse_datetime, rfc3339
from pratique.trust.members import Form, invalid
from pratique.trust.trust_list import MAX_ISSUERS, MAX_KEYS, TrustList

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_LIST_BYTES: Final = 64 * 1024 * 1024  # 50,000 keys with a certificate each take some 60 MB, without 9 MB
_MAX_KEY_ITEMS: Final = 64  # on average: 10 members of a key that has them all, and 20 names of formats, kinds, targets

_LIST_TIMES: Final = ("issued_at", "next_update", "expires_at")
_KEY_TIMES: Final = ("not_before", "not_after")
_KEY_OCTETS: Final = ("key_id", "certificate")
# The order in which people read them.
_LIST: Final = ("id", "sequence", *_LIST_TIMES, "issuers")
_ISSUER: Final = ("id", "country", "names", "status_lists", "scope", "keys")
_KEY: Final = ("key_id", "public_key", "certificate", "formats", "scope", *_KEY_TIMES, "withdrawn")

_decode_list = cbor.Decoder(deterministic=True, max_items=MAX_ISSUERS + 16)  # 6 members, and as many byte strings
_decode_issuer = cbor.Decoder(deterministic=True, max_items=MAX_KEYS * _MAX_KEY_ITEMS)


def decode(payload: bytes) -> Any:
    """Return the outline of a list, in which each issuer is encoded still.

    Raises: TrustError (`trust.list_invalid`): too long, or not deterministic CBOR.
    Not checked: its members; `TrustList.from_cbor` does that.
    """
    if len(payload) > MAX_LIST_BYTES:
        raise invalid(f"the list has {len(payload)} bytes; {MAX_LIST_BYTES} is the most that is read")
    try:
        return _decode_list(payload)
    except DecodeError as error:
        raise invalid(f"the list is not the CBOR expected: {error.detail}") from None


def _time(value: Any, name: str) -> datetime:
    if type(value) is not int or not 0 <= value < MAX_SECONDS:
        raise invalid(f"{name} is not a number of seconds since 1970")
    return datetime.fromtimestamp(value, UTC)


def _octets(value: Any) -> bytes:
    if type(value) is not bytes or not value:
        raise invalid("a key identifier or certificate is not a byte string, or empty")
    return value


def _check_public_key(value: Any) -> None:
    if type(value) is not bytes or not value:
        raise invalid("public_key is not an encoded COSE_Key")


def _issuer(value: Any) -> Any:
    if type(value) is not bytes:
        raise invalid("an issuer is not a byte string")
    return _decode_issuer(value)


CBOR: Final = Form(_time, _octets, _check_public_key, _issuer)


def to_cbor(document: Any) -> bytes:
    """Return the CBOR form of a list in JSON: the payload that is to be signed.

    Nothing is set aside here: what cannot be used is not signed. Of a public key the key itself is kept and nothing
    beside it; what a JWK may say beside it (`alg`, `use`, `key_ops`, `kid`) has been honoured or has no meaning here.

    Raises: TrustError (`trust.list_invalid`), with the place: an entry is faulty; `next_update` or `expires_at` is
        missing; a time has a fraction of a second or is before 1970; a public key cannot be read; the list is too long.
    """
    trust_list = TrustList.from_json(document)
    for entry in trust_list.set_aside:
        raise invalid(f"{entry.where}: {entry.error.detail}")
    if missing := [name for name in _LIST_TIMES if name not in document]:
        raise invalid(f"{', '.join(missing)} missing: a signed list says when the next is due and when it ends itself")
    issuers = [
        cbor.encode(
            {**issuer, "keys": [_encoded_key(key, f"issuers/{i}/keys/{j}") for j, key in enumerate(issuer["keys"])]}
        )
        for i, issuer in enumerate(document["issuers"])
    ]
    payload = cbor.encode({**document, **_seconds(document, _LIST_TIMES, "the list"), "issuers": issuers})
    if len(payload) > MAX_LIST_BYTES:
        raise invalid(f"the list has {len(payload)} bytes; {MAX_LIST_BYTES} is the most that is read")
    return payload


def _encoded_key(key: Mapping[str, Any], where: str) -> dict[str, Any]:
    encoded = {**key, **_seconds(key, _KEY_TIMES, where)}
    encoded |= {name: base64.b64decode(key[name]) for name in _KEY_OCTETS if name in key}
    if "withdrawn" in key:
        encoded["withdrawn"] = {**key["withdrawn"], **_seconds(key["withdrawn"], ("at",), where)}
    if "public_key" in key:
        try:
            encoded["public_key"] = PublicKey.from_jwk(key["public_key"]).encoded
        except PratiqueError as error:
            raise invalid(f"{where}: the public key cannot be read: {error.detail}") from None
    return encoded


def _seconds(entry: Mapping[str, Any], names: tuple[str, ...], where: str) -> dict[str, int]:
    times = {name: parse_datetime(entry[name]) for name in names}
    for name, moment in times.items():
        if moment.microsecond or moment.timestamp() < 0:
            raise invalid(f"{where}: {name} is before 1970 or has a fraction of a second")
    return {name: int(moment.timestamp()) for name, moment in times.items()}


def from_cbor(payload: bytes) -> dict[str, Any]:
    """Return the JSON form of a list in CBOR, for people: of what `to_cbor` made, the document that was given to it.

    Times are in UTC then, and a public key has just the members that its type requires.
    Raises: TrustError (`trust.list_invalid`), with the place: as `TrustList.from_cbor`, and for any entry that would be
        set aside, since a list of which a part cannot be shown must not look complete.
    """
    trust_list = TrustList.from_cbor(payload)
    for entry in trust_list.set_aside:
        raise invalid(f"{entry.where}: {entry.error.detail}")
    document = decode(payload)
    issuers = []
    for i, item in enumerate(document["issuers"]):
        issuer = _decode_issuer(item)
        keys = [_shown_key(key, f"issuers/{i}/keys/{j}") for j, key in enumerate(issuer["keys"])]
        issuers.append(_arranged({**issuer, "keys": keys}, _ISSUER))
    return _arranged({**document, **_written(document, _LIST_TIMES), "issuers": issuers}, _LIST)


def _shown_key(key: Mapping[str, Any], where: str) -> dict[str, Any]:
    shown = {**key, **_written(key, _KEY_TIMES)}
    shown |= {name: base64.b64encode(key[name]).decode("ascii") for name in _KEY_OCTETS if name in key}
    if "withdrawn" in key:
        shown["withdrawn"] = {**_written(key["withdrawn"], ("at",)), "reason": key["withdrawn"]["reason"]}
    if "public_key" in key:
        try:
            shown["public_key"] = PublicKey.from_cose_key(key["public_key"]).jwk
        except PratiqueError as error:
            raise invalid(f"{where}: the public key cannot be read: {error.detail}") from None
    return _arranged(shown, _KEY)


def _written(entry: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, str]:
    return {name: rfc3339(datetime.fromtimestamp(entry[name], UTC)) for name in names}


def _arranged(entry: Mapping[str, Any], order: tuple[str, ...]) -> dict[str, Any]:
    return {name: entry[name] for name in order if name in entry}
