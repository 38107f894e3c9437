"""Certificate paths: from the certificate of a signer to an authority that is trusted, at the time that counts.

One step is the rule: a country signing certificate authority (CSCA, at WHO: SCA) signs a document or barcode signer. An
authority that takes a new key says so by a link certificate, its new key signed with the old one, so that who trusts
the old key can follow; such steps are few, and counted.

Names are compared as RFC 5280 section 7.1 asks, for genuine ones differ in case and in the type of their strings.
Identifiers of keys only say whom to try first: 12 of 439 genuine signers name another one than their authority states,
and the signature decides. Signatures with SHA-1 do not count.

Source: RFC 5280 section 6.1, without policies and name constraints, which none of these networks uses, and without
revocation, which is the business of whoever has the lists; ICAO Doc 9303 part 12.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pratique.cose import _der, unproven
from pratique.errors import KeyMaterialError, TrustError
from pratique.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from pratique.cose.certificates import Certificate
    from pratique.cose.unproven import UnprovenCertificate

MAX_AUTHORITIES = 4
"""Authorities in one path: they take a new key every three to five years, and certificates live for up to fifteen."""
MAX_SIGNATURES = 32
"""Signatures checked to find one path: a list may hold any number of authorities of one name, and links among them."""

# What can be wrong with an authority, from what says least about it to what says most.
_RANK = (
    Reason.CERTIFICATE_SIGNATURE,
    Reason.AUTHORITY_UNKNOWN,
    Reason.NOT_AUTHORITY,
    Reason.OTHER_COUNTRY,
    Reason.PATH_LENGTH,
    Reason.CERTIFICATE_NOT_YET_VALID,
    Reason.CERTIFICATE_EXPIRED,
)


@dataclass(frozen=True, slots=True)
class CertificatePath:
    """A proven path: the signer's certificate, and the authorities from the one that signed it to the trusted one."""

    signer: Certificate
    authorities: tuple[Certificate, ...]

    @property
    def anchor(self) -> Certificate:
        """Return the trusted authority at its end."""
        return self.authorities[-1]


@dataclass(frozen=True, slots=True, eq=False)
class _Node:
    certificate: Certificate
    content: UnprovenCertificate
    is_trusted: bool = False


@dataclass(slots=True)
class _Search:
    """One search: the time that counts, the signatures checked so far, and the fault that says most."""

    at: datetime
    signatures: int = 0
    fault: TrustError | None = None

    def note(self, code: Reason, detail: str) -> None:
        if self.fault is None or _RANK.index(code) > _RANK.index(self.fault.code):
            self.fault = TrustError(code, detail)


class Authorities:
    """Authorities by their names: those that are trusted, and others that count only where a trusted one signed them.

    `set_aside` has the certificates that cannot be read closely enough, each with the reason; they sign nothing.
    """

    def __init__(self, trusted: Iterable[Certificate], *, links: Iterable[Certificate] = ()) -> None:
        self._by_name: dict[_der.Name, list[_Node]] = {}
        aside: list[tuple[Certificate, KeyMaterialError]] = []
        listed = {certificate.der: (certificate, False) for certificate in links}
        listed |= {certificate.der: (certificate, True) for certificate in trusted}
        for certificate, is_trusted in listed.values():
            try:
                node = _Node(certificate, unproven.read(certificate.der), is_trusted)
                self._by_name.setdefault(_der.name(node.content.subject), []).append(node)
            except KeyMaterialError as error:
                aside.append((certificate, error))
        self.set_aside = tuple(aside)

    def path(self, certificate: Certificate, *, at: datetime) -> CertificatePath:
        """Return a path from a signer's certificate to a trusted authority.

        Checked at every step: the signature, the names, that the upper one is an authority for certificates (basic
        constraints and key usage), its path length, that both are of one country, and the windows of both at `at`;
        and that the signer's key may sign data. Of several faults, the error says the last in that order that was
        reached.

        Args:
            certificate: of the signer.
            at: the time that counts, aware: that of verifying, or of issue, as the network has it.
        Raises: TrustError: `certificate.authority_unknown`, `certificate.signature`, `certificate.not_authority`,
            `certificate.other_country`, `certificate.path_length`, `certificate.not_yet_valid`,
            `certificate.expired`, `certificate.not_signer`. KeyMaterialError: it cannot be read.
        Not checked: extended key usage; revocation; that a trusted authority has signed itself.
        """
        if at.utcoffset() is None:
            raise TypeError("the time at which a path is checked must be aware")
        signer = _Node(certificate, unproven.read(certificate.der))
        search = _Search(at)
        authorities = self._climb((signer,), search)
        if authorities is None:
            raise search.fault or TrustError(Reason.AUTHORITY_UNKNOWN)
        if not signer.content.may_sign:
            raise TrustError(Reason.NOT_SIGNER)
        if fault := _outside_window(signer, at):
            raise TrustError(*fault)
        return CertificatePath(certificate, tuple(node.certificate for node in authorities))

    def _climb(self, below: tuple[_Node, ...], search: _Search) -> tuple[_Node, ...] | None:
        """Return the authorities from the one that signed the last of `below` to a trusted one, nearest first."""
        for candidate in self._named(below[-1]):
            if candidate in below[1:]:
                continue
            if fault := _fault(below, candidate, search):
                search.note(*fault)
                continue
            if candidate.is_trusted:
                return (*below[1:], candidate)
            if len(below) == MAX_AUTHORITIES:
                search.note(Reason.PATH_LENGTH, f"none of the {MAX_AUTHORITIES} nearest authorities is trusted")
            elif found := self._climb((*below, candidate), search):
                return found
            else:
                search.note(Reason.AUTHORITY_UNKNOWN, "a link certificate leads to no trusted authority")
        return None

    def _named(self, node: _Node) -> list[_Node]:
        """Return the authorities of the name that a certificate gives as its issuer, the likeliest first."""
        named = self._by_name.get(_der.name(node.content.issuer), [])
        key_id = node.content.authority_key_id
        return sorted(named, key=lambda each: (key_id != each.content.subject_key_id, not each.is_trusted))


def _fault(below: tuple[_Node, ...], authority: _Node, search: _Search) -> tuple[Reason, str] | None:
    """Return why an authority does not vouch for the last certificate of a path, or nothing."""
    lower, content = below[-1], authority.content
    if search.signatures == MAX_SIGNATURES:
        return Reason.PATH_LENGTH, f"{MAX_SIGNATURES} signatures were checked"
    search.signatures += 1
    if not lower.content.signed.is_signed_by(content.public_key):
        used = lower.content.signed.scheme is not None
        return Reason.CERTIFICATE_SIGNATURE, "" if used else "it uses SHA-1, or another way that does not count"
    if not content.may_certify:
        return Reason.NOT_AUTHORITY, ""
    if authority.certificate.country != lower.certificate.country:
        countries = (lower.certificate.country or "none", authority.certificate.country or "none")
        return Reason.OTHER_COUNTRY, " under ".join(countries)
    between = sum(not node.content.is_self_issued for node in below[1:])  # RFC 5280 section 4.2.1.9: those do not count
    if content.path_length is not None and between > content.path_length:
        return Reason.PATH_LENGTH, f"{between} below an authority that allows {content.path_length}"
    return _outside_window(authority, search.at)


def _outside_window(node: _Node, at: datetime) -> tuple[Reason, str] | None:
    who = "the authority" if node.content.is_authority else "the signer"
    if at < node.content.not_before:
        return Reason.CERTIFICATE_NOT_YET_VALID, f"{who}, from {node.content.not_before:%Y-%m-%dT%H:%M:%SZ}"
    if at > node.content.not_after:
        return Reason.CERTIFICATE_EXPIRED, f"{who}, until {node.content.not_after:%Y-%m-%dT%H:%M:%SZ}"
    return None
