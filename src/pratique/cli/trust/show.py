"""`pratique trust show`: the lists, issuers, keys and acceptance lines of a trust folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from pratique.cli import options, output
from pratique.model.dates import rfc3339

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from pratique.trust import TrustedKey, TrustList, TrustStore
    from pratique.trust.acceptance import AcceptanceLine
    from pratique.trust.root import Root
    from pratique.trust.trust_list import Scope

_CONDITIONS: Final = ("lists", "countries", "issuers", "formats", "kinds", "targets")


@click.command(
    epilog=options.examples(
        "pratique trust show", "pratique trust show --trust trust/", "pratique trust show --json --at 2027-01-01"
    ),
)
@options.trust_option
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@options.at_option
def command(*, trust_path: Path | None, as_json: bool, at: datetime | None) -> int:
    """Show the lists, issuers, keys and acceptance lines of a trust folder, and how old each list is.

    Ages: fresh; due, a newer edition should be here; over, it counts no more; early, it is from the future and a clock
    is wrong. A local list that does not say when it ends has none.
    """
    store, advice = options.load_trust(trust_path)
    moment = at or options.now()
    if as_json:
        output.print_json(_view(store, moment))
        output.advise(advice)
        return 0
    for trust_list in store.lists:
        output.heading(f"List {output.safe(trust_list.id)}, sequence {trust_list.sequence}")
        output.pairs(_about(trust_list, store.roots.get(trust_list.id), moment))
        rows, colours = [], []
        for key in trust_list.keys:
            state = _state(key, moment)
            colours.append("red" if state else None)
            rows.append(
                (
                    key.issuer.country,
                    key.issuer.id if key.issuer.name() == key.issuer.id else f"{key.issuer.name()} <{key.issuer.id}>",
                    output.key_id(key.key_id),
                    ", ".join(sorted(key.formats)),
                    f"{key.not_before:%Y-%m-%d} to {key.not_after:%Y-%m-%d}{f' {state}' if state else ''}",
                    _scope(key.scope.kinds, key.issuer.scope.kinds, key.scope.targets, key.issuer.scope.targets),
                )
            )
        output.table(("", "issuer", "key", "formats", "window", "may sign"), rows, colours=colours)
        for issuer in trust_list.issuers:
            for address in issuer.status_lists:
                click.echo(f"status lists of {output.safe(issuer.id)}: {output.safe(address)}")
        for entry in trust_list.set_aside:
            output.warn(f"set aside: {entry.where}: {entry.error.detail or entry.error.code.meaning}")
    for name, lines in (("Accepted", store.acceptance.accept), ("Refused", store.acceptance.deny)):
        if lines:
            output.heading(name)
            for line in lines:
                click.echo(f"  {output.safe(_line(line))}")
    output.advise(advice)
    return 0


def _view(store: TrustStore, at: datetime) -> dict[str, Any]:
    """Return the folder as JSON; what is not stated is left out."""
    return {
        "lists": [_list_view(each, store.roots.get(each.id), at) for each in store.lists],
        "accept": [_conditions(line) for line in store.acceptance.accept],
        "deny": [_conditions(line) for line in store.acceptance.deny],
    }


def _list_view(trust_list: TrustList, root: Root | None, at: datetime) -> dict[str, Any]:
    """Return a list, with the root that vouches for it; a list of one's own has none."""
    from pratique.cli.parts import view  # noqa: PLC0415 - `--help` needs none of the library
    from pratique.inventory import trust_list as part_of  # noqa: PLC0415

    (part,) = view([part_of(trust_list, at=at)])
    made: dict[str, Any] = {"id": trust_list.id, "sequence": trust_list.sequence}
    made |= {name: part[name] for name in ("age", "issued_at", "next_update", "expires_at") if name in part}
    if root is not None:
        made["root"] = {"id": root.id, "version": root.version, "expires_at": rfc3339(root.expires_at)}
    made["keys"] = [_key_view(key, at) for key in trust_list.keys]
    made["status_lists"] = {each.id: [*each.status_lists] for each in trust_list.issuers if each.status_lists}
    made["set_aside"] = [{"where": each.where, **output.error_view(each.error)} for each in trust_list.set_aside]
    return made


def _key_view(key: TrustedKey, at: datetime) -> dict[str, Any]:
    withdrawn = key.withdrawn
    return {
        "issuer": key.issuer.id,
        "name": key.issuer.name(),
        "country": key.issuer.country,
        "key_id": key.key_id.hex(),
        "formats": sorted(key.formats),
        "not_before": rfc3339(key.not_before),
        "not_after": rfc3339(key.not_after),
        "usable": not _state(key, at),
        **({} if withdrawn is None else {"withdrawn": {"at": rfc3339(withdrawn.at), "reason": withdrawn.reason}}),
        "may_sign": _limits(key.scope),
        "issuer_may_sign": _limits(key.issuer.scope),
    }


def _limits(scope: Scope) -> dict[str, list[str]]:
    return {name: sorted(values) for name in ("kinds", "targets") if (values := getattr(scope, name)) is not None}


def _conditions(line: AcceptanceLine) -> dict[str, Any]:
    """Return an acceptance line as its file has it."""
    return {
        **{name: sorted(values) for name in _CONDITIONS if (values := getattr(line, name)) is not None},
        **{word: day.isoformat() for word, day in (("from", line.from_), ("until", line.until)) if day is not None},
    }


def _about(trust_list: TrustList, root: Root | None, at: datetime) -> list[tuple[str, str]]:
    """Return who vouches for a list, its dates, and its age where it has one."""
    from pratique.inventory import trust_list as part_of  # noqa: PLC0415 - `--help` needs none of the library

    part = part_of(trust_list, at=at)
    by = "its owner, who made it"
    if root is not None:
        over = ", which is OVER" if at >= root.expires_at else ""
        by = f"root {root.id}, version {root.version}, until {root.expires_at:%Y-%m-%d}{over}"
    dates = {"issued": part.issued_at, "due": part.next_update, "ends": part.expires_at}
    text = ", ".join(f"{word} {moment:%Y-%m-%d}" for word, moment in dates.items() if moment is not None)
    return [("vouched for by", by), ("dates", text), *([("age", part.age.value)] if part.expires_at else [])]


def _state(key: TrustedKey, at: datetime) -> str:
    """Return what is the matter with a key: withdrawn, or outside its window."""
    if key.withdrawn is not None:
        word = "LEAKED" if key.withdrawn.reason == "compromise" else "SUPERSEDED"
        return f"{word} {key.withdrawn.at:%Y-%m-%d}"
    return "EXPIRED" if at > key.not_after else "NOT YET VALID" if at < key.not_before else ""


def _scope(*limits: frozenset[str] | None) -> str:
    return "; ".join(", ".join(sorted(limit)) for limit in limits if limit is not None) or "anything"


def _line(line: AcceptanceLine) -> str:
    """Return an acceptance line in words."""
    conditions = _conditions(line).items()
    parts = [f"{name} {value if isinstance(value, str) else ', '.join(value)}" for name, value in conditions]
    return "; ".join(parts) or "everything on every list"
