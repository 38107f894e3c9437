from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pratique.present import HeldCredential
from pratique.qr import read

if TYPE_CHECKING:
    from conftest import Run, World


def test_by_default_nothing_beyond_what_is_always_shown_goes_to_stdout(run: Run, world: World) -> None:
    result = run("present", world["held.pq1"])
    assert result.exit_code == 0
    assert HeldCredential.from_text(result.stdout).disclosable == ()


def test_only_what_is_named_is_shown(run: Run, world: World) -> None:
    shown = HeldCredential.from_text(
        run("present", world["held.pq1"], "--show", "event.date", "--show", "holder").stdout
    )
    assert shown.disclosable == (
        "event.date", "holder.name", "holder.birth_date", "holder.sex", "holder.nationality",
    )  # fmt: skip


def test_the_list_has_every_claim_with_its_value(run: Run, world: World) -> None:
    result = run("present", world["held.pq1"], "--list")
    assert result.exit_code == 0
    lines = {line.split()[0]: line for line in result.stdout.splitlines() if line.strip()}
    for name in HeldCredential.from_text(world["held.pq1"].read_text()).disclosable:
        assert name in lines
    assert lines["event.product"].endswith("STAMARIL (YellowFeverProductd8a09f80301dc05e124f99ffe7711fc0)")
    assert lines["holder.name"].endswith("ERIKSSON<<ANNA<MARIA")


def test_a_copy_that_shows_less_says_so(run: Run, world: World) -> None:
    result = run("present", "-", "--list", stdin=world.text("event.date"))
    assert "this copy does not open every claim" in result.stdout


def test_files_carry_the_same_text(run: Run, world: World) -> None:
    files = ["--out", world["shown.txt"], "--qr", world["shown.png"]]
    result = run("present", world["held.pq1"], "--show", "event.date", *files)
    assert (result.exit_code, result.stdout) == (0, "")
    assert read.read(world["shown.png"]) == (world["shown.txt"].read_text().rstrip("\n"),)
    again = run("present", world["held.pq1"], *files)
    assert again.exit_code == 2
    assert "--force" in again.stderr


def test_a_terminal_gets_the_code_drawn(run: Run, world: World) -> None:
    result = run("present", world["held.pq1"], "--terminal")
    assert result.exit_code == 0
    assert "▀" in result.stdout
    assert "PQ1:" not in result.stdout


@pytest.mark.parametrize("text", ["", "PQ1:", "HC1:ABC", "\x00", "not a credential", "PQ1:" + "A" * 9000])
def test_what_is_no_credential_is_an_error(run: Run, text: str) -> None:
    result = run("present", "-", stdin=text)
    assert result.exit_code == 2
    assert result.stderr.startswith("error: ")


def test_a_claim_that_is_not_held_is_refused_with_those_that_are(run: Run, world: World) -> None:
    result = run("present", world["held.pq1"], "--show", "holder.shoe_size")
    assert result.exit_code == 2
    assert "hint: It can show: event.date" in result.stderr
