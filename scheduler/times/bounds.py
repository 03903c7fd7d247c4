"""The instants that are believed of a server and of what stands in its comments.

A date is only bytes: a server may give 9999-12-31 for "never" and 0001-01-01 for "not set".
Between these bounds every length of time that is used here can be added and taken away.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

#: Nothing on GitHub is older than this; it stands for a date that is not told, too.
EARLIEST = datetime(1970, 1, 1, tzinfo=timezone.utc)
#: The last instant that a job can have; lengths of time are at most a century.
LATEST = datetime(2999, 12, 31, 23, 59, 59, tzinfo=timezone.utc)


def bounded(moment: datetime) -> datetime:
    """``moment`` in UTC, or the nearest instant that is believed; without an offset it is UTC."""
    offset = moment.utcoffset() or timedelta(0)
    naive = moment.replace(tzinfo=timezone.utc)
    if naive < EARLIEST + offset:
        return EARLIEST
    return min(naive, LATEST + offset) - offset
