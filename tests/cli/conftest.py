"""The command line as tests run it, and a folder with an issuer, a border and a traveller to run it on."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from click.testing import CliRunner, Result

from pratique.cli import group
from pratique.cli.demo import ISSUER

if TYPE_CHECKING:
    from pathlib import Path


BORDER = "https://border.example"
SAMPLED = timedelta(hours=30)
"""How long ago the sample of the test was taken: too long for any test but a NAAT."""


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


@dataclass(frozen=True)
class Asking(World):
    """The demonstration, with a test for COVID-19, a border that asks for it, and a phone with a key."""

    def ask(self, *options: object, rules: str = "covid.json", key: str = "desk.pem") -> Path:
        """Return the file of a request, by default for all that the rules can read."""
        file = self["request.txt"]
        made = run_pratique(
            "request", "make", "--rules", self[rules], "--key", self[key], "--verifier", BORDER, *options,
            "--out", file, "--force",
        )  # fmt: skip
        assert made.exit_code == 0, made.stderr
        return file

    def answer(self, request: object, held: str = "test.pq1", *options: object, rules: str = "covid.json") -> Result:
        """Return how the holder's side answers."""
        return run_pratique(
            "present", self[held], "--request", request, "--rules", self[rules],
            "--verifiers", self["list.json"], *options,
        )  # fmt: skip


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


@pytest.fixture
def asking(world: World) -> Asking:
    """Return the demonstration with what requests and rules need beside it."""
    covid = json.loads(run_pratique("rules", "example", "covid-19").stdout)
    years = {"valid_from": "2020-01-01T00:00:00Z", "valid_to": "2100-01-01T00:00:00Z"}
    world["covid.json"].write_text(json.dumps(covid | years), encoding="utf-8")
    sampled = (datetime.now(UTC) - SAMPLED).strftime("%Y-%m-%dT%H:%M:%SZ")
    event = {"kind": "test", "target": "RA01", "sampled_at": sampled, "centre": "Port Clinic"}
    event |= {"test_method": "loinc|LP6464-4", "test_result": "snomed|260415000"}
    claims = {"event": event, "holder": {"name": "ERIKSSON<<ANNA<MARIA"}}
    world["test.json"].write_text(json.dumps(claims), encoding="utf-8")
    for name in ("desk", "phone"):
        run_pratique("keygen", "--out", world[f"{name}.pem"], "--public", world[f"{name}.jwk"])
    listed = (
        "--list",
        world["list.json"],
        "--verifier",
        BORDER,
        "--country",
        "UTO",
        "--purpose",
        "entry",
        "--keep",
        "P7D",
    )
    run_pratique("request", "allow", world["desk.jwk"], *listed)
    issuer = ("--key", world["issuer.pem"], "--issuer", world.issuer)
    bound = {"test.pq1": ("--mrz", f"@{world['passport.txt']}"), "wallet.pq1": ("--holder-key", world["phone.jwk"])}
    for held, binding in bound.items():
        run_pratique("issue", world["test.json"], *issuer, *binding, "--out", world[held])
    run_pratique(
        "trust", "add", world["issuer.pub.pem"], "--country", "UTO", "--format", "pratique", "--issuer", world.issuer,
        "--trust", world["any"],
    )  # fmt: skip
    return Asking(world.path, world.issuer)
