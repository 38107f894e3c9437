"""Card revocation lists of SMART Health Cards: which `rid` under which key an issuer has taken back.

    {"kid": "…", "method": "rid", "ctr": 69, "rids": ["YheGzx4ezAE", "LtIivXXPtFo.1700283599"]}

A time behind a `rid` takes back what was issued before it, and leaves what was issued then or later. The list is
published beside the issuer's keys, unsigned: who fetched it has its origin from TLS alone, and vouches for the file. As
published it does not say whose it is, only which key it is for; platforms sign for many issuers with one key. So a file
may name the issuer too, as `iss`; one that does not counts for whoever has that key. It may also hold `crlVersion`, the
counter that the issuer's key set stated: a list that has not come as far is stale.

Source: SMART Health Cards 1.4.0, section Revocation. Lists of the draft methods that compute an identifier from a
card's content (RFC 002, `hash-fhir` and `hmac-patient`) are refused; none is deployed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pratique.codec import base64url
from pratique.errors import DecodeError
from pratique.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pratique.model import CardIdentifier

METHOD: Final = "rid"
MAX_CARDS: Final = 1_000_000  # identifiers on one list; the longest published one has some 800
MAX_ISSUER: Final = 255  # characters

_KEY_ID_BYTES = 32  # a JWK thumbprint, RFC 7638
_ENTRY = re.compile(r"([A-Za-z0-9_-]{1,24})(?:\.([0-9]{1,15}))?").fullmatch
_COUNTER = re.compile(r"[0-9]{1,15}").fullmatch
_MOST = 10**15  # a counter below that is written the same in every language


@dataclass(frozen=True, slots=True, repr=False)
class CardList:
    """The list of one key: how often it was changed (`counter`), and what it takes back.

    `key_id` is the thumbprint of the key. `issuer` is None where the file does not say whose it is. `stated_counter` is
    the counter that the issuer's key set stated, None where it stated none. `damaged` is how many entries were set
    aside because they are no identifiers.
    """

    key_id: bytes
    issuer: str | None
    counter: int
    stated_counter: int | None
    damaged: int
    _rids: Mapping[str, int | None]

    def __len__(self) -> int:
        return len(self._rids)

    def __repr__(self) -> str:
        return f"CardList(key {self.key_id.hex()[:16]}, counter={self.counter}, {len(self._rids)} cards)"

    @classmethod
    def from_json(cls, document: Any) -> CardList:
        """Return the list that a JSON document is.

        Not checked: where it comes from.
        Raises: DecodeError (`status.list_invalid`): it is none, or of another method; a single entry that is no
        identifier is set aside.
        """
        if type(document) is not dict or type(rids := document.get("rids")) is not list:
            raise _invalid("a card revocation list is an object with an array of rids")
        if document.get("method") != METHOD:
            raise _invalid(f"its method is not {METHOD}")
        if len(rids) > MAX_CARDS:
            raise _invalid(f"{len(rids)} rids, at most {MAX_CARDS} are read")
        issuer = document.get("iss")
        if issuer is not None and (type(issuer) is not str or not 0 < len(issuer) <= MAX_ISSUER):
            raise _invalid("iss is not an address")
        stated = document.get("crlVersion")
        found: dict[str, int | None] = {}
        damaged = 0
        for entry in rids:
            match = _ENTRY(entry) if type(entry) is str else None
            if match is None:
                damaged += 1
                continue
            rid, before = match[1], None if match[2] is None else int(match[2])
            known = found.get(rid, 0)
            found[rid] = None if before is None or known is None else max(before, known)
        return cls(
            _key_id(document.get("kid")),
            issuer,
            _counter("ctr", document.get("ctr")),
            None if stated is None else _counter("crlVersion", stated),
            damaged,
            found,
        )

    @property
    def is_behind(self) -> bool:
        """Return whether the issuer's key set has announced a later list than this."""
        return self.stated_counter is not None and self.counter < self.stated_counter

    def revokes(self, card: CardIdentifier) -> bool:
        """Return whether a card is taken back.

        A card without a `rid` is on no list. One that does not say when it was issued counts as issued before any time.
        """
        if card.rid is None or card.rid not in self._rids:
            return False
        before = self._rids[card.rid]
        # Fractions of a second are cut from the time of issue, and `before` has none: the order is the same.
        return before is None or card.issued_at is None or int(card.issued_at.timestamp()) < before

    def check_follows(self, held: CardList) -> None:
        """Raise DecodeError (`status.rollback`) where this list may not take the place of one that is held.

        Its counter must not go back; under the same counter it must take back all that the other does.
        """
        if self.counter < held.counter:
            raise DecodeError(Reason.STATUS_ROLLBACK, f"its counter is {self.counter}, that at hand {held.counter}")
        if self.counter == held.counter and not all(map(self._covers, held._rids.items())):
            raise DecodeError(Reason.STATUS_ROLLBACK, f"another list with the same counter, {self.counter}, is at hand")

    def _covers(self, entry: tuple[str, int | None]) -> bool:
        rid, before = entry
        if rid not in self._rids:
            return False
        mine = self._rids[rid]
        return mine is None or (before is not None and before <= mine)


def lists_of_directory(snapshot: Any) -> tuple[dict[str, Any], ...]:
    """Return the card revocation lists in a snapshot of the VCI directory, each as a file of its own would have it.

    Each names its issuer, and the counter that the issuer's key set stated for its key. A key that states one and has
    no list gets an empty one with the counter 0, which is behind: nobody can say what is on the list that is missing.
    Not checked: the signature of the snapshot, and whether each is a list; `CardList.from_json` does that.
    Raises: DecodeError (`status.list_invalid`): it is no snapshot.
    """
    entries = snapshot.get("issuerInfo") if type(snapshot) is dict else None
    if type(entries) is not list:
        raise _invalid("a snapshot of the directory is an object with an array issuerInfo")
    found: list[dict[str, Any]] = []
    for entry in entries:
        issuer = _member(_member(entry, "issuer"), "iss")
        keys, lists = (_array(_member(entry, name)) for name in ("keys", "crls"))
        stated = {str(_member(key, "kid")): _member(key, "crlVersion") for key in keys}
        listed = {str(_member(each, "kid")) for each in lists}
        missing = [kid for kid, counter in stated.items() if counter is not None and kid not in listed]
        for each in [*lists, *({"kid": kid, "method": METHOD, "ctr": 0, "rids": []} for kid in missing)]:
            if type(each) is dict:
                known = {"iss": issuer, "crlVersion": stated.get(str(each.get("kid")))}
                found.append({**each, **{name: value for name, value in known.items() if value is not None}})
    return tuple(found)


def _member(value: Any, name: str) -> Any:
    return value.get(name) if type(value) is dict else None


def _array(value: Any) -> list[Any]:
    return value if type(value) is list else []


def _key_id(stated: Any) -> bytes:
    try:
        key_id = base64url.decode(stated.encode("ascii")) if type(stated) is str else b""
    except (DecodeError, UnicodeEncodeError):
        key_id = b""
    if len(key_id) != _KEY_ID_BYTES:
        raise _invalid(f"kid is not the base64url of {_KEY_ID_BYTES} bytes")
    return key_id


def _counter(name: str, stated: Any) -> int:
    """Return a counter, which some issuers write as text."""
    if type(stated) is str and _COUNTER(stated):
        return int(stated)
    if type(stated) is not int or not 0 <= stated < _MOST:
        raise _invalid(f"{name} is not a counter")
    return stated


def _invalid(detail: str) -> DecodeError:
    return DecodeError(Reason.STATUS_LIST_INVALID, detail)
