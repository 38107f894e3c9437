"""The command line `pratique`: a group whose subcommands are imported when they are asked for.

Data goes to stdout, words for people to stderr. An error is one or two lines, never a traceback.
"""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NoReturn

import click

from pratique.cli import output
from pratique.cli.lazy import LazyGroup
from pratique.errors import PratiqueError

_COMMANDS: Final = {
    "verify": "Verify QR codes: pictures, texts, folders, a scanner.",
    "inspect": "Show what is in a code, verified or not.",
    "issue": "Issue credentials from claims in JSON.",
    "present": "Show a chosen part of a credential, or what rules or a request need.",
    "request": "Sign what a border asks; say who asks for what.",
    "keygen": "Make a key pair to sign with.",
    "rules": "Check, explain and try entry rules.",
    "trust": "Show, extend and check whom a verifier trusts.",
    "bundle": "Pack all that a kiosk relies on into one file.",
    "status": "Revoke credentials; fetch lists of revoked ones.",
    "records": "Show what is kept of verifications; delete it in time.",
    "demo": "Play the whole story: issuer, traveller, border.",
}
EXIT_ERROR: Final = 2
_OBJECTS: Final = 100_000
"""New objects until cyclic garbage is looked for; importing makes many and no garbage: 5 % of a cold start."""
EXIT_INTERRUPTED: Final = 130


class _Group(LazyGroup):
    """The group of all subcommands."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run, and where nobody reads the answer any more exit with 2: 1, as click has it, would mean reject."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left must go somewhere
            sys.exit(EXIT_ERROR)

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run, and exit: 0 or what the subcommand returned; 2 for every error; 130 where interrupted."""
        extra["standalone_mode"] = False
        given = args[0] if args and args[0] is not None else extra.get("args") or sys.argv[1:]
        _make_streams_safe()
        try:
            sys.exit(super().main(*args, **extra) or 0)
        except click.Abort:
            sys.exit(EXIT_INTERRUPTED)
        except click.exceptions.NoArgsIsHelpError as error:
            click.echo(error.format_message(), err=True)
            sys.exit(EXIT_ERROR)
        except click.UsageError as error:
            path = error.ctx.command_path if error.ctx else "pratique"
            _fail(output.without_contents(error.format_message(), given), f"see {path} --help")
        except click.ClickException as error:
            _fail(output.without_contents(error.format_message(), given))
        except PratiqueError as error:
            _fail(output.without_contents(str(error), given), error.hint)
        except OSError as error:
            name = f"{error.filename}: " if error.filename else ""
            _fail(output.without_contents(f"{name}{error.strerror or error}", given))


def _make_streams_safe() -> None:
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # it was closed before: what goes there goes nowhere
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - as long as the process
        elif hasattr(stream, "reconfigure"):  # a terminal that cannot show a letter gets its number
            stream.reconfigure(errors="backslashreplace")


def _fail(message: str, hint: str = "") -> NoReturn:
    with suppress(OSError):  # nobody reads it
        output.complain(message, hint)
    sys.exit(EXIT_ERROR)


def _show_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:  # noqa: FBT001 - click's signature
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415 - 20 ms that no other command needs

        click.echo(f"pratique {version('pratique')}")
        ctx.exit()


@click.group(
    name="pratique",
    cls=_Group,
    commands_of=("pratique.cli", _COMMANDS),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 accept, 1 reject, 2 usage or unreadable input, 3 refer to a person.",
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_show_version, help="Show the version."
)
def group() -> None:
    """Cross-border health credentials: bound to the travel document, showing the minimum, verified offline.

    Begin with `pratique demo`, which plays the whole story.
    """


def main() -> None:
    """Run the command line, and exit with its code."""
    gc.set_threshold(_OBJECTS)
    try:
        group(prog_name="pratique")
    except KeyboardInterrupt:  # while a module was loaded
        sys.exit(EXIT_INTERRUPTED)
