"""What we sign, pycose verifies, and the reverse, for every algorithm that pycose knows.

pycose 1.1.0 cannot decode with cbor2 6, which hands it tuples where it expects lists. So its messages are built from
their parts here; the Sig_structure, the signing and the verifying are its own. It knows none of the newer algorithm
numbers: there it is asked about the bytes to be signed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from pycose import algorithms as theirs
from pycose import headers
from pycose.keys import CoseKey, RSAKey
from pycose.messages import Sign1Message, SignMessage
from pycose.messages.signer import CoseSignature

from pratique.cose import algorithms, sign
from pratique.cose.algorithms import EDDSA, ES256, ES384, PS256, Algorithm
from pratique.cose.headers import KEY_ID
from pratique.cose.sign1 import Sign1, encode
from pratique.cose.signer import SoftwareSigner

if TYPE_CHECKING:
    from pratique.cose.keys import PrivateKey

KNOWN = {ES256: theirs.Es256, ES384: theirs.Es384, EDDSA: theirs.EdDSA, PS256: theirs.Ps256}
SAME_OPERATION = {
    algorithms.ESP256: theirs.Es256,
    algorithms.ESP384: theirs.Es384,
    algorithms.ED25519_PURE: theirs.EdDSA,
}
PAYLOAD = bytes(range(256)) * 2


def their_public_key(key: PrivateKey) -> CoseKey:
    return CoseKey.from_dict(dict(key.public.cose_key))


def their_private_key(key: PrivateKey) -> CoseKey:
    if isinstance(key.native, rsa.RSAPrivateKey):
        numbers = key.native.private_numbers()
        public = numbers.public_numbers
        values = (public.n, public.e, numbers.d, numbers.p, numbers.q, numbers.dmp1, numbers.dmq1, numbers.iqmp)
        return RSAKey(*(value.to_bytes((value.bit_length() + 7) // 8) for value in values))
    members: dict[int, Any] = dict(key.public.cose_key)
    if hasattr(key.native, "private_bytes_raw"):
        members[-4] = key.native.private_bytes_raw()
    else:
        members[-4] = key.native.private_numbers().private_value.to_bytes(len(members[-2]))
    return CoseKey.from_dict(members)


def as_theirs(data: bytes) -> Sign1Message:
    """Return a message as pycose has it; cbor2 decodes, and no code of ours."""
    tag = cbor2.loads(data)
    assert tag.tag == 18
    protected, unprotected, payload, signature = tag.value
    message = Sign1Message(uhdr=dict(unprotected), payload=payload, phdr_encoded=protected)
    message.signature = signature
    return message


@pytest.mark.parametrize("algorithm", KNOWN, ids=lambda algorithm: algorithm.name)
def test_pycose_verifies_what_we_sign(algorithm: Algorithm, keys: dict[str, PrivateKey]) -> None:
    key = keys[algorithm.family]
    signer = SoftwareSigner(key, algorithm=algorithm)
    for unprotected in ({}, {KEY_ID: b"kid"}):
        message = as_theirs(encode({3: 61}, unprotected, PAYLOAD, signer))
        message.key = their_public_key(key)
        assert message.get_attr(headers.Algorithm) is KNOWN[algorithm]
        assert message.verify_signature()


@pytest.mark.parametrize("algorithm", KNOWN, ids=lambda algorithm: algorithm.name)
def test_pycose_verifies_what_we_sign_with_external_data(algorithm: Algorithm, keys: dict[str, PrivateKey]) -> None:
    key = keys[algorithm.family]
    data = encode({}, {}, PAYLOAD, SoftwareSigner(key, algorithm=algorithm), external_aad=b"outside")
    message = as_theirs(data)
    message.key = their_public_key(key)
    message.external_aad = b"outside"
    assert message.verify_signature()


@pytest.mark.parametrize("algorithm", KNOWN, ids=lambda algorithm: algorithm.name)
def test_we_verify_what_pycose_signs(algorithm: Algorithm, keys: dict[str, PrivateKey]) -> None:
    key = keys[algorithm.family]
    protected = cbor2.dumps({1: algorithm.label, 4: key.public.key_id})
    message = Sign1Message(payload=PAYLOAD, phdr_encoded=protected, key=their_private_key(key))
    data = cbor2.dumps(cbor2.CBORTag(18, [protected, {}, PAYLOAD, message.compute_signature()]))
    Sign1.decode(data).verify(key.public)


@pytest.mark.parametrize("algorithm", SAME_OPERATION, ids=lambda algorithm: algorithm.name)
def test_pycose_agrees_on_the_operation_of_the_newer_numbers(algorithm: Algorithm, keys: dict[str, PrivateKey]) -> None:
    key = keys[algorithm.family]
    message = Sign1.decode(encode({}, {}, PAYLOAD, SoftwareSigner(key, algorithm=algorithm)))
    operation = SAME_OPERATION[algorithm]
    assert operation.verify(their_public_key(key), message.to_be_signed(), message.signature)
    theirs_signed = operation.sign(their_private_key(key), message.to_be_signed())
    assert algorithms.verify(algorithm, key.public, theirs_signed, message.to_be_signed())


SIGNERS = [(ES256, theirs.Es256), (EDDSA, theirs.EdDSA), (ES384, theirs.Es384), (PS256, theirs.Ps256)]


def test_pycose_verifies_every_signature_of_a_message_of_ours_with_several(keys: dict[str, PrivateKey]) -> None:
    signers = [SoftwareSigner(keys[algorithm.family], algorithm=algorithm) for algorithm, _ in SIGNERS]
    data = sign.encode({16: "application/example"}, {}, PAYLOAD, signers, external_aad=b"outside")
    tag = cbor2.loads(data)
    assert tag.tag == 98
    protected, unprotected, payload, signatures = tag.value
    theirs_read = []
    for own, others, signature in signatures:
        theirs_read.append(CoseSignature(phdr_encoded=own, uhdr=dict(others), signature=signature))
    message = SignMessage(uhdr=dict(unprotected), payload=payload, phdr_encoded=protected, signers=theirs_read)
    message.external_aad = b"outside"
    for (algorithm, their_algorithm), signer in zip(SIGNERS, message.signers, strict=True):
        signer.external_aad = b"outside"
        signer.key = their_public_key(keys[algorithm.family])
        assert signer.get_attr(headers.Algorithm) is their_algorithm
        assert signer.verify_signature()


def test_we_verify_every_signature_of_a_message_of_pycose_with_several(keys: dict[str, PrivateKey]) -> None:
    signers = [
        CoseSignature(
            phdr_encoded=cbor2.dumps({1: algorithm.label, 4: keys[algorithm.family].public.key_id}),
            key=their_private_key(keys[algorithm.family]),
        )
        for algorithm, _ in SIGNERS
    ]
    message = SignMessage(payload=PAYLOAD, phdr_encoded=cbor2.dumps({16: "application/example"}), signers=signers)
    parts = [[each.phdr_encoded, {}, each.compute_signature()] for each in signers]
    data = cbor2.dumps(cbor2.CBORTag(98, [message.phdr_encoded, {}, PAYLOAD, parts]))
    read = sign.Sign.decode(data)
    for (algorithm, _), signature in zip(SIGNERS, read.signatures, strict=True):
        read.verify(signature, keys[algorithm.family].public)
