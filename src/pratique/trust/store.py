"""The trust store of a verifier: its trust lists and its acceptance, ready to be asked for candidate keys."""

from __future__ import annotations

from contextlib import suppress
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from pratique.codec import json
from pratique.errors import PratiqueError, TrustError
from pratique.reasons import Reason
from pratique.trust.acceptance import Acceptance
from pratique.trust.folder import ROOT_FILE, SIGNED_SUFFIX, naming
from pratique.trust.trust_list import SetAside, TrustedKey, TrustList, WithdrawalReason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pratique.cose.keys import PublicKey
    from pratique.model import IssuerIdentity, Kind
    from pratique.trust.root import Root

_T = TypeVar("_T")

LIST_SUFFIX = ".trust.json"
ACCEPTANCE_FILE = "acceptance.json"


class TrustStore:
    """Trust lists and acceptance, with the keys by format and key identifier. Nothing is read after it is made.

    `roots` are those that vouch for lists, by the lists' ids; local lists have none. `set_aside` are the signed lists
    that do not count, by the names of their files. `entitled` is for step 7 of a verification: key, format, stated
    issuer, facts and UTC day of what was found to be signed by a key that may, of an issuer that is accepted.
    Raises: TrustError (`trust.list_invalid`): two lists of one id; what the newer took out would stay in the older.
    """

    def __init__(
        self,
        lists: Iterable[TrustList] = (),
        *,
        acceptance: Acceptance | None = None,
        roots: Mapping[str, Root] = MappingProxyType({}),
        set_aside: Iterable[SetAside] = (),
    ) -> None:
        self.lists = tuple(lists)
        self._acceptance = acceptance or Acceptance()
        self.roots = dict(roots)
        self.set_aside = tuple(set_aside)
        self.entitled: set[tuple[TrustedKey, str, IssuerIdentity, tuple[tuple[Kind, str | None], ...], int]] = set()
        ids = [trust_list.id for trust_list in self.lists]
        if repeated := sorted({list_id for list_id in ids if ids.count(list_id) > 1}):
            raise TrustError(Reason.TRUST_LIST_INVALID, f"there are several lists with the id {repeated[0]!r}")
        keys: dict[tuple[str, bytes], list[TrustedKey]] = {}
        for trust_list in self.lists:
            for key in trust_list.keys:
                for format_ in key.formats:
                    keys.setdefault((format_, key.key_id), []).append(key)
        self._keys = {name: tuple(found) for name, found in keys.items()}
        self._candidates: dict[tuple[tuple[str, ...], bytes], tuple[TrustedKey, ...]] = {}

    @property
    def acceptance(self) -> Acceptance:
        """Return the verifier's own decision. It is never exchanged: answers by it are remembered."""
        return self._acceptance

    def __repr__(self) -> str:
        return f"TrustStore(lists={[trust_list.id for trust_list in self.lists]!r})"

    @classmethod
    def load(cls, path: Path | str, *, root: Root | None = None) -> TrustStore:
        """Return the store of a folder: every `*.trust.json` in it, its signed lists, and `acceptance.json`.

        Given a file, that one local list is read, and `acceptance.json` beside it. Without an acceptance file nothing
        is accepted. A signed list counts if the folder took it in (`Repository.update`) and the root pinned in the
        folder vouches for it; one that does not is in `set_aside`, and the rest works. A local list is its operator's
        to mend: a fault in one is an error, as is a folder without any list that counts.

        Args:
            path: the folder, or a local list.
            root: the root that the caller pins itself; see `Repository.open`.

        Raises: TrustError: a file is not there or cannot be used (`trust.list_invalid`, `trust.acceptance_invalid`), or
            root or memory of the folder cannot (`trust.folder_invalid`, `root.*`, `document.*`); the detail names the
            file.
        Not checked: ages.
        """
        path = Path(path)
        folder = path if path.is_dir() else path.parent
        signed, roots, aside = _signed(path, root)
        local = sorted(path.glob(f"*{LIST_SUFFIX}")) if path.is_dir() else [path]
        lists = [*(_read(file, TrustList.from_json, Reason.TRUST_LIST_INVALID) for file in local), *signed]
        if not lists:
            if aside:
                raise aside[0].error
            raise TrustError(Reason.TRUST_LIST_INVALID, f"{path} holds no file *{LIST_SUFFIX}, and no signed list")
        file = folder / ACCEPTANCE_FILE
        there = file.exists() or file.is_symlink()  # a link that leads nowhere is an error, not an absence
        acceptance = _read(file, Acceptance.from_json, Reason.ACCEPTANCE_INVALID) if there else None
        try:
            return cls(lists, acceptance=acceptance, roots=roots, set_aside=aside)
        except TrustError as error:
            raise TrustError(error.code, f"{path}: {error.detail}") from None

    def keys_for(self, format_: str, key_id: bytes) -> tuple[TrustedKey, ...]:
        """Return every key with this identifier for this format: identifiers are short hashes, and do collide."""
        return self._keys.get((format_, key_id), ())

    def candidates(self, formats: tuple[str, ...], key_id: bytes) -> tuple[TrustedKey, ...]:
        """Return every key with this identifier for one of some formats, each once, in the order of the formats."""
        found = self._candidates.get((formats, key_id))
        if found is None:
            found = tuple(dict.fromkeys(key for format_ in formats for key in self.keys_for(format_, key_id)))
            if found:  # of what is not there a stranger can ask without end
                self._candidates[formats, key_id] = found
        return found

    def leak_of(self, key: TrustedKey) -> TrustedKey | None:
        """Return the entry that says that a key leaked, on whichever list and under whatever name; None of none.

        Whoever has the key signs under each of its names. That a key leaked is true for ever: a list that is too old to
        vouch for anybody still says it. An entry whose own key cannot be read says it of itself alone.
        Raises: KeyMaterialError: there are leaks, and the key cannot be read.
        """
        return self._leaks.get(key.key) if self._leaks else None

    @cached_property
    def _leaks(self) -> dict[PublicKey, TrustedKey]:
        leaks: dict[PublicKey, TrustedKey] = {}
        for trust_list in self.lists:
            for key in trust_list.keys:
                if key.withdrawn is not None and key.withdrawn.reason is WithdrawalReason.COMPROMISE:
                    with suppress(PratiqueError):
                        leaks.setdefault(key.key, key)
        return leaks


def _signed(path: Path, root: Root | None) -> tuple[tuple[TrustList, ...], Mapping[str, Root], tuple[SetAside, ...]]:
    """Return the signed lists of a folder, the root that vouches for each, and the lists that do not count."""
    if root is None and not path.is_dir() and not path.name.endswith(SIGNED_SUFFIX):
        return (), {}, ()
    if not path.is_dir():
        raise TrustError(Reason.TRUST_LIST_INVALID, f"{path}: signed lists are read with the folder that took them in")
    if root is None and not (path / ROOT_FILE).exists():
        strangers = sorted(path.glob(f"*{SIGNED_SUFFIX}"))
        return (
            (),
            {},
            tuple(SetAside.of(file.name, naming(file, TrustError(Reason.TRUST_LIST_NOT_TAKEN))) for file in strangers),
        )
    from pratique.trust.repository import Repository  # noqa: PLC0415 - local lists do without

    contents = Repository.open(path, root=root).load()
    return contents.lists, {trust_list.id: contents.root for trust_list in contents.lists}, contents.set_aside


def _read(file: Path, parse: Callable[[object], _T], code: Reason) -> _T:
    """Return what `parse` makes of the JSON in a file. Raises: TrustError with `code`; its detail names the file."""
    try:
        return parse(json.decode(file.read_bytes()))
    except OSError as error:
        raise TrustError(code, f"{file} cannot be read: {error.strerror}") from None
    except PratiqueError as error:
        raise TrustError(code, f"{file}: {error.detail}") from None
