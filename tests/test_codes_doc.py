"""`docs/codes.md` lists every code as it is, and no code is there for nothing.

After a change of the codes: `python tests/test_codes_doc.py` writes the page anew.
"""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path

import pytest

from pratique.reasons import Reason

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "codes.md"
REASONS = ROOT / "src" / "pratique" / "reasons.py"

INTRODUCTION = """\
# Codes

Errors and the checks of a report carry one of these codes. A code never changes its meaning: build on the codes, not on
the sentences. *Advice* is what `report.for_traveller()` tells the person in front of the desk; where there is none, an
officer looks at the certificate.

This page is made from `src/pratique/reasons.py` by `python tests/test_codes_doc.py`.
"""


def headings() -> dict[str, str]:
    """Return the comment above each group of codes in the source, by the name of the code."""
    found, heading = {}, ""
    for line in REASONS.read_text(encoding="utf-8").splitlines():
        if comment := re.fullmatch(r"    # (.+)", line):
            heading = comment[1]
        elif member := re.match(r"    ([A-Z][A-Z0-9_]+) = ", line):
            found[member[1]] = heading
    return found


def rendered() -> str:
    """Return the page as it should be."""
    of = headings()
    parts = [INTRODUCTION]
    for heading, reasons in groupby(Reason, key=lambda reason: of[reason.name]):
        parts.append(f"\n## {heading}\n\n| code | meaning | advice |\n|---|---|---|\n")
        parts += [f"| `{reason.value}` | {reason.meaning} | {reason.advice} |\n" for reason in reasons]
    return "".join(parts)


def test_page_lists_every_code_as_it_is() -> None:
    assert PAGE.read_text(encoding="utf-8") == rendered(), "run: python tests/test_codes_doc.py"


@pytest.mark.parametrize("reason", Reason, ids=lambda reason: reason.value)
def test_code_is_well_formed_and_explained(reason: Reason) -> None:
    assert re.fullmatch(r"[a-z0-9]+(\.[a-z0-9_]+)+", reason.value)
    assert re.fullmatch(r"[A-Z][^|\n]+[^ ]\.", reason.meaning)
    assert reason.advice == "" or re.fullmatch(r"[A-Z][^|\n]+\.", reason.advice)
    assert reason == reason.value


def test_meanings_are_all_different() -> None:
    meanings = [reason.meaning for reason in Reason]
    assert len(set(meanings)) == len(meanings)


def test_every_code_is_used() -> None:
    source = "\n".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py") if path.name != REASONS.name
    )
    used = set(re.findall(r"\bReason\.([A-Z][A-Z0-9_]+)", source))
    assert used == {reason.name for reason in Reason}


if __name__ == "__main__":
    PAGE.write_text(rendered(), encoding="utf-8")
