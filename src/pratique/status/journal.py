"""What a register remembers, on disk: a snapshot of everything, and a journal of what happened since.

A change counts once its record in the journal is on the disk, and nothing is told to anybody before. The snapshot is
replaced whole; the journal is emptied after that. What a crash leaves in between is a journal whose records are in the
snapshot already, and to make them again changes nothing.

    register.snapshot    a line of JSON, the bitmap of indices given out, the statuses, CRC-32
    register.journal     records: kind, value and count; CRC-32 of that; count numbers of 4 bytes; CRC-32 of those
    register.lock        whoever holds it is the only process that has the register open

A record that broke off at the end of the journal was never confirmed, and is dropped. A damaged one before the end
makes the register unusable: to go on would mean to give indices out twice.
"""

from __future__ import annotations

import binascii
import os
import struct
import sys
from array import array
from typing import TYPE_CHECKING, Final, NamedTuple

from pratique import files
from pratique.errors import StatusError
from pratique.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

SNAPSHOT, JOURNAL, LOCK = "register.snapshot", "register.journal", "register.lock"
ALLOCATED, CHANGED, PUBLISHED = 1, 2, 3  # kinds of records
LARGE: Final = 32 * 1024 * 1024  # bytes of journal from which on a snapshot takes its place: 8 million indices

_HEAD: Final = struct.Struct("<BBI")
_CHECK: Final = struct.Struct("<I")
_NUMBER: Final = 4  # bytes


class Entry(NamedTuple):
    """What happened: its kind, the new status where it is a change, and the numbers that it concerns."""

    kind: int
    value: int
    numbers: array[int]


def numbers(values: Iterable[int] | bytes = ()) -> array[int]:
    """Return an array of numbers of 32 bits; bytes are taken as the journal has them."""
    made = array("I")  # 4 bytes wherever CPython runs
    if isinstance(values, bytes):
        made.frombytes(values)
        if sys.byteorder == "big":
            made.byteswap()
    else:
        made.extend(values)
    return made


class Journal:
    """The files of one register, open and locked until `close`.

    Raises: StatusError (`register.invalid`): another process has it open, or the folder cannot be used.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process = os.getpid()
        self._lock = -1
        self._file = -1
        try:
            self._lock = _lock(folder / LOCK)
            self._file = os.open(folder / JOURNAL, os.O_RDWR | os.O_CREAT, 0o600)
            files.flush_folder(folder)
        except OSError as error:
            self.close()
            raise invalid(f"{folder} cannot be opened: {error.strerror}") from None
        self._end = 0

    @property
    def is_large(self) -> bool:
        """Return whether a snapshot had better take its place."""
        return self._end >= LARGE

    def close(self) -> None:
        """Let another process open the register. Nothing is lost: what was confirmed is on the disk."""
        for descriptor in (self._file, self._lock):
            if descriptor >= 0:
                os.close(descriptor)
        self._file = self._lock = -1

    def snapshot(self) -> bytes | None:
        """Return the snapshot without its check, None where there is none. Raises: StatusError (`register.invalid`)."""
        try:
            content = (self._folder / SNAPSHOT).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise invalid(f"the snapshot cannot be read: {error.strerror}") from None
        body = memoryview(content)[: -_CHECK.size]
        if content[-_CHECK.size :] != _CHECK.pack(binascii.crc32(body)):
            raise invalid("the snapshot is damaged")
        return content[: -_CHECK.size]

    def entries(self) -> Iterator[Entry]:
        """Yield what happened since the snapshot; then the end is where the next record goes.

        Raises: StatusError (`register.invalid`): a record is damaged that is not the last.
        """
        try:
            content = (self._folder / JOURNAL).read_bytes()
        except OSError as error:
            raise invalid(f"the journal cannot be read: {error.strerror}") from None
        position = 0
        while (found := _entry(content, position)) is not None:
            entry, position = found
            yield entry
        self._end = position
        if position < len(content):
            self._cut()

    def append(self, entry: Entry) -> None:
        """Put a record at the end; when this returns it is on the disk.

        Raises: OSError: it is not, and the journal is as it was. StatusError (`register.invalid`): this process is a
            copy of the one that opened it, and shares its lock but not its memory.
        """
        if os.getpid() != self._process:
            raise invalid("another process has opened it, of which this one is a copy")
        head = _HEAD.pack(entry.kind, entry.value, len(entry.numbers))
        body = _bytes(entry.numbers)
        rest = memoryview(b"".join((head, _CHECK.pack(binascii.crc32(head)), body, _CHECK.pack(binascii.crc32(body)))))
        size = len(rest)
        try:
            os.lseek(self._file, self._end, os.SEEK_SET)
            while rest:
                rest = rest[os.write(self._file, rest) :]
            os.fsync(self._file)
        except OSError:
            self._cut()
            raise
        self._end += size

    def replace(self, parts: Iterable[bytes | bytearray]) -> None:
        """Put a snapshot in the place of the old one and of the journal.

        Raises: OSError: one of them is as it was.
        """
        body = b"".join(parts)
        files.replace(self._folder / SNAPSHOT, body + _CHECK.pack(binascii.crc32(body)))
        self._end = 0
        self._cut()

    def _cut(self) -> None:
        """Take away what is behind the end. Raises: OSError."""
        os.ftruncate(self._file, self._end)
        os.fsync(self._file)


def invalid(detail: str) -> StatusError:
    """Return the error for a register that cannot be used."""
    return StatusError(Reason.REGISTER_INVALID, detail)


def _entry(content: bytes, position: int) -> tuple[Entry, int] | None:
    """Return the record at a position and where it ends, None where the journal ends or its last record broke off."""
    start = position + _HEAD.size + _CHECK.size
    if start > len(content):
        return None
    head = content[position : position + _HEAD.size]
    if _CHECK.pack(binascii.crc32(head)) != content[position + _HEAD.size : start]:
        if any(content[position:]):
            raise invalid(f"the journal is damaged at byte {position}")
        return None  # room that was made for a record, and never filled
    kind, value, count = _HEAD.unpack(head)
    end = start + count * _NUMBER
    after = end + _CHECK.size
    if after > len(content):
        return None
    body = content[start:end]
    if _CHECK.pack(binascii.crc32(body)) != content[end:after]:
        if after < len(content):
            raise invalid(f"the journal is damaged at byte {position}")
        return None
    return Entry(kind, value, numbers(body)), after


def _bytes(values: array[int]) -> bytes:
    if sys.byteorder == "big":
        values = values[:]
        values.byteswap()
    return values.tobytes()


def _lock(path: Path) -> int:
    """Return the descriptor of a lock; it ends with the process, however that ends. Raises: OSError."""
    try:
        import fcntl  # noqa: PLC0415 - not everywhere
    except ImportError:
        raise OSError(0, "this system has no locks") from None
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
