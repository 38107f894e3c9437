"""The parts of SMART Health Cards, in any order, repeated, missing, and those of several cards mixed."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authority import DOCUMENT, World
from pratique.formats import shc_parts
from pratique.formats.shc_parts import Code, Gathering, join
from pratique.report import Verdict
from shc import ShcIssuer, digits, dose, parts, payload

WORLD = World()
ISSUER = ShcIssuer(WORLD.clock)
WORLD.trusted.append(ISSUER.entry())
OTHERS = ["PQ1:ABC", "HC1:ABC", "anything", ""]
JWS = [ISSUER.jws(payload(dose(occurrenceDateTime=f"2021-0{i}-01"))) for i in range(1, 5)]
WHOLE = ["shc:/" + digits(jws) for jws in JWS]
_MIDDLE = len(JWS[0]) // 2
DAMAGED = JWS[0][: _MIDDLE - 20] + "A" * 40 + JWS[0][_MIDDLE + 20 :]


def test_parts_in_any_order_are_one_card() -> None:
    for shuffled in permutations(parts(JWS[0], 3)):
        assert join(shuffled) == WHOLE[:1]


def test_joined_card_is_accepted() -> None:
    (text,) = join([part.upper() + "\r\n" for part in reversed(parts(JWS[0], 3))])
    assert WORLD.verify(text, document=DOCUMENT).verdict is not Verdict.REJECT


def test_other_codes_keep_their_place_and_the_card_takes_that_of_its_first_part() -> None:
    first, second = parts(JWS[0], 2)
    assert join(["HC1:A", second, "PQ1:B", first, WHOLE[0]]) == ["HC1:A", WHOLE[0], "PQ1:B", WHOLE[0]]


def test_part_shown_twice_counts_once() -> None:
    first, second = parts(JWS[0], 2)
    assert join([first, first, second.upper(), first.upper(), second]) == [WHOLE[0]]


def test_a_card_names_the_texts_that_it_was_put_together_from() -> None:
    first, second, third = parts(JWS[0], 3)
    gathering = Gathering()
    assert gathering.add(third) == gathering.add(first) == gathering.add(third) == []
    assert (gathering.waiting, gathering.code_of(first)) == ([third, first], first)
    assert gathering.add(second) == [Code(WHOLE[0], (third, first, second))]
    assert (gathering.waiting, gathering.code_of(first)) == ([], WHOLE[0])
    assert gathering.add(first) == []
    assert gathering.add("HC1:A") == [Code("HC1:A", ("HC1:A",))]


def test_missing_part_leaves_the_others_as_they_are() -> None:
    first, _, third = parts(JWS[0], 3)
    assert join([third, first]) == [third, first]
    assert join([first, third, "HC1:A"]) == [first, third, "HC1:A"]


def test_parts_of_cards_in_different_numbers_do_not_mix() -> None:
    lone = [parts(JWS[0], 2)[0], parts(JWS[1], 3)[1]]
    assert join(lone) == lone


def test_parts_that_make_no_card_stay_as_they_are() -> None:
    """A QR code is read right or not at all: what cannot be inflated is a mix of cards, and no damage."""
    damaged = parts(DAMAGED, 3)
    assert join(damaged) == damaged
    assert sorted(join([*damaged, *parts(JWS[1], 3)])) == sorted([*damaged, WHOLE[1]])
    one, other = parts(JWS[0], 3), parts(JWS[1], 3)
    for mixed in ([one[0], other[1], one[2]], [one[0], one[1], other[2]], [other[0], one[1], one[2]]):
        assert join(mixed) == mixed


def test_cards_that_are_cut_inside_their_signatures_are_not_mixed_up() -> None:
    """The second parts fit either card: which is whose, only the signature could tell."""
    cut = [(f"shc:/1/2/{digits(jws[:-40])}", f"shc:/2/2/{digits(jws[-40:])}") for jws in JWS[:2]]
    mixed = [cut[0][0], cut[1][0], cut[1][1], cut[0][1]]
    assert join(mixed) == mixed
    assert join([*cut[0], *cut[1]]) == WHOLE[:2]


def test_of_more_cards_than_can_be_tried_none_is_joined_and_all_parts_stay() -> None:
    """Of four cards of five parts there are 256 ways to complete one; of three, 81."""
    columns = [part for each in zip(*(parts(jws, 5) for jws in JWS), strict=True) for part in each]
    assert join(columns) == columns
    assert sorted(join([part for part in columns if part not in parts(JWS[3], 5)])) == sorted(WHOLE[:3])


def test_cards_that_begin_alike_share_a_part_that_is_shown_for_each() -> None:
    alike = [ISSUER.jws(payload(dose(lotNumber=str(i)))) for i in range(40)]
    of_three = [parts(jws, 3) for jws in alike]
    assert len({each[0] for each in of_three}) < len(alike)  # or this tests nothing
    shown = [part for each in of_three for part in each]
    gathering = Gathering()
    made = [code.text for part in shown for code in gathering.add(part)]
    assert (made, gathering.waiting) == (["shc:/" + digits(jws) for jws in alike], [])
    assert [code for part in shown for code in gathering.add(part)] == []  # all of them once more


@pytest.mark.parametrize("count", [2, 3])
def test_parts_of_two_cards_in_every_mix_are_the_two_cards(count: int) -> None:
    """Joined wrongly they would be an altered card, and its holder a forger."""
    mixed = [*parts(JWS[0], count), *parts(JWS[1], count)]
    for shuffled in permutations(mixed):
        assert sorted(join(shuffled)) == sorted(WHOLE[:2])


def test_parts_of_four_cards_alternating_are_the_four_cards() -> None:
    mixed = [part for each in zip(*(parts(jws, 3) for jws in JWS), strict=True) for part in each]
    assert sorted(join(mixed)) == sorted(WHOLE)


def test_parts_of_two_cards_of_which_one_lacks_one_are_one_card_and_the_rest() -> None:
    one, other = parts(JWS[0], 3), parts(JWS[1], 3)
    assert sorted(join([one[0], other[1], one[2], one[1]])) == sorted([WHOLE[0], other[1]])
    wrong = [one[0], other[1], one[2], other[0]]
    assert join(wrong) == wrong


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([*OTHERS, *parts(JWS[0], 2), *parts(JWS[1], 2), *parts(JWS[2], 3)]), max_size=9))
def test_nothing_is_ever_lost_or_made_up(texts: list[str]) -> None:
    joined = join(texts)
    assert [text for text in joined if text in OTHERS] == [text for text in texts if text in OTHERS]
    for jws, whole, count in zip(JWS, WHOLE, (2, 2, 3), strict=False):
        assert (whole in joined) is (set(parts(jws, count)) <= set(texts))
        lone = set(texts) & set(parts(jws, count)) if whole not in joined else set()
        assert lone == set(joined) & set(parts(jws, count))


def test_parts_made_to_be_tried_for_ever_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []

    def is_card(text: str) -> bool:
        tried.append(text)
        return False

    monkeypatch.setattr(shc_parts, "_is_card", is_card)
    for of in (2, 3, 4):
        texts = [f"shc:/{number}/{of}/{i}" for number in range(1, of + 1) for i in range(10, 30)]
        tried.clear()
        assert join(texts) == texts
        assert len(tried) <= 81 * len(texts)
