from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ObjectIdentifier
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.cose import _der
from pratique.cose.certificates import MAX_CERTIFICATE_BYTES, Certificate
from pratique.cose.keys import PrivateKey, PublicKey
from pratique.errors import KeyMaterialError, PratiqueError
from pratique.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

VECTORS = Path(os.environ.get("PRATIQUE_VECTORS", Path(__file__).parents[3] / "shared" / "vectors"))
USAGES = [f"1.3.6.1.4.1.1847.2021.1.{number}" for number in (1, 2, 3)]
NOT_BEFORE = datetime(2024, 1, 1, tzinfo=UTC)
NOT_AFTER = datetime(2026, 1, 1, 12, 30, 59, tzinfo=UTC)
KEY = PrivateKey.generate("ESP256")


def certificate(
    key: Any = KEY.native, subject: str = "C=FR,O=A Ministry,CN=Signer", issuer: str = "CN=Root", **usages: Any
) -> x509.Certificate:
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name.from_rfc4514_string(subject))
        .issuer_name(x509.Name.from_rfc4514_string(issuer))
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(NOT_BEFORE)
        .not_valid_after(NOT_AFTER)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    )
    if "named" in usages:
        builder = builder.add_extension(
            x509.ExtendedKeyUsage(map(ObjectIdentifier, usages["named"])), critical=usages.get("critical", False)
        )
    return builder.sign(KEY.native, hashes.SHA256())


def der(made: x509.Certificate) -> bytes:
    return made.public_bytes(Encoding.DER)


def test_certificate_says_what_a_verifier_needs() -> None:
    made = certificate(named=USAGES)
    for data in (der(made), made.public_bytes(Encoding.PEM), b"\n" + made.public_bytes(Encoding.PEM)):
        read = Certificate.read(data)
        assert read.der == der(made)
        assert read.public_key == KEY.public
        assert (read.not_before, read.not_after) == (NOT_BEFORE, NOT_AFTER)
        assert read.not_after.utcoffset() == timedelta(0)
        assert read.country == "FR"
        assert read.subject == "C=FR,O=A Ministry,CN=Signer"
        assert read.extended_key_usage == frozenset(USAGES)
        assert read.hcert_key_id == hashlib.sha256(der(made)).digest()[:8]
        assert read == Certificate.read(der(made))


def test_public_key_is_read_from_a_certificate() -> None:
    made = certificate()
    assert PublicKey.from_certificate(der(made)) == KEY.public
    assert PublicKey.from_pem(made.public_bytes(Encoding.PEM)) == KEY.public


@pytest.mark.parametrize(
    ("subject", "issuer", "country"),
    [
        ("C=DE", "C=FR", "DE"),
        ("CN=x", "C=FR", "FR"),
        ("CN=x", "CN=y", None),
        ("C=de", "CN=y", "DE"),
        ("", "C=AT", "AT"),
    ],
)
def test_country_is_the_subjects_else_the_issuers(subject: str, issuer: str, country: str | None) -> None:
    assert Certificate.read(der(certificate(subject=subject, issuer=issuer))).country == country


def test_country_that_is_not_two_letters_is_none() -> None:
    assert Certificate.read(altered(der(certificate()), "13024652", "13023132")).country is None


def test_certificate_that_limits_nothing_has_no_usage() -> None:
    assert Certificate.read(der(certificate())).extended_key_usage is None


def altered(data: bytes, found: str, replacement: str) -> bytes:
    """Return a certificate with one run of bytes replaced by another of the same length; its signature breaks."""
    old, new = bytes.fromhex(found), bytes.fromhex(replacement)
    assert data.count(old) == 1
    assert len(old) == len(new)
    return data.replace(old, new)


@pytest.mark.parametrize("named", [None, USAGES, [*USAGES, "2.23.136.1.1.14.2", "2.999.1", "0.9.2342"]])
@pytest.mark.parametrize("critical", [False, True])
def test_usage_is_read_past_an_extension_that_is_not_strict_der(named: list[str] | None, critical: bool) -> None:  # noqa: FBT001
    made = certificate(critical=critical, **({} if named is None else {"named": named}))
    # BasicConstraints {} becomes an empty set, which is none.
    data = altered(der(made), "04023000", "04023100")
    with pytest.raises(ValueError, match="asn1"):
        _ = x509.load_der_x509_certificate(data).extensions
    assert Certificate.read(data).extended_key_usage == (None if named is None else frozenset(named))


def test_certificate_of_an_authority_names_its_key() -> None:
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name.from_rfc4514_string("C=UT"))
        .issuer_name(x509.Name.from_rfc4514_string("C=UT"))
        .public_key(KEY.native.public_key())
        .serial_number(7)
        .not_valid_before(NOT_BEFORE)
        .not_valid_after(NOT_AFTER)
    )
    plain = Certificate.read(der(builder.sign(KEY.native, hashes.SHA256())))
    assert (plain.subject_key_id, plain.is_authority) == (None, False)
    identifier = x509.SubjectKeyIdentifier.from_public_key(KEY.native.public_key())
    named = builder.add_extension(identifier, critical=False)
    for extension in (x509.BasicConstraints(ca=True, path_length=0), x509.BasicConstraints(ca=True, path_length=None)):
        made = named.add_extension(extension, critical=True).sign(KEY.native, hashes.SHA256())
        read = Certificate.read(der(made))
        assert (read.subject_key_id, read.is_authority) == (identifier.digest, True)
    leaf = named.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    assert not Certificate.read(der(leaf.sign(KEY.native, hashes.SHA256()))).is_authority


def with_null_parameters(data: bytes) -> bytes:
    """Return a certificate whose two ecdsa-with-SHA256 have NULL for parameters; its signature breaks."""
    plain, null = bytes.fromhex("300a06082a8648ce3d040302"), bytes.fromhex("300c06082a8648ce3d0403020500")
    tbs, algorithm, signature = (whole for _, _, whole in _der.elements(_der.only(data, _der.SEQUENCE)))
    assert algorithm == plain
    content = _der.only(tbs, _der.SEQUENCE).replace(plain, null, 1)
    return _der.encode(_der.SEQUENCE, _der.encode(_der.SEQUENCE, content) + null + signature)


@pytest.mark.parametrize("usages", [{}, {"named": USAGES}])
def test_certificate_whose_ecdsa_has_null_for_parameters_is_read(usages: dict[str, Any]) -> None:
    plain = der(certificate(**usages))
    data = with_null_parameters(plain)
    with pytest.raises(ValueError, match=r"invalid|asn1|parameters"):
        x509.load_der_x509_certificate(data)
    pem = b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(data) + b"-----END CERTIFICATE-----\n"
    for form in (data, pem):
        read = Certificate.read(form)
        assert read.der == data
        assert read.public_key == KEY.public
        assert read.extended_key_usage == Certificate.read(plain).extended_key_usage
    assert _der.without_null_parameters(data) == plain == _der.without_null_parameters(plain)


def test_certificate_with_a_negative_serial_number_is_read() -> None:
    assert Certificate.read(altered(der(certificate()), "a003020102020107", "a0030201020201f9")).country == "FR"


def test_certificate_is_refused_truncated_at_every_byte_and_with_bytes_after_it() -> None:
    data = der(certificate(named=USAGES))
    for end in range(len(data)):
        with pytest.raises(KeyMaterialError) as refused:
            Certificate.read(data[:end])
        assert refused.value.code is Reason.CERTIFICATE_MALFORMED
    with pytest.raises(KeyMaterialError):
        Certificate.read(data + b"\0")


def test_certificate_that_is_too_large_is_refused() -> None:
    with pytest.raises(KeyMaterialError, match="is the most that is read"):
        Certificate.read(bytes(MAX_CERTIFICATE_BYTES + 1))


def test_certificate_with_a_key_that_is_not_used_is_refused_as_that() -> None:
    with pytest.raises(KeyMaterialError) as refused:
        Certificate.read(der(certificate(ec.generate_private_key(ec.SECP256K1()))))
    assert refused.value.code is Reason.KEY_UNSUPPORTED


def test_certificate_with_a_point_off_the_curve_is_refused() -> None:
    data = bytearray(der(certificate()))
    data[data.index(KEY.public.cose_key[-3]) + 31] ^= 1
    with pytest.raises(KeyMaterialError):
        Certificate.read(bytes(data))


def test_repr_shows_country_kind_and_end() -> None:
    assert repr(Certificate.read(der(certificate()))) == "Certificate(FR, EC P-256, until 2026-01-01)"


def test_certificate_with_two_lists_of_usages_is_refused() -> None:
    usage = "0603551d25"
    data = der(certificate(named=USAGES))
    start = data.index(bytes.fromhex(usage)) - 2
    extension = data[start : start + 2 + data[start + 1]]
    once = _der.extended_key_usage(_tbs(extension))
    assert once == frozenset(USAGES)
    with pytest.raises(KeyMaterialError):
        _der.extended_key_usage(_tbs(extension * 2))


def _tbs(extensions: bytes) -> bytes:
    """Return as much of a TBSCertificate as is read: its extensions."""
    for head in (0x30, 0xA3, 0x30):
        extensions = bytes((head, 0x81, len(extensions))) + extensions
    return extensions


SAMPLE = der(certificate(named=USAGES))


@settings(max_examples=300)
@given(st.integers(0, len(SAMPLE) - 1), st.integers(0, 255))
def test_altered_certificate_raises_only_our_errors(position: int, value: int) -> None:
    data = SAMPLE[:position] + bytes((value,)) + SAMPLE[position + 1 :]
    with contextlib.suppress(PratiqueError):
        Certificate.read(data)


@settings(max_examples=300)
@given(st.binary(max_size=60), st.integers(0, 120))
def test_arbitrary_extensions_raise_only_our_errors(data: bytes, position: int) -> None:
    whole = x509.load_der_x509_certificate(SAMPLE).tbs_certificate_bytes
    for each in (data, whole[:-position] + data, whole[: -60 - position] + data + whole[-60:]):
        try:
            _der.extended_key_usage(each)
        except PratiqueError:
            continue


# Genuine certificates


def x5c(value: Any) -> Iterator[bytes]:
    if isinstance(value, dict):
        yield from (base64.b64decode(each) for each in value.get("x5c", ()))
        for each in value.values():
            yield from x5c(each)
    elif isinstance(value, list):
        for each in value:
            yield from x5c(each)


def genuine() -> dict[str, bytes]:
    """Return every different certificate in the outside vectors, by the start of its hash."""
    lists = (json.loads(path.read_text()) for path in (VECTORS / "trust" / "gdhcn").glob("*.json"))
    found = [each for trust_list in lists for each in x5c(trust_list)]
    for kind in ("eu-dcc", "at1", "eu-dcc-image"):
        for path in (VECTORS / kind).glob("*/meta.json"):
            key = json.loads(path.read_text(encoding="utf-8"))["key"]
            if key and key["type"] == "x509":
                found.append(base64.b64decode(key["value"]))
    return {hashlib.sha256(each).hexdigest()[:16]: each for each in found}


@pytest.mark.skipif(not VECTORS.is_dir(), reason="the outside vectors are absent")
def test_every_genuine_certificate_is_read() -> None:
    for data in genuine().values():
        read = Certificate.read(data)
        assert read.der == data
        assert read.public_key == PublicKey.from_spki(_spki(data))
        assert read.extended_key_usage == _usage(data, read.extended_key_usage)


def _spki(data: bytes) -> bytes:
    return (
        x509.load_der_x509_certificate(data).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    )


def _usage(data: bytes, unreadable: frozenset[str] | None) -> frozenset[str] | None:
    """Return what cryptography says of the usage; the second argument where it reads no extension."""
    try:
        usage = x509.load_der_x509_certificate(data).extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return None
    except ValueError:
        return unreadable
    return frozenset(each.dotted_string for each in usage)
