"""Which foreign issuers a verifier accepts: the facts of trust lists, and the verifier's own decision over them."""

from pratique.trust.acceptance import Acceptance, AcceptanceLine, Decision, Explanation
from pratique.trust.store import TrustStore
from pratique.trust.trust_list import (
    Scope,
    TrustedIssuer,
    TrustedKey,
    TrustList,
    Withdrawal,
    WithdrawalReason,
)

__all__ = [
    "Acceptance",
    "AcceptanceLine",
    "Decision",
    "Explanation",
    "Scope",
    "TrustList",
    "TrustStore",
    "TrustedIssuer",
    "TrustedKey",
    "Withdrawal",
    "WithdrawalReason",
]
