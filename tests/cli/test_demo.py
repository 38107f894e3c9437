from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from conftest import Run


def test_the_story_ends_as_it_should_and_every_command_it_names_works(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "a folder with spaces"
    told = run("demo", "--dir", folder)
    assert told.exit_code == 0
    assert " ACCEPT " in told.stdout
    assert "REFER  binding.document_needed" in told.stdout
    assert "REJECT  signature.invalid" in told.stdout
    assert "REFUSED  request.asks_too_much" in told.stdout
    commands = [line.strip() for line in told.stdout.splitlines() if line.startswith("  pratique ")]
    assert len(commands) == 11
    codes = [run(*shlex.split(line)[1:]).exit_code for line in commands]
    assert codes == [0, 1, 0, 0, 0, 1, 0, 0, 1, 0, 0]


def test_it_can_be_told_again(run: Run, tmp_path: Path) -> None:
    assert run("demo", "--dir", tmp_path / "demo").exit_code == 0
    assert run("demo", "--dir", tmp_path / "demo").exit_code == 0


def test_it_leaves_other_peoples_folders_alone(run: Run, tmp_path: Path) -> None:
    (tmp_path / "issuer.pem").write_text("precious")
    result = run("demo", "--dir", tmp_path)
    assert result.exit_code == 2
    assert (tmp_path / "issuer.pem").read_text() == "precious"
    assert len(list(tmp_path.iterdir())) == 1


def test_commands_to_try_can_be_copied_where_the_program_is_not_on_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    monkeypatch.setattr("sys.argv", [".venv/bin/pratique", "demo"])
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "\n  .venv/bin/pratique verify " in run("demo", "--dir", tmp_path / "demo").stdout
