"""Pratique's own credentials: SD-CWT in Base45 behind `PQ1:`. Strict: one encoding, one set of headers and claims.

Behind the same prefix a credential can stand in a key binding token, told apart by its type. Then there are two
signatures: the issuer's, over the credential, is checked as that of every code; the holder's, over the token, goes with
what is read, for whoever knows which audience and nonce it must be for.
"""

from __future__ import annotations

import re
from datetime import timedelta
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Final

from pratique.codec import base45, cbor
from pratique.cose import algorithms
from pratique.cose.keys import PublicKey
from pratique.cose.sign1 import ALG, KEY_ID, Sign1
from pratique.errors import DecodeError, UnsupportedError
from pratique.formats import profile, profile_pattern
from pratique.formats.base import Facts, Reader
from pratique.formats.profile import CNF, EVENT, EXP, HOLDER, IAT, ISS, NBF, STATUS, SUB, VCT
from pratique.formats.window import window
from pratique.model import (
    Credential,
    DocumentBinding,
    IssuerIdentity,
    KeyBinding,
    Kind,
    Presentation,
)
from pratique.qr import text as qr_text
from pratique.reasons import Reason
from pratique.sdcwt import Disclosed, KeyBindingToken, disclosed, key_binding
from pratique.sdcwt.labels import REDACTION_KEYS, SD_AEAD_CLAIMS, SD_CLAIMS, TYP, TYP_SD_CWT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pratique.cose.algorithms import Algorithm

FORMAT: Final = profile.FORMAT

_decode = cbor.Decoder(simple_keys=REDACTION_KEYS, deterministic=True)
_PROTECTED: Final = {ALG, KEY_ID, TYP}
_REQUIRED: Final = {ISS, SUB, EXP, NBF, IAT, CNF, VCT, EVENT}
_ALLOWED: Final = _REQUIRED | {STATUS, HOLDER}
_NUMBER = re.compile(r"[A-Za-z0-9_-]{12}\Z")
_KEY_ID_BYTES = 8
_SALT_BYTES = _TAG_BYTES = 16
_THUMBPRINT_BYTES = 32


@lru_cache(maxsize=256)
def _header(protected: bytes) -> tuple[Algorithm, bytes]:
    """Return algorithm and key identifier of a protected header; every credential under one key has the same."""
    headers = cbor.decode(protected, deterministic=True)
    if headers.keys() != _PROTECTED or headers[TYP] != TYP_SD_CWT:
        raise DecodeError(Reason.COSE_MALFORMED, "the protected header is not exactly alg, kid and typ 293")
    if type(headers[KEY_ID]) is not bytes or len(headers[KEY_ID]) != _KEY_ID_BYTES:
        raise DecodeError(Reason.COSE_MALFORMED, f"the key identifier is not {_KEY_ID_BYTES} bytes")
    return algorithms.by_label(headers[ALG]), headers[KEY_ID]


class PratiqueEnvelope:
    """One of our own credentials, taken apart to its header, its payload and its disclosures."""

    __slots__ = ("algorithm", "disclosures", "key_id", "signature", "signed", "to_be_signed", "token")

    formats: Final = (FORMAT,)

    def __init__(self, data: bytes, *, token: KeyBindingToken | None = None) -> None:
        """Take the bytes of a COSE_Sign1 apart, which stood in `token`. Raises: DecodeError, UnsupportedError."""
        signed = Sign1.decode(data)
        self.signed = signed
        self.token = token
        self.algorithm, self.key_id = _header(signed.protected)
        self.disclosures = _disclosures(signed.unprotected) if signed.unprotected else ()
        self.to_be_signed: bytes = signed.to_be_signed()
        self.signature: bytes = signed.signature

    def claims(self) -> dict[Any, Any]:
        """Return the signed claims with their hashes still in them. Raises: DecodeError."""
        claims = _decode(self.signed.payload)
        if type(claims) is not dict:
            raise DecodeError(Reason.CONTENT_INVALID, "the claims are not a map")
        return claims

    def signer(self, key: PublicKey) -> PublicKey:
        """Return the trusted key itself: it signs credentials directly."""
        return key

    def open(self) -> Disclosed:
        """Return the claims with what is disclosed in place. Raises: DecodeError, DisclosureError."""
        return disclosed(self.claims(), self.disclosures, within=profile.CLOSED_MAPS)

    def revocation_identifiers(self) -> None:
        """Return nothing: the credential itself says where its status stands."""

    def read(self, opened: Disclosed | None = None) -> Credential:
        """Return what the credential says and shows. Raises: DecodeError, DisclosureError."""
        if opened is None and self.token is None:
            usual = profile_pattern.read(self.signed.payload, self.disclosures)
            if usual is not None:
                return usual
        opened = opened or self.open()
        claims = opened.claims
        if not _REQUIRED <= claims.keys() <= _ALLOWED:
            raise DecodeError(Reason.CONTENT_INVALID, "a claim is missing, or one has no place in this profile")
        if claims[VCT] != profile.PROFILE:
            raise UnsupportedError(Reason.FORMAT_UNSUPPORTED, f"another profile than {profile.PROFILE}")
        if type(claims[SUB]) is not str or not _NUMBER.match(claims[SUB]):
            raise DecodeError(Reason.CONTENT_INVALID, "the certificate's number is not 12 characters of base64url")
        fact = profile.Fact(claims[EVENT])
        holder = claims.get(HOLDER)
        if holder is not None and fact.kind is Kind.CLEARANCE:
            raise DecodeError(Reason.CONTENT_INVALID, "a clearance has a holder's claims")
        person = None if holder is None else profile.read_holder(holder)
        if profile.count_closed(claims) != len(opened.paths):
            raise DecodeError(Reason.CONTENT_INVALID, "a claim is open that must be closed, or the reverse")
        binding = _binding(claims[CNF])
        return Credential(
            format=FORMAT,
            issuer=IssuerIdentity(id=profile.text(claims[ISS])),
            validity=window(claims[IAT], claims[NBF], claims[EXP], fact.kind),
            kinds=((fact.kind, fact.target),),
            content=profile.Content(fact.evidence, person, claims[SUB]),
            shows_identity=person is not None and person.name is not None and person.birth_date is not None,
            binding=binding,
            status=profile.read_status(claims[STATUS]) if STATUS in claims else None,
            withheld=opened.withheld,
            presentation=None if self.token is None else _presentation(self.token, binding),
        )


def _disclosures(unprotected: Mapping[Any, Any]) -> tuple[bytes, ...]:
    """Return the disclosures that travel in the unprotected header, which has nothing else."""
    if SD_AEAD_CLAIMS in unprotected:
        raise UnsupportedError(Reason.FORMAT_UNSUPPORTED, "encrypted disclosures are not part of this profile")
    disclosures = unprotected.get(SD_CLAIMS)
    if len(unprotected) != 1 or type(disclosures) is not list or not disclosures:
        raise DecodeError(Reason.COSE_MALFORMED, "the unprotected header is not an array of disclosures alone")
    if any(type(disclosure) is not bytes for disclosure in disclosures):
        raise DecodeError(Reason.COSE_MALFORMED, "a disclosure is not a byte string")
    return tuple(disclosures)


def envelope(text: str) -> PratiqueEnvelope:
    """Return the envelope of a text: of a credential, or of one in a key binding token.

    Raises: DecodeError, UnsupportedError, KeyMaterialError.
    """
    data = base45.decode(text[len(qr_text.PREFIX) :])
    return presented(data) if key_binding.is_token(data) else PratiqueEnvelope(data)


def presented(data: bytes) -> PratiqueEnvelope:
    """Return the envelope of the credential in a key binding token. Raises: as `envelope`."""
    token = KeyBindingToken.decode(data)
    return PratiqueEnvelope(token.sd_cwt, token=token)


_FACTS: Final = Facts(
    format=FORMAT,
    layers="Base45, COSE_Sign1 (ESP256 and others), SD-CWT",
    signed_by="a health authority",
    trust_anchor="its key",
    shows="issuer, kind, disease, from when to when it counts; nothing of the person",
    person="closed, each claim on its own; a slow hash that only the passport opens says whose it is",
    event="kind, disease, and a window in whole days; date, product, dose, batch, place and result are closed, each "
    "on its own",
    number="random, says nothing",
    withheld="all but issuer, kind, disease, window and number",
    revocation="one index of a signed list that is the same for all",
)
READER: Final = Reader(FORMAT, "pratique", qr_text.PREFIX, envelope, issued_within=timedelta(days=1), facts=(_FACTS,))


def _binding(cnf: Any) -> DocumentBinding | KeyBinding:
    if type(cnf) is not dict or len(cnf) != 1:
        raise DecodeError(Reason.CONTENT_INVALID, "the confirmation is not exactly one method")
    ((method, value),) = cnf.items()
    if method == profile.CNF_DOCUMENT and type(value) is list and len(value) == 3:  # noqa: PLR2004 - [1, salt, tag]
        derivation, salt, tag = value
        if derivation != 1 or type(derivation) is not int:
            raise UnsupportedError(Reason.FORMAT_UNSUPPORTED, "the document binding is of another derivation than 1")
        if type(salt) is bytes and type(tag) is bytes and len(salt) == _SALT_BYTES and len(tag) == _TAG_BYTES:
            return DocumentBinding(derivation, salt, tag)
    if method == profile.CNF_KEY and type(value) is dict:
        key = PublicKey.from_cose_key(value)
        return KeyBinding(key.thumbprint, key)
    if method == profile.CNF_THUMBPRINT and type(value) is bytes and len(value) == _THUMBPRINT_BYTES:
        return KeyBinding(value)
    raise DecodeError(Reason.CONTENT_INVALID, "the confirmation is of no known method or not in its form")


def _presentation(token: KeyBindingToken, binding: DocumentBinding | KeyBinding) -> Presentation:
    """Return what the holder's key signed: that of the credential, or the one in the token that has its thumbprint."""
    if not isinstance(binding, KeyBinding):
        raise DecodeError(Reason.CONTENT_INVALID, "a key binding token around a credential that is bound to no key")
    if (binding.key is None) is (token.key is None):
        raise DecodeError(Reason.CONTENT_INVALID, "the holder's key is in both, credential and token, or in neither")
    return Presentation(token.audience, token.nonce, token.issued_at, partial(_is_proven, token, binding))


def _is_proven(token: KeyBindingToken, binding: KeyBinding) -> bool:
    key = binding.key or token.key
    return key is not None and key.thumbprint == binding.thumbprint and token.is_signed_by(key)
