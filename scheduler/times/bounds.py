"""The bounds within which a date of a server or of a record is believed.

A server may send 9999-12-31 for "never" and 0001-01-01 for "not set". Between these bounds every
length of time that is used here can be added and subtracted.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

#: Nothing on GitHub is older; it also stands for a date that is missing.
EARLIEST = datetime(1970, 1, 1, tzinfo=timezone.utc)
#: The last instant that a job can have; lengths of time are at most a century.
LATEST = datetime(2999, 12, 31, 23, 59, 59, tzinfo=timezone.utc)


def bounded(moment: datetime) -> datetime:
    """``moment`` in UTC, or the nearest bound; without an offset it is taken for UTC."""
    offset = moment.utcoffset() or timedelta(0)
    naive = moment.replace(tzinfo=timezone.utc)
    if naive < EARLIEST + offset:
        return EARLIEST
    return min(naive, LATEST + offset) - offset
