"""`pratique trust explain`: which line of the acceptance decided about a code, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from pratique.cli import options, output, relied

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from pratique.report import Report
    from pratique.trust import TrustStore


@click.command(
    epilog=options.examples(
        "pratique trust explain card.png",
        "pratique trust explain card.png --trust trust/ --at 2026-11-23",
        "pratique trust explain card.png --bundle kiosk/",
    )
)
@click.argument("codes", nargs=-1, required=True, metavar="IMAGE|TEXT|-...")
@relied.trust_options
@options.at_option
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
def command(  # noqa: PLR0913 - one for each option
    *,
    codes: tuple[str, ...],
    trust_path: Path | None,
    bundle_path: Path | None,
    root_path: Path | None,
    at: datetime | None,
    as_json: bool,
) -> int:
    """Say whose code it is by the trust lists, and which line of acceptance.json decides about it.

    Exit code: 0 where its key may sign it and its issuer is accepted, 1 where not.
    """
    from pratique.cli.sources import expand, joined  # noqa: PLC0415
    from pratique.errors import PratiqueError  # noqa: PLC0415
    from pratique.report import Outcome  # noqa: PLC0415

    store, verifier, advice = relied.trusted(trust_path=trust_path, bundle_path=bundle_path, root_path=root_path)
    moment = at or options.now()
    sources, _ = expand(codes)
    accepted = True
    for name, text in joined(sources):
        if isinstance(text, PratiqueError):
            raise text
        report = verifier.verify(text, at=moment)
        facts = _facts(report, store, moment)
        accepted = accepted and report.check(_step()).outcome is Outcome.PASSED
        if as_json:
            output.print_json({"source": name, **_issuer(report), "facts": facts})
        else:
            _print(report, facts)
    output.advise(advice)
    return 0 if accepted else 1


def _facts(report: Report, store: TrustStore, at: datetime) -> list[dict[str, Any]]:
    """Return for each fact what the acceptance says of it, and why."""
    if report.credential is None or report.issuer is None:
        return []
    found = []
    for kind, target in report.credential.kinds:
        explained = store.acceptance.explain(report.issuer, report.credential.format, kind, target, at)
        found.append(
            {
                "kind": kind.value,
                "target": target,
                "decision": explained.decision.value.value,
                "line": explained.where,
                "why": list(explained.sentences()),
            }
        )
    return found


def _issuer(report: Report) -> dict[str, Any]:
    issuer, step = report.issuer, report.check(_step())
    view = {} if issuer is None else {"id": issuer.id, "country": issuer.country, "trust_list": issuer.trust_list}
    return {"issuer": view or None, "check": {"code": step.code.value, "detail": step.detail}}


def _step() -> Any:
    from pratique.report import Step  # noqa: PLC0415

    return Step.ISSUER


def _print(report: Report, facts: list[dict[str, Any]]) -> None:
    issuer = report.issuer
    if issuer is None:
        output.paragraph(f"No key of the trust lists is proven to have signed it. {report.decisive.sentence}")
        return
    output.pairs(
        [
            ("issuer", f"{issuer.name()} <{issuer.id}>"),
            ("country", issuer.country),
            ("trust list", issuer.trust_list),
            ("format", report.format or ""),
            ("step issuer", report.check(_step()).sentence),
        ],
        indent=0,
    )
    for fact in facts:
        output.heading(f"{fact['kind']}{'' if fact['target'] is None else ' ' + fact['target']}: {fact['decision']}")
        for sentence in fact["why"]:
            output.paragraph(sentence, indent=2)
