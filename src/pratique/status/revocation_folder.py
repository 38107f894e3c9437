"""The folder in which an operator keeps foreign revocation lists: which file is what, reading it, adding to it.

    .lock               held while something is added
    as-of.json          when the lists of a network were last complete: {"eu-dcc": "2026-11-23T06:00:00Z"}
    *.dcc.json          batches of hashes, one or an array of them, taken out of the CMS of the gateway
    *.rids.json         a card revocation list as its issuer publishes it; `iss` and `crlVersion` may be added
    *.crl               a list of revoked certificates, DER

Anything else in it is passed over. A file that cannot be used is set aside and reported, and answers that depend on its
network are inconclusive until it is gone: a list that nobody can read might be the one that matters.
"""

from __future__ import annotations

import hashlib
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pratique import files
from pratique.codec import json
from pratique.cose.revocation_list import RevocationList
from pratique.errors import DecodeError, PratiqueError
from pratique.model.dates import parse_datetime, rfc3339
from pratique.reasons import Reason
from pratique.status.dcc_hash_list import HashBatch, read_batches
from pratique.status.foreign import DCC, NETWORKS, SEALS, SHC, Damage, ForeignRevocation
from pratique.status.smart_rid import CardList

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime, timedelta

AS_OF: Final = "as-of.json"
LOCK_FILE: Final = ".lock"
MAX_FILE: Final = json.MAX_BYTES  # bytes
MAX_FILES: Final = 100_000
MAX_AS_OF: Final = 4096  # bytes

_BATCHES, _CARDS, _CERTIFICATES = ".dcc.json", ".rids.json", ".crl"
_NETWORKS: Final = {_BATCHES: DCC, _CARDS: SHC, _CERTIFICATES: SEALS}
_NAME_BYTES = 16  # of a hash: what makes the name of a file
_DER = b"\x30"  # how a certificate list begins, and no JSON does


def load(folder: Path | str, *, max_age: timedelta | None = None) -> ForeignRevocation:
    """Return the lists of a folder; a file or entry that cannot be used is in its `damage`.

    Args:
        folder: as above.
        max_age: from this age on, counted from what `as-of.json` says, lists are stale; None is no limit.
    Raises: DecodeError (`status.list_invalid`): the folder cannot be read, or holds more than is held in memory.
    """
    return _lists(((path.name, partial(_content, path)) for path in _files(folder)), max_age)


def contents(folder: Path | str) -> dict[str, bytes]:
    """Return the files of a folder that count, by their names, for a bundle; `read` reads them again.

    Raises: DecodeError (`status.list_invalid`): folder or file cannot be read, or they have more than `MAX_FILE` bytes.
    """
    found: dict[str, bytes] = {}
    room = MAX_FILE
    for path in _files(folder):
        if path.name == AS_OF or any(path.name.endswith(suffix) for suffix in _NETWORKS):
            try:
                found[path.name] = _content(path)
            except DecodeError as error:
                raise _invalid(f"{path}: {error.detail}") from None
            room -= len(found[path.name])
            if room < 0:
                raise _invalid(f"the files in {folder} have more than {MAX_FILE} bytes")
    return found


def _files(folder: Path | str) -> list[Path]:
    folder = Path(folder)
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        raise _invalid(f"{folder} cannot be read: {error.strerror}") from None
    if len(paths) > MAX_FILES:
        raise _invalid(f"{folder} holds {len(paths)} files, at most {MAX_FILES} are read")
    return paths


def read(contents: Mapping[str, bytes], *, max_age: timedelta | None = None) -> ForeignRevocation:
    """Return the lists of a folder whose files are in memory, by their names. Raises: as `load`."""
    return _lists(((name, partial(bytes, content)) for name, content in contents.items()), max_age)


def _lists(contents: Iterable[tuple[str, Callable[[], bytes]]], max_age: timedelta | None) -> ForeignRevocation:
    """Return the lists in files, each by its name and by what gives its content when its turn has come."""
    lists: list[HashBatch | CardList | RevocationList] = []
    damage: list[Damage] = []
    as_of: Mapping[str, datetime] = {}
    for name, content in contents:
        network = next((network for suffix, network in _NETWORKS.items() if name.endswith(suffix)), None)
        if network is None and name != AS_OF:
            continue
        try:
            if name == AS_OF:
                as_of = read_as_of(content())
                continue
            found, faults = read_file(content())
        except PratiqueError as error:
            damage.append(Damage(name, network, error.detail, left_out=True))
            continue
        lists += found
        damage += [Damage(f"{name}, batch {i}", network, detail, left_out=True) for i, detail in faults.items()]
        damaged = sum(each.damaged for each in found if isinstance(each, HashBatch | CardList))
        if damaged:
            damage.append(Damage(name, network, f"{damaged} entries are none and were set aside", left_out=False))
    return ForeignRevocation(lists, as_of=as_of, max_age=max_age, damage=damage)


def keep(folder: Path | str, data: bytes) -> Path:
    """Put a list into a folder, whole or not at all, and return the file.

    Which of the three it is, its content says. A card list takes the place of an earlier one of the same issuer and
    key. Neither batches nor certificate lists replace any: the gateway says which batches are deleted, and of
    certificate lists only those that verify count, which is seen when they are used.

    Not checked: where it comes from; the caller vouches for that.
    Raises: DecodeError (`status.list_invalid`): it is none of the three; (`status.rollback`): a later card list is in
    the folder. OSError.
    """
    found, faults = read_file(data)
    if not found or faults:
        raise _invalid(next(iter(faults.values()), "there is no list in it"))
    first, folder = found[0], Path(folder)
    if isinstance(first, CardList):
        path = folder / f"{_name(first.key_id + (first.issuer or '').encode())}{_CARDS}"
    else:
        path = folder / f"{_name(data)}{_CERTIFICATES if data.startswith(_DER) else _BATCHES}"
    with files.locked(folder / LOCK_FILE):
        if isinstance(first, CardList) and path.exists():
            first.check_follows(CardList.from_json(json.decode(_content(path))))
        files.replace(path, data)
    return path


def keep_as_of(folder: Path | str, network: str, moment: datetime) -> None:
    """Note in a folder that the lists of a network were complete at a time, aware.

    Raises: DecodeError (`status.list_invalid`): the notes that are there cannot be read; (`status.rollback`): they are
    of a later time. ValueError: no such network. OSError.
    """
    if network not in NETWORKS:
        raise ValueError(f"the networks are {', '.join(NETWORKS)}")
    path = Path(folder) / AS_OF
    with files.locked(Path(folder) / LOCK_FILE):
        noted = dict(read_as_of(_content(path))) if path.exists() else {}
        if network in noted and moment < noted[network]:
            raise DecodeError(
                Reason.STATUS_ROLLBACK, f"the lists of {network} are of {rfc3339(noted[network])} already"
            )
        noted[network] = moment
        document = {name: rfc3339(noted[name].replace(microsecond=0)) for name in sorted(noted)}
        files.replace(path, json.encode(document).encode())


def read_file(data: bytes) -> tuple[tuple[HashBatch | CardList | RevocationList, ...], dict[int, str]]:
    """Return the lists in a file, and what is wrong with batches that could not be read, by their place in it.

    Raises: DecodeError (`status.list_invalid`, or that of a layer): it is no list.
    """
    if data.startswith(_DER):
        return (RevocationList.read(data),), {}
    document: Any = json.decode(data)
    if type(document) is dict and "rids" in document:
        return (CardList.from_json(document),), {}
    return read_batches(document)


def _content(path: Path) -> bytes:
    try:
        data = files.read(path, MAX_FILE)
    except OSError as error:
        raise _invalid(f"it cannot be read: {error.strerror}") from None
    if len(data) > MAX_FILE:
        raise _invalid(f"more than {MAX_FILE} bytes")
    return data


def read_as_of(data: bytes) -> dict[str, datetime]:
    """Return what `as-of.json` says: when the lists of each network were last complete. Raises: DecodeError."""
    document = json.decode(data, limit=MAX_AS_OF)
    if type(document) is not dict or not document.keys() <= set(NETWORKS):
        raise _invalid(f"it is not an object with times of {', '.join(NETWORKS)}")
    try:
        return {network: parse_datetime(str(moment)) for network, moment in document.items()}
    except DecodeError as error:
        raise _invalid(error.detail) from None


def _name(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[: 2 * _NAME_BYTES]


def _invalid(detail: str) -> DecodeError:
    return DecodeError(Reason.STATUS_LIST_INVALID, detail)
