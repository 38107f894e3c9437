"""The proof of a trust list of WHO's network: JsonWebSignature2020 over the document as RDF.

A document of this network becomes RDF in one way only, without blank nodes but the proof's own, so that its canonical
form is a sorted set of lines, written here directly; no JSON-LD is processed and no context is fetched. What does not
have exactly the members and characters for which that is true is refused, not guessed at.

The signature is ECDSA in DER where a JWS has r || s; both are taken. Version 1 names its algorithm "EC" and is refused.

Source: Verifiable Credential Data Integrity, "JSON Web Signature 2020"; RDF Dataset Canonicalization (URDNA2015);
RFC 7797; the contexts of WorldHealthOrganization/tng-key-distribution. Checked against the documents of the network's
production and development environments and the keys published for them.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any, Final, NoReturn

from pratique.codec import base64url, jcs, json
from pratique.cose import algorithms
from pratique.cose.algorithms import ES256
from pratique.errors import PratiqueError, SignatureError
from pratique.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pratique.cose.keys import PublicKey

_SECURITY: Final = "https://w3id.org/security#"
_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_CREATED: Final = "http://purl.org/dc/terms/created"
_DATE_TIME: Final = "http://www.w3.org/2001/XMLSchema#dateTime"
_CONTEXTS: Final = ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/suites/jws-2020/v1"]
_NETWORK_CONTEXT: Final = re.compile(r"https://smart\.who\.int/trust/tng-context/v1(|-DEV|-UAT)\.jsonld")
# Where the code lists were said to be, by editions of the network's context: the terms of domain, participant and use.
_CODE_LISTS: Final = ("https://smart.who.int/trust/", "https://worldhealthorganization.github.io/smart-trust/")
_TERMS: Final = {"domain": "Domains", "participant": "Participants", "keyusage": "KeyUsage"}

_HEADER: Final = {"b64": False, "crit": ["b64"], "alg": "ES256"}
_RAW_BYTES: Final = 64
_DOCUMENT: Final = frozenset({"@context", "id", "controller", "verificationMethod", "proof"})
_METHOD: Final = frozenset({"id", "type", "controller", "publicKeyJwk"})
_PROOF: Final = frozenset({"type", "created", "proofPurpose", "verificationMethod", "jws"})
_DID: Final = re.compile(r"did:web:[A-Za-z0-9._:%-]+(?:#[A-Za-z0-9+/=_-]+)?")
_CODE: Final = re.compile(r"#[A-Za-z0-9_-]{1,64}")
_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?Z")
_NONCE: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")


def verify(document: Mapping[str, Any], key: PublicKey) -> None:
    """Prove that a key made the proof of a document, of everything in it but the order of its entries.

    Raises: SignatureError (`import.signature_invalid`): it did not, there is none, or it is of another kind.
    Not checked: when it was made, and whose key it says that it was made with.
    """
    proof = document.get("proof")
    if type(proof) is not dict or not _PROOF <= proof.keys() <= _PROOF | {"nonce"}:
        _refuse("the document has no proof, or one of another kind")
    header, _, signature = _text(proof, "jws").partition("..")
    try:
        decoded = base64url.decode(signature.encode())
        if json.decode(base64url.decode(header.encode())) != _HEADER:
            _refuse("the proof is not an ES256 signature over the unencoded document")
        decoded = decoded if len(decoded) == _RAW_BYTES else algorithms.raw_ecdsa(decoded, ES256)
        options = hashlib.sha256(_options(proof).encode()).digest()
        messages = [header.encode() + b"." + options + content for content in _contents(document)]
    except (PratiqueError, UnicodeEncodeError) as error:
        detail = error.detail if isinstance(error, PratiqueError) else "the proof is not in ASCII"
        raise SignatureError(Reason.IMPORT_SIGNATURE, detail) from None
    if not key.fits(ES256) or not any(algorithms.verify(ES256, key, decoded, message) for message in messages):
        _refuse("the proof is not by the key that you gave")


def _options(proof: Mapping[str, Any]) -> str:
    """Return the proof without its signature, in canonical RDF."""
    if proof["type"] != "JsonWebSignature2020" or proof["proofPurpose"] != "assertionMethod":
        _refuse("the proof is of another type or purpose")
    about = {
        f"<{_CREATED}>": f'"{_text(proof, "created", _TIME)}"^^<{_DATE_TIME}>',
        f"<{_RDF}type>": f"<{_SECURITY}JsonWebSignature2020>",
        f"<{_SECURITY}proofPurpose>": f"<{_SECURITY}assertionMethod>",
        f"<{_SECURITY}verificationMethod>": f"<{_text(proof, 'verificationMethod', _DID)}>",
    }
    if proof.get("nonce", "") != "":
        about[f"<{_SECURITY}nonce>"] = f'"{_text(proof, "nonce", _NONCE)}"'
    return "".join(sorted(f"_:c14n0 {predicate} {value} .\n" for predicate, value in about.items()))


def _contents(document: Mapping[str, Any]) -> Iterator[bytes]:
    """Yield the hash of the document without its proof, for each place where the code lists were."""
    contexts = document.get("@context")
    if document.keys() != _DOCUMENT or type(contexts) is not list or contexts[: len(_CONTEXTS)] != _CONTEXTS:
        _refuse("the document has other members or contexts than those of this network")
    terms: list[Mapping[str, str]] = [{}]
    if len(contexts) > len(_CONTEXTS):
        network = contexts[-1]
        found = _NETWORK_CONTEXT.fullmatch(network) if type(network) is str else None
        if found is None or len(contexts) != len(_CONTEXTS) + 1:
            _refuse("the document has other members or contexts than those of this network")
        terms = [
            {term: f"{base}ValueSet-{name}{found[1]}.jsonld" for term, name in _TERMS.items()} for base in _CODE_LISTS
        ]
    for lists in terms:
        yield hashlib.sha256("".join(sorted(_lines(document, lists))).encode()).digest()


def _lines(document: Mapping[str, Any], lists: Mapping[str, str]) -> set[str]:
    """Return the document's statements, each a line; `lists` has where the codes of its terms are listed."""
    subject, methods = _text(document, "id", _DID), document["verificationMethod"]
    if type(methods) is not list:
        _refuse("verificationMethod is not an array")
    found = {f"<{subject}> <{_SECURITY}controller> <{_text(document, 'controller', _DID)}> .\n"}
    seen: set[str] = set()
    for method in methods:
        entry = {"id": method} if type(method) is str else method
        if type(entry) is not dict or (type(method) is dict and entry.keys() != _METHOD | lists.keys()):
            _refuse("an entry has other members than those of this network")
        name = _text(entry, "id", _DID)
        if name in seen or name == subject:  # what is said of both would be said of either
            _refuse("two entries have one identifier")
        seen.add(name)
        found.add(f"<{subject}> <{_SECURITY}verificationMethod> <{name}> .\n")
        if type(method) is dict:
            found.update(f"<{name}> {statement} .\n" for statement in _method(method, lists))
    return found


def _method(method: Mapping[str, Any], lists: Mapping[str, str]) -> Iterator[str]:
    """Yield what is stated of one entry, predicate and object."""
    if method["type"] != "JsonWebKey2020" or type(method["publicKeyJwk"]) is not dict:
        _refuse("an entry is not a JsonWebKey2020")
    jwk = jcs.encode(method["publicKeyJwk"]).decode()
    escaped = jwk.replace("\\", "\\\\").replace('"', '\\"')  # JSON has no other character that a line must escape
    yield f"<{_RDF}type> <{_SECURITY}JsonWebKey2020>"
    yield f"<{_SECURITY}controller> <{_text(method, 'controller', _DID)}>"
    yield f'<{_SECURITY}publicKeyJwk> "{escaped}"^^<{_RDF}JSON>'
    for term, address in lists.items():
        value = method[term]
        if type(value) is not dict or value.keys() != {"code"}:
            _refuse("a code is not in the form of this network")
        yield f"<{address}> <{address}{_text(value, 'code', _CODE)}>"


def _text(members: Mapping[str, Any], name: str, form: re.Pattern[str] | None = None) -> str:
    value = members.get(name)
    if type(value) is not str or (form is not None and not form.fullmatch(value)):
        _refuse(f"{name} is not in its form")
    return value


def _refuse(detail: str) -> NoReturn:
    raise SignatureError(Reason.IMPORT_SIGNATURE, detail)
