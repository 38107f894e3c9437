"""A trust list: these issuers exist, these are their keys, this is what each may sign, this key was withdrawn.

It has two forms of one content: JSON, for people and for a local file that its reader vouches for, and CBOR, which is
what operators sign (`wire.py`). `members.py` checks what stands in an entry.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from pratique.cose.keys import PublicKey
from pratique.errors import PratiqueError
from pratique.model import IssuerIdentity, Kind
from pratique.trust import members
from pratique.trust.members import COUNTRY, FORMAT, JSON, KIND, LANGUAGE, TARGET, Form, invalid

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

MAX_ISSUERS: Final = 50_000  # on one list; the largest that is planned for has 10,000
MAX_KEYS: Final = 250_000  # of all issuers on one list; the largest that is planned for has 50,000
STATUS_LIST_FORMAT: Final = "token-status-list"
"""The format name of keys that sign status lists: what a key may sign beside credentials stands on lists as they do."""

_MAX_SEQUENCE: Final = 2**53 - 1  # what every JSON reader takes for exactly that number (RFC 7493)
_LIST: Final = frozenset({"id", "sequence", "issued_at", "issuers"})
_DUE: Final = frozenset({"next_update", "expires_at"})
_ISSUER: Final = frozenset({"id", "country", "keys"})
_ISSUER_OPTIONAL: Final = frozenset({"names", "status_lists", "scope"})
_KEY: Final = frozenset({"key_id", "formats", "not_before", "not_after"})
_KEY_OPTIONAL: Final = frozenset({"public_key", "certificate", "scope", "withdrawn"})
_WITHDRAWAL: Final = frozenset({"at", "reason"})

# Below an address nothing counts but plain segments: what software may decode, resolve or cut off must be listed whole.
_FOLDER: Final = re.compile(r"https://[^/?#@\\\s]+/([^?#\\\s]*/)?")
_BELOW: Final = re.compile(r"[A-Za-z0-9_~-][A-Za-z0-9._~-]*(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*")


@dataclass(frozen=True, slots=True)
class Scope:
    """What may be signed: kinds of fact and targets (ICD-11); None means any."""

    kinds: frozenset[str] | None = None
    targets: frozenset[str] | None = None

    def __str__(self) -> str:
        kinds, targets = (sorted(part) if part is not None else ["any"] for part in (self.kinds, self.targets))
        return f"{', '.join(kinds)} about {', '.join(targets)}"

    def covers(self, kind: Kind, target: str | None) -> bool:
        """Return whether a fact of this kind about this disease agent is inside."""
        if self.kinds is None and self.targets is None:  # most are not limited
            return True
        return covers(self.kinds, self.targets, kind, target)


def covers(kinds: frozenset[str] | None, targets: frozenset[str] | None, kind: Kind, target: str | None) -> bool:
    """Return whether a fact is of one of `kinds` and about one of `targets`; None means any.

    An agent that is not known is in no list of targets. A clearance states none, and may stand for any: where targets
    are limited, it is covered only if `kinds` names it.
    """
    if kind is Kind.CLEARANCE and targets is not None:
        return kinds is not None and kind in kinds
    return (kinds is None or kind in kinds) and (targets is None or target in targets)


class WithdrawalReason(StrEnum):
    """Why a key was withdrawn."""

    COMPROMISE = "compromise"
    SUPERSEDED = "superseded"


_REASON: Final = re.compile("|".join(WithdrawalReason))


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """That a key was withdrawn: since when, and why."""

    at: datetime
    reason: WithdrawalReason

    def voids(self, issued_at: datetime) -> bool:
        """Return whether what the key signed counts no more, for a code that states this time of issue.

        After a compromise nothing does: whoever holds the key can write any time. A key that was superseded vouches for
        what was issued before that time.
        """
        return self.reason is WithdrawalReason.COMPROMISE or issued_at >= self.at


@dataclass(frozen=True, slots=True)
class TrustedIssuer:
    """An issuer as a trust list states it; `country` is alpha-3, `names` are by language.

    `status_lists` are the addresses of its status lists; one that ends with a slash covers all below it. `identity` is
    what it adds to a credential that does not state its issuer.
    """

    id: str
    country: str
    names: Mapping[str, str]
    scope: Scope
    trust_list: str
    status_lists: tuple[str, ...] = ()
    identity: IssuerIdentity = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "identity", IssuerIdentity(self.id, self.country, self.name()))

    def name(self, language: str = "en") -> str:
        """Return the name in a language, or in English, or the identifier."""
        return self.names.get(language) or self.names.get("en") or self.id

    def publishes(self, uri: str) -> bool:
        """Return whether an address is that of a status list of this issuer.

        Characters are compared as they are: neither case nor percent-encoding nor dots are brought into one form. What
        is below an address that ends with a slash has segments of letters, digits, `-`, `_`, `~` and, except at their
        beginning, dots; any other address counts only where it is listed itself.
        """
        return any(uri == address or _is_below(uri, address) for address in self.status_lists)


def _is_below(uri: str, folder: str) -> bool:
    return (
        uri.startswith(folder)
        and _FOLDER.fullmatch(folder) is not None
        and _BELOW.fullmatch(uri, len(folder)) is not None
    )


class TrustedKey:
    """A key of an issuer: its identifier, the formats and facts it may sign, its window, and whether it was withdrawn.

    The key itself is parsed when it is first needed, and once. `not_before` and `not_after` are both inside the window.
    `certificate` is X.509 in DER, or None; it is not parsed here. `withdrawn` is None for a key that is in use.
    """

    __slots__ = (
        "_key",
        "_public_key",
        "certificate",
        "formats",
        "issuer",
        "key_id",
        "not_after",
        "not_before",
        "scope",
        "withdrawn",
    )

    def __init__(self, entry: Mapping[str, Any], issuer: TrustedIssuer, form: Form = JSON) -> None:
        members.members(entry, _KEY, _KEY_OPTIONAL)
        self.issuer = issuer
        self.key_id = form.octets(entry["key_id"])
        self.formats = members.texts(entry["formats"], "formats", FORMAT)
        self.scope = _scope(entry)
        self.not_before = form.time(entry["not_before"], "not_before")
        self.not_after = form.time(entry["not_after"], "not_after")
        if self.not_after < self.not_before:
            raise invalid("not_after is before not_before")
        self._key: PublicKey | None = None
        self._public_key: Mapping[str, Any] | bytes | None = None
        self.certificate: bytes | None = None
        if "public_key" in entry:
            form.check_public_key(entry["public_key"])
            self._public_key = entry["public_key"]
        if "certificate" in entry:
            self.certificate = form.octets(entry["certificate"])
        elif self._public_key is None:
            raise invalid("there is neither public_key nor certificate")
        self.withdrawn = _withdrawal(entry["withdrawn"], form) if "withdrawn" in entry else None

    def __repr__(self) -> str:
        return f"TrustedKey(issuer={self.issuer.id!r}, key_id={self.key_id.hex()!r})"

    @property
    def key(self) -> PublicKey:
        """Return the public key. Raises: KeyMaterialError: it cannot be read."""
        if self._key is None:
            self._key = self._parse()
        return self._key

    def _parse(self) -> PublicKey:
        if isinstance(self._public_key, bytes):
            return PublicKey.from_cose_key(self._public_key)
        if self._public_key is not None:
            return PublicKey.from_jwk(self._public_key)
        return PublicKey.from_certificate(self.certificate or b"")

    def is_listed_as(self, other: TrustedKey) -> bool:
        """Return whether two entries have the key in the same words; one key can be listed in several."""
        if self._public_key is None or other._public_key is None:
            return self._public_key is other._public_key and self.certificate == other.certificate
        return self._public_key == other._public_key

    def covers_time(self, moment: datetime) -> bool:
        """Return whether a moment is in the key's window."""
        return self.not_before <= moment <= self.not_after


@dataclass(frozen=True, slots=True)
class SetAside:
    """An entry that cannot be used: where it stands and why."""

    where: str
    error: PratiqueError

    @classmethod
    def of(cls, where: str, error: PratiqueError) -> SetAside:
        """Return the record without the frames that the error came through: a list may have very many such entries."""
        error.__context__ = None
        return cls(where, error.with_traceback(None))


@dataclass(frozen=True, slots=True)
class TrustList:
    """A trust list: its name, its keys, and the entries that were set aside because they cannot be used.

    `issuers` are those of the keys, and those that have no key.
    From `next_update` on there should be a newer edition, from `expires_at` on this one does not count any more; a list
    that was not signed may have neither.
    """

    id: str
    sequence: int
    issued_at: datetime
    keys: tuple[TrustedKey, ...] = field(repr=False)
    set_aside: tuple[SetAside, ...] = ()
    issuers: tuple[TrustedIssuer, ...] = field(repr=False, default=())
    next_update: datetime | None = None
    expires_at: datetime | None = None

    @classmethod
    def from_json(cls, document: Any) -> TrustList:
        """Return the trust list of a JSON document; an issuer or key that is faulty is set aside, and the rest works.

        Of several issuers with one identifier the first counts, and the others are set aside.
        Raises: TrustError (`trust.list_invalid`): the list's own members are faulty, or it has more than `MAX_ISSUERS`
        or `MAX_KEYS`.
        Not checked: who made the list, its owner vouches for it; that each key can be parsed; whether it has expired.
        """
        members.members(document, _LIST, _DUE)
        return cls._read(document, JSON)

    @classmethod
    def from_cbor(cls, payload: bytes) -> TrustList:
        """Return the trust list of a signed list's payload; faulty entries are set aside as in `from_json`.

        Raises: TrustError (`trust.list_invalid`): as `from_json`; `next_update` or `expires_at` is missing; the payload
        is longer than `wire.MAX_LIST_BYTES` or not deterministic CBOR.
        Not checked: the signatures, see `signed.py`; that each key can be parsed; whether the list has expired.
        """
        from pratique.trust import wire  # noqa: PLC0415 - local lists do without, and it needs what stands here

        document = wire.decode(payload)
        members.members(document, _LIST | _DUE)
        return cls._read(document, wire.CBOR)

    @classmethod
    def _read(cls, document: Mapping[str, Any], form: Form) -> TrustList:
        list_id = members.text(document["id"], "id")
        sequence = document["sequence"]
        if type(sequence) is not int or not 1 <= sequence <= _MAX_SEQUENCE:
            raise invalid(f"sequence is not a number from 1 to {_MAX_SEQUENCE}")
        names = ("issued_at", "next_update", "expires_at")
        times = {name: form.time(document[name], name) for name in names if name in document}
        if [*times.values()] != sorted(times.values()):
            raise invalid(f"{', '.join(times)} are not in this order")
        aside: list[SetAside] = []
        issuers: dict[str, TrustedIssuer] = {}
        items = members.items(document["issuers"], "issuers")
        keys = tuple(_keys(items, list_id, form, issuers, aside))
        return cls(list_id, sequence, keys=keys, set_aside=tuple(aside), issuers=tuple(issuers.values()), **times)


def _keys(
    items: list[Any], trust_list: str, form: Form, issuers: dict[str, TrustedIssuer], aside: list[SetAside]
) -> Iterator[TrustedKey]:
    """Yield every key; collect the issuers by their identifiers, and what is faulty."""
    if len(items) > MAX_ISSUERS:
        raise invalid(f"{len(items)} issuers; {MAX_ISSUERS} is the most that is read")
    count = 0
    for i, item in enumerate(items):
        try:
            entry = form.issuer(item)
            issuer = _issuer(entry, trust_list)
            keys = members.items(entry["keys"], "keys")
            if issuer.id in issuers:
                raise invalid("the issuer's id occurs twice")
        except PratiqueError as error:
            aside.append(SetAside.of(f"issuers/{i}", error))
            continue
        issuers[issuer.id] = issuer
        count += len(keys)
        if count > MAX_KEYS:
            raise invalid(f"more than {MAX_KEYS} keys")
        for j, key in enumerate(keys):
            try:
                yield TrustedKey(key, issuer, form)
            except PratiqueError as error:
                aside.append(SetAside.of(f"issuers/{i}/keys/{j}", error))


def _issuer(entry: Any, trust_list: str) -> TrustedIssuer:
    members.members(entry, _ISSUER, _ISSUER_OPTIONAL)
    names = entry.get("names", {})
    if type(names) is not dict or not all(type(name) is str and LANGUAGE.fullmatch(name) for name in names):
        raise invalid("names is not an object whose members are languages")
    addresses = members.items(entry.get("status_lists", []), "status_lists")
    return TrustedIssuer(
        id=members.text(entry["id"], "id"),
        country=members.matching(entry["country"], "country", COUNTRY),
        names={language: members.text(name, "names") for language, name in names.items()},
        scope=_scope(entry),
        trust_list=trust_list,
        status_lists=tuple(members.text(address, "status_lists") for address in addresses),
    )


_scope_of = lru_cache(maxsize=1024)(Scope)  # as few as there are sets of kinds and targets


def _scope(entry: Mapping[str, Any]) -> Scope:
    if "scope" not in entry:
        return _scope_of()
    scope = entry["scope"]
    members.members(scope, frozenset(), {"kinds", "targets"})
    kinds = members.texts(scope["kinds"], "kinds", KIND) if "kinds" in scope else None
    return _scope_of(kinds, members.texts(scope["targets"], "targets", TARGET) if "targets" in scope else None)


def _withdrawal(entry: Any, form: Form) -> Withdrawal:
    members.members(entry, _WITHDRAWAL)
    reason = members.matching(entry["reason"], "reason", _REASON)
    return Withdrawal(form.time(entry["at"], "at"), WithdrawalReason(reason))
