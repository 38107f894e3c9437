"""`pratique verify`: the border's question, for one code or for many."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import click

from pratique.cli import options, output, recording, relied
from pratique.cli.request.arguments import Asked
from pratique.errors import PratiqueError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

    from pratique.cli.recording import Recorder
    from pratique.cli.sources import Source
    from pratique.mrz import TravelDocument
    from pratique.report import Report
    from pratique.request import Request, SignedRequest
    from pratique.rules import RuleSet
    from pratique.sdcwt import Challenge
    from pratique.verify import Verifier

EXIT_CODES: Final = {"accept": 0, "reject": 1, "refer": 3}
EXIT_ERROR: Final = 2
_WORST: Final = (EXIT_ERROR, 1, 3, 0)
_COLOURS: Final = {"accept": "green", "refer": "yellow", "reject": "red", "error": "red"}


@dataclass(frozen=True, slots=True)
class _Item:
    """A code that was asked about: where it comes from, and the report, or why there is none."""

    name: str
    result: Report | PratiqueError

    @property
    def exit_code(self) -> int:
        return 2 if isinstance(self.result, PratiqueError) else EXIT_CODES[self.result.verdict]


@dataclass(frozen=True, slots=True)
class _Question:
    """What every code is asked."""

    verifier: Verifier
    at: datetime | None
    document: TravelDocument | None
    compared_by_eye: bool
    rules: RuleSet | None
    rules_path: Path | None
    request: Request | None
    recorder: Recorder | None

    @property
    def challenge(self) -> Challenge | None:
        """Return what a key binding token must answer."""
        return None if self.request is None else self.request.challenge

    def ask(self, sources: Iterable[Source]) -> Iterator[_Item]:
        """Yield an item for each code of the sources, those joined that were printed in parts."""
        from pratique.cli.sources import joined  # noqa: PLC0415 - loads the readers of all formats

        at = self.at or options.now()
        for name, text in joined(sources):
            if isinstance(text, PratiqueError):
                yield _Item(name, text)
                continue
            report = self.verifier.verify(
                text,
                at=at,
                document=self.document,
                compared_by_eye=self.compared_by_eye,
                challenge=self.challenge,
                rules=self.rules,
            )
            if self.recorder is not None:
                self.recorder.keep(report)
            yield _Item(name, report)


@click.command(
    epilog=options.examples(
        "pratique verify card.png --mrz @passport.txt",
        "pratique verify photo.jpg --trust trust/ --at 2026-11-23T12:00:00Z",
        "pratique verify arrivals/ --json > reports.jsonl",
        "pratique verify yellow-card.png dcc.png --together --mrz @passport.txt",
        "pratique verify card.png --bundle kiosk/ --mrz @passport.txt",
        "pratique verify card.png --bundle border.bundle --root root.json --rules entry.json",
        "pratique verify - < scanned.txt",
    )
)
@click.argument("codes", nargs=-1, required=True, metavar="IMAGE|TEXT|FOLDER|-...")
@relied.options
@options.mrz_option
@options.at_option
@click.option(
    "--compared-by-eye", is_flag=True, help="I compared name and birth date with a document: they are the same."
)
@options.rules_option
@click.option("--rule-set", "rule_set_id", metavar="ID", help="Which of the bundle's entry rules are asked.")
@click.option(
    "--request", "asked", type=Asked(), metavar="TEXT|FILE", help="This desk's request, which a wallet's answer is for."
)
@click.option("--together", is_flag=True, help="All codes are one traveller's: join them, and answer with one verdict.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON; of many codes, one line each.")
@recording.option
def command(  # noqa: PLR0913 - one for each option
    *,
    codes: tuple[str, ...],
    document: TravelDocument | None,
    at: datetime | None,
    compared_by_eye: bool,
    rules_path: Path | None,
    rule_set_id: str | None,
    asked: SignedRequest | None,
    together: bool,
    as_json: bool,
    record_path: Path | None,
    **relied_on: Any,
) -> int:
    """Verify the codes in pictures, folders of pictures, text files, the text of a code, or stdin (-).

    One code gives a report; several give a table. The parts of one code may be in several pictures. With --together all
    codes are one traveller's: joined by the travel document, else by name and birth date. Nothing is fetched: all that
    counts is in the trust folder, or in the bundle; a bundle's entry rules are asked too, unless --rules gives others.

    Exit code: 0 accept, 1 reject, 2 usage or unreadable input, 3 refer to a person; of many codes the worst, in the
    order 2, 1, 3, 0, but with --together that of the one verdict, which is about what could be read: 2 where anything
    could not.
    """
    from pratique.cli.sources import expand  # noqa: PLC0415 - loads the readers of all formats

    moment = at or options.now()
    verifier, rule_sets, advice = relied.relied(**relied_on)
    if rules_path is None:
        rules = relied.chosen(rule_sets, rule_set_id, moment)
    elif rule_set_id is None:
        root_path = relied_on["root_path"]
        rules = options.read_rules(rules_path, None if root_path is None else options.read_root(root_path))
    else:
        raise click.UsageError("--rules gives a file, --rule-set names one of the bundle's: give one of them")
    request = None if asked is None else _own(asked, rules, moment)
    recorder = recording.recorder(record_path, rules, request)
    question = _Question(verifier, at, document, compared_by_eye, rules, rules_path, request, recorder)
    if codes == ("-",) and sys.stdin.isatty():
        if request is not None:
            raise click.UsageError("a request is for one traveller, and a scanner for many: give --request one answer")
        return _desk(question, advice, as_json=as_json)
    sources, many = expand(codes)
    if together:
        exit_code = _together(question, sources, as_json=as_json)
    elif many:
        exit_code = _many(question, sources, as_json=as_json)
    else:
        items = list(question.ask(sources))
        exit_code = (
            _print_many(items, as_json=as_json) if len(items) > 1 else _print_one(items[0], question, as_json=as_json)
        )
    output.advise(advice)
    return exit_code


def _own(asked: SignedRequest, rules: RuleSet | None, at: datetime) -> Request:
    """Return the request of this desk, which proves it to itself by having it; that it fits the rules is checked."""
    from pratique.model.dates import rfc3339  # noqa: PLC0415

    request = asked.unverified()
    if rules is not None and request.rule_set_sha256 != rules.sha256:
        raise click.UsageError(f"the request goes by {request.rule_set}, in another edition or not these rules")
    if at >= request.expires_at:
        output.warn(f"the request ended {rfc3339(request.expires_at)}: make a new one for each traveller")
    return request


def _desk(question: _Question, advice: str, *, as_json: bool) -> int:
    """Answer every code as a scanner types it, until the end of input, and return the worst exit code."""
    from pratique.cli.sources import Source  # noqa: PLC0415

    output.advise(advice)
    output.note("Scan codes, one a line; end with Ctrl-D.")
    exit_codes = {0}
    for line in sys.stdin:
        if text := line.rstrip("\r\n"):
            (item,) = question.ask([Source.of("scanner", text)])
            exit_codes.add(item.exit_code)
            _print_one(item, question, as_json=as_json)
    return _worst(exit_codes)


def _worst(exit_codes: set[int]) -> int:
    return next(code for code in _WORST if code in exit_codes)


def _together(question: _Question, sources: list[Source], *, as_json: bool) -> int:
    """Ask about all codes as one traveller's, and answer for each and for all."""
    from pratique.cli.together import print_joined, shown  # noqa: PLC0415

    session = question.verifier.session(
        at=question.at or options.now(),
        document=question.document,
        compared_by_eye=question.compared_by_eye,
        challenge=question.challenge,
        rules=question.rules,
    )
    named, unreadable = shown(session, sources)
    items = [_Item(name, report) for name, report in named] + [_Item(*fault) for fault in unreadable]
    _print_many(items, as_json=as_json)
    if not named:
        return EXIT_ERROR
    report = session.report()
    if question.recorder is not None:
        question.recorder.keep(report)
    print_joined(report, question.rules, as_json=as_json)
    if unreadable:
        output.warn(f"{len(unreadable)} of what was given could not be read: the verdict is about the rest")
    return EXIT_ERROR if unreadable else EXIT_CODES[report.verdict]


def _print_one(item: _Item, question: _Question, *, as_json: bool) -> int:
    result = item.result
    if isinstance(result, PratiqueError):
        if not as_json:
            raise result
        output.print_json(output.error_view(result))
    elif as_json:
        from pratique.view import report_view  # noqa: PLC0415 - not to print for people

        output.print_json(report_view(result))
    else:
        from pratique.cli.report import print_report  # noqa: PLC0415

        print_report(result, question.rules, question.rules_path)
    return item.exit_code


def _many(question: _Question, sources: list[Source], *, as_json: bool) -> int:
    """Ask about every source, with a progress bar where somebody looks at a terminal."""
    if not sys.stderr.isatty():
        return _print_many(question.ask(sources), as_json=as_json)
    with click.progressbar(sources, label="Verifying", file=sys.stderr) as bar:
        items = list(question.ask(bar))
    return _print_many(items, as_json=as_json)


def _print_many(items: Iterator[_Item] | list[_Item], *, as_json: bool) -> int:
    exit_codes = {0}
    rows = []
    for item in items:
        exit_codes.add(item.exit_code)
        if as_json:
            output.print_json({"source": item.name, **_view(item.result)}, indent=None)
        else:
            rows.append(_row(item))
    if not as_json:
        output.table(
            ("code", "format", "kind", "country", "verdict", "reason"), rows, colours=[_COLOURS[row[4]] for row in rows]
        )
        counts = {verdict: sum(row[4] == verdict for row in rows) for verdict in _COLOURS}
        click.echo(f"\n{len(rows)} codes: " + ", ".join(f"{number} {verdict}" for verdict, number in counts.items()))
    return _worst(exit_codes)


def _view(result: Report | PratiqueError) -> dict[str, object]:
    if isinstance(result, PratiqueError):
        return output.error_view(result)
    from pratique.view import report_view  # noqa: PLC0415

    return report_view(result)


def _row(item: _Item) -> tuple[str, ...]:
    """Return file, format, kind, issuer's country, verdict and the code that it hangs on."""
    result = item.result
    if isinstance(result, PratiqueError):
        return (item.name, "-", "-", "-", "error", result.code.value)
    kinds = "-" if result.credential is None else ", ".join(fact.kind for fact in result.credential.evidence)
    country = "-" if result.issuer is None else result.issuer.country
    reason = "-" if result.verdict == "accept" else result.decisive.code.value
    return (item.name, result.format or "-", kinds, country, result.verdict.value, reason)
