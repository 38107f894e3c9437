"""Fuzz the reader of EU certificates at each of its layers: anything but a PratiqueError is a finding.

Run: pip install atheris && PYTHONPATH=tests python tests/fuzz/fuzz_hc1.py -max_total_time=60
"""

from __future__ import annotations

import zlib

import cbor2
from fuzzing import fuzz

from authority import DccState, World, base45
from pratique import view
from pratique.formats import hc1
from pratique.formats.hc1 import Hc1Envelope

WORLD = World()
STATE = DccState(WORLD.clock)
WORLD.trusted.append(STATE.entry())
VERIFIER = WORLD.verifier()


def text(data: bytes) -> None:
    hc1.envelope("HC1:" + data.decode("latin-1")).read()


def deflated(data: bytes) -> None:
    hc1.envelope("HC1:" + base45(data)).read()


def message(data: bytes) -> None:
    view.credential_view(Hc1Envelope(data).read())


def claims(data: bytes) -> None:
    view.credential_view(Hc1Envelope(cbor2.dumps([cbor2.dumps({1: -7, 4: b"k"}), {}, data, bytes(64)])).read())


def signed_content(data: bytes) -> None:
    """Let a state that is trusted sign any content: the signature holds, and the content is the attack.

    A report raises nothing at all.
    """
    try:
        content = cbor2.loads(data)
        signed = STATE.sign(content)
    except Exception:  # noqa: BLE001 - what cannot be encoded cannot be signed
        return
    view.report_view(VERIFIER.verify(signed, at=WORLD.clock.now, compared_by_eye=True))


def report(data: bytes) -> None:
    """A report on anything raises nothing at all."""
    for scanned in ("HC1:" + base45(zlib.compress(data)), "HC1:" + base45(data)):
        view.report_view(VERIFIER.verify(scanned, at=WORLD.clock.now))


TARGETS = (text, deflated, message, claims, signed_content, report)

if __name__ == "__main__":
    fuzz(TARGETS)
