"""What a start of Python costs: imports, and one `pratique verify` from the shell's prompt to its answer."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import authority
import pratique
from benchmarks.measure import Effort, Table, at_most, milli, take_turns
from pratique.qr import render

if TYPE_CHECKING:
    from benchmarks.scene import Scene

_IMPORT_TARGET, _VERIFY_TARGET = 45, 180  # ms
_ANSWERS = {0, 1, 3}  # accept, reject, refer; 2 is a failure of the benchmark


def imports(effort: Effort) -> Table:
    codes = {
        "bare Python": "pass",
        "`import pratique`": "import pratique",
        "`from pratique import Verifier, TrustStore`": "from pratique import Verifier, TrustStore",
    }
    with TemporaryDirectory() as cache:
        spent = take_turns(
            {name: lambda code=code: _run(["-c", code], cache) for name, code in codes.items()},  # type: ignore[misc]
            rounds=effort.starts,
            turn=0,
        )
    bare = spent["bare Python"]
    target = {"`import pratique`": at_most(_IMPORT_TARGET, (spent["`import pratique`"] - bare) * 1e3, " ms")}
    return Table(
        "Import",
        "A new interpreter each time, modules compiled and in the file system's cache. Names of `pratique` load their "
        "modules when they are first asked for.",
        ("", "time", "above bare Python", "target"),
        tuple(
            (name, milli(time), "" if time is bare else milli(time - bare), target.get(name, ""))
            for name, time in spent.items()
        ),
    )


def cold(scene: Scene, effort: Effort) -> Table:
    with TemporaryDirectory() as folder:
        place = Path(folder)
        scene.write_trust(place)
        for name, case in (("own", scene.shown), ("dcc", scene.dcc)):
            (place / f"{name}.png").write_bytes(render.png(case.text))
        options = ["--trust", folder, "--at", scene.at.isoformat()]

        def verify(*arguments: str) -> None:
            _run(["-m", "pratique.cli", "verify", *arguments, *options], str(place / "cache"))

        spent = take_turns(
            {
                "bare Python": lambda: _run(["-c", "pass"], str(place / "cache")),
                "own credential": lambda: verify(str(place / "own.png")),
                "EU DCC": lambda: verify(str(place / "dcc.png")),
                "own credential, compared with its document": lambda: verify(
                    str(place / "own.png"), "--mrz", authority.MRZ
                ),
            },
            rounds=effort.starts,
            turn=0,
        )
    return Table(
        "Verify one picture from a cold start",
        "`pratique verify code.png --trust folder`: the interpreter started, the trust folder loaded, the picture "
        "read, the code verified, the answer written. With `--mrz` Argon2id comes on top, on purpose.",
        ("", "time", "target"),
        tuple(
            (
                name,
                milli(time),
                at_most(_VERIFY_TARGET, time * 1e3, " ms") if name in ("own credential", "EU DCC") else "",
            )
            for name, time in spent.items()
        ),
    )


def _run(arguments: list[str], cache: str) -> None:
    """Run Python with compiled modules kept in `cache`, whatever the environment says about them."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment |= {"PYTHONPYCACHEPREFIX": cache, "PYTHONPATH": str(Path(pratique.__file__).parents[1])}
    done = subprocess.run(  # noqa: S603 - this interpreter
        [sys.executable, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode not in _ANSWERS or "Traceback" in done.stderr:
        raise RuntimeError(f"{' '.join(arguments[:3])} ended with {done.returncode}: {done.stderr}")
