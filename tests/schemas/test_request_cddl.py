"""Every request that is signed follows `request.cddl`; what departs from it in one place does not, and is not read.

pycddl is the second opinion, and what `test_cddl.py` says of it holds here: where `.size` or `.regexp` stands it
forgets to look at the type, so that all is checked once more without them.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import cbor2
import pycddl
import pytest

from authority import NOW, base45, ordered
from pratique import schemas
from pratique.codec import base45 as strict
from pratique.cose.keys import PrivateKey
from pratique.cose.signer import SoftwareSigner
from pratique.errors import PratiqueError
from pratique.request import Request, read
from pratique.request.message import MAX_CLAIMS, MAX_LANGUAGES, MAX_RETENTION
from pratique.rules.ready_made import ready_made

KEY = PrivateKey.generate()
REQUEST = Request.for_rules(
    ready_made("covid-19"), verifier="https://a", names={"en": "A", "zh-Hant": "B"}, audience="https://a", at=NOW
)
MESSAGE = cbor2.loads(strict.decode(REQUEST.sign(SoftwareSigner(KEY)).removeprefix("PQR1:")))
HEADER, PAYLOAD = dict(cbor2.loads(MESSAGE.value[0])), dict(cbor2.loads(MESSAGE.value[2]))


@cache
def rules(name: str) -> tuple[pycddl.Schema, pycddl.Schema]:
    """Return one rule of the schema as a schema of its own, and what it says of types alone."""
    text = re.sub(r"bstr \.cbor [a-z-]+", "bstr", schemas.cddl("request"))
    text, count = re.subn(r'\.regexp "([^"]*)"', r'.regexp "^(\1)$"', text)
    assert count
    types = re.sub(r' \.(size|regexp) ("[^"]*"|\([^)]*\)|[0-9]+)', "", text)
    return pycddl.Schema(f"root = {name}\n{text}"), pycddl.Schema(f"root = {name}\n{types}")


def check(name: str, value: Any) -> None:
    for schema in rules(name):
        schema.validate_cbor(cbor2.dumps(value))


def is_read(header: Any, payload: Any) -> bool:
    protected, body = ordered(header), ordered(payload)
    signature = SoftwareSigner(KEY).sign(cbor2.dumps(["Signature1", protected, b"", body]))
    try:
        read("PQR1:" + base45(b"\xd2" + cbor2.dumps([protected, {}, body, signature]))).verify([KEY.public])
    except PratiqueError:
        return False
    return True


@pytest.mark.parametrize("algorithm", ["ESP256", "ESP384", "Ed25519", "ML-DSA-44"])
def test_every_request_follows_the_schema(algorithm: str) -> None:
    text = REQUEST.sign(SoftwareSigner(PrivateKey.generate(algorithm)))
    message = cbor2.loads(strict.decode(text.removeprefix("PQR1:")))
    check("signed-request", message)
    check("protected-header", cbor2.loads(message.value[0]))
    check("request", cbor2.loads(message.value[2]))


DEPARTING: list[dict[Any, Any]] = [
    *({name: ...} for name in PAYLOAD),
    {12: 1},
    {1: ""},
    {1: 5},
    {1: "a" * 256},
    {2: {}},
    {2: {"en": 1}},
    {2: {f"a{letter}": "x" for letter in "abcdefghi"}},
    {3: 5},
    {4: bytes(7)},
    {4: bytes(65)},
    {4: "0123456789"},
    {5: "Entry"},
    {6: -1},
    {6: 87_601},
    {7: "IHR"},
    {8: ["x"]},
    {8: ["x", bytes(31)]},
    {8: ["x y", bytes(32)]},
    {9: ["date"]},
    {9: [1]},
    {9: [f"event.{'a' * n}" for n in range(1, 33)] + ["holder.a"]},
    {10: -1},
    {10: 1.5},
    {11: 253_402_300_800},
]


@pytest.mark.parametrize("changes", DEPARTING, ids=str)
def test_a_request_that_departs_in_one_place_is_refused_by_schema_and_reader(changes: dict[Any, Any]) -> None:
    check("request", PAYLOAD)
    assert is_read(HEADER, PAYLOAD)
    departing = {name: value for name, value in {**PAYLOAD, **changes}.items() if value is not ...}
    with pytest.raises(pycddl.ValidationError):
        check("request", departing)
    assert not is_read(HEADER, departing)


@pytest.mark.parametrize(
    "changes",
    [{1: ...}, {4: ...}, {16: ...}, {1: 5}, {4: bytes(7)}, {16: 293}, {16: "application/cwt"}, {3: 60}],
    ids=str,
)
def test_a_header_that_departs_in_one_place_is_refused_by_schema_and_reader(changes: dict[Any, Any]) -> None:
    check("protected-header", HEADER)
    departing = {name: value for name, value in {**HEADER, **changes}.items() if value is not ...}
    with pytest.raises(pycddl.ValidationError):
        check("protected-header", departing)
    assert not is_read(departing, PAYLOAD)


def test_the_limits_of_the_schemas_are_those_of_the_reader() -> None:
    hours = MAX_RETENTION.days * 24
    assert f"=> 0..{hours}," in schemas.cddl("request")
    assert f"[0*{MAX_CLAIMS} claim]" in schemas.cddl("request")
    assert f"1*{MAX_LANGUAGES} tstr" in schemas.cddl("request")
    described = schemas.load("request")["$defs"]
    assert described["claims"]["maxItems"] == MAX_CLAIMS
    assert described["texts"]["maxProperties"] == MAX_LANGUAGES
