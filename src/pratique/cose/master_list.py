"""ICAO master lists: the country signing certificate authorities (CSCA) that a state, or ICAO, holds to be genuine.

Source: ICAO Doc 9303 part 12 section 9.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pratique.cose import _der
from pratique.cose._der import INTEGER, SEQUENCE, SET, malformed
from pratique.cose.certificate_path import Authorities
from pratique.cose.signed_data import SignedData
from pratique.errors import DecodeError, KeyMaterialError, SignatureError
from pratique.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from pratique.cose.certificate_path import CertificatePath
    from pratique.cose.certificates import Certificate

MAX_AUTHORITIES: Final = 10_000
"""Certificates of one list; the largest published has some 600."""

MASTER_LIST: Final = "2.23.136.1.1.2"
MASTER_LIST_SIGNER: Final = "2.23.136.1.1.3"
"""The extended key usage of a certificate that signs master lists."""


@dataclass(frozen=True, slots=True, repr=False)
class MasterList:
    """A master list whose signature holds: `authorities` are certificates in DER, none of which was looked at."""

    authorities: tuple[bytes, ...]
    message: SignedData

    def __repr__(self) -> str:
        return f"MasterList({len(self.authorities)} certificates, signed by {self.message.signer!r})"

    @classmethod
    def verify(cls, data: bytes) -> MasterList:
        """Return the list in DER, if its signer has signed it and is one for master lists.

        The caller bounds the size.
        Raises: DecodeError: `cms.malformed`. SignatureError: `import.signature_invalid`.
        Not checked: whose list it is; see `signer_path`.
        """
        message = SignedData.verify(data, MASTER_LIST)
        if MASTER_LIST_SIGNER not in (message.signer.extended_key_usage or ()):
            raise SignatureError(Reason.IMPORT_SIGNATURE, "its signer's certificate is not one for master lists")
        try:
            return cls(_authorities(message.content), message)
        except KeyMaterialError as error:
            raise DecodeError(Reason.CMS_MALFORMED, error.detail) from None

    def signer_path(
        self, trusted: Iterable[Certificate], *, at: datetime, links: Iterable[Certificate] = ()
    ) -> CertificatePath:
        """Return the path from the list's signer to a trusted authority; links in the message are followed.

        Raises: TrustError, as `Authorities.path`.
        """
        return Authorities(trusted, links=(*links, *self.message.certificates)).path(self.message.signer, at=at)


def _authorities(content: bytes) -> tuple[bytes, ...]:
    """Return the certificates of a CscaMasterList: SEQUENCE { version INTEGER 0, certList SET OF Certificate }."""
    parts = _der.items(_der.only(content, SEQUENCE))
    if [tag for tag, _ in parts] != [INTEGER, SET] or parts[0][1] != b"\0":
        raise malformed("it is no master list of version 0")
    found = tuple(whole for _, _, whole in _der.elements(parts[1][1]))
    if len(found) > MAX_AUTHORITIES:
        raise malformed(f"{len(found)} certificates; {MAX_AUTHORITIES} is the most that is read")
    return found
