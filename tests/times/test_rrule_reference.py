"""Rules by the hundred against dateutil's reading of the same."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import date, datetime, timedelta
from itertools import islice, takewhile

import pytest
from dateutil.rrule import rrulestr

from scheduler.times.rrule import RRule, rrule_text
from scheduler.times.wall_times import GivenUp
from tests.fuzz.rules import rrule
from tests.support.seed import seed

#: dateutil walks to what it does not find until the year 9999.
LAST = datetime(2120, 1, 1)  # noqa: DTZ001 - wall time


def same(text: str) -> bool:
    """Whether dateutil means the same by a rule, as far as RFC 5545 says what that is.

    It takes ``MO,1TU`` for days that are both, and counts BYSETPOS in the part of its first
    week that begins with the start; it miscounts the weeks of the year before.
    """
    parts = dict(part.split("=") for part in text.split(";"))
    days = parts.get("BYDAY", "").split(",")
    mixed = len({len(day) > 2 for day in days}) > 1
    weeks = [int(number) for number in parts.get("BYWEEKNO", "0").split(",")]
    first_week = parts["FREQ"] == "WEEKLY" and "BYSETPOS" in parts
    return not (mixed or first_week or any(abs(number) >= 52 for number in weeks))


def compared(first: int, count: int) -> int:
    """How many of so many rules dateutil was asked about."""
    pick, asked = random.Random(first), 0
    for _ in range(count):
        text = rrule(pick)
        start = datetime(2000, 1, 1) + timedelta(seconds=pick.randrange(60 * 365 * 86_400))  # noqa: DTZ001
        days = (0, 1, 40, 400, 4000) if "TELY" not in text and "RLY;" not in text else (0, 1, 9)
        moment = start + timedelta(days=pick.choice(days), seconds=pick.randrange(86_400))
        if not same(text):
            continue
        rule = RRule(rrule_text("rrule", text), start)
        try:
            found = [each for each in islice(rule.since(moment), 20) if each < LAST]
            last = rule.last(moment, not_before=start)
        except GivenUp:
            continue
        if not found:
            continue
        theirs: list[datetime] = []
        before = None
        for each in rrulestr(text, dtstart=start):
            before = each if each <= moment else before
            if each >= moment:
                if len(theirs) == len(found):
                    break
                theirs.append(each)
                if each >= LAST:
                    theirs.pop()
                    break
        assert found == theirs, (text, start, moment)
        assert last == before, (text, start, moment)
        asked += 1
    return asked


@pytest.mark.slow
def test_three_hundred_rules_are_read_as_dateutil_reads_them() -> None:
    assert compared(1, 300) > 150


@pytest.mark.parametrize(
    ("first", "count"),
    [
        pytest.param(2, 2_000, marks=pytest.mark.slow),
        pytest.param(6 + seed(), 20_000, marks=pytest.mark.soak),
    ],
    ids=["2,000", "20,000"],
)
def test_thousands_of_rules_are_read_as_dateutil_reads_them(first: int, count: int) -> None:
    assert compared(first, count) > count / 2


def listed(text: str, start: str, count: int) -> list[str]:
    begin = datetime.fromisoformat(start)
    rule = RRule(rrule_text("rrule", text), begin)
    return [f"{each:%Y-%m-%d}" for each in islice(rule.since(begin), count)]


@pytest.mark.parametrize(
    ("text", "start", "days"),
    [
        # Every Monday and the first Tuesday.
        ("FREQ=MONTHLY;BYDAY=MO,1TU", "2026-12-01",
         ["2026-12-01", "2026-12-07", "2026-12-14", "2026-12-21", "2026-12-28", "2027-01-04",
          "2027-01-05"]),
        # The first of a week is the week's, though the series begins after it.
        ("FREQ=WEEKLY;BYDAY=MO,TH;BYSETPOS=1", "2026-11-24", ["2026-11-30", "2026-12-07"]),
        ("FREQ=WEEKLY;BYDAY=MO,TH;BYSETPOS=-1", "2026-11-24", ["2026-11-26", "2026-12-03"]),
        # Week 1 of 2026 begins in 2025, and is the 53rd from its end.
        ("FREQ=YEARLY;BYWEEKNO=-53;BYDAY=MO,FR", "2025-12-01", ["2025-12-29", "2026-01-02"]),
        ("FREQ=YEARLY;BYWEEKNO=1;BYDAY=MO,FR", "2025-12-01", ["2025-12-29", "2026-01-02"]),
        ("FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO,FR", "2026-01-01", ["2026-12-28", "2027-01-01"]),
    ],
)  # fmt: skip
def test_where_dateutil_means_something_else_the_rfc_is_followed(
    text: str, start: str, days: list[str]
) -> None:
    assert not same(text) or "BYWEEKNO" in text
    assert listed(text, start, len(days)) == days


@pytest.mark.slow
def test_weeks_are_those_of_iso_8601() -> None:
    start = datetime(2000, 1, 1)  # noqa: DTZ001
    wanted: dict[int, set[date]] = defaultdict(set)
    day = start.date()
    while day.year < 2030:
        year, week, _ = day.isocalendar()
        last = date(year, 12, 28).isocalendar()[1]
        wanted[week].add(day)
        wanted[week - last - 1].add(day)
        day += timedelta(days=1)
    for number in (*range(1, 54), *range(-53, 0)):
        rule = RRule(f"FREQ=YEARLY;BYWEEKNO={number};BYDAY=MO,TU,WE,TH,FR,SA,SU", start)
        found = {each.date() for each in takewhile(lambda at: at.year < 2030, rule.since(start))}
        assert found == wanted[number], number
