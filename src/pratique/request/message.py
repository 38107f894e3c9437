"""A request: who asks to be shown what, for which purpose, by which rules, how long it is kept, and under what law.

It is a COSE_Sign1 over a small map of CBOR (`schemas/request.cddl`), as a QR text `PQR1:` and Base45, so that a desk
can put it on a screen. People read its JSON view (`schemas/request.schema.json`).
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from pratique import schemas
from pratique.codec import base64url, cbor
from pratique.cose import algorithms, sign1
from pratique.cose.algorithms import SIGNING
from pratique.cose.keys import KEY_ID_BYTES
from pratique.cose.sign1 import ALG, KEY_ID, TYP, Sign1
from pratique.errors import DecodeError, RequestError
from pratique.formats import profile
from pratique.model.dates import MAX_SECONDS, parse_datetime, rfc3339
from pratique.qr import text as qr_text
from pratique.reasons import Reason
from pratique.rules.minimum import minimum
from pratique.sdcwt import Challenge
from pratique.sdcwt.key_binding import NONCE_BYTES, is_audience, is_nonce

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pratique.cose.algorithms import Algorithm
    from pratique.cose.keys import PublicKey
    from pratique.cose.signer import Signer
    from pratique.rules.ruleset import RuleSet

PREFIX: Final = "PQR1:"
TYPE: Final = "application/pratique-request+cbor"
VALID_FOR: Final = timedelta(minutes=10)  # for the next travellers in the line
MAX_LIFETIME: Final = timedelta(hours=24)  # what answers a request can be shown again as long as it stands
MAX_RETENTION: Final = timedelta(days=3650)  # what is kept longer is not kept for a border check
MAX_CLAIMS: Final = 32  # the profile has fewer
MAX_LANGUAGES: Final = 8  # of a name or legal basis: a request has to fit a QR code
HASH_BYTES: Final = 32  # SHA-256

_VERIFIER, _NAMES, _AUDIENCE, _NONCE, _PURPOSE, _RETENTION, _BASIS, _RULES, _CLAIMS, _ISSUED, _EXPIRES = range(1, 12)
_HEADERS: Final = {ALG, KEY_ID, TYP}
_HOUR: Final = timedelta(hours=1)
_PATTERN_PURPOSE: Final = re.compile(r"[a-z][a-z0-9-]{0,63}")
_PATTERN_RULES: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_PATTERN_CLAIM: Final = re.compile(r"(?:event|holder)\.[a-z_]{1,32}")
_PATTERN_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_PATTERN_RETENTION: Final = re.compile(r"P(?:([0-9]{1,4})D|T([0-9]{1,5})H)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a verifier asks.

    Args:
        verifier: its identifier, as lists of verifiers name it.
        names: what to call it, by language (BCP 47).
        audience: the identifier that a key binding token is to be for.
        nonce: 8 to 64 random bytes, which no other request has.
        purpose: a code such as `border-entry`, which lists and rule sets have too.
        retention: how long what is shown is kept, in whole hours.
        legal_basis: the law that it is asked under, by language.
        rule_set: the identifier of the entry rules that need the answer.
        rule_set_sha256: the hash of exactly these rules, as they were signed.
        claims: the names of the claims asked for beyond what is always shown, as `HeldCredential.disclosable` has them.
        issued_at: aware, in whole seconds.
        expires_at: at most a day later, not inside.
    Raises: ValueError: a value is not in its form.
    """

    verifier: str
    names: Mapping[str, str]
    audience: str
    nonce: bytes = field(repr=False)
    purpose: str
    retention: timedelta
    legal_basis: Mapping[str, str] = field(repr=False)
    rule_set: str
    rule_set_sha256: bytes = field(repr=False)
    claims: frozenset[str]
    issued_at: datetime
    expires_at: datetime

    def __post_init__(self) -> None:
        for name, holds in _FORMS.items():
            if not holds(getattr(self, name)):
                raise ValueError(f"{name} is not in its form")
        if not timedelta() < self.expires_at - self.issued_at <= MAX_LIFETIME:
            raise ValueError("the request ends before it begins, or more than a day later")

    @classmethod
    def for_rules(  # noqa: PLR0913 - each says one thing of the verifier
        cls,
        rule_set: RuleSet,
        *,
        verifier: str,
        names: Mapping[str, str],
        audience: str,
        at: datetime,
        valid_for: timedelta = VALID_FOR,
        claims: Iterable[str] | None = None,
    ) -> Request:
        """Return the request for what a rule set needs, with a fresh nonce; purpose, retention and law are the rules'.

        Args:
            rule_set: the entry rules, in force.
            verifier: the verifier's identifier.
            names: what to call it, by language.
            audience: the identifier that a key binding token is to be for.
            at: the time, aware; whole seconds of it count.
            valid_for: how long the request stands, at most a day.
            claims: what to ask for; by default all that the rules can read.
        Raises: ValueError: a value is not in its form.
        """
        at = at.replace(microsecond=0)
        return cls(
            verifier=verifier,
            names=names,
            audience=audience,
            nonce=secrets.token_bytes(NONCE_BYTES),
            purpose=rule_set.purpose,
            retention=rule_set.retention,
            legal_basis=rule_set.legal_basis,
            rule_set=rule_set.id,
            rule_set_sha256=rule_set.sha256,
            claims=minimum(rule_set) if claims is None else frozenset(claims),
            issued_at=at,
            expires_at=at + valid_for,
        )

    @property
    def challenge(self) -> Challenge:
        """Return what the verifier expects of a key binding token that answers this."""
        return Challenge(self.audience, self.nonce)

    def name(self, language: str = "en") -> str:
        """Return what the verifier calls itself, in a language, or in English, or its identifier."""
        return self.names.get(language) or self.names.get("en") or self.verifier

    def sign(self, signer: Signer) -> str:
        """Return the QR text of the request, signed.

        The signer's key identifier must be its key's own, the first 8 bytes of the thumbprint: by it holders find it.
        Raises: ValueError: the algorithm is not one to sign with.
        """
        if signer.algorithm not in SIGNING:
            raise ValueError(f"{signer.algorithm.name} is not an algorithm to sign with; see pratique.cose.algorithms")
        headers: dict[int | str, Any] = {KEY_ID: signer.key_id, TYP: TYPE}
        return qr_text.encode(sign1.encode(headers, {}, cbor.encode(self._wire()), signer), prefix=PREFIX)

    def _wire(self) -> dict[int, Any]:
        return {
            _VERIFIER: self.verifier,
            _NAMES: self.names,
            _AUDIENCE: self.audience,
            _NONCE: self.nonce,
            _PURPOSE: self.purpose,
            _RETENTION: self.retention // _HOUR,
            _BASIS: self.legal_basis,
            _RULES: [self.rule_set, self.rule_set_sha256],
            _CLAIMS: sorted(self.claims),
            _ISSUED: int(self.issued_at.timestamp()),
            _EXPIRES: int(self.expires_at.timestamp()),
        }

    @classmethod
    def from_json(cls, document: Any) -> Request:
        """Return the request of a JSON document. Raises: DecodeError: not after its schema; RequestError."""
        schemas.check(document, "request")
        return _made(
            verifier=document["verifier"],
            names=document["names"],
            audience=document["audience"],
            nonce=base64url.decode(document["nonce"].encode()),
            purpose=document["purpose"],
            retention=duration(document["retention"]),
            legal_basis=document["legal_basis"],
            rule_set=document["rule_set"]["id"],
            rule_set_sha256=bytes.fromhex(document["rule_set"]["sha256"]),
            claims=frozenset(document["claims"]),
            issued_at=parse_datetime(document["issued_at"]),
            expires_at=parse_datetime(document["expires_at"]),
        )

    @property
    def document(self) -> dict[str, Any]:
        """Return the request as JSON, for people to read."""
        return {
            "verifier": self.verifier,
            "names": dict(self.names),
            "audience": self.audience,
            "nonce": base64url.encode(self.nonce).decode(),
            "purpose": self.purpose,
            "retention": iso_duration(self.retention),
            "legal_basis": dict(self.legal_basis),
            "rule_set": {"id": self.rule_set, "sha256": self.rule_set_sha256.hex()},
            "claims": sorted(self.claims),
            "issued_at": rfc3339(self.issued_at),
            "expires_at": rfc3339(self.expires_at),
        }


@dataclass(frozen=True, slots=True, repr=False)
class SignedRequest:
    """A request as it arrived; what it says is not looked at before its signature holds."""

    key_id: bytes
    algorithm: Algorithm
    signed: Sign1

    def __repr__(self) -> str:
        return f"SignedRequest({self.algorithm.name}, key_id={self.key_id.hex()})"

    def signer(self, keys: Iterable[PublicKey]) -> PublicKey | None:
        """Return the key that signed, None where it is none of these."""
        message = self.signed.to_be_signed()
        return next(
            (
                key
                for key in keys
                if key.fits(self.algorithm) and algorithms.verify(self.algorithm, key, self.signed.signature, message)
            ),
            None,
        )

    def verify(self, keys: Iterable[PublicKey]) -> Request:
        """Return what is asked, if one of these keys signed it.

        Raises: RequestError: `request.signer_unknown`; `request.invalid`: it is signed, and says nothing usable.
        Not checked: time, rules, and whether the verifier may ask; see `consider`.
        """
        if self.signer(keys) is None:
            raise RequestError(Reason.REQUEST_SIGNER_UNKNOWN)
        return _from_wire(self.signed.payload)

    def unverified(self) -> Request:
        """Return what is asked, by whoever wrote it: for a person to read, or for the desk whose own request it is.

        Raises: RequestError (`request.invalid`). Not checked: the signature.
        """
        return _from_wire(self.signed.payload)


def read(text: str) -> SignedRequest:
    """Return the request that a QR text carries.

    Raises: DecodeError: `format.unknown`, `qr.too_long`, `base45.invalid`, `cbor.*`, `cose.malformed`.
        UnsupportedError: `cose.algorithm`. Not checked: the signature, see `SignedRequest.verify`.
    """
    signed = Sign1.decode(qr_text.decode(qr_text.scanned(text), prefix=PREFIX))
    if signed.unprotected or signed.headers.keys() != _HEADERS or signed.headers[TYP] != TYPE:
        raise DecodeError(Reason.COSE_MALFORMED, "the headers are not exactly those of a request")
    key_id = signed.key_id
    if key_id is None or len(key_id) != KEY_ID_BYTES:
        raise DecodeError(Reason.COSE_MALFORMED, f"the key identifier is not {KEY_ID_BYTES} bytes")
    return SignedRequest(key_id, algorithms.by_label(signed.headers[ALG]), signed)


def duration(text: str) -> timedelta:
    """Return the time that `PnD` or `PTnH` stands for (ISO 8601). Raises: RequestError."""
    match = _PATTERN_RETENTION.fullmatch(text)
    if match is None:
        raise RequestError(Reason.REQUEST_INVALID, "a duration is neither PnD nor PTnH")
    days, hours = match.groups()
    return timedelta(days=int(days)) if days is not None else timedelta(hours=int(hours))


def iso_duration(value: timedelta) -> str:
    """Return `PnD`, or `PTnH` where that is no whole number of days."""
    hours = value // _HOUR
    return f"PT{hours}H" if hours % 24 else f"P{hours // 24}D"


def _from_wire(payload: bytes) -> Request:
    """Return the request of a payload, in its one encoding. Raises: RequestError."""
    try:
        claims = cbor.decode(payload, deterministic=True)
    except DecodeError as error:
        raise RequestError(Reason.REQUEST_INVALID, error.detail) from None
    if type(claims) is not dict or claims.keys() != set(range(_VERIFIER, _EXPIRES + 1)):
        raise RequestError(Reason.REQUEST_INVALID, "the members of the request are not exactly those that one has")
    rules, names, hours = claims[_RULES], claims[_CLAIMS], claims[_RETENTION]
    if type(rules) is not list or len(rules) != 2:  # noqa: PLR2004 - id and hash
        raise RequestError(Reason.REQUEST_INVALID, "the rule set is not an identifier and a hash")
    if type(names) is not list or any(type(name) is not str for name in names) or names != sorted(set(names)):
        raise RequestError(Reason.REQUEST_INVALID, "the claims are not texts in order, each once")
    if type(hours) is not int or not 0 <= hours <= MAX_RETENTION // _HOUR:
        raise RequestError(Reason.REQUEST_INVALID, "the retention is not a number of hours within its limit")
    return _made(
        verifier=claims[_VERIFIER],
        names=claims[_NAMES],
        audience=claims[_AUDIENCE],
        nonce=claims[_NONCE],
        purpose=claims[_PURPOSE],
        retention=hours * _HOUR,
        legal_basis=claims[_BASIS],
        rule_set=rules[0],
        rule_set_sha256=rules[1],
        claims=frozenset(names),
        issued_at=_moment(claims[_ISSUED]),
        expires_at=_moment(claims[_EXPIRES]),
    )


def _made(**members: Any) -> Request:
    try:
        return Request(**members)
    except ValueError as error:
        raise RequestError(Reason.REQUEST_INVALID, str(error)) from None


def _moment(seconds: Any) -> datetime:
    if type(seconds) is not int or not 0 <= seconds < MAX_SECONDS:
        raise RequestError(Reason.REQUEST_INVALID, "a time is not a number of seconds since 1970")
    return datetime.fromtimestamp(seconds, UTC)


def _matches(pattern: re.Pattern[str]) -> Callable[[Any], bool]:
    return lambda value: type(value) is str and pattern.fullmatch(value) is not None


def _is_by_language(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and 0 < len(value) <= MAX_LANGUAGES
        and all(map(_matches(_PATTERN_LANGUAGE), value))
        and all(map(_is_text, value.values()))
    )


def _is_text(value: Any) -> bool:
    """Return whether people can read a value: a text as a credential may hold it."""
    try:
        return bool(profile.text(value))
    except DecodeError:
        return False


def _is_moment(value: Any) -> bool:
    return isinstance(value, datetime) and value.utcoffset() is not None and value.microsecond == 0


_FORMS: Final[Mapping[str, Callable[[Any], bool]]] = {
    "verifier": is_audience,
    "names": _is_by_language,
    "audience": is_audience,
    "nonce": is_nonce,
    "purpose": _matches(_PATTERN_PURPOSE),
    "retention": lambda value: timedelta() <= value <= MAX_RETENTION and not value % _HOUR,
    "legal_basis": _is_by_language,
    "rule_set": _matches(_PATTERN_RULES),
    "rule_set_sha256": lambda value: type(value) is bytes and len(value) == HASH_BYTES,
    "claims": lambda value: len(value) <= MAX_CLAIMS and all(map(_matches(_PATTERN_CLAIM), value)),
    "issued_at": _is_moment,
    "expires_at": _is_moment,
}
