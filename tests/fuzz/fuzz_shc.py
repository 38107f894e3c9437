"""Fuzz the reader of SMART Health Cards at each of its layers: anything but a PratiqueError is a finding.

Run: pip install atheris && PYTHONPATH=tests python tests/fuzz/fuzz_shc.py -max_total_time=60
"""

from __future__ import annotations

import json

from fuzzing import fuzz

from authority import World
from pratique import view
from pratique.formats import smart_health_card
from pratique.formats.smart_health_card import ShcEnvelope, join, read_file
from shc import ISS, ShcIssuer, bundle, deflate, payload

WORLD = World()
ISSUER = ShcIssuer(WORLD.clock)
WORLD.trusted.append(ISSUER.entry())
VERIFIER = WORLD.verifier()


def text(data: bytes) -> None:
    smart_health_card.envelope("shc:/" + data.decode("latin-1")).read()


def message(data: bytes) -> None:
    view.credential_view(ShcEnvelope(data).read())


def header(data: bytes) -> None:
    ShcEnvelope(ISSUER.jws(b"{}", header=data).encode())


def compressed(data: bytes) -> None:
    view.credential_view(ShcEnvelope(ISSUER.jws(None, compressed=data).encode()).read())


def content(data: bytes) -> None:
    """Let a trusted issuer sign any content: a report on it raises nothing at all."""
    for signed in (data, deflate(data)):
        view.report_view(VERIFIER.verify(ISSUER.text(None, compressed=signed), at=WORLD.clock.now))


def resource(data: bytes) -> None:
    """Put any JSON into a card in the place of a fact, and of the patient."""
    try:
        member = json.loads(data)
    except ValueError:
        return
    for made in (bundle(member), bundle(patient=member)):
        card = payload(iss=ISS, vc={"credentialSubject": {"fhirVersion": "4.0.1", "fhirBundle": made}})
        view.report_view(VERIFIER.verify(ISSUER.text(card), at=WORLD.clock.now, compared_by_eye=True))


def scan(data: bytes) -> None:
    """Joining raises nothing at all."""
    join(data.decode("latin-1").split("|"))


def file(data: bytes) -> None:
    read_file(data)


TARGETS = (text, message, header, compressed, content, resource, scan, file)

if __name__ == "__main__":
    fuzz(TARGETS)
