"""Status lists: the statuses of very many credentials, a few bits each, and what a status means.

Source: draft-ietf-oauth-status-list, sections 4 (the list) and 7 (the types of status).
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from pratique.codec import deflate
from pratique.errors import DecodeError
from pratique.reasons import Reason

MAX_LIST_BYTES: Final = 64 * 1024 * 1024  # inflated: 536,870,912 statuses of one bit, more than any country needs
WIDTHS: Final = (1, 2, 4, 8)  # bits
LEVEL: Final = 9  # of compression, as the draft recommends; a list is made once, and fetched by every verifier

_BYTE = 8  # bits


class StatusType(IntEnum):
    """What a status means, where that is the same for every list; the rest is application specific or reserved."""

    VALID = 0
    INVALID = 1
    SUSPENDED = 2


class StatusList:
    """The statuses of a list: an immutable view of the bytes that hold them.

    The status of index 0 is in the least significant bits of the first byte. The bytes are not copied: whoever made
    them must not change them. `len` is the number of statuses, those included that nobody was given.
    Raises: ValueError: `bits` is not 1, 2, 4 or 8, or there are more than `MAX_LIST_BYTES` bytes.
    """

    __slots__ = ("_data", "_mask", "_places", "_shift", "bits")

    def __init__(self, data: bytes | bytearray, *, bits: int = 1) -> None:
        if bits not in WIDTHS:
            raise ValueError("a status has 1, 2, 4 or 8 bits")
        if len(data) > MAX_LIST_BYTES:
            raise ValueError(f"a status list has at most {MAX_LIST_BYTES} bytes")
        self.bits: Final = bits
        self._data: Final = data
        self._shift: Final = (_BYTE // bits).bit_length() - 1  # from an index to its byte
        self._places: Final = _BYTE // bits - 1
        self._mask: Final = (1 << bits) - 1

    def __len__(self) -> int:
        return len(self._data) << self._shift

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, StatusList):
            return NotImplemented
        return self.bits == other.bits and self._data == other._data

    __hash__ = None  # type: ignore[assignment]  # nobody looks a list of megabytes up by its content

    def __repr__(self) -> str:
        return f"StatusList({len(self)} statuses of {self.bits} bits)"

    def get(self, index: int) -> int:
        """Return the status of an index, from 0 to 2**bits - 1. Raises: IndexError: it is not on the list."""
        if index < 0:
            raise IndexError(index)
        return self._data[index >> self._shift] >> (index & self._places) * self.bits & self._mask

    @classmethod
    def inflate(cls, data: bytes, *, bits: int) -> StatusList:
        """Return the list of a zlib stream (RFC 1950), without a second copy of it on the way.

        Raises: DecodeError: `deflate.too_large` beyond `MAX_LIST_BYTES`, `deflate.invalid`; `status.list_invalid`: no
            width of a status.
        """
        if type(bits) is not int or bits not in WIDTHS:
            raise DecodeError(Reason.STATUS_LIST_INVALID, "the bits of a status are not 1, 2, 4 or 8")
        return cls(deflate.inflate_large(data, limit=MAX_LIST_BYTES), bits=bits)

    def deflate(self, *, level: int = LEVEL) -> bytes:
        """Return the zlib stream of the list; `level` is 1 for the fastest to 9 for the smallest.

        For 100 million statuses of one bit, 1% of them set at random: 7 s and 1.38 MB at level 9, 0.5 s and 1.60 MB at
        level 6, 0.1 s and 2.15 MB at level 1.
        """
        return deflate.deflate(self._data, level=level)
