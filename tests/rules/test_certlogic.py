from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.errors import RuleError
from pratique.reasons import Reason
from pratique.rules.certlogic import Constant, compile_logic
from pratique.rules.grammar import MAX_DEPTH, MAX_EXPRESSIONS, check, reads
from pratique.rules.moments import zone_of
from pratique.rules.operations import MAX_STEPS
from pratique.rules.withheld import Partial, Withheld

A, B, C = (Withheld(frozenset({name})) for name in ("a", "b", "c"))
EVENT = {"var": "event"}


def evaluate(logic: Any, data: Any = None, *, zone: str = "UTC") -> Any:
    return compile_logic(logic, zone=zone_of(zone)).evaluate(data)


def holds(logic: Any, data: Any = None) -> Any:
    return compile_logic(logic).holds(data)


def moment(logic: Any, data: Any = None, *, zone: str = "UTC") -> str:
    value = evaluate(logic, data, zone=zone)
    assert isinstance(value, datetime)
    assert value.tzinfo is UTC
    return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def plus(text: str, amount: int, unit: str) -> Any:
    return {"plusTime": [text, amount, unit]}


# What is no expression


@pytest.mark.parametrize(
    ("logic", "path"),
    [
        (None, ""),
        (1.5, ""),
        (1.0, ""),
        (2**53, ""),
        ({}, ""),
        ({"var": "a", "!": [1]}, ""),
        ({"var": ["a"]}, ""),
        ({"var": "a..b"}, ""),
        ({"var": ".a"}, ""),
        ({"var": "a."}, ""),
        ({"var": "a" * 256}, ""),
        ({"or": [1, 2]}, ""),
        ({"and": [True]}, ""),
        ({"and": 1}, ""),
        ({"!": []}, ""),
        ({"!": [1, 2]}, ""),
        ({"if": [1, 2]}, ""),
        ({"if": [1, 2, 3, 4]}, ""),
        ({"===": [1]}, ""),
        ({"<": [1]}, ""),
        ({"<": [1, 2, 3, 4]}, ""),
        ({"after": [1, 2, 3, 4]}, ""),
        ({"reduce": [[], 1]}, ""),
        ({"plusTime": ["2026-01-01", 1]}, ""),
        ({"plusTime": ["2026-01-01", "1", "day"]}, ""),
        ({"plusTime": ["2026-01-01", True, "day"]}, ""),
        ({"plusTime": ["2026-01-01", 1, "week"]}, ""),
        ({"plusTime": ["2026-01-01", 1, ["day"]]}, ""),
        ({"dccDateOfBirth": []}, ""),
        ({"extractFromUVCI": ["a"]}, ""),
        ({"extractFromUVCI": ["a", "1"]}, ""),
        ({"if": [True, {"+": [1, {"/": [1, 2]}]}, 0]}, "/if/1/+/1"),
        ({"and": [1, [2, None]]}, "/and/1/1"),
        ({"a/b~c": []}, ""),
    ],
)
def test_what_is_no_expression_is_refused_with_its_place(logic: Any, path: str) -> None:
    assert check(logic)[0].path == path
    with pytest.raises(RuleError) as caught:
        compile_logic(logic)
    assert caught.value.code is Reason.RULES_INVALID
    assert f"at {path or '/'}: " in caught.value.detail


def test_every_issue_is_found() -> None:
    assert [issue.path for issue in check([None, {"x": []}, [1.5]])] == ["/0", "/1", "/2/0"]


def nested(levels: int) -> Any:
    logic: Any = True
    for _ in range(levels):
        logic = {"!": [logic]}
    return logic


def test_expression_is_as_deep_as_the_limit_and_no_deeper() -> None:
    assert holds(nested(MAX_DEPTH)) is (MAX_DEPTH % 2 == 0)
    assert [issue.message for issue in check(nested(MAX_DEPTH + 1))] == [
        f"the expression is too large: nested deeper than {MAX_DEPTH}"
    ]
    assert check(nested(5000))


@pytest.mark.parametrize(
    "wrap",
    [
        lambda inner: {"if": [inner, 1, 0]},
        lambda inner: {"if": [0, 1, inner]},
        lambda inner: {"and": [1, inner]},
        lambda inner: {"reduce": [[1], inner, 0]},
        lambda inner: {"+": [{"if": [inner, 1, 0]}, 1]},
        lambda inner: {"!": [{"===": [inner, 1]}]},
        lambda inner: [inner, inner],
    ],
)
def test_each_part_of_an_expression_is_compiled_once(wrap: Any) -> None:
    """Compiled twice at each level, the deepest would take years."""
    logic: Any = 1
    while not check(wrap(logic)):
        logic = wrap(logic)
    expression = compile_logic(logic)
    expression.evaluate(None)
    expression.holds(None)


def test_expression_is_as_large_as_the_limit_and_no_larger() -> None:
    assert check([1] * (MAX_EXPRESSIONS - 1)) == ()
    issues = check([[1] * MAX_EXPRESSIONS, [1] * 10])
    assert [issue.message for issue in issues] == [f"the expression is too large: more than {MAX_EXPRESSIONS} parts"]


# Values


@pytest.mark.parametrize(
    ("logic", "data", "value"),
    [
        ({"var": ""}, {"a": 1}, {"a": 1}),
        ({"var": "a.1.b"}, {"a": [0, {"b": "c"}]}, "c"),
        ({"var": "a.-1"}, {"a": [0]}, None),
        ({"var": "a.1"}, {"a": [0]}, None),
        ({"var": "a.0"}, {"a": {"0": "x"}}, "x"),
        ({"var": "a.²"}, {"a": [0, 1, 2]}, None),
        ({"var": "a.b"}, {"a": "text"}, None),
        ({"var": "a.b"}, [], None),
        ({"===": [1, True]}, None, False),
        ({"===": [{"var": "a"}, {"var": "b"}]}, None, True),
        ({"in": [1, [True]]}, None, False),
        ({"in": [{"var": "a"}, ["x"]]}, None, False),
        ({"in": [{"var": "a"}, {"var": "b"}]}, {"a": "x", "b": ["y", "x"]}, True),
        ({"in": [{"var": "a"}, {"var": "b"}]}, {"a": 2, "b": ["y", 2]}, True),
        ({">=": [{"var": "a"}, 2]}, {"a": 2.0}, True),
        ({"<": [1, 2, 2]}, None, False),
        ({"<=": [1, 2, 2]}, None, True),
        ({">": [3, 2, 1]}, None, True),
        ({"and": [1, "x"]}, None, "x"),
        ({"and": [1, 0, {"var": "never"}]}, None, 0),
        ({"if": [{"var": "a"}, {"+": ["no", 1]}, 2]}, None, 2),
        ({"extractFromUVCI": ["URN:UVCI:01:NL:187/3", -1]}, None, None),
        (
            {"reduce": [{"var": "a"}, {"+": [{"var": "accumulator"}, {"var": "data.b"}]}, {"var": "b"}]},
            {"a": [0, 0], "b": 5},
            15,
        ),
    ],
)
def test_value_is_that_of_the_specification(logic: Any, data: Any, value: Any) -> None:
    found = evaluate(logic, data)
    assert type(found) is type(value)
    assert found == value
    assert holds(logic, data) is bool(value)


@pytest.mark.parametrize(
    ("logic", "data", "path"),
    [
        ({"<": [{"var": "a"}, 1]}, None, "/<"),
        ({"<": ["1", 2]}, None, "/<"),
        ({"<": [True, 2]}, None, "/<"),
        ({"<": [{"var": "a"}, 2]}, {"a": 1.5}, "/<"),
        ({"<": [{"var": "a"}, 2]}, {"a": float("nan")}, "/<"),
        ({"before": ["2026-01-01", "2026-01-02"]}, None, "/before"),
        ({"before": [plus("2026-01-01", 0, "day"), 5]}, None, "/before"),
        ({"+": [1, "1"]}, None, "/+"),
        ({"+": [2**53 - 1, 1]}, None, "/+"),
        ({"in": ["a", "abc"]}, None, "/in"),
        ({"in": [["a"], [["a"]]]}, None, "/in"),
        ({"===": [[], []]}, None, "/==="),
        ({"reduce": ["abc", 1, 0]}, None, "/reduce"),
        ({"extractFromUVCI": [1, 0]}, None, "/extractFromUVCI"),
        ({"dccDateOfBirth": ["2026-01-01T00:00:00Z"]}, None, "/dccDateOfBirth"),
        ({"dccDateOfBirth": [1999]}, None, "/dccDateOfBirth"),
        (plus("2026-02-30", 0, "day"), None, "/plusTime"),
        (plus("2026-13", 0, "day"), None, "/plusTime"),
        (plus("0000", 0, "day"), None, "/plusTime"),
        (plus("9999-12-31", 1, "day"), None, "/plusTime"),
        (plus("2026-01-01", 8000, "year"), None, "/plusTime"),
        (plus("2026-W01-1", 0, "day"), None, "/plusTime"),
        (plus("20260101", 0, "day"), None, "/plusTime"),
        (plus("2026-01-01T24:00:00Z", 0, "day"), None, "/plusTime"),
        (plus("2026-01-01T24:00:00", 0, "day"), None, "/plusTime"),
        (plus("2026-01-01T120000.0Z", 0, "day"), None, "/plusTime"),
        (plus("2026-01-01T120000,1Z", 0, "day"), None, "/plusTime"),
        (plus("2026-01-01T00:00:00+99", 0, "day"), None, "/plusTime"),
        (plus("2026-01-01T00:00:00." + "1" * 99, 0, "day"), None, "/plusTime"),
        (plus("2026-01-01\n", 0, "day"), None, "/plusTime"),
        (plus("\uff12026-01-01", 0, "day"), None, "/plusTime"),
        (plus("", 0, "day"), None, "/plusTime"),
        ({"plusTime": [plus("2026-01-01", 0, "day"), 0, "day"]}, None, "/plusTime"),
        ({"if": [plus("2026-01-01", 0, "day"), 1, 2]}, None, "/if/0"),
        ({"and": [1, plus("2026-01-01", 0, "day")]}, None, "/and/1"),
        ({"and": [1, {"!": [{"var": "a"}]}]}, {"a": b"bytes"}, "/and/1/!/0"),
    ],
)
def test_operator_that_does_not_apply_is_an_error_with_its_place(logic: Any, data: Any, path: str) -> None:
    for run in (evaluate, holds):
        with pytest.raises(RuleError) as caught:
            run(logic, data)
        assert caught.value.code is Reason.RULE_INAPPLICABLE
        assert caught.value.detail.startswith(f"at {path}: ")
        assert "2026" not in caught.value.detail


# Moments


@pytest.mark.parametrize(
    ("logic", "expected"),
    [
        (plus("2026-05-04", 0, "hour"), "2026-05-04T00:00:00.000Z"),
        (plus("2026-05-04T13:37:42", 0, "day"), "2026-05-04T13:37:42.000Z"),
        (plus("2026-05-04T13:37:42Z", 0, "day"), "2026-05-04T13:37:42.000Z"),
        (plus("2026-05-04T13:37:42.1Z", 0, "day"), "2026-05-04T13:37:42.100Z"),
        (plus("2026-05-04T13:37:42.0009999", 0, "day"), "2026-05-04T13:37:42.000Z"),
        (plus("2026-05-04T13:37:42.123456+02", 0, "day"), "2026-05-04T11:37:42.123Z"),
        (plus("2026-05-04T13:37:42+2", 0, "day"), "2026-05-04T11:37:42.000Z"),
        (plus("2026-05-04T13:37:42-230", 0, "day"), "2026-05-04T16:07:42.000Z"),
        (plus("2026-05-04T13:37:42+0200", 0, "day"), "2026-05-04T11:37:42.000Z"),
        (plus("2026-05-04T13:37:42+2:30", 0, "day"), "2026-05-04T11:07:42.000Z"),
        (plus("2004", 0, "day"), "2004-12-31T00:00:00.000Z"),
        (plus("2004-02", 0, "day"), "2004-02-29T00:00:00.000Z"),
        ({"dccDateOfBirth": ["2003-02"]}, "2003-02-28T00:00:00.000Z"),
        ({"dccDateOfBirth": ["2003-02-01"]}, "2003-02-01T00:00:00.000Z"),
        (plus("2020-02-29", 1, "day"), "2020-03-01T00:00:00.000Z"),
        (plus("2020-03-01", -1, "day"), "2020-02-29T00:00:00.000Z"),
        (plus("2020-02-29", 1, "month"), "2020-03-29T00:00:00.000Z"),
        (plus("2021-12-01", -12, "month"), "2020-12-01T00:00:00.000Z"),
        (plus("2026-01-31", 1, "month"), "2026-03-03T00:00:00.000Z"),
        (plus("2020-02-29", 1, "year"), "2021-03-01T00:00:00.000Z"),
        (plus("2020-02-29", -4, "year"), "2016-02-29T00:00:00.000Z"),
        (plus("2004-02-28", 18, "year"), "2022-02-28T00:00:00.000Z"),
        (plus("2021-06-23T00:00:00.000Z", -72, "hour"), "2021-06-20T00:00:00.000Z"),
    ],
)
def test_moment_is_that_of_the_specification(logic: Any, expected: str) -> None:
    assert moment(logic) == expected


@pytest.mark.parametrize(
    ("zone", "logic", "expected"),
    [
        ("Asia/Tokyo", plus("2026-05-04", 0, "day"), "2026-05-03T15:00:00.000Z"),
        ("+09:00", plus("2026-05-04", 1, "month"), "2026-06-03T15:00:00.000Z"),
        ("-03:30", plus("2026-05-04", 0, "day"), "2026-05-04T03:30:00.000Z"),
        # Berlin put its clocks back on 2026-10-25: that day has 25 hours, and one day is one day all the same.
        ("Europe/Berlin", plus("2026-10-25", 1, "day"), "2026-10-25T23:00:00.000Z"),
        ("Europe/Berlin", plus("2026-10-25", 24, "hour"), "2026-10-25T22:00:00.000Z"),
        ("Europe/Berlin", plus("2026-10-25T10:00:00Z", 1, "day"), "2026-10-26T10:00:00.000Z"),
        ("Europe/Berlin", plus("2026-10-24T10:00:00Z", 1, "day"), "2026-10-25T11:00:00.000Z"),
        ("Asia/Tokyo", {"dccDateOfBirth": ["2004"]}, "2004-12-30T15:00:00.000Z"),
    ],
)
def test_day_is_counted_in_the_zone(zone: str, logic: Any, expected: str) -> None:
    assert moment(logic, zone=zone) == expected


@pytest.mark.parametrize(
    "name", ["", "Nowhere/City", "../etc/passwd", "/etc/passwd", "Europe", "+25:00", "+9:00", "+09:60", "utc+1", "é"]
)
def test_zone_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(RuleError) as caught:
        zone_of(name)
    assert caught.value.code is Reason.RULES_INVALID


def test_amount_beyond_the_calendar_is_refused_when_compiled() -> None:
    with pytest.raises(RuleError, match="more than the calendar has"):
        compile_logic(plus("2026-01-01", 2**53 - 1, "day"))


# What is bounded


def test_nested_loops_run_out_of_steps() -> None:
    data = list(range(100))
    logic = {"reduce": [{"var": ""}, {"+": [{"var": "accumulator"}, 1]}, 0]}
    assert evaluate(logic, data) == 100
    cubed = {
        "reduce": [{"var": "a"}, {"reduce": [{"var": "data.a"}, {"reduce": [{"var": "data.data.a"}, 1, 0]}, 0]}, 0]
    }
    with pytest.raises(RuleError, match=f"more than {MAX_STEPS} steps"):
        evaluate(cubed, {"a": data})


def test_long_identifiers_taken_apart_in_a_loop_run_out_of_steps() -> None:
    logic = {"reduce": [{"var": "all"}, {"extractFromUVCI": [{"var": "data.identifier"}, 0]}, 0]}
    with pytest.raises(RuleError, match=f"more than {MAX_STEPS} steps"):
        compile_logic(logic).evaluate({"all": [0] * 10_000, "identifier": "/" * 30_000})


def test_long_lists_looked_through_in_a_loop_run_out_of_steps() -> None:
    looking = {"reduce": [{"var": "a"}, {"in": [{"var": "current"}, {"var": "data.a"}]}, 0]}
    assert evaluate(looking, {"a": list(range(100))}) is True
    with pytest.raises(RuleError, match="steps"):
        evaluate(looking, {"a": list(range(1000))})


def test_number_does_not_grow_without_end() -> None:
    doubling = {"reduce": [{"var": ""}, {"+": [{"var": "accumulator"}, {"var": "accumulator"}]}, 1]}
    assert evaluate(doubling, [0] * 52) == 2**52
    with pytest.raises(RuleError, match="beyond"):
        evaluate(doubling, [0] * 53)


# What was not disclosed


@pytest.mark.parametrize(
    ("logic", "answer"),
    [
        ({"var": "a"}, A),
        ({"var": "a.b.c"}, A),
        ({"!": [{"var": "a"}]}, A),
        ({"===": [{"var": "a"}, {"var": "b"}]}, A | B),
        ({"in": [{"var": "a"}, ["x"]]}, A),
        ({"in": ["x", {"var": "a"}]}, A),
        ({">": [{"var": "a"}, 1, {"var": "b"}]}, A | B),
        ({"after": [plus("2026-01-01", 0, "day"), {"plusTime": [{"var": "a"}, 1, "day"]}]}, A),
        ({"+": [{"var": "a"}, 1]}, A),
        ({"extractFromUVCI": [{"var": "a"}, 1]}, A),
        ({"reduce": [{"var": "a"}, 1, 0]}, A),
        ({"reduce": [[1], {"+": [{"var": "data.a"}, 1]}, 0]}, A),
        ([{"var": "a"}, {"var": "b"}], A | B),
        ({"===": [{"if": [{"var": "a"}, 1, 1]}, 1]}, A),
        ({"===": [{"and": [{"var": "a"}, 1]}, 1]}, A),
        # It does not matter
        ({"and": [False, {"var": "a"}]}, False),
        ({"and": [{"var": "a"}, False]}, False),
        ({"and": [{"var": "a"}, {"var": "b"}, 0]}, False),
        ({"if": [True, True, {"var": "a"}]}, True),
        ({"if": [{"var": "a"}, True, 7]}, True),
        ({"if": [{"var": "a"}, False, ""]}, False),
        ({"!": [{"and": [{"!": [{"var": "a"}]}, {"!": [True]}]}]}, True),
        ({"if": [{"if": [{"var": "a"}, True, True]}, False, {"var": "b"}]}, False),
        # It does
        ({"and": [{"var": "a"}, True]}, A),
        ({"and": [True, {"var": "a"}, {"var": "b"}]}, A | B),
        ({"if": [{"var": "a"}, True, False]}, A),
        ({"if": [{"var": "a"}, True, {"var": "b"}]}, A),
        ({"if": [True, {"var": "b"}, False]}, B),
        # What would be an error once it is known may be guarded by what is not
        ({"and": [{"var": "a"}, {"+": ["x", 1]}]}, A),
        ({"and": [{"var": "a"}, {"+": ["x", 1]}, False]}, False),
        ({"if": [{"var": "a"}, {"+": ["x", 1]}, False]}, A),
    ],
)
def test_claim_that_was_not_disclosed_is_never_taken_for_null(logic: Any, answer: Any) -> None:
    assert holds(logic, Partial(a=A, b=B)) == answer


def test_map_in_which_something_is_withheld_is_not_known() -> None:
    data = Partial(event=Partial(date=A, kind="test", details=Partial(dose=B)), other=1)
    assert holds({"var": "event"}, data) == A | B
    assert holds({"var": ""}, data) == A | B
    assert holds({"===": [{"var": "event.kind"}, "test"]}, data) is True
    assert holds({"var": "event.details.dose.0"}, data) == B


def test_constant_lists_need_not_be_in_the_data() -> None:
    expression = compile_logic(
        {"in": [{"var": "product"}, {"var": "value_sets.products"}]},
        constants={"value_sets.products": Constant(("x", "y"))},
    )
    assert expression.holds({"product": "y"}) is True
    assert expression.holds({"product": "z"}) is False
    assert expression.holds({"product": None}) is False
    assert expression.holds({"product": 1}) is False
    assert expression.holds(Partial(product=A)) == A


def test_constant_lists_are_reached_through_data_inside_reduce() -> None:
    listed = {"in": [{"var": "current"}, {"var": "data.value_sets.products"}]}
    count = {
        "reduce": [{"var": "all"}, {"if": [listed, {"+": [{"var": "accumulator"}, 1]}, {"var": "accumulator"}]}, 0]
    }
    constants = {"value_sets.products": Constant(("x", "y"))}
    assert compile_logic(count, constants=constants).evaluate({"all": ["x", "z", "y"]}) == 2
    within = {"reduce": [["x"], {"in": [{"var": "data.current"}, {"var": "data.data.value_sets.products"}]}, 0]}
    outer = {"reduce": [{"var": "all"}, within, 0]}
    assert compile_logic(outer, constants=constants).evaluate({"all": ["z", "y"]}) is True


# Reading


@pytest.mark.parametrize(
    ("logic", "paths"),
    [
        (True, set()),
        ({"var": ""}, {""}),
        ({"and": [{"var": "a.b"}, {"if": [{"var": "c"}, [{"var": "d"}], 0]}]}, {"a.b", "c", "d"}),
        ({"plusTime": [{"var": "a"}, 1, "day"]}, {"a"}),
        (
            {"reduce": [{"var": "a"}, {"+": [{"var": "current.x"}, {"var": "accumulator"}]}, {"var": "b"}]},
            {"a", "b"},
        ),
        ({"reduce": [[], {"reduce": [[], {"var": "data.data.z"}, 0]}, 0]}, {"z"}),
        ({"reduce": [[], {"var": "data"}, 0]}, {""}),
        ({"reduce": [[], {"var": ""}, 0]}, {""}),
    ],
)
def test_variables_are_found_by_walking(logic: Any, paths: set[str]) -> None:
    assert reads(logic) == paths


LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-3, 2**54)
    | st.floats()
    | st.sampled_from(["", "a", "day", "2026-01-01", "2026", "9999-12-31T23:59:59Z", "x:y"])
)
OPERATORS = st.sampled_from(
    [
        "or",
        "var",
        "if",
        "===",
        "and",
        "!",
        "<",
        ">",
        "<=",
        ">=",
        "in",
        "+",
        "after",
        "before",
        "not-after",
        "not-before",
    ]
) | st.sampled_from(["plusTime", "reduce", "extractFromUVCI", "dccDateOfBirth"])
VARIABLES = st.sampled_from(["", "a", "b", "b.0", "c.d", "data.a", "current", "accumulator"])


def operations(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return (
        st.lists(inner, max_size=4)
        | st.builds(lambda path: {"var": path}, VARIABLES)
        | st.builds(lambda name, values: {name: values}, OPERATORS, st.lists(inner, max_size=3))
        | st.builds(lambda date, n, unit: {"plusTime": [date, n, unit]}, inner, st.integers(), st.sampled_from(["day"]))
    )


LOGIC = st.recursive(LEAVES, operations, max_leaves=20)
DATA = st.fixed_dictionaries(
    {"a": LEAVES, "b": st.lists(LEAVES, max_size=3), "c": st.dictionaries(st.just("d"), LEAVES)}
)


@settings(max_examples=400, deadline=None)
@given(LOGIC, DATA)
def test_anything_is_answered_or_refused(logic: Any, data: Any) -> None:
    try:
        expression = compile_logic(logic)
        assert check(logic) == ()
        reads(logic)
        value = expression.evaluate(data)
    except RuleError:
        return
    assert not isinstance(value, Withheld)
    try:
        assert expression.holds(data) is bool(value)
    except RuleError:
        assert isinstance(value, datetime)


@settings(max_examples=400, deadline=None)
@given(LOGIC, DATA, st.sets(st.sampled_from(["a", "b", "c"])))
def test_answer_without_a_claim_is_the_answer_with_it(logic: Any, data: Any, missing: set[str]) -> None:
    """What is known while something is withheld stays so when it is shown, whatever it is."""
    try:
        expression = compile_logic(logic)
        hidden = Partial({name: Withheld(frozenset({name})) if name in missing else data[name] for name in data})
        answer = expression.holds(hidden if missing else data)
        shown = expression.holds(data)
    except RuleError:
        return
    if isinstance(answer, Withheld):
        assert answer.names <= missing
    else:
        assert answer is shown
