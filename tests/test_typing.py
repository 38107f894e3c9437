"""The code of a user, which mypy checks in strict mode, does what it says."""

from __future__ import annotations

import runpy
from pathlib import Path


def test_code_of_a_user_runs() -> None:
    runpy.run_path(str(Path(__file__).parent / "typing" / "api.py"))["main"]()
