"""What may be kept of a verification, and on what terms; and the schema that has no place for anything else."""

from __future__ import annotations

import copy
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from authority import DOCUMENT, NOW, DccState, World, dcc_recovery, dcc_vaccination
from pratique import schemas
from pratique.errors import DecodeError
from pratique.request import Request
from pratique.rules import RuleSet
from pratique.rules.ready_made import NAMES, ready_made

if TYPE_CHECKING:
    from pratique.report import Report

BORDER = "https://border.example"


def rule_set(retention: str = "P1D", version: str = "1.0.0") -> RuleSet:
    return RuleSet.from_json(ready_made("covid-19").document | {"retention": retention, "version": version})


def request(rules: RuleSet, **changes: Any) -> Request:
    made = Request.for_rules(rules, verifier=BORDER, names={"en": "Border"}, audience=BORDER, at=NOW)
    values = {name: getattr(made, name) for name in Request.__dataclass_fields__}
    return Request(**values | changes)


@pytest.fixture(scope="module")
def world() -> World:
    world = World()
    world.trusted.append(DccState(world.clock).entry())
    return world


def judged(world: World, rules: RuleSet | None, **options: Any) -> Report:
    return world.verify(DccState(world.clock).sign(dcc_vaccination()), rules=rules, **options)


def test_record_without_terms_does_not_say_how_long(world: World) -> None:
    record = judged(world, None).record()
    assert record.keys() == {"verdict", "format", "codes", "trust_lists", "hour"}
    schemas.check(record, "record")


def test_rules_say_why_by_which_law_and_until_when(world: World) -> None:
    rules = rule_set()
    record = judged(world, rules).record(rules=rules)
    assert record is not None
    assert record["purpose"] == "entry"
    assert record["legal_basis"] == rules.legal_basis
    assert record["rule_set"] == {"id": rules.id, "version": "1.0.0", "sha256": rules.sha256.hex()}
    assert record["keep_until"] == "2026-11-24T12:00:00Z"
    assert "claims_asked" not in record
    schemas.check(record, "record")


def test_request_says_besides_what_was_asked_for(world: World) -> None:
    rules = rule_set()
    asked = request(rules, claims=frozenset({"event.date"}))
    for record in (judged(world, rules).record(request=asked), judged(world, rules).record(rules=rules, request=asked)):
        assert record is not None
        assert record["claims_asked"] == ["event.date"]
        schemas.check(record, "record")
    alone = judged(world, None).record(request=asked)
    assert alone is not None
    assert alone["rule_set"] == {"id": rules.id, "sha256": rules.sha256.hex()}


@pytest.mark.parametrize(
    ("allowed", "promised", "until"),
    [
        ("P2D", timedelta(hours=5), "2026-11-23T17:00:00Z"),
        ("PT5H", timedelta(days=2), "2026-11-23T17:00:00Z"),
        ("PT1H", timedelta(hours=1), "2026-11-23T13:00:00Z"),
    ],
)
def test_shorter_of_what_rules_allow_and_a_request_promises_counts(
    world: World, allowed: str, promised: timedelta, until: str
) -> None:
    rules = rule_set(allowed)
    record = judged(world, rules).record(rules=rules, request=request(rules, retention=promised))
    assert record is not None
    assert record["keep_until"] == until


def test_nothing_is_kept_where_either_allows_nothing(world: World) -> None:
    none, some = rule_set("P0D"), rule_set()
    assert judged(world, none).record(rules=none) is None
    assert judged(world, some).record(request=request(some, retention=timedelta())) is None
    assert judged(world, some).record(rules=some, request=request(some, retention=timedelta())) is None
    assert judged(world, none).record(rules=none, request=request(none, retention=timedelta(days=3))) is None
    session = world.verifier().session(at=NOW, rules=none)
    session.add("nonsense")
    assert session.report().record(rules=none) is None


@pytest.mark.parametrize("minutes", [0, 1, 59])
def test_record_is_never_kept_longer_than_the_retention_and_an_hour_less_at_most(world: World, minutes: int) -> None:
    rules = rule_set("PT3H")
    at = NOW + timedelta(minutes=minutes)
    record = judged(world, rules, at=at).record(rules=rules)
    assert record is not None
    until = datetime.fromisoformat(record["keep_until"])
    assert at + timedelta(hours=2) < until <= at + timedelta(hours=3)


def test_hour_is_one_of_utc_whatever_the_zone(world: World) -> None:
    rules = rule_set()
    india = timezone(timedelta(hours=5, minutes=30))
    record = judged(world, rules, at=NOW.astimezone(india)).record(rules=rules)
    assert record is not None
    assert (record["hour"], record["keep_until"]) == ("2026-11-23T12:00:00Z", "2026-11-24T12:00:00Z")


def test_rules_that_were_not_judged_give_no_record(world: World) -> None:
    judged_by, other = rule_set(), rule_set(version="1.0.1")
    with pytest.raises(ValueError, match="not the rules that were judged"):
        judged(world, judged_by).record(rules=other)
    with pytest.raises(ValueError, match="not the rules that the request names"):
        judged(world, judged_by).record(rules=judged_by, request=request(other))


def test_what_is_refused_before_the_rules_has_a_record_on_the_same_terms(world: World) -> None:
    rules = rule_set()
    record = world.verify("nonsense", rules=rules).record(rules=rules)
    assert record is not None
    assert record["format"] is None
    assert record["keep_until"] == "2026-11-24T12:00:00Z"
    schemas.check(record, "record")


def test_session_has_one_set_of_terms_for_all_codes(world: World) -> None:
    rules = rule_set()
    session = world.verifier().session(at=NOW, rules=rules, document=DOCUMENT)
    for text in (DccState(world.clock).sign(dcc_recovery()), world.home.issue_vaccination().present(), "nonsense"):
        session.add(text)
    record = session.report().record(rules=rules, request=request(rules))
    assert record is not None
    assert record["keep_until"] == "2026-11-24T12:00:00Z"
    assert [code.keys() & {"purpose", "keep_until"} for code in record["codes"]] == [set()] * 3
    schemas.check(record, "record")
    schemas.check(session.report().record(), "record")


@pytest.mark.parametrize("name", NAMES)
def test_every_ready_made_rule_set_has_terms_after_the_schema(world: World, name: str) -> None:
    rules = ready_made(name)
    record = judged(world, rules).record(rules=rules)
    if record is not None:
        schemas.check(record, "record")
    assert (record is None) == (not rules.retention)


TERMS = ("purpose", "legal_basis", "rule_set", "keep_until")
CHANGES: list[tuple[tuple[str, ...], Any]] = [
    *(((name,), ...) for name in TERMS),
    (("holder",), "ERIKSSON"),
    (("codes", "holder"), "signature.valid"),
    (("codes", "trust"), ...),
    (("codes", "trust"), "ERIKSSON<<ANNA"),
    (("rule_set", "name"), "Anna"),
    (("trust_lists", "world"), "Anna"),
    (("claims_asked",), ["ERIKSSON"]),
    (("format",), "ERIKSSON"),
    (("verdict",), "ERIKSSON"),
    (("hour",), "2026-11-23T12:00:01Z"),
    (("hour",), "2026-11-23T12:30:00Z"),
    (("hour",), "2026-11-23T12:00:00+01:00"),
    (("keep_until",), "2026-11-23T12:00:00.5Z"),
]


@pytest.mark.parametrize(("path", "value"), CHANGES)
def test_schema_has_no_place_for_anything_else(world: World, path: tuple[str, ...], value: Any) -> None:
    rules = rule_set()
    record = judged(world, rules).record(rules=rules, request=request(rules))
    changed = copy.deepcopy(record)
    assert changed is not None
    parent = changed
    for step in path[:-1]:
        parent = parent[step]
    if value is ...:
        del parent[path[-1]]
    else:
        parent[path[-1]] = value
    with pytest.raises(DecodeError):
        schemas.check(changed, "record")
