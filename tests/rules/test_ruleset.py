from __future__ import annotations

import copy
import hashlib
import pickle
import tracemalloc
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pratique import schemas
from pratique.codec import json
from pratique.errors import DecodeError, PratiqueError, RuleError
from pratique.reasons import Reason
from pratique.rules.ready_made import NAMES, ready_made
from pratique.rules.ruleset import MAX_BYTES, MAX_RULES, MAX_TEXTS, RuleSet, in_force

DOCUMENT = ready_made("covid-19").document
DOCUMENT["zone"] = "Europe/Berlin"
DOCUMENT["rules"][0] |= {
    "version": "2.0.1",
    "requirement": "covid-19",
    "valid_from": "2026-01-01T00:00:00Z",
    "valid_to": "2026-12-01T00:00:00+01:00",
}
DOCUMENT["rules"][0]["applies_to"] |= {"formats": ["eu-dcc", "pratique"], "countries": ["UTO"]}
RULE = ("rules", 0)
LOGIC = ("rules", 0, "logic")
FROM, TO = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def changed(path: tuple[str | int, ...], value: Any) -> Any:
    """Return the document with one member or item changed, or taken out where the value is `...`."""
    document = copy.deepcopy(DOCUMENT)
    if not path:
        return value
    parent = document
    for step in path[:-1]:
        parent = parent[step]
    if value is ...:
        del parent[path[-1]]
    else:
        parent[path[-1]] = value
    return document


def is_taken(document: Any) -> bool:
    try:
        RuleSet.from_json(document)
    except RuleError:
        return False
    return True


def follows_schema(document: Any) -> bool:
    try:
        schemas.check(document, "rule-set")
    except DecodeError:
        return False
    return True


GOOD: list[tuple[tuple[str | int, ...], Any]] = [
    (("zone",), ...),
    (("zone",), "+05:45"),
    (("sources",), ...),
    (("value_sets", "other"), []),
    (("retention",), "P30D"),
    (("title",), {"zh-Hant": "疫苗"}),
    (("valid_from",), "2026-01-01T00:00:00.5+09:00"),
    ((*RULE, "applies_to"), ...),
    ((*RULE, "applies_to"), {}),
    ((*RULE, "requirement"), ...),
    ((*RULE, "version"), ...),
    (LOGIC, True),
    (LOGIC, {"var": "event.dose.1"}),
    (LOGIC, {"var": "holder"}),
    (LOGIC, {"in": ["x", {"var": "external.valueSets.vaccines"}]}),
    (LOGIC, {"plusTime": [{"var": "now"}, -1, "month"]}),
    (LOGIC, {"extractFromUVCI": [{"var": "event.batch"}, 0]}),
    (LOGIC, {"reduce": [[1, 2], {"+": [{"var": "current"}, {"var": "accumulator"}]}, 0]}),
]
BAD: list[tuple[tuple[str | int, ...], Any]] = [
    ((), None),
    ((), []),
    (("id",), ...),
    (("id",), ""),
    (("id",), "-a"),
    (("id",), "a" * 65),
    (("id",), "a\n"),
    (("version",), "1.0"),
    (("version",), "1.0.01"),
    (("version",), 1),
    (("destination",), "UT"),
    (("valid_from",), "2026-01-01"),
    (("valid_to",), "2026-02-30T00:00:00Z"),
    (("valid_to",), None),
    (("zone",), "Mars/Olympus Mons"),
    (("zone",), 2),
    (("title",), {}),
    (("title",), "Entry"),
    (("title",), {"en": ""}),
    (("title",), {"English": "Entry"}),
    (("purpose",), "Entry"),
    (("retention",), "P1Y"),
    (("retention",), "P1DT1H"),
    (("retention",), 0),
    (("legal_basis",), ...),
    (("sources",), "law"),
    (("sources",), [1]),
    (("value_sets",), []),
    (("value_sets",), {"a.b": []}),
    (("value_sets", "vaccines"), [1]),
    (("value_sets", "vaccines"), [""]),
    (("value_sets", "vaccines"), "abc"),
    (("signature",), "x"),
    (("rules",), {}),
    (RULE, None),
    ((*RULE, "id"), ...),
    ((*RULE, "kind"), "acceptances"),
    ((*RULE, "kind"), ["acceptance"]),
    ((*RULE, "description"), ...),
    ((*RULE, "logic"), ...),
    ((*RULE, "when"), "now"),
    ((*RULE, "version"), "2"),
    ((*RULE, "requirement"), ""),
    ((*RULE, "valid_from"), "soon"),
    ((*RULE, "applies_to"), []),
    ((*RULE, "applies_to"), {"format": ["pratique"]}),
    ((*RULE, "applies_to"), {"formats": []}),
    ((*RULE, "applies_to"), {"formats": "pratique"}),
    ((*RULE, "applies_to"), {"kinds": ["vaccinations"]}),
    ((*RULE, "applies_to"), {"targets": ["covid"]}),
    ((*RULE, "applies_to"), {"countries": ["UT"]}),
    (LOGIC, None),
    (LOGIC, 1.5),
    (LOGIC, 2**53),
    (LOGIC, {}),
    (LOGIC, {"or": [True, False]}),
    (LOGIC, {"var": 1}),
    (LOGIC, {"var": "event..date"}),
    (LOGIC, {"and": [True]}),
    (LOGIC, {"!": [True, True]}),
    (LOGIC, {"plusTime": [{"var": "now"}, 1.0, "day"]}),
    (LOGIC, {"plusTime": [{"var": "now"}, 1, "days"]}),
    (LOGIC, {"extractFromUVCI": ["a", True]}),
    (LOGIC, [{"===": [1, 2, 3]}]),
]
ONLY_HERE: list[tuple[tuple[str | int, ...], Any, str]] = [
    (("valid_to",), "2026-01-01T00:00:00Z", "ends before"),
    (("zone",), "Nowhere/City", "zone"),
    (("zone",), "+99:00", "zone"),
    (("rules",), [], "no acceptance rule"),
    (("rules", 1, "id"), "RR-UTO-0201", "one id and version"),
    ((*RULE, "kind"), "invalidation", "covid-19 has no acceptance rule"),
    (LOGIC, {"var": "event.dates"}, "rules/0/logic reads event.dates, and there is no such variable"),
    (LOGIC, {"var": "event.dose.2"}, "no such variable"),
    (LOGIC, {"var": "value_sets.other"}, "no such variable or value set"),
    (LOGIC, {"var": "value_sets"}, "no such variable"),
    (LOGIC, {"var": "external"}, "no such variable"),
    (LOGIC, {"var": "payload.v.0.dt"}, "which only at-exemption and eu-dcc have"),
    (LOGIC, {"var": "external.validationClock"}, "which only"),
    (LOGIC, {"reduce": [[1], {"var": "data"}, 0]}, "reads all there is"),
    (LOGIC, {"plusTime": [{"var": "now"}, 2**53 - 1, "day"]}, "calendar"),
]


def test_the_document_that_the_cases_start_from_is_taken_by_both() -> None:
    assert is_taken(DOCUMENT)
    schemas.check(DOCUMENT, "rule-set")


@pytest.mark.parametrize(("path", "value", "good"), [(*case, True) for case in GOOD] + [(*case, False) for case in BAD])
def test_schema_and_parser_judge_one_change_alike(path: tuple[str | int, ...], value: Any, *, good: bool) -> None:
    document = changed(path, value)
    assert is_taken(document) is good
    assert follows_schema(document) is good


def objects(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Return the path of every object but those of logic, value sets and texts, whose members have any name."""
    if isinstance(value, list):
        return [each for i, item in enumerate(value) for each in objects(item, (*path, i))]
    if not isinstance(value, dict) or path[-1:] in (("logic",), ("value_sets",), ("title",), ("legal_basis",)):
        return []
    if path[-1:] == ("description",):
        return []
    return [path, *(each for name, item in value.items() for each in objects(item, (*path, name)))]


@pytest.mark.parametrize("path", objects(DOCUMENT), ids=str)
def test_member_that_is_not_known_may_carry_a_restriction_and_is_refused(path: tuple[str | int, ...]) -> None:
    document = changed((*path, "only_if"), 1)
    assert not is_taken(document)
    assert not follows_schema(document)


@pytest.mark.parametrize(("path", "value", "words"), ONLY_HERE)
def test_what_no_schema_can_say_is_checked_on_load(path: tuple[str | int, ...], value: Any, words: str) -> None:
    document = changed(path, value)
    assert follows_schema(document)
    with pytest.raises(RuleError) as caught:
        RuleSet.from_json(document)
    assert caught.value.code is Reason.RULES_INVALID
    assert words in caught.value.detail


def test_empty_path_reads_everything_and_is_refused() -> None:
    with pytest.raises(RuleError, match="reads all there is"):
        RuleSet.from_json(changed(LOGIC, {"var": ""}))


def test_fault_in_a_logic_is_named_with_its_place() -> None:
    with pytest.raises(RuleError) as caught:
        RuleSet.from_json(changed(LOGIC, {"and": [True, {"or": []}]}))
    assert caught.value.detail == 'rules/0/logic: at /and/1: unrecognised operator: "or"'


def test_more_rules_than_the_limit_are_refused() -> None:
    rules = [DOCUMENT["rules"][0] | {"id": f"VR-{i}"} for i in range(MAX_RULES + 1)]
    assert is_taken(changed(("rules",), rules[1:]))
    assert not is_taken(changed(("rules",), rules))


def test_long_value_set_is_in_memory_once_however_often_rules_read_it() -> None:
    document = changed(("value_sets", "many"), [str(number) for number in range(MAX_TEXTS)])
    document["rules"][0]["logic"] = {"and": [{"in": ["x", {"var": "value_sets.many"}]}] * 200}
    data = json.encode(document)
    tracemalloc.start()
    try:
        RuleSet.decode(data)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000  # a set for each reader would take half a megabyte
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", NAMES)
def test_ready_made_rule_set_follows_its_schema(name: str) -> None:
    rule_set = ready_made(name)
    schemas.check(rule_set.document, "rule-set")
    assert rule_set.destination == "UTO"
    for texts in (rule_set.title, *(rule.description for rule in rule_set.rules)):
        assert {"en", "fr"} <= texts.keys()


def test_ready_made_rule_set_of_another_name_is_the_programmers_error() -> None:
    with pytest.raises(ValueError, match="polio-exit"):
        ready_made("../data/covid-19")


def test_payload_is_read_back_and_its_hash_names_it() -> None:
    made = RuleSet.from_json(DOCUMENT)
    again = RuleSet.from_payload(made.payload())
    assert again.payload() == made.payload()
    assert again.sha256 == made.sha256 == hashlib.sha256(made.payload()).digest()
    assert again.document == DOCUMENT
    assert RuleSet.from_json(changed(("retention",), "P0D")).sha256 != made.sha256


def test_half_a_character_has_no_canonical_encoding() -> None:
    assert not is_taken(changed(("title",), {"en": "\ud800"}))


def test_order_of_members_and_white_space_do_not_change_the_hash() -> None:
    other = json.encode(dict(reversed(DOCUMENT.items())))
    assert RuleSet.decode(other).sha256 == RuleSet.from_json(DOCUMENT).sha256


def test_rule_set_can_be_sent_to_another_process() -> None:
    made = RuleSet.from_json(DOCUMENT)
    again = pickle.loads(pickle.dumps(made))  # noqa: S301 - our own
    assert again.sha256 == made.sha256
    assert copy.deepcopy(made).requirements(FROM).keys() == made.requirements(FROM).keys()


def test_payload_in_another_encoding_is_refused() -> None:
    with pytest.raises(RuleError, match="canonical"):
        RuleSet.from_payload(json.encode(DOCUMENT).encode())


def test_payload_cut_anywhere_is_refused() -> None:
    payload = RuleSet.from_json(DOCUMENT).payload()
    for end in range(0, len(payload), 37):
        with pytest.raises(PratiqueError):
            RuleSet.from_payload(payload[:end])


def test_payload_beyond_the_limits_is_refused_before_it_is_looked_into() -> None:
    for data in (b" " * (MAX_BYTES + 1), b'{"a":' * 200 + b"1" + b"}" * 200):
        with pytest.raises(DecodeError) as caught:
            RuleSet.from_payload(data)
        assert caught.value.code is Reason.JSON_LIMIT


def test_rule_set_shows_what_it_is_and_no_more_than_fits_a_line() -> None:
    assert repr(ready_made("polio-exit")).startswith("RuleSet(id='UTO-polio-exit'")


# When it is in force


@pytest.mark.parametrize(("at", "is_in"), [(FROM - SECOND, False), (FROM, True), (TO - SECOND, True), (TO, False)])
def test_first_moment_is_inside_the_time_of_a_rule_set_and_the_last_is_outside(at: datetime, *, is_in: bool) -> None:
    assert RuleSet.from_json(DOCUMENT).is_in_force(at) is is_in


def test_highest_version_in_force_counts() -> None:
    old, new = RuleSet.from_json(DOCUMENT), RuleSet.from_json(changed(("version",), "1.10.0"))
    later = changed(("version",), "1.9.0")
    later["valid_from"] = "2026-06-01T00:00:00Z"
    sets = [old, new, RuleSet.from_json(later), ready_made("clearance")]
    found = in_force(sets, FROM)
    assert found["UTO-covid-19-entry"] is new
    assert found.keys() == {"UTO-covid-19-entry", "UTO-entry-clearance"}
    assert in_force(sets, TO).keys() == {"UTO-entry-clearance"}
    assert in_force(sets, TO - timedelta(days=1))["UTO-covid-19-entry"] is new
    assert in_force([], FROM) == {}


def test_of_a_rule_in_several_versions_the_highest_in_force_counts() -> None:
    document = copy.deepcopy(DOCUMENT)
    document["rules"][1]["version"] = "1.2.0"
    document["rules"].append(document["rules"][1] | {"version": "1.10.0", "valid_from": "2026-06-01T00:00:00Z"})
    rule_set = RuleSet.from_json(document)
    summer = datetime(2026, 6, 1, tzinfo=UTC)

    def versions(at: datetime) -> list[tuple[int, ...]]:
        rules = rule_set.requirements(at)["entry"]
        return [rule.version for rule in rules if rule.id == "VR-UTO-0202"]

    assert versions(summer - SECOND) == [(1, 2, 0)]
    assert versions(summer) == [(1, 10, 0)]
    assert versions(summer + SECOND) == [(1, 10, 0)]
    assert versions(summer - SECOND) == [(1, 2, 0)]  # asked again, in another order
    winter = datetime(2026, 12, 1, tzinfo=UTC)
    assert [rule.id for rule in rule_set.requirements(summer)["covid-19"]] == ["VR-UTO-0201"]
    assert rule_set.requirements(winter)["covid-19"] == ()
