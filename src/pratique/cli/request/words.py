"""A request in words for a traveller: who asks for what, why, by which law, and for how long it is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pratique.cli import output
from pratique.cli.rules.explain import in_language

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pratique.request import Consideration, ListedVerifier, Refusal, Request

NOTHING = "nothing beyond what every code shows"


def claims_text(claims: Iterable[str]) -> str:
    """Return claims in one line."""
    return ", ".join(sorted(claims)) or NOTHING


def rows(request: Request, verifier: ListedVerifier | None = None, *, language: str = "en") -> list[tuple[str, str]]:
    """Return what a request says; who asks, as the list of verifiers has it, or only as the request itself does."""
    from pratique.model.codes import country_name  # noqa: PLC0415
    from pratique.request.consideration import kept  # noqa: PLC0415

    who = f"{request.name(language)} <{request.verifier}>"
    if verifier is not None:
        country = country_name(verifier.country) or verifier.country
        who = f"{verifier.name(language)} ({country}) <{verifier.id}>"
    return [
        ("asked by", who),
        ("answer to", request.audience),
        ("asks for", claims_text(request.claims)),
        ("purpose", request.purpose),
        ("by rules", request.rule_set),
        ("kept", kept(request.retention)),
        ("by law", in_language(request.legal_basis, language)),
        ("stands", f"{request.issued_at:%Y-%m-%d %H:%M} to {request.expires_at:%Y-%m-%d %H:%M} UTC"),
    ]


def print_considered(found: Consideration, *, language: str = "en", err: bool = False) -> None:
    """Print who asks for what, once that is proven, and nothing before."""
    if found.request is not None:
        output.pairs(rows(found.request, found.verifier, language=language), indent=0, err=err)


def print_refusals(refusals: Iterable[Refusal], *, err: bool = False) -> None:
    """Print what stands against a request, each with its code, and what the traveller can do."""
    refusals = list(refusals)
    click.secho("REFUSED: nothing is shown.", bold=True, fg="red", err=err)
    for refusal in refusals:
        output.paragraph(f"{refusal.code.value}: {refusal.sentence}", indent=4, lead="  ", err=err)
    for advice in dict.fromkeys(refusal.code.advice for refusal in refusals if refusal.code.advice):
        output.paragraph(advice, indent=2, err=err)
