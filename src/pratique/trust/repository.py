"""A trust folder whose lists are signed: what counts in it, and how it takes in something newer. No network.

`folder.py` says which files there are. The state says what is in use, and replacing its file is the one moment at which
an update happens: new files are on the disk before it, old ones go after it. So whatever a crash leaves, the folder is
as it was or as it was to become.

Rules and names are those of TUF (specification 1.0.33, section 5). Sequences outlive a change of keys: if keys that
leaked signed a list with the highest number of all, the next needs an id of its own.
"""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from pratique import files
from pratique.codec import json
from pratique.errors import PratiqueError, TrustError
from pratique.model.dates import rfc3339
from pratique.reasons import Reason
from pratique.trust import folder as names
from pratique.trust import signed
from pratique.trust.folder import LOCK_FILE, ROOT_FILE, SIGNED_SUFFIX, STATE_FILE, naming, read, unusable
from pratique.trust.root import Root
from pratique.trust.state import MAX_STATE_BYTES, Seen, State
from pratique.trust.trust_list import SetAside, TrustList

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

CLOCK_SKEW: Final = timedelta(seconds=60)  # what the clocks of signers and of this machine may differ by, or jump back
MAX_ROOT_BYTES: Final = 256 * 1024  # 32 keys of ML-DSA-44 in JSON, or encoded with 32 signatures of theirs
_ATTEMPTS: Final = 3  # to read a folder while it changes, before those who change it have to wait


class Taken(NamedTuple):
    """What an update was: the kind, the id and number of the document, and whether that was new."""

    kind: str
    id: str
    number: int
    is_new: bool


class Contents(NamedTuple):
    """What counts in a folder: its root and its lists; and what does not, by the name of the file, with the reason."""

    root: Root
    lists: tuple[TrustList, ...]
    set_aside: tuple[SetAside, ...]


class Repository:
    """A trust folder in which a root is pinned. What is asked of it is read from the disk each time.

    Every method raises TrustError (`trust.folder_invalid`, or what is wrong with a root) where root or state cannot be
    used, and names the file: without them nothing signed counts.
    """

    __slots__ = ("_given", "path")

    def __init__(self, path: Path | str, *, root: Root | None = None) -> None:
        self.path = Path(path)
        self._given = root

    def __repr__(self) -> str:
        return f"Repository({str(self.path)!r})"

    @classmethod
    def create(cls, path: Path | str, root: Root) -> Repository:
        """Return a new trust folder, made where it is not there, with this root pinned and no signed list yet.

        Raises: TrustError (`trust.folder_invalid`): a root is pinned there already, or it cannot be written.
        """
        repository = cls(path)
        path = repository.path
        with repository._locked(make=True):
            if (path / ROOT_FILE).exists():
                raise unusable(f"{path / ROOT_FILE} is there already")
            state = State(root_version=root.version, latest=root.issued_at, lists={})
            files.replace(path / STATE_FILE, state.encode())
            files.replace(path / ROOT_FILE, json.encode(root.to_json()).encode())  # from here on it is one
        return repository

    @classmethod
    def open(cls, path: Path | str, *, root: Root | None = None) -> Repository:
        """Return the trust folder that is there.

        `root` is one that the caller pins itself, outside the folder: then the folder's must be this one, or follow it.
        Raises: TrustError: as every method; `root.succession`: the folder's root does not come from the one given.
        """
        repository = cls(path, root=root)
        repository.root()
        return repository

    def root(self) -> Root:
        """Return the root in use: the last of those that followed the pinned one."""
        return self._root(self.state())

    def state(self) -> State:
        """Return what the folder remembers."""
        file = self.path / STATE_FILE
        try:
            return State.decode(read(file, MAX_STATE_BYTES))
        except PratiqueError as error:
            raise naming(file, error) from None

    def load(self) -> Contents:
        """Return what counts in the folder: the lists that it took in and that its root vouches for.

        A list that does not count is set aside by itself, with its file and the reason; the rest works. No older
        edition takes its place.
        Not checked: ages, since this asks for no time; see `TrustList.expires_at` and `Root.expires_at`.
        """
        for _ in range(_ATTEMPTS):
            state = self.state()
            contents = self._load(state)
            if not contents.set_aside or self.state() == state:
                return contents
        with self._locked():
            return self._load(self.state())

    def update(self, data: bytes, *, at: datetime, expect: str | None = None) -> Taken:
        """Take in a signed trust list, or the next root, and return what it was; on an error the same counts as before.

        What was taken in before is no error, nor are signatures that were added to it since.

        Args:
            data: the document, as its keepers signed it.
            at: now, aware.
            expect: the id of the trust list that this should be, where the caller asked for one.

        Raises:
            TrustError: `document.kind`, `document.limit`, `document.threshold`: see `signed.verify`.
                `document.unexpected`: not the list expected, or one that the root does not vouch for.
                `document.rollback`: a newer edition was taken in before, or another of the same sequence.
                `document.expired`: from its `expires_at` on. `trust.clock_behind`: it was issued later than now.
                `trust.clock_set_back`: now is before a time that this folder has seen.
                `root.expired`: the root in use; its successor comes first. `root.succession`, `root.invalid`.
                `trust.list_invalid`: the list's own members are faulty.
                `trust.folder_invalid`: the folder cannot be used or written.
            DecodeError, UnsupportedError: it is no signed document.
            TypeError: `at` is naive.
        """
        if at.tzinfo is None:
            raise TypeError("a time without a zone")
        with self._locked():
            return self._take(data, at, expect)

    @contextmanager
    def _locked(self, *, make: bool = False) -> Iterator[None]:
        try:
            if make:
                self.path.mkdir(parents=True, exist_ok=True)
            with files.locked(self.path / LOCK_FILE):
                yield
        except OSError as error:
            raise unusable(f"{self.path} cannot be written: {error.strerror or error}") from None

    def _take(self, data: bytes, at: datetime, expect: str | None) -> Taken:
        state = self.state()
        root = self._root(state)
        if at < state.latest - CLOCK_SKEW:
            raise TrustError(Reason.CLOCK_SET_BACK, f"it is {rfc3339(at)}, and was {rfc3339(state.latest)} before")
        if signed.kind_of(data) == signed.ROOT:
            return self._take_root(data, root, state, at, expect)
        return self._take_list(data, root, state, at, expect)

    def _take_root(self, data: bytes, root: Root, state: State, at: datetime, expect: str | None) -> Taken:
        if expect is not None:
            raise TrustError(Reason.DOCUMENT_UNEXPECTED, f"it is a root, and list {expect!r} is expected")
        is_new = Root.from_cbor(signed.verify(data, signed.ROOT, root).payload) != root
        if is_new:
            root = root.successor(data)
            _check_issued(root.issued_at, at)
            files.replace(self.path / names.root_name(root.version), data)
        self._remember(replace(state, root_version=root.version), root.issued_at, min(at, root.expires_at))
        return Taken(signed.ROOT, root.id, root.version, is_new)

    def _take_list(self, data: bytes, root: Root, state: State, at: datetime, expect: str | None) -> Taken:
        if at >= root.expires_at:
            raise TrustError(Reason.ROOT_EXPIRED, f"root {root.id!r} counted until {rfc3339(root.expires_at)}")
        payload = signed.verify(data, signed.TRUST_LIST, root).payload
        trust_list = TrustList.from_cbor(payload)
        list_id, seen = trust_list.id, Seen(trust_list.sequence, hashlib.sha256(payload).hexdigest())
        if expect is not None and list_id != expect:
            raise TrustError(Reason.DOCUMENT_UNEXPECTED, f"it is list {list_id!r}, and {expect!r} is expected")
        _check_vouched(root, list_id)
        before = state.lists.get(list_id)
        if before is not None and seen != before and seen.sequence <= before.sequence:
            raise TrustError(
                Reason.DOCUMENT_ROLLBACK,
                f"list {list_id!r} has sequence {seen.sequence}, and {before.sequence} was taken in before",
            )
        _check_issued(trust_list.issued_at, at)
        if trust_list.expires_at is None or at >= trust_list.expires_at:
            until = "no time" if trust_list.expires_at is None else rfc3339(trust_list.expires_at)
            raise TrustError(Reason.DOCUMENT_EXPIRED, f"list {list_id!r} counts until {until}, it is {rfc3339(at)}")
        files.replace(self.path / names.list_name(list_id, seen.sequence), data)
        self._remember(replace(state, lists={**state.lists, list_id: seen}), trust_list.issued_at, at)
        return Taken(signed.TRUST_LIST, list_id, seen.sequence, seen != before)

    def _remember(self, state: State, *moments: datetime) -> None:
        """Make what was taken in count, and clear away what counts no more.

        Callers give no time beyond what the document allows: one wrong clock would stop all updates to come.
        """
        files.replace(self.path / STATE_FILE, replace(state, latest=max(state.latest, *moments)).encode())
        there = [file.name for file in self.path.iterdir()]
        for name in names.superseded(there, state.lists) | names.leftover(there):
            (self.path / name).unlink(missing_ok=True)

    def _root(self, state: State) -> Root:
        """Return the root in use, by way of every root from the pinned one on."""
        file = self.path / ROOT_FILE
        try:
            root = Root.from_json(json.decode(read(file, MAX_ROOT_BYTES)))
            is_given = self._given in (None, root)
            while root.version < state.root_version:
                file = self.path / names.root_name(root.version + 1)
                root = root.successor(read(file, MAX_ROOT_BYTES))
                is_given = is_given or root == self._given
        except PratiqueError as error:
            raise naming(file, error) from None
        if root.version != state.root_version:
            raise unusable(f"{file} has version {root.version}, and version {state.root_version} is in use")
        if not is_given:
            raise TrustError(Reason.ROOT_SUCCESSION, f"{self.path}: its root does not come from the one that is pinned")
        return root

    def _load(self, state: State) -> Contents:
        root = self._root(state)
        lists, aside = [], []
        current = {names.list_name(list_id, seen.sequence): (list_id, seen) for list_id, seen in state.lists.items()}
        for name, (list_id, seen) in sorted(current.items()):
            try:
                lists.append(_load_list(self.path / name, list_id, seen, root))
            except PratiqueError as error:
                aside.append(SetAside.of(name, naming(self.path / name, error)))
        there = [file.name for file in self.path.glob(f"*{SIGNED_SUFFIX}")]
        for name in sorted({*there} - current.keys() - names.superseded(there, state.lists)):
            stranger = TrustError(Reason.TRUST_LIST_NOT_TAKEN)
            aside.append(SetAside.of(name, naming(self.path / name, stranger)))
        return Contents(root, tuple(lists), tuple(aside))


def _load_list(file: Path, list_id: str, seen: Seen, root: Root) -> TrustList:
    """Return a list that was taken in, if the file is what it was and the root vouches for it."""
    payload = signed.verify(read(file, signed.MAX_DOCUMENT_BYTES), signed.TRUST_LIST, root).payload
    if hashlib.sha256(payload).hexdigest() != seen.sha256:
        raise TrustError(Reason.TRUST_LIST_ALTERED, f"it is not the edition {seen.sequence} that was taken in")
    trust_list = TrustList.from_cbor(payload)
    if (trust_list.id, trust_list.sequence) != (list_id, seen.sequence):
        raise TrustError(Reason.TRUST_LIST_ALTERED, f"it is not edition {seen.sequence} of list {list_id!r}")
    _check_vouched(root, list_id)
    return trust_list


def _check_vouched(root: Root, list_id: str) -> None:
    if not root.vouches_for(list_id):
        raise TrustError(Reason.DOCUMENT_UNEXPECTED, f"root {root.id!r} does not vouch for list {list_id!r}")


def _check_issued(issued_at: datetime, at: datetime) -> None:
    if issued_at - CLOCK_SKEW > at:
        raise TrustError(Reason.CLOCK_BEHIND, f"it was issued {rfc3339(issued_at)}, and it is {rfc3339(at)}")
