"""What trust networks publish, made with plain libraries of authorities and signers of `pki`; and ways to damage it."""

from __future__ import annotations

import base64
import hashlib
import json
from copy import deepcopy
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from pki import Node
from pratique import schemas
from pratique.cose.keys import PublicKey
from pratique.errors import PratiqueError
from pratique.trust import TrustList
from pratique.trust.importers import Imported, Instructions, import_

if TYPE_CHECKING:
    from collections.abc import Iterator

AT = datetime(2026, 8, 22, 18, 0, tzinfo=UTC)
USAGES = "1.3.6.1.4.1.1847.2021.1"
MISTYPED = "1.3.6.1.4.1.0.1847.2021.1"

CSCA_AT, CSCA_DE = Node("CSCA", country="AT"), Node("CSCA", country="DE")
DSC_AT = CSCA_AT.sign("DSC", country="AT")
DSC_DE = CSCA_DE.sign("DSC", country="DE", extended=[f"{USAGES}.2", f"{USAGES}.3"])


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def hashed(der: bytes) -> bytes:
    """Return the identifier that the EU and WHO give a certificate."""
    return hashlib.sha256(der).digest()[:8]


def public_key(node: Node) -> PublicKey:
    return PublicKey.from_native(node.key.public_key())


def gateway_row(node: Node | bytes, country: str = "AT", use: str = "DSC", **changes: Any) -> dict[str, Any]:
    """Return an entry of the EU gateway's list."""
    der = node if isinstance(node, bytes) else node.der
    return {
        "kid": b64(hashed(der)),
        "timestamp": "2026-01-02T03:04:05.678Z",
        "country": country,
        "certificateType": use,
        "thumbprint": hashlib.sha256(der).hexdigest(),
        "signature": "",
        "rawData": b64(der),
        **changes,
    }


def jwk_of(node: Node) -> dict[str, str]:
    numbers = node.key.public_key().public_numbers()
    return {"kty": "EC", "crv": "P-256", "x": b64url(numbers.x.to_bytes(32)), "y": b64url(numbers.y.to_bytes(32))}


def who_entry(
    node: Node, participant: str = "AUT", *, domain: str = "DCC", use: str = "DSC", **changes: Any
) -> dict[str, Any]:
    """Return an entry of WHO's trust list, version 2."""
    did, kid = "did:web:tng-cdn.who.int:v2:trustlist", b64(hashed(node.der))
    return {
        "id": f"{did}:{domain}:{participant}:{use}#{kid}",
        "type": "JsonWebKey2020",
        "controller": did,
        "publicKeyJwk": {**jwk_of(node), "kid": kid, "x5c": [b64(node.der)]},
        "domain": {"code": f"#{domain}"},
        "participant": {"code": f"#{participant}"},
        "keyusage": {"code": f"#{use}"},
        **changes,
    }


def who_document(*entries: Any, **changes: Any) -> dict[str, Any]:
    did = "did:web:tng-cdn.who.int:v2:trustlist"
    return {
        "@context": [
            "https://www.w3.org/ns/did/v1",
            "https://w3id.org/security/suites/jws-2020/v1",
            "https://smart.who.int/trust/tng-context/v1.jsonld",
        ],
        "id": did,
        "controller": did,
        "verificationMethod": list(entries),
        **changes,
    }


def read(document: Any, **instructions: Any) -> Imported:
    """Import a document, or bytes; what comes of it is a trust list by its schema of which nothing is set aside."""
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    network = instructions.pop("network", None)
    imported = import_(data, Instructions(**{"at": AT, **instructions}), network)
    view = imported.trust_list("imported", sequence=1, issued_at=AT)
    schemas.check(view, "trust-list")
    assert TrustList.from_json(view).set_aside == ()
    return imported


def keys(imported: Imported) -> dict[str, list[str]]:
    """Return the identifiers of keys by issuer."""
    return {issuer["id"]: [key["key_id"] for key in issuer["keys"]] for issuer in imported.issuers}


def codes(imported: Imported, *, left_out: bool | None = None) -> dict[str, int]:
    """Return how many remarks there are of each code."""
    found: dict[str, int] = {}
    for remark in imported.remarks:
        if left_out in (None, remark.left_out):
            found[remark.code.value] = found.get(remark.code.value, 0) + 1
    return found


JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.sampled_from(["", "A", "====", "AAAA", "#DSC", "did:web:x", "MIIB" * 500, "\U0001f600", "../..", "\0"]),
    st.lists(st.none() | st.text(max_size=4) | st.just({}), max_size=3),
    st.dictionaries(st.sampled_from(["code", "kty", "x5c", "id", "c"]), st.none() | st.text(max_size=4), max_size=3),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of everything in a document."""
    yield path
    for name, inner in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        yield from places(inner, (*path, name))


@st.composite
def damaged(draw: st.DrawFn, document: Any) -> Any:
    """Return a document in which one to three values are replaced by something else, taken out, or doubled."""
    document = deepcopy(document)
    for _ in range(draw(st.integers(1, 3))):
        *path, last = draw(st.sampled_from([path for path in places(document) if path]))
        inner = document
        for name in path:
            inner = inner[name]
        how = draw(st.sampled_from(["replace", "replace", "take out", "double"]))
        if how == "replace":
            inner[last] = draw(JUNK)
        elif how == "take out":
            del inner[last]
        elif isinstance(inner, list):
            inner.append(inner[last])
        if not document:
            break
    return document


def survives(document: Any, **instructions: Any) -> None:
    """Import what may be damaged: only errors of this library come out, and what is listed is a trust list."""
    try:
        read(document, **instructions)
    except PratiqueError as error:
        assert error.code  # noqa: PT017 - any of ours will do
