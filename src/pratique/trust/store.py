"""The trust store of a verifier: its trust lists and its acceptance, ready to be asked for candidate keys."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pratique.codec import json
from pratique.errors import PratiqueError, TrustError
from pratique.reasons import Reason
from pratique.trust.acceptance import Acceptance
from pratique.trust.trust_list import TrustedKey, TrustList

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_T = TypeVar("_T")

LIST_SUFFIX = ".trust.json"
ACCEPTANCE_FILE = "acceptance.json"


class TrustStore:
    """Trust lists and acceptance, with the keys by format and key identifier. Nothing is read after it is made.

    Raises: TrustError (`trust.list_invalid`): two lists of one id; what the newer took out would stay in the older.
    """

    def __init__(self, lists: Iterable[TrustList] = (), *, acceptance: Acceptance | None = None) -> None:
        self.lists = tuple(lists)
        self.acceptance = acceptance or Acceptance()
        ids = [trust_list.id for trust_list in self.lists]
        if repeated := sorted({list_id for list_id in ids if ids.count(list_id) > 1}):
            raise TrustError(Reason.TRUST_LIST_INVALID, f"there are several lists with the id {repeated[0]!r}")
        self._keys: dict[tuple[str, bytes], list[TrustedKey]] = {}
        for trust_list in self.lists:
            for key in trust_list.keys:
                for format_ in key.formats:
                    self._keys.setdefault((format_, key.key_id), []).append(key)

    def __repr__(self) -> str:
        return f"TrustStore(lists={[trust_list.id for trust_list in self.lists]!r})"

    @classmethod
    def load(cls, path: Path | str) -> TrustStore:
        """Return the store of a folder: every `*.trust.json` in it, and `acceptance.json`.

        Given a file, that one list is read, and `acceptance.json` beside it. Without an acceptance file nothing is
        accepted.

        Raises: TrustError (`trust.list_invalid`, `trust.acceptance_invalid`): a file is not there or cannot be used;
        the detail names the file.
        """
        path = Path(path)
        folder = path if path.is_dir() else path.parent
        files = sorted(path.glob(f"*{LIST_SUFFIX}")) if path.is_dir() else [path]
        if not files:
            raise TrustError(Reason.TRUST_LIST_INVALID, f"{path} holds no file *{LIST_SUFFIX}")
        lists = [_read(file, TrustList.from_json, Reason.TRUST_LIST_INVALID) for file in files]
        file = folder / ACCEPTANCE_FILE
        there = file.exists() or file.is_symlink()  # a link that leads nowhere is an error, not an absence
        acceptance = _read(file, Acceptance.from_json, Reason.ACCEPTANCE_INVALID) if there else None
        try:
            return cls(lists, acceptance=acceptance)
        except TrustError as error:
            raise TrustError(error.code, f"{path}: {error.detail}") from None

    def keys_for(self, format_: str, key_id: bytes) -> tuple[TrustedKey, ...]:
        """Return every key with this identifier for this format: identifiers are short hashes, and do collide."""
        return tuple(self._keys.get((format_, key_id), ()))


def _read(file: Path, parse: Callable[[object], _T], code: Reason) -> _T:
    """Return what `parse` makes of the JSON in a file. Raises: TrustError with `code`; its detail names the file."""
    try:
        return parse(json.decode(file.read_bytes()))
    except OSError as error:
        raise TrustError(code, f"{file} cannot be read: {error.strerror}") from None
    except PratiqueError as error:
        raise TrustError(code, f"{file}: {error.detail}") from None
