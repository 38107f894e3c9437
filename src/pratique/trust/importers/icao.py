"""ICAO: country signing certificate authorities (CSCA), which vouch for the signers of VDS-NC seals.

Three forms are read: a master list, signed by a state or by ICAO; what ICAO's directory offers for download, an LDIF
file with the master lists of many states; certificates in a file, in PEM or DER. Who made a master list, its signature
proves only to those who know the maker: the signer in the instructions is the maker's authority, got by another way, or
the very certificate that signs the list.

Each authority is listed for its own country. Of a link certificate, by which an authority says with its old key that
the new one is its own, the key is listed only where the authority's own certificate for it is not there.

Source: ICAO Doc 9303 part 12; RFC 2849 (LDIF).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from pratique.cose import signed_data, unproven
from pratique.cose.certificates import Certificate
from pratique.cose.keys import PublicKey
from pratique.cose.master_list import MasterList
from pratique.errors import PratiqueError, SignatureError, TrustError
from pratique.model.dates import rfc3339
from pratique.reasons import Reason
from pratique.trust.entries import ICAO_VDS_NC
from pratique.trust.importers.base import Imported, Instructions, invalid
from pratique.trust.importers.collector import Collector, unbase64

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pratique.cose.unproven import UnprovenCertificate

NETWORK: Final = "icao"
MAX_LISTS: Final = 1_000
"""Master lists in one LDIF file: each costs a signature; some 30 states publish one there."""

_BEGIN, _END = b"-----BEGIN CERTIFICATE-----", b"-----END CERTIFICATE-----"
_LDIF: Final = re.compile(rb"(?:dn|version) ?:", re.IGNORECASE)
_ATTRIBUTE: Final = re.compile(rb"^pkdMasterListContent:: ?([A-Za-z0-9+/= ]+)$", re.IGNORECASE | re.MULTILINE)
# Where passports have a code of their own: Doc 9303 part 3, section 5.
_STATES: Final = {"EU": "EUE", "UN": "UNO", "XO": "XOM", "KS": "RKS"}
_MAX_TRIED = 16  # authorities of one name that are asked whether they signed a link certificate


class _Authority(NamedTuple):
    where: str
    certificate: Certificate
    content: UnprovenCertificate
    is_own: bool


@dataclass(slots=True)
class _Source:
    """What was found so far: certificates in DER with their places, and what is to be said of them."""

    instructions: Instructions
    certificates: dict[bytes, str] = field(default_factory=dict)
    refused: list[tuple[str, Reason, str]] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)
    verified: list[str] = field(default_factory=list)
    unverified: list[str] = field(default_factory=list)

    def keep(self, certificates: Iterable[bytes], where: str = "") -> None:
        for number, encoded in enumerate(certificates):
            if encoded in self.certificates:
                self.repeated.append(f"{where}/{number}")
            else:
                self.certificates[encoded] = f"{where}/{number}"

    def take(self, data: bytes, where: str = "") -> None:
        """Keep the certificates of a master list. Raises: as `import_`."""
        master_list = MasterList.verify(data)
        who = f"the master list{where and ' '}{where}"
        signed_at = master_list.message.signed_at
        if signed_at is not None and signed_at > self.instructions.at:
            raise TrustError(Reason.IMPORT_STALE, f"{who} says that it was signed {rfc3339(signed_at)}")
        self._judge(master_list, who)
        when = "" if signed_at is None else f", by its own word {rfc3339(signed_at)}"
        self.verified.append(f"{who} is as its signer, of {master_list.message.signer.country}, signed it{when}")
        self.keep(master_list.authorities, where)

    def _judge(self, master_list: MasterList, who: str) -> None:
        """Say whether the signer of a master list is the one that it must be. Raises: SignatureError: it is not."""
        pinned, signer = self.instructions.signer, master_list.message.signer
        if isinstance(pinned, PublicKey):
            if pinned != signer.public_key and not unproven.read(signer.der).is_signed_by(pinned):
                raise SignatureError(Reason.IMPORT_SIGNATURE, "neither its signer nor the authority above has that key")
            self.verified.append(f"{who} is signed under the key given, whose dates are not known")
            return
        listed = _readable(master_list.authorities)
        trusted = listed if pinned is None else [pinned]
        try:
            if pinned is None or pinned.der != signer.der:
                master_list.signer_path(trusted, at=self.instructions.at, links=listed)
            elif not pinned.not_before <= self.instructions.at <= pinned.not_after:
                raise TrustError(Reason.CERTIFICATE_EXPIRED, "the signer given is outside its time")
        except PratiqueError as error:
            if pinned is not None:
                raise SignatureError(Reason.IMPORT_SIGNATURE, str(error)) from None
            self.unverified.append(f"who made {who}: no signer was given, and by the list alone, {error}")
            return
        if pinned is None:
            self.unverified.append(f"who made {who}: its signer is under an authority that it lists itself")
        else:
            self.verified.append(f"{who} is signed under the authority given, and every certificate between is in time")


def recognises(data: bytes) -> bool:
    """Return whether data look like a master list, or a file of several; they may be faulty all the same."""
    return signed_data.recognises(data) or _is_directory(data)


def import_(data: bytes, instructions: Instructions) -> Imported:
    """Return the authorities in a source.

    Args:
        data: a master list, an LDIF file with master lists, or certificates.
        instructions: `signer` is the authority above the signer of the master list, or that signer's certificate
            itself; of an LDIF file, the lists of others are then left out.
    Raises: TrustError (`import.invalid`), DecodeError (`cms.malformed`): it is none of these, as a whole.
        SignatureError (`import.signature_invalid`): a master list's signature does not hold or its signer may not sign
        one; the instructions name a signer, and the list is not by it, or not in time. TrustError (`import.stale`): it
        says that it was signed after the time of the import.
    """
    source = _Source(instructions)
    if signed_data.recognises(data):
        source.take(data)
    elif _is_directory(data):
        for number, encoded in enumerate(_lists(data)):
            try:
                source.take(unbase64(encoded.decode("ascii")), f"/{number}")
            except PratiqueError as error:
                source.refused.append((f"/{number}", error.code, error.detail))
        source.repeated.clear()  # states list each other's authorities
    else:
        if instructions.signer is not None:
            raise SignatureError(Reason.IMPORT_SIGNATURE, "certificates in a file are not signed as a whole")
        source.keep([_BEGIN + each.partition(_END)[0] + _END for each in data.split(_BEGIN)[1:]] or [data])
        source.unverified.append("whose the certificates are: whoever made the file says so")
    return _imported(source)


def _is_directory(data: bytes) -> bool:
    return _LDIF.match(data.lstrip()) is not None


def _lists(data: bytes) -> Sequence[bytes]:
    """Return the master lists of an LDIF file, in base64: lines that begin with a space continue the one before."""
    found = _ATTRIBUTE.findall(data.replace(b"\r\n", b"\n").replace(b"\n ", b""))
    if not 0 < len(found) <= MAX_LISTS:
        raise invalid(f"{len(found)} master lists in the file; 1 to {MAX_LISTS} are read")
    return found


def _readable(certificates: Iterable[bytes]) -> list[Certificate]:
    found = list[Certificate]()
    for encoded in certificates:
        try:
            found.append(Certificate.read(encoded))
        except PratiqueError:  # it is remarked on when it is to be listed
            continue
    return found


def _imported(source: _Source) -> Imported:
    collector = Collector(len(source.certificates) + len(source.repeated), at=source.instructions.at)
    for where, code, detail in source.refused:
        collector.leave_out(where, code, detail)
    for where in source.repeated:
        collector.note(where, Reason.IMPORT_DUPLICATE)
    authorities = [
        authority
        for encoded, where in source.certificates.items()
        if (authority := _authority(where, encoded, collector)) is not None
    ]
    own = {authority.content.public_key for authority in authorities if authority.is_own}
    named: dict[bytes, list[PublicKey]] = {}
    for authority in authorities:
        named.setdefault(authority.content.subject, []).append(authority.content.public_key)
    for authority in authorities:
        if not authority.is_own:
            if authority.content.public_key in own:
                collector.leave_out(authority.where, Reason.IMPORT_DUPLICATE, "a link to a key that is listed")
                continue
            if not _is_linked(authority, named.get(authority.content.issuer, ())):
                collector.note(authority.where, Reason.AUTHORITY_UNKNOWN)
        state = authority.certificate.country or ""
        country = collector.country(authority.where, _STATES.get(state, state))
        if country is not None:
            collector.add(authority.where, authority.certificate, country=country, format_=ICAO_VDS_NC)
    return collector.imported(NETWORK, verified=source.verified, unverified=source.unverified)


def _authority(where: str, encoded: bytes, collector: Collector) -> _Authority | None:
    """Return a certificate that is one of an authority; None, with a remark, for any other."""
    certificate = collector.certificate(where, encoded)
    if certificate is None:
        return None
    try:
        content = unproven.read(certificate.der)
    except PratiqueError as error:
        collector.leave_out(where, error.code, error.detail)
        return None
    if not content.may_certify:
        collector.leave_out(where, Reason.NOT_AUTHORITY, "it is not the certificate of an authority")
        return None
    signed_itself = content.signed.is_signed_by(content.public_key)
    if signed_itself or not content.is_self_issued or content.authority_key_id not in (None, content.subject_key_id):
        return _Authority(where, certificate, content, is_own=signed_itself)
    if content.signed.scheme is not None:  # else it is older than SHA-2, and its own signature proves nothing anyhow
        collector.leave_out(where, Reason.CERTIFICATE_SIGNATURE, "it says that it signed itself, and it did not")
        return None
    return _Authority(where, certificate, content, is_own=True)


def _is_linked(authority: _Authority, keys: Sequence[PublicKey]) -> bool:
    """Return whether one of the keys, of authorities of the name that a link certificate gives, signed it."""
    return any(authority.content.signed.is_signed_by(key) for key in keys[:_MAX_TRIED])
