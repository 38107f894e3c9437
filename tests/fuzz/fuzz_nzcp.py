"""Fuzz the reader of NZ COVID Passes at each of its layers, and the recognition of all formats.

Anything but a PratiqueError is a finding. Run:
pip install atheris && PYTHONPATH=tests python tests/fuzz/fuzz_nzcp.py -max_total_time=60
"""

from __future__ import annotations

import base64

import cbor2
from fuzzing import fuzz

from authority import World
from passes import Ministry, credential
from passes import text as pass_text
from pratique import formats, view
from pratique.formats import nzcp

WORLD = World()
MINISTRY = Ministry(WORLD.clock)
WORLD.trusted.append(MINISTRY.entry())
VERIFIER = WORLD.verifier()


def text(data: bytes) -> None:
    nzcp.envelope("NZCP:/1/" + data.decode("latin-1")).read()


def message(data: bytes) -> None:
    view.credential_view(nzcp.NzcpEnvelope(data).read())


def claims(data: bytes) -> None:
    """Let the ministry sign anything at all: the signature holds, and the content is the attack."""
    view.report_view(VERIFIER.verify(pass_text(MINISTRY.message(data)), at=WORLD.clock.now, compared_by_eye=True))


def subject(data: bytes) -> None:
    """The same with a person of which anything can be said; a report raises nothing at all."""
    try:
        signed = MINISTRY.sign({"vc": credential(credentialSubject=cbor2.loads(data))})
    except Exception:  # noqa: BLE001 - what cannot be encoded cannot be signed
        return
    view.report_view(VERIFIER.verify(signed, at=WORLD.clock.now, compared_by_eye=True))


def recognition(data: bytes) -> None:
    for scanned in (data.decode("latin-1"), "NZCP:/1/" + base64.b32encode(data).decode()):
        reader, cleaned = formats.recognise(scanned)
        reader.envelope(cleaned).read()


TARGETS = (text, message, claims, subject, recognition)

if __name__ == "__main__":
    fuzz(TARGETS)
