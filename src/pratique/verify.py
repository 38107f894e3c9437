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
from pratique.errors import DisclosureError, PratiqueError, SignatureError, TrustError
from pratique.freshness import NO_LIMITS, AgeLimits, Ages, Dated
from pratique.identity import check_document, check_holder
from pratique.proven import Proven
from pratique.reasons import Reason
from pratique.report import Check, Outcome, Report, Step
from pratique.revocation import NOTHING_HELD, Revocation
from pratique.status.answer import StatusPolicy
from pratique.validity import check_validity

if TYPE_CHECKING:
    from pathlib import Path

    from pratique.bundle import Bundle
    from pratique.formats import Envelope
    from pratique.mrz import TravelDocument
    from pratique.rules import RuleSet
    from pratique.sdcwt import Challenge
    from pratique.session import Session
    from pratique.trust import TrustedKey, TrustStore
    from pratique.trust.root import Root

CLOCK_SKEW = timedelta(seconds=60)  # what clocks of issuers and verifiers may differ by

_SHOWN_KEY_ID = 16  # bytes; identifiers have 8, and an unproven one can be of any length
_ORDER = tuple(Step)
_READ = Check(Step.READ, Outcome.PASSED, Reason.READ)
_DECODED = Check(Step.DECODE, Outcome.PASSED, Reason.DECODED)
_KEY_FOUND = Check(Step.TRUST, Outcome.PASSED, Reason.KEY_FOUND)
_SIGNED = Check(Step.SIGNATURE, Outcome.PASSED, Reason.SIGNATURE_VALID)
_DISCLOSED = Check(Step.DISCLOSURES, Outcome.PASSED, Reason.DISCLOSURES_MATCH)
_PROVEN = (_READ, _DECODED, _KEY_FOUND, _SIGNED, _DISCLOSED)
_new = tuple.__new__  # what a named tuple's constructor, which is Python, comes to
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
        Raises: TypeError: a naive time; a text, time or document of another type. Whatever the text is, it raises
            nothing: the report says it.
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
        if not isinstance(at, datetime):
            raise TypeError("the time of a verification is a datetime")
        if document is not None:
            check_document(document)
        local = at
        if at.tzinfo is not UTC:
            if at.utcoffset() is None:
                raise TypeError("the time of a verification must be aware")
            at = at.astimezone(UTC)
        are_fresh = self._ages.begins <= at < self._ages.until
        format_, passed = None, 0
        try:
            reader, text = formats.recognise(text)  # 1 read
            format_, passed = reader.format, 1
            envelope = reader.envelope(text)  # 2 decode
            format_, passed = envelope.formats[0], 2
            candidates = self._trust.candidates(envelope.formats, envelope.key_id)  # 3 trust
            if not (candidates and are_fresh):
                candidates = self._fresh(candidates, envelope, at)
            passed = 3
            keys = _verifying(candidates, envelope)  # 4 signature
            passed = 4
            credential = envelope.read()  # 5 disclosures
        except PratiqueError as error:
            return self._stopped(format_, at, passed, error), None
        proven = _new(Proven, (reader, envelope, keys, credential))
        validity = check_validity(credential, at, local, clock_skew=self._clock_skew)  # 6
        entitled, key = check_issuer(proven, self._trust, at)  # 7
        revoked = self._revocation.check(proven, key, self._trust, at)  # 8
        bound = check_holder(credential, document, compared_by_eye=compared_by_eye, challenge=challenge, at=at)  # 9
        ruled, judgement = _NO_RULES, None
        if rules is not None:  # 10
            from pratique.ruling import check_rules  # noqa: PLC0415 - not every desk has rules

            ruled, judgement = check_rules(rules, [(proven, key.issuer)], at)
        decoded = _departs(credential.deviations) if credential.deviations else _DECODED
        found = _KEY_FOUND if are_fresh else self._ages.check(key.issuer.trust_list, at)
        checks = (_READ, decoded, found, _SIGNED, _DISCLOSED, validity, entitled, revoked, bound, ruled)
        report = (credential.format, checks, at, credential, key.issuer, self._lists.copy(), judgement)
        return _new(Report, report), proven

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

    def _fresh(self, candidates: tuple[TrustedKey, ...], envelope: Envelope, at: datetime) -> tuple[TrustedKey, ...]:
        """Return the keys that may have signed and whose lists still count. Raises: TrustError: there is none."""
        if not candidates:
            key_id = envelope.key_id[:_SHOWN_KEY_ID].hex() or "absent"
            raise TrustError(Reason.KEY_UNKNOWN, f"key identifier {key_id}")
        fresh = self._ages.freshest(candidates, at)
        if not fresh:
            void = self._ages.check(candidates[0].issuer.trust_list, at)
            raise TrustError(void.code, void.detail)
        return tuple(fresh)

    def _stopped(self, format_: str | None, at: datetime, passed: int, error: PratiqueError) -> Report:
        """Return the report of a code of which nothing is proven, since the step after those that passed did not."""
        step = _ORDER[passed]
        checks = [*_PROVEN[:passed], Check(step, Outcome.FAILED, error.code, error.detail)]
        if step is Step.DISCLOSURES and not isinstance(error, DisclosureError):  # what was signed is not well formed
            checks = [_READ, Check(Step.DECODE, Outcome.FAILED, error.code, error.detail), _KEY_FOUND, _SIGNED]
        checks += [Check(step, Outcome.NOT_CHECKED, Reason.NOT_REACHED) for step in _ORDER[len(checks) :]]
        return Report(format=format_, checks=tuple(checks), at=at, lists=self._lists.copy())


def _verifying(candidates: tuple[TrustedKey, ...], envelope: Envelope) -> tuple[TrustedKey, ...]:
    """Return the candidates whose key verifies the envelope.

    Raises: PratiqueError: there is none. That one cannot be tried, because it is broken or of another type, is the
    reason only where none could be.
    """
    if len(candidates) == 1:
        key = envelope.signer(candidates[0].key)
        if algorithms.verify(envelope.algorithm, key, envelope.signature, envelope.to_be_signed):
            return candidates
        raise SignatureError(Reason.SIGNATURE_INVALID)
    verifying: list[TrustedKey] = []
    holds: dict[bytes, bool] = {}  # issuers on one platform share a key: it is tried once
    error: PratiqueError | None = None
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
            error = fault
    if not verifying:
        raise error if error is not None and not holds else SignatureError(Reason.SIGNATURE_INVALID)
    return tuple(verifying)


def _departs(deviations: tuple[str, ...]) -> Check:
    """Return that content departs from its schema in a way that a person should see."""
    return Check(Step.DECODE, Outcome.INCONCLUSIVE, Reason.CONTENT_DEVIATES, f"at {', '.join(deviations)}")
