"""Status lists: memory and look-up beside a hash-set and a Bloom filter, and what publishing takes."""

from __future__ import annotations

import hashlib
import secrets
import time
import tracemalloc
from datetime import timedelta
from math import ceil, log
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, TypeVar

import authority
from benchmarks.measure import Effort, Table, at_most, take_turns
from pratique.model import StatusReference
from pratique.status import Register, StatusStore
from status_lists import ADDRESS, ListSigner, issuer_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from benchmarks.scene import Scene

_T = TypeVar("_T")

_ID_BYTES = 16
_WRONG = 0.001  # of the credentials that were not revoked a Bloom filter of this size refuses so many
_MEMORY_TARGET, _LOOKUP_TARGET, _PUBLISH_TARGET = 16, 1, 60  # MB, µs, s
_DAY = timedelta(days=1)


class BloomFilter:
    """A plain one: bits of a bytearray, places by double hashing of one SHA-256."""

    def __init__(self, members: Iterable[bytes], count: int, wrong: float) -> None:
        self.size = ceil(-count * log(wrong) / log(2) ** 2 / 8) * 8
        self.hashes = max(1, round(self.size / count * log(2)))
        self.bits = bytearray(self.size // 8)
        for member in members:
            for place in self._places(member):
                self.bits[place >> 3] |= 1 << (place & 7)

    def __contains__(self, member: bytes) -> bool:
        return all(self.bits[place >> 3] >> (place & 7) & 1 for place in self._places(member))

    def _places(self, member: bytes) -> list[int]:
        digest = hashlib.sha256(member).digest()
        first, step = int.from_bytes(digest[:8]), int.from_bytes(digest[8:16]) | 1
        return [(first + i * step) % self.size for i in range(self.hashes)]


def tables(scene: Scene, effort: Effort) -> tuple[Table, Table]:
    """Return the table of look-ups and that of publishing, of one list: one status in a hundred is set."""
    lists = ListSigner(scene.world.home)
    count = effort.statuses
    spent: dict[str, float] = {}
    with TemporaryDirectory() as folder:
        register = _timed(spent, "create", lambda: Register.create(Path(folder), uri=ADDRESS, size=count))
        indices = _timed(spent, "allocate", lambda: register.allocate_many(count // 100))
        _timed(spent, "revoke", lambda: register.revoke(*indices))
        _timed(spent, "allocate one", register.allocate)
        published = {
            level: _timed(
                spent,
                f"publish {level}",
                lambda level=level: register.publish(  # type: ignore[misc]
                    lists.signer, at=authority.NOW + timedelta(seconds=level), valid_for=_DAY, level=level
                ),
            )
            for level in (1, 6, 9)
        }
        register.close()
        _timed(spent, "open", lambda: Register.open(Path(folder))).close()
    trust = scene.world.store
    issuer = issuer_of(trust, scene.world.home.id)
    at = authority.NOW + timedelta(hours=1)
    cwt, jwt = published[9].cwt, published[9].jwt

    def ready(folder: str) -> StatusStore:
        store = StatusStore.load(folder)
        store.status(StatusReference(ADDRESS, 0), issuer=issuer, keys=trust, at=at)
        return store

    with TemporaryDirectory() as folder:
        StatusStore([cwt]).save(folder)
        store, memory = _measured(lambda: ready(folder))
    ids = [secrets.token_bytes(_ID_BYTES) for _ in indices]
    hash_set, set_memory = _measured(lambda: {bytes(bytearray(each)) for each in ids})
    bloom, bloom_memory = _measured(lambda: BloomFilter(ids, len(ids), _WRONG))
    asked = [secrets.token_bytes(_ID_BYTES) for _ in range(256)]
    statuses = published[9].token.statuses
    places = [secrets.randbelow(count) for _ in asked]
    references = [StatusReference(ADDRESS, place) for place in places]
    times = take_turns(
        {
            "list": lambda: [statuses.get(place) for place in places],
            "store": lambda: [store.status(each, issuer=issuer, keys=trust, at=at) for each in references],
            "set": lambda: [each in hash_set for each in asked],
            "bloom": lambda: [each in bloom for each in asked],
        },
        rounds=max(1, effort.rounds // 2),
        turn=effort.turn,
    )
    each = {name: seconds / len(asked) * 1e6 for name, seconds in times.items()}
    wrong = f"{_WRONG:.1%} wrongly refused"
    lookups = Table(
        "Look a status up",
        f"A list of {count:,} credentials of which one in a hundred is revoked, as it is held in memory and as it is "
        "fetched. The memory is that of a store that was loaded from a folder. Beside it, of the revoked "
        "alone, a hash-set (Python's, of identifiers of 16 bytes) and a Bloom filter. The store finds the list, sees "
        "that its issuer signed it and how old it is, and says what it found.",
        ("", "memory", "target", "look-up", "target", "fetched", ""),
        (
            (
                "pratique: `StatusList.get`",
                f"{memory:.1f} MB",
                at_most(_MEMORY_TARGET, memory, " MB"),
                f"{each['list']:.2f} µs",
                at_most(_LOOKUP_TARGET, each["list"], " µs"),
                f"{len(cwt) / 1e6:.2f} MB",
                "exact",
            ),
            ("pratique: `StatusStore.status`", "", "", f"{each['store']:.2f} µs", "", "", "exact, with its reasons"),
            (
                "hash-set",
                f"{set_memory:.1f} MB",
                "",
                f"{each['set']:.2f} µs",
                "",
                f"{len(ids) * _ID_BYTES / 1e6:.2f} MB",
                "exact",
            ),
            (
                "Bloom filter",
                f"{bloom_memory:.1f} MB",
                "",
                f"{each['bloom']:.2f} µs",
                "",
                f"{bloom.size / 8e6:.2f} MB",
                wrong,
            ),
        ),
    )
    publish = f"{len(jwt) / 1e6:.2f} MB as JWT"
    rows = [
        ("draw indices at random, and have them on the disk", "allocate", f"{len(indices):,} of them", ""),
        ("draw one, and have it on the disk", "allocate one", "", ""),
        ("revoke as many", "revoke", "", ""),
        *(
            (
                f"publish, compressed at level {level}",
                f"publish {level}",
                f"{len(published[level].cwt) / 1e6:.2f} MB",
                "",
            )
            for level in (1, 6)
        ),
        ("publish, compressed at level 9, the default", "publish 9", f"{len(cwt) / 1e6:.2f} MB, {publish}", "target"),
        ("open again", "open", "", ""),
    ]
    publishing = Table(
        "Publish a status list",
        f"`Register` of {count:,} statuses of one bit. A token is made whole each time, compressed once, and signed "
        "as CWT and as JWT.",
        ("", "time", "size", "target"),
        tuple(
            (name, f"{spent[key]:.3f} s", size, at_most(_PUBLISH_TARGET, spent[key], " s") if target else "")
            for name, key, size, target in rows
        ),
    )
    return lookups, publishing


def _timed(spent: dict[str, float], name: str, call: Callable[[], _T]) -> _T:
    begin = time.perf_counter()
    result = call()
    spent[name] = time.perf_counter() - begin
    return result


def _measured(make: Callable[[], _T]) -> tuple[_T, float]:
    """Return what is made and the megabytes that it keeps."""
    tracemalloc.start()
    try:
        made = make()
        return made, tracemalloc.get_traced_memory()[0] / 1e6
    finally:
        tracemalloc.stop()
