"""Keys whose curve is spelled out in parameters: passport authorities must do so, and mean a curve that has a name.

Source: ICAO Doc 9303 part 12 section 4.1.6; RFC 3279 section 2.3.5 and RFC 5639 for the structure and the Brainpool
curves. P-256, P-384 and P-521 in this form are read by cryptography itself.
"""

from __future__ import annotations

import hashlib
from typing import Final

from pratique.cose import _der
from pratique.cose._der import BIT_STRING, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE
from pratique.errors import KeyMaterialError

_EC_PUBLIC_KEY: Final = "1.2.840.10045.2.1"
_PRIME_FIELD: Final = "1.2.840.10045.1.1"
_WIDEST = 64  # bytes of a number of the largest curve here

# SHA-256 of p, a, b, x of the base point and its order, each in 64 bytes, and the identifier of the curve, encoded.
_CURVES: Final = {
    "c1ab5368fb14ace1ecdfb905d84c1800d6e4d10a44143045cfd03d010b744cca": bytes.fromhex("2b2403030208010107"),  # P256r1
    "62a57225d85747aba3c5656c85f043830788bd0e63377bf5a3817d2a9e215805": bytes.fromhex("2b240303020801010b"),  # P384r1
    "43db3e51c1bd01caee07c5b63642936140dfaf5f47db6f36382f16b02db30118": bytes.fromhex("2b240303020801010d"),  # P512r1
}


def named(spki: bytes) -> bytes | None:
    """Return the SubjectPublicKeyInfo of the same key with its curve by name; None where it is of no Brainpool curve.

    What is spelled out is compared, and never used to calculate: a key counts on the curve that has the name, or not.
    """
    try:
        (algorithm_tag, algorithm), (key_tag, key) = _der.items(_der.only(spki, SEQUENCE))
        (_, kind), (form, parameters) = _der.items(algorithm)
        if (algorithm_tag, key_tag, form) != (SEQUENCE, BIT_STRING, SEQUENCE) or _der.dotted(kind) != _EC_PUBLIC_KEY:
            return None
        curve = _CURVES.get(_digest(parameters))
    except (KeyMaterialError, ValueError, OverflowError):
        return None
    if curve is None:
        return None
    algorithm = _der.encode(OBJECT_IDENTIFIER, kind) + _der.encode(OBJECT_IDENTIFIER, curve)
    return _der.encode(SEQUENCE, _der.encode(SEQUENCE, algorithm) + _der.encode(BIT_STRING, key))


def _digest(parameters: bytes) -> str:
    """Return the digest of SpecifiedECDomain parameters. Raises: ValueError, OverflowError: they are none."""
    fields = _der.items(parameters)
    # version, fieldID, curve, base, order, cofactor
    if [tag for tag, _ in fields[:5]] != [INTEGER, SEQUENCE, SEQUENCE, OCTET_STRING, INTEGER]:
        raise ValueError
    (_, kind), (_, prime) = _der.items(fields[1][1])
    if _der.dotted(kind) != _PRIME_FIELD:
        raise ValueError
    (_, a), (_, b), *_ = _der.items(fields[2][1])  # and perhaps a seed
    base = fields[3][1]
    x = base[1 : 1 + (len(base) // 2 if base[:1] == b"\x04" else len(base))]  # uncompressed, else compressed
    numbers = (int.from_bytes(number) for number in (prime, a, b, x, fields[4][1]))
    return hashlib.sha256(b"".join(number.to_bytes(_WIDEST) for number in numbers)).hexdigest()
