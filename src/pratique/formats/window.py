"""When a credential of pratique's profile counts: whole days, or hours where its fact is short-lived.

A precise time would identify its holder, and so would an end that follows from the day of the event.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from pratique.errors import DecodeError
from pratique.formats.profile import DAY, HOUR
from pratique.model import Kind, Validity
from pratique.model.dates import MAX_SECONDS
from pratique.reasons import Reason

_SHORT_LIVED: Final = frozenset({Kind.TEST, Kind.CLEARANCE})


def window(issued_at: Any, not_before: Any, expires_at: Any, kind: Kind) -> Validity:
    """Return the window of `iat`, `nbf` and `exp`, in seconds since 1970.

    Raises: DecodeError (`time.malformed`): one is no integer or outside the calendar; the window is empty, or does not
    run from a whole day to the first of a month, for a test and a clearance from a whole hour to one.
    """
    if not type(issued_at) is type(not_before) is type(expires_at) is int:
        raise _refuse("a time is not a number of seconds since 1970")
    if not (0 <= issued_at < expires_at < MAX_SECONDS and 0 <= not_before < expires_at):
        raise _refuse("the window ends before it begins, or is outside the calendar")
    if issued_at % DAY:
        raise _refuse("the time of issue is not a whole day")
    ends = datetime.fromtimestamp(expires_at, UTC)
    if kind in _SHORT_LIVED:
        if not_before % HOUR or expires_at % HOUR:
            raise _refuse("the window is not of whole hours")
    elif not_before % DAY or expires_at % DAY or ends.day != 1:
        raise _refuse("the window does not run from a whole day to the first of a month")
    return Validity(datetime.fromtimestamp(issued_at, UTC), datetime.fromtimestamp(not_before, UTC), ends)


def _refuse(what: str) -> DecodeError:
    return DecodeError(Reason.TIME_MALFORMED, what)
