"""The CertLogic engine: an expression is compiled once, to functions that are called with the data.

    expression = compile_logic({">=": [{"var": "event.dose.0"}, 2]})
    expression.holds({"event": {"dose": [2, 2]}})          # True

Total and bounded. What is no expression is refused when it is compiled; what cannot be applied to the data (a text
where an integer belongs) is a RuleError that says where. Nothing else is raised. Only `reduce` repeats anything, and
every evaluation has a budget of steps.

**Not disclosed.** CertLogic knows values and null. A credential with selective disclosure has a third case: the claim
may be there, and was not shown. In the data such a claim is a `Withheld` that names it. It is never taken for null:
what depends on it is `Withheld` as well, with the names of all that is missing. Where it makes no difference, the
answer stands: an `and` with one operand that is surely false is false, an `if` whose guard is not known but whose
branches agree has their answer, and what short-circuits before the claim never asks for it. That holds where an
expression is asked for its truth (a rule itself, the operands of `and` and `!`, the parts of an `if` among these); the
value of an operation with an operand that is not known is not known. Data without `Withheld` are judged by the
specification alone.

Source: CertLogic specification 1.3.2 (ehn-dcc-development/eu-dcc-business-rules), and the key `data` in the second
operand of `reduce` that it reserves and its test suite tries.
"""

from __future__ import annotations

import operator as operators
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any, Final

from pratique.errors import RuleError
from pratique.reasons import Reason
from pratique.rules import moments
from pratique.rules.grammar import COMPARISONS, DATE_COMPARISONS, MAX_INTEGER, check, pointer
from pratique.rules.withheld import Partial, Withheld

MAX_STEPS: Final = 100_000  # of one evaluation, some 20 ms; only nested `reduce` over long arrays needs thousands

_Run = Callable[[Any, list[int]], Any]
_TRUTHS: Final = frozenset({bool, str, int, float, list, dict, type(None)})
_PREFIX: Final = "URN:UVCI:"
_SEPARATORS = re.compile(r"[/#:]")
_COMPARE: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "<": operators.lt,
    ">": operators.gt,
    "<=": operators.le,
    ">=": operators.ge,
    "before": operators.lt,
    "after": operators.gt,
    "not-after": operators.le,
    "not-before": operators.ge,
}


class Expression:
    """A compiled expression; it may be shared by threads."""

    __slots__ = ("_truth", "_value")

    def __init__(self, value: _Run, truth: _Run) -> None:
        self._value = value
        self._truth = truth

    def evaluate(self, data: Any) -> Any:
        """Return the value for some data: one of JSON, a moment (`datetime`, UTC), or `Withheld`.

        Raises: RuleError (`rules.inapplicable`): an operator does not apply to what the data have there.
        """
        return self._value(data, [MAX_STEPS])

    def holds(self, data: Any) -> bool | Withheld:
        """Return whether the value is truthy, or `Withheld` where that depends on what was not disclosed.

        Raises: RuleError (`rules.inapplicable`), also for a value that is neither truthy nor falsy.
        """
        truth: bool | Withheld = self._truth(data, [MAX_STEPS])
        return truth


def compile_logic(
    logic: Any, *, zone: tzinfo = UTC, constants: Mapping[str, Sequence[str]] | None = None
) -> Expression:
    """Return a compiled expression.

    Args:
        logic: the expression, as JSON.
        zone: where days are counted, and where a date without a time begins.
        constants: lists of texts by the path under which a variable reads them, such as `value_sets.products`; they
            need not be in the data then.
    Raises: RuleError (`rules.invalid`): no expression of CertLogic; with the place, as a JSON Pointer.
    """
    issues = check(logic)
    if issues:
        raise RuleError(Reason.RULES_INVALID, f"at {issues[0].path or '/'}: {issues[0].message}")
    compiler = _Compiler(zone, constants or {})
    return Expression(compiler.value(logic, ""), compiler.truth(logic, ""))


def _inapplicable(path: str, expected: str) -> RuleError:
    return RuleError(Reason.RULE_INAPPLICABLE, f"at {path or '/'}: {expected}")


def _size(logic: Any) -> int:
    """Return how many steps an expression takes at most, its `reduce` not repeated."""
    parts = logic.values() if type(logic) is dict else logic if type(logic) is list else ()
    return 1 + sum(map(_size, parts))


class _Compiler:
    """Makes functions of expressions that `check` has found to be some.

    Each comes in two sorts: `value` gives what the specification says, `truth` gives True, False or `Withheld`.
    """

    def __init__(self, zone: tzinfo, constants: Mapping[str, Sequence[str]]) -> None:
        self._zone = zone
        self._constants = {path: list(items) for path, items in constants.items()}

    def value(self, logic: Any, path: str) -> _Run:
        kind = type(logic)
        if kind is list:
            return self._array(logic, path)
        if kind is not dict:
            return lambda _data, _budget: logic
        ((operator, operands),) = logic.items()
        if operator == "var":
            return self._variable(operands)
        within = pointer(path, operator)
        if operator in ("!", "===", "in") or operator in COMPARISONS or operator in DATE_COMPARISONS:
            return self.truth(logic, path)
        run: _Run = getattr(self, _VALUES[operator])(operands, within)
        return run

    def truth(self, logic: Any, path: str) -> _Run:
        if type(logic) is dict:
            ((operator, operands),) = logic.items()
            if method := _TRUTH_METHODS.get(operator):
                run: _Run = getattr(self, method)(operands, pointer(path, operator))
                return run
            if operator in _COMPARE:
                return self._comparison(operator, operands, pointer(path, operator))
        value = self.value(logic, path)

        def truth(data: Any, budget: list[int]) -> Any:
            found = value(data, budget)
            if type(found) in _TRUTHS:
                return bool(found)
            if type(found) is Withheld:
                return found
            raise _inapplicable(path, "the value is neither truthy nor falsy")

        return truth

    # What an expression is made of

    def _array(self, items: list[Any], path: str) -> _Run:
        runs = [self.value(item, pointer(path, i)) for i, item in enumerate(items)]
        if all(type(item) not in (dict, list) for item in items):
            return lambda _data, _budget: items

        def array(data: Any, budget: list[int]) -> Any:
            values = [run(data, budget) for run in runs]
            return _unknown(values) or values

        return array

    def _variable(self, path: str) -> _Run:
        if path in self._constants:
            constant = self._constants[path]
            return lambda _data, _budget: constant
        steps = [(step, int(step) if step.isdecimal() and step.isascii() else -1) for step in path.split(".") if step]

        def variable(data: Any, _budget: list[int]) -> Any:
            for name, index in steps:
                kind = type(data)
                if kind is dict or kind is Partial:
                    data = data.get(name)
                elif kind is list:
                    data = data[index] if 0 <= index < len(data) else None
                elif kind is Withheld:
                    return data
                else:
                    return None
            return data.withheld() if type(data) is Partial else data

        return variable

    # Operations whose value is more than their truth

    def _if(self, operands: list[Any], path: str) -> _Run:
        guard = self.truth(operands[0], pointer(path, 0))
        then, otherwise = (self.value(operands[i], pointer(path, i)) for i in (1, 2))

        def conditional(data: Any, budget: list[int]) -> Any:
            decided = guard(data, budget)
            if decided is True:
                return then(data, budget)
            return otherwise(data, budget) if decided is False else decided

        return conditional

    def _and(self, operands: list[Any], path: str) -> _Run:
        runs = [self.value(operand, pointer(path, i)) for i, operand in enumerate(operands)]

        def conjunction(data: Any, budget: list[int]) -> Any:
            value: Any = True
            for i, run in enumerate(runs):
                value = run(data, budget)
                if type(value) not in _TRUTHS:
                    if type(value) is Withheld:
                        return value
                    raise _inapplicable(pointer(path, i), "the value is neither truthy nor falsy")
                if not value:
                    return value
            return value

        return conjunction

    def _plus(self, operands: list[Any], path: str) -> _Run:
        left, right = (self.value(operand, pointer(path, i)) for i, operand in enumerate(operands))

        def plus(data: Any, budget: list[int]) -> Any:
            values = [left(data, budget), right(data, budget)]
            if unknown := _unknown(values):
                return unknown
            total = sum(_integer(value, path) for value in values)
            if abs(total) > MAX_INTEGER:
                raise _inapplicable(path, "the sum is beyond 2**53 - 1")
            return total

        return plus

    def _plus_time(self, operands: list[Any], path: str) -> _Run:
        zone, (operand, amount, unit) = self._zone, operands
        if amount == 0:
            return self._moment(operand, path, lambda text: moments.parse(text, zone))
        add = moments.adding(amount, unit, zone)
        return self._moment(operand, path, lambda text: add(moments.parse(text, zone)))

    def _date_of_birth(self, operands: list[Any], path: str) -> _Run:
        zone = self._zone
        return self._moment(operands[0], path, lambda text: moments.parse_date(text, zone))

    def _moment(self, operand: Any, path: str, read: Callable[[str], datetime]) -> _Run:
        run = self.value(operand, pointer(path, 0))

        def moment(data: Any, budget: list[int]) -> Any:
            text = run(data, budget)
            if type(text) is not str:
                if type(text) is Withheld:
                    return text
                raise _inapplicable(path, "a text with a date or date-time belongs here")
            try:
                return read(text)
            except (ValueError, OverflowError):
                raise _inapplicable(path, "not a date or date-time of the calendar, in a form that is known") from None

        return moment

    def _reduce(self, operands: list[Any], path: str) -> _Run:
        array, initial = (self.value(operands[i], pointer(path, i)) for i in (0, 2))
        step = _Compiler(self._zone, {}).value(operands[1], pointer(path, 1))
        size = _size(operands[1])

        def reduce(data: Any, budget: list[int]) -> Any:
            items = array(data, budget)
            if type(items) is Withheld:
                return items
            accumulator = initial(data, budget)
            if items is None:
                return accumulator
            if type(items) is not list:
                raise _inapplicable(path, "an array belongs here")
            for item in items:
                budget[0] -= size
                if budget[0] < 0:
                    raise _inapplicable(path, f"more than {MAX_STEPS} steps")
                accumulator = step({"current": item, "accumulator": accumulator, "data": data}, budget)
            return accumulator

        return reduce

    def _extract(self, operands: list[Any], path: str) -> _Run:
        run = self.value(operands[0], pointer(path, 0))
        index: int = operands[1]

        def extract(data: Any, budget: list[int]) -> Any:
            identifier = run(data, budget)
            if identifier is None or type(identifier) is Withheld:
                return identifier
            if type(identifier) is not str:
                raise _inapplicable(path, "a text or null belongs here")
            fragments = _SEPARATORS.split(identifier.removeprefix(_PREFIX))
            return fragments[index] if 0 <= index < len(fragments) else None

        return extract

    # Operations that are true or false

    def _not(self, operands: list[Any], path: str) -> _Run:
        run = self.truth(operands[0], pointer(path, 0))

        def negation(data: Any, budget: list[int]) -> Any:
            truth = run(data, budget)
            return truth if type(truth) is Withheld else not truth

        return negation

    def _all(self, operands: list[Any], path: str) -> _Run:
        runs = [self.truth(operand, pointer(path, i)) for i, operand in enumerate(operands)]

        def conjunction(data: Any, budget: list[int]) -> Any:
            for i, run in enumerate(runs):
                truth = run(data, budget)
                if truth is not True:
                    return truth if truth is False else _rest(truth, runs[i + 1 :], data, budget)
            return True

        return conjunction

    def _either(self, operands: list[Any], path: str) -> _Run:
        guard, then, otherwise = (self.truth(operand, pointer(path, i)) for i, operand in enumerate(operands))

        def conditional(data: Any, budget: list[int]) -> Any:
            decided = guard(data, budget)
            if decided is True:
                return then(data, budget)
            if decided is False:
                return otherwise(data, budget)
            answer = _possible(then, data, budget)
            return answer if answer is not None and answer is _possible(otherwise, data, budget) else decided

        return conditional

    def _equal(self, operands: list[Any], path: str) -> _Run:
        left, right = (self.value(operand, pointer(path, i)) for i, operand in enumerate(operands))

        def equal(data: Any, budget: list[int]) -> Any:
            one, other = left(data, budget), right(data, budget)
            if type(one) is str and type(other) is str:
                return one == other
            return _unknown((one, other)) or _same(one, other, path)

        return equal

    def _in(self, operands: list[Any], path: str) -> _Run:
        left, right = (self.value(operand, pointer(path, i)) for i, operand in enumerate(operands))
        listed = _texts(operands[1], self._constants)

        def member(data: Any, budget: list[int]) -> Any:
            item = left(data, budget)
            if listed is not None:
                if type(item) is str or item is None:
                    return item in listed
                items: Any = [*listed]
            else:
                items = right(data, budget)
            if unknown := _unknown((item, items)):
                return unknown
            if type(items) is not list:
                raise _inapplicable(path, "the second operand must be an array")
            if type(item) is str:
                return item in items
            return any(_same(item, other, path) for other in items)

        return member

    def _comparison(self, operator: str, operands: list[Any], path: str) -> _Run:
        runs = [self.value(operand, pointer(path, i)) for i, operand in enumerate(operands)]
        compare = _COMPARE[operator]
        kind: type = datetime if operator in DATE_COMPARISONS else int
        first, second, *others = runs
        third = others[0] if others else None

        def comparison(data: Any, budget: list[int]) -> Any:
            one, other = first(data, budget), second(data, budget)
            if third is None:
                if type(one) is kind and type(other) is kind:
                    return compare(one, other)
                return _compared(compare, kind, (one, other), path)
            last = third(data, budget)
            if type(one) is kind and type(other) is kind and type(last) is kind:
                return compare(one, other) and compare(other, last)
            return _compared(compare, kind, (one, other, last), path)

        return comparison


_VALUES: Final[Mapping[str, str]] = {
    "if": "_if",
    "and": "_and",
    "+": "_plus",
    "plusTime": "_plus_time",
    "dccDateOfBirth": "_date_of_birth",
    "reduce": "_reduce",
    "extractFromUVCI": "_extract",
}
_TRUTH_METHODS: Final[Mapping[str, str]] = {"!": "_not", "and": "_all", "if": "_either", "===": "_equal", "in": "_in"}


def _unknown(values: Sequence[Any]) -> Withheld | None:
    """Return what is missing for some values, or None where they are all known."""
    found = None
    for value in values:
        if type(value) is Withheld:
            found = value if found is None else found | value
    return found


def _possible(run: _Run, data: Any, budget: list[int]) -> bool | None:
    """Return the truth of what may not be asked for at all: None where it is not known, or cannot be applied."""
    try:
        truth = run(data, budget)
    except RuleError:
        return None
    return None if type(truth) is Withheld else truth


def _rest(missing: Withheld, runs: Sequence[_Run], data: Any, budget: list[int]) -> bool | Withheld:
    """Return the truth of an `and` one operand of which is not known: false where a later one is surely false."""
    for run in runs:
        try:
            truth = run(data, budget)
        except RuleError:  # it may be guarded by the operand that is not known
            continue
        if truth is False:
            return False
        if truth is not True:
            missing = missing | truth
    return missing


def _compared(compare: Callable[[Any, Any], bool], kind: type, values: tuple[Any, ...], path: str) -> bool | Withheld:
    """Return whether a comparison holds for values that are not all plainly of its kind."""
    if unknown := _unknown(values):
        return unknown
    if kind is datetime:
        raise _inapplicable(path, "all operands must be made by plusTime or dccDateOfBirth")
    integers = [_integer(value, path) for value in values]
    return all(map(compare, integers, integers[1:]))


def _integer(value: Any, path: str) -> int:
    """Return a value that is an integer; to JSON 1.0 is one too, and some certificates state doses so."""
    if type(value) is int or (type(value) is float and value.is_integer() and abs(value) <= MAX_INTEGER):
        return int(value)
    raise _inapplicable(path, "all operands must be integers")


def _same(one: Any, other: Any, path: str) -> bool:
    """Return whether two values are equal without conversion: texts, numbers, true, false, null."""
    for value in (one, other):
        if type(value) not in (str, int, float, bool) and value is not None:
            raise _inapplicable(path, "only texts, integers, true, false and null can be compared")
    return type(one) is type(other) and one == other


def _texts(operand: Any, constants: Mapping[str, list[str]]) -> frozenset[str] | None:
    """Return the items of an operand that is a list of texts whatever the data are; None for any other."""
    if type(operand) is dict and list(operand) == ["var"]:
        operand = constants.get(operand["var"])
    if type(operand) is list and all(type(item) is str for item in operand):
        return frozenset(operand)
    return None
