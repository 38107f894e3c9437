from __future__ import annotations

import hashlib
import pickle

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.cose import algorithms
from pratique.cose.algorithms import ES256, ES384, ES512, ESP256, ESP384, PS256, REGISTRY, SIGNING, VERIFYING, Algorithm
from pratique.cose.keys import PrivateKey, PublicKey
from pratique.errors import KeyMaterialError, SignatureError, UnsupportedError
from pratique.reasons import Reason

N256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
N384 = int("ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973", 16)
N521 = int("1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa"
           "51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409", 16)  # fmt: skip
MESSAGE = b"what was signed"


def test_numbers_and_names_are_those_of_the_registry() -> None:
    assert {algorithm.name: label for label, algorithm in REGISTRY.items()} == {
        "ESP256": -9, "Ed25519": -19, "ESP384": -51, "ML-DSA-44": -48,
        "ES256": -7, "EdDSA": -8, "ES384": -35, "ES512": -36, "PS256": -37,
    }  # fmt: skip


def test_only_fully_specified_algorithms_are_for_signing() -> None:
    assert {algorithm.label for algorithm in SIGNING} == {-9, -19, -51, -48}
    assert SIGNING < VERIFYING


def test_algorithm_survives_pickling_as_itself(algorithm: Algorithm) -> None:
    assert pickle.loads(pickle.dumps(algorithm)) in VERIFYING  # noqa: S301 - our own bytes


@pytest.mark.parametrize("label", [-36, -39, -257, 0, 1, True, None, "ES256", b"\x26", 2**70, [-7]])
def test_number_of_no_algorithm_is_refused(label: object) -> None:
    with pytest.raises(UnsupportedError) as refused:
        algorithms.by_label(label)
    assert refused.value.code is Reason.COSE_ALGORITHM


def test_algorithm_that_is_not_accepted_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="the algorithm is -7; accepted are ESP256"):
        algorithms.by_label(-7, accepted=frozenset((ESP256,)))


def test_unknown_name_is_the_programmers_mistake() -> None:
    with pytest.raises(ValueError, match="no algorithm is called 'ES257'"):
        algorithms.by_name("ES257")


def test_signature_holds_for_its_message_alone(algorithm: Algorithm, keys: dict[str, PrivateKey]) -> None:
    key = keys[algorithm.family]
    signature = key.sign(algorithm, MESSAGE)
    assert len(signature) == (algorithm.signature_size or 384)
    assert algorithms.verify(algorithm, key.public, signature, MESSAGE)
    assert not algorithms.verify(algorithm, key.public, signature, MESSAGE + b"!")
    other = PrivateKey.generate(algorithm.name)
    assert not algorithms.verify(algorithm, other.public, signature, MESSAGE)


def test_signature_of_a_wrong_length_does_not_hold(algorithm: Algorithm, keys: dict[str, PrivateKey]) -> None:
    key = keys[algorithm.family]
    signature = key.sign(algorithm, MESSAGE)
    for wrong in (b"", signature[:-1], signature[1:], signature + b"\0", b"\0" + signature, signature * 2):
        assert not algorithms.verify(algorithm, key.public, wrong, MESSAGE)


def test_key_of_another_type_is_refused(algorithm: Algorithm, keys: dict[str, PrivateKey]) -> None:
    signature = keys[algorithm.family].sign(algorithm, MESSAGE)
    for family, key in keys.items():
        if family == algorithm.family:
            continue
        assert not key.public.fits(algorithm)
        with pytest.raises(KeyMaterialError) as refused:
            algorithms.verify(algorithm, key.public, signature, MESSAGE)
        assert refused.value.code is Reason.KEY_UNSUITABLE
        with pytest.raises(KeyMaterialError):
            key.sign(algorithm, MESSAGE)


def halves(signature: bytes) -> tuple[int, int]:
    half = len(signature) // 2
    return int.from_bytes(signature[:half]), int.from_bytes(signature[half:])


@pytest.mark.parametrize(("algorithm", "order"), [(ESP256, N256), (ES256, N256), (ESP384, N384), (ES384, N384)])
def test_r_and_s_must_be_in_range(algorithm: Algorithm, order: int, keys: dict[str, PrivateKey]) -> None:
    key, size = keys[algorithm.family], algorithm.signature_size // 2
    r, s = halves(key.sign(algorithm, MESSAGE))
    top = (1 << 8 * size) - 1
    for wrong_r, wrong_s in ((0, s), (r, 0), (order, s), (r, order), (top, s), (r, top), (0, 0), (order, order)):
        raw = wrong_r.to_bytes(size) + wrong_s.to_bytes(size)
        assert algorithms._der_ecdsa(raw, order.to_bytes(size)) is None
        assert not algorithms.verify(algorithm, key.public, raw, MESSAGE)
    for edge in (1, order - 1):
        assert algorithms._der_ecdsa(edge.to_bytes(size) * 2, order.to_bytes(size)) is not None


@pytest.mark.parametrize("algorithm", [ESP256, ESP384], ids=lambda algorithm: algorithm.name)
def test_high_s_holds_because_genuine_credentials_have_it(algorithm: Algorithm, keys: dict[str, PrivateKey]) -> None:
    key, size = keys[algorithm.family], algorithm.signature_size // 2
    order = N256 if algorithm is ESP256 else N384
    r, s = halves(key.sign(algorithm, MESSAGE))
    for either in (s, order - s):
        assert algorithms.verify(algorithm, key.public, r.to_bytes(size) + either.to_bytes(size), MESSAGE)


@settings(max_examples=200)
@given(r=st.integers(1, N256 - 1) | st.integers(1, 2**40), s=st.integers(1, N256 - 1) | st.integers(1, 2**40))
def test_der_is_what_cryptography_makes_for_p256(r: int, s: int) -> None:
    der = algorithms._der_ecdsa(r.to_bytes(32) + s.to_bytes(32), N256.to_bytes(32))
    assert der == encode_dss_signature(r, s)
    assert algorithms.raw_ecdsa(der, ESP256) == r.to_bytes(32) + s.to_bytes(32)


@settings(max_examples=200)
@given(r=st.integers(1, N384 - 1) | st.integers(1, 2**40), s=st.integers(1, N384 - 1) | st.integers(1, 2**40))
def test_der_is_what_cryptography_makes_for_p384(r: int, s: int) -> None:
    der = algorithms._der_ecdsa(r.to_bytes(48) + s.to_bytes(48), N384.to_bytes(48))
    assert der == encode_dss_signature(r, s)
    assert algorithms.raw_ecdsa(der, ESP384) == r.to_bytes(48) + s.to_bytes(48)


@settings(max_examples=200)
@given(r=st.integers(1, N521 - 1) | st.integers(1, 2**480), s=st.integers(1, N521 - 1) | st.integers(1, 2**480))
def test_der_is_what_cryptography_makes_for_p521(r: int, s: int) -> None:
    der = algorithms._der_ecdsa(r.to_bytes(66) + s.to_bytes(66), N521.to_bytes(66))
    assert der == encode_dss_signature(r, s)
    assert algorithms.raw_ecdsa(der, ES512) == r.to_bytes(66) + s.to_bytes(66)


def test_es512_is_verified_and_takes_no_other_hash() -> None:
    native = ec.generate_private_key(ec.SECP521R1())
    key = PublicKey.from_native(native.public_key())
    for digest, holds in ((hashes.SHA512(), True), (hashes.SHA256(), False)):
        signature = algorithms.raw_ecdsa(native.sign(MESSAGE, ec.ECDSA(digest)), ES512)
        assert len(signature) == ES512.signature_size
        assert algorithms.verify(ES512, key, signature, MESSAGE) is holds
        assert not algorithms.verify(ES512, key, signature, MESSAGE + b"!")
        assert not algorithms.verify(ES512, key, signature[1:], MESSAGE)


@pytest.mark.parametrize(
    "der",
    [b"", b"\x30\x00", encode_dss_signature(1, 2)[:-1], encode_dss_signature(1, 2) + b"\0", encode_dss_signature(0, 5),
     encode_dss_signature(5, N256), encode_dss_signature(2**300, 1)],
)  # fmt: skip
def test_der_that_is_no_signature_on_the_curve_is_refused(der: bytes) -> None:
    with pytest.raises(SignatureError) as refused:
        algorithms.raw_ecdsa(der, ESP256)
    assert refused.value.code is Reason.SIGNATURE_INVALID


def test_der_for_an_algorithm_that_is_not_ecdsa_is_the_programmers_mistake() -> None:
    with pytest.raises(ValueError, match="PS256 is not ECDSA"):
        algorithms.raw_ecdsa(encode_dss_signature(1, 2), PS256)


def test_pss_with_another_salt_or_hash_does_not_hold(keys: dict[str, PrivateKey]) -> None:
    key = keys["RSA"]
    for salt, mask, digest in (
        (20, hashes.SHA256(), hashes.SHA256()),
        (32, hashes.SHA1(), hashes.SHA256()),  # noqa: S303 - to be refused
        (32, hashes.SHA256(), hashes.SHA384()),
    ):
        signature = key.native.sign(MESSAGE, padding.PSS(padding.MGF1(mask), salt), digest)
        assert not algorithms.verify(PS256, key.public, signature, MESSAGE)
    pkcs1 = key.native.sign(MESSAGE, padding.PKCS1v15(), hashes.SHA256())
    assert not algorithms.verify(PS256, key.public, pkcs1, MESSAGE)


def test_each_curve_has_its_own_hash(keys: dict[str, PrivateKey]) -> None:
    der = keys["EC P-384"].native.sign(MESSAGE, ec.ECDSA(hashes.SHA256()))
    assert not algorithms.verify(ESP384, keys["EC P-384"].public, algorithms.raw_ecdsa(der, ESP384), MESSAGE)


def test_size_of_an_ml_dsa_signature_is_the_standards(keys: dict[str, PrivateKey]) -> None:
    assert len(keys["ML-DSA-44"].sign(algorithms.ML_DSA, hashlib.sha256(MESSAGE).digest())) == 2420
