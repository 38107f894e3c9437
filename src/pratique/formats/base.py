"""What every format reader gives: an envelope around signed bytes, to be read once the signature holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from pratique.cose.algorithms import Algorithm
    from pratique.cose.keys import PublicKey
    from pratique.model import Credential, RevocationIdentifiers


class Envelope(Protocol):
    """A signed code, taken apart as far as its outer layers go; nothing in it is proven.

    `key_id` finds candidate keys in the trust store; `to_be_signed` and `signature` are verified as they arrived.
    """

    @property
    def formats(self) -> tuple[str, ...]:
        """Return the names under which a trust list may list its key, the likeliest first.

        Which of them it is, only its content says.
        """

    @property
    def key_id(self) -> bytes:
        """Return the key identifier, a hint: several keys may share it."""

    @property
    def algorithm(self) -> Algorithm:
        """Return the signature algorithm that the code states."""

    @property
    def to_be_signed(self) -> bytes:
        """Return the bytes that the signature covers."""

    @property
    def signature(self) -> bytes:
        """Return the signature in the form of COSE: raw r and s for ECDSA."""

    def signer(self, key: PublicKey) -> PublicKey:
        """Return the key that signed, given a trusted one: that key itself, or one whose certificate it vouches for.

        Raises: SignatureError, KeyMaterialError: the trusted key vouches for no key of this code.
        """

    def read(self) -> Credential:
        """Return what the code says, in the common model; unproven unless the signature was verified before.

        Raises: DecodeError, DisclosureError.
        """

    def revocation_identifiers(self) -> RevocationIdentifiers | None:
        """Return by what a foreign revocation list can name it; None where no such list can.

        To be asked once it was read, and only where a list is at hand: what it gives is unique, and takes time.
        Raises: ValueError: it was not read before.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a person has to know of a format, in a few plain words each: tables of README and docs are made of them.

    `layers` is how a code is built; `signed_by` and `trust_anchor` are whose word it is and by what one knows that;
    `shows` is all that it tells whoever scans it. `person`, `event`, `number` and `withheld` tell that apart: who it is
    about, what happened, the certificate's own number, and what its holder can leave out. `revocation` is how one can
    be taken back.
    """

    format: str
    layers: str
    signed_by: str
    trust_anchor: str
    shows: str
    person: str
    event: str
    number: str
    withheld: str = "nothing"
    revocation: str


@dataclass(frozen=True, slots=True)
class Reader:
    """A format: the name that trust lists use, a title for people, how its text is recognised and taken apart.

    `prefix` is what its text begins with; where more than that has to be looked at, `recognises` alone decides.
    `envelope` raises DecodeError and UnsupportedError. `key_valid_throughout` is set where the format asks that the key
    be in its window when the code is verified, and not only when it was issued; `issued_within` is how long after the
    stated time of issue a credential may have been issued, where that time is cut. `own_state_only` is set where no
    state may sign for another: then a country that is not the issuer's is refused, and not referred. `others` are names
    and titles of further formats in the same envelope, which only their content tells apart. `facts` are for people.
    """

    format: str
    title: str
    prefix: str
    envelope: Callable[[str], Envelope]
    key_valid_throughout: bool = False
    issued_within: timedelta = timedelta()
    own_state_only: bool = False
    recognises: Callable[[str], bool] | None = None
    facts: tuple[Facts, ...] = ()
    others: tuple[tuple[str, str], ...] = ()

    @property
    def titles(self) -> dict[str, str]:
        """Return the title of every format that this reads, by its name."""
        return {self.format: self.title, **dict(self.others)}

    def takes(self, text: str) -> bool:
        """Return whether a text is in this format, by how it looks alone."""
        return text.startswith(self.prefix) if self.recognises is None else self.recognises(text)
