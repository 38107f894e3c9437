"""`pratique demo`: the whole story on one screen, with files to play on."""

from __future__ import annotations

import shlex
import shutil
import sys
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from pratique.cli import options, output

if TYPE_CHECKING:
    from datetime import datetime

    from pratique.cose.keys import PrivateKey
    from pratique.mrz import TravelDocument
    from pratique.present import HeldCredential
    from pratique.report import Report
    from pratique.rules import RuleSet

ISSUER: Final = "https://health.utopia.example"
_NAME: Final = "Ministry of Health of Utopia"
_BORDER: Final = "https://border.utopia.example"
_MARK: Final = "DEMO.txt"
_MARK_TEXT: Final = (
    "Made by `pratique demo`, which makes the files in this folder anew whenever it runs. Nothing here is real.\n"
)
_PROTECTED_AFTER: Final = timedelta(days=100)
"""How long ago the vaccination was: long enough to count, which takes yellow fever ten days."""


@dataclass(frozen=True, slots=True)
class _Folder:
    """Where each file of the demonstration is."""

    path: Path

    def __getattr__(self, name: str) -> Path:
        return self.path / _FILES[name]


_FILES: Final = {
    "key": "issuer.pem",
    "public": "issuer.pub.pem",
    "claims": "claims.json",
    "passport": "passport.txt",
    "held": "held.pq1",
    "card": "card.png",
    "forged": "forged.png",
    "trust": "trust",
    "rules": "entry.json",
    "desk": "border.pem",
    "verifiers": "verifiers.json",
    "greedy": "greedy.txt",
    "mark": _MARK,
}


@click.command(epilog=options.examples("pratique demo", "pratique demo --dir /tmp/yellow-card"))
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    default=Path("pratique-demo"),
    show_default=True,
    help="Folder for the files that it makes.",
)
def command(*, folder: Path) -> int:
    """Play the whole story: an issuer, a traveller with a yellow card, a border and its rules, a finder, a forger.

    It makes a key, a trust folder, entry rules, a yellow fever vaccination bound to a specimen passport, and its QR
    code, verifies that code as a border would, asks for too much, and says which commands to try next.
    """
    from pratique.mrz import parse_mrz  # noqa: PLC0415 - `--help` needs none of the library

    at = options.now()
    files = _prepared(folder)
    click.secho("pratique demo: one traveller, one vaccination, one border", bold=True)

    _step(1, "A ministry of health makes a key to sign with.")
    key = _make_key(files)
    output.pairs([("private", f"{files.key} (its owner alone can read it)"), ("public", str(files.public))], indent=5)

    _step(2, "It attests a yellow fever vaccination, bound to the passport of Anna Maria Eriksson.")
    document = parse_mrz(_write_passport(files, at.date()))
    held = _issue(files, key, document, at)
    output.pairs(
        [("claims", str(files.claims)), ("passport", str(files.passport)), ("her copy", str(files.held))], indent=5
    )

    _step(3, "A border publishes what it asks of travellers.")
    rules = _publish(files, at)

    _step(4, "She shows a QR code that says just what these rules need.")
    _draw(files, held, rules, at)

    _step(5, "The border trusts the ministry, for yellow fever and nothing else.")
    _trust(files, key, at)
    output.pairs([("trust", f"{files.trust}/ (trust list and acceptance)")], indent=5)

    _step(6, "An officer scans the code, with the passport in hand.")
    click.echo()
    _print_report(_verify(files, files.card, at, document, rules), files, rules)

    _step(7, "Somebody finds the code, and has no passport to it: nothing in it says whose it is.")
    _print_short(_verify(files, files.card, at, None, rules))

    _step(8, "Somebody turns yellow fever into polio in it, and keeps the passport.")
    _print_short(_verify(files, files.forged, at, document, rules))

    _step(9, "A desk of the border asks for her name and batch too. Her wallet refuses.")
    _ask_too_much(files, rules, at)

    click.echo()
    click.secho("Try next", bold=True)
    for what, line in _commands(files):
        click.echo(f"  {click.style(f'# {what}', dim=True)}\n  {line}")
    return 0


def _step(number: int, text: str) -> None:
    click.echo()
    click.echo(f"  {click.style(str(number), bold=True)}  {text}")


def _prepared(folder: Path) -> _Folder:
    """Return the folder, made where it was not; a folder that something else made is left alone."""
    files = _Folder(folder)
    if folder.is_dir() and any(folder.iterdir()) and not files.mark.exists():
        raise click.UsageError(f"{folder} has other files in it; give --dir a new folder")
    files.trust.mkdir(parents=True, exist_ok=True)
    _write(files.mark, _MARK_TEXT)
    return files


def _write(path: Path, content: str | bytes, mode: int = 0o644) -> None:
    output.write_new(path, content.encode() if isinstance(content, str) else content, force=True, mode=mode)


def _make_key(files: _Folder) -> PrivateKey:
    from pratique.cose.keys import PrivateKey  # noqa: PLC0415

    key = PrivateKey.generate()
    _write(files.key, key.to_pem(), 0o600)
    _write(files.public, key.public.to_pem())
    return key


def _write_passport(files: _Folder, today: date) -> str:
    """Return the zone of the specimen passport of ICAO Doc 9303, with an expiry date to come."""
    from pratique.mrz import td3  # noqa: PLC0415

    zone = td3(
        issuing_state="UTO",
        surname="ERIKSSON",
        given_names="ANNA MARIA",
        document_number="L898902C3",
        nationality="UTO",
        birth_date=date(1974, 8, 12),
        sex="F",
        expiry_date=date(today.year + 5, 4, 15),
    )
    _write(files.passport, f"{zone}\n")
    return zone


def _claims(vaccinated: date) -> dict[str, Any]:
    """Return what the ministry attests, as `pratique issue` reads it."""
    return {
        "event": {
            "kind": "vaccination",
            "target": "1D47",
            "date": str(vaccinated),
            "product": "who-pq|YellowFeverProductd8a09f80301dc05e124f99ffe7711fc0",
            "dose": [1, 1],
            "country": "UTO",
            "centre": "Port Clinic",
            "batch": "YF-2041",
        },
        "holder": {"name": "ERIKSSON<<ANNA<MARIA", "birth_date": "1974-08-12", "sex": "F", "nationality": "UTO"},
    }


def _issue(files: _Folder, key: PrivateKey, document: TravelDocument, at: datetime) -> HeldCredential:
    from pratique.codec import json  # noqa: PLC0415
    from pratique.cose.signer import SoftwareSigner  # noqa: PLC0415
    from pratique.issue import Issuer  # noqa: PLC0415
    from pratique.view import read_issue_request  # noqa: PLC0415

    claims = _claims((at - _PROTECTED_AFTER).date())
    _write(files.claims, json.encode(claims))
    request = read_issue_request(claims)
    held = Issuer(ISSUER, signer=SoftwareSigner(key)).issue(
        request.evidence, at=at, document=document, holder=request.holder
    )
    _write(files.held, f"{held.text}\n", 0o600)
    return held


def _publish(files: _Folder, at: datetime) -> RuleSet:
    """Write the border's rules, in force this year and the next; print what they ask."""
    from pratique.cli.request.words import claims_text  # noqa: PLC0415
    from pratique.codec import json  # noqa: PLC0415
    from pratique.request.consideration import kept  # noqa: PLC0415
    from pratique.rules import RuleSet  # noqa: PLC0415
    from pratique.rules.minimum import minimum  # noqa: PLC0415
    from pratique.rules.ready_made import text  # noqa: PLC0415

    years = {"valid_from": f"{at.year}-01-01T00:00:00Z", "valid_to": f"{at.year + 2}-01-01T00:00:00Z"}
    rules = RuleSet.from_json({**json.decode(text("yellow-fever-entry")), **years})
    _write(files.rules, json.encode(rules.document))
    output.pairs(
        [
            ("rules", f"{files.rules} ({rules.id} {rules.edition})"),
            ("by law", rules.legal_basis["en"]),
            ("need", claims_text(minimum(rules))),
            ("kept", kept(rules.retention)),
        ],
        indent=5,
    )
    return rules


def _draw(files: _Folder, held: HeldCredential, rules: RuleSet, at: datetime) -> None:
    """Write the code that she shows, and a forged one; print what the first shows."""
    from pratique.cli.claims import always_rows  # noqa: PLC0415
    from pratique.qr import render, text  # noqa: PLC0415

    shown = held.present(rules=rules, at=at)
    forged = text.encode(text.decode(shown).replace(b"1D47", b"1C81"))
    _write(files.card, render.png(shown))
    _write(files.forged, render.png(forged))
    side = render.modules(shown)
    output.pairs([("picture", f"{files.card} ({side} x {side} modules)"), *always_rows(held.credential)], indent=5)
    hidden = ", ".join(name.partition(".")[2].replace("_", " ") for name in held.disclosable)
    output.paragraph(f"Hidden, each under a salted hash that only she can open: {hidden}.", indent=5)


def _trust(files: _Folder, key: PrivateKey, at: datetime) -> None:
    from pratique.codec import json  # noqa: PLC0415
    from pratique.trust.entries import Limits, key_entry, with_acceptance, with_key  # noqa: PLC0415

    limits = Limits(
        kinds=frozenset({"vaccination"}),
        targets=frozenset({"1D47"}),
        not_before=at.replace(hour=0, minute=0, second=0),
        not_after=at + timedelta(days=730),
    )
    entry = key_entry(key.public, format_="pratique", limits=limits)
    trust_list = with_key(None, entry, issuer=ISSUER, country="UTO", name=_NAME, at=at)
    acceptance, _ = with_acceptance(None, issuer=ISSUER, country="UTO", format_="pratique")
    _write(files.trust / "local.trust.json", json.encode(trust_list))
    _write(files.trust / "acceptance.json", json.encode(acceptance))


def _ask_too_much(files: _Folder, rules: RuleSet, at: datetime) -> None:
    """Write a request for more than the rules read, and her list of verifiers; print how her wallet answers."""
    from pratique.codec import json  # noqa: PLC0415
    from pratique.cose.keys import PrivateKey  # noqa: PLC0415
    from pratique.cose.signer import SoftwareSigner  # noqa: PLC0415
    from pratique.model.dates import rfc3339  # noqa: PLC0415
    from pratique.request import Request, VerifierList, consider, read  # noqa: PLC0415

    desk = PrivateKey.generate()
    listed = {
        "id": _BORDER,
        "country": "UTO",
        "names": {"en": "Border of Utopia"},
        "keys": [{"public_key": desk.public.jwk}],
        "purposes": [rules.purpose],
        "max_retention": "P0D",
    }
    verifiers = {"id": "verifiers", "sequence": 1, "issued_at": rfc3339(at), "verifiers": [listed]}
    asked = Request.for_rules(
        rules,
        verifier=_BORDER,
        names={"en": "Border of Utopia"},
        audience=_BORDER,
        at=at,
        valid_for=timedelta(days=1),
        claims=("holder.name", "event.batch"),
    ).sign(SoftwareSigner(desk))
    _write(files.desk, desk.to_pem(), 0o600)
    _write(files.verifiers, json.encode(verifiers))
    _write(files.greedy, f"{asked}\n")
    found = consider(read(asked), verifiers=VerifierList.from_json(verifiers), rule_set=rules, at=at)
    output.pairs([("request", str(files.greedy)), ("verifiers", f"{files.verifiers} (whom she lets ask)")], indent=5)
    for refusal in found.refusals:
        lead = f"     {click.style('REFUSED', bold=True, fg='red')}  "
        output.paragraph(f"{refusal.code.value}: {refusal.sentence} {refusal.code.advice}", lead=lead, indent=5)


def _verify(files: _Folder, picture: Path, at: datetime, document: TravelDocument | None, rules: RuleSet) -> Report:
    """Return the report on a picture, from files alone, as `pratique verify` does it."""
    from pratique.qr.read import read  # noqa: PLC0415
    from pratique.trust import TrustStore  # noqa: PLC0415
    from pratique.verify import Verifier  # noqa: PLC0415

    (text,) = read(picture)
    return Verifier(TrustStore.load(files.trust)).verify(text, at=at, document=document, rules=rules)


def _print_report(report: Report, files: _Folder, rules: RuleSet) -> None:
    from pratique.cli.report import print_report  # noqa: PLC0415

    print_report(report, rules, files.rules)


def _print_short(report: Report) -> None:
    from pratique.cli.report import COLOURS  # noqa: PLC0415

    decisive = report.decisive
    verdict = click.style(report.verdict.value.upper(), bold=True, fg=COLOURS[report.verdict])
    click.echo(f"     {verdict}  {decisive.code.value}: {output.safe(decisive.sentence)}")


def _program() -> str:
    """Return how this program is called: by its name where the shell finds it, else by the path it was called with."""
    called = Path(sys.argv[0])
    return "pratique" if called.name != "pratique" or shutil.which("pratique") else shlex.quote(str(called))


def _commands(files: _Folder) -> list[tuple[str, str]]:
    pratique = _program()
    path = {name: shlex.quote(str(getattr(files, name))) for name in _FILES}
    mine = shlex.quote(str(files.path / "with-date.png"))
    mrz, trust = f"--mrz @{path['passport']}", f"--trust {path['trust']}"
    rules, verifiers = f"--rules {path['rules']}", f"--verifiers {path['verifiers']}"
    return [
        ("the border again", f"{pratique} verify {path['card']} {mrz} {trust} {rules}"),
        ("in twelve years", f"{pratique} verify {path['card']} {mrz} {trust} --at 2038-12-01"),
        ("what a stranger sees in it", f"{pratique} inspect {path['card']}"),
        ("what the border's rules ask, in words", f"{pratique} rules explain {path['rules']}"),
        ("the code that they need", f"{pratique} present {path['held']} {rules}"),
        (
            "her wallet, asked for too much",
            f"{pratique} present {path['held']} --request {path['greedy']} {rules} {verifiers}",
        ),
        ("what she could show", f"{pratique} present {path['held']} --list"),
        ("a code that shows the date too", f"{pratique} present {path['held']} --show event.date --qr {mine} --force"),
        ("everything in the folder at once", f"{pratique} verify {shlex.quote(str(files.path))} {mrz} {trust}"),
        ("issue another", f"{pratique} issue {path['claims']} --key {path['key']} --issuer {ISSUER} {mrz} --json"),
        ("whom the border trusts", f"{pratique} trust show {trust}"),
    ]
