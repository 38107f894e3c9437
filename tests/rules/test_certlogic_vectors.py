"""The published test suites of CertLogic, and the rules that member states published, with the results they expect."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from conftest import Vector, load_vectors
from pratique.rules.certlogic import compile_logic
from pratique.rules.grammar import check

SUITE, VALIDATION, RULES = (load_vectors(kind) for kind in ("certlogic", "certlogic-validation", "dcc-rule"))


def content(vector: Vector) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(vector.text())
    return found


def expected(vector: Vector) -> Any:
    return vector.meta["expected"]["result"]


def is_same(value: Any, other: Any) -> bool:
    return type(value) is type(other) and bool(value == other)


@pytest.mark.usefixtures("vectors")
def test_the_suites_are_all_there() -> None:
    assert (len(SUITE), len(VALIDATION), len(RULES)) == (100, 11, 756)


@pytest.mark.parametrize("vector", SUITE, ids=lambda vector: vector.name)
def test_expression_has_its_value(vector: Vector) -> None:
    case = content(vector)
    value = compile_logic(case["expression"]).evaluate(case["data"])
    assert not isinstance(value, datetime)
    assert is_same(value, expected(vector)["value"])


@pytest.mark.parametrize("vector", SUITE, ids=lambda vector: vector.name)
def test_truth_of_an_expression_is_that_of_its_value(vector: Vector) -> None:
    case = content(vector)
    assert compile_logic(case["expression"]).holds(case["data"]) is bool(expected(vector)["value"])


def at(logic: Any, path: str) -> Any:
    for step in path.split("/")[1:]:
        logic = logic[int(step) if isinstance(logic, list) else step.replace("~1", "/").replace("~0", "~")]
    return logic


@pytest.mark.parametrize("vector", VALIDATION, ids=lambda vector: vector.name)
def test_expression_has_its_issues(vector: Vector) -> None:
    logic = content(vector)["expression"]
    issues = [{"expr": at(logic, issue.path), "message": issue.message} for issue in check(logic)]
    assert issues == expected(vector)["issues"]


@pytest.mark.parametrize("vector", RULES, ids=lambda vector: vector.name)
def test_rule_of_a_member_state_has_its_result(vector: Vector) -> None:
    case = content(vector)
    assert check(case["rule"]["Logic"]) == ()
    assert compile_logic(case["rule"]["Logic"]).evaluate(case["data"]) is expected(vector)["value"]
