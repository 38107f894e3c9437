"""A credential: who says what about whom, from when to when, and how it is tied to its holder."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pratique.cose.keys import PublicKey
from pratique.model.evidence import Evidence
from pratique.model.holder import Holder


@dataclass(frozen=True, slots=True)
class IssuerIdentity:
    """Who signed. `id` is the identifier in the credential, `country` ISO 3166-1 alpha-3, `name` for display."""

    id: str | None = None
    country: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Validity:
    """The technical window, aware and UTC: `not_before` is inside, `expires_at` outside."""

    issued_at: datetime | None = None
    not_before: datetime | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, repr=False)
class DocumentBinding:
    """A slow salted hash of a travel document; `derivation` names how it is made (see `pratique.binding`)."""

    derivation: int
    salt: bytes
    tag: bytes

    def __repr__(self) -> str:
        return f"DocumentBinding(derivation={self.derivation})"


@dataclass(frozen=True, slots=True, repr=False)
class KeyBinding:
    """A holder's key: the key itself, or its COSE Key Thumbprint (RFC 9679, SHA-256)."""

    thumbprint: bytes
    key: PublicKey | None = None

    def __repr__(self) -> str:
        return "KeyBinding()"


@dataclass(frozen=True, slots=True)
class StatusReference:
    """Where the credential's status stands: one index of one published list (Token Status List)."""

    uri: str
    index: int

    def __repr__(self) -> str:
        return f"StatusReference(uri={self.uri!r})"


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class Credential:
    """What a credential says, in the words that all formats share; only what was disclosed.

    `number` identifies the certificate. `withheld` counts the hashes that stayed closed; decoys count too.
    `deviations` names members in which a foreign certificate departs from its schema and is readable all the same.
    """

    format: str
    issuer: IssuerIdentity
    validity: Validity
    evidence: tuple[Evidence, ...]
    holder: Holder | None = None
    number: str | None = None
    binding: DocumentBinding | KeyBinding | None = None
    status: StatusReference | None = None
    withheld: int = 0
    deviations: tuple[str, ...] = ()

    def __repr__(self) -> str:
        kinds = ", ".join(fact.kind for fact in self.evidence)
        return f"Credential(format={self.format!r}, kinds=({kinds}), withheld={self.withheld})"
