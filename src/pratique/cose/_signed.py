"""What X.509 signs: certificates and revocation lists, each with how it was signed, and whether a key signed it.

Source: RFC 5280 sections 4.1 and 5.1; RFC 4055 (RSA) and RFC 5758 (ECDSA) for the algorithms, with SHA-2 alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pratique.cose import _der
from pratique.cose._der import BIT_STRING, INTEGER, NULL, OBJECT_IDENTIFIER, SEQUENCE, malformed
from pratique.cose.algorithms import RSA

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.hazmat.primitives import hashes

    from pratique.cose.algorithms import VerificationKey

PKCS1, PSS, ECDSA = "RSASSA-PKCS1-v1_5", "RSASSA-PSS", "ECDSA"
_SCHEMES: Final[Mapping[str, tuple[str, str]]] = {
    "1.2.840.113549.1.1.11": (PKCS1, "SHA256"),
    "1.2.840.113549.1.1.12": (PKCS1, "SHA384"),
    "1.2.840.113549.1.1.13": (PKCS1, "SHA512"),
    "1.2.840.10045.4.3.2": (ECDSA, "SHA256"),
    "1.2.840.10045.4.3.3": (ECDSA, "SHA384"),
    "1.2.840.10045.4.3.4": (ECDSA, "SHA512"),
}
_RSASSA_PSS: Final = "1.2.840.113549.1.1.10"
_MGF1: Final = bytes.fromhex("2a864886f70d010108")  # 1.2.840.113549.1.1.8, encoded
_HASHES: Final[Mapping[str, str]] = {
    "2.16.840.1.101.3.4.2.1": "SHA256",
    "2.16.840.1.101.3.4.2.2": "SHA384",
    "2.16.840.1.101.3.4.2.3": "SHA512",
}
_DIGEST, _MASK, _SALT = 0xA0, 0xA1, 0xA2  # [0], [1], [2] of the RSASSA-PSS-params
_DEFAULT_SALT = 20
_MAX_SALT = 512  # bytes; as long as the longest modulus that is used


@dataclass(frozen=True, slots=True)
class Scheme:
    """How something was signed: `name` and `digest`; with PSS also the hash of the mask and the length of the salt."""

    name: str
    digest: str
    mask: str = ""
    salt: int = 0


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Signed:
    """A SIGNED structure: the `content` of what was signed, its whole encoding `message`, and the signature over that.

    `algorithm` is the content of the AlgorithmIdentifier, `scheme` what it says; None for a way that is not used here,
    such as SHA-1.
    """

    content: bytes
    message: bytes
    algorithm: bytes
    scheme: Scheme | None
    signature: bytes

    @classmethod
    def read(cls, der: bytes) -> Signed:
        """Return what DER holds. The caller bounds its size. Raises: KeyMaterialError: `certificate.malformed`."""
        parts = list(_der.elements(_der.only(der, SEQUENCE)))
        if [tag for tag, _, _ in parts] != [SEQUENCE, SEQUENCE, BIT_STRING]:
            raise malformed()
        (_, content, message), (_, algorithm, _), (_, signature, _) = parts
        if signature[:1] != b"\0":  # bits that are no whole bytes
            raise malformed()
        return cls(content, message, algorithm, read_scheme(algorithm), signature[1:])

    def names_scheme(self, algorithm: bytes) -> None:
        """Refuse a content that names another algorithm than stands outside it. Raises: KeyMaterialError."""
        if read_scheme(algorithm) != self.scheme:
            raise malformed("it names two signature algorithms")

    def is_signed_by(self, key: VerificationKey) -> bool:
        """Return whether a key signed it: RSA PKCS#1 v1.5, RSA-PSS or ECDSA, each with SHA-2."""
        return holds(self.scheme, key, self.signature, self.message)


def read_scheme(algorithm: bytes) -> Scheme | None:
    """Return how an AlgorithmIdentifier says that was signed; None for a way that is not used here, such as SHA-1."""
    parts = _der.items(algorithm)
    if not parts or parts[0][0] != OBJECT_IDENTIFIER:
        raise malformed()
    name, rest = _der.dotted(parts[0][1]), parts[1:]
    if name == _RSASSA_PSS:
        return _pss(rest)
    if rest not in ([], [(NULL, b"")]):
        raise malformed("its signature algorithm has parameters of an unknown kind")
    return Scheme(*_SCHEMES[name]) if name in _SCHEMES else None


def read_digest(algorithm: bytes) -> str | None:
    """Return the hash that the content of an AlgorithmIdentifier names, None for one that is not used here."""
    parts = _der.items(algorithm)
    if not parts or parts[0][0] != OBJECT_IDENTIFIER:
        raise malformed()
    return _HASHES.get(_der.dotted(parts[0][1]))


def holds(scheme: Scheme | None, key: VerificationKey, signature: bytes, message: bytes) -> bool:
    """Return whether a signature is a key's over a message; not for a scheme of None, or of another type than the key.

    Not checked: dates, usages, names, whether the owner of the key may sign such a thing.
    """
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - see `algorithms`

    if scheme is None or (key.family == RSA) is (scheme.name == ECDSA) or not key.family.startswith(("EC ", RSA)):
        return False
    try:
        key.native.verify(signature, message, *_arguments(scheme))
    except InvalidSignature:
        return False
    return True


def _pss(parameters: list[tuple[int, bytes]]) -> Scheme | None:
    """Return the parameters of RSASSA-PSS (RFC 4055 section 3.1); what is left out is SHA-1 and not used here."""
    if len(parameters) != 1 or parameters[0][0] != SEQUENCE:
        raise malformed()
    fields = dict(_der.items(parameters[0][1]))
    digest = read_digest(_der.only(fields[_DIGEST], SEQUENCE)) if _DIGEST in fields else None
    mask = None
    if _MASK in fields:
        generator = _der.items(_der.only(fields[_MASK], SEQUENCE))
        if len(generator) == 2 and generator[0] == (OBJECT_IDENTIFIER, _MGF1):  # noqa: PLR2004 - and its hash
            mask = read_digest(_der.only(_der.encode(*generator[1]), SEQUENCE))
    salt = int.from_bytes(_der.only(fields[_SALT], INTEGER), signed=True) if _SALT in fields else _DEFAULT_SALT
    if digest is None or mask is None or not 0 <= salt <= _MAX_SALT:
        return None
    return Scheme(PSS, digest, mask, salt)


def _arguments(scheme: Scheme) -> tuple[Any, ...]:
    """Return what cryptography's `verify` takes after signature and message."""
    from cryptography.hazmat.primitives.asymmetric import ec, padding  # noqa: PLC0415 - see `algorithms`

    digest = _digest(scheme.digest)
    if scheme.name == ECDSA:
        return (ec.ECDSA(digest),)
    if scheme.name == PKCS1:
        return padding.PKCS1v15(), digest
    return padding.PSS(padding.MGF1(_digest(scheme.mask)), scheme.salt), digest


def _digest(name: str) -> hashes.HashAlgorithm:
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - see `algorithms`

    known: dict[str, hashes.HashAlgorithm] = {
        "SHA256": hashes.SHA256(),
        "SHA384": hashes.SHA384(),
        "SHA512": hashes.SHA512(),
    }
    return known[name]
