"""Public keys between COSE_Key members, DER and cryptography; its modules are imported per type of key.

`cryptography.hazmat.primitives.serialization` takes as long to import as all else together, so coordinates, and
elliptic curve keys in SubjectPublicKeyInfo, do without it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pratique.cose.algorithms import EC_P256, EC_P384, EC_P521, ED25519, ML_DSA, ML_DSA_44, RSA
from pratique.errors import KeyMaterialError
from pratique.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa, rsa

# COSE_Key labels and values: RFC 9053 section 7, RFC 8230 section 4, draft-ietf-cose-dilithium
KTY, ALG, KEY_OPS = 1, 3, 4
OKP, EC2, KTY_RSA, AKP = 1, 2, 3, 7
CRV, X, Y, D = -1, -2, -3, -4  # EC2 and OKP
N, E = -1, -2  # RSA
PUB, PRIV = -1, -2  # AKP
RSA_PRIVATE = frozenset(range(-12, -2))  # d, p, q, dP, dQ, qInv, other, r_i, d_i, t_i
CRV_P256, CRV_P384, CRV_P521, CRV_ED25519 = 1, 2, 3, 6

MIN_RSA_BITS, MAX_RSA_BITS = 2048, 4096
_MAX_EXPONENT_BITS = 64  # a longer one makes a verification last; OpenSSL has this limit for larger keys
_MAX_INTEGER_BYTES = MAX_RSA_BITS // 8 + 1  # one leading zero, which DER needs and some put elsewhere too
_ED25519_BYTES = 32
_ML_DSA_44_BYTES = 1312  # FIPS 204, table 2

_CURVES = {CRV_P256: EC_P256, CRV_P384: EC_P384, CRV_P521: EC_P521}
_BRAINPOOL = {  # IANA "COSE Elliptic Curves", from ISO/IEC 18013-5
    "EC brainpoolP256r1": 256,
    "EC brainpoolP384r1": 258,
    "EC brainpoolP512r1": 259,
}
AUTHORITIES_ALONE = frozenset(_BRAINPOOL)
"""The families of keys that sign certificates and nothing else here; no algorithm takes them, and no JWK has a name."""
_CURVE_NUMBERS = {EC_P256: CRV_P256, EC_P384: CRV_P384, EC_P521: CRV_P521, **_BRAINPOOL}
_COORDINATE_BYTES = {EC_P256: 32, EC_P384: 48, EC_P521: 66, **dict(zip(_BRAINPOOL, (32, 48, 64), strict=True))}

_FAMILIES = {"secp256r1": EC_P256, "secp384r1": EC_P384, "secp521r1": EC_P521}
_FAMILIES |= {family.removeprefix("EC "): family for family in _BRAINPOOL}

# SubjectPublicKeyInfo up to the point, for named curves and uncompressed points (RFC 5480)
_SPKI_HEADS = (
    (EC_P256, bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200")),
    (EC_P384, bytes.fromhex("3076301006072a8648ce3d020106052b81040022036200")),
)


@dataclass(frozen=True, slots=True)
class Described:
    """A public key of cryptography; its type and size, its family, and the COSE_Key members that its type requires."""

    native: Any
    kind: str
    family: str
    cose_key: Mapping[int, Any]


def malformed(detail: str) -> KeyMaterialError:
    """Return the error for a key that is not what its form demands."""
    return KeyMaterialError(Reason.KEY_MALFORMED, detail)


def unsupported(detail: str = "the key is of a type or curve that is not used here") -> KeyMaterialError:
    """Return the error for a key that no algorithm here takes."""
    return KeyMaterialError(Reason.KEY_UNSUPPORTED, detail)


def key_type(members: Mapping[Any, Any]) -> int:
    """Return the type that a COSE_Key names. Raises: KeyMaterialError: none, or none that is used here."""
    kty = members.get(KTY)
    if type(kty) is not int:
        raise malformed("the key names no type, or not by number")
    if kty not in (OKP, EC2, KTY_RSA, AKP):
        raise unsupported()
    return kty


def has_private_part(members: Mapping[Any, Any]) -> bool:
    """Return whether a COSE_Key has a member that only private keys have."""
    kty = members.get(KTY)
    if kty == KTY_RSA:
        return not RSA_PRIVATE.isdisjoint(members)
    return (PRIV if kty == AKP else D) in members


def from_cose(members: Mapping[Any, Any]) -> Described:
    """Return the key whose public members these are; private ones are not looked at.

    Raises: KeyMaterialError: `key.malformed`, `key.unsupported`.
    Not checked: that an Ed25519 key is a point; OpenSSL finds that no signature holds then.
    """
    kty = key_type(members)
    if kty == EC2:
        return _ec_from_members(members)
    if kty == KTY_RSA:
        return _rsa_from_members(members)
    if kty == OKP:
        expect_ed25519(members)
        return _ed25519(exactly(members, X, _ED25519_BYTES, "x"))
    expect_ml_dsa_44(members)
    return _ml_dsa(exactly(members, PUB, _ML_DSA_44_BYTES, "pub"))


def from_spki(der: bytes) -> Described:
    """Return the key of a SubjectPublicKeyInfo in DER. Raises: KeyMaterialError."""
    for family, head in _SPKI_HEADS:
        if der.startswith(head) and len(der) == len(head) + 1 + 2 * _COORDINATE_BYTES[family]:
            return _ec_point(family, der[len(head) :])
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - see above
    from cryptography.hazmat.primitives.serialization import load_der_public_key  # noqa: PLC0415

    try:
        return from_native(load_der_public_key(der))
    except UnsupportedAlgorithm:
        from pratique.cose import _explicit_curve  # noqa: PLC0415 - the keys of some authorities need it, and no other

        if (named := _explicit_curve.named(der)) is None:
            raise unsupported() from None
    except ValueError:
        raise malformed("not a SubjectPublicKeyInfo in DER") from None
    return from_spki(named)


def from_pem(pem: bytes) -> Described:
    """Return the key of a PEM `PUBLIC KEY`. Raises: KeyMaterialError."""
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - see above
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415

    try:
        return from_native(load_pem_public_key(pem))
    except UnsupportedAlgorithm:
        raise unsupported() from None
    except ValueError:
        raise malformed("not a public key in PEM") from None


def to_pem(native: Any) -> bytes:
    """Return a public key of cryptography as SubjectPublicKeyInfo in PEM."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415 - see above

    pem: bytes = native.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return pem


def from_native(native: object) -> Described:
    """Return what a public key of cryptography is. Raises: KeyMaterialError."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa, rsa  # noqa: PLC0415 - see above

    if isinstance(native, ec.EllipticCurvePublicKey):
        family = _FAMILIES.get(native.curve.name)
        if family is None:
            raise unsupported(f"the curve is {native.curve.name}; {', '.join(_FAMILIES)} are used")
        return _describe_ec(family, native)
    if isinstance(native, rsa.RSAPublicKey):
        numbers = native.public_numbers()
        return _rsa(numbers.n, numbers.e)
    if isinstance(native, ed25519.Ed25519PublicKey):
        return _describe_ed25519(native)
    if isinstance(native, mldsa.MLDSA44PublicKey):
        return _describe_ml_dsa(native)
    raise unsupported()


def expect_ed25519(members: Mapping[Any, Any]) -> None:
    """Refuse an OKP key of another curve."""
    if members.get(CRV) != CRV_ED25519 or type(members[CRV]) is not int:
        raise unsupported()


def expect_ml_dsa_44(members: Mapping[Any, Any]) -> None:
    """Refuse an AKP key of another algorithm; an AKP key must name one."""
    if members.get(ALG) != ML_DSA.label:
        raise unsupported()


def ec_family(members: Mapping[Any, Any]) -> str:
    """Return which curve an EC2 key names. Raises: KeyMaterialError: none that is used here."""
    curve = members.get(CRV)
    family = _CURVES.get(curve) if type(curve) is int else None
    if family is None:
        raise unsupported("the key's curve is not P-256, P-384 or P-521")
    return family


def exactly(members: Mapping[Any, Any], label: int, size: int, name: str) -> bytes:
    """Return a byte string of a COSE_Key that has one size. Raises: KeyMaterialError."""
    value = members.get(label)
    if type(value) is not bytes or len(value) != size:
        raise malformed(f"{name} is not a byte string of {size} bytes")
    return value


def _ec_from_members(members: Mapping[Any, Any]) -> Described:
    family = ec_family(members)
    size = _COORDINATE_BYTES[family]
    x = exactly(members, X, size, "x")
    if type(members.get(Y)) is bool:  # RFC 9053 section 7.1.1: the sign of a compressed point
        return _ec_point(family, (b"\x03" if members[Y] else b"\x02") + x)
    return _ec_point(family, b"\x04" + x + exactly(members, Y, size, "y"))


def ec_curve(family: str) -> ec.EllipticCurve:
    """Return a curve as cryptography has it."""
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 - see above

    curves: dict[str, ec.EllipticCurve] = {
        EC_P256: ec.SECP256R1(),
        EC_P384: ec.SECP384R1(),
        EC_P521: ec.SECP521R1(),
    }
    return curves[family]


def _ec_point(family: str, point: bytes) -> Described:
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 - see above

    try:
        return _describe_ec(family, ec.EllipticCurvePublicKey.from_encoded_point(ec_curve(family), point))
    except ValueError:
        raise malformed(f"not a point on {family.removeprefix('EC ')}") from None


def _describe_ec(family: str, native: ec.EllipticCurvePublicKey) -> Described:
    numbers, size = native.public_numbers(), _COORDINATE_BYTES[family]
    members = {
        KTY: EC2,
        CRV: _CURVE_NUMBERS[family],
        X: numbers.x.to_bytes(size),
        Y: numbers.y.to_bytes(size),
    }
    return Described(native, family, family, members)


def _rsa_from_members(members: Mapping[Any, Any]) -> Described:
    n, e = members.get(N), members.get(E)
    for value in (n, e):
        if type(value) is not bytes or not 0 < len(value) <= _MAX_INTEGER_BYTES:
            raise malformed("modulus or exponent is not a byte string, is empty or too long")
    return _rsa(int.from_bytes(n or b""), int.from_bytes(e or b""))


def _rsa(n: int, e: int) -> Described:
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415 - see above

    bits = n.bit_length()
    if not MIN_RSA_BITS <= bits <= MAX_RSA_BITS:
        raise unsupported(f"the RSA modulus has {bits} bits; {MIN_RSA_BITS} to {MAX_RSA_BITS} are used")
    if n % 2 == 0 or e % 2 == 0 or e < 3 or e.bit_length() > _MAX_EXPONENT_BITS:  # noqa: PLR2004 - RFC 8017 section 3.1
        raise malformed("the RSA modulus is even, or the exponent is even, below 3 or longer than 64 bits")
    try:
        native: rsa.RSAPublicKey = rsa.RSAPublicNumbers(e, n).public_key()
    except ValueError:
        raise malformed("not an RSA key") from None
    members = {KTY: KTY_RSA, N: n.to_bytes((bits + 7) // 8), E: e.to_bytes((e.bit_length() + 7) // 8)}
    return Described(native, f"RSA {bits}", RSA, members)


def _ed25519(x: bytes) -> Described:
    from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415 - see above

    try:
        return _describe_ed25519(ed25519.Ed25519PublicKey.from_public_bytes(x))
    except ValueError:
        raise malformed("not an Ed25519 key") from None


def _describe_ed25519(native: ed25519.Ed25519PublicKey) -> Described:
    return Described(native, ED25519, ED25519, {KTY: OKP, CRV: CRV_ED25519, X: native.public_bytes_raw()})


def _ml_dsa(pub: bytes) -> Described:
    from cryptography.hazmat.primitives.asymmetric import mldsa  # noqa: PLC0415 - see above

    try:
        return _describe_ml_dsa(mldsa.MLDSA44PublicKey.from_public_bytes(pub))
    except ValueError:
        raise malformed("not an ML-DSA-44 key") from None


def _describe_ml_dsa(native: mldsa.MLDSA44PublicKey) -> Described:
    return Described(native, ML_DSA_44, ML_DSA_44, {KTY: AKP, ALG: ML_DSA.label, PUB: native.public_bytes_raw()})
