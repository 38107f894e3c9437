"""Fuzz requests, lists of verifiers and key binding tokens: anything but a PratiqueError is a finding.

Run: pip install atheris && PYTHONPATH=tests python tests/fuzz/fuzz_request.py -max_total_time=60
"""

from __future__ import annotations

from fuzzing import fuzz

from authority import NOW, World, base45, holder_key, pq1
from pratique import view
from pratique.codec import cbor, json
from pratique.cose import sign1
from pratique.cose.keys import PrivateKey
from pratique.cose.signer import SoftwareSigner
from pratique.formats.pratique import presented
from pratique.report import Verdict
from pratique.request import VerifierList, consider, read
from pratique.request.message import PREFIX, TYPE
from pratique.rules.ready_made import ready_made
from pratique.sdcwt import Challenge
from pratique.sdcwt.labels import KCWT, TYP, TYP_KEY_BINDING

WORLD = World()
VERIFIER = WORLD.verifier()
HELD = WORLD.home.issue_vaccination(holder_key=holder_key().public)
NESTED = cbor.decode(HELD.encoded[1:])  # without its tag
CHALLENGE = Challenge("https://border.example.org", bytes(16))
KEY = PrivateKey.generate()
RULES = ready_made("yellow-fever-entry")
ENTRY = {
    "id": "https://border.example.org",
    "country": "UTO",
    "names": {"en": "Border"},
    "keys": [{"public_key": KEY.public.jwk}],
    "purposes": ["entry"],
    "max_retention": "P1D",
}
LIST = {"id": "x", "sequence": 1, "issued_at": "2026-11-01T00:00:00Z", "verifiers": [ENTRY]}
VERIFIERS = VerifierList.from_json(LIST)


def text(data: bytes) -> None:
    read(PREFIX + data.decode("latin-1"))


def message(data: bytes) -> None:
    read(PREFIX + base45(data))


def signed_request(data: bytes) -> None:
    """Let a listed verifier sign anything: the signature holds, and what it asks is the attack."""
    headers: dict[int | str, object] = {sign1.KEY_ID: KEY.public.key_id, TYP: TYPE}
    scanned = read(PREFIX + base45(sign1.encode(headers, {}, data, SoftwareSigner(KEY))))
    found = consider(scanned, verifiers=VERIFIERS, rule_set=RULES, at=NOW)
    found.explain()
    json.encode(found.document)


def verifier_list(data: bytes) -> None:
    VerifierList.decode(data)


def entry(data: bytes) -> None:
    """Put anything into the place of a verifier; its neighbour still counts."""
    neighbour = {**ENTRY, "id": "https://neighbour.example.org"}
    assert VerifierList.from_json({**LIST, "verifiers": [json.decode(data), neighbour]}).verifiers


def token(data: bytes) -> None:
    view.credential_view(presented(data).read())


def signed_token(data: bytes) -> None:
    """Let the holder sign anything as the claims of a token; nothing of it may be accepted."""
    headers: dict[int | str, object] = {KCWT: cbor.Tag(18, NESTED), TYP: TYP_KEY_BINDING}
    shown = pq1(sign1.encode(headers, {}, data, SoftwareSigner(holder_key())))
    report = VERIFIER.verify(shown, at=NOW, challenge=CHALLENGE)
    assert report.verdict is not Verdict.ACCEPT
    view.report_view(report)


TARGETS = (text, message, signed_request, verifier_list, entry, token, signed_token)

if __name__ == "__main__":
    fuzz(TARGETS)
