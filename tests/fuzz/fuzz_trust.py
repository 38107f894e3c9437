"""Fuzz the readers of what a trust folder holds: anything but a PratiqueError is a finding.

Run: pip install atheris && python tests/fuzz/fuzz_trust.py -max_total_time=60
"""

from __future__ import annotations

from datetime import UTC, datetime

from fuzzing import fuzz

from pratique.codec import json
from pratique.cose.keys import PublicKey
from pratique.trust import TrustList, signed
from pratique.trust.root import Root
from pratique.trust.state import State

ROOT = Root(
    id="roots",
    version=1,
    issued_at=datetime(2026, 1, 1, tzinfo=UTC),
    expires_at=datetime(2027, 1, 1, tzinfo=UTC),
    threshold=1,
    keys=(PublicKey.from_jwk({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}),),
)


def document(data: bytes) -> None:
    signed.verify(data, signed.TRUST_LIST, ROOT)


def root_in_json(data: bytes) -> None:
    Root.from_json(json.decode(data))


TARGETS = (document, ROOT.successor, Root.from_cbor, root_in_json, State.decode, TrustList.from_cbor)

if __name__ == "__main__":
    fuzz(TARGETS)
