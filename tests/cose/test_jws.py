"""Compact JWS: RFC 7515's own example, another implementation of the form, and what is refused."""

from __future__ import annotations

import base64
import json
import tracemalloc
from typing import Any

import pytest

from pratique.cose import jws
from pratique.cose.algorithms import ED25519_PURE, EDDSA, ES256, ES384, ES512, ESP256, ESP384, ML_DSA, PS256
from pratique.cose.jws import Jws, read_header
from pratique.cose.keys import PrivateKey, PublicKey
from pratique.cose.signer import SoftwareSigner
from pratique.errors import DecodeError, KeyMaterialError, PratiqueError, SignatureError, UnsupportedError
from pratique.reasons import Reason

# RFC 7515 appendix A.3
EXAMPLE = (
    b"eyJhbGciOiJFUzI1NiJ9"
    b".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    b".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
)
EXAMPLE_KEY = {
    "kty": "EC",
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}


def b64u(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def header_of(**members: Any) -> bytes:
    return b64u(json.dumps(members).encode())


def code_of(segment: bytes) -> Reason:
    with pytest.raises(PratiqueError) as refused:
        read_header(segment)
    return refused.value.code


def test_example_of_the_rfc_holds() -> None:
    message = Jws(EXAMPLE)
    algorithm, header = read_header(message.header)
    assert (algorithm, header) == (ES256, {"alg": "ES256"})
    message.verify(algorithm, PublicKey.from_jwk(EXAMPLE_KEY))
    assert message.payload == EXAMPLE.split(b".")[1]


def test_altered_example_does_not_hold() -> None:
    message = Jws(EXAMPLE.replace(b".eyJ", b".eyK"))
    with pytest.raises(SignatureError):
        message.verify(ES256, PublicKey.from_jwk(EXAMPLE_KEY))
    with pytest.raises(KeyMaterialError):
        Jws(EXAMPLE).verify(ES384, PublicKey.from_jwk(EXAMPLE_KEY))


@pytest.mark.parametrize(
    ("algorithm", "name"),
    [
        (ESP256, "ES256"),
        (ESP384, "ES384"),
        (ED25519_PURE, "Ed25519"),
        (ML_DSA, "ML-DSA-44"),
        (ES256, "ES256"),
        (ES384, "ES384"),
        (EDDSA, "EdDSA"),
        (PS256, "PS256"),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_what_is_signed_names_its_algorithm_as_jose_does_and_holds(algorithm: Any, name: str) -> None:
    key = PrivateKey.generate(algorithm.name)
    data = jws.encode({"kid": "1"}, b"payload", SoftwareSigner(key, algorithm=algorithm))
    message = Jws(data)
    found, header = read_header(message.header)
    assert header == {"alg": name, "kid": "1"}
    message.verify(found, key.public)
    assert message.payload == b64u(b"payload")


def test_two_phases_make_what_one_does() -> None:
    key = PrivateKey.generate("Ed25519")
    signer = SoftwareSigner(key)
    to_be_signed = jws.prepare({"kid": "1"}, b"payload", signer.algorithm)
    assert jws.complete(to_be_signed, signer.sign(to_be_signed)) == jws.encode({"kid": "1"}, b"payload", signer)


def test_algorithm_without_a_name_in_jose_is_misuse() -> None:
    with pytest.raises(ValueError, match="JOSE"):
        jws.prepare({}, b"", ES512)


@pytest.mark.parametrize("data", [b"", b"a", b"a.b", b"a.b.c.d"])
def test_other_numbers_of_segments_are_refused(data: bytes) -> None:
    with pytest.raises(DecodeError) as refused:
        Jws(data)
    assert refused.value.code is Reason.JWS_MALFORMED


def test_segments_are_counted_before_they_are_taken_apart() -> None:
    data = b"." * 10_000_000
    tracemalloc.start()
    try:
        with pytest.raises(DecodeError, match="10000001 segments"):
            Jws(data)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_signature_that_is_no_base64url_is_refused() -> None:
    with pytest.raises(DecodeError) as refused:
        Jws(EXAMPLE + b"=")
    assert refused.value.code is Reason.BASE64URL_INVALID


@pytest.mark.parametrize("name", ["none", "HS256", "RS256", "ES512", "es256", None, 7, ["ES256"], {}])
def test_algorithm_that_is_not_accepted_is_refused(name: Any) -> None:
    assert code_of(header_of(alg=name)) is Reason.COSE_ALGORITHM


def test_caller_may_accept_fewer_algorithms() -> None:
    with pytest.raises(UnsupportedError):
        read_header(header_of(alg="EdDSA"), accepted={"ES256": ES256})


def test_faulty_headers_are_refused() -> None:
    assert code_of(b64u(b"[]")) is Reason.JWS_MALFORMED
    assert code_of(b64u(b"{")) is Reason.JSON_MALFORMED
    assert code_of(b64u(b'{"alg":"ES256","alg":"ES256"}')) is Reason.JSON_MALFORMED
    assert code_of(b"!") is Reason.BASE64URL_INVALID
    assert code_of(header_of(alg="ES256", crit=["b64"], b64=False)) is Reason.COSE_CRITICAL
    assert code_of(header_of(alg="ES256", x5c="A" * jws.MAX_HEADER)) is Reason.JSON_LIMIT
