"""A trust list: these issuers exist, these are their keys, this is what each may sign.

First form: the JSON view, as a local file that its reader vouches for. `schemas/trust-list.schema.json` describes it;
what is checked here on every load is the same, by hand, because a schema validator alone takes longer to import than a
verification may take.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from pratique.cose.keys import PublicKey
from pratique.errors import PratiqueError, TrustError
from pratique.model import Kind
from pratique.model.dates import parse_datetime
from pratique.reasons import Reason

_LIST: Final = frozenset({"id", "sequence", "issued_at", "issuers"})
_ISSUER: Final = frozenset({"id", "country", "keys"})
_KEY: Final = frozenset({"key_id", "formats", "not_before", "not_after"})
_KINDS: Final = frozenset(Kind)


@dataclass(frozen=True, slots=True)
class Scope:
    """What may be signed: kinds of fact and targets (ICD-11); None means any."""

    kinds: frozenset[str] | None = None
    targets: frozenset[str] | None = None

    def covers(self, kind: Kind, target: str | None) -> bool:
        """Return whether a fact of this kind about this disease agent is inside."""
        return (self.kinds is None or kind in self.kinds) and covers_target(self.targets, kind, target)


def covers_target(targets: frozenset[str] | None, kind: Kind, target: str | None) -> bool:
    """Return whether a fact is about one of `targets`. A clearance has none; an unknown agent is in no list."""
    return targets is None or target in targets or kind is Kind.CLEARANCE


@dataclass(frozen=True, slots=True)
class TrustedIssuer:
    """An issuer as a trust list states it; `country` is alpha-3, `names` are by language."""

    id: str
    country: str
    names: Mapping[str, str]
    scope: Scope
    trust_list: str

    def name(self, language: str = "en") -> str:
        """Return the name in a language, or in English, or the identifier."""
        return self.names.get(language) or self.names.get("en") or self.id


class TrustedKey:
    """A key of an issuer: its identifier, the formats and facts it may sign, and its window.

    The key itself is parsed when it is first needed, and once. `not_before` and `not_after` are both inside the window.
    """

    def __init__(self, entry: Mapping[str, Any], issuer: TrustedIssuer) -> None:
        _members(entry, _KEY, {"public_key", "certificate", "scope"})
        self.issuer = issuer
        self.key_id = _unbase64(entry["key_id"])
        self.formats = _texts(entry["formats"], "formats")
        self.scope = _scope(entry.get("scope"))
        self.not_before = parse_datetime(_text(entry["not_before"], "not_before"))
        self.not_after = parse_datetime(_text(entry["not_after"], "not_after"))
        if "public_key" not in entry and "certificate" not in entry:
            raise _invalid("there is neither public_key nor certificate")
        self._entry = entry

    def __repr__(self) -> str:
        return f"TrustedKey(issuer={self.issuer.id!r}, key_id={self.key_id.hex()!r})"

    @cached_property
    def key(self) -> PublicKey:
        """Return the public key. Raises: KeyMaterialError, TrustError: it cannot be read."""
        if "public_key" in self._entry:
            return PublicKey.from_jwk(self._entry["public_key"])
        return PublicKey.from_certificate(_unbase64(self._entry["certificate"]))

    def covers_time(self, moment: datetime) -> bool:
        """Return whether a moment is in the key's window."""
        return self.not_before <= moment <= self.not_after


@dataclass(frozen=True, slots=True)
class SetAside:
    """An entry that cannot be used: where it stands and why."""

    where: str
    error: PratiqueError


@dataclass(frozen=True, slots=True)
class TrustList:
    """A trust list: its name, its keys, and the entries that were set aside because they cannot be used."""

    id: str
    sequence: int
    issued_at: datetime
    keys: tuple[TrustedKey, ...] = field(repr=False)
    set_aside: tuple[SetAside, ...] = ()

    @classmethod
    def from_json(cls, document: Any) -> TrustList:
        """Return the trust list of a JSON document; an issuer or key that is faulty is set aside, and the rest works.

        Raises: TrustError (`trust.list_invalid`): the list's own members are faulty.
        Not checked: who made the list, its owner vouches for it; that each key can be parsed.
        """
        _members(document, _LIST, ())
        list_id = _text(document["id"], "id")
        if type(document["sequence"]) is not int or document["sequence"] < 1:
            raise _invalid("sequence is not a number from 1")
        try:
            issued_at = parse_datetime(_text(document["issued_at"], "issued_at"))
        except PratiqueError as error:
            raise _invalid(f"issued_at: {error.detail}") from None
        keys: list[TrustedKey] = []
        aside: list[SetAside] = []
        for where, issuer, entry in _entries(_items(document["issuers"], "issuers"), list_id, aside):
            try:
                keys.append(TrustedKey(entry, issuer))
            except PratiqueError as error:
                aside.append(SetAside(where, error))
        return cls(list_id, document["sequence"], issued_at, tuple(keys), tuple(aside))


def _entries(
    issuers: list[Any], trust_list: str, aside: list[SetAside]
) -> Iterator[tuple[str, TrustedIssuer, Mapping[str, Any]]]:
    """Yield every key entry with its issuer and its place in the document; set faulty issuers aside."""
    for i, entry in enumerate(issuers):
        try:
            _members(entry, _ISSUER, {"names", "scope"})
            names = entry.get("names", {})
            if type(names) is not dict:
                raise _invalid("names is not an object")
            issuer = TrustedIssuer(
                id=_text(entry["id"], "id"),
                country=_country(entry["country"]),
                names={language: _text(name, "names") for language, name in names.items()},
                scope=_scope(entry.get("scope")),
                trust_list=trust_list,
            )
            keys = _items(entry["keys"], "keys")
        except PratiqueError as error:
            aside.append(SetAside(f"issuers/{i}", error))
            continue
        for j, key in enumerate(keys):
            yield f"issuers/{i}/keys/{j}", issuer, key


def _invalid(detail: str) -> TrustError:
    return TrustError(Reason.TRUST_LIST_INVALID, detail)


def _members(entry: Any, required: frozenset[str], optional: Collection[str]) -> None:
    """Check the members of an object: one that is not known may carry a restriction, so it is refused."""
    if type(entry) is not dict:
        raise _invalid("an entry is not an object")
    if missing := required - entry.keys():
        raise _invalid(f"{min(missing)} is missing")
    if unknown := entry.keys() - required - frozenset(optional):
        raise _invalid(f"{len(unknown)} members are not known")


def _text(value: Any, name: str) -> str:
    if type(value) is not str or not value:
        raise _invalid(f"{name} is not a text")
    return value


def _items(value: Any, name: str) -> list[Any]:
    if type(value) is not list:
        raise _invalid(f"{name} is not an array")
    return value


def _texts(value: Any, name: str) -> frozenset[str]:
    return frozenset(_text(item, name) for item in _items(value, name))


def _country(value: Any) -> str:
    text = _text(value, "country")
    if len(text) != 3 or not text.isascii() or not text.isupper():  # noqa: PLR2004 - alpha-3
        raise _invalid("country is not an alpha-3 code")
    return text


def _scope(entry: Any) -> Scope:
    if entry is None:
        return Scope()
    _members(entry, frozenset(), {"kinds", "targets"})
    kinds = _texts(entry["kinds"], "kinds") if "kinds" in entry else None
    if kinds is not None and not kinds <= _KINDS:
        raise _invalid("a kind of the scope is not known")
    return Scope(kinds, _texts(entry["targets"], "targets") if "targets" in entry else None)


def _unbase64(value: Any) -> bytes:
    text = _text(value, "a key identifier or certificate")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise _invalid("a key identifier or certificate is not base64") from None
