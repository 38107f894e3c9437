"""`pratique trust verify`: who signed a file, and whether they are enough."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from pratique.cli import options, output
from pratique.errors import PratiqueError
from pratique.model.dates import rfc3339

if TYPE_CHECKING:
    from datetime import datetime

    from pratique.trust.root import Root
    from pratique.trust.signed import Verified

_CLOCK_SKEW: Final = timedelta(seconds=60)  # as those who take it in allow it
_COUNTED: Final = {
    "trust-list": ("issuers", "keys", "set_aside"),
    "verifier-list": ("verifiers", "set_aside"),
    "rule-set": ("rules",),
}


@click.command(epilog=options.examples("pratique trust verify world.trust.cose --root root.json"))
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@options.root_option
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@options.at_option
def command(*, file: Path, root_path: Path, as_json: bool, at: datetime | None) -> int:
    """Show what a signed file is, which keys of the root signed it, and whether they are enough.

    Exit code: 0 where the root vouches for it and it counts now, 1 where not.
    """
    root = options.read_root(root_path)
    moment = at or options.now()
    data = options.read_document(file)
    try:
        verified, document = _verified(data, root, moment)
    except PratiqueError as error:
        output.not_vouched_for(error, as_json=as_json)
        return 1
    view = {
        "kind": verified.kind,
        **_own(verified.kind, document),
        "bytes": len(verified.payload),
        "signed_by": [key.key_id.hex() for key in verified.keys],
    }
    against = _against(document, moment)
    if as_json:
        output.print_json({**view, "counts": not against})
        return 1 if against else 0
    words = f"VOUCHED FOR, AND {against}" if against else "VOUCHED FOR"
    click.secho(words, fg="red" if against else "green", bold=True)
    rows = [(name.replace("_", " "), value) for name, value in view.items()]
    output.pairs(
        [(name, each) for name, value in rows for each in (value if isinstance(value, list) else [str(value)])]
    )
    if verified.unknown or verified.invalid:
        output.warn(f"signatures by unknown keys: {verified.unknown}, that do not hold: {verified.invalid}")
    return 1 if against else 0


def _verified(data: bytes, root: Root, at: datetime) -> tuple[Verified, Any]:
    """Return what was verified, and the document that it is; a root must follow the one that is given.

    Raises: PratiqueError: the root does not vouch for it, or not any more; it is not what its kind says.
    """
    from pratique.errors import TrustError  # noqa: PLC0415 - `--help` needs none of the library
    from pratique.reasons import Reason  # noqa: PLC0415
    from pratique.trust import signed  # noqa: PLC0415

    kind = signed.kind_of(data)
    if kind == signed.ROOT:  # an expired root can be followed too
        document = root.successor(data)
        return signed.verify(data, kind, root), document
    verified = signed.verify(data, kind, root)
    document = _document(verified)
    if document is not None and not root.vouches_for(document.id):
        raise TrustError(Reason.DOCUMENT_UNEXPECTED, f"root {root.id!r} does not vouch for {kind} {document.id!r}")
    if at >= root.expires_at:
        raise TrustError(Reason.ROOT_EXPIRED, f"root {root.id!r} counted until {rfc3339(root.expires_at)}")
    return verified, document


def _document(verified: Verified) -> Any:
    """Return the document of a payload; None where it is of a kind that is not known here."""
    from pratique import bundle, request  # noqa: PLC0415
    from pratique.rules import RuleSet  # noqa: PLC0415
    from pratique.trust import TrustList, signed  # noqa: PLC0415

    read = {
        signed.TRUST_LIST: TrustList.from_cbor,
        bundle.KIND: bundle.Bundle.from_cbor,
        "rule-set": RuleSet.from_payload,
        "verifier-list": request.VerifierList.decode,
    }.get(verified.kind)
    return None if read is None else read(verified.payload)


def _own(kind: str, document: Any) -> dict[str, Any]:
    """Return what a document says of itself, and how much is in it."""
    if document is None:
        return {}
    edition = {"version": document.edition} if kind == "rule-set" else {}
    names = ("id", "sequence", "version", "issued_at", "next_update", "expires_at", "valid_from", "valid_to")
    found = {name: getattr(document, name, None) for name in names} | edition
    view = {name: value if type(value) in {str, int} else rfc3339(value) for name, value in found.items() if value}
    view |= {name: len(getattr(document, name)) for name in _COUNTED.get(kind, ())}
    if kind == "root":
        view |= {"threshold": document.threshold, "keys": [key.key_id.hex() for key in document.keys]}
    return view | ({"sha256": document.sha256.hex()} if kind == "rule-set" else {})


def _against(document: Any, at: datetime) -> str:
    """Return why a document does not count now; nothing where it does."""
    expires_at, issued_at = (getattr(document, name, None) for name in ("expires_at", "issued_at"))
    if expires_at is not None and at >= expires_at:
        return "OVER"
    return "TOO EARLY" if issued_at is not None and issued_at > at + _CLOCK_SKEW else ""
