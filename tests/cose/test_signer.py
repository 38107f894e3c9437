from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from pratique.cose.algorithms import ES256, ESP256, ESP384, PS256, SIGNING, Algorithm, raw_ecdsa
from pratique.cose.sign1 import KEY_ID, Sign1, encode
from pratique.cose.signer import Signer, SoftwareSigner
from pratique.errors import KeyMaterialError
from pratique.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Callable

    from pratique.cose.keys import PrivateKey


class SecurityModule:
    """A stand-in for a key that is elsewhere: all it does is answer ECDSA signatures in DER."""

    def __init__(self, answer: Callable[[bytes], bytes], key_id: bytes) -> None:
        self._answer = answer
        self._key_id = key_id

    @property
    def algorithm(self) -> Algorithm:
        return ESP256

    @property
    def key_id(self) -> bytes:
        return self._key_id

    def sign(self, to_be_signed: bytes) -> bytes:
        return raw_ecdsa(self._answer(to_be_signed), ESP256)


def test_key_in_a_security_module_signs_through_the_protocol(keys: dict[str, PrivateKey]) -> None:
    key = keys["EC P-256"]
    module = SecurityModule(lambda data: key.native.sign(data, ec.ECDSA(hashes.SHA256())), key.public.key_id)
    assert isinstance(module, Signer)
    message = Sign1.decode(encode({KEY_ID: module.key_id}, {}, b"payload", module))
    message.verify(key.public)
    assert message.key_id == key.public.key_id


def test_software_signer_is_a_signer(signer: SoftwareSigner) -> None:
    assert isinstance(signer, Signer)


def test_signer_without_an_algorithm_takes_the_fully_specified_one(keys: dict[str, PrivateKey]) -> None:
    chosen = {family: SoftwareSigner(key).algorithm for family, key in keys.items()}
    assert chosen.pop("RSA") is PS256  # nothing fully specified is offered for RSA
    assert set(chosen.values()) == SIGNING


def test_signer_names_its_key_as_it_is_told(keys: dict[str, PrivateKey]) -> None:
    key = keys["EC P-256"]
    assert SoftwareSigner(key).key_id == key.public.thumbprint[:8]
    assert SoftwareSigner(key, algorithm=ES256, key_id=b"other").key_id == b"other"
    assert SoftwareSigner(key, key_id=b"").key_id == b""


def test_signer_with_an_algorithm_for_another_key_is_refused(keys: dict[str, PrivateKey]) -> None:
    with pytest.raises(KeyMaterialError) as refused:
        SoftwareSigner(keys["EC P-256"], algorithm=ESP384)
    assert refused.value.code is Reason.KEY_UNSUITABLE


def test_signer_shows_no_key(keys: dict[str, PrivateKey]) -> None:
    key = keys["EC P-256"]
    assert repr(SoftwareSigner(key)) == f"SoftwareSigner(ESP256, key_id={key.public.key_id.hex()})"
