"""The benchmarks run, so that they cannot rot. Nothing here looks at a time."""

from __future__ import annotations

import sys
import venv
from typing import TYPE_CHECKING

import pytest
from benchmarks import __main__ as program
from benchmarks import peers
from benchmarks.measure import ABSENT, QUICK, Table, at_least, at_most, take_turns
from benchmarks.scene import Scene

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def tables() -> dict[str, Table]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(peers, "HOME", peers.HOME.with_name("nowhere"))
        return {table.title: table for table in program.tables(QUICK)}


def test_every_row_has_a_cell_for_each_column(tables: dict[str, Table]) -> None:
    assert len(tables) == 15
    for table in tables.values():
        assert table.rows
        assert {len(row) for row in table.rows} == {len(table.columns)}, table.title


def test_what_is_not_installed_is_named_as_absent(tables: dict[str, Table]) -> None:
    rows = [row for row in tables["Verify a QR text"].rows if not row[0].startswith("pratique")]
    assert len(rows) == 3
    assert {row[1] for row in rows} == {ABSENT}


def test_environment_of_the_peers_is_made_anew_and_never_written_through_a_link(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """An environment that another Python made has links to that Python, and copying over one would replace it."""
    create = venv.create
    home, other = tmp_path / "peers", tmp_path / "python"
    other.write_text(script := "#!/bin/sh\nexit 1\n")
    other.chmod(0o755)
    (home / "bin").mkdir(parents=True)
    for name in ("python", "python3", f"python3.{sys.version_info.minor}"):
        (home / "bin" / name).symlink_to(other)
    monkeypatch.setattr(peers, "HOME", home)
    monkeypatch.setattr(venv, "create", lambda *args, with_pip, **extra: create(*args, with_pip=not with_pip, **extra))
    assert peers.install() != ""  # pip, which takes seconds to put there, is missing
    assert other.read_text() == script


def test_the_page_names_the_machine_the_day_and_the_versions() -> None:
    page = program.preface()
    for name in ("Date", "Processor", "System", "Python", "OpenSSL", "cryptography"):
        assert name in page


def test_what_is_measured_is_verified_in_every_step() -> None:
    for case in Scene().cases():
        report = case.verify()
        assert report.credential is not None, case.name
        case.raw()()


def test_a_table_is_markdown() -> None:
    table = Table("Title", "About.", ("", "time"), (("one", "1 µs"),))
    assert table.markdown() == "## Title\n\nAbout.\n\n|  | time |\n| --- | ---: |\n| one | 1 µs |\n"


def test_targets_are_met_at_their_limit() -> None:
    assert at_most(1.5, 1.5) == "≤ 1.5, met"
    assert at_most(1.5, 1.51) == "≤ 1.5, missed"
    assert at_least(1.4, 1.4) == "≥ 1.4, met"
    assert at_least(1.4, 1.39) == "≥ 1.4, missed"


def test_competitors_take_turns() -> None:
    calls: list[str] = []
    take_turns({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, rounds=2, turn=0)
    assert calls[-4:] == ["a", "b", "a", "b"]


def test_write_puts_the_tables_into_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = Table("Title", "About.", ("", "time"), (("one", "1 µs"),))
    monkeypatch.setattr(program, "tables", lambda _: iter([table]))
    monkeypatch.setattr(program, "ROOT", tmp_path)
    monkeypatch.setattr(program, "PAGE", tmp_path / "performance.md")
    monkeypatch.setattr(peers, "install", lambda: "")
    monkeypatch.setattr("sys.argv", ["benchmarks", "--write"])
    program.main()
    written = (tmp_path / "performance.md").read_text(encoding="utf-8")
    assert written.startswith("# Performance")
    assert written.endswith(table.markdown())
