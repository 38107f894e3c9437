"""The scripts in `examples/`, run one after the other in one folder, as their first lines say."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"
OTHER_PASSPORT = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F3604155<<<<<<<<<<<<<<04\n"
LONGEST = 40  # lines, so that a script is read at one glance


def run(script: str, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own scripts
        [sys.executable, "-W", "error", EXAMPLES / script, folder, *arguments],
        env={**os.environ, "PYTHONPATH": str(EXAMPLES.parent / "src")},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def issued(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder in which the issuer has done its part."""
    folder = tmp_path_factory.mktemp("examples")
    ended = run("issue.py", folder=folder)
    assert ended.stdout == (
        "issued; only the holder can show "
        "event.date, event.product, event.dose, event.batch, holder.name, holder.birth_date\n"
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    return folder


def test_what_is_issued_and_presented_is_accepted_at_the_border_and_by_a_kiosk(issued: Path) -> None:
    shown = run("present.py", "event.date", folder=issued)
    assert shown.returncode == 0
    assert "shows event.date\n" in shown.stdout
    assert "closed stay event.product, event.dose, event.batch, holder.name, holder.birth_date\n" in shown.stdout
    answer = run("verify_at_border.py", folder=issued)
    assert answer.stdout.startswith("ACCEPT\n")
    assert "kept: nothing, as the rules say\n" in answer.stdout
    assert (answer.returncode, answer.stderr) == (0, "")
    kiosk = run("kiosk.py", folder=issued)
    assert kiosk.stdout.startswith("Accept: ")
    assert (kiosk.returncode, kiosk.stderr) == (0, "")


def test_claim_that_is_not_there_is_refused_in_one_line(issued: Path) -> None:
    shown = run("present.py", "event.colour", folder=issued)
    assert shown.returncode == 1
    assert shown.stderr.startswith("disclosures.unknown: this copy cannot show 'event.colour' It can show: event.date")
    assert shown.stderr.count("\n") == 1


def test_border_rejects_the_code_with_another_passport(issued: Path) -> None:
    assert run("present.py", folder=issued).returncode == 0
    passport = issued / "passport.txt"
    own = passport.read_text(encoding="ascii")
    passport.write_text(OTHER_PASSPORT, encoding="ascii")
    answer = run("verify_at_border.py", folder=issued)
    passport.write_text(own, encoding="ascii")
    assert answer.returncode == 1
    assert answer.stdout.startswith("REJECT\n")
    assert "bound to another travel document" in answer.stdout


@pytest.mark.parametrize("script", sorted(EXAMPLES.glob("*.py")), ids=lambda script: script.name)
def test_scripts_are_short(script: Path) -> None:
    assert script.read_text(encoding="utf-8").count("\n") <= LONGEST
