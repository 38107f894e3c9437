"""The shapes in which keys of the EU DCC are published, by the gateway and by states: bytes in, what they list out.

Each shape is known by its content. What is listed is not looked into here, and who signed a list is asked of its
`proof`. `docs/networks.md` names the source of each shape.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pratique.codec import base64url, cbor, json
from pratique.cose import algorithms, jws
from pratique.cose.algorithms import ES256
from pratique.cose.sign1 import Sign1
from pratique.cose.signed_data import SignedData
from pratique.errors import PratiqueError, SignatureError
from pratique.model import Kind
from pratique.model.dates import MAX_SECONDS
from pratique.reasons import Reason
from pratique.trust.importers.base import MAX_SOURCE_BYTES, invalid
from pratique.trust.importers.collector import MAX_ENTRIES, unbase64

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from pratique.cose.keys import PublicKey

SIGNER: Final = "DSC"
"""What a certificate that signs health certificates is called."""

_HASH, _EXPIRES, _NOT_BEFORE = 2, 4, 5  # claims of what Austria signs: SHA-256 of the list, exp, nbf
_VERSION, _SECOND_VERSION = 42, 2  # a protected header of Austria's own: the version of the list's form
_ITEMS: Final = 8  # of CBOR in one of Austria's entries, at most
_CBOR = cbor.Decoder(max_items=MAX_ENTRIES * _ITEMS)
_KINDS: Final = {"t": Kind.TEST.value, "v": Kind.VACCINATION.value, "r": Kind.RECOVERY.value}


class Listed(NamedTuple):
    """One entry as a list has it, of which nothing was looked at.

    `material` is a certificate, or where `is_key` the bare key (SPKI); either in DER or base64, as is `key_id`, which
    may be None. `country` is None where only the certificate names it. `kinds` limits a bare key. `signature` is CMS of
    whoever uploaded it, apart from the certificate.
    """

    where: str
    material: object
    key_id: object = None
    country: object = None
    use: object = SIGNER
    is_key: bool = False
    kinds: object = None
    signature: object = None


@dataclass(frozen=True, slots=True)
class Listing:
    """What a list says: its shape in words, its entries, who can prove that it signed it, and until when it counts.

    `proof` raises where a key did not sign the list; it is None for a shape without a signature. `is_signed_by_entry`
    says that each entry has one instead.
    """

    shape: str
    entries: tuple[Listed, ...]
    proof: Callable[[PublicKey], None] | None = None
    is_signed_by_entry: bool = False
    not_before: datetime | None = None
    expires_at: datetime | None = None


def read(data: bytes, signature: bytes | None = None) -> Listing | None:
    """Return what a list says, None where it is in no shape that is known here.

    Args:
        data: the list.
        signature: where it came in a file of its own.
    Raises: TrustError (`import.invalid`), DecodeError: it is in one of these shapes, and faulty.
    """
    start = data[:64].lstrip()
    if start.startswith(b"eyJ"):
        return _sweden(data.strip())
    if start.startswith((b"{", b"[")):
        return _json(json.decode(data, limit=MAX_SOURCE_BYTES))
    first, _, rest = data.partition(b"\n")
    if rest.startswith(b"{"):
        return _germany(first, rest)
    if is_cbor_list(data):
        return _austria(data, signature)
    return None


def is_cbor_list(data: bytes) -> bool:
    """Return whether data begin like Austria's list: a map of one member, `c`."""
    return data.startswith(b"\xa1\x61c")


def _json(document: Any) -> Listing | None:
    _refuse_keys_of_nowhere(document)
    if type(document) is list:
        is_rows = bool(document) and type(document[0]) is dict and "rawData" in document[0]
        return Listing("the gateway's list", _few(_rows(document, "")), is_signed_by_entry=True) if is_rows else None
    if type(document) is not dict:
        return None
    for member, of_member in _BY_MEMBER.items():
        if member in document:
            return of_member(document)
    if document and all(_is_key_id(name) for name in document):
        return Listing("a map of key identifiers to certificates", _few(_named(document, "", twice=False)))
    return None


def _refuse_keys_of_nowhere(document: Any) -> None:
    """Refuse the lists of Great Britain and Switzerland: keys without their certificates, of all countries at once.

    Without its country nobody could be accepted or refused by it, and without a certificate nothing else says it.
    """
    keys = document.get("certs") if type(document) is dict else document
    if type(keys) is list and keys and type(keys[0]) is dict and keys[0].keys() & {"publicKey", "subjectPublicKeyInfo"}:
        raise invalid("its keys come without certificates and without the countries whose they are")


def _few(found: Iterator[Listed]) -> tuple[Listed, ...]:
    """Return the entries, of which no more are made than are read. Raises: TrustError (`import.invalid`)."""
    entries = tuple(islice(found, MAX_ENTRIES + 1))
    if len(entries) > MAX_ENTRIES:
        raise invalid(f"more than {MAX_ENTRIES} entries, and that is the most that is read")
    return entries


def _rows(value: Any, name: str) -> Iterator[Listed]:
    for i, row in enumerate(_array(value, name)):
        members = row if type(row) is dict else {}  # one that is none is listed all the same, to be remarked on
        yield Listed(
            f"{name}/{i}",
            members.get("rawData"),
            _given(members, "kid"),
            _given(members, "country"),
            members.get("certificateType", SIGNER),
            signature=members.get("signature"),
        )


def _given(members: Mapping[Any, Any], name: str) -> object:
    """Return a member that a shape has in every entry; where it is missing, what is none and is remarked on."""
    value = members.get(name)
    return "" if value is None else value


def _germany(first: bytes, body: bytes) -> Listing:
    """Return Germany's list: a line with a signature (r || s) over all that follows, and JSON."""
    signature = unbase64(first.strip().decode("ascii", "replace"))
    document = json.decode(body, limit=MAX_SOURCE_BYTES)
    if type(document) is not dict:
        raise invalid("what follows the signature is not an object")

    def proof(key: PublicKey) -> None:
        if not key.fits(ES256) or not algorithms.verify(ES256, key, signature, body):
            raise SignatureError(Reason.IMPORT_SIGNATURE)

    return Listing("Germany's list", _few(_rows(document.get("certificates"), "certificates")), proof)


def _sweden(data: bytes) -> Listing | None:
    """Return Sweden's list, a JWS whose payload is in base64url, or as it is (RFC 7797); None for another JWS."""
    header, _, rest = data.partition(b".")
    payload, _, signature = rest.rpartition(b".")
    algorithm, members = jws.read_header(header)
    plain = members.get("b64") is False
    document = json.decode(payload if plain else base64url.decode(payload), limit=MAX_SOURCE_BYTES)
    if type(document) is not dict or "dsc_trust_list" not in document:
        return None
    decoded = base64url.decode(signature)

    def proof(key: PublicKey) -> None:
        if not key.fits(algorithm) or not algorithms.verify(algorithm, key, decoded, header + b"." + payload):
            raise SignatureError(Reason.IMPORT_SIGNATURE)

    entries = _few(_swedish(document["dsc_trust_list"]))
    return Listing("Sweden's list", entries, proof, expires_at=_moment(document.get("exp")))


def _swedish(countries: Any) -> Iterator[Listed]:
    if type(countries) is not dict:
        raise invalid("dsc_trust_list is not an object")
    for code, entry in countries.items():
        keys = entry.get("keys") if type(entry) is dict else None
        for i, key in enumerate(_array(keys, "keys")):
            jwk = key if type(key) is dict else {}
            chain = jwk.get("x5c")
            certificate = chain[0] if type(chain) is list and chain else None
            yield Listed(f"{code[:2]}/{i}", certificate, _given(jwk, "kid"), code)


def _austria(data: bytes, signature: bytes | None) -> Listing:
    """Return Austria's list: CBOR, and in a file of its own a COSE_Sign1 with the list's hash and its window."""
    entries, shape = _few(_austrian(_CBOR(data))), "Austria's list"
    if signature is None:
        return Listing(f"{shape}, without the file that signs it", entries)
    message = Sign1.decode(signature, tolerant=True)
    if message.headers.get(_VERSION, _SECOND_VERSION) != _SECOND_VERSION:
        raise invalid("what was signed is a list of another version")
    claims = cbor.decode(message.payload)
    if type(claims) is not dict or type(claims.get(_HASH)) is not bytes:
        raise invalid("what was signed has no hash of the list")

    def proof(key: PublicKey) -> None:
        try:
            message.verify(key)
        except SignatureError:
            raise SignatureError(Reason.IMPORT_SIGNATURE) from None
        if claims[_HASH] != hashlib.sha256(data).digest():
            raise SignatureError(Reason.IMPORT_SIGNATURE, "another list was signed")

    not_before, expires_at = _moment(claims.get(_NOT_BEFORE)), _moment(claims.get(_EXPIRES))
    return Listing(shape, entries, proof, not_before=not_before, expires_at=expires_at)


def _austrian(document: Any) -> Iterator[Listed]:
    if type(document) is not dict:
        raise invalid("the list is not a map")
    for i, row in enumerate(_array(document.get("c"), "c")):
        entry = row if type(row) is dict else {}
        yield Listed(f"c/{i}", entry.get("c"), _given(entry, "i"))


def _netherlands(value: Any) -> Iterator[Listed]:
    """Yield the Netherlands' keys: of each identifier, bare keys with the country that issued their certificate."""
    if type(value) is not dict:
        raise invalid("eu_keys is not an object")
    for i, (key_id, keys) in enumerate(value.items()):
        for j, row in enumerate(_array(keys, f"eu_keys/{i}")):
            entry = row if type(row) is dict else {}
            yield Listed(
                f"eu_keys/{i}/{j}",
                entry.get("subjectPk"),
                key_id,
                _given(entry, "ian"),
                is_key=True,
                kinds=entry.get("keyUsage", []),
            )


def kinds_of(letters: object) -> frozenset[str] | None:
    """Return the kinds of fact that the letters t, v and r stand for; None, which is any, where there are none.

    Raises: TrustError (`import.invalid`): there is another letter, which may be a limit.
    """
    if type(letters) is not list or any(type(letter) is not str or letter not in _KINDS for letter in letters):
        raise invalid("the usages are not letters out of t, v and r")
    return frozenset(_KINDS[letter] for letter in letters) or None


def _wrapped_netherlands(document: dict[str, Any]) -> Listing | None:
    """Return the Netherlands' list in its wrapping: the payload, and CMS over it apart from it."""
    payload, signature = unbase64(document["payload"]), document.get("signature")
    inner = json.decode(payload, limit=MAX_SOURCE_BYTES)
    if type(inner) is not dict or "eu_keys" not in inner:
        return None

    def proof(key: PublicKey) -> None:
        if SignedData.verify_detached(unbase64(signature), payload).signer.public_key != key:
            raise SignatureError(Reason.IMPORT_SIGNATURE, "somebody else signed it")

    return Listing("the Netherlands' list", _few(_netherlands(inner["eu_keys"])), proof)


def _wrapped_austria(document: dict[str, Any]) -> Listing | None:
    wrapped = document["trustList"]
    if type(wrapped) is not dict or "trustListContent" not in wrapped:
        return None
    return _austria(unbase64(wrapped["trustListContent"]), unbase64(wrapped.get("trustListSignature")))


def _named(value: Any, name: str, *, twice: bool) -> Iterator[Listed]:
    """Yield the entries of an object that names certificates by key identifier, `twice` in base64 as France does."""
    if type(value) is not dict:
        raise invalid(f"{name} is not an object")
    for i, (key_id, certificate) in enumerate(value.items()):
        yield Listed(f"{name}/{i}", _once(certificate) if twice else certificate, key_id)


def _once(encoded: object) -> object:
    """Return the text that a base64 text stands for; anything else as it is, to be remarked on."""
    try:
        return unbase64(encoded).decode("ascii").strip()
    except (PratiqueError, UnicodeDecodeError):
        return encoded


def _is_key_id(name: str) -> bool:
    """Return whether a member's name is an identifier of 8 bytes in base64."""
    return len(name) == 12 and name.endswith("=") and not name.endswith("==")  # noqa: PLR2004 - 8 bytes


def _array(value: Any, name: str) -> Iterable[Any]:
    if type(value) is not list:
        raise invalid(f"{name} is not an array")
    return value


def _moment(seconds: object) -> datetime:
    """Return the time that seconds since 1970 stand for. Raises: TrustError (`import.invalid`)."""
    if type(seconds) is not int or not 0 <= seconds < MAX_SECONDS:
        raise invalid("a time is not a number of seconds since 1970")
    return datetime.fromtimestamp(seconds, UTC)


# Shapes of JSON that are known by a member.
_BY_MEMBER: Final[Mapping[str, Callable[[dict[str, Any]], Listing | None]]] = {
    "certificates": lambda document: Listing(
        "Germany's list, without its signature", _few(_rows(document["certificates"], "certificates"))
    ),
    "certificatesDCC": lambda document: Listing(
        "France's list", _few(_named(document["certificatesDCC"], "certificatesDCC", twice=True))
    ),
    "eu_keys": lambda document: Listing(
        "the Netherlands' list, without its signature", _few(_netherlands(document["eu_keys"]))
    ),
    "payload": _wrapped_netherlands,
    "trustList": _wrapped_austria,
}
