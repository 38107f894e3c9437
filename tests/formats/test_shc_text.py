"""The digits of SMART Health Cards, their parts in any order, and the files that cards come in."""

from __future__ import annotations

import json
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authority import DOCUMENT, World
from pratique.errors import DecodeError
from pratique.formats import shc_text
from pratique.formats.smart_health_card import join, read_file
from pratique.reasons import Reason
from pratique.report import Step, Verdict
from shc import ShcIssuer, digits, dose, parts, payload

BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
OTHERS = ["PQ1:ABC", "HC1:ABC", "anything", ""]


def code_of(text: str) -> Reason:
    with pytest.raises(DecodeError) as raised:
        shc_text.decode(text)
    return raised.value.code


@given(st.text(BASE64URL, min_size=1, max_size=80))
def test_digits_of_another_implementation_are_read(jws: str) -> None:
    assert shc_text.decode("shc:/" + digits(jws)) == jws.encode()
    assert shc_text.decode("shc:/1/1/" + digits(jws)) == jws.encode()


@pytest.mark.parametrize("pair", ["78", "99", "80"])
def test_pair_above_77_is_refused(pair: str) -> None:
    assert code_of(f"shc:/5676{pair}29") is Reason.JWS_MALFORMED


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "567",
        "56 6",
        " 5676",
        "5676\n",
        "56a6",
        "\u0665\u0666",
        "\uff15\uff16",
        "-567",
        "5676=",
        "/",
        "1/2",
        "1/2/",
        "0/2/56",
    ],
)
def test_anything_but_pairs_of_digits_is_refused(text: str) -> None:
    assert code_of("shc:/" + text) is Reason.JWS_MALFORMED


@pytest.mark.parametrize("text", ["3/2/5676", "2/100/5676", "01/2/5676", "1/2/56/76", "1/2/5a"])
def test_part_that_cannot_be_one_is_refused(text: str) -> None:
    assert code_of("shc:/" + text) is Reason.JWS_MALFORMED


def test_lone_part_says_which_it_is_and_what_to_do() -> None:
    report = World().verify("shc:/2/3/5676")
    check = report.check(Step.DECODE)
    assert (check.code, check.detail) == (Reason.QR_INCOMPLETE, "part 2 of 3")
    assert "every part" in report.for_traveller()


def test_parts_in_any_order_are_one_card() -> None:
    jws = "eyJ" + "abc." * 30
    for shuffled in permutations(parts(jws, 3)):
        assert join(shuffled) == ["shc:/" + digits(jws)]


def test_joined_card_is_accepted() -> None:
    world = World()
    issuer = ShcIssuer(world.clock)
    world.trusted.append(issuer.entry())
    (text,) = join([part.upper() + "\r\n" for part in reversed(parts(issuer.jws(payload(dose(), dose())), 3))])
    assert world.verify(text, document=DOCUMENT).verdict is Verdict.ACCEPT


def test_other_codes_keep_their_place_and_the_card_takes_that_of_its_first_part() -> None:
    first, second = parts("eyJhbGci", 2)
    whole = "shc:/" + digits("eyJhbGci")
    assert join(["HC1:A", second, "PQ1:B", first, whole]) == ["HC1:A", whole, "PQ1:B", whole]


def test_part_shown_twice_counts_once() -> None:
    first, second = parts("eyJhbGci", 2)
    assert join([first, first, second, first, second]) == ["shc:/" + digits("eyJhbGci")]


def test_missing_part_leaves_the_others_as_they_are() -> None:
    first, _, third = parts("eyJhbGciOi", 3)
    assert join([third, first]) == [third, first]
    assert join([first, third, "HC1:A"]) == [first, third, "HC1:A"]


def test_parts_of_cards_in_different_numbers_do_not_mix() -> None:
    assert join([parts("eyJhbGci", 2)[0], parts("eyJhbGciOi", 3)[1]]) == [
        parts("eyJhbGci", 2)[0],
        parts("eyJhbGciOi", 3)[1],
    ]


def test_cards_one_after_the_other_are_joined_each() -> None:
    one, other = parts("eyJhbGci", 2), parts("eyJ6aXAi", 2)
    assert join([*one, *reversed(other)]) == ["shc:/" + digits("eyJhbGci"), "shc:/" + digits("eyJ6aXAi")]


def test_parts_of_two_cards_in_a_mix_are_not_joined() -> None:
    """Joined wrongly they would be an altered card, and its holder a forger."""
    one, other = parts("eyJhbGci", 2), parts("eyJ6aXAi", 2)
    mixed = [one[0], other[0], one[1], other[1]]
    assert join(mixed) == mixed


@settings(max_examples=60)
@given(
    st.lists(
        st.sampled_from([*OTHERS, *parts("eyJhbGci", 2), *parts("eyJ6aXAi", 2), *parts("eyJhbGciOi", 3)]), max_size=9
    )
)
def test_nothing_but_parts_is_ever_lost_and_no_card_is_made_of_two(texts: list[str]) -> None:
    joined = join(texts)
    assert [text for text in joined if text in OTHERS] == [text for text in texts if text in OTHERS]
    whole = {"shc:/" + digits(jws) for jws in ("eyJhbGci", "eyJ6aXAi", "eyJhbGciOi")}
    made = {text for text in joined if text.startswith("shc:/") and text.count("/") == 1}
    mixed = {
        "shc:/" + digits(one[:4] + other[4:]) for one in ("eyJhbGci", "eyJ6aXAi") for other in ("eyJhbGci", "eyJ6aXAi")
    }
    assert made <= whole | mixed


def test_card_in_a_file_is_the_card_of_its_codes() -> None:
    cards = ["eyJhbGci.AA.AA", "eyJ6aXAi.AA.AA"]
    file = json.dumps({"verifiableCredential": cards}).encode()
    assert read_file(file) == ["shc:/" + digits(card) for card in cards]


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (b"", Reason.JSON_MALFORMED),
        (b"[]", Reason.CONTENT_INVALID),
        (b"{}", Reason.CONTENT_INVALID),
        (b'{"verifiableCredential": []}', Reason.CONTENT_INVALID),
        (b'{"verifiableCredential": "eyJ"}', Reason.CONTENT_INVALID),
        (b'{"verifiableCredential": [7]}', Reason.CONTENT_INVALID),
        (b'{"verifiableCredential": ["ey J"]}', Reason.CONTENT_INVALID),
        (b'{"verifiableCredential": [""]}', Reason.CONTENT_INVALID),
        (json.dumps({"verifiableCredential": ["A"] * 65}).encode(), Reason.CONTENT_INVALID),
        (b" " * (1024 * 1024 + 1), Reason.JSON_LIMIT),
    ],
)
def test_file_without_cards_is_refused(file: bytes, reason: Reason) -> None:
    with pytest.raises(DecodeError) as raised:
        read_file(file)
    assert raised.value.code is reason
