"""What options have in common: times, machine-readable zones, the trust folder."""

from __future__ import annotations

import codecs
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from pratique import files
from pratique.cli import output
from pratique.errors import PratiqueError

if TYPE_CHECKING:
    from pratique.mrz import TravelDocument
    from pratique.rules import RuleSet
    from pratique.trust import TrustStore
    from pratique.trust.root import Root

MAX_SMALL_FILE: Final = 64 * 1024
"""Bytes of a file with a key, a zone or a password."""

_YEARS: Final = range(1970, 2200)


class Moment(click.ParamType[datetime]):
    """A time: RFC 3339, or a date for its start in UTC."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return an aware time in UTC."""
        if isinstance(value, datetime):
            return value
        from pratique.model.dates import parse_datetime  # noqa: PLC0415 - `--help` needs none of the library

        try:
            moment = parse_datetime(value)
        except PratiqueError:
            self.fail("a time is 2026-11-23T12:00:00Z, or 2026-11-23 for its start in UTC", param, ctx)
        if moment.year not in _YEARS:
            self.fail(f"a time is in the years {_YEARS[0]} to {_YEARS[-1]}", param, ctx)
        return moment


class Zone(click.ParamType["TravelDocument"]):
    """A machine-readable zone: its text, or `@` and the file that holds it."""

    name = "text|@file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> TravelDocument:
        """Return the travel document. Raises: DecodeError (`mrz.invalid`); OSError."""
        from pratique.mrz import parse_mrz  # noqa: PLC0415

        if value.startswith("@"):
            return parse_mrz(read_small(Path(value[1:])).removeprefix(codecs.BOM_UTF8).decode("ascii", "replace"))
        try:
            return parse_mrz(value)
        except PratiqueError:
            if value.isprintable() and "<" not in value:
                self.fail("a zone has < in it; a file that holds one is given as @FILE", param, ctx)
            raise


class PinnedRoot(click.ParamType["Root"]):
    """A file that holds a root, in JSON."""

    name = "file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Root:  # noqa: ARG002
        """Return the root. Raises: PratiqueError: it is none; OSError."""
        return read_root(Path(value))


class PasswordFile(click.ParamType[bytes]):
    """A file whose first line is a password."""

    name = "file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> bytes:
        """Return the password. Raises: OSError."""
        password = read_small(Path(value)).split(b"\n")[0].rstrip(b"\r")
        if not password:
            self.fail("the first line of the file is empty", param, ctx)
        return password


def examples(*lines: str) -> str:
    """Return the last part of a command's help: lines to copy."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def read_small(path: Path) -> bytes:
    """Return a file of a few kilobytes. Raises: OSError; ClickException: it is far too large to be what it should."""
    data = files.read(path, MAX_SMALL_FILE)
    if len(data) > MAX_SMALL_FILE:
        raise click.ClickException(f"{path}: more than {MAX_SMALL_FILE:,} bytes")
    return data


def read_document(path: Path) -> bytes:
    """Return a file as large as a signed document can be, and a byte more of a larger one. Raises: OSError."""
    from pratique.trust.signed import MAX_DOCUMENT_BYTES  # noqa: PLC0415 - `--help` needs none of the library

    return files.read(path, MAX_DOCUMENT_BYTES)


def now() -> datetime:
    """Return the present second, UTC."""
    return datetime.now(UTC).replace(microsecond=0)


def default_trust() -> Path:
    """Return the folder of trust lists where none is given."""
    return Path(click.get_app_dir("pratique")) / "trust"


def read_root(path: Path) -> Root:
    """Return the root in a file, in JSON. Raises: PratiqueError: it is none; OSError."""
    from pratique.codec import json  # noqa: PLC0415
    from pratique.trust.root import Root  # noqa: PLC0415

    return Root.from_json(json.decode(read_small(path)))


def read_rules(path: Path, root: Root | None = None) -> RuleSet:
    """Return the rule set in a file: in JSON, a file of one's own; or signed, and then a root must vouch for it.

    Raises: PratiqueError: it is none, or the root does not vouch for it. UsageError: as `needed`. OSError.
    """
    from pratique.errors import RuleError  # noqa: PLC0415
    from pratique.reasons import Reason  # noqa: PLC0415
    from pratique.rules import RuleSet  # noqa: PLC0415
    from pratique.trust import signed  # noqa: PLC0415

    data = path.read_bytes()
    if not signed.is_signed(data):
        return RuleSet.decode(data)
    root = needed(root, path)
    rule_set = RuleSet.from_payload(signed.verify(data, "rule-set", root).payload)
    if not root.vouches_for(rule_set.id):
        raise RuleError(Reason.RULES_INVALID, f"root {root.id!r} does not vouch for a rule set {rule_set.id!r}")
    return rule_set


def needed(root: Root | None, path: Path) -> Root:
    """Return the root by which a signed file counts. Raises: UsageError: none is given."""
    if root is None:
        raise click.UsageError(f"{path} is signed: --root is needed, the pinned root by which it counts")
    return root


def load_trust(path: Path | None, *, root: Root | None = None) -> tuple[TrustStore, str]:
    """Return the trust store of `--trust`, or of the default folder, and advice where it can accept nobody.

    `root` is one that the caller pins, beside that of the folder.

    Where there is no default folder the store is empty. Entries that cannot be used are told to the person at once.
    """
    from pratique.trust import TrustStore  # noqa: PLC0415
    from pratique.trust.folder import SIGNED_SUFFIX  # noqa: PLC0415
    from pratique.trust.store import LIST_SUFFIX  # noqa: PLC0415

    if path is None:
        path = default_trust()
        if not any(path.glob(f"*{LIST_SUFFIX}")) and not any(path.glob(f"*{SIGNED_SUFFIX}")):
            return TrustStore(), f"nobody is trusted yet: {path} holds no trust list; {HOW_TO_ADD}"
    store = TrustStore.load(path, root=root)
    for aside in store.set_aside:
        output.warn(f"a signed list does not count: {aside.error.detail}")
    for trust_list in store.lists:
        if trust_list.set_aside:
            output.warn(
                f"{len(trust_list.set_aside)} entries of {trust_list.id} cannot be used; see pratique trust check"
            )
    if not store.acceptance.accept:
        return store, "no issuer is accepted: acceptance.json beside the trust lists has no accept line"
    return store, ""


HOW_TO_ADD: Final = "add an issuer with: pratique trust add CERTIFICATE --country AUT --format eu-dcc"

trust_option: Final = click.option(
    "--trust",
    "trust_path",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Folder of trust lists and acceptance.json, or one list.  [default: the user's own folder]",
)
root_option: Final = click.option(
    "--root",
    "root_path",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="FILE",
    help="The pinned root, in JSON.",
)
rules_option: Final = click.option(
    "--rules",
    "rules_path",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="FILE",
    help="Entry rules, in JSON or signed.",
)
verifiers_option: Final = click.option(
    "--verifiers",
    "verifiers_path",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="FILE",
    help="List of those who may ask, in JSON or signed.",
)
optional_root_option: Final = click.option(
    "--root", type=PinnedRoot(), metavar="FILE", help="The pinned root, in JSON, by which signed files count."
)
at_option: Final = click.option(
    "--at", type=Moment(), metavar="TIME", help="Time to go by, in UTC where it names no zone.  [default: now]"
)
password_option: Final = click.option(
    "--password-file",
    "password",
    type=PasswordFile(),
    metavar="FILE",
    help="File whose first line is the password of the private key.",
)
show_option: Final = click.option(
    "--show",
    multiple=True,
    metavar="CLAIM",
    help="Claim to show, such as event.date; event or holder for all of its claims. May be repeated.",
)
force_option: Final = click.option("--force", is_flag=True, help="Replace files that are there already.")
mrz_option: Final = click.option(
    "--mrz",
    "document",
    type=Zone(),
    metavar="TEXT|@FILE",
    help="Machine-readable zone of the passport or identity card; a file keeps it out of the list of processes.",
)
