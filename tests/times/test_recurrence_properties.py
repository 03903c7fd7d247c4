from __future__ import annotations

import random
import zoneinfo
from bisect import bisect_left
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from itertools import islice, pairwise, takewhile
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.job.model import Job
from scheduler.times import instants
from scheduler.times.cron import CronRule
from scheduler.times.recurrence import END
from scheduler.times.rrule import RRule, rrule_text
from tests.support.instants import DAY, HOUR, JOB, MINUTE, SECOND, all_of, rule_of, utc

#: Rules that differ in how often they come and when, and each can meet a gap or a fold.
CRONS = [
    "30 2 * * *",
    "*/20 * * * *",
    "0 0 * * *",
    "15,45 1-3 * * SUN",
    "0 12 1 * *",
    "*/5 2 * * *",
]
RRULES = [
    "FREQ=DAILY", "FREQ=HOURLY;INTERVAL=5", "FREQ=MINUTELY;INTERVAL=25", "FREQ=WEEKLY;BYDAY=SU",
    "FREQ=MONTHLY;BYDAY=-1SU;BYHOUR=0,1,2,3;BYMINUTE=0,30", "FREQ=DAILY;INTERVAL=3;BYHOUR=2,23",
]  # fmt: skip
STEPS = [MINUTE * 7, HOUR, HOUR * 36]
PLACES = [
    "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca",
    "Pacific/Apia", "America/St_Johns", "Antarctica/Troll", "Asia/Gaza", "Europe/Dublin",
]  # fmt: skip
KEYS = (
    st.builds(lambda text: {"cron": text}, st.sampled_from(CRONS))
    | st.builds(lambda text: {"rrule": text}, st.sampled_from(RRULES))
    | st.builds(lambda step: {"every": step}, st.sampled_from(STEPS))
)
SECONDS = st.datetimes(datetime(2000, 1, 3), datetime(2037, 12, 1)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=0, tzinfo=timezone.utc)
)


def turn(moment: datetime, zone: ZoneInfo) -> datetime:
    """Near the next turn of the clocks, if there is one within two years; else ``moment``."""
    for days in range(0, 730, 20):
        low = moment + days * DAY
        high = low + 20 * DAY
        if low.astimezone(zone).utcoffset() == high.astimezone(zone).utcoffset():
            continue
        while high - low > HOUR:
            middle = low + (high - low) / 2
            same = low.astimezone(zone).utcoffset() == middle.astimezone(zone).utcoffset()
            low, high = (middle, high) if same else (low, middle)
        return low
    return moment


def turns(place: str) -> list[datetime]:
    """When clocks at ``place`` are turned, 2000 to 2037, to the hour."""
    zone, moment, found = ZoneInfo(place), utc("2000-01-03T00:00"), []
    while moment.year < 2037:
        near = turn(moment, zone)
        found += [near] if near != moment else []
        moment = max(near, moment) + 20 * DAY
    return found


TURNS = {place: turns(place) for place in PLACES}


@st.composite
def cases(draw: st.DrawFn) -> tuple[Job, datetime, datetime]:
    """A series and a stretch of time in it, most often where clocks are turned."""
    place = draw(st.sampled_from(PLACES))
    begin = draw(st.sampled_from(TURNS[place]) if TURNS[place] else SECONDS)
    begin = begin.replace(second=0) + draw(st.integers(-3 * 60, 3 * 60)) * MINUTE
    age = draw(st.sampled_from([timedelta(), MINUTE, HOUR, 30 * DAY, 400 * DAY]))
    start = max(begin - age, utc("2000-01-01T00:00"))
    job = replace(JOB, run_at=start, timezone=place, **draw(KEYS))
    return job, begin, begin + draw(st.sampled_from([HOUR, 6 * HOUR, 30 * HOUR]))


def walked(job: Job, after: datetime, to: datetime) -> list[datetime]:
    """The instants after the one and up to the other, by their definition, minute by minute.

    An instant is when clocks first show a time of the rule, or have passed one by.
    """
    if job.every is not None:
        count = max((to - job.run_at) // job.every + 1, 0)
        every = [job.run_at + number * job.every for number in range(count)]
        return [each for each in every if after < each]
    zone = ZoneInfo(job.timezone or "UTC")
    moment = after - 27 * HOUR
    highest, found = instants.wall(moment, zone), []
    rule = wanted(job, highest + MINUTE, instants.wall(to, zone) + DAY)
    while moment < to:
        moment += MINUTE
        seen = instants.wall(moment, zone)
        if any(highest < each <= seen for each in rule):
            found.append(moment)
        highest = max(highest, seen)
    return [each for each in found if after < each and job.run_at <= each]


def wanted(job: Job, first: datetime, last: datetime) -> list[datetime]:
    """The wall times of the job's rule from the one to the other."""
    rule: CronRule | RRule = CronRule(job.cron or "")
    if job.rrule:
        start = instants.wall(job.run_at, ZoneInfo(job.timezone or "UTC"))
        rule = RRule(rrule_text("rrule", job.rrule), start)
    return list(takewhile(lambda each: each <= last, rule.since(first)))


@given(cases(), st.integers(0, 999_999))
def test_every_question_gets_the_answer_that_a_walk_over_the_minutes_gives(
    case: tuple[Job, datetime, datetime], fraction: int
) -> None:
    job, after, to = case
    rule = rule_of(job)
    expected = walked(job, after, to)
    part = timedelta(microseconds=fraction)
    assert list(rule.between(after, to)) == expected
    assert list(rule.between(after + part, to + part)) == expected
    assert all(one < two for one, two in pairwise(expected))
    before = rule.latest(after)
    for earlier, later in pairwise([before, *expected]):
        assert later is not None
        middle = later - SECOND if earlier is None else earlier + (later - earlier) / 2
        for moment in {earlier or after, middle, later - SECOND, later - timedelta(microseconds=1)}:
            assert rule.after(moment) == later
            assert rule.latest(moment) == earlier
        assert rule.latest(later) == later
    following = rule.after(to + part)
    assert following is not None
    assert following > to
    assert rule.latest(to + part) == (expected[-1] if expected else before)
    assert rule.first() == rule.after(job.run_at - SECOND)


@given(cases(), st.integers(1, 40))
def test_a_count_is_the_end_of_so_many(case: tuple[Job, datetime, datetime], count: int) -> None:
    job, _, _ = case
    whole = list(islice(all_of(rule_of(job)), count + 1))
    rule = rule_of(replace(job, count=count))
    assert list(islice(all_of(rule), count + 1)) == whole[:count]
    assert rule.latest(END) == whole[count - 1]
    assert rule.after(whole[count - 1]) is None
    ended = rule_of(replace(job, until=whole[count - 1]))
    assert list(islice(all_of(ended), count + 1)) == whole[:count]
    if job.rrule:
        own = rule_of(replace(job, rrule=f"{job.rrule};COUNT={count}"))
        assert list(islice(all_of(own), count + 1)) == whole[:count]


@given(cases(), st.lists(st.integers(0, 40 * 60), min_size=1, max_size=8))
def test_no_instant_depends_on_when_anybody_looked(
    case: tuple[Job, datetime, datetime], looks: list[int]
) -> None:
    """Ticks at any moments, late ones too, are led through the same instants."""
    job, begin, _ = case
    rule = rule_of(job)
    every = list(rule.between(begin, begin + 41 * HOUR))
    for look in looks:
        now = begin + look * MINUTE + 7 * SECOND
        due = [each for each in every if each <= now]
        if due:
            assert rule.latest(now) == due[-1]
        if len(due) < len(every):
            assert rule.after(now) == every[len(due)]


ZONES = sorted(zoneinfo.available_timezones() - {"localtime", "Factory"})


QUARTER = 15 * MINUTE


def first_by_definition(local: datetime, zone: ZoneInfo) -> datetime:
    """The first instant at which clocks show ``local`` or later, by looking at the clocks.

    Since 2000 all offsets are whole quarters of an hour. So clocks that show ``local`` at all
    show it where one of these quarters begins; within a quarter they can only skip it.
    """
    moment = local.replace(tzinfo=timezone.utc) - 40 * HOUR
    while instants.wall(moment, zone) < local:
        moment += QUARTER
    begin = moment - QUARTER
    seconds = range(QUARTER // SECOND + 1)
    late = bisect_left(
        seconds, True, key=lambda n: instants.wall(begin + n * SECOND, zone) >= local
    )
    return begin + late * SECOND


@pytest.mark.parametrize("part", range(4))
def test_a_local_time_in_every_zone_is_the_first_instant_by_definition(part: int) -> None:
    pick = random.Random(part)
    for name in ZONES[part::4]:
        zone = ZoneInfo(name)
        for near_a_turn in (False, True, True, True):
            moment = utc("2000-01-03T00:00") + pick.randrange(36 * 365 * 24 * 3600) * SECOND
            if near_a_turn:
                moment = turn(moment, zone) + pick.randrange(-3 * 60, 5 * 60) * MINUTE
            # An hour more leads into the gaps, which no clock shows.
            local = instants.wall(moment, zone).replace(microsecond=0) + pick.choice((0, 1)) * HOUR
            assert instants.first_instant(local, zone) == first_by_definition(local, zone), name
