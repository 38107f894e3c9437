"""Trust lists as files: read in either form, written in JSON."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from pratique.cli import options, output
from pratique.errors import PratiqueError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOCAL_FILE: Final = "local.trust.json"
_JSON_BEGINS: Final = (b"{", b"[")
_OTHERS: Final = frozenset(
    {"threshold", "rules", "verifiers"}
)  # by which roots, rule sets and lists of verifiers are told


@contextmanager
def _named(file: Path) -> Iterator[None]:
    """Name the file in what is said of its content."""
    try:
        yield
    except PratiqueError as error:
        error.detail = f"{file}: {error.detail or error.code.meaning}"
        raise


def read_list(file: Path) -> Any:
    """Return the JSON form of a trust list in a file, JSON or signed; who signed it is not checked.

    Raises: PratiqueError: the file holds no trust list. OSError.
    """
    from pratique import schemas  # noqa: PLC0415
    from pratique.codec import json  # noqa: PLC0415
    from pratique.trust import signed, wire  # noqa: PLC0415

    data = options.read_document(file)
    with _named(file):
        if data.lstrip().startswith(_JSON_BEGINS):
            document = json.decode(data, limit=wire.MAX_LIST_BYTES)
            schemas.check(document, "trust-list")
            return document
        return wire.from_cbor(signed.payload_of(data, signed.TRUST_LIST))


def trust_list_in(data: bytes) -> Any:
    """Return the JSON form of what is a trust list, JSON or signed, unchecked; None of another document.

    Raises: PratiqueError: it is no document at all, or a signed list that cannot be shown.
    """
    from pratique.codec import json  # noqa: PLC0415
    from pratique.trust import signed, wire  # noqa: PLC0415

    if data.lstrip().startswith(_JSON_BEGINS):
        document = json.decode(data, limit=wire.MAX_LIST_BYTES)
        return document if type(document) is dict and not document.keys() & _OTHERS else None
    is_list = signed.kind_of(data) == signed.TRUST_LIST
    return wire.from_cbor(signed.payload_of(data, signed.TRUST_LIST)) if is_list else None


def existing(file: Path, schema: str) -> Any:
    """Return the JSON of a file that may not be there yet, checked, so that nothing faulty is built upon."""
    from pratique import schemas  # noqa: PLC0415
    from pratique.codec import json  # noqa: PLC0415

    if not file.exists():
        return None
    with _named(file):
        document = json.decode(file.read_bytes())
        schemas.check(document, schema)
        return document


def save(file: Path, document: Any, *, force: bool = True) -> None:
    """Write a document as JSON that people read, in place of one that is there only with `force`."""
    from pratique.codec import json  # noqa: PLC0415

    output.write_new(file, json.encode(document).encode(), force=force)


def key_text(entry: dict[str, Any]) -> str:
    """Return the identifier of a key's entry for people."""
    import base64  # noqa: PLC0415

    return output.key_id(base64.b64decode(entry["key_id"]))
