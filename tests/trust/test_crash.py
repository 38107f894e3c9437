"""A process that ends at any call to the system leaves the folder as it was or as it was to become.

So does a process that takes updates while others do.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from authority import NOW
from keepers import ANNA, BO, CLEO, DORA, EVE, root, signed_list
from pratique.errors import TrustError
from pratique.reasons import Reason
from pratique.trust import TrustStore
from pratique.trust.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CALLS = ("open", "write", "fsync", "close", "replace", "unlink", "mkdir")
DIED, FINISHED, FAILED = 3, 0, 4
ROTATED = root(BO, CLEO, DORA, version=2)

# What the child does after a fork needs none of the threads that were left behind.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")


def in_another_process(work: Callable[[], object], *, dies_at: int) -> int:
    """Return how a process ended that did this work, or ended without a word at its n-th call to the system.

    In place of a call that writes, half of the bytes are written first.
    """
    return ending(start(work, dies_at=dies_at))


def start(work: Callable[[], object], *, dies_at: int | None = None) -> int:
    child = os.fork()
    if child:
        return child
    end = FAILED  # pragma: no cover - in another process
    try:  # pragma: no cover
        if dies_at is not None:
            _count_calls(dies_at)
        work()
        end = FINISHED
    finally:
        os._exit(end)


def ending(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _count_calls(dies_at: int) -> None:  # pragma: no cover - in another process
    made = 0

    def counting(module: Any, name: str) -> None:
        genuine = getattr(module, name)

        def call(*arguments: Any, **options: Any) -> Any:
            nonlocal made
            made += 1
            if made == dies_at:
                if name == "write":
                    genuine(arguments[0], arguments[1][: len(arguments[1]) // 2])
                os._exit(DIED)
            return genuine(*arguments, **options)

        setattr(module, name, call)

    for name in CALLS:
        counting(os, name)
    counting(fcntl, "flock")


def contents(repository: Repository) -> tuple[int, dict[str, int]]:
    """Return the version of the root and the editions that count, which must be all that the folder remembers."""
    state, found = repository.state(), repository.load()
    lists = {trust_list.id: trust_list.sequence for trust_list in found.lists}
    aside = {each.where: each.error.code for each in found.set_aside}
    missing = {list_id: seen.sequence for list_id, seen in state.lists.items() if list_id not in lists}
    assert set(aside.values()) <= {Reason.TRUST_LIST_NOT_TAKEN, Reason.DOCUMENT_THRESHOLD}
    assert set(missing) == {name.split(".")[0] for name, code in aside.items() if code is Reason.DOCUMENT_THRESHOLD}
    return found.root.version, {**lists, **missing}


TWO_LISTS = (signed_list(sequence=4, id="eu"), signed_list(sequence=4))
UPDATES = {
    "the first list": ((), signed_list()),
    "another list": (TWO_LISTS[:1], signed_list()),
    "a newer edition": (TWO_LISTS, signed_list(sequence=5)),
    "the same edition under one signature more": (TWO_LISTS, signed_list(ANNA, BO, CLEO, sequence=4)),
    "a root": ((), ROTATED.sign([ANNA, BO, CLEO])),
    "a root that takes a list's threshold": (TWO_LISTS, root(CLEO, DORA, EVE, version=2).sign([BO, CLEO, DORA])),
    "a list of the new root": ((*TWO_LISTS, ROTATED.sign([ANNA, BO, CLEO])), signed_list(BO, DORA, sequence=6)),
}


@pytest.mark.parametrize("name", UPDATES)
def test_update_that_dies_at_any_call_has_happened_or_has_not(tmp_path: Path, name: str) -> None:
    before, data = UPDATES[name]
    start = Repository.create(tmp_path / "start", root())
    for each in before:
        start.update(each, at=NOW)
    finished = Repository(shutil.copytree(start.path, tmp_path / "finished"))
    finished.update(data, at=NOW)
    old, new = contents(start), contents(finished)
    seen = []
    dies_at = 0
    ended = DIED
    while ended == DIED:
        dies_at += 1
        repository = Repository(shutil.copytree(start.path, tmp_path / str(dies_at)))
        ended = in_another_process(lambda: repository.update(data, at=NOW), dies_at=dies_at)  # noqa: B023 - at once
        seen.append(contents(repository))
        repository.update(data, at=NOW)  # and the next attempt puts everything in order
        assert contents(repository) == new
        assert {file.name for file in repository.path.iterdir()} == {file.name for file in finished.path.iterdir()}
    assert ended == FINISHED
    assert dies_at > 12
    turn = seen.index(new)
    assert seen == [old] * turn + [new] * (len(seen) - turn)  # once it has happened, it has


def test_making_of_a_folder_that_dies_at_any_call_can_be_repeated(tmp_path: Path) -> None:
    ended, dies_at = DIED, 0
    while ended == DIED:
        dies_at += 1
        path = tmp_path / str(dies_at)
        ended = in_another_process(lambda: Repository.create(path, root()), dies_at=dies_at)  # noqa: B023 - at once
        if (path / "root.json").exists():
            assert Repository.open(path).root() == root()
        else:
            assert Repository.create(path, root()).root() == root()
    assert ended == FINISHED
    assert dies_at > 12


def test_nothing_counts_before_it_is_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A loss of power may forget what was not flushed: content, and the names in the folder."""
    repository = Repository.create(tmp_path / "trust", root())
    repository.update(signed_list(), at=NOW)
    opened: dict[int, str] = {}
    calls: list[tuple[str, str]] = []

    def shown(path: object) -> str:
        return os.fspath(path).rpartition("/")[2].split(".cose.")[0].split(".json.")[0]  # type: ignore[call-overload]

    def recording(name: str) -> None:
        genuine = getattr(os, name)

        def call(first: Any, *arguments: Any, **options: Any) -> Any:
            result = genuine(first, *arguments, **options)
            if name == "open":
                opened[result] = shown(first)
            elif name != "close":
                calls.append((name, opened[first] if type(first) is int else shown(first)))
            return result

        monkeypatch.setattr(os, name, call)

    for name in ("open", "write", "fsync", "replace", "unlink"):
        recording(name)
    repository.update(signed_list(sequence=2), at=NOW)
    assert calls == [
        ("write", "who.2.trust"), ("fsync", "who.2.trust"), ("replace", "who.2.trust"), ("fsync", "trust"),
        ("write", "state"), ("fsync", "state"), ("replace", "state"), ("fsync", "trust"),
        ("unlink", "who.1.trust.cose"),
    ]  # fmt: skip


EDITIONS = [signed_list(sequence=sequence) for sequence in range(1, 25)]


def take_in(repository: Repository, mine: list[bytes]) -> None:
    for data in mine:
        try:
            repository.update(data, at=NOW)
        except TrustError as error:
            if error.code is not Reason.DOCUMENT_ROLLBACK:
                raise


def read_until_the_newest(path: Path) -> None:
    newest = 0
    while newest < len(EDITIONS):
        (trust_list,) = TrustStore.load(path).lists
        assert trust_list.sequence >= newest, "a step back"
        newest = trust_list.sequence


def test_processes_that_update_and_read_at_the_same_time_see_no_step_back(tmp_path: Path) -> None:
    repository = Repository.create(tmp_path / "trust", root())
    repository.update(EDITIONS[0], at=NOW)
    works = [lambda mine=EDITIONS[i::3]: take_in(repository, mine) for i in range(3)]
    works += [lambda: read_until_the_newest(repository.path)] * 2
    children = [start(work) for work in works]
    assert [ending(child) for child in children] == [FINISHED] * 5
    assert contents(repository) == (1, {"who": len(EDITIONS)})
