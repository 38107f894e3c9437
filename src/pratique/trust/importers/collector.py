"""Entries of issuers as an importer comes upon them: read, checked, merged, remarked on where they cannot be used."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Any, Final

from pratique.cose.certificates import Certificate, is_strict
from pratique.errors import PratiqueError, TrustError
from pratique.model.codes import country_alpha3, country_name
from pratique.model.dates import parse_datetime
from pratique.reasons import Reason
from pratique.trust.entries import HCERT, MISTYPED_USAGES, key_entry
from pratique.trust.importers.base import Imported, Remark, invalid

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from pratique.cose.certificate_path import Authorities
    from pratique.cose.keys import PublicKey
    from pratique.trust.entries import Limits

MAX_ENTRIES: Final = 50_000
"""Entries of one source; the largest published has 501."""
_ALSO_KNOWN_AS: Final = {"EL": "GR", "UK": "GB"}  # as the institutions of the EU abbreviate them
_OUTSIDE_WINDOW: Final = frozenset({Reason.CERTIFICATE_NOT_YET_VALID, Reason.CERTIFICATE_EXPIRED})
_ALPHA2: Final = re.compile(r"[A-Z]{2}")
_ALPHA3: Final = re.compile(r"[A-Z]{3}")


class Collector:
    """Gathers the entries of one source, which has `count` of them; nothing that is wrong with one stops the others.

    Raises: TrustError (`import.invalid`): there are more entries than are read.
    """

    def __init__(self, count: int, *, at: datetime) -> None:
        if count > MAX_ENTRIES:
            raise invalid(f"{count} entries; {MAX_ENTRIES} is the most that is read")
        self._at = at
        self._issuers: dict[str, dict[str, Any]] = {}
        self._seen: set[str] = set()
        self._hashed = self._under_authority = self._without_authority = 0
        self._remarks: list[Remark] = []

    def leave_out(self, where: str, code: Reason, detail: str = "") -> None:
        """Remark on an entry that the list will not have."""
        self._remarks.append(Remark(where, code, detail or code.meaning, left_out=True))

    def note(self, where: str, code: Reason, detail: str = "") -> None:
        """Remark on an entry that the list has all the same."""
        self._remarks.append(Remark(where, code, detail or code.meaning, left_out=False))

    def certificate(self, where: str, encoded: object) -> Certificate | None:
        """Return the certificate in DER or base64; None, with a remark, where it cannot be read."""
        try:
            return Certificate.read(unbase64(encoded))
        except PratiqueError as error:
            self.leave_out(where, error.code, error.detail)
            return None

    def country(self, where: str, code: object) -> str | None:
        """Return the alpha-3 code of a country that is named by either code; None, with a remark, for any other."""
        if type(code) is str and _ALPHA2.fullmatch(code):
            code = country_alpha3(_ALSO_KNOWN_AS.get(code, code))
        if type(code) is str and _ALPHA3.fullmatch(code) and country_name(code) is not None:
            return code
        self.leave_out(where, Reason.IMPORT_COUNTRY)
        return None

    def is_under(self, where: str, certificate: Certificate, authorities: Authorities | None) -> bool:
        """Return whether an authority of its country certified a signer, or there is none; remark where none did.

        What counts is whether one did while both windows held. An authority that took a new certificate for its key
        has one that begins after those of earlier signers end: then it is noted, and the signer counts.
        """
        if authorities is None:
            self._without_authority += 1
            return True
        try:
            try:
                authorities.path(certificate, at=certificate.not_before)
            except TrustError as error:
                if error.code not in _OUTSIDE_WINDOW:
                    raise
                authorities.path(certificate, at=certificate.not_after)
        except PratiqueError as error:
            if error.code not in _OUTSIDE_WINDOW:
                self.leave_out(where, error.code, error.detail)
                return False
            self.note(where, error.code, error.detail)
        self._under_authority += 1
        return True

    def add(  # noqa: PLR0913 - each is a part of the entry
        self,
        where: str,
        material: Certificate | PublicKey,
        *,
        country: str,
        format_: str,
        issuer: str | None = None,
        name: str | None = None,
        key_id: bytes | None = None,
        limits: Limits | None = None,
    ) -> None:
        """Add a key of an issuer, by default the one that a country is in a format, such as `eu-dcc:AUT`.

        An entry that is there already is merged. What is odd about the key is remarked on.
        """
        if format_ in HCERT and isinstance(material, Certificate) and key_id not in (None, material.hcert_key_id):
            self.leave_out(where, Reason.KEY_MISNAMED)
            return
        try:
            entry = key_entry(material, format_=format_, key_id=key_id, limits=limits)
        except PratiqueError as error:
            self.leave_out(where, error.code, error.detail)
            return
        issuer = issuer or f"{format_}:{country}"
        whole = f"{issuer} {[entry.get(member) for member in entry if member != 'certificate']}"
        if whole in self._seen:
            self.note(where, Reason.IMPORT_DUPLICATE)
            return
        self._seen.add(whole)
        name = name or country_name(country)
        found = self._issuers.setdefault(
            issuer, {"id": issuer, "country": country, **({"names": {"en": name}} if name else {}), "keys": []}
        )
        found["keys"].append(entry)
        if isinstance(material, Certificate):
            self._hashed += key_id is not None and format_ in HCERT
            self._oddities(where, material)
        if parse_datetime(entry["not_after"]) < self._at:
            self.note(where, Reason.IMPORT_EXPIRED, f"expired {entry['not_after'][:10]}")

    def _oddities(self, where: str, certificate: Certificate) -> None:
        if not is_strict(certificate.der):
            self.note(where, Reason.IMPORT_NOT_STRICT)
        if any(usage.startswith(MISTYPED_USAGES) for usage in certificate.extended_key_usage or ()):
            self.note(where, Reason.IMPORT_USAGE_MISTYPED)

    def imported(self, network: str, *, verified: Iterable[str], unverified: Iterable[str]) -> Imported:
        """Return what was gathered: issuers by identifier, keys in the order of the source."""
        verified, unverified = list(verified), list(unverified)
        if self._hashed:
            verified.append(f"the identifiers of {self._hashed} keys are the hashes of their certificates")
        if self._under_authority:
            verified.append(f"{self._under_authority} certificates were signed by an authority of their country")
            unverified.append("the authorities themselves: whoever made the file chose them")
        if self._without_authority:
            unverified.append(
                f"who signed {self._without_authority} certificates: the file has no authority of their country"
            )
        issuers = tuple(self._issuers[issuer] for issuer in sorted(self._issuers))
        return Imported(network, issuers, tuple(verified), tuple(unverified), tuple(self._remarks))


def unbase64(encoded: object) -> bytes:
    """Return the bytes of a base64 text, padded, on one line; bytes are returned as they are.

    Raises: TrustError (`import.entry_invalid`).
    """
    if type(encoded) is bytes:
        return encoded
    try:
        if type(encoded) is str and encoded:
            return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        pass
    raise TrustError(Reason.IMPORT_ENTRY, "a key, its identifier or its certificate is not base64")
