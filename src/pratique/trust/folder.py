"""What a trust folder with signed lists is made of: the names of its files, and how they are read.

root.json            the root that was pinned, in JSON
root.2.cose, ...     the roots that followed it, each signed by the one before and by itself
who.7.trust.cose     of each list the edition taken in last, as it was signed
border.4.bundle      and of each bundle, in the folder of a kiosk
state.json           the newest of everything that was seen
.lock                held while something is taken in
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final

from pratique import files
from pratique.errors import PratiqueError, TrustError
from pratique.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pratique.trust.state import Seen

ROOT_FILE: Final = "root.json"
STATE_FILE: Final = "state.json"
LOCK_FILE: Final = ".lock"
SIGNED_SUFFIX: Final = ".trust.cose"
BUNDLE_SUFFIX: Final = ".bundle"

_PLAIN_ID: Final = re.compile(r"(?!sha256-)[a-z0-9][a-z0-9-]{0,63}")
_DOCUMENT_NAME: Final = re.compile(
    rf"(?P<stem>[a-z0-9-]+)\.(?P<sequence>[0-9]{{1,16}})({re.escape(SIGNED_SUFFIX)}|{re.escape(BUNDLE_SUFFIX)})"
)
_ROOT_NAME: Final = re.compile(r"root\.[0-9]+\.cose")


def root_name(version: int) -> str:
    """Return the name of a root's file."""
    return f"root.{version}.cose"


def document_name(document_id: str, sequence: int, suffix: str) -> str:
    """Return the name of the file of a list or bundle."""
    return f"{_stem(document_id)}.{sequence}{suffix}"


def _stem(document_id: str) -> str:
    """Return what the name of a document's file begins with: its id where that can be the name of a file anywhere."""
    if _PLAIN_ID.fullmatch(document_id):
        return document_id
    return f"sha256-{hashlib.sha256(document_id.encode()).hexdigest()[:32]}"


def superseded(names: list[str], editions: Mapping[str, Seen], suffix: str) -> set[str]:
    """Return those of the names that are files with this suffix of editions before the ones taken in last."""
    newest = {_stem(document_id): seen.sequence for document_id, seen in editions.items()}
    matches = filter(None, map(_DOCUMENT_NAME.fullmatch, (name for name in names if name.endswith(suffix))))
    return {match[0] for match in matches if int(match["sequence"]) < newest.get(match["stem"], 0)}


def leftover(names: list[str]) -> set[str]:
    """Return those of the names that are what a crash left behind while one of the files was written."""
    return {name for name in names if name.endswith(files.TEMPORARY) and _is_ours(name.removesuffix(files.TEMPORARY))}


def _is_ours(name: str) -> bool:
    final = name.rpartition(".")[0]
    return final in (ROOT_FILE, STATE_FILE) or any(p.fullmatch(final) for p in (_ROOT_NAME, _DOCUMENT_NAME))


def read(file: Path, limit: int) -> bytes:
    """Return what a file holds, at most `limit` bytes. Raises: TrustError (`trust.folder_invalid`)."""
    try:
        data = files.read(file, limit)
    except OSError as error:
        raise unusable(f"it cannot be read: {error.strerror}") from None
    if len(data) > limit:
        raise unusable(f"it has more than {limit} bytes")
    return data


def naming(file: Path, error: PratiqueError) -> TrustError:
    """Return the error with the file in which it was met."""
    return TrustError(error.code, f"{file}: {error.detail or error.code.meaning}")


def unusable(detail: str) -> TrustError:
    """Return the error for a folder, or a file in it, that cannot be used."""
    return TrustError(Reason.TRUST_FOLDER_INVALID, detail)
