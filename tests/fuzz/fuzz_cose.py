"""Fuzz the readers of signed messages, keys and certificates: anything but a PratiqueError is a finding.

Run: pip install atheris && python tests/fuzz/fuzz_cose.py -max_total_time=60
"""

from __future__ import annotations

import sys

from pratique.cose.certificates import Certificate
from pratique.cose.keys import PrivateKey, PublicKey
from pratique.cose.sign1 import Sign1
from pratique.errors import PratiqueError

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


READERS = (
    message,
    PublicKey.from_cose_key,
    PrivateKey.from_cose_key,
    PublicKey.from_spki,
    PublicKey.from_pem,
    PrivateKey.from_pem,
    Certificate.read,
)


def one_input(data: bytes) -> None:
    """Give one input to the reader that its first byte chooses."""
    if not data:
        return
    try:
        READERS[data[0] % len(READERS)](data[1:])
    except PratiqueError:
        return


def main() -> None:
    import atheris  # noqa: PLC0415 - only the fuzzing itself needs it, and it is not installed with the tests

    atheris.instrument_all()
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
