"""Every root that is signed follows `root.cddl`, frame and content; what departs from it in one place does not.

pycddl is the second opinion; as in `test_cddl.py`, where `.size` or `.regexp` stands all is checked once more without.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import cbor2
import pycddl
import pytest

from authority import ordered
from keepers import ANNA, BO, CLEO, root, signed_list
from pratique import schemas
from pratique.cose.keys import PrivateKey
from pratique.cose.signer import SoftwareSigner
from pratique.errors import TrustError
from pratique.trust.root import Root

ROOT = root(lists=frozenset({"who"}))
CONTENT = cbor2.loads(ROOT.to_cbor())
LATTICE = SoftwareSigner(PrivateKey.generate("ML-DSA-44"))


@cache
def rules(name: str) -> tuple[pycddl.Schema, pycddl.Schema]:
    """Return one rule of the schema as a schema of its own, and what it says of types alone."""
    text = re.sub(r"bstr \.cbor [a-z-]+", "bstr", schemas.cddl("root"))
    text = re.sub(r'\.regexp "([^"]*)"', r'.regexp "^(\1)$"', text)
    types = re.sub(r' \.(size|regexp) ("[^"]*"|\([^)]*\)|8)', "", text)
    return pycddl.Schema(f"start = {name}\n{text}"), pycddl.Schema(f"start = {name}\n{types}")


def check(name: str, encoded: bytes) -> None:
    for schema in rules(name):
        schema.validate_cbor(encoded)


@pytest.mark.parametrize(
    "data", [ROOT.sign([ANNA, BO, CLEO]), ROOT.sign([LATTICE]), signed_list()], ids=["root", "ML-DSA", "list"]
)
def test_what_is_signed_follows_the_schema(data: bytes) -> None:
    check("signed-document", data)
    protected, _, payload, signatures = cbor2.loads(data).value
    check("body-header", protected)
    for own, _, _ in signatures:
        check("signature-header", own)
    if b"who" in payload and b"version" in payload:
        check("root", payload)


def test_root_with_and_without_lists_follows_the_schema() -> None:
    check("root", ROOT.to_cbor())
    check("root", root().to_cbor())


@pytest.mark.parametrize(
    "change",
    [
        *({name: ...} for name in CONTENT if name != "lists"),
        {"id": ""}, {"id": b"root"}, {"version": 0}, {"version": 2**53}, {"version": 1.0}, {"issued_at": -1},
        {"issued_at": "2026-01-01T00:00:00Z"}, {"expires_at": 253_402_300_800}, {"threshold": 0}, {"threshold": 33},
        {"keys": []}, {"keys": [{}]}, {"keys": [b""]}, {"keys": CONTENT["keys"][0]}, {"lists": "who"}, {"lists": [""]},
        {"lists": [1]}, {"more": 1},
    ],
    ids=" and ".join,
)  # fmt: skip
def test_root_that_departs_in_one_place_is_refused_by_schema_and_reader(change: dict[str, Any]) -> None:
    changed = ordered({name: value for name, value in {**CONTENT, **change}.items() if value is not ...})
    with pytest.raises(pycddl.ValidationError):
        check("root", changed)
    with pytest.raises(TrustError):
        Root.from_cbor(changed)
