"""Fuzz the reader of status list tokens at each of its layers: anything but a PratiqueError is a finding.

Run: pip install atheris && PYTHONPATH=tests python tests/fuzz/fuzz_status.py -max_total_time=60
"""

from __future__ import annotations

from fuzzing import fuzz

from authority import World
from pratique.model import StatusReference
from pratique.status import SignedStatusList, StatusList, StatusStore
from status_lists import ADDRESS, ListSigner, issuer_of

WORLD = World()
LISTS = ListSigner(WORLD.home)
TRUST = WORLD.store
ISSUER = issuer_of(TRUST, WORLD.home.id)


def token(data: bytes) -> None:
    SignedStatusList.decode(data).token()


def tagged(data: bytes) -> None:
    token(b"\xd2" + data)


def claims(data: bytes) -> None:
    """Let the issuer sign any claims: an answer raises nothing at all."""
    store = StatusStore([LISTS.cwt(payload=data), LISTS.jwt(payload=data)])
    store.status(StatusReference(ADDRESS, 7), issuer=ISSUER, keys=TRUST, at=WORLD.clock.now)


def compressed(data: bytes) -> None:
    for bits in (1, 2, 4, 8):
        StatusList.inflate(data, bits=bits)


def statuses(data: bytes) -> None:
    """Let the issuer sign any list: an answer raises nothing at all."""
    store = StatusStore([LISTS.cwt(data), LISTS.jwt(status_list={"bits": 1, "lst": data})])
    for index in (0, 7, len(data) * 8, 2**32 - 1):
        store.status(StatusReference(ADDRESS, index), issuer=ISSUER, keys=TRUST, at=WORLD.clock.now)


TARGETS = (token, tagged, claims, compressed, statuses)

if __name__ == "__main__":
    fuzz(TARGETS)
