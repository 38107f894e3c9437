"""`python -m benchmarks`: measure everything, print the tables; with `--write`, put them into `docs/performance.md`.

    pip install -e '.[bench]'; apt-get install libzbar0
    python -m benchmarks [--write] [--quick]

What is not installed is named as absent. `--quick` measures everything once, to see that it runs.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.hazmat.backends.openssl import backend

from benchmarks import border, parts, peers, starting, status_lists, symbols, trust_lists, verifying
from benchmarks.measure import QUICK, Effort
from benchmarks.scene import ROOT, Scene

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.measure import Table

PAGE = ROOT / "docs" / "performance.md"
_LIBRARIES = ("pratique", "cryptography", "cbor2", "zxing-cpp", "pillow", "qrcode", "segno", "pyzbar", "base45")


def tables(effort: Effort) -> Iterator[Table]:
    """Yield every table, as soon as it is measured."""
    scene = Scene()
    yield verifying.verification(scene, effort)
    yield border.other_peers(scene, effort)
    yield border.everything_on(scene, effort)
    yield verifying.stages(scene, effort)
    yield verifying.threads(scene, effort)
    yield verifying.binding(scene, effort)
    yield verifying.signing(scene, effort)
    yield symbols.writing(scene, effort)
    yield symbols.reading(effort)
    yield starting.imports(effort)
    yield starting.cold(scene, effort)
    yield parts.base45_text(scene, effort)
    yield trust_lists.large_list(scene, effort)
    yield from status_lists.tables(scene, effort)


def preface() -> str:
    """Return the head of the page: how to read it, on which machine and when it was measured."""
    versions = ", ".join(f"{name} {_version(name)}" for name in (*_LIBRARIES, "opencv-python-headless"))
    facts = {
        "Date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "Processor": f"{_processor()}, {os.cpu_count()} cores",
        "System": f"{platform.system()} {platform.release()}, {platform.libc_ver()[0]} {platform.libc_ver()[1]}",
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "OpenSSL": backend.openssl_version_text(),
        "Libraries": versions,
    }
    rows = "\n".join(f"| {name} | {fact} |" for name, fact in facts.items())
    return f"""# Performance

Measured in one run of `python -m benchmarks --write`, on the machine below. Competitors take turns in slices of a few
milliseconds, warmed up each time, and the shortest time of each counts: the ratios can be repeated elsewhere, the times
are this machine's. No test depends on a time.

| | |
| --- | --- |
{rows}
"""


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure pratique beside its peers.")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/performance.md")
    parser.add_argument("--quick", action="store_true", help="measure everything once, to see that it runs")
    options = parser.parse_args()
    if why := peers.install():
        print(f"python-cwt and pycose: {why}", file=sys.stderr)
    page = [preface()]
    print(page[0])
    for table in tables(QUICK if options.quick else Effort()):
        page.append(table.markdown())
        print(page[-1], flush=True)
    if options.write:
        PAGE.write_text("\n".join(page), encoding="utf-8")
        print(f"written to {PAGE.relative_to(ROOT)}", file=sys.stderr)


if __name__ == "__main__":
    main()
