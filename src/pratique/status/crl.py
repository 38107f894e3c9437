"""Revocation lists of certificate authorities (X.509 CRLs), for the signers of VDS-NC seals.

A list counts for a seal only where the very key that vouches for the seal's signer signed it: that key is in the trust
store, and no other is asked. Of several lists that one key signed, the newest decides, because what an authority put on
hold it may take off again.

Source: RFC 5280 section 5; ICAO Doc 9303 part 12 section 7.1.4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pratique.errors import DecodeError
from pratique.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pratique.cose.keys import PublicKey
    from pratique.cose.revocation_list import RevocationList

MAX_LISTS: Final = 2_000
"""At hand: some 200 authorities have a few keys each; every list is tried with every key that a seal counts by."""


class CertificateLists:
    """The lists at hand. Their signatures are checked when a seal first counts by a key, and once for each key.

    Identifiers of keys and names are not compared: genuine lists and certificates state them differently.
    Raises: DecodeError (`status.list_invalid`): more than `MAX_LISTS`.
    """

    def __init__(self, lists: Iterable[RevocationList]) -> None:
        self._lists = sorted(lists, key=lambda each: (each.this_update, each.number or 0), reverse=True)
        if len(self._lists) > MAX_LISTS:
            raise DecodeError(Reason.STATUS_LIST_INVALID, f"more than {MAX_LISTS} lists of revoked certificates")
        self._newest: dict[bytes, RevocationList | None] = {}

    def __len__(self) -> int:
        return len(self._lists)

    def newest(self, key: PublicKey) -> RevocationList | None:
        """Return the newest list that a key signed, None where there is none."""
        if key.encoded not in self._newest:
            self._newest[key.encoded] = next((each for each in self._lists if each.is_signed_by(key)), None)
        return self._newest[key.encoded]
