"""`pratique trust check`: what is wrong or odd in a trust folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pratique.cli import options, output
from pratique.errors import PratiqueError

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path


@click.command(
    epilog=options.examples("pratique trust check", "pratique trust check --trust trust/who.trust.json"),
)
@options.trust_option
@options.at_option
def command(*, trust_path: Path | None, at: datetime | None) -> int:
    """Check a trust folder: schemas, every key and certificate, expiry, identifiers.

    Exit code 1 where there is an error; what is merely odd is listed too.
    """
    from pratique.codec import json  # noqa: PLC0415
    from pratique.trust.audit import Finding, audit_acceptance, audit_list  # noqa: PLC0415
    from pratique.trust.store import ACCEPTANCE_FILE, LIST_SUFFIX  # noqa: PLC0415

    path = trust_path or options.default_trust()
    lists = sorted(path.glob(f"*{LIST_SUFFIX}")) if path.is_dir() else [path]
    if not lists:
        raise click.UsageError(f"{path} holds no trust list (*{LIST_SUFFIX}); {options.HOW_TO_ADD}")
    acceptance = (path if path.is_dir() else path.parent) / ACCEPTANCE_FILE
    moment = at or options.now()
    errors = oddities = 0
    for file in [*lists, acceptance]:
        try:
            document = json.decode(file.read_bytes())
        except FileNotFoundError:
            if file is not acceptance:
                raise
            findings = [Finding("the file", "is not there, so that no issuer is accepted", is_error=False)]
        except PratiqueError as error:
            findings = [Finding("JSON", error.detail)]
        else:
            audit = audit_acceptance(document) if file is acceptance else audit_list(document, at=moment)
            findings = list(audit)
        click.echo(f"{output.safe(str(file))}: {'in order' if not findings else ''}".rstrip())
        for finding in findings:
            word = click.style("error", fg="red") if finding.is_error else click.style("note", fg="yellow")
            click.echo(f"  {word}: {output.safe(f'{finding.where}: {finding.text}')}")
            errors += finding.is_error
            oddities += not finding.is_error
    click.echo(f"\nlists: {len(lists)}, errors: {errors}, notes: {oddities}")
    return 1 if errors else 0
