from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.codec.deflate import MAX_INFLATED, deflate, inflate, inflate_large
from pratique.errors import DecodeError
from pratique.reasons import Reason

CONTENT = b"A certificate of some length, a certificate that repeats itself." * 4


def raw_deflate(data: bytes) -> bytes:
    stream = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return stream.compress(data) + stream.flush()


def code_of(data: bytes, **options: bool | int) -> Reason:
    with pytest.raises(DecodeError) as refused:
        inflate(data, **options)
    return refused.value.code


@given(st.binary(max_size=2000), st.integers(0, 9))
def test_what_was_deflated_comes_back_at_every_level(data: bytes, level: int) -> None:
    assert inflate(zlib.compress(data, level)) == data
    assert inflate(raw_deflate(data), raw=True) == data


def test_a_stream_that_breaks_off_anywhere_is_refused() -> None:
    for stream, raw in ((zlib.compress(CONTENT), False), (raw_deflate(CONTENT), True)):
        for end in range(len(stream)):
            assert code_of(stream[:end], raw=raw) is Reason.DEFLATE_INVALID


def test_bytes_after_the_stream_are_refused() -> None:
    for stream, raw in ((zlib.compress(CONTENT), False), (raw_deflate(CONTENT), True)):
        for more in (b"\0", stream):
            assert code_of(stream + more, raw=raw) is Reason.DEFLATE_INVALID


def test_a_damaged_checksum_is_refused() -> None:
    stream = bytearray(zlib.compress(CONTENT))
    stream[-1] ^= 1
    assert code_of(bytes(stream)) is Reason.DEFLATE_INVALID


@pytest.mark.parametrize("data", [b"", CONTENT, gzip.compress(CONTENT, mtime=0), raw_deflate(CONTENT)])
def test_what_is_no_zlib_stream_is_refused(data: bytes) -> None:
    assert code_of(data) is Reason.DEFLATE_INVALID


def test_a_preset_dictionary_is_refused() -> None:
    stream = zlib.compressobj(zdict=CONTENT)
    assert code_of(stream.compress(CONTENT) + stream.flush()) is Reason.DEFLATE_INVALID


def test_the_limit_is_the_largest_content_accepted() -> None:
    for size, limit in ((MAX_INFLATED, MAX_INFLATED), (100, 100), (0, 0)):
        assert len(inflate(zlib.compress(bytes(size)), limit=limit)) == size
        assert code_of(zlib.compress(bytes(size + 1)), limit=limit) is Reason.DEFLATE_TOO_LARGE


@pytest.mark.parametrize("size", [2047, 2048, 2049, 5000])
@pytest.mark.parametrize("level", [0, 9])
def test_content_is_whole_and_bounded_around_the_room_that_is_made_at_first(size: int, level: int) -> None:
    content = bytes(i * i % 251 for i in range(size))
    for stream, raw in ((zlib.compress(content, level), False), (raw_deflate(content), True)):
        assert inflate(stream, raw=raw) == inflate(stream, raw=raw, limit=size) == content
        assert code_of(stream, raw=raw, limit=size - 1) is Reason.DEFLATE_TOO_LARGE
        assert code_of(stream[:-1], raw=raw) is Reason.DEFLATE_INVALID
        assert code_of(stream + b"\0", raw=raw) is Reason.DEFLATE_INVALID


def test_a_bomb_is_refused_before_it_is_inflated() -> None:
    bomb = zlib.compress(bytes(200 * 1024 * 1024), 9)
    assert code_of(bomb) is Reason.DEFLATE_TOO_LARGE
    assert code_of(bomb[: len(bomb) // 2]) is Reason.DEFLATE_TOO_LARGE


@given(st.binary(max_size=100), st.booleans())
def test_arbitrary_bytes_raise_only_errors_that_name_a_code(data: bytes, raw: bool) -> None:  # noqa: FBT001
    try:
        inflate(data, raw=raw)
    except DecodeError as error:
        assert error.code in {Reason.DEFLATE_INVALID, Reason.DEFLATE_TOO_LARGE}  # noqa: PT017


LARGE = bytes(range(256)) * 4096 + bytes(300_000)  # several pieces, the last of which is none that is full


def large_code_of(data: bytes, limit: int = 2 * len(LARGE)) -> Reason:
    with pytest.raises(DecodeError) as refused:
        inflate_large(data, limit=limit)
    return refused.value.code


@given(st.binary(max_size=2000), st.integers(0, 9))
def test_what_was_deflated_comes_back_by_the_way_for_what_is_large(data: bytes, level: int) -> None:
    assert inflate_large(deflate(data, level=level), limit=len(data)) == data


@pytest.mark.parametrize("level", range(10))
@pytest.mark.parametrize("content", [LARGE, bytes(1 << 20), bytes(256 * 1024), LARGE[: 512 * 1024]])
def test_large_content_comes_back_whole(content: bytes, level: int) -> None:
    assert inflate_large(zlib.compress(content, level), limit=len(content)) == content


def test_a_large_stream_that_breaks_off_is_refused() -> None:
    stream = zlib.compress(LARGE, 0)
    for end in (0, 1, 2, 100, 16_384, 16_385, len(stream) - 5, len(stream) - 4, len(stream) - 1):
        assert large_code_of(stream[:end]) is Reason.DEFLATE_INVALID
    for end in range(len(stream := zlib.compress(CONTENT))):
        assert large_code_of(stream[:end]) is Reason.DEFLATE_INVALID


@pytest.mark.parametrize("size", [1, 16_384, 100_000])
@pytest.mark.parametrize("level", [0, 9])
def test_bytes_after_a_large_stream_are_counted(size: int, level: int) -> None:
    with pytest.raises(DecodeError, match=f"{size} bytes follow"):
        inflate_large(zlib.compress(LARGE, level) + bytes(size), limit=len(LARGE))


def test_large_content_is_bounded() -> None:
    bomb = zlib.compress(bytes(64 << 20), 9)
    assert large_code_of(bomb, 1 << 20) is Reason.DEFLATE_TOO_LARGE
    stream = zlib.compress(LARGE)
    assert large_code_of(stream, len(LARGE) - 1) is Reason.DEFLATE_TOO_LARGE
    assert len(inflate_large(stream, limit=len(LARGE))) == len(LARGE)


def test_large_stream_of_another_form_is_refused() -> None:
    assert large_code_of(gzip.compress(CONTENT)) is Reason.DEFLATE_INVALID
    damaged = bytearray(zlib.compress(LARGE, 0))
    damaged[-1] ^= 1  # of the checksum
    assert large_code_of(bytes(damaged)) is Reason.DEFLATE_INVALID
