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
from typing import TYPE_CHECKING

from pratique import formats
from pratique.cose import algorithms
from pratique.entitlement import check_issuer
from pratique.errors import DisclosureError, PratiqueError
from pratique.freshness import NO_LIMITS, AgeLimits, Ages, Dated
from pratique.identity import check_holder
from pratique.proven import Proven
from pratique.reasons import Reason
from pratique.report import Check, Outcome, Report, Step
from pratique.revocation import NOTHING_HELD, Revocation
from pratique.status.answer import StatusPolicy
from pratique.validity import check_validity

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pratique.bundle import Bundle
    from pratique.formats import Envelope, Reader
    from pratique.mrz import TravelDocument
    from pratique.rules import RuleSet
    from pratique.sdcwt import Challenge
    from pratique.session import Session
    from pratique.trust import TrustedKey, TrustStore
    from pratique.trust.root import Root

CLOCK_SKEW = timedelta(seconds=60)  # what clocks of issuers and verifiers may differ by

_SHOWN_KEY_ID = 16  # bytes; identifiers have 8, and an unproven one can be of any length
_ORDER = tuple(Step)
_TRUST = _ORDER.index(Step.TRUST)
_READ = Check(Step.READ, Outcome.PASSED, Reason.READ)
_DECODED = Check(Step.DECODE, Outcome.PASSED, Reason.DECODED)
_KEY_FOUND = Check(Step.TRUST, Outcome.PASSED, Reason.KEY_FOUND)
_SIGNED = Check(Step.SIGNATURE, Outcome.PASSED, Reason.SIGNATURE_VALID)
_DISCLOSED = Check(Step.DISCLOSURES, Outcome.PASSED, Reason.DISCLOSURES_MATCH)
_PROVEN = (_READ, _DECODED, _KEY_FOUND, _SIGNED, _DISCLOSED)
_NO_RULES = Check(Step.RULES, Outcome.NOT_CHECKED, Reason.NO_RULES)


class Verifier:
    """Verifies codes against one trust store, offline.

    Args:
        trust: the trust lists and the acceptance; there is no default, and an empty store refuses everything.
        revocation: the status lists and the revocation lists of foreign formats that are at hand.
        list_ages: how old signed trust lists may be, and a bundle, beside the limits that they state themselves.
        bundle: what they came in, whose age counts besides; see `from_bundle`.
        clock_skew: by how much clocks may differ at either end of a validity window.
    Raises: ValueError: a negative clock skew.
    """

    def __init__(
        self,
        trust: TrustStore,
        *,
        revocation: Revocation = NOTHING_HELD,
        list_ages: AgeLimits = NO_LIMITS,
        bundle: Dated | None = None,
        clock_skew: timedelta = CLOCK_SKEW,
    ) -> None:
        if clock_skew < timedelta():
            raise ValueError("the tolerated clock skew is negative")
        self._trust = trust
        self._revocation = revocation
        self._clock_skew = clock_skew
        self._lists = {trust_list.id: trust_list.sequence for trust_list in trust.lists}
        self._ages = Ages(trust.lists, list_ages, clock_skew=clock_skew, bundle=bundle, roots=trust.roots)

    @classmethod
    def from_bundle(
        cls,
        path: Path | str,
        *,
        root: Root,
        ages: AgeLimits = NO_LIMITS,
        policy: StatusPolicy = StatusPolicy(),  # noqa: B008 - immutable
        clock_skew: timedelta = CLOCK_SKEW,
    ) -> Verifier:
        """Return the verifier that a border bundle makes: its lists, its acceptance, its revocations.

        Args:
            path: the file.
            root: the pinned root, which must vouch for the bundle.
            ages: how old the bundle and its trust lists may be, beside the limits that they state themselves.
            policy: how old its status lists may be.
            clock_skew: as above.
        Raises: TrustError: the file cannot be read, is not vouched for, or has a part that cannot be used.
        Not checked: whether a newer bundle was seen; `pratique.bundle_folder` remembers that.
        """
        from pratique.bundle import Bundle  # noqa: PLC0415 - not every verifier has one

        return cls.of_bundle(Bundle.load(path, root), ages=ages, policy=policy, clock_skew=clock_skew)

    @classmethod
    def of_bundle(
        cls,
        bundle: Bundle,
        *,
        ages: AgeLimits = NO_LIMITS,
        policy: StatusPolicy = StatusPolicy(),  # noqa: B008 - immutable
        clock_skew: timedelta = CLOCK_SKEW,
    ) -> Verifier:
        """Return the verifier that a bundle makes that was read already; as `from_bundle`."""
        held = bundle.held(policy=policy)
        return cls(bundle.trust(), revocation=held, list_ages=ages, bundle=bundle, clock_skew=clock_skew)

    def __repr__(self) -> str:
        return f"Verifier(lists={sorted(self._lists)!r})"

    def verify(  # noqa: PLR0913 - one for each thing that a desk may have
        self,
        text: str,
        *,
        at: datetime,
        document: TravelDocument | None = None,
        compared_by_eye: bool = False,
        challenge: Challenge | None = None,
        rules: RuleSet | None = None,
    ) -> Report:
        """Return the report on one code.

        Args:
            text: what the scanner read.
            at: the time for which the answer holds, aware; days are counted in its zone.
            document: the travel document in the officer's hand, to check that the credential is its holder's.
            compared_by_eye: the officer has compared the name and birth date shown with a document that no machine
                reads, and they are the same. It has no effect where a document is given.
            challenge: what the holder's phone was asked to sign: audience, nonce, age.
            rules: what the destination asks; days are counted in the zone that they state.
        Raises: TypeError: a naive time, or a text that is none. Whatever the text is, it raises nothing else: the
            report says it.
        """
        return self._examine(text, at, document, challenge, rules, compared_by_eye=compared_by_eye)[0]

    def _examine(  # noqa: PLR0913 - as `verify`
        self,
        text: str,
        at: datetime,
        document: TravelDocument | None,
        challenge: Challenge | None,
        rules: RuleSet | None = None,
        *,
        compared_by_eye: bool,
    ) -> tuple[Report, Proven | None]:
        """Take all steps, and return the report, and what was proven where the signature holds."""
        if not isinstance(text, str):
            raise TypeError("the text of a code is a str")
        local = at
        if at.tzinfo is not UTC:
            if at.utcoffset() is None:
                raise TypeError("the time of a verification must be aware")
            at = at.astimezone(UTC)
        try:  # 1 read
            reader, text = formats.recognise(text)
        except PratiqueError as error:
            return self._stopped(None, at, (), error), None
        try:  # 2 decode
            envelope = reader.envelope(text)
        except PratiqueError as error:
            return self._stopped(reader.format, at, (_READ,), error), None
        are_fresh = self._ages.begins <= at < self._ages.until
        proven, checks = self._prove(reader, envelope, at, are_fresh=are_fresh)  # 2 to 5
        if proven is None:
            return self._report(envelope.formats[0], at, _filled(checks)), None
        credential = proven.credential
        validity = check_validity(credential, at, local, clock_skew=self._clock_skew)  # 6
        entitled, key = check_issuer(proven, self._trust, at)  # 7
        if not are_fresh:
            checks = *checks[:_TRUST], self._ages.check(key.issuer.trust_list, at), *checks[_TRUST + 1 :]
        revoked = self._revocation.check(proven, key, self._trust, at)  # 8
        bound = check_holder(credential, document, compared_by_eye=compared_by_eye, challenge=challenge, at=at)  # 9
        ruled, judgement = _NO_RULES, None
        if rules is not None:  # 10
            from pratique.ruling import check_rules  # noqa: PLC0415 - not every desk has rules

            ruled, judgement = check_rules(rules, [(proven, key.issuer)], at)
        checks = (*checks, validity, entitled, revoked, bound, ruled)
        return Report(credential.format, checks, at, credential, key.issuer, self._lists.copy(), judgement), proven

    def session(
        self,
        *,
        at: datetime,
        document: TravelDocument | None = None,
        compared_by_eye: bool = False,
        challenge: Challenge | None = None,
        rules: RuleSet | None = None,
    ) -> Session:
        """Return a session for the codes of one traveller; the arguments are those of `verify`.

        Rules are judged over all of them together.
        """
        from pratique.session import Session  # noqa: PLC0415 - most see one code at a time

        examine = partial(self._examine, at=at, document=document, compared_by_eye=compared_by_eye, challenge=challenge)
        return Session(examine, with_document=document is not None, rules=rules, at=at)

    def _prove(
        self, reader: Reader, envelope: Envelope, at: datetime, *, are_fresh: bool
    ) -> tuple[Proven | None, tuple[Check, ...]]:
        """Take steps 2 to 5; return what they prove, nothing where one fails, and the checks of steps 1 to 5.

        `are_fresh` says whether every trust list counts at this time.
        """
        candidates = self._candidates(envelope, at, are_fresh=are_fresh)
        if isinstance(candidates, Check):
            return None, (_READ, _DECODED, candidates)
        keys, error = _verifying(candidates, envelope)
        if not keys:
            return None, (_READ, _DECODED, _KEY_FOUND, _failed(Step.SIGNATURE, *error))
        try:
            credential = envelope.read()
        except DisclosureError as fault:
            unmatched = _failed(Step.DISCLOSURES, fault.code, fault.detail)
            return None, (_READ, _DECODED, _KEY_FOUND, _SIGNED, unmatched)
        except PratiqueError as fault:
            return None, (_READ, _failed(Step.DECODE, fault.code, fault.detail), _KEY_FOUND, _SIGNED)
        if not credential.deviations:
            return Proven(reader, envelope, keys, credential), _PROVEN
        detail = f"at {', '.join(credential.deviations)}"
        departs = Check(Step.DECODE, Outcome.INCONCLUSIVE, Reason.CONTENT_DEVIATES, detail)
        return Proven(reader, envelope, keys, credential), (_READ, departs, *_PROVEN[2:])

    def _candidates(self, envelope: Envelope, at: datetime, *, are_fresh: bool) -> Sequence[TrustedKey] | Check:
        """Return the keys that may have signed, or why there is none: no list has one, or the list is too old."""
        first, *others = envelope.formats
        candidates = self._trust.keys_for(first, envelope.key_id)
        for name in others:
            found = self._trust.keys_for(name, envelope.key_id)
            candidates += tuple([key for key in found if key not in candidates])  # it may be listed for several formats
        if not candidates:
            key_id = envelope.key_id[:_SHOWN_KEY_ID].hex() or "absent"
            return _failed(Step.TRUST, Reason.KEY_UNKNOWN, f"key identifier {key_id}")
        if are_fresh:
            return candidates
        return self._ages.freshest(candidates, at) or self._ages.check(candidates[0].issuer.trust_list, at)

    def _stopped(self, format_: str | None, at: datetime, checks: tuple[Check, ...], error: PratiqueError) -> Report:
        return self._report(format_, at, _filled((*checks, _failed(_ORDER[len(checks)], error.code, error.detail))))

    def _report(self, format_: str | None, at: datetime, checks: Sequence[Check]) -> Report:
        """Return the report of a code of which nothing is proven."""
        return Report(format=format_, checks=tuple(checks), at=at, lists=self._lists.copy())


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
            held = holds.get(key.encoded)
            if held is None:
                held = holds[key.encoded] = algorithms.verify(
                    envelope.algorithm, key, envelope.signature, envelope.to_be_signed
                )
            if held:
                verifying.append(candidate)
        except PratiqueError as fault:  # a key that cannot be parsed, or does not fit the algorithm
            error = (fault.code, fault.detail)
    return tuple(verifying), (Reason.SIGNATURE_INVALID, "") if holds else error


def _failed(step: Step, code: Reason, detail: str = "") -> Check:
    return Check(step, Outcome.FAILED, code, detail)


def _filled(checks: Sequence[Check]) -> list[Check]:
    """Return the checks with every step after them marked as not reached."""
    rest = _ORDER[len(checks) :]
    return [*checks, *(Check(step, Outcome.NOT_CHECKED, Reason.NOT_REACHED) for step in rest)]
