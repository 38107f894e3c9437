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

from datetime import UTC, tzinfo
from typing import TYPE_CHECKING, Any, Final

from pratique.errors import RuleError
from pratique.reasons import Reason
from pratique.rules import moments, operations
from pratique.rules.grammar import COMPARISONS, DATE_COMPARISONS, check, pointer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from pratique.rules.operations import Run
    from pratique.rules.withheld import Withheld

_TRUE_OR_FALSE: Final = frozenset({"!", "===", "in"}) | COMPARISONS | DATE_COMPARISONS


class Constant:
    """A list of texts that variables of many expressions read: the list and its set are made once for all of them."""

    __slots__ = ("items", "texts")

    def __init__(self, items: Sequence[str]) -> None:
        self.items: Final = list(items)
        self.texts: Final = frozenset(items)


class Expression:
    """A compiled expression; it may be shared by threads."""

    __slots__ = ("_truth", "_value")

    def __init__(self, value: Run, truth: Run) -> None:
        self._value = value
        self._truth = truth

    def evaluate(self, data: Any) -> Any:
        """Return the value for some data: one of JSON, a moment (`datetime`, UTC), or `Withheld`.

        Raises: RuleError (`rules.inapplicable`): an operator does not apply to what the data have there.
        """
        return self._value(data, [operations.MAX_STEPS])

    def holds(self, data: Any) -> bool | Withheld:
        """Return whether the value is truthy, or `Withheld` where that depends on what was not disclosed.

        Raises: RuleError (`rules.inapplicable`), also for a value that is neither truthy nor falsy.
        """
        truth: bool | Withheld = self._truth(data, [operations.MAX_STEPS])
        return truth


def compile_logic(logic: Any, *, zone: tzinfo = UTC, constants: Mapping[str, Constant] | None = None) -> Expression:
    """Return a compiled expression.

    Args:
        logic: the expression, as JSON.
        zone: where days are counted, and where a date without a time begins.
        constants: by the path under which a variable reads them, such as `value_sets.products`; they need not be in the
            data then.
    Raises: RuleError (`rules.invalid`): no expression of CertLogic; with the place, as a JSON Pointer.
    """
    issues = check(logic)
    if issues:
        raise RuleError(Reason.RULES_INVALID, f"at {issues[0].path or '/'}: {issues[0].message}")
    compiler = _Compiler(zone, constants or {})
    return Expression(compiler.value(logic, ""), compiler.truth(logic, ""))


class _Compiler:
    """Makes functions of expressions that `check` has found to be some.

    Each comes in two sorts: `value` gives what the specification says, `truth` gives True, False or `Withheld`.
    """

    def __init__(self, zone: tzinfo, constants: Mapping[str, Constant], lead: str = "") -> None:
        self._zone = zone
        self._constants = constants
        self._lead = lead  # of the paths that lead to all data: inside `reduce` these are in `data`

    def value(self, logic: Any, path: str) -> Run:
        if type(logic) is list:
            return operations.array(self._values(logic, path))
        if type(logic) is not dict:
            return lambda _data, _budget: logic
        ((operator, operands),) = logic.items()
        if operator == "var":
            constant = self._constant(operands)
            return operations.variable(operands) if constant is None else lambda _data, _budget: constant.items
        if operator in _TRUE_OR_FALSE:
            return self.truth(logic, path)
        return self._operation(operator, operands, pointer(path, operator))

    def _operation(self, operator: str, operands: list[Any], within: str) -> Run:
        """Return the value of an operation that has others than true and false.

        Each operand is compiled once, or what is nested would be compiled as often as there are leaves in a tree.
        """
        if operator == "if":
            guard = self.truth(operands[0], pointer(within, 0))
            return operations.conditional(guard, self._at(operands, 1, within), self._at(operands, 2, within))
        if operator == "reduce":
            inside = _Compiler(self._zone, self._constants, f"{self._lead}data.")
            step = inside._at(operands, 1, within)
            items, initial = self._at(operands, 0, within), self._at(operands, 2, within)
            return operations.reduction(items, step, initial, _size(operands[1]), within)
        if operator == "and":
            return operations.first_falsy(self._values(operands, within), within)
        first = self._at(operands, 0, within)
        if operator == "+":
            return operations.plus(first, self._at(operands, 1, within), within)
        if operator == "extractFromUVCI":
            return operations.extraction(first, operands[1], within)
        return operations.moment(first, self._reader(operator, operands), within)

    def truth(self, logic: Any, path: str) -> Run:
        operator, operands = next(iter(logic.items())) if type(logic) is dict else ("", [])
        within = pointer(path, operator)
        if operator in ("!", "and", "if"):
            truths = [self.truth(operand, pointer(within, i)) for i, operand in enumerate(operands)]
            if operator == "!":
                return operations.negation(truths[0])
            return (
                operations.conjunction(truths)
                if operator == "and"
                else operations.either(truths[0], truths[1], truths[2])
            )
        if operator not in _TRUE_OR_FALSE:
            return operations.truth(self.value(logic, path), path)
        values = self._values(operands, within)
        if operator == "===":
            return operations.equality(values[0], values[1], within)
        if operator == "in":
            return operations.membership(values[0], values[1], self._texts(operands[1]), within)
        return operations.comparison(operator, values, within)

    def _values(self, operands: list[Any], within: str) -> list[Run]:
        return [self._at(operands, i, within) for i in range(len(operands))]

    def _at(self, operands: list[Any], index: int, within: str) -> Run:
        return self.value(operands[index], pointer(within, index))

    def _reader(self, operator: str, operands: list[Any]) -> Callable[[str], datetime]:
        """Return what `plusTime` or `dccDateOfBirth` makes of a text."""
        zone = self._zone
        if operator == "dccDateOfBirth":
            return lambda text: moments.parse_date(text, zone)
        _, amount, unit = operands
        if amount == 0:
            return lambda text: moments.parse(text, zone)
        add = moments.adding(amount, unit, zone)
        return lambda text: add(moments.parse(text, zone))

    def _constant(self, path: str) -> Constant | None:
        return self._constants.get(path.removeprefix(self._lead)) if path.startswith(self._lead) else None

    def _texts(self, operand: Any) -> frozenset[str] | None:
        """Return the items of an operand that is a list of texts whatever the data are; None for any other."""
        if type(operand) is dict and "var" in operand:
            constant = self._constant(operand["var"])
            return None if constant is None else constant.texts
        if type(operand) is list and all(type(item) is str for item in operand):
            return frozenset(operand)
        return None


def _size(logic: Any) -> int:
    """Return how many steps an expression takes at most, its `reduce` not repeated."""
    parts = logic.values() if type(logic) is dict else logic if type(logic) is list else ()
    return 1 + sum(map(_size, parts))
