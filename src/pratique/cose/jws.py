"""JWS in compact form (RFC 7515): a payload under one signature, in base64url.

What arrived is what is verified: the bytes to be signed are those of the text, never made anew. Decoding checks no
signature: `Jws.verify` does. Keys, addresses of keys and certificates in a header do not count.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from pratique.codec import base64url, jcs, json
from pratique.cose import algorithms
from pratique.cose.algorithms import ED25519_PURE, EDDSA, ES256, ES384, ESP256, ESP384, ML_DSA, PS256, Algorithm
from pratique.errors import DecodeError, SignatureError, UnsupportedError
from pratique.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pratique.cose.keys import PublicKey
    from pratique.cose.signer import Signer

MAX_HEADER: Final = 4096  # bytes; most have about 90, and a certificate chain in one is passed over

# RFC 7518 section 3.1, RFC 8037, RFC 9864, draft-ietf-cose-dilithium. ES256 and ES384 of JOSE always had one curve.
BY_NAME: Final[Mapping[str, Algorithm]] = MappingProxyType(
    {
        "ES256": ES256,
        "ES384": ES384,
        "EdDSA": EDDSA,
        "Ed25519": ED25519_PURE,
        "PS256": PS256,
        "ML-DSA-44": ML_DSA,
    }
)
_NAMES: Final = {algorithm: name for name, algorithm in BY_NAME.items()} | {ESP256: "ES256", ESP384: "ES384"}


class Jws:
    """A signed message, taken apart; nothing in it is proven before `verify` returns.

    `header` is the first segment and `payload` the second, both still in base64url; `read_header` reads the one.
    """

    __slots__ = ("header", "payload", "signature", "to_be_signed")

    def __init__(self, data: bytes) -> None:
        """Take a JWS in compact form apart. Raises: DecodeError: `jws.malformed`, `base64url.invalid`."""
        if data.count(b".") != 2:  # noqa: PLR2004 - between header, payload and signature
            raise DecodeError(Reason.JWS_MALFORMED, f"{data.count(b'.') + 1} segments, 3 belong")
        self.header, self.payload, signature = data.split(b".")
        self.to_be_signed = data[: -len(signature) - 1]
        self.signature = base64url.decode(signature)

    def __repr__(self) -> str:
        return f"Jws({len(self.payload)} characters of payload)"

    def verify(self, algorithm: Algorithm, key: PublicKey) -> None:
        """Prove that this key signed the message, by the algorithm that `read_header` found in its header.

        Raises: SignatureError: `signature.invalid`. KeyMaterialError: `key.unsuitable`.
        """
        if not algorithms.verify(algorithm, key, self.signature, self.to_be_signed):
            raise SignatureError(Reason.SIGNATURE_INVALID)


def read_header(segment: bytes, *, accepted: Mapping[str, Algorithm] = BY_NAME) -> tuple[Algorithm, dict[str, Any]]:
    """Return the algorithm that a header names, and its members.

    Raises: DecodeError: it is no JSON object of at most `MAX_HEADER` bytes. UnsupportedError: `cose.algorithm`: none
        of those accepted, "none" and message authentication codes among them; `cose.critical`: it has `crit` (RFC 7515
        section 4.1.11), and no extension is understood here.
    """
    header = json.decode(base64url.decode(segment), limit=MAX_HEADER)
    if type(header) is not dict:
        raise DecodeError(Reason.JWS_MALFORMED, "the header is not an object")
    name = header.get("alg")
    algorithm = accepted.get(name) if type(name) is str else None
    if algorithm is None:
        raise UnsupportedError(
            Reason.COSE_ALGORITHM, f"the header names none of the algorithms accepted: {', '.join(sorted(accepted))}"
        )
    if "crit" in header:
        raise UnsupportedError(Reason.COSE_CRITICAL, "the header has crit")
    return algorithm, header


def encode(header: Mapping[str, Any], payload: bytes, signer: Signer) -> bytes:
    """Return the signed message, in ASCII; the signer's algorithm is put into the header."""
    to_be_signed = prepare(header, payload, signer.algorithm)
    return complete(to_be_signed, signer.sign(to_be_signed))


def prepare(header: Mapping[str, Any], payload: bytes, algorithm: Algorithm) -> bytes:
    """Return the bytes that somebody else is to sign; `complete` then makes the message of them.

    Raises: ValueError: JOSE has no name for the algorithm.
    """
    name = _NAMES.get(algorithm)
    if name is None:
        raise ValueError(f"JOSE has no name for {algorithm.name}")
    return base64url.encode(jcs.encode({**header, "alg": name})) + b"." + base64url.encode(payload)


def complete(to_be_signed: bytes, signature: bytes) -> bytes:
    """Return the message for a signature, in COSE's form (ECDSA: r || s), over what `prepare` gave."""
    return to_be_signed + b"." + base64url.encode(signature)
