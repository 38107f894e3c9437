"""The claims of a credential in rows of label and text: codes with the names that people know."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from pratique.model import Credential, DocumentBinding, DocumentNumber, Dose, Evidence, KeyBinding
from pratique.model.codes import Coding, country_name

if TYPE_CHECKING:
    from pratique.model.personal import Personal

Rows = list[tuple[str, str]]

_LABELS: Final = {
    "target": "disease",
    "name_native": "name as written",
    "birth_date": "born",
    "document_number": "document",
    "national_id": "national number",
    "sampled_at": "sampled",
    "test_method": "method",
    "test_result": "result",
    "test_name": "test",
    "valid_from": "counts from",
    "valid_until": "counts until",
    "lifelong": "counts for life",
}
_COUNTRIES: Final = frozenset({"country", "nationality"})


def event_rows(credential: Credential) -> Rows:
    """Return what happened, with when it counts."""
    rows: Rows = []
    for fact in credential.evidence:
        rows.append(("kind", fact.kind.value))
        rows += _rows(fact)
    return [*rows, valid_row(credential)]


def always_rows(credential: Credential) -> Rows:
    """Return what every copy of one of our own credentials shows to whoever scans it."""
    fact = credential.evidence[0]
    shown = [("kind", fact.kind.value)]
    shown += [(name, getattr(fact, name)) for name in ("target", "rule") if getattr(fact, name, None) is not None]
    labelled = [(_LABELS.get(name, name), value_text(name, value)) for name, value in shown]
    return [*labelled, valid_row(credential), *frame_rows(credential)]


def valid_row(credential: Credential) -> tuple[str, str]:
    """Return the window of the credential."""
    validity = credential.validity
    begins = validity.not_before or validity.issued_at
    if credential.held_to_facts and validity.expires_at is None:
        start = "as above" if begins is None else _time(begins)
        return ("valid", f"{start}; the code itself states no end")
    return ("valid", f"{_time(begins)} until {_time(validity.expires_at)}")


def holder_rows(credential: Credential) -> Rows:
    """Return who it is about, as far as that was shown."""
    return [] if credential.holder is None else _rows(credential.holder)


def frame_rows(credential: Credential) -> Rows:
    """Return what every copy shows: issuer, number, binding, status."""
    issuer = credential.issuer
    stated = [text for text in (issuer.name, issuer.id, issuer.country and country(issuer.country)) if text]
    rows = [] if credential.variant is None else [("what it is", credential.variant)]
    rows.append(("issuer", ", ".join(stated) or "not stated, its key tells"))
    if credential.number is not None:
        rows.append(("number", credential.number))
    if isinstance(credential.binding, DocumentBinding):
        rows.append(("bound to", "a travel document, by a hash that only the document opens"))
    elif isinstance(credential.binding, DocumentNumber):
        rows.append(("bound to", "the travel document whose number it shows"))
    elif isinstance(credential.binding, KeyBinding):
        rows.append(("bound to", "a key that the holder keeps"))
    else:
        rows.append(("bound to", "the name and birth date in it"))
    if credential.presentation is not None:
        shown = credential.presentation
        rows.append(("shown to", f"{shown.audience}, {_time(shown.issued_at)}, by a key binding token"))
    if credential.validity.issued_at is not None:
        rows.append(("issued", _time(credential.validity.issued_at)))
    if credential.status is not None:
        rows.append(("status list", f"{credential.status.uri}, index {credential.status.index}"))
    if credential.links:
        rows.append(("health links", f"{credential.links}, not opened: a link proves nothing"))
    if credential.deviations:
        rows.append(("departs at", ", ".join(credential.deviations)))
    return rows


def country(code: str) -> str:
    """Return a country's name with its code."""
    name = country_name(code)
    return code if name is None else f"{name} ({code})"


def _rows(value: Evidence | Personal) -> Rows:
    return [(_LABELS.get(name, name.replace("_", " ")), value_text(name, entry)) for name, entry in value.known()]


def value_text(name: str, value: Any) -> str:  # noqa: PLR0911 - one for each kind of value
    """Return the value of a claim as people read it; `name` is the claim's, without its map."""
    if name == "target":
        return _named(Coding("icd11", value))
    if isinstance(value, Coding):
        return _named(value)
    if name in _COUNTRIES:
        return country(value)
    if isinstance(value, Dose):
        return str(value.number) if value.of is None else f"{value.number} of {value.of}"
    if isinstance(value, datetime):
        return _time(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _named(coding: Coding) -> str:
    display = coding.display
    if coding.system in ("name", "other"):  # no table could have it
        return display
    return str(coding) if display == coding.code else f"{display} ({coding.code})"


def _time(moment: datetime | None) -> str:
    """Return a time to the minute, or the day where it is one's start."""
    if moment is None:
        return "a time not stated"
    moment = moment.astimezone(UTC)
    return (
        f"{moment:%Y-%m-%d}" if not (moment.hour or moment.minute or moment.second) else f"{moment:%Y-%m-%d %H:%M} UTC"
    )
