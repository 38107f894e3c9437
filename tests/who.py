"""WHO certificates for tests, signed by the state of `authority` with libraries other than those under test."""

from __future__ import annotations

from typing import Any

from authority import sign_dcc

STAMARIL = "YellowFeverProductd8a09f80301dc05e124f99ffe7711fc0"
NAME, BORN = "Anna Maria Eriksson", "1974-08-12"

DDCC_VACCINATION: dict[str, Any] = {
    "name": NAME,
    "birthDate": BORN,
    "identifier": "740812-123",
    "sex": {"code": "female", "system": "http://hl7.org/fhir/administrative-gender"},
    "vaccine": {"code": "1119349007", "system": "http://snomed.info/sct"},
    "brand": {"code": "XM8NQ0", "system": "http://id.who.int/icd/release/11/mms"},
    "manufacturer": {"code": "ORG-100030215", "system": "https://spor.ema.europa.eu/v1/organisations"},
    "lot": "PT123F",
    "date": "2026-02-18",
    "vaccine_valid": "2026-03-04",
    "dose": 2,
    "total_doses": 2,
    "country": {"code": "SWE", "system": "urn:iso:std:iso:3166"},
    "centre": "Port clinic",
    "hw": "Dr Nilsson",
    "disease": {"code": "840539006", "system": "http://snomed.info/sct"},
    "hcid": "UT111222333",
    "pha": "Ministry of Health",
    "valid_from": "2026-02-18",
    "valid_until": "2027-02-17",
}
DDCC_TEST: dict[str, Any] = {
    "name": NAME,
    "birthDate": BORN,
    "sex": {"code": "female"},
    "meta": {"passportNumber": "L898902C3", "reference": "R-1", "notarisedOn": "2026-11-22T11:00:00Z"},
    "test": {
        "pathogen": {"code": "XN109", "system": "http://id.who.int/icd11/mms"},
        "type": {"code": "LP6464-4", "system": "http://loinc.org"},
        "result": {"code": "260415000", "system": "http://snomed.info/sct"},
        "date": "2026-11-22T09:41:07+01:00",
        "country": {"code": "SGP"},
        "centre": "Airport laboratory",
    },
}


def polio_product() -> str:
    """Return the identifier of a polio vaccine in the bundled list."""
    from pratique.model.codes import products  # noqa: PLC0415

    return products("who-pq", "1C81")[0].code


def card(form: int, dose: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """Return a yellow card in one of its forms, 1 to 3; `dose` and `changes` replace members, None takes one out."""
    person: dict[str, Any] = {"n": NAME, "dob": BORN, "s": "female", "gn": "Carl Eriksson"}
    given: dict[str, Any] = {"vp": STAMARIL, "cn": "Dr Nilsson", "is": "Ministry of Health", "bo": "AB123-77"}
    if form == 1:
        given |= {"vp": "XM0N24", "tg": "1D47", "dn": "1", "dt": "2026-03-14", "mp": "Stamaril", "ma": "Sanofi"}
        person |= {"ntl": "SE", "nid": "740812-123", "v": _without_none(given, dose)}
    elif form == 2:
        given |= {"dt": "2026-03-14"}
        person |= {"ntl": "SWE", "nid": "L898902C3", "ndt": "PPN", "v": [_without_none(given, dose)]}
    else:
        given |= {"dv": "2026-03-14"}
        person |= {"nt": "SWE", "id": "L898902C3", "dt": "PPN", "v": "0.1.0", "vx": _without_none(given, dose)}
    return _without_none(person, changes)


def _without_none(members: dict[str, Any], changes: dict[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in {**members, **(changes or {})}.items() if value is not None}


def sign(parts: dict[int, Any] | None, *, claims: dict[Any, Any] | None = None, **options: Any) -> str:
    """Return the text of an HC1 code with these sub-keys of claim -260; None leaves the claim out."""
    return sign_dcc(None, **{"claims": {-260: parts, **(claims or {})}, **options})


def sign_card(form: int, dose: dict[str, Any] | None = None, **options: Any) -> str:
    """Return the text of a yellow card, without `exp` and with an issuer that is no country, as some are."""
    claims = {1: "XCL", 4: None, **options.pop("claims", {})}
    changes = options.pop("changes", {})
    return sign({-6: card(form, dose, **changes)}, claims=claims, **options)


def legacy(content: dict[str, Any]) -> str:
    """Return the text of a core data set that is the whole payload."""
    return sign(None, claims={1: None, 4: None, 6: None, **content})
