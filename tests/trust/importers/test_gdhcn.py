"""WHO's trust list: what the real documents hold, what each entry must be, what the proof covers."""

from __future__ import annotations

import base64
import hashlib
import json
from copy import deepcopy
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from networks import (
    AT,
    CSCA_AT,
    CSCA_DE,
    DSC_AT,
    DSC_DE,
    MISTYPED,
    USAGES,
    b64,
    b64url,
    codes,
    damaged,
    hashed,
    keys,
    public_key,
    read,
    survives,
    who_document,
    who_entry,
)
from pki import UNTIL, Node
from pratique.cose.keys import PublicKey
from pratique.errors import PratiqueError, SignatureError, TrustError
from pratique.reasons import Reason
from pratique.trust.importers import Imported, Instructions, gdhcn

if TYPE_CHECKING:
    from pathlib import Path

SECOND = timedelta(seconds=1)
SIGNER = Node("WHO", country="CH")
# Published by WHO: WorldHealthOrganization/tng-participants-prod and -dev, WHO/signing/DID/did.json.
PROD_KEY, DEV_KEY = (
    PublicKey.from_jwk({"kty": "EC", "crv": "P-256", "x": x, "y": y})
    for x, y in (
        ("ZlMwokmcS8vx0c3mc38eLVUMEVV2BXjdMpvBeueeWZw", "8CGiSXsauiFAbDxvOcmFxyswM07Ld85-ELRcoTbO9Z4"),
        ("mB9T6oJ57ZKlC1f150-34M3JkxN22Ld1BQVPqJfgH6k", "vW7GmCn5eNzbjdjI8PYWvanovWIIYoqv0ZE_lvuD2d8"),
    )
)
SECURITY = "https://w3id.org/security#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
DATE_TIME = "http://www.w3.org/2001/XMLSchema#dateTime"


def document(vectors: Path, name: str) -> bytes:
    return (vectors / "trust" / "gdhcn" / f"{name}-did.json").read_bytes()


# The documents of 2026-08-22, counted by hand with cryptography and json alone.


@pytest.fixture(scope="module")
def production(vectors: Path) -> Imported:
    return read(document(vectors, "prod-v2"))


def test_production_list_gives_433_keys_of_33_participants(production: Imported) -> None:
    imported = production
    assert imported.network == "gdhcn"
    assert (len(imported.issuers), sum(map(len, keys(imported).values()))) == (33, 433)
    assert codes(imported, left_out=True) == {"certificate.signature": 5, "import.other_use": 2}
    assert codes(imported, left_out=False) == {
        "import.expired": 284,
        "import.usage_mistyped": 132,
        "import.not_strict": 12,
        "import.country_unknown": 6,
        "certificate.not_yet_valid": 2,
    }
    assert "433 certificates were signed by an authority of their country" in imported.verified
    assert any("proof" in sentence for sentence in imported.unverified)


def test_of_438_signers_289_have_expired_and_the_five_signed_with_sha_1_are_all_among_them(
    vectors: Path, production: Imported
) -> None:
    first = read(document(vectors, "prod-v1"))
    assert (len(first.issuers), sum(map(len, keys(first).values()))) == (33, 438)
    assert codes(first)["import.expired"] == 289
    assert codes(first)["import.not_strict"] == 12
    left_out = [remark for remark in production.remarks if remark.code.value.startswith("cert")]
    assert sum("SHA-1" in remark.detail for remark in left_out) == 5


def test_scopes_follow_the_usages_in_the_certificates(production: Imported) -> None:
    scopes = [key.get("scope", {}).get("kinds") for issuer in production.issuers for key in issuer["keys"]]
    assert sum(scope is not None for scope in scopes) == 176
    assert {tuple(scope) for scope in scopes if scope} == {
        ("test",),
        ("vaccination",),
        ("recovery",),
        ("recovery", "test", "vaccination"),
    }


def test_development_lists_hold_test_participants_references_and_a_misnamed_key(vectors: Path) -> None:
    second = read(document(vectors, "dev-v2"), signer=DEV_KEY)
    assert (len(second.issuers), sum(map(len, keys(second).values()))) == (21, 36)
    assert codes(second, left_out=True) == {
        "import.no_format": 71,
        "import.country_unknown": 5,
        "import.other_use": 7,
        "key.misnamed": 1,
    }
    first = read(document(vectors, "dev-v1"))
    assert sum(map(len, keys(first).values())) == 363
    assert codes(first, left_out=True) == {
        "import.reference": 5,
        "import.other_use": 3,
        "import.country_unknown": 1,
        "key.misnamed": 1,
    }


def test_references_are_named_and_never_followed(vectors: Path) -> None:
    imported = read(document(vectors, "prod-v2-ref"))
    assert imported.issuers == ()
    assert codes(imported) == {"import.reference": 3}


# Entries.


def test_signer_under_an_authority_of_its_participant_is_listed() -> None:
    imported = read(who_document(who_entry(DSC_AT), who_entry(CSCA_AT, use="CSCA")))
    assert keys(imported) == {"eu-dcc:AUT": [b64(hashed(DSC_AT.der))]}
    assert imported.issuers[0]["country"] == "AUT"
    assert imported.issuers[0]["names"] == {"en": "Austria"}
    assert codes(imported) == {}


@pytest.mark.parametrize("use", ["SCA", "CSCA"])
def test_signer_that_no_authority_of_its_participant_signed_is_left_out(use: str) -> None:
    stranger = Node("Stranger", country="AT", subject=CSCA_AT.name)
    imported = read(who_document(who_entry(DSC_AT), who_entry(stranger, use=use)))
    assert imported.issuers == ()
    assert codes(imported, left_out=True) == {"certificate.signature": 1}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"publicKeyJwk": {"x5c": ["AAAA"]}}, "certificate.malformed"),
        ({"publicKeyJwk": {}}, "import.entry_invalid"),
        ({"type": "Multikey"}, "import.entry_invalid"),
    ],
)
def test_authority_that_cannot_be_read_does_not_open_the_door(changes: dict[str, Any], code: str) -> None:
    imported = read(who_document(who_entry(DSC_AT), who_entry(CSCA_AT, use="SCA", **changes)))
    assert imported.issuers == ()
    assert codes(imported) == {code: 1, "certificate.authority_unknown": 1}


def test_authority_of_another_participant_vouches_for_nobody_here() -> None:
    imported = read(who_document(who_entry(DSC_AT), who_entry(CSCA_AT, "DEU", use="SCA")))
    assert "who signed 1 certificates: the file has no authority of their country" in imported.unverified


def test_signer_whose_authority_took_its_certificate_later_is_listed_and_noted() -> None:
    early = CSCA_AT.sign("Early", country="AT", window=(UNTIL.replace(year=2021), UNTIL.replace(year=2022)))
    imported = read(who_document(who_entry(early), who_entry(CSCA_AT, use="SCA")))
    assert len(imported.issuers) == 1
    assert codes(imported) == {"certificate.not_yet_valid": 1, "import.expired": 1}


@pytest.mark.parametrize("use", ["UP", "TLS", "DECA", "DESC"])
def test_key_for_another_use_is_left_out(use: str) -> None:
    imported = read(who_document(who_entry(DSC_AT, use=use)))
    assert imported.issuers == ()
    assert codes(imported) == {"import.other_use": 1}


@pytest.mark.parametrize("form", [{"code": "#DSC"}, "#DSC", "DSC"])
def test_codes_count_as_text_or_as_object(form: Any) -> None:
    assert len(read(who_document(who_entry(DSC_AT, keyusage=form))).issuers) == 1


@pytest.mark.parametrize("form", [{"code": "#dsc"}, {"code": 1}, {}, None, ["#DSC"], "", "#", "DSC" * 30])
def test_use_that_is_none_is_remarked_on(form: Any) -> None:
    assert codes(read(who_document(who_entry(DSC_AT, keyusage=form)))) == {"import.entry_invalid": 1}


@pytest.mark.parametrize(
    ("domain", "issuer"), [("DCC", "eu-dcc:AUT"), ("DDCC", "who-hcert:AUT"), ("ICVP", "who-hcert:AUT")]
)
def test_format_follows_the_domain(domain: str, issuer: str) -> None:
    imported = read(who_document(who_entry(DSC_AT, domain=domain)))
    format_ = issuer.removesuffix(":AUT")
    assert [(each["id"], each["keys"][0]["formats"]) for each in imported.issuers] == [(issuer, [format_])]


def test_operator_may_say_what_another_domain_signs() -> None:
    data = json.dumps(who_document(who_entry(DSC_AT, domain="PH4H"))).encode()
    assert codes(read(data)) == {"import.no_format": 1}
    imported = gdhcn.import_(data, Instructions(at=AT), domains={"PH4H": "who-hcert"})
    assert list(keys(imported)) == ["who-hcert:AUT"]


def test_identifier_must_be_the_hash_of_the_certificate() -> None:
    entry = who_entry(DSC_AT)
    entry["id"] = entry["id"].partition("#")[0] + "#" + b64(bytes(8))
    assert codes(read(who_document(entry)), left_out=True) == {"key.misnamed": 1}


def test_key_counts_as_it_stands_in_the_certificate_whatever_else_the_jwk_says() -> None:
    entry = who_entry(DSC_AT)
    entry["publicKeyJwk"] |= {"crv": "UNKNOWN CURVE", "x": "AA"}
    imported = read(who_document(entry))
    assert imported.issuers[0]["keys"][0]["public_key"] == public_key(DSC_AT).jwk


def test_same_entry_twice_is_merged() -> None:
    imported = read(who_document(who_entry(DSC_AT), who_entry(DSC_AT)))
    assert keys(imported) == {"eu-dcc:AUT": [b64(hashed(DSC_AT.der))]}
    assert codes(imported, left_out=False) == {"import.duplicate": 1}


def test_key_is_expired_from_the_second_after_its_last() -> None:
    one = who_document(who_entry(DSC_AT))
    for at, expected in ((UNTIL - SECOND, {}), (UNTIL, {}), (UNTIL + SECOND, {"import.expired": 1})):
        assert codes(read(one, at=at)) == expected


def test_mistyped_usage_limits_as_the_right_one_does() -> None:
    signer = CSCA_AT.sign("Mistyped", country="AT", extended=[f"{MISTYPED}.1"])
    imported = read(who_document(who_entry(signer)))
    assert imported.issuers[0]["keys"][0]["scope"] == {"kinds": ["test"]}
    assert codes(imported) == {"import.usage_mistyped": 1}
    right = CSCA_AT.sign("Right", country="AT", extended=[f"{USAGES}.1"])
    assert codes(read(who_document(who_entry(right)))) == {}


def test_participant_that_is_no_state_is_listed_and_said() -> None:
    imported = read(who_document(who_entry(DSC_AT, "XXH")))
    assert list(keys(imported)) == ["eu-dcc:XXH"]
    assert codes(imported, left_out=False) == {"import.country_unknown": 1}
    assert codes(read(who_document(who_entry(DSC_AT, "XT"))), left_out=True) == {"import.country_unknown": 1}


def test_entry_of_version_two_that_names_no_use_is_none() -> None:
    for member in ("keyusage", "domain", "participant"):
        entry = who_entry(DSC_AT)
        del entry[member]
        assert read(who_document(entry)).issuers == ()


def test_document_of_a_test_environment_is_said_to_be_one(vectors: Path) -> None:
    assert any("tests" in sentence for sentence in read(document(vectors, "dev-v2"), signer=DEV_KEY).unverified)
    assert not any("tests" in sentence for sentence in read(who_document(who_entry(DSC_AT))).unverified)
    other = who_document(who_entry(DSC_AT), id="did:web:tng-cdn.who.int.example.org:v2:trustlist")
    assert any("tests" in sentence for sentence in read(other).unverified)


def test_version_one_names_its_participant_in_lower_case_and_lists_no_authorities() -> None:
    entry = {
        name: value for name, value in who_entry(DSC_AT).items() if name not in {"domain", "participant", "keyusage"}
    }
    entry["id"] = f"did:web:tng-cdn.who.int:trustlist:aut#{b64(hashed(DSC_AT.der))}"
    authority = {**entry, "id": f"did:web:tng-cdn.who.int:trustlist:aut#{b64(hashed(CSCA_AT.der))}"}
    authority["publicKeyJwk"] = {"kty": "EC", "x5c": [b64(CSCA_AT.der)]}
    imported = read(who_document(entry, authority, id="did:web:tng-cdn.who.int:trustlist"))
    assert keys(imported) == {"eu-dcc:AUT": [b64(hashed(DSC_AT.der))]}
    assert codes(imported, left_out=True) == {"import.other_use": 1}
    assert any("version 1" in sentence for sentence in imported.unverified)


@pytest.mark.parametrize(
    "jwk", [{}, {"x5c": []}, {"x5c": "AAAA"}, {"x5c": [""]}, {"x5c": ["AAAA"]}, {"x5c": [None]}, None]
)
def test_entry_without_a_readable_certificate_is_left_out_and_the_rest_is_not(jwk: Any) -> None:
    imported = read(who_document(who_entry(DSC_DE, "DEU", publicKeyJwk=jwk), who_entry(DSC_AT)))
    assert list(keys(imported)) == ["eu-dcc:AUT"]
    assert len(imported.remarks) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"id": "did:web:tng-cdn.who.int:v2"},
        {"id": None},
        {"verificationMethod": None},
        {"verificationMethod": {}},
        {"verificationMethod": [None] * 50_001},
    ],
)
def test_document_of_another_kind_or_without_measure_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(TrustError) as error:
        read(who_document(**change), network="gdhcn")
    assert error.value.code is Reason.IMPORT_INVALID


# The proof.


@pytest.mark.parametrize(("name", "key"), [("prod-v2", PROD_KEY), ("prod-v2-ref", PROD_KEY), ("dev-v2", DEV_KEY)])
def test_proofs_of_the_real_documents_are_by_the_keys_that_who_published(
    vectors: Path, name: str, key: PublicKey
) -> None:
    imported = read(document(vectors, name), signer=key)
    assert "the document's proof was made with the key that you gave" in imported.verified


def test_order_of_the_entries_is_all_that_a_proof_leaves_open(vectors: Path) -> None:
    whole = json.loads(document(vectors, "dev-v2"))
    whole["verificationMethod"].reverse()
    read(whole, signer=DEV_KEY)


def test_what_is_changed_under_a_proof_is_refused(vectors: Path) -> None:
    whole = json.loads(document(vectors, "dev-v2"))
    first = whole["verificationMethod"][0]
    jwk = first["publicKeyJwk"]
    for change in (
        {**whole, "verificationMethod": whole["verificationMethod"][1:]},
        {**whole, "verificationMethod": [*whole["verificationMethod"], "did:web:evil.example"]},
        {**whole, "verificationMethod": [{**first, "participant": {"code": "#AUT"}}, *whole["verificationMethod"][1:]]},
        {**whole, "verificationMethod": [{**first, "domain": {"code": "#DCC"}}, *whole["verificationMethod"][1:]]},
        {**whole, "verificationMethod": [{**first, "keyusage": {"code": "#SCA"}}, *whole["verificationMethod"][1:]]},
        {**whole, "verificationMethod": [{**first, "new": 1}, *whole["verificationMethod"][1:]]},
        {
            **whole,
            "verificationMethod": [
                {**first, "publicKeyJwk": {**jwk, "x5c": [jwk["x5c"][0]]}},
                *whole["verificationMethod"][1:],
            ],
        },
        {**whole, "controller": "did:web:evil.example"},
        {**whole, "@context": [*whole["@context"], "https://evil.example"]},
        {**whole, "@context": whole["@context"][:2]},
        {**whole, "proof": {**whole["proof"], "created": "2027-08-22T18:00:02Z"}},
        {**whole, "proof": {**whole["proof"], "nonce": "x"}},
        {**whole, "proof": {**whole["proof"], "domain": "x"}},
        {name: value for name, value in whole.items() if name != "proof"},
        {**whole, "also": 1},
    ):
        with pytest.raises(SignatureError) as error:
            read(change, signer=DEV_KEY)
        assert error.value.code is Reason.IMPORT_SIGNATURE


@pytest.mark.parametrize(
    ("name", "key"),
    [("prod-v2", DEV_KEY), ("prod-v2-ref", DEV_KEY), ("dev-v2", PROD_KEY), ("dev-v1", DEV_KEY), ("prod-v1", PROD_KEY)],
)
def test_proof_by_another_key_or_of_the_first_version_is_refused(vectors: Path, name: str, key: PublicKey) -> None:
    with pytest.raises(SignatureError):
        read(document(vectors, name), signer=key)


def statements(whole: dict[str, Any], base: str) -> set[str]:
    """Return the document in canonical RDF, by the contexts of this network: a second implementation."""
    found = {f"<{whole['id']}> <{SECURITY}controller> <{whole['controller']}> ."}
    for entry in whole["verificationMethod"]:
        name = entry["id"]
        jwk = json.dumps(entry["publicKeyJwk"], sort_keys=True, separators=(",", ":")).replace('"', '\\"')
        found |= {
            f"<{whole['id']}> <{SECURITY}verificationMethod> <{name}> .",
            f"<{name}> <{RDF}type> <{SECURITY}{entry['type']}> .",
            f"<{name}> <{SECURITY}controller> <{entry['controller']}> .",
            f'<{name}> <{SECURITY}publicKeyJwk> "{jwk}"^^<{RDF}JSON> .',
            *(
                f"<{name}> <{base}ValueSet-{of}.jsonld> <{base}ValueSet-{of}.jsonld{entry[term]['code']}> ."
                for term, of in (("domain", "Domains"), ("participant", "Participants"), ("keyusage", "KeyUsage"))
            ),
        }
    return found


def proven(whole: dict[str, Any], *, raw: bool = False, base: str = "https://smart.who.int/trust/") -> dict[str, Any]:
    """Return a document with a proof by SIGNER."""
    proof = {
        "type": "JsonWebSignature2020",
        "created": "2026-08-22T18:00:02Z",
        "proofPurpose": "assertionMethod",
        "verificationMethod": "did:web:example.org",
    }
    options = {
        f'_:c14n0 <http://purl.org/dc/terms/created> "{proof["created"]}"^^<{DATE_TIME}> .',
        f"_:c14n0 <{RDF}type> <{SECURITY}JsonWebSignature2020> .",
        f"_:c14n0 <{SECURITY}proofPurpose> <{SECURITY}assertionMethod> .",
        f"_:c14n0 <{SECURITY}verificationMethod> <did:web:example.org> .",
    }
    header = b64url(b'{"b64":false,"crit":["b64"],"alg":"ES256"}')
    digests = [
        hashlib.sha256("".join(f"{line}\n" for line in sorted(lines)).encode()).digest()
        for lines in (options, statements(whole, base))
    ]
    signature = SIGNER.key.sign(header.encode() + b"." + digests[0] + digests[1], ec.ECDSA(hashes.SHA256()))
    if raw:
        signature = b"".join(number.to_bytes(32) for number in decode_dss_signature(signature))
    return {**whole, "proof": {**proof, "jws": f"{header}..{b64url(signature)}"}}


@pytest.mark.parametrize("raw", [False, True])
@pytest.mark.parametrize(
    "base", ["https://smart.who.int/trust/", "https://worldhealthorganization.github.io/smart-trust/"]
)
def test_proof_counts_in_der_and_as_two_numbers_and_by_either_edition_of_the_context(raw: bool, base: str) -> None:  # noqa: FBT001 - a case
    whole = proven(who_document(who_entry(DSC_AT), who_entry(DSC_DE, "DEU")), raw=raw, base=base)
    assert len(read(whole, signer=SIGNER.certificate).issuers) == 2
    with pytest.raises(SignatureError):
        read(whole, signer=public_key(DSC_AT))


def test_two_entries_of_one_identifier_are_refused_under_a_proof() -> None:
    """Of both the same would be said, so that participant and use of one could pass as those of the other."""
    whole = proven(who_document(who_entry(DSC_AT), who_entry(DSC_AT, participant="AUT")))
    with pytest.raises(SignatureError, match="one identifier"):
        read(whole, signer=SIGNER.certificate)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("id", "did:web:x> <did:web:y"),
        ("id", "did:web:x\n"),
        ("controller", "did:web:x> ."),
        ("type", "JsonWebKey2020> ."),
        ("domain", {"code": "#DCC> ."}),
        ("domain", {"code": "DCC"}),
        ("domain", "#DCC"),
        ("publicKeyJwk", "text"),
        ("publicKeyJwk", {"fraction": 1.5}),
    ],
)
def test_characters_and_forms_that_could_be_read_in_two_ways_are_refused_under_a_proof(member: str, value: Any) -> None:
    whole = proven(who_document(who_entry(DSC_AT)))
    whole["verificationMethod"][0][member] = value
    with pytest.raises(SignatureError):
        read(whole, signer=SIGNER.certificate)


@pytest.mark.parametrize("header", ['{"alg":"ES256"}', '{"b64":false,"crit":["b64"],"alg":"none"}', "[]", "", "\u00e9"])
def test_proof_of_another_algorithm_is_refused(header: str) -> None:
    whole = proven(who_document(who_entry(DSC_AT)))
    rest = whole["proof"]["jws"].partition("..")[2]
    whole["proof"]["jws"] = f"{b64url(header.encode())}..{rest}" if header != "\u00e9" else f"\u00e9..{rest}"
    with pytest.raises(SignatureError):
        read(whole, signer=SIGNER.certificate)


# Damage.


@given(st.data())
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damaged_document_raises_errors_of_ours_or_is_left_out(vectors: Path, data: st.DataObject) -> None:
    global _SMALL  # noqa: PLW0603 - read once
    if _SMALL is None:
        whole = json.loads(document(vectors, "prod-v2"))
        _SMALL = {
            **whole,
            "verificationMethod": [*whole["verificationMethod"][:3], who_entry(CSCA_DE, "DEU", use="SCA")],
        }
    survives(data.draw(damaged(_SMALL)), network="gdhcn")


_SMALL: Any = None


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_damaged_document_never_passes_its_proof(data: st.DataObject) -> None:
    whole = proven(who_document(who_entry(DSC_AT), who_entry(DSC_DE, "DEU")))
    other = data.draw(damaged(whole))
    try:
        imported = read(other, network="gdhcn", signer=SIGNER.certificate)
    except PratiqueError:
        return
    whole = deepcopy(whole)
    assert {json.dumps(entry) for entry in other["verificationMethod"]} == {
        json.dumps(entry) for entry in whole["verificationMethod"]
    }
    assert len(imported.issuers) == 2


def test_truncated_document_is_refused_wherever_it_ends(vectors: Path) -> None:
    data = document(vectors, "prod-v2")
    for size in range(0, len(data), len(data) // 40):
        with pytest.raises(PratiqueError):
            read(data[:size], network="gdhcn")


def test_certificates_are_read_from_base64_as_it_should_be_alone() -> None:
    entry = who_entry(DSC_AT)
    entry["publicKeyJwk"]["x5c"] = [base64.encodebytes(DSC_AT.der).decode()]
    assert codes(read(who_document(entry)), left_out=True) == {"import.entry_invalid": 1}
