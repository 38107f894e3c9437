from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

import pytest

from pratique import schemas
from pratique.rules.ready_made import ready_made

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run, World

AT = "2026-11-23T12:20:00Z"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "desk.records"


def entry(world: World, retention: str = "P1D") -> Path:
    path = world["entry.json"]
    path.write_text(json.dumps(ready_made("yellow-fever-entry").document | {"retention": retention}))
    return path


def desk(run: Run, world: World, file: Path, *more: object, retention: str = "P1D") -> int:
    rules = entry(world, retention)
    return run(
        "verify", *(more or (world["card.png"],)), "--trust", world["trust"], "--rules", rules, "--record", file,
        "--mrz", f"@{world['passport.txt']}", "--at", AT,
    ).exit_code  # fmt: skip


def test_every_verification_puts_one_record_on_the_file(run: Run, world: World, file: Path) -> None:
    first = desk(run, world, file)
    desk(run, world, file, world["card.png"], world["forged.png"])
    records = [json.loads(line) for line in file.read_text().splitlines()]
    assert len(records) == 3
    assert records[0] == records[1]
    assert (records[0]["verdict"] == "accept") is (first == 0)
    assert records[2]["verdict"] == "reject"
    for record in records:
        schemas.check(record, "record")
    assert {record["keep_until"] for record in records} == {"2026-11-24T12:00:00Z"}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_codes_of_one_traveller_are_one_record(run: Run, world: World, file: Path) -> None:
    desk(run, world, file, world["card.png"], world["forged.png"], "--together")
    (record,) = map(json.loads, file.read_text().splitlines())
    assert len(record["codes"]) == 2
    schemas.check(record, "record")


def test_codes_that_are_scanned_are_recorded_too(run: Run, world: World, file: Path) -> None:
    rules = entry(world)
    texts = f"{world.text()}\nnonsense\n"
    run("verify", "-", "--trust", world["trust"], "--rules", rules, "--record", file, "--at", AT, stdin=texts)
    assert len(file.read_text().splitlines()) == 2


def test_nothing_is_recorded_where_nothing_may_be_kept_and_it_is_said(run: Run, world: World, file: Path) -> None:
    rules = entry(world, "P0D")
    result = run("verify", world["card.png"], "--trust", world["trust"], "--rules", rules, "--record", file)
    assert "not recorded: rules or request allow nothing" in result.stderr
    assert not file.exists()


def test_recording_needs_somebody_who_said_what_may_be_kept(run: Run, world: World, file: Path) -> None:
    result = run("verify", world["card.png"], "--trust", world["trust"], "--record", file)
    assert result.exit_code == 2
    assert "--record needs entry rules" in result.stderr
    assert not file.exists()


def test_picture_that_cannot_be_read_leaves_no_record(run: Run, world: World, file: Path) -> None:
    assert desk(run, world, file, world["passport.txt"].with_name("nothing.png")) == 2
    assert not file.exists()


def test_auditor_sees_terms_and_what_is_overdue_and_expire_deletes_it(run: Run, world: World, file: Path) -> None:
    desk(run, world, file)
    desk(run, world, file, retention="P3D")
    early = run("records", "show", file, "--at", "2026-11-24T11:59:59Z")
    assert early.exit_code == 0
    assert "entry, by UTO-yellow-fever-entry 1.0.0 " in early.stdout
    late = run("records", "show", file, "--at", "2026-11-24T12:00:00Z", "--json")
    assert late.exit_code == 1
    found = json.loads(late.stdout)
    assert (found["records"], found["overdue"], found["unreadable"]) == (2, 1, 0)
    assert (found["next_expiry"], found["last_expiry"]) == ("2026-11-24T12:00:00Z", "2026-11-26T12:00:00Z")
    assert "pratique records expire" in late.stderr
    done = run("records", "expire", file, "--at", "2026-11-24T12:00:00Z")
    assert done.stdout == f"{file}: 1 deleted, 1 kept\n"
    assert run("records", "show", file, "--at", "2026-11-24T12:00:00Z").exit_code == 0


def test_line_that_is_no_record_is_said_and_deleted(run: Run, world: World, file: Path) -> None:
    desk(run, world, file)
    with file.open("a") as stream:
        stream.write('{"verdict"')
    shown = run("records", "show", file, "--at", AT)
    assert shown.exit_code == 1
    assert "lines that are no record" in shown.stdout
    assert "lines that were no record, deleted: 1" in run("records", "expire", file, "--at", AT).stdout


def test_file_of_something_else_is_left_as_it_is(run: Run, world: World) -> None:
    before = world["passport.txt"].read_bytes()
    for command in ("show", "expire"):
        result = run("records", command, world["passport.txt"])
        assert result.exit_code == 2
        assert "record.invalid" in result.stderr
    assert world["passport.txt"].read_bytes() == before
