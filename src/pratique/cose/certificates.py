"""X.509 certificates, read leniently: what a verifier needs of a certificate that a trust list vouches for.

No chain is checked here, and no date: being on a list is what makes such a certificate count, and the list's reader
judges the dates.
"""

from __future__ import annotations

import base64
import hashlib
import threading
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pratique.cose import _der
from pratique.cose.keys import PublicKey
from pratique.errors import KeyMaterialError
from pratique.reasons import Reason

if TYPE_CHECKING:
    from datetime import datetime

    from cryptography import x509

MAX_CERTIFICATE_BYTES = 64 * 1024  # in DER or PEM; those in use have 400 to 3,000
_KEY_ID_BYTES = 8  # EU DCC: the key identifier's length
_WARNINGS = threading.Lock()  # the filters of `warnings` belong to the whole process


@dataclass(frozen=True, slots=True, repr=False)
class Certificate:
    """An X.509 certificate: its key, its window, and what it says about its subject.

    `not_before` and `not_after` are aware, UTC, and both inside the window. `country` is the subject's, else the
    issuer's, two upper-case letters or None. `subject` is a distinguished name (RFC 4514). `extended_key_usage` has
    dotted numbers; None where the certificate does not limit its use. `subject_key_id` names its key in what it signs;
    `is_authority` says whether it may sign certificates.
    """

    der: bytes
    public_key: PublicKey
    not_before: datetime
    not_after: datetime
    country: str | None
    subject: str
    extended_key_usage: frozenset[str] | None
    subject_key_id: bytes | None
    is_authority: bool

    @classmethod
    def read(cls, data: bytes) -> Certificate:
        """Return the certificate in `data`: DER, or one in PEM.

        Accepted, because genuine certificates have it: extensions that are not strict DER, names that are too long,
        ECDSA with NULL for parameters.
        Raises: KeyMaterialError: `certificate.malformed`; `key.unsupported`, `key.malformed`: the key in it.
        Not checked: signature, chain, dates, whether the key may sign.
        """
        if len(data) > MAX_CERTIFICATE_BYTES:
            raise _malformed(f"{len(data)} bytes; {MAX_CERTIFICATE_BYTES} is the most that is read")
        with _WARNINGS, warnings.catch_warnings():
            # What cryptography warns of (a name too long, a negative serial number) is read all the same.
            warnings.simplefilter("ignore", UserWarning)
            return cls._read(data)

    @classmethod
    def _read(cls, data: bytes) -> Certificate:
        from cryptography import x509  # noqa: PLC0415 - takes 50 ms to import

        try:
            if data.lstrip().startswith(b"-----BEGIN"):
                data = _unarmoured(data)
            found = _load(data)
            tbs = found.tbs_certificate_bytes
            return cls(
                der=data,
                public_key=_public_key(found),
                not_before=found.not_valid_before_utc,
                not_after=found.not_valid_after_utc,
                country=_country(found.subject) or _country(found.issuer),
                subject=found.subject.rfc4514_string(),
                extended_key_usage=_der.extended_key_usage(tbs),
                subject_key_id=_der.subject_key_identifier(tbs),
                is_authority=_der.is_authority(tbs),
            )
        except (ValueError, TypeError, x509.InvalidVersion):  # TypeError: a name with a value of an odd type
            raise _malformed(f"{len(data)} bytes are not a certificate") from None

    def __repr__(self) -> str:
        return f"Certificate({self.country}, {self.public_key.kind}, until {self.not_after:%Y-%m-%d})"

    @property
    def hcert_key_id(self) -> bytes:
        """Return the identifier that the EU DCC and WHO use: the first 8 bytes of SHA-256 over the DER."""
        return hashlib.sha256(self.der).digest()[:_KEY_ID_BYTES]


def is_strict(der: bytes) -> bool:
    """Return whether cryptography reads a certificate and all its extensions; `Certificate.read` takes others too."""
    from cryptography import x509  # noqa: PLC0415 - as above

    with _WARNINGS, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        try:
            _ = x509.load_der_x509_certificate(der).extensions
        except (ValueError, x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
            return False
    return True


def _unarmoured(pem: bytes) -> bytes:
    """Return the first certificate of a PEM file in DER. Raises: ValueError."""
    body = pem.partition(b"-----BEGIN CERTIFICATE-----")[2].partition(b"-----END CERTIFICATE-----")[0]
    return base64.b64decode(b"".join(body.split()), validate=True)


def _load(der: bytes) -> x509.Certificate:
    from cryptography import x509  # noqa: PLC0415 - as above

    try:
        return x509.load_der_x509_certificate(der)
    except ValueError:
        if (plain := _der.without_null_parameters(der)) == der:
            raise
        return x509.load_der_x509_certificate(plain)


def _public_key(certificate: x509.Certificate) -> PublicKey:
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - as above

    try:
        return PublicKey.from_native(certificate.public_key())
    except UnsupportedAlgorithm:  # a curve that is spelled out, perhaps
        return PublicKey.from_spki(_der.subject_public_key(certificate.tbs_certificate_bytes))


def _malformed(detail: str) -> KeyMaterialError:
    return KeyMaterialError(Reason.CERTIFICATE_MALFORMED, detail)


def _country(name: x509.Name) -> str | None:
    from cryptography.x509.oid import NameOID  # noqa: PLC0415 - as above

    for attribute in name.get_attributes_for_oid(NameOID.COUNTRY_NAME):
        value = attribute.value
        if isinstance(value, str) and len(value) == 2 and value.isascii() and value.isalpha():  # noqa: PLR2004 - alpha-2
            return value.upper()
    return None
