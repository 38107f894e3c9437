"""A trust folder whose lists are signed: what counts in it, and how it takes in something newer. No network.

A kiosk's folder, which holds a bundle in the place of lists, is kept in the same way: `Series` says which documents.

`folder.py` says which files there are. The state says what is in use, and replacing its file is the one moment at which
an update happens: new files are on the disk before it, old ones go after it. So whatever a crash leaves, the folder is
as it was or as it was to become.

Rules and names are those of TUF (specification 1.0.33, section 5). Sequences outlive a change of keys: if keys that
leaked signed a list with the highest number of all, the next needs an id of its own.
"""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple, Protocol, TypeVar

from pratique import files
from pratique.codec import json
from pratique.errors import PratiqueError, TrustError
from pratique.model.dates import rfc3339
from pratique.reasons import Reason
from pratique.trust import folder as names
from pratique.trust import signed
from pratique.trust.folder import BUNDLE_SUFFIX, LOCK_FILE, ROOT_FILE, SIGNED_SUFFIX, STATE_FILE, naming, read, unusable
from pratique.trust.root import Root
from pratique.trust.state import MAX_STATE_BYTES, Seen, State
from pratique.trust.trust_list import SetAside, TrustList

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

CLOCK_SKEW: Final = timedelta(seconds=60)  # what the clocks of signers and of this machine may differ by, or jump back
MAX_ROOT_BYTES: Final = 256 * 1024  # 32 keys of ML-DSA-44 in JSON, or encoded with 32 signatures of theirs
_ATTEMPTS: Final = 3  # to read a folder while it changes, before those who change it have to wait


class Edition(Protocol):
    """A list or a bundle: its id, its place in the row of its editions, and its times."""

    @property
    def id(self) -> str:
        """Return what all editions are called."""

    @property
    def sequence(self) -> int:
        """Return the number of the edition."""

    @property
    def issued_at(self) -> datetime:
        """Return when it was issued."""

    @property
    def expires_at(self) -> datetime | None:
        """Return from when on it counts no more."""


_T = TypeVar("_T", bound=Edition)


@dataclass(frozen=True, slots=True)
class Series(Generic[_T]):
    """A kind of signed document of which a folder keeps the newest edition.

    `suffix` ends the names of its files, `read` makes the document of a payload, or raises PratiqueError; `word` is
    what people call one.
    """

    kind: str
    suffix: str
    read: Callable[[bytes], _T]
    word: str


TRUST_LISTS: Final = Series(signed.TRUST_LIST, SIGNED_SUFFIX, TrustList.from_cbor, "list")


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
        return Contents(*self.load_series(TRUST_LISTS))

    def load_series(self, series: Series[_T]) -> tuple[Root, tuple[_T, ...], tuple[SetAside, ...]]:
        """Return the root, the documents of a kind that count in the folder, and what does not; as `load`."""
        for _ in range(_ATTEMPTS):
            state = self.state()
            contents = self._load(state, series)
            if not contents[2] or self.state() == state:
                return contents
        with self._locked():
            return self._load(self.state(), series)

    def update(
        self, data: bytes, *, at: datetime, expect: str | None = None, series: Series[Any] = TRUST_LISTS
    ) -> Taken:
        """Take in a signed trust list, or the next root, and return what it was; on an error the same counts as before.

        What was taken in before is no error, nor are signatures that were added to it since.

        Args:
            data: the document, as its keepers signed it.
            at: now, aware.
            expect: the id of the trust list that this should be, where the caller asked for one.
            series: what is taken in the place of trust lists.

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
        if at.utcoffset() is None:
            raise TypeError("a time without a zone")
        with self._locked():
            return self._take(data, at, expect, series)

    @contextmanager
    def _locked(self, *, make: bool = False) -> Iterator[None]:
        try:
            if make:
                self.path.mkdir(parents=True, exist_ok=True)
            with files.locked(self.path / LOCK_FILE):
                yield
        except OSError as error:
            raise unusable(f"{self.path} cannot be written: {error.strerror or error}") from None

    def _take(self, data: bytes, at: datetime, expect: str | None, series: Series[Any]) -> Taken:
        state = self.state()
        root = self._root(state)
        if at + CLOCK_SKEW < state.latest:
            raise TrustError(Reason.CLOCK_SET_BACK, f"it is {rfc3339(at)}, and was {rfc3339(state.latest)} before")
        if signed.kind_of(data) == signed.ROOT:
            return self._take_root(data, root, state, at, expect)
        return self._take_edition(data, root, state, at, expect, series)

    def _take_root(self, data: bytes, root: Root, state: State, at: datetime, expect: str | None) -> Taken:
        if expect is not None:
            raise TrustError(Reason.DOCUMENT_UNEXPECTED, f"it is a root, and {expect!r} is expected")
        is_new = Root.from_cbor(signed.verify(data, signed.ROOT, root).payload) != root
        if is_new:
            root = root.successor(data)
            _check_issued(root.issued_at, at)
            files.replace(self.path / names.root_name(root.version), data)
        self._remember(replace(state, root_version=root.version), root.issued_at, min(at, root.expires_at))
        return Taken(signed.ROOT, root.id, root.version, is_new)

    def _take_edition(  # noqa: PLR0913, PLR0917 - what the folder has, and what was given
        self, data: bytes, root: Root, state: State, at: datetime, expect: str | None, series: Series[Any]
    ) -> Taken:
        if at >= root.expires_at:
            raise TrustError(Reason.ROOT_EXPIRED, f"root {root.id!r} counted until {rfc3339(root.expires_at)}")
        payload = signed.verify(data, series.kind, root).payload
        edition = series.read(payload)
        own_id, seen = edition.id, Seen(edition.sequence, hashlib.sha256(payload).hexdigest())
        name = f"{series.word} {own_id!r}"
        if expect is not None and own_id != expect:
            raise TrustError(Reason.DOCUMENT_UNEXPECTED, f"it is {name}, and {expect!r} is expected")
        _check_vouched(root, own_id, series)
        before = state.editions(series.kind).get(own_id)
        if before is not None and seen != before and seen.sequence <= before.sequence:
            raise TrustError(
                Reason.DOCUMENT_ROLLBACK,
                f"{name} has sequence {seen.sequence}, and {before.sequence} was taken in before",
            )
        _check_issued(edition.issued_at, at)
        if edition.expires_at is None or at >= edition.expires_at:
            until = "no time" if edition.expires_at is None else rfc3339(edition.expires_at)
            raise TrustError(Reason.DOCUMENT_EXPIRED, f"{name} counts until {until}, it is {rfc3339(at)}")
        after = state.having(series.kind, own_id, seen)
        after.encode()  # refused before anything is written
        files.replace(self.path / names.document_name(own_id, seen.sequence, series.suffix), data)
        self._remember(after, edition.issued_at, at)
        return Taken(series.kind, own_id, seen.sequence, seen != before)

    def _remember(self, state: State, *moments: datetime) -> None:
        """Make what was taken in count, and clear away what counts no more.

        Callers give no time beyond what the document allows: one wrong clock would stop all updates to come.
        """
        files.replace(self.path / STATE_FILE, replace(state, latest=max(state.latest, *moments)).encode())
        there = [file.name for file in self.path.iterdir()]
        lists = names.superseded(there, state.lists, SIGNED_SUFFIX)
        bundles = names.superseded(there, state.bundles, BUNDLE_SUFFIX)
        for name in lists | bundles | names.leftover(there):
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

    def _load(self, state: State, series: Series[_T]) -> tuple[Root, tuple[_T, ...], tuple[SetAside, ...]]:
        root = self._root(state)
        found, aside = [], []
        editions = state.editions(series.kind)
        current = {
            names.document_name(own, seen.sequence, series.suffix): (own, seen) for own, seen in editions.items()
        }
        for name, (own_id, seen) in sorted(current.items()):
            try:
                found.append(_load_edition(self.path / name, own_id, seen, root, series))
            except PratiqueError as error:
                aside.append(SetAside.of(name, naming(self.path / name, error)))
        there = [file.name for file in self.path.glob(f"*{series.suffix}")]
        for name in sorted({*there} - current.keys() - names.superseded(there, editions, series.suffix)):
            stranger = TrustError(Reason.TRUST_LIST_NOT_TAKEN)
            aside.append(SetAside.of(name, naming(self.path / name, stranger)))
        return root, tuple(found), tuple(aside)


def _load_edition(file: Path, own_id: str, seen: Seen, root: Root, series: Series[_T]) -> _T:
    """Return what was taken in, if the file is what it was and the root vouches for it."""
    payload = signed.verify(read(file, signed.MAX_DOCUMENT_BYTES), series.kind, root).payload
    if hashlib.sha256(payload).hexdigest() != seen.sha256:
        raise TrustError(Reason.TRUST_LIST_ALTERED, f"it is not the edition {seen.sequence} that was taken in")
    edition = series.read(payload)
    if (edition.id, edition.sequence) != (own_id, seen.sequence):
        raise TrustError(Reason.TRUST_LIST_ALTERED, f"it is not edition {seen.sequence} of {series.word} {own_id!r}")
    _check_vouched(root, own_id, series)
    return edition


def _check_vouched(root: Root, own_id: str, series: Series[Any]) -> None:
    if not root.vouches_for(own_id):
        raise TrustError(Reason.DOCUMENT_UNEXPECTED, f"root {root.id!r} does not vouch for {series.word} {own_id!r}")


def _check_issued(issued_at: datetime, at: datetime) -> None:
    if issued_at > at + CLOCK_SKEW:
        raise TrustError(Reason.CLOCK_BEHIND, f"it was issued {rfc3339(issued_at)}, and it is {rfc3339(at)}")
