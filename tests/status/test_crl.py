"""Lists of revoked certificates: whose key signed one, and which of several decides."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from authority import NOW
from pratique.cose.keys import PublicKey
from pratique.cose.revocation_list import RevocationList
from pratique.errors import DecodeError
from pratique.formats import vds_nc
from pratique.status.crl import MAX_LISTS, CertificateLists
from seals import SealState, certificate_list, vaccination


def key_of(state: SealState) -> PublicKey:
    return PublicKey.from_native(state.key.public_key())


def lists(*ders: bytes) -> CertificateLists:
    return CertificateLists(map(RevocationList.read, ders))


def test_list_that_the_authority_signed_counts() -> None:
    state = SealState()
    held = lists(certificate_list(state, 7, 8))
    found = held.newest(key_of(state))
    assert found is not None
    assert found.serials == {7, 8}
    assert held.newest(key_of(state)) is found


def test_list_in_the_name_of_an_authority_that_it_did_not_sign_does_not_count() -> None:
    state, other = SealState(), SealState("AU", "AUS", key="ES256")
    forged = certificate_list(state, 7, signed_by=other.key)
    assert lists(forged).newest(key_of(state)) is None
    assert lists(certificate_list(other, 7)).newest(key_of(state)) is None


@pytest.mark.parametrize("order", [1, -1])
def test_newest_list_of_a_key_decides(order: int) -> None:
    state = SealState()
    old = certificate_list(state, 7, made=NOW - timedelta(days=9))
    new = certificate_list(state, made=NOW - timedelta(days=2))
    found = lists(*[old, new][::order]).newest(key_of(state))
    assert found is not None
    assert (found.serials, found.this_update) == (frozenset(), datetime(2026, 11, 21, 12, tzinfo=UTC))


def test_later_number_decides_between_lists_of_one_moment() -> None:
    state = SealState()
    found = lists(certificate_list(state, 7, number=2), certificate_list(state, number=1)).newest(key_of(state))
    assert found is not None
    assert found.number == 2


def test_seal_names_its_signer_by_the_serial_number() -> None:
    state = SealState()
    envelope = vds_nc.SealEnvelope(state.sign(vaccination()))
    assert envelope.revocation_identifiers().serial == 7


def test_number_of_lists_is_limited() -> None:
    read = RevocationList.read(certificate_list(SealState()))
    assert len(CertificateLists([read] * MAX_LISTS)) == MAX_LISTS
    with pytest.raises(DecodeError, match="more than 2000 lists"):
        CertificateLists([read] * (MAX_LISTS + 1))
