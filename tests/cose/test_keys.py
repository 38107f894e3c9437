from __future__ import annotations

import base64
import contextlib
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, x25519
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.codec import cbor
from pratique.cose import algorithms
from pratique.cose.algorithms import ES512
from pratique.cose.keys import PrivateKey, PublicKey
from pratique.errors import KeyMaterialError, PratiqueError
from pratique.reasons import Reason

# RFC 9679 section 6
X = bytes.fromhex("65eda5a12577c2bae829437fe338701a10aaa375e1bb5b5de108de439c08551d")
Y = bytes.fromhex("1e52ed75701163f7f9e40ddf9f341b3dc9ba860af7e0ca7ca7e9eecd0084d19c")
THUMBPRINT = bytes.fromhex("496bd8afadf307e5b08c64b0421bf9dc01528a344a43bda88fadd1669da253ec")
EC = {1: 2, -1: 1, -2: X, -3: Y}
P256_PRIME = 2**256 - 2**224 + 2**192 + 2**96 - 1
FAMILIES = ["EC P-256", "EC P-384", "Ed25519", "ML-DSA-44", "RSA"]
SPKI = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
PEM = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


JWK = {"kty": "EC", "crv": "P-256", "x": b64(X), "y": b64(Y)}


def refusal(key: Any) -> KeyMaterialError:
    with pytest.raises(KeyMaterialError) as refused:
        (PublicKey.from_jwk if isinstance(key, dict) and "kty" in key else PublicKey.from_cose_key)(key)
    return refused.value


def test_thumbprint_is_that_of_the_rfc() -> None:
    key = PublicKey.from_cose_key(EC)
    assert key.thumbprint == THUMBPRINT
    assert key.key_id == THUMBPRINT[:8]
    assert key.kind == "EC P-256"


def test_compressed_point_is_the_same_key() -> None:
    assert PublicKey.from_cose_key(EC | {-3: False}) == PublicKey.from_cose_key(EC)
    assert PublicKey.from_cose_key(EC | {-3: True}).cose_key[-3] == (P256_PRIME - int.from_bytes(Y)).to_bytes(32)


def test_members_that_are_not_required_do_not_make_another_key() -> None:
    assert PublicKey.from_cose_key(EC | {2: b"kid", 3: -9, 4: [2], 99: "x"}) == PublicKey.from_cose_key(EC)
    assert len({PublicKey.from_cose_key(EC), PublicKey.from_jwk(JWK), PublicKey.from_cose_key(cbor.encode(EC))}) == 1
    assert PublicKey.from_cose_key(EC) != X


@pytest.mark.parametrize("family", FAMILIES)
def test_every_form_of_a_key_reads_as_the_same_key(family: str, keys: dict[str, PrivateKey]) -> None:
    key = keys[family].public
    forms = (
        PublicKey.from_cose_key(key.encoded),
        PublicKey.from_cose_key(key.cose_key),
        PublicKey.from_jwk(key.jwk),
        PublicKey.from_spki(key.native.public_bytes(*SPKI)),
        PublicKey.from_pem(key.native.public_bytes(*PEM)),
        PublicKey.from_native(key.native),
    )
    for form in forms:
        assert form == key
        assert (form.kind, form.thumbprint, form.jwk) == (key.kind, key.thumbprint, key.jwk)
    assert key.kind == ("RSA 3072" if family == "RSA" else family)


@pytest.mark.parametrize("family", FAMILIES)
def test_public_key_survives_pem(family: str, keys: dict[str, PrivateKey]) -> None:
    public = keys[family].public
    assert PublicKey.from_pem(public.to_pem()) == public
    assert public.to_pem() == public.native.public_bytes(*PEM)


@pytest.mark.parametrize("family", FAMILIES)
def test_private_key_survives_pem(family: str, keys: dict[str, PrivateKey]) -> None:
    key = keys[family]
    assert PrivateKey.from_pem(key.to_pem()).public == key.public
    locked = key.to_pem(b"password")
    assert b"ENCRYPTED" in locked
    assert PrivateKey.from_pem(locked, b"password").public == key.public
    for pem, password in ((locked, None), (locked, b"wrong"), (key.to_pem(), b"password"), (b"", None), (b"x", None)):
        with pytest.raises(KeyMaterialError) as refused:
            PrivateKey.from_pem(pem, password)
        assert refused.value.code is Reason.KEY_MALFORMED


def private_members(key: PrivateKey) -> dict[int, Any]:
    if isinstance(key.native, ec.EllipticCurvePrivateKey):
        secret = key.native.private_numbers().private_value.to_bytes(len(key.public.cose_key[-2]))
    else:
        secret = key.native.private_bytes_raw()
    return key.public.cose_key | {-2 if "ML" in key.public.kind else -4: secret}


@pytest.mark.parametrize("family", FAMILIES[:4])
def test_private_cose_key_is_read_as_such_and_refused_as_a_public_one(family: str, keys: dict[str, PrivateKey]) -> None:
    members = private_members(keys[family])
    assert PrivateKey.from_cose_key(cbor.encode(members)).public == keys[family].public
    assert refusal(members).code is Reason.KEY_MALFORMED
    secret = members[-2 if "ML" in family else -4]
    assert secret.hex() not in str(refusal(members))
    jwk = keys[family].public.jwk | {"priv" if "ML" in family else "d": b64(secret)}
    assert PrivateKey.from_jwk(jwk).public == keys[family].public
    assert refusal(jwk).code is Reason.KEY_MALFORMED


@pytest.mark.parametrize("family", FAMILIES[:4])
def test_private_key_with_the_public_part_of_another_is_refused(family: str, keys: dict[str, PrivateKey]) -> None:
    other = PrivateKey.generate({"EC P-256": "ESP256", "EC P-384": "ESP384"}.get(family, family))
    members = private_members(keys[family])
    mixed = other.public.cose_key | {label: members[label] for label in members.keys() - other.public.cose_key.keys()}
    with pytest.raises(KeyMaterialError, match="of two keys"):
        PrivateKey.from_cose_key(mixed)


@pytest.mark.parametrize("name", ["d", "p", "q", "dp", "dq", "qi"])
def test_private_part_in_an_rsa_key_is_refused(name: str, keys: dict[str, PrivateKey]) -> None:
    public = keys["RSA"].public
    assert refusal(public.jwk | {name: "AQAB"}).code is Reason.KEY_MALFORMED
    label = {"d": -3, "p": -4, "q": -5, "dp": -6, "dq": -7, "qi": -8}[name]
    assert refusal(public.cose_key | {label: b"\1"}).code is Reason.KEY_MALFORMED


@pytest.mark.parametrize(
    "point",
    [(X, X), (Y, X), (bytes(32), bytes(32)), (X, bytes(32)), (b"\xff" * 32, Y), (P256_PRIME.to_bytes(32), Y)],
    ids=["off the curve", "swapped", "infinity", "zero y", "too large", "the prime"],
)
def test_point_that_is_not_on_the_curve_is_refused(point: tuple[bytes, bytes]) -> None:
    error = refusal(EC | {-2: point[0], -3: point[1]})
    assert error.code is Reason.KEY_MALFORMED
    assert point[0].hex() not in str(error)
    refusal(JWK | {"x": b64(point[0]), "y": b64(point[1])})


def test_compressed_point_without_a_y_is_refused() -> None:
    off = next(x for x in range(1, 100) if not _on_curve(x))
    assert refusal(EC | {-2: off.to_bytes(32), -3: True}).code is Reason.KEY_MALFORMED


def _on_curve(x: int) -> bool:
    b = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
    return pow(x**3 - 3 * x + b, (P256_PRIME - 1) // 2, P256_PRIME) == 1


MALFORMED: list[Any] = [
    {}, {1: 2, -1: 1}, {-1: 1}, EC | {1: "EC2"}, EC | {-2: X[:-1]}, EC | {-2: b"\0" + X}, EC | {-3: None}, EC | {-3: 1},
    EC | {-2: b64(X)}, EC | {-2: None}, {1: 1, -1: 6}, {1: 1, -1: 6, -2: bytes(31)}, {1: 1, -1: 6, -2: bytes(33)},
    {1: 7, 3: -48, -1: bytes(1311)}, {1: 7, 3: -48}, {1: 3, -1: b"", -2: b"\3"}, {1: 3, -1: b"\1" * 600, -2: b"\3"},
    {1: 3, -1: b"\xff" * 256}, b"", b"\xa0", b"\x80", b"\x01", b"\xa1\x01", cbor.encode(EC) + b"\0",
    {"kty": 5}, {"kty": "EC", "crv": "P-256"}, JWK | {"x": b64(X) + "="}, JWK | {"x": X.hex()}, JWK | {"x": "+/"},
    JWK | {"y": None}, JWK | {"y": b64(Y)[:-1] + "\n"}, JWK | {"x": b64(X)[:-1] + chr(ord(b64(X)[-1]) + 1)},
    JWK | {"key_ops": "verify"}, JWK | {"crv": 1}, {"kty": "OKP", "crv": "Ed25519", "x": "AA"},
]  # fmt: skip


@pytest.mark.parametrize("key", MALFORMED, ids=range(len(MALFORMED)))
def test_malformed_key_is_refused(key: Any) -> None:
    assert refusal(key).code is Reason.KEY_MALFORMED


UNSUPPORTED: list[Any] = [
    EC | {-1: 4}, EC | {-1: 8}, EC | {-1: True}, EC | {-1: "P-256"}, EC | {1: 4}, EC | {1: 99}, {1: 1, -1: 4, -2: X},
    {1: 1, -1: 7, -2: bytes(57)}, {1: 7, 3: -49, -1: bytes(1952)}, {1: 7, -1: bytes(1312)},
    {"kty": "oct", "k": "AA"}, JWK | {"crv": "P-522"}, JWK | {"crv": "secp256k1"}, JWK | {"kty": "ec"},
]  # fmt: skip


@pytest.mark.parametrize("key", UNSUPPORTED, ids=range(len(UNSUPPORTED)))
def test_key_of_a_type_that_is_not_used_is_refused_as_that(key: Any) -> None:
    assert refusal(key).code is Reason.KEY_UNSUPPORTED


UNSUITABLE: list[Any] = [
    EC | {3: -35}, EC | {3: -36}, EC | {3: -8}, EC | {3: "ES256"}, EC | {3: True}, EC | {4: [1]}, EC | {4: []},
    EC | {4: 2}, JWK | {"alg": "ES384"}, JWK | {"alg": "ECDH-ES"}, JWK | {"use": "enc"}, JWK | {"key_ops": ["sign"]},
    JWK | {"key_ops": []},
]  # fmt: skip


@pytest.mark.parametrize("key", UNSUITABLE, ids=range(len(UNSUITABLE)))
def test_key_that_forbids_its_use_is_refused(key: Any) -> None:
    assert refusal(key).code is Reason.KEY_UNSUITABLE


@pytest.mark.parametrize(
    "key",
    [EC | {3: -9}, EC | {3: -7}, EC | {4: [1, 2]}, JWK | {"alg": "ES256"}, JWK | {"use": "sig", "key_ops": ["verify"]}],
    ids=range(5),
)
def test_key_that_allows_its_use_is_read(key: Any) -> None:
    read = PublicKey.from_jwk if "kty" in key else PublicKey.from_cose_key
    assert read(key).thumbprint == THUMBPRINT


def test_private_key_that_may_not_sign_is_refused(keys: dict[str, PrivateKey]) -> None:
    members = private_members(keys["EC P-256"])
    assert PrivateKey.from_cose_key(members | {4: [1]})
    with pytest.raises(KeyMaterialError):
        PrivateKey.from_cose_key(members | {4: [2]})


@pytest.mark.parametrize("d", [bytes(32), b"\xff" * 32, b"\1" * 31, None])
def test_private_scalar_out_of_range_is_refused(d: Any) -> None:
    with pytest.raises(KeyMaterialError) as refused:
        PrivateKey.from_cose_key({1: 2, -1: 1, -4: d})
    assert refused.value.code is Reason.KEY_MALFORMED


def test_private_rsa_key_is_not_read_from_cose_key(keys: dict[str, PrivateKey]) -> None:
    with pytest.raises(KeyMaterialError, match="from PEM"):
        PrivateKey.from_cose_key(keys["RSA"].public.cose_key | {-3: b"\1"})


def modulus(bits: int) -> bytes:
    return ((1 << bits) - 1).to_bytes((bits + 7) // 8)  # odd, and as long as it gets


@pytest.mark.parametrize(("bits", "read"), [(1024, False), (2047, False), (2048, True), (4096, True), (4097, False)])
def test_rsa_modulus_has_2048_to_4096_bits(bits: int, read: bool) -> None:  # noqa: FBT001 - a column of the table
    key = {1: 3, -1: modulus(bits), -2: b"\1\0\1"}
    if read:
        assert PublicKey.from_cose_key(key).kind == f"RSA {bits}"
    else:
        assert refusal(key).code is Reason.KEY_UNSUPPORTED


@pytest.mark.parametrize("e", [b"\1", b"\2", b"\0", b"\1\0\0", b"\1" + bytes(7) + b"\1"])
def test_rsa_exponent_is_odd_and_at_least_3_and_at_most_64_bits(e: bytes) -> None:
    assert refusal({1: 3, -1: modulus(2048), -2: e}).code is Reason.KEY_MALFORMED
    assert PublicKey.from_cose_key({1: 3, -1: modulus(2048), -2: b"\3"}).fits


def test_even_rsa_modulus_is_refused() -> None:
    even = (1 << 2047).to_bytes(256)
    assert refusal({1: 3, -1: even, -2: b"\1\0\1"}).code is Reason.KEY_MALFORMED


def test_leading_zeros_do_not_make_another_rsa_key(keys: dict[str, PrivateKey]) -> None:
    key = keys["RSA"].public
    members = key.cose_key
    assert PublicKey.from_cose_key(members | {-1: b"\0" + members[-1], -2: b"\0" + members[-2]}) == key


@pytest.mark.parametrize(
    "native",
    [
        ec.generate_private_key(ec.SECP224R1()),
        ec.generate_private_key(ec.SECP256K1()),
        ed448.Ed448PrivateKey.generate(),
        x25519.X25519PrivateKey.generate(),
    ],
    ids=lambda native: type(native).__name__,
)
def test_spki_of_another_type_is_refused_as_that(native: Any) -> None:
    for read, form in ((PublicKey.from_spki, SPKI), (PublicKey.from_pem, PEM)):
        with pytest.raises(KeyMaterialError) as refused:
            read(native.public_key().public_bytes(*form))
        assert refused.value.code is Reason.KEY_UNSUPPORTED
    pem = native.private_bytes(PEM[0], serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    with pytest.raises(KeyMaterialError):
        PrivateKey.from_pem(pem)


@pytest.mark.parametrize(
    ("curve", "number"),
    [(ec.BrainpoolP256R1(), 256), (ec.BrainpoolP384R1(), 258), (ec.BrainpoolP512R1(), 259)],
    ids=lambda each: getattr(each, "name", ""),
)
def test_key_on_a_brainpool_curve_is_read_for_authorities_alone(curve: ec.EllipticCurve, number: int) -> None:
    native = ec.generate_private_key(curve)
    key = PublicKey.from_spki(native.public_key().public_bytes(*SPKI))
    assert (key.kind, key.cose_key[-1], key.has_jwk) == (f"EC {curve.name}", number, False)
    assert not any(key.fits(algorithm) for algorithm in algorithms.REGISTRY.values())
    pem = native.private_bytes(PEM[0], serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    for use in (
        lambda: key.jwk,
        lambda: key.default_algorithm,
        lambda: PublicKey.from_cose_key(key.encoded),
        lambda: PrivateKey.from_pem(pem),
    ):
        with pytest.raises(KeyMaterialError) as refused:
            use()
        assert refused.value.code is Reason.KEY_UNSUPPORTED


def test_key_on_p521_is_read_for_verifying_alone() -> None:
    native = ec.generate_private_key(ec.SECP521R1())
    key = PublicKey.from_spki(native.public_key().public_bytes(*SPKI))
    assert (key.kind, key.jwk["crv"], key.cose_key[-1]) == ("EC P-521", "P-521", 3)
    assert PublicKey.from_jwk(key.jwk) == PublicKey.from_cose_key(key.encoded) == key
    point = key.cose_key
    assert PublicKey.from_cose_key(point | {-3: bool(point[-3][-1] & 1)}) == key
    assert key.fits(ES512)
    pem = native.private_bytes(PEM[0], serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    for read, private in ((PrivateKey.from_pem, pem), (PrivateKey.from_cose_key, point | {-4: b"\1" * 66})):
        with pytest.raises(KeyMaterialError) as refused:
            read(private)  # type: ignore[operator]
        assert refused.value.code is Reason.KEY_UNSUPPORTED


def test_spki_is_refused_truncated_at_every_byte_and_with_bytes_after_it(keys: dict[str, PrivateKey]) -> None:
    for family in FAMILIES:
        spki = keys[family].public.native.public_bytes(*SPKI)
        for end in range(len(spki)):
            with pytest.raises(KeyMaterialError):
                PublicKey.from_spki(spki[:end])
        with pytest.raises(KeyMaterialError):
            PublicKey.from_spki(spki + b"\0")


def test_cose_key_is_refused_truncated_at_every_byte() -> None:
    encoded = cbor.encode(EC)
    for end in range(len(encoded)):
        assert refusal(encoded[:end]).code is Reason.KEY_MALFORMED


def test_spki_with_a_point_off_the_curve_is_refused(keys: dict[str, PrivateKey]) -> None:
    spki = bytearray(keys["EC P-256"].public.native.public_bytes(*SPKI))
    spki[-1] ^= 1
    with pytest.raises(KeyMaterialError, match="not a point on P-256"):
        PublicKey.from_spki(bytes(spki))


def test_nothing_printed_holds_a_key(keys: dict[str, PrivateKey]) -> None:
    for key in keys.values():
        assert repr(key.public) == f"PublicKey({key.public.kind}, {key.public.key_id.hex()})"
        assert repr(key) == f"PrivateKey({key.public.kind}, {key.public.key_id.hex()})"


labels = st.sampled_from([1, 2, 3, 4, -1, -2, -3, -4])
values = st.one_of(
    st.integers(-50, 10), st.booleans(), st.none(), st.binary(max_size=70), st.sampled_from([X, Y]), st.text(max_size=3)
)


@settings(max_examples=300)
@given(st.dictionaries(labels, values), st.booleans())
def test_arbitrary_members_raise_only_our_errors(members: dict[int, Any], private: bool) -> None:  # noqa: FBT001 - drawn
    with contextlib.suppress(PratiqueError):
        (PrivateKey if private else PublicKey).from_cose_key(members)


names = st.sampled_from(["kty", "crv", "x", "y", "d", "n", "e", "pub", "alg", "use", "key_ops"])
texts = st.sampled_from(["EC", "RSA", "OKP", "AKP", "P-256", "Ed25519", b64(X), b64(Y), "AQAB", "ES256", "sig", "é"])


@settings(max_examples=300)
@given(st.dictionaries(names, texts | st.text(max_size=5) | st.integers() | st.lists(st.text(max_size=3)) | st.none()))
def test_arbitrary_jwk_raises_only_our_errors(jwk: dict[str, Any]) -> None:
    with contextlib.suppress(PratiqueError):
        PublicKey.from_jwk(jwk)


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_arbitrary_bytes_raise_only_our_errors(data: bytes) -> None:
    for read in (PublicKey.from_cose_key, PublicKey.from_spki, PublicKey.from_pem, PrivateKey.from_pem):
        with pytest.raises(PratiqueError):
            read(data)
