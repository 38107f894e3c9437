"""A security module to test with: SoftHSM, with tokens and keys of every kind in a temporary folder.

SoftHSM reads where its tokens are once in a process, when the module is loaded; so there is one set of tokens for all
tests. Keys are made in the module, by pkcs11 itself and not by what is tested.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from collections.abc import Iterator

LIBRARIES = (
    "/usr/lib/softhsm/libsofthsm2.so",  # Debian
    "/usr/lib64/pkcs11/libsofthsm2.so",  # Fedora
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
)
LIBRARY = next((path for path in LIBRARIES if Path(path).exists()), None)
UTILITY = shutil.which("softhsm2-util")
PIN, WRONG_PIN = b"824517", b"000000"

_EDWARDS_25519 = b"\x13\x0cedwards25519"


def why_absent(*, of_debian: bool = False) -> str:
    """Return what is missing for a security module to test with, empty where nothing is; it may have to be Debian's."""
    if LIBRARY is None or UTILITY is None or (of_debian and LIBRARIES[0] != LIBRARY):
        return "SoftHSM is not installed (Debian: apt-get install softhsm2)"
    return "" if importlib.util.find_spec("pkcs11") else "python-pkcs11 is not installed"


def init_token(label: str, folder: Path) -> None:
    """Make a token with softhsm2-util, in the folder that `configure` wrote a configuration for."""
    assert UTILITY is not None
    command = [UTILITY, "--init-token", "--free", "--label", label, "--pin", PIN.decode(), "--so-pin", "91824517"]
    environment = {**os.environ, "SOFTHSM2_CONF": str(folder / "softhsm2.conf")}
    subprocess.run(command, env=environment, check=True, capture_output=True)  # noqa: S603 - of this machine


def configure(folder: Path) -> None:
    """Write SoftHSM's configuration, for tokens in the folder."""
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder / 'tokens'}\nlog.level = ERROR\n")


class Tokens(NamedTuple):
    """The tokens: `Health` with the keys, `Twin` twice, and `Spare` without a key."""

    folder: Path
    module: Any

    def uri(self, label: str | None = "p256", *, token: str = "Health", more: str = "", query: str = "") -> str:  # noqa: S107
        named = "" if label is None else f";object={label}"
        return f"pkcs11:token={token}{named}{more}?module-path={LIBRARY}{query}"

    def token(self, label: str = "Health") -> Any:
        return next(each for each in self.module.get_tokens() if each.label == label)

    def session(self) -> Any:
        """Return a session that may write; the caller closes it."""
        return self.token().open(rw=True, user_pin=PIN.decode())


def make(folder: Path) -> Iterator[Tokens]:
    """Yield the tokens, in a new folder; the environment names it meanwhile."""
    import pkcs11  # noqa: PLC0415 - only where there is a module

    configure(folder)
    for label in ("Health", "Spare", "Twin", "Twin"):
        init_token(label, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(folder / "softhsm2.conf"))
        tokens = Tokens(folder, pkcs11.lib(LIBRARY))
        with tokens.session() as session:
            _fill(session)
        yield tokens
        tokens.module.finalize()


def _fill(session: Any) -> None:
    from pkcs11 import Attribute, CertificateType, KeyType, MechanismFlag, ObjectClass  # noqa: PLC0415
    from pkcs11.util.ec import encode_named_curve_parameters  # noqa: PLC0415

    def pair(label: str, identifier: bytes, curve: str | bytes = "secp256r1", **options: Any) -> tuple[Any, Any]:
        parameters = curve if isinstance(curve, bytes) else encode_named_curve_parameters(curve)
        kind = KeyType.EC_EDWARDS if isinstance(curve, bytes) else KeyType.EC
        domain = session.create_domain_parameters(kind, {Attribute.EC_PARAMS: parameters}, local=True)
        made: tuple[Any, Any] = domain.generate_keypair(store=True, label=label, id=identifier, **options)
        return made

    pair("p256", b"\x01")
    pair("p384", b"\x02", "secp384r1")
    pair("ed25519", b"\x03", _EDWARDS_25519)
    pair("p521", b"\x04", "secp521r1")
    pair("k256", b"\x05", "secp256k1")
    pair("agrees", b"\x06", capabilities=MechanismFlag.DERIVE)
    pair("asks", b"\x12", private_template={Attribute.ALWAYS_AUTHENTICATE: True})
    pair("two", b"\x07")
    pair("two", b"\x08")
    pair("Läß 1;2", b"\x0a%")
    session.generate_keypair(KeyType.RSA, 2048, store=True, label="rsa", id=b"\x0b")
    certified, _ = pair("certified", b"\x11")
    certificate = _certificate(bytes(certified[Attribute.EC_POINT])[2:])
    certified.destroy()
    certificate_object = {Attribute.CLASS: ObjectClass.CERTIFICATE, Attribute.CERTIFICATE_TYPE: CertificateType.X_509}
    values = {Attribute.VALUE: certificate, Attribute.SUBJECT: b"\x30\0", Attribute.ID: b"\x11", Attribute.TOKEN: True}
    session.create_object({**certificate_object, **values})
    pair("alone", b"\x0c")[0].destroy()
    mixed_public, _ = pair("mixed", b"\x0d")
    mixed_public.destroy()
    pair("other", b"\x0e")[0].copy({Attribute.LABEL: "mixed", Attribute.ID: b"\x0d"})
    pair("several", b"\x0f")
    pair("more", b"\x10")[0].copy({Attribute.ID: b"\x0f"})


def _certificate(point: bytes) -> bytes:
    """Return a certificate, in DER, of the key with this point on P-256; another key signs it."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Health")])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point))
        .serial_number(1)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2027, 1, 1, tzinfo=UTC))
        .sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
        .public_bytes(serialization.Encoding.DER)
    )
