"""Authorities and signers for paths of certificates, built on cryptography's X.509 alone: a second implementation.

csca = Node("CSCA", country="UT")
signer = csca.sign("Signer", authority=False)
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID, ObjectIdentifier

from pratique.cose.certificates import Certificate

if TYPE_CHECKING:
    from collections.abc import Iterable

SINCE = datetime(2024, 1, 1, tzinfo=UTC)
UNTIL = datetime(2034, 12, 31, 23, 59, 59, tzinfo=UTC)
CURVES = {
    "P-256": ec.SECP256R1(),
    "P-384": ec.SECP384R1(),
    "BP-256": ec.BrainpoolP256R1(),
    "BP-384": ec.BrainpoolP384R1(),
    "BP-512": ec.BrainpoolP512R1(),
}


@cache
def private_key(owner: str, kind: str = "P-256") -> Any:  # noqa: ARG001 - it tells one key from another
    """Return the key of an owner: one for a whole run, because RSA keys take time."""
    return rsa.generate_private_key(65537, 2048) if kind == "RSA" else ec.generate_private_key(CURVES[kind])


def name(common: str, country: str | None, *, type_: Any = None) -> x509.Name:
    country_ = [x509.NameAttribute(NameOID.COUNTRY_NAME, country)] if country else []
    return x509.Name([*country_, x509.NameAttribute(NameOID.COMMON_NAME, common, type_)])


def key_usage(*names: str) -> x509.KeyUsage:
    every = ["digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"]
    every += ["key_cert_sign", "crl_sign", "encipher_only", "decipher_only"]
    return x509.KeyUsage(**{each: each in names for each in every})


class Node:
    """An authority or a signer: its key, its name, and the last certificate that was made for it."""

    def __init__(self, common: str, *, country: str | None = "UT", kind: str = "P-256", **options: Any) -> None:
        self.key = private_key(f"{country} {common}", kind)
        self.name = options.pop("subject", None) or name(common, country)
        self.der = self._certify(self, **options)

    @property
    def certificate(self) -> Certificate:
        return Certificate.read(self.der)

    def sign(self, common: str, *, kind: str = "P-256", country: str | None = "UT", **options: Any) -> Node:
        """Return a signer, or with `authority=True` an authority, under this one; see `_certify` for the options."""
        below = Node(common, kind=kind, country=country, subject=options.pop("subject", None))
        below.der = self._certify(below, **{"authority": False, **options})
        return below

    def _certify(  # noqa: PLR0913 - each is a way in which a certificate can differ
        self,
        below: Node,
        *,
        authority: bool = True,
        path_length: int | None = None,
        usage: x509.KeyUsage | bool | None = True,
        window: tuple[datetime, datetime] = (SINCE, UNTIL),
        issuer: x509.Name | None = None,
        authority_key_id: bytes | None = b"",
        extended: Iterable[str] = (),
        further: Iterable[tuple[x509.ExtensionType, bool]] = (),
        digest: Any = None,
        serial: int = 7,
    ) -> bytes:
        builder = (
            x509.CertificateBuilder()
            .subject_name(below.name)
            .issuer_name(issuer or self.name)
            .public_key(below.key.public_key())
            .serial_number(serial)
            .not_valid_before(window[0])
            .not_valid_after(window[1])
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(below.key.public_key()), critical=False)
        )
        if authority:
            builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
        if usage is True:
            usage = key_usage("key_cert_sign", "crl_sign") if authority else key_usage("digital_signature")
        if usage:
            builder = builder.add_extension(usage, critical=True)
        if authority_key_id is not None:
            key_id = authority_key_id or x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()).digest
            builder = builder.add_extension(x509.AuthorityKeyIdentifier(key_id, None, None), critical=False)
        if usages := [ObjectIdentifier(each) for each in extended]:
            builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=True)
        for extension, critical in further:
            builder = builder.add_extension(extension, critical=critical)
        return builder.sign(self.key, digest or hashes.SHA256()).public_bytes(Encoding.DER)
