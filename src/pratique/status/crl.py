"""Revocation lists of certificate authorities (X.509 CRLs), for the signers of VDS-NC seals.

A list counts for a seal only where the very key that vouches for the seal's signer signed it: that key is in the trust
store, and no other is asked. Of several lists that one key signed, the newest decides, because what an authority put on
hold it may take off again.

Source: RFC 5280 section 5; ICAO Doc 9303 part 12 section 7.1.4. Delta lists are not used there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from pratique.errors import DecodeError, KeyMaterialError
from pratique.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from pratique.cose.keys import PublicKey

MAX_LISTS: Final = 10_000  # at hand; there are some 200 authorities, with a few keys each


class CertificateList(Protocol):
    """What is asked of a list; `cose.revocation_list.RevocationList` is one."""

    @property
    def this_update(self) -> datetime:
        """Return when it was made, aware."""

    @property
    def next_update(self) -> datetime | None:
        """Return by when there is another, aware; None where it does not say."""

    @property
    def authority_key_id(self) -> bytes | None:
        """Return the identifier of the key that signed it, as the list states it: a hint."""

    @property
    def serials(self) -> frozenset[int]:
        """Return the serial numbers of the certificates that are revoked."""

    def is_signed_by(self, key: PublicKey) -> bool:
        """Return whether a key signed it."""


def read_certificate_list(der: bytes) -> CertificateList:
    """Return the list that DER holds; nothing in it is proven. Raises: DecodeError (`status.list_invalid`)."""
    from pratique.cose.revocation_list import RevocationList  # noqa: PLC0415 - most verifiers see no seal

    try:
        return RevocationList.read(der)
    except KeyMaterialError as error:
        raise DecodeError(Reason.STATUS_LIST_INVALID, error.detail) from None


class CertificateLists:
    """The lists at hand. Each signature is checked when a seal first asks for its authority, and once."""

    def __init__(self, lists: Iterable[CertificateList]) -> None:
        self._lists = sorted(lists, key=lambda each: each.this_update, reverse=True)
        if len(self._lists) > MAX_LISTS:
            raise ValueError(f"more than {MAX_LISTS} lists of revoked certificates")
        self._newest: dict[tuple[bytes, bytes], CertificateList | None] = {}

    def __len__(self) -> int:
        return len(self._lists)

    def newest(self, key: PublicKey, key_id: bytes) -> CertificateList | None:
        """Return the newest list that a key signed, None where there is none.

        Args:
            key: that of the authority, from the trust store.
            key_id: its subject key identifier; a list that names another key as its signer's is not tried.
        """
        asked = key.encoded, key_id
        if asked not in self._newest:
            self._newest[asked] = next(
                (each for each in self._lists if each.authority_key_id in (None, key_id) and each.is_signed_by(key)),
                None,
            )
        return self._newest[asked]
