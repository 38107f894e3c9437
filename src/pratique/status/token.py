"""Status list tokens: a list, its address and its times under one signature, as CWT or as JWT.

    token = StatusListToken("https://health.example/status/1", issued_at, statuses, expires_at, time_to_live)
    data = token.to_cwt(signer)                     # for whoever fetches the list
    received = SignedStatusList.decode(data)        # nothing in it is proven
    received.verify(key)                            # or raises
    received.token().statuses.get(index)

Source: draft-ietf-oauth-status-list, section 5. Stricter than the draft: a signature by an asymmetric key only, times
in whole seconds, no audience, and no members of the list that the draft does not name.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pratique.codec import base64url, cbor, jcs, json
from pratique.cose import algorithms, jws, sign1
from pratique.cose.sign1 import KEY_ID, TYP, Sign1
from pratique.errors import DecodeError, SignatureError
from pratique.model.dates import MAX_SECONDS
from pratique.reasons import Reason
from pratique.status.token_status_list import MAX_LIST_BYTES, StatusList

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pratique.cose.algorithms import Algorithm
    from pratique.cose.keys import PublicKey
    from pratique.cose.signer import Signer

CWT_TYPE: Final = "application/statuslist+cwt"
JWT_TYPE: Final = "statuslist+jwt"
MAX_URI: Final = 2048  # bytes; what servers and caches commonly take
MAX_TOKEN_BYTES: Final = MAX_LIST_BYTES * 2  # a full list that does not compress, twice in base64, takes 1.78 times
MAX_COMMAS: Final = 1000  # in the claims of a JWT, which have some 20; as many as fit would fill the memory

# IANA "CBOR Web Token (CWT) Claims"; 65533 and 65534 are the draft's
SUB, AUD, EXP, NBF, IAT, STATUS_LIST, TTL = 2, 3, 4, 5, 6, 65533, 65534
_NAMES: Final[Mapping[int, str]] = MappingProxyType(
    {SUB: "sub", AUD: "aud", EXP: "exp", NBF: "nbf", IAT: "iat", STATUS_LIST: "status_list", TTL: "ttl"}
)
_LIST_MEMBERS: Final = frozenset({"bits", "lst"})
_LIST_OPTIONAL: Final = frozenset({"aggregation_uri"})
_TAG_SIGN1: Final = b"\xd2"
_SECOND: Final = timedelta(seconds=1)


class Unsigned(NamedTuple):
    """A token that waits for its signature: what is to be signed, and what makes the token of the signature.

    The signature is in COSE's form, ECDSA as r || s; see `algorithms.raw_ecdsa` for services that answer DER.
    """

    to_be_signed: bytes
    complete: Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class StatusListToken:
    """What a token says.

    Args:
        uri: the address of the list, to which credentials refer.
        issued_at: aware; as every time here cut to whole seconds when it is written.
        statuses: the list.
        expires_at: from this moment on the list counts no more; None where the token does not say.
        time_to_live: after which a verifier should fetch it anew; None where the token does not say.
        not_before: when it begins to count, where that is not when it was issued.
    Raises: ValueError: an address that is none or has more than `MAX_URI` bytes; times that are naive, outside 1970 to
        9999 or in no order.
    """

    uri: str
    issued_at: datetime
    statuses: StatusList
    expires_at: datetime | None = None
    time_to_live: timedelta | None = None
    not_before: datetime | None = None

    def __post_init__(self) -> None:
        if not _is_uri(self.uri):
            raise ValueError(f"the address of a status list is a URI of at most {MAX_URI} bytes")
        times = [moment for moment in (self.issued_at, self.not_before, self.expires_at) if moment is not None]
        if any(moment.utcoffset() is None or moment.timestamp() < 0 for moment in times):
            raise ValueError("the times of a status list are aware and from 1970 on")
        if self.expires_at is not None and self.expires_at - max(times[:-1]) < _SECOND:
            raise ValueError("a status list expires before it begins to count")
        if self.time_to_live is not None and self.time_to_live < _SECOND:
            raise ValueError("the time to live of a status list is at least one second")

    def to_cwt(self, signer: Signer, *, compressed: bytes | None = None) -> bytes:
        """Return the token as CWT; `compressed` is what `statuses.deflate()` gave, where it was made already."""
        unsigned = self.unsigned_cwt(signer.algorithm, signer.key_id, compressed=compressed)
        return unsigned.complete(signer.sign(unsigned.to_be_signed))

    def to_jwt(self, signer: Signer, *, compressed: bytes | None = None) -> bytes:
        """Return the token as JWT, in ASCII; the key is named by the base64url of its identifier.

        Raises: ValueError: JOSE has no name for the signer's algorithm.
        """
        unsigned = self.unsigned_jwt(signer.algorithm, signer.key_id, compressed=compressed)
        return unsigned.complete(signer.sign(unsigned.to_be_signed))

    def unsigned_cwt(self, algorithm: Algorithm, key_id: bytes, *, compressed: bytes | None = None) -> Unsigned:
        """Return the CWT without its signature, for a key that signs elsewhere."""
        protected: dict[int | str, Any] = {sign1.ALG: algorithm.label, KEY_ID: key_id, TYP: CWT_TYPE}
        content = self.statuses.deflate() if compressed is None else compressed
        payload = cbor.encode(self._claims({"bits": self.statuses.bits, "lst": content}))
        return Unsigned(
            sign1.prepare(protected, payload), lambda signature: sign1.complete(protected, {}, payload, signature)
        )

    def unsigned_jwt(self, algorithm: Algorithm, key_id: bytes, *, compressed: bytes | None = None) -> Unsigned:
        """Return the JWT without its signature. Raises: ValueError: JOSE has no name for the algorithm."""
        content = base64url.encode(self.statuses.deflate() if compressed is None else compressed).decode()
        claims = self._claims({"bits": self.statuses.bits, "lst": content})
        payload = jcs.encode({_NAMES[label]: value for label, value in claims.items()})
        header = {"kid": base64url.encode(key_id).decode(), "typ": JWT_TYPE}
        to_be_signed = jws.prepare(header, payload, algorithm)
        return Unsigned(to_be_signed, lambda signature: jws.complete(to_be_signed, signature))

    def _claims(self, status_list: dict[str, Any]) -> dict[int, Any]:
        claims: dict[int, Any] = {SUB: self.uri, IAT: int(self.issued_at.timestamp()), STATUS_LIST: status_list}
        if self.expires_at is not None:
            claims[EXP] = int(self.expires_at.timestamp())
        if self.not_before is not None:
            claims[NBF] = int(self.not_before.timestamp())
        if self.time_to_live is not None:
            claims[TTL] = self.time_to_live // _SECOND
        return claims


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class SignedStatusList:
    """A token as it arrived: what its claims say is proven only once `verify` returned, and only for that key.

    `data` are its bytes, `key_ids` what its key may be called by: a JWT's `kid` is a text, which here stands for its
    own bytes and, where it is base64url, for what that decodes to. The list is inflated by `token`, not before, and is
    taken out of `data` anew each time it is asked for: of what may be many megabytes, one copy is kept.
    """

    data: bytes
    form: str
    key_ids: tuple[bytes, ...]
    algorithm: Algorithm
    uri: str
    issued_at: datetime
    expires_at: datetime | None
    time_to_live: timedelta | None
    not_before: datetime | None

    def __repr__(self) -> str:
        return f"SignedStatusList({self.form}, uri={self.uri!r})"

    @classmethod
    def decode(cls, data: bytes) -> SignedStatusList:
        """Return the token that `data` consists of: a CWT if it begins with the tag of COSE_Sign1, else a JWT.

        Raises: DecodeError: `status.list_invalid` and the codes of its layers. UnsupportedError: `cose.algorithm`,
            `cose.critical`. Not checked: the signature, the list itself, and whether the token is current.
        """
        if len(data) > MAX_TOKEN_BYTES:
            raise _refuse(f"{len(data)} bytes, at most {MAX_TOKEN_BYTES} are read")
        return cls._from_cwt(data) if data.startswith(_TAG_SIGN1) else cls._from_jwt(data)

    @classmethod
    def _from_cwt(cls, data: bytes) -> SignedStatusList:
        message = _cwt(data)
        if message.headers.get(TYP) != CWT_TYPE:
            raise _refuse(f"the type in the protected header is not {CWT_TYPE}")
        key_id = message.key_id
        key_ids = () if key_id is None else (key_id,)
        return cls(data, "cwt", key_ids, message.algorithm(), *_times(_cwt_claims(message)))

    @classmethod
    def _from_jwt(cls, data: bytes) -> SignedStatusList:
        message = jws.Jws(data)
        algorithm, header = jws.read_header(message.header)
        if header.get("typ") != JWT_TYPE:
            raise _refuse(f"the type in the header is not {JWT_TYPE}")
        return cls(data, "jwt", _key_ids(header.get("kid")), algorithm, *_times(_jwt_claims(message)))

    def verify(self, key: PublicKey) -> None:
        """Prove that this key signed the token.

        Raises: SignatureError: `signature.invalid`. KeyMaterialError: `key.unsuitable`.
        Not checked: whose key it is, and what for.
        """
        message: Sign1 | jws.Jws = _cwt(self.data) if self.form == "cwt" else jws.Jws(self.data)
        to_be_signed = message.to_be_signed() if isinstance(message, Sign1) else message.to_be_signed
        if not algorithms.verify(self.algorithm, key, message.signature, to_be_signed):
            raise SignatureError(Reason.SIGNATURE_INVALID)

    def token(self) -> StatusListToken:
        """Return what the token says, with its list inflated. Raises: DecodeError: the list cannot be read."""
        if self.form == "cwt":
            members = _cwt_claims(_cwt(self.data))[STATUS_LIST]
            compressed = members["lst"]
        else:
            members = _jwt_claims(jws.Jws(self.data))[STATUS_LIST]
            compressed = base64url.decode(members["lst"].encode("ascii", "replace"))
        statuses = StatusList.inflate(compressed, bits=members["bits"])
        return StatusListToken(self.uri, self.issued_at, statuses, self.expires_at, self.time_to_live, self.not_before)


def _cwt(data: bytes) -> Sign1:
    return Sign1.decode(data, tolerant=True)  # others need not encode deterministically


def _cwt_claims(message: Sign1) -> dict[Any, Any]:
    claims = cbor.decode(message.payload)
    if type(claims) is not dict:
        raise _refuse("the claims are not a map")
    return _checked(claims, bytes)


def _jwt_claims(message: jws.Jws) -> dict[Any, Any]:
    """Return the claims of a JWT under the numbers that a CWT has for them."""
    payload = base64url.decode(message.payload)
    if payload.count(b",") > MAX_COMMAS:
        raise _refuse(f"more than {MAX_COMMAS} commas in the claims")
    claims = json.decode(payload, limit=MAX_TOKEN_BYTES)
    if type(claims) is not dict:
        raise _refuse("the claims are not an object")
    return _checked({label: claims[name] for label, name in _NAMES.items() if name in claims}, str)


def _checked(claims: dict[Any, Any], list_type: type) -> dict[Any, Any]:
    """Return the claims once every one that matters here is what it should be."""
    for label in (SUB, IAT, STATUS_LIST):
        if label not in claims:
            raise _refuse(f"{_NAMES[label]} is missing")
    if AUD in claims:  # RFC 7519 section 4.1.3: whoever is not named must reject it, and a list is for everybody
        raise _refuse("the token is for one audience")
    if type(claims[SUB]) is not str or not _is_uri(claims[SUB]):
        raise _refuse(f"sub is not a URI of at most {MAX_URI} bytes")
    for label, least in ((IAT, 0), (EXP, 0), (NBF, 0), (TTL, 1)):
        value = claims.get(label, least)
        if type(value) is not int or not least <= value < MAX_SECONDS:
            raise _refuse(f"{_NAMES[label]} is not a number of seconds from {least} on")
    if EXP in claims and claims[EXP] <= max(claims[IAT], claims.get(NBF, 0)):
        raise _refuse("exp is before the token begins to count")
    members = claims[STATUS_LIST]
    if type(members) is not dict or not _LIST_MEMBERS <= members.keys() <= _LIST_MEMBERS | _LIST_OPTIONAL:
        raise _refuse("status_list does not consist of bits, lst and at most an aggregation_uri")
    if type(members["lst"]) is not list_type:
        raise _refuse("lst is of another type")
    return claims


def _times(claims: Mapping[Any, Any]) -> tuple[str, datetime, datetime | None, timedelta | None, datetime | None]:
    """Return address, time of issue, end, time to live and beginning."""
    time_to_live = timedelta(seconds=claims[TTL]) if TTL in claims else None
    return claims[SUB], _moment(claims[IAT]), _optional(claims, EXP), time_to_live, _optional(claims, NBF)


def _optional(claims: Mapping[Any, Any], label: int) -> datetime | None:
    return _moment(claims[label]) if label in claims else None


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _key_ids(name: Any) -> tuple[bytes, ...]:
    """Return the identifiers that a `kid` may stand for. Raises: DecodeError: it is not a text."""
    if name is None:
        return ()
    if type(name) is not str:
        raise _refuse("kid is not a text")
    plain = name.encode("utf-8", "replace")
    try:
        decoded = base64url.decode(plain)
    except DecodeError:
        return (plain,)
    return (decoded, plain)


def _is_uri(text: str) -> bool:
    return ":" in text and len(text) <= MAX_URI and text.isascii() and text.isprintable() and " " not in text


def _refuse(detail: str) -> DecodeError:
    return DecodeError(Reason.STATUS_LIST_INVALID, detail)
