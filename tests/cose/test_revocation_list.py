"""Lists of revoked certificates: read as cryptography makes and reads them, and proven by whose key signed them."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ObjectIdentifier
from hypothesis import given, settings
from hypothesis import strategies as st

from pki import SINCE, Node, key_usage, name
from pratique.cose import revocation_list
from pratique.cose.certificates import Certificate
from pratique.cose.revocation_list import MAX_LIST_BYTES, RevocationList
from pratique.errors import DecodeError, TrustError
from pratique.reasons import Reason

if TYPE_CHECKING:
    from pathlib import Path

CSCA = Node("CSCA")
NEXT = SINCE + timedelta(days=90)


def crl(  # noqa: PLR0913 - each is a way in which a list can differ
    *serials: int,
    authority: Node = CSCA,
    issuer: x509.Name | None = None,
    digest: Any = None,
    extensions: tuple[tuple[x509.ExtensionType, bool], ...] = (),
    entry: tuple[tuple[x509.ExtensionType, bool], ...] = (),
    window: tuple[datetime, datetime] = (SINCE, NEXT),
) -> bytes:
    builder = x509.CertificateRevocationListBuilder().issuer_name(issuer or authority.name)
    builder = builder.last_update(window[0]).next_update(window[1])
    for serial in serials:
        revoked = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(SINCE)
        for extension, critical in entry:
            revoked = revoked.add_extension(extension, critical=critical)
        builder = builder.add_revoked_certificate(revoked.build())
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(authority.key, digest or hashes.SHA256()).public_bytes(Encoding.DER)


KEY_ID = x509.AuthorityKeyIdentifier(b"key", None, None)
HELD = x509.CRLReason(x509.ReasonFlags.certificate_hold)
FULL = crl(7, 2**150, extensions=((KEY_ID, False), (x509.CRLNumber(64), False)), entry=((HELD, False),))


def test_list_says_what_it_says() -> None:
    read = RevocationList.read(FULL)
    assert read.serials == {7, 2**150}
    assert (read.this_update, read.next_update) == (SINCE, NEXT)
    assert (read.authority_key_id, read.number) == (b"key", 64)
    assert repr(read) == "RevocationList(2 certificates, of 2024-01-01)"
    read.verify(CSCA.certificate)


def test_list_of_nobody_is_a_list() -> None:
    read = RevocationList.read(crl())
    assert (read.serials, read.authority_key_id, read.number) == (frozenset(), None, None)


@settings(max_examples=50)
@given(
    st.sets(st.integers(1, 2**159 - 1), max_size=20),
    st.datetimes(datetime(1951, 1, 1), datetime(2090, 1, 1)),  # noqa: DTZ001 - what Hypothesis takes
)
def test_list_is_read_as_cryptography_reads_it(serials: set[int], moment: datetime) -> None:
    moment = moment.replace(microsecond=0, tzinfo=UTC)
    data = crl(*serials, window=(moment, moment + timedelta(days=1)))
    other, read = x509.load_der_x509_crl(data), RevocationList.read(data)
    assert read.serials == {each.serial_number for each in other} == serials
    assert (read.this_update, read.next_update) == (other.last_update_utc, other.next_update_utc)
    assert read.issuer == other.issuer.public_bytes()


def test_list_of_another_authority_is_refused() -> None:
    read = RevocationList.read(FULL)
    with pytest.raises(TrustError, match="another authority") as refused:
        read.verify(Node("Other").certificate)
    assert refused.value.code is Reason.STATUS_LIST_INVALID
    namesake = Node("CSCA 2", subject=CSCA.name)
    assert not read.is_signed_by(namesake.certificate.public_key)
    with pytest.raises(TrustError, match="has not signed it"):
        read.verify(namesake.certificate)
    assert RevocationList.read(crl(issuer=name("csca", "UT"))).verify(CSCA.certificate) is None


def test_authority_must_be_one_for_lists() -> None:
    without = Node("CSCA", usage=key_usage("key_cert_sign"))
    with pytest.raises(TrustError, match="may not sign lists"):
        RevocationList.read(crl(authority=without)).verify(without.certificate)


@pytest.mark.parametrize(
    "critical",
    [
        {"extensions": ((x509.DeltaCRLIndicator(3), True),)},
        {
            "extensions": (
                (
                    x509.IssuingDistributionPoint(
                        full_name=None,
                        relative_name=None,
                        only_contains_user_certs=True,
                        only_contains_ca_certs=False,
                        only_some_reasons=None,
                        indirect_crl=False,
                        only_contains_attribute_certs=False,
                    ),
                    True,
                ),
            )
        },
        {"extensions": ((x509.UnrecognizedExtension(ObjectIdentifier("1.2.3"), b""), True),)},
        {"entry": ((x509.CertificateIssuer([x509.DirectoryName(name("Other", "UT"))]), True),)},
    ],
    ids=["delta", "part", "unknown", "of-another"],
)
def test_list_of_something_else_is_refused(critical: dict[str, Any]) -> None:
    with pytest.raises(DecodeError, match=r"has the (critical )?extension") as refused:
        RevocationList.read(crl(7, **critical))
    assert refused.value.code is Reason.STATUS_LIST_INVALID


@pytest.mark.parametrize("name", ["2.5.29.27", "2.5.29.28"], ids=["delta", "part"])
def test_list_of_a_part_is_refused_also_where_that_is_not_called_critical(name: str) -> None:
    part = x509.UnrecognizedExtension(ObjectIdentifier(name), b"\x30\0")
    with pytest.raises(DecodeError, match=f"has the extension {name}"):
        RevocationList.read(crl(7, extensions=((part, False),)))


def test_list_is_refused_truncated_at_every_byte_and_with_bytes_after_it() -> None:
    hostile = (FULL + b"\0", FULL + FULL, b"\x30\0", CSCA.der)
    for data in (*(FULL[:end] for end in range(len(FULL))), *hostile):
        with pytest.raises(DecodeError) as refused:
            RevocationList.read(data)
        assert refused.value.code is Reason.STATUS_LIST_INVALID


@settings(max_examples=400)
@given(st.integers(0, len(FULL) - 1), st.integers(0, 255))
def test_altered_list_raises_only_our_errors_and_is_not_signed(position: int, value: int) -> None:
    data = FULL[:position] + bytes((value,)) + FULL[position + 1 :]
    with contextlib.suppress(DecodeError):
        assert not RevocationList.read(data).is_signed_by(CSCA.certificate.public_key) or data == FULL


def test_list_is_read_to_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revocation_list, "MAX_LIST_BYTES", len(FULL))
    RevocationList.read(FULL)
    monkeypatch.setattr(revocation_list, "MAX_LIST_BYTES", len(FULL) - 1)
    with pytest.raises(DecodeError, match="the most that is read"):
        RevocationList.read(FULL)
    assert MAX_LIST_BYTES == 2**22


def test_list_of_australias_authority_is_its_own(vectors: Path) -> None:
    folder = vectors / "trust" / "csca"
    read = RevocationList.read((folder / "AUS-csca.crl").read_bytes())
    authority = Certificate.read((folder / "AUS-csca.der").read_bytes())
    read.verify(authority)
    assert (read.serials, read.number, read.authority_key_id) == (frozenset(), 64, authority.subject_key_id)
    assert read.next_update == datetime(2021, 11, 17, 3, 56, 55, tzinfo=UTC)
