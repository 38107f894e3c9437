"""What is not imported until it is needed: a cold start pays for every import."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import sys
from pratique.cose import algorithms, certificates, keys, sign1, signer

assert "cryptography" not in sys.modules, "importing cose imports cryptography"
key = keys.PublicKey.from_jwk({"kty": "EC", "crv": "P-256",
    "x": "Ze2loSV3wrroKUN_4zhwGhCqo3Xhu1td4QjeQ5wIVR0", "y": "HlLtdXARY_f55A3fnzQbPcm6hgr34Mp8p-nuzQCE0Zw"})
spki = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004") + key.cose_key[-2] + key.cose_key[-3]
assert keys.PublicKey.from_spki(spki) == key
assert not algorithms.verify(algorithms.ESP256, key, bytes([1]) * 64, b"")
for costly in ("cryptography.x509", "cryptography.hazmat.primitives.serialization"):
    assert costly not in sys.modules, costly
"""


def test_checking_a_signature_imports_neither_x509_nor_serialization() -> None:
    subprocess.run([sys.executable, "-c", SCRIPT], check=True, timeout=60)  # noqa: S603 - our own script
