"""By what a revocation list can name a credential: what readers of foreign formats hand over for that one question.

Each of these tells one credential, or its signer, from all others. A reader computes it when a list is at hand that may
name it; it is no part of `Credential`, so that no report and no record can have it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True, repr=False)
class HashedIdentifiers:
    """Of a certificate in HC1: what the hashes of the EU DCC gateway are made of.

    `signature` is r alone for ECDSA, which stays the same when somebody else turns s into n - s, and else the whole
    signature. `issuer` is the country that the CWT states, and `entries` has identifier (UVCI) and country of every
    entry: each as it stands, because a hash is over exactly that.
    """

    signature: bytes
    issuer: str | None
    entries: tuple[tuple[str, str | None], ...]

    def __repr__(self) -> str:
        return f"HashedIdentifiers(entries={len(self.entries)})"


@dataclass(frozen=True, slots=True, repr=False)
class CardIdentifier:
    """Of a SMART Health Card: the address of its issuer, its `rid`, and when it was issued, in whole seconds, UTC.

    None is what a card does not have.
    """

    issuer: str
    rid: str | None
    issued_at: datetime | None

    def __repr__(self) -> str:
        return "CardIdentifier()"


@dataclass(frozen=True, slots=True)
class SignerIdentifier:
    """Of a VDS-NC: the serial number of its signer's certificate, which is unique among those of one authority."""

    serial: int


RevocationIdentifiers = HashedIdentifiers | CardIdentifier | SignerIdentifier
