from __future__ import annotations

import random
import time
from datetime import datetime, timedelta
from itertools import islice

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given
from hypothesis import strategies as st

from scheduler.errors import InvalidJob
from scheduler.times.rrule import RRule, rrule_text
from scheduler.times.wall_times import GivenUp

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SECOND = timedelta(seconds=1)


def wall(text: str) -> datetime:
    form = "%Y-%m-%d %H:%M:%S" if text.count(":") == 2 else "%Y-%m-%d %H:%M"
    return datetime.strptime(text, form)  # noqa: DTZ007 - wall time


def rule(text: str, start: datetime) -> RRule:
    return RRule(rrule_text("rrule", text), start)


#: A Monday.
START = wall("2026-11-23 09:00")


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("FREQ=DAILY", "FREQ=DAILY"),
        ("RRULE:FREQ=DAILY", "FREQ=DAILY"),
        ("rrule:freq=weekly;byday=mo,we", "FREQ=WEEKLY;BYDAY=MO,WE"),
        ("BYDAY=MO; FREQ=WEEKLY;", "FREQ=WEEKLY;BYDAY=MO"),
        ("FREQ=MONTHLY;BYDAY=+1MO,-1FR", "FREQ=MONTHLY;BYDAY=+1MO,-1FR"),
        ("FREQ=YEARLY;BYDAY=53MO,-53SU", "FREQ=YEARLY;BYDAY=53MO,-53SU"),
        ("FREQ=DAILY;INTERVAL=10000", "FREQ=DAILY;INTERVAL=10000"),
        ("FREQ=DAILY;COUNT=10000", "FREQ=DAILY;COUNT=10000"),
        ("FREQ=DAILY;UNTIL=20270131T180000Z", "FREQ=DAILY;UNTIL=20270131T180000Z"),
        ("FREQ=DAILY;UNTIL=20270131T180000", "FREQ=DAILY;UNTIL=20270131T180000"),
        ("FREQ=HOURLY;BYDAY=MO;BYHOUR=9", "FREQ=HOURLY;BYDAY=MO;BYHOUR=9"),
        (
            "FREQ=YEARLY;BYWEEKNO=-53,53;BYYEARDAY=-366,366;BYDAY=MO;BYSETPOS=-366,366",
            "FREQ=YEARLY;BYWEEKNO=-53,53;BYYEARDAY=-366,366;BYDAY=MO;BYSETPOS=-366,366",
        ),
        ("FREQ=DAILY;BYSECOND=0,59;BYMINUTE=0,59;BYHOUR=0,23", None),
    ],
)
def test_what_is_accepted(text: str, canonical: str | None) -> None:
    found = rrule_text("rrule", text)
    assert found == (canonical or text)
    assert rrule_text("rrule", found) == found


PART = "which is no part of a rule; write it like FREQ=WEEKLY;BYDAY=MO,WE"
HOW_OFTEN = "does not say how often; write FREQ= and one of"
NO_SUCH = "which does not exist; write"
DAYS = "say which days of that week, such as BYDAY=MO"
NUMBERED = "write BYDAY without numbers, or FREQ=MONTHLY or YEARLY"
NO_MONTH = "and no month has so many; write a number from 1 to 5, or -1 to -5"
DAILY = "write FREQ=DAILY, with BYHOUR and BYMINUTE"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", f"holds '', {PART}"),
        ("DAILY", f"holds 'DAILY', {PART}"),
        ("FREQ=DAILY;;COUNT=3", f"holds '', {PART}"),
        ("FREQ=DAILY;BYEASTER=0", f"holds 'BYEASTER=0', {PART}"),
        ("FREQ=DAILY;RSCALE=GREGORIAN", f"holds 'RSCALE=GREGORIAN', {PART}"),
        (
            "DTSTART:20261123T090000 FREQ=DAILY",
            f"holds 'DTSTART:20261123T090000FREQ=DAILY', {PART}",
        ),
        ("FREQ=DAILY\nRRULE:FREQ=WEEKLY", HOW_OFTEN),
        ("EXDATE=20261123T090000;FREQ=DAILY", f"holds 'EXDATE=20261123T090000', {PART}"),
        ("FREQ=DAILY;COUNT=3;COUNT=4", "holds COUNT twice; keep one of them"),
        ("FREQ=DAILY;FREQ=DAILY", "holds FREQ twice; keep one of them"),
        ("BYDAY=MO", HOW_OFTEN),
        ("FREQ=;BYDAY=MO", HOW_OFTEN),
        ("FREQ=FORTNIGHTLY", HOW_OFTEN),
        ("FREQ=SECONDLY", "comes every second; limits.shortest-interval is at least a minute"),
        ("FREQ=DAILY;COUNT=0", f"holds 'COUNT=0', {NO_SUCH} a number from 1 to 10000"),
        ("FREQ=DAILY;COUNT=10001", f"holds 'COUNT=10001', {NO_SUCH} a number from 1 to 10000"),
        ("FREQ=DAILY;COUNT=", f"holds 'COUNT=', {NO_SUCH} a number from 1 to 10000"),
        ("FREQ=DAILY;COUNT=-1", f"holds 'COUNT=-1', {NO_SUCH} a number from 1 to 10000"),
        ("FREQ=DAILY;COUNT=٣", f"holds 'COUNT=٣', {NO_SUCH} a number from 1 to 10000"),
        ("FREQ=DAILY;INTERVAL=0", f"holds 'INTERVAL=0', {NO_SUCH} a number from 1 to 10000"),
        ("FREQ=DAILY;INTERVAL=1.5", f"holds 'INTERVAL=1.5', {NO_SUCH} a number from 1 to 10000"),
        (
            "FREQ=DAILY;INTERVAL=10001",
            f"holds 'INTERVAL=10001', {NO_SUCH} a number from 1 to 10000",
        ),
        ("FREQ=DAILY;UNTIL=20270131", f"holds 'UNTIL=20270131', {NO_SUCH} it like UNTIL="),
        ("FREQ=DAILY;UNTIL=2027-01-31T18:00:00Z", "holds 'UNTIL=2027-01-31T18:00:00Z', which"),
        (
            "FREQ=DAILY;UNTIL=20270231T180000Z",
            "holds 'UNTIL=20270231T180000Z', which does not exist",
        ),
        (
            "FREQ=DAILY;UNTIL=20270131T240000Z",
            "holds 'UNTIL=20270131T240000Z', which does not exist",
        ),
        ("FREQ=DAILY;UNTIL=00000101T000000", "holds 'UNTIL=00000101T000000', which does not exist"),
        ("FREQ=DAILY;WKST=MON", f"holds 'WKST=MON', {NO_SUCH} one of MO, TU, WE, TH, FR, SA, SU"),
        ("FREQ=DAILY;BYSECOND=60", f"holds 'BYSECOND=60', {NO_SUCH} numbers from 0 to 59"),
        ("FREQ=DAILY;BYMINUTE=60", f"holds 'BYMINUTE=60', {NO_SUCH} numbers from 0 to 59"),
        ("FREQ=DAILY;BYMINUTE=-1", f"holds 'BYMINUTE=-1', {NO_SUCH} numbers from 0 to 59"),
        ("FREQ=DAILY;BYHOUR=24", f"holds 'BYHOUR=24', {NO_SUCH} numbers from 0 to 23"),
        ("FREQ=DAILY;BYHOUR=9,", f"holds 'BYHOUR=9,', {NO_SUCH} numbers from 0 to 23"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", f"holds 'BYMONTHDAY=0', {NO_SUCH} numbers from 1 to 31"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", f"holds 'BYMONTHDAY=32', {NO_SUCH} numbers from 1 to 31"),
        ("FREQ=MONTHLY;BYMONTHDAY=-32", f"holds 'BYMONTHDAY=-32', {NO_SUCH} numbers from 1 to 31"),
        ("FREQ=MONTHLY;BYMONTHDAY=--1", f"holds 'BYMONTHDAY=--1', {NO_SUCH} numbers from 1 to 31"),
        ("FREQ=MONTHLY;BYMONTHDAY=-", f"holds 'BYMONTHDAY=-', {NO_SUCH} numbers from 1 to 31"),
        ("FREQ=YEARLY;BYYEARDAY=367", f"holds 'BYYEARDAY=367', {NO_SUCH} numbers from 1 to 366"),
        ("FREQ=YEARLY;BYWEEKNO=10", f"has BYWEEKNO without BYDAY; {DAYS}"),
        ("FREQ=YEARLY;BYWEEKNO=-1;COUNT=3", f"has BYWEEKNO without BYDAY; {DAYS}"),
        ("FREQ=YEARLY;BYWEEKNO=1;BYYEARDAY=1", f"has BYWEEKNO without BYDAY; {DAYS}"),
        ("FREQ=YEARLY;BYWEEKNO=54", f"holds 'BYWEEKNO=54', {NO_SUCH} numbers from 1 to 53"),
        ("FREQ=YEARLY;BYWEEKNO=0", f"holds 'BYWEEKNO=0', {NO_SUCH} numbers from 1 to 53"),
        ("FREQ=YEARLY;BYMONTH=13", f"holds 'BYMONTH=13', {NO_SUCH} numbers from 1 to 12"),
        ("FREQ=YEARLY;BYMONTH=-1", f"holds 'BYMONTH=-1', {NO_SUCH} numbers from 1 to 12"),
        ("FREQ=DAILY;BYHOUR=9;BYSETPOS=0", f"holds 'BYSETPOS=0', {NO_SUCH} numbers from 1 to 366"),
        ("FREQ=DAILY;BYHOUR=9;BYSETPOS=367", "holds 'BYSETPOS=367', which does not exist"),
        ("FREQ=WEEKLY;BYDAY=MON", f"holds 'BYDAY=MON', {NO_SUCH} it like MO,WE or -1FR"),
        ("FREQ=WEEKLY;BYDAY=", f"holds 'BYDAY=', {NO_SUCH} it like MO,WE or -1FR"),
        ("FREQ=MONTHLY;BYDAY=0MO", f"holds 'BYDAY=0MO', {NO_SUCH} it like MO,WE or -1FR"),
        ("FREQ=MONTHLY;BYDAY=54MO", f"holds 'BYDAY=54MO', {NO_SUCH} it like MO,WE or -1FR"),
        ("FREQ=MONTHLY;BYDAY=29MO", f"has 29MO in BYDAY, {NO_MONTH}"),
        ("FREQ=MONTHLY;BYDAY=10FR", f"has 10FR in BYDAY, {NO_MONTH}"),
        ("FREQ=MONTHLY;BYDAY=1MO,12FR", f"has 12FR in BYDAY, {NO_MONTH}"),
        ("FREQ=MONTHLY;BYDAY=-6MO", f"has -6MO in BYDAY, {NO_MONTH}"),
        ("FREQ=YEARLY;BYMONTH=12;BYDAY=8MO", f"has 8MO in BYDAY, {NO_MONTH}"),
        ("FREQ=WEEKLY;BYDAY=1MO", f"counts weekdays with FREQ=WEEKLY; {NUMBERED}"),
        ("FREQ=DAILY;BYDAY=-1FR", f"counts weekdays with FREQ=DAILY; {NUMBERED}"),
        (
            "FREQ=YEARLY;BYWEEKNO=20;BYDAY=1MO",
            "counts weekdays with FREQ=YEARLY; write BYDAY without numbers",
        ),
        ("FREQ=MONTHLY;BYWEEKNO=20", "has BYWEEKNO with FREQ=MONTHLY; RFC 5545 has no such rule"),
        ("FREQ=HOURLY;BYWEEKNO=20", "has BYWEEKNO with FREQ=HOURLY; RFC 5545 has no such rule"),
        ("FREQ=DAILY;BYYEARDAY=1", "has BYYEARDAY with FREQ=DAILY; RFC 5545 has no such rule"),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "has BYMONTHDAY with FREQ=WEEKLY; RFC 5545 has no such rule"),
        ("FREQ=HOURLY;BYMONTH=2", f"has BYMONTH with FREQ=HOURLY; {DAILY}"),
        ("FREQ=MINUTELY;BYMONTHDAY=2", f"has BYMONTHDAY with FREQ=MINUTELY; {DAILY}"),
        ("FREQ=HOURLY;BYYEARDAY=2", f"has BYYEARDAY with FREQ=HOURLY; {DAILY}"),
        ("FREQ=HOURLY;BYDAY=MO;BYSETPOS=1", f"has BYSETPOS with FREQ=HOURLY; {DAILY}"),
        ("FREQ=DAILY;BYSETPOS=1", "has BYSETPOS alone; add what it counts, such as BYDAY=MO,TU"),
        ("FREQ=DAILY;COUNT=3;UNTIL=20270131T180000Z", "has both COUNT and UNTIL; keep one of them"),
        ("FREQ=DAILY;BYHOUR=\x1b", "holds 'BYHOUR=\\x1b', which does not exist"),
    ],
)
def test_what_is_refused(text: str, problem: str) -> None:
    with pytest.raises(InvalidJob) as caught:
        rrule_text("rrule", text)
    assert str(caught.value).startswith("rrule: ")
    assert problem in str(caught.value)
    assert str(caught.value).isprintable()


#: Rules of every kind, each with its start.
RULES = [
    ("FREQ=YEARLY", "2024-02-29 09:00"),
    ("FREQ=YEARLY;INTERVAL=3;BYMONTH=1,7", "2026-11-23 09:00"),
    ("FREQ=YEARLY;BYWEEKNO=1,-1,53;BYDAY=MO,SA;WKST=SU", "2026-11-23 09:00"),
    ("FREQ=YEARLY;INTERVAL=2;BYWEEKNO=20;BYDAY=MO", "2026-11-23 09:00"),
    ("FREQ=YEARLY;BYYEARDAY=1,-1,366", "2026-11-23 09:00"),
    ("FREQ=YEARLY;BYDAY=20MO,-1SU", "2026-11-23 09:00"),
    ("FREQ=YEARLY;BYMONTH=3,10;BYDAY=-1SU;BYHOUR=1,2;BYMINUTE=0,30", "2026-11-23 09:17:05"),
    ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "2026-11-23 09:00"),
    ("FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1,-1", "2026-11-23 09:00"),
    ("FREQ=MONTHLY", "2026-12-31 23:59:59"),
    ("FREQ=MONTHLY;BYMONTHDAY=-1", "2026-11-23 09:00"),
    ("FREQ=MONTHLY;INTERVAL=5;BYMONTHDAY=31,-31", "2026-11-23 09:00"),
    ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "2026-11-23 09:00"),
    ("FREQ=MONTHLY;INTERVAL=18;BYDAY=2TU,-2FR", "2026-11-23 09:00"),
    ("FREQ=MONTHLY;BYMONTHDAY=13;BYDAY=FR", "2026-11-23 09:00"),
    ("FREQ=WEEKLY", "2026-11-28 09:00"),
    ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=MO", "2026-11-24 09:00"),
    ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU", "2026-11-24 09:00"),
    ("FREQ=WEEKLY;INTERVAL=5;BYDAY=MO,FR;BYHOUR=8,20;BYSETPOS=2,-1", "2026-11-25 09:00"),
    ("FREQ=DAILY", "2026-11-23 09:00:30"),
    ("FREQ=DAILY;INTERVAL=9;BYMONTH=1,6;BYDAY=TU,TH", "2026-11-23 09:00"),
    ("FREQ=DAILY;BYHOUR=9,12,15;BYMINUTE=0,15,45;BYSETPOS=1,5,-1", "2026-11-23 09:00"),
    ("FREQ=HOURLY;INTERVAL=5", "2026-11-23 09:10:11"),
    ("FREQ=HOURLY;INTERVAL=3;BYHOUR=0,9,15;BYMINUTE=5,20;BYDAY=MO,SA", "2026-11-23 09:10"),
    ("FREQ=MINUTELY;INTERVAL=90", "2026-11-23 09:10:11"),
    ("FREQ=MINUTELY;INTERVAL=20;BYHOUR=9,10,11;BYDAY=SA", "2026-11-23 09:05"),
    ("FREQ=MINUTELY;INTERVAL=25;BYMINUTE=0,10,20,30", "2026-11-23 09:05"),
]  # fmt: skip


def reference(text: str, start: datetime, moment: datetime, count: int) -> list[datetime]:
    """dateutil's reading, from the start on."""
    return list(islice(rrulestr(text, dtstart=start).xafter(moment, inc=True), count))


@pytest.mark.parametrize(("text", "begin"), RULES)
def test_the_next_hundred_are_the_reference_s(text: str, begin: str) -> None:
    start = wall(begin)
    wanted = reference(text, start, start, 100)
    assert len(wanted) == 100
    assert list(islice(rule(text, start).since(start), 100)) == wanted
    assert list(islice(rule(text, start).since(start - 99 * DAY), 100)) == wanted


@pytest.mark.parametrize(("text", "begin"), RULES)
def test_from_any_later_moment_they_are_the_same(text: str, begin: str) -> None:
    start, pick = wall(begin), random.Random(text)
    known = [each for each in reference(text, start, start, 400) if each.year < 2400]
    for _ in range(6):
        before, after = sorted(pick.sample(known[: len(known) * 3 // 4], 2))
        for moment in (before, before + SECOND, before - SECOND, before + (after - before) / 2):
            whole = moment.replace(microsecond=0)
            wanted = [each for each in known if each >= whole][:100]
            assert list(islice(rule(text, start).since(whole), len(wanted))) == wanted
            last = max((each for each in known if each <= whole), default=None)
            assert rule(text, start).last(whole, not_before=start) == last


@pytest.mark.parametrize(("text", "begin"), RULES)
def test_the_last_is_not_before_what_is_asked(text: str, begin: str) -> None:
    start = wall(begin)
    first, second, third = reference(text, start, start, 3)
    found = rule(text, start)
    assert found.last(third, not_before=third) == third
    assert found.last(third - SECOND, not_before=second) == second
    assert found.last(third - SECOND, not_before=second + SECOND) is None
    assert found.last(first - SECOND, not_before=start - 9 * DAY) is None


def test_an_old_rule_is_answered_as_fast_as_a_young_one() -> None:
    old = rule("FREQ=MINUTELY;INTERVAL=5", wall("2000-01-01 00:00"))
    begun = time.process_time()
    for days in range(100):
        moment = wall("2037-01-01 00:01") + days * DAY
        assert next(old.since(moment)) == moment + 4 * MINUTE
        assert old.last(moment, not_before=old.start) == moment - MINUTE
    assert time.process_time() - begun < 20, "it is searched from its beginning"


NEVER = [
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6;BYDAY=MO",
    "FREQ=YEARLY;BYYEARDAY=366;BYMONTH=1",
    "FREQ=MONTHLY;BYMONTH=4,6,9,11;BYMONTHDAY=31",
    "FREQ=MONTHLY;BYMONTHDAY=8;BYDAY=1MO",
    "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6",
    "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=2",
    "FREQ=WEEKLY;BYHOUR=9;BYSETPOS=" + ",".join(str(n) for n in range(2, 110)),
    "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=DAILY;INTERVAL=7;BYDAY=TU",
    "FREQ=DAILY;BYHOUR=9;BYSETPOS=2",
    "FREQ=DAILY;BYHOUR=9;BYSETPOS=" + ",".join(str(n) for n in range(2, 110)),
    "FREQ=HOURLY;INTERVAL=24;BYHOUR=5",
    "FREQ=HOURLY;INTERVAL=168;BYDAY=TU",
    "FREQ=HOURLY;INTERVAL=7;BYDAY=TU;BYHOUR=9",
    "FREQ=MINUTELY;INTERVAL=60;BYMINUTE=30",
    "FREQ=MINUTELY;INTERVAL=1440;BYHOUR=5",
    "FREQ=MINUTELY;INTERVAL=1440;BYHOUR=9;BYMINUTE=30",
    "FREQ=MINUTELY;INTERVAL=7;BYHOUR=9;BYMINUTE=0;BYDAY=TU",
]


@pytest.mark.parametrize(
    "text", [*NEVER[::4], *(pytest.param(each, marks=pytest.mark.slow) for each in NEVER)]
)
def test_a_rule_that_never_fires_is_found_out(text: str) -> None:
    found = rule(text, START)
    begun = time.process_time()
    for back in (False, True):
        try:
            if back:
                assert found.last(START + 30 * DAY, not_before=START) is None
            else:
                assert next(found.since(START), None) is None
        except GivenUp as given_up:
            # Of months only so many are looked at.
            assert text.startswith("FREQ=MONTHLY")
            assert "1000 of its months" in str(given_up)  # noqa: PT017
    assert time.process_time() - begun < 20, "it is searched for without an end"


def test_a_rule_s_own_end_is_told_and_not_looked_at() -> None:
    counted = rule("FREQ=DAILY;COUNT=2", START)
    assert (counted.count, counted.until) == (2, None)
    assert len(list(islice(counted.since(START), 5))) == 5
    ended = rule("FREQ=DAILY;UNTIL=20261124T090000Z", START)
    assert (ended.count, ended.until) == (None, (wall("2026-11-24 09:00"), True))
    assert len(list(islice(ended.since(START), 5))) == 5
    local = rule("FREQ=DAILY;UNTIL=20261124T090000", START)
    assert local.until == (wall("2026-11-24 09:00"), False)


@pytest.mark.parametrize(
    ("text", "gap"),
    [
        ("FREQ=DAILY", DAY),
        ("FREQ=DAILY;BYHOUR=9,17", 8 * HOUR),
        ("FREQ=DAILY;BYHOUR=0,23", HOUR),
        ("FREQ=WEEKLY;BYDAY=MO,WE", 2 * DAY),
        ("FREQ=MONTHLY", 28 * DAY),
        ("FREQ=MONTHLY;BYMONTHDAY=1,-1", DAY),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", 1461 * DAY),
        ("FREQ=MINUTELY", MINUTE),
        ("FREQ=HOURLY;BYSECOND=0,30", 30 * SECOND),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", None),
    ],
)
def test_the_smallest_distance(text: str, gap: timedelta | None) -> None:
    assert rule(text, START).shortest_gap() == gap


def test_a_rule_goes_on_for_at_least_four_hundred_years() -> None:
    for year in (2000, 2026, 2399, 2400, 2599, 2999):
        start = START.replace(year=year)
        found = list(islice(rule("FREQ=YEARLY", start).since(start), 400))
        assert found == [START.replace(year=year + more) for more in range(400)]


@given(st.text() | st.from_regex(r"FREQ=[A-Z]{5,8}(;[A-Z]{4,10}=[0-9A-Z,+-]{1,9}){0,3}"))
def test_whatever_is_written_only_a_refusal_escapes(text: str) -> None:
    try:
        found = rrule_text("rrule", text)
    except InvalidJob as refused:
        assert str(refused).isprintable()  # noqa: PT017
    else:
        assert rrule_text("rrule", found) == found
