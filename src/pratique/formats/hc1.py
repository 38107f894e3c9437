"""EU Digital COVID Certificates and WHO's certificates: CWT in COSE_Sign1, deflated, in Base45 behind `HC1:`.

Which of the two it is, the claims say; see `hcert`. Read as deployed certificates need it: `kid` and `alg` may stand in
the unprotected header, the COSE tag may be missing, times may be floating-point numbers, codes may be padded, groups
may be null. What is tolerated is listed in `docs/formats.md`; what departs from the schema in a way that a person
should see is reported by `deviations`.

Source: HCERT 1.0.5 and the EU DCC schema 1.3.x (eHealth Network), HCERT 1.1 (WHO SMART Trust), and the certificates
that states published.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from pratique.codec import base45, cbor, deflate
from pratique.codec.cbor import Tag
from pratique.cose import algorithms
from pratique.cose.algorithms import ES256, PS256, Algorithm
from pratique.cose.sign1 import ALG, Sign1
from pratique.errors import DecodeError
from pratique.formats import hcert, members
from pratique.formats.base import Facts, Reader
from pratique.model import Credential, HashedIdentifiers, IssuerIdentity, Validity
from pratique.model.dates import MAX_SECONDS
from pratique.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pratique.cose.keys import PublicKey

FORMAT: Final = hcert.EU_DCC
PREFIX: Final = "HC1:"
EXEMPTION_PREFIX: Final = "AT1:"

_ACCEPTED: Final = (ES256, PS256)
_ISS, _EXP, _NBF, _IAT = 1, 4, 5, 6
_DCC_ALONE = b"\x39\x01\x03\xa1\x01"  # the encoded claim -260 with a map whose one key is 1
_decode = cbor.Decoder(tags=frozenset({0, 1}))  # date tags are seen around the sample time of a test (HU, SE)
_NOBODY = IssuerIdentity()
_EU_FIRST, _WHO_FIRST = (hcert.EU_DCC, hcert.WHO), (hcert.WHO, hcert.EU_DCC)


class Hc1Envelope:
    """An HC1 code, taken apart to its COSE_Sign1; its payload is not looked into."""

    __slots__ = ("_read", "algorithm", "formats", "key_id", "signature", "signed", "to_be_signed")

    def __init__(self, data: bytes) -> None:
        """Take the bytes of a COSE_Sign1 apart. Raises: DecodeError, UnsupportedError."""
        signed = Sign1.decode(data, tolerant=True)
        self.signed = signed
        # Nobody signed an algorithm that only the unprotected header names: it counts only with a key of its type,
        # which `algorithms.verify` demands of every key.
        label = signed.headers[ALG] if ALG in signed.headers else signed.unprotected.get(ALG)
        self.algorithm: Algorithm = algorithms.by_label(label, accepted=_ACCEPTED)
        self.key_id: bytes = signed.key_id or b""
        self.to_be_signed: bytes = signed.to_be_signed()
        self.signature: bytes = signed.signature
        # A guess by five bytes, for the order alone: keys are looked up under both names.
        self.formats: tuple[str, ...] = _EU_FIRST if signed.payload.find(_DCC_ALONE) >= 0 else _WHO_FIRST
        self._read: dict[Any, Any] | None = None

    def claims(self) -> dict[Any, Any]:
        """Return the claims of the CWT. Raises: DecodeError."""
        claims = _decode(self.signed.payload)
        if type(claims) is not dict:
            raise DecodeError(Reason.CONTENT_INVALID, "the CWT is not a map")
        return claims

    def payload(self) -> dict[str, Any]:
        """Return the DCC itself, as it was signed, not to be changed. Raises: DecodeError."""
        return hcert.dcc_of(self.claims() if self._read is None else self._read)

    def signer(self, key: PublicKey) -> PublicKey:
        """Return the trusted key itself: it signs credentials directly."""
        return key

    def read(self) -> Credential:
        """Return what the certificate says. Raises: DecodeError, UnsupportedError."""
        self._read = claims = self.claims()
        validity = _validity(claims)
        return _credential(claims, validity, hcert.read(claims, issued_at=validity.issued_at))

    def revocation_identifiers(self) -> HashedIdentifiers:
        """Return what the gateway's hashes are made of. Raises: ValueError: the certificate was not read before."""
        claims = self._read
        if claims is None:
            raise ValueError("a certificate has to be read before it can be looked up")
        issuer = claims.get(_ISS)
        # ES256 is r || s, and s can be turned into n - s without the key (RFC 9053 section 2.1): what is left is r.
        signature = self.signature if self.algorithm is PS256 else self.signature[: len(self.signature) // 2]
        return HashedIdentifiers(signature, issuer if type(issuer) is str else None, hcert.identifiers(claims))


class ExemptionEnvelope(Hc1Envelope):
    """An AT1 code: all layers are those of HC1, its content is an exemption and nothing else."""

    __slots__ = ()

    def __init__(self, data: bytes) -> None:
        """Take the bytes of a COSE_Sign1 apart. Raises: DecodeError, UnsupportedError."""
        super().__init__(data)
        self.formats = (hcert.EXEMPTION,)

    def read(self) -> Credential:
        """Return what the certificate says. Raises: DecodeError."""
        self._read = claims = self.claims()
        return _credential(claims, _validity(claims), hcert.read_exemption(claims))


def _credential(claims: Mapping[Any, Any], validity: Validity, found: hcert.Found) -> Credential:
    format_, content, links = found
    return Credential(
        format_,
        _issuer(issuer) if type(issuer := claims.get(_ISS)) is str else _NOBODY,
        validity,
        content.kinds(),
        content,
        shows_identity=content.shows_identity(),
        deviations=content.deviations(),
        held_to_facts=content.held_to_facts,
        spans=content.spans,
        variant=content.variant,
        links=links,
    )


@lru_cache(maxsize=256)  # a country signs all its certificates alike
def _issuer(stated: str) -> IssuerIdentity:
    return IssuerIdentity(country=members.country(stated))


def envelope(text: str) -> Hc1Envelope:
    """Return the envelope of a text. Raises: DecodeError, UnsupportedError."""
    return Hc1Envelope(_unpacked(text[len(PREFIX) :]))


def exemption_envelope(text: str) -> ExemptionEnvelope:
    """Return the envelope of an AT1 text. Raises: DecodeError, UnsupportedError."""
    return ExemptionEnvelope(_unpacked(text[len(EXEMPTION_PREFIX) :]))


_DCC_FACTS: Final = Facts(
    format=FORMAT,
    layers="Base45, zlib, COSE_Sign1 (ES256, PS256), CWT, DCC 1.3 at key 1 of claim -260",
    signed_by="a state, through its document signer certificates",
    trust_anchor="the certificate, by a hash of it",
    shows="name, birth date, and one vaccination, test or recovery with all its details",
    person="name in native letters and transliterated, birth date",
    event="kind, disease, day or time, product, maker, dose, result, centre, country, issuing body",
    number="assigned by the state; some have a structure with country and issuer",
    revocation="hash lists of the gateway, by number or signature; taking the key away",
)
_WHO_FACTS: Final = Facts(
    format=hcert.WHO,
    layers="the same, with a yellow card at key -6, a DDCC at 3 or 4, or a core data set instead of claim -260",
    signed_by="a state or another participant of WHO's trust network",
    trust_anchor="the certificate, by a hash of it",
    shows="name, birth date, sex, nationality, document number, guardian, and the vaccination or test",
    person="name as on the passport, birth date, sex, nationality, number and type of a document, guardian",
    event="kind, disease, day, product, maker, batch, clinician, issuing body; a DDCC has centre and country too",
    number="none on a yellow card; assigned by the issuer on a DDCC",
    revocation="hash lists, by signature; taking the key away",
)
_EXEMPTION_FACTS: Final = Facts(
    format=hcert.EXEMPTION,
    layers="Base45, zlib, COSE_Sign1 (ES256, PS256), CWT, group ve at key 1 of claim -260",
    signed_by="Austria, with certificates that sign no DCC",
    trust_anchor="the certificate, by a hash of it",
    shows="name, birth date, and that a vaccine must not be given, until when",
    person="name in native letters and transliterated, birth date",
    event="that its holder is exempt, the disease, the last day, issuing body",
    number="assigned by the state",
    revocation="hash lists, by number or signature; taking the key away",
)
READER: Final = Reader(
    FORMAT,
    "EU Digital COVID Certificate",
    PREFIX,
    envelope,
    key_valid_throughout=True,
    facts=(_DCC_FACTS, _WHO_FACTS),
    others=((hcert.WHO, "WHO yellow card (ICVP) and DDCC"),),
)
EXEMPTION_READER: Final = Reader(
    hcert.EXEMPTION,
    "Austrian exemption certificate",
    EXEMPTION_PREFIX,
    exemption_envelope,
    key_valid_throughout=True,
    facts=(_EXEMPTION_FACTS,),
)


def _unpacked(body: str) -> bytes:
    """Return the bytes under Base45 and zlib."""
    try:
        data = base45.decode(body)
    except DecodeError:
        if "%20" not in body:
            raise
        data = base45.decode(body.replace("%20", " "))  # some scanner libraries percent-encode the space
    return deflate.inflate(data)


def _validity(claims: Mapping[Any, Any]) -> Validity:
    issued_at, not_before, expires_at = claims.get(_IAT), claims.get(_NBF), claims.get(_EXP)
    window = (
        None if issued_at is None else _moment(issued_at),
        None if not_before is None else _moment(not_before),
        None if expires_at is None else _moment(expires_at),
    )
    return tuple.__new__(Validity, window)  # what its constructor, which is Python, comes to


def _moment(value: Any) -> datetime:
    """Return a time claim as UTC, cut to whole seconds."""
    if type(value) is int and 0 <= value < MAX_SECONDS:
        return datetime.fromtimestamp(value, UTC)
    if type(value) is Tag:
        value = value.value
    if type(value) not in (int, float) or not math.isfinite(value) or not 0 <= value < MAX_SECONDS:
        raise DecodeError(Reason.TIME_MALFORMED, "a time is not a finite number of seconds since 1970")
    return datetime.fromtimestamp(int(value), UTC)
