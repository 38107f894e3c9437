"""The directory of SMART Health Card issuers: what the real snapshot holds, what each entry must be, who signed it."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from authority import World, rfc3339
from networks import AT, b64url, codes, damaged, public_key, read, survives
from pki import Node
from pratique.cose.certificates import Certificate
from pratique.errors import SignatureError, TrustError
from pratique.reasons import Reason
from pratique.trust.importers import Imported, Instructions, recognise, vci
from shc import ISS, ShcIssuer, payload

if TYPE_CHECKING:
    from pathlib import Path

SECOND = timedelta(seconds=1)
KEEPER = Node("vci.org", country="US", kind="P-384")
WORLD = World()
ONE, TWO = ShcIssuer(WORLD.clock), ShcIssuer(WORLD.clock, iss="https://cards.example.org/other", number=1)


def jwk(issuer: ShcIssuer, **changes: Any) -> dict[str, Any]:
    kid = base64.urlsafe_b64encode(issuer.thumbprint).rstrip(b"=").decode()
    return {**issuer.jwk, "kid": kid, "use": "sig", "alg": "ES256", **changes}


def listed(issuer: ShcIssuer, *keys: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return an entry of the snapshot."""
    return {
        "issuer": {"iss": issuer.iss, "name": "A hospital", "website": "https://example.org", **changes},
        "keys": list(keys) or [jwk(issuer)],
        "lastRetrieved": rfc3339(AT),
    }


def snapshot(*entries: Any, time: Any = "2026-08-22T18:00:00Z") -> dict[str, Any]:
    return {"directory": "https://example.org/vci-issuers.json", "time": time, "issuerInfo": list(entries)}


def imported(document: Any, **instructions: Any) -> Imported:
    return read(document, **{"country": "USA", **instructions})


def keys(found: Imported) -> dict[str, tuple[str, list[bytes]]]:
    """Return country and keys by issuer."""
    return {
        issuer["id"]: (issuer["country"], [base64.b64decode(key["key_id"]) for key in issuer["keys"]])
        for issuer in found.issuers
    }


def test_real_snapshot_is_verified_and_read(vectors: Path) -> None:
    """Of 651 issuers and 961 keys: one issuer has no key, the only keys of two others have coordinates cut short."""
    folder = vectors / "trust" / "vci"
    data, signature = (folder / "vci_snapshot.json").read_bytes(), (folder / "vci_snapshot.sig").read_bytes()
    signer = Certificate.read((folder / "vci_snapshot.crt").read_bytes())
    found = imported(data, signer=signer, signature=signature)
    assert recognise(data) == found.network == "vci"
    assert found.verified == (
        "the file is as the signer given signed it",
        "the identifier of each key is the thumbprint of the key",
    )
    assert (len(found.issuers), sum(len(issuer["keys"]) for issuer in found.issuers)) == (648, 959)
    assert codes(found, left_out=True) == {"key.malformed": 2, "import.reference": 1}
    assert codes(found, left_out=False) == {"import.not_seen": 93}
    california = keys(found)["https://myvaccinerecord.cdph.ca.gov/creds"]
    assert (california[0], len(california[1])) == ("USA", 4)
    assert b64url(california[1][0]) == "7JvktUpf1_9NPwdM-70FJT3YdyTiSe2IvmVxxgDSRb0"
    assert vci.EXAMPLES.isdisjoint(keys(found))
    with pytest.raises(SignatureError):
        imported(data + b"\n", signer=signer, signature=signature)


def test_issuer_with_several_keys_and_keys_with_several_issuers() -> None:
    shared = ShcIssuer(WORLD.clock, iss="https://platform.example/7", number=0)
    found = imported(snapshot(listed(ONE, jwk(ONE), jwk(TWO)), listed(shared)))
    assert keys(found) == {
        ISS: ("USA", [ONE.thumbprint, TWO.thumbprint]),
        "https://platform.example/7": ("USA", [ONE.thumbprint]),
    }
    key = found.issuers[0]["keys"][0]
    assert (key["not_before"], key["not_after"]) == ("2021-01-01T00:00:00Z", "2028-08-21T18:00:00Z")
    assert found.remarks == ()


def test_card_counts_under_an_imported_directory() -> None:
    world = World()
    issuer, other = ShcIssuer(world.clock), ShcIssuer(world.clock, number=1)
    found = vci.import_(json.dumps(snapshot(listed(issuer))).encode(), Instructions(at=world.clock.now, country="USA"))
    world.trusted += found.issuers
    genuine = world.verify(issuer.text(payload()))
    assert {check.step.value for check in genuine.checks if check.outcome.value == "passed"} >= {"signature", "issuer"}
    assert world.verify(other.text(payload())).checks[2].code is Reason.KEY_UNKNOWN


@pytest.mark.parametrize("node", [KEEPER, Node("vci.org", country="US")], ids=["P-384", "P-256"])
def test_signature_is_over_the_very_bytes_by_the_very_key(node: Node) -> None:
    data = json.dumps(snapshot(listed(ONE))).encode()
    algorithm = ec.ECDSA(hashes.SHA384() if node is KEEPER else hashes.SHA256())
    signature = node.key.sign(data, algorithm)
    for signer in (node.certificate, public_key(node) if node is not KEEPER else node.certificate.public_key):
        assert (
            "the file is as the signer given signed it" in imported(data, signer=signer, signature=signature).verified
        )
    rsa = Node("vci.org", country="US", kind="RSA").certificate
    for signer, signed, what in (
        (node.certificate, signature, data + b" "),
        (node.certificate, signature[:-1], data),
        (node.certificate, b"", data),
        (node.certificate, None, data),
        (Node("other").certificate, signature, data),
        (rsa, rsa.der, data),
    ):
        with pytest.raises(SignatureError) as refused:
            imported(what, signer=signer, signature=signed)
        assert refused.value.code is Reason.IMPORT_SIGNATURE


def test_signer_must_be_in_time() -> None:
    data = json.dumps(snapshot(listed(ONE))).encode()
    signer = Node("vci.org", country="US", window=(AT - SECOND, AT + SECOND))
    signature = signer.key.sign(data, ec.ECDSA(hashes.SHA256()))
    for at in (AT, AT + SECOND):
        imported(data, at=at, signer=signer.certificate, signature=signature)
    with pytest.raises(SignatureError, match="outside its time"):
        imported(data, at=AT + 2 * SECOND, signer=signer.certificate, signature=signature)


def test_without_a_signer_the_import_says_that_nobody_vouches() -> None:
    assert "who made the file: no signer was given" in imported(snapshot(listed(ONE))).unverified


def test_snapshot_from_the_future_is_refused() -> None:
    with pytest.raises(TrustError) as stale:
        imported(snapshot(listed(ONE), time=rfc3339(AT + SECOND)))
    assert stale.value.code is Reason.IMPORT_STALE
    with pytest.raises(TrustError) as invalid:
        imported(snapshot(listed(ONE), time="today"))
    assert invalid.value.code is Reason.IMPORT_INVALID


def test_keys_that_were_not_found_lately_are_listed_and_noted() -> None:
    limit = AT - vci.SEEN_WITHIN
    lately, before = ({**listed(ONE), "lastRetrieved": rfc3339(moment)} for moment in (limit, limit - SECOND))
    assert imported(snapshot(lately)).remarks == ()
    (remark,) = imported(snapshot(before)).remarks
    assert (remark.code, remark.detail, remark.left_out) == (
        Reason.IMPORT_NOT_SEEN,
        "its keys were last retrieved 2026-07-23",
        False,
    )
    (unknown,) = imported(snapshot({**listed(ONE), "lastRetrieved": None})).remarks
    assert (unknown.code, unknown.left_out) == (Reason.IMPORT_NOT_SEEN, False)


OTHER = Node("other")


@pytest.mark.parametrize(
    ("key", "code"),
    [
        (jwk(ONE, kid=jwk(TWO)["kid"]), Reason.KEY_MISNAMED),
        (jwk(ONE, kid="no base64url"), Reason.BASE64URL_INVALID),
        (jwk(ONE, kid=7), Reason.KEY_MISNAMED),
        (jwk(ONE, d=ONE.jwk["x"]), Reason.KEY_MALFORMED),
        (jwk(ONE, y=TWO.jwk["y"]), Reason.KEY_MALFORMED),
        (jwk(ONE, use="enc"), Reason.KEY_UNSUITABLE),
        (jwk(ONE, x5c=[base64.b64encode(OTHER.der).decode()]), Reason.IMPORT_ENTRY),
        (jwk(ONE, x5c=[]), Reason.IMPORT_ENTRY),
        ("a key", Reason.IMPORT_ENTRY),
    ],
    ids=["misnamed", "no-name", "number", "private", "off-curve", "other-use", "other-x5c", "no-x5c", "none"],
)
def test_key_that_cannot_be_used_leaves_the_others(key: Any, code: Reason) -> None:
    found = imported(snapshot(listed(ONE, key, jwk(TWO))))
    assert keys(found) == {ISS: ("USA", [TWO.thumbprint])}
    (remark,) = found.remarks
    assert (remark.where, remark.code, remark.left_out) == ("/0/0", code, True)


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        (listed(ONE, iss="http://cards.example.org/issuer"), Reason.IMPORT_ENTRY),
        (listed(ONE, iss="https://cards.example.org/issuer/"), Reason.IMPORT_ENTRY),
        (listed(ONE, iss="https://cards.example.org/issuer?a#b"), Reason.IMPORT_ENTRY),
        (listed(ONE, iss="https://cards.example.org/" + "a" * 230), Reason.IMPORT_ENTRY),
        (listed(ONE, name=""), Reason.IMPORT_ENTRY),
        (listed(ONE, iss="https://spec.smarthealth.cards/examples/issuer"), Reason.IMPORT_OTHER_USE),
        (listed(TWO), Reason.IMPORT_DUPLICATE),
        ({**listed(ONE), "keys": []}, Reason.IMPORT_REFERENCE),
        ({**listed(ONE), "keys": None}, Reason.IMPORT_ENTRY),
        (7, Reason.IMPORT_ENTRY),
    ],
)
def test_issuer_that_cannot_be_listed_leaves_the_others(entry: Any, code: Reason) -> None:
    found = imported(snapshot(listed(TWO), entry))
    assert list(keys(found)) == [TWO.iss]
    (remark,) = found.remarks
    assert (remark.where, remark.code, remark.left_out) == ("/1", code, True)


def test_country_is_that_of_the_metadata_and_else_the_operators() -> None:
    moved = listed(TWO, canonical_iss="https://cards.example.org/moved")
    metadata = {
        "issuer_metadata": [
            {"canonical_iss": ISS, "locations": [{"country": "CA", "state": "ON"}, {"country": "CA"}]},
            {"canonical_iss": "https://cards.example.org/moved", "locations": [{"country": "AUS"}]},
            {"canonical_iss": "https://cards.example.org/nowhere", "locations": [{"country": "CA"}, {"country": "US"}]},
            7,
        ]
    }
    nowhere = ShcIssuer(WORLD.clock, iss="https://cards.example.org/nowhere", number=2)
    data = json.dumps(snapshot(listed(ONE), moved, listed(nowhere))).encode()

    def countries(**instructions: Any) -> list[str]:
        made = Instructions(at=AT, **instructions)
        found = vci.import_(data, made, metadata=json.dumps(metadata).encode())
        return [issuer["country"] for issuer in found.issuers]

    assert countries(country="USA") == ["CAN", "USA", "AUS"]
    assert countries() == ["CAN", "AUS"]
    assert codes(imported(data, country=None)) == {"import.country_unknown": 3}
    with pytest.raises(TrustError, match="metadata"):
        vci.import_(data, Instructions(at=AT), metadata=b"{}")


def test_plain_directory_takes_the_key_sets_that_the_operator_fetched() -> None:
    document = {"participating_issuers": [{"iss": issuer.iss, "name": "A hospital"} for issuer in (ONE, TWO)]}
    data = json.dumps(document).encode()
    sets = {ONE.iss: json.dumps({"keys": [jwk(ONE)]}).encode(), "https://unlisted.example": b"{"}
    found = vci.import_(data, Instructions(at=AT, country="USA"), key_sets=sets)
    assert keys(found) == {ISS: ("USA", [ONE.thumbprint])}
    assert codes(found) == {"import.reference": 1}
    assert "that the keys are the issuers': whoever retrieved them vouches for them" in found.unverified
    broken = vci.import_(data, Instructions(at=AT, country="USA"), key_sets={**sets, TWO.iss: b"{"})
    assert codes(broken) == {"json.malformed": 1}
    assert recognise(data) == "vci"


@pytest.mark.parametrize("document", [{"issuerInfo": 7, "time": rfc3339(AT)}, {"participating_issuers": {}}])
def test_directory_whose_issuers_are_no_array_is_refused(document: Any) -> None:
    with pytest.raises(TrustError) as refused:
        imported(document)
    assert refused.value.code is Reason.IMPORT_INVALID


DOCUMENT = snapshot(listed(ONE, jwk(ONE), jwk(TWO)), listed(TWO, canonical_iss=ISS))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_damaged_directory_raises_only_our_errors(data: st.DataObject) -> None:
    survives(data.draw(damaged(DOCUMENT)), country="USA", network="vci")
