"""The root: the keys whose owners vouch for trust lists and other documents, and how many of them must agree.

Its JSON form (`schemas/root.schema.json`) is for people to read, compare and pin: whoever verifies has got it by a way
that they trust. Its signed form (`signed.py`, kind `root`) replaces a root that is pinned: root n+1 counts when the
thresholds of root n and of root n+1 itself signed it. Names and rules are those of TUF (specification 1.0.33, sections
4.3 and 5.3). In the signed form times are whole seconds since 1970 and keys are encoded COSE_Keys, as in trust lists.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pratique.codec import cbor
from pratique.cose.algorithms import SIGNING
from pratique.cose.keys import PublicKey
from pratique.errors import PratiqueError, TrustError
from pratique.model.dates import rfc3339
from pratique.reasons import Reason
from pratique.trust import members, signed, wire

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from pratique.cose.signer import Signer

MAX_KEYS: Final = 32  # as many as signatures are read
MAX_VERSION: Final = 2**53 - 1  # as JSON has numbers everywhere (RFC 7493 section 2.2)

_MEMBERS: Final = frozenset({"id", "version", "issued_at", "expires_at", "threshold", "keys"})
_OPTIONAL: Final = ("lists",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """A root: `threshold` different keys of it must have signed what it vouches for.

    From `expires_at` on it vouches for nothing new. `lists` are the ids of the trust lists that it vouches for, None
    where it may vouch for any. Times are aware, whole seconds.
    Raises: ValueError: a version below 1; no key, one twice, or one with which nothing is signed here; a threshold
    below 1 or above the number of keys; times with fractions, before 1970 or in the wrong order. TypeError: a naive
    time.
    """

    id: str
    version: int
    issued_at: datetime
    expires_at: datetime
    threshold: int
    keys: tuple[PublicKey, ...]
    lists: frozenset[str] | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.version <= MAX_VERSION:
            raise ValueError(f"version is not a number from 1 to {MAX_VERSION}")
        if not 1 <= len(self.keys) <= MAX_KEYS:
            raise ValueError(f"there are {len(self.keys)} keys, from 1 to {MAX_KEYS} are taken")
        if len({key.thumbprint for key in self.keys}) < len(self.keys):
            raise ValueError("a key is there twice")
        if any(key.default_algorithm not in SIGNING for key in self.keys):
            raise ValueError("with a key of one of these types nothing is signed here")
        if not 1 <= self.threshold <= len(self.keys):
            raise ValueError(f"threshold is not a number from 1 to the number of keys, {len(self.keys)}")
        if self.issued_at.utcoffset() is None or self.expires_at.utcoffset() is None:
            raise TypeError("a time without a zone")
        if self.issued_at.microsecond or self.expires_at.microsecond or self.issued_at.timestamp() < 0:
            raise ValueError("a time has a fraction of a second, or is before 1970")
        if self.issued_at >= self.expires_at:
            raise ValueError("expires_at is not after issued_at")

    @classmethod
    def from_json(cls, document: Any) -> Root:
        """Return the root of a JSON document. Raises: TrustError (`root.invalid`): anything in it is faulty.

        Not checked: whose root it is. Whoever pins it has to know.
        """
        return _checked(cls, document, members.JSON, _from_jwk)

    @classmethod
    def from_cbor(cls, payload: bytes) -> Root:
        """Return the root of a signed root's payload. Raises: TrustError (`root.invalid`). Not checked: who signed."""
        try:
            document = cbor.decode(payload, deterministic=True)
        except PratiqueError as error:
            raise _invalid(error.detail) from None
        return _checked(cls, document, wire.CBOR, _from_cose_key)

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form; keys are JWKs with the members that their types require."""
        return {
            **self._plain(),
            "issued_at": rfc3339(self.issued_at),
            "expires_at": rfc3339(self.expires_at),
            "keys": [key.jwk for key in self.keys],
        }

    def to_cbor(self) -> bytes:
        """Return the payload of the signed form."""
        return cbor.encode(
            {
                **self._plain(),
                "issued_at": int(self.issued_at.timestamp()),
                "expires_at": int(self.expires_at.timestamp()),
                "keys": [key.encoded for key in self.keys],
            }
        )

    def _plain(self) -> dict[str, Any]:
        """Return the members, in the order in which people read them, that have one form; the others are to be put."""
        plain = {"id": self.id, "version": self.version, "issued_at": None, "expires_at": None}
        plain |= {"threshold": self.threshold, "keys": None}
        return plain if self.lists is None else {**plain, "lists": sorted(self.lists)}

    def sign(self, signers: Sequence[Signer]) -> bytes:
        """Return the signed form. Raises: ValueError: as `signed.sign`."""
        return signed.sign(signed.ROOT, self.to_cbor(), signers)

    def keys_named(self, key_id: bytes | None) -> tuple[PublicKey, ...]:
        """Return the keys with this identifier, the first 8 bytes of the thumbprint: one, or none."""
        return tuple(key for key in self.keys if key.key_id == key_id)

    def vouches_for(self, list_id: str) -> bool:
        """Return whether a trust list with this id is one that it may vouch for."""
        return self.lists is None or list_id in self.lists

    def successor(self, data: bytes) -> Root:
        """Return the next root, which a signed root is if this one's threshold and its own signed it.

        An expired root can be followed too: of several that are taken one after another, the last has to be current.

        Raises: TrustError (`root.succession`): another id, or not the next version; `root.invalid`; and as
            `signed.verify`.
        Source: TUF specification 1.0.33, section 5.3, steps 4 to 6.
        """
        root = Root.from_cbor(signed.verify(data, signed.ROOT, self).payload)
        if root.id != self.id:
            raise TrustError(Reason.ROOT_SUCCESSION, f"root {root.id!r} does not follow root {self.id!r}")
        if root.version != self.version + 1:
            raise TrustError(
                Reason.ROOT_SUCCESSION,
                f"version {root.version} does not follow version {self.version}: none is skipped",
            )
        signed.verify(data, signed.ROOT, root)
        return root


def _checked(cls: type[Root], document: Any, form: members.Form, key: Callable[[Any], PublicKey]) -> Root:
    """Return the root of a decoded document; JSON and CBOR differ in their form of times and keys."""
    try:
        members.members(document, _MEMBERS, _OPTIONAL)
        for name in ("version", "threshold"):
            if type(document[name]) is not int:
                raise _invalid(f"{name} is not a whole number")
        return cls(
            id=members.text(document["id"], "id"),
            version=document["version"],
            issued_at=form.time(document["issued_at"], "issued_at"),
            expires_at=form.time(document["expires_at"], "expires_at"),
            threshold=document["threshold"],
            keys=tuple(map(key, members.items(document["keys"], "keys"))),
            lists=_lists(document["lists"]) if "lists" in document else None,
        )
    except PratiqueError as error:
        raise _invalid(error.detail or error.code.meaning) from None
    except ValueError as error:
        raise _invalid(str(error)) from None


def _lists(value: Any) -> frozenset[str]:
    found = [members.text(each, "lists") for each in members.items(value, "lists")]
    if len(set(found)) < len(found):
        raise _invalid("lists has an id twice")
    return frozenset(found)


def _from_jwk(value: Any) -> PublicKey:
    members.JSON.check_public_key(value)
    return PublicKey.from_jwk(value)


def _from_cose_key(value: Any) -> PublicKey:
    wire.CBOR.check_public_key(value)
    return PublicKey.from_cose_key(value)


def _invalid(detail: str) -> TrustError:
    return TrustError(Reason.ROOT_INVALID, detail)
