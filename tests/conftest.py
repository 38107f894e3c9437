"""What several test modules share: where the outside test vectors are, and a security module."""

from __future__ import annotations

import gc
import json
import os
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

import tokens as softhsm

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
VECTORS = Path(os.environ.get("PRATIQUE_VECTORS", ROOT.parent / "shared" / "vectors"))


@dataclass(frozen=True)
class Vector:
    """One folder of the outside test vectors: its name, its metadata, its files."""

    folder: Path
    meta: dict[str, Any] = field(repr=False)

    @property
    def name(self) -> str:
        return self.folder.name

    def text(self) -> str:
        return (self.folder / "input.txt").read_text(encoding="utf-8")


def load_vectors(kind: str) -> list[Vector]:
    """Return the vectors of one format, by name; none where the folder is absent, which `pytest` then says loudly."""
    folders = sorted(path.parent for path in (VECTORS / kind).glob("*/meta.json"))
    return [Vector(folder, json.loads((folder / "meta.json").read_text(encoding="utf-8"))) for folder in folders]


@pytest.fixture(scope="session")
def vectors() -> Path:
    """Return the folder of outside vectors; a test that needs it is skipped where it is absent, and the run says so."""
    if not VECTORS.is_dir():
        pytest.skip(f"the outside test vectors are not at {VECTORS}; set PRATIQUE_VECTORS to where they are")
    return VECTORS


@pytest.fixture(scope="session")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[softhsm.Tokens]:
    """Yield a security module's tokens; a test that needs them is skipped where there is none, and the run says so."""
    if absent := softhsm.why_absent():
        pytest.skip(absent)
    yield from softhsm.make(tmp_path_factory.mktemp("softhsm"))


def pytest_report_header() -> list[str]:
    absent = softhsm.why_absent()
    return [
        f"outside vectors: {VECTORS}"
        if VECTORS.is_dir()
        else f"OUTSIDE VECTORS ARE ABSENT at {VECTORS}: the tests that need them are skipped, set PRATIQUE_VECTORS",
        f"NO SECURITY MODULE: {absent}; the tests that need one are skipped"
        if absent
        else f"security module: {softhsm.LIBRARY}",
    ]


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if absent := softhsm.why_absent():
        terminalreporter.write_line(f"NO SECURITY MODULE: keys in one were not tested. {absent}.", red=True)
    if not VECTORS.is_dir():
        terminalreporter.write_line(
            f"OUTSIDE VECTORS ARE ABSENT at {VECTORS}: foreign formats were not tested. Set PRATIQUE_VECTORS.", red=True
        )


def pytest_collection_finish() -> None:
    """Keep thousands of tests out of every search for garbage: a tenth of the whole run's time."""
    gc.collect()
    gc.freeze()


# A busy machine draws examples slowly, and that is no fault of a test.
settings.register_profile("pratique", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("pratique")

warnings.filterwarnings("default", category=DeprecationWarning, module="pycose")
