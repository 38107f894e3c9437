"""The door of all imports: what is recognised as what, and what is refused before it is read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import cbor2
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from networks import AT, DSC_AT, b64, b64url, gateway_row, hashed, jwk_of, read, survives, who_document, who_entry
from pratique.cli import group
from pratique.errors import PratiqueError, TrustError
from pratique.reasons import Reason
from pratique.trust.importers import IMPORTERS, Instructions, import_, recognise
from pratique.trust.importers.base import MAX_SOURCE_BYTES

if TYPE_CHECKING:
    from pathlib import Path

KID = b64(hashed(DSC_AT.der))
SWEDEN = ".".join(map(b64url, (b'{"alg":"ES256"}', b'{"dsc_trust_list":{}}', bytes(64))))
DID = {"id": "did:web:health.example", "verificationMethod": []}


@pytest.mark.parametrize(
    ("source", "network"),
    [
        (who_document(who_entry(DSC_AT)), "gdhcn"),
        (who_document(id="did:web:tng-cdn-uat.who.int:v2:trustlist-ref:DCC"), "gdhcn"),
        (who_document(id="did:web:tng-cdn.who.int:v2:trustlist:-:AUT:DSC"), "gdhcn"),
        (DID, "did-web"),
        ([gateway_row(DSC_AT)], "eu-dcc"),
        ({"certificates": []}, "eu-dcc"),
        ({KID: b64(DSC_AT.der)}, "eu-dcc"),
        (SWEDEN.encode(), "eu-dcc"),
        (b"AAAA\n" + json.dumps({"certificates": []}).encode(), "eu-dcc"),
        (cbor2.dumps({"c": []}), "eu-dcc"),
        (jwk_of(DSC_AT), "single"),
        (DSC_AT.der, "single"),
        (b"  \n-----BEGIN CERTIFICATE-----", "single"),
    ],
)
def test_source_is_recognised_by_its_content(source: Any, network: str) -> None:
    assert recognise(source if isinstance(source, bytes) else json.dumps(source).encode()) == network


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b"null", b"hello", b"{", b'{"a": NaN}', b"\xff\xfe", b"[[[[[[[[[[[[[[[[[[["]
)
def test_anything_else_is_unknown(data: bytes) -> None:
    with pytest.raises(TrustError) as error:
        recognise(data)
    assert error.value.code is Reason.IMPORT_UNKNOWN


def test_too_many_bytes_are_refused_unread() -> None:
    data = b" " * (MAX_SOURCE_BYTES + 1)
    for network in (None, *IMPORTERS):
        with pytest.raises(TrustError) as error:
            import_(data, Instructions(at=AT), network)
        assert error.value.code is Reason.IMPORT_INVALID


def test_network_that_does_not_exist_is_a_mistake_of_the_program() -> None:
    with pytest.raises(ValueError, match="gdhcn"):
        import_(b"{}", Instructions(at=AT), "gdchn")


@given(st.binary(max_size=64))
@settings(max_examples=150, deadline=None)
def test_arbitrary_bytes_raise_errors_of_ours(data: bytes) -> None:
    for prefix in (b"", b"{", b'{"id":"did:web:x",', b"eyJ", b"\x30", b"-----BEGIN ", b"\xa1ac", b"\x81"):
        survives(prefix + data)


def test_production_list_of_who_is_imported_and_shown(vectors: Path, tmp_path: Path) -> None:
    imported = read((vectors / "trust" / "gdhcn" / "prod-v2-did.json").read_bytes())
    folder = tmp_path / "trust"
    folder.mkdir()
    document = imported.trust_list("who", sequence=1, issued_at=AT)
    (folder / "who.trust.json").write_text(json.dumps(document), encoding="utf-8")
    shown = CliRunner().invoke(group, ["trust", "show", "--trust", str(folder), "--at", "2026-08-22T18:00:00Z"])
    assert shown.exit_code == 0, shown.output
    assert shown.output.count("EXPIRED") == 284
    assert "Portugal <eu-dcc:PRT>" in shown.output
    checked = CliRunner().invoke(group, ["trust", "check", "--trust", str(folder), "--at", "2026-08-22T18:00:00Z"])
    assert "errors: 0" in checked.output


@pytest.mark.parametrize("network", list(IMPORTERS))
def test_no_importer_takes_what_another_network_publishes(network: str, vectors: Path) -> None:
    sources = {
        "gdhcn": (vectors / "trust" / "gdhcn" / "prod-v2-ref-did.json").read_bytes(),
        "did-web": json.dumps(DID).encode(),
        "eu-dcc": json.dumps([gateway_row(DSC_AT)]).encode(),
        "single": DSC_AT.der,
    }
    for other, data in sources.items():
        if other != network and (network, other) != ("did-web", "gdhcn"):  # that one is a DID document too
            try:
                imported = import_(data, Instructions(at=AT, country="AUT", format_="eu-dcc"), network)
            except PratiqueError:
                continue
            assert imported.issuers == ()
