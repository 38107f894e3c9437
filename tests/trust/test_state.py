"""What a trust folder remembers reads back; what is not all of it is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.codec import json
from pratique.errors import TrustError
from pratique.reasons import Reason
from pratique.trust.state import Seen, State

NUMBERS = st.integers(1, 2**53 - 1)
SEEN = st.builds(Seen, NUMBERS, st.binary(min_size=32, max_size=32).map(bytes.hex))
TIMES = st.datetimes(datetime(1970, 1, 1), datetime(9000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the next argument
EXAMPLE = State(root_version=2, latest=datetime(2026, 11, 23, tzinfo=UTC), lists={"who": Seen(1, "0" * 64)})


EDITIONS = st.dictionaries(st.text(), SEEN, max_size=3)


@given(NUMBERS, TIMES, EDITIONS, EDITIONS)
def test_any_state_reads_back(version: int, latest: datetime, lists: dict[str, Any], bundles: dict[str, Any]) -> None:
    state = State(root_version=version, latest=latest, lists=lists, bundles=bundles)
    assert State.decode(state.encode()) == state


def test_state_is_refused_truncated_at_every_byte() -> None:
    data = EXAMPLE.encode().rstrip()
    for end in range(len(data)):
        with pytest.raises(TrustError) as refused:
            State.decode(data[:end])
        assert refused.value.code is Reason.TRUST_FOLDER_INVALID


@pytest.mark.parametrize("name", ["root_version", "latest", "lists"])
def test_state_that_lacks_something_is_refused(name: str) -> None:
    document = json.decode(EXAMPLE.encode())
    del document[name]
    with pytest.raises(TrustError, match=f"{name} is missing"):
        State.decode(json.encode(document).encode())


def test_lists_and_bundles_of_one_id_are_remembered_apart() -> None:
    state = EXAMPLE.having("bundle", "who", Seen(9, "1" * 64))
    assert state.editions("trust-list") == EXAMPLE.lists
    assert state.editions("bundle") == {"who": Seen(9, "1" * 64)}
    assert state.having("trust-list", "who", Seen(2, "2" * 64)).bundles == state.bundles
    with pytest.raises(KeyError):
        state.editions("rule-set")
