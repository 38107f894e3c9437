"""`pratique trust show`: the lists, issuers, keys and acceptance lines of a trust folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from pratique.cli import options, output

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path


@click.command(
    epilog=options.examples("pratique trust show", "pratique trust show --trust trust/"),
)
@options.trust_option
@options.at_option
def command(*, trust_path: Path | None, at: datetime | None) -> int:
    """Show the lists, issuers, keys and acceptance lines of a trust folder."""
    store, advice = options.load_trust(trust_path)
    moment = at or options.now()
    for trust_list in store.lists:
        output.heading(
            f"List {output.safe(trust_list.id)}, sequence {trust_list.sequence}, {trust_list.issued_at:%Y-%m-%d}"
        )
        rows, colours = [], []
        for key in trust_list.keys:
            state = "expired" if moment > key.not_after else "not yet valid" if moment < key.not_before else ""
            colours.append("red" if state else None)
            rows.append(
                (
                    key.issuer.country,
                    key.issuer.id if key.issuer.name() == key.issuer.id else f"{key.issuer.name()} <{key.issuer.id}>",
                    output.key_id(key.key_id),
                    ", ".join(sorted(key.formats)),
                    f"{key.not_before:%Y-%m-%d} to {key.not_after:%Y-%m-%d}{f' {state.upper()}' if state else ''}",
                    _scope(key.scope.kinds, key.issuer.scope.kinds, key.scope.targets, key.issuer.scope.targets),
                )
            )
        output.table(("", "issuer", "key", "formats", "window", "may sign"), rows, colours=colours)
        for entry in trust_list.set_aside:
            output.warn(f"set aside: {entry.where}: {entry.error.detail or entry.error.code.meaning}")
    for name, lines in (("Accepted", store.acceptance.accept), ("Refused", store.acceptance.deny)):
        if lines:
            output.heading(name)
            for line in lines:
                click.echo(f"  {output.safe(_line(line))}")
    output.advise(advice)
    return 0


def _scope(*limits: frozenset[str] | None) -> str:
    return "; ".join(", ".join(sorted(limit)) for limit in limits if limit is not None) or "anything"


def _line(line: Any) -> str:
    """Return an acceptance line in words."""
    parts = [
        f"{name} {', '.join(sorted(values))}"
        for name in ("lists", "countries", "issuers", "formats", "kinds", "targets")
        if (values := getattr(line, name)) is not None
    ]
    parts += [f"{word} {day}" for word, day in (("from", line.from_), ("until", line.until)) if day is not None]
    return "; ".join(parts) or "everything on every list"
