"""The JSON view of credentials and reports: claim names instead of numbers, as people and services read and write them.

`schemas/credential.schema.json` and `schemas/report.schema.json` describe it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar

from pratique import schemas
from pratique.errors import ClaimError, DecodeError
from pratique.formats import profile
from pratique.model import Credential, Dose, Evidence, Holder, KeyBinding, Kind
from pratique.model.codes import Coding
from pratique.model.dates import PartialDate, parse_datetime, rfc3339
from pratique.model.personal import Personal
from pratique.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pratique.report import Report
    from pratique.rules import Judgement

_P = TypeVar("_P", bound=Personal)

_TYPES: Final[Mapping[Kind, type[Evidence]]] = {
    kind: profile.EVIDENCE_TYPES[number] for kind, number in profile.KIND_NUMBERS.items()
}


def _coding(text: str) -> Coding:
    system, _, code = text.partition("|")
    return Coding(system, code)


_READERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    **dict.fromkeys(("date", "valid_from", "valid_until", "birth_date"), PartialDate.parse),
    **dict.fromkeys(("product", "vaccine", "manufacturer", "test_method", "test_result"), _coding),
    "dose": lambda value: Dose(*value),
    "sampled_at": parse_datetime,
}


@dataclass(frozen=True, slots=True, repr=False)
class IssueRequest:
    """What an issuer is asked to attest: one fact, about whom, and from when to when if that is not the default."""

    evidence: Evidence
    holder: Holder | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None


def read_issue_request(document: Any) -> IssueRequest:
    """Return the request that a JSON document makes, after its schema (`#/$defs/issue-request`).

    Raises: DecodeError (`json.schema`, `date.invalid`); ClaimError (`claims.invalid`): a claim that this kind of fact
    has no place for.
    """
    schemas.check(document, "credential", part="issue-request")
    event = dict(document["event"])
    evidence_type = _TYPES[Kind(event.pop("kind"))]
    holder = document.get("holder")
    return IssueRequest(
        evidence=_read(evidence_type, event, "event"),
        holder=None if holder is None else _read(Holder, holder, "holder"),
        valid_from=_time(document, "valid_from"),
        valid_until=_time(document, "valid_until"),
    )


def _time(document: Mapping[str, Any], name: str) -> datetime | None:
    return parse_datetime(document[name]) if name in document else None


def _read(kind: type[_P], members: Mapping[str, Any], where: str) -> _P:
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    values = {}
    for name, value in members.items():
        if name not in known:
            raise ClaimError(Reason.CLAIMS_INVALID, f"{where}.{name} has no place in a {kind.__name__}")
        try:
            values[name] = _READERS.get(name, str)(value)
        except DecodeError as error:
            raise ClaimError(Reason.CLAIMS_INVALID, f"{where}.{name}: {error.detail}") from None
    return kind(**values)


def _json(value: Any) -> Any:
    if isinstance(value, Dose):
        return [value.number] if value.of is None else [value.number, value.of]
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, (Coding, PartialDate, date)):
        return str(value)
    return value


def _known(value: Personal) -> dict[str, Any]:
    return {name: _json(entry) for name, entry in value.known()}


def credential_view(credential: Credential) -> dict[str, Any]:
    """Return a credential as JSON: what was disclosed, and how many hashes stayed closed."""
    validity, issuer, binding = credential.validity, credential.issuer, credential.binding
    presentation = credential.presentation
    view: dict[str, Any] = {
        "format": credential.format,
        "variant": credential.variant,
        "number": credential.number,
        "issuer": {"id": issuer.id, "country": issuer.country, "name": issuer.name},
        "validity": {
            "issued_at": validity.issued_at,
            "not_before": validity.not_before,
            "expires_at": validity.expires_at,
        },
        "binding": None if binding is None else "holder-key" if isinstance(binding, KeyBinding) else "travel-document",
        "presentation": None
        if presentation is None
        else {"audience": presentation.audience, "issued_at": presentation.issued_at},
        "status": None
        if credential.status is None
        else {"uri": credential.status.uri, "index": credential.status.index},
        "events": [{"kind": fact.kind.value, **_known(fact)} for fact in credential.evidence],
        "holder": None if credential.holder is None else _known(credential.holder),
        "withheld": credential.withheld,
        "links": credential.links or None,
        "deviations": list(credential.deviations) or None,
    }
    return _present(view)


def report_view(report: Report) -> dict[str, Any]:
    """Return a report as JSON, with the claims that were disclosed: for the desk; what a log may keep is `record`."""
    issuer = report.issuer
    view = {
        "verdict": report.verdict.value,
        "format": report.format,
        "at": report.at,
        "checks": [
            {
                "step": check.step.value,
                "outcome": check.outcome.value,
                "code": check.code.value,
                "meaning": check.code.meaning,
                "detail": check.detail or None,
            }
            for check in report.checks
        ],
        "issuer": None
        if issuer is None
        else {"id": issuer.id, "country": issuer.country, "name": issuer.name(), "trust_list": issuer.trust_list},
        "credential": None if report.credential is None else credential_view(report.credential),
        "rules": None if report.judgement is None else rules_view(report.judgement),
    }
    return _present(view)


def rules_view(judgement: Judgement) -> dict[str, Any]:
    """Return as JSON what each of the entry rules came to, and the claims to ask for where they lack some."""
    return {
        "id": judgement.rule_set,
        "version": judgement.version,
        "answer": judgement.answer.value,
        "rules": [
            {
                "requirement": requirement.requirement,
                "id": rule.rule,
                "answer": rule.answer.value,
                **({"missing": sorted(rule.missing)} if rule.missing else {}),
            }
            for requirement in judgement.requirements
            for rule in requirement.rules
        ],
        "missing": sorted(judgement.missing),
    }


def _present(view: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members that have a value, at every level, with times as text."""
    return {
        name: [_present(item) if isinstance(item, dict) else item for item in value]
        if isinstance(value, list)
        else _present(value)
        if isinstance(value, dict)
        else _json(value)
        for name, value in view.items()
        if value is not None
    }
