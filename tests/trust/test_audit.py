from __future__ import annotations

import base64
import copy
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from pratique.cose.certificates import Certificate
from pratique.cose.keys import PrivateKey
from pratique.trust.audit import Finding, audit_acceptance, audit_list
from pratique.trust.entries import key_entry, with_key

if TYPE_CHECKING:
    from pathlib import Path

THEN = datetime(2022, 1, 1, tzinfo=UTC)


@pytest.fixture
def document(vectors: Path) -> Any:
    """Return a list with one certificate of the EU DCC, valid at `THEN`."""
    meta = json.loads((vectors / "eu-dcc-image" / "AT-img-1.png" / "meta.json").read_text(encoding="utf-8"))
    certificate = Certificate.read(base64.b64decode(meta["key"]["value"]))
    return with_key(None, key_entry(certificate, format_="eu-dcc"), issuer="eu-dcc:AUT", country="AUT", at=THEN)


def _findings(document: Any, at: datetime = THEN) -> list[Finding]:
    return list(audit_list(document, at=at))


def _only(document: Any, at: datetime = THEN) -> Finding:
    (finding,) = _findings(document, at)
    return finding


def test_a_list_in_order_has_no_findings(document: Any) -> None:
    assert _findings(document) == []


@pytest.mark.parametrize(("year", "text"), [(2020, "not valid before 2021-05-05"), (2024, "expired 2023-05-05")])
def test_a_key_outside_its_window_is_an_oddity(document: Any, year: int, text: str) -> None:
    finding = _only(document, datetime(year, 1, 1, tzinfo=UTC))
    assert (finding.text, finding.is_error) == (text, False)


def test_a_key_and_a_certificate_that_disagree_are_an_error(document: Any) -> None:
    document["issuers"][0]["keys"][0]["public_key"] = PrivateKey.generate().public.jwk
    finding = _only(document)
    assert finding.is_error
    assert finding.text == "certificate and public_key are of two different keys"
    assert finding.where.startswith("issuers/0/keys/0 ")


def test_a_key_that_cannot_be_parsed_is_an_error(document: Any) -> None:
    document["issuers"][0]["keys"][0]["public_key"]["x"] = "AAAA"
    assert any(finding.is_error and "the key cannot be used" in finding.text for finding in _findings(document))


@pytest.mark.parametrize("certificate", ["AAAA", "MIIB"])
def test_a_certificate_that_cannot_be_read_is_an_error(document: Any, certificate: str) -> None:
    document["issuers"][0]["keys"][0]["certificate"] = certificate
    assert any(finding.is_error and "certificate" in finding.text for finding in _findings(document))


def test_an_identifier_that_is_not_the_certificates_is_an_oddity(document: Any) -> None:
    document["issuers"][0]["keys"][0]["key_id"] = base64.b64encode(b"12345678").decode()
    finding = _only(document)
    assert not finding.is_error
    assert "not the hash of the certificate" in finding.text


def test_two_keys_of_one_identifier_are_an_oddity(document: Any) -> None:
    keys = document["issuers"][0]["keys"]
    keys.append(copy.deepcopy(keys[0]))
    assert [finding.text for finding in _findings(document)] == ["2 keys for eu-dcc have this identifier"]


def test_an_entry_that_was_set_aside_is_an_error_and_the_rest_is_still_looked_at(document: Any) -> None:
    good = document["issuers"][0]
    document["issuers"] = [{"id": "x"}, {**good, "keys": [{"key_id": "AAAA"}, *good["keys"]]}]
    findings = _findings(document, datetime(2024, 1, 1, tzinfo=UTC))
    aside = [finding.where for finding in findings if finding.text.startswith("set aside")]
    assert aside == ["issuers/0", "issuers/1/keys/0"]
    assert any(finding.where.startswith("issuers/1/keys/1 ") and "expired" in finding.text for finding in findings)


@pytest.mark.parametrize(
    "document", [None, [], {}, {"id": 1}, {"id": "x", "sequence": 0, "issued_at": "", "issuers": []}]
)
def test_what_is_no_list_is_an_error(document: Any) -> None:
    assert any(finding.is_error for finding in _findings(document))


def test_acceptance_is_looked_at_too() -> None:
    assert [finding.is_error for finding in audit_acceptance({"accept": [{"countries": ["AUT"]}]})] == []
    assert [finding.is_error for finding in audit_acceptance({})] == [False]
    assert any(finding.is_error for finding in audit_acceptance({"accept": [{"colours": []}]}))
    assert any(finding.is_error for finding in audit_acceptance([]))
