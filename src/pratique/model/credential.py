"""A credential: who says what about whom, from when to when, and how it is tied to its holder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from pratique.model.evidence import Vaccination

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime

    from pratique.cose.keys import PublicKey
    from pratique.model.evidence import Evidence, Kind
    from pratique.model.holder import Holder


class IssuerIdentity(NamedTuple):
    """Who signed. `id` is the identifier in the credential, `country` ISO 3166-1 alpha-3, `name` for display."""

    id: str | None = None
    country: str | None = None
    name: str | None = None


class Validity(NamedTuple):
    """The technical window, aware and UTC: `not_before` is inside, `expires_at` outside."""

    issued_at: datetime | None = None
    not_before: datetime | None = None
    expires_at: datetime | None = None


class DocumentBinding(NamedTuple):
    """A slow salted hash of a travel document; `derivation` names how it is made (see `pratique.binding`)."""

    derivation: int
    salt: bytes
    tag: bytes

    def __repr__(self) -> str:
        return f"DocumentBinding(derivation={self.derivation})"


@dataclass(frozen=True, slots=True, repr=False)
class DocumentNumber:
    """The number of a travel document, in clear: the binding of formats that show it to everybody."""

    number: str

    def __repr__(self) -> str:
        return "DocumentNumber()"


@dataclass(frozen=True, slots=True, repr=False)
class KeyBinding:
    """A holder's key: the key itself, or its COSE Key Thumbprint (RFC 9679, SHA-256)."""

    thumbprint: bytes
    key: PublicKey | None = None

    def __repr__(self) -> str:
        return "KeyBinding()"


@dataclass(frozen=True, slots=True, repr=False)
class Presentation:
    """The word of a holder's key that a credential is shown to one verifier, in answer to its nonce.

    `issued_at` is aware, UTC. `proof` checks the holder's signature; nothing here counts before it held.
    """

    audience: str
    nonce: bytes
    issued_at: datetime
    proof: Callable[[], bool]

    def __repr__(self) -> str:
        return f"Presentation(audience={self.audience!r})"

    def verify(self) -> bool:
        """Return whether the key that the credential is bound to signed it, and with it what is shown."""
        return self.proof()


@dataclass(frozen=True, slots=True)
class StatusReference:
    """Where the credential's status stands: one index of one published list (Token Status List)."""

    uri: str
    index: int

    def __repr__(self) -> str:
        return f"StatusReference(uri={self.uri!r})"


class Span(NamedTuple):
    """From when until when a fact counts, both days inside; None where it does not say. `lifelong`: it has no end."""

    kind: Kind
    target: str | None
    begins: date | None
    ends: date | None
    lifelong: bool

    @classmethod
    def of(cls, fact: Evidence) -> Span:
        """Return the span of a fact."""
        begins, ends = fact.valid_from, fact.valid_until
        return cls(
            fact.kind,
            fact.target,
            None if begins is None else begins.earliest,
            None if ends is None else ends.latest,
            isinstance(fact, Vaccination) and fact.lifelong is True,
        )


class Content(Protocol):
    """What a credential says, put into the model on demand. None of it raises."""

    def evidence(self) -> tuple[Evidence, ...]:
        """Return the facts."""

    def holder(self) -> Holder | None:
        """Return who it is about."""

    def number(self) -> str | None:
        """Return the certificate's number."""


class Credential:
    """What a credential says, in the words that all formats share; only what was disclosed.

    `kinds` has kind and target of every fact, and is known at once; `evidence`, `holder` and `number` are put into the
    model when they are asked for, because a verdict needs none of them whole.

    Args:
        withheld: how many hashes stayed closed; decoys count too.
        presentation: what the holder's key signed, where it signed at all.
        deviations: members in which a foreign certificate departs from its schema and is readable all the same.
        content: what gives the rest.
        shows_identity: whether a name and a birth date are shown, so that a person can be compared with them.
        held_to_facts: whether it counts only while its facts do, by their `valid_from` and `valid_until`; then
            `expires_at` is a technical limit alone, and may be absent.
        spans: what gives from when until when every fact counts, where that is known before the facts are read.
        variant: which of several forms of its format it is in, in words for people.
        links: how many addresses of records elsewhere it holds; none is ever opened.
    """

    __slots__ = (
        "_content",
        "_spans",
        "binding",
        "deviations",
        "format",
        "held_to_facts",
        "issuer",
        "kinds",
        "links",
        "presentation",
        "shows_identity",
        "status",
        "validity",
        "variant",
        "withheld",
    )

    def __init__(  # noqa: PLR0913 - a credential has so many parts
        self,
        format: str,  # noqa: A002 - the word that everything else uses
        issuer: IssuerIdentity,
        validity: Validity,
        kinds: tuple[tuple[Kind, str | None], ...],
        content: Content,
        *,
        shows_identity: bool,
        binding: DocumentBinding | DocumentNumber | KeyBinding | None = None,
        status: StatusReference | None = None,
        withheld: int = 0,
        deviations: tuple[str, ...] = (),
        held_to_facts: bool = False,
        variant: str | None = None,
        links: int = 0,
        presentation: Presentation | None = None,
        spans: Callable[[], tuple[Span, ...]] | None = None,
    ) -> None:
        self.format: Final = format
        self.issuer: Final = issuer
        self.validity: Final = validity
        self.kinds: Final = kinds
        self.binding: Final = binding
        self.status: Final = status
        self.withheld: Final = withheld
        self.deviations: Final = deviations
        self.shows_identity: Final = shows_identity
        self.held_to_facts: Final = held_to_facts
        self.variant: Final = variant
        self.links: Final = links
        self.presentation: Final = presentation
        self._content: Final = content
        self._spans: Final = spans

    def __repr__(self) -> str:
        kinds = ", ".join(kind for kind, _ in self.kinds)
        return f"Credential(format={self.format!r}, kinds=({kinds}), withheld={self.withheld})"

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """Return the facts, most often one."""
        return self._content.evidence()

    @property
    def spans(self) -> tuple[Span, ...]:
        """Return from when until when every fact counts."""
        return tuple(map(Span.of, self.evidence)) if self._spans is None else self._spans()

    @property
    def holder(self) -> Holder | None:
        """Return who it is about, as far as that was disclosed."""
        return self._content.holder()

    @property
    def number(self) -> str | None:
        """Return the certificate's number."""
        return self._content.number()
