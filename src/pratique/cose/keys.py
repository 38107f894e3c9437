"""Keys: COSE_Key, JWK, PEM and DER in, values that know what they fit out.

Every key is checked when it is read: a point that is not on its curve, an RSA modulus outside 2048 to 4096 bits, a
private part where a public key is expected, an `alg` or a use that contradicts the key are refused then. Messages never
quote key material.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pratique.codec import cbor
from pratique.cose import _jwk, _private, _public, algorithms
from pratique.cose.algorithms import EC_P256, EC_P384, EC_P521, ED25519, ML_DSA_44, RSA, Algorithm
from pratique.errors import DecodeError, KeyMaterialError
from pratique.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes

KEY_ID_BYTES = 8  # of a thumbprint: a hint, so that a collision costs one more try
_SIGN, _VERIFY = 1, 2  # IANA "COSE Key Common Parameters", key_ops

_DEFAULTS = {
    EC_P256: algorithms.ESP256,
    EC_P384: algorithms.ESP384,
    EC_P521: algorithms.ES512,
    ED25519: algorithms.ED25519_PURE,
    ML_DSA_44: algorithms.ML_DSA,
    RSA: algorithms.PS256,
}


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PublicKey:
    """A public key, checked when it was read.

    `kind` names type and size ("EC P-256", "RSA 2048"), `family` the algorithms that it fits, `native` is the key of
    cryptography, made once. Two keys are equal when their COSE_Keys are.
    """

    kind: str
    family: str
    native: Any
    encoded: bytes
    thumbprint: bytes

    @classmethod
    def _of(cls, described: _public.Described) -> PublicKey:
        encoded = cbor.encode(described.cose_key)
        return cls(described.kind, described.family, described.native, encoded, hashlib.sha256(encoded).digest())

    @classmethod
    def from_cose_key(cls, key: bytes | Mapping[Any, Any]) -> PublicKey:
        """Return the key of a COSE_Key (RFC 9052 section 7), encoded or decoded.

        Raises: KeyMaterialError: `key.malformed`, `key.unsupported`, `key.unsuitable` (`alg` or `key_ops` forbid it).
        """
        members = _decoded(key)
        if _public.has_private_part(members):
            raise KeyMaterialError(Reason.KEY_MALFORMED, "a public key is expected, and there is a private part")
        public = cls._of(_public.from_cose(members))
        _honour(members, public, _VERIFY)
        return public

    @classmethod
    def from_jwk(cls, jwk: Mapping[str, Any]) -> PublicKey:
        """Return the key of a JWK (RFC 7517, 7518, 8037).

        Raises: as `from_cose_key`; `alg`, `key_ops` and `use` are honoured.
        """
        return cls.from_cose_key(_jwk.to_cose_key(jwk))

    @classmethod
    def from_spki(cls, der: bytes) -> PublicKey:
        """Return the key of a SubjectPublicKeyInfo (RFC 5280) in DER. Raises: KeyMaterialError."""
        return cls._of(_public.from_spki(der))

    @classmethod
    def from_pem(cls, pem: bytes) -> PublicKey:
        """Return the key of a PEM `PUBLIC KEY`, or of a PEM certificate. Raises: KeyMaterialError."""
        if b"-----BEGIN CERTIFICATE-----" in pem:
            return cls.from_certificate(pem)
        return cls._of(_public.from_pem(pem))

    @classmethod
    def from_certificate(cls, data: bytes) -> PublicKey:
        """Return the key of an X.509 certificate in DER or PEM; its dates and its issuer are not looked at.

        Raises: KeyMaterialError: `certificate.malformed`, or what is wrong with the key in it.
        """
        from pratique.cose.certificates import Certificate  # noqa: PLC0415 - it imports this module, and X.509

        return Certificate.read(data).public_key

    @classmethod
    def from_native(cls, native: PublicKeyTypes) -> PublicKey:
        """Return the value for a public key of cryptography. Raises: KeyMaterialError: `key.unsupported`."""
        return cls._of(_public.from_native(native))

    def __eq__(self, other: object) -> bool:
        return self.encoded == other.encoded if isinstance(other, PublicKey) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.encoded)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self).from_cose_key, (self.encoded,)  # the key of cryptography cannot be sent to another process

    def __repr__(self) -> str:
        return f"PublicKey({self.kind}, {self.key_id.hex()})"

    @property
    def cose_key(self) -> dict[int, Any]:
        """Return the COSE_Key: the members that its type requires, points uncompressed."""
        members: dict[int, Any] = cbor.decode(self.encoded)
        return members

    @property
    def jwk(self) -> dict[str, str]:
        """Return the JWK: the members that its type requires. Raises: KeyMaterialError: see `has_jwk`."""
        if not self.has_jwk:
            raise _public.unsupported(f"no JWK is defined for {self.kind}")
        return _jwk.from_cose_key(self.cose_key)

    @property
    def has_jwk(self) -> bool:
        """Return whether there is a JWK for it: not on a Brainpool curve, as the keys of some authorities are."""
        return self.family not in _public.AUTHORITIES_ALONE

    @property
    def key_id(self) -> bytes:
        """Return the first 8 bytes of the thumbprint: a hint to look it up by."""
        return self.thumbprint[:KEY_ID_BYTES]

    @property
    def jwk_thumbprint(self) -> bytes:
        """Return the SHA-256 thumbprint of its JWK (RFC 7638), by which JOSE names it; `thumbprint` is that of COSE."""
        members = ",".join(f'"{name}":"{value}"' for name, value in sorted(self.jwk.items()))  # none needs escaping
        return hashlib.sha256(f"{{{members}}}".encode()).digest()

    def to_pem(self) -> bytes:
        """Return the key as SubjectPublicKeyInfo in PEM."""
        return _public.to_pem(self.native)

    @property
    def default_algorithm(self) -> Algorithm:
        """Return the algorithm that it signs with unless told otherwise: the fully specified one, for RSA PS256.

        Raises: KeyMaterialError: `key.unsupported`: it is the key of an authority, which signs certificates alone.
        """
        if self.family not in _DEFAULTS:
            raise _public.unsupported(f"no algorithm here takes {self.kind}")
        return _DEFAULTS[self.family]

    def fits(self, algorithm: Algorithm) -> bool:
        """Return whether it is of the type and curve that an algorithm takes."""
        return self.family == algorithm.family


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PrivateKey:
    """A private key, and the public key that belongs to it. Nothing it prints holds key material."""

    native: Any
    public: PublicKey

    @classmethod
    def _of(cls, native: PrivateKeyTypes) -> PrivateKey:
        public = PublicKey.from_native(native.public_key())
        if public.family == EC_P521 or public.family in _public.AUTHORITIES_ALONE:
            raise KeyMaterialError(Reason.KEY_UNSUPPORTED, f"nothing here is signed with {public.kind}")
        return cls(native, public)

    @classmethod
    def generate(cls, algorithm_name: str = algorithms.ESP256.name) -> PrivateKey:
        """Return a new key for an algorithm, by its name. Raises: ValueError: no algorithm has that name."""
        return cls._of(_private.generate(algorithms.by_name(algorithm_name).family))

    @classmethod
    def from_pem(cls, pem: bytes, password: bytes | None = None) -> PrivateKey:
        """Return the key of a PEM file, PKCS#8 or the traditional forms.

        Raises: KeyMaterialError: `key.malformed`, also for a password that is wrong, missing or superfluous;
            `key.unsupported`.
        """
        return cls._of(_private.from_pem(pem, password))

    @classmethod
    def from_cose_key(cls, key: bytes | Mapping[Any, Any]) -> PrivateKey:
        """Return the key of a private COSE_Key; its public members, where present, must belong to it.

        Raises: as `PublicKey.from_cose_key`; private RSA keys come as PEM (`key.unsupported`).
        """
        members = _decoded(key)
        private = cls._of(_private.from_cose(members))
        _honour(members, private.public, _SIGN)
        return private

    @classmethod
    def from_jwk(cls, jwk: Mapping[str, Any]) -> PrivateKey:
        """Return the key of a private JWK. Raises: as `from_cose_key`."""
        return cls.from_cose_key(_jwk.to_cose_key(jwk))

    def __repr__(self) -> str:
        return f"PrivateKey({self.public.kind}, {self.public.key_id.hex()})"

    def to_pem(self, password: bytes | None = None) -> bytes:
        """Return the key as PKCS#8 in PEM, encrypted where a password is given."""
        return _private.to_pem(self.native, password)

    def sign(self, algorithm: Algorithm, message: bytes) -> bytes:
        """Return the signature in COSE's form. Raises: KeyMaterialError: `key.unsuitable`."""
        if not self.public.fits(algorithm):
            raise algorithms.unsuitable(self.public.family, algorithm)
        return algorithms.sign(algorithm, self.native, message)


def _decoded(key: bytes | Mapping[Any, Any]) -> Mapping[Any, Any]:
    if not isinstance(key, bytes):
        return key
    try:
        members = cbor.decode(key)
    except DecodeError as error:
        raise KeyMaterialError(Reason.KEY_MALFORMED, f"the COSE_Key is not well formed: {error.detail}") from None
    if not isinstance(members, dict):
        raise KeyMaterialError(Reason.KEY_MALFORMED, "a COSE_Key is a map")
    return members


def _honour(members: Mapping[Any, Any], public: PublicKey, operation: int) -> None:
    """Refuse a key whose `alg` is none of its type's, or whose `key_ops` leave the operation out.

    An `alg` needs no remembering: each type has one operation here, under an older and a fully specified name.
    """
    label = members.get(_public.ALG)
    if label is not None:
        algorithm = algorithms.REGISTRY.get(label) if type(label) is int else None
        if algorithm is None or not public.fits(algorithm):
            raise KeyMaterialError(
                Reason.KEY_UNSUITABLE, f"the key is restricted to an algorithm not for {public.kind}"
            )
    operations = members.get(_public.KEY_OPS)
    if operations is not None and (type(operations) is not list or operation not in operations):
        raise KeyMaterialError(Reason.KEY_UNSUITABLE, "the key's operations do not include this one")
