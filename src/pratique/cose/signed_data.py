"""CMS SignedData: a content and who signed it, as states publish their lists of authorities.

cryptography signs CMS and does not verify it, so the few structures are read here, in DER, which ICAO demands: one
signer, whose certificate is in the message, and whose signature is over the signed attributes. What a signature leaves
open to change (unsigned attributes, other certificates, revocation lists) is not used for anything.

Source: RFC 5652 section 5, RFC 5754 (SHA-2), RFC 4056 (RSASSA-PSS); ICAO Doc 9303 part 12 section 9.
"""

from __future__ import annotations

import hashlib
import hmac
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pratique.cose import _der, _signed, unproven
from pratique.cose._der import EXPLICIT_0, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, SET, malformed
from pratique.cose.certificates import Certificate
from pratique.errors import DecodeError, KeyMaterialError, SignatureError
from pratique.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

MAX_CERTIFICATES: Final = 64
"""Certificates beside the content, of which each may be parsed; its signer and the authority above it are there."""

DATA: Final = "1.2.840.113549.1.7.1"
SIGNED_DATA: Final = "1.2.840.113549.1.7.2"
_CONTENT_TYPE, _MESSAGE_DIGEST, _SIGNING_TIME = (f"1.2.840.113549.1.9.{number}" for number in (3, 4, 5))
_RSA_ENCRYPTION: Final = "1.2.840.113549.1.1.1"
_IMPLICIT_0, _IMPLICIT_1 = 0xA0, 0xA1
_KEY_IDENTIFIER = 0x80  # [0], of a SignerIdentifier
_ID = _der.encode(OBJECT_IDENTIFIER, bytes.fromhex("2a864886f70d010702"))


@dataclass(frozen=True, slots=True, repr=False)
class SignedData:
    """A message whose signature holds: its content, whose signature it is, and what else it brings.

    `signer` is the certificate that the message names; whether it counts is not known yet. `certificates` are the
    others in the message that can be read. `signed_at` is aware, UTC, and the signer's own word; None without it.
    """

    content: bytes
    signer: Certificate
    certificates: tuple[Certificate, ...]
    signed_at: datetime | None

    def __repr__(self) -> str:
        return f"SignedData({len(self.content)} bytes, signed by {self.signer!r})"

    @classmethod
    def verify(cls, data: bytes, content_type: str) -> SignedData:
        """Return the message in DER, if its content is of a type (dotted numbers) and its signer has signed it.

        The caller bounds the size.
        Raises: DecodeError: `cms.malformed`: not such a message, or not in the form above. SignatureError:
            `import.signature_invalid`: the signature or the digest does not hold, or one rests on SHA-1.
        Not checked: that the signer may sign such a thing, nor when; see `certificate_path`.
        """
        try:
            return cls._verify(data, content_type)
        except KeyMaterialError as error:
            raise DecodeError(Reason.CMS_MALFORMED, error.detail) from None

    @classmethod
    def verify_detached(cls, data: bytes, content: bytes) -> SignedData:
        """Return the message of a signature that came apart from its content, which is of no type but data.

        As `verify`, but for BER without lengths, in which many programs write such signatures, and read as DER here.
        """
        try:
            return cls._verify(_der.definite(data), DATA, content)
        except KeyMaterialError as error:
            raise DecodeError(Reason.CMS_MALFORMED, error.detail) from None

    @classmethod
    def _verify(cls, data: bytes, content_type: str, detached: bytes | None = None) -> SignedData:
        content, certificates, info = _parts(data, content_type, detached)
        signer = _named(info.identifier, certificates)
        signed_at = _check_attributes(info, content, content_type)
        # RFC 5652 section 5.4: signed is a SET, not the [0] that stands in the message
        message = _der.encode(SET, info.attributes)
        if not _signed.holds(_scheme(info), signer.public_key, info.signature, message):
            raise _unsigned("the signature is not by the certificate that the message names")
        return cls(content, signer, tuple(each for each in certificates if each.der != signer.der), signed_at)


def recognises(data: bytes) -> bool:
    """Return whether data look like a CMS SignedData in DER; they may be faulty all the same."""
    return data[:1] == b"\x30" and _ID in data[: len(_ID) + 8]


@dataclass(frozen=True, slots=True)
class _SignerInfo:
    identifier: tuple[int, bytes]
    digest: str | None
    attributes: bytes
    algorithm: bytes
    signature: bytes


def _parts(data: bytes, content_type: str, detached: bytes | None) -> tuple[bytes, list[Certificate], _SignerInfo]:
    """Return content, certificates and the one SignerInfo of a ContentInfo (RFC 5652 sections 3 and 5.1)."""
    kind, wrapped = _expect(_der.items(_der.only(data, SEQUENCE)), OBJECT_IDENTIFIER, EXPLICIT_0)
    if _der.dotted(kind) != SIGNED_DATA:
        raise malformed("it is no SignedData")
    fields = _der.items(_der.only(wrapped, SEQUENCE))
    _, _, encapsulated = _expect(fields[:3], INTEGER, SET, SEQUENCE)
    rest = fields[3:]
    certificates = rest.pop(0)[1] if rest and rest[0][0] == _IMPLICIT_0 else b""
    if rest and rest[0][0] == _IMPLICIT_1:  # revocation lists
        del rest[0]
    (infos,) = _expect(rest, SET)
    inner, *wrapped_content = _expect(
        _der.items(encapsulated), OBJECT_IDENTIFIER, *(() if detached is not None else (EXPLICIT_0,))
    )
    if _der.dotted(inner) != content_type:
        raise malformed("its content is of another type")
    signers = _der.items(infos)
    if len(signers) != 1 or signers[0][0] != SEQUENCE:
        raise malformed(f"it has {len(signers)} signers, and one is read")
    content = _der.only(wrapped_content[0], OCTET_STRING) if detached is None else detached
    return content, _certificates(certificates), _signer_info(signers[0][1])


def _signer_info(content: bytes) -> _SignerInfo:
    fields = _der.items(content)
    if fields and fields[-1][0] == _IMPLICIT_1:  # unsigned attributes
        fields.pop()
    if len(fields) != 6 or fields[1][0] not in (SEQUENCE, _KEY_IDENTIFIER):  # noqa: PLR2004 - RFC 5652 section 5.3
        raise malformed("a signer without signed attributes, or with other parts than it should have")
    _, _, digest, attributes, algorithm, signature = _expect(
        fields, INTEGER, fields[1][0], SEQUENCE, _IMPLICIT_0, SEQUENCE, OCTET_STRING
    )
    return _SignerInfo(fields[1], _signed.read_digest(digest), attributes, algorithm, signature)


def _certificates(content: bytes) -> list[Certificate]:
    """Return those of a CertificateSet that can be read."""
    encoded = [(tag, whole) for tag, _, whole in _der.elements(content)]
    if len(encoded) > MAX_CERTIFICATES:
        raise malformed(f"{len(encoded)} certificates; {MAX_CERTIFICATES} is the most that is read")
    found = list[Certificate]()
    for tag, whole in encoded:
        if tag != SEQUENCE:  # the other choices are attribute certificates and obsolete forms
            continue
        with suppress(KeyMaterialError):
            unproven.read(whole)
            found.append(Certificate.read(whole))
    return found


def _named(identifier: tuple[int, bytes], certificates: Iterable[Certificate]) -> Certificate:
    """Return the certificate that a SignerIdentifier names: by subject key identifier, or by issuer and number."""
    tag, content = identifier
    if tag == _KEY_IDENTIFIER:
        found = [each for each in certificates if each.subject_key_id == content]
    else:
        issuer, number = _expect(_der.items(content), SEQUENCE, INTEGER)
        named = _der.name(_der.encode(SEQUENCE, issuer)), int.from_bytes(number, signed=True)
        found = [each for each in certificates if _issuer_and_number(each) == named]
    if not found:
        raise _unsigned("the certificate of the signer is not in the message, or cannot be read")
    return found[0]


def _issuer_and_number(certificate: Certificate) -> tuple[_der.Name, int]:
    content = unproven.read(certificate.der)
    return _der.name(content.issuer), content.serial


def _check_attributes(info: _SignerInfo, content: bytes, content_type: str) -> datetime | None:
    """Check that the signed attributes are those of the content, and return the time of signing that they state."""
    found: dict[str, tuple[int, bytes]] = {}
    for tag, attribute in _der.items(info.attributes):
        name, values = _expect(_der.items(attribute), OBJECT_IDENTIFIER, SET)
        dotted = _der.dotted(name)
        if tag != SEQUENCE or dotted in found:
            raise malformed("a signed attribute is none, or occurs twice")
        if dotted in (_CONTENT_TYPE, _MESSAGE_DIGEST, _SIGNING_TIME):
            if len(items := _der.items(values)) != 1:
                raise malformed("a signed attribute has not one value")
            found[dotted] = items[0]
    tag, kind = found.get(_CONTENT_TYPE, (0, b""))
    if tag != OBJECT_IDENTIFIER or _der.dotted(kind) != content_type:
        raise _unsigned("the type of the content is not what was signed")
    if info.digest is None:
        raise _unsigned("it rests on a hash that does not count, such as SHA-1")
    tag, digest = found.get(_MESSAGE_DIGEST, (0, b""))
    if tag != OCTET_STRING or not hmac.compare_digest(hashlib.new(info.digest, content).digest(), digest):
        raise _unsigned("the digest of the content is not what was signed")
    return _der.time(*found[_SIGNING_TIME]) if _SIGNING_TIME in found else None


def _scheme(info: _SignerInfo) -> _signed.Scheme | None:
    """Return how was signed; some name the type of the key alone, and then the hash is that of the content."""
    parts = _der.items(info.algorithm)
    if parts and parts[0][0] == OBJECT_IDENTIFIER and _der.dotted(parts[0][1]) == _RSA_ENCRYPTION:
        return None if info.digest is None else _signed.Scheme(_signed.PKCS1, info.digest)
    scheme = _signed.read_scheme(info.algorithm)
    if scheme is not None and scheme.digest != info.digest:
        raise malformed("it names two hashes")
    return scheme


def _expect(items: list[tuple[int, bytes]], *tags: int) -> tuple[bytes, ...]:
    """Return the contents of items that have exactly these tags."""
    if tuple(tag for tag, _ in items) != tags:
        raise malformed("a part is missing, or of another type")
    return tuple(content for _, content in items)


def _unsigned(detail: str) -> SignatureError:
    return SignatureError(Reason.IMPORT_SIGNATURE, detail)
