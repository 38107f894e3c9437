"""Fuzz the readers of WHO certificates and of Austria's exemptions: anything but a PratiqueError is a finding.

Run: pip install atheris && PYTHONPATH=tests python tests/fuzz/fuzz_who.py -max_total_time=60
"""

from __future__ import annotations

from typing import Any

import cbor2
from fuzzing import fuzz

from authority import DOCUMENT, DccState, World
from pratique import view
from pratique.codec import cbor
from pratique.errors import PratiqueError
from pratique.formats import hcert
from pratique.formats.ddcc import DdccTest, DdccVaccination
from pratique.formats.hc1 import ExemptionEnvelope, Hc1Envelope
from pratique.formats.icvp import Icvp
from who import DDCC_TEST, DDCC_VACCINATION, card, legacy, sign

WORLD = World()
WORLD.trusted.append(DccState(WORLD.clock).entry(formats=["who-hcert", "eu-dcc", "at-exemption"]))
VERIFIER = WORLD.verifier()


def message(data: bytes) -> None:
    for envelope in (Hc1Envelope, ExemptionEnvelope):
        view.credential_view(envelope(data).read())


def claims(data: bytes) -> None:
    for envelope in (Hc1Envelope, ExemptionEnvelope):
        view.credential_view(envelope(cbor2.dumps([cbor2.dumps({1: -7, 4: b"k"}), {}, data, bytes(64)])).read())


decode = cbor.Decoder(tags=frozenset({0, 1}))  # as certificates are: cbor2 by itself would read dates


def decoded(data: bytes) -> Any:
    """Return a value to put into a certificate; bytes that are no CBOR stand for themselves."""
    try:
        return decode(data)
    except PratiqueError:
        return data


def content(data: bytes) -> None:
    """Give the content readers any map, alone and over one that is in order."""
    value = decoded(data)
    if not isinstance(value, dict):
        return
    for read, base in ((Icvp, card(3)), (Icvp, card(2)), (DdccVaccination, DDCC_VACCINATION), (DdccTest, DDCC_TEST)):
        for part in (value, {**base, **value}):
            try:
                found = read(part)
            except PratiqueError:
                continue
            assert found.evidence()
            found.holder().known()
            found.number()
            found.deviations()


def signed_content(data: bytes) -> None:
    """Let a state that is trusted sign any content: the signature holds, and the content is the attack."""
    value = decoded(data)
    parts = value if isinstance(value, dict) else {key: value for key in (1, 3, 4, 5, -6)}  # noqa: C420 - no shared list
    for text in (sign(parts), sign({-6: value}), legacy(parts if all(isinstance(name, str) for name in parts) else {})):
        view.report_view(VERIFIER.verify(text, at=WORLD.clock.now, document=DOCUMENT))


def found(data: bytes) -> None:
    value = decoded(data)
    if isinstance(value, dict):
        for read in (lambda: hcert.read(value, issued_at=None), lambda: hcert.read_exemption(value)):
            try:
                read()
            except PratiqueError:
                continue


TARGETS = (message, claims, content, signed_content, found)

if __name__ == "__main__":
    fuzz(TARGETS)
