"""Fuzz the imports of trust networks: anything but a PratiqueError, or a list that is no trust list, is a finding.

Run: pip install atheris && PYTHONPATH=tests python tests/fuzz/fuzz_importers.py -max_total_time=60
"""

from __future__ import annotations

import json
from typing import Any

from fuzzing import fuzz

from networks import AT, CSCA_AT, DSC_AT, b64, gateway_row, who_document, who_entry
from pratique.cose import _der
from pratique.cose.signed_data import SignedData
from pratique.trust import TrustList
from pratique.trust.entries import Limits
from pratique.trust.importers import IMPORTERS, Instructions, import_

ISSUER: dict[str, Any] = {"issuer": "did:web:health.example", "country": "AUT"}
INSTRUCTIONS = Instructions(at=AT, limits=Limits(not_before=AT, not_after=AT), format_="pratique", **ISSUER)
SIGNED = Instructions(at=AT, signer=CSCA_AT.certificate)


def read(data: bytes, network: str | None = None, instructions: Instructions = INSTRUCTIONS) -> None:
    view = import_(data, instructions, network).trust_list("fuzzed", sequence=1, issued_at=AT)
    assert TrustList.from_json(view).set_aside == ()


def anything(data: bytes) -> None:
    read(data)


def by_name(data: bytes) -> None:
    networks = list(IMPORTERS)
    read(data[1:], networks[data[0] % len(networks)] if data else None)


def signed(data: bytes) -> None:
    read(data, None, SIGNED)


def certificate(data: bytes) -> None:
    """Put any bytes into lists in the place of a certificate."""
    read(json.dumps([gateway_row(CSCA_AT, "AT", "CSCA"), gateway_row(data or b"\0", "AT")]).encode())
    entry = who_entry(DSC_AT)
    entry["publicKeyJwk"]["x5c"] = [b64(data)]
    read(json.dumps(who_document(entry, who_entry(CSCA_AT, use="SCA"))).encode())


def member(data: bytes) -> None:
    """Put any JSON into a list in the place of an entry."""
    try:
        value = json.loads(data)
    except ValueError:
        return
    for document in (who_document(value), [gateway_row(DSC_AT), value], {"eu_keys": value}, {"certificates": [value]}):
        read(json.dumps(document).encode())


def proof(data: bytes) -> None:
    jws = data.decode("latin-1")
    read(json.dumps(who_document(who_entry(DSC_AT), proof={"jws": jws})).encode(), "gdhcn", SIGNED)


def message(data: bytes) -> None:
    SignedData.verify_detached(data, DSC_AT.der)


def lengths(data: bytes) -> None:
    _der.definite(data)


TARGETS = (anything, by_name, signed, certificate, member, proof, message, lengths)

if __name__ == "__main__":
    fuzz(TARGETS)
