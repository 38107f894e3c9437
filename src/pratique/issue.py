"""The issuer's side: a fact and its holder in, a signed credential out; the profile fixes what is open and closed."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from pratique import binding
from pratique.codec import cbor
from pratique.cose import sign1
from pratique.cose.algorithms import SIGNING
from pratique.cose.sign1 import KEY_ID
from pratique.errors import ClaimError, DecodeError
from pratique.formats import profile
from pratique.model import Clearance, Evidence, Holder, StatusReference, TestResult, Vaccination
from pratique.model.codes import days_until_valid
from pratique.present import HeldCredential
from pratique.reasons import Reason
from pratique.sdcwt import Redaction
from pratique.sdcwt.labels import SD_CLAIMS, TYP, TYP_SD_CWT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pratique.cose.keys import PublicKey
    from pratique.cose.signer import Signer
    from pratique.mrz import TravelDocument

_EVENT, _DETAILS, _HOLDER = (profile.EVENT,), (profile.EVENT, profile.EVENT_DETAILS), (profile.HOLDER,)
_NO_DECOYS = profile.MostHidden(0, 0, 0, 0)
NUMBER_BYTES = 9  # random; 12 characters of base64url
SHORT_LIVED = timedelta(hours=72)  # default window of a test or clearance
LONG_LIVED = timedelta(days=3650)  # default window of everything else; ICVP vaccinations count for life


@dataclass(frozen=True, slots=True)
class _Window:
    """Seconds since 1970, as they go on the wire."""

    issued_at: int
    not_before: int
    expires_at: int


class Issuer:
    """Signs credentials in the name of one issuer.

    Args:
        id: the issuer's identifier as trust lists name it, a URI of at most 255 bytes.
        signer: whoever holds the key; its algorithm must be one of the fully specified ones.
        decoys: fill every map up to the number of hashes that it can have at most in a credential of its kind, so that
            their number does not tell which claims there are. It costs 34 bytes for each claim that is not there; in
            the details and in the holder's claims only codes that open those grow.
    Raises: ClaimError: the identifier is not usable. ValueError: the algorithm is not one to sign with.
    """

    def __init__(self, id: str, *, signer: Signer, decoys: bool = True) -> None:  # noqa: A002 - the claim's name
        if signer.algorithm not in SIGNING:
            raise ValueError(f"{signer.algorithm.name} is not an algorithm to sign with; see pratique.cose.algorithms")
        if ":" not in id or not id.isascii() or not 0 < len(id) <= profile.MAX_TEXT or not id.isprintable():
            raise ClaimError(Reason.CLAIMS_INVALID, "the issuer's identifier is not a URI of at most 255 bytes")
        self.id = id
        self._signer = signer
        self._decoys = decoys

    def __repr__(self) -> str:
        return f"Issuer({self.id!r})"

    def issue(  # noqa: PLR0913 - each says one thing of the credential
        self,
        evidence: Evidence,
        *,
        at: datetime,
        document: TravelDocument | None = None,
        holder_key: PublicKey | None = None,
        holder: Holder | None = None,
        valid_from: datetime | date | None = None,
        valid_until: datetime | date | None = None,
        status: StatusReference | None = None,
    ) -> HeldCredential:
        """Return the signed credential, as its holder keeps it: with a disclosure for every hidden claim.

        Args:
            evidence: the one fact. Kind and target are always shown; every other claim is hidden.
            at: the time of issue, aware; only its UTC day goes into the credential.
            document: the travel document to bind to, or
            holder_key: the key to bind to; exactly one of the two.
            holder: who the fact is about; every claim of it is hidden.
            valid_from: the first moment on which the fact counts; by default the time of issue, or for a vaccination
                the day from which it protects (yellow fever: day 10), whichever is later.
            valid_until: when it ends; by default three days for a test or clearance, else ten years. It is rounded to
                whole hours down for a test or clearance, else up to the first day of a month.
            status: where the credential can be revoked.
        Raises: ClaimError (`claims.invalid`). TypeError: not exactly one of document and holder key; a naive time.
        """
        if (document is None) == (holder_key is None):
            raise TypeError("a credential is bound to exactly one of document and holder_key")
        if at.tzinfo is None:
            raise TypeError("the time of issue must be aware")
        claims = profile.to_wire(evidence, holder)
        window = _window(evidence, at.astimezone(UTC), valid_from, valid_until)
        redaction = Redaction()
        most = profile.most_hidden(evidence.kind) if self._decoys else _NO_DECOYS
        hidden = dict(claims.event)
        if claims.details:
            hidden[profile.EVENT_DETAILS] = redaction.hide(claims.details, _DETAILS, at_least=most.details)
        event = {**claims.shown, **redaction.hide(hidden, _EVENT, at_least=most.event)}
        person = {}
        if claims.holder:
            person[profile.HOLDER] = redaction.hide(claims.holder, _HOLDER, at_least=most.holder)
        payload: dict[Any, Any] = {
            profile.ISS: self.id,
            profile.SUB: secrets.token_urlsafe(NUMBER_BYTES),
            profile.EXP: window.expires_at,
            profile.NBF: window.not_before,
            profile.IAT: window.issued_at,
            profile.CNF: _confirmation(document, holder_key),
            profile.VCT: profile.PROFILE,
            profile.EVENT: event,
            **redaction.hide(person, at_least=most.top),
        }
        if status is not None:
            payload[profile.STATUS] = _status(status)
        return HeldCredential(
            sign1.encode(
                {KEY_ID: self._signer.key_id, TYP: TYP_SD_CWT},
                {SD_CLAIMS: list(redaction.disclosures)} if redaction.disclosures else {},
                cbor.encode(payload),
                self._signer,
            ),
            paths=redaction.paths,
        )

    def issue_batch(  # noqa: PLR0913 - as `issue`
        self,
        evidence: Evidence,
        *,
        at: datetime,
        copies: int | None = None,
        document: TravelDocument | None = None,
        holder_keys: Sequence[PublicKey] = (),
        holder: Holder | None = None,
        valid_from: datetime | date | None = None,
        valid_until: datetime | date | None = None,
        statuses: Sequence[StatusReference] = (),
    ) -> tuple[HeldCredential, ...]:
        """Return copies of one credential, each to be shown once, so that nobody can tell that two are one holder's.

        Each has its own number, salts, signature, binding and place in a status list. What two of them share, all
        credentials of this issuer, kind, disease and window share, and what the holder opens of both. Which status goes
        to which copy is drawn by lot; the lists should give out their indices at random, as neighbours would tell.

        Args:
            evidence: as `issue` takes it, and so are `at`, `holder`, `valid_from` and `valid_until`.
            at: the time of issue, aware.
            copies: how many; by default as many as there are keys.
            document: the travel document to bind each copy to, some 50 ms for each, or
            holder_keys: a key of its own for each copy.
            holder: who the fact is about.
            valid_from: the first moment on which the fact counts.
            valid_until: when it ends.
            statuses: a place of its own for each copy, where copies can be revoked.
        Raises: ClaimError, TypeError: as `issue`. ValueError: no copies, or keys or statuses that are not as many as
            copies, or not all different.
        """
        if (document is None) is not bool(holder_keys):
            raise TypeError("a batch is bound to exactly one of document and holder_keys")
        if copies is None and document is not None:
            raise TypeError("how many copies?")
        count = len(holder_keys) if copies is None else copies
        if count < 1:
            raise ValueError("a batch has one copy or more")
        if holder_keys and not len(holder_keys) == len(set(holder_keys)) == count:
            raise ValueError(f"{count} copies take as many keys, each another one")
        if statuses and not len(statuses) == len(set(statuses)) == count:
            raise ValueError(f"{count} copies take as many statuses, each another one")
        places: list[StatusReference | None] = [*statuses] if statuses else [None] * count
        secrets.SystemRandom().shuffle(places)
        keys: list[PublicKey | None] = [*holder_keys] if holder_keys else [None] * count
        return tuple(
            self.issue(
                evidence,
                at=at,
                document=document,
                holder_key=key,
                holder=holder,
                valid_from=valid_from,
                valid_until=valid_until,
                status=status,
            )
            for key, status in zip(keys, places, strict=True)
        )


def _confirmation(document: TravelDocument | None, holder_key: PublicKey | None) -> dict[int, Any]:
    if document is not None:
        bound = binding.new_binding(document)
        return {profile.CNF_DOCUMENT: [bound.derivation, bound.salt, bound.tag]}
    assert holder_key is not None  # noqa: S101 - exactly one of the two, checked by the caller
    return {profile.CNF_KEY: holder_key.cose_key}


def _status(status: StatusReference) -> dict[str, Any]:
    claim = {"status_list": {"idx": status.index, "uri": status.uri}}
    try:
        profile.read_status(claim)
    except DecodeError as error:
        raise ClaimError(Reason.CLAIMS_INVALID, f"status: {error.detail}") from None
    return claim


def _window(
    evidence: Evidence, at: datetime, valid_from: datetime | date | None, valid_until: datetime | date | None
) -> _Window:
    """Return the window on the wire: no part of it is more precise than the profile lets it be."""
    short_lived = isinstance(evidence, TestResult | Clearance)
    unit = profile.HOUR if short_lived else profile.DAY
    begins = max(at, _moment(valid_from)) if valid_from is not None else _counts_from(evidence, at)
    try:
        ends = (
            _moment(valid_until) if valid_until is not None else begins + (SHORT_LIVED if short_lived else LONG_LIVED)
        )
        ends = ends if short_lived else _first_of_month(ends)
    except OverflowError:
        raise ClaimError(Reason.CLAIMS_INVALID, "the window ends after the year 9999") from None
    window = _Window(
        issued_at=int(at.timestamp()) // profile.DAY * profile.DAY,
        not_before=int(begins.timestamp()) // unit * unit,
        expires_at=int(ends.timestamp()) // unit * unit,
    )
    if window.issued_at < 0:
        raise ClaimError(Reason.CLAIMS_INVALID, "the time of issue is before 1970")
    if not window.not_before < window.expires_at:
        raise ClaimError(Reason.CLAIMS_INVALID, "the window ends before it begins")
    return window


def _counts_from(evidence: Evidence, at: datetime) -> datetime:
    """Return the later of the time of issue and the first day on which a vaccination counts."""
    if isinstance(evidence, Vaccination) and evidence.date is not None and evidence.target is not None:
        counts = evidence.date.latest + timedelta(days=days_until_valid(evidence.target))
        return max(at, _moment(counts))
    return at


def _moment(value: datetime | date) -> datetime:
    if not isinstance(value, datetime):
        return datetime.combine(value, time(), UTC)
    if value.tzinfo is None:
        raise TypeError("a time of the window must be aware")
    return value.astimezone(UTC)


def _first_of_month(moment: datetime) -> datetime:
    """Return the first of a month at or after a moment."""
    first = moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    try:
        return first if first == moment else (first + timedelta(days=32)).replace(day=1)
    except OverflowError:
        raise ClaimError(Reason.CLAIMS_INVALID, "the window ends after the last month of the calendar") from None
