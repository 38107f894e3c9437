"""What an operator has in folders, packed into a border bundle, with what had to be left out.

What is only missed is left out and said: a list that does not count, an entry that cannot be read, a status list that
nobody entitled signed. What guards is refused where it cannot be used: acceptance, entry rules, and revocation lists,
of which the one that nobody can read might be the one that matters.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from pratique.bundle import Bundle
from pratique.codec import json
from pratique.cose.keys import PublicKey
from pratique.errors import PratiqueError, TrustError
from pratique.model.dates import parse_datetime, rfc3339
from pratique.reasons import Reason
from pratique.status import StatusStore, revocation_folder
from pratique.trust import Acceptance, TrustList, signed, wire
from pratique.trust.folder import ROOT_FILE, SIGNED_SUFFIX
from pratique.trust.repository import Repository, Series
from pratique.trust.store import ACCEPTANCE_FILE, LIST_SUFFIX
from pratique.trust.trust_list import SetAside

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta
    from pathlib import Path

    from pratique.rules.ruleset import RuleSet
    from pratique.trust import TrustStore


class Packed(NamedTuple):
    """A bundle, to be signed, and what of the folders is not in it: where it stands, and why."""

    bundle: Bundle
    left_out: tuple[SetAside, ...]


@dataclass(frozen=True, slots=True)
class _Payload:
    """A signed trust list with the bytes that its keepers signed."""

    payload: bytes = field(repr=False)
    id: str
    sequence: int
    issued_at: datetime
    expires_at: datetime | None

    @classmethod
    def read(cls, payload: bytes) -> _Payload:
        """Return the list of a payload. Raises: TrustError (`trust.list_invalid`)."""
        made = TrustList.from_cbor(payload)
        return cls(payload, made.id, made.sequence, made.issued_at, made.expires_at)


_LISTS = Series(signed.TRUST_LIST, SIGNED_SUFFIX, _Payload.read, "list")


def pack(  # noqa: PLR0913 - one for each part of a bundle
    bundle_id: str,
    sequence: int,
    *,
    at: datetime,
    due: timedelta,
    ends: timedelta,
    trust: Path,
    status: Path | None = None,
    revocation: Path | None = None,
    rules: Sequence[RuleSet] = (),
) -> Packed:
    """Return the bundle of what is in folders.

    Args:
        bundle_id: its id, the same for every edition; the root must vouch for it.
        sequence: the number of this edition, one more than that of the last.
        at: now, aware; the time of issue.
        due: after which the next edition should be there.
        ends: after which this one counts no more; not less than `due`.
        trust: a trust folder. Signed lists are packed as they are, local ones get the bundle's times where they state
            none. Without `acceptance.json` the bundle accepts nobody.
        status: a folder of status lists (`StatusStore`).
        revocation: a folder of revocation lists of foreign formats (`status.revocation_folder`).
        rules: entry rules.
    Raises: TrustError: acceptance, root or memory of the trust folder cannot be used; two lists have one id
        (`trust.list_invalid`); `bundle.invalid`: times in no order, a sequence below 1. DecodeError
        (`status.list_invalid`): a revocation list cannot be used.
        StatusError: there is no such folder. TypeError: `at` is naive.
    """
    if at.utcoffset() is None:
        raise TypeError("a time without a zone")
    issued_at = datetime.fromtimestamp(int(at.timestamp()), UTC)
    aside: list[SetAside] = []
    next_update, expires_at = issued_at + due, issued_at + ends
    lists = [*_signed_lists(trust, issued_at, aside), *_local_lists(trust, issued_at, (next_update, expires_at), aside)]
    if not lists:
        raise TrustError(Reason.BUNDLE_INVALID, f"{trust} holds no trust list that could be packed")
    bundle = Bundle(
        id=bundle_id,
        sequence=sequence,
        issued_at=issued_at,
        next_update=next_update,
        expires_at=expires_at,
        trust_lists=tuple(lists),
        acceptance=_acceptance(trust, aside),
        status_lists=(),
        revocation={} if revocation is None else _revocation(revocation, aside),
        rule_sets=tuple(each.payload() for each in rules),
    )
    store = bundle.trust()
    if status is not None:
        bundle = replace(bundle, status_lists=_status_lists(status, store, issued_at, aside))
    bundle.to_cbor()
    return Packed(bundle, tuple(aside))


def _signed_lists(folder: Path, at: datetime, aside: list[SetAside]) -> list[bytes]:
    """Return the payloads of the signed lists that count now."""
    if not (folder / ROOT_FILE).exists():
        stranger = TrustError(Reason.TRUST_LIST_NOT_TAKEN, "no root is pinned in the folder")
        aside += [SetAside.of(file.name, stranger) for file in sorted(folder.glob(f"*{SIGNED_SUFFIX}"))]
        return []
    _, lists, unusable = Repository.open(folder).load_series(_LISTS)
    aside += unusable
    payloads = []
    for each in lists:
        if each.expires_at is not None and at >= each.expires_at:
            aside.append(_over(each.id, each.expires_at))
        else:
            payloads.append(each.payload)
    return payloads


def _local_lists(
    folder: Path, at: datetime, ends_of_bundle: tuple[datetime, datetime], aside: list[SetAside]
) -> list[bytes]:
    """Return the payloads of the lists in JSON, with the times of the bundle where they state none."""
    next_update, expires_at = ends_of_bundle
    payloads = []
    for file in sorted(folder.glob(f"*{LIST_SUFFIX}")):
        try:
            document = json.decode(file.read_bytes(), limit=wire.MAX_LIST_BYTES)
            document = _usable(document, file.name, aside)
            ends = parse_datetime(document["expires_at"]) if "expires_at" in document else expires_at
            if at >= ends:
                aside.append(_over(document["id"], ends))
                continue
            times = {"next_update": rfc3339(min(next_update, ends)), "expires_at": rfc3339(ends)}
            payloads.append(wire.to_cbor({**times, **document}))
        except PratiqueError as error:  # the owner's own to mend
            raise TrustError(error.code, f"{file}: {error.detail}") from None
        except OSError as error:
            raise TrustError(Reason.TRUST_LIST_INVALID, f"{file} cannot be read: {error.strerror}") from None
    return payloads


def _over(list_id: str, ended_at: datetime) -> SetAside:
    return SetAside.of(
        list_id, TrustError(Reason.DOCUMENT_EXPIRED, f"list {list_id!r} counted until {rfc3339(ended_at)}")
    )


def _usable(document: Any, name: str, aside: list[SetAside]) -> Any:
    """Return a list in JSON without the entries that cannot be used. Raises: TrustError: it is no list at all."""
    unusable = TrustList.from_json(document).set_aside
    faulty = {each.where for each in unusable}
    aside += [SetAside.of(f"{name}, {each.where}", each.error) for each in unusable]
    issuers = []
    for i, issuer in enumerate(document["issuers"]):
        if f"issuers/{i}" in faulty:
            continue
        keys = []
        for j, key in enumerate(issuer["keys"]):
            where = f"issuers/{i}/keys/{j}"
            if where not in faulty and _is_readable(key, f"{name}, {where}", aside):
                keys.append(key)
        issuers.append({**issuer, "keys": keys})
    return {**document, "issuers": issuers}


def _is_readable(key: Any, where: str, aside: list[SetAside]) -> bool:
    if "public_key" not in key:
        return True
    try:
        PublicKey.from_jwk(key["public_key"])
    except PratiqueError as error:
        aside.append(SetAside.of(where, error))
        return False
    return True


def _acceptance(folder: Path, aside: list[SetAside]) -> bytes:
    file = folder / ACCEPTANCE_FILE
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        absent = TrustError(Reason.ACCEPTANCE_INVALID, "it is not there, so that the bundle accepts nobody")
        aside.append(SetAside.of(ACCEPTANCE_FILE, absent))
        return b"{}"
    except OSError as error:
        raise TrustError(Reason.ACCEPTANCE_INVALID, f"{file} cannot be read: {error.strerror}") from None
    try:
        Acceptance.from_json(json.decode(data))
    except PratiqueError as error:
        raise TrustError(Reason.ACCEPTANCE_INVALID, f"{file}: {error.detail}") from None
    return data


def _status_lists(folder: Path, store: TrustStore, at: datetime, aside: list[SetAside]) -> tuple[bytes, ...]:
    """Return the status lists that count by the trust lists of the bundle; one that is over can still say no."""
    at_hand, packed = StatusStore.load(folder), StatusStore()
    aside += at_hand.set_aside
    for each in at_hand.lists:
        try:
            packed.add(each.data, keys=store, at=at)
        except PratiqueError as error:
            aside.append(SetAside.of(each.uri, error))
    return tuple(each.data for each in packed.lists)


def _revocation(folder: Path, aside: list[SetAside]) -> dict[str, bytes]:
    contents = revocation_folder.contents(folder)
    for damage in revocation_folder.read(contents).damage:
        error = TrustError(Reason.STATUS_LIST_INVALID, f"{folder / damage.where}: {damage.detail}")
        if damage.left_out:
            raise error
        aside.append(SetAside.of(damage.where, error))
    return contents
