"""`pratique trust sign`: one signature, or one more, over a list, a root or a rule set."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from pratique.cli import options, output, signers
from pratique.cli.trust.documents import trust_list_in

if TYPE_CHECKING:
    from datetime import datetime

    from pratique.cose.pkcs11_uri import Pkcs11Uri
    from pratique.cose.signer import Signer

_SHOWN: Final = 20  # errors; the rest is counted


@click.command(
    epilog=options.examples(
        "pratique trust sign world.trust.json --key keeper1.pem --out world.trust.cose",
        "pratique trust sign world.trust.cose --key keeper2.pem",
        "pratique trust sign root2.json --key keeper1.pem --key keeper2.pem --out root2.cose",
    )
)
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@signers.key_option("of a keeper", multiple=True)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File for the signed form.  [default: the file itself, if it is signed already]",
)
@click.option("--despite-errors", is_flag=True, help="Sign a trust list in which trust check finds errors.")
@signers.password_option
@options.at_option
@options.force_option
def command(  # noqa: PLR0913 - one for each option
    *,
    file: Path,
    keys: tuple[Path | Pkcs11Uri, ...],
    out: Path | None,
    despite_errors: bool,
    password: bytes | None,
    at: datetime | None,
    force: bool,
) -> int:
    """Sign a trust list, a root, a rule set or a list of verifiers in JSON, or add a signature to a signed one.

    The keepers can sign one after another, each on a machine of their own: every one of them gets the file, looks at it
    with `trust diff` or `trust verify`, and adds a signature. A trust list is checked first, as `trust check` does, and
    not signed where that finds an error.
    """
    from pratique.trust import signed  # noqa: PLC0415

    keepers = [signers.open_signer(key, password) for key in keys]
    if len({keeper.key_id for keeper in keepers}) < len(keepers):
        raise click.UsageError("one key is given twice: it counts once")
    data = options.read_document(file)
    if not despite_errors:
        _check(data, at or options.now())
    is_signed = not data.lstrip().startswith(b"{")
    if out is None and not is_signed:
        raise click.UsageError("--out is needed: the file for the signed form")
    try:
        data = _more_signed(data, keepers) if is_signed else _signed(data, keepers)
    except ValueError as error:  # a key with which nothing is signed here
        raise click.UsageError(str(error)) from None
    output.write_new(out or file, data, force=force or out is None)
    names = ", ".join(output.key_id(keeper.key_id) for keeper in keepers)
    output.note(f"{out or file}: a {signed.kind_of(data)}, signed by {names}; see pratique trust verify")
    return 0


def _check(data: bytes, at: datetime) -> None:
    """Check what is a trust list, in JSON or signed. Raises: TrustError (`trust.list_invalid`): there are errors."""
    from pratique.errors import TrustError  # noqa: PLC0415
    from pratique.reasons import Reason  # noqa: PLC0415
    from pratique.trust.audit import audit_list  # noqa: PLC0415

    document = trust_list_in(data)
    if document is None:
        return
    findings = list(audit_list(document, at=at))
    errors = [finding for finding in findings if finding.is_error]
    if errors:
        for finding in errors[:_SHOWN]:
            output.complain(f"{finding.where}: {finding.text}")
        raise TrustError(
            Reason.TRUST_LIST_INVALID,
            f"the list has errors: {len(errors)}; nothing was signed",
            hint="mend them, see pratique trust check; --despite-errors signs it all the same",
        )
    if findings:
        output.note(f"notes on the list: {len(findings)}; see pratique trust check")


def _more_signed(data: bytes, keepers: list[Signer]) -> bytes:
    from pratique.trust import signed  # noqa: PLC0415

    for keeper in keepers:
        data = signed.add_signature(data, keeper)
    return data


def _signed(data: bytes, keepers: list[Signer]) -> bytes:
    """Return the signed form of a document in JSON, of which its members tell the kind."""
    from pratique.codec import json  # noqa: PLC0415
    from pratique.trust import signed, wire  # noqa: PLC0415
    from pratique.trust.root import Root  # noqa: PLC0415

    document: Any = json.decode(data, limit=wire.MAX_LIST_BYTES)
    if "threshold" in document:
        return Root.from_json(document).sign(keepers)
    if "rules" in document:
        from pratique.rules.ruleset import RuleSet  # noqa: PLC0415

        return signed.sign("rule-set", RuleSet.from_json(document).payload(), keepers)
    if "verifiers" in document:
        from pratique.request import VerifierList  # noqa: PLC0415

        return VerifierList.sign(document, keepers)
    return signed.sign(signed.TRUST_LIST, wire.to_cbor(document), keepers)
