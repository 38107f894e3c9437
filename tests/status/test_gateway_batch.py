"""Batches as the gateway sends them: only the state whose batch it is may have signed it."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7Options, PKCS7SignatureBuilder

from authority import NOW
from pratique.cose.certificates import Certificate
from pratique.errors import DecodeError, SignatureError
from pratique.reasons import Reason
from pratique.status.gateway_batch import MAX_BATCH_BYTES, open_batch
from pratique.status.revocation_folder import keep, load
from revocation import batch, sha

if TYPE_CHECKING:
    from pathlib import Path

DAY = timedelta(days=1)
BEGINS, ENDS = NOW - DAY, NOW + DAY


class Uploader:
    """A state's national backend, with its upload certificate; CMS and certificate are made by cryptography."""

    def __init__(self, country: str) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name.from_rfc4514_string(f"CN=Upload,C={country}")
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).serial_number(5)
        builder = builder.public_key(self.key.public_key()).not_valid_before(BEGINS).not_valid_after(ENDS)
        self.certificate = builder.sign(self.key, hashes.SHA256())

    @property
    def listed(self) -> Certificate:
        return Certificate.read(self.certificate.public_bytes(Encoding.DER))

    def sign(self, document: Any) -> bytes:
        content = document if isinstance(document, bytes) else json.dumps(document).encode()
        builder = PKCS7SignatureBuilder().set_data(content)
        builder = builder.add_signer(self.certificate, self.key, hashes.SHA256())
        return builder.sign(Encoding.DER, [PKCS7Options.Binary, PKCS7Options.NoCapabilities])


AUSTRIA, FRANCE = Uploader("AT"), Uploader("FR")
LISTED = {"AUT": [FRANCE.listed, AUSTRIA.listed], "FRA": [FRANCE.listed]}
BATCH = batch(sha("a"))


@pytest.mark.parametrize("in_base64", [False, True])
def test_batch_that_its_state_signed_is_opened_and_can_be_kept(tmp_path: Path, in_base64: bool) -> None:  # noqa: FBT001
    data = AUSTRIA.sign(BATCH)
    content = open_batch(base64.b64encode(data) + b"\n" if in_base64 else data, LISTED, at=NOW)
    assert json.loads(content) == BATCH
    keep(tmp_path, content)
    assert repr(load(tmp_path)) == "ForeignRevocation(1 hashes, 0 card lists, 0 certificate lists)"


@pytest.mark.parametrize(
    ("signer", "listed"),
    [
        (AUSTRIA, {"FRA": [AUSTRIA.listed]}),
        (AUSTRIA, {"AUT": [FRANCE.listed]}),
        (FRANCE, {"FRA": [FRANCE.listed]}),
        (AUSTRIA, {}),
    ],
    ids=["listed for another state", "not listed", "batch of another state", "nothing listed"],
)
def test_batch_that_another_than_its_state_signed_is_refused(signer: Uploader, listed: dict[str, Any]) -> None:
    with pytest.raises(SignatureError) as caught:
        open_batch(signer.sign(BATCH), listed, at=NOW)
    assert caught.value.code is Reason.IMPORT_SIGNATURE


def test_batch_that_was_altered_is_refused() -> None:
    data = AUSTRIA.sign(BATCH)
    assert data.count(b'"UCI"') == 1
    with pytest.raises(SignatureError):
        open_batch(data.replace(b'"UCI"', b'"UCJ"'), LISTED, at=NOW)


@pytest.mark.parametrize(
    ("at", "valid"),
    [(BEGINS - timedelta(seconds=1), False), (BEGINS, True), (ENDS, True), (ENDS + timedelta(seconds=1), False)],
)
def test_upload_certificate_must_be_valid(at: Any, valid: bool) -> None:  # noqa: FBT001
    if valid:
        assert open_batch(AUSTRIA.sign(BATCH), LISTED, at=at)
        return
    with pytest.raises(SignatureError):
        open_batch(AUSTRIA.sign(BATCH), LISTED, at=at)


@pytest.mark.parametrize("document", [b"", b"x", [], {**BATCH, "country": "XX"}, {**BATCH, "hashType": "x"}], ids=str)
def test_signed_content_that_is_no_batch_is_refused(document: Any) -> None:
    with pytest.raises(DecodeError):
        open_batch(AUSTRIA.sign(document), LISTED, at=NOW)


@pytest.mark.parametrize("data", [b"", b"0", b"0\x80", b"{}", b"\xff", b"AAAA", bytes(MAX_BATCH_BYTES + 1)], ids=len)
def test_what_is_no_signed_message_is_refused(data: bytes) -> None:
    with pytest.raises(DecodeError):
        open_batch(data, LISTED, at=NOW)


def test_message_cut_anywhere_is_refused() -> None:
    data = AUSTRIA.sign(BATCH)
    for size in range(0, len(data), 7):
        with pytest.raises(DecodeError):
            open_batch(data[:size], LISTED, at=NOW)
