"""The trust store of a verifier: its trust lists and its acceptance, ready to be asked for candidate keys."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pratique.codec import json
from pratique.errors import PratiqueError, TrustError
from pratique.reasons import Reason
from pratique.trust.acceptance import Acceptance
from pratique.trust.trust_list import TrustedKey, TrustList

LIST_SUFFIX = ".trust.json"
ACCEPTANCE_FILE = "acceptance.json"


class TrustStore:
    """Trust lists and acceptance, with the keys by format and key identifier. Nothing is read after it is made."""

    def __init__(self, lists: Iterable[TrustList] = (), *, acceptance: Acceptance | None = None) -> None:
        self.lists = tuple(lists)
        self.acceptance = acceptance or Acceptance()
        self._keys: dict[tuple[str, bytes], tuple[TrustedKey, ...]] = {}
        for trust_list in self.lists:
            for key in trust_list.keys:
                for format_ in key.formats:
                    self._keys[format_, key.key_id] = (*self._keys.get((format_, key.key_id), ()), key)

    def __repr__(self) -> str:
        return f"TrustStore(lists={[trust_list.id for trust_list in self.lists]!r})"

    @classmethod
    def load(cls, path: Path | str) -> TrustStore:
        """Return the store of a folder: every `*.trust.json` in it, and `acceptance.json`.

        Given a file, that one list is read, and `acceptance.json` beside it. Without an acceptance file nothing is
        accepted.

        Raises: TrustError, DecodeError: a file is not there or cannot be used; the detail names the file.
        """
        path = Path(path)
        folder = path if path.is_dir() else path.parent
        files = sorted(path.glob(f"*{LIST_SUFFIX}")) if path.is_dir() else [path]
        if not files:
            raise TrustError(Reason.TRUST_LIST_INVALID, f"{path} holds no file *{LIST_SUFFIX}")
        lists = [TrustList.from_json(_json(file)) for file in files]
        acceptance = folder / ACCEPTANCE_FILE
        return cls(lists, acceptance=Acceptance.from_json(_json(acceptance)) if acceptance.exists() else None)

    def keys_for(self, format_: str, key_id: bytes) -> tuple[TrustedKey, ...]:
        """Return every key with this identifier for this format: identifiers are short hashes, and do collide."""
        return self._keys.get((format_, key_id), ())


def _json(file: Path) -> object:
    try:
        return json.decode(file.read_bytes())
    except OSError as error:
        raise TrustError(Reason.TRUST_LIST_INVALID, f"{file} cannot be read: {error.strerror}") from None
    except PratiqueError as error:
        raise TrustError(Reason.TRUST_LIST_INVALID, f"{file}: {error.detail}") from None
