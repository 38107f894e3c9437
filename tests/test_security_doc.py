"""The pages about security name tests that exist, and codes that the steps give."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from pratique.reasons import Reason
from pratique.report import Step

ROOT = Path(__file__).parents[1]
SECURITY = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
VERIFICATION = (ROOT / "docs" / "verification.md").read_text(encoding="utf-8")
TESTS = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", SECURITY)
STEPS = {
    Step.TRUST: ("freshness",),
    Step.ISSUER: ("entitlement",),
    Step.BINDING: ("identity",),
    Step.RULES: ("rules/judgement",),
}
"""The modules that give the codes of a step, and no others."""


@pytest.mark.parametrize(("path", "name"), TESTS)
def test_test_that_an_attack_names_is_there(path: str, name: str) -> None:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_attack_of_the_table_names_a_test() -> None:
    table = SECURITY.split("## Attack by attack", 1)[1].split("\n## ", 1)[0]
    rows = [line for line in table.splitlines() if line.startswith("| ")][1:]
    assert len(rows) >= 30
    assert [row for row in rows if "::test_" not in row] == []


@pytest.mark.parametrize("step", STEPS)
def test_codes_that_a_step_gives_stand_in_its_row(step: Step) -> None:
    given = set()
    for module in STEPS[step]:
        source = (ROOT / "src" / "pratique" / f"{module}.py").read_text(encoding="utf-8")
        given |= {Reason[name].value for name in re.findall(r"\bReason\.([A-Z_]+)", source)}
    (row,) = re.findall(rf"^\| \d+ \| `{step}` .*$", VERIFICATION, re.MULTILINE)
    areas = {code.partition(".")[0] for code in re.findall(r"`([a-z_.]+)`", row) if "." in code}
    named = set(re.findall(r"`([a-z_.]+)`", row))
    assert {code for code in given if code.partition(".")[0] in areas} - named - PASSED == set()


PASSED = {"trust.key_found", "issuer.entitled", "rules.invalid"}
