"""Private keys between COSE_Key members, PEM and cryptography."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pratique.cose import _public
from pratique.cose._public import malformed, unsupported
from pratique.cose.algorithms import EC_P256, EC_P384, ED25519, ML_DSA_44

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

_SCALAR_BYTES = {EC_P256: 32, EC_P384: 48}
_SEED_BYTES = 32  # Ed25519: RFC 8032 section 5.1.5; ML-DSA: FIPS 204, algorithm 1
_RSA_BITS = 3072  # of keys made here: 128 bits of strength, as the other kinds


def generate(family: str) -> PrivateKeyTypes:
    """Return a new private key of a family of algorithms."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa, rsa  # noqa: PLC0415 - see _public

    if family in (EC_P256, EC_P384):
        return ec.generate_private_key(_public.ec_curve(family))
    if family == ED25519:
        return ed25519.Ed25519PrivateKey.generate()
    if family == ML_DSA_44:
        return mldsa.MLDSA44PrivateKey.generate()
    return rsa.generate_private_key(public_exponent=65537, key_size=_RSA_BITS)


def from_pem(pem: bytes, password: bytes | None) -> PrivateKeyTypes:
    """Return the private key of a PEM file. Raises: KeyMaterialError."""
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - see _public
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    try:
        return load_pem_private_key(pem, password)
    except UnsupportedAlgorithm:
        raise unsupported() from None
    except TypeError:
        detail = (
            "encrypted, and no password was given" if password is None else "not encrypted, yet a password was given"
        )
        raise malformed(f"the private key is {detail}") from None
    except ValueError:
        raise malformed("not a private key in PEM, or the wrong password") from None


def to_pem(native: Any, password: bytes | None) -> bytes:
    """Return a private key as PKCS#8 in PEM, encrypted where a password is given."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - see _public

    encryption: serialization.KeySerializationEncryption
    encryption = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    pem: bytes = native.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    return pem


def from_cose(members: Mapping[Any, Any]) -> PrivateKeyTypes:
    """Return the key of a private COSE_Key. Raises: KeyMaterialError, also when its public part is another key's."""
    kty = _public.key_type(members)
    native: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | mldsa.MLDSA44PrivateKey
    if kty == _public.EC2:
        native = _ec(members)
        public = _public.Y in members
    elif kty == _public.OKP:
        native = _ed25519(members)
        public = _public.X in members
    elif kty == _public.AKP:
        native = _ml_dsa(members)
        public = _public.PUB in members
    else:
        raise unsupported("private RSA keys are read from PEM")
    if public and _public.from_cose(members).cose_key != _public.from_native(native.public_key()).cose_key:
        raise malformed("the private part and the public part are of two keys")
    return native


def _ec(members: Mapping[Any, Any]) -> ec.EllipticCurvePrivateKey:
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 - see _public

    family = _public.ec_family(members)
    if family not in _SCALAR_BYTES:
        raise unsupported("nothing here is signed with a key on P-521")
    scalar = int.from_bytes(_public.exactly(members, _public.D, _SCALAR_BYTES[family], "d"))
    try:
        return ec.derive_private_key(scalar, _public.ec_curve(family))
    except ValueError:
        raise malformed("d is out of range for the curve") from None


def _ed25519(members: Mapping[Any, Any]) -> ed25519.Ed25519PrivateKey:
    from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415 - see _public

    _public.expect_ed25519(members)
    seed = _public.exactly(members, _public.D, _SEED_BYTES, "d")
    return ed25519.Ed25519PrivateKey.from_private_bytes(seed)


def _ml_dsa(members: Mapping[Any, Any]) -> mldsa.MLDSA44PrivateKey:
    from cryptography.hazmat.primitives.asymmetric import mldsa  # noqa: PLC0415 - see _public

    _public.expect_ml_dsa_44(members)
    seed = _public.exactly(members, _public.PRIV, _SEED_BYTES, "priv")
    return mldsa.MLDSA44PrivateKey.from_seed_bytes(seed)
