"""`pratique rules test`: a rule set on cases, each of them a credential that is made for it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click

from pratique.cli import options, output
from pratique.errors import PratiqueError

if TYPE_CHECKING:
    from datetime import datetime

    from pratique.rules import RuleSet
    from pratique.trust.root import Root

_ANSWERS: Final = ("passed", "failed", "inconclusive")
_MEMBERS: Final = {"name", "at", "issued_at", "claims", "show", "expected"}


class _Result(NamedTuple):
    """What a case came to: what was expected, what the rules answered, and what stood in the way."""

    name: str
    expected: str
    answer: str
    detail: str


@click.command(
    epilog=options.examples(
        "pratique rules test entry.json cases.json", "pratique rules test entry.json cases.json --json"
    )
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.argument("cases", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@options.optional_root_option
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON, one a line.")
def command(*, file: Path, root: Root | None, cases: Path, as_json: bool) -> int:
    """Try a rule set on cases, and compare the answers with those expected.

    The cases are a JSON array of {"name", "at", "claims", "expected"}: a credential with these claims (as `pratique
    issue` takes them) is judged at that time. "expected" is passed, failed or inconclusive; "show" limits it to a copy
    that shows just these claims; "issued_at" is when it was issued, if not at that time.

    Exit code 1 where an answer is not as expected.
    """
    from pratique.codec import json  # noqa: PLC0415

    rule_set = options.read_rules(file, root)
    document: Any = json.decode(cases.read_bytes())
    if type(document) is not list or not document:
        raise click.UsageError(f"{cases} is not a JSON array of cases")
    results = [_try(rule_set, case, number) for number, case in enumerate(document, 1)]
    for result in results:
        if as_json:
            output.print_json(result._asdict(), indent=None)
    if not as_json:
        rows = [
            (each.name, each.expected, each.answer, each.detail if each.answer != each.expected else "")
            for each in results
        ]
        output.table(
            ("case", "expected", "answer", ""), rows, colours=["green" if row[1] == row[2] else "red" for row in rows]
        )
    wrong = sum(each.answer != each.expected for each in results)
    output.note(f"{len(results)} cases, {wrong} not as expected")
    return 1 if wrong else 0


def _try(rule_set: RuleSet, case: Any, number: int) -> _Result:
    from pratique.model.dates import parse_datetime  # noqa: PLC0415
    from pratique.rules import Shown  # noqa: PLC0415
    from pratique.rules.judgement import judge, judge_visible  # noqa: PLC0415

    if type(case) is not dict or not case.keys() <= _MEMBERS or not {"at", "claims", "expected"} <= case.keys():
        raise click.UsageError(f"case {number}: its members are {', '.join(sorted(_MEMBERS))}")
    if case["expected"] not in _ANSWERS:
        raise click.UsageError(f"case {number}: expected is one of {', '.join(_ANSWERS)}")
    name = str(case.get("name", number))
    try:
        at = parse_datetime(case["at"])
        issued_at = parse_datetime(case["issued_at"]) if "issued_at" in case else at
        shown = (Shown(_credential(case["claims"], issued_at)),)
    except PratiqueError as error:
        return _Result(name, case["expected"], "error", str(error))
    visible = case.get("show")
    judged = judge(rule_set, shown, at) if visible is None else judge_visible(rule_set, shown, at, frozenset(visible))
    return _Result(name, case["expected"], judged.answer.value, judged.detail)


def _credential(claims: Any, at: datetime) -> Any:
    """Return a credential with these claims, signed by a key of nobody's, and bound to one."""
    from pratique.cose.keys import PrivateKey  # noqa: PLC0415
    from pratique.cose.signer import SoftwareSigner  # noqa: PLC0415
    from pratique.issue import Issuer  # noqa: PLC0415
    from pratique.view import read_issue_request  # noqa: PLC0415

    request = read_issue_request(claims)
    key = PrivateKey.generate("ESP256")
    held = Issuer("https://case.example", signer=SoftwareSigner(key)).issue(
        request.evidence,
        holder=request.holder,
        holder_key=key.public,
        valid_from=request.valid_from,
        valid_until=request.valid_until,
        at=at,
    )
    return held.credential
