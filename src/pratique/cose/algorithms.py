"""The signature algorithms of COSE: which there are, and what one says about a signature.

cryptography is imported when the first signature is checked, not before: it takes longer to import than everything else
here together. ECDSA signatures are raw in COSE (r || s, RFC 9053 section 2.1) and DER in OpenSSL; both forms are told
apart by name, never guessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from pratique.errors import KeyMaterialError, SignatureError, UnsupportedError
from pratique.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

EC_P256, EC_P384, EC_P521, ED25519, ML_DSA_44, RSA = "EC P-256", "EC P-384", "EC P-521", "Ed25519", "ML-DSA-44", "RSA"


@dataclass(frozen=True, slots=True)
class Algorithm:
    """A signature algorithm: its COSE number and name, the one family of keys it takes, its signature's size.

    `signature_size` is in bytes, 0 where it follows from the key (RSA).
    """

    label: int
    name: str
    family: str
    signature_size: int

    def __hash__(self) -> int:
        return self.label  # asked for at every verification; hashing four fields would take longer than the rest


ESP256 = Algorithm(-9, "ESP256", EC_P256, 64)  # RFC 9864, as ESP384 and Ed25519
ESP384 = Algorithm(-51, "ESP384", EC_P384, 96)
ED25519_PURE = Algorithm(-19, "Ed25519", ED25519, 64)
ML_DSA = Algorithm(-48, "ML-DSA-44", ML_DSA_44, 2420)  # draft-ietf-cose-dilithium; FIPS 204, table 2
ES256 = Algorithm(
    -7, "ES256", EC_P256, 64
)  # RFC 9053, as the rest; the curve is not part of these five: it is fixed here
EDDSA = Algorithm(-8, "EdDSA", ED25519, 64)
ES384 = Algorithm(-35, "ES384", EC_P384, 96)
ES512 = Algorithm(-36, "ES512", EC_P521, 132)
PS256 = Algorithm(-37, "PS256", RSA, 0)  # RFC 8230: SHA-256, MGF1 with SHA-256, 32 bytes of salt

SIGNING = frozenset((ESP256, ED25519_PURE, ESP384, ML_DSA))  # what an issuer of ours may use
VERIFYING = SIGNING | {ES256, EDDSA, ES384, PS256}
REGISTRY: Mapping[int, Algorithm] = MappingProxyType(
    # ES512 counts only where a format asks for it by name
    {algorithm.label: algorithm for algorithm in VERIFYING | {ES512}}
)
_BY_NAME = {algorithm.name: algorithm for algorithm in VERIFYING}

_ORDERS = {  # of the curves' base points, FIPS 186-4 appendix D.1.2
    EC_P256: bytes.fromhex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"),
    EC_P384: bytes.fromhex(
        "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973"
    ),
    EC_P521: bytes.fromhex(
        "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa"
        "51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409"
    ),
}


class VerificationKey(Protocol):
    """What checking a signature asks of a key; `keys.PublicKey` is one."""

    @property
    def family(self) -> str:
        """Return which algorithms it fits: one of the families above."""

    @property
    def native(self) -> Any:
        """Return the key as cryptography has it."""


def by_label(label: object, *, accepted: Collection[Algorithm] = VERIFYING) -> Algorithm:
    """Return the algorithm with this COSE number.

    Raises: UnsupportedError: `cose.algorithm`: there is no such number, or it is not among those accepted.
    """
    algorithm = REGISTRY.get(label) if type(label) is int else None
    if algorithm is None or algorithm not in accepted:
        found = str(label) if type(label) is int else "none" if label is None else "one that is not a number"
        names = ", ".join(sorted(each.name for each in accepted))
        raise UnsupportedError(Reason.COSE_ALGORITHM, f"the algorithm is {found}; accepted are {names}")
    return algorithm


def by_name(name: str) -> Algorithm:
    """Return the algorithm with this name. Raises: ValueError: there is none."""
    try:
        return _BY_NAME[name]
    except KeyError:
        raise ValueError(f"no algorithm is called {name!r}; there are {', '.join(sorted(_BY_NAME))}") from None


def verify(algorithm: Algorithm, key: VerificationKey, signature: bytes, message: bytes) -> bool:
    """Return whether a signature, in COSE's form, is this key's over the message.

    High-S ECDSA signatures hold: genuine credentials have them. A signature of a wrong length does not hold.
    Raises: KeyMaterialError: `key.unsuitable`: the key is of another type or curve; ask `key.fits` first.
    """
    if key.family != algorithm.family:
        raise unsuitable(key.family, algorithm)
    return _CHECKS[algorithm.label](key.native, signature, message)


def sign(algorithm: Algorithm, native: Any, message: bytes) -> bytes:
    """Return the signature of a private key of cryptography, in COSE's form. The caller saw that the key fits."""
    return _SIGNS[algorithm](native, message)


def unsuitable(family: str, algorithm: Algorithm) -> KeyMaterialError:
    """Return the error that says that a key is none for an algorithm."""
    return KeyMaterialError(
        Reason.KEY_UNSUITABLE, f"{algorithm.name} takes a key of type {algorithm.family}, this one is {family}"
    )


def raw_ecdsa(der: bytes, algorithm: Algorithm) -> bytes:
    """Return r || s, as COSE has it, of an ECDSA signature in DER, as key services and security modules answer.

    Raises: SignatureError: `signature.invalid`: not one ECDSA signature in DER, or r or s out of range for the curve.
        ValueError: the algorithm is not ECDSA.
    """
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature  # noqa: PLC0415 - see above

    order = _ORDERS.get(algorithm.family)
    if order is None:
        raise ValueError(f"{algorithm.name} is not ECDSA")
    try:
        r, s = decode_dss_signature(der)
    except ValueError:
        raise SignatureError(Reason.SIGNATURE_INVALID, f"{len(der)} bytes are not an ECDSA signature in DER") from None
    if not (0 < r < int.from_bytes(order) and 0 < s < int.from_bytes(order)):
        raise SignatureError(Reason.SIGNATURE_INVALID, f"r or s is out of range for {algorithm.family}")
    return r.to_bytes(len(order)) + s.to_bytes(len(order))


_SIZES = tuple([bytes((size,)) for size in range(256)])


def _integer_heads(size: int) -> tuple[bytes, ...]:
    """Return what stands before an integer of `size` bytes in DER, by its first byte; a zero keeps it positive."""
    return tuple([b"\x02%c" % size if first < 0x80 else b"\x02%c\0" % (size + 1) for first in range(256)])  # noqa: PLR2004 - X.690 section 8.3


_INTEGER_HEADS = {len(order): _integer_heads(len(order)) for order in _ORDERS.values()}


def _der_ecdsa(signature: bytes, order: bytes) -> bytes | None:
    """Return r || s in DER, or None for a wrong length, or r or s not in 1..order-1.

    Less than half the time of two integers through `encode_dss_signature`; the tests compare the two.
    """
    size = len(order)
    r, s = signature[:size], signature[size:]
    if len(signature) != 2 * size or not (r < order and s < order):  # of one length, bytes compare as the integers do
        return None
    if r[0] and s[0]:
        heads = _INTEGER_HEADS[size]
        r, s = heads[r[0]] + r, heads[s[0]] + s
    else:  # one in 128 begins with a zero, which DER leaves out
        r, s = r.lstrip(b"\0"), s.lstrip(b"\0")
        if not r or not s:
            return None
        r, s = _integer_heads(len(r))[r[0]] + r, _integer_heads(len(s))[s[0]] + s
    total = len(r) + len(s)  # only in P-521 does it reach 128 bytes; no single integer does
    return b"".join((b"\x30" if total < 128 else b"\x30\x81", _SIZES[total], r, s))  # noqa: PLR2004 - X.690 section 8.1.3


@lru_cache(maxsize=1)
def _invalid_signature() -> type[Exception]:
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - see above

    return InvalidSignature


@lru_cache(maxsize=3)
def _ecdsa(family: str) -> ec.ECDSA:
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - see above
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    return ec.ECDSA({EC_P256: hashes.SHA256(), EC_P384: hashes.SHA384(), EC_P521: hashes.SHA512()}[family])


@lru_cache(maxsize=1)
def _pss() -> tuple[padding.PSS, Any]:
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - see above
    from cryptography.hazmat.primitives.asymmetric import padding  # noqa: PLC0415

    return padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256()


def _checking_ecdsa(family: str) -> Callable[[ec.EllipticCurvePublicKey, bytes, bytes], bool]:
    order = _ORDERS[family]

    def check(key: ec.EllipticCurvePublicKey, signature: bytes, message: bytes) -> bool:
        der = _der_ecdsa(signature, order)
        return der is not None and _holds(key.verify, der, message, _ecdsa(family))

    return check


def _check_rsa(key: rsa.RSAPublicKey, signature: bytes, message: bytes) -> bool:
    return _holds(key.verify, signature, message, *_pss())


def _check_pure(key: Any, signature: bytes, message: bytes) -> bool:
    return _holds(key.verify, signature, message)


def _holds(check: Callable[..., None], *arguments: Any) -> bool:
    try:
        check(*arguments)
    except _invalid_signature():
        return False
    return True


def _sign_ecdsa(algorithm: Algorithm) -> Callable[[ec.EllipticCurvePrivateKey, bytes], bytes]:
    def sign_raw(key: ec.EllipticCurvePrivateKey, message: bytes) -> bytes:
        return raw_ecdsa(key.sign(message, _ecdsa(algorithm.family)), algorithm)

    return sign_raw


def _sign_rsa(key: rsa.RSAPrivateKey, message: bytes) -> bytes:
    return key.sign(message, *_pss())


def _sign_pure(key: Any, message: bytes) -> bytes:
    signature: bytes = key.sign(message)
    return signature


_CHECKS: Mapping[int, Callable[[Any, bytes, bytes], bool]] = {
    algorithm.label: _checking_ecdsa(algorithm.family)
    if algorithm.family in _ORDERS
    else _check_rsa
    if algorithm.family == RSA
    else _check_pure
    for algorithm in REGISTRY.values()
}
_SIGNS: Mapping[Algorithm, Callable[[Any, bytes], bytes]] = {
    algorithm: _sign_ecdsa(algorithm)
    if algorithm.family in _ORDERS
    else _sign_rsa
    if algorithm.family == RSA
    else _sign_pure
    for algorithm in VERIFYING
}
