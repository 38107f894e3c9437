"""Fuzz the reader of pratique's own credentials and the holder's side: anything but a PratiqueError is a finding.

Run: pip install atheris && PYTHONPATH=tests python tests/fuzz/fuzz_pratique.py -max_total_time=60
"""

from __future__ import annotations

from fuzzing import fuzz

from authority import World, holder_key, pq1, sign_sdcwt
from pratique import view
from pratique.formats import profile_pattern
from pratique.formats.pratique import PratiqueEnvelope
from pratique.present import HeldCredential
from pratique.report import Verdict

WORLD = World()
VERIFIER = WORLD.verifier()
HELD = WORLD.home.issue_vaccination(holder_key=holder_key().public)


def text(data: bytes) -> None:
    HeldCredential.from_text("PQ1:" + data.decode("latin-1"))


def message(data: bytes) -> None:
    held = HeldCredential(data)
    held.present(disclose=held.disclosable[:1])
    view.credential_view(held.credential)


def signed_payload(data: bytes) -> None:
    """Let an issuer who is trusted sign anything: the signature holds, and the claims are the attack."""
    view.credential_view(PratiqueEnvelope(sign_sdcwt(WORLD.home, data)).read())


def signed_disclosures(data: bytes) -> None:
    parts = PratiqueEnvelope(HELD.encoded)
    view.credential_view(PratiqueEnvelope(sign_sdcwt(WORLD.home, parts.signed.payload, data.split(b"\n"))).read())


def pattern(data: bytes) -> None:
    """Whatever the pattern takes, the long way takes alike."""
    payload, *disclosures = data.split(b"\n\n")
    found = profile_pattern.read(payload, disclosures)
    if found is not None:
        envelope = PratiqueEnvelope(sign_sdcwt(WORLD.home, payload, disclosures))
        assert view.credential_view(found) == view.credential_view(envelope.read(envelope.open()))


def report(data: bytes) -> None:
    """A report on damaged bytes raises nothing at all, and accepts nothing."""
    found = VERIFIER.verify(pq1(data), at=WORLD.clock.now)
    assert found.verdict is not Verdict.ACCEPT
    view.report_view(found)


TARGETS = (text, message, signed_payload, signed_disclosures, pattern, report)

if __name__ == "__main__":
    fuzz(TARGETS)
