"""The digits of SMART Health Cards, and the files that cards come in."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authority import World
from pratique.errors import DecodeError
from pratique.formats import shc_text
from pratique.formats.smart_health_card import read_file
from pratique.reasons import Reason
from pratique.report import Step
from shc import digits

BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."


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
