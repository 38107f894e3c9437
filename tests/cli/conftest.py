"""The command line as tests run it, and a folder with an issuer, a border and a traveller to run it on."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from click.testing import CliRunner, Result

from pratique.cli import group
from pratique.cli.demo import ISSUER

if TYPE_CHECKING:
    from pathlib import Path


class Run(Protocol):
    """Runs `pratique` with arguments."""

    def __call__(self, *arguments: object, stdin: bytes | str | None = None) -> Result: ...


def run_pratique(*arguments: object, stdin: bytes | str | None = None) -> Result:
    result = CliRunner(env={"NO_COLOR": None}).invoke(
        group, [str(argument) for argument in arguments], input=stdin, terminal_width=100
    )
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture
def run() -> Run:
    return run_pratique


@dataclass(frozen=True)
class World:
    """The files that `pratique demo` makes."""

    path: Path
    issuer: str

    def __getitem__(self, name: str) -> Path:
        return self.path / name

    def text(self, *show: str) -> str:
        shown: list[Any] = [part for claim in show for part in ("--show", claim)]
        return run_pratique("present", self["held.pq1"], *shown).stdout.rstrip("\n")


@pytest.fixture(scope="session")
def _demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("demo") / "demo"
    assert run_pratique("demo", "--dir", path).exit_code == 0
    return path


@pytest.fixture
def world(_demo: Path, tmp_path: Path) -> World:
    """Return a copy of the demonstration that a test may change."""
    copy = tmp_path / "world"
    shutil.copytree(_demo, copy)
    return World(copy, ISSUER)
