"""One issuer's DID document (did:web), as issuers of the NZ COVID Pass publish theirs: keys by name.

A key counts that `assertionMethod` names and `verificationMethod` defines; its name is the fragment of its identifier.
The document must be that of the identifier which the operator asked for: a document says of itself what it likes, and
nothing in it proves where it was found. Nothing is resolved or fetched here.

Source: NZ COVID Pass technical specification 1, section 5.1; W3C DID Core 1.0; did:web method.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from pratique.codec import json
from pratique.cose.keys import PublicKey
from pratique.errors import PratiqueError, SignatureError
from pratique.reasons import Reason
from pratique.trust.importers.base import MAX_SOURCE_BYTES, Imported, Instructions, invalid
from pratique.trust.importers.collector import Collector
from pratique.trust.importers.single import window

if TYPE_CHECKING:
    from collections.abc import Iterator

NETWORK: Final = "did-web"
DEFAULT_FORMAT: Final = "nz-covid-pass"
_DID: Final = re.compile(r"did:web:[A-Za-z0-9._:%-]{1,512}")
_TYPES: Final = ("JsonWebKey2020", "JsonWebKey")
_MAX_NAME: Final = 128  # characters of a key's name; those in use have 5 and 8


def recognises(document: Any) -> bool:
    """Return whether a JSON document is a DID document of did:web."""
    return (
        type(document) is dict
        and type(document.get("id")) is str
        and document["id"].startswith("did:web:")
        and "verificationMethod" in document
    )


def import_(data: bytes, instructions: Instructions) -> Imported:
    """Return the keys of one issuer.

    Args:
        data: the document.
        instructions: `issuer` is the identifier that was asked for and `country` whose it is; `format_` is that of NZ
            COVID Passes unless it says another; the window is as `single.window` has it.
    Raises: TrustError (`import.invalid`), DecodeError: it is no such document, or another issuer's, or the instructions
        lack issuer or country. SignatureError (`import.signature_invalid`): they name a signer; a document has none.
    """
    document = json.decode(data, limit=MAX_SOURCE_BYTES)
    if not recognises(document) or not _DID.fullmatch(document["id"]):
        raise invalid("it is not a DID document of did:web")
    if instructions.issuer is None or instructions.country is None:
        raise invalid("a DID document needs the identifier that was asked for, and the issuer's country")
    if document["id"] != instructions.issuer:
        raise invalid("it is the document of another identifier than the one that was asked for")
    if instructions.signer is not None:
        raise SignatureError(Reason.IMPORT_SIGNATURE, "a DID document of did:web carries no signature that is checked")
    did = document["id"]
    methods = list(_each(document["verificationMethod"]))
    assertions = list(_each(document.get("assertionMethod", [])))
    collector = Collector(len(methods) + len(assertions), at=instructions.at)
    methods += [each for each in assertions if type(each) is dict]
    named = {_absolute(did, each) for each in assertions}
    for i, method in enumerate(methods):
        if (found := _key(f"/{i}", method, did, named, collector)) is not None:
            name, key = found
            collector.add(
                f"/{i}",
                key,
                country=instructions.country,
                format_=instructions.format_ or DEFAULT_FORMAT,
                issuer=did,
                name=instructions.name,
                key_id=name,
                limits=window(instructions.limits, instructions.at),
            )
    return collector.imported(
        NETWORK,
        verified=["the document is that of the identifier that you asked for"],
        unverified=["where the document was found: only fetching it from the issuer's own address proves that"],
    )


def _key(
    where: str, method: Any, did: str, named: set[str | None], collector: Collector
) -> tuple[bytes, PublicKey] | None:
    """Return name and key of an entry, None, with a remark, where it cannot be used."""
    identifier = _absolute(did, method)
    if identifier is None or type(method) is not dict or method.get("type") not in _TYPES:
        collector.leave_out(where, Reason.IMPORT_ENTRY)
        return None
    if identifier not in named:
        collector.leave_out(where, Reason.IMPORT_OTHER_USE, "assertionMethod does not name it")
        return None
    name = identifier.removeprefix(f"{did}#")
    if name == identifier or not 0 < len(name) <= _MAX_NAME:
        collector.leave_out(where, Reason.IMPORT_ENTRY, "its identifier is not of this issuer")
        return None
    jwk = method.get("publicKeyJwk")
    try:
        return name.encode(), PublicKey.from_jwk(jwk if type(jwk) is dict else {})
    except PratiqueError as error:
        collector.leave_out(where, error.code, error.detail)
        return None


def _each(value: Any) -> Iterator[Any]:
    """Yield the items of an array; of genuine documents some have the one item itself in its place."""
    yield from value if type(value) is list else [value]


def _absolute(did: str, value: Any) -> str | None:
    """Return the identifier that a reference, or an entry with an `id`, stands for; None for anything else."""
    identifier = value.get("id") if type(value) is dict else value
    if type(identifier) is not str:
        return None
    return f"{did}{identifier}" if identifier.startswith("#") else identifier
