"""A file of records: whole lines whatever happens, gone in time, for its owner alone."""

from __future__ import annotations

import stat
import subprocess
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from authority import NOW
from pratique import schemas
from pratique.codec import json
from pratique.errors import DecodeError
from pratique.model.dates import rfc3339
from pratique.reasons import Reason
from pratique.record_file import append, expire, summary
from pratique.report import Check, Outcome, Report, Step
from pratique.rules.ready_made import ready_made

if TYPE_CHECKING:
    from pathlib import Path

SECOND = timedelta(seconds=1)
RULES = ready_made("covid-19")  # P1D


def record(hours: int = 24, **members: Any) -> dict[str, Any]:
    report = Report(None, tuple(Check(step, Outcome.NOT_CHECKED, Reason.NOT_REACHED) for step in Step), NOW)
    made = report.record(rules=RULES)
    assert made is not None
    return {**made, "keep_until": rfc3339(NOW + timedelta(hours=hours)), **members}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "desk.records"


def test_record_is_one_line_that_reads_back(path: Path) -> None:
    append(path, record())
    append(path, record(2))
    lines = path.read_bytes().splitlines()
    assert [json.decode(line) for line in lines] == [record(), record(2)]
    for line in lines:
        schemas.check(json.decode(line), "record")


def test_file_is_its_owners_alone_before_and_after_deleting(path: Path) -> None:
    append(path, record(1))
    append(path, record(2))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    expire(path, NOW + timedelta(hours=1))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_record_that_nobody_could_delete_in_time_is_not_put_on_file(path: Path) -> None:
    with pytest.raises(ValueError, match="must be deleted"):
        append(path, Report(None, (), NOW)._asdict())
    assert not path.exists()


@pytest.mark.parametrize(("after", "kept"), [(-SECOND, 1), (timedelta(), 0), (SECOND, 0)])
def test_record_is_deleted_at_its_moment(path: Path, after: timedelta, kept: int) -> None:
    append(path, record(5))
    done = expire(path, NOW + timedelta(hours=5) + after)
    assert (done.kept, done.deleted, done.unreadable) == (kept, 1 - kept, 0)
    assert len(path.read_bytes().splitlines()) == kept


def test_those_whose_time_is_not_over_stay_in_their_order(path: Path) -> None:
    for hours in (3, 1, 2, 5, 4):
        append(path, record(hours))
    assert expire(path, NOW + timedelta(hours=2)) == (3, 2, 0)
    assert [json.decode(line) for line in path.read_bytes().splitlines()] == [record(3), record(5), record(4)]


def test_line_that_broke_off_stays_alone_and_is_deleted(path: Path) -> None:
    append(path, record())
    with path.open("ab") as file:
        file.write(b'{"verdict": "acc')
    append(path, record(3))
    assert summary(path, NOW).records == 2
    assert expire(path, NOW) == (2, 0, 1)
    assert [json.decode(line) for line in path.read_bytes().splitlines()] == [record(), record(3)]


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b'{"verdict": "accept", "keep_until": 7}',
        b'{"verdict": "accept", "keep_until": "soon"}',
        b'{"keep_until": "2030-01-01T00:00:00Z"}',
        b'{"verdict": "accept"}',
        b"[" * 5000,
    ],
)
def test_file_without_a_record_is_left_as_it_is(path: Path, line: bytes) -> None:
    path.write_bytes(line + b"\nanother\n")
    for ask in (expire, summary):
        with pytest.raises(DecodeError) as raised:
            ask(path, NOW)
        assert raised.value.code == "record.invalid"
    assert path.read_bytes() == line + b"\nanother\n"


def test_empty_file_is_one_of_no_records(path: Path) -> None:
    path.touch()
    assert expire(path, NOW) == (0, 0, 0)
    assert summary(path, NOW).next_expiry is None


def test_what_a_crash_left_of_an_earlier_deletion_goes_too(path: Path) -> None:
    append(path, record())
    left = path.with_name(f"{path.name}.0123abcd.tmp")
    left.write_bytes(path.read_bytes())
    other = path.with_name("other.records.0123abcd.tmp")
    other.touch()
    expire(path, NOW)
    assert not left.exists()
    assert other.exists()


def test_auditor_sees_what_is_kept_on_what_terms_and_what_is_overdue(path: Path) -> None:
    for hours, verdict in ((1, "accept"), (1, "accept"), (2, "reject"), (9, "refer")):
        append(path, record(hours, verdict=verdict, claims_asked=["event.date"]))
    found = summary(path, NOW + timedelta(hours=1))
    assert (found.records, found.overdue, found.unreadable) == (4, 2, 0)
    assert found.verdicts == {"accept": 2, "reject": 1, "refer": 1}
    assert found.terms == {("entry", f"{RULES.id} {RULES.edition} {RULES.sha256.hex()}"): 4}
    assert found.claims_asked == {"event.date": 4}
    assert (found.next_expiry, found.last_expiry) == (NOW + timedelta(hours=1), NOW + timedelta(hours=9))


def test_line_in_which_something_else_was_hidden_is_no_record_to_an_auditor(path: Path) -> None:
    append(path, record())
    append(path, record(holder="ERIKSSON"))
    assert (summary(path, NOW).records, summary(path, NOW).unreadable) == (1, 1)


WRITER = """
import sys
from pathlib import Path
from pratique.codec import json
from pratique.record_file import append
record = json.decode(sys.stdin.read())
for _ in range(40):
    append(Path(sys.argv[1]), record)
"""


def test_desks_that_write_while_others_delete_lose_nothing(path: Path) -> None:
    append(path, record(1))
    desks = [
        subprocess.Popen([sys.executable, "-c", WRITER, path], stdin=subprocess.PIPE, text=True)  # noqa: S603
        for _ in range(2)
    ]
    for desk in desks:
        assert desk.stdin is not None
        desk.stdin.write(json.encode(record(30)))
        desk.stdin.close()
    while any(desk.poll() is None for desk in desks):
        expire(path, NOW + timedelta(hours=1))
    assert [desk.returncode for desk in desks] == [0, 0]
    assert expire(path, NOW + timedelta(hours=1)) == (80, 0, 0)
