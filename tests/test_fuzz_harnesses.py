"""The fuzz harnesses work: each target takes empty, arbitrary and nearly sensible bytes, and finds nothing."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import cbor2
import pytest

if TYPE_CHECKING:
    from types import ModuleType

HARNESSES = sorted((Path(__file__).parent / "fuzz").glob("fuzz_*.py"))
RANDOM = Random(2026)  # noqa: S311 - the inputs are to be the same every time
INPUTS = [
    b"",
    *(RANDOM.randbytes(size) for size in (1, 2, 8, 40, 300) for _ in range(6)),
    *(cbor2.dumps(value) for value in (None, 0, -1, "", b"", [], {}, {1: "AT", 4: 1, 6: 1, -260: {1: {"v": [{}]}}})),
    *(json.dumps(value).encode() for value in (None, 1, "x", [], {}, {"data": {"hdr": {"t": "icao.vacc"}}})),
]


@pytest.mark.parametrize("path", HARNESSES, ids=lambda path: path.stem)
def test_harness_finds_nothing_in_simple_inputs(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(path.parent))
    harness = load(path)
    from fuzzing import give  # noqa: PLC0415 - beside the harnesses

    if path.stem == "fuzz_qr":  # each of its inputs goes to every reader
        for data in INPUTS:
            harness.one_input(data)
        return
    for place in range(len(harness.TARGETS)):
        for data in INPUTS:
            give(harness.TARGETS, bytes((place,)) + data)


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
