"""What a person should see of an EU DCC: the members that depart from the schema."""

from __future__ import annotations

from typing import Any

import pytest

from authority import dcc_recovery, dcc_test, dcc_vaccination
from pratique.formats.dcc import RAPID_TEST, Dcc


@pytest.mark.parametrize(
    ("content", "deviations"),
    [
        (dcc_vaccination(), ()),
        (dcc_test(tt=RAPID_TEST, ma="1232"), ()),
        (dcc_test(tt=RAPID_TEST, ma="0"), ("ma",)),
        (dcc_vaccination(tt=RAPID_TEST), ("ma",)),
        (dcc_recovery(tt=RAPID_TEST, ma="x"), ("ma",)),
        (dcc_vaccination(co="A" * 10), ()),
        (dcc_vaccination(co="A" * 11), ("co",)),
        (dcc_vaccination(co=""), ("co",)),
        (dcc_vaccination(co="at"), ("co",)),
        (dcc_vaccination(co="A1"), ("co",)),
        (dcc_vaccination(co="\u00c4T"), ("co",)),
        (dcc_vaccination(co="AT\n"), ("co",)),
        (dcc_vaccination(co=7), ("co",)),
        (dcc_vaccination(dt="2026-2-18"), ("dt",)),
    ],
)
def test_a_departure_from_the_schema_is_named(content: dict[str, Any], deviations: tuple[str, ...]) -> None:
    assert Dcc(content).deviations() == deviations
