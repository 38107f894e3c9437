"""`--key` of those who sign: a private key in a PEM file, or one in a security module, named by a PKCS #11 URI."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from pratique.cli import options

if TYPE_CHECKING:
    from collections.abc import Callable

    from pratique.cose.pkcs11_uri import Pkcs11Uri
    from pratique.cose.signer import Signer

_FILE: Final = click.Path(path_type=Path, dir_okay=False, exists=True)


class SigningKey(click.ParamType["Path | Pkcs11Uri"]):
    """A file with a private key, or a PKCS #11 URI."""

    name = "file|uri"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path | Pkcs11Uri:
        """Return the path, or what the URI names. Raises: KeyMaterialError: `pkcs11.uri_invalid`."""
        from pratique.cose.pkcs11_uri import SCHEME, Pkcs11Uri  # noqa: PLC0415 - `--help` needs none of the library

        if isinstance(value, str) and value.startswith(SCHEME):
            return Pkcs11Uri.parse(value)
        path: Path = _FILE.convert(value, param, ctx)
        return path


def key_option(what: str, *, multiple: bool = False) -> Callable[[Any], Any]:
    """Return the option `--key` for one private key, or for several; `what` says in the help whose or what for."""
    return click.option(
        "--key",
        "keys" if multiple else "key",
        multiple=multiple,
        required=True,
        type=SigningKey(),
        metavar="PEM|pkcs11:URI",
        help=f"Private key {what}: a file, or in a security module.{' May be repeated.' if multiple else ''}",
    )


password_option: Final = click.option(
    "--password-file",
    "password",
    type=options.PasswordFile(),
    metavar="FILE",
    help="File whose first line is the password of the private key, or the PIN of its token.",
)


def open_signer(key: Path | Pkcs11Uri, password: bytes | None) -> Signer:
    """Return who signs with a key; a session with a security module ends with the command.

    The PIN is in the file that the URI names, or else the password. Raises: PratiqueError; OSError.
    """
    if isinstance(key, Path):
        from pratique.cose.keys import PrivateKey  # noqa: PLC0415 - as above
        from pratique.cose.signer import SoftwareSigner  # noqa: PLC0415

        return SoftwareSigner(PrivateKey.from_pem(options.read_small(key), password))
    from pratique.cose.pkcs11 import Pkcs11Signer  # noqa: PLC0415

    pin = password if key.pin_file is None else options.PasswordFile().convert(key.pin_file, None, None)
    return click.get_current_context().with_resource(Pkcs11Signer.open(key, pin=pin))
