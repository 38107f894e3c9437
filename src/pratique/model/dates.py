"""Dates as credentials carry them: of the precision that is known, as days since 1970, or as foreign date-times.

No message and no `repr` here shows a date: a birth date is personal data.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime

from pratique.errors import DecodeError
from pratique.reasons import Reason

FIRST_YEAR, LAST_YEAR = 1900, 2099  # the years that the EU DCC schema admits; nobody alive was born before them
_EPOCH = date(1970, 1, 1).toordinal()
_FIRST_DAY = date(FIRST_YEAR, 1, 1).toordinal() - _EPOCH
_LAST_DAY = date(LAST_YEAR, 12, 31).toordinal() - _EPOCH
_DECEMBER = 12
MAX_SECONDS = 253_402_300_800  # since 1970: 10000-01-01, the end of what datetime can hold
_LONGEST_DATE_TIME = 64  # characters; the longest that RFC 3339 needs with nanoseconds is 35
_PARTIAL = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")


@dataclass(frozen=True, slots=True, repr=False)
class PartialDate:
    """A calendar date of which the day, or the month and the day, may be unknown.

    It has no order: whether 1990 is before 1990-05 is not known; compare `earliest` and `latest` instead.
    Raises: ValueError: not a date of the calendar, outside the years 1900 to 2099, or a day without a month.
    """

    year: int
    month: int | None = None
    day: int | None = None

    def __post_init__(self) -> None:
        if not FIRST_YEAR <= self.year <= LAST_YEAR:
            raise ValueError(f"the year is outside {FIRST_YEAR} to {LAST_YEAR}")
        if self.month is None and self.day is not None:
            raise ValueError("a day needs a month")
        try:
            date(self.year, 1 if self.month is None else self.month, 1 if self.day is None else self.day)
        except ValueError:  # newer Pythons quote the date
            raise ValueError("not a date of the calendar") from None

    @classmethod
    def parse(cls, text: str) -> PartialDate:
        """Return the date that `YYYY`, `YYYY-MM` or `YYYY-MM-DD` stands for, zero padded, nothing before or after it.

        Raises: DecodeError (`date.invalid`).
        """
        match = _PARTIAL.fullmatch(text)
        if match is None:
            raise DecodeError(Reason.DATE_INVALID, "expected YYYY, YYYY-MM or YYYY-MM-DD")
        year, month, day = match.groups()
        try:
            return cls(int(year), None if month is None else int(month), None if day is None else int(day))
        except ValueError as error:
            raise DecodeError(Reason.DATE_INVALID, str(error)) from None

    @classmethod
    def from_date(cls, value: date) -> PartialDate:
        """Return a date of which year, month and day are known."""
        return cls(value.year, value.month, value.day)

    @property
    def is_complete(self) -> bool:
        """Whether the day is known."""
        return self.day is not None

    @property
    def earliest(self) -> date:
        """The first day that it can be."""
        return date(self.year, self.month or 1, self.day or 1)

    @property
    def latest(self) -> date:
        """The last day that it can be."""
        month = self.month or _DECEMBER
        return date(self.year, month, self.day or monthrange(self.year, month)[1])

    def agrees_with(self, other: PartialDate) -> bool:
        """Return whether both are equal in every part that both know."""
        return (
            self.year == other.year
            and (self.month is None or other.month is None or self.month == other.month)
            and (self.day is None or other.day is None or self.day == other.day)
        )

    def __str__(self) -> str:
        parts = [f"{self.year:04}"] + [f"{part:02}" for part in (self.month, self.day) if part is not None]
        return "-".join(parts)

    def __repr__(self) -> str:
        precision = "year" if self.month is None else "month" if self.day is None else "day"
        return f"PartialDate({precision} precision)"


def to_days(value: date) -> int:
    """Return the number of days from 1970-01-01 to a date, negative before it."""
    return value.toordinal() - _EPOCH


def from_days(days: int) -> date:
    """Return the date that is a number of days after 1970-01-01.

    Raises: DecodeError (`date.invalid`): not an integer, or outside the years 1900 to 2099.
    """
    if type(days) is not int or not _FIRST_DAY <= days <= _LAST_DAY:
        raise DecodeError(Reason.DATE_INVALID, f"expected a number of days, years {FIRST_YEAR} to {LAST_YEAR}")
    return date.fromordinal(days + _EPOCH)


def parse_datetime(text: str) -> datetime:
    """Return the moment that a date-time of a foreign certificate names, aware and in UTC.

    Lenient as deployed certificates need it: `Z`, `+02:00`, `+0200` or no offset, which is read as UTC; any number of
    digits of a second, of which six count; a date alone is the start of its day in UTC; white space around is ignored.
    Raises: DecodeError (`date.invalid`).
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = _parse_unusual(text)
    # Week dates and dates without hyphens pass `fromisoformat`; no certificate means them.
    if text[7:8] != "-" and text.strip()[7:8] != "-":
        raise DecodeError(Reason.DATE_INVALID, "expected a date and time as in RFC 3339")
    if moment.tzinfo is UTC:
        return moment
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:  # in the first or last hours that `datetime` can hold
        raise DecodeError(Reason.DATE_INVALID, "the year is out of range") from None


def _parse_unusual(text: str) -> datetime:
    """Return what is left to read once the plain form has failed: white space around, lower case `t` and `z`."""
    if len(text) <= _LONGEST_DATE_TIME:
        try:
            return datetime.fromisoformat(text.strip().upper())
        except ValueError:
            pass
    raise DecodeError(Reason.DATE_INVALID, "expected a date and time as in RFC 3339")


def rfc3339(moment: datetime) -> str:
    """Return an aware moment as RFC 3339 writes it, in UTC, with `Z`. Raises: TypeError: it is naive."""
    if moment.tzinfo is not UTC:
        if moment.utcoffset() is None:  # what the machine's zone would make of it is nobody's meaning
            raise TypeError("a time without a zone")
        moment = moment.astimezone(UTC)
    return moment.isoformat()[:-6] + "Z"
