"""What is a CertLogic expression, and which variables it can read: found by walking it, without evaluating anything.

Source: CertLogic specification 1.3.2 and its validation test suite (ehn-dcc-development/eu-dcc-business-rules).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pratique.rules.moments import UNITS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

MAX_DEPTH: Final = 48  # expressions within each other; the deepest of the member states' rules has 14
MAX_EXPRESSIONS: Final = 10_000  # in one rule; a list of 500 accepted products counts as 501
MAX_INTEGER: Final = 2**53 - 1  # beyond it two integers may be one in other engines (RFC 7493, section 2.2)
MAX_PATH: Final = 255  # characters of the name of a variable

COMPARISONS: Final = frozenset({"<", ">", "<=", ">="})
DATE_COMPARISONS: Final = frozenset({"after", "before", "not-after", "not-before"})
_PATH = re.compile(r"[^.]+(\.[^.]+)*\Z")


def _is_integer(value: Any) -> bool:
    return type(value) is int and abs(value) <= MAX_INTEGER


def _is_unit(value: Any) -> bool:
    return type(value) is str and value in UNITS


class _Form(NamedTuple):
    """How many operands an operator has, how many of them are expressions, and what the others must be."""

    least: int
    most: int
    wording: str
    expressions: int
    literals: tuple[tuple[str, Callable[[Any], bool], str], ...] = ()


_EXACTLY: Final = 'an "{{operator}}"-operation must have exactly {} values/operands'
_INTEGER: Final = "an integer"
_ALL: Final = MAX_EXPRESSIONS
_FORMS: Final[Mapping[str, _Form]] = {
    "and": _Form(2, _ALL, 'an "and" operation must have at least 2 operands', _ALL),
    **dict.fromkeys(
        COMPARISONS | DATE_COMPARISONS,
        _Form(2, 3, 'an operation with operator "{operator}" must have 2 or 3 operands', 3),
    ),
    **dict.fromkeys(("===", "in", "+"), _Form(2, 2, 'an operation with operator "{operator}" must have 2 operands', 2)),
    "!": _Form(1, 1, "a !-operation (logical not/negation) must have exactly 1 operand", 1),
    **dict.fromkeys(("if", "reduce"), _Form(3, 3, _EXACTLY.format(3), 3)),
    "plusTime": _Form(
        3,
        3,
        _EXACTLY.format(3),
        1,
        (("amount", _is_integer, _INTEGER), ("unit", _is_unit, f"a string equal to one of {', '.join(UNITS)}")),
    ),
    "dccDateOfBirth": _Form(1, 1, _EXACTLY.format(1), 1),
    "extractFromUVCI": _Form(2, 2, _EXACTLY.format(2), 1, (("index", _is_integer, _INTEGER),)),
}


@dataclass(frozen=True, slots=True)
class Issue:
    """Where an expression is none of CertLogic's, as a JSON Pointer into it, and what is wrong there."""

    path: str
    message: str


def check(logic: Any) -> tuple[Issue, ...]:
    """Return everything for which a value is no CertLogic expression, in its order; nothing if it is one.

    Total: any value of JSON is taken. An expression that is too large or too deep is one issue, and not looked into
    further. Not checked: that its variables exist, and that types fit when it is evaluated.
    """
    checking = _Checking()
    checking.expression(logic, "", 0)
    return tuple(checking.issues)


def pointer(path: str, step: str | int) -> str:
    """Return a JSON Pointer (RFC 6901) that goes one step further."""
    return f"{path}/{step}" if type(step) is int else f"{path}/{str(step).replace('~', '~0').replace('/', '~1')}"


class _Checking:
    """One pass over an expression."""

    def __init__(self) -> None:
        self.issues: list[Issue] = []
        self._left = MAX_EXPRESSIONS

    def _found(self, path: str, message: str) -> None:
        self.issues.append(Issue(path, message))

    def expression(self, logic: Any, path: str, depth: int) -> None:
        self._left -= 1
        if depth > MAX_DEPTH or self._left < 0:
            if self._left >= -1:  # once is enough
                limit = f"nested deeper than {MAX_DEPTH}" if depth > MAX_DEPTH else f"more than {MAX_EXPRESSIONS} parts"
                self._found(path, f"the expression is too large: {limit}")
                self._left = -2
            return
        kind = type(logic)
        if kind is str or kind is bool:
            return
        if kind is int:
            if abs(logic) > MAX_INTEGER:
                self._found(path, "an integer is beyond 2**53 - 1")
        elif kind is float:
            self._found(path, f"{json.dumps(logic)} is a non-integer number")
        elif kind is list:
            self._operands(logic, path, depth)
        elif kind is dict:
            self._operation(logic, path, depth)
        else:
            self._found(path, "invalid CertLogic expression")

    def _operands(self, values: list[Any], path: str, depth: int) -> None:
        for i, value in enumerate(values):
            self.expression(value, pointer(path, i), depth + 1)

    def _operation(self, logic: dict[Any, Any], path: str, depth: int) -> None:
        if len(logic) != 1:
            self._found(path, f"expression object must have exactly one key, but it has {len(logic)}")
            return
        ((operator, values),) = logic.items()
        if operator == "var":
            if type(values) is not str:
                self._found(path, 'not of the form { "var": "<path>" }')
            elif len(values) > MAX_PATH or (values and not _PATH.match(values)):
                self._found(path, "data access path doesn't have a valid format")
            return
        if type(values) is not list:
            self._found(path, 'operation not of the form { "<operator>": [ <values...> ] }')
            return
        form = _FORMS.get(operator)
        if form is None:
            self._found(path, f'unrecognised operator: "{str(operator)[:32]}"')
            return
        if not form.least <= len(values) <= form.most:
            wording = form.wording.format(operator=operator)
            self._found(path, f"{wording}, but it has {len(values)}")
        self._operands(values[: form.expressions], pointer(path, operator), depth)
        for i, (name, is_one, expected) in enumerate(form.literals, 1):
            if i < len(values) and not is_one(values[i]):
                self._found(path, f'"{name}" argument (#{i + 1}) of "{operator}" must be {expected}')


def reads(logic: Any) -> frozenset[str]:
    """Return the paths of the data that an expression can read, whatever the data are; `""` is all of it.

    In the second operand of `reduce` only `data` leads back to them. The expression must be one: see `check`.
    """
    return frozenset(_reads(logic, within_reduce=False))


def _reads(logic: Any, *, within_reduce: bool) -> Iterator[str]:
    if type(logic) is list:
        for item in logic:
            yield from _reads(item, within_reduce=within_reduce)
    elif type(logic) is dict:
        ((operator, values),) = logic.items()
        if operator == "reduce":
            operand, step, initial = values
            yield from _reads([operand, initial], within_reduce=within_reduce)
            yield from _reads(step, within_reduce=True)
        elif operator != "var":
            yield from _reads(values, within_reduce=within_reduce)
        elif not within_reduce:
            yield values
        else:
            yield from _through_reduce(values)


def _through_reduce(path: str) -> Iterator[str]:
    """Yield what a path inside `reduce` reads of the data outside: each level of `data` is one level of `reduce`."""
    while path == "data" or path.startswith("data."):
        path = path.removeprefix("data").removeprefix(".")
    # One that ends at `current` or `accumulator` reads what the operands read, which counts already.
    first = path.partition(".")[0]
    if first not in ("current", "accumulator"):
        yield path
