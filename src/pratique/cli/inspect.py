"""`pratique inspect`: what is in a code, layer by layer, whether anybody vouches for it or not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from pratique.cli import options, output
from pratique.errors import PratiqueError, UnsupportedError

if TYPE_CHECKING:
    from pratique.formats import Envelope, Reader
    from pratique.model import Credential
    from pratique.report import Report

EXIT_ERROR: Final = 2
_UNVERIFIED: Final = "UNVERIFIED: anybody can write what follows."


@click.command(
    epilog=options.examples(
        "pratique inspect card.png",
        "pratique inspect held.pq1 --json",
        "pratique inspect card.png --trust trust/",
    )
)
@click.argument("codes", nargs=-1, required=True, metavar="IMAGE|TEXT|-...")
@options.trust_option
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON; of several codes, one line each.")
def command(*, codes: tuple[str, ...], trust_path: Path | None, as_json: bool) -> int:
    """Show what is in a code: its layers, what it always shows, what was disclosed, how much stays closed.

    The first line says whether a key of the trust folder verifies the signature. That is no verdict: for one, with
    validity, acceptance and the traveller's document, see pratique verify. The parts of one code may be in several
    pictures.
    """
    from pratique.cli.sources import expand, joined  # noqa: PLC0415 - loads the readers of all formats

    if any(code and Path(code).is_dir() for code in codes):
        raise click.UsageError("inspect takes pictures and texts; verify takes folders")
    found = [*joined(expand(codes)[0])]
    failed = False
    for name, text in found:
        try:
            if isinstance(text, PratiqueError):
                raise text
            _inspect(text, trust_path, as_json=as_json, indent=2 if len(found) == 1 else None)
        except PratiqueError as error:
            if len(found) == 1:
                raise
            output.complain(f"{name}: {error}", error.hint)
            failed = True
    return EXIT_ERROR if failed else 0


def _inspect(text: str, trust_path: Path | None, *, as_json: bool, indent: int | None) -> None:
    """Print one code. Raises: PratiqueError: it cannot be taken apart, or its content cannot be read."""
    from pratique import formats  # noqa: PLC0415
    from pratique.verify import Verifier  # noqa: PLC0415

    reader, text = formats.recognise(text)
    envelope = reader.envelope(text)
    report = Verifier(options.load_trust(trust_path)[0]).verify(text, at=options.now())
    if as_json:
        output.print_json(_view(reader, envelope, report, text), indent=indent)
        return
    _print_signature(report)
    try:
        credential = report.credential or envelope.read()
    except UnsupportedError as error:  # the layers are in order; what they hold is known, and not read
        _print_layers(reader, envelope, text, envelope.formats[0])
        output.heading("Content")
        output.paragraph(f"{error.code.meaning} ({error.detail})" if error.detail else error.code.meaning, indent=2)
        return
    _print_layers(reader, envelope, text, credential.format)
    _print_claims(credential)
    if reader.prefix == _own_prefix():
        _print_disclosures(credential, text)


def _print_signature(report: Report) -> None:
    from pratique.report import Outcome, Step  # noqa: PLC0415

    if report.issuer is not None:
        issuer = report.issuer
        click.secho(
            output.safe(
                f"SIGNATURE VERIFIED by a key of {issuer.name()} ({issuer.country}), list {issuer.trust_list}."
            ),
            bold=True,
            fg="green",
        )
        output.paragraph("This is no verdict: see pratique verify.")
        return
    if report.check(Step.SIGNATURE).outcome is Outcome.PASSED:
        click.secho("SIGNATURE VERIFIED by a trusted key, but nothing in the code can be used.", bold=True, fg="yellow")
        return
    failed = next((check for check in report.checks if check.outcome is Outcome.FAILED), None)
    click.secho(_UNVERIFIED, bold=True, fg="yellow" if failed is None or failed.step is Step.TRUST else "red")
    if failed is not None:
        output.paragraph(failed.sentence)


def _print_layers(reader: Reader, envelope: Envelope, text: str, format_: str) -> None:
    rows = [
        ("format", f"{reader.titles.get(format_, reader.title)} ({format_}), {reader.prefix}"),
        ("text", f"{len(text)} characters"),
        ("algorithm", envelope.algorithm.name),
        ("key id", output.key_id(envelope.key_id) or "absent"),
        ("signed", f"{len(envelope.to_be_signed)} bytes"),
        ("signature", f"{len(envelope.signature)} bytes"),
    ]
    output.heading("Layers")
    output.pairs(rows)


def _print_claims(credential: Credential) -> None:
    from pratique.cli.claims import event_rows, frame_rows, holder_rows  # noqa: PLC0415

    output.heading("Credential")
    output.pairs(frame_rows(credential))
    output.heading("Fact")
    output.pairs(event_rows(credential))
    if rows := holder_rows(credential):
        output.heading("Holder")
        output.pairs(rows)


def _own_prefix() -> str:
    from pratique.qr.text import PREFIX  # noqa: PLC0415

    return PREFIX


def _print_disclosures(credential: Credential, text: str) -> None:
    output.heading("Selective disclosure")
    names = _disclosed(text)
    shown = ", ".join(names) or "nothing beyond what every copy shows"
    closed = (
        f"up to {credential.withheld} entries; this copy does not say how many, or what"
        if credential.withheld
        else "nothing"
    )
    output.pairs([("disclosed", shown), ("stays closed", closed)])


def _disclosed(text: str) -> list[str]:
    """Return the names of the claims that one of our own codes shows beyond what every copy does."""
    from pratique.formats import pratique, profile  # noqa: PLC0415

    opened = set(pratique.envelope(text).open().paths.values())
    return [name for name, path in profile.PATHS.items() if path in opened]


def _view(reader: Reader, envelope: Envelope, report: Report, text: str) -> dict[str, Any]:
    """Return what is in a code as JSON. Raises: PratiqueError: its content cannot be read."""
    from pratique.view import credential_view, report_view  # noqa: PLC0415

    credential = report.credential or envelope.read()
    view: dict[str, Any] = {
        "signature_verified": report.credential is not None,
        **({} if report.credential is not None else {"reason": report.decisive.code.value}),
        "format": credential.format,
        "characters": len(text),
        "algorithm": envelope.algorithm.name,
        "key_id": envelope.key_id.hex(),
        "signed_bytes": len(envelope.to_be_signed),
        "signature_bytes": len(envelope.signature),
        "credential": credential_view(credential),
    }
    if reader.prefix == _own_prefix():
        view["disclosed"] = _disclosed(text)
    if report.issuer is not None:
        view["issuer"] = report_view(report)["issuer"]
    return view
