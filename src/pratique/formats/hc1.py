"""EU Digital COVID Certificates: CWT in COSE_Sign1, deflated, in Base45 behind `HC1:`.

Read as deployed certificates need it: `kid` and `alg` may stand in the unprotected header, the COSE tag may be missing,
times may be floating-point numbers, codes may be padded, groups may be null. What is tolerated is listed in
`docs/formats.md`; what departs from the schema in a way that a person should see is reported by `deviations`.

Source: HCERT 1.0.5 and the EU DCC schema 1.3.x (eHealth Network), and the certificates that member states published.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from pratique.codec import base45, cbor, deflate
from pratique.codec.cbor import Tag
from pratique.cose import algorithms
from pratique.cose.algorithms import ES256, PS256, Algorithm
from pratique.cose.sign1 import ALG, Sign1
from pratique.errors import DecodeError
from pratique.formats.base import Reader
from pratique.formats.dcc import Dcc
from pratique.model import Credential, IssuerIdentity, Validity
from pratique.model.codes import country_alpha3
from pratique.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pratique.cose.keys import PublicKey

FORMAT: Final = "eu-dcc"
PREFIX: Final = "HC1:"

_ACCEPTED: Final = frozenset({ES256, PS256})
_ISS, _EXP, _IAT, _HCERT, _DCC = 1, 4, 6, -260, 1
_decode = cbor.Decoder(tags=frozenset({0, 1}))  # date tags are seen around the sample time of a test (HU, SE)
_MAX_SECONDS = 253_402_300_800  # 10000-01-01, the end of what datetime can hold


class Hc1Envelope:
    """An HC1 code, taken apart to its COSE_Sign1; its payload is not looked into."""

    formats: Final = (FORMAT,)

    def __init__(self, data: bytes) -> None:
        """Take the bytes of a COSE_Sign1 apart. Raises: DecodeError, UnsupportedError."""
        signed = Sign1.decode(data, tolerant=True)
        self.signed = signed
        # Nobody signed an algorithm that only the unprotected header names: it counts only with a key of its type,
        # which `algorithms.verify` demands of every key.
        label = signed.headers.get(ALG, signed.unprotected.get(ALG))
        self.algorithm: Algorithm = algorithms.by_label(label, accepted=_ACCEPTED)
        self.key_id: bytes = signed.key_id or b""
        self.to_be_signed: bytes = signed.to_be_signed()
        self.signature: bytes = signed.signature

    def claims(self) -> dict[Any, Any]:
        """Return the claims of the CWT. Raises: DecodeError."""
        claims = _decode(self.signed.payload)
        if type(claims) is not dict:
            raise DecodeError(Reason.CONTENT_INVALID, "the CWT is not a map")
        return claims

    def payload(self) -> dict[str, Any]:
        """Return the DCC itself, as it was signed. Raises: DecodeError."""
        return _payload(self.claims())

    def signer(self, key: PublicKey) -> PublicKey:
        """Return the trusted key itself: it signs credentials directly."""
        return key

    def read(self) -> Credential:
        """Return what the certificate says. Raises: DecodeError."""
        claims = self.claims()
        content = Dcc(_payload(claims))
        issuer = claims.get(_ISS)
        return Credential(
            format=FORMAT,
            issuer=IssuerIdentity(country=country_alpha3(issuer.strip().upper()) if type(issuer) is str else None),
            validity=Validity(_moment(claims.get(_IAT)), None, _moment(claims.get(_EXP))),
            kinds=content.kinds(),
            content=content,
            shows_identity=content.shows_identity(),
            deviations=content.deviations(),
        )


def envelope(text: str) -> Hc1Envelope:
    """Return the envelope of a text. Raises: DecodeError, UnsupportedError."""
    body = text[len(PREFIX) :]
    try:
        data = base45.decode(body)
    except DecodeError:
        if "%20" not in body:
            raise
        data = base45.decode(body.replace("%20", " "))  # some scanner libraries percent-encode the space
    return Hc1Envelope(deflate.inflate(data))


READER: Final = Reader(FORMAT, "EU Digital COVID Certificate", PREFIX, envelope, key_valid_throughout=True)


def _payload(claims: Mapping[Any, Any]) -> dict[str, Any]:
    container = claims.get(_HCERT)
    content = container.get(_DCC) if type(container) is dict else None
    if type(content) is not dict:
        raise DecodeError(Reason.CONTENT_INVALID, "there is no EU DCC at claim -260, key 1")
    return content


def _moment(value: Any) -> datetime | None:
    """Return a time claim as UTC, cut to whole seconds; None where it is absent."""
    if type(value) is int and 0 <= value < _MAX_SECONDS:
        return datetime.fromtimestamp(value, UTC)
    if type(value) is Tag:
        value = value.value
    if value is None:
        return None
    if type(value) not in (int, float) or not math.isfinite(value) or not 0 <= value < _MAX_SECONDS:
        raise DecodeError(Reason.TIME_MALFORMED, "a time is not a finite number of seconds since 1970")
    return datetime.fromtimestamp(int(value), UTC)
