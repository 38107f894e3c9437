"""`pratique keygen`: a key pair; nothing secret is printed."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from pratique.cli import options, output

_JWK_SUFFIXES: Final = (".jwk", ".json")
_PRIVATE: Final = 0o600


@click.command(
    epilog=options.examples(
        "pratique keygen --out issuer.pem --public issuer.pub.pem",
        "pratique keygen --algorithm Ed25519 --out issuer.pem --public issuer.jwk --password-file secret.txt",
    )
)
@click.option(
    "--algorithm",
    type=click.Choice(["ESP256", "Ed25519", "ESP384", "ML-DSA-44"]),
    default="ESP256",
    show_default=True,
    help="What it signs with. ML-DSA-44 resists quantum computers; its signatures need large QR codes.",
)
@click.option(
    "--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="File for the private key (PEM)."
)
@click.option(
    "--public", type=click.Path(path_type=Path, dir_okay=False), help="File for the public key: PEM, or JWK for .jwk."
)
@options.password_option
@options.force_option
def command(*, algorithm: str, out: Path, public: Path | None, password: bytes | None, force: bool) -> int:
    """Make a key pair to sign credentials with.

    The private key is readable by its owner alone; with --password-file it is encrypted too. Printed are the key
    identifier, which credentials and trust lists name, and the thumbprint (RFC 9679) to compare by another way.
    """
    from pratique.codec import json  # noqa: PLC0415 - `--help` needs none of the library
    from pratique.cose.keys import PrivateKey  # noqa: PLC0415

    if public == out:
        raise click.UsageError("--out and --public are the same file")
    if public is not None and public.exists() and not force:
        raise click.UsageError(f"{public} is there already; --force replaces it")
    key = PrivateKey.generate(algorithm)
    output.write_new(out, key.to_pem(password), force=force, mode=_PRIVATE)
    if public is not None:
        as_jwk = public.suffix.lower() in _JWK_SUFFIXES
        output.write_new(public, json.encode(key.public.jwk).encode() if as_jwk else key.public.to_pem(), force=force)
    output.pairs(
        [
            ("algorithm", f"{algorithm} ({key.public.kind})"),
            ("key id", key.public.key_id.hex()),
            ("thumbprint", key.public.thumbprint.hex()),
            ("private key", f"{out}{'' if password is None else ' (encrypted)'}"),
            *([] if public is None else [("public key", str(public))]),
        ],
        indent=0,
    )
    return 0
