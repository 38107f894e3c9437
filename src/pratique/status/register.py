"""The issuer's side of a status list: gives out indices at random, keeps the statuses, makes the tokens.

    with Register.create(folder, uri="https://health.example/status/1", size=10_000_000) as register:
        credential = issuer.issue(evidence, at=now, holder_key=key, status=register.allocate())
        register.revoke(index)
        published = register.publish(signer, at=now, valid_for=timedelta(days=2))

An index says nothing about when or to whom a credential was issued: each is drawn from all that are free with the same
chance. Source: draft-ietf-oauth-status-list, sections 4, 12.5 and 13.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pratique.codec import jcs, json
from pratique.errors import DecodeError, StatusError
from pratique.model import StatusReference
from pratique.model.dates import MAX_SECONDS, rfc3339
from pratique.reasons import Reason
from pratique.status import journal
from pratique.status.journal import ALLOCATED, CHANGED, PUBLISHED, SNAPSHOT, Entry, Journal, invalid
from pratique.status.token import StatusListToken
from pratique.status.token_status_list import LEVEL, MAX_LIST_BYTES, WIDTHS, StatusList, StatusType

if TYPE_CHECKING:
    from array import array
    from typing import Self

    from pratique.cose.signer import Signer

MAX_URI: Final = 255  # bytes, in a credential of ours

_BYTE: Final = 8  # bits
_WORD: Final = 32  # bits of one draw
_DRAWS: Final = 65_536  # at a time, at most
_DENSE: Final = 8  # when less than one index in so many is free, those that are free are drawn from a list of them
_MAX_LINE: Final = 1024  # bytes of the snapshot's first line
_MEMBERS: Final = frozenset({"bits", "published", "revocation_is_final", "size", "uri", "version"})


class Published(NamedTuple):
    """A status list as it goes to whoever asks for it: the token, and its two forms, signed."""

    token: StatusListToken
    cwt: bytes
    jwt: bytes


class Register:
    """A register of statuses, kept in a folder; made by `create`, opened again by `open`, one process at a time.

    Whatever a call changed is on the disk when it returns, and after a crash: an index is never given out twice. Calls
    from several threads take turns. In memory: `size / 8` bytes for what was given out and `size * bits / 8` for the
    statuses, 25 MB for 100 million of one bit; at most half a byte for each once hardly any is free.
    """

    def __init__(self, folder: Path, head: dict[str, Any], content: memoryview, log: Journal) -> None:
        self.folder: Final = folder
        self.uri: Final[str] = head["uri"]
        self.size: Final[int] = head["size"]
        self.bits: Final[int] = head["bits"]
        self.revocation_is_final: Final[bool] = head["revocation_is_final"]
        self._published: int = head["published"]
        self._taken = bytearray(content[: self.size // _BYTE])
        self._statuses = bytearray(content[self.size // _BYTE :])
        self._free: int = self.size - int.from_bytes(self._taken).bit_count()
        self._rest: array[int] | None = None
        self._journal = log
        self._lock = Lock()

    def __repr__(self) -> str:
        return f"Register({self.uri!r}, {self.free} of {self.size} indices free)"

    @classmethod
    def create(
        cls, folder: Path | str, *, uri: str, size: int, bits: int = 1, revocation_is_final: bool = True
    ) -> Register:
        """Return a new register, in a folder that is made for it.

        Args:
            folder: where it is kept; there is none in it yet.
            uri: the address of the list, `https://` and at most 255 bytes, which stands in every credential.
            size: how many indices there are, a multiple of 8. Many: among many, one says little; unused ones cost
                next to nothing.
            bits: of a status: 1 for revocation alone, 2 to suspend as well, 4 or 8 for statuses of your own.
            revocation_is_final: what was revoked is never valid again.
        Raises: ValueError: none of these. StatusError (`register.invalid`): there is a register already, or the folder
            cannot be made.
        """
        if not uri.startswith("https://") or len(uri) > MAX_URI or not uri.isascii() or not uri.isprintable():
            raise ValueError(f"the address of a status list is an https:// URI of at most {MAX_URI} bytes")
        if bits not in WIDTHS:
            raise ValueError("a status has 1, 2, 4 or 8 bits")
        if size < _BYTE or size % _BYTE or size * bits > MAX_LIST_BYTES * _BYTE:
            raise ValueError(f"a register has a multiple of 8 indices, at most {MAX_LIST_BYTES * _BYTE // bits}")
        folder = Path(folder)
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise invalid(f"{folder} cannot be made: {error.strerror}") from None
        head = {"uri": uri, "size": size, "bits": bits, "revocation_is_final": revocation_is_final, "published": 0}
        log = Journal(folder)
        try:
            if log.snapshot() is not None or any(log.entries()):
                raise invalid(f"{folder} holds a register already")
            register = cls(folder, head, memoryview(bytes(size // _BYTE * (bits + 1))), log)
            register.save()
        except (StatusError, OSError):
            log.close()
            raise
        return register

    @classmethod
    def open(cls, folder: Path | str) -> Register:
        """Return the register of a folder, as the last call left it.

        Raises: StatusError (`register.invalid`): there is none, another process has it open, or it is damaged.
        """
        folder = Path(folder)
        if not (folder / SNAPSHOT).exists():
            raise invalid(f"{folder} holds no register")
        log = Journal(folder)
        try:
            head, content = _snapshot(log.snapshot() or b"")
            register = cls(folder, head, content, log)
            for entry in log.entries():
                register._repeat(entry)
        except (StatusError, OSError):
            log.close()
            raise
        return register

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let another process open the register; nothing more can be asked of this object."""
        self._journal.close()

    @property
    def free(self) -> int:
        """Return how many indices were not given out yet."""
        return self._free

    @property
    def published_at(self) -> datetime | None:
        """Return the time of the last token that was made."""
        return datetime.fromtimestamp(self._published, UTC) if self._published else None

    def allocate(self) -> StatusReference:
        """Return the reference for one credential, to an index that nobody was given.

        It is on the disk first, which takes as long as the disk takes; for many at once see `allocate_many`.
        Raises: StatusError (`register.full`). OSError: nothing was given out.
        """
        return self.reference(self.allocate_many(1)[0])

    def allocate_many(self, count: int) -> array[int]:
        """Return indices that nobody was given, in the order of drawing, which is random; `reference` makes use of one.

        A million takes less than a second. Raises: as `allocate`; ValueError: less than none.
        """
        if count < 0:
            raise ValueError("the number of indices is negative")
        with self._lock:
            if count > self._free:
                raise StatusError(Reason.REGISTER_FULL, f"{self._free} of {self.size} indices are free, not {count}")
            drawn = journal.numbers()
            try:
                self._draw(drawn, count)
                self._journal.append(Entry(ALLOCATED, 0, drawn))
            except BaseException:  # whatever it was: what was not confirmed was not given out
                self._give_back(drawn)
                raise
            self._save_if_large()
            return drawn

    def reference(self, index: int) -> StatusReference:
        """Return what a credential says about where its status stands."""
        return StatusReference(self.uri, index)

    def status(self, index: int) -> int:
        """Return the status of an index that was given out. Raises: StatusError (`register.change_refused`)."""
        with self._lock:
            self._check_given_out(index)
            return StatusList(self._statuses, bits=self.bits).get(index)

    def revoke(self, *indices: int) -> None:
        """Make credentials invalid, for good unless the register was made otherwise. Raises: as `set_status`."""
        self.set_status(StatusType.INVALID, *indices)

    def suspend(self, *indices: int) -> None:
        """Make credentials invalid for the time being; this shows to everybody. Raises: as `set_status`."""
        self.set_status(StatusType.SUSPENDED, *indices)

    def reinstate(self, *indices: int) -> None:
        """Make credentials valid again. Raises: as `set_status`."""
        self.set_status(StatusType.VALID, *indices)

    def set_status(self, status: int, *indices: int) -> None:
        """Give credentials a status, all of them or, where one is refused, none. It counts once it is published.

        Raises: StatusError (`register.change_refused`): the status does not fit into the register's bits; an index was
            not given out; it was revoked, and revocation is final. OSError: nothing was changed.
        """
        if not 0 <= status < 1 << self.bits:
            raise _refuse(f"the register was made with bits={self.bits}, and status {status} needs more")
        with self._lock:
            statuses = StatusList(self._statuses, bits=self.bits)
            for index in indices:
                self._check_given_out(index)
                if self.revocation_is_final and statuses.get(index) == StatusType.INVALID != status:
                    raise _refuse("what was revoked stays revoked in this register")
            entry = Entry(CHANGED, status, journal.numbers(indices))
            self._journal.append(entry)
            self._repeat(entry)
            self._save_if_large()

    def token(self, *, at: datetime, valid_for: timedelta, time_to_live: timedelta | None = None) -> StatusListToken:
        """Return the list of this moment, to be signed; see `publish`.

        Args:
            at: now; aware, a second or more after the last token: verifiers tell editions apart by their times.
            valid_for: after which nobody relies on it any more; a next one has to be out well before.
            time_to_live: after which verifiers should fetch it anew.
        Raises: StatusError (`register.change_refused`): not after the last one. ValueError: times that are none.
            OSError.
        """
        if at.utcoffset() is None:
            raise TypeError("the time of a token must be aware")
        with self._lock:
            seconds = int(at.timestamp())
            if seconds <= self._published:
                raise _refuse(f"the last token is of {rfc3339(datetime.fromtimestamp(self._published, UTC))}")
            statuses = StatusList(bytes(self._statuses), bits=self.bits)
            issued_at = datetime.fromtimestamp(seconds, UTC)
            token = StatusListToken(self.uri, issued_at, statuses, issued_at + valid_for, time_to_live)
            entry = Entry(PUBLISHED, 0, journal.numbers((seconds >> _WORD, seconds & 0xFFFFFFFF)))
            self._journal.append(entry)
            self._repeat(entry)
            return token

    def publish(
        self,
        signer: Signer,
        *,
        at: datetime,
        valid_for: timedelta,
        time_to_live: timedelta | None = None,
        level: int = LEVEL,
    ) -> Published:
        """Return the list of this moment as CWT and JWT, signed.

        Args:
            signer: whose public key stands on trust lists for the format `token-status-list`.
            at: as of `token`.
            valid_for: as of `token`.
            time_to_live: as of `token`.
            level: of compression, 1 to 9; see `StatusList.deflate`.
        Raises: as `token`.
        """
        token = self.token(at=at, valid_for=valid_for, time_to_live=time_to_live)
        compressed = token.statuses.deflate(level=level)
        return Published(
            token, token.to_cwt(signer, compressed=compressed), token.to_jwt(signer, compressed=compressed)
        )

    def save(self) -> None:
        """Write everything anew, in one move, so that the next `open` need not repeat what happened since.

        Nothing is lost without it. Raises: OSError.
        """
        with self._lock:
            self._save()

    def _save(self) -> None:
        head = {
            "version": 1,
            "uri": self.uri,
            "size": self.size,
            "bits": self.bits,
            "revocation_is_final": self.revocation_is_final,
            "published": self._published,
        }
        self._journal.replace((jcs.encode(head) + b"\n", self._taken, self._statuses))

    def _save_if_large(self) -> None:
        if self._journal.is_large:
            self._save()

    def _draw(self, drawn: array[int], count: int) -> None:
        """Draw indices that are free, each with the same chance, and take them."""
        while (missing := count - len(drawn)) and self._free * _DENSE >= self.size:
            self._draw_from_all(drawn, missing)
        if missing:
            self._draw_from_rest(drawn, missing)

    def _draw_from_all(self, drawn: array[int], count: int) -> None:
        """Draw from all indices, and leave out those that are taken: most are free."""
        draws = journal.numbers(secrets.token_bytes(4 * min(2 * count + _BYTE, _DRAWS)))
        shift = _WORD - (self.size - 1).bit_length()  # the highest bits: what is beyond the size is drawn again
        taken, size = self._taken, self.size
        before = len(drawn)
        for draw in draws:
            index = draw >> shift
            if index < size:
                byte, bit = index >> 3, 1 << (index & 7)
                if not taken[byte] & bit:
                    taken[byte] |= bit
                    drawn.append(index)
                    if len(drawn) - before == count:
                        break
        self._free -= len(drawn) - before

    def _draw_from_rest(self, drawn: array[int], count: int) -> None:
        """Draw from a list of those that are free; from then on only this takes any."""
        if self._rest is None:
            self._rest = journal.numbers(
                place * _BYTE + bit
                for place, byte in enumerate(self._taken)
                if byte != 0xFF  # noqa: PLR2004 - all eight are taken
                for bit in range(_BYTE)
                if not byte >> bit & 1
            )
        rest = self._rest
        for _ in range(count):
            chosen = secrets.randbelow(len(rest))
            index, rest[chosen] = rest[chosen], rest[-1]
            rest.pop()
            self._taken[index >> 3] |= 1 << (index & 7)
            drawn.append(index)
            self._free -= 1

    def _give_back(self, drawn: array[int]) -> None:
        for index in drawn:
            self._taken[index >> 3] &= ~(1 << (index & 7))
        self._free += len(drawn)
        self._rest = None

    def _check_given_out(self, index: int) -> None:
        if not 0 <= index < self.size or not self._taken[index >> 3] >> (index & 7) & 1:
            raise _refuse("the index was not given out")

    def _repeat(self, entry: Entry) -> None:
        """Make in memory what a record says. Raises: StatusError (`register.invalid`): it is of another register."""
        kind, value, indices = entry
        if kind == PUBLISHED and len(indices) == 2:  # noqa: PLR2004 - the halves of a number of 64 bits
            self._published = max(self._published, indices[0] << _WORD | indices[1])
            return
        if kind not in (ALLOCATED, CHANGED) or value >> self.bits or (len(indices) and max(indices) >= self.size):
            raise invalid("the journal is of another register, or of a later version")
        if kind == ALLOCATED:
            for index in indices:
                self._free -= not self._taken[index >> 3] >> (index & 7) & 1
                self._taken[index >> 3] |= 1 << (index & 7)
            return
        mask = (1 << self.bits) - 1
        for index in indices:
            place, shift = divmod(index * self.bits, _BYTE)
            self._statuses[place] = self._statuses[place] & ~(mask << shift) | value << shift


def _snapshot(content: bytes) -> tuple[dict[str, Any], memoryview]:
    """Return the first line of a snapshot and the rest. Raises: StatusError (`register.invalid`)."""
    end = content.find(b"\n", 0, _MAX_LINE)
    try:
        head = json.decode(content[: max(end, 0)])
    except DecodeError:
        head = None
    if type(head) is not dict or head.keys() != _MEMBERS or head["version"] != 1:
        raise invalid("the snapshot is none, or of a later version")
    types = {"uri": str, "size": int, "bits": int, "published": int, "revocation_is_final": bool}
    if any(type(head[name]) is not kind for name, kind in types.items()):
        raise invalid("a member of the snapshot is of another type")
    rest = memoryview(content)[end + 1 :]
    if head["bits"] not in WIDTHS or len(rest) != head["size"] // _BYTE * (head["bits"] + 1):
        raise invalid("the snapshot is not of the size that it states")
    if not 0 <= head["published"] < MAX_SECONDS:
        raise invalid("the snapshot's time is none")
    return head, rest


def _refuse(detail: str) -> StatusError:
    return StatusError(Reason.REGISTER_REFUSED, detail)
