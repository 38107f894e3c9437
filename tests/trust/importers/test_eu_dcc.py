"""Lists of the EU DCC: the gateway's and those of states, and codes of states verified by what was imported."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import cbor2
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, pkcs7
from cryptography.x509 import load_der_x509_certificate
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import load_vectors
from networks import (
    AT,
    CSCA_AT,
    CSCA_DE,
    DSC_AT,
    DSC_DE,
    b64,
    b64url,
    codes,
    damaged,
    gateway_row,
    hashed,
    jwk_of,
    keys,
    public_key,
    read,
    survives,
    who_document,
    who_entry,
)
from pki import Node
from pratique.errors import PratiqueError, SignatureError, TrustError
from pratique.reasons import Reason
from pratique.report import Outcome, Step
from pratique.trust import Acceptance, TrustList, TrustStore
from pratique.trust.entries import Limits
from pratique.trust.importers import Instructions, eu_dcc
from pratique.verify import Verifier

if TYPE_CHECKING:
    from pathlib import Path

SECOND = timedelta(seconds=1)
SIGNER = Node("List signer", country="AT")
ONE_AT = {"eu-dcc:AUT": [b64(hashed(DSC_AT.der))]}
BOTH = {**ONE_AT, "eu-dcc:DEU": [b64(hashed(DSC_DE.der))]}
EPOCH_AT = int(AT.timestamp())


def raw(message: bytes, node: Node = SIGNER) -> bytes:
    """Return an ES256 signature as COSE and JOSE have it."""
    r, s = decode_dss_signature(node.key.sign(message, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32) + s.to_bytes(32)


def spki(node: Node) -> str:
    return b64(node.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


# The gateway.


def test_gateway_lists_signers_under_authorities_of_their_country() -> None:
    rows = [
        gateway_row(CSCA_AT, "AT", "CSCA"),
        gateway_row(CSCA_DE, "DE", "CSCA"),
        gateway_row(DSC_AT, "AT"),
        gateway_row(DSC_DE, "DE"),
        gateway_row(SIGNER, "AT", "UPLOAD"),
        gateway_row(SIGNER, "AT", "AUTHENTICATION"),
    ]
    imported = read(rows)
    assert imported.network == "eu-dcc"
    assert keys(imported) == BOTH
    assert imported.issuers[1]["keys"][0]["scope"] == {"kinds": ["recovery", "vaccination"]}
    assert imported.verified == (
        "the identifiers of 2 keys are the hashes of their certificates",
        "2 certificates were signed by an authority of their country",
    )
    assert codes(imported) == {"import.other_use": 2}


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (gateway_row(DSC_AT, "AT", kid=b64(bytes(8))), "key.misnamed"),
        (gateway_row(DSC_AT, "AT", kid=None), "import.entry_invalid"),
        (gateway_row(DSC_AT, "AT", kid="?"), "import.entry_invalid"),
        (gateway_row(DSC_AT, "DE"), "certificate.authority_unknown"),
        (gateway_row(CSCA_AT.sign("Other", country="DE"), "AT"), "certificate.other_country"),
        (gateway_row(DSC_AT, "XX"), "import.country_unknown"),
        (gateway_row(DSC_AT, "at"), "import.country_unknown"),
        (gateway_row(DSC_AT, "AT") | {"country": None}, "import.country_unknown"),
        (gateway_row(DSC_AT, "AT", "XYZ"), "import.entry_invalid"),
        (gateway_row(DSC_AT, "AT") | {"certificateType": ["DSC"]}, "import.entry_invalid"),
        (gateway_row(DSC_AT, "AT", rawData=None), "import.entry_invalid"),
        (gateway_row(DSC_AT, "AT", rawData=b64(DSC_AT.der[:-1])), "certificate.malformed"),
        (gateway_row(DSC_AT, "AT", rawData=b64(bytes(70_000))), "certificate.malformed"),
        (gateway_row(DSC_AT.der + b"\0", "AT"), "certificate.malformed"),
        ({}, "import.entry_invalid"),
        (None, "import.entry_invalid"),
    ],
)
def test_entry_that_cannot_be_used_is_left_out_and_the_rest_is_not(row: Any, code: str) -> None:
    authorities = [gateway_row(CSCA_AT, "AT", "CSCA"), gateway_row(Node("CSCA X", country="DE"), "DE", "CSCA")]
    imported = read([*authorities, gateway_row(DSC_AT, "AT"), row], network="eu-dcc")
    assert codes(imported, left_out=True) == {code: 1}
    assert keys(imported) == ONE_AT


def test_authority_that_cannot_be_read_does_not_open_the_door() -> None:
    rows = [gateway_row(CSCA_AT, "AT", "CSCA", rawData="AAAA"), gateway_row(DSC_AT, "AT"), gateway_row(DSC_DE, "DE")]
    imported = read(rows)
    assert list(keys(imported)) == ["eu-dcc:DEU"]
    assert codes(imported) == {"certificate.malformed": 1, "certificate.authority_unknown": 1}


def test_countries_go_by_the_codes_of_the_institutions_too() -> None:
    greek, british = CSCA_AT.sign("Greek", country="GR"), CSCA_AT.sign("British", country="GB")
    assert list(keys(read([gateway_row(greek, "EL"), gateway_row(british, "UK")]))) == ["eu-dcc:GBR", "eu-dcc:GRC"]
    assert list(keys(read([gateway_row(greek, "XK")]))) == ["eu-dcc:RKS"]


def test_two_keys_of_one_identifier_are_both_listed() -> None:
    """Identifiers are short hashes; without a certificate nothing tells whether they are the right ones."""
    rows = [{"subjectPk": spki(node), "ian": "AT", "keyUsage": []} for node in (DSC_AT, DSC_DE)]
    window = Limits(not_before=AT, not_after=AT + SECOND)
    assert keys(read({"eu_keys": {b64(bytes(8)): rows}}, limits=window)) == {"eu-dcc:AUT": [b64(bytes(8))] * 2}


def test_list_of_more_entries_than_are_read_is_refused() -> None:
    many = [{"rawData": ""}] * 50_001
    keys_of_one = {"keys": [{}] * 30_000}
    for source in (
        many,
        {"certificates": many},
        {"eu_keys": {str(i): [{}] * 30_000 for i in range(2)}},
        swedish({"AT": keys_of_one, "DE": keys_of_one}),
        cbor2.dumps({"c": [{}] * 50_001}),
    ):
        with pytest.raises(TrustError) as error:
            read(source)
        assert error.value.code is Reason.IMPORT_INVALID


def test_limits_that_a_network_would_not_heed_are_refused() -> None:
    for limits in (Limits(kinds=frozenset({"test"})), Limits(targets=frozenset({"RA01"}))):
        for source in ([gateway_row(DSC_AT)], who_document(who_entry(DSC_AT))):
            with pytest.raises(TrustError) as error:
                read(source, limits=limits)
            assert error.value.code is Reason.IMPORT_INVALID


ANCHOR = Node("Trust anchor", country="EU")
UPLOAD_AT, UPLOAD_DE = Node("Upload", country="AT"), Node("Upload", country="DE")


def cms(content: bytes, by: Node, *, encoding: Encoding = Encoding.DER) -> bytes:
    """Return a CMS signature apart from what it signs."""
    certificate = load_der_x509_certificate(by.der)
    builder = pkcs7.PKCS7SignatureBuilder().set_data(content).add_signer(certificate, by.key, hashes.SHA256())
    options = [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary, pkcs7.PKCS7Options.NoCapabilities]
    return builder.sign(encoding, options)


def without_lengths(der: bytes, levels: int = 4) -> bytes:
    """Return DER as BER in which constructed items have no length, down to a level, as Bouncy Castle writes CMS."""
    tag, size, start = der[0], der[1], 2
    if size & 0x80:
        start += size & 0x7F
        size = int.from_bytes(der[2:start])
    if not tag & 0x20 or levels == 0 or tag == 0x31:  # what is signed or hashed is in a SET, and stays DER
        return der
    parts, position = b"", start
    while position < len(der):
        length, begin = der[position + 1], position + 2
        if length & 0x80:
            begin += length & 0x7F
            length = int.from_bytes(der[position + 2 : begin])
        parts += without_lengths(der[position : begin + length], levels - 1)
        position = begin + length
    return bytes((tag, 0x80)) + parts + b"\0\0"


def uploaded(node: Node, country: str, use: str, by: Node, *, ber: bool = False) -> dict[str, Any]:
    signature = cms(node.der, by)
    return gateway_row(node, country, use, signature=b64(without_lengths(signature) if ber else signature))


def signed_gateway(*, ber: bool = False) -> list[dict[str, Any]]:
    return [
        uploaded(DSC_AT, "AT", "DSC", UPLOAD_AT, ber=ber),
        uploaded(DSC_DE, "DE", "DSC", UPLOAD_DE, ber=ber),
        uploaded(CSCA_AT, "AT", "CSCA", ANCHOR, ber=ber),
        uploaded(CSCA_DE, "DE", "CSCA", ANCHOR, ber=ber),
        uploaded(UPLOAD_AT, "AT", "UPLOAD", ANCHOR, ber=ber),
        uploaded(UPLOAD_DE, "DE", "UPLOAD", ANCHOR, ber=ber),
    ]


SIGNED, SIGNED_IN_BER = signed_gateway(), signed_gateway(ber=True)


@pytest.mark.parametrize("ber", [False, True])
def test_entries_of_the_gateway_count_from_its_trust_anchor_down(ber: bool) -> None:  # noqa: FBT001 - a case
    for anchor in (ANCHOR.certificate, public_key(ANCHOR)):
        imported = read(signed_gateway(ber=ber), signer=anchor)
        assert keys(imported) == BOTH
        assert codes(imported, left_out=True) == {"import.other_use": 2}
        assert "6 entries of the gateway's list were signed under the trust anchor that you gave" in imported.verified
    assert any("no trust anchor was given" in sentence for sentence in read(signed_gateway()).unverified)


@pytest.mark.parametrize(
    ("place", "row", "lost"),
    [
        (0, uploaded(DSC_AT, "AT", "DSC", UPLOAD_DE), {"eu-dcc:AUT"}),  # a state for another
        (0, uploaded(DSC_AT, "AT", "DSC", ANCHOR), {"eu-dcc:AUT"}),  # the anchor vouches for no signer itself
        (0, {**uploaded(DSC_AT, "AT", "DSC", UPLOAD_AT), "rawData": b64(DSC_DE.der)}, {"eu-dcc:AUT"}),
        (0, gateway_row(DSC_AT), {"eu-dcc:AUT"}),
        (0, gateway_row(DSC_AT, signature=None), {"eu-dcc:AUT"}),
        (0, gateway_row(DSC_AT, signature=b64(bytes(100))), {"eu-dcc:AUT"}),
        (0, gateway_row(DSC_AT, signature=b64(bytes(20_000))), {"eu-dcc:AUT"}),
        (4, uploaded(UPLOAD_AT, "AT", "UPLOAD", UPLOAD_AT), {"eu-dcc:AUT"}),  # who uploads is not chosen by a state
        (4, uploaded(UPLOAD_AT, "DE", "UPLOAD", ANCHOR), {"eu-dcc:AUT"}),
        (2, uploaded(CSCA_AT, "AT", "CSCA", UPLOAD_AT), {"eu-dcc:AUT"}),  # then nobody certified the signer
    ],
)
def test_entry_that_is_signed_by_nobody_who_may_is_left_out(place: int, row: dict[str, Any], lost: set[str]) -> None:
    rows = signed_gateway()
    rows[place] = row
    imported = read(rows, signer=ANCHOR.certificate)
    assert set(BOTH) - set(keys(imported)) == lost


def test_gateway_under_another_trust_anchor_gives_nothing() -> None:
    imported = read(signed_gateway(), signer=Node("Another", country="EU").certificate)
    assert imported.issuers == ()
    assert codes(imported) == {"import.signature_invalid": 6}


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_damaged_signature_leaves_its_entry_out(data: st.DataObject) -> None:
    rows = [dict(row) for row in data.draw(st.sampled_from([SIGNED, SIGNED_IN_BER]))]
    signature = bytearray(base64.b64decode(rows[0]["signature"]))
    how = data.draw(st.sampled_from(["change", "cut"]))
    place = data.draw(st.integers(0, len(signature) - 1))
    if how == "change":
        signature[place] ^= data.draw(st.integers(1, 255))
    else:
        del signature[place:]
    rows[0]["signature"] = b64(bytes(signature))
    imported = read(rows, signer=ANCHOR.certificate)
    assert "eu-dcc:DEU" in keys(imported)


# States. Each shape is that of a source which docs/networks.md names.


def german(rows: list[Any], signer: Node = SIGNER) -> bytes:
    body = json.dumps({"certificates": rows}).encode()
    return base64.b64encode(raw(body, signer)) + b"\n" + body


def swedish(countries: Any, *, plain: bool = False, signer: Node = SIGNER, **claims: Any) -> bytes:
    header = {"alg": "ES256", "typ": "JOSE", "x5c": [b64(signer.der)], **({"b64": False} if plain else {})}
    body = json.dumps({"iss": "SE", "exp": EPOCH_AT + 1, **claims, "dsc_trust_list": countries}).encode()
    message = b64url(json.dumps(header).encode()).encode() + b"." + (body if plain else b64url(body).encode())
    return message + b"." + b64url(raw(message, signer)).encode()


def austrian(rows: list[Any], signer: Node = SIGNER, **claims: Any) -> tuple[bytes, bytes]:
    content = cbor2.dumps({"c": rows})
    payload = {2: hashlib.sha256(content).digest(), 5: EPOCH_AT, 4: EPOCH_AT + 1}
    payload |= {int(name[1:]): value for name, value in claims.items()}
    protected, body = cbor2.dumps({1: -7, 4: hashed(signer.der)}), cbor2.dumps(payload)
    signature = raw(cbor2.dumps(["Signature1", protected, b"", body]), signer)
    return content, cbor2.dumps(cbor2.CBORTag(18, [protected, {}, body, signature]))


GERMAN = german([gateway_row(DSC_AT, "AT"), gateway_row(DSC_DE, "DE")])
SWEDISH_KEYS = {
    code: {
        "keys": [{**jwk_of(node), "kid": b64(hashed(node.der)), "x5c": [b64(node.der)]}],
        "eku": {b64(hashed(node.der)): []},
    }
    for code, node in (("AT", DSC_AT), ("DE", DSC_DE))
}
AUSTRIAN_ROWS = [{"i": hashed(node.der), "c": node.der} for node in (DSC_AT, DSC_DE)]
AUSTRIAN, AUSTRIAN_SIGNATURE = austrian(AUSTRIAN_ROWS)


def test_german_list_counts_by_its_signature() -> None:
    imported = read(GERMAN, signer=public_key(SIGNER))
    assert keys(imported) == BOTH
    assert "Germany's list was signed by the key that you gave" in imported.verified
    assert any("no key was given" in sentence for sentence in read(GERMAN).unverified)
    assert keys(read(GERMAN.partition(b"\n")[2])) == BOTH


@pytest.mark.parametrize("plain", [False, True])
def test_swedish_list_counts_by_its_signature_with_either_payload(plain: bool) -> None:  # noqa: FBT001 - a case
    imported = read(swedish(SWEDISH_KEYS, plain=plain), signer=SIGNER.certificate)
    assert keys(imported) == BOTH
    assert "Sweden's list was signed by the key that you gave" in imported.verified


def test_austrian_list_counts_by_the_file_that_signs_it() -> None:
    imported = read(AUSTRIAN, signature=AUSTRIAN_SIGNATURE, signer=SIGNER.certificate)
    assert keys(imported) == BOTH
    assert "Austria's list was signed by the key that you gave" in imported.verified
    wrapped = {"trustList": {"trustListContent": b64(AUSTRIAN), "trustListSignature": b64(AUSTRIAN_SIGNATURE)}}
    assert keys(read(wrapped, signer=SIGNER.certificate)) == BOTH
    assert keys(read(AUSTRIAN)) == BOTH


def test_published_example_of_an_austrian_signature_is_read() -> None:
    """Federal-Ministry-of-Health-AT/green-pass-overview, README: the key of the example is not published."""
    example = bytes.fromhex(
        "d28450a3182a020448f7b1e7dd8e75cc120126a0582ca30258201a10e4cab0f604840cfd52cb6c0f"
        "423cf19de9d6c2cb0359583d97fe200f7f24041a0002a300050058400204f76cd98082adaaebe623"
        "e7932d203586b18b38d13ea81cf8811e787d8812d753d51d465edc8a3044b8ba82e24083b7535fd0"
        "ce3306f52665871b69923cd1"
    )
    with pytest.raises(TrustError) as error:
        read(AUSTRIAN, signature=example)
    assert error.value.code is Reason.IMPORT_STALE
    assert keys(read(AUSTRIAN, signature=example, at=datetime(1970, 1, 2, tzinfo=AT.tzinfo))) == BOTH
    with pytest.raises(TrustError) as error:
        read(AUSTRIAN, signature=example.replace(b"\x18\x2a\x02", b"\x18\x2a\x03"))
    assert error.value.code is Reason.IMPORT_INVALID


def test_key_with_another_curve_is_no_signer() -> None:
    other = public_key(Node("P-384", kind="P-384"))
    for data, options in ((GERMAN, {}), (swedish(SWEDISH_KEYS), {}), (AUSTRIAN, {"signature": AUSTRIAN_SIGNATURE})):
        with pytest.raises(PratiqueError):
            read(data, signer=other, **options)


@pytest.mark.parametrize("place", range(0, len(GERMAN) - 1, 97))
def test_german_list_with_one_changed_byte_is_refused(place: int) -> None:
    changed = bytearray(GERMAN)
    changed[place] ^= 1
    with pytest.raises(PratiqueError):
        read(bytes(changed), network="eu-dcc", signer=public_key(SIGNER))


@pytest.mark.parametrize("place", range(0, len(AUSTRIAN), 61))
def test_austrian_list_with_one_changed_byte_is_refused(place: int) -> None:
    changed = bytearray(AUSTRIAN)
    changed[place] ^= 1
    with pytest.raises(PratiqueError):
        read(bytes(changed), network="eu-dcc", signature=AUSTRIAN_SIGNATURE, signer=public_key(SIGNER))


def test_signature_by_somebody_else_is_refused() -> None:
    stranger = Node("Stranger", country="AT")
    for data, options in (
        (german([gateway_row(DSC_AT)], stranger), {}),
        (swedish(SWEDISH_KEYS, signer=stranger), {}),
        (AUSTRIAN, {"signature": austrian(AUSTRIAN_ROWS, stranger)[1]}),
        (AUSTRIAN, {"signature": austrian(AUSTRIAN_ROWS[:1])[1]}),
    ):
        with pytest.raises(SignatureError) as error:
            read(data, signer=SIGNER.certificate, **options)
        assert error.value.code is Reason.IMPORT_SIGNATURE


@pytest.mark.parametrize(
    "data",
    [
        GERMAN.partition(b"\n")[2],
        AUSTRIAN,
        json.dumps({b64(hashed(DSC_AT.der)): b64(DSC_AT.der)}).encode(),
    ],
)
def test_list_without_a_signature_is_refused_where_a_signer_is_demanded(data: bytes) -> None:
    with pytest.raises(SignatureError) as error:
        read(data, signer=SIGNER.certificate)
    assert error.value.code is Reason.IMPORT_SIGNATURE


def test_signed_list_counts_within_its_window() -> None:
    data, signature = austrian(AUSTRIAN_ROWS)
    for moment, accepted in ((AT - SECOND, False), (AT, True), (AT + SECOND, False)):
        if accepted:
            assert keys(read(data, signature=signature, at=moment)) == BOTH
            continue
        with pytest.raises(TrustError) as error:
            read(data, signature=signature, at=moment)
        assert error.value.code is Reason.IMPORT_STALE
    for moment in (AT + SECOND, AT + 2 * SECOND):
        with pytest.raises(TrustError) as error:
            read(swedish(SWEDISH_KEYS), at=moment)
        assert error.value.code is Reason.IMPORT_STALE


@pytest.mark.parametrize("exp", [None, "soon", 1.5, True, -1, 2**60])
def test_time_that_is_none_makes_a_list_unusable(exp: Any) -> None:
    with pytest.raises(TrustError) as error:
        read(swedish(SWEDISH_KEYS, exp=exp), network="eu-dcc")
    assert error.value.code is Reason.IMPORT_INVALID


def test_french_list_and_plain_maps_name_certificates_by_identifier() -> None:
    twice = {b64(hashed(node.der)): b64(b64(node.der).encode()) for node in (DSC_AT, DSC_DE)}
    assert keys(read({"certificatesDCC": twice, "certificates2DDoc": {}})) == BOTH
    assert keys(read({b64(hashed(node.der)): b64(node.der) for node in (DSC_AT, DSC_DE)})) == BOTH
    damaged = {**twice, b64(hashed(DSC_AT.der)): "?"}
    assert list(keys(read({"certificatesDCC": damaged}))) == ["eu-dcc:DEU"]
    nameless = Node("Nameless", country=None)
    assert codes(read({b64(hashed(nameless.der)): b64(nameless.der)})) == {"import.country_unknown": 1}


def test_dutch_keys_come_without_certificates_and_count_in_the_window_that_the_operator_gives() -> None:
    rows = {
        b64(hashed(node.der)): [{"subjectPk": spki(node), "ian": code, "san": "", "keyUsage": usage}]
        for node, code, usage in ((DSC_AT, "AT", []), (DSC_DE, "DE", ["v", "r"]))
    }
    document = {"cl_keys": [], "eu_keys": rows}
    window = Limits(not_before=AT, not_after=AT + SECOND)
    for data in (document, {"payload": b64(json.dumps(document).encode()), "signature": "AAAA"}):
        imported = read(data, limits=window)
        assert keys(imported) == BOTH
        assert [issuer["keys"][0].get("scope") for issuer in imported.issuers] == [
            None,
            {"kinds": ["recovery", "vaccination"]},
        ]
        assert [issuer["keys"][0]["not_after"] for issuer in imported.issuers] == ["2026-08-22T18:00:01Z"] * 2
    assert codes(read(document), left_out=True) == {"trust.list_invalid": 2}


def test_dutch_list_counts_by_its_signature() -> None:
    row = {"subjectPk": spki(DSC_AT), "ian": "AT", "keyUsage": []}
    payload = json.dumps({"eu_keys": {b64(hashed(DSC_AT.der)): [row]}}).encode()
    wrapped = {"payload": b64(payload), "signature": b64(without_lengths(cms(payload, SIGNER)))}
    window = Limits(not_before=AT, not_after=AT + SECOND)
    assert keys(read(wrapped, limits=window, signer=SIGNER.certificate)) == ONE_AT
    for changed, signer in (
        (wrapped, public_key(DSC_AT)),
        ({**wrapped, "payload": b64(payload + b" ")}, SIGNER.certificate),
        ({**wrapped, "signature": None}, SIGNER.certificate),
    ):
        with pytest.raises(PratiqueError):
            read(changed, limits=window, signer=signer)


@pytest.mark.parametrize("usage", [["x"], [1], "t", {}, None, ["t", "v", "r", "e"]])
def test_dutch_key_for_a_use_that_is_not_known_is_left_out(usage: Any) -> None:
    row = {"subjectPk": spki(DSC_AT), "ian": "AT", "keyUsage": usage}
    imported = read({"eu_keys": {b64(bytes(8)): [row]}}, limits=Limits(not_before=AT, not_after=AT))
    assert imported.issuers == ()
    assert len(imported.remarks) == 1


@pytest.mark.parametrize(
    "document",
    [
        {},
        [],
        [1],
        {"certificates": {}},
        {"payload": "?"},
        {"payload": 1},
        {"trustList": []},
        {"eu_keys": []},
        {"certificatesDCC": 1},
        "x",
    ],
)
def test_document_in_none_of_the_shapes_is_refused(document: Any) -> None:
    with pytest.raises(PratiqueError):
        read(document, network="eu-dcc")


# Damage.


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_damaged_json_raises_errors_of_ours_or_is_left_out(data: st.DataObject) -> None:
    whole = data.draw(
        st.sampled_from(
            [
                [gateway_row(CSCA_AT, "AT", "CSCA"), gateway_row(DSC_AT, "AT"), gateway_row(DSC_DE, "DE")],
                {"certificates": [gateway_row(DSC_AT, "AT")]},
                {"eu_keys": {b64(bytes(8)): [{"subjectPk": spki(DSC_AT), "ian": "AT", "keyUsage": ["t"]}]}},
                {"certificatesDCC": {b64(hashed(DSC_AT.der)): b64(b64(DSC_AT.der).encode())}},
            ]
        )
    )
    survives(data.draw(damaged(whole)), network="eu-dcc", limits=Limits(not_before=AT, not_after=AT))


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_damaged_lists_of_sweden_and_austria_raise_errors_of_ours_or_are_left_out(data: st.DataObject) -> None:
    survives(swedish(data.draw(damaged(SWEDISH_KEYS))), network="eu-dcc")
    whole = data.draw(damaged({"c": AUSTRIAN_ROWS}))
    survives(cbor2.dumps(whole), network="eu-dcc", signature=AUSTRIAN_SIGNATURE)


def test_truncated_lists_are_refused_wherever_they_end() -> None:
    for whole, options in ((GERMAN, {}), (swedish(SWEDISH_KEYS), {}), (AUSTRIAN, {"signature": AUSTRIAN_SIGNATURE})):
        for size in range(0, len(whole) - 1, 37):
            with pytest.raises(PratiqueError):
                read(whole[:size], network="eu-dcc", signer=SIGNER.certificate, **options)


@given(st.binary(max_size=200))
@settings(max_examples=100, deadline=None)
def test_arbitrary_bytes_raise_errors_of_ours(data: bytes) -> None:
    survives(data, network="eu-dcc")
    survives(AUSTRIAN, network="eu-dcc", signature=data)


# From end to end.


def test_codes_of_states_are_verified_by_a_list_imported_from_their_certificates(vectors: Path) -> None:
    """The published test codes, with the one list that a gateway would make of all their certificates."""
    assert vectors.is_dir()
    found = [
        vector
        for vector in load_vectors("eu-dcc")
        if vector.meta["key"]
        and vector.meta["expected"]["signature_valid"]
        and "signature_valid" not in (vector.meta["known_bad"] or {})
    ]
    rows = {}
    for vector in found:
        encoded = vector.meta["key"]["value"]
        der = base64.b64decode(encoded)
        rows[encoded] = gateway_row(der, vector.meta["issuer_country"] or "AT")
    imported = read(list(rows.values()))
    assert codes(imported, left_out=True) == {}
    document = imported.trust_list("gateway", sequence=1, issued_at=AT)
    store = TrustStore([TrustList.from_json(document)], acceptance=Acceptance.from_json({"accept": [{}]}))
    verifier = Verifier(store)
    unproven = []
    for vector in found:
        at = datetime.fromisoformat(vector.meta["clock"] or "2021-06-01T00:00:00Z")
        report = verifier.verify(vector.text(), at=at if at.tzinfo else at.replace(tzinfo=AT.tzinfo))
        if report.check(Step.SIGNATURE).outcome is not Outcome.PASSED:
            unproven.append(vector.name)
    assert len(found) == 275
    assert unproven == []


KEYS_OF_NOWHERE = {
    "GB": [{"kid": b64(hashed(DSC_AT.der)), "publicKey": spki(SIGNER)}],
    "CH": {"certs": [{"keyId": b64(hashed(DSC_AT.der)), "alg": "ES256", "subjectPublicKeyInfo": spki(SIGNER)}]},
}


@pytest.mark.parametrize("document", KEYS_OF_NOWHERE.values(), ids=KEYS_OF_NOWHERE)
def test_keys_of_no_country_are_refused_with_the_reason(document: Any) -> None:
    data = json.dumps(document).encode()
    assert eu_dcc.recognises(data)
    with pytest.raises(TrustError, match="without the countries whose they are"):
        eu_dcc.import_(data, Instructions(at=AT))


def test_keys_that_are_not_in_use_any_more_stay_out() -> None:
    rows = [gateway_row(DSC_AT, "AT"), gateway_row(DSC_DE, "DE")]
    kept = eu_dcc.import_(json.dumps(rows).encode(), Instructions(at=AT)).of({hashed(DSC_AT.der)})
    assert [issuer["id"] for issuer in kept.issuers] == ["eu-dcc:AUT"]
    assert kept.counts()[Reason.IMPORT_NOT_IN_USE] == 1
