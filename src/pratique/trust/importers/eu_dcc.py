"""Certificates of the EU Digital COVID Certificate: the gateway's trust list, and what states make of it.

A signer's certificate counts only if its identifier is its hash; where the list has authorities (CSCA) of its country,
only if one of them signed it. The gateway was the EU's until 2023; WHO runs it on with the same interface.

Source: eu-digital-green-certificates/dgc-gateway; the EU's certificate governance, version 1.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pratique.cose.certificate_path import Authorities
from pratique.cose.certificates import Certificate
from pratique.cose.keys import PublicKey
from pratique.errors import PratiqueError, SignatureError, TrustError
from pratique.model.codes import country_alpha3
from pratique.reasons import Reason
from pratique.trust.entries import Limits
from pratique.trust.importers import dcc_lists, dcc_uploads
from pratique.trust.importers.base import Imported, Instructions, invalid
from pratique.trust.importers.collector import Collector, unbase64

if TYPE_CHECKING:
    from collections.abc import Callable

    from pratique.trust.importers.dcc_lists import Listed, Listing

FORMAT: Final = "eu-dcc"
AUTHORITY: Final = "CSCA"
_OTHER_USES: Final = frozenset({"AUTHENTICATION", "UPLOAD", AUTHORITY})


def recognises(data: bytes) -> bool:
    """Return whether data are in a shape of such a list; they may be faulty all the same."""
    try:
        return dcc_lists.read(data) is not None
    except PratiqueError as error:
        return error.code is Reason.IMPORT_INVALID or dcc_lists.is_cbor_list(data)


def import_(data: bytes, instructions: Instructions) -> Imported:
    """Return the entries of the gateway's list or of a state's.

    Raises: TrustError: `import.invalid`, `import.stale`; DecodeError: it is not such a list, as a whole.
        SignatureError (`import.signature_invalid`): the instructions name a signer, and it did not sign the list, or a
        list of this shape has no signature that is checked. Of the gateway's list the signer is its trust anchor;
        entries that are not signed under it are left out, and then signers without an authority are too.
    """
    instructions.expect_no_scope()
    listing = dcc_lists.read(data, instructions.signature)
    if listing is None:
        raise invalid("it is neither the gateway's list nor one of a state")
    verified, unverified = _proof(listing, instructions)
    collector = Collector(len(listing.entries), at=instructions.at)
    entries, unlisted = listing.entries, None
    if listing.is_signed_by_entry and instructions.signer is not None:
        entries, unlisted = dcc_uploads.signed(entries, instructions.signer, collector), Authorities(())
        verified.append(f"{len(entries)} entries of {listing.shape} were signed under the trust anchor that you gave")
    authorities = _authorities(entries, collector)
    for entry in entries:
        if entry.use == dcc_lists.SIGNER:
            _add(entry, collector, lambda country: authorities.get(country, unlisted), instructions.limits)
        elif type(entry.use) is not str or entry.use not in _OTHER_USES:
            collector.leave_out(entry.where, Reason.IMPORT_ENTRY, "certificateType is none that is known")
        elif entry.use != AUTHORITY:
            collector.leave_out(entry.where, Reason.IMPORT_OTHER_USE)
    return collector.imported(FORMAT, verified=verified, unverified=unverified)


def _proof(listing: Listing, instructions: Instructions) -> tuple[list[str], list[str]]:
    """Return what is verified and what is not of the list's own signature and window."""
    at, signer = instructions.at, instructions.signer
    if (listing.not_before is not None and at < listing.not_before) or (
        listing.expires_at is not None and at >= listing.expires_at
    ):
        raise TrustError(Reason.IMPORT_STALE, f"{listing.shape} does not count at {at:%Y-%m-%d}")
    if listing.is_signed_by_entry:
        return [], [] if signer is not None else [
            f"who signed the entries of {listing.shape}: no trust anchor was given"
        ]
    if signer is not None:
        if listing.proof is None:
            raise SignatureError(Reason.IMPORT_SIGNATURE, f"of {listing.shape} no signature is checked")
        listing.proof(signer.public_key if isinstance(signer, Certificate) else signer)
        return [f"{listing.shape} was signed by the key that you gave"], []
    if listing.proof is None:
        return [], [f"who made it: {listing.shape} comes without a signature"]
    return [], [f"the signature of {listing.shape}: no key was given that it must be signed by"]


def _authorities(entries: tuple[Listed, ...], collector: Collector) -> dict[str, Authorities]:
    """Return the authorities of a list by country."""
    found: dict[str, list[Certificate]] = {}
    for entry in entries:
        if entry.use != AUTHORITY:
            continue
        country = collector.country(entry.where, entry.country)
        if country is None:
            continue
        listed = found.setdefault(country, [])  # one that cannot be read vouches for nobody, and still is one
        if (certificate := collector.certificate(entry.where, entry.material)) is not None:
            listed.append(certificate)
    return {country: Authorities(certificates) for country, certificates in found.items()}


def _add(entry: Listed, collector: Collector, authorities: Callable[[str], Authorities | None], limits: Limits) -> None:
    """Add a signer's key, or remark on why not; `authorities` are those of a country."""
    try:
        key_id = None if entry.key_id is None else unbase64(entry.key_id)
        if entry.is_key:
            _add_key(entry, collector, key_id, limits)
            return
        certificate = Certificate.read(unbase64(entry.material))
    except PratiqueError as error:
        collector.leave_out(entry.where, error.code, error.detail)
        return
    named = entry.country
    if named is None and certificate.country is not None:
        named = country_alpha3(certificate.country)
    country = collector.country(entry.where, named)
    if country is not None and collector.is_under(entry.where, certificate, authorities(country)):
        collector.add(entry.where, certificate, country=country, format_=FORMAT, key_id=key_id)


def _add_key(entry: Listed, collector: Collector, key_id: bytes | None, limits: Limits) -> None:
    """Add a key without a certificate, within the window that the operator gave. Raises: PratiqueError."""
    country = collector.country(entry.where, entry.country)
    if country is not None:
        window = Limits(kinds=dcc_lists.kinds_of(entry.kinds), not_before=limits.not_before, not_after=limits.not_after)
        key = PublicKey.from_spki(unbase64(entry.material))
        collector.add(entry.where, key, country=country, format_=FORMAT, key_id=key_id, limits=window)
