"""Step 8, whether a credential was revoked, by what the verifier holds: status lists, and those of foreign formats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from pratique.reasons import Reason
from pratique.report import Check, Outcome, Step
from pratique.status.answer import StatusPolicy

if TYPE_CHECKING:
    from datetime import datetime

    from pratique.model import StatusReference
    from pratique.proven import Proven
    from pratique.status.foreign import ForeignRevocation
    from pratique.status.store import StatusStore
    from pratique.trust import TrustedKey, TrustStore

_NO_STATUS: Final = Check(Step.STATUS, Outcome.NOT_CHECKED, Reason.STATUS_NOT_IN_USE)
_OUTCOMES: Final = {
    Reason.STATUS_VALID: Outcome.PASSED,
    Reason.STATUS_DUE: Outcome.PASSED,
    Reason.STATUS_NOT_LISTED: Outcome.PASSED,
    Reason.STATUS_NOT_HELD: Outcome.NOT_CHECKED,
    Reason.STATUS_REVOKED: Outcome.FAILED,
    Reason.STATUS_SUSPENDED: Outcome.FAILED,
}
"""What an answer comes to; all others are inconclusive. A list that is too old counts as one that is not there."""


class Revocation(NamedTuple):
    """What a verifier holds of revocations; each part may be absent.

    `statuses` are Token Status Lists, `policy` says how old they may be, `foreign` the lists of other formats.
    """

    statuses: StatusStore | None = None
    policy: StatusPolicy = StatusPolicy()
    foreign: ForeignRevocation | None = None

    def check(self, proven: Proven, key: TrustedKey, trust: TrustStore, at: datetime) -> Check:
        """Return whether a proven credential was revoked.

        Args:
            proven: the code, and every key that verifies it.
            key: the one that step 7 was decided by.
            trust: has the keys that sign status lists.
            at: the time of the verification, UTC.
        """
        credential = proven.credential
        if credential.status is not None:
            return self._status(credential.status, key, trust, at)
        if self.foreign is None or not self.foreign.concern(credential.format):
            return _NO_STATUS
        answer = self.foreign.answer(proven.envelope.revocation_identifiers(), proven.keys, at=at)
        return _check(answer.code, answer.detail)

    def _status(self, reference: StatusReference, key: TrustedKey, trust: TrustStore, at: datetime) -> Check:
        if self.statuses is None:
            return _check(Reason.STATUS_UNAVAILABLE, reference.uri)
        answer = self.statuses.status(reference, issuer=key.issuer, keys=trust, at=at, policy=self.policy)
        if answer.code is Reason.STATUS_VALID and answer.is_due:
            return _check(Reason.STATUS_DUE, answer.detail)
        return _check(answer.code, answer.detail)


NOTHING_HELD: Final = Revocation()


def _check(code: Reason, detail: str) -> Check:
    return Check(Step.STATUS, _OUTCOMES.get(code, Outcome.INCONCLUSIVE), code, detail)
