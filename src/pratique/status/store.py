"""The verifier's status lists: kept in memory or in a folder, proven when first asked, looked up in constant time.

What it answers, and the order in which it is found out:

    status.list_of_another_issuer   the credential names a list that is not at an address of its issuer
    status.unavailable              no list of that address is at hand
    status.list_invalid             no key of that issuer signed the list, or it is damaged
    status.unknown                  the list ends before the credential's number
    status.revoked, .suspended, .application      what the list says, however old it is
    status.not_yet                  the list says that the credential is valid, and is from the future: a clock is wrong
    status.expired, status.stale    the list says that the credential is valid, and is too old to be believed
    status.valid

A list that got old can still say no; only its yes gets old. Nobody is called: lists are put here by whoever fetches
them, whole, for everybody at once, so that fetching one says nothing about a traveller.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from pratique import files
from pratique.errors import DecodeError, PratiqueError, StatusError
from pratique.model.dates import rfc3339
from pratique.reasons import Reason
from pratique.status.answer import CLOCK_SKEW, StatusAnswer, StatusPolicy, answer, issued_at_text
from pratique.status.token import MAX_TOKEN_BYTES, SignedStatusList, StatusListToken
from pratique.trust.trust_list import STATUS_LIST_FORMAT, SetAside

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from pratique.cose.keys import PublicKey
    from pratique.model import StatusReference
    from pratique.trust import TrustedIssuer, TrustedKey

SUFFIX: Final = ".statuslist"
_NAME_BYTES: Final = 16  # of the hash of an address: enough that nobody finds two addresses with one file name


class Keys(Protocol):
    """Whoever knows the keys of issuers; a `TrustStore` does."""

    def keys_for(self, format_: str, key_id: bytes) -> tuple[TrustedKey, ...]:
        """Return every key with this identifier for this format."""

    def leak_of(self, key: TrustedKey) -> TrustedKey | None:
        """Return the entry that says that a key leaked, wherever it stands; None of none."""


class StatusStore:
    """Status lists by their address.

    Args:
        tokens: tokens as they were fetched, CWT or JWT. Of several for one address the newest counts. One that cannot
            be read is set aside, see `set_aside`, and the rest works.

    Signatures are checked when a list is first asked for, by the keys that are then given, and once. Of a list that is
    in a folder only the statuses stay in memory from then on: 12.5 MB for 100 million of one bit, and at most an eighth
    more.
    """

    def __init__(self, tokens: Iterable[bytes] = ()) -> None:
        self._folder: Path | None = None
        self._held: dict[str, _Held] = {}
        self._set_aside: list[SetAside] = []
        for number, data in enumerate(tokens):
            self._take(f"tokens/{number}", data)

    def __repr__(self) -> str:
        return f"StatusStore({len(self._held)} lists)"

    @property
    def set_aside(self) -> tuple[SetAside, ...]:
        """Return what could not be read: where it stands, and why."""
        return tuple(self._set_aside)

    @property
    def lists(self) -> tuple[SignedStatusList, ...]:
        """Return the tokens at hand; nothing in them is proven.

        Raises: StatusError (`status.list_invalid`): the file of one that was used already is another since.
        """
        return tuple(held.whole() for held in self._held.values())

    @classmethod
    def load(cls, folder: Path | str) -> StatusStore:
        """Return the store of a folder: every `*.statuslist` in it; what `add` takes is then kept there.

        A file that cannot be read is set aside.
        Raises: StatusError (`status.list_invalid`): there is no such folder.
        """
        store = cls()
        folder = Path(folder)
        if not folder.is_dir():
            raise StatusError(Reason.STATUS_LIST_INVALID, f"{folder} is no folder")
        for path in sorted(folder.glob(f"*{SUFFIX}")):
            store._take_file(path)
        store._folder = folder
        return store

    def add(self, data: bytes, *, keys: Keys, at: datetime) -> SignedStatusList:
        """Take a token in the place of an older one, and return it; of a loaded store it is on the disk then.

        It counts when some issuer that publishes lists at its address has signed it: what is put here without that
        would oust a list that counts. The same token, or another of the same time, changes nothing.

        Args:
            data: the token as it was fetched.
            keys: whoever knows the issuers' keys, as the trust store.
            at: now; aware.
        Raises: DecodeError, UnsupportedError: it cannot be read. StatusError: `status.list_invalid`: nobody entitled
            signed it, or its list is damaged; `status.not_yet`: it is from the future; `status.rollback`: an older one
            than the one at hand, if that one still counts. OSError: it cannot be written.
        """
        signed = SignedStatusList.decode(data)
        held = _Held(signed)
        if refusal := held.refusal(keys):
            raise StatusError(Reason.STATUS_LIST_INVALID, refusal)
        if _begins(signed) > at + CLOCK_SKEW:
            raise StatusError(Reason.STATUS_NOT_YET, f"{signed.uri}, {issued_at_text(signed)}, taken at {rfc3339(at)}")
        present = self._present(signed.uri)
        if present is not None and present.signed.issued_at >= signed.issued_at and present.counts(keys, at):
            if present.signed.issued_at > signed.issued_at:
                newer = f"at hand is one {issued_at_text(present.signed)}"
                raise StatusError(Reason.STATUS_ROLLBACK, f"{signed.uri}, {issued_at_text(signed)}, {newer}")
            return present.whole()
        if self._folder is not None:
            held.keep_in(self._write(self._folder, signed))
        self._held[signed.uri] = held
        return signed

    def save(self, folder: Path | str) -> None:
        """Put every token into a folder, each in one move. Raises: as `lists`. OSError: one cannot be written."""
        for signed in self.lists:
            self._write(Path(folder), signed)

    def status(
        self,
        reference: StatusReference,
        *,
        issuer: TrustedIssuer,
        keys: Keys,
        at: datetime,
        policy: StatusPolicy = StatusPolicy(),  # noqa: B008 - immutable
    ) -> StatusAnswer:
        """Return what the status list says on which an issuer's credential stands.

        Args:
            reference: the list and the number on it, as the credential states them.
            issuer: the entry of the trust list that the credential's key stands in.
            keys: whoever knows the issuers' keys, as the trust store; only those of that very entry count.
            at: now; aware.
            policy: how old a list may be.
        """
        held = self._held.get(reference.uri)
        if held is None:
            code = Reason.STATUS_UNAVAILABLE if issuer.publishes(reference.uri) else Reason.STATUS_FOREIGN_LIST
            return StatusAnswer(code, reference.uri)
        token = held.token_for(issuer, keys)
        return token if isinstance(token, StatusAnswer) else answer(token, reference.index, at, policy)

    def _take(self, where: str, data: bytes, file: Path | None = None) -> None:
        try:
            signed = SignedStatusList.decode(data)
        except PratiqueError as error:
            self._set_aside.append(SetAside.of(where, error))
            return
        present = self._held.get(signed.uri)
        if present is None or present.signed.issued_at < signed.issued_at:
            self._held[signed.uri] = _Held(signed, file)

    def _take_file(self, path: Path) -> None:
        try:
            data = _content(path)
        except StatusError as error:
            self._set_aside.append(SetAside.of(path.name, error))
        else:
            self._take(path.name, data, path)

    def _present(self, uri: str) -> _Held | None:
        """Return what is held of an address, read again where another process has put something else in its place."""
        held = self._held.get(uri)
        if held is not None and held.file is not None:
            try:
                held.whole()
            except StatusError:
                del self._held[uri]
                self._take_file(held.file)
        return self._held.get(uri)

    @staticmethod
    def _write(folder: Path, signed: SignedStatusList) -> Path:
        name = hashlib.sha256(signed.uri.encode()).digest()[:_NAME_BYTES].hex()
        path = folder / f"{name}{SUFFIX}"
        files.replace(path, signed.data)
        return path


def _content(path: Path) -> bytes:
    """Return the content of a file, one byte more than is read at most. Raises: StatusError."""
    try:
        with path.open("rb") as file:
            return file.read(min(path.stat().st_size, MAX_TOKEN_BYTES) + 1)  # `read` makes room for all that it may
    except OSError as error:
        raise StatusError(Reason.STATUS_LIST_INVALID, f"it cannot be read: {error.strerror}") from None


class _Held:
    """A token at hand, and what was found out about it: by which keys it holds, and its list.

    Where a file has it too, its bytes are let go of once its list is inflated: `signed` says what it did, with no data.
    They are needed again for a key that was not tried before; `whole` reads them anew.
    """

    __slots__ = ("_digest", "_for", "_holds", "_token", "file", "signed")

    def __init__(self, signed: SignedStatusList, file: Path | None = None) -> None:
        self.signed = signed
        self.file = file
        self._digest: bytes | None = None
        self._holds: dict[PublicKey, bool] = {}
        self._token: StatusListToken | str | None = None
        self._for: tuple[TrustedIssuer, Keys, StatusListToken | StatusAnswer] | None = None

    def whole(self) -> SignedStatusList:
        """Return the token with its bytes. Raises: StatusError: the file has others by now, or cannot be read."""
        signed = self.signed  # once: another thread may let go of the bytes
        if signed.data or self.file is None:
            return signed
        data = _content(self.file)
        if hashlib.sha256(data).digest() != self._digest:
            raise StatusError(Reason.STATUS_LIST_INVALID, f"{self.file.name} is another than it was")
        return replace(signed, data=data)

    def keep_in(self, file: Path) -> None:
        """Let go of the bytes of a token that a file has too, if its list is inflated."""
        self.file = file
        signed = self.signed
        if isinstance(self._token, StatusListToken) and signed.data:
            self._digest = hashlib.sha256(signed.data).digest()
            self.signed = replace(signed, data=b"")

    def token_for(self, issuer: TrustedIssuer, keys: Keys) -> StatusListToken | StatusAnswer:
        """Return the token once a key of this entry of a trust list is seen to have signed it, else why it is not used.

        The last outcome is kept: neither trust stores nor tokens change.
        """
        known = self._for
        if known is None or known[0] is not issuer or known[1] is not keys:
            known = self._for = (issuer, keys, self._outcome(issuer, keys))
        return known[2]

    def _outcome(self, issuer: TrustedIssuer, keys: Keys) -> StatusListToken | StatusAnswer:
        uri = self.signed.uri
        if not issuer.publishes(uri):
            return StatusAnswer(Reason.STATUS_FOREIGN_LIST, uri)
        why = self._unsigned([key for key in self._candidates(keys) if key.issuer == issuer], keys)
        outcome = why or self._read()
        return StatusAnswer(Reason.STATUS_LIST_INVALID, f"{uri}, {outcome}") if isinstance(outcome, str) else outcome

    def refusal(self, keys: Keys) -> str:
        """Return why no issuer with lists at this address signed the token, or why its list cannot be read, if so."""
        why = self._unsigned([key for key in self._candidates(keys) if key.issuer.publishes(self.signed.uri)], keys)
        if why:
            return why
        return token if isinstance(token := self._read(), str) else ""

    def counts(self, keys: Keys, at: datetime) -> bool:
        """Return whether it would be taken now: then nothing older comes in its place."""
        return _begins(self.signed) <= at + CLOCK_SKEW and not self.refusal(keys)

    def _candidates(self, keys: Keys) -> list[TrustedKey]:
        found: list[TrustedKey] = []
        for key_id in self.signed.key_ids:
            found += keys.keys_for(STATUS_LIST_FORMAT, key_id)
        return found

    def _unsigned(self, candidates: list[TrustedKey], keys: Keys) -> str:
        """Return why none of these keys makes the token count; nothing where one does."""
        if not candidates:
            return "no key of its issuer for status lists has its key identifier"
        issued_at = self.signed.issued_at
        detail = "the signature is not its issuer's"
        for candidate in candidates:
            if not candidate.covers_time(issued_at):
                detail = f"the key's window does not cover its time of issue, {rfc3339(issued_at)}"
            elif candidate.withdrawn is not None and candidate.withdrawn.voids(issued_at):
                detail = f"the key was withdrawn: {candidate.withdrawn.reason}"
            elif self._holds_by(candidate):
                if keys.leak_of(candidate) is None:
                    return ""
                detail = "the key was withdrawn elsewhere: compromise"
        return detail

    def _holds_by(self, candidate: TrustedKey) -> bool:
        try:
            key = candidate.key
        except PratiqueError:  # it cannot be parsed
            return False
        if key not in self._holds:
            try:
                self.whole().verify(key)
            except PratiqueError:  # another key signed, it does not fit the algorithm, or the file is another
                self._holds[key] = False
            else:
                self._holds[key] = True
        return self._holds[key]

    def _read(self) -> StatusListToken | str:
        signed = self.signed  # before the token, which is there once the bytes are not
        if self._token is None:
            try:
                self._token = signed.token()
            except DecodeError as error:
                self._token = f"{error.code}: {error.detail}"
            if self.file is not None:
                self.keep_in(self.file)
        return self._token


def _begins(signed: SignedStatusList) -> datetime:
    return max(signed.issued_at, signed.not_before or signed.issued_at)
