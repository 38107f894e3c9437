"""States that sign ICAO health seals, built on cryptography's X.509 and `json` alone: a second implementation.

state = SealState()
world.trusted.append(state.entry(world.clock))
report = world.verify(state.sign(vaccination()), document=DOCUMENT)
"""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ObjectIdentifier

from authority import NOW, rfc3339
from pratique.cose.keys import PublicKey

if TYPE_CHECKING:
    from authority import Clock

HEALTH_SIGNER = "2.23.136.1.1.14.2"
DOCUMENT_TYPES = ObjectIdentifier("2.23.136.1.1.6.2")
CURVES = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}
HASHES = {"ES256": hashes.SHA256(), "ES384": hashes.SHA384(), "ES512": hashes.SHA512()}
SIZES = {"ES256": 32, "ES384": 48, "ES512": 66}
NOT_BEFORE = datetime(2026, 1, 1, tzinfo=UTC)
NOT_AFTER = datetime(2027, 6, 30, 23, 59, 59, tzinfo=UTC)


@cache
def private_key(name: str, owner: str = "") -> Any:  # noqa: ARG001 - it tells one key from another
    """Return the key of that name ("ES256", "RSA") and owner: one for a whole run, because RSA keys take time."""
    return rsa.generate_private_key(65537, 2048) if name == "RSA" else ec.generate_private_key(CURVES[name])


def document_types(*types: str) -> bytes:
    """Return a documentTypeList, in DER by hand: SEQUENCE { INTEGER 0, SET OF PrintableString }."""
    names = b"".join(bytes((0x13, len(each))) + each.encode() for each in types)
    content = b"\x02\x01\x00" + bytes((0x31, len(names))) + names
    return bytes((0x30, len(content))) + content


class SealState:
    """A state with a country signing certificate authority; its signers' certificates are made as seals need them."""

    def __init__(self, country: str = "UT", state: str = "UTO", *, key: str = "RSA", owner: str = "") -> None:
        self.country, self.state = country, state
        self.key = private_key(key, f"{owner or country} CSCA")
        self.name = x509.Name.from_rfc4514_string(f"CN=CSCA,O=State,C={country}")
        self.digest: Any = hashes.SHA256()
        self.padding: Any = None

    @property
    def key_id(self) -> bytes:
        return x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()).digest

    def certificate(self) -> bytes:
        """Return the authority's own certificate."""
        builder = (
            self._builder(self.key.public_key(), self.name)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(x509.SubjectKeyIdentifier(self.key_id), critical=False)
        )
        return self._signed(builder)

    def signer(  # noqa: PLR0913 - each is a way in which a certificate can differ
        self,
        alg: str = "ES256",
        *,
        usages: tuple[str, ...] | None = (HEALTH_SIGNER,),
        types: tuple[str, ...] | None = ("NV", "NT"),
        key_id: bytes | None = b"",
        window: tuple[datetime, datetime] = (NOT_BEFORE, NOT_AFTER),
        further: tuple[tuple[x509.ExtensionType, bool], ...] = (),
    ) -> bytes:
        """Return a barcode signer certificate; None leaves an extension out, and an empty `key_id` is the state's."""
        subject = x509.Name.from_rfc4514_string(f"CN=HS,C={self.country}")
        builder = self._builder(private_key(alg).public_key(), subject, window)
        if usages is not None:
            named = x509.ExtendedKeyUsage(map(ObjectIdentifier, usages))
            builder = builder.add_extension(named, critical=True)
        if types is not None:
            builder = builder.add_extension(
                x509.UnrecognizedExtension(DOCUMENT_TYPES, document_types(*types)), critical=False
            )
        if key_id is not None:
            authority = x509.AuthorityKeyIdentifier(key_id or self.key_id, None, None)
            builder = builder.add_extension(authority, critical=False)
        for extension, critical in further:
            builder = builder.add_extension(extension, critical=critical)
        return self._signed(builder)

    def _builder(
        self, key: Any, subject: x509.Name, window: tuple[datetime, datetime] = (NOT_BEFORE, NOT_AFTER)
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key)
            .serial_number(7)
            .not_valid_before(window[0])
            .not_valid_after(window[1])
        )

    def _signed(self, builder: x509.CertificateBuilder) -> bytes:
        return builder.sign(self.key, self.digest, rsa_padding=self.padding).public_bytes(Encoding.DER)

    def entry(self, clock: Clock, **key: Any) -> dict[str, Any]:
        """Return the state's entry for a trust list; members given here replace those of its key's entry."""
        listed = {
            "key_id": base64.b64encode(self.key_id).decode(),
            "public_key": PublicKey.from_native(self.key.public_key()).jwk,
            "formats": ["icao-vds-nc"],
            "not_before": rfc3339(clock.now - timedelta(days=365)),
            "not_after": rfc3339(clock.now + timedelta(days=365)),
        }
        return {"id": f"icao:{self.state}", "country": self.state, "keys": [listed | key]}

    def sign(self, message: dict[str, Any], alg: str = "ES256", *, cer: bytes | None = None, **header: Any) -> str:
        """Return the text of a seal; `header` replaces members of hdr, `cer` the signer's certificate."""
        kind = "icao.test" if "utci" in message else "icao.vacc"
        data = {"hdr": {"t": kind, "v": 1, "is": self.state, **header}, "msg": message}
        return sealed(data, alg, cer=self.signer(alg) if cer is None else cer)


def certificate_list(
    state: SealState,
    *serials: int,
    made: datetime = NOW - timedelta(days=1),
    days: int = 30,
    number: int = 1,
    signed_by: Any = None,
) -> bytes:
    """Return a list of revoked certificates, as cryptography makes it."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(state.name)
        .last_update(made)
        .next_update(made + timedelta(days=days))
        .add_extension(x509.CRLNumber(number), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier(state.key_id, None, None), critical=False)
    )
    for serial in serials:
        revoked = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(made).build()
        builder = builder.add_revoked_certificate(revoked)
    return builder.sign(signed_by or state.key, hashes.SHA256()).public_bytes(Encoding.DER)


def canonical(data: Any) -> bytes:
    """Return RFC 8785 for member names in ASCII."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sealed(data: Any, alg: str = "ES256", *, cer: bytes) -> str:
    """Return the text of a seal over any data at all."""
    r, s = decode_dss_signature(private_key(alg).sign(canonical(data), ec.ECDSA(HASHES[alg])))
    signature = r.to_bytes(SIZES[alg]) + s.to_bytes(SIZES[alg])
    signed = {"alg": alg, "cer": base64url(cer), "sigvl": base64url(signature)}
    return json.dumps({"data": data, "sig": signed}, ensure_ascii=False)


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def pss(digest: Any, salt: int) -> padding.PSS:
    return padding.PSS(padding.MGF1(digest), salt)


def vaccination(*, pid: dict[str, Any] | None = None, ve: dict[str, Any] | None = None, **vd: Any) -> dict[str, Any]:
    """Return a proof of vaccination for DOCUMENT's holder; a value of None takes a member out."""
    dose = _with({"dvc": "2026-03-14", "seq": 1, "ctr": "UTO", "adm": "Port clinic", "lot": "AB123"}, vd)
    return {
        "uvci": "U32870",
        "pid": _with({"n": "ERIKSSON  ANNA MARIA", "dob": "1974-08-12", "sex": "F", "i": "L898902C3"}, pid or {}),
        "ve": [_with({"des": "XM68M6", "nam": "Comirnaty", "dis": "RA01.0", "vd": [dose]}, ve or {})],
    }


def proof_of_test(*, pid: dict[str, Any] | None = None, dat: dict[str, Any] | None = None, **tr: Any) -> dict[str, Any]:
    """Return a proof of test for DOCUMENT's holder."""
    person = {"n": "ERIKSSON  ANNA MARIA", "dob": "1974-08-12", "dt": "P", "dn": "L898902C3"}
    return {
        "utci": "T1",
        "pid": _with(person, pid or {}),
        "sp": {"spn": "Airport laboratory", "ctr": "UTO", "cd": {"p": "1", "e": "a@b.example", "a": "Port"}},
        "dat": _with({"sc": "2026-11-22T09:41:07+00:00", "ri": "2026-11-22T12:00:00Z"}, dat or {}),
        "tr": _with({"tc": "molecular(PCR)", "r": "negative", "m": "saliva"}, tr),
    }


def _with(members: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**members, **changes}.items() if value is not None}
