"""A trust list: these issuers exist, these are their keys, this is what each may sign.

First form: the JSON view, as a local file that its reader vouches for. `schemas/trust-list.schema.json` describes it;
what is checked here on every load is the same, by hand, because a schema validator alone takes longer to import than a
verification may take.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from pratique.cose.keys import PublicKey
from pratique.errors import DecodeError, PratiqueError, TrustError
from pratique.model import Kind
from pratique.model.dates import parse_datetime
from pratique.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from datetime import datetime

_LIST: Final = frozenset({"id", "sequence", "issued_at", "issuers"})
_ISSUER: Final = frozenset({"id", "country", "keys"})
_KEY: Final = frozenset({"key_id", "formats", "not_before", "not_after"})
_KIND: Final = re.compile("|".join(Kind))
_JWK: Final = frozenset({"kty", "crv", "x", "y", "n", "e", "pub", "alg", "use", "key_ops", "kid"})

# The patterns of `schemas/`, by which the parsers here and of acceptance go.
COUNTRY: Final = re.compile(r"[A-Z]{3}")
FORMAT: Final = re.compile(r"[a-z][a-z0-9-]{0,31}")
TARGET: Final = re.compile(r"[0-9A-Z]{2,8}(\.[0-9A-Z]{1,2})?")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_TIME: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})"
)


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
        return covers(self.kinds, self.targets, kind, target)


def covers(kinds: frozenset[str] | None, targets: frozenset[str] | None, kind: Kind, target: str | None) -> bool:
    """Return whether a fact is of one of `kinds` and about one of `targets`; None means any.

    An agent that is not known is in no list of targets. A clearance states none, and may stand for any: where targets
    are limited, it is covered only if `kinds` names it.
    """
    if kind is Kind.CLEARANCE and targets is not None:
        return kinds is not None and kind in kinds
    return (kinds is None or kind in kinds) and (targets is None or target in targets)


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
        self.formats = _texts(entry["formats"], "formats", FORMAT)
        self.scope = _scope(entry)
        self.not_before = _time(entry["not_before"], "not_before")
        self.not_after = _time(entry["not_after"], "not_after")
        if self.not_after < self.not_before:
            raise _invalid("not_after is before not_before")
        if "public_key" in entry:
            _check_jwk(entry["public_key"])
        if "certificate" in entry:
            _unbase64(entry["certificate"])
        elif "public_key" not in entry:
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

        Of several issuers with one identifier the first counts, and the others are set aside.
        Raises: TrustError (`trust.list_invalid`): the list's own members are faulty.
        Not checked: who made the list, its owner vouches for it; that each key can be parsed.
        """
        _members(document, _LIST, ())
        list_id = _text(document["id"], "id")
        if type(document["sequence"]) is not int or document["sequence"] < 1:
            raise _invalid("sequence is not a number from 1")
        issued_at = _time(document["issued_at"], "issued_at")
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
    seen: set[str] = set()
    for i, entry in enumerate(issuers):
        try:
            _members(entry, _ISSUER, {"names", "scope"})
            names = entry.get("names", {})
            if type(names) is not dict or not all(map(_LANGUAGE.fullmatch, names)):
                raise _invalid("names is not an object whose members are languages")
            issuer = TrustedIssuer(
                id=_text(entry["id"], "id"),
                country=_matching(entry["country"], "country", COUNTRY),
                names={language: _text(name, "names") for language, name in names.items()},
                scope=_scope(entry),
                trust_list=trust_list,
            )
            keys = _items(entry["keys"], "keys")
            if issuer.id in seen:
                raise _invalid("the issuer's id occurs twice")
        except PratiqueError as error:
            aside.append(SetAside(f"issuers/{i}", error))
            continue
        seen.add(issuer.id)
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


def _texts(value: Any, name: str, pattern: re.Pattern[str]) -> frozenset[str]:
    items = _items(value, name)
    if not items:
        raise _invalid(f"{name} is empty")
    return frozenset(_matching(item, name, pattern) for item in items)


def _matching(value: Any, name: str, pattern: re.Pattern[str]) -> str:
    if type(value) is not str or not pattern.fullmatch(value):
        raise _invalid(f"{name} is not in its form")
    return value


def _time(value: Any, name: str) -> datetime:
    try:
        return parse_datetime(_matching(value, name, _TIME))
    except DecodeError as error:
        raise _invalid(f"{name}: {error.detail}") from None


def _scope(entry: Mapping[str, Any]) -> Scope:
    if "scope" not in entry:
        return Scope()
    scope = entry["scope"]
    _members(scope, frozenset(), {"kinds", "targets"})
    kinds = _texts(scope["kinds"], "kinds", _KIND) if "kinds" in scope else None
    return Scope(kinds, _texts(scope["targets"], "targets", TARGET) if "targets" in scope else None)


def _check_jwk(jwk: Any) -> None:
    """Check the shape of a JWK; what stands in it is read with the key, when that is first needed."""
    _members(jwk, frozenset({"kty"}), _JWK)
    for name, value in jwk.items():
        for text in _items(value, name) if name == "key_ops" else (value,):
            _text(text, name)


def _unbase64(value: Any) -> bytes:
    text = _text(value, "a key identifier or certificate")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise _invalid("a key identifier or certificate is not base64") from None
