"""`pratique request make`: a signed request for what entry rules need."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pratique.cli import cards, options, output, signers

if TYPE_CHECKING:
    from datetime import datetime

    from pratique.cose.pkcs11_uri import Pkcs11Uri
    from pratique.request import Request
    from pratique.rules import RuleSet
    from pratique.trust.root import Root

_MAX_MINUTES = 24 * 60


@click.command(
    epilog=options.examples(
        "pratique request make --rules entry.json --key border.pem --verifier https://border.example "
        '--name "Border of Utopia" --qr request.png',
        "pratique request make --rules entry.json --key border.pem --verifier https://border.example "
        "--audience https://border.example/lane/7 --claim event.test_result --claim event.sampled_at --terminal",
    )
)
@click.option(
    "--rules",
    "rules_path",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="FILE",
    help="Entry rules that need the answer, in JSON or signed.",
)
@options.optional_root_option
@signers.key_option("of the verifier")
@signers.password_option
@click.option("--verifier", required=True, metavar="ID", help="Who asks, as lists of verifiers name it.")
@click.option("--name", metavar="TEXT", help="What to call it.  [default: its identifier]")
@click.option("--audience", metavar="URI", help="Whom an answer is for: this desk.  [default: the verifier]")
@click.option(
    "--claim",
    "claims",
    multiple=True,
    metavar="CLAIM",
    help="Claim to ask for; may be repeated.  [default: all that the rules can read]",
)
@click.option("--purpose", metavar="CODE", help="Why it asks.  [default: as the rules say]")
@click.option("--keep", metavar="PnD|PTnH", help="How long it keeps what it is shown.  [default: as the rules say]")
@click.option("--law", metavar="TEXT", help="Law under which it asks.  [default: as the rules say]")
@click.option(
    "--valid",
    type=click.IntRange(1, _MAX_MINUTES),
    default=10,
    show_default=True,
    metavar="MINUTES",
    help="How long the request stands, at most a day.",
)
@options.at_option
@cards.out_options
def command(  # noqa: PLR0913 - one for each option
    *,
    rules_path: Path,
    root: Root | None,
    key: Path | Pkcs11Uri,
    password: bytes | None,
    verifier: str,
    name: str | None,
    audience: str | None,
    claims: tuple[str, ...],
    purpose: str | None,
    keep: str | None,
    law: str | None,
    valid: int,
    at: datetime | None,
    out: Path | None,
    qr: Path | None,
    terminal: bool,
    force: bool,
) -> int:
    """Sign a request for what entry rules need: who asks, why, by which law, and for how long it is kept.

    It asks for all that the rules can read, and of that a wallet shows no more than it must. The nonce is made anew
    each time: make a request for each traveller, and give it to `pratique verify --request` with the answer.

    Without --out, --qr and --terminal its text goes to stdout.
    """
    from pratique.formats import profile  # noqa: PLC0415 - `--help` needs none of the library
    from pratique.request import Request  # noqa: PLC0415
    from pratique.request.message import duration  # noqa: PLC0415

    if unknown := sorted(set(claims) - set(profile.PATHS)):
        raise click.UsageError(f"no claim is called {', '.join(unknown)}; there are {', '.join(sorted(profile.PATHS))}")
    rules = options.read_rules(rules_path, root)
    moment = at or options.now()
    try:
        request = Request.for_rules(
            rules,
            verifier=verifier,
            names={"en": name or verifier},
            audience=audience or verifier,
            at=moment,
            valid_for=timedelta(minutes=valid),
            claims=claims or None,
        )
        request = replace(
            request,
            purpose=purpose or request.purpose,
            retention=request.retention if keep is None else duration(keep),
            legal_basis=request.legal_basis if law is None else {"en": law},
        )
        text = request.sign(signers.open_signer(key, password))
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    _warn(request, rules, moment)
    cards.put_out(text, out=out, qr=qr, terminal=terminal, force=force)
    return 0


def _warn(request: Request, rules: RuleSet, at: datetime) -> None:
    """Tell the verifier what every wallet would refuse."""
    from pratique.rules.minimum import minimum  # noqa: PLC0415

    if excess := request.claims - minimum(rules):
        output.warn(f"wallets refuse this: the rules {rules.id} do not read {', '.join(sorted(excess))}")
    if request.purpose != rules.purpose:
        output.warn(f"wallets refuse this: the rules {rules.id} are for {rules.purpose}")
    if request.retention > rules.retention:
        output.warn(f"wallets refuse this: the rules {rules.id} do not allow to keep it that long")
    if not rules.is_in_force(at):
        output.warn(f"wallets refuse this: the rules {rules.id} are not in force")
