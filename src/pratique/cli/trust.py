"""`pratique trust`: whom a verifier trusts, as local files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from pratique.cli import options, output
from pratique.errors import PratiqueError

if TYPE_CHECKING:
    from datetime import datetime

    from pratique.cose.certificates import Certificate
    from pratique.cose.keys import PublicKey

LOCAL_FILE: Final = "local.trust.json"
_FORMATS: Final = (
    "pratique",
    "eu-dcc",
    "who-hcert",
    "at-exemption",
    "nz-covid-pass",
    "icao-vds-nc",
    "smart-health-card",
)
_ALPHA2, _ALPHA3 = 2, 3
_KINDS: Final = ("vaccination", "prophylaxis", "test", "recovery", "exemption", "clearance")


class _Country(click.ParamType[str]):
    """A country or Doc 9303 state, by its alpha-2 or alpha-3 code."""

    name = "code"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the alpha-3 code."""
        from pratique.model.codes import country_alpha3, country_name  # noqa: PLC0415

        code = str(value).upper()
        alpha3 = country_alpha3(code) if len(code) == _ALPHA2 else code
        if alpha3 is None or len(alpha3) != _ALPHA3 or country_name(alpha3) is None:
            self.fail("no country has that code; it is one such as AT or AUT", param, ctx)
        return alpha3


class _Words(click.ParamType[frozenset[str]]):
    """Words with commas between them, each one of those known where there are such."""

    name = "a,b"

    def __init__(self, known: tuple[str, ...] = ()) -> None:
        self._known = known

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> frozenset[str]:
        """Return the words."""
        words = frozenset(filter(None, (word.strip() for word in str(value).split(","))))
        if not words or (self._known and not words <= set(self._known)):
            self.fail(f"expected one or more of {', '.join(self._known) or 'its codes'}, with commas", param, ctx)
        return words


@click.group()
def command() -> None:
    """Show, extend and check whom a verifier trusts.

    A trust folder holds lists of issuers and their keys (*.trust.json), and acceptance.json: which of them are accepted
    here, for what. Without an acceptance line nobody is.
    """


@command.command(
    short_help="Show who is trusted.",
    epilog=options.examples("pratique trust show", "pratique trust show --trust trust/"),
)
@options.trust_option
@options.at_option
def show(*, trust_path: Path | None, at: datetime | None) -> int:
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


@command.command(
    short_help="Add an issuer's certificate or key, and accept it.",
    epilog=options.examples(
        "pratique trust add dsc-at.pem --country AT --format eu-dcc",
        "pratique trust add issuer.pub.pem --country UTO --format pratique --issuer https://health.example",
        "pratique trust add vaccines.jwk --country FRA --format pratique --issuer https://sante.example "
        "--kinds vaccination --targets 1D47",
        "pratique trust add key.jwk --country NZ --format nz-covid-pass --issuer did:web:nzcp.identity.health.nz "
        "--key-name z12Kf7UQ",
        "pratique trust add jwks.json --country US --format smart-health-card --issuer https://cards.example "
        "--not-before 2021-06-01T00:00:00Z",
    ),
)
@click.argument("file", metavar="CERTIFICATE|KEY", type=click.Path(path_type=Path))
@click.option("--country", required=True, type=_Country(), metavar="CODE", help="Country of the issuer: AT or AUT.")
@click.option(
    "--format",
    "format_",
    required=True,
    type=click.Choice(_FORMATS),
    metavar="FORMAT",
    help=f"What the key signs: {', '.join(_FORMATS)}.",
)
@click.option(
    "--issuer", metavar="ID", help="Identifier of the issuer, as its credentials name it.  [eu-dcc: eu-dcc:AUT]"
)
@click.option("--name", metavar="TEXT", help="Name of the issuer, for people.")
@click.option(
    "--kinds",
    type=_Words(_KINDS),
    metavar="KIND,...",
    help="What the key may attest.  [default: any, or as the certificate says]",
)
@click.option(
    "--targets", type=_Words(), metavar="ICD11,...", help="Disease agents that the key may attest.  [default: any]"
)
@click.option(
    "--key-id", metavar="HEX", help="Identifier under which codes name the key.  [default: from the certificate or key]"
)
@click.option("--key-name", metavar="TEXT", help="The same where it is a name, such as z12Kf7UQ.")
@click.option("--not-before", type=options.Moment(), metavar="TIME", help="First moment of the key.  [key: today]")
@click.option(
    "--not-after", type=options.Moment(), metavar="TIME", help="Last moment of the key.  [key: two years from today]"
)
@click.option("--no-accept", is_flag=True, help="Put the key on the list only; accept the issuer by hand.")
@click.option(
    "--trust",
    "trust_path",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Folder to add to, made where it is not there.  [default: the user's own folder]",
)
def add(  # noqa: PLR0913 - one for each option
    *,
    file: Path,
    country: str,
    format_: str,
    issuer: str | None,
    name: str | None,
    kinds: frozenset[str] | None,
    targets: frozenset[str] | None,
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
    materials = single.read_materials(options.read_small(file))
    if len(materials) > 1 and (key_id is not None or key_name is not None):
        raise click.UsageError(f"the file holds {len(materials)} keys, and one identifier is given")
    at = options.now()
    limits = Limits(kinds=kinds, targets=targets, not_before=not_before, not_after=not_after)
    folder = trust_path or options.default_trust()
    trust_list = _existing(folder / LOCAL_FILE, "trust-list")
    entries = []
    for material in materials:
        entry = key_entry(
            material,
            format_=format_,
            key_id=_key_id(key_id, key_name),
            limits=single.window(limits, at) if _is_key(material) else limits,
        )
        trust_list = with_key(trust_list, entry, issuer=issuer, country=country, at=at, name=name)
        entries.append(entry)
    acceptance, is_new = with_acceptance(
        _existing(folder / "acceptance.json", "acceptance"), issuer=issuer, country=country, format_=format_
    )
    schemas.check(trust_list, "trust-list")
    schemas.check(acceptance, "acceptance")
    folder.mkdir(parents=True, exist_ok=True)
    _save(folder / LOCAL_FILE, trust_list)
    for entry in entries:
        scope = entry.get("scope", {})
        output.note(
            f"1. Key {_key_text(entry)} of {issuer} ({country}) is on {folder / LOCAL_FILE}: "
            f"{format_}, {entry['not_before'][:10]} to {entry['not_after'][:10]}, "
            f"{', '.join(scope.get('kinds', ['any kind']))}, {', '.join(scope.get('targets', ['any disease']))}."
        )
    if no_accept:
        output.note(f"2. Nothing was accepted: {folder / 'acceptance.json'} is as it was.")
        return 0
    _save(folder / "acceptance.json", acceptance)
    done = "now accepts" if is_new else "accepts already"
    output.note(f"2. {folder / 'acceptance.json'} {done} {format_} by {issuer} ({country}).")
    if entries[0]["not_after"] < at.isoformat():
        output.warn("the key has expired: what it signs counts only for a time before (--at)")
    return 0


@command.command(
    short_help="Check a trust folder.",
    epilog=options.examples("pratique trust check", "pratique trust check --trust trust/who.trust.json"),
)
@options.trust_option
@options.at_option
def check(*, trust_path: Path | None, at: datetime | None) -> int:
    """Check a trust folder: schemas, every key and certificate, expiry, identifiers.

    Exit code 1 where there is an error; what is merely odd is listed too.
    """
    from pratique.codec import json  # noqa: PLC0415
    from pratique.trust.audit import Finding, audit_acceptance, audit_list  # noqa: PLC0415
    from pratique.trust.store import ACCEPTANCE_FILE, LIST_SUFFIX  # noqa: PLC0415

    path = trust_path or options.default_trust()
    lists = sorted(path.glob(f"*{LIST_SUFFIX}")) if path.is_dir() else [path]
    if not lists:
        raise click.UsageError(f"{path} holds no trust list (*{LIST_SUFFIX}); {options.HOW_TO_ADD}")
    acceptance = (path if path.is_dir() else path.parent) / ACCEPTANCE_FILE
    moment = at or options.now()
    errors = oddities = 0
    for file in [*lists, acceptance]:
        try:
            document = json.decode(file.read_bytes())
        except FileNotFoundError:
            if file is not acceptance:
                raise
            findings = [Finding("the file", "is not there, so that no issuer is accepted", is_error=False)]
        except PratiqueError as error:
            findings = [Finding("JSON", error.detail)]
        else:
            audit = audit_acceptance(document) if file is acceptance else audit_list(document, at=moment)
            findings = list(audit)
        click.echo(f"{output.safe(str(file))}: {'in order' if not findings else ''}".rstrip())
        for finding in findings:
            word = click.style("error", fg="red") if finding.is_error else click.style("note", fg="yellow")
            click.echo(f"  {word}: {output.safe(f'{finding.where}: {finding.text}')}")
            errors += finding.is_error
            oddities += not finding.is_error
    click.echo(f"\nlists: {len(lists)}, errors: {errors}, notes: {oddities}")
    return 1 if errors else 0


def _is_key(material: Certificate | PublicKey) -> bool:
    from pratique.cose.keys import PublicKey  # noqa: PLC0415

    return isinstance(material, PublicKey)


def _key_id(number: str | None, name: str | None) -> bytes | None:
    """Return the identifier that was given, as a hexadecimal number or a name; None where neither was."""
    if number is not None and name is not None:
        raise click.UsageError("--key-id and --key-name are two ways to give the same: give one")
    if name is not None:
        if not name:
            raise click.UsageError("--key-name is empty")
        return name.encode()
    try:
        return None if number is None else bytes.fromhex(number)
    except ValueError:
        raise click.UsageError("--key-id is a hexadecimal number; a name goes to --key-name") from None


def _key_text(entry: dict[str, Any]) -> str:
    import base64  # noqa: PLC0415

    return output.key_id(base64.b64decode(entry["key_id"]))


def _existing(file: Path, schema: str) -> Any:
    """Return the JSON of a file that may not be there yet, checked, so that nothing faulty is built upon."""
    from pratique import schemas  # noqa: PLC0415
    from pratique.codec import json  # noqa: PLC0415

    if not file.exists():
        return None
    document = json.decode(file.read_bytes())
    schemas.check(document, schema)
    return document


def _save(file: Path, document: Any) -> None:
    from pratique.codec import json  # noqa: PLC0415

    output.write_new(file, json.encode(document).encode(), force=True)
