"""One issuer's DID document: whose it is, which of its keys count, and codes of New Zealand verified by them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import load_vectors
from networks import AT, DSC_AT, DSC_DE, b64, codes, damaged, jwk_of, keys, public_key, read, survives
from pratique.errors import PratiqueError, SignatureError, TrustError
from pratique.reasons import Reason
from pratique.report import Outcome, Step
from pratique.trust import Acceptance, TrustList, TrustStore
from pratique.trust.entries import Limits
from pratique.verify import Verifier

if TYPE_CHECKING:
    from pathlib import Path

DID = "did:web:health.example"
ISSUER = {"issuer": DID, "country": "NZL"}


def method(name: str, node: Any = DSC_AT, **changes: Any) -> dict[str, Any]:
    jwk = {**jwk_of(node), "kid": name}
    return {"id": f"{DID}#{name}", "controller": DID, "type": "JsonWebKey2020", "publicKeyJwk": jwk, **changes}


def document(*methods: Any, asserted: Any = None, **changes: Any) -> dict[str, Any]:
    return {
        "@context": "https://w3.org/ns/did/v1",
        "id": DID,
        "verificationMethod": list(methods),
        "assertionMethod": [each["id"] for each in methods] if asserted is None else asserted,
        **changes,
    }


def test_key_counts_by_its_name_for_the_issuer_that_was_asked_for() -> None:
    imported = read(document(method("key-1")), **ISSUER)
    assert imported.network == "did-web"
    assert keys(imported) == {DID: [b64(b"key-1")]}
    entry = imported.issuers[0]["keys"][0]
    assert entry["public_key"] == public_key(DSC_AT).jwk
    assert entry["formats"] == ["nz-covid-pass"]
    assert (entry["not_before"], entry["not_after"]) == ("2026-08-22T00:00:00Z", "2028-08-21T00:00:00Z")
    assert imported.issuers[0]["names"] == {"en": "New Zealand"}
    assert codes(imported) == {}


def test_window_name_and_format_are_as_the_operator_says() -> None:
    limits = Limits(not_before=AT, not_after=AT + timedelta(days=1))
    imported = read(document(method("a")), **ISSUER, name="Ministry", format_="pratique", limits=limits)
    assert imported.issuers[0]["names"] == {"en": "Ministry"}
    entry = imported.issuers[0]["keys"][0]
    assert (entry["formats"], entry["not_after"]) == (["pratique"], "2026-08-23T18:00:00Z")


@pytest.mark.parametrize("did", ["did:web:health.example.org", "did:web:Health.example", f"{DID}#key-1", DID + " "])
def test_document_of_another_identifier_is_refused(did: str) -> None:
    for changes, options in (({}, {"issuer": did}), ({"id": did}, {})):
        with pytest.raises(TrustError) as error:
            read(document(method("key-1"), **changes), **{**ISSUER, **options}, network="did-web")
        assert error.value.code is Reason.IMPORT_INVALID


def test_issuer_and_country_must_be_given() -> None:
    for name in ISSUER:
        with pytest.raises(TrustError) as error:
            read(document(method("key-1")), **{**ISSUER, name: None})
        assert error.value.code is Reason.IMPORT_INVALID


def test_signer_cannot_be_demanded_where_nothing_is_signed() -> None:
    with pytest.raises(SignatureError):
        read(document(method("key-1")), **ISSUER, signer=public_key(DSC_AT))


@pytest.mark.parametrize(
    "asserted", [[f"{DID}#key-1"], f"{DID}#key-1", ["#key-1"], [{"id": f"{DID}#key-1"}], [method("key-1")]]
)
def test_assertion_may_be_one_or_several_by_whole_or_short_name(asserted: Any) -> None:
    first = document(method("key-1"), asserted=asserted)
    assert keys(read(first, **ISSUER)) == {DID: [b64(b"key-1")]}
    assert keys(read({**first, "verificationMethod": method("key-1")}, **ISSUER)) == {DID: [b64(b"key-1")]}


def test_key_within_the_assertion_counts_too() -> None:
    assert keys(read(document(asserted=[method("key-1")]), **ISSUER)) == {DID: [b64(b"key-1")]}


def test_key_that_is_not_asserted_is_left_out() -> None:
    imported = read(document(method("key-1"), method("key-2", DSC_DE), asserted=[f"{DID}#key-2"]), **ISSUER)
    assert keys(imported) == {DID: [b64(b"key-2")]}
    assert codes(imported, left_out=True) == {"import.other_use": 1}


@pytest.mark.parametrize(
    "faulty",
    [
        method("key-2", id="did:web:evil.example#key-2"),
        method("key-2", id=DID),
        method("key-2", id=f"{DID}#"),
        method("key-2", id=f"{DID}#{'x' * 129}"),
        method("key-2", type="Ed25519VerificationKey2018"),
        method("key-2", publicKeyJwk=None),
        method("key-2", publicKeyJwk={"kty": "EC"}),
        method("key-2", publicKeyJwk={**jwk_of(DSC_AT), "d": "AAAA"}),
    ],
)
def test_key_that_cannot_be_used_is_left_out_and_the_rest_is_not(faulty: dict[str, Any]) -> None:
    imported = read(document(method("key-1"), faulty), **ISSUER)
    assert keys(imported) == {DID: [b64(b"key-1")]}
    assert len(imported.remarks) == 1


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_damaged_document_raises_errors_of_ours_or_is_left_out(data: st.DataObject) -> None:
    whole = document(method("key-1"), method("key-2", DSC_DE))
    survives(data.draw(damaged(whole)), network="did-web", **ISSUER)


def test_passes_of_new_zealand_are_verified_by_an_imported_document(vectors: Path) -> None:
    """The specification's example issuer and its published passes; the document is that of its section 5."""
    assert vectors.is_dir()
    did = "did:web:nzcp.covid19.health.nz"
    jwk = {
        "kty": "EC",
        "crv": "P-256",
        "x": "zRR-XGsCp12Vvbgui4DD6O6cqmhfPuXMhi1OxPl8760",
        "y": "Iv5SU6FuW-TRYh5_GOrJlcV_gpF_GpFQhCOD8LSk3T0",
    }
    issuer = {
        "@context": "https://w3.org/ns/did/v1",
        "id": did,
        "verificationMethod": [
            {"id": f"{did}#key-1", "controller": did, "type": "JsonWebKey2020", "publicKeyJwk": jwk}
        ],
        "assertionMethod": [f"{did}#key-1"],
    }
    limits = Limits(not_before=datetime(2021, 11, 1, tzinfo=UTC))
    imported = read(issuer, issuer=did, country="NZL", limits=limits)
    document_ = imported.trust_list("nz", sequence=1, issued_at=AT)
    verifier = Verifier(TrustStore([TrustList.from_json(document_)], acceptance=Acceptance.from_json({"accept": [{}]})))
    passes = [vector for vector in load_vectors("nzcp") if vector.meta["expected"]["signature_valid"]]
    proven = 0
    for vector in passes:
        try:
            report = verifier.verify(vector.text(), at=datetime(2022, 6, 1, tzinfo=UTC))
        except PratiqueError:
            continue
        proven += report.check(Step.SIGNATURE).outcome is Outcome.PASSED
    assert proven >= 1
