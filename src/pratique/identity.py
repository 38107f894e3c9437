"""Step 9, whether a credential is this traveller's: by document, by the holder's key, or by name and birth date."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique import binding
from pratique.model import Credential, DocumentBinding, DocumentNumber, Holder, KeyBinding
from pratique.model.dates import rfc3339
from pratique.names import Match, compare_names
from pratique.reasons import Reason
from pratique.report import Check, Outcome, Step

if TYPE_CHECKING:
    from datetime import datetime

    from pratique.model import Presentation, Validity
    from pratique.mrz import TravelDocument
    from pratique.sdcwt import Challenge

_COMPARE_BY_EYE = Check(Step.BINDING, Outcome.INCONCLUSIVE, Reason.COMPARE_BY_EYE)
_DOCUMENT_NEEDED = Check(Step.BINDING, Outcome.INCONCLUSIVE, Reason.DOCUMENT_NEEDED)


def check_document(document: object) -> None:
    """Refuse what is no travel document, such as the text of one. Raises: TypeError."""
    from pratique.mrz import TravelDocument  # noqa: PLC0415 - not every desk has one

    if not isinstance(document, TravelDocument):
        raise TypeError("the document is a TravelDocument: `parse_mrz` makes one of the machine-readable zone")


def check_holder(  # noqa: PLR0911 - one for each way to be bound
    credential: Credential,
    document: TravelDocument | None,
    *,
    compared_by_eye: bool,
    challenge: Challenge | None = None,
    at: datetime | None = None,
) -> Check:
    """Return whether a credential belongs to the traveller at the desk.

    A credential that is bound to a document by a hash is compared by that alone. One that states the document's number
    belongs to the document with that number, unless name or birth date are another person's: numbers are unique in one
    state only. One that is bound to a key belongs to whoever signs the challenge with it, unless a document is in hand
    and the name or birth date shown are another person's. Any other is compared by the name and birth date that it
    shows; a holder's key that has signed nothing proves nothing. What the key signed and does not hold is refused,
    whatever else is shown.

    Args:
        credential: what was proven.
        document: the travel document in hand, None where there is none that a machine reads.
        compared_by_eye: a person has compared the name and birth date shown with a document.
        challenge: what the verifier expects that the holder's key signed; None where it asked for nothing.
        at: the time of the verification, aware; with a challenge it is needed.
    """
    presentation = credential.presentation
    if presentation is not None:
        check = _check_key(presentation, credential, document, challenge, at)
        if check is not None:
            return check
    if document is None:
        return _without_document(credential, compared_by_eye=compared_by_eye)
    if isinstance(credential.binding, DocumentBinding):
        if binding.matches(document, credential.binding):
            return _check(Outcome.PASSED, Reason.DOCUMENT_MATCHES)
        return _check(Outcome.FAILED, Reason.DOCUMENT_MISMATCH)
    if isinstance(credential.binding, DocumentNumber):
        return _compare_number(credential.binding.number, credential.holder, document)
    if credential.shows_identity:
        return _compare(credential.holder, document)
    return _unshown(credential)


def _check_key(  # noqa: PLR0911 - one for each way to fail
    presentation: Presentation,
    credential: Credential,
    document: TravelDocument | None,
    challenge: Challenge | None,
    at: datetime | None,
) -> Check | None:
    """Return what the holder's key proves, nothing where nobody knows what it was to sign."""
    if not presentation.verify():
        return _check(Outcome.FAILED, Reason.KEY_PROOF_INVALID)
    if challenge is None:
        return None
    if at is None:
        raise TypeError("the age of a presentation needs the time of the verification")
    if presentation.audience != challenge.audience:
        return _check(Outcome.FAILED, Reason.OTHER_AUDIENCE)
    if presentation.nonce != challenge.nonce:
        return _check(Outcome.FAILED, Reason.OTHER_NONCE)
    if detail := _out_of_time(presentation.issued_at, credential.validity, challenge, at):
        return _check(Outcome.FAILED, Reason.PROOF_OUT_OF_TIME, detail)
    if document is not None and credential.shows_identity:  # a phone may be lent
        compared = _compare(credential.holder, document)
        if compared.outcome is not Outcome.PASSED:
            return compared
    return _check(Outcome.PASSED, Reason.KEY_PROVEN)


def _out_of_time(signed_at: datetime, window: Validity, challenge: Challenge, at: datetime) -> str:
    """Return what is wrong with the time at which the holder's key signed, or nothing.

    It lies within the limits of age that the verifier set, and within the credential's own window: of what is there of
    `iat` and `nbf` neither is after it, and `exp` is. Source: draft-ietf-spice-sd-cwt-07, section 9.
    """
    if not -challenge.clock_skew <= at - signed_at <= challenge.max_age:
        return f"signed {rfc3339(signed_at)}, checked at {rfc3339(at.replace(microsecond=0))}"
    begins = max(filter(None, (window.issued_at, window.not_before)), default=signed_at)
    if signed_at < begins - challenge.clock_skew or (window.expires_at is not None and signed_at >= window.expires_at):
        return "outside the credential's own time"
    return ""


def _without_document(credential: Credential, *, compared_by_eye: bool) -> Check:
    if credential.shows_identity:
        if not compared_by_eye:
            return _COMPARE_BY_EYE
        holder = credential.holder  # a foreign name or date may be there and still be none
        name = holder.any_name.strip("< ") if holder is not None else ""
        if holder is not None and name and holder.birth_date is not None:
            return _check(Outcome.PASSED, Reason.COMPARED_BY_EYE)
    if isinstance(credential.binding, (DocumentBinding, DocumentNumber)):
        return _DOCUMENT_NEEDED
    return _unshown(credential)


def _unshown(credential: Credential) -> Check:
    if credential.presentation is not None:  # its signature holds, and nobody said what it should be for
        return _check(Outcome.INCONCLUSIVE, Reason.CHALLENGE_NEEDED)
    by_key = isinstance(credential.binding, KeyBinding)
    return _check(Outcome.INCONCLUSIVE, Reason.KEY_NOT_PROVEN if by_key else Reason.HOLDER_NOT_SHOWN)


def _compare_number(number: str, holder: Holder | None, document: TravelDocument) -> Check:
    if _letters_and_digits(number) != _letters_and_digits(document.document_number):
        return _check(Outcome.FAILED, Reason.DOCUMENT_MISMATCH, "the number")
    name = "" if holder is None else holder.any_name
    if compare_names(name, document.name, truncated_at=document.name_length) is Match.DIFFERENT:
        return _check(Outcome.FAILED, Reason.HOLDER_MISMATCH, "the name")
    stated, printed = None if holder is None else holder.birth_date, document.birth_date
    if stated is not None and printed is not None and not stated.agrees_with(printed):
        return _check(Outcome.FAILED, Reason.HOLDER_MISMATCH, "the birth date")
    return _check(Outcome.PASSED, Reason.DOCUMENT_MATCHES)


def _letters_and_digits(number: str) -> str:
    """Return a document number without the fillers, spaces and hyphens that may stand in it, in capitals."""
    return "".join(filter(str.isalnum, number)).upper()


def _compare(holder: Holder | None, document: TravelDocument) -> Check:  # noqa: PLR0911 - one for each way to differ
    """Return how name and birth date compare; a part that one side does not know makes the answer uncertain."""
    if holder is None or holder.birth_date is None:
        return _check(Outcome.INCONCLUSIVE, Reason.HOLDER_UNCERTAIN, "the birth date shown is no date")
    names = compare_names(holder.any_name, document.name, truncated_at=document.name_length)
    if names is Match.DIFFERENT:
        return _check(Outcome.FAILED, Reason.HOLDER_MISMATCH, "the name")
    if document.birth_date is None:
        return _check(Outcome.INCONCLUSIVE, Reason.HOLDER_UNCERTAIN, "the document states no birth date")
    if not holder.birth_date.agrees_with(document.birth_date):
        return _check(Outcome.FAILED, Reason.HOLDER_MISMATCH, "the birth date")
    if names is Match.NEAR:
        return _check(Outcome.INCONCLUSIVE, Reason.HOLDER_UNCERTAIN, "the name")
    if holder.birth_date != document.birth_date:
        return _check(Outcome.INCONCLUSIVE, Reason.HOLDER_UNCERTAIN, "one birth date is less complete than the other")
    if holder.document_number not in (None, document.document_number.replace("<", "")):  # or it was renewed since
        return _check(Outcome.INCONCLUSIVE, Reason.HOLDER_UNCERTAIN, "the number of the document")
    return _check(Outcome.PASSED, Reason.HOLDER_MATCHES)


def _check(outcome: Outcome, code: Reason, detail: str = "") -> Check:
    return Check(Step.BINDING, outcome, code, detail)
