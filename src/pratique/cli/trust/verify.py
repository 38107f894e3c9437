"""`pratique trust verify`: who signed a file, and whether they are enough."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pratique.cli import options, output
from pratique.errors import PratiqueError
from pratique.model.dates import rfc3339

if TYPE_CHECKING:
    from datetime import datetime

    from pratique.trust.signed import Verified


@click.command(epilog=options.examples("pratique trust verify world.trust.cose --root root.json"))
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@options.root_option
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@options.at_option
def command(*, file: Path, root_path: Path, as_json: bool, at: datetime | None) -> int:
    """Show what a signed file is, which keys of the root signed it, and whether they are enough.

    Exit code: 0 where the root vouches for it and it counts now, 1 where not.
    """
    from pratique.trust import signed  # noqa: PLC0415

    root = options.read_root(root_path)
    data = file.read_bytes()
    try:
        kind = signed.kind_of(data)
        verified = _root_or(data, kind, root)
    except PratiqueError as error:
        if as_json:
            output.print_json(output.error_view(error.code, error.detail or error.code.meaning))
        else:
            click.secho("NOT VOUCHED FOR", fg="red", bold=True)
            click.echo(output.safe(str(error)))
        return 1
    view = _view(verified)
    moment = at or options.now()
    counts = "expires_at" not in view or rfc3339(moment) < view["expires_at"]
    if as_json:
        output.print_json({**view, "counts": counts})
        return 0 if counts else 1
    click.secho("VOUCHED FOR" if counts else "VOUCHED FOR, AND OVER", fg="green" if counts else "red", bold=True)
    own = [(name.replace("_", " "), str(value)) for name, value in view.items() if name != "signed_by"]
    output.pairs([*own, *(("signed by", key) for key in view["signed_by"])])
    if verified.unknown or verified.invalid:
        output.warn(f"signatures by unknown keys: {verified.unknown}, that do not hold: {verified.invalid}")
    return 0 if counts else 1


def _root_or(data: bytes, kind: str, root: Any) -> Verified:
    """Return what was verified; a root must follow the one that is given."""
    from pratique.trust import signed  # noqa: PLC0415

    if kind == signed.ROOT:
        root.successor(data)
    return signed.verify(data, kind, root)


def _view(verified: Verified) -> dict[str, Any]:
    """Return what a document says of itself, and who signed it."""
    return {
        "kind": verified.kind,
        **_own(verified.kind, verified.payload),
        "bytes": len(verified.payload),
        "signed_by": [key.key_id.hex() for key in verified.keys],
    }


def _own(kind: str, payload: bytes) -> dict[str, Any]:
    from pratique.bundle import KIND, Bundle  # noqa: PLC0415
    from pratique.trust import TrustList, signed  # noqa: PLC0415
    from pratique.trust.root import Root  # noqa: PLC0415

    if kind == signed.TRUST_LIST:
        trust_list = TrustList.from_cbor(payload)
        issuers = {key.issuer.id for key in trust_list.keys}
        more = {"issuers": len(issuers), "keys": len(trust_list.keys), "set_aside": len(trust_list.set_aside)}
        return {"id": trust_list.id, "sequence": trust_list.sequence, **_dates(trust_list), **more}
    if kind == KIND:
        bundle = Bundle.from_cbor(payload)
        return {"id": bundle.id, "sequence": bundle.sequence, **_dates(bundle)}
    if kind == signed.ROOT:
        root = Root.from_cbor(payload)
        return {"id": root.id, "version": root.version, **_dates(root), "threshold": root.threshold}
    if kind == "rule-set":
        from pratique.rules import RuleSet  # noqa: PLC0415

        rules = RuleSet.from_payload(payload)
        return {"id": rules.id, "version": rules.edition, "rules": len(rules.rules), "sha256": rules.sha256.hex()}
    return {}


def _dates(dated: Any) -> dict[str, str]:
    names = ("issued_at", "next_update", "expires_at")
    return {name: rfc3339(moment) for name in names if (moment := getattr(dated, name, None)) is not None}
