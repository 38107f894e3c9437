"""Moments as CertLogic makes them: from a date or date-time in text, moved by whole hours, days, months or years.

Every moment is an aware `datetime` in UTC, cut to milliseconds. A date without a time is midnight in the zone of the
destination, and days, months and years are counted on its calendar; CertLogic itself knows UTC alone, which is what a
rule set without a zone has. Source: CertLogic specification 1.3.2, `plusTime` and `dccDateOfBirth`.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from pratique.errors import RuleError
from pratique.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Callable

UNITS: Final = ("year", "month", "day", "hour")

_MONTHS: Final = 12
_MILLISECOND: Final = 1000  # microseconds
_LONGEST: Final = 64  # characters; the longest that any certificate needs, with nanoseconds and an offset, is 35
_DATE_LENGTH, _PLAIN_LENGTH = len("2026-11-23"), len("2026-11-23T12:00:00Z")
_PARTIAL = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?\Z")
_DATE_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]+))?(?:Z|([+-])([0-9]{1,2}):?([0-9]{2})?)?\Z"
)
_OFFSET = re.compile(r"([+-])([0-9]{2}):([0-5][0-9])")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}")


def zone_of(name: str) -> tzinfo:
    """Return the zone of a name: `UTC`, an offset such as `+09:00`, or a name of the IANA database.

    Raises: RuleError (`rules.invalid`): none of these, or not in the time zone database of this machine.
    """
    if name == "UTC":
        return UTC
    if match := _OFFSET.fullmatch(name):
        sign, hours, minutes = match.groups()
        offset = timedelta(hours=int(hours), minutes=int(minutes))
        if offset < timedelta(days=1):
            return timezone(-offset if sign == "-" else offset)
    elif _NAME.fullmatch(name):
        try:
            return ZoneInfo(name)
        except (LookupError, OSError, ValueError):  # not there, a folder of zones, a file that is none
            pass
    raise RuleError(Reason.RULES_INVALID, "zone is neither UTC, nor an offset, nor a zone that this machine knows")


def parse(text: str, zone: tzinfo = UTC) -> datetime:
    """Return the moment of a date or date-time in one of the forms that CertLogic admits.

    A partial date is its last day, a date its midnight in `zone`, a date-time without an offset in UTC.
    Raises: ValueError: in none of these forms, or not on the calendar. The message does not quote it.
    """
    length = len(text)
    # The two forms that nearly all have, without a pattern. Of others of their length `fromisoformat` takes week dates,
    # and times without colons.
    if length == _DATE_LENGTH and text[4] == text[7] == "-":
        if zone is UTC:
            return datetime.fromisoformat(f"{text}T00:00:00Z")  # a third faster than to replace the zone
        return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)
    if length == _PLAIN_LENGTH and text[4] + text[7] + text[10] + text[13] + text[19] == "--T:Z":
        if text[11:13] == "24":  # newer Pythons take it for the next day
            raise ValueError("no time of day")
        return datetime.fromisoformat(text)
    if length > _LONGEST:
        raise ValueError("longer than any date-time")
    if match := _DATE_TIME.match(text):
        return _with_offset(match)
    return parse_date(text, zone)


def _with_offset(match: re.Match[str]) -> datetime:
    plain, fraction, sign, hours, minutes = match.groups()
    if plain[11:13] == "24":
        raise ValueError("no time of day")
    moment = datetime.fromisoformat(plain).replace(tzinfo=UTC)
    if fraction:
        moment = moment.replace(microsecond=int(fraction[:3].ljust(3, "0")) * _MILLISECOND)
    if sign is None:
        return moment
    offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
    if offset >= timedelta(days=1):
        raise ValueError("no offset")
    return moment + offset if sign == "-" else moment - offset


def parse_date(text: str, zone: tzinfo = UTC) -> datetime:
    """Return midnight in `zone` of the last day that a date can be: `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.

    Raises: ValueError: in none of these forms, or not on the calendar.
    """
    match = _PARTIAL.match(text)
    if match is None:
        raise ValueError("no date and no date-time")
    year, month, day = (None if part is None else int(part) for part in match.groups())
    month = _MONTHS if month is None else month
    if not 1 <= month <= _MONTHS or not year:
        raise ValueError("no month of the calendar")
    return _midnight(date(year, month, monthrange(year, month)[1] if day is None else day), zone)


def _midnight(day: date, zone: tzinfo) -> datetime:
    moment = datetime(day.year, day.month, day.day, tzinfo=zone)
    return moment if zone is UTC else moment.astimezone(UTC)


def adding(amount: int, unit: str, zone: tzinfo = UTC) -> Callable[[datetime], datetime]:
    """Return the function that moves a moment by a number of units of `UNITS`, forward or back.

    Hours have 3600 seconds each. Days, months and years are counted on the calendar of `zone`, at the same time of day;
    where a month has no such day, the days that are too many run on into the next, as in JavaScript (2026-01-31 and one
    month is 2026-03-03). The function raises OverflowError or ValueError outside the years 1 to 9999.
    Raises: RuleError (`rules.invalid`): more than any calendar has.
    """
    try:
        by = timedelta(hours=amount) if unit == "hour" else timedelta(days=amount)
    except OverflowError:
        raise RuleError(Reason.RULES_INVALID, f"{amount} {unit}s are more than the calendar has") from None
    if unit == "hour" or (unit == "day" and zone is UTC):
        return lambda moment: moment + by
    if unit == "day":
        return lambda moment: _on_calendar(moment, zone, lambda local: local + by)
    months = amount * _MONTHS if unit == "year" else amount
    return lambda moment: _on_calendar(moment, zone, lambda local: _plus_months(local, months))


def _on_calendar(moment: datetime, zone: tzinfo, move: Callable[[datetime], datetime]) -> datetime:
    """Return a moment moved by what clock and calendar of a zone show, back in UTC."""
    local = moment.astimezone(zone).replace(tzinfo=None, fold=0)
    return move(local).replace(tzinfo=zone).astimezone(UTC)


def _plus_months(local: datetime, months: int) -> datetime:
    year, month = divmod(local.year * _MONTHS + local.month - 1 + months, _MONTHS)
    return local.replace(year=year, month=month + 1, day=1) + timedelta(days=local.day - 1)
