"""`docs/rules.md` names every variable, operation and rank, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from pratique.rules.grammar import COMPARISONS, DATE_COMPARISONS, check
from pratique.rules.minimum import SENSITIVITY
from pratique.rules.ready_made import NAMES as READY_MADE
from pratique.rules.variables import NAMES

PAGE = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def test_every_variable_is_in_its_table() -> None:
    table = section("What a rule can read")
    named = set(re.findall(r"`((?:event|holder|validity|issuer|credential)\.[a-z_]+)`|`(now|today)`", table))
    assert {one or other for one, other in named} == NAMES


def test_every_claim_stands_in_the_table_of_ranks_by_its_rank() -> None:
    rows = re.findall(r"^\| ([1-5]) \| (.+?) \|", section("The least that is enough"), re.MULTILINE)
    assert {claim: int(rank) for rank, claims in rows for claim in re.findall(r"`([a-z_.]+)`", claims)} == SENSITIVITY


def test_every_operation_is_in_its_table() -> None:
    table = section("What a rule can say")
    operators = {"var", "if", "and", "!", "===", "in", "plusTime", "dccDateOfBirth", "+", "reduce", "extractFromUVCI"}
    for operator in operators | COMPARISONS | DATE_COMPARISONS:
        assert f'"{operator}"' in table or f"`{operator}`" in table, operator
        assert not any("unrecognised" in issue.message for issue in check({operator: []})), operator


def test_every_ready_made_rule_set_is_in_its_table() -> None:
    rows = re.findall(r"^\| `([a-z0-9-]+)` \|", section("Ready-made"), re.MULTILINE)
    assert sorted(rows) == list(READY_MADE)
