"""Who signs: a protocol over the bytes to be signed, so that the key may live in a security module or a key service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from pratique.cose import algorithms

if TYPE_CHECKING:
    from pratique.cose.algorithms import Algorithm
    from pratique.cose.keys import PrivateKey


@runtime_checkable
class Signer(Protocol):
    """Whoever can sign with one key. A key service that answers DER is adapted with `algorithms.raw_ecdsa`."""

    @property
    def algorithm(self) -> Algorithm:
        """Return the algorithm that its signatures have."""

    @property
    def key_id(self) -> bytes:
        """Return the identifier under which verifiers find the public key."""

    def sign(self, to_be_signed: bytes) -> bytes:
        """Return the signature in COSE's form (ECDSA: r || s) over exactly these bytes."""


class SoftwareSigner:
    """A signer whose private key is in this process.

    `algorithm` is the key's fully specified one where none is given (RSA: PS256); `key_id` the first 8 bytes of the
    key's COSE Key Thumbprint. Every algorithm that is verified here can be asked for, the older ones too.
    Raises: KeyMaterialError: `key.unsuitable`: the key is not one for the algorithm.
    """

    __slots__ = ("_algorithm", "_key_id", "_private_key")

    def __init__(
        self, private_key: PrivateKey, *, algorithm: Algorithm | None = None, key_id: bytes | None = None
    ) -> None:
        public = private_key.public
        self._algorithm = algorithm or public.default_algorithm
        if not public.fits(self._algorithm):
            raise algorithms.unsuitable(public.family, self._algorithm)
        self._private_key = private_key
        self._key_id = public.key_id if key_id is None else bytes(key_id)

    def __repr__(self) -> str:
        return f"SoftwareSigner({self._algorithm.name}, key_id={self._key_id.hex()})"

    @property
    def algorithm(self) -> Algorithm:
        """Return the algorithm that its signatures have."""
        return self._algorithm

    @property
    def key_id(self) -> bytes:
        """Return the identifier that it was given, or the key's own."""
        return self._key_id

    def sign(self, to_be_signed: bytes) -> bytes:
        """Return the signature in COSE's form over exactly these bytes."""
        return self._private_key.sign(self._algorithm, to_be_signed)
