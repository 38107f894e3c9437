"""New Zealand's COVID Pass: a CWT in COSE_Sign1, in Base32 behind `NZCP:/1/`.

It says that its holder met New Zealand's rules of the day, vaccinated or exempt, and not which: a clearance, and never
a vaccination. Read strictly, because one ministry issued all of them in one form. Neither DID nor JSON-LD context is
resolved: the key comes from the trust store, contexts are compared as text, and the signature covers the bytes.

Source: NZ COVID Pass, technical specification version 1 (Ministry of Health, November 2021).
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final, TypeGuard
from uuid import UUID

from pratique.codec import base32, cbor
from pratique.cose.algorithms import ES256, Algorithm
from pratique.cose.sign1 import KEY_ID, Sign1
from pratique.errors import DecodeError, UnsupportedError
from pratique.formats.base import Facts, Reader
from pratique.model import Clearance, Credential, Evidence, Holder, IssuerIdentity, Kind, Validity
from pratique.model.dates import MAX_SECONDS, PartialDate
from pratique.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pratique.cose.keys import PublicKey

FORMAT: Final = "nz-covid-pass"
PREFIX: Final = "NZCP:/"
VERSION: Final = "1"
PASS_TYPE: Final = "PublicCovidPass"  # noqa: S105 - the name of a type of credential
MAX_NAME: Final = 100  # characters of a given or a family name
MAX_KEY_NAME: Final = 100  # bytes; the live key's has 8

_ISS, _EXP, _NBF, _CTI, _VC = 1, 4, 5, 7, "vc"
_TAG_SIGN1 = b"\xd2"
_CTI_BYTES = 16
_ACCEPTED: Final = frozenset({ES256})
_CONTEXT: Final = "https://www.w3.org/2018/credentials/v1"
_TYPES: Final = ["VerifiableCredential", PASS_TYPE]
_CREDENTIAL_VERSION: Final = "1.0.0"
_ISSUER = re.compile(r"did:web:[A-Za-z0-9.%:_-]{1,247}\Z").match
_BIRTH_DATE = re.compile(r"(19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}\Z").match
_decode = cbor.Decoder()


class NzcpEnvelope:
    """A pass, taken apart to its COSE_Sign1; its claims are not looked into."""

    formats: Final = (FORMAT,)

    def __init__(self, data: bytes) -> None:
        """Take the bytes of a COSE_Sign1 apart. Raises: DecodeError, UnsupportedError."""
        if not data.startswith(_TAG_SIGN1):
            raise DecodeError(Reason.COSE_MALFORMED, "the message does not begin with tag 18, COSE_Sign1")
        signed = Sign1.decode(data, tolerant=True)  # the ministry's headers are not in the order of deterministic CBOR
        self.signed = signed
        self.algorithm: Algorithm = signed.algorithm(accepted=_ACCEPTED)
        self.key_id: bytes = _key_name(signed.headers.get(KEY_ID))
        self.to_be_signed: bytes = signed.to_be_signed()
        self.signature: bytes = signed.signature

    def signer(self, key: PublicKey) -> PublicKey:
        """Return the trusted key itself: it signs passes directly."""
        return key

    def revocation_identifiers(self) -> None:
        """Return nothing: there are no lists of passes."""

    def read(self) -> Credential:
        """Return what the pass says. Raises: DecodeError, UnsupportedError: a claim that a pass must have is not so."""
        claims = _decode(self.signed.payload)
        if type(claims) is not dict:
            raise _refuse("the CWT is not a map")
        issuer = claims.get(_ISS)
        if type(issuer) is not str or not _ISSUER(issuer):
            raise _refuse("the issuer is not a did:web identifier")
        number = claims.get(_CTI)
        if type(number) is not bytes or len(number) != _CTI_BYTES:
            raise _refuse(f"the pass's number is not {_CTI_BYTES} bytes")
        not_before, expires_at = _moment(claims.get(_NBF)), _moment(claims.get(_EXP))
        if expires_at <= not_before:
            raise DecodeError(Reason.TIME_MALFORMED, "the window ends before it begins")
        content = Pass(_subject(claims.get(_VC)), number)
        return Credential(
            format=FORMAT,
            issuer=IssuerIdentity(id=issuer),
            validity=Validity(None, not_before, expires_at),
            kinds=((Kind.CLEARANCE, None),),
            content=content,
            shows_identity=True,
            deviations=content.deviations,
        )


class Pass:
    """What a pass says: that its holder was cleared, and who that is.

    Raises: DecodeError: the given name or the birth date, which every pass has, is not usable.
    """

    __slots__ = ("_birth_date", "_family_name", "_given_name", "_number", "deviations")

    def __init__(self, subject: Mapping[str, Any], number: bytes) -> None:
        given_name, birth_date = subject.get("givenName"), subject.get("dob")
        if not _is_name(given_name):
            raise _refuse(f"the given name is not a text of 1 to {MAX_NAME} characters")
        if type(birth_date) is not str or not _BIRTH_DATE(birth_date):
            raise _refuse("the birth date is not YYYY-MM-DD in the years 1900 to 2099")
        try:
            self._birth_date = date.fromisoformat(birth_date)
        except ValueError:
            raise DecodeError(Reason.DATE_INVALID, "the birth date is not a date of the calendar") from None
        family_name = subject.get("familyName")
        self._given_name: str = given_name
        self._family_name: str = family_name if _is_name(family_name) else ""
        self._number = number
        self.deviations: tuple[str, ...] = () if self._family_name or family_name in (None, "") else ("familyName",)

    def evidence(self) -> tuple[Evidence, ...]:
        """Return the one fact: a clearance by the rules that the type of the pass names."""
        return (Clearance(rule=PASS_TYPE),)

    def holder(self) -> Holder:
        """Return the person; `name` is transliterated here, the pass has no transliteration."""
        return Holder(
            name=self._transliterated(),
            name_native=f"{self._given_name} {self._family_name}".strip(),
            birth_date=PartialDate.from_date(self._birth_date),
        )

    def number(self) -> str:
        """Return the pass's number (`cti`) as the ministry writes it."""
        return UUID(bytes=self._number).urn

    def _transliterated(self) -> str | None:
        """Return the name surname first; without a family name, which then may stand among the given ones, as it is."""
        from pratique.names import icao_name  # noqa: PLC0415 - a verdict without a document needs no tables

        try:
            return icao_name(self._family_name, self._given_name) or None
        except DecodeError:  # a script that Doc 9303 has no table for
            return None


def envelope(text: str) -> NzcpEnvelope:
    """Return the envelope of a text. Raises: DecodeError, UnsupportedError."""
    version, slash, body = text[len(PREFIX) :].partition("/")
    if version != VERSION or not slash:
        raise UnsupportedError(Reason.FORMAT_UNSUPPORTED, f"another version of the pass than {VERSION}")
    return NzcpEnvelope(base32.decode(body))


_FACTS: Final = Facts(
    format=FORMAT,
    layers="Base32, COSE_Sign1 (ES256), CWT",
    signed_by="the Ministry of Health of New Zealand",
    trust_anchor="its key, by its name",
    shows="name, birth date, that the rules of the day were met",
    person="name in native letters, birth date",
    event="that New Zealand's rules were met; not which vaccine or disease, nor whether it was an exemption",
    number="random",
    revocation="taking the key away",
)
READER: Final = Reader(FORMAT, "NZ COVID Pass", PREFIX, envelope, key_valid_throughout=True, facts=(_FACTS,))


def _refuse(what: str) -> DecodeError:
    return DecodeError(Reason.CONTENT_INVALID, what)


def _key_name(value: Any) -> bytes:
    """Return the name of the key as bytes: the specification's prose says text, its examples have a byte string."""
    name = value.encode() if type(value) is str else value
    if type(name) is not bytes or not 0 < len(name) <= MAX_KEY_NAME:
        raise DecodeError(Reason.COSE_MALFORMED, f"the protected header names no key in 1 to {MAX_KEY_NAME} bytes")
    return name


def _moment(value: Any) -> datetime:
    """Return a time claim as UTC; floating-point numbers are not permitted (section 2.1 of the specification)."""
    if type(value) is not int or not 0 <= value < MAX_SECONDS:
        raise DecodeError(Reason.TIME_MALFORMED, "a time is not a whole number of seconds since 1970")
    return datetime.fromtimestamp(value, UTC)


def _subject(credential: Any) -> Mapping[str, Any]:
    """Return the subject of the claim `vc`; members and further contexts that are not known are passed over."""
    if type(credential) is not dict:
        raise _refuse("there is no credential at claim vc")
    contexts = credential.get("@context")
    if (
        type(contexts) is not list
        or contexts[:1] != [_CONTEXT]
        or any(type(context) is not str for context in contexts)
    ):
        raise _refuse("the contexts are not texts that begin with that of W3C credentials")
    if credential.get("type") != _TYPES:
        raise _refuse(f"the type is not exactly {' and '.join(_TYPES)}")
    if credential.get("version") != _CREDENTIAL_VERSION:
        raise UnsupportedError(Reason.FORMAT_UNSUPPORTED, f"another version of credential than {_CREDENTIAL_VERSION}")
    subject = credential.get("credentialSubject")
    if type(subject) is not dict:
        raise _refuse("the subject is not a map")
    return subject


def _is_name(value: Any) -> TypeGuard[str]:
    return type(value) is str and len(value) <= MAX_NAME and bool(value.strip())
