"""WHO's Global Digital Health Certification Network: its trust list as a DID document, versions 1 and 2.

An entry is a key with its certificates (`x5c`), and in version 2 its domain, participant and use; version 1 names the
participant alone, and counts as domain DCC. The key is that of the first certificate: what else stands in the JWK is
not looked at, because coordinates there are often padded or shortened. Only document signers (DSC) are listed, and
where the document has authorities (SCA) of their participant, only what one of them signed. References to other
documents are named, never fetched.

Source: WHO SMART Trust, "DID Trustlist v2" (smart.who.int/trust); W3C DID Core 1.0.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pratique.codec import json
from pratique.cose.certificate_path import Authorities
from pratique.cose.certificates import Certificate
from pratique.errors import PratiqueError
from pratique.model.codes import country_name
from pratique.reasons import Reason
from pratique.trust.importers import gdhcn_proof
from pratique.trust.importers.base import MAX_SOURCE_BYTES, Imported, Instructions, invalid
from pratique.trust.importers.collector import Collector, unbase64

if TYPE_CHECKING:
    from collections.abc import Mapping

NETWORK: Final = "gdhcn"
SIGNER: Final = "DSC"
_AUTHORITIES: Final = frozenset({"SCA", "CSCA"})  # SCA by the code list; the documents say CSCA
_OTHER_USES: Final = frozenset({"UP", "TLS", "DECA", "DESC"})
DOMAIN_FORMATS: Final[Mapping[str, str]] = {"DCC": "eu-dcc", "DDCC": "who-hcert", "ICVP": "who-hcert"}
"""What the keys of a domain sign. Codes of the other domains (health links, patient summaries) are not read here."""
_FIRST_VERSION_DOMAIN: Final = "DCC"
_SECOND_VERSION: Final = ":v2:"  # in the identifier of each of its documents
_PRODUCTION: Final = "did:web:tng-cdn.who.int:"
_TRUST_LIST: Final = re.compile(
    r"did:web:[A-Za-z0-9.-]+(?::[A-Za-z0-9._-]+)*:trustlist(?:-ref)?(?::[A-Za-z0-9_-]+){0,3}"
)
_PARTICIPANT: Final = re.compile(r"[A-Z]{3}")
_MAX_CODE: Final = 64  # characters of a code; the longest in use has 14


def recognises(document: Any) -> bool:
    """Return whether a JSON document is a trust list of this network, by its identifier."""
    return (
        type(document) is dict
        and type(document.get("id")) is str
        and _TRUST_LIST.fullmatch(document["id"]) is not None
        and "verificationMethod" in document
    )


def import_(data: bytes, instructions: Instructions, *, domains: Mapping[str, str] = DOMAIN_FORMATS) -> Imported:
    """Return the document signers of a trust list.

    Args:
        data: the document.
        instructions: its `signer` must have made the document's proof.
        domains: the format that keys of a domain may sign; keys of any other are left out.
    Raises: TrustError (`import.invalid`), DecodeError: it is no such document, as a whole.
        SignatureError (`import.signature_invalid`): the instructions name a signer, and the proof is not by it.
    """
    instructions.expect_no_scope()
    document = json.decode(data, limit=MAX_SOURCE_BYTES)
    if not recognises(document) or type(document["verificationMethod"]) is not list:
        raise invalid("it is not a trust list of this network")
    verified, unverified = _proof(document, instructions)
    methods = document["verificationMethod"]
    collector = Collector(len(methods), at=instructions.at)
    first = _SECOND_VERSION not in document["id"]
    entries = [
        entry
        for i, method in enumerate(methods)
        if (entry := _entry(f"/{i}", method, collector, first_version=first)) is not None
    ]
    found: dict[str, list[Certificate]] = {}
    for entry in entries:
        if entry.use in _AUTHORITIES:
            # One that cannot be read vouches for nobody, and still is an authority.
            listed = found.setdefault(entry.participant, [])
            if (certificate := collector.certificate(entry.where, entry.encoded)) is not None:
                listed.append(certificate)
    authorities = {participant: Authorities(certificates) for participant, certificates in found.items()}
    for entry in entries:
        if entry.use not in _AUTHORITIES:
            _add(entry, collector, authorities, domains)
    if not document["id"].startswith(_PRODUCTION):
        unverified.append("that its keys are for more than tests: the document is not of tng-cdn.who.int")
    if any(entry.is_first_version for entry in entries):
        unverified.append(
            f"what the keys are for: version 1 names no domain, and each counts as {_FIRST_VERSION_DOMAIN}"
        )
    return collector.imported(NETWORK, verified=verified, unverified=unverified)


class _Entry(NamedTuple):
    """An entry of which use and participant are known; its certificate was not looked at."""

    where: str
    use: str
    participant: str
    domain: str
    key_id: str
    encoded: object
    is_first_version: bool


def _entry(where: str, method: Any, collector: Collector, *, first_version: bool) -> _Entry | None:
    """Return an entry of the document, None, with a remark, where it is a reference or none."""
    if type(method) is str:
        collector.leave_out(where, Reason.IMPORT_REFERENCE)
        return None
    if type(method) is not dict or type(method.get("id")) is not str or type(method.get("publicKeyJwk")) is not dict:
        collector.leave_out(where, Reason.IMPORT_ENTRY)
        return None
    name, _, key_id = method["id"].partition("#")
    first = first_version and "keyusage" not in method
    use = SIGNER if first else _code(method.get("keyusage"))
    domain = _FIRST_VERSION_DOMAIN if first else _code(method.get("domain"))
    participant = name.rpartition(":")[2].upper() if first else _code(method.get("participant"))
    if use not in {SIGNER, *_AUTHORITIES, *_OTHER_USES} or domain is None:
        collector.leave_out(where, Reason.IMPORT_ENTRY, "its use or its domain is none that is known")
        return None
    if participant is None or not _PARTICIPANT.fullmatch(participant):
        collector.leave_out(where, Reason.IMPORT_COUNTRY)
        return None
    chain = method["publicKeyJwk"].get("x5c")
    is_there = type(chain) is list and chain and method.get("type") == "JsonWebKey2020"
    return _Entry(where, use, participant, domain, key_id, chain[0] if is_there else None, first)


def _code(value: Any) -> str | None:
    """Return the code that `{"code": "#DCC"}`, `"#DCC"` or `"DCC"` stands for; None for anything else."""
    code = value.get("code") if type(value) is dict else value
    return code.removeprefix("#") if type(code) is str and 0 < len(code) <= _MAX_CODE else None


def _add(
    entry: _Entry, collector: Collector, authorities: Mapping[str, Authorities], domains: Mapping[str, str]
) -> None:
    """Add a document signer, or remark on why not."""
    if entry.use != SIGNER:
        collector.leave_out(entry.where, Reason.IMPORT_OTHER_USE, f"its use is {entry.use}")
        return
    if entry.domain not in domains:
        collector.leave_out(entry.where, Reason.IMPORT_NO_FORMAT)
        return
    try:
        certificate, key_id = Certificate.read(unbase64(entry.encoded)), unbase64(entry.key_id)
    except PratiqueError as error:
        collector.leave_out(entry.where, error.code, error.detail)
        return
    if entry.is_first_version and certificate.is_authority:
        collector.leave_out(entry.where, Reason.IMPORT_OTHER_USE, "it is an authority's certificate")
        return
    if not collector.is_under(entry.where, certificate, authorities.get(entry.participant)):
        return
    if country_name(entry.participant) is None:
        collector.note(entry.where, Reason.IMPORT_COUNTRY, f"the participant {entry.participant} is no state")
    collector.add(entry.where, certificate, country=entry.participant, format_=domains[entry.domain], key_id=key_id)


def _proof(document: Mapping[str, Any], instructions: Instructions) -> tuple[list[str], list[str]]:
    """Return what is verified and what is not of the document's proof."""
    signer = instructions.signer
    if signer is None:
        return [], ["the document's proof: no key was given that it must be signed by"]
    gdhcn_proof.verify(document, signer.public_key if isinstance(signer, Certificate) else signer)
    return ["the document's proof was made with the key that you gave"], []
