"""A border bundle: all that a kiosk relies on, in one signed file that travels on a stick.

Trust lists, acceptance, status lists, the revocation lists of foreign formats, and entry rules. Whoever makes it has
verified the lists, and vouches for all of it with the root keys of the border; the lists keep their own dates, and the
bundle has dates besides. Nothing in it is a secret, and nothing in it is about a traveller.

The wire is a document of kind `bundle` (`trust.signed`), whose payload is deterministic CBOR as `schemas/bundle.cddl`
has it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pratique import files
from pratique.codec import cbor, json
from pratique.errors import PratiqueError, TrustError
from pratique.model.dates import MAX_SECONDS
from pratique.reasons import Reason
from pratique.revocation import Revocation
from pratique.status import StatusPolicy, StatusStore, revocation_folder
from pratique.trust import Acceptance, TrustList, TrustStore, signed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pratique.cose.signer import Signer
    from pratique.rules.ruleset import RuleSet
    from pratique.trust.root import Root

KIND: Final = "bundle"
MAX_ITEMS: Final = 10_000  # of any one kind; an operator has some dozens

_MEMBERS: Final = {
    "id": str,
    "sequence": int,
    "issued_at": int,
    "next_update": int,
    "expires_at": int,
    "trust_lists": list,
    "acceptance": bytes,
    "status_lists": list,
    "revocation": dict,
    "rule_sets": list,
}
_decode = cbor.Decoder(deterministic=True, max_items=4 * MAX_ITEMS + 2 * len(_MEMBERS))


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Bundle:
    """What a kiosk relies on, encoded as it was packed.

    `trust_lists` are payloads of trust lists (`trust.wire`), `acceptance` is its JSON text, `status_lists` are tokens
    as their issuers signed them, `revocation` the files of a revocation folder by name, and `rule_sets` payloads of
    rule sets. `root` is the one that vouches for it, None as long as nobody has asked. Times are aware, UTC, whole
    seconds.
    """

    id: str
    sequence: int
    issued_at: datetime
    next_update: datetime
    expires_at: datetime
    trust_lists: tuple[bytes, ...]
    acceptance: bytes
    status_lists: tuple[bytes, ...] = ()
    revocation: Mapping[str, bytes] = field(default_factory=dict)
    rule_sets: tuple[bytes, ...] = ()
    root: Root | None = field(default=None, compare=False)

    def __repr__(self) -> str:
        return f"Bundle({self.id!r}, sequence={self.sequence}, {len(self.trust_lists)} trust lists)"

    @classmethod
    def load(cls, path: Path | str, root: Root) -> Bundle:
        """Return the bundle in a file, as `read`. Raises: TrustError (`bundle.invalid`): the file cannot be read."""
        try:
            data = files.read(Path(path), signed.MAX_DOCUMENT_BYTES)
        except OSError as error:
            raise _invalid(f"{path} cannot be read: {error.strerror}") from None
        return cls.read(data, root)

    @classmethod
    def read(cls, data: bytes, root: Root) -> Bundle:
        """Return the bundle that a root vouches for.

        Raises: TrustError (`bundle.invalid`): its members are faulty, or the root does not vouch for its id; and as
        `signed.verify`. Not checked: its age, and whether a newer one was seen; what is in its parts.
        """
        bundle = cls.from_cbor(signed.verify(data, KIND, root).payload)
        if not root.vouches_for(bundle.id):
            raise _invalid(f"root {root.id!r} does not vouch for a bundle {bundle.id!r}")
        return replace(bundle, root=root)

    @classmethod
    def from_cbor(cls, payload: bytes) -> Bundle:
        """Return the bundle of a payload. Raises: TrustError (`bundle.invalid`). Not checked: who signed it."""
        try:
            members = _decode(payload)
        except PratiqueError as error:
            raise _invalid(error.detail) from None
        if type(members) is not dict or members.keys() != _MEMBERS.keys():
            raise _invalid("it has other members than a bundle")
        for name, kind in _MEMBERS.items():
            if type(members[name]) is not kind:
                raise _invalid(f"{name} is of another type")
            if kind is list and any(type(item) is not bytes for item in members[name]):
                raise _invalid(f"an item of {name} is not a byte string")
        if any(type(name) is not str or type(data) is not bytes for name, data in members["revocation"].items()):
            raise _invalid("revocation is not a map of names and byte strings")
        times = {name: _moment(members[name], name) for name in ("issued_at", "next_update", "expires_at")}
        if members["sequence"] < 1 or not times["issued_at"] < times["next_update"] <= times["expires_at"]:
            raise _invalid("its sequence is below 1, or its dates are in no order")
        lists = {name: tuple(members[name]) for name, kind in _MEMBERS.items() if kind is list}
        return cls(**{**members, **times, **lists})

    def to_cbor(self) -> bytes:
        """Return the payload that is to be signed. Raises: TrustError (`bundle.invalid`): as `from_cbor`."""
        members: dict[str, Any] = {name: getattr(self, name) for name in _MEMBERS}
        for name, value in members.items():
            if isinstance(value, datetime):
                members[name] = int(value.timestamp())
            elif isinstance(value, tuple):
                members[name] = list(value)
        payload = cbor.encode(members)
        Bundle.from_cbor(payload)
        return payload

    def sign(self, signers: Sequence[Signer]) -> bytes:
        """Return the signed file. Raises: TrustError: as `to_cbor`. ValueError: as `signed.sign`."""
        return signed.sign(KIND, self.to_cbor(), signers)

    def trust(self) -> TrustStore:
        """Return the trust lists and the acceptance. Raises: TrustError: one of them cannot be used."""
        lists = [TrustList.from_cbor(payload) for payload in self.trust_lists]
        roots = {} if self.root is None else {each.id: self.root for each in lists}
        return TrustStore(lists, acceptance=Acceptance.from_json(json.decode(self.acceptance)), roots=roots)

    def held(self, *, policy: StatusPolicy = StatusPolicy()) -> Revocation:  # noqa: B008 - immutable
        """Return what it holds of revocations. Raises: DecodeError: the revocation lists are too many to be held."""
        foreign = revocation_folder.read(self.revocation) if self.revocation else None
        return Revocation(StatusStore(self.status_lists), policy, foreign)

    def rules(self) -> tuple[RuleSet, ...]:
        """Return the rule sets. Raises: PratiqueError (`rules.invalid`): one of them cannot be used."""
        from pratique.rules.ruleset import RuleSet  # noqa: PLC0415 - many kiosks have none

        return tuple(RuleSet.from_payload(payload) for payload in self.rule_sets)


def _moment(seconds: int, name: str) -> datetime:
    if not 0 <= seconds < MAX_SECONDS:
        raise _invalid(f"{name} is not a number of seconds since 1970")
    return datetime.fromtimestamp(seconds, UTC)


def _invalid(detail: str) -> TrustError:
    return TrustError(Reason.BUNDLE_INVALID, detail)
