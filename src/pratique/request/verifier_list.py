"""The holder's list of verifiers: who may ask, by which keys, for which purposes, and how long they may keep it.

It is JSON (`schemas/verifier-list.schema.json`): a local file, or signed by the keepers of a root as trust lists are.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from pratique import schemas
from pratique.codec import jcs, json
from pratique.cose.keys import PublicKey
from pratique.errors import DecodeError, PratiqueError, TrustError
from pratique.model.dates import parse_datetime
from pratique.reasons import Reason
from pratique.request.message import duration
from pratique.trust import signed
from pratique.trust.trust_list import SetAside

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, timedelta

    from pratique.cose.signer import Signer
    from pratique.trust.root import Root

KIND: Final = "verifier-list"
MAX_BYTES: Final = 16 * 1024 * 1024  # in JSON; ten thousand verifiers with three keys each take some 10 MB


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A key of a verifier; `not_before` and `not_after` are both inside its window, None leaves that end open."""

    key: PublicKey
    not_before: datetime | None = None
    not_after: datetime | None = None

    def is_current(self, at: datetime) -> bool:
        """Return whether a moment is in its window."""
        return (self.not_before is None or self.not_before <= at) and (self.not_after is None or at <= self.not_after)


@dataclass(frozen=True, slots=True)
class ListedVerifier:
    """A verifier as the list states it; `country` is alpha-3, `names` are by language, `purposes` are codes."""

    id: str
    country: str
    names: Mapping[str, str]
    keys: tuple[VerifierKey, ...] = field(repr=False)
    purposes: frozenset[str]
    max_retention: timedelta

    def name(self, language: str = "en") -> str:
        """Return the name in a language, or in English, or the identifier."""
        return self.names.get(language) or self.names.get("en") or self.id


@dataclass(frozen=True, eq=False)
class VerifierList:
    """A list of verifiers, and the entries that were set aside because they cannot be used.

    It counts from `issued_at` on, which `consider` sees to, and before `expires_at` where it states one.
    """

    id: str
    sequence: int
    issued_at: datetime
    verifiers: tuple[ListedVerifier, ...] = field(repr=False)
    expires_at: datetime | None = None
    set_aside: tuple[SetAside, ...] = ()

    @classmethod
    def from_json(cls, document: Any) -> VerifierList:
        """Return the list of a JSON document; a verifier that is faulty is set aside, and the rest works.

        Of several verifiers with one identifier none counts: which of them was meant, nobody can tell.
        Raises: TrustError (`request.list_invalid`): the list's own members are faulty.
        Not checked: who made the list.
        """
        try:
            schemas.check(document, "verifier-list")
        except DecodeError as error:
            raise TrustError(Reason.VERIFIERS_INVALID, error.detail) from None
        entries = document["verifiers"]
        ids = Counter(str(entry.get("id")) for entry in entries if type(entry) is dict)
        verifiers: list[ListedVerifier] = []
        aside: list[SetAside] = []
        for i, entry in enumerate(entries):
            try:
                verifiers.append(_verifier(entry, ids))
            except PratiqueError as error:
                aside.append(SetAside.of(f"verifiers/{i}", TrustError(Reason.VERIFIERS_INVALID, error.detail)))
        return cls(
            id=document["id"],
            sequence=document["sequence"],
            issued_at=parse_datetime(document["issued_at"]),
            verifiers=tuple(verifiers),
            expires_at=parse_datetime(document["expires_at"]) if "expires_at" in document else None,
            set_aside=tuple(aside),
        )

    @classmethod
    def decode(cls, data: bytes) -> VerifierList:
        """Return the list of a JSON text. Raises: DecodeError: no JSON, or too large; TrustError: as `from_json`."""
        return cls.from_json(json.decode(data, limit=MAX_BYTES))

    @classmethod
    def read(cls, data: bytes, root: Root) -> VerifierList:
        """Return the list of a signed document, for which a root vouches.

        Raises: TrustError: as `trust.signed.verify`; `request.list_invalid`: it does not say when it ends, or the root
            does not vouch for its id. DecodeError: as `decode`.
        Not checked: the age of the root; that no newer list was seen.
        """
        found = cls.decode(signed.verify(data, KIND, root).payload)
        if found.expires_at is None:
            raise TrustError(Reason.VERIFIERS_INVALID, "a signed list says when it ends")
        if not root.vouches_for(found.id):
            raise TrustError(Reason.VERIFIERS_INVALID, f"root {root.id!r} does not vouch for a list {found.id!r}")
        return found

    @classmethod
    def sign(cls, document: Any, signers: Sequence[Signer]) -> bytes:
        """Return a list, signed by keepers of a root; others can add theirs with `trust.signed.add_signature`.

        Raises: TrustError (`request.list_invalid`): anything in it is faulty, or it does not say when it ends.
            ValueError: as `trust.signed.sign`.
        """
        made = cls.from_json(document)
        for aside in made.set_aside:
            raise TrustError(Reason.VERIFIERS_INVALID, f"{aside.where}: {aside.error.detail}")
        if made.expires_at is None:
            raise TrustError(Reason.VERIFIERS_INVALID, "a signed list says when it ends")
        return signed.sign(KIND, jcs.encode(document), signers)

    @cached_property
    def _by_key_id(self) -> dict[bytes, list[tuple[ListedVerifier, VerifierKey]]]:
        found: dict[bytes, list[tuple[ListedVerifier, VerifierKey]]] = {}
        for verifier in self.verifiers:
            for key in verifier.keys:
                found.setdefault(key.key.key_id, []).append((verifier, key))
        return found

    def keys_for(self, key_id: bytes) -> tuple[tuple[ListedVerifier, VerifierKey], ...]:
        """Return every key with this identifier, with its verifier: identifiers are short hashes, and may collide."""
        return tuple(self._by_key_id.get(key_id, ()))

    def is_current(self, at: datetime) -> bool:
        """Return whether the list has not expired."""
        return self.expires_at is None or at < self.expires_at


def _verifier(entry: Any, ids: Mapping[str, int]) -> ListedVerifier:
    schemas.check(entry, "verifier-list", part="verifier")
    if ids[entry["id"]] > 1:
        raise TrustError(Reason.VERIFIERS_INVALID, "the verifier's id occurs twice")
    return ListedVerifier(
        id=entry["id"],
        country=entry["country"],
        names=entry["names"],
        keys=tuple(map(_key, entry["keys"])),
        purposes=frozenset(entry["purposes"]),
        max_retention=duration(entry["max_retention"]),
    )


def _key(entry: Mapping[str, Any]) -> VerifierKey:
    times = (parse_datetime(entry[name]) if name in entry else None for name in ("not_before", "not_after"))
    return VerifierKey(PublicKey.from_jwk(entry["public_key"]), *times)
