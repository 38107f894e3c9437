"""Status lists: the draft's vectors, every width, the ends of the list, and what does not inflate."""

from __future__ import annotations

import json
import zlib
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import Vector, load_vectors
from pratique.codec import base64url
from pratique.errors import DecodeError
from pratique.reasons import Reason
from pratique.status import StatusList, StatusType
from pratique.status.token_status_list import MAX_LIST_BYTES

LISTS = [vector for vector in load_vectors("status-list") if "encoding" in vector.name]
# Draft, section 4.1: 16 statuses of one bit
BITS = [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1]


def content(vector: Vector) -> tuple[int, bytes]:
    """Return the bits and the compressed list of a vector, read by other libraries."""
    text = vector.text()
    if vector.name.endswith("cbor"):
        members: Any = cbor2.loads(bytes.fromhex(text))
        return members["bits"], members["lst"]
    members = json.loads(text)
    return members["bits"], base64url.decode(members["lst"].encode())


@pytest.mark.usefixtures("vectors")
def test_there_are_six_vectors_of_lists() -> None:
    assert len(LISTS) == 6


@pytest.mark.parametrize("vector", LISTS, ids=lambda vector: vector.name)
def test_vector_of_the_draft_has_its_statuses_and_no_others(vector: Vector) -> None:
    bits, compressed = content(vector)
    statuses = StatusList.inflate(compressed, bits=bits)
    expected = {int(index): status for index, status in vector.meta["expected"]["result"]["status"].items()}
    assert {index: statuses.get(index) for index in expected} == expected
    found = {index: status for index in range(len(statuses)) if (status := statuses.get(index))}
    assert found == {index: status for index, status in expected.items() if status}


def test_example_of_the_draft_is_read() -> None:
    for statuses in (
        StatusList(bytes.fromhex("b9a3")),
        StatusList.inflate(bytes.fromhex("78dadbb918000217015d"), bits=1),
    ):
        assert [statuses.get(index) for index in range(16)] == BITS
        assert len(statuses) == 16


def test_example_of_the_draft_is_written() -> None:
    assert StatusList(bytes.fromhex("b9a3")).deflate() == bytes.fromhex("78dadbb918000217015d")


@given(st.sampled_from((1, 2, 4, 8)), st.lists(st.integers(0, 255), max_size=80))
def test_statuses_of_every_width_come_back(bits: int, values: list[int]) -> None:
    values = [value % 2**bits for value in values] + [0] * (-len(values) % 8)
    data = bytearray(len(values) * bits // 8)
    for index, value in enumerate(values):
        data[index * bits // 8] |= value << index * bits % 8
    statuses = StatusList.inflate(StatusList(data, bits=bits).deflate(), bits=bits)
    assert [statuses.get(index) for index in range(len(statuses))] == values
    assert statuses == StatusList(bytes(data), bits=bits)


@pytest.mark.parametrize(("bits", "size"), [(1, 24), (2, 12), (4, 6), (8, 3)])
def test_list_ends_where_it_ends(bits: int, size: int) -> None:
    statuses = StatusList(b"\0\0\xff", bits=bits)
    assert len(statuses) == size
    assert statuses.get(size - 1) == 2**bits - 1
    for index in (size, size + 1, 2**32, -1, -size):
        with pytest.raises(IndexError):
            statuses.get(index)


@pytest.mark.parametrize("bits", [0, 3, 5, 16, -1])
def test_other_widths_are_misuse_and_when_read_an_error(bits: int) -> None:
    with pytest.raises(ValueError, match="1, 2, 4 or 8"):
        StatusList(b"", bits=bits)
    with pytest.raises(DecodeError) as refused:
        StatusList.inflate(zlib.compress(b""), bits=bits)
    assert refused.value.code is Reason.STATUS_LIST_INVALID


def test_truth_is_no_width() -> None:
    with pytest.raises(DecodeError):
        StatusList.inflate(zlib.compress(b""), bits=True)


def test_list_that_inflates_beyond_the_limit_is_refused() -> None:
    stream = zlib.compressobj(9)
    bomb = b"".join(stream.compress(bytes(1 << 20)) for _ in range(65)) + stream.flush()
    with pytest.raises(DecodeError) as refused:
        StatusList.inflate(bomb, bits=1)
    assert refused.value.code is Reason.DEFLATE_TOO_LARGE
    with pytest.raises(ValueError, match="at most"):
        StatusList(bytes(MAX_LIST_BYTES + 1))


def test_list_as_large_as_the_limit_is_read() -> None:
    assert len(StatusList.inflate(zlib.compress(bytes(MAX_LIST_BYTES), 1), bits=1)) == 536_870_912


def test_lists_of_other_bytes_or_width_differ() -> None:
    assert StatusList(b"\1") != StatusList(b"\2")
    assert StatusList(b"\1") != StatusList(b"\1", bits=2)
    assert StatusList(b"\1") != b"\1"
    assert repr(StatusList(b"\1", bits=2)) == "StatusList(4 statuses of 2 bits)"


def test_types_have_the_numbers_of_the_draft() -> None:
    assert {kind.name: kind.value for kind in StatusType} == {"VALID": 0, "INVALID": 1, "SUSPENDED": 2}
