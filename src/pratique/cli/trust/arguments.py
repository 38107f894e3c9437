"""What the subcommands of `pratique trust` are given: countries, words of a list, key identifiers."""

from __future__ import annotations

from typing import Any, Final

import click

from pratique.cli import options

FORMATS: Final = (
    "pratique",
    "eu-dcc",
    "who-hcert",
    "at-exemption",
    "nz-covid-pass",
    "icao-vds-nc",
    "smart-health-card",
    "token-status-list",
)
KINDS: Final = ("vaccination", "prophylaxis", "test", "recovery", "exemption", "clearance")
_ALPHA2, _ALPHA3 = 2, 3


class Country(click.ParamType[str]):
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


class Words(click.ParamType[frozenset[str]]):
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


class StatusAddress(click.ParamType[str]):
    """The https address of a status list, or with a slash at its end of all below it."""

    name = "address"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the address."""
        from pratique.trust.audit import ADDRESS  # noqa: PLC0415 - `--help` needs none of the library

        if not ADDRESS.fullmatch(str(value)):
            self.fail("a status list is at an https address with a path", param, ctx)
        return str(value)


def key_id(number: str | None, name: str | None) -> bytes | None:
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


key_id_option: Final = click.option(
    "--key-id", metavar="HEX", help="Identifier under which codes name the key.  [default: from the certificate or key]"
)
key_name_option: Final = click.option(
    "--key-name", metavar="TEXT", help="The same where it is a name, such as z12Kf7UQ."
)
status_list_option: Final = click.option(
    "--status-list",
    "status_lists",
    multiple=True,
    type=StatusAddress(),
    metavar="ADDRESS",
    help="Address of the issuer's status lists; with a slash at its end, of all below it. May be repeated.",
)
kinds_option: Final = click.option(
    "--kinds",
    type=Words(KINDS),
    metavar="KIND,...",
    help="What the key may attest.  [default: any, or as the certificate says]",
)
targets_option: Final = click.option(
    "--targets", type=Words(), metavar="ICD11,...", help="Disease agents that the key may attest.  [default: any]"
)
not_before_option: Final = click.option(
    "--not-before", type=options.Moment(), metavar="TIME", help="First moment of the key.  [key: today]"
)
not_after_option: Final = click.option(
    "--not-after", type=options.Moment(), metavar="TIME", help="Last moment of the key.  [key: two years from today]"
)
due_option: Final = click.option(
    "--due",
    type=click.IntRange(1, 3650),
    default=7,
    show_default=True,
    metavar="DAYS",
    help="Days until the next edition is due; from then on verifiers warn.",
)
ends_option: Final = click.option(
    "--ends",
    type=click.IntRange(1, 3650),
    default=30,
    show_default=True,
    metavar="DAYS",
    help="Days until the list ends; from then on verifiers refuse it.",
)
