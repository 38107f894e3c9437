"""The wire of every credential that is issued follows `credential.cddl`; what departs from it in one place does not.

pycddl is the second opinion. It falls short of RFC 8610 in some things, and the schema is put to it accordingly: it
knows no simple value 59 and no range below zero, does not apply `.cbor` inside arrays, and its regular expressions
match anywhere. Where `.size` or `.regexp` stands it forgets to look at the type, so that all is checked once more
without them. What it lets pass all the same (members beside the one of a map that has one) the reader's tests try.
"""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any

import cbor2
import pycddl
import pytest
from hypothesis import given, settings

from authority import EVERY_KIND, HOLDER, NOW, SIMPLE_59, STATUS, VACCINATION, World, holder_key, ordered
from claims import EVIDENCE, HOLDERS
from pratique import schemas
from pratique.cose.signer import SoftwareSigner
from pratique.errors import PratiqueError
from pratique.formats.pratique import PratiqueEnvelope
from pratique.model import Clearance
from pratique.model.dates import to_days
from pratique.qr import text as qr_text

if TYPE_CHECKING:
    from pratique.present import HeldCredential

WORLD = World()
STAND_IN = "simple value 59"


@cache
def rules(name: str) -> tuple[pycddl.Schema, pycddl.Schema]:
    """Return one rule of the schema as a schema of its own, and what it says of types alone."""
    text = schemas.cddl()
    for pattern, replacement in (
        (r"#7\.59", f'"{STAND_IN}"'),
        (r"-25567\.\.47481", "0..47481 / nint"),
        (r"bstr \.cbor [a-z-]+", "bstr"),
        (r'\.regexp "([^"]*)"', r'.regexp "^(\1)$"'),
    ):
        text, count = re.subn(pattern, replacement, text)
        assert count, pattern
    types = re.sub(r' \.(size|regexp) ("[^"]*"|\([^)]*\)|[0-9]+)', "", text)
    return pycddl.Schema(f"root = {name}\n{text}"), pycddl.Schema(f"root = {name}\n{types}")


def stand_in(value: Any) -> Any:
    if isinstance(value, dict):
        return {STAND_IN if key == SIMPLE_59 else key: stand_in(entry) for key, entry in value.items()}
    return [stand_in(item) for item in value] if isinstance(value, list) else value


def check(name: str, value: Any) -> None:
    for schema in rules(name):
        schema.validate_cbor(cbor2.dumps(stand_in(value)))


def check_message(message: bytes) -> None:
    """Check a message and everything encoded in it. Raises: pycddl.ValidationError."""
    decoded = cbor2.loads(message)
    check("credential", decoded)
    protected, unprotected, payload, _ = decoded.value
    check("protected-header", cbor2.loads(protected))
    check("payload", cbor2.loads(payload))
    for disclosure in unprotected.get(17, ()):
        check("disclosure", cbor2.loads(disclosure))


def held(evidence: Any = VACCINATION, **options: Any) -> HeldCredential:
    bound = {} if "document" in options else {"holder_key": holder_key().public}
    holder = {} if isinstance(evidence, Clearance) else {"holder": HOLDER}
    return WORLD.home.issue(evidence, **{**bound, **holder, **options})


@pytest.mark.parametrize("evidence", EVERY_KIND, ids=lambda evidence: evidence.kind.value)
def test_every_kind_follows_the_schema(evidence: Any) -> None:
    credential = held(evidence, status=STATUS)
    check_message(credential.encoded)
    for name in credential.disclosable:
        check_message(qr_text.decode(credential.present(disclose=[name])))
    check_message(qr_text.decode(credential.present()))


def test_a_binding_to_a_document_follows_the_schema() -> None:
    check_message(WORLD.home.issue_vaccination().encoded)


@pytest.mark.parametrize("algorithm", ["ESP256", "ESP384", "Ed25519", "ML-DSA-44"])
def test_every_algorithm_follows_the_schema(algorithm: str) -> None:
    authority = World().authority(algorithm=algorithm)
    check_message(authority.issue(VACCINATION, holder_key=authority.keys[-1].public).encoded)


@settings(max_examples=100, deadline=None)
@given(EVIDENCE, HOLDERS)
def test_whatever_can_be_issued_follows_the_schema(evidence: Any, holder: Any) -> None:
    credential = held(evidence, **({} if isinstance(evidence, Clearance) else {"holder": holder}))
    check_message(credential.encoded)


def token_parts(**options: Any) -> tuple[Any, Any, Any]:
    """Return a key binding token, its protected header and its payload, decoded."""
    answer = {"audience": "https://a", "nonce": bytes(16), "signer": SoftwareSigner(holder_key()), "at": NOW}
    message = cbor2.loads(qr_text.decode(held().present(**answer, **options)))
    return message, cbor2.loads(message.value[0]), cbor2.loads(message.value[2])


@pytest.mark.parametrize("shown", [[], ["event.date", "holder.name"]])
def test_a_key_binding_token_follows_the_schema(shown: list[str]) -> None:
    message, header, payload = token_parts(disclose=shown)
    check("key-binding-token", message)
    check("token-header", header)
    check("token-payload", payload)


CONFIRMED = {8: {1: holder_key().public.cose_key}}


def test_a_key_binding_token_that_departs_in_one_place_is_refused() -> None:
    message, header, payload = (dict(part) if isinstance(part, dict) else part for part in token_parts())
    check("token-header", header | {14: CONFIRMED})
    headers = [without(header, name) for name in (1, 13, 16)]
    headers += [header | {16: 293}, header | {13: b""}, header | {14: {}}, header | {4: bytes(8)}]
    payloads = [without(payload, name) for name in (3, 6, 39)]
    payloads += [payload | {3: ""}, payload | {6: -1}, payload | {39: bytes(7)}, payload | {39: bytes(65)}]
    payloads += [payload | {1: "x"}, payload | {4: 1}]
    messages = [cbor2.CBORTag(17, message.value), cbor2.CBORTag(18, message.value[:3]), message.value]
    for name, departing in (("token-header", headers), ("token-payload", payloads), ("key-binding-token", messages)):
        for value in departing:
            with pytest.raises(pycddl.ValidationError):
                check(name, value)


PARTS = cbor2.loads(held(status=STATUS).encoded).value
PAYLOAD = cbor2.loads(PARTS[2])


def without(value: dict[Any, Any], key: Any) -> dict[Any, Any]:
    return {name: entry for name, entry in value.items() if name != key}


BAD_PAYLOADS: list[dict[Any, Any]] = [
    *(without(PAYLOAD, name) for name in (1, 2, 4, 5, 6, 8, 11, -65537)),
    PAYLOAD | {1: ""},
    PAYLOAD | {1: 5},
    PAYLOAD | {2: "short"},
    PAYLOAD | {2: "abcdefghijklm"},
    PAYLOAD | {4: -1},
    PAYLOAD | {5: 253_402_300_800},
    PAYLOAD | {6: 1.5},
    PAYLOAD | {8: {}},
    PAYLOAD | {8: {5: bytes(31)}},
    PAYLOAD | {8: {-65537: [2, bytes(16), bytes(16)]}},
    PAYLOAD | {8: {-65537: [1, bytes(16), bytes(15)]}},
    PAYLOAD | {8: {1: {1: 3, -1: 1}}},
    PAYLOAD | {11: "pratique/2"},
    PAYLOAD | {65535: {"status_list": {"idx": 1}}},
    PAYLOAD | {65535: {"status_list": {"idx": -1, "uri": "https://a"}}},
    PAYLOAD | {65535: {"status_list": {"idx": 2**32, "uri": "https://a"}}},
    PAYLOAD | {65535: {"status_list": {"idx": 1, "uri": "http://a"}}},
    PAYLOAD | {-65537: {0: 1}},
    PAYLOAD | {-65537: {0: 7, 1: "1D47"}},
    PAYLOAD | {-65537: {0: 1, 1: "yellow fever"}},
    PAYLOAD | {-65537: {0: 1, 1: "1D47", 10: 20_526}},
    PAYLOAD | {-65537: {0: 6, 1: "1D47"}},
    PAYLOAD | {-65537: {0: 1, 1: "1D47", SIMPLE_59: []}},
    PAYLOAD | {-65537: {0: 1, 1: "1D47", SIMPLE_59: [bytes(31)]}},
    PAYLOAD | {-65538: {1: "ERIKSSON<<ANNA"}},
    PAYLOAD | {SIMPLE_59: []},
    PAYLOAD | {99: 1},
]


@pytest.mark.parametrize("payload", BAD_PAYLOADS)
def test_claims_that_depart_in_one_place_are_refused_by_schema_and_reader(payload: dict[Any, Any]) -> None:
    check("payload", PAYLOAD)
    with pytest.raises(pycddl.ValidationError):
        check("payload", payload)
    with pytest.raises(PratiqueError):
        PratiqueEnvelope(b"\xd2" + cbor2.dumps([PARTS[0], {}, ordered(payload), PARTS[3]])).read()


SALT = bytes(16)


@pytest.mark.parametrize(
    "disclosure",
    [
        [],
        [bytes(15)],
        [SALT, 1],
        [bytes(15), 20_526, 10],
        [SALT, "2026-03-14", 10],
        [SALT, "yf-stamaril", 12],
        [SALT, "WHO|yf-stamaril", 12],
        [SALT, {3: "AB123"}, 13],
        [SALT, "2026-03-14", 18],
        [SALT, "", 3],
        [SALT, "x" * 256, 3],
        [SALT, 5, 7],
        [SALT, {1: "ERIKSSON"}, -65538],
        [SALT, {STAND_IN: []}, -65538],
        [SALT, "x", 11],
        [SALT, "x", "name"],
        [SALT, "x", 3, 4],
    ],
)
def test_a_disclosure_that_departs_in_one_place_is_refused(disclosure: Any) -> None:
    with pytest.raises(pycddl.ValidationError):
        check("disclosure", disclosure)


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("dose", [1], [0]),
        ("dose", [1, 99], [1, 100]),
        ("dose", [1, 2], [1, 2, 3]),
        ("birth-date", -5, "1969-12-27"),
        ("cose-key", {1: 1, -1: 6, -2: bytes(32)}, {1: 1, -1: 6, -2: bytes(31)}),
        ("cose-key", {1: 2, -1: 1, -2: bytes(32), -3: bytes(32)}, {1: 2, -1: 1, -2: bytes(32)}),
        ("code", "who-pq|yf-stamaril", "yf-stamaril"),
        ("name", "ERIKSSON<<ANNA<MARIA", "ERIKSSON<<<ANNA"),
        ("target", "XN109.Z9", "1D47."),
    ],
)
def test_a_value_that_departs_in_one_place_is_refused(name: str, good: Any, bad: Any) -> None:
    check(name, good)
    with pytest.raises(pycddl.ValidationError):
        check(name, bad)


def test_the_table_of_bad_disclosures_departs_from_good_ones() -> None:
    for disclosure in ([SALT], [SALT, 20_526, 10], [SALT, [1, 2], 1], [SALT, [1974, 8], 3], [SALT, "x", 3]):
        check("disclosure", disclosure)


@pytest.mark.parametrize(
    "header",
    [
        {},
        {1: -9, 16: 293},
        {4: bytes(8), 16: 293},
        {1: -9, 4: bytes(8)},
        {1: -9, 4: bytes(7), 16: 293},
        {1: 5, 4: bytes(8), 16: 293},
        {1: -9, 4: bytes(8), 16: 294},
        {1: -9, 4: bytes(8), 16: 293, 170: -16},
    ],
)
def test_a_protected_header_that_departs_in_one_place_is_refused(header: dict[int, Any]) -> None:
    check("protected-header", {1: -9, 4: bytes(8), 16: 293})
    with pytest.raises(pycddl.ValidationError):
        check("protected-header", header)


@pytest.mark.parametrize(
    "message",
    [
        PARTS,
        cbor2.CBORTag(17, PARTS),
        cbor2.CBORTag(18, PARTS[:3]),
        cbor2.CBORTag(18, [*PARTS, b""]),
        cbor2.CBORTag(18, [PARTS[0], {17: []}, *PARTS[2:]]),
        cbor2.CBORTag(18, [*PARTS[:3], bytes(63)]),
    ],
)
def test_a_message_that_departs_in_one_place_is_refused(message: Any) -> None:
    check("credential", cbor2.CBORTag(18, PARTS))
    with pytest.raises(pycddl.ValidationError):
        check("credential", message)


def test_the_days_of_the_schema_are_those_of_the_model() -> None:
    first, last = (to_days(date(year, month, day)) for year, month, day in ((1900, 1, 1), (2099, 12, 31)))
    assert f"days = {first}..{last} " in schemas.cddl()
