"""Step 9, whether a credential is this traveller's: by the document it is bound to, or by name and birth date."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique import binding
from pratique.model import Credential, DocumentBinding, DocumentNumber, Holder, KeyBinding
from pratique.names import Match, compare_names
from pratique.reasons import Reason
from pratique.report import Check, Outcome, Step

if TYPE_CHECKING:
    from pratique.mrz import TravelDocument

_COMPARE_BY_EYE = Check(Step.BINDING, Outcome.INCONCLUSIVE, Reason.COMPARE_BY_EYE)
_DOCUMENT_NEEDED = Check(Step.BINDING, Outcome.INCONCLUSIVE, Reason.DOCUMENT_NEEDED)


def check_holder(credential: Credential, document: TravelDocument | None, *, compared_by_eye: bool) -> Check:
    """Return whether a credential belongs to the holder of a travel document.

    A credential that is bound to a document by a hash is compared by that alone. One that states the document's number
    belongs to the document with that number, unless name or birth date are another person's: numbers are unique in one
    state only. Any other is compared by the name and birth date that it shows; a holder's key that has signed nothing
    proves nothing.

    Args:
        credential: what was proven.
        document: the travel document in hand, None where there is none that a machine reads.
        compared_by_eye: a person has compared the name and birth date shown with a document.
    """
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
