"""`pratique trust sign`: one signature, or one more, over a list, a root or a rule set."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pratique.cli import options, output

if TYPE_CHECKING:
    from pratique.cose.signer import SoftwareSigner


@click.command(
    epilog=options.examples(
        "pratique trust sign world.trust.json --key keeper1.pem --out world.trust.cose",
        "pratique trust sign world.trust.cose --key keeper2.pem",
        "pratique trust sign root2.json --key keeper1.pem --key keeper2.pem --out root2.cose",
    )
)
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option(
    "--key",
    "keys",
    multiple=True,
    required=True,
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="FILE",
    help="Private key of a keeper (PEM). May be repeated.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File for the signed form.  [default: the file itself, if it is signed already]",
)
@options.password_option
@options.force_option
def command(*, file: Path, keys: tuple[Path, ...], out: Path | None, password: bytes | None, force: bool) -> int:
    """Sign a trust list, a root, a rule set or a list of verifiers in JSON, or add a signature to a signed one.

    The keepers can sign one after another, each on a machine of their own: every one of them gets the file, looks at it
    with `trust diff` or `trust verify`, and adds a signature.
    """
    from pratique.cose.keys import PrivateKey  # noqa: PLC0415
    from pratique.cose.signer import SoftwareSigner  # noqa: PLC0415
    from pratique.trust import signed  # noqa: PLC0415

    signers = [SoftwareSigner(PrivateKey.from_pem(options.read_small(key), password)) for key in keys]
    data = file.read_bytes()
    if data.lstrip().startswith(b"{"):
        if out is None:
            raise click.UsageError("--out is needed: the file for the signed form")
        data = _signed(data, signers)
        output.write_new(out, data, force=force)
    else:
        for signer in signers:
            data = signed.add_signature(data, signer)
        output.write_new(out or file, data, force=force or out is None)
    names = ", ".join(output.key_id(signer.key_id) for signer in signers)
    output.note(f"{out or file}: a {signed.kind_of(data)}, signed by {names}; see pratique trust verify")
    return 0


def _signed(data: bytes, signers: list[SoftwareSigner]) -> bytes:
    """Return the signed form of a document in JSON, of which its members tell the kind."""
    from pratique import schemas  # noqa: PLC0415
    from pratique.codec import json  # noqa: PLC0415
    from pratique.trust import signed, wire  # noqa: PLC0415
    from pratique.trust.root import Root  # noqa: PLC0415

    document: Any = json.decode(data, limit=wire.MAX_LIST_BYTES)
    if "threshold" in document:
        return Root.from_json(document).sign(signers)
    if "rules" in document:
        from pratique.rules.ruleset import RuleSet  # noqa: PLC0415

        return signed.sign("rule-set", RuleSet.from_json(document).payload(), signers)
    if "verifiers" in document:
        from pratique.request import VerifierList  # noqa: PLC0415

        return VerifierList.sign(document, signers)
    schemas.check(document, "trust-list")
    return signed.sign(signed.TRUST_LIST, wire.to_cbor(document), signers)
