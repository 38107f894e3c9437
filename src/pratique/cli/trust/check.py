"""`pratique trust check`: what is wrong or odd in a trust folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from pratique.cli import options, output
from pratique.errors import PratiqueError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

    from pratique.trust.audit import Finding


@click.command(
    epilog=options.examples(
        "pratique trust check",
        "pratique trust check --trust kiosk/trust",
        "pratique trust check --trust trust/who.trust.json",
        "pratique trust check --json > findings.json",
    ),
)
@options.trust_option
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
@options.at_option
def command(*, trust_path: Path | None, as_json: bool, at: datetime | None) -> int:
    """Check a trust folder: schemas, every key and certificate, expiry, identifiers; root, memory and signed lists.

    One list can be checked by itself, in JSON or signed.

    Exit code 1 where there is an error; what is merely odd is listed too.
    """
    path = trust_path or options.default_trust()
    if not path.exists():
        raise click.UsageError(f"{path} is not there; {options.HOW_TO_ADD}")
    moment = at or options.now()
    checked = [*_checked(path, moment)]
    if path.is_dir() and not any(finding.is_error for _, _, findings in checked for finding in findings):
        together = _found(_together(path))
        checked += [("all lists together", False, together)] if together else []
    counts = {
        "lists": sum(is_list for _, is_list, _ in checked),
        "errors": sum(finding.is_error for _, _, findings in checked for finding in findings),
        "notes": sum(not finding.is_error for _, _, findings in checked for finding in findings),
    }
    if as_json:
        looked_at = [{"name": name, "findings": [*map(_view, findings)]} for name, _, findings in checked]
        output.print_json({**counts, "checked": looked_at})
    else:
        _print(checked)
        click.echo("\n" + ", ".join(f"{name}: {number}" for name, number in counts.items()))
    return 1 if counts["errors"] else 0


def _print(checked: Iterable[tuple[str, bool, list[Finding]]]) -> None:
    for name, _, findings in checked:
        click.echo(f"{output.safe(name)}: {'' if findings else 'in order'}".rstrip())
        for finding in findings:
            word = click.style("error", fg="red") if finding.is_error else click.style("note", fg="yellow")
            click.echo(f"  {word}: {output.safe(f'{finding.where}: {finding.text}')}")


def _view(finding: Finding) -> dict[str, Any]:
    return {"where": finding.where, "text": finding.text, "error": finding.is_error}


def _together(path: Path) -> Iterator[Finding]:
    """Yield what is wrong or odd between lists, each of which is in order by itself."""
    from pratique.trust import TrustStore  # noqa: PLC0415
    from pratique.trust.audit import audit_together  # noqa: PLC0415

    yield from audit_together(TrustStore.load(path))


def _checked(path: Path, at: datetime) -> Iterator[tuple[str, bool, list[Finding]]]:
    """Yield what was looked at, whether it is a list, and what was found."""
    from pratique.trust.audit import Finding  # noqa: PLC0415
    from pratique.trust.folder import ROOT_FILE, SIGNED_SUFFIX  # noqa: PLC0415
    from pratique.trust.store import ACCEPTANCE_FILE, LIST_SUFFIX  # noqa: PLC0415

    local = sorted(path.glob(f"*{LIST_SUFFIX}")) if path.is_dir() else [path]
    has_root = path.is_dir() and (path / ROOT_FILE).exists()
    strangers = [] if has_root or not path.is_dir() else sorted(path.glob(f"*{SIGNED_SUFFIX}"))
    if not local and not has_root and not strangers:
        raise click.UsageError(f"{path} holds no trust list (*{LIST_SUFFIX}); {options.HOW_TO_ADD}")
    for file in local:
        yield str(file), True, _found(_list(file, at))
    for file in strangers:
        yield str(file), True, [Finding("the file", "no root is pinned in the folder, so that it does not count")]
    if has_root:
        yield from _repository(path, at)
    acceptance = (path if path.is_dir() else path.parent) / ACCEPTANCE_FILE
    if acceptance.exists() or acceptance.is_symlink():
        yield str(acceptance), False, _found(_acceptance(acceptance))
    else:
        absent = "is not there, so that no issuer is accepted"
        yield str(acceptance), False, [Finding("the file", absent, is_error=False)]


def _list(file: Path, at: datetime) -> Iterator[Finding]:
    from pratique.cli.trust.documents import trust_list_in  # noqa: PLC0415
    from pratique.errors import TrustError  # noqa: PLC0415
    from pratique.reasons import Reason  # noqa: PLC0415
    from pratique.trust.audit import audit_list  # noqa: PLC0415

    document = trust_list_in(options.read_document(file))
    if document is None:
        raise TrustError(Reason.TRUST_LIST_INVALID, "it is another document, and no trust list")
    yield from audit_list(document, at=at)


def _acceptance(file: Path) -> Iterator[Finding]:
    from pratique.codec import json  # noqa: PLC0415
    from pratique.trust.audit import audit_acceptance  # noqa: PLC0415

    yield from audit_acceptance(json.decode(file.read_bytes()))


def _repository(path: Path, at: datetime) -> Iterator[tuple[str, bool, list[Finding]]]:
    """Yield the root that is in use, the signed lists that count, and what is not what was taken in."""
    from pratique.model.dates import rfc3339  # noqa: PLC0415
    from pratique.trust.audit import Finding, audit_loaded, audit_root  # noqa: PLC0415
    from pratique.trust.repository import CLOCK_SKEW, Repository  # noqa: PLC0415

    repository = Repository(path)
    try:
        contents, latest = repository.load(), repository.state().latest
    except PratiqueError as error:
        yield str(path), False, [Finding(error.code, error.detail)]
        return
    root = contents.root
    findings = list(audit_root(root, at=at))
    if at + CLOCK_SKEW < latest:
        findings.append(Finding("the clock", f"it is {rfc3339(at)}, and the folder has seen {rfc3339(latest)}"))
    yield f"root {root.id}, version {root.version}", False, findings
    for each in contents.lists:
        yield f"signed list {each.id}, sequence {each.sequence}", True, _found(audit_loaded(each, at=at))
    for aside in contents.set_aside:
        file = str(path / aside.where)
        yield file, True, [Finding(aside.error.code, aside.error.detail.removeprefix(f"{file}: "))]


def _found(findings: Iterable[Finding]) -> list[Finding]:
    """Return what an audit finds, or why there can be none."""
    from pratique.trust.audit import Finding  # noqa: PLC0415

    try:
        return list(findings)
    except PratiqueError as error:
        return [Finding(error.code, error.detail or error.code.meaning)]
