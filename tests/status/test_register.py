"""The issuer's register: indices at random and never twice, statuses by policy, and what a crash leaves."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections import Counter
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from authority import CLEARANCE, NOW, World, holder_key
from pratique.errors import StatusError
from pratique.model import StatusReference
from pratique.reasons import Reason
from pratique.status import Register, SignedStatusList, StatusList, StatusStore, StatusType, journal
from pratique.status import register as module
from status_lists import ADDRESS, ListSigner, issuer_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


def made(folder: Path, **options: Any) -> Register:
    return Register.create(folder, **{"uri": ADDRESS, "size": 80, **options})


def refusal(call: Callable[..., Any], *arguments: Any, **options: Any) -> Reason:
    with pytest.raises(StatusError) as refused:
        call(*arguments, **options)
    return refused.value.code


def reopened(register: Register) -> Register:
    register.close()
    return Register.open(register.folder)


# Allocation


def test_reference_is_what_a_credential_takes(tmp_path: Path) -> None:
    world = World()
    with made(tmp_path) as register:
        reference = register.allocate()
        held = world.home.issue(CLEARANCE, holder_key=holder_key().public, status=reference)
    assert held.credential.status == reference
    assert reference.uri == ADDRESS
    assert 0 <= reference.index < 80


@pytest.mark.parametrize("step", [1, 3, 40, 240])
def test_every_index_is_given_out_once_until_none_is_left(tmp_path: Path, step: int) -> None:
    with made(tmp_path, size=240) as register:
        given: list[int] = []
        while register.free:
            given += register.allocate_many(min(step, register.free))
        assert sorted(given) == [*range(240)]
        assert refusal(register.allocate) is Reason.REGISTER_FULL
        assert [*register.allocate_many(0)] == []


def test_more_than_is_left_is_refused_whole(tmp_path: Path) -> None:
    with made(tmp_path) as register:
        register.allocate_many(75)
        assert refusal(register.allocate_many, 6) is Reason.REGISTER_FULL
        assert register.free == 5
        assert len(register.allocate_many(5)) == 5
        with pytest.raises(ValueError, match="negative"):
            register.allocate_many(-1)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 30), max_size=12), st.sampled_from([8, 64, 104, 256]))
def test_indices_are_never_repeated_however_they_are_asked_for(
    tmp_path_factory: pytest.TempPathFactory, counts: list[int], size: int
) -> None:
    register = made(tmp_path_factory.mktemp("register"), size=size)
    given: list[int] = []
    for count in counts:
        given += register.allocate_many(min(count, register.free))
        register = reopened(register)
        assert register.free == size - len(given)
    assert len(set(given)) == len(given)
    register.close()


@pytest.mark.parametrize("size", [80, 128, 136])
@pytest.mark.parametrize("taken", [0, 0.5, 0.95])
def test_every_free_index_has_the_same_chance(tmp_path: Path, size: int, taken: float) -> None:
    """Chi squared over 60 draws for each free index; it exceeds twice its mean by chance once in 10**6 runs or less."""
    with made(tmp_path, size=size) as register:
        register.allocate_many(int(size * taken))
        counts: Counter[int] = Counter()
        free = register.free
        rounds = 60 * free
        for _ in range(rounds):
            drawn = journal.numbers()
            register._draw(drawn, 1)
            counts[drawn[0]] += 1
            register._give_back(drawn)
        mean = rounds / free
        assert len(counts) == free
        assert sum((count - mean) ** 2 / mean for count in counts.values()) < 2.0 * free + 30


def test_order_of_a_batch_says_nothing(tmp_path: Path) -> None:
    with made(tmp_path, size=4096) as register:
        drawn = [*register.allocate_many(2000)]
        rest = [*register.allocate_many(2096)]
    for batch in (drawn, rest):
        rising = sum(a < b for a, b in pairwise(batch))
        assert 0.4 < rising / len(batch) < 0.6


def test_threads_take_turns(tmp_path: Path) -> None:
    given: list[int] = []
    with made(tmp_path, size=800) as register:
        threads = [
            threading.Thread(target=lambda: given.extend(register.allocate().index for _ in range(50)))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(set(given)) == len(given) == 400


# Statuses


def test_status_is_published_and_looked_up_by_a_verifier(tmp_path: Path) -> None:
    world = World()
    lists = ListSigner(world.home)
    with made(tmp_path, bits=2) as register:
        valid, revoked, suspended, back = register.allocate_many(4)
        register.revoke(revoked)
        register.suspend(suspended, back)
        register.reinstate(back)
        published = register.publish(lists.signer, at=NOW, valid_for=DAY, time_to_live=DAY / 2)
    trust = world.store
    issuer = issuer_of(trust, world.home.id)
    for data in (published.cwt, published.jwt):
        assert SignedStatusList.decode(data).token() == published.token
        store = StatusStore([data])
        codes = [
            store.status(StatusReference(ADDRESS, index), issuer=issuer, keys=trust, at=NOW).code
            for index in (valid, revoked, suspended, back)
        ]
        assert codes == [
            Reason.STATUS_VALID,
            Reason.STATUS_REVOKED,
            Reason.STATUS_SUSPENDED,
            Reason.STATUS_VALID,
        ]
    token = published.token
    assert (token.issued_at, token.expires_at, token.time_to_live) == (NOW, NOW + DAY, DAY / 2)


def test_index_that_was_not_given_out_looks_like_any_other(tmp_path: Path) -> None:
    with made(tmp_path) as register:
        register.allocate_many(40)
        statuses = register.token(at=NOW, valid_for=DAY).statuses
    assert statuses == StatusList(bytes(10))


def test_what_was_revoked_stays_revoked(tmp_path: Path) -> None:
    with made(tmp_path, bits=2) as register:
        index, other = register.allocate_many(2)
        register.revoke(index)
        register.revoke(index)
        for change in (register.reinstate, register.suspend):
            assert refusal(change, other, index) is Reason.REGISTER_REFUSED
        assert (register.status(index), register.status(other)) == (StatusType.INVALID, StatusType.VALID)


def test_register_may_be_made_to_take_revocations_back(tmp_path: Path) -> None:
    with made(tmp_path, revocation_is_final=False) as register:
        index = register.allocate().index
        register.revoke(index)
        register.reinstate(index)
        assert register.status(index) == StatusType.VALID


@pytest.mark.parametrize(("bits", "status"), [(1, 2), (2, 4), (8, 256), (4, -1)])
def test_status_that_does_not_fit_is_refused(tmp_path: Path, bits: int, status: int) -> None:
    with made(tmp_path, bits=bits) as register:
        index = register.allocate().index
        assert refusal(register.set_status, status, index) is Reason.REGISTER_REFUSED


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_every_status_that_fits_is_kept_beside_its_neighbours(tmp_path: Path, bits: int) -> None:
    with made(tmp_path, size=16, bits=bits, revocation_is_final=False) as register:
        indices = register.allocate_many(16)
        for index in indices:
            register.set_status(2**bits - 1, index)
        for index in indices:
            register.set_status(index % 2**bits, index)
        again = reopened(register)
        assert [again.status(index) for index in range(16)] == [index % 2**bits for index in range(16)]
        again.close()


def test_index_that_nobody_has_is_not_revoked(tmp_path: Path) -> None:
    with made(tmp_path) as register:
        given = set(register.allocate_many(79))
        (left,) = set(range(80)) - given
        for index in (left, 80, 2**40, -1):
            assert refusal(register.revoke, *given, index) is Reason.REGISTER_REFUSED
            assert refusal(register.status, index) is Reason.REGISTER_REFUSED
        assert not any(map(register.status, given))


def test_two_tokens_are_at_least_a_second_apart(tmp_path: Path) -> None:
    register = made(tmp_path)
    assert register.published_at is None
    register.token(at=NOW, valid_for=DAY)
    register = reopened(register)
    assert register.published_at == NOW
    for at in (NOW - SECOND, NOW, NOW + SECOND / 2):
        assert refusal(register.token, at=at, valid_for=DAY) is Reason.REGISTER_REFUSED
    assert register.token(at=NOW + SECOND, valid_for=DAY).issued_at == NOW + SECOND
    with pytest.raises(ValueError, match="expires"):
        register.token(at=NOW + DAY, valid_for=timedelta())
    with pytest.raises(TypeError, match="aware"):  # else it would be of the machine's own zone
        register.token(at=(NOW + DAY).replace(tzinfo=None), valid_for=DAY)
    assert register.published_at == NOW + SECOND
    register.close()


def test_messages_hold_no_index(tmp_path: Path) -> None:
    with made(tmp_path, size=800) as register:
        with pytest.raises(StatusError) as refused:
            register.revoke(777)
        assert "777" not in str(refused.value)
        assert repr(register) == f"Register('{ADDRESS}', 800 of 800 indices free)"


# The folder


def test_register_is_as_the_last_call_left_it(tmp_path: Path) -> None:
    register = made(tmp_path / "new" / "folder", bits=2)
    first = set(register.allocate_many(40))
    register.revoke(*first)
    register.save()
    second = set(register.allocate_many(30))
    register.suspend(*second)
    register = reopened(register)
    assert register.free == 10
    assert {register.status(index) for index in first} == {StatusType.INVALID}
    assert {register.status(index) for index in second} == {StatusType.SUSPENDED}
    assert set(register.allocate_many(10)) == set(range(80)) - first - second
    assert (register.uri, register.size, register.bits, register.revocation_is_final) == (ADDRESS, 80, 2, True)
    register.close()


def test_one_process_has_it_open(tmp_path: Path) -> None:
    register = made(tmp_path)
    for opening in (Register.open, made):
        assert refusal(opening, tmp_path) is Reason.REGISTER_INVALID
    code = f"from pratique.status import Register; Register.open({os.fspath(tmp_path)!r})"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603
    assert "register.invalid" in ended.stderr
    register.close()
    Register.open(tmp_path).close()


FORKING = """
import os, sys
from pratique.status import Register
register = Register.open(sys.argv[1])
if child := os.fork():
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
register.allocate()
"""


def test_copy_of_the_process_gives_nothing_out(tmp_path: Path) -> None:
    """A forked process shares the lock, but not the memory: both would give the same out."""
    made(tmp_path).close()
    command = [sys.executable, "-c", FORKING, os.fspath(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert ended.returncode == 1
    assert "register.invalid" in ended.stderr
    with Register.open(tmp_path) as register:
        assert register.free == 80


def test_register_is_not_made_over_another(tmp_path: Path) -> None:
    made(tmp_path).close()
    assert refusal(made, tmp_path) is Reason.REGISTER_INVALID
    Register.open(tmp_path).close()


def test_folder_without_a_register_is_an_error(tmp_path: Path) -> None:
    assert refusal(Register.open, tmp_path) is Reason.REGISTER_INVALID
    assert refusal(Register.open, tmp_path / "nowhere") is Reason.REGISTER_INVALID
    (tmp_path / "file").write_bytes(b"")
    assert refusal(made, tmp_path / "file") is Reason.REGISTER_INVALID
    assert [*tmp_path.iterdir()] == [tmp_path / "file"]
    for name in (journal.SNAPSHOT, journal.JOURNAL):
        folder = tmp_path / f"with {name}"
        (folder / name).mkdir(parents=True)
        assert refusal(Register.open, folder) is Reason.REGISTER_INVALID
        assert refusal(made, folder) is Reason.REGISTER_INVALID


def test_large_journal_gives_way_to_a_snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "LARGE", 100)
    register = made(tmp_path, size=800)
    given = register.allocate_many(10)
    assert (tmp_path / journal.JOURNAL).stat().st_size > 0
    given += register.allocate_many(40)
    assert (tmp_path / journal.JOURNAL).stat().st_size == 0
    register = reopened(register)
    assert not set(register.allocate_many(750)) & set(given)
    register.close()


def test_journal_that_is_in_the_snapshot_already_changes_nothing(tmp_path: Path) -> None:
    """What a crash leaves between a new snapshot and the end of the old journal."""
    register = made(tmp_path, bits=2)
    index, other = register.allocate_many(2)
    register.suspend(index, other)
    register.reinstate(other)
    register.revoke(index)
    register.token(at=NOW, valid_for=DAY)
    content = (tmp_path / journal.JOURNAL).read_bytes()
    register.save()
    register.close()
    (tmp_path / journal.JOURNAL).write_bytes(content)
    register = Register.open(tmp_path)
    assert (register.free, register.status(index), register.status(other)) == (78, 1, 0)
    assert register.published_at == NOW
    register.close()


def test_record_that_broke_off_is_dropped_and_the_next_takes_its_place(tmp_path: Path) -> None:
    register = made(tmp_path)
    first = [*register.allocate_many(3)]
    whole = (tmp_path / journal.JOURNAL).stat().st_size
    register.allocate_many(4)
    register.close()
    content = (tmp_path / journal.JOURNAL).read_bytes()
    for end in range(whole, len(content)):
        for tail in (b"", bytes(20)):
            (tmp_path / journal.JOURNAL).write_bytes(content[:end] + (tail if end == whole else b""))
            register = Register.open(tmp_path)
            assert register.free == 77
            assert not set(register.allocate_many(5)) & set(first)
            register = reopened(register)
            assert register.free == 72
            register.close()


def test_damaged_record_makes_the_register_unusable(tmp_path: Path) -> None:
    register = made(tmp_path)
    register.allocate_many(3)
    whole = (tmp_path / journal.JOURNAL).stat().st_size
    register.allocate_many(4)
    register.close()
    content = (tmp_path / journal.JOURNAL).read_bytes()
    for place in range(whole):
        damaged = bytearray(content)
        damaged[place] ^= 1
        (tmp_path / journal.JOURNAL).write_bytes(damaged)
        assert refusal(Register.open, tmp_path) is Reason.REGISTER_INVALID
    (tmp_path / journal.JOURNAL).write_bytes(content)
    Register.open(tmp_path).close()


def test_damaged_snapshot_makes_the_register_unusable(tmp_path: Path) -> None:
    made(tmp_path).close()
    content = (tmp_path / journal.SNAPSHOT).read_bytes()
    for place in range(len(content)):
        damaged = bytearray(content)
        damaged[place] ^= 1
        (tmp_path / journal.SNAPSHOT).write_bytes(damaged)
        assert refusal(Register.open, tmp_path) is Reason.REGISTER_INVALID
    for end in range(len(content)):
        (tmp_path / journal.SNAPSHOT).write_bytes(content[:end])
        assert refusal(Register.open, tmp_path) is Reason.REGISTER_INVALID


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"[]",
        b"{",
        b'{"version":2}',
        b'{"bits":1,"published":0,"revocation_is_final":true,"size":80,"uri":"https://a","version":2}',
        b'{"bits":1,"published":0,"revocation_is_final":1,"size":80,"uri":"https://a","version":1}',
        b'{"bits":3,"published":0,"revocation_is_final":true,"size":80,"uri":"https://a","version":1}',
        b'{"bits":1,"published":-1,"revocation_is_final":true,"size":80,"uri":"https://a","version":1}',
        b'{"bits":1,"published":0,"revocation_is_final":true,"size":88,"uri":"https://a","version":1}',
        b'{"bits":1,"more":0,"published":0,"revocation_is_final":true,"size":80,"uri":"https://a","version":1}',
    ],
)
def test_snapshot_that_says_something_else_is_refused(tmp_path: Path, head: bytes) -> None:
    made(tmp_path).close()
    log = journal.Journal(tmp_path)
    log.replace([head, b"\n", bytes(20)])
    log.close()
    assert refusal(Register.open, tmp_path) is Reason.REGISTER_INVALID


@pytest.mark.parametrize(
    "entry",
    [
        journal.Entry(9, 0, journal.numbers([1])),
        journal.Entry(journal.ALLOCATED, 0, journal.numbers([80])),
        journal.Entry(journal.CHANGED, 2, journal.numbers([1])),
        journal.Entry(journal.PUBLISHED, 0, journal.numbers([1])),
    ],
)
def test_journal_of_another_register_is_refused(tmp_path: Path, entry: journal.Entry) -> None:
    made(tmp_path).close()
    log = journal.Journal(tmp_path)
    log.append(entry)
    log.close()
    assert refusal(Register.open, tmp_path) is Reason.REGISTER_INVALID


def test_disk_that_is_full_gives_nothing_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    register = made(tmp_path, bits=2)
    index = register.allocate().index

    def full(*_: object) -> int:
        raise OSError(28, "no space left")

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", full)
        for call in (register.allocate, lambda: register.revoke(index), lambda: register.token(at=NOW, valid_for=DAY)):
            with pytest.raises(OSError, match="no space"):
                call()
        assert (register.free, register.status(index), register.published_at) == (79, 0, None)
    register = reopened(register)
    assert (register.free, register.status(index), register.published_at) == (79, 0, None)
    assert len(set(register.allocate_many(79)) | {index}) == 80
    register.close()


ALLOCATING = """
import os, sys
from pratique.status import Register, journal
journal.LARGE = 200
register = Register.open(sys.argv[1])
left = int(sys.argv[2])
def dying(original):
    def call(*arguments, **options):
        global left
        if not left:
            os._exit(9)
        left -= 1
        return original(*arguments, **options)
    return call
for name in ("fsync", "write", "replace", "ftruncate", "open"):
    setattr(os, name, dying(getattr(os, name)))
while register.free:
    for index in register.allocate_many(min(7, register.free)):
        print(index, flush=True)
"""


def test_process_that_dies_at_any_moment_gives_no_index_out_twice(tmp_path: Path) -> None:
    made(tmp_path, size=200).close()
    given: list[int] = []
    for calls in range(14):
        command = [sys.executable, "-c", ALLOCATING, os.fspath(tmp_path), str(calls)]
        ended = subprocess.run(command, capture_output=True, check=False)  # noqa: S603
        assert ended.returncode in (0, 9), ended.stderr.decode()
        given += map(int, ended.stdout.split())
    assert len(set(given)) == len(given) > 50
    with Register.open(tmp_path) as register:
        given += register.allocate_many(register.free)
    assert len(set(given)) == len(given)


@pytest.mark.parametrize(
    "options",
    [
        {"uri": "http://health.example/1"},
        {"uri": "https://health.example/" + "x" * module.MAX_URI},
        {"uri": "https://h\u00e9alth.example/1"},
        {"size": 0},
        {"size": 81},
        {"size": -8},
        {"size": 536_870_920},
        {"size": 268_435_464, "bits": 2},
        {"bits": 3},
    ],
)
def test_register_that_no_list_can_hold_is_misuse(tmp_path: Path, options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"status list|a status has|a register has"):
        made(tmp_path / "folder", **options)
    assert not (tmp_path / "folder").exists()
