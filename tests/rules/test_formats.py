"""Rules are asked of every certificate that others published: each variable can be read, and nothing but answers come.

What is no certificate is left to the tests of its format.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from conftest import load_vectors
from pratique import formats
from pratique.errors import PratiqueError
from pratique.rules import Answer, RuleSet, Shown, judge
from pratique.rules.ready_made import NAMES as READY_MADE
from pratique.rules.ready_made import ready_made
from pratique.rules.variables import NAMES

AT = datetime(2026, 11, 23, tzinfo=UTC)
VECTORS = [vector for kind in ("eu-dcc", "shc", "vds-nc", "nzcp", "at1", "who-ddcc") for vector in load_vectors(kind)]


def rules(logics: dict[str, Any]) -> RuleSet:
    entries = [
        {"id": name, "kind": "acceptance", "description": {"en": "-"}, "requirement": name, "logic": logic}
        for name, logic in sorted(logics.items())
    ]
    return RuleSet.from_json(ready_made("clearance").document | {"rules": entries})


EVERY_VARIABLE = rules({name: {"var": name} for name in NAMES})


def shown(text: str) -> Shown | None:
    try:
        reader, cleaned = formats.recognise(text)
        envelope = reader.envelope(cleaned)
        return Shown(envelope.read(), original=getattr(envelope, "payload", None))
    except PratiqueError:
        return None


@pytest.mark.usefixtures("vectors")
def test_every_certificate_is_answered() -> None:
    counts: dict[str, int] = {}
    for vector in VECTORS:
        if not (vector.folder / "input.txt").is_file() or (each := shown(vector.text())) is None:
            continue
        kind = each.credential.format
        counts[kind] = counts.get(kind, 0) + 1
        found = {one.requirement: one.answer for one in judge(EVERY_VARIABLE, each, AT).requirements}
        assert Answer.INCONCLUSIVE not in found.values(), vector.name  # foreign formats hide nothing
        for name in ("now", "today", "event.kind", "credential.format"):
            assert found[name] is Answer.PASSED, (vector.name, name)
        for name in READY_MADE:
            assert judge(ready_made(name), each, AT).missing == frozenset(), vector.name
    assert counts == {
        "eu-dcc": 293,
        "nz-covid-pass": 7,
        "smart-health-card": 5,
        "icao-vds-nc": 3,
        "at-exemption": 1,
        "who-hcert": 1,
    }


@pytest.mark.usefixtures("vectors")
def test_original_of_every_eu_certificate_can_be_read() -> None:
    number = {"if": [{"var": "payload.v.0.ci"}, {"var": "payload.v.0.ci"}, {"var": "payload.r.0.ci"}]}
    logic = {"if": [{"var": "payload.t.0.ci"}, True, number]}
    document = ready_made("clearance").document
    document["rules"] = [document["rules"][0] | {"logic": logic, "applies_to": {"formats": ["eu-dcc"]}}]
    rule_set = RuleSet.from_json(document)
    for vector in load_vectors("eu-dcc"):
        each = shown(vector.text())
        if each is not None and each.credential.format == "eu-dcc":
            assert judge(rule_set, each, AT).answer is Answer.PASSED, vector.name
