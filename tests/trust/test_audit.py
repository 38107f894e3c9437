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
    document["issued_at"] = "2020-01-01T00:00:00Z"
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


DUE, END = "2022-02-01T00:00:00Z", "2022-03-01T00:00:00Z"


@pytest.mark.parametrize(
    ("at", "texts"),
    [
        (datetime(2021, 12, 31, 23, 59, 59, tzinfo=UTC), [("it was made later than now, 2022-01-01T00:00:00Z", False)]),
        (THEN, []),
        (datetime(2022, 1, 31, 23, 59, 59, tzinfo=UTC), []),
        (datetime(2022, 2, 1, tzinfo=UTC), [(f"the next edition was due {DUE}", False)]),
        (datetime(2022, 2, 28, 23, 59, 59, tzinfo=UTC), [(f"the next edition was due {DUE}", False)]),
        (datetime(2022, 3, 1, tzinfo=UTC), [(f"it ended {END}", True)]),
    ],
)
def test_a_list_is_odd_once_the_next_is_due_and_faulty_once_it_has_ended(
    document: Any, at: datetime, texts: list[tuple[str, bool]]
) -> None:
    findings = _findings({**document, "next_update": DUE, "expires_at": END}, at)
    assert [(finding.text, finding.is_error) for finding in findings] == texts


def test_a_withdrawn_key_is_an_oddity(document: Any) -> None:
    document["issuers"][0]["keys"][0]["withdrawn"] = {"at": END, "reason": "superseded"}
    finding = _only(document)
    assert (finding.text, finding.is_error) == (f"withdrawn as superseded, {END}", False)


@pytest.mark.parametrize(
    "address", ["http://health.example.org/status/", "https://", "https:///x", "https://a@b/", "https://health.example"]
)
def test_an_address_of_status_lists_that_is_no_https_address_is_an_error(document: Any, address: str) -> None:
    document["issuers"][0]["status_lists"] = ["https://health.example.org/status/", address]
    finding = _only(document)
    assert (finding.where, finding.is_error) == ("eu-dcc:AUT", True)
    assert "no https address" in finding.text


def test_a_key_for_status_lists_needs_an_address(document: Any) -> None:
    issuer = document["issuers"][0]
    issuer["keys"][0]["formats"] = ["token-status-list"]
    assert any(finding.is_error and "has no address" in finding.text for finding in _findings(document))
    issuer["status_lists"] = ["https://health.example.org/status/"]
    assert _findings(document) == []


def test_one_key_or_one_address_of_two_issuers_is_an_oddity(document: Any) -> None:
    one = document["issuers"][0] | {"status_lists": ["https://health.example.org/status/"]}
    other = copy.deepcopy(one) | {"id": "who:AUT"}
    other["keys"][0]["formats"] = ["who-hcert"]
    document["issuers"] = [one, other]
    findings = _findings(document)
    assert [finding.is_error for finding in findings] == [False, False]
    assert findings[0].text == "2 issuers publish their status lists here"
    assert findings[1].text == "several issuers have this key: eu-dcc:AUT, who:AUT"


def test_a_leaked_key_that_counts_on_in_another_entry_is_an_error(document: Any) -> None:
    (key,) = document["issuers"][0]["keys"]
    withdrawn = {"withdrawn": {"at": END, "reason": "compromise"}}
    document["issuers"][0]["keys"] = [key | withdrawn, key | {"formats": ["who-hcert"]}]
    assert "counts on in another" in "".join(finding.text for finding in _findings(document) if finding.is_error)
    document["issuers"][0]["keys"][1] |= withdrawn
    assert not any(finding.is_error for finding in _findings(document))


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
