"""A certificate that travels with a code: nothing in it counts until the key of a trusted authority has signed it.

Read from its bytes alone, without cryptography's parser, because genuine ones have ECDSA parameters that it refuses,
and because what the authority signed are the bytes of the TBSCertificate as they arrived. Reading one and checking one
are remembered: a state has a few, and everybody shows them.

Source: RFC 5280; RFC 4055 (RSA) and RFC 5758 (ECDSA) for the signature algorithms; ICAO Doc 9303 part 12.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from pratique.cose import _der
from pratique.cose._der import (
    BIT_STRING,
    INTEGER,
    NULL,
    OBJECT_IDENTIFIER,
    SEQUENCE,
    SET,
    VERSION,
    malformed,
)
from pratique.cose.algorithms import RSA
from pratique.cose.keys import PublicKey

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.hazmat.primitives import hashes

AUTHORITY_KEY_IDENTIFIER: Final = "2.5.29.35"
KEY_USAGE: Final = "2.5.29.15"
DOCUMENT_TYPES: Final = "2.23.136.1.1.6.2"

_UNDERSTOOD: Final = frozenset(
    {_der.BASIC_CONSTRAINTS, _der.EXTENDED_KEY_USAGE, AUTHORITY_KEY_IDENTIFIER, KEY_USAGE, DOCUMENT_TYPES}
)
_REMEMBERED = 128  # certificates of up to a few kilobytes each
_UTC_TIME, _GENERALIZED_TIME, _PRINTABLE_STRING = 0x17, 0x18, 0x13
_KEY_IDENTIFIER = 0x80  # [0] of the AuthorityKeyIdentifier
_DIGITAL_SIGNATURE = 0x80  # bit 0 of the KeyUsage

_PKCS1, _PSS, _ECDSA = "RSASSA-PKCS1-v1_5", "RSASSA-PSS", "ECDSA"
_SCHEMES: Final[Mapping[str, tuple[str, str]]] = {
    "1.2.840.113549.1.1.11": (_PKCS1, "SHA256"),
    "1.2.840.113549.1.1.12": (_PKCS1, "SHA384"),
    "1.2.840.113549.1.1.13": (_PKCS1, "SHA512"),
    "1.2.840.10045.4.3.2": (_ECDSA, "SHA256"),
    "1.2.840.10045.4.3.3": (_ECDSA, "SHA384"),
    "1.2.840.10045.4.3.4": (_ECDSA, "SHA512"),
}
_RSASSA_PSS: Final = "1.2.840.113549.1.1.10"
_MGF1: Final = bytes.fromhex("2a864886f70d010108")  # 1.2.840.113549.1.1.8, encoded
_HASHES: Final[Mapping[str, str]] = {
    "2.16.840.1.101.3.4.2.1": "SHA256",
    "2.16.840.1.101.3.4.2.2": "SHA384",
    "2.16.840.1.101.3.4.2.3": "SHA512",
}
_DIGEST, _MASK, _SALT = 0xA0, 0xA1, 0xA2  # [0], [1], [2] of the RSASSA-PSS-params
_DEFAULT_SALT = 20
_MAX_SALT = 512  # bytes; as long as the longest modulus that is used


@dataclass(frozen=True, slots=True)
class _Scheme:
    """How an authority signed: `name` and `digest`; with PSS also the hash of the mask and the length of the salt."""

    name: str
    digest: str
    mask: str = ""
    salt: int = 0


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class EmbeddedCertificate:
    """What a certificate says of itself; of it nothing is proven.

    `not_before` and `not_after` are aware, UTC, and both inside the window. `authority_key_id` names the key that
    signed it. `usages` and `document_types` (Doc 9303 part 12) are None where it has no such extension. `may_sign` is
    false where its key usage leaves signatures out, or a critical extension is none of those read here.
    """

    public_key: PublicKey
    not_before: datetime
    not_after: datetime
    authority_key_id: bytes | None
    usages: frozenset[str] | None
    document_types: frozenset[str] | None
    may_sign: bool
    _signed: bytes
    _signature: bytes
    _scheme: _Scheme | None

    def __repr__(self) -> str:
        return f"EmbeddedCertificate({self.public_key.kind}, until {self.not_after:%Y-%m-%d})"

    def is_signed_by(self, key: PublicKey) -> bool:
        """Return whether a key signed it: RSA PKCS#1 v1.5, RSA-PSS or ECDSA, each with SHA-2.

        Not checked: dates, usages, names, whether the owner of the key may sign certificates.
        """
        return _is_signed(self, key)


@lru_cache(maxsize=_REMEMBERED)
def read(der: bytes) -> EmbeddedCertificate:
    """Return the certificate that DER holds. The caller bounds its size.

    Raises: KeyMaterialError: `certificate.malformed`; `key.unsupported`, `key.malformed`: the key in it.
    """
    parts = list(_der.elements(_der.only(der, SEQUENCE)))
    if [tag for tag, _, _ in parts] != [SEQUENCE, SEQUENCE, BIT_STRING]:
        raise malformed()
    (_, content, signed), (_, algorithm, _), (_, signature, _) = parts
    fields = list(_der.elements(content))
    if fields and fields[0][0] == VERSION:
        del fields[0]
    # serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo
    if [tag for tag, _, _ in fields[:6]] != [INTEGER, *[SEQUENCE] * 5]:
        raise malformed()
    scheme = _scheme(algorithm)
    if _scheme(fields[1][1]) != scheme:
        raise malformed("it names two signature algorithms")
    found: dict[str, bytes] = {}
    understood = True
    for name, is_critical, value in _der.extensions(signed):
        if name in found:
            raise malformed("an extension occurs twice")
        found[name] = value
        understood = understood and (name in _UNDERSTOOD or not is_critical)
    not_before, not_after = _window(fields[3][1])
    return EmbeddedCertificate(
        public_key=PublicKey.from_spki(fields[5][2]),
        not_before=not_before,
        not_after=not_after,
        authority_key_id=_authority_key_id(found.get(AUTHORITY_KEY_IDENTIFIER)),
        usages=_der.usages(found[_der.EXTENDED_KEY_USAGE]) if _der.EXTENDED_KEY_USAGE in found else None,
        document_types=_document_types(found[DOCUMENT_TYPES]) if DOCUMENT_TYPES in found else None,
        may_sign=understood and (KEY_USAGE not in found or _includes_signatures(found[KEY_USAGE])),
        _signed=signed,
        _signature=_whole_bytes(signature),
        _scheme=scheme,
    )


def _whole_bytes(bits: bytes) -> bytes:
    if bits[:1] != b"\0":
        raise malformed()
    return bits[1:]


def _window(validity: bytes) -> tuple[datetime, datetime]:
    times = [_time(tag, content) for tag, content in _der.items(validity)]
    if len(times) != 2:  # noqa: PLR2004 - notBefore and notAfter
        raise malformed()
    return times[0], times[1]


def _time(tag: int, content: bytes) -> datetime:
    """Return a time (RFC 5280 section 4.1.2.5): two-digit years are those from 1950 to 2049."""
    try:
        text = content.decode("ascii")
        if tag == _UTC_TIME:
            text = ("19" if text >= "50" else "20") + text
        elif tag != _GENERALIZED_TIME:
            raise malformed()
        if len(text) != 15 or not text[:14].isdigit():  # noqa: PLR2004 - YYYYMMDDHHMMSSZ
            raise malformed()
        return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise malformed("its window is no window") from None


def _authority_key_id(value: bytes | None) -> bytes | None:
    if value is None:
        return None
    return next((content for tag, content in _der.items(_der.only(value, SEQUENCE)) if tag == _KEY_IDENTIFIER), None)


def _includes_signatures(value: bytes) -> bool:
    bits = _der.only(value, BIT_STRING)
    return len(bits) > 1 and bool(bits[1] & _DIGITAL_SIGNATURE)


def _document_types(value: bytes) -> frozenset[str]:
    """Return the document types of a SEQUENCE { version INTEGER, SET OF PrintableString }."""
    parts = _der.items(_der.only(value, SEQUENCE))
    if [tag for tag, _ in parts] != [INTEGER, SET]:
        raise malformed("its list of document types is none")
    types = _der.items(parts[1][1])
    if any(tag != _PRINTABLE_STRING for tag, _ in types):
        raise malformed("its list of document types is none")
    return frozenset(content.decode("latin-1") for _, content in types)


def _scheme(algorithm: bytes) -> _Scheme | None:
    """Return how an AlgorithmIdentifier says that was signed; None for a way that is not used here, such as SHA-1."""
    parts = _der.items(algorithm)
    if not parts or parts[0][0] != OBJECT_IDENTIFIER:
        raise malformed()
    name, rest = _der.dotted(parts[0][1]), parts[1:]
    if name == _RSASSA_PSS:
        return _pss(rest)
    if rest not in ([], [(NULL, b"")]):
        raise malformed("its signature algorithm has parameters of an unknown kind")
    return _Scheme(*_SCHEMES[name]) if name in _SCHEMES else None


def _pss(parameters: list[tuple[int, bytes]]) -> _Scheme | None:
    """Return the parameters of RSASSA-PSS (RFC 4055 section 3.1); what is left out is SHA-1 and not used here."""
    if len(parameters) != 1 or parameters[0][0] != SEQUENCE:
        raise malformed()
    fields = dict(_der.items(parameters[0][1]))
    digest = _hash(fields.get(_DIGEST))
    mask = None
    if _MASK in fields:
        generator = _der.items(_der.only(fields[_MASK], SEQUENCE))
        if len(generator) == 2 and generator[0] == (OBJECT_IDENTIFIER, _MGF1):  # noqa: PLR2004 - and its hash
            mask = _hash(_der.encode(*generator[1]))
    salt = int.from_bytes(_der.only(fields[_SALT], INTEGER), signed=True) if _SALT in fields else _DEFAULT_SALT
    if digest is None or mask is None or not 0 <= salt <= _MAX_SALT:
        return None
    return _Scheme(_PSS, digest, mask, salt)


def _hash(algorithm: bytes | None) -> str | None:
    if algorithm is None:
        return None
    parts = _der.items(_der.only(algorithm, SEQUENCE))
    if not parts or parts[0][0] != OBJECT_IDENTIFIER:
        raise malformed()
    return _HASHES.get(_der.dotted(parts[0][1]))


@lru_cache(maxsize=_REMEMBERED)
def _is_signed(certificate: EmbeddedCertificate, key: PublicKey) -> bool:
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - see `algorithms`

    scheme = certificate._scheme  # noqa: SLF001 - a method's body, outside it only to be remembered
    if scheme is None or (key.family == RSA) is (scheme.name == _ECDSA) or not key.family.startswith(("EC ", RSA)):
        return False
    try:
        key.native.verify(certificate._signature, certificate._signed, *_arguments(scheme))  # noqa: SLF001
    except InvalidSignature:
        return False
    return True


def _arguments(scheme: _Scheme) -> tuple[Any, ...]:
    """Return what cryptography's `verify` takes after signature and message."""
    from cryptography.hazmat.primitives.asymmetric import ec, padding  # noqa: PLC0415 - see `algorithms`

    digest = _digest(scheme.digest)
    if scheme.name == _ECDSA:
        return (ec.ECDSA(digest),)
    if scheme.name == _PKCS1:
        return padding.PKCS1v15(), digest
    return padding.PSS(padding.MGF1(_digest(scheme.mask)), scheme.salt), digest


def _digest(name: str) -> hashes.HashAlgorithm:
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - see `algorithms`

    known: dict[str, hashes.HashAlgorithm] = {
        "SHA256": hashes.SHA256(),
        "SHA384": hashes.SHA384(),
        "SHA512": hashes.SHA512(),
    }
    return known[name]
