"""A certificate of which nothing is proven: nothing in it counts until the key of a trusted authority has signed it.

Read from its bytes alone, without cryptography's parser, because genuine ones have ECDSA parameters and extensions that
it refuses, and because what the authority signed are the bytes of the TBSCertificate as they arrived. Certificates that
travel with codes are read so, and those of which `certificate_path` makes a path.

Source: RFC 5280; ICAO Doc 9303 part 12.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from pratique.cose import _der
from pratique.cose._der import BIT_STRING, INTEGER, SEQUENCE, SET, VERSION, malformed
from pratique.cose._signed import Signed
from pratique.cose.keys import PublicKey

if TYPE_CHECKING:
    from datetime import datetime

AUTHORITY_KEY_IDENTIFIER: Final = "2.5.29.35"
KEY_USAGE: Final = "2.5.29.15"
DOCUMENT_TYPES: Final = "2.23.136.1.1.6.2"

_UNDERSTOOD: Final = frozenset(
    {_der.BASIC_CONSTRAINTS, _der.EXTENDED_KEY_USAGE, AUTHORITY_KEY_IDENTIFIER, KEY_USAGE, DOCUMENT_TYPES}
)
_REMEMBERED = 128  # certificates of up to a few kilobytes each
_PRINTABLE_STRING = 0x13
_DIGITAL_SIGNATURE, _KEY_CERT_SIGN, _CRL_SIGN = 0x80, 0x04, 0x02  # bits 0, 5 and 6 of the KeyUsage


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class UnprovenCertificate:
    """What a certificate says of itself; of it nothing is proven.

    `issuer` and `subject` are distinguished names in DER. `not_before` and `not_after` are aware, UTC, and both inside
    the window. `authority_key_id` names the key that signed it, `subject_key_id` its own in what it signs. `usages` and
    `document_types` (Doc 9303 part 12) are None where it has no such extension. `is_authority` says whether its basic
    constraints do; `path_length` how many authorities may stand between it and what is signed in the end, None for any
    number. `key_usage` has the bits of the KeyUsage's first byte, all of them where it has no such extension, and
    none where a critical extension is none of those read here.
    """

    serial: int
    issuer: bytes
    subject: bytes
    public_key: PublicKey
    not_before: datetime
    not_after: datetime
    authority_key_id: bytes | None
    subject_key_id: bytes | None
    usages: frozenset[str] | None
    document_types: frozenset[str] | None
    is_authority: bool
    path_length: int | None
    key_usage: int
    signed: Signed

    def __repr__(self) -> str:
        return f"UnprovenCertificate({self.public_key.kind}, until {self.not_after:%Y-%m-%d})"

    @property
    def is_self_issued(self) -> bool:
        """Return whether issuer and subject have one name, as those of an authority's own and of its links do."""
        return _der.name(self.issuer) == _der.name(self.subject)

    @property
    def may_sign(self) -> bool:
        """Return whether its key may sign data."""
        return bool(self.key_usage & _DIGITAL_SIGNATURE)

    @property
    def may_certify(self) -> bool:
        """Return whether its key may sign certificates: the basic constraints and the key usage say so."""
        return self.is_authority and bool(self.key_usage & _KEY_CERT_SIGN)

    @property
    def may_revoke(self) -> bool:
        """Return whether its key may sign lists of revoked certificates."""
        return bool(self.key_usage & _CRL_SIGN)

    def is_signed_by(self, key: PublicKey) -> bool:
        """Return whether a key signed it: RSA PKCS#1 v1.5, RSA-PSS or ECDSA, each with SHA-2. Remembered.

        Not checked: dates, usages, names, whether the owner of the key may sign certificates.
        """
        return _is_signed(self, key)


def read(der: bytes) -> UnprovenCertificate:
    """Return the certificate that DER holds. The caller bounds its size.

    Raises: KeyMaterialError: `certificate.malformed`; `key.unsupported`, `key.malformed`: the key in it.
    """
    signed = Signed.read(der)
    fields = list(_der.elements(signed.content))
    if fields and fields[0][0] == VERSION:
        del fields[0]
    # serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo
    if [tag for tag, _, _ in fields[:6]] != [INTEGER, *[SEQUENCE] * 5]:
        raise malformed()
    signed.names_scheme(fields[1][1])
    found: dict[str, bytes] = {}
    understood = True
    for name, is_critical, value in _der.extensions(signed.message):
        if name in found:
            raise malformed("an extension occurs twice")
        found[name] = value
        understood = understood and (name in _UNDERSTOOD or not is_critical)
    not_before, not_after = _window(fields[3][1])
    return UnprovenCertificate(
        serial=int.from_bytes(fields[0][1], signed=True),
        issuer=fields[2][2],
        subject=fields[4][2],
        public_key=PublicKey.from_spki(fields[5][2]),
        not_before=not_before,
        not_after=not_after,
        authority_key_id=_der.authority_key_identifier(found.get(AUTHORITY_KEY_IDENTIFIER)),
        subject_key_id=_der.subject_key_identifier(signed.message),
        usages=_der.usages(found[_der.EXTENDED_KEY_USAGE]) if _der.EXTENDED_KEY_USAGE in found else None,
        document_types=_document_types(found[DOCUMENT_TYPES]) if DOCUMENT_TYPES in found else None,
        is_authority=_der.is_authority(signed.message),
        path_length=_path_length(found.get(_der.BASIC_CONSTRAINTS)),
        key_usage=_key_usage(found.get(KEY_USAGE)) if understood else 0,
        signed=signed,
    )


def _window(validity: bytes) -> tuple[datetime, datetime]:
    times = [_der.time(tag, content) for tag, content in _der.items(validity)]
    if len(times) != 2:  # noqa: PLR2004 - notBefore and notAfter
        raise malformed()
    return times[0], times[1]


def _path_length(constraints: bytes | None) -> int | None:
    """Return the path length that basic constraints state (RFC 5280 section 4.2.1.9), none that is negative."""
    if constraints is None:
        return None
    stated = [content for tag, content in _der.items(_der.only(constraints, SEQUENCE)) if tag == INTEGER]
    return max(0, int.from_bytes(stated[0], signed=True)) if stated else None


def _key_usage(value: bytes | None) -> int:
    if value is None:
        return _DIGITAL_SIGNATURE | _KEY_CERT_SIGN | _CRL_SIGN
    bits = _der.only(value, BIT_STRING)
    return bits[1] if len(bits) > 1 else 0


def _document_types(value: bytes) -> frozenset[str]:
    """Return the document types of a SEQUENCE { version INTEGER, SET OF PrintableString }."""
    parts = _der.items(_der.only(value, SEQUENCE))
    if [tag for tag, _ in parts] != [INTEGER, SET]:
        raise malformed("its list of document types is none")
    types = _der.items(parts[1][1])
    if any(tag != _PRINTABLE_STRING for tag, _ in types):
        raise malformed("its list of document types is none")
    return frozenset(content.decode("latin-1") for _, content in types)


@lru_cache(maxsize=_REMEMBERED)
def _is_signed(certificate: UnprovenCertificate, key: PublicKey) -> bool:
    return certificate.signed.is_signed_by(key)
