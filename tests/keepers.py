"""The keepers of a root in tests: their keys, roots of any version, and documents that some of them signed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from authority import NOW, World, rfc3339
from pratique.cose.keys import PrivateKey
from pratique.cose.signer import SoftwareSigner
from pratique.trust import signed, wire
from pratique.trust.root import Root

if TYPE_CHECKING:
    from datetime import datetime

ANNA, BO, CLEO, DORA, EVE = (
    SoftwareSigner(PrivateKey.generate(name)) for name in ("ESP256", "Ed25519", *["ESP256"] * 3)
)
WORLD = World()
DAY = timedelta(days=1)


def root(*keepers: SoftwareSigner, **members: Any) -> Root:
    """Return a root of these keepers, by default the first three with two who must agree; a year around now."""
    keys = tuple(keeper._private_key.public for keeper in keepers or (ANNA, BO, CLEO))
    default = {"id": "roots of Utopia", "version": 1, "threshold": 2, "issued_at": NOW - 180 * DAY}
    return Root(**{**default, "expires_at": NOW + 180 * DAY, "keys": keys, **members})


def list_document(sequence: int = 1, *, issued_at: datetime = NOW - DAY, **members: Any) -> dict[str, Any]:
    """Return the JSON form of a trust list that can be signed: a week until it is due, a month until it ends."""
    times = {"issued_at": issued_at, "next_update": issued_at + 7 * DAY, "expires_at": issued_at + 30 * DAY}
    document = {"id": "who", "sequence": sequence, **{name: rfc3339(moment) for name, moment in times.items()}}
    return {**document, "issuers": WORLD.trusted, **members}


def signed_list(*keepers: SoftwareSigner, sequence: int = 1, **members: Any) -> bytes:
    """Return a signed trust list, by default with the signatures of the first two keepers."""
    payload = wire.to_cbor(list_document(sequence, **members))
    return signed.sign(signed.TRUST_LIST, payload, keepers or (ANNA, BO))
