"""What may be kept of a verification, and on what terms: for which purpose, by which law, and until when.

The terms are those that were published before anybody was asked: of the entry rules, or of the request that the holder
answered, which may promise less. Where nothing may be kept there is no record, not even one that only counts: at a
quiet desk a verdict and an hour name the traveller to whoever has the list of arrivals.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

from pratique.model.dates import rfc3339

if TYPE_CHECKING:
    from datetime import datetime

    from pratique.request import Request
    from pratique.rules import Judgement, RuleSet


def hour(at: datetime) -> datetime:
    """Return the hour in which a moment lies, UTC: no more of the time is kept."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def terms(
    at: datetime, judgement: Judgement | None, rules: RuleSet | None, request: Request | None
) -> dict[str, Any] | None:
    """Return the terms as members of a record, none where nobody stated any; None where nothing may be kept.

    `keep_until` is the moment from which on the record must be gone, and is never later than the retention allows. Of
    rules and request the shorter retention counts; purpose, law and the claims asked for are the request's. What was
    asked for are names: no value is in a record.

    Args:
        at: the time of the verification, aware.
        judgement: what the rules came to, where they were asked.
        rules: the entry rules, in the edition that was judged.
        request: what the traveller was asked for.
    Raises: ValueError: rules, request and judgement are not about one edition of one rule set.
    """
    stated = request or rules
    if stated is None:
        return {}
    if rules is not None:
        edition = (rules.id, rules.edition)
        if judgement is not None and edition != (judgement.rule_set, judgement.version):
            raise ValueError("these are not the rules that were judged")
        if request is not None and (rules.id, rules.sha256) != (request.rule_set, request.rule_set_sha256):
            raise ValueError("these are not the rules that the request names")
    retention = min(each.retention for each in (rules, request) if each is not None)
    if not retention:
        return None
    rule_set: dict[str, str] = {}
    if rules is not None:
        rule_set = {"id": rules.id, "version": rules.edition, "sha256": rules.sha256.hex()}
    elif request is not None:
        rule_set = {"id": request.rule_set, "sha256": request.rule_set_sha256.hex()}
    return {
        "purpose": stated.purpose,
        "legal_basis": dict(stated.legal_basis),
        "rule_set": rule_set,
        **({} if request is None else {"claims_asked": sorted(request.claims)}),
        "keep_until": rfc3339(hour(at) + retention),
    }
