"""Status list tokens built with cbor2, json and cryptography alone, so that anything can be put into one.

lists = ListSigner(world.home)                       # its key and its address go onto the home authority's entry
store = StatusStore([lists.cwt()])
"""

from __future__ import annotations

import base64
import json
import zlib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from authority import Authority, key_entry
from pratique.cose.keys import PrivateKey
from pratique.cose.signer import SoftwareSigner

if TYPE_CHECKING:
    from pratique.trust import TrustedIssuer, TrustStore

ADDRESS = "https://health.example.org/status/1"
NUMBERS = {"sub": 2, "aud": 3, "exp": 4, "nbf": 5, "iat": 6, "status_list": 65533, "ttl": 65534, "iss": 1}
FORMAT = "token-status-list"


def b64u(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def bitmap(size: int = 80, **statuses: int) -> bytes:
    """Return the bytes of a list of one bit; `i7=1` revokes index 7."""
    data = bytearray(size // 8)
    for name, status in statuses.items():
        index = int(name[1:])
        data[index // 8] |= status << index % 8
    return bytes(data)


class ListSigner:
    """A key for status lists, put onto the entry of an authority with the address that it publishes at."""

    def __init__(self, home: Authority, *, address: str = ADDRESS, **entry: Any) -> None:
        self.clock = home.clock
        self.address = address
        self.key = PrivateKey.generate("ESP256")
        self.entry = {**key_entry(self.key.public, clock=home.clock, formats=[FORMAT]), **entry}
        home.entry["keys"].append(self.entry)
        home.entry.setdefault("status_lists", []).append(address)

    @property
    def signer(self) -> SoftwareSigner:
        return SoftwareSigner(self.key)

    def claims(self, data: bytes | None = None, *, bits: int = 1, **changes: Any) -> dict[str, Any]:
        """Return the claims of a token of an hour ago that ends in a day; a change to None takes one out."""
        issued_at = int((self.clock.now - timedelta(hours=1)).timestamp())
        claims: dict[str, Any] = {
            "sub": self.address,
            "iat": issued_at,
            "exp": issued_at + 90_000,
            "ttl": 43_200,
            "status_list": {"bits": bits, "lst": zlib.compress(bitmap() if data is None else data)},
        }
        changes = {
            name: int(value.timestamp()) if isinstance(value, datetime) else value for name, value in changes.items()
        }
        return {name: value for name, value in {**claims, **changes}.items() if value is not None}

    def cwt(
        self,
        data: bytes | None = None,
        *,
        payload: bytes | None = None,
        protected: dict[Any, Any] | None = None,
        unprotected: dict[Any, Any] | None = None,
        tag: int | None = 18,
        **changes: Any,
    ) -> bytes:
        """Return a CWT; `changes` are of its claims, by their names, and of its headers a value of None is left out."""
        if payload is None:
            payload = cbor2.dumps(
                {NUMBERS.get(name, name): value for name, value in self.claims(data, **changes).items()}
            )
        headers = {1: -9, 4: self.key.public.key_id, 16: "application/statuslist+cwt", **(protected or {})}
        encoded = cbor2.dumps({label: value for label, value in headers.items() if value is not None})
        signature = self.sign(cbor2.dumps(["Signature1", encoded, b"", payload]))
        message: Any = [encoded, unprotected or {}, payload, signature]
        return cbor2.dumps(message if tag is None else cbor2.CBORTag(tag, message))

    def jwt(
        self,
        data: bytes | None = None,
        *,
        payload: bytes | None = None,
        header: dict[str, Any] | None = None,
        **changes: Any,
    ) -> bytes:
        """Return a JWT, as `cwt`."""
        if payload is None:
            claims = self.claims(data, **changes)
            lists = claims.get("status_list")
            if isinstance(lists, dict) and isinstance(lists.get("lst"), bytes):
                claims["status_list"] = {**lists, "lst": b64u(lists["lst"])}
            payload = json.dumps(claims).encode()
        members = {"alg": "ES256", "kid": b64u(self.key.public.key_id), "typ": "statuslist+jwt", **(header or {})}
        encoded = json.dumps({name: value for name, value in members.items() if value is not None}).encode()
        text = f"{b64u(encoded)}.{b64u(payload)}".encode()
        return text + b"." + b64u(self.sign(text)).encode()

    def sign(self, message: bytes) -> bytes:
        r, s = decode_dss_signature(self.key.native.sign(message, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32) + s.to_bytes(32)


def issuer_of(store: TrustStore, id: str) -> TrustedIssuer:  # noqa: A002 - the member's name
    """Return the entry of an issuer."""
    return next(key.issuer for trust_list in store.lists for key in trust_list.keys if key.issuer.id == id)
