"""The key binding token: a holder's key signs over what is shown, to whom, and in answer to which nonce.

It is a COSE_Sign1 around the SD-CWT: the credential with the disclosures that the holder chose stands in its protected
header, so that nothing of it can be exchanged. Of what the draft leaves open, one form is made and read here: audience,
time and nonce, all three, and no other claim. Source: draft-ietf-spice-sd-cwt-07, sections 8.1 and 9.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from pratique.codec import cbor
from pratique.codec.cbor import Tag
from pratique.cose import algorithms, sign1
from pratique.cose.keys import PublicKey
from pratique.cose.sign1 import ALG, Sign1
from pratique.errors import DecodeError
from pratique.model.dates import MAX_SECONDS
from pratique.reasons import Reason
from pratique.sdcwt.labels import (
    AUD,
    CNF,
    CNF_KEY,
    CNONCE,
    IAT,
    KCCS,
    KCWT,
    TAG_SIGN1,
    TYP,
    TYP_KEY_BINDING,
    TYP_SD_CWT,
)

if TYPE_CHECKING:
    from pratique.cose.algorithms import Algorithm
    from pratique.cose.signer import Signer

MAX_AUDIENCE: Final = 255  # bytes; as every other identifier
NONCE_BYTES: Final = 16  # of the nonces made here
MIN_NONCE, MAX_NONCE = 8, 64  # bytes; a shorter one could be met twice by chance, a longer one only makes codes large
MAX_AGE: Final = timedelta(minutes=5)  # to show a request, unlock a wallet, choose, and be scanned
CLOCK_SKEW: Final = timedelta(seconds=60)  # what the clocks of a phone and a verifier may differ by

_NESTED: Final = frozenset({TAG_SIGN1})
_HEADERS: Final = ({ALG, KCWT, TYP}, {ALG, KCWT, KCCS, TYP})
_CLAIMS: Final = {AUD, IAT, CNONCE}
_decode = cbor.Decoder(tags=_NESTED, deterministic=True)
# In deterministic CBOR the type is what a protected header ends with.
_SIZES: Final = {
    0x58: 1,
    0x59: 2,
}  # heads of byte strings, by how many bytes of size follow; a shorter one is no token's
_ENDS_WITH_TYPE: Final = bytes((TYP,)) + b"\x19" + TYP_KEY_BINDING.to_bytes(2)


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a verifier expects of a key binding token: made for it, in answer to its nonce, and just now.

    Make a new one for each presentation: it is the nonce that keeps a presentation from being shown twice.

    Args:
        audience: the verifier's identifier, as it stands in its requests.
        nonce: 8 to 64 random bytes.
        max_age: how old a token may be; a token of exactly this age will do.
        clock_skew: by how much the holder's clock may run ahead.
    Raises: ValueError: an audience or nonce that no token can hold, or a negative time.
    """

    audience: str
    nonce: bytes = field(repr=False)
    max_age: timedelta = MAX_AGE
    clock_skew: timedelta = CLOCK_SKEW

    def __post_init__(self) -> None:
        if not is_audience(self.audience):
            raise ValueError(f"an audience is a text of 1 to {MAX_AUDIENCE} bytes without control characters")
        if not is_nonce(self.nonce):
            raise ValueError(f"a nonce is {MIN_NONCE} to {MAX_NONCE} bytes")
        if min(self.max_age, self.clock_skew) < timedelta():
            raise ValueError("the tolerated age or clock skew is negative")

    @classmethod
    def new(cls, audience: str, *, max_age: timedelta = MAX_AGE) -> Challenge:
        """Return a challenge with a fresh nonce of 16 random bytes."""
        return cls(audience, secrets.token_bytes(NONCE_BYTES), max_age)


@dataclass(frozen=True, slots=True, repr=False)
class KeyBindingToken:
    """A key binding token, taken apart; nothing in it is proven.

    `sd_cwt` is the message in it, whole, with tag 18. `issued_at` is aware, UTC. `key` is the holder's public key where
    the token brings it along, because the credential names it by its thumbprint alone.
    """

    sd_cwt: bytes
    audience: str
    nonce: bytes
    issued_at: datetime
    key: PublicKey | None
    algorithm: Algorithm
    to_be_signed: bytes
    signature: bytes

    def __repr__(self) -> str:
        return f"KeyBindingToken({self.algorithm.name}, {len(self.sd_cwt)} bytes of SD-CWT)"

    @classmethod
    def decode(cls, data: bytes) -> KeyBindingToken:
        """Return the token that `data` consists of: deterministic CBOR, one SD-CWT in it.

        Raises: DecodeError: `cbor.*`, `cose.malformed`, `content.invalid`, `validity.malformed`. UnsupportedError:
            `cose.*`. KeyMaterialError: the key in the header.
        Not checked: either signature; what the SD-CWT says; that the token is for anybody in particular.
        """
        signed = _message(data)
        headers = signed.headers
        if signed.unprotected or headers.keys() not in _HEADERS or headers[TYP] != TYP_KEY_BINDING:
            raise DecodeError(Reason.COSE_MALFORMED, "the headers are not exactly those of a key binding token")
        claims = cbor.decode(signed.payload, deterministic=True)
        if type(claims) is not dict or claims.keys() != _CLAIMS:
            raise DecodeError(Reason.CONTENT_INVALID, "a key binding token has audience, time and nonce, nothing else")
        if not is_audience(claims[AUD]) or not is_nonce(claims[CNONCE]):
            raise DecodeError(
                Reason.CONTENT_INVALID, "the audience or nonce of the key binding token is not in its form"
            )
        if type(claims[IAT]) is not int or not 0 <= claims[IAT] < MAX_SECONDS:
            raise DecodeError(Reason.TIME_MALFORMED, "the key binding token's time is not a number of seconds")
        return cls(
            sd_cwt=_sd_cwt(headers[KCWT]),
            audience=claims[AUD],
            nonce=claims[CNONCE],
            issued_at=datetime.fromtimestamp(claims[IAT], UTC),
            key=_key(headers[KCCS]) if KCCS in headers else None,
            algorithm=algorithms.by_label(headers[ALG]),
            to_be_signed=signed.to_be_signed(),
            signature=signed.signature,
        )

    def is_signed_by(self, key: PublicKey) -> bool:
        """Return whether a key signed the token, and with it the credential and the choice of what it shows."""
        return key.fits(self.algorithm) and algorithms.verify(self.algorithm, key, self.signature, self.to_be_signed)


def encode(sd_cwt: bytes, challenge: Challenge, *, at: datetime, signer: Signer, key: PublicKey | None = None) -> bytes:
    """Return the key binding token around an SD-CWT, signed.

    Args:
        sd_cwt: the message as it is to be shown.
        challenge: whom it is for, and the nonce.
        at: the time, aware; whole seconds of it count.
        signer: whoever holds the key that the SD-CWT confirms.
        key: the signer's public key, where the SD-CWT has its thumbprint alone.
    Raises: TypeError: a naive time.
    Not checked: that the signer's key is the one that the SD-CWT confirms.
    """
    if at.tzinfo is None:
        raise TypeError("the time of a presentation must be aware")
    headers: dict[int | str, Any] = {KCWT: _decode(sd_cwt), TYP: TYP_KEY_BINDING}
    if key is not None:
        headers[KCCS] = {CNF: {CNF_KEY: key.cose_key}}
    claims = {AUD: challenge.audience, IAT: int(at.timestamp()), CNONCE: challenge.nonce}
    return sign1.encode(headers, {}, cbor.encode(claims), signer)


def is_token(data: bytes) -> bool:
    """Return whether a message is of the type of key binding tokens, by the end of its protected header alone."""
    size = _SIZES.get(data[2], 0) if len(data) > len(_ENDS_WITH_TYPE) else 0
    end = 3 + size + int.from_bytes(data[3 : 3 + size])
    return bool(size) and data.endswith(_ENDS_WITH_TYPE, 0, end)


def is_audience(value: Any) -> bool:
    """Return whether a value can be an audience: a text of 1 to 255 bytes without control characters."""
    return type(value) is str and value.isprintable() and 0 < len(value.encode()) <= MAX_AUDIENCE


def is_nonce(value: Any) -> bool:
    """Return whether a value can be a nonce: 8 to 64 bytes."""
    return type(value) is bytes and MIN_NONCE <= len(value) <= MAX_NONCE


def _message(data: bytes) -> Sign1:
    """Return a COSE_Sign1 whose protected header may hold another one, which in no other header has a place."""
    message = _decode(data)
    parts = message.value if type(message) is Tag else None
    if type(parts) is not list or [type(part) for part in parts] != [bytes, dict, bytes, bytes]:
        raise DecodeError(Reason.COSE_MALFORMED, "the message is not a COSE_Sign1")
    protected, unprotected, payload, signature = parts
    headers = _decode(protected)
    if type(headers) is not dict:
        raise DecodeError(Reason.COSE_MALFORMED, "the protected header is not a map")
    return Sign1(protected, headers, unprotected, payload, signature)


def _sd_cwt(nested: Any) -> bytes:
    """Return the message inside, which is exactly one SD-CWT.

    To encode it again changes no byte: the header that it stood in was read as deterministic.
    """
    if type(nested) is not Tag:
        raise DecodeError(Reason.COSE_MALFORMED, "what the key binding token holds is no COSE_Sign1")
    encoded = cbor.encode(nested)
    if Sign1.decode(encoded).headers.get(TYP) != TYP_SD_CWT:
        raise DecodeError(Reason.COSE_MALFORMED, "what the key binding token holds is no SD-CWT")
    return encoded


def _key(claims: Any) -> PublicKey:
    """Return the key of a CWT Claims Set that has a confirmation and nothing else (RFC 9528, section 3.5.3.1)."""
    confirmation = claims.get(CNF) if type(claims) is dict and len(claims) == 1 else None
    key = confirmation.get(CNF_KEY) if type(confirmation) is dict and len(confirmation) == 1 else None
    if type(key) is not dict:
        raise DecodeError(Reason.COSE_MALFORMED, "the claims set in the header is not one COSE_Key")
    return PublicKey.from_cose_key(key)
