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
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from pratique import files
from pratique.errors import DecodeError, PratiqueError, StatusError
from pratique.model.dates import rfc3339
from pratique.reasons import Reason
from pratique.status.token import MAX_TOKEN_BYTES, SignedStatusList, StatusListToken
from pratique.status.token_status_list import StatusType
from pratique.trust.trust_list import STATUS_LIST_FORMAT, SetAside

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pratique.cose.keys import PublicKey
    from pratique.model import StatusReference
    from pratique.trust import TrustedIssuer, TrustedKey

SUFFIX: Final = ".statuslist"
CLOCK_SKEW: Final = timedelta(seconds=60)  # what clocks of issuers and verifiers may differ by
_NAME_BYTES: Final = 16  # of the hash of an address: enough that nobody finds two addresses with one file name


class Keys(Protocol):
    """Whoever knows the keys of issuers; a `TrustStore` does."""

    def keys_for(self, format_: str, key_id: bytes) -> tuple[TrustedKey, ...]:
        """Return every key with this identifier for this format."""


class StatusPolicy(NamedTuple):
    """How old a status list may be that says that a credential is valid.

    Args:
        max_age: from this age on, counted from when it was issued, a list is stale; None is no limit but its own.
        grace: for how long after its own end a list is stale and not yet expired.
        lifetime: when a list expires that states no end, counted from when it was issued.
        clock_skew: by how much a list may seem to be from the future.
    """

    max_age: timedelta | None = None
    grace: timedelta = timedelta()
    lifetime: timedelta = timedelta(days=7)
    clock_skew: timedelta = CLOCK_SKEW


class StatusAnswer(NamedTuple):
    """What a status list says about one credential.

    Args:
        code: one of those that the module names.
        detail: what was found; the address of the list, never the credential's number on it.
        value: the status on the list, where it has one; for a list that is stale or expired too.
        issued_at: when the list was issued, where there is one that its issuer signed.
        expires_at: when it ends, stated or by policy.
        is_due: its time to live is over, so that a newer one should be here.
    """

    code: Reason
    detail: str = ""
    value: int | None = None
    issued_at: datetime | None = None
    expires_at: datetime | None = None
    is_due: bool = False


class StatusStore:
    """Status lists by their address.

    Args:
        tokens: tokens as they were fetched, CWT or JWT. Of several for one address the newest counts. One that cannot
            be read is set aside, see `set_aside`, and the rest works.

    Signatures are checked when a list is first asked for, by the keys that are then given, and once.
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
        """Return the tokens at hand; nothing in them is proven."""
        return tuple(held.signed for held in self._held.values())

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
            try:
                with path.open("rb") as file:
                    data = file.read(MAX_TOKEN_BYTES + 1)
            except OSError as error:
                unread = StatusError(Reason.STATUS_LIST_INVALID, f"it cannot be read: {error.strerror}")
                store._set_aside.append(SetAside.of(path.name, unread))
            else:
                store._take(path.name, data)
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
            raise StatusError(Reason.STATUS_NOT_YET, f"{signed.uri}, {_issued_at(signed)}, taken at {rfc3339(at)}")
        present = self._held.get(signed.uri)
        if present is not None and present.signed.issued_at >= signed.issued_at and present.counts(keys, at):
            if present.signed.issued_at > signed.issued_at:
                newer = f"at hand is one {_issued_at(present.signed)}"
                raise StatusError(Reason.STATUS_ROLLBACK, f"{signed.uri}, {_issued_at(signed)}, {newer}")
            return present.signed
        if self._folder is not None:
            self._write(self._folder, signed)
        self._held[signed.uri] = held
        return signed

    def save(self, folder: Path | str) -> None:
        """Put every token into a folder, each in one move. Raises: OSError: one cannot be written."""
        folder = Path(folder)
        for held in self._held.values():
            self._write(folder, held.signed)

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
        return token if isinstance(token, StatusAnswer) else _answer(token, reference.index, at, policy)

    def _take(self, where: str, data: bytes) -> None:
        try:
            signed = SignedStatusList.decode(data)
        except PratiqueError as error:
            self._set_aside.append(SetAside.of(where, error))
            return
        present = self._held.get(signed.uri)
        if present is None or present.signed.issued_at < signed.issued_at:
            self._held[signed.uri] = _Held(signed)

    @staticmethod
    def _write(folder: Path, signed: SignedStatusList) -> None:
        name = hashlib.sha256(signed.uri.encode()).digest()[:_NAME_BYTES].hex()
        files.replace(folder / f"{name}{SUFFIX}", signed.data)


class _Held:
    """A token at hand, and what was found out about it: by which keys it holds, and its list."""

    __slots__ = ("_for", "_holds", "_token", "signed")

    def __init__(self, signed: SignedStatusList) -> None:
        self.signed: Final = signed
        self._holds: dict[PublicKey, bool] = {}
        self._token: StatusListToken | str | None = None
        self._for: tuple[TrustedIssuer, Keys, StatusListToken | StatusAnswer] | None = None

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
        why = self._unsigned([key for key in self._candidates(keys) if key.issuer == issuer])
        outcome = why or self._read()
        return StatusAnswer(Reason.STATUS_LIST_INVALID, f"{uri}, {outcome}") if isinstance(outcome, str) else outcome

    def refusal(self, keys: Keys) -> str:
        """Return why no issuer with lists at this address signed the token, or why its list cannot be read, if so."""
        why = self._unsigned([key for key in self._candidates(keys) if key.issuer.publishes(self.signed.uri)])
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

    def _unsigned(self, candidates: list[TrustedKey]) -> str:
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
                return ""
        return detail

    def _holds_by(self, candidate: TrustedKey) -> bool:
        try:
            key = candidate.key
        except PratiqueError:  # it cannot be parsed
            return False
        if key not in self._holds:
            try:
                self.signed.verify(key)
            except PratiqueError:  # another key signed, or it does not fit the algorithm
                self._holds[key] = False
            else:
                self._holds[key] = True
        return self._holds[key]

    def _read(self) -> StatusListToken | str:
        if self._token is None:
            try:
                self._token = self.signed.token()
            except DecodeError as error:
                self._token = f"{error.code}: {error.detail}"
        return self._token


def _answer(token: StatusListToken, index: int, at: datetime, policy: StatusPolicy) -> StatusAnswer:
    issued_at = token.issued_at
    ends = token.expires_at or _after(issued_at, policy.lifetime)
    is_due = token.time_to_live is not None and at - issued_at >= token.time_to_live
    try:
        value = token.statuses.get(index)
    except IndexError:
        detail = f"{token.uri}, {len(token.statuses)} statuses"
        return StatusAnswer(Reason.STATUS_UNKNOWN, detail, None, issued_at, ends, is_due)
    code, since = _judged(token, value, ends, at, policy)
    detail = token.uri if since is None else f"{token.uri}, {since}, checked at {rfc3339(at)}"
    return StatusAnswer(code, detail, value, issued_at, ends, is_due)


def _judged(
    token: StatusListToken, value: int, ends: datetime, at: datetime, policy: StatusPolicy
) -> tuple[Reason, str | None]:
    """Return what a status comes to at a time, and since when, where that is the reason."""
    if value:
        return _CODES.get(value, Reason.STATUS_APPLICATION), _issued_at(token)
    if at + policy.clock_skew < (token.not_before or token.issued_at):
        return Reason.STATUS_NOT_YET, _issued_at(token)
    if at >= ends:
        code = Reason.STATUS_STALE if at - ends < policy.grace else Reason.STATUS_EXPIRED
        return code, f"expired {rfc3339(ends)}"
    if policy.max_age is not None and at - token.issued_at >= policy.max_age:
        return Reason.STATUS_STALE, _issued_at(token)
    return Reason.STATUS_VALID, None


def _after(moment: datetime, period: timedelta) -> datetime:
    try:
        return moment + period
    except OverflowError:  # the issuer signed a time at the end of the calendar
        return datetime.max.replace(tzinfo=UTC)


_CODES: Final[Mapping[int, Reason]] = {
    StatusType.INVALID: Reason.STATUS_REVOKED,
    StatusType.SUSPENDED: Reason.STATUS_SUSPENDED,
}


def _begins(signed: SignedStatusList) -> datetime:
    return max(signed.issued_at, signed.not_before or signed.issued_at)


def _issued_at(token: SignedStatusList | StatusListToken) -> str:
    return f"issued {rfc3339(token.issued_at)}"
