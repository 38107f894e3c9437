"""Master lists: the signature of a CMS message made by another implementation, and each way in which one is refused."""

from __future__ import annotations

import contextlib
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asn1crypto import cms
from hypothesis import given, settings
from hypothesis import strategies as st

from master_lists import SIGNED_AT, SIGNER, master_list
from pki import SINCE, Node
from pratique.cose import _der, signed_data
from pratique.cose.master_list import MAX_AUTHORITIES, MasterList
from pratique.errors import DecodeError, PratiqueError, SignatureError, TrustError
from pratique.reasons import Reason

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
CSCA = Node("CSCA")
LISTED = [Node("CSCA", country="XX").der, CSCA.der]
MAKER = CSCA.sign("Master list signer", extended=[SIGNER], serial=8)
LIST = master_list(LISTED, MAKER, CSCA)


def refused(data: bytes) -> PratiqueError:
    with pytest.raises(PratiqueError) as error:
        MasterList.verify(data)
    return error.value


@pytest.mark.parametrize(
    "options",
    [{}, {"by_number": True}, {"digest": "sha384"}, {"digest": "sha512"}, {"unsigned": True}],
    ids=["by-key-identifier", "by-number", "sha384", "sha512", "unsigned-attributes"],
)
def test_list_is_as_its_signer_signed_it(options: dict[str, Any]) -> None:
    found = MasterList.verify(master_list(LISTED, MAKER, CSCA, **options))
    assert found.authorities == tuple(LISTED)
    assert found.message.signer.der == MAKER.der
    assert [each.der for each in found.message.certificates] == [CSCA.der]
    assert found.message.signed_at == SIGNED_AT
    assert found.signer_path([CSCA.certificate], at=AT).anchor == CSCA.certificate


@pytest.mark.parametrize("algorithm", ["sha256_rsa", "rsassa_pkcs1v15"])
def test_rsa_signer_may_name_its_hash_or_leave_it_to_the_digest(algorithm: str) -> None:
    csca = Node("CSCA", country="XX", kind="RSA")
    maker = csca.sign("Master list signer", kind="RSA", country="XX", extended=[SIGNER])
    data = master_list(LISTED, maker, csca, signature_algorithm={"algorithm": algorithm})
    assert MasterList.verify(data).authorities == tuple(LISTED)


def test_list_without_time_of_signing_is_read() -> None:
    digest = hashlib.sha256(cms.ContentInfo.load(LIST)["content"]["encap_content_info"]["content"].parsed.dump())
    signed = [("content_type", "2.23.136.1.1.2"), ("message_digest", digest.digest())]
    assert MasterList.verify(master_list(LISTED, MAKER, CSCA, signed=signed)).message.signed_at is None


def test_changed_content_does_not_hold() -> None:
    error = refused(master_list(LISTED, MAKER, altered=master_list([LISTED[0]], MAKER)))
    assert (type(error), error.code) == (SignatureError, Reason.IMPORT_SIGNATURE)
    assert "digest" in error.detail


def test_signature_by_another_key_does_not_hold() -> None:
    error = refused(master_list(LISTED, MAKER, key=CSCA.key))
    assert (error.code, "the signature is not by" in error.detail) == (Reason.IMPORT_SIGNATURE, True)


@pytest.mark.parametrize(
    ("signed", "said"),
    [
        ([("content_type", "2.23.136.1.1.2")], "digest"),
        ([("message_digest", b"digest")], "type of the content"),
        ([("content_type", "1.2.840.113549.1.7.1"), ("message_digest", b"digest")], "type of the content"),
        ([("content_type", "2.23.136.1.1.2"), ("message_digest", b"digest")], "digest of the content"),
        ([("content_type", "2.23.136.1.1.2")] * 2, "occurs twice"),
        ([], "without signed attributes"),
    ],
    ids=["no-digest", "no-type", "other-type", "other-digest", "twice", "none"],
)
def test_signed_attributes_must_be_those_of_the_content(signed: list[tuple[str, Any]], said: str) -> None:
    assert said in refused(master_list(LISTED, MAKER, signed=signed)).detail


def test_content_of_another_type_is_no_master_list() -> None:
    error = refused(master_list(LISTED, MAKER, content_type="1.2.840.113549.1.7.1"))
    assert (type(error), error.code, error.detail) == (
        DecodeError,
        Reason.CMS_MALFORMED,
        "its content is of another type",
    )


@pytest.mark.parametrize("extended", [[], ["2.23.136.1.1.14.2"]], ids=["no-usage", "other-usage"])
def test_signer_must_be_one_for_master_lists(extended: list[str]) -> None:
    error = refused(master_list(LISTED, CSCA.sign("Document signer", extended=extended)))
    assert (error.code, "not one for master lists" in error.detail) == (Reason.IMPORT_SIGNATURE, True)


def test_sha_1_does_not_count() -> None:
    error = refused(master_list(LISTED, MAKER, digest="sha1"))
    assert (error.code, "SHA-1" in error.detail) == (Reason.IMPORT_SIGNATURE, True)


def test_two_hashes_and_two_signers_are_refused() -> None:
    assert "two hashes" in refused(master_list(LISTED, MAKER, signature_algorithm={"algorithm": "sha512_ecdsa"})).detail
    assert "2 signers" in refused(master_list(LISTED, MAKER, copies=2)).detail
    assert "0 signers" in refused(master_list(LISTED, MAKER, copies=0)).detail


def test_certificate_of_the_signer_must_be_in_the_message() -> None:
    message = cms.ContentInfo.load(LIST)
    message["content"]["certificates"] = [each for each in message["content"]["certificates"] if each.chosen.ca]
    error = refused(message.dump(force=True))
    assert (error.code, "not in the message" in error.detail) == (Reason.IMPORT_SIGNATURE, True)


def test_list_of_another_version_is_refused() -> None:
    assert refused(master_list(LISTED, MAKER, version=1)).detail == "it is no master list of version 0"


def test_more_certificates_than_are_read_are_refused() -> None:
    assert MasterList.verify(master_list([b"\x30\x00"] * MAX_AUTHORITIES, MAKER)).authorities[-1] == b"\x30\x00"
    error = refused(master_list([b"\x30\x00"] * (MAX_AUTHORITIES + 1), MAKER))
    assert (error.code, "the most that is read" in error.detail) == (Reason.CMS_MALFORMED, True)
    many = [Node("CSCA") for _ in range(signed_data.MAX_CERTIFICATES)]
    assert "the most that is read" in refused(master_list(LISTED, MAKER, *many)).detail
    assert MasterList.verify(master_list(LISTED, MAKER, *many[1:])).authorities == tuple(LISTED)


def test_list_is_refused_truncated_at_every_byte_and_with_bytes_after_it() -> None:
    for data in (*(LIST[:end] for end in range(len(LIST))), LIST + b"\0", LIST + LIST, b"\x30\0", CSCA.der):
        assert refused(data).code is Reason.CMS_MALFORMED


def test_indefinite_lengths_are_refused() -> None:
    """ICAO demands DER; a list in BER is to be refused, not half read."""
    indefinite = b"\x30\x80" + LIST[4:] + b"\0\0"
    assert refused(indefinite).code is Reason.CMS_MALFORMED


@settings(max_examples=500, deadline=None)
@given(st.integers(0, len(LIST) - 1), st.integers(0, 255))
def test_altered_list_raises_only_our_errors_and_says_nothing_else(position: int, value: int) -> None:
    data = LIST[:position] + bytes((value,)) + LIST[position + 1 :]
    with contextlib.suppress(PratiqueError):
        found = MasterList.verify(data)
        assert (found.authorities, found.message.signer.public_key) == (tuple(LISTED), MAKER.certificate.public_key)


def test_signer_counts_under_an_authority_that_is_trusted_alone() -> None:
    found = MasterList.verify(LIST)
    with pytest.raises(TrustError) as unknown:
        found.signer_path([Node("Other").certificate], at=AT)
    assert unknown.value.code is Reason.AUTHORITY_UNKNOWN
    with pytest.raises(TrustError) as expired:
        found.signer_path([Node("CSCA", window=(SINCE, AT - timedelta(seconds=1))).certificate], at=AT)
    assert expired.value.code is Reason.CERTIFICATE_EXPIRED


def test_link_certificate_in_the_message_is_followed() -> None:
    old = Node("CSCA 1999", subject=CSCA.name)
    link = old.sign("CSCA", subject=CSCA.name, authority=True)
    with pytest.raises(TrustError):
        MasterList.verify(LIST).signer_path([old.certificate], at=AT)
    found = MasterList.verify(master_list(LISTED, MAKER, link)).signer_path([old.certificate], at=AT)
    assert [each.der for each in found.authorities] == [link.der, old.der]


def test_many_items_without_lengths_are_read_in_one_pass() -> None:
    """Each of 200,000 is looked at once; with the rest copied for each it would be 40 GB."""
    assert _der.definite(b"\x30\x80" + b"\x05\0" * 200_000 + b"\0\0") == _der.encode(0x30, b"\x05\0" * 200_000)
