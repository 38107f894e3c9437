"""The view of every foreign certificate that is read follows the schema, whatever its issuer put into it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique import formats, schemas
from pratique.codec import json
from pratique.errors import PratiqueError
from pratique.view import credential_view

if TYPE_CHECKING:
    from pathlib import Path


def test_the_view_of_every_certificate_that_is_read_follows_the_schema(vectors: Path) -> None:
    seen = 0
    for path in sorted(vectors.glob("*/*/input.txt")):
        try:
            reader, text = formats.recognise(path.read_text(encoding="utf-8"))
            view = credential_view(reader.envelope(text).read())
        except PratiqueError:
            continue
        schemas.check(json.decode(json.encode(view)), "credential")
        seen += 1
    assert seen > 200
