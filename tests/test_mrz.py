"""Machine-readable zones: ICAO's specimens are read, every check digit counts, and no error shows what was in one.

The specimens are those of Doc 9303: part 4 and 5 and 6, appendix B, and part 11, appendix D.2.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.errors import DecodeError, PratiqueError
from pratique.model.dates import PartialDate
from pratique.mrz import TravelDocument, check_digit, mrz_information, parse_mrz, td3
from pratique.reasons import Reason

TODAY = date(2026, 6, 1)
TD3 = ("P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10")
TD2 = ("I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<", "D231458907UTO7408122F1204159<<<<<<<6")
TD1 = ("I<UTOD231458907<<<<<<<<<<<<<<<", "7408122F1204159UTO<<<<<<<<<<<6", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<")
TD1_LONG = ("I<UTOD23145890<7349<<<<<<<<<<<", "3407127M9507122UTO<<<<<<<<<<<2", "STEVENSON<<PETER<JOHN<<<<<<<<<")
BAC_TD3 = ("P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C<3UTO6908061F9406236ZE184226B<<<<<14")
FIELDS: dict[str, Any] = {
    "surname": "Erik-Son",
    "given_names": "",
    "document_number": "A1",
    "issuing_state": "D",
    "nationality": "D",
    "birth_date": date(1990, 1, 1),
    "sex": "X",
    "expiry_date": date(2030, 1, 1),
}
SPECIMENS = [TD3, TD2, TD1, TD1_LONG, BAC_TD3]


def read(*lines: str) -> TravelDocument:
    return parse_mrz("\n".join(lines), today=TODAY)


def refusal(*lines: str) -> str:
    with pytest.raises(DecodeError) as caught:
        read(*lines)
    assert caught.value.code is Reason.MRZ_INVALID
    return caught.value.detail


def replaced(lines: tuple[str, ...], line: int, position: int, text: str) -> list[str]:
    """Return the lines with some characters overwritten; line and position count from 1."""
    changed = list(lines)
    old = changed[line - 1]
    changed[line - 1] = old[: position - 1] + text + old[position - 1 + len(text) :]
    return changed


def td2(number: str, *, optional: str = "", birth: str = "740812", sex: str = "F", expiry: str = "120415") -> list[str]:
    """Return a TD2 zone with these fields; a number longer than nine continues in the optional data."""
    if len(number) > 9:
        optional = f"{number[9:]}{check_digit(number)}<{optional}"
        number = f"{number[:9]}<"
    else:
        number = f"{number:<<9}{check_digit(number)}"
    birth, expiry = birth + check_digit(birth), expiry + check_digit(expiry)
    composed = f"{number}UTO{birth}{sex}{expiry}{optional:<<7}"
    return [TD2[0], composed + check_digit(number + birth + expiry + f"{optional:<<7}")]


def test_the_passport_specimen_is_read() -> None:
    document = read(*TD3)
    assert document == TravelDocument(
        format="TD3",
        document_code="P",
        issuing_state="UTO",
        surname="ERIKSSON",
        given_names="ANNA MARIA",
        document_number="L898902C3",
        nationality="UTO",
        birth_date=PartialDate(1974, 8, 12),
        birth_printed="740812",
        sex="F",
        expiry_date=date(2012, 4, 15),
        optional_data=("ZE184226B",),
    )
    assert document.name == "ERIKSSON<<ANNA<MARIA"
    assert document.name_length == 39


@pytest.mark.parametrize(("lines", "format_", "room"), [(TD2, "TD2", 31), (TD1, "TD1", 30)])
def test_the_card_specimens_are_read(lines: tuple[str, ...], format_: str, room: int) -> None:
    document = read(*lines)
    assert (document.format, document.name_length) == (format_, room)
    assert (document.surname, document.given_names, document.document_number) == ("ERIKSSON", "ANNA MARIA", "D23145890")
    assert (document.birth_date, document.expiry_date) == (PartialDate(1974, 8, 12), date(2012, 4, 15))


def test_a_long_number_goes_on_in_the_optional_data() -> None:
    document = read(*TD1_LONG)
    assert document.document_number == "D23145890734"
    assert document.optional_data == ("", "")
    document = read(*td2("D2314589073", optional="AB"))
    assert document.document_number == "D2314589073"
    assert document.optional_data == ("AB",)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (BAC_TD3, b"L898902C<369080619406236"),
        (TD1_LONG, b"D23145890734934071279507122"),
        (TD3, b"L898902C3674081221204159"),
        (TD1, b"D23145890774081221204159"),
        (TD2, b"D23145890774081221204159"),
    ],
)
def test_mrz_information_is_that_of_part_11(lines: tuple[str, ...], expected: bytes) -> None:
    assert mrz_information(read(*lines)) == expected


def test_a_document_says_nothing_in_its_repr() -> None:
    assert repr(read(*TD3)) == "TravelDocument(format='TD3')"


@pytest.mark.parametrize("lines", SPECIMENS)
def test_white_space_case_and_line_breaks_do_not_matter(lines: tuple[str, ...]) -> None:
    expected = read(*lines)
    assert parse_mrz("".join(lines), today=TODAY) == expected
    assert parse_mrz("\r\n\r\n".join(f"  {line.lower()}\t" for line in lines) + "\r\n", today=TODAY) == expected
    assert parse_mrz(" ".join(lines), today=TODAY) == expected


@pytest.mark.parametrize(
    ("lines", "line", "position", "field"),
    [
        (TD3, 2, 10, "document number"),
        (TD3, 2, 20, "birth date"),
        (TD3, 2, 28, "expiry date"),
        (TD3, 2, 43, "optional data"),
        (TD3, 2, 44, "composite"),
        (TD2, 2, 10, "document number"),
        (TD2, 2, 20, "birth date"),
        (TD2, 2, 28, "expiry date"),
        (TD2, 2, 36, "composite"),
        (TD1, 1, 15, "document number"),
        (TD1, 2, 7, "birth date"),
        (TD1, 2, 15, "expiry date"),
        (TD1, 2, 30, "composite"),
    ],
)
def test_each_check_digit_is_checked_and_named(lines: tuple[str, ...], line: int, position: int, field: str) -> None:
    digit = str((int(lines[line - 1][position - 1]) + 1) % 10)
    detail = refusal(*replaced(lines, line, position, digit))
    assert detail.startswith(f"line {line}, position {position} (")
    assert field in detail


def test_the_check_digit_of_a_long_number_is_checked() -> None:
    assert "check digit of the document number" in refusal(*replaced(TD1_LONG, 1, 19, "8"))


@given(st.sampled_from(SPECIMENS), st.data())
@settings(max_examples=100)
def test_any_one_wrong_digit_that_a_check_digit_covers_is_found(lines: tuple[str, ...], data: st.DataObject) -> None:
    covered = [
        (number, position)
        for number, line in enumerate(lines, 1)
        for position, character in enumerate(line, 1)
        if character.isdigit()
    ]
    line, position = data.draw(st.sampled_from(covered))
    old = int(lines[line - 1][position - 1])
    digit = data.draw(st.integers(0, 9).filter(lambda value: value != old))
    refusal(*replaced(lines, line, position, str(digit)))


@pytest.mark.parametrize("lines", SPECIMENS)
def test_no_error_quotes_the_zone(lines: tuple[str, ...]) -> None:
    for number, line in enumerate(lines, 1):
        for position in range(1, len(line) + 1):
            for character in ("?", "0", "Q"):
                with suppress(DecodeError):
                    read(*replaced(lines, number, position, character))
                    continue
                detail = refusal(*replaced(lines, number, position, character))
                for secret in ("ERIKSSON", "ANNA", "STEVENSON", "8902", "D231", "7408", "1204", "3407", "6908"):
                    assert secret not in detail


@pytest.mark.parametrize("lines", SPECIMENS)
def test_a_zone_cut_anywhere_is_refused(lines: tuple[str, ...]) -> None:
    whole = "\n".join(lines)
    for end in range(len(whole)):
        refusal(whole[:end])


@pytest.mark.parametrize(
    "lines",
    [
        (),
        ("",),
        (*TD3, TD3[1]),
        (TD3[0],),
        (TD3[0], TD2[1]),
        TD1[:2],
        (TD3[0] + "<", TD3[1]),
        ("<" * 1001,),
        ("A",) * 500,
    ],
)
def test_other_shapes_are_refused_with_their_lengths(lines: tuple[str, ...]) -> None:
    assert "character" in refusal(*lines)


def test_a_character_outside_the_alphabet_is_named_by_its_place() -> None:
    assert refusal(*replaced(TD3, 2, 5, "-")).startswith("line 2, position 5:")
    assert refusal(*replaced(TD3, 1, 9, "\u00df")).startswith("line 1, position 9:")
    assert refusal(*replaced(TD3, 1, 9, "\uff21")).startswith("line 1, position 9:")


@pytest.mark.parametrize(
    ("lines", "field"),
    [
        (replaced(TD3, 1, 1, "V"), "document code"),
        (replaced(TD3, 1, 1, "I"), "document code"),
        (replaced(TD2, 1, 1, "P"), "document code"),
        (replaced(TD1, 1, 1, "V"), "document code"),
        (replaced(TD3, 1, 3, "U<O"), "issuing state"),
        (replaced(TD3, 1, 3, "<<<"), "issuing state"),
        (replaced(TD3, 2, 11, "UT0"), "nationality"),
        (replaced(TD3, 1, 6, "<"), "name"),
        (replaced(TD3, 1, 6, "3"), "name"),
        (td2("D23145890", sex="X"), "sex"),
        (td2("D23145890", birth="741301"), "birth date"),
        (td2("D23145890", birth="740230"), "birth date"),
        (td2("D23145890", birth="<<1301"), "birth date"),
        (td2("D23145890", birth="7<0101"), "birth date"),
        (td2("D23145890", birth="A40101"), "birth date"),
        (td2("D23145890", expiry="120431"), "expiry date"),
        (td2("D23145890", expiry="12<<<<"), "expiry date"),
        (td2(""), "document number"),
        (replaced(TD2, 2, 10, "<"), "optional data"),
        (replaced(TD2, 2, 10, "<" + TD2[1][10:28] + "4567891"), "optional data"),
    ],
)
def test_a_field_that_cannot_be_is_named(lines: list[str], field: str) -> None:
    assert f"({field})" in refusal(*lines)


@pytest.mark.parametrize(
    ("birth", "today", "expected"),
    [
        ("260601", date(2026, 6, 1), "2026-06-01"),
        ("260602", date(2026, 6, 1), "1926-06-02"),
        ("26<<<<", date(2026, 6, 1), "2026"),
        ("27<<<<", date(2026, 6, 1), "1927"),
        ("2607<<", date(2026, 6, 1), "1926-07"),
        ("7408<<", date(2026, 6, 1), "1974-08"),
        ("74<<12", date(2026, 6, 1), "1974"),
        ("000229", date(2026, 6, 1), "2000-02-29"),
        ("99<<<<", date(2026, 6, 1), "1999"),
        ("<<<<<<", date(2026, 6, 1), "None"),
        ("<<0812", date(2026, 6, 1), "None"),
    ],
)
def test_births_are_in_the_past_and_keep_their_precision(birth: str, today: date, expected: str) -> None:
    document = parse_mrz("\n".join(td2("D23145890", birth=birth)), today=today)
    assert str(document.birth_date) == expected
    assert document.birth_printed == birth
    assert mrz_information(document)[10:16] == birth.encode()


def test_without_a_date_births_are_at_most_today() -> None:
    assert parse_mrz("\n".join(TD3)).birth_date == PartialDate(1974, 8, 12)


def test_empty_optional_data_may_have_a_filler_for_its_check_digit() -> None:
    first, second = td3(**FIELDS).split("\n")
    with_zero = read(first, second)
    with_filler = read(first, second[:42] + "<" + second[43])
    assert with_zero == with_filler
    assert (with_zero.surname, with_zero.given_names, with_zero.name) == ("ERIK SON", "", "ERIK<SON")
    assert (with_zero.nationality, with_zero.sex, with_zero.optional_data) == ("D", "X", ("",))
    assert mrz_information(with_zero).startswith(b"A1<<<<<<<3")


def test_the_builder_makes_the_specimen() -> None:
    made = td3(
        surname="Eriksson",
        given_names="Anna Maria",
        document_number="L898902C3",
        issuing_state="UTO",
        nationality="UTO",
        birth_date=date(1974, 8, 12),
        sex="F",
        expiry_date=date(2012, 4, 15),
        optional_data="ZE184226B",
    )
    assert made == "\n".join(TD3)


LETTERS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=50)


@given(
    st.fixed_dictionaries(
        {
            "surname": LETTERS,
            "given_names": st.lists(LETTERS, max_size=3).map(" ".join),
            "document_number": st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=1, max_size=9),
            "birth_date": st.dates(date(1927, 1, 1), TODAY),
            "sex": st.sampled_from(["F", "M", "X"]),
            "expiry_date": st.dates(date(2000, 1, 1), date(2099, 12, 31)),
        }
    )
)
@settings(max_examples=100)
def test_whatever_is_built_is_read(fields: dict[str, Any]) -> None:
    document = parse_mrz(td3(**FIELDS | fields), today=TODAY)
    name = f"{fields['surname']}<<{fields['given_names']}".replace(" ", "<")
    assert document.name == name[:39].rstrip("<")
    for kept in ("document_number", "sex", "expiry_date"):
        assert getattr(document, kept) == fields[kept]
    assert document.birth_date == PartialDate.from_date(fields["birth_date"])


@pytest.mark.parametrize(
    "change", [{"document_number": "1234567890"}, {"surname": "\u00c4"}, {"issuing_state": "UTOP"}]
)
def test_the_builder_refuses_what_no_zone_holds(change: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"field|value"):
        td3(**FIELDS | change)


@given(st.text(alphabet=st.characters(), max_size=120) | st.text("AZ09<\n ", min_size=60, max_size=100))
@settings(max_examples=200)
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(PratiqueError):
        assert parse_mrz(text, today=TODAY)
