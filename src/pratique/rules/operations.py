"""The operations of CertLogic, as functions of what their operands were compiled to.

Each function here makes one: a `Run`, called with the data and with a budget of steps, from which takes what repeats
anything. Functions that are given truths ask their operands for True, False or `Withheld`, the others for values.
`path` is where the operation stands, for errors.
"""

from __future__ import annotations

import operator as operators
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from pratique.errors import RuleError
from pratique.reasons import Reason
from pratique.rules.grammar import DATE_COMPARISONS, MAX_INTEGER, pointer
from pratique.rules.withheld import Partial, Withheld

MAX_STEPS: Final = 100_000  # of one evaluation, some 20 ms; only nested `reduce` over long arrays needs thousands

Run = Callable[[Any, list[int]], Any]

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


def _inapplicable(path: str, expected: str) -> RuleError:
    return RuleError(Reason.RULE_INAPPLICABLE, f"at {path or '/'}: {expected}")


def _spend(steps: int, budget: list[int], path: str) -> None:
    budget[0] -= steps
    if budget[0] < 0:
        raise _inapplicable(path, f"more than {MAX_STEPS} steps")


def truth(value: Run, path: str) -> Run:
    """Return what asks for the truth of a value; one that is neither truthy nor falsy is an error."""

    def run(data: Any, budget: list[int]) -> Any:
        found = value(data, budget)
        if type(found) in _TRUTHS:
            return bool(found)
        if type(found) is Withheld:
            return found
        raise _inapplicable(path, "the value is neither truthy nor falsy")

    return run


def array(values: Sequence[Run]) -> Run:
    """Return an array of values."""

    def run(data: Any, budget: list[int]) -> Any:
        found = [value(data, budget) for value in values]
        return _unknown(found) or found

    return run


def variable(path: str) -> Run:
    """Return what follows a path into the data; where it leads nowhere, it gives null."""
    steps = [(step, int(step) if step.isdecimal() and step.isascii() else -1) for step in path.split(".") if step]

    def run(data: Any, _budget: list[int]) -> Any:
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

    return _in_two_steps(steps[0][0], steps[1][0], run) if len(steps) == 2 else run  # noqa: PLR2004 - `event.date`


def _in_two_steps(first: str, second: str, otherwise: Run) -> Run:
    """Return the same for the form of nearly all variables, a name in a map in a map, in half the time."""

    def run(data: Any, budget: list[int]) -> Any:
        if type(data) is dict or type(data) is Partial:
            within = data.get(first)
            if type(within) is dict or type(within) is Partial:
                found = within.get(second)
                return found.withheld() if type(found) is Partial else found
        return otherwise(data, budget)

    return run


# Operations whose value is more than their truth


def conditional(guard: Run, then: Run, otherwise: Run) -> Run:
    """Return the `if` that gives the value of one of its branches; `guard` is a truth."""

    def run(data: Any, budget: list[int]) -> Any:
        decided = guard(data, budget)
        if decided is True:
            return then(data, budget)
        return otherwise(data, budget) if decided is False else decided

    return run


def first_falsy(values: Sequence[Run], path: str) -> Run:
    """Return the `and` that gives its first falsy value, or its last."""

    def run(data: Any, budget: list[int]) -> Any:
        found: Any = True
        for i, value in enumerate(values):
            found = value(data, budget)
            if type(found) not in _TRUTHS:
                if type(found) is Withheld:
                    return found
                raise _inapplicable(pointer(path, i), "the value is neither truthy nor falsy")
            if not found:
                return found
        return found

    return run


def plus(left: Run, right: Run, path: str) -> Run:
    """Return the sum of two integers."""

    def run(data: Any, budget: list[int]) -> Any:
        found = (left(data, budget), right(data, budget))
        if unknown := _unknown(found):
            return unknown
        total = sum(_integer(value, path) for value in found)
        if abs(total) > MAX_INTEGER:
            raise _inapplicable(path, "the sum is beyond 2**53 - 1")
        return total

    return run


def moment(text: Run, read: Callable[[str], datetime], path: str) -> Run:
    """Return the moment that `read` makes of a text; it may raise ValueError and OverflowError."""

    def run(data: Any, budget: list[int]) -> Any:
        found = text(data, budget)
        if type(found) is not str:
            if type(found) is Withheld:
                return found
            raise _inapplicable(path, "a text with a date or date-time belongs here")
        try:
            return read(found)
        except (ValueError, OverflowError):
            raise _inapplicable(path, "not a date or date-time of the calendar, in a form that is known") from None

    return run


def reduction(items: Run, step: Run, initial: Run, size: int, path: str) -> Run:
    """Return the `reduce` whose second operand takes `size` steps for every item."""

    def run(data: Any, budget: list[int]) -> Any:
        found = items(data, budget)
        if type(found) is Withheld:
            return found
        accumulator = initial(data, budget)
        if found is None:
            return accumulator
        if type(found) is not list:
            raise _inapplicable(path, "an array belongs here")
        for item in found:
            _spend(size, budget, path)
            accumulator = step({"current": item, "accumulator": accumulator, "data": data}, budget)
        return accumulator

    return run


def extraction(identifier: Run, index: int, path: str) -> Run:
    """Return a part of a certificate's identifier (UVCI), null where there is none."""

    def run(data: Any, budget: list[int]) -> Any:
        found = identifier(data, budget)
        if found is None or type(found) is Withheld:
            return found
        if type(found) is not str:
            raise _inapplicable(path, "a text or null belongs here")
        _spend(len(found), budget, path)
        fragments = _SEPARATORS.split(found.removeprefix(_PREFIX))
        return fragments[index] if 0 <= index < len(fragments) else None

    return run


# Operations that are true or false


def negation(operand: Run) -> Run:
    """Return the `!` of a truth."""

    def run(data: Any, budget: list[int]) -> Any:
        found = operand(data, budget)
        return found if type(found) is Withheld else not found

    return run


def conjunction(truths: Sequence[Run]) -> Run:
    """Return the `and` of truths."""

    def run(data: Any, budget: list[int]) -> Any:
        for i, operand in enumerate(truths):
            found = operand(data, budget)
            if found is not True:
                return False if found is False else _rest(found, truths[i + 1 :], data, budget)
        return True

    return run


def _rest(missing: Withheld, truths: Sequence[Run], data: Any, budget: list[int]) -> bool | Withheld:
    """Return the truth of an `and` one operand of which is not known: false where a later one is surely false."""
    for operand in truths:
        try:
            found = operand(data, budget)
        except RuleError:  # it may be guarded by the operand that is not known
            continue
        if found is False:
            return False
        if found is not True:
            missing = missing | found
    return missing


def either(guard: Run, then: Run, otherwise: Run) -> Run:
    """Return the `if` of truths."""

    def run(data: Any, budget: list[int]) -> Any:
        decided = guard(data, budget)
        if decided is True:
            return then(data, budget)
        if decided is False:
            return otherwise(data, budget)
        answer = _possible(then, data, budget)
        return answer if answer is not None and answer is _possible(otherwise, data, budget) else decided

    return run


def _possible(operand: Run, data: Any, budget: list[int]) -> bool | None:
    """Return the truth of what may not be asked for at all: None where it is not known, or cannot be applied."""
    try:
        found = operand(data, budget)
    except RuleError:
        return None
    return None if type(found) is Withheld else found


def equality(left: Run, right: Run, path: str) -> Run:
    """Return the `===` of two values."""

    def run(data: Any, budget: list[int]) -> Any:
        one, other = left(data, budget), right(data, budget)
        if type(one) is str and type(other) is str:
            return one == other
        return _unknown((one, other)) or _same(one, other, path)

    return run


def membership(item: Run, items: Run, listed: frozenset[str] | None, path: str) -> Run:
    """Return the `in` of a value and an array; `listed` is that array where it is a constant list of texts."""

    def run(data: Any, budget: list[int]) -> Any:
        one = item(data, budget)
        if listed is not None and (type(one) is str or one is None):
            return one in listed
        others = items(data, budget)
        if unknown := _unknown((one, others)):
            return unknown
        if type(others) is not list:
            raise _inapplicable(path, "the second operand must be an array")
        _spend(len(others), budget, path)
        if type(one) is str:
            return one in others
        return any(_same(one, other, path) for other in others)

    return run


def comparison(operator: str, values: Sequence[Run], path: str) -> Run:
    """Return the comparison of two integers or moments, or of three in a row."""
    compare = _COMPARE[operator]
    kind: type = datetime if operator in DATE_COMPARISONS else int
    first, second, *others = values
    third = others[0] if others else None

    def run(data: Any, budget: list[int]) -> Any:
        one, other = first(data, budget), second(data, budget)
        if third is None:
            if type(one) is kind and type(other) is kind:
                return compare(one, other)
            return _compared(compare, kind, (one, other), path)
        last = third(data, budget)
        if type(one) is kind and type(other) is kind and type(last) is kind:
            return compare(one, other) and compare(other, last)
        return _compared(compare, kind, (one, other, last), path)

    return run


def _compared(compare: Callable[[Any, Any], bool], kind: type, values: tuple[Any, ...], path: str) -> bool | Withheld:
    """Return whether a comparison holds for values that are not all plainly of its kind."""
    if unknown := _unknown(values):
        return unknown
    if kind is datetime:
        raise _inapplicable(path, "all operands must be made by plusTime or dccDateOfBirth")
    integers = [_integer(value, path) for value in values]
    return all(map(compare, integers, integers[1:]))


def _unknown(values: Sequence[Any]) -> Withheld | None:
    """Return what is missing for some values, or None where they are all known."""
    found = None
    for value in values:
        if type(value) is Withheld:
            found = value if found is None else found | value
    return found


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
    return type(one) is type(other) and bool(one == other)
