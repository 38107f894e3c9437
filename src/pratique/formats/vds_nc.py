"""ICAO visible digital seals, VDS-NC: JSON with a signature and the certificate of its signer, in a QR code as it is.

The key travels with the data, so the signature alone proves nothing: the certificate counts only if the key of a
country signing certificate authority (CSCA) on a trust list signed it, and only for the kind of seal that it names.
Trust lists have the authority's key, under its subject key identifier.

Source: ICAO TR "VDS-NC for travel-related public health proofs" 1.1, Doc 9303 parts 12 and 13, RFC 8785.
"""

from __future__ import annotations

import re
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from pratique.codec import base64url, jcs, json
from pratique.cose import unproven
from pratique.cose.algorithms import ES256, ES384, ES512, Algorithm
from pratique.errors import DecodeError, KeyMaterialError, SignatureError, UnsupportedError
from pratique.formats.base import Facts, Reader
from pratique.formats.health_proof import PROOFS
from pratique.model import Credential, DocumentNumber, IssuerIdentity, SignerIdentifier, Validity
from pratique.model.codes import state_alpha3
from pratique.qr.text import MAX_TEXT
from pratique.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from pratique.cose.keys import PublicKey
    from pratique.cose.unproven import UnprovenCertificate

FORMAT: Final = "icao-vds-nc"
PREFIX: Final = "{"

HEALTH_SIGNER: Final = "2.23.136.1.1.14.2"
"""The extended key usage of a certificate that signs health seals."""
_DOCUMENT_TYPES: Final[Mapping[str, str]] = {"icao.vacc": "NV", "icao.test": "NT"}
_ALGORITHMS: Final[Mapping[str, Algorithm]] = {each.name: each for each in (ES256, ES384, ES512)}
_REMEMBERED = 128  # certificates; a state has a few, and everybody shows them
_LEEWAY = 4  # times MAX_TEXT: bytes of UTF-8 that one character takes at most
_TYPE = re.compile(r'"t"\s*:\s*"icao\.').search
_STATE = re.compile(r"[A-Z]{1,3}").fullmatch


class SealEnvelope:
    """A seal, taken apart to its data and its certificate; of what the data say, only their type is looked at."""

    formats: Final = (FORMAT,)

    def __init__(self, text: str) -> None:
        """Take the text of a seal apart. Raises: DecodeError, UnsupportedError."""
        seal = _decoded(text)
        if type(seal) is list and len(seal) == 1:  # as some wallets hand it over
            seal = seal[0]
        data, signed = _object(seal, "data"), _object(seal, "sig")
        header = _object(data, "hdr")
        self.type = _text(header, "t")
        if self.type not in _DOCUMENT_TYPES or type(header.get("v")) is not int or header["v"] != 1:
            raise UnsupportedError(Reason.FORMAT_UNSUPPORTED, "a seal of another type or version than health proofs, 1")
        algorithm = _ALGORITHMS.get(_text(signed, "alg"))
        if algorithm is None:
            raise UnsupportedError(Reason.COSE_ALGORITHM, f"accepted are {', '.join(_ALGORITHMS)}")
        self.algorithm: Algorithm = algorithm
        self.data = data
        self.to_be_signed: bytes = jcs.encode(data)
        self.signature: bytes = _base64(_text(signed, "sigvl"))
        self.certificate: UnprovenCertificate = _certificate(_text(signed, "cer"))
        self.key_id: bytes = self.certificate.authority_key_id or b""

    def signer(self, key: PublicKey) -> PublicKey:
        """Return the key of the seal's certificate, given that of the authority that signed it.

        Not checked: names. What counts is whose key signed; authorities rename themselves and keep their key.
        Raises: SignatureError: `certificate.untrusted`: another key signed it; `certificate.usage`: it is for
        something else than seals of this type.
        """
        certificate = self.certificate
        if not certificate.is_signed_by(key):
            raise SignatureError(Reason.CERTIFICATE_UNTRUSTED, "")
        wanted = _DOCUMENT_TYPES[self.type]
        if certificate.usages is not None and HEALTH_SIGNER not in certificate.usages:
            raise SignatureError(Reason.CERTIFICATE_USAGE, "its extended key usage is another")
        if certificate.document_types is not None and wanted not in certificate.document_types:
            raise SignatureError(Reason.CERTIFICATE_USAGE, f"its document types do not include {wanted}")
        if not certificate.may_sign:
            raise SignatureError(Reason.CERTIFICATE_USAGE, "it signs no data, or demands what is not understood")
        return certificate.public_key

    def read(self) -> Credential:
        """Return what the seal says; its window is that of the certificate. Raises: DecodeError."""
        content = PROOFS[self.type](_object(self.data, "msg"))
        certificate = self.certificate
        state = _STATE(_text(_object(self.data, "hdr"), "is").replace("<", ""))
        if state is None:
            raise DecodeError(Reason.CONTENT_INVALID, "hdr.is is not the code of a state")
        deviations = content.deviations()
        if certificate.document_types is None:
            deviations = ("cer.documentTypeList", *deviations)
        if certificate.usages is None:
            deviations = ("cer.extKeyUsage", *deviations)
        number = content.document_number()
        return Credential(
            format=FORMAT,
            issuer=IssuerIdentity(country=state_alpha3(state[0])),
            validity=Validity(None, certificate.not_before, _end(certificate.not_after)),
            kinds=content.kinds(),
            content=content,
            shows_identity=content.shows_identity(),
            binding=None if number is None else DocumentNumber(number),
            deviations=deviations,
        )

    def revocation_identifiers(self) -> SignerIdentifier:
        """Return the serial number of the signer's certificate: a seal itself is on no list."""
        return SignerIdentifier(self.certificate.serial)


def _end(not_after: datetime) -> datetime:
    """Return from when on a certificate counts no more; the last second of its window is inside it."""
    try:
        return not_after + timedelta(seconds=1)
    except OverflowError:  # one that never ends: RFC 5280 section 4.1.2.5
        return not_after


def recognises(text: str) -> bool:
    """Return whether a text is JSON with the type of a seal in it, as far as that can be seen without parsing it."""
    return text.lstrip()[:1] in ("{", "[") and _TYPE(text) is not None


_FACTS: Final = Facts(
    format=FORMAT,
    layers="JSON, signed in its canonical form (RFC 8785); the signer's certificate travels along",
    signed_by="a state's barcode signer",
    trust_anchor="the state's CSCA certificate, the one that vouches for its passports",
    shows="name, birth date, passport number, the whole record",
    person="name, birth date, sex, number of the travel document, another number",
    event="vaccine, every dose with its day, country, centre and batch; test with time, place, kind and result",
    number="assigned by the state",
    revocation="the authority's list of revoked certificates, with all that such a certificate signed",
)
READER: Final = Reader(
    FORMAT,
    "ICAO VDS-NC",
    PREFIX,
    SealEnvelope,
    key_valid_throughout=True,
    own_state_only=True,
    recognises=recognises,
    facts=(_FACTS,),
)


def _decoded(text: str) -> Any:
    try:
        data = text.strip().encode()
    except UnicodeEncodeError:
        raise DecodeError(Reason.JSON_MALFORMED, "a text has half of a surrogate pair") from None
    return json.decode(data, limit=_LEEWAY * MAX_TEXT)


def _object(value: Any, name: str) -> dict[str, Any]:
    found = value.get(name) if type(value) is dict else None
    if type(found) is not dict:
        raise DecodeError(Reason.CONTENT_INVALID, f"{name} is missing or no object")
    return found


def _text(value: dict[str, Any], name: str) -> str:
    found = value.get(name)
    if type(found) is not str:
        raise DecodeError(Reason.CONTENT_INVALID, f"{name} is missing or no text")
    return found


@lru_cache(maxsize=_REMEMBERED)
def _certificate(text: str) -> UnprovenCertificate:
    try:
        return unproven.read(_base64(text))
    except KeyMaterialError as error:
        if error.code is Reason.KEY_UNSUPPORTED:
            raise UnsupportedError(error.code, error.detail) from None
        raise DecodeError(error.code, error.detail) from None


def _base64(text: str) -> bytes:
    """Return the bytes of a base64url text: padded or not, of either alphabet, with line breaks as a PDF has them."""
    plain = "".join(text.split()).rstrip("=").replace("+", "-").replace("/", "_")
    try:
        return base64url.decode(plain.encode("ascii"))
    except UnicodeEncodeError:
        raise DecodeError(Reason.BASE64URL_INVALID, "it is not ASCII") from None
