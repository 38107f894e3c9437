"""Entries for a trust list and its acceptance, and the next edition of a list: values in, JSON values out.

No file is read or written here. What is returned follows `schemas/trust-list.schema.json` and
`schemas/acceptance.schema.json`.

**Keys by cohort.** An issuer signs with one key for a month, say, and with the next one for the next. All of them stand
on the list side by side, each with its own window, and what a key signs counts only if it was issued in that window. A
key that leaks is withdrawn alone: it voids what was issued in one month, and nothing of the others. The key of a month
that is over needs no withdrawal, for its window has ended; `superseded` is for one that is given up before.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pratique.cose.algorithms import ES256
from pratique.cose.certificates import Certificate
from pratique.cose.keys import PublicKey
from pratique.errors import PratiqueError, TrustError
from pratique.model import Kind
from pratique.model.dates import parse_datetime, rfc3339
from pratique.reasons import Reason
from pratique.trust.trust_list import WithdrawalReason

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

HCERT: Final = frozenset({"eu-dcc", "who-hcert", "at-exemption"})
"""Formats that name a key by a hash of its certificate, whose extended key usage limits what it may sign."""
NAMED_KEYS: Final = frozenset({"nz-covid-pass"})
"""Formats whose codes name their key by a name of the issuer's choice, which nothing in the key tells."""
ICAO_VDS_NC: Final = "icao-vds-nc"
SMART_HEALTH_CARD: Final = "smart-health-card"
LOCAL_LIST: Final = "local"

# EU DCC, extended key usage; the second arc is mistyped in the certificates of several countries and means the same.
MISTYPED_USAGES: Final = "1.3.6.1.4.1.0.1847.2021.1."
_USAGE_ARCS: Final = ("1.3.6.1.4.1.1847.2021.1.", MISTYPED_USAGES)
_USAGES: Final = {"1": Kind.TEST, "2": Kind.VACCINATION, "3": Kind.RECOVERY}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a key may sign and when it counts; None leaves it to the certificate, or open where there is none.

    `kinds` and `targets` (ICD-11) are the scope. The window is inclusive at both ends.
    """

    kinds: frozenset[str] | None = None
    targets: frozenset[str] | None = None
    not_before: datetime | None = None
    not_after: datetime | None = None


def usage_kinds(usages: Iterable[str] | None) -> frozenset[str] | None:
    """Return the kinds of fact that extended key usages allow; None where they limit none, which allows every kind.

    A usage of the EU DCC that is not known is a limit too: alone it allows no kind.
    Source: EU DCC, certificate governance; usages are dotted numbers.
    """
    limits = {usage.removeprefix(arc) for usage in usages or () for arc in _USAGE_ARCS if usage.startswith(arc)}
    return frozenset(_USAGES[limit].value for limit in limits & _USAGES.keys()) if limits else None


def key_entry(
    material: Certificate | PublicKey, *, format_: str, key_id: bytes | None = None, limits: Limits | None = None
) -> dict[str, Any]:
    """Return the entry of a key in a trust list.

    Of a certificate, both the certificate and its key are kept, so that loading the list needs no X.509 (of a key on a
    Brainpool curve, which no JWK has, the certificate alone); its dates are the window, and in the formats of `HCERT`
    its extended key usage is the scope, unless `limits` says otherwise. There is no usage for exemptions: a certificate
    with any of the others may not sign them.

    Args:
        material: the certificate, or the bare key.
        format_: the one format that the key may sign.
        key_id: the identifier under which codes name the key; by default that of the format: in `HCERT` the first
            8 bytes of the certificate's SHA-256, of a VDS-NC the subject key identifier of the authority, of a SMART
            Health Card the thumbprint of its JWK, else the first 8 bytes of the key's thumbprint.
        limits: what is narrower or other than the certificate says.
    Raises: TrustError (`trust.list_invalid`): a bare key without a window, or in `HCERT` without an identifier; no
        identifier in a format in which keys have names; for a VDS-NC anything but the certificate of an authority,
        unless its identifier is given; for a SMART Health Card a key that is not P-256, or another identifier; in
        `HCERT` a certificate whose usages of the EU DCC are all unknown, unless `limits` says what it may sign.
    """
    limits = limits or Limits()
    certificate = material if isinstance(material, Certificate) else None
    key = material if isinstance(material, PublicKey) else material.public_key
    kinds = limits.kinds
    if certificate is not None and format_ in HCERT:
        key_id = key_id or certificate.hcert_key_id
        kinds = kinds or usage_kinds(certificate.extended_key_usage)
        if kinds is not None and not kinds:
            raise TrustError(
                Reason.TRUST_LIST_INVALID,
                "of its extended key usages those of the EU DCC are not known",
                hint="say which kinds of fact it may sign",
            )
    elif format_ in HCERT and key_id is None:
        raise TrustError(
            Reason.TRUST_LIST_INVALID,
            f"codes of {format_} name their key by a hash of the certificate, which a bare key does not have",
            hint="give the certificate, or the key identifier too",
        )
    if format_ == ICAO_VDS_NC:
        key_id = key_id or _authority_key_id(certificate)
    if format_ == SMART_HEALTH_CARD:
        key_id = _jwk_thumbprint(key, key_id)
    if format_ in NAMED_KEYS and not key_id:
        raise TrustError(
            Reason.TRUST_LIST_INVALID,
            f"codes of {format_} name their key by a name that the issuer chose",
            hint="give the name of the key too",
        )
    not_before = limits.not_before or (None if certificate is None else certificate.not_before)
    not_after = limits.not_after or (None if certificate is None else certificate.not_after)
    if not_before is None or not_after is None or not_before > not_after:
        raise TrustError(Reason.TRUST_LIST_INVALID, "the key has no window, or one that ends before it begins")
    entry: dict[str, Any] = {
        "key_id": _base64(key_id or key.key_id),
        **({"public_key": key.jwk} if key.has_jwk or certificate is None else {}),
        **({} if certificate is None else {"certificate": _base64(certificate.der)}),
        "formats": [format_],
        "not_before": _time(not_before),
        "not_after": _time(not_after),
    }
    scope = {name: sorted(values) for name, values in (("kinds", kinds), ("targets", limits.targets)) if values}
    return {**entry, "scope": scope} if scope else entry


def _jwk_thumbprint(key: PublicKey, key_id: bytes | None) -> bytes:
    """Return the thumbprint by which SMART Health Cards name their key; another identifier would never be found."""
    if not key.fits(ES256):
        raise TrustError(Reason.TRUST_LIST_INVALID, f"SMART Health Cards are signed with P-256, this is {key.kind}")
    if key_id not in (None, key.jwk_thumbprint):
        raise TrustError(
            Reason.TRUST_LIST_INVALID,
            "the identifier is not the thumbprint of the key, by which SMART Health Cards name it",
            hint="leave the identifier out, it follows from the key",
        )
    return key.jwk_thumbprint


def _authority_key_id(certificate: Certificate | None) -> bytes:
    """Return the identifier by which certificates in seals name the authority that signed them."""
    if certificate is None or not certificate.is_authority or certificate.subject_key_id is None:
        raise TrustError(
            Reason.TRUST_LIST_INVALID,
            "a seal brings the certificate of its signer along, and counts by the authority that signed that one",
            hint="give the certificate of the country signing certificate authority (CSCA)",
        )
    return certificate.subject_key_id


def with_key(  # noqa: PLR0913 - each is a part of the entry
    document: Mapping[str, Any] | None,
    key: Mapping[str, Any],
    *,
    issuer: str,
    country: str,
    at: datetime,
    name: str | None = None,
    status_lists: Iterable[str] = (),
) -> dict[str, Any]:
    """Return a trust list with a key added to an issuer, or put in the place of the same key; sequence one higher.

    Args:
        document: the list so far; None begins a new one.
        key: what `key_entry` returned.
        issuer: the issuer's identifier; an issuer that is not on the list yet is added.
        country: ISO 3166-1 alpha-3.
        at: the time of the change.
        name: the issuer's English name.
        status_lists: addresses of the issuer's status lists, beside those that are listed.
    Raises: TrustError (`trust.list_invalid`): the issuer is on the list for another country; the key was withdrawn; the
        list has ended.
    """
    before = document or {"id": LOCAL_LIST, "sequence": 0, "issued_at": "", "issuers": []}
    _refuse_withdrawn(before, issuer, key)
    issuers = [dict(entry) for entry in before["issuers"]]
    entry = next((entry for entry in issuers if entry["id"] == issuer), None)
    if entry is None:
        entry = {"id": issuer, "country": country, "keys": []}
        issuers.append(entry)
    if entry["country"] != country:
        raise TrustError(
            Reason.TRUST_LIST_INVALID,
            f"the issuer is on the list for {entry['country']}, not {country}",
            hint="give this country's issuer an identifier of its own",
        )
    if name is not None:
        entry["names"] = {**entry.get("names", {}), "en": name}
    with_status_lists(entry, status_lists)
    entry["keys"] = [*(other for other in entry["keys"] if not _same(other, key)), dict(key)]
    return _next_edition(before, issuers, at)


def with_status_lists(entry: dict[str, Any], addresses: Iterable[str]) -> None:
    """Put the addresses of status lists on an issuer's entry, beside those that are there."""
    if every := list(dict.fromkeys([*entry.get("status_lists", ()), *addresses])):
        entry["status_lists"] = every


def with_withdrawal(  # noqa: PLR0913 - each is a part of the entry
    document: Mapping[str, Any],
    *,
    issuer: str,
    key_id: bytes,
    reason: WithdrawalReason,
    at: datetime,
    since: datetime | None = None,
) -> dict[str, Any]:
    """Return a trust list with a key of an issuer marked as withdrawn; sequence one higher. It stays listed.

    All keys that the issuer has under the identifier are withdrawn. For compromise, so is the same key wherever else it
    stands on the list, under any issuer and identifier: whoever holds it can sign for all of them.

    Args:
        document: the list so far.
        issuer: the issuer's identifier.
        key_id: the identifier of the key.
        reason: why; a compromise may follow a supersession and not the other way round.
        at: the time of the change.
        since: from when on the key is withdrawn, `at` unless given. After a compromise it is for people only.
    Raises: TrustError (`trust.list_invalid`): the issuer has no such key; it is withdrawn already; the list has ended.
    """
    own = [
        key
        for entry in document["issuers"]
        if entry["id"] == issuer
        for key in entry["keys"]
        if base64.b64decode(key["key_id"]) == key_id
    ]
    if not own:
        raise TrustError(Reason.TRUST_LIST_INVALID, "the issuer has no key with this identifier")
    settled = {reason, WithdrawalReason.COMPROMISE}
    own = [key for key in own if "withdrawn" not in key or key["withdrawn"]["reason"] not in settled]
    if not own:
        raise TrustError(Reason.TRUST_LIST_INVALID, "the key is withdrawn already")
    leaked = {material(key) for key in own} - {None} if reason is WithdrawalReason.COMPROMISE else set()
    withdrawn = {"at": _time(since or at), "reason": reason.value}
    issuers = [
        {
            **entry,
            "keys": [
                {**key, "withdrawn": withdrawn}
                if any(key is other for other in own) or (leaked and material(key) in leaked)
                else key
                for key in entry["keys"]
            ],
        }
        for entry in document["issuers"]
    ]
    return _next_edition(document, issuers, at)


def renewed(
    document: Mapping[str, Any], *, at: datetime, next_update: datetime, expires_at: datetime
) -> dict[str, Any]:
    """Return the next edition of a trust list, with the same issuers and keys; sequence one higher.

    Args:
        document: the list so far.
        at: the time of the change.
        next_update: when the edition after it is due; from then on verifiers warn.
        expires_at: from when on verifiers refuse it.
    Raises: TrustError (`trust.list_invalid`): the times are not in this order.
    """
    if not at < next_update <= expires_at:
        raise TrustError(Reason.TRUST_LIST_INVALID, "the next edition is not due after this one and before its end")
    due = {"next_update": _time(next_update), "expires_at": _time(expires_at)}
    return _next_edition({**document, **due}, document["issuers"], at)


def _next_edition(before: Mapping[str, Any], issuers: list[dict[str, Any]], at: datetime) -> dict[str, Any]:
    due = {name: before[name] for name in ("next_update", "expires_at") if name in before}
    if any(at > parse_datetime(time) for time in due.values()):
        raise TrustError(
            Reason.TRUST_LIST_INVALID,
            "the time for which the list was made is over",
            hint="renew it first: say when the next edition is due and when this one ends",
        )
    return {
        "id": before["id"],
        "sequence": before["sequence"] + 1,
        "issued_at": _time(at),
        **due,
        "issuers": issuers,
    }


def _refuse_withdrawn(document: Mapping[str, Any], issuer: str, key: Mapping[str, Any]) -> None:
    """Refuse a key that was withdrawn: for compromise from anybody, else from this issuer. Listing it would undo it."""
    withdrawn = [
        other
        for entry in document["issuers"]
        for other in entry["keys"]
        if "withdrawn" in other
        and (entry["id"] == issuer or other["withdrawn"]["reason"] == WithdrawalReason.COMPROMISE)
    ]
    materials = {material(other) for other in withdrawn} - {None}
    if (materials and material(key) in materials) or any(_same(other, key) for other in withdrawn):
        raise TrustError(
            Reason.TRUST_LIST_INVALID,
            "the key was withdrawn, and stays so",
            hint="let the issuer make a new key",
        )


def material(entry: Mapping[str, Any]) -> bytes | None:
    """Return the key of an entry, the same bytes for the same key; None where it cannot be read."""
    try:
        if "public_key" in entry:
            return PublicKey.from_jwk(entry["public_key"]).encoded
        return PublicKey.from_certificate(base64.b64decode(entry["certificate"])).encoded
    except PratiqueError:
        return None


def with_acceptance(
    document: Mapping[str, Any] | None, *, issuer: str, country: str, format_: str
) -> tuple[dict[str, Any], bool]:
    """Return an acceptance with a line for exactly one issuer, country and format, and whether it was not there yet."""
    before = dict(document or {})
    line = {"issuers": [issuer], "countries": [country], "formats": [format_]}
    lines = before.get("accept", [])
    return {**before, "accept": lines if line in lines else [*lines, line]}, line not in lines


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether two entries are of one key under one identifier in one format."""
    return all(one.get(member) == other.get(member) for member in ("key_id", "public_key", "formats"))


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _time(moment: datetime) -> str:
    return rfc3339(moment.replace(microsecond=0))
