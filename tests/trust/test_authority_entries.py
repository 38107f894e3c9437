"""Entries for authorities whose signers bring their certificates along: under which identifier, and what is refused."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from authority import NOW
from pratique.cli import group
from pratique.cose.certificates import Certificate
from pratique.errors import TrustError
from pratique.reasons import Reason
from pratique.trust.audit import audit_list
from pratique.trust.entries import ICAO_VDS_NC, key_entry, with_key
from seals import SealState, vaccination

if TYPE_CHECKING:
    from pathlib import Path

STATE = SealState("AU", "AUS")


def test_authority_is_listed_under_its_subject_key_identifier() -> None:
    entry = key_entry(Certificate.read(STATE.certificate()), format_=ICAO_VDS_NC)
    assert base64.b64decode(entry["key_id"]) == STATE.key_id
    assert entry["formats"] == ["icao-vds-nc"]
    document = with_key(None, entry, issuer="icao:AUS", country="AUS", at=NOW)
    assert [finding.text for finding in audit_list(document, at=NOW)] == []


def test_signer_of_seals_is_not_listed_but_its_authority() -> None:
    for material in (Certificate.read(STATE.signer()), Certificate.read(STATE.certificate()).public_key):
        with pytest.raises(TrustError) as refused:
            key_entry(material, format_=ICAO_VDS_NC)
        assert refused.value.code is Reason.TRUST_LIST_INVALID
        assert "CSCA" in refused.value.hint


def test_identifier_that_no_seal_will_name_is_found_odd() -> None:
    entry = key_entry(Certificate.read(STATE.certificate()), format_=ICAO_VDS_NC) | {"key_id": "AAAA"}
    document = with_key(None, entry, issuer="icao:AUS", country="AUS", at=NOW)
    (finding,) = audit_list(document, at=NOW)
    assert not finding.is_error
    assert "authority's key" in finding.text


def test_seal_is_accepted_under_an_authority_added_by_command(tmp_path: Path) -> None:
    csca, seal, trust = tmp_path / "csca.der", tmp_path / "seal.json", tmp_path / "trust"
    csca.write_bytes(STATE.certificate())
    seal.write_text(json.dumps(json.loads(STATE.sign(vaccination())), indent=4), encoding="utf-8")
    run = CliRunner().invoke
    added = run(group, ["trust", "add", str(csca), "--format", "icao-vds-nc", "--country", "AU", "--trust", str(trust)])
    assert added.exit_code == 0, added.output
    options = ["--trust", str(trust), "--at", "2026-11-23T12:00:00Z"]
    verified = run(group, ["verify", str(seal), "--compared-by-eye", *options])
    assert verified.exit_code == 0, verified.output
    assert "ACCEPT" in verified.output
    inspected = run(group, ["inspect", str(seal), "--trust", str(trust)])
    assert inspected.exit_code == 0, inspected.output
    assert "the travel document whose number it shows" in inspected.output
