"""A file of records, one a line in JSON: records are put at its end, and deleted when their time is over.

Who puts a record in and who deletes hold one lock, a file beside it, so that neither loses what the other does. A line
that broke off when a machine stopped stays alone and is no record.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pratique import files, schemas
from pratique.codec import jcs, json
from pratique.errors import DecodeError
from pratique.model.dates import parse_datetime
from pratique.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager
    from datetime import datetime
    from pathlib import Path

OWNER_ONLY: Final = 0o600  # a record has no claim, but when somebody was refused is nobody else's business
MAX_LINE: Final = 2 * 1024 * 1024  # bytes; the law in a rule set of the largest size is 1 MiB, 64 codes are 50 kB
LOCK: Final = ".lock"


class Expired(NamedTuple):
    """What was done with a file: the records that stay, those deleted, and the lines deleted that were no record."""

    kept: int
    deleted: int
    unreadable: int


class Summary(NamedTuple):
    """What a file holds. Counts are of records, and of lines that are none.

    `terms` counts by purpose and rule set (id, version, hash), `claims_asked` by name. `overdue` records had to be
    deleted before the time that was asked about; `next_expiry` and `last_expiry` are None where there is no record.
    """

    records: int
    verdicts: Mapping[str, int]
    terms: Mapping[tuple[str, str], int]
    claims_asked: Mapping[str, int]
    next_expiry: datetime | None
    last_expiry: datetime | None
    overdue: int
    unreadable: int


def append(path: Path, record: Mapping[str, Any]) -> None:
    """Put a record at the end of a file, which is made where it is not there, for its owner alone to read.

    When this returns it is on the disk. Raises: ValueError: the record does not say until when it may be kept, so that
    nobody could delete it in time; OSError.
    """
    if "keep_until" not in record:
        raise ValueError("a record is put on a file only with the moment at which it must be deleted")
    line = jcs.encode(record) + b"\n"
    with _locked(path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, OWNER_ONLY)
        with os.fdopen(descriptor, "r+b", buffering=0) as file:
            end = file.seek(0, os.SEEK_END)
            if end and os.pread(descriptor, 1, end - 1) != b"\n":  # a line that broke off
                line = b"\n" + line
            rest = memoryview(line)
            while rest:
                rest = rest[file.write(rest) :]
            os.fsync(descriptor)


def expire(path: Path, at: datetime) -> Expired:
    """Delete every record whose time is over at a moment (aware), and every line that is no record.

    A crash at any moment leaves the file as it was, or as it was to become. What a disk still has of deleted files, and
    copies elsewhere, are not its concern.
    Raises: DecodeError (`record.invalid`): there are lines, and none is a record: nothing is deleted then; OSError.
    """
    with _locked(path):
        for left in path.parent.iterdir():  # by a crash, with records that nobody would ever delete
            if left.name.startswith(f"{path.name}.") and left.name.endswith(files.TEMPORARY):
                left.unlink()
        kept: list[bytes] = []
        deleted = unreadable = 0
        known: dict[bytes, datetime | None] = {}  # most lines of an hour are the same
        for line in _lines(path):
            if line not in known:
                known[line] = _until(line)
            until = known[line]
            if until is None:
                unreadable += 1
            elif until <= at:
                deleted += 1
            else:
                kept.append(line)
        _check_any(path, len(kept) + deleted, unreadable)
        if deleted or unreadable:
            files.replace(path, b"".join(line + b"\n" for line in kept), mode=OWNER_ONLY)
    return Expired(len(kept), deleted, unreadable)


def summary(path: Path, at: datetime) -> Summary:
    """Return what a file holds, for somebody who checks how records are kept, at a moment (aware).

    Every line is held to `schemas/record.schema.json`, which has no place for a claim.
    Raises: DecodeError (`record.invalid`): there are lines, and none is a record; OSError.
    """
    verdicts: Counter[str] = Counter()
    terms: Counter[tuple[str, str]] = Counter()
    claims: Counter[str] = Counter()
    times: Counter[datetime] = Counter()
    unreadable = 0
    for line, count in Counter(_lines(path)).items():
        until = _until(line)
        if until is None or not _is_record(record := _decode(line)):
            unreadable += count
            continue
        rules, parts = record["rule_set"], ("id", "version", "sha256")
        verdicts[record["verdict"]] += count
        terms[record["purpose"], " ".join(rules[part] for part in parts if part in rules)] += count
        claims.update(dict.fromkeys(record.get("claims_asked", ()), count))
        times[until] += count
    _check_any(path, times.total(), unreadable)
    return Summary(
        records=times.total(),
        verdicts=verdicts,
        terms=terms,
        claims_asked=claims,
        next_expiry=min(times, default=None),
        last_expiry=max(times, default=None),
        overdue=sum(count for until, count in times.items() if until <= at),
        unreadable=unreadable,
    )


def _locked(path: Path) -> AbstractContextManager[None]:
    return files.locked(path.with_name(path.name + LOCK))


def _lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of a file; one that is longer than a record comes in pieces, and none of them is one."""
    with path.open("rb") as file:
        while line := file.readline(MAX_LINE):
            yield line.removesuffix(b"\n")


def _decode(line: bytes) -> Any:
    try:
        return json.decode(line, limit=MAX_LINE)
    except DecodeError:
        return None


def _until(line: bytes) -> datetime | None:
    """Return when a record must be deleted, None where a line is none."""
    record = _decode(line)
    if not isinstance(record, dict) or "verdict" not in record or not isinstance(record.get("keep_until"), str):
        return None
    try:
        return parse_datetime(record["keep_until"])
    except DecodeError:
        return None


def _is_record(value: Any) -> bool:
    try:
        schemas.check(value, "record")
    except DecodeError:
        return False
    return True


def _check_any(path: Path, records: int, others: int) -> None:
    """Check that a file with lines has a record, so that nobody empties another file by mistake."""
    if others and not records:
        raise DecodeError(Reason.RECORD_INVALID, f"{path}: of {others} lines none is a record")
