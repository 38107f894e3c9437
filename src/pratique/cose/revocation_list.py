"""Lists of revoked certificates (X.509 CRLs): which serial numbers an authority has taken back, and whose list it is.

Read from its bytes, as certificates are, and for the same reason. Only a complete list of one authority's own
certificates is read: a delta, a list for a part of them and one that speaks for other authorities would each, taken for
a complete one, leave out who was revoked.

Source: RFC 5280 section 5; ICAO Doc 9303 part 12 section 7.1.4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pratique.cose import _der, unproven
from pratique.cose._der import EXPLICIT_0, INTEGER, SEQUENCE, malformed
from pratique.cose._signed import Signed
from pratique.errors import DecodeError, KeyMaterialError, TrustError
from pratique.reasons import Reason

if TYPE_CHECKING:
    from datetime import datetime

    from pratique.cose.certificates import Certificate
    from pratique.cose.keys import PublicKey

MAX_LIST_BYTES: Final = 4 * 1024 * 1024
"""Of one list: room for 100,000 certificates, more than any authority of these networks has signed."""

_CRL_NUMBER: Final = "2.5.29.20"
_DELTA, _PART = "2.5.29.27", "2.5.29.28"  # deltaCRLIndicator, issuingDistributionPoint
_MAX_SERIAL_BYTES = 32  # RFC 5280 section 4.1.2.2 has 20; some authorities have more
_TIMES = (0x17, 0x18)  # UTCTime, GeneralizedTime
_VERSION_2 = b"\x01"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class RevocationList:
    """A list of revoked certificates; nothing of it is proven until `verify`, or `is_signed_by` for a trusted key.

    `issuer` is a distinguished name in DER. `this_update` and `next_update` are aware, UTC; the second is None where
    the list does not say when there is another. `authority_key_id` names the key that signed it. `number` rises with
    every list of an authority. `serials` has the certificates; one that is on hold is revoked.
    """

    issuer: bytes
    this_update: datetime
    next_update: datetime | None
    authority_key_id: bytes | None
    number: int | None
    serials: frozenset[int]
    _signed: Signed

    @classmethod
    def read(cls, data: bytes) -> RevocationList:
        """Return the list in DER.

        Raises: DecodeError: `status.list_invalid`: not such a list, longer than `MAX_LIST_BYTES`, or with a critical
            extension, such as make it a list of something else.
        Not checked: the signature, the dates.
        """
        if len(data) > MAX_LIST_BYTES:
            raise _invalid(f"{len(data)} bytes; {MAX_LIST_BYTES} is the most that is read")
        try:
            return cls._read(data)
        except KeyMaterialError as error:
            raise _invalid(error.detail) from None

    @classmethod
    def _read(cls, data: bytes) -> RevocationList:
        signed = Signed.read(data)
        fields = list(_der.elements(signed.content))
        is_version_2 = bool(fields) and fields[0][0] == INTEGER
        if is_version_2 and fields.pop(0)[1] != _VERSION_2:
            raise malformed("its version is not 2")
        # signature, issuer, thisUpdate
        if [tag for tag, _, _ in fields[:2]] != [SEQUENCE] * 2 or len(fields) < 3 or fields[2][0] not in _TIMES:  # noqa: PLR2004
            raise malformed()
        (_, algorithm, _), (_, _, issuer), (tag, this_update, _), *rest = fields
        signed.names_scheme(algorithm)
        next_update = None
        if rest and rest[0][0] in _TIMES:
            next_update = _der.time(*rest.pop(0)[:2])
        revoked = rest.pop(0)[1] if rest and rest[0][0] == SEQUENCE else b""
        extensions = _extensions(rest.pop(0)[1]) if rest and is_version_2 and rest[0][0] == EXPLICIT_0 else {}
        if rest:
            raise malformed()
        number = extensions.get(_CRL_NUMBER)
        return cls(
            issuer=issuer,
            this_update=_der.time(tag, this_update),
            next_update=next_update,
            authority_key_id=_der.authority_key_identifier(extensions.get(unproven.AUTHORITY_KEY_IDENTIFIER)),
            number=None if number is None else int.from_bytes(_der.only(number, INTEGER)),
            serials=frozenset(_serial(entry) for entry in _der.items(revoked)),
            _signed=signed,
        )

    def __repr__(self) -> str:
        return f"RevocationList({len(self.serials)} certificates, of {self.this_update:%Y-%m-%d})"

    def is_signed_by(self, key: PublicKey) -> bool:
        """Return whether a key signed it: RSA PKCS#1 v1.5, RSA-PSS or ECDSA, each with SHA-2.

        Not checked: names, and whether the owner of the key may sign such lists.
        """
        return self._signed.is_signed_by(key)

    def verify(self, authority: Certificate) -> None:
        """Prove that an authority made the list: its name, its key usage, its signature.

        Raises: TrustError: `status.list_invalid`. KeyMaterialError: the certificate cannot be read closely enough.
        Not checked: the dates of both, and that the authority is trusted.
        """
        content = unproven.read(authority.der)
        if _der.name(content.subject) != _der.name(self.issuer):
            raise TrustError(Reason.STATUS_LIST_INVALID, "it is the list of another authority")
        if not content.may_revoke:
            raise TrustError(Reason.STATUS_LIST_INVALID, "the authority may not sign lists of revoked certificates")
        if not self.is_signed_by(content.public_key):
            raise TrustError(Reason.STATUS_LIST_INVALID, "the authority that it names has not signed it")


def _extensions(value: bytes) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for name, is_critical, content in _der.extension_items(_der.only(value, SEQUENCE)):
        # A delta, a part, a list about others: RFC 5280 sections 5.2.4 and 5.2.5 want them critical, which is no proof.
        if is_critical or name in (_DELTA, _PART):
            raise malformed(f"it has the extension {name}, and is no complete list of an authority's own")
        if name in found:
            raise malformed("an extension occurs twice")
        found[name] = content
    return found


def _serial(entry: tuple[int, bytes]) -> int:
    """Return the serial number of a revoked certificate."""
    tag, content = entry
    fields = _der.items(content)
    # userCertificate, revocationDate, crlEntryExtensions
    if tag != SEQUENCE or len(fields) not in (2, 3) or fields[0][0] != INTEGER or fields[1][0] not in _TIMES:
        raise malformed("an entry is none")
    _der.time(*fields[1])
    for name, is_critical, _ in _der.extension_items(fields[2][1]) if len(fields) == 3 else ():  # noqa: PLR2004
        if is_critical:
            raise malformed(f"an entry has the critical extension {name}")
    number = fields[0][1]
    if not 0 < len(number) <= _MAX_SERIAL_BYTES:
        raise malformed("a serial number is empty or too long")
    return int.from_bytes(number, signed=True)


def _invalid(detail: str) -> DecodeError:
    return DecodeError(Reason.STATUS_LIST_INVALID, detail)
