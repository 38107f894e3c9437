"""Files with one issuer's keys: every form that authorities exchange, and what belongs to a key that stands alone."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509 import load_der_x509_certificate
from hypothesis import given, settings
from hypothesis import strategies as st

from networks import AT, DSC_AT, DSC_DE, b64, codes, hashed, jwk_of, keys, public_key, read, survives
from pratique.cose.certificates import Certificate
from pratique.cose.keys import PublicKey
from pratique.errors import KeyMaterialError, PratiqueError, SignatureError, TrustError
from pratique.reasons import Reason
from pratique.trust.entries import Limits
from pratique.trust.importers import recognise, single

ISSUER = {"issuer": "https://health.example", "country": "AUT", "format_": "pratique"}
COSE = {1: 2, -1: 1}


def pem(node: Any) -> bytes:
    return load_der_x509_certificate(node.der).public_bytes(Encoding.PEM)


def bare(node: Any, encoding: Encoding) -> bytes:
    encoded: bytes = node.key.public_key().public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)
    return encoded


def cose(node: Any) -> dict[int, Any]:
    numbers = node.key.public_key().public_numbers()
    return {**COSE, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)}


CERTIFICATES = {
    "PEM": pem(DSC_AT),
    "PEM with words around it": b"Subject: AT\n" + pem(DSC_AT) + b"\nkind regards",
    "DER": DSC_AT.der,
}
KEYS = {
    "PEM": bare(DSC_AT, Encoding.PEM),
    "DER": bare(DSC_AT, Encoding.DER),
    "JWK": json.dumps(jwk_of(DSC_AT)).encode(),
    "JWKS of one": json.dumps({"keys": [jwk_of(DSC_AT)]}).encode(),
    "COSE_Key": cbor2.dumps(cose(DSC_AT)),
    "COSE_KeySet of one": cbor2.dumps([cose(DSC_AT)]),
}
SETS = {
    "PEM": pem(DSC_AT) + pem(DSC_DE),
    "PEM of both kinds": bare(DSC_AT, Encoding.PEM) + b"\n" + pem(DSC_DE),
    "JWKS": json.dumps({"keys": [jwk_of(DSC_AT), jwk_of(DSC_DE)]}).encode(),
    "COSE_KeySet": cbor2.dumps([cose(DSC_AT), cose(DSC_DE)]),
}


@pytest.mark.parametrize("data", CERTIFICATES.values(), ids=CERTIFICATES)
def test_certificate_is_read_in_every_form(data: bytes) -> None:
    assert single.read_materials(data) == [Certificate.read(DSC_AT.der)]
    imported = read(data, country="AUT", format_="eu-dcc")
    assert keys(imported) == {"eu-dcc:AUT": [b64(hashed(DSC_AT.der))]}
    assert imported.network == "single"
    assert imported.unverified == ("whose keys these are: nothing in the file proves it",)


@pytest.mark.parametrize("data", KEYS.values(), ids=KEYS)
def test_key_is_read_in_every_form_and_counts_two_years_from_today(data: bytes) -> None:
    assert single.read_materials(data) == [public_key(DSC_AT)]
    entry = read(data, **ISSUER).issuers[0]["keys"][0]
    assert entry["public_key"] == public_key(DSC_AT).jwk
    assert (entry["not_before"], entry["not_after"]) == ("2026-08-22T00:00:00Z", "2028-08-21T00:00:00Z")


@pytest.mark.parametrize("data", SETS.values(), ids=SETS)
def test_every_key_of_a_set_is_read(data: bytes) -> None:
    assert [each if isinstance(each, PublicKey) else each.public_key for each in single.read_materials(data)] == [
        public_key(DSC_AT),
        public_key(DSC_DE),
    ]
    assert len(read(data, **ISSUER).issuers[0]["keys"]) == 2


_FORMS = {**CERTIFICATES, **KEYS, **SETS}


@pytest.mark.parametrize("data", _FORMS.values(), ids=_FORMS)
def test_every_form_is_recognised(data: bytes) -> None:
    assert recognise(data) == "single"


def test_same_certificate_twice_is_merged() -> None:
    imported = read(pem(DSC_AT) * 3, country="AUT", format_="eu-dcc")
    assert len(imported.issuers[0]["keys"]) == 1
    assert codes(imported) == {"import.duplicate": 2}


def test_faulty_key_of_a_set_is_left_out_and_the_rest_is_not() -> None:
    damaged = pem(DSC_DE).replace(b"MII", b"AAA", 1)
    for data in (
        damaged + pem(DSC_AT),
        json.dumps({"keys": [{"kty": "EC"}, jwk_of(DSC_AT)]}).encode(),
        cbor2.dumps([{1: 2}, cose(DSC_AT)]),
    ):
        imported = read(data, **ISSUER)
        assert len(imported.issuers[0]["keys"]) == 1
        assert [remark.left_out for remark in imported.remarks] == [True]


def test_limits_and_identifier_are_as_the_operator_says() -> None:
    limits = Limits(kinds=frozenset({"test"}), not_before=AT, not_after=AT + timedelta(days=1))
    imported = read(KEYS["JWK"], **ISSUER, key_id=b"me", name="Ministry", limits=limits)
    entry = imported.issuers[0]["keys"][0]
    assert (entry["key_id"], entry["scope"], entry["not_after"]) == (
        b64(b"me"),
        {"kinds": ["test"]},
        "2026-08-23T18:00:00Z",
    )
    assert imported.issuers[0]["names"] == {"en": "Ministry"}
    with pytest.raises(TrustError):
        read(SETS["JWKS"], **ISSUER, key_id=b"me")


@pytest.mark.parametrize("name", ISSUER)
def test_issuer_country_and_format_must_be_given(name: str) -> None:
    with pytest.raises(TrustError) as error:
        read(KEYS["JWK"], **{**ISSUER, name: None})
    assert error.value.code is Reason.IMPORT_INVALID


def test_signer_cannot_be_demanded_where_nothing_is_signed() -> None:
    with pytest.raises(SignatureError):
        read(KEYS["JWK"], **ISSUER, signer=public_key(DSC_AT))


def test_private_key_is_refused_as_what_it_is_wherever_it_stands() -> None:
    private = DSC_AT.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for data in (private, pem(DSC_AT) + private):
        with pytest.raises(KeyMaterialError, match="private key"):
            single.read_materials(data)
        assert codes(read(data, **ISSUER), left_out=True) == {"key.malformed": 1}


@pytest.mark.parametrize(
    "data", [b"", b"{}", b'{"keys": []}', b'{"keys": {}}', b'{"keys": [1]}', b"\x80", b"\x81\x01", b"x"]
)
def test_file_without_keys_is_refused(data: bytes) -> None:
    with pytest.raises(PratiqueError):
        single.read_materials(data)


def test_more_keys_than_are_read_are_refused() -> None:
    with pytest.raises(KeyMaterialError, match="most"):
        single.read_materials(b"-----BEGIN X-----\n-----END X-----\n" * 10_001)


def test_half_of_a_bundle_is_no_bundle() -> None:
    whole = SETS["PEM"]
    for size in range(1, len(whole) - 1, 53):
        survives(whole[:size], network="single", **ISSUER)
    with pytest.raises(PratiqueError):
        single.read_materials(b"-----BEGIN CERTIFICATE-----\n" * 5_000)


@st.composite
def changed(draw: st.DrawFn) -> bytes:
    """Return a bundle with one byte changed."""
    data = bytearray(draw(st.sampled_from(list(SETS.values()))))
    data[draw(st.integers(0, len(data) - 1))] ^= draw(st.integers(1, 255))
    return bytes(data)


@given(st.binary(max_size=300) | changed())
@settings(max_examples=150, deadline=None)
def test_arbitrary_and_damaged_bytes_raise_errors_of_ours_or_are_left_out(data: bytes) -> None:
    survives(data, network="single", **ISSUER)
