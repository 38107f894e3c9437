"""What a trust folder must not forget: the newest of everything that it has seen, in one small file."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pratique.codec import json
from pratique.errors import PratiqueError, TrustError
from pratique.model.dates import rfc3339
from pratique.reasons import Reason
from pratique.trust import members

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

MAX_STATE_BYTES: Final = 1024 * 1024  # 5,000 lists; an operator has a handful

_STATE: Final = frozenset({"root_version", "latest", "lists"})
_BUNDLES: Final = frozenset({"bundles"})  # only a kiosk has any
_LIST: Final = frozenset({"sequence", "sha256"})
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


class Seen(NamedTuple):
    """The edition of a list or bundle that was taken in last: its number, and the hexadecimal SHA-256 of it."""

    sequence: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The version of the root in use, the latest time seen, and of each list and bundle its newest edition, by id.

    The sequences and the version only ever grow, and so does the time. It is not signed: who can write to the folder
    can make it forget, with all else that is in it.
    """

    root_version: int
    latest: datetime
    lists: Mapping[str, Seen]
    bundles: Mapping[str, Seen] = field(default_factory=dict)

    def editions(self, kind: str) -> Mapping[str, Seen]:
        """Return what was taken in of a kind of document, by id. Raises: KeyError: the kind is not remembered."""
        return {"trust-list": self.lists, "bundle": self.bundles}[kind]

    def having(self, kind: str, document_id: str, seen: Seen) -> State:
        """Return the state once an edition was taken in. Raises: as `editions`."""
        editions = {**self.editions(kind), document_id: seen}
        return replace(self, bundles=editions) if kind == "bundle" else replace(self, lists=editions)

    @classmethod
    def decode(cls, data: bytes) -> State:
        """Return the state that a file holds. Raises: TrustError (`trust.folder_invalid`)."""
        try:
            document = json.decode(data, limit=MAX_STATE_BYTES)
            members.members(document, _STATE, _BUNDLES)
            return cls(
                root_version=_number(document["root_version"], "root_version"),
                latest=members.JSON.time(document["latest"], "latest"),
                lists=_editions(document, "lists"),
                bundles=_editions(document, "bundles"),
            )
        except PratiqueError as error:
            raise TrustError(Reason.TRUST_FOLDER_INVALID, error.detail) from None

    def encode(self) -> bytes:
        """Return the content of the file. Raises: TrustError (`trust.folder_invalid`): more than is read again."""
        document = {
            "root_version": self.root_version,
            "latest": rfc3339(self.latest),
            "lists": _encoded(self.lists),
            **({"bundles": _encoded(self.bundles)} if self.bundles else {}),
        }
        data = json.encode(document).encode()
        if len(data) > MAX_STATE_BYTES:
            detail = f"its memory would have {len(data)} bytes, at most {MAX_STATE_BYTES} are read"
            raise TrustError(Reason.TRUST_FOLDER_INVALID, detail)
        return data


def _editions(document: Any, name: str) -> dict[str, Seen]:
    editions = document.get(name, {})
    if type(editions) is not dict:
        raise members.invalid(f"{name} is not an object")
    return {document_id: _seen(entry) for document_id, entry in editions.items()}


def _encoded(editions: Mapping[str, Seen]) -> dict[str, Any]:
    return {document_id: seen._asdict() for document_id, seen in sorted(editions.items())}


def _seen(entry: Any) -> Seen:
    members.members(entry, _LIST)
    return Seen(_number(entry["sequence"], "sequence"), members.matching(entry["sha256"], "sha256", _SHA256))


def _number(value: Any, name: str) -> int:
    if type(value) is not int or value < 1:
        raise members.invalid(f"{name} is not a number from 1")
    return value
