"""The verification of a code: ten steps, in this order.

    1  read         which format is the text?
    2  decode       is it well formed, within every limit?
    3  trust        is there a key for it in the trust store?
    4  signature    does one of those keys verify the bytes that arrived?
    5  disclosures  does every disclosure match a hash, and none twice?
    6  validity     is now within its time, with the tolerated clock skew?
    7  issuer       was the key entitled to sign this, and is the issuer accepted for it?
    8  status       is it revoked?
    9  binding      is it this traveller's?
    10 rules        do the destination's entry rules hold?

Steps 1 to 5 each need the one before. From there on the content is proven, and every step that remains is taken, so
that the report names all that is wrong. Nobody is called: all that is asked is in the trust store.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from pratique import formats
from pratique.cose import algorithms
from pratique.errors import DisclosureError, PratiqueError
from pratique.identity import check_holder
from pratique.model.dates import rfc3339
from pratique.reasons import Reason
from pratique.report import Check, Outcome, Report, Step
from pratique.trust import Decision, TrustedKey, TrustStore
from pratique.validity import check_validity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pratique.formats import Envelope, Reader
    from pratique.model import Credential
    from pratique.mrz import TravelDocument
    from pratique.session import Session

CLOCK_SKEW = timedelta(seconds=60)  # what clocks of issuers and verifiers may differ by

_SHOWN_KEY_ID = 16  # bytes; identifiers have 8, and an unproven one can be of any length
_ORDER = tuple(Step)
_READ = Check(Step.READ, Outcome.PASSED, Reason.READ)
_DECODED = Check(Step.DECODE, Outcome.PASSED, Reason.DECODED)
_KEY_FOUND = Check(Step.TRUST, Outcome.PASSED, Reason.KEY_FOUND)
_SIGNED = Check(Step.SIGNATURE, Outcome.PASSED, Reason.SIGNATURE_VALID)
_DISCLOSED = Check(Step.DISCLOSURES, Outcome.PASSED, Reason.DISCLOSURES_MATCH)
_ENTITLED = Check(Step.ISSUER, Outcome.PASSED, Reason.ISSUER_ENTITLED)
_NO_STATUS = Check(Step.STATUS, Outcome.NOT_CHECKED, Reason.STATUS_NOT_IN_USE)
_NO_RULES = Check(Step.RULES, Outcome.NOT_CHECKED, Reason.NO_RULES)


class _Proven(NamedTuple):
    """A code whose signature holds: the keys that verify it, most often one, and what it says."""

    keys: tuple[TrustedKey, ...]
    credential: Credential


class Verifier:
    """Verifies codes against one trust store, offline.

    Args:
        trust: the trust lists and the acceptance; there is no default, and an empty store refuses everything.
        clock_skew: by how much clocks may differ at either end of a validity window.
    Raises: ValueError: a negative clock skew.
    """

    def __init__(self, trust: TrustStore, *, clock_skew: timedelta = CLOCK_SKEW) -> None:
        if clock_skew < timedelta():
            raise ValueError("the tolerated clock skew is negative")
        self._trust = trust
        self._clock_skew = clock_skew
        self._lists = {trust_list.id: trust_list.sequence for trust_list in trust.lists}

    def __repr__(self) -> str:
        return f"Verifier(lists={sorted(self._lists)!r})"

    def verify(
        self,
        text: str,
        *,
        at: datetime,
        document: TravelDocument | None = None,
        compared_by_eye: bool = False,
    ) -> Report:
        """Return the report on one code.

        Args:
            text: what the scanner read.
            at: the time for which the answer holds, aware; days are counted in its zone.
            document: the travel document in the officer's hand, to check that the credential is its holder's.
            compared_by_eye: the officer has compared the name and birth date shown with a document that no machine
                reads, and they are the same. It has no effect where a document is given.
        Raises: TypeError: a naive time, or a text that is none. Whatever the text is, it raises nothing else: the
            report says it.
        """
        if not isinstance(text, str):
            raise TypeError("the text of a code is a str")
        if at.utcoffset() is None:
            raise TypeError("the time of a verification must be aware")
        today = at.date()
        at = at.astimezone(UTC)
        checks: list[Check] = []
        try:  # 1 read
            reader, text = formats.recognise(text)
        except PratiqueError as error:
            return self._stopped(None, at, checks, error)
        checks.append(_READ)
        try:  # 2 decode
            envelope = reader.envelope(text)
        except PratiqueError as error:
            return self._stopped(reader, at, checks, error)
        proven = self._prove(envelope, checks)  # 2 to 5
        if proven is None:
            return self._report(envelope.formats[0], at, _filled(checks))
        credential = proven.credential
        checks.append(check_validity(credential, at, today, clock_skew=self._clock_skew))  # 6
        issuer_check, key = self._issuer(proven, reader, at)  # 7
        checks.append(issuer_check)
        checks.append(_status(credential))  # 8
        checks.append(check_holder(credential, document, compared_by_eye=compared_by_eye))  # 9
        checks.append(_NO_RULES)  # 10
        return self._report(credential.format, at, checks, credential, key)

    def session(
        self, *, at: datetime, document: TravelDocument | None = None, compared_by_eye: bool = False
    ) -> Session:
        """Return a session for the codes of one traveller; the arguments are those of `verify`."""
        from pratique.session import Session  # noqa: PLC0415 - most see one code at a time

        verify = partial(self.verify, at=at, document=document, compared_by_eye=compared_by_eye)
        return Session(verify, with_document=document is not None)

    def _prove(self, envelope: Envelope, checks: list[Check]) -> _Proven | None:
        """Take steps 2 to 5, and return what they prove, or nothing where one fails."""
        candidates: list[TrustedKey] = []
        for name in envelope.formats:
            for key in self._trust.keys_for(name, envelope.key_id):
                if key not in candidates:  # it may be listed for several of the formats
                    candidates.append(key)
        if not candidates:
            checks += (
                _DECODED,
                _failed(
                    Step.TRUST,
                    Reason.KEY_UNKNOWN,
                    f"key identifier {envelope.key_id[:_SHOWN_KEY_ID].hex() or 'absent'}",
                ),
            )
            return None
        keys, error = _verifying(candidates, envelope)
        if not keys:
            checks += (_DECODED, _KEY_FOUND, _failed(Step.SIGNATURE, *error))
            return None
        try:
            credential = envelope.read()
        except DisclosureError as fault:
            checks += (_DECODED, _KEY_FOUND, _SIGNED, _failed(Step.DISCLOSURES, fault.code, fault.detail))
            return None
        except PratiqueError as fault:
            checks.append(_failed(Step.DECODE, fault.code, fault.detail))
            checks += (_KEY_FOUND, _SIGNED)
            return None
        if credential.deviations:
            detail = f"at {', '.join(credential.deviations)}"
            checks.append(Check(Step.DECODE, Outcome.INCONCLUSIVE, Reason.CONTENT_DEVIATES, detail))
        else:
            checks.append(_DECODED)
        checks += (_KEY_FOUND, _SIGNED, _DISCLOSED)
        return _Proven(keys, credential)

    def _issuer(self, proven: _Proven, reader: Reader, at: datetime) -> tuple[Check, TrustedKey]:
        """Take step 7 for every key that verifies, and return the answer that counts with the key that it is about.

        The same key may be listed for several issuers. A refusal by name counts for whatever the key signed; else one
        entitled issuer is enough.
        """
        answers = [(self._entitlement(proven.credential, key, reader, at), key) for key in proven.keys]
        return answers[0] if len(answers) == 1 else min(answers, key=_precedence)

    def _entitlement(self, credential: Credential, key: TrustedKey, reader: Reader, at: datetime) -> Check:
        """Return whether a key was entitled to sign a credential, and whether its issuer is accepted for it."""
        stated, owner = credential.issuer, key.issuer
        if credential.format not in key.formats:
            detail = f"{credential.format} by a key for {', '.join(sorted(key.formats))}"
            return _failed(Step.ISSUER, Reason.KEY_FORMAT, detail)
        if stated.id is not None and stated.id != owner.id:
            return _failed(Step.ISSUER, Reason.ISSUER_MISMATCH, f"the key is of {owner.id}")
        if refusal := _outside_window(credential, key, reader, at) or self._outside_scope(credential, key, at):
            return refusal
        if stated.country is not None and stated.country != owner.country:  # one state may sign for another
            detail = f"the credential states {stated.country}, the key is of {owner.country}"
            outcome = Outcome.FAILED if reader.own_state_only else Outcome.INCONCLUSIVE
            return Check(Step.ISSUER, outcome, Reason.ISSUER_MISMATCH, detail)
        return _ENTITLED

    def _outside_scope(self, credential: Credential, key: TrustedKey, at: datetime) -> Check | None:
        """Return why key, issuer or acceptance do not cover every fact, or nothing."""
        if not credential.kinds:  # then nothing would be asked of any of them
            return _failed(Step.ISSUER, Reason.ISSUER_NOT_ACCEPTED, "the credential states no fact")
        for kind, target in credential.kinds:
            if not key.scope.covers(kind, target):
                return _failed(Step.ISSUER, Reason.KEY_SCOPE, f"{kind} by a key for {key.scope}")
            if not key.issuer.scope.covers(kind, target):
                return _failed(Step.ISSUER, Reason.ISSUER_SCOPE, f"{kind} by an issuer for {key.issuer.scope}")
            decision = self._trust.acceptance.decide(key.issuer, credential.format, kind, target, at)
            if decision is not Decision.ACCEPTED:
                detail = f"{key.issuer.id}, {key.issuer.country}, {credential.format}"
                return _failed(Step.ISSUER, decision.value, detail)
        return None

    def _stopped(self, reader: Reader | None, at: datetime, checks: list[Check], error: PratiqueError) -> Report:
        checks.append(_failed(_ORDER[len(checks)], error.code, error.detail))
        return self._report(None if reader is None else reader.format, at, _filled(checks))

    def _report(
        self,
        format_: str | None,
        at: datetime,
        checks: Sequence[Check],
        credential: Credential | None = None,
        key: TrustedKey | None = None,
    ) -> Report:
        return Report(
            format=format_,
            checks=tuple(checks),
            at=at,
            credential=credential,
            issuer=None if key is None else key.issuer,
            lists=self._lists.copy(),
        )


def _verifying(
    candidates: Sequence[TrustedKey], envelope: Envelope
) -> tuple[tuple[TrustedKey, ...], tuple[Reason, str]]:
    """Return the candidates whose key verifies the envelope; where there is none, the reason too.

    A candidate that cannot be tried, because it is broken or of another type, is the reason only where none could be.
    """
    verifying: list[TrustedKey] = []
    holds: dict[bytes, bool] = {}  # issuers on one platform share a key: it is tried once
    error = (Reason.SIGNATURE_INVALID, "")
    for candidate in candidates:
        try:
            key = envelope.signer(candidate.key)
            if key.encoded not in holds:
                holds[key.encoded] = algorithms.verify(
                    envelope.algorithm, key, envelope.signature, envelope.to_be_signed
                )
            if holds[key.encoded]:
                verifying.append(candidate)
        except PratiqueError as fault:  # a key that cannot be parsed, or does not fit the algorithm
            error = (fault.code, fault.detail)
    return tuple(verifying), (Reason.SIGNATURE_INVALID, "") if holds else error


def _outside_window(credential: Credential, key: TrustedKey, reader: Reader, at: datetime) -> Check | None:
    """Return why a key's window does not cover the time of issue, or that of verification where the format asks so."""
    issued_at = None if reader.key_valid_throughout else credential.validity.issued_at
    moment = at if issued_at is None else issued_at
    if key.not_before > at or key.not_before - moment > reader.issued_within:
        return _failed(Step.ISSUER, Reason.KEY_NOT_YET_VALID, f"from {rfc3339(key.not_before)}")
    if moment > key.not_after:
        return _failed(Step.ISSUER, Reason.KEY_EXPIRED, f"until {rfc3339(key.not_after)}")
    return None


def _precedence(answer: tuple[Check, TrustedKey]) -> int:
    """Return the rank of an answer of step 7 among those for several keys; the lowest counts."""
    check, _ = answer
    if check.code is Reason.ISSUER_DENIED:
        return 0
    if check.outcome is not Outcome.FAILED:
        return 1 if check is _ENTITLED else 2
    return 4 if check.code is Reason.ISSUER_MISMATCH else 3


def _failed(step: Step, code: Reason, detail: str = "") -> Check:
    return Check(step, Outcome.FAILED, code, detail)


def _filled(checks: Sequence[Check]) -> list[Check]:
    """Return the checks with every step after them marked as not reached."""
    rest = _ORDER[len(checks) :]
    return [*checks, *(Check(step, Outcome.NOT_CHECKED, Reason.NOT_REACHED) for step in rest)]


def _status(credential: Credential) -> Check:
    """Take step 8: where the credential names a list, it is not at hand yet, and that is said, not passed over."""
    if credential.status is None:
        return _NO_STATUS
    return Check(Step.STATUS, Outcome.INCONCLUSIVE, Reason.STATUS_UNAVAILABLE, credential.status.uri)
