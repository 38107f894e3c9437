"""ICAO master lists, made with asn1crypto: a second implementation of CMS, which can also make what no state would.

made = master_list([csca.der], csca.sign("ML", authority=False, extended=[SIGNER]), csca)
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from asn1crypto import algos, cms, core, x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pki import Node

SIGNER = "2.23.136.1.1.3"
SIGNED_AT = datetime(2026, 11, 1, 10, 0, 0, tzinfo=UTC)


class CertificateSet(core.SetOf):
    _child_spec = x509.Certificate


class CscaMasterList(core.Sequence):
    _fields = (("version", core.Integer), ("cert_list", CertificateSet))


def content(certificates: Iterable[bytes], version: int = 0) -> bytes:
    """Return a CscaMasterList, its certificates in the order given."""
    listed = b"".join(certificates)
    body = core.Integer(version).dump() + core.SetOf(spec=x509.Certificate, contents=listed).dump()
    return core.Sequence(contents=body).dump()


def master_list(  # noqa: PLR0913 - each is a way in which a list can differ
    certificates: Iterable[bytes],
    signer: Node,
    *others: Node,
    digest: str = "sha256",
    content_type: str = "2.23.136.1.1.2",
    by_number: bool = False,
    key: Any = None,
    version: int = 0,
    signed: Iterable[tuple[str, Any]] | None = None,
    signature_algorithm: dict[str, Any] | None = None,
    altered: bytes | None = None,
    copies: int = 1,
    unsigned: bool = False,
) -> bytes:
    """Return a master list. `key` signs instead of the signer's, `altered` replaces the content after signing."""
    message = content(certificates, version)
    certificate = x509.Certificate.load(signer.der)
    if signed is None:
        signed = [
            ("content_type", content_type),
            ("message_digest", hashlib.new(digest, message).digest()),
            ("signing_time", cms.Time({"utc_time": SIGNED_AT})),
        ]
    attributes = cms.CMSAttributes([cms.CMSAttribute({"type": name, "values": [value]}) for name, value in signed])
    key = key or signer.key
    sid = (
        cms.SignerIdentifier(
            "issuer_and_serial_number",
            cms.IssuerAndSerialNumber({"issuer": certificate.issuer, "serial_number": certificate.serial_number}),
        )
        if by_number
        else cms.SignerIdentifier("subject_key_identifier", certificate.key_identifier)
    )
    hashed = getattr(hashes, digest.upper())()
    to_be_signed = attributes.untag().dump()
    if isinstance(key, rsa.RSAPrivateKey):
        name, signature = "rsassa_pkcs1v15", key.sign(to_be_signed, padding.PKCS1v15(), hashed)
    else:
        name, signature = f"{digest}_ecdsa", key.sign(to_be_signed, ec.ECDSA(hashed))
    info: dict[str, Any] = {
        "version": "v1" if by_number else "v3",
        "sid": sid,
        "digest_algorithm": {"algorithm": digest},
        "signed_attrs": attributes,
        "signature_algorithm": signature_algorithm or {"algorithm": name},
        "signature": signature,
    }
    if not list(signed):
        del info["signed_attrs"]
    if unsigned:
        info["unsigned_attrs"] = [{"type": "1.2.3", "values": [core.Null()]}]
    data = cms.SignedData(
        {
            "version": "v3",
            "digest_algorithms": [algos.DigestAlgorithm({"algorithm": digest})],
            "encap_content_info": {
                "content_type": content_type,
                "content": core.ParsableOctetString(altered or message),
            },
            "certificates": [x509.Certificate.load(each.der) for each in (signer, *others)],
            "signer_infos": [info] * copies,
        }
    )
    return cms.ContentInfo({"content_type": "signed_data", "content": data}).dump()
