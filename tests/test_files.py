"""Files that are replaced whole or not at all, and the lock."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from pratique import files

if TYPE_CHECKING:
    from pathlib import Path

# What the child does after a fork needs none of the threads that were left behind.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")


def test_file_is_written_and_replaced(tmp_path: Path) -> None:
    file = tmp_path / "file"
    for content in (b"", b"one", b"x" * 3_000_000):
        files.replace(file, content)
        assert file.read_bytes() == content
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_everything_is_on_the_disk_before_the_next_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that leads to content not yet written would be an empty file after a loss of power."""
    calls = record(monkeypatch)
    files.replace(tmp_path / "file", b"content")
    assert calls == ["open", "write", "fsync", "close", "replace", "open", "fsync", "close"]


def record(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    calls: list[str] = []

    def recording(name: str) -> None:
        genuine = getattr(os, name)

        def call(*arguments: object, **options: object) -> object:
            calls.append(name)
            return genuine(*arguments, **options)

        monkeypatch.setattr(os, name, call)

    for name in ("open", "write", "fsync", "close", "replace"):
        recording(name)
    return calls


@pytest.mark.parametrize("failing", ["write", "fsync", "replace"])
def test_failure_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str) -> None:
    file = tmp_path / "file"
    files.replace(file, b"before")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, failing, fail)
        with pytest.raises(OSError, match="No space"):
            files.replace(file, b"after")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert file.read_bytes() == b"before"


def test_file_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        files.replace(tmp_path / "nowhere" / "file", b"")


def test_lock_keeps_another_process_waiting_and_ends_with_its_holder(tmp_path: Path) -> None:
    lock, log = tmp_path / "lock", tmp_path / "log"
    log.touch()
    children = []
    for _ in range(8):
        child = os.fork()
        if child == 0:  # pragma: no cover - in another process
            for _ in range(50):
                with files.locked(lock):
                    number = len(log.read_bytes())
                    log.write_bytes(bytes(number + 1))
            files.locked(lock).__enter__()  # and is never let go
            os._exit(0)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * 8
    assert len(log.read_bytes()) == 8 * 50
