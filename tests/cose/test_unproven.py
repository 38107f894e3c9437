"""Certificates that travel with codes: read from their bytes, and trusted only for whose key signed them."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ObjectIdentifier
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.cose import _der, unproven
from pratique.cose.keys import PrivateKey
from pratique.errors import KeyMaterialError
from pratique.reasons import Reason

KEY = PrivateKey.generate("ESP256")
AUTHORITY = PrivateKey.generate("ESP384")
OTHER = PrivateKey.generate("ESP384")
KEY_ID = bytes(range(20))
TYPES = bytes.fromhex("300902010031041302") + b"NV"


def certificate(
    key: Any = AUTHORITY.native,
    *extensions: x509.ExtensionType,
    digest: Any = None,
    rsa_padding: Any = None,
    window: tuple[datetime, datetime] = (datetime(2024, 1, 1, tzinfo=UTC), datetime(2049, 12, 31, 23, 59, tzinfo=UTC)),
) -> bytes:
    name = x509.Name.from_rfc4514_string("C=UT")
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(KEY.native.public_key())
    builder = builder.serial_number(7).not_valid_before(window[0]).not_valid_after(window[1])
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(key, digest or hashes.SHA384(), rsa_padding=rsa_padding).public_bytes(Encoding.DER)


FULL = certificate(
    AUTHORITY.native,
    x509.AuthorityKeyIdentifier(KEY_ID, None, None),
    x509.ExtendedKeyUsage([ObjectIdentifier("2.23.136.1.1.14.2")]),
    x509.UnrecognizedExtension(ObjectIdentifier(unproven.DOCUMENT_TYPES), TYPES),
)


def test_certificate_says_what_it_says() -> None:
    read = unproven.read(FULL)
    assert read.public_key == KEY.public
    assert (read.not_before.year, read.not_after) == (2024, datetime(2049, 12, 31, 23, 59, tzinfo=UTC))
    assert read.authority_key_id == KEY_ID
    assert read.usages == {"2.23.136.1.1.14.2"}
    assert read.document_types == {"NV"}
    assert read.may_sign
    assert repr(read) == "UnprovenCertificate(EC P-256, until 2049-12-31)"


def test_certificate_without_extensions_says_nothing() -> None:
    read = unproven.read(certificate())
    assert (read.authority_key_id, read.usages, read.document_types, read.may_sign) == (None, None, None, True)


def test_window_beyond_2049_is_read() -> None:
    far = (datetime(1999, 1, 1, tzinfo=UTC), datetime(2061, 2, 3, tzinfo=UTC))
    read = unproven.read(certificate(window=far))
    assert (read.not_before, read.not_after) == far


def test_only_the_key_that_signed_it_counts() -> None:
    read = unproven.read(FULL)
    assert read.is_signed_by(AUTHORITY.public)
    assert not read.is_signed_by(OTHER.public)
    assert not read.is_signed_by(KEY.public)


@pytest.mark.parametrize("algorithm", ["Ed25519", "ML-DSA-44", "PS256"])
def test_key_of_another_type_did_not_sign_it(algorithm: str) -> None:
    assert not unproven.read(FULL).is_signed_by(PrivateKey.generate(algorithm).public)


@pytest.mark.parametrize(
    ("digest", "used"),
    [
        (hashes.SHA256(), padding.PSS(padding.MGF1(hashes.SHA256()), 32)),
        (hashes.SHA512(), padding.PSS(padding.MGF1(hashes.SHA384()), 0)),
        (hashes.SHA384(), padding.PKCS1v15()),
    ],
)
def test_rsa_signs_with_either_padding(digest: Any, used: Any) -> None:
    key, other = RSA_KEYS
    read = unproven.read(certificate(key.native, digest=digest, rsa_padding=used))
    assert read.is_signed_by(key.public)
    assert not read.is_signed_by(other.public)


RSA_KEYS = PrivateKey.generate("PS256"), PrivateKey.generate("PS256")


def test_padding_that_rests_on_sha_1_does_not_count() -> None:
    """RSASSA-PSS with empty parameters: SHA-1 for the message and the mask, 20 bytes of salt (RFC 4055)."""
    key, _ = RSA_KEYS
    algorithm = bytes.fromhex("300d06092a864886f70d01010a3000")
    data = certificate(key.native, digest=hashes.SHA256(), rsa_padding=padding.PSS(padding.MGF1(hashes.SHA256()), 32))
    tbs, used, _ = (whole for _, _, whole in _der.elements(_der.only(data, _der.SEQUENCE)))
    tbs = _der.encode(_der.SEQUENCE, _der.only(tbs, _der.SEQUENCE).replace(used, algorithm))
    sha1 = hashes.SHA1()  # noqa: S303 - to be refused
    signature = key.native.sign(tbs, padding.PSS(padding.MGF1(sha1), 20), sha1)
    weak = _der.encode(_der.SEQUENCE, tbs + algorithm + _der.encode(_der.BIT_STRING, b"\0" + signature))
    assert not unproven.read(weak).is_signed_by(key.public)


def test_changed_byte_of_what_was_signed_does_not_hold() -> None:
    place = FULL.index(KEY_ID)
    read = unproven.read(FULL[:place] + b"\xff" + FULL[place + 1 :])
    assert not read.is_signed_by(AUTHORITY.public)


def test_certificate_is_refused_truncated_at_every_byte_and_with_bytes_after_it() -> None:
    for data in (*(FULL[:end] for end in range(len(FULL))), FULL + b"\0", FULL + FULL, b"\x30\0", b"\x31" + FULL[1:]):
        with pytest.raises(KeyMaterialError) as refused:
            unproven.read(data)
        assert refused.value.code is Reason.CERTIFICATE_MALFORMED


def test_certificate_that_names_two_algorithms_is_refused() -> None:
    sha384, sha256 = bytes.fromhex("06082a8648ce3d040303"), bytes.fromhex("06082a8648ce3d040302")
    assert FULL.count(sha384) == 2
    with pytest.raises(KeyMaterialError, match="two signature algorithms"):
        unproven.read(FULL.replace(sha384, sha256, 1))


def test_extension_that_occurs_twice_is_refused() -> None:
    twice = certificate(
        AUTHORITY.native,
        x509.AuthorityKeyIdentifier(KEY_ID, None, None),
        x509.SubjectKeyIdentifier(KEY_ID),
    ).replace(bytes.fromhex("0603551d0e"), bytes.fromhex("0603551d23"))
    with pytest.raises(KeyMaterialError, match="an extension occurs twice"):
        unproven.read(twice)


@settings(max_examples=400)
@given(st.integers(0, len(FULL) - 1), st.integers(0, 255))
def test_altered_certificate_raises_only_our_errors_and_is_not_signed(position: int, value: int) -> None:
    data = FULL[:position] + bytes((value,)) + FULL[position + 1 :]
    with contextlib.suppress(KeyMaterialError):
        assert not unproven.read(data).is_signed_by(AUTHORITY.public) or data == FULL


def test_more_items_than_any_list_has_are_refused_before_all_are_read() -> None:
    data = b"\x05\0" * _der.MAX_ITEMS
    assert len(_der.items(data)) == _der.MAX_ITEMS
    assert _der.definite(b"\x30\x80" + data + b"\0\0").endswith(data)
    for read, more in ((_der.items, data + b"\x05\0"), (_der.definite, b"\x30\x80" + data + b"\x05\0\0\0")):
        with pytest.raises(KeyMaterialError, match="more than 250000 items"):
            read(more)
