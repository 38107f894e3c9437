"""SMART Health Cards: FHIR resources in a deflated JWS, in pairs of digits behind `shc:/`.

The signature proves that whoever controls the issuer's address signed, and no more; whose address that is, only the
trust list says. Keys are never fetched: the header's `kid` is the thumbprint of the key, the store has the key, and the
`iss` of the payload is compared with the entry that the key stands in. Keys and addresses in the header do not count.

Source: SMART Health Cards 1.4.0 (spec.smarthealth.cards); JWS: RFC 7515; thumbprint: RFC 7638.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from re import compile as pattern
from typing import TYPE_CHECKING, Any, Final

from pratique.codec import base64url, deflate, json
from pratique.cose.algorithms import ES256, Algorithm
from pratique.cose.jws import Jws, read_header
from pratique.errors import DecodeError, KeyMaterialError
from pratique.formats import shc_text
from pratique.formats.base import Facts, Reader
from pratique.formats.fhir import Bundle
from pratique.formats.shc_parts import join
from pratique.formats.shc_text import PREFIX, read_file
from pratique.model import CardIdentifier, Credential, IssuerIdentity, Validity
from pratique.model.dates import MAX_SECONDS
from pratique.reasons import Reason

if TYPE_CHECKING:
    from pratique.cose.keys import PublicKey

FORMAT: Final = "smart-health-card"
HEALTH_CARD: Final = "https://smarthealth.cards#health-card"

__all__ = ["FORMAT", "PREFIX", "READER", "HealthCard", "ShcEnvelope", "envelope", "join", "read_file"]

_ACCEPTED: Final = {"ES256": ES256}
_THUMBPRINT_BYTES = 32
_MILLISECONDS = 100_000_000_000  # from here on a time cannot be meant in seconds: the year 5138
_RID = pattern(r"[A-Za-z0-9_-]{1,24}\Z").match


class HealthCard(Bundle):
    """What a card says: its bundle, and `rid`, by which its issuer may revoke it; that is not shown."""

    __slots__ = ("rid",)

    def __init__(self, bundle: Any, rid: str | None) -> None:
        super().__init__(bundle)
        self.rid: Final = rid


class ShcEnvelope:
    """A card, taken apart to its JWS; its payload is neither inflated nor looked into."""

    formats: Final = (FORMAT,)
    algorithm: Final[Algorithm] = ES256

    def __init__(self, jws: bytes) -> None:
        """Take a JWS in compact form apart. Raises: DecodeError, UnsupportedError."""
        message = Jws(jws)
        self._payload = message.payload
        self.key_id: bytes = _key_id(message.header)
        self.to_be_signed: bytes = message.to_be_signed
        self.signature: bytes = message.signature
        self._revocable: tuple[str, str | None, datetime | None] | None = None

    def payload(self) -> dict[str, Any]:
        """Return the payload, as it was signed. Raises: DecodeError."""
        content = json.decode(deflate.inflate(base64url.decode(self._payload), raw=True))
        if type(content) is not dict:
            raise _refuse("the payload is not an object")
        return content

    def signer(self, key: PublicKey) -> PublicKey:
        """Return the trusted key itself, once it is seen to be the one that `kid` names. Raises: KeyMaterialError."""
        if _thumbprint(key) != self.key_id:
            raise KeyMaterialError(Reason.KEY_MISNAMED, "the thumbprint of the listed key is not its key_id")
        return key

    def read(self) -> Credential:
        """Return what the card says. Raises: DecodeError."""
        payload = self.payload()
        issuer = payload.get("iss")
        if type(issuer) is not str or not issuer:  # or step 7 would have nothing to compare
            raise _refuse("the payload names no issuer")
        departs = [] if issuer.startswith("https://") else ["iss"]
        issued_at = _issued_at(payload, departs)
        expires_at = _moment("exp", payload.get("exp"), departs)
        content = _content(payload.get("vc"), departs)
        self._revocable = issuer, content.rid, issued_at
        return Credential(
            format=FORMAT,
            issuer=IssuerIdentity(id=issuer),
            validity=Validity(issued_at, issued_at, expires_at),
            kinds=content.kinds,
            content=content,
            shows_identity=content.shows_identity,
            deviations=(*departs, *content.deviations),
            held_to_facts=content.held_to_facts,
        )

    def revocation_identifiers(self) -> CardIdentifier:
        """Return what its issuer's list can name it by. Raises: ValueError: the card was not read before."""
        if self._revocable is None:
            raise ValueError("a card has to be read before it can be looked up")
        return CardIdentifier(*self._revocable)


def envelope(text: str) -> ShcEnvelope:
    """Return the envelope of a text. Raises: DecodeError, UnsupportedError."""
    return ShcEnvelope(shc_text.decode(text))


def _takes(text: str) -> bool:
    """Return whether a text is a card, by its prefix, which some scanners write in capitals."""
    return text[: len(PREFIX)].lower() == PREFIX


_FACTS: Final = Facts(
    format=FORMAT,
    layers="pairs of digits, JWS (ES256), raw deflate, JSON, FHIR R4 bundle",
    signed_by="health systems, registries, pharmacies and laboratories, mostly of the US and Canada",
    trust_anchor="the issuer's keys (JWKS), by the issuer's address and the key's thumbprint",
    shows="name, birth date, every dose and test of the card",
    person="name as registered, birth date",
    event="every dose with product, day, lot and place; every test with result, time and place",
    number="none",
    revocation="its issuer's list of identifiers, for one key each; taking the key away",
)
READER: Final = Reader(FORMAT, "SMART Health Card", PREFIX, envelope, recognises=_takes, facts=(_FACTS,))


@lru_cache(maxsize=256)  # all cards of an issuer have one header, and it says nothing about a person
def _key_id(segment: bytes) -> bytes:
    """Return the key identifier that a header names. Raises: DecodeError, UnsupportedError."""
    _, header = read_header(segment, accepted=_ACCEPTED)
    if header.get("zip") != "DEF":
        raise _malformed("the header does not say that the payload is deflated")
    key_id = header.get("kid")
    try:
        thumbprint = base64url.decode(key_id.encode()) if type(key_id) is str else b""
    except DecodeError:
        thumbprint = b""
    if len(thumbprint) != _THUMBPRINT_BYTES:
        raise _malformed(f"the header's kid is not the base64url of {_THUMBPRINT_BYTES} bytes")
    return thumbprint


@lru_cache(maxsize=1024)
def _thumbprint(key: PublicKey) -> bytes:
    return key.jwk_thumbprint


def _issued_at(payload: dict[str, Any], departs: list[str]) -> datetime | None:
    """Return from when a card counts, which is when it was issued; drafts before May 2021 had `iat` for it."""
    issued_at = _moment("nbf", payload.get("nbf"), departs)
    if issued_at is None:
        departs.append("nbf")
        return _moment("iat", payload.get("iat"), departs)
    return issued_at


def _moment(name: str, value: Any, departs: list[str]) -> datetime | None:
    """Return a time claim as UTC, cut to whole seconds, None where it is absent; some issuers write milliseconds."""
    if value is None:
        return None
    if type(value) not in (int, float) or not 0 <= value < MAX_SECONDS * 1000:
        raise DecodeError(Reason.TIME_MALFORMED, f"{name} is not a number of seconds since 1970")
    if value > _MILLISECONDS:
        departs.append(name)
        value /= 1000
    return datetime.fromtimestamp(int(value), UTC)


def _content(credential: Any, departs: list[str]) -> HealthCard:
    if type(credential) is not dict:
        raise _refuse("there is no credential at vc")
    types = credential.get("type")
    if type(types) is not list or HEALTH_CARD not in types:
        raise _refuse("the credential's type does not include that of health cards")
    subject = credential.get("credentialSubject")
    if type(subject) is not dict:
        raise _refuse("the credential has no subject")
    version = subject.get("fhirVersion")
    if type(version) is not str or not version.startswith("4."):
        departs.append("fhirVersion")
    rid = credential.get("rid")
    if rid is not None and (type(rid) is not str or not _RID(rid)):
        departs.append("rid")
        rid = None
    return HealthCard(subject.get("fhirBundle"), rid)


def _malformed(detail: str) -> DecodeError:
    return DecodeError(Reason.JWS_MALFORMED, detail)


def _refuse(what: str) -> DecodeError:
    return DecodeError(Reason.CONTENT_INVALID, what)
