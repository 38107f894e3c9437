"""Issuers of SMART Health Cards, built with cryptography, zlib and json alone, so that anything can be put into a card.

issuer = ShcIssuer(world.clock)
world.trusted.append(issuer.entry())
report = world.verify(issuer.text(payload()))
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from authority import NOW, Clock, rfc3339

if TYPE_CHECKING:
    from datetime import datetime

ISS = "https://cards.example.org/issuer"
CVX, LOINC, SNOMED = "http://hl7.org/fhir/sid/cvx", "http://loinc.org", "http://snomed.info/sct"
PATIENT = {
    "resourceType": "Patient",
    "name": [{"family": "Eriksson", "given": ["Anna", "María"]}],
    "birthDate": "1974-08-12",
}


def b64u(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def concept(system: str, *codes: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code} for code in codes]}


def dose(cvx: str = "208", **changes: Any) -> dict[str, Any]:
    """Return a completed immunization; a change to None takes a member out."""
    return _changed(
        {
            "resourceType": "Immunization",
            "status": "completed",
            "vaccineCode": concept(CVX, cvx),
            "patient": {"reference": "resource:0"},
            "occurrenceDateTime": "2026-01-29",
            "performer": [{"actor": {"display": "ABC General Hospital"}}],
            "lotNumber": "0000007",
        },
        changes,
    )


def observed(loinc: str = "94500-6", result: str = "260415000", **changes: Any) -> dict[str, Any]:
    """Return a final observation."""
    return _changed(
        {
            "resourceType": "Observation",
            "status": "final",
            "code": concept(LOINC, loinc),
            "subject": {"reference": "resource:0"},
            "effectiveDateTime": "2026-11-22T09:41:07+02:00",
            "performer": [{"display": "Airport laboratory"}],
            "valueCodeableConcept": concept(SNOMED, result),
        },
        changes,
    )


def exemption(**changes: Any) -> dict[str, Any]:
    """Return a condition that exempts from vaccination."""
    return _changed(
        {
            "resourceType": "Condition",
            "category": [concept("https://policy.example.org", "vaccine-exemption")],
            "code": concept(CVX, "37"),
            "subject": {"reference": "resource:0"},
            "recordedDate": "2026-10-05",
        },
        changes,
    )


def bundle(*resources: dict[str, Any], patient: dict[str, Any] | None = None) -> dict[str, Any]:
    entries = [
        {"fullUrl": f"resource:{i}", "resource": each} for i, each in enumerate((patient or PATIENT, *resources))
    ]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def payload(*resources: dict[str, Any], now: datetime = NOW, vc: dict[str, Any] | None = None, **changes: Any) -> Any:
    """Return the payload of a card about one dose, or about other resources; changes are to it, `vc` to its vc."""
    credential = {
        "type": ["https://smarthealth.cards#health-card"],
        "credentialSubject": {"fhirVersion": "4.0.1", "fhirBundle": bundle(*(resources or (dose(),)))},
    }
    card = {
        "iss": ISS,
        "nbf": (now - timedelta(days=30)).timestamp() + 0.924,
        "exp": int((now + timedelta(days=300)).timestamp()),
        "vc": _changed(credential, vc or {}),
    }
    return _changed(card, changes)


def _changed(members: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**members, **changes}.items() if value is not None}


def digits(jws: str) -> str:
    """Return the pairs of digits of a JWS, one character at a time, straight from the specification."""
    return "".join(f"{ord(character) - 45:02}" for character in jws)


def parts(jws: str, count: int) -> list[str]:
    """Return a card as several QR codes."""
    size = -(-len(jws) // count)
    return [f"shc:/{i + 1}/{count}/{digits(jws[i * size : (i + 1) * size])}" for i in range(count)]


def deflate(data: bytes, wbits: int = -15) -> bytes:
    compressor = zlib.compressobj(9, zlib.DEFLATED, wbits)
    return compressor.compress(data) + compressor.flush()


@cache
def _key(_number: int) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


class ShcIssuer:
    """An issuer of cards. `number` is that of its key: two issuers with one number share it."""

    def __init__(self, clock: Clock, *, iss: str = ISS, country: str = "USA", number: int = 0) -> None:
        self.clock = clock
        self.iss = iss
        self.country = country
        self.private = _key(number)
        point = self.private.public_key().public_numbers()
        self.jwk = {"crv": "P-256", "kty": "EC", "x": b64u(point.x.to_bytes(32)), "y": b64u(point.y.to_bytes(32))}
        self.thumbprint = hashlib.sha256(json.dumps(self.jwk, separators=(",", ":")).encode()).digest()

    def entry(self, **key: Any) -> dict[str, Any]:
        """Return its entry for a trust list; members given here replace those of its key entry."""
        window = timedelta(days=365)
        made = {
            "key_id": base64.b64encode(self.thumbprint).decode(),
            "public_key": self.jwk,
            "formats": ["smart-health-card"],
            "not_before": rfc3339(self.clock.now - window),
            "not_after": rfc3339(self.clock.now + window),
        }
        return {"id": self.iss, "country": self.country, "keys": [{**made, **key}]}

    def header(self, **changes: Any) -> dict[str, Any]:
        return _changed({"zip": "DEF", "alg": "ES256", "kid": b64u(self.thumbprint)}, changes)

    def jws(self, content: Any, *, header: Any = None, compressed: bytes | None = None) -> str:
        """Sign a payload, or whatever bytes stand in its place, under a header."""
        if compressed is None:
            data = content if isinstance(content, bytes) else json.dumps(content, separators=(",", ":")).encode()
            compressed = deflate(data)
        head = header if isinstance(header, bytes) else json.dumps(header or self.header()).encode()
        message = f"{b64u(head)}.{b64u(compressed)}"
        return f"{message}.{b64u(self.sign(message.encode()))}"

    def sign(self, message: bytes) -> bytes:
        r, s = decode_dss_signature(self.der(message))
        return r.to_bytes(32) + s.to_bytes(32)

    def der(self, message: bytes) -> bytes:
        return self.private.sign(message, ec.ECDSA(hashes.SHA256()))

    def text(self, content: Any, **options: Any) -> str:
        """Return the QR text of a card."""
        return "shc:/" + digits(self.jws(content, **options))
