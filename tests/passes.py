"""A ministry that signs NZ COVID Passes: a second implementation, on cbor2, base64 and cryptography alone.

ministry = Ministry(world.clock)
world.trusted.append(ministry.entry())
report = world.verify(ministry.sign())
"""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from authority import key_entry
from pratique.cose.keys import PublicKey

if TYPE_CHECKING:
    from authority import Clock

ISSUER = "did:web:passes.health.example"
KEY_NAME = "z12Kf7UQ"
CTI = bytes(range(16))
CONTEXTS = ["https://www.w3.org/2018/credentials/v1", "https://nzcp.covid19.health.nz/contexts/v1"]
SUBJECT = {"givenName": "Anna Maria", "familyName": "Eriksson", "dob": "1974-08-12"}


class Ministry:
    """One issuer of passes, with one key that codes name by its name."""

    def __init__(self, clock: Clock, *, id: str = ISSUER, country: str = "NZL", key_name: str = KEY_NAME) -> None:  # noqa: A002 - the claim's name
        self.clock = clock
        self.id = id
        self.country = country
        self.key_name = key_name
        self.key = ec.generate_private_key(ec.SECP256R1())

    def entry(self, **key: Any) -> dict[str, Any]:
        """Return the entry for a trust list; members given here replace those of its key entry."""
        public = PublicKey.from_native(self.key.public_key())
        made = key_entry(public, clock=self.clock, formats=["nz-covid-pass"], key_id=self.key_name.encode())
        return {"id": self.id, "country": self.country, "keys": [made | key]}

    def claims(self, changes: dict[Any, Any] | None = None) -> dict[Any, Any]:
        """Return the claims of a pass of today for four weeks; `changes` replaces claims, None takes one out."""
        now = self.clock.now
        claims = {
            1: self.id,
            5: int(now.timestamp()),
            4: int((now + timedelta(days=28)).timestamp()),
            "vc": credential(),
            7: CTI,
        }
        return {name: value for name, value in {**claims, **(changes or {})}.items() if value is not None}

    def sign(self, changes: dict[Any, Any] | None = None, **options: Any) -> str:
        """Return the text of a pass; options as of `message`."""
        return text(self.message(cbor2.dumps(self.claims(changes)), **options))

    def message(
        self,
        payload: bytes,
        *,
        protected: dict[Any, Any] | None = None,
        unprotected: dict[Any, Any] | None = None,
        tag: int | None = 18,
    ) -> bytes:
        """Return a signed message over any payload; `protected` replaces labels, None takes one out."""
        headers = {4: self.key_name.encode(), 1: -7, **(protected or {})}
        header = cbor2.dumps({label: value for label, value in headers.items() if value is not None})
        signature = self.key.sign(cbor2.dumps(["Signature1", header, b"", payload]), ec.ECDSA(hashes.SHA256()))
        r, s = decode_dss_signature(signature)
        parts = [header, unprotected or {}, payload, r.to_bytes(32) + s.to_bytes(32)]
        return cbor2.dumps(parts if tag is None else cbor2.CBORTag(tag, parts))


def credential(subject: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """Return the claim `vc`; None takes a member out, of the subject too."""
    members = {
        "@context": CONTEXTS,
        "version": "1.0.0",
        "type": ["VerifiableCredential", "PublicCovidPass"],
        "credentialSubject": {
            name: value for name, value in {**SUBJECT, **(subject or {})}.items() if value is not None
        },
        **changes,
    }
    return {name: value for name, value in members.items() if value is not None}


def text(message: bytes) -> str:
    """Return the QR text of a message."""
    return "NZCP:/1/" + base64.b32encode(message).decode().rstrip("=")
