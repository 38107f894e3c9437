"""The machine-readable zone of a travel document: ICAO Doc 9303 part 3 (common rules), 4 (TD3), 5 (TD1), 6 (TD2).

`parse_mrz` reads a zone strictly; `mrz_information` gives the part of it that a credential is bound to. Written here
because the `mrz` package is under the GPL, version 3, which a library under the Apache licence cannot build on.
No message and no `repr` shows what the zone holds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Literal

from pratique.errors import DecodeError
from pratique.model.dates import PartialDate
from pratique.reasons import Reason

MAX_CHARACTERS = 1000  # 90 of a zone and generous white space
_LONGEST_SHORT_NUMBER = 9  # positions of the document number field
_LAST_ZONE = timezone(timedelta(hours=14))  # where on Earth a day begins first
_VALUES = {character: value for value, character in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")} | {"<": 0}

Format = Literal["TD1", "TD2", "TD3"]
Sex = Literal["F", "M", "X"]
_Span = tuple[int, int, int]  # line, first and last position, all counted from 1 as in Doc 9303


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """Where each field of a format is. A check digit stands right after the field that it checks."""

    format: Format
    lines: int
    width: int
    name: _Span
    number: _Span
    nationality: _Span
    birth: _Span
    sex: _Span
    expiry: _Span
    optional: tuple[_Span, ...]
    composite: _Span
    composed_of: tuple[_Span, ...]
    codes: str  # what the first letter of the document code can be


_TD1 = _Layout(  # part 5, section 4.2
    format="TD1",
    lines=3,
    width=30,
    name=(3, 1, 30),
    number=(1, 6, 14),
    nationality=(2, 16, 18),
    birth=(2, 1, 6),
    sex=(2, 8, 8),
    expiry=(2, 9, 14),
    optional=((1, 16, 30), (2, 19, 29)),
    composite=(2, 30, 30),
    composed_of=((1, 6, 30), (2, 1, 7), (2, 9, 15), (2, 19, 29)),
    codes="ACI",
)
_TD2 = _Layout(  # part 6, section 4.2
    format="TD2",
    lines=2,
    width=36,
    name=(1, 6, 36),
    number=(2, 1, 9),
    nationality=(2, 11, 13),
    birth=(2, 14, 19),
    sex=(2, 21, 21),
    expiry=(2, 22, 27),
    optional=((2, 29, 35),),
    composite=(2, 36, 36),
    composed_of=((2, 1, 10), (2, 14, 20), (2, 22, 35)),
    codes="ACI",
)
_TD3 = _Layout(  # part 4, section 4.2
    format="TD3",
    lines=2,
    width=44,
    name=(1, 6, 44),
    number=(2, 1, 9),
    nationality=(2, 11, 13),
    birth=(2, 14, 19),
    sex=(2, 21, 21),
    expiry=(2, 22, 27),
    optional=((2, 29, 42),),
    composite=(2, 44, 44),
    composed_of=((2, 1, 10), (2, 14, 20), (2, 22, 43)),
    codes="P",
)
_LAYOUTS = {(layout.lines, layout.width): layout for layout in (_TD1, _TD2, _TD3)}
_WIDTHS = {layout.lines * layout.width: layout.width for layout in (_TD1, _TD2, _TD3)}
_NAME_LENGTHS = {layout.format: layout.name[2] - layout.name[1] + 1 for layout in (_TD1, _TD2, _TD3)}


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class TravelDocument:
    """What a machine-readable zone says.

    Names are as printed, transliterated, with spaces for fillers. `document_number` is complete, also where the zone
    continues it in the optional data; fillers inside it stay. `birth_date` is None when not even the year is known;
    `birth_printed` has the six characters of the zone. `sex` is X where the zone has a filler. States are the zone's
    codes without fillers, so Germany is `D`. `optional_data` has an item for each such field of the format.
    """

    format: Format
    document_code: str
    issuing_state: str
    surname: str
    given_names: str
    document_number: str
    nationality: str
    birth_date: PartialDate | None
    birth_printed: str
    sex: Sex
    expiry_date: date
    optional_data: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"TravelDocument(format={self.format!r})"

    @property
    def name(self) -> str:
        """The name in the form of the zone, `SURNAME<<GIVEN<NAMES`, without the fillers at its end."""
        return f"{self.surname}<<{self.given_names}".replace(" ", "<").rstrip("<")

    @property
    def name_length(self) -> int:
        """The number of characters that the format has room for in a name: 30, 31 or 39."""
        return _NAME_LENGTHS[self.format]


def check_digit(text: str) -> str:
    """Return the check digit of a field: weights 7, 3, 1 over the values of its characters, modulo 10.

    Source: Doc 9303 part 3, section 4.9. Raises: ValueError: a character that no zone has.
    """
    try:
        values = [_VALUES[character] for character in text]
    except KeyError:
        raise ValueError("only A to Z, 0 to 9 and < have a value") from None
    return str((7 * sum(values[::3]) + 3 * sum(values[1::3]) + sum(values[2::3])) % 10)


def parse_mrz(text: str, *, today: date | None = None) -> TravelDocument:
    """Return what a machine-readable zone says, once every check digit in it holds.

    Two lines of 44 (TD3) or 36 (TD2) or three of 30 (TD1), with any white space between and around them, or all in one
    piece. Lower case is read as upper case, as a keyboard wedge may type it; nothing else is corrected.
    Birth years are of the century that puts the birth on or before `today` (the current day, unless given), so nobody
    is older than 100; expiry years are 20YY. Whether the document has expired, exists or is genuine is not checked.
    Raises: DecodeError (`mrz.invalid`), with line, position and field. TypeError: no text.
    """
    if not isinstance(text, str):
        raise TypeError("a machine-readable zone is a str")
    lines = _lines(text)
    layout = _LAYOUTS.get((len(lines), len(lines[0])))
    if layout is None or any(len(line) != layout.width for line in lines):
        found = " + ".join(str(len(line)) for line in lines[:4])
        raise DecodeError(
            Reason.MRZ_INVALID,
            f"{len(lines)} lines of {found} characters; expected 2 of 44, 2 of 36 or 3 of 30",
            hint="Give all lines of the zone at the bottom of the passport page or on the back of the card.",
        )
    return _Zone(lines, layout).read(today or datetime.now(_LAST_ZONE).date())


def _lines(text: str) -> list[str]:
    if len(text) > MAX_CHARACTERS:
        raise DecodeError(Reason.MRZ_INVALID, f"{len(text)} characters, at most 90 are in a zone")
    lines = text.split() or [""]
    for number, line in enumerate(lines, 1):
        for position, character in enumerate(line, 1):
            if not (character.isascii() and character.upper() in _VALUES):
                detail = f"line {number}, position {position}: a character other than A to Z, 0 to 9 and <"
                raise DecodeError(Reason.MRZ_INVALID, detail)
    lines = [line.upper() for line in lines]
    if len(lines) == 1 and (width := _WIDTHS.get(len(lines[0]))):
        whole = lines[0]
        lines = [whole[start : start + width] for start in range(0, len(whole), width)]
    return lines


class _Zone:
    """The lines of a zone, read field by field through its layout."""

    def __init__(self, lines: list[str], layout: _Layout) -> None:
        self.lines = lines
        self.layout = layout

    def read(self, today: date) -> TravelDocument:
        layout = self.layout
        code = self.get((1, 1, 2))
        if code[0] not in layout.codes:
            raise self.error((1, 1, 2), "document code", f"not one that a {layout.format} travel document has")
        number, optional = self.number_and_optional()
        birth_printed = self.checked(layout.birth, "birth date")
        expiry = self.checked(layout.expiry, "expiry date")
        composed = "".join(self.get(span) for span in layout.composed_of)
        if self.get(layout.composite) != check_digit(composed):
            raise self.error(layout.composite, "composite check digit", "does not match the fields that it covers")
        surname, given_names = self.names()
        return TravelDocument(
            format=layout.format,
            document_code=code.rstrip("<"),
            issuing_state=self.state((1, 3, 5), "issuing state"),
            surname=surname,
            given_names=given_names,
            document_number=number,
            nationality=self.state(layout.nationality, "nationality"),
            birth_date=self.birth_date(birth_printed, today),
            birth_printed=birth_printed,
            sex=self.sex(),
            expiry_date=self.day(layout.expiry, "expiry date", f"20{expiry}"),
            optional_data=optional,
        )

    def get(self, span: _Span) -> str:
        line, first, last = span
        return self.lines[line - 1][first - 1 : last]

    def error(self, span: _Span, label: str, problem: str) -> DecodeError:
        line, first, last = span
        where = f"position {first}" if first == last else f"positions {first} to {last}"
        return DecodeError(Reason.MRZ_INVALID, f"line {line}, {where} ({label}): {problem}")

    def matching(self, span: _Span, label: str, pattern: str, expected: str) -> str:
        value = self.get(span)
        if re.fullmatch(pattern, value) is None:
            raise self.error(span, label, f"expected {expected}")
        return value

    def checked(self, span: _Span, label: str, *, may_be_filler: bool = False) -> str:
        """Return a field whose check digit, at the position after it, holds."""
        value = self.get(span)
        line, _, last = span
        digit = (line, last + 1, last + 1)
        found = self.get(digit)
        if found != check_digit(value) and not (may_be_filler and found == "<" and not value.strip("<")):
            raise self.error(digit, f"check digit of the {label}", "does not match the field")
        return value

    def number_and_optional(self) -> tuple[str, tuple[str, ...]]:
        """Return the complete document number, and what the optional data holds besides.

        TD1 and TD2 print a filler for the check digit of a number longer than nine, and continue it in the optional
        data: the rest, its check digit, a filler (part 5, section 4.2.2, note j; part 6, section 4.2.2, note j).
        """
        layout = self.layout
        first = self.get(layout.number)
        optional = [self.get(span) for span in layout.optional]
        if not first.strip("<"):
            raise self.error(layout.number, "document number", "is empty")
        line, _, last = layout.number
        if layout.format == "TD3" or self.get((line, last + 1, last + 1)) != "<":
            self.checked(layout.number, "document number")
            if layout.format == "TD3":
                self.checked(layout.optional[0], "optional data", may_be_filler=True)
            return first.rstrip("<"), tuple(item.rstrip("<") for item in optional)
        rest, filler, optional[0] = optional[0].partition("<")
        if len(rest) < 2 or not filler:  # noqa: PLR2004 - a character and the check digit
            raise self.error(
                layout.optional[0], "optional data", "expected the rest of a long document number, and a filler"
            )
        number = first + rest[:-1]
        if rest[-1] != check_digit(number):
            raise self.error(layout.optional[0], "check digit of the document number", "does not match the number")
        return number, tuple(item.strip("<") for item in optional)

    def names(self) -> tuple[str, str]:
        field = self.matching(self.layout.name, "name", r"[A-Z][A-Z<]*", "letters and fillers, a letter first")
        surname, _, given_names = field.partition("<<")
        return " ".join(surname.split("<")).strip(), " ".join(given_names.replace("<", " ").split())

    def state(self, span: _Span, label: str) -> str:
        return self.matching(span, label, r"[A-Z]{1,3}<{0,2}", "letters, then fillers").rstrip("<")

    def sex(self) -> Sex:
        sexes: dict[str, Sex] = {"F": "F", "M": "M", "<": "X"}
        try:
            return sexes[self.get(self.layout.sex)]
        except KeyError:
            raise self.error(self.layout.sex, "sex", "expected F, M or <") from None

    def day(self, span: _Span, label: str, text: str) -> date:
        try:
            return date(int(text[:4]), int(text[4:6]), int(text[6:]))
        except ValueError:
            raise self.error(span, label, "not a date of the calendar") from None

    def birth_date(self, printed: str, today: date) -> PartialDate | None:
        """Return the part of the birth date that is known; fillers stand for unknown ones (part 3, section 4.8)."""
        span = self.layout.birth
        parts = [None if part == "<<" else part for part in (printed[:2], printed[2:4], printed[4:])]
        if not all(part is None or part.isdigit() for part in parts):
            raise self.error(span, "birth date", "expected digits, or two fillers for an unknown year, month or day")
        year, month, day = (None if part is None else int(part) for part in parts)
        if month is None:
            day = None  # a day alone narrows nothing down
        for century in (2000, 1900):
            try:
                birth = PartialDate(century + (year or 0), month, day)
            except ValueError:
                continue
            if year is None:
                return None
            if birth.earliest <= today:
                return birth
        raise self.error(span, "birth date", "not a date of the calendar")


def mrz_information(document: TravelDocument) -> bytes:
    """Return document number, birth date and expiry date, each followed by its check digit, in ASCII.

    A number shorter than nine is filled up with `<`; a longer one is followed by the check digit of all of it.
    Source: Doc 9303 part 11, section 4.3.2 and appendix D.2 (the information that access keys are derived from).
    """
    fields = (
        document.document_number.ljust(_LONGEST_SHORT_NUMBER, "<"),
        document.birth_printed,
        document.expiry_date.strftime("%y%m%d"),
    )
    return "".join(field + check_digit(field) for field in fields).encode("ascii")


def td3(  # noqa: PLR0913 - a passport has so many fields
    *,
    surname: str,
    given_names: str,
    document_number: str,
    issuing_state: str,
    nationality: str,
    birth_date: date,
    sex: Sex,
    expiry_date: date,
    optional_data: str = "",
    document_code: str = "P",
) -> str:
    """Return the two lines of a passport's zone, check digits included: for specimens, demonstrations and tests.

    Names are in the letters A to Z (see `pratique.names.transliterate`); one that is too long is cut at its end.
    Raises: ValueError: a field that is too long, or has characters that a zone has not.
    """
    width = _TD3.width

    def fill(text: str, length: int) -> str:
        if len(text) > length:
            raise ValueError(f"a field is longer than its {length} positions")
        return re.sub(r"[ -]", "<", text.upper()).ljust(length, "<")

    def check(field: str) -> str:
        return field + check_digit(field)

    name = f"{fill(surname, len(surname))}<<{fill(given_names, len(given_names))}"[: _TD3.name[2] - 5]
    first = fill(document_code, 2) + fill(issuing_state, 3) + name.ljust(width - 5, "<")
    number = check(fill(document_number, _LONGEST_SHORT_NUMBER))
    birth = check(birth_date.strftime("%y%m%d"))
    expiry = check(expiry_date.strftime("%y%m%d"))
    optional = check(fill(optional_data, 14))
    middle = number + fill(nationality, 3) + birth + fill("" if sex == "X" else sex, 1) + expiry + optional
    check_digit(first)  # for its characters alone
    return f"{first}\n{middle}{check_digit(number + birth + expiry + optional)}"
