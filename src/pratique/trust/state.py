"""What a trust folder must not forget: the newest of everything that it has seen, in one small file."""

from __future__ import annotations

import re
from dataclasses import dataclass
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
_LIST: Final = frozenset({"sequence", "sha256"})
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


class Seen(NamedTuple):
    """The edition of a list that was taken in last: its number, and the hexadecimal SHA-256 of its payload."""

    sequence: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The version of the root in use, the latest time seen, and for each list its newest edition, by id.

    The sequences and the version only ever grow, and so does the time. It is not signed: who can write to the folder
    can make it forget, with all else that is in it.
    """

    root_version: int
    latest: datetime
    lists: Mapping[str, Seen]

    @classmethod
    def decode(cls, data: bytes) -> State:
        """Return the state that a file holds. Raises: TrustError (`trust.folder_invalid`)."""
        try:
            document = json.decode(data, limit=MAX_STATE_BYTES)
            members.members(document, _STATE)
            lists = document["lists"]
            if type(lists) is not dict:
                raise members.invalid("lists is not an object")
            return cls(
                root_version=_number(document["root_version"], "root_version"),
                latest=members.JSON.time(document["latest"], "latest"),
                lists={list_id: _seen(entry) for list_id, entry in lists.items()},
            )
        except PratiqueError as error:
            raise TrustError(Reason.TRUST_FOLDER_INVALID, error.detail) from None

    def encode(self) -> bytes:
        """Return the content of the file."""
        document = {
            "root_version": self.root_version,
            "latest": rfc3339(self.latest),
            "lists": {list_id: seen._asdict() for list_id, seen in sorted(self.lists.items())},
        }
        return json.encode(document).encode()


def _seen(entry: Any) -> Seen:
    members.members(entry, _LIST)
    return Seen(_number(entry["sequence"], "sequence"), members.matching(entry["sha256"], "sha256", _SHA256))


def _number(value: Any, name: str) -> int:
    if type(value) is not int or value < 1:
        raise members.invalid(f"{name} is not a number from 1")
    return value
