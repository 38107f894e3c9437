"""`pratique issue`: claims in JSON in, signed credentials and QR codes out; one, or a batch."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from pratique import files
from pratique.cli import cards, options, output, signers
from pratique.errors import ClaimError, DecodeError, KeyMaterialError, PratiqueError
from pratique.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from pratique.cose.keys import PublicKey
    from pratique.cose.pkcs11_uri import Pkcs11Uri
    from pratique.cose.signer import Signer
    from pratique.issue import Issuer
    from pratique.mrz import TravelDocument
    from pratique.present import HeldCredential

_HELD: Final = 0o600  # the holder's copy opens every claim
_BESIDE: Final = ("mrz", "holder_key", "status_index")
"""Members that an item of a batch may have beside its claims, in the place of the options of that name."""
_NO_BINDING: Final = "a credential is bound to exactly one of a travel document and a holder's key"


@dataclass(frozen=True, slots=True)
class _Desk:
    """Who issues, when, and what is the same for every credential of this run."""

    issuer: Issuer
    at: datetime
    document: TravelDocument | None
    holder_key: PublicKey | None
    status_uri: str | None
    status_index: int | None

    def issue(self, item: Any) -> HeldCredential:
        """Return the credential of one item. Raises: PratiqueError."""
        from pratique.cose.keys import PublicKey  # noqa: PLC0415
        from pratique.model import StatusReference  # noqa: PLC0415
        from pratique.mrz import parse_mrz  # noqa: PLC0415
        from pratique.view import read_issue_request  # noqa: PLC0415

        claims = dict(item) if isinstance(item, dict) else item
        beside = {name: claims.pop(name) for name in _BESIDE if name in claims} if isinstance(claims, dict) else {}
        document = parse_mrz(str(beside["mrz"])) if "mrz" in beside else self.document
        key = self.holder_key
        if "holder_key" in beside:
            if not isinstance(beside["holder_key"], dict):
                raise ClaimError(Reason.CLAIMS_INVALID, "holder_key is not a JWK")
            key = PublicKey.from_jwk(beside["holder_key"])
        index = beside.get("status_index", self.status_index)
        if (document is None) == (key is None):
            raise ClaimError(
                Reason.CLAIMS_INVALID, _NO_BINDING, hint="give --mrz or --holder-key; in a batch each item has its own"
            )
        if (self.status_uri is None) != (index is None) or (index is not None and type(index) is not int):
            raise ClaimError(
                Reason.CLAIMS_INVALID, "a status is an address and a number: --status-uri and --status-index"
            )
        request = read_issue_request(claims)
        return self.issuer.issue(
            request.evidence,
            at=self.at,
            document=document,
            holder_key=key,
            holder=request.holder,
            valid_from=request.valid_from,
            valid_until=request.valid_until,
            status=None if self.status_uri is None or index is None else StatusReference(self.status_uri, index),
        )


@click.command(
    epilog=options.examples(
        "pratique issue claims.json --key issuer.pem --issuer https://health.example --mrz @passport.txt "
        "--out held.pq1 --qr card.png",
        "pratique issue claims.json --key issuer.pem --issuer https://health.example --mrz @passport.txt "
        "--qr card.svg --show event.date --show event.product",
        "pratique issue batch.jsonl --key issuer.pem --issuer https://health.example --out-dir issued/ --cards png",
    )
)
@click.argument("claims", metavar="CLAIMS.json|-")
@signers.key_option("of the issuer")
@signers.password_option
@click.option(
    "--issuer", "issuer_id", required=True, metavar="URI", help="Identifier of the issuer, as trust lists name it."
)
@options.mrz_option
@click.option(
    "--holder-key", type=click.Path(path_type=Path), metavar="FILE", help="Public key of the holder, in place of --mrz."
)
@click.option(
    "--at",
    type=options.Moment(),
    metavar="TIME",
    help="Time of issue; its day goes into the credential.  [default: now]",
)
@click.option("--status-uri", metavar="URI", help="Status list on which it can be revoked.")
@click.option("--status-index", type=click.IntRange(min=0), metavar="N", help="Its place on that list.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="HELD.pq1",
    help="File for the holder's copy.  [default: stdout]",
)
@click.option("--qr", type=cards.Picture(), metavar="FILE", help="Picture (.png, .svg) that shows what --show names.")
@options.show_option
@click.option(
    "--out-dir",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Batch: folder for 000001.pq1 and so on.",
)
@click.option("--cards", "card_format", type=click.Choice(["png", "svg"]), help="Batch: also a picture of each.")
@options.force_option
@click.option("--json", "as_json", is_flag=True, help="Print the credential as JSON, claims and texts.")
def command(  # noqa: PLR0913 - one for each option
    *,
    claims: str,
    key: Path | Pkcs11Uri,
    password: bytes | None,
    issuer_id: str,
    document: TravelDocument | None,
    holder_key: Path | None,
    at: datetime | None,
    status_uri: str | None,
    status_index: int | None,
    out: Path | None,
    qr: Path | None,
    show: tuple[str, ...],
    out_dir: Path | None,
    card_format: str | None,
    force: bool,
    as_json: bool,
) -> int:
    """Issue credentials: claims in JSON in, out the holder's full copy and a picture that shows what --show names.

    The claims follow credential.schema.json, #/$defs/issue-request: {"event": {"kind": "vaccination", "target": "1D47",
    "date": "2026-03-14", "dose": [1, 1]}, "holder": {"name": "ERIKSSON<<ANNA<MARIA", "birth_date": "1974-08-12"}}.

    A JSON array or a JSON Lines file is a batch, in which each item has its own "mrz" or "holder_key" (JWK), and with
    --status-uri its "status_index". A faulty item is reported by its number, and the rest goes on; then the exit code
    is 2.
    """
    from pratique.cose.keys import PublicKey  # noqa: PLC0415
    from pratique.trust.importers.single import read_material  # noqa: PLC0415

    material = None if holder_key is None else read_material(options.read_small(holder_key))
    if material is not None and not isinstance(material, PublicKey):
        raise click.UsageError("--holder-key is a public key, not a certificate")
    items = _items(claims)
    desk = _Desk(
        _issuer(issuer_id, signers.open_signer(key, password)),
        at or options.now(),
        document,
        material,
        status_uri,
        status_index,
    )
    if not isinstance(items, dict):
        if out_dir is None or out is not None or qr is not None:
            raise click.UsageError("a batch is written with --out-dir, and --cards for pictures")
        return _batch(desk, items, out_dir, card_format, show, force=force)
    if out_dir is not None or card_format is not None:
        raise click.UsageError("--out-dir and --cards are for batches: a JSON array, or JSON Lines")
    held = desk.issue(items)
    shown = held.present(disclose=show)
    if qr is not None:
        output.write_new(qr, cards.draw(shown, qr.suffix), force=force)
    if out is not None:
        output.write_new(out, f"{held.text}\n".encode(), force=force, mode=_HELD)
    _say(held, shown, out=out, qr=qr, show=show, as_json=as_json)
    return 0


def _say(  # noqa: PLR0913 - what was written where
    held: HeldCredential, shown: str, *, out: Path | None, qr: Path | None, show: tuple[str, ...], as_json: bool
) -> None:
    """Print what was issued: JSON, or the holder's copy where it went to no file; and for people, what is where."""
    if as_json:
        from pratique.view import credential_view  # noqa: PLC0415

        output.print_json(
            {
                "credential": credential_view(held.credential),
                "disclosable": list(held.disclosable),
                "held": held.text,
                "shown": shown,
            }
        )
    elif out is None:
        click.echo(held.text)
    if out is not None:
        output.note(f"{out}: the holder's copy, which opens every claim: {', '.join(held.disclosable) or 'none'}")
    if qr is not None:
        output.note(f"{qr}: the code to show; beyond what is always shown it shows {', '.join(show) or 'nothing'}")


def _issuer(issuer_id: str, signer: Signer) -> Issuer:
    from pratique.issue import Issuer  # noqa: PLC0415

    try:
        return Issuer(issuer_id, signer=signer)
    except ValueError:
        raise KeyMaterialError(
            Reason.KEY_UNSUITABLE,
            f"no credential is signed by {signer.algorithm.name}",
            hint="make a key with pratique keygen",
        ) from None


def _items(claims: str) -> Any:
    """Return the item of a JSON object, or the items of an array or of JSON Lines. Raises: DecodeError, OSError."""
    from pratique.codec import json  # noqa: PLC0415

    data = sys.stdin.buffer.read(json.MAX_BYTES + 1) if claims == "-" else files.read(Path(claims), json.MAX_BYTES)
    lines = [line for line in data.splitlines() if line.strip()]
    if len(lines) > 1 and all(line.lstrip().startswith(b"{") for line in lines[:2]):
        return lines
    value = json.decode(data)
    if not isinstance(value, dict | list):
        raise DecodeError(Reason.JSON_SCHEMA, "claims are an object, an array of objects, or one object a line")
    return value


def _batch(  # noqa: PLR0913 - what is written where
    desk: _Desk, items: list[Any], folder: Path, card_format: str | None, show: tuple[str, ...], *, force: bool
) -> int:
    """Issue every item, and return the exit code: 2 where one is faulty."""
    folder.mkdir(parents=True, exist_ok=True)
    faults: list[tuple[int, PratiqueError]] = []
    for number, item in _with_progress(items):
        try:
            held = desk.issue(_decoded(item))
            name = folder / f"{number:06}.pq1"
            card = None if card_format is None else cards.draw(held.present(disclose=show), f".{card_format}")
        except PratiqueError as error:
            faults.append((number, error))
            continue
        output.write_new(name, f"{held.text}\n".encode(), force=force, mode=_HELD)
        if card is not None:
            output.write_new(name.with_suffix(f".{card_format}"), card, force=force)
    for number, fault in faults:
        output.complain(f"item {number}: {fault}", fault.hint)
    output.note(f"{len(items) - len(faults)} of {len(items)} credentials issued to {folder}")
    return 2 if faults else 0


def _decoded(item: Any) -> Any:
    from pratique.codec import json  # noqa: PLC0415

    return json.decode(item) if isinstance(item, bytes) else item


def _with_progress(items: list[Any]) -> Iterator[tuple[int, Any]]:
    """Yield items with their numbers from 1, with a bar where somebody looks at a terminal."""
    if not sys.stderr.isatty():
        yield from enumerate(items, 1)
        return
    with click.progressbar(items, label="Issuing", file=sys.stderr) as bar:
        yield from enumerate(bar, 1)
