"""The JSON Schemas that come with pratique, and the check of a JSON value against one of them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pratique.codec import json
from pratique.errors import DecodeError
from pratique.reasons import Reason

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

_PACKAGE = Path(__file__).parent
_FOLDERS = (_PACKAGE / "schemas", _PACKAGE.parents[1] / "schemas")  # in a wheel; in a checkout


def load(name: str) -> Any:
    """Return the JSON Schema `name`, such as `trust-list`, as a value."""
    folder = next(folder for folder in _FOLDERS if folder.is_dir())
    return json.decode((folder / f"{name}.schema.json").read_bytes())


@cache
def _validator(name: str, part: str) -> Validator:
    from jsonschema import Draft202012Validator, FormatChecker  # noqa: PLC0415 - 67 ms, and never to verify

    schema = load(name)
    if part:
        schema = {"$schema": schema["$schema"], "$defs": schema["$defs"], "$ref": f"#/$defs/{part}"}
    return Draft202012Validator(schema, format_checker=FormatChecker())


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
