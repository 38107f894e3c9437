"""Files that are read up to a limit and replaced whole or not at all, and a lock between processes."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TEMPORARY: Final = ".tmp"
"""How the name of a file ends that a crash may leave behind; it is of no use and can be deleted."""


def read(path: Path, limit: int) -> bytes:
    """Return what is in a file, and of one with more than `limit` bytes one byte more than that. Raises: OSError."""
    with path.open("rb") as file:
        return file.read(limit + 1)


def replace(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Put a file in the place of another, or where there was none; a crash at any moment leaves the one or the other.

    When this returns, content and name are on the disk. `mode` says who may read the new file.
    Raises: OSError; the file is as it was then.
    """
    temporary = path.with_name(f"{path.name}.{os.urandom(4).hex()}{TEMPORARY}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        try:
            rest = memoryview(content)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
            os.fsync(descriptor)  # before the name leads here: else it could lead to nothing after a loss of power
        finally:
            os.close(descriptor)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    flush_folder(path.parent)


def flush_folder(folder: Path) -> None:
    """See that the names in a folder are on the disk, where the system can do that. Raises: OSError."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock that a file stands for, made where it is not there; another process waits for its turn.

    The lock ends with the process, however that ends. Nobody who only reads needs it.
    Raises: OSError, also where the system has no such locks.
    """
    try:
        import fcntl  # noqa: PLC0415 - not everywhere
    except ImportError:
        raise OSError(f"this system has no locks for {path}") from None
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
