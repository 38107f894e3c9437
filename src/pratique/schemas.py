"""The JSON Schemas that come with pratique, and the check of a JSON value against one of them."""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pratique.codec import json
from pratique.errors import DecodeError, PratiqueError
from pratique.model.dates import PartialDate, parse_datetime
from pratique.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jsonschema.protocols import Validator

_PACKAGE = Path(__file__).parent
_FOLDERS = (_PACKAGE / "schemas", _PACKAGE.parents[1] / "schemas")  # in a wheel; in a checkout
_SUFFIX = ".schema.json"


def _file(name: str) -> Path:
    return next(folder for folder in _FOLDERS if folder.is_dir()) / name


def load(name: str) -> Any:
    """Return the JSON Schema `name`, such as `trust-list`, as a value."""
    return json.decode(_file(name + _SUFFIX).read_bytes())


def cddl(name: str = "credential") -> str:
    """Return the CDDL (RFC 8610) of what pratique itself writes in CBOR: `credential` or `trust-list`."""
    return _file(f"{name}.cddl").read_text(encoding="utf-8")


@cache
def _validator(name: str, part: str) -> Validator:
    """Return the validator of a schema, in which the words of JSON Schema mean what our hand-written parsers mean.

    `$` is the end, not the place before a last line feed, which Python takes it for too; 1.0 is no integer; and the
    formats of dates are checked, for which jsonschema would need another library.
    """
    from jsonschema import Draft202012Validator, FormatChecker, ValidationError, validators  # noqa: PLC0415 - 67 ms, and never to verify
    from referencing import Registry, Resource  # noqa: PLC0415 - as jsonschema, which brings it
    from referencing.jsonschema import DRAFT202012  # noqa: PLC0415

    def pattern(_: Validator, expected: str, value: Any, __: Any) -> Iterator[ValidationError]:
        if isinstance(value, str) and not re.search(re.sub(r"\$\Z", r"\\Z", expected), value):
            yield ValidationError("does not match")

    checker = FormatChecker(())
    for format_, parse in _FORMATS.items():
        checker.checks(format_, raises=(PratiqueError, ValueError))(parse)
    kind: Any = validators.extend(  # type: ignore[no-untyped-call]
        Draft202012Validator,
        validators={"pattern": pattern},
        type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", lambda _, value: type(value) is int),
    )

    def resource(file: Path) -> Resource[Any]:
        schema = load(file.name.removesuffix(_SUFFIX))
        del schema["$schema"]  # it would bring back the validator that is not extended
        return DRAFT202012.create_resource(schema)

    files = _file("").glob(f"*{_SUFFIX}")  # all at once: what a registry retrieves itself, it forgets after each value
    registry: Registry[Any] = Registry().with_resources((file.name, resource(file)) for file in files).crawl()
    fragment = f"#/$defs/{part}" if part else ""
    validator: Validator = kind({"$ref": f"{name}{_SUFFIX}{fragment}"}, format_checker=checker, registry=registry)
    return validator


def _parsed_by(parse: Callable[[str], object]) -> Callable[[object], bool]:
    return lambda value: not isinstance(value, str) or parse(value) is not None


_FORMATS = {
    "date": _parsed_by(date.fromisoformat),
    "date-time": _parsed_by(parse_datetime),
    "partial-date": _parsed_by(PartialDate.parse),
}


def check(value: Any, name: str, *, part: str = "") -> None:
    """Check a JSON value against the schema `name`, or against its definition `part`.

    Raises: DecodeError (`json.schema`) for the first fault in the order of the document; it names the place and the
    rule, not the value.
    """
    fault = min(_validator(name, part).iter_errors(value), key=lambda error: list(map(str, error.path)), default=None)
    if fault is None:
        return
    where = "/".join(map(str, fault.absolute_path)) or "the document"
    expected = fault.validator_value if fault.validator != "additionalProperties" else "no member of another name"
    raise DecodeError(Reason.JSON_SCHEMA, f"{where} breaks the rule {fault.validator}: {str(expected)[:120]}")
