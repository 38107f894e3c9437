"""Status list tokens: the draft's own, another implementation's in both directions, and what is refused."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authority import NOW, World
from conftest import load_vectors
from pratique.codec import base64url
from pratique.cose.algorithms import EDDSA, ES512, ESP256
from pratique.cose.keys import PrivateKey, PublicKey
from pratique.cose.sign1 import Sign1
from pratique.cose.signer import SoftwareSigner
from pratique.errors import DecodeError, KeyMaterialError, PratiqueError, SignatureError
from pratique.reasons import Reason
from pratique.status import SignedStatusList, StatusList, StatusListToken
from pratique.status import token as module
from status_lists import ADDRESS, ListSigner, b64u, bitmap

HOUR = timedelta(hours=1)
STATUSES = StatusList(bitmap(80, i3=1, i79=1))
TOKEN = StatusListToken(ADDRESS, NOW, STATUSES, NOW + 24 * HOUR, 12 * HOUR)
SIGNER = SoftwareSigner(PrivateKey.generate("ESP256"))
PUBLIC = SIGNER._private_key.public
LISTS = ListSigner(World().home)
Make = Callable[..., bytes]
FORMS: list[Make] = [LISTS.cwt, LISTS.jwt]


def form(make: Make) -> str:
    return make.__name__


both = pytest.mark.parametrize("make", FORMS, ids=form)


def refusal(data: bytes) -> Reason:
    """Return why a token is not read, be it at once or when its list is asked for."""
    with pytest.raises(PratiqueError) as refused:
        SignedStatusList.decode(data).token()
    return refused.value.code


@pytest.mark.usefixtures("vectors")
def test_token_of_the_draft_is_read_and_holds() -> None:
    (vector,) = (vector for vector in load_vectors("status-list") if vector.name == "status_list_cwt")
    signed = SignedStatusList.decode(bytes.fromhex(vector.text()))
    key = PublicKey.from_jwk({**vector.meta["key"]["value"], "kid": "12"})
    signed.verify(key)
    assert signed.key_ids == (b"12",)
    token = signed.token()
    assert token.uri == "https://example.com/statuslists/1"
    assert token.issued_at == datetime(2023, 6, 16, 12, 56, 10, tzinfo=UTC)
    assert token.expires_at == datetime.fromtimestamp(2291720170, UTC)
    assert token.time_to_live == timedelta(seconds=43200)
    assert token.statuses == StatusList(bytes.fromhex("b9a3"))
    with pytest.raises(SignatureError):
        signed.verify(PUBLIC)


@both
def test_token_of_another_implementation_is_read_and_holds(make: Make) -> None:
    signed = SignedStatusList.decode(make(bitmap(i9=1), nbf=NOW, iss="https://health.example.org", unknown=[1]))
    signed.verify(LISTS.key.public)
    token = signed.token()
    assert (token.uri, token.issued_at, token.not_before) == (ADDRESS, NOW - HOUR, NOW)
    assert (token.expires_at, token.time_to_live) == (NOW + 24 * HOUR, 12 * HOUR)
    assert [index for index in range(len(token.statuses)) if token.statuses.get(index)] == [9]
    assert LISTS.key.public.key_id in signed.key_ids
    assert signed.form == make.__name__


@both
def test_token_needs_neither_end_nor_time_to_live(make: Make) -> None:
    token = SignedStatusList.decode(make(exp=None, ttl=None)).token()
    assert (token.expires_at, token.time_to_live, token.not_before) == (None, None, None)


@pytest.mark.parametrize("name", ["ESP256", "ESP384", "Ed25519", "ML-DSA-44"])
def test_token_that_is_made_is_read_again(name: str) -> None:
    signer = SoftwareSigner(key := PrivateKey.generate(name))
    token = StatusListToken(ADDRESS, NOW, STATUSES, not_before=NOW + HOUR)
    for full in (TOKEN, token):
        for data in (full.to_cwt(signer), full.to_jwt(signer)):
            signed = SignedStatusList.decode(data)
            signed.verify(key.public)
            assert signed.token() == full
            assert signed.key_ids[0] == signer.key_id


def test_token_that_is_made_is_what_others_read() -> None:
    data = TOKEN.to_cwt(SIGNER)
    tag = cbor2.loads(data)
    protected, unprotected, payload, _ = tag.value
    assert tag.tag == 18
    assert cbor2.loads(protected) == {1: -9, 4: SIGNER.key_id, 16: "application/statuslist+cwt"}
    assert unprotected == {}
    second = int(NOW.timestamp())
    compressed = zlib.compress(bitmap(80, i3=1, i79=1), 9)
    claims = {2: ADDRESS, 4: second + 86_400, 6: second, 65534: 43_200, 65533: {"bits": 1, "lst": compressed}}
    assert cbor2.loads(payload) == claims
    header, body, _ = TOKEN.to_jwt(SIGNER).split(b".")
    assert json.loads(base64url.decode(header)) == {
        "alg": "ES256",
        "kid": b64u(SIGNER.key_id),
        "typ": "statuslist+jwt",
    }
    assert json.loads(base64url.decode(body)) == {
        "sub": ADDRESS,
        "iat": second,
        "exp": second + 86_400,
        "ttl": 43_200,
        "status_list": {"bits": 1, "lst": b64u(compressed)},
    }


def test_somebody_else_may_sign() -> None:
    for unsigned in (
        TOKEN.unsigned_cwt(SIGNER.algorithm, SIGNER.key_id),
        TOKEN.unsigned_jwt(SIGNER.algorithm, SIGNER.key_id),
    ):
        data = unsigned.complete(SIGNER.sign(unsigned.to_be_signed))
        SignedStatusList.decode(data).verify(PUBLIC)


def test_list_is_compressed_once_for_both_forms() -> None:
    compressed = STATUSES.deflate(level=1)
    for data in (TOKEN.to_cwt(SIGNER, compressed=compressed), TOKEN.to_jwt(SIGNER, compressed=compressed)):
        assert SignedStatusList.decode(data).token() == TOKEN


@settings(max_examples=60)
@given(st.data())
def test_no_changed_byte_holds(draw: st.DataObject) -> None:
    data = draw.draw(st.sampled_from([TOKEN.to_cwt(SIGNER), TOKEN.to_jwt(SIGNER)]))
    place, change = draw.draw(st.integers(0, len(data) - 1)), draw.draw(st.integers(1, 255))
    changed = data[:place] + bytes([data[place] ^ change]) + data[place + 1 :]
    with pytest.raises(PratiqueError):
        SignedStatusList.decode(changed).verify(PUBLIC)


def test_key_of_another_type_is_none() -> None:
    with pytest.raises(KeyMaterialError):
        SignedStatusList.decode(LISTS.cwt()).verify(PrivateKey.generate("Ed25519").public)


@pytest.mark.parametrize("tag", [17, 61, 98, None])
def test_cwt_under_another_tag_is_refused(tag: int | None) -> None:
    for data in (LISTS.cwt(tag=tag), b"\xd8\x3d" + LISTS.cwt()):
        with pytest.raises(DecodeError):
            SignedStatusList.decode(data)


@pytest.mark.parametrize("typ", [None, "statuslist+jwt", "statuslist+cwt", "application/sd-cwt", 293, b"x"])
def test_cwt_of_another_type_is_refused(typ: Any) -> None:
    assert refusal(LISTS.cwt(protected={16: typ})) is Reason.STATUS_LIST_INVALID


def test_type_that_nobody_signed_does_not_count() -> None:
    data = LISTS.cwt(protected={16: None}, unprotected={16: "application/statuslist+cwt"})
    assert refusal(data) is Reason.STATUS_LIST_INVALID


@pytest.mark.parametrize("typ", [None, "JWT", "statuslist+cwt", "application/statuslist+cwt", 1])
def test_jwt_of_another_type_is_refused(typ: Any) -> None:
    assert refusal(LISTS.jwt(header={"typ": typ})) is Reason.STATUS_LIST_INVALID


@pytest.mark.parametrize("alg", [None, 5, -257, ES512.label, "ES256", 0])
def test_cwt_by_another_algorithm_is_refused(alg: Any) -> None:
    assert refusal(LISTS.cwt(protected={1: alg})) is Reason.COSE_ALGORITHM


@pytest.mark.parametrize("alg", [None, "none", "HS256", "RS256", "ES512"])
def test_jwt_by_another_algorithm_is_refused(alg: Any) -> None:
    assert refusal(LISTS.jwt(header={"alg": alg})) is Reason.COSE_ALGORITHM


def test_algorithm_of_another_key_type_does_not_hold() -> None:
    with pytest.raises(KeyMaterialError):
        SignedStatusList.decode(LISTS.cwt(protected={1: EDDSA.label})).verify(LISTS.key.public)


def test_critical_extensions_are_refused() -> None:
    assert refusal(LISTS.cwt(protected={2: [-70000], -70000: 1})) is Reason.COSE_CRITICAL
    assert refusal(LISTS.jwt(header={"crit": ["exp"]})) is Reason.COSE_CRITICAL


@both
@pytest.mark.parametrize("name", ["sub", "iat", "status_list"])
def test_required_claim_that_is_missing_is_named(make: Make, name: str) -> None:
    data = make(**{name: None})
    assert refusal(data) is Reason.STATUS_LIST_INVALID
    with pytest.raises(DecodeError, match=f"{name} is missing"):
        SignedStatusList.decode(data)


@both
@pytest.mark.parametrize("name", ["iat", "exp", "nbf", "ttl"])
@pytest.mark.parametrize("value", [-1, 1.5, "1", True, [], 253_402_300_800, 2**63])
def test_time_that_is_none_is_refused(make: Make, name: str, value: Any) -> None:
    assert refusal(make(**{name: value})) is Reason.STATUS_LIST_INVALID


@both
def test_time_to_live_is_positive(make: Make) -> None:
    assert refusal(make(ttl=0)) is Reason.STATUS_LIST_INVALID
    assert SignedStatusList.decode(make(ttl=1)).time_to_live == timedelta(seconds=1)


@both
def test_end_is_after_the_beginning(make: Make) -> None:
    second = int(NOW.timestamp())
    for exp in (second - 1, second):
        assert refusal(make(iat=second, exp=exp)) is Reason.STATUS_LIST_INVALID
        assert refusal(make(nbf=second, exp=exp)) is Reason.STATUS_LIST_INVALID
    assert SignedStatusList.decode(make(iat=second, exp=second + 1)).expires_at == NOW + timedelta(seconds=1)


@both
def test_token_for_one_audience_is_refused(make: Make) -> None:
    assert refusal(make(aud="https://border.example")) is Reason.STATUS_LIST_INVALID


@both
@pytest.mark.parametrize(
    "uri", ["", "no address", 7, "https://health.example/" + "x" * module.MAX_URI, "x:\u00e9", "a:\n"]
)
def test_address_that_is_none_is_refused(make: Make, uri: Any) -> None:
    assert refusal(make(sub=uri)) is Reason.STATUS_LIST_INVALID


LST = zlib.compress(bitmap())


@both
@pytest.mark.parametrize(
    "members",
    [
        [],
        "",
        {},
        {"bits": 1},
        {"lst": LST},
        {"bits": 3, "lst": LST},
        {"bits": True, "lst": LST},
        {"bits": "1", "lst": LST},
        {"bits": 1, "lst": 5},
        {"bits": 1, "lst": [1]},
        {"bits": 1, "lst": LST, "more": 1},
    ],
    ids=str,
)
def test_list_with_other_members_is_refused(make: Make, members: Any) -> None:
    assert refusal(make(status_list=members)) is Reason.STATUS_LIST_INVALID


@both
def test_list_may_name_an_aggregation(make: Make) -> None:
    members = {"bits": 1, "lst": LST, "aggregation_uri": "https://health.example/all"}
    assert SignedStatusList.decode(make(status_list=members)).token().statuses == StatusList(bitmap())


@pytest.mark.parametrize(("more", "is_read"), [(module.MAX_COMMAS - 4, True), (module.MAX_COMMAS, False)])
def test_jwt_with_more_members_than_any_has_is_refused_before_they_are_made(more: int, *, is_read: bool) -> None:
    claims = LISTS.claims()
    members = {**claims, "status_list": {"bits": 1, "lst": b64u(claims["status_list"]["lst"])}}
    data = LISTS.jwt(payload=json.dumps({**members, "more": [0] * (more - 1)}).encode())
    if is_read:
        assert SignedStatusList.decode(data).uri == ADDRESS
        return
    with pytest.raises(DecodeError, match="commas") as refused:
        SignedStatusList.decode(data)
    assert refused.value.code is Reason.STATUS_LIST_INVALID


def test_list_is_text_in_a_jwt_and_bytes_in_a_cwt() -> None:
    assert refusal(LISTS.cwt(status_list={"bits": 1, "lst": b64u(LST)})) is Reason.STATUS_LIST_INVALID
    payload = json.dumps(LISTS.claims(status_list={"bits": 1, "lst": b64u(LST) + "="})).encode()
    assert refusal(LISTS.jwt(payload=payload)) is Reason.BASE64URL_INVALID
    payload = json.dumps(LISTS.claims(status_list={"bits": 1, "lst": "é"})).encode()
    assert refusal(LISTS.jwt(payload=payload)) is Reason.BASE64URL_INVALID


@both
def test_damaged_list_is_refused_when_it_is_asked_for(make: Make) -> None:
    for lst in (LST[:-1], LST + b"\0", b"", bitmap()):
        data = make(status_list={"bits": 1, "lst": lst})
        SignedStatusList.decode(data).verify(LISTS.key.public)
        assert refusal(data) is Reason.DEFLATE_INVALID


@both
def test_list_that_inflates_beyond_the_limit_is_refused(make: Make) -> None:
    stream = zlib.compressobj(9)
    bomb = b"".join(stream.compress(bytes(1 << 20)) for _ in range(65)) + stream.flush()
    assert refusal(make(status_list={"bits": 1, "lst": bomb})) is Reason.DEFLATE_TOO_LARGE


def test_token_beyond_the_limit_is_not_looked_into(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_TOKEN_BYTES", len(data := LISTS.cwt()))
    SignedStatusList.decode(data)
    assert refusal(data + b"\0") is Reason.STATUS_LIST_INVALID


def test_member_that_occurs_twice_is_refused() -> None:
    claims = json.dumps(LISTS.claims(status_list={"bits": 1, "lst": b64u(LST)}))
    twice = f'{{"sub": "https://evil.example/1", {claims[1:]}'
    assert refusal(LISTS.jwt(payload=twice.encode())) is Reason.JSON_MALFORMED
    inner = claims.replace('"bits": 1', '"bits": 8, "bits": 1')
    assert refusal(LISTS.jwt(payload=inner.encode())) is Reason.JSON_MALFORMED
    payload = cbor2.dumps({2: ADDRESS, 6: 1, 65533: {"bits": 1, "lst": LST}})
    assert refusal(LISTS.cwt(payload=b"\xa4" + payload[1:] + b"\x02\x61a")) is Reason.CBOR_MALFORMED


@both
def test_token_that_breaks_off_anywhere_is_refused(make: Make) -> None:
    data = make()
    for end in range(len(data) - 1):
        with pytest.raises(PratiqueError):
            SignedStatusList.decode(data[:end]).verify(LISTS.key.public)
    with pytest.raises(PratiqueError):
        SignedStatusList.decode(data + b"\0").verify(LISTS.key.public)


@pytest.mark.parametrize("payload", [b"", b"[]", b"null", b'"x"', b"\x80", b"\xa0", b"\xf6", b"{}"])
def test_claims_of_another_shape_are_refused(payload: bytes) -> None:
    for data in (LISTS.cwt(payload=payload), LISTS.jwt(payload=payload)):
        assert refusal(data) in {Reason.STATUS_LIST_INVALID, Reason.CBOR_MALFORMED, Reason.JSON_MALFORMED}


@given(st.binary(max_size=80))
def test_arbitrary_bytes_raise_nothing_else(data: bytes) -> None:
    for content in (data, b"\xd2" + data):
        with pytest.raises(PratiqueError):
            SignedStatusList.decode(content)


@pytest.mark.parametrize(
    ("kid", "expected"),
    [(None, ()), ("12", (b"12",)), ("MTI", (b"12", b"MTI")), ("clé", ("clé".encode(),))],
)
def test_name_of_a_key_stands_for_its_bytes_and_for_what_it_decodes_to(kid: Any, expected: tuple[bytes, ...]) -> None:
    assert SignedStatusList.decode(LISTS.jwt(header={"kid": kid})).key_ids == expected


@pytest.mark.parametrize("kid", [5, ["x"], {}])
def test_name_of_a_key_is_a_text(kid: Any) -> None:
    assert refusal(LISTS.jwt(header={"kid": kid})) is Reason.STATUS_LIST_INVALID


def test_key_may_be_named_in_the_unprotected_header() -> None:
    assert SignedStatusList.decode(LISTS.cwt(protected={4: None})).key_ids == ()
    assert SignedStatusList.decode(LISTS.cwt(protected={4: None}, unprotected={4: b"12"})).key_ids == (b"12",)


@pytest.mark.parametrize(
    "changes",
    [
        {"uri": "status"},
        {"uri": "https://health.example/" + "x" * module.MAX_URI},
        {"issued_at": NOW.replace(tzinfo=None)},
        {"issued_at": datetime(1969, 12, 31, tzinfo=UTC)},
        {"expires_at": NOW},
        {"expires_at": NOW + HOUR, "not_before": NOW + HOUR},
        {"time_to_live": timedelta()},
    ],
)
def test_token_that_nobody_would_read_is_misuse(changes: dict[str, Any]) -> None:
    arguments: dict[str, Any] = {"uri": ADDRESS, "issued_at": NOW, "statuses": STATUSES, **changes}
    with pytest.raises(ValueError, match="status list"):
        StatusListToken(**arguments)


def test_values_show_no_more_than_an_address() -> None:
    signed = SignedStatusList.decode(TOKEN.to_cwt(SIGNER))
    assert repr(signed) == f"SignedStatusList(cwt, uri='{ADDRESS}')"
    assert signed.algorithm is ESP256
    assert isinstance(Sign1.decode(TOKEN.to_cwt(SIGNER)), Sign1)  # what we write is deterministic
