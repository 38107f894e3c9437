"""`pratique trust add`: an issuer that the operator of a verifier knows, by its certificate or key."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pratique.cli import options, output
from pratique.cli.trust import arguments
from pratique.cli.trust.arguments import FORMATS, Country
from pratique.cli.trust.documents import LOCAL_FILE, existing, key_text, save

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from pratique.cose.certificates import Certificate
    from pratique.cose.keys import PublicKey


@click.command(
    epilog=options.examples(
        "pratique trust add dsc-at.pem --country AT --format eu-dcc",
        "pratique trust add issuer.pub.pem --country UTO --format pratique --issuer https://health.example",
        "pratique trust add vaccines.jwk --country FRA --format pratique --issuer https://sante.example "
        "--kinds vaccination --targets 1D47",
        "pratique trust add key.jwk --country NZ --format nz-covid-pass --issuer did:web:nzcp.identity.health.nz "
        "--key-name z12Kf7UQ --not-before 2021-11-01",
        "pratique trust add jwks.json --country US --format smart-health-card --issuer https://cards.example "
        "--not-before 2021-06-01T00:00:00Z",
    ),
)
@click.argument("file", metavar="CERTIFICATE|KEY", type=click.Path(path_type=Path))
@click.option("--country", required=True, type=Country(), metavar="CODE", help="Country of the issuer: AT or AUT.")
@click.option(
    "--format",
    "format_",
    required=True,
    type=click.Choice(FORMATS),
    metavar="FORMAT",
    help=f"What the key signs: {', '.join(FORMATS)}.",
)
@click.option(
    "--issuer", metavar="ID", help="Identifier of the issuer, as its credentials name it.  [eu-dcc: eu-dcc:AUT]"
)
@click.option("--name", metavar="TEXT", help="Name of the issuer, for people.")
@arguments.kinds_option
@arguments.targets_option
@arguments.status_list_option
@click.option(
    "--key-id", metavar="HEX", help="Identifier under which codes name the key.  [default: from the certificate or key]"
)
@click.option("--key-name", metavar="TEXT", help="The same where it is a name, such as z12Kf7UQ.")
@arguments.not_before_option
@arguments.not_after_option
@click.option("--no-accept", is_flag=True, help="Put the key on the list only; accept the issuer by hand.")
@click.option(
    "--trust",
    "trust_path",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Folder to add to, made where it is not there.  [default: the user's own folder]",
)
def command(  # noqa: PLR0913 - one for each option
    *,
    file: Path,
    country: str,
    format_: str,
    issuer: str | None,
    name: str | None,
    kinds: frozenset[str] | None,
    targets: frozenset[str] | None,
    status_lists: tuple[str, ...],
    key_id: str | None,
    key_name: str | None,
    not_before: datetime | None,
    not_after: datetime | None,
    no_accept: bool,
    trust_path: Path | None,
) -> int:
    """Add an issuer's certificate (PEM, DER) or public keys (PEM, JWK, JWKS, COSE_Key), and accept that issuer.

    Two things are done, and said: the key goes on the list local.trust.json, and a line in acceptance.json accepts just
    this issuer, country and format. Check by another way that the file is really theirs.
    """
    from pratique import schemas  # noqa: PLC0415
    from pratique.trust.entries import Limits, key_entry, with_acceptance, with_key  # noqa: PLC0415
    from pratique.trust.importers import single  # noqa: PLC0415

    if issuer is None:
        if format_ in single.NAME_THEIR_ISSUER:
            raise click.UsageError("--issuer is needed: the identifier that stands in the issuer's credentials")
        issuer = f"{format_}:{country}"
    data = options.read_small(file)
    if b'"verificationMethod"' in data:
        raise click.UsageError("that is a DID document: pratique trust import takes it")
    materials = single.read_materials(data)
    if len(materials) > 1 and (key_id is not None or key_name is not None):
        raise click.UsageError(f"the file holds {len(materials)} keys, and one identifier is given")
    at = options.now()
    limits = Limits(kinds=kinds, targets=targets, not_before=not_before, not_after=not_after)
    folder = trust_path or options.default_trust()
    before = trust_list = existing(folder / LOCAL_FILE, "trust-list")
    entries = []
    for material in materials:
        entry = key_entry(
            material,
            format_=format_,
            key_id=arguments.key_id(key_id, key_name),
            limits=single.window(limits, at) if _is_key(material) else limits,
        )
        trust_list = with_key(
            trust_list, entry, issuer=issuer, country=country, at=at, name=name, status_lists=status_lists
        )
        entries.append(entry)
    acceptance, is_new = with_acceptance(
        existing(folder / "acceptance.json", "acceptance"), issuer=issuer, country=country, format_=format_
    )
    schemas.check(trust_list, "trust-list")
    schemas.check(acceptance, "acceptance")
    remarks = _changes(before, trust_list)
    remarks += [(True, doubt) for doubt in _doubts(materials, issuer, country, format_)]
    folder.mkdir(parents=True, exist_ok=True)
    save(folder / LOCAL_FILE, trust_list)
    for entry in entries:
        scope = entry.get("scope", {})
        output.note(
            f"1. Key {key_text(entry)} of {issuer} ({country}) is on {folder / LOCAL_FILE}: "
            f"{format_}, {entry['not_before'][:10]} to {entry['not_after'][:10]}, "
            f"{', '.join(scope.get('kinds', ['any kind']))}, {', '.join(scope.get('targets', ['any disease']))}."
        )
    for is_warning, remark in remarks:
        (output.warn if is_warning else output.note)(remark)
    if no_accept:
        output.note(f"2. Nothing was accepted: {folder / 'acceptance.json'} is as it was.")
        return 0
    save(folder / "acceptance.json", acceptance)
    done = "now accepts" if is_new else "accepts already"
    output.note(f"2. {folder / 'acceptance.json'} {done} {format_} by {issuer} ({country}).")
    if entries[0]["not_after"] < at.isoformat():
        output.warn("the key has expired: what it signs counts only for a time before (--at)")
    return 0


def _changes(before: dict[str, Any] | None, after: dict[str, Any]) -> list[tuple[bool, str]]:
    """Return what is other than before of keys and issuers that were on the list already, and whether it widens trust.

    Raises: TrustError: the list that is there is none.
    """
    from pratique.trust.diff import Effect, diff  # noqa: PLC0415

    if before is None:
        return []
    return [
        (wider := change.effect is Effect.WIDER, f"{'more is trusted: ' if wider else ''}{change.sentence}")
        for change in diff(before, after)
        if not change.what.startswith("list.") and change.what not in ("issuer.added", "key.added")
    ]


def _doubts(materials: Iterable[Certificate | PublicKey], issuer: str, country: str, format_: str) -> Iterator[str]:
    """Yield what makes it doubtful that this issuer of this country signs this format with that."""
    from pratique.cose.certificates import Certificate  # noqa: PLC0415
    from pratique.model.codes import country_alpha3  # noqa: PLC0415

    if format_ == "smart-health-card" and (not issuer.startswith("https://") or issuer.endswith("/")):
        yield "cards name their issuer by an https address without a slash at its end, compared letter by letter"
    for material in materials:
        if not isinstance(material, Certificate):
            continue
        if material.country is not None and country_alpha3(material.country) not in (None, country):
            yield f"the certificate names {material.country}, and it was added for {country}"
        if material.is_authority and format_ != "icao-vds-nc":
            yield "the certificate is an authority's, which signs certificates and no codes"


def _is_key(material: Certificate | PublicKey) -> bool:
    from pratique.cose.keys import PublicKey  # noqa: PLC0415

    return isinstance(material, PublicKey)
