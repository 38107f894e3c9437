"""Inflation with a hard limit on what comes out; deflation for what is large."""

from __future__ import annotations

import zlib

from pratique.errors import DecodeError
from pratique.reasons import Reason

MAX_INFLATED = 64 * 1024  # bytes; a QR code holds 4,296 characters, and real certificates inflate to about 400 bytes
_USUAL = 2048  # bytes to make room for at first: more has to be cleared away again, however little comes
_RAW = -zlib.MAX_WBITS
_PIECE = 256 * 1024  # bytes that come out at a time
_SLICE = 16 * 1024  # bytes that go in at a time: what is not consumed yet is copied, so it had better be little


def inflate(data: bytes, *, limit: int = MAX_INFLATED, raw: bool = False) -> bytes:
    """Return the content of one zlib stream (RFC 1950), or of one raw deflate stream (RFC 1951).

    Args:
        data: the whole stream and nothing after it.
        limit: the largest content accepted, in bytes.
        raw: the stream has no zlib header and no checksum.
    Raises: DecodeError: `deflate.too_large` as soon as more than `limit` bytes come out; `deflate.invalid` for a
    damaged or unfinished stream, a preset dictionary, or bytes after its end.
    """
    stream = zlib.decompressobj(_RAW if raw else zlib.MAX_WBITS)
    try:
        content = stream.decompress(data, min(limit + 1, _USUAL))
        if len(content) == _USUAL <= limit and not stream.eof:
            content += stream.decompress(stream.unconsumed_tail, limit + 1 - _USUAL)
    except zlib.error:
        raise DecodeError(Reason.DEFLATE_INVALID, f"{len(data)} bytes are not a deflate stream") from None
    if len(content) > limit:
        raise DecodeError(Reason.DEFLATE_TOO_LARGE, f"the content exceeds {limit} bytes")
    if not stream.eof:
        raise DecodeError(Reason.DEFLATE_INVALID, f"the stream breaks off after {len(data)} bytes")
    if stream.unused_data:
        raise DecodeError(Reason.DEFLATE_INVALID, f"{len(stream.unused_data)} bytes follow the stream's end")
    return content


def inflate_large(data: bytes, *, limit: int) -> bytearray:
    """Return the content of one zlib stream (RFC 1950), however large, without holding it twice on the way.

    Args:
        data: the whole stream and nothing after it.
        limit: the largest content accepted, in bytes.
    Raises: DecodeError: as `inflate`.
    """
    stream = zlib.decompressobj()
    content = bytearray()
    view = memoryview(data)
    end = 0
    try:
        while end < len(data) and not stream.eof:
            piece = stream.decompress(view[end : end + _SLICE], _PIECE)
            end = min(end + _SLICE, len(data))
            while piece:
                content += piece
                if len(content) > limit:
                    raise DecodeError(Reason.DEFLATE_TOO_LARGE, f"the content exceeds {limit} bytes")
                piece = b"" if stream.eof else stream.decompress(stream.unconsumed_tail, _PIECE)
    except zlib.error:
        raise DecodeError(Reason.DEFLATE_INVALID, f"{len(data)} bytes are not a deflate stream") from None
    if not stream.eof:
        raise DecodeError(Reason.DEFLATE_INVALID, f"the stream breaks off after {len(data)} bytes")
    if behind := len(stream.unused_data) + len(data) - end:
        raise DecodeError(Reason.DEFLATE_INVALID, f"{behind} bytes follow the stream's end")
    return content


def deflate(data: bytes | bytearray, *, level: int) -> bytes:
    """Return a zlib stream (RFC 1950) with this content; `level` is 0 for the largest to 9 for the slowest."""
    return zlib.compress(data, level)
