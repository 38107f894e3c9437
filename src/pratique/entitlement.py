"""Step 7, whether the key was entitled to sign a credential, and whether its issuer is accepted for it."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final

from pratique.errors import PratiqueError
from pratique.model.dates import rfc3339
from pratique.reasons import Reason
from pratique.report import Check, Outcome, Step
from pratique.trust import Decision

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from pratique.formats import Reader
    from pratique.model import Credential
    from pratique.proven import Proven
    from pratique.trust import Acceptance, TrustedKey, TrustStore

_REMEMBERED: Final = 4096  # questions that were answered with yes; an issuer asks two or three a day
_SHOWN_ID: Final = 255  # characters of an issuer's identifier; a card may state one of any length
_FEW_FACTS: Final = 16  # of a question that is remembered; a card may have hundreds

_ENTITLED: Final = Check(Step.ISSUER, Outcome.PASSED, Reason.ISSUER_ENTITLED)


def check_issuer(proven: Proven, trust: TrustStore, at: datetime) -> tuple[Check, TrustedKey]:
    """Return the answer that counts, with the key that it is about.

    The same key may be listed for several issuers, and an issuer may stand on several lists. That a key leaked, and a
    refusal by name, count for whatever the key signed; else one entitled issuer is enough, and of several the first
    that publishes the status list which the credential names.

    Args:
        proven: the code, and every key that verifies it.
        trust: has the verifier's own decision, and knows which keys leaked, on whatever list.
        at: the time of the verification, UTC.
    """
    if trust.acceptance.deny:
        for key in _on_lists_too_old(proven, trust):
            check = _entitlement(proven.credential, key, proven.reader, trust, at)
            if check.code is Reason.ISSUER_DENIED:
                return check, key
    if len(proven.keys) == 1:
        (key,) = proven.keys
        return _entitlement(proven.credential, key, proven.reader, trust, at), key
    answers = [(_entitlement(proven.credential, key, proven.reader, trust, at), key) for key in proven.keys]
    return min(answers, key=partial(_precedence, proven.credential))


def _on_lists_too_old(proven: Proven, trust: TrustStore) -> Iterator[TrustedKey]:
    """Yield the entries of the same key that prove nothing any more: whom they name can be refused all the same."""
    own = {key.key for key in proven.keys}
    for format_ in proven.envelope.formats:
        for key in trust.keys_for(format_, proven.envelope.key_id):
            if key not in proven.keys:
                with suppress(PratiqueError):  # it cannot be read
                    if key.key in own:
                        yield key


def _precedence(credential: Credential, answer: tuple[Check, TrustedKey]) -> tuple[int, bool]:
    """Return the rank of an answer among those for several keys; the lowest counts."""
    check, key = answer
    status = credential.status
    return _rank(check), status is not None and not key.issuer.publishes(status.uri)


def _rank(check: Check) -> int:
    if check.code in (Reason.KEY_COMPROMISED, Reason.ISSUER_DENIED):
        return 0
    if check.outcome is not Outcome.FAILED:
        return 1 if check.code is Reason.ISSUER_ENTITLED else 2
    return 4 if check.code is Reason.ISSUER_MISMATCH else 3


def _entitlement(credential: Credential, key: TrustedKey, reader: Reader, trust: TrustStore, at: datetime) -> Check:
    """Return whether one key was entitled to sign a credential, and whether its issuer is accepted for it."""
    # All that the answer hangs on, but for the window: lists and acceptance do not change, and acceptance counts whole
    # days in UTC.
    question = key, credential.format, credential.issuer, credential.kinds, at.toordinal()
    if question in trust.entitled:
        return _outside_window(credential, key, reader, at) or _ENTITLED
    check = (
        _leaked(key, trust)
        or _not_this_key(credential, key)
        or _outside_window(credential, key, reader, at)
        or _outside_scope(credential, key, trust.acceptance, at)
        or _of_another_state(credential, key, reader)
        or _superseded(key)
        or _ENTITLED
    )
    if check is _ENTITLED and len(credential.kinds) <= _FEW_FACTS:
        if len(trust.entitled) >= _REMEMBERED:
            trust.entitled.clear()
        trust.entitled.add(question)
    return check


def _leaked(key: TrustedKey, trust: TrustStore) -> Check | None:
    leak = trust.leak_of(key)
    if leak is None or leak.withdrawn is None:
        return None
    elsewhere = leak.issuer.trust_list != key.issuer.trust_list
    by = f", as list {leak.issuer.trust_list} says" if elsewhere else ""
    return _failed(Reason.KEY_COMPROMISED, f"withdrawn {rfc3339(leak.withdrawn.at)}{by}")


def _not_this_key(credential: Credential, key: TrustedKey) -> Check | None:
    """Return why a key does not count for this format or issuer."""
    if credential.format not in key.formats:
        return _failed(Reason.KEY_FORMAT, f"{credential.format} by a key for {', '.join(sorted(key.formats))}")
    if credential.issuer.id not in (None, key.issuer.id):
        stated = str(credential.issuer.id)[:_SHOWN_ID]
        return _failed(Reason.ISSUER_MISMATCH, f"the credential names {stated}, the key is of {key.issuer.id}")
    return None


def _outside_window(credential: Credential, key: TrustedKey, reader: Reader, at: datetime) -> Check | None:
    """Return why a key's window does not cover the time of issue, or that of verification where the format asks so.

    A superseded key vouches for what was issued before, for its owner is still trusted with the time of issue; where a
    credential states none, it is judged as if it were issued now.
    """
    withdrawn = key.withdrawn
    stated = credential.validity.issued_at
    moment = at if stated is None or reader.key_valid_throughout else stated
    begins = key.not_before
    if begins > at or (begins > moment and begins - moment > reader.issued_within):
        return _failed(Reason.KEY_NOT_YET_VALID, f"from {rfc3339(begins)}")
    if moment > key.not_after:
        return _failed(Reason.KEY_EXPIRED, f"until {rfc3339(key.not_after)}")
    if withdrawn is not None and withdrawn.voids(at if stated is None else stated):
        return _failed(Reason.KEY_SUPERSEDED, f"superseded {rfc3339(withdrawn.at)}")
    return None


def _outside_scope(credential: Credential, key: TrustedKey, acceptance: Acceptance, at: datetime) -> Check | None:
    """Return why key, issuer or acceptance do not cover every fact, or nothing."""
    if not credential.kinds:  # then nothing would be asked of any of them
        return _failed(Reason.NO_FACT)
    for kind, target in credential.kinds:
        if not key.scope.covers(kind, target):
            return _failed(Reason.KEY_SCOPE, f"{kind} by a key for {key.scope}")
        if not key.issuer.scope.covers(kind, target):
            return _failed(Reason.ISSUER_SCOPE, f"{kind} by an issuer for {key.issuer.scope}")
        decision = acceptance.decide(key.issuer, credential.format, kind, target, at)
        if decision is not Decision.ACCEPTED:
            detail = f"{key.issuer.id}, {key.issuer.country}, {credential.format}"
            return _failed(decision.value, detail)
    return None


def _of_another_state(credential: Credential, key: TrustedKey, reader: Reader) -> Check | None:
    """Return that the credential states another country than its issuer's; in some formats states sign for others."""
    stated, owner = credential.issuer.country, key.issuer.country
    if stated is None or stated == owner:
        return None
    outcome = Outcome.FAILED if reader.own_state_only else Outcome.INCONCLUSIVE
    detail = f"the credential states {stated}, the key is of {owner}"
    return Check(Step.ISSUER, outcome, Reason.ISSUER_MISMATCH, detail)


def _superseded(key: TrustedKey) -> Check | None:
    """Return that the key was entitled when it signed, and is used no more."""
    if key.withdrawn is None:
        return None
    detail = f"its key was superseded {rfc3339(key.withdrawn.at)}, and it was issued before"
    return Check(Step.ISSUER, Outcome.PASSED, Reason.ISSUER_ENTITLED, detail)


def _failed(code: Reason, detail: str = "") -> Check:
    return Check(Step.ISSUER, Outcome.FAILED, code, detail)
