"""What every importer takes and gives: what the operator says of a source, and what was made and verified of it."""

from __future__ import annotations

import base64
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from pratique.errors import TrustError
from pratique.model.dates import rfc3339
from pratique.reasons import Reason
from pratique.trust.entries import Limits

if TYPE_CHECKING:
    from collections.abc import Container, Mapping
    from datetime import datetime

    from pratique.cose.certificates import Certificate
    from pratique.cose.keys import PublicKey

MAX_SOURCE_BYTES: Final = 16 * 1024 * 1024
"""The largest source read, in bytes; the largest published has 1.5 million."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instructions:
    """What the operator says of a source, because its bytes do not say it or cannot be believed.

    `at` is the time of the import, aware. `signer` must have signed the source, else it is refused; without it nobody's
    signature is checked, and the import says so. `signature` is one that came in a file of its own.

    The rest is for sources that are one issuer's keys: its identifier, its country (alpha-3), its English name, the
    format that the keys sign, the identifier of a single key, and limits. Where a network's key comes without a
    certificate, its window is that of the limits; what a network's keys may sign, acceptance narrows.
    """

    at: datetime
    signer: Certificate | PublicKey | None = None
    signature: bytes | None = None
    issuer: str | None = None
    country: str | None = None
    name: str | None = None
    format_: str | None = None
    key_id: bytes | None = None
    limits: Limits = field(default_factory=Limits)

    def expect_no_scope(self) -> None:
        """Refuse limits of kinds or targets, which a network's importer would not heed. Raises: TrustError."""
        if self.limits.kinds is not None or self.limits.targets is not None:
            raise invalid("kinds and targets are limits for one issuer's keys; narrow a network's by acceptance")


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that a person should know of one entry of a source: where it stands, its code, and what was found.

    `left_out` says whether the entry is missing from the list for it; an expired key, for one, is listed all the same.
    """

    where: str
    code: Reason
    detail: str
    left_out: bool


@dataclass(frozen=True, slots=True)
class Imported:
    """What an importer made of a source.

    `issuers` are entries as `schemas/trust-list.schema.json` has them. `verified` and `unverified` say in sentences
    what the importer proved of the source and what its reader must see to by other means.
    """

    network: str
    issuers: tuple[Mapping[str, Any], ...]
    verified: tuple[str, ...]
    unverified: tuple[str, ...]
    remarks: tuple[Remark, ...] = ()

    def counts(self) -> Mapping[Reason, int]:
        """Return how many remarks there are of each code."""
        return Counter(remark.code for remark in self.remarks)

    def of(self, key_ids: Container[bytes]) -> Imported:
        """Return the same without the keys that a network's list of those in use (`key_ids`) does not name."""
        issuers, remarks = [], list(self.remarks)
        for issuer in self.issuers:
            keys = []
            for key in issuer["keys"]:
                if base64.b64decode(key["key_id"]) in key_ids:
                    keys.append(key)
                else:
                    remarks.append(Remark(issuer["id"], Reason.IMPORT_NOT_IN_USE, key["key_id"], left_out=True))
            if keys:
                issuers.append({**issuer, "keys": keys})
        return replace(self, issuers=tuple(issuers), remarks=tuple(remarks))

    def trust_list(
        self,
        list_id: str,
        *,
        sequence: int,
        issued_at: datetime,
        next_update: datetime | None = None,
        expires_at: datetime | None = None,
    ) -> dict[str, Any]:
        """Return the JSON view of a trust list with these issuers; times are aware."""
        times = {"issued_at": issued_at, "next_update": next_update, "expires_at": expires_at}
        return {
            "id": list_id,
            "sequence": sequence,
            **{name: rfc3339(moment.replace(microsecond=0)) for name, moment in times.items() if moment is not None},
            "issuers": [dict(issuer) for issuer in self.issuers],
        }


def invalid(detail: str) -> TrustError:
    """Return the error for a source that is not what its network publishes, as a whole."""
    return TrustError(Reason.IMPORT_INVALID, detail)
