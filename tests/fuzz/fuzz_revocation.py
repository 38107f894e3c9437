"""Fuzz foreign revocation lists, and what they are asked with: anything but a PratiqueError is a finding.

Run: pip install atheris && PYTHONPATH=tests python tests/fuzz/fuzz_revocation.py -max_total_time=60
"""

from __future__ import annotations

import json
from typing import Any

from fuzzing import fuzz

from authority import NOW, DccState, World, sign_dcc
from pratique.formats import hc1
from pratique.status import revocation_folder
from pratique.status.dcc_hash_list import HashBatch
from pratique.status.foreign import ForeignRevocation
from pratique.status.gateway_batch import open_batch
from revocation import UCI, batch, sha
from seals import SealState, certificate_list

WORLD = World()
STATE = DccState(WORLD.clock)
WORLD.trusted.append(STATE.entry())
(KEY,) = WORLD.store.keys_for("eu-dcc", hc1.envelope(STATE.sign({"v": [{}]})).key_id)
HELD = [HashBatch.from_json(batch(sha(UCI), hash_type=name)) for name in ("SIGNATURE", "UCI", "COUNTRYCODEUCI")]
LISTS = ForeignRevocation(HELD)
CERTIFICATES = certificate_list(SealState(), 7, 8)
CARDS = {"kid": 43 * "A", "method": "rid", "ctr": 1, "rids": ["a.5"]}


def file(data: bytes) -> None:
    lists, _ = revocation_folder.read_file(data)
    ForeignRevocation(lists)


def members(data: bytes) -> None:
    """Put members into lists that are in order without them."""
    value = parsed(data)
    if type(value) is dict:
        for each in (batch(sha("a")), CARDS):
            file(json.dumps({**each, **value}).encode())


def altered_certificates(data: bytes) -> None:
    if len(data) > 2:
        place = int.from_bytes(data[:2]) % len(CERTIFICATES)
        file(CERTIFICATES[:place] + data[2:] + CERTIFICATES[place + len(data) - 2 :])


def signed(data: bytes) -> None:
    open_batch(data, {}, at=NOW)


def content(data: bytes) -> None:
    """Let a state that is trusted sign any content: what it can be revoked by is read from it."""
    value = parsed(data)
    entry = value if type(value) is dict else {"ci": value, "co": value}
    try:
        text = sign_dcc({"v": [entry, {}]}, claims={1: entry.get("co")})
    except ValueError:  # what cannot be signed, such as half a surrogate pair
        return
    opened = hc1.envelope(text)
    opened.read()
    LISTS.answer(opened.revocation_identifiers(), (KEY,), at=NOW)


def parsed(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


TARGETS = (file, members, altered_certificates, signed, content)

if __name__ == "__main__":
    fuzz(TARGETS)
