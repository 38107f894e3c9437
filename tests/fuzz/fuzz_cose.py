"""Fuzz the readers of signed messages, keys and certificates: anything but a PratiqueError is a finding.

Run: pip install atheris && python tests/fuzz/fuzz_cose.py -max_total_time=60
"""

from __future__ import annotations

from fuzzing import fuzz

from pratique.cose import sign1
from pratique.cose.certificates import Certificate
from pratique.cose.keys import PrivateKey, PublicKey
from pratique.cose.sign import Sign
from pratique.cose.sign1 import Sign1

KEY = PublicKey.from_jwk(
    {
        "kty": "EC",
        "crv": "P-256",
        "x": "Ze2loSV3wrroKUN_4zhwGhCqo3Xhu1td4QjeQ5wIVR0",
        "y": "HlLtdXARY_f55A3fnzQbPcm6hgr34Mp8p-nuzQCE0Zw",
    }
)


def message(data: bytes) -> None:
    for tolerant in (False, True):
        read = Sign1.decode(data, tolerant=tolerant)
        _ = read.key_id, repr(read)
        read.verify(KEY)


def short_way(data: bytes) -> None:
    """Whatever the short way takes, the long way takes alike."""
    usual = sign1._usual
    for tolerant in (False, True):
        found = usual(data, tolerant=tolerant)
        if found is not None:
            sign1._usual = lambda *_, **__: None
            try:
                assert tuple(Sign1.decode(data, tolerant=tolerant)) == tuple(found)
            finally:
                sign1._usual = usual


def several(data: bytes) -> None:
    for tolerant in (False, True):
        read = Sign.decode(data, tolerant=tolerant)
        for signature in read.signatures:
            _ = signature.key_id, repr(signature)
            read.verify(signature, KEY)


TARGETS = (
    message,
    short_way,
    several,
    PublicKey.from_cose_key,
    PrivateKey.from_cose_key,
    PublicKey.from_spki,
    PublicKey.from_pem,
    PrivateKey.from_pem,
    Certificate.read,
)

if __name__ == "__main__":
    fuzz(TARGETS)
