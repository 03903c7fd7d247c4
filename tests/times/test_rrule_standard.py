from __future__ import annotations

from datetime import datetime
from itertools import islice

import pytest

from scheduler.times.rrule import RRule, rrule_text


def wall(text: str) -> datetime:
    form = "%Y-%m-%d %H:%M:%S" if text.count(":") == 2 else "%Y-%m-%d %H:%M"
    return datetime.strptime(text, form)  # noqa: DTZ007 - wall time


def rule(text: str, start: datetime) -> RRule:
    return RRule(rrule_text("rrule", text), start)


def listed(year: int, month: int, *days: int, clock: str = "09:00") -> list[str]:
    return [f"{year}-{month:02}-{day:02} {clock}" for day in days]


#: RFC 5545, section 3.8.5.3: all but the first start on 1997-09-02 09:00, a Tuesday. Those that
#: end there are named up to their end, of the others the first that the RFC lists.
RFC = [
    ("FREQ=DAILY;COUNT=10", None, listed(1997, 9, *range(2, 12))),
    ("FREQ=DAILY;INTERVAL=2", None, [*listed(1997, 9, 2, 4, 6, 8), *listed(1997, 9, 10, 12)]),
    ("FREQ=DAILY;INTERVAL=10;COUNT=5", None,
     [*listed(1997, 9, 2, 12, 22), *listed(1997, 10, 2, 12)]),
    ("FREQ=YEARLY;BYMONTH=1;BYDAY=SU,MO,TU,WE,TH,FR,SA", "1998-01-01 09:00",
     [*listed(1998, 1, *range(1, 32)), *listed(1999, 1, *range(1, 32))]),
    ("FREQ=DAILY;BYMONTH=1", "1998-01-01 09:00",
     [*listed(1998, 1, *range(1, 32)), *listed(1999, 1, *range(1, 32))]),
    ("FREQ=WEEKLY;COUNT=10", None,
     [*listed(1997, 9, 2, 9, 16, 23, 30), *listed(1997, 10, 7, 14, 21, 28), *listed(1997, 11, 4)]),
    ("FREQ=WEEKLY;INTERVAL=2;WKST=SU", None,
     [*listed(1997, 9, 2, 16, 30), *listed(1997, 10, 14, 28), *listed(1997, 11, 11, 25),
      *listed(1997, 12, 9, 23), *listed(1998, 1, 6, 20), *listed(1998, 2, 3, 17)]),
    ("FREQ=WEEKLY;COUNT=10;WKST=SU;BYDAY=TU,TH", None,
     [*listed(1997, 9, 2, 4, 9, 11, 16, 18, 23, 25, 30), *listed(1997, 10, 2)]),
    ("FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=MO,WE,FR", "1997-09-01 09:00",
     [*listed(1997, 9, 1, 3, 5, 15, 17, 19, 29), *listed(1997, 10, 1, 3, 13, 15, 17, 27, 29, 31)]),
    ("FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH", None,
     [*listed(1997, 9, 2, 4, 16, 18, 30), *listed(1997, 10, 2, 14, 16)]),
    ("FREQ=MONTHLY;COUNT=10;BYDAY=1FR", "1997-09-05 09:00",
     [*listed(1997, 9, 5), *listed(1997, 10, 3), *listed(1997, 11, 7), *listed(1997, 12, 5),
      *listed(1998, 1, 2), *listed(1998, 2, 6), *listed(1998, 3, 6), *listed(1998, 4, 3),
      *listed(1998, 5, 1), *listed(1998, 6, 5)]),
    ("FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU", "1997-09-07 09:00",
     [*listed(1997, 9, 7, 28), *listed(1997, 11, 2, 30), *listed(1998, 1, 4, 25),
      *listed(1998, 3, 1, 29), *listed(1998, 5, 3, 31)]),
    ("FREQ=MONTHLY;COUNT=6;BYDAY=-2MO", "1997-09-22 09:00",
     [*listed(1997, 9, 22), *listed(1997, 10, 20), *listed(1997, 11, 17), *listed(1997, 12, 22),
      *listed(1998, 1, 19), *listed(1998, 2, 16)]),
    ("FREQ=MONTHLY;BYMONTHDAY=-3", "1997-09-28 09:00",
     [*listed(1997, 9, 28), *listed(1997, 10, 29), *listed(1997, 11, 28), *listed(1997, 12, 29),
      *listed(1998, 1, 29), *listed(1998, 2, 26)]),
    ("FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15", None,
     [*listed(1997, 9, 2, 15), *listed(1997, 10, 2, 15), *listed(1997, 11, 2, 15),
      *listed(1997, 12, 2, 15), *listed(1998, 1, 2, 15)]),
    ("FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1", "1997-09-30 09:00",
     [*listed(1997, 9, 30), *listed(1997, 10, 1, 31), *listed(1997, 11, 1, 30),
      *listed(1997, 12, 1, 31), *listed(1998, 1, 1, 31), *listed(1998, 2, 1)]),
    ("FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15", "1997-09-10 09:00",
     [*listed(1997, 9, *range(10, 16)), *listed(1999, 3, *range(10, 14))]),
    ("FREQ=MONTHLY;INTERVAL=2;BYDAY=TU", None,
     [*listed(1997, 9, 2, 9, 16, 23, 30), *listed(1997, 11, 4, 11, 18, 25),
      *listed(1998, 1, 6, 13, 20, 27), *listed(1998, 3, 3, 10, 17, 24, 31)]),
    ("FREQ=YEARLY;COUNT=10;BYMONTH=6,7", "1997-06-10 09:00",
     [f"{year}-{month} 09:00" for year in range(1997, 2002) for month in ("06-10", "07-10")]),
    ("FREQ=YEARLY;INTERVAL=2;COUNT=10;BYMONTH=1,2,3", "1997-03-10 09:00",
     ["1997-03-10 09:00", *(f"{year}-{month:02}-10 09:00"
                            for year in (1999, 2001, 2003) for month in (1, 2, 3))]),
    ("FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200", "1997-01-01 09:00",
     ["1997-01-01 09:00", "1997-04-10 09:00", "1997-07-19 09:00", "2000-01-01 09:00",
      "2000-04-09 09:00", "2000-07-18 09:00", "2003-01-01 09:00", "2003-04-10 09:00",
      "2003-07-19 09:00", "2006-01-01 09:00"]),
    ("FREQ=YEARLY;BYDAY=20MO", "1997-05-19 09:00",
     ["1997-05-19 09:00", "1998-05-18 09:00", "1999-05-17 09:00"]),
    ("FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "1997-05-12 09:00",
     ["1997-05-12 09:00", "1998-05-11 09:00", "1999-05-17 09:00"]),
    ("FREQ=YEARLY;BYMONTH=3;BYDAY=TH", "1997-03-13 09:00",
     [*listed(1997, 3, 13, 20, 27), *listed(1998, 3, 5, 12, 19, 26),
      *listed(1999, 3, 4, 11, 18, 25)]),
    ("FREQ=YEARLY;BYDAY=TH;BYMONTH=6,7,8", "1997-06-05 09:00",
     [*listed(1997, 6, 5, 12, 19, 26), *listed(1997, 7, 3, 10, 17, 24, 31),
      *listed(1997, 8, 7, 14, 21, 28), *listed(1998, 6, 4, 11, 18, 25)]),
    ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", None,
     ["1998-02-13 09:00", "1998-03-13 09:00", "1998-11-13 09:00", "1999-08-13 09:00",
      "2000-10-13 09:00"]),
    ("FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13", "1997-09-13 09:00",
     ["1997-09-13 09:00", "1997-10-11 09:00", "1997-11-08 09:00", "1997-12-13 09:00",
      "1998-01-10 09:00", "1998-02-07 09:00", "1998-03-07 09:00", "1998-04-11 09:00",
      "1998-05-09 09:00", "1998-06-13 09:00"]),
    ("FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8", "1996-11-05 09:00",
     ["1996-11-05 09:00", "2000-11-07 09:00", "2004-11-02 09:00"]),
    ("FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", "1997-09-04 09:00",
     ["1997-09-04 09:00", "1997-10-07 09:00", "1997-11-06 09:00"]),
    ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2", "1997-09-29 09:00",
     ["1997-09-29 09:00", "1997-10-30 09:00", "1997-11-27 09:00", "1997-12-30 09:00",
      "1998-01-29 09:00", "1998-02-26 09:00", "1998-03-30 09:00"]),
    ("FREQ=HOURLY;INTERVAL=3", None,
     ["1997-09-02 09:00", "1997-09-02 12:00", "1997-09-02 15:00"]),
    ("FREQ=MINUTELY;INTERVAL=15;COUNT=6", None,
     [f"1997-09-02 {clock}" for clock in ("09:00", "09:15", "09:30", "09:45", "10:00", "10:15")]),
    ("FREQ=MINUTELY;INTERVAL=90;COUNT=4", None,
     [f"1997-09-02 {clock}" for clock in ("09:00", "10:30", "12:00", "13:30")]),
    ("FREQ=DAILY;BYHOUR=9,10,11,12,13,14,15,16;BYMINUTE=0,20,40", None,
     [*(f"1997-09-02 {hour:02}:{minute:02}" for hour in range(9, 17) for minute in (0, 20, 40)),
      "1997-09-03 09:00"]),
    ("FREQ=MINUTELY;INTERVAL=20;BYHOUR=9,10,11,12,13,14,15,16", None,
     [*(f"1997-09-02 {hour:02}:{minute:02}" for hour in range(9, 17) for minute in (0, 20, 40)),
      "1997-09-03 09:00"]),
    ("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO", "1997-08-05 09:00",
     listed(1997, 8, 5, 10, 19, 24)),
    ("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU", "1997-08-05 09:00",
     listed(1997, 8, 5, 17, 19, 31)),
    ("FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5", "2007-01-15 09:00",
     [*listed(2007, 1, 15, 30), *listed(2007, 2, 15), *listed(2007, 3, 15, 30)]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "begin", "expected"), RFC)
def test_the_examples_of_the_standard(text: str, begin: str | None, expected: list[str]) -> None:
    start = wall(begin or "1997-09-02 09:00")
    found = list(islice(rule(text, start).since(start), len(expected)))
    assert found == [wall(each) for each in expected]
    count = rule(text, start).count
    assert count is None or count == len(expected)


@pytest.mark.parametrize(
    ("text", "begin", "expected"),
    [
        # Leap days are left out, not moved.
        ("FREQ=YEARLY", "2024-02-29 09:00", ["2024-02-29 09:00", "2028-02-29 09:00"]),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1", "2026-11-23 09:00",
         ["2027-02-28 09:00", "2028-02-29 09:00", "2029-02-28 09:00"]),
        ("FREQ=YEARLY;BYYEARDAY=366", "2026-11-23 09:00",
         ["2028-12-31 09:00", "2032-12-31 09:00"]),
        ("FREQ=YEARLY;BYYEARDAY=60", "2026-11-23 09:00", ["2027-03-01 09:00", "2028-02-29 09:00"]),
        # So are the 31st of shorter months; the last day is -1.
        ("FREQ=MONTHLY", "2026-12-31 09:00",
         ["2026-12-31 09:00", "2027-01-31 09:00", "2027-03-31 09:00", "2027-05-31 09:00"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "2026-11-23 09:00",
         ["2026-11-30 09:00", "2026-12-31 09:00", "2027-01-31 09:00", "2027-02-28 09:00"]),
        ("FREQ=MONTHLY;BYMONTHDAY=31,-1", "2027-01-01 09:00",
         ["2027-01-31 09:00", "2027-02-28 09:00", "2027-03-31 09:00", "2027-04-30 09:00"]),
        # The last working day of the month, the first of the quarter.
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "2026-11-23 09:00",
         ["2026-11-30 09:00", "2026-12-31 09:00", "2027-01-29 09:00", "2027-02-26 09:00"]),
        ("FREQ=MONTHLY;BYMONTH=1,4,7,10;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1", "2026-11-23 09:00",
         ["2027-01-01 09:00", "2027-04-01 09:00", "2027-07-01 09:00", "2027-10-01 09:00"]),
        # BYSETPOS counts in the whole period, also before the start.
        ("FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=2", "2026-11-26 09:00", ["2026-12-02 09:00"]),
        ("FREQ=DAILY;BYHOUR=6,12,18;BYSETPOS=-1", "2026-11-23 09:00",
         ["2026-11-23 18:00", "2026-11-24 18:00"]),
        # The start is one of them only if the rule says so.
        ("FREQ=WEEKLY;BYDAY=WE", "2026-11-23 09:00", ["2026-11-25 09:00", "2026-12-02 09:00"]),
        # ISO weeks: 2026 has 53 of them, and 2027-01-03 is in the last.
        ("FREQ=YEARLY;BYWEEKNO=53;BYDAY=SU", "2026-11-23 09:00",
         ["2027-01-03 09:00", "2033-01-02 09:00"]),
    ],
)  # fmt: skip
def test_leap_days_month_ends_and_positions(text: str, begin: str, expected: list[str]) -> None:
    found = list(islice(rule(text, wall(begin)).since(wall(begin)), len(expected)))
    assert found == [wall(each) for each in expected]
