"""`pratique request show`: a request in words, and whether a wallet would answer it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from pratique.cli import options, output
from pratique.cli.request.arguments import Asked, read_verifiers

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from pratique.request import SignedRequest
    from pratique.trust.root import Root


@click.command(
    epilog=options.examples(
        "pratique request show request.png",
        "pratique request show request.png --verifiers verifiers.json --rules entry.json",
    )
)
@click.argument("asked", metavar="IMAGE|TEXT|-", type=Asked())
@options.verifiers_option
@options.rules_option
@options.optional_root_option
@options.at_option
@click.option("--language", default="en", show_default=True, metavar="CODE", help="Language of names and laws.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def command(  # noqa: PLR0913 - one for each option
    *,
    asked: SignedRequest,
    verifiers_path: Path | None,
    rules_path: Path | None,
    root: Root | None,
    at: datetime | None,
    language: str,
    as_json: bool,
) -> int:
    """Say who asks for what, why, by which law, and how long it is kept.

    Without --verifiers nobody knows who really asks, and the first line says so. With the list and the entry rules it
    says what a wallet would answer.

    Exit code 1 where something stands against the request.
    """
    from pratique.cli.request import words  # noqa: PLC0415

    if verifiers_path is None:
        if rules_path is not None:
            raise click.UsageError("--rules needs --verifiers: before its signer is known a request says nothing")
        request = asked.unverified()
        if as_json:
            output.print_json({"verified": False, "request": request.document})
            return 0
        click.echo(f"{click.style('UNVERIFIED', bold=True, fg='yellow')}: anybody can write what follows.")
        output.pairs(words.rows(request, language=language), indent=0)
        return 0
    found = _considered(asked, verifiers_path, rules_path, root, at or options.now())
    if as_json:
        output.print_json({"verified": found.request is not None, **found.document})
    else:
        words.print_considered(found, language=language)
        if found.refusals:
            words.print_refusals(found.refusals)
        elif rules_path is None:
            output.note("not compared with the entry rules that it names: give them with --rules")
        else:
            click.secho("A wallet may answer this.", fg="green")
    return 1 if found.refusals else 0


def _considered(
    asked: SignedRequest, verifiers_path: Path, rules_path: Path | None, root: Root | None, at: datetime
) -> Any:
    """Return what a wallet would find; without rules, what it would find but for them."""
    from dataclasses import replace  # noqa: PLC0415

    from pratique.reasons import Reason  # noqa: PLC0415
    from pratique.request import consider  # noqa: PLC0415

    rules = None if rules_path is None else options.read_rules(rules_path, root)
    found = consider(asked, verifiers=read_verifiers(verifiers_path, root), rule_set=rules, at=at)
    if rules is not None:
        return found
    by_rules = (Reason.REQUEST_OTHER_RULES, Reason.REQUEST_ASKS_TOO_MUCH)
    others = tuple(refusal for refusal in found.refusals if refusal.code not in by_rules)
    return replace(found, refusals=others, excess=frozenset())
