"""Fuzz the reader of ICAO health seals at each of its layers: anything but a PratiqueError is a finding.

Run: pip install atheris && PYTHONPATH=tests python tests/fuzz/fuzz_vds_nc.py -max_total_time=60
"""

from __future__ import annotations

import json

from fuzzing import fuzz

from authority import World
from pratique import view
from pratique.codec import jcs
from pratique.codec import json as strict
from pratique.cose import unproven
from pratique.formats import vds_nc
from pratique.formats.vds_nc import SealEnvelope
from seals import SealState, base64url, proof_of_test, sealed, vaccination

WORLD = World()
STATE = SealState()
WORLD.trusted.append(STATE.entry(WORLD.clock))
VERIFIER = WORLD.verifier()
SIGNER = STATE.signer()
SEAL = json.loads(STATE.sign(vaccination()))


def text(data: bytes) -> None:
    vds_nc.READER.envelope(data.decode("utf-8", "surrogateescape")).read()


def canonical(data: bytes) -> None:
    value = strict.decode(data)
    assert strict.decode(jcs.encode(value)) == value


def certificate(data: bytes) -> None:
    unproven.read(data)
    text = json.dumps({**SEAL, "sig": {**SEAL["sig"], "cer": base64url(data)}})
    view.report_view(VERIFIER.verify(text, at=WORLD.clock.now))


def altered_certificate(data: bytes) -> None:
    """Put a few bytes into a genuine certificate: they stand where its structure still leads to them."""
    if len(data) > 2:
        place = int.from_bytes(data[:2]) % len(SIGNER)
        certificate(SIGNER[:place] + data[2:] + SIGNER[place + len(data) - 2 :])


def content(data: bytes) -> None:
    """Let a state that is trusted sign any content: the signature holds, and the content is the attack."""
    try:
        value = json.loads(data)
        texts = [
            sealed(
                {
                    "hdr": {"t": kind, "v": 1, "is": "UTO"},
                    "msg": {**template, **(value if type(value) is dict else {})},
                },
                cer=SIGNER,
            )
            for kind, template in (("icao.vacc", vaccination()), ("icao.test", proof_of_test()))
        ]
    except (ValueError, RecursionError):  # what is no JSON, or cannot be signed
        return
    for each in texts:
        view.report_view(VERIFIER.verify(each, at=WORLD.clock.now, compared_by_eye=True))


def report(data: bytes) -> None:
    """A report on anything raises nothing at all."""
    view.report_view(VERIFIER.verify(data.decode("latin-1"), at=WORLD.clock.now))
    SealEnvelope(data.decode("latin-1"))


TARGETS = (text, canonical, certificate, altered_certificate, content, report)

if __name__ == "__main__":
    fuzz(TARGETS)
