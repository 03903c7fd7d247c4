from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from itertools import islice, pairwise
from typing import Any

import pytest

from scheduler.errors import InvalidJob
from scheduler.job.frontmatter import parse
from scheduler.job.model import Job
from scheduler.policy.series import written_rule
from scheduler.times import instants
from scheduler.times.recurrence import Recurrence, check
from tests.support.instants import DAY, HOUR, JOB, MINUTE, SECOND, all_of, rule_of, utc


def series(start: str, place: str = "UTC", **keys: Any) -> Recurrence:
    """The rule of a job whose ``run-at`` is a local time in its zone, or has an offset."""
    begin = instants.instant(start, field="run-at", timezone=place)
    values = {**vars(JOB), "run_at": begin, "timezone": place, **keys}
    return rule_of(Job(**values))


def shown(moments: Iterator[datetime], count: int) -> list[str]:
    return [instants.format_instant(each) for each in islice(moments, count)]


def test_a_job_that_comes_once_has_no_rule() -> None:
    assert written_rule(JOB) is None


@pytest.mark.parametrize(
    ("start", "place", "keys", "expected"),
    [
        # Berlin: 02:00 to 03:00 is skipped, then shown twice.
        ("2026-03-28T02:30", "Europe/Berlin", {"cron": "30 2 * * *"},
         ["2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]),
        ("2026-10-24T02:30", "Europe/Berlin", {"cron": "30 2 * * *"},
         ["2026-10-24T00:30:00Z", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]),
        # Several times within a gap are one instant, and it may be one of the rule's own.
        ("2026-03-29T01:50", "Europe/Berlin", {"cron": "*/20 * * * *"},
         ["2026-03-29T01:00:00Z", "2026-03-29T01:20:00Z", "2026-03-29T01:40:00Z"]),
        ("2026-03-29T01:50", "Europe/Berlin", {"cron": "10,50 2 * * *"},
         ["2026-03-29T01:00:00Z", "2026-03-30T00:10:00Z", "2026-03-30T00:50:00Z"]),
        # The hour that comes twice is counted once: nothing between 02:40 and 03:00.
        ("2026-10-25T02:20", "Europe/Berlin", {"cron": "*/20 * * * *"},
         ["2026-10-25T00:20:00Z", "2026-10-25T00:40:00Z", "2026-10-25T02:00:00Z"]),
        # A series that begins where the gap ends, and within the fold's second half.
        ("2026-03-29T02:30", "Europe/Berlin", {"cron": "30 2 * * *"},
         ["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]),
        ("2026-03-29T02:30", "Europe/Berlin", {"cron": "15 2 * * *"},
         ["2026-03-29T01:00:00Z", "2026-03-30T00:15:00Z"]),
        ("2026-10-25T02:30:00+01:00", "Europe/Berlin", {"cron": "30 2 * * *"},
         ["2026-10-26T01:30:00Z"]),
        ("2026-10-25T02:30:00+01:00", "Europe/Berlin", {"cron": "45 2,3 * * *"},
         ["2026-10-25T02:45:00Z", "2026-10-26T01:45:00Z"]),
        ("2026-10-25T02:30:00+01:00", "Europe/Berlin", {"rrule": "FREQ=DAILY"},
         ["2026-10-26T01:30:00Z"]),
        ("2026-03-28T02:30", "Europe/Berlin", {"rrule": "FREQ=DAILY"},
         ["2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]),
        ("2026-03-28T23:30", "Europe/Berlin", {"rrule": "FREQ=HOURLY"},
         ["2026-03-28T22:30:00Z", "2026-03-28T23:30:00Z", "2026-03-29T00:30:00Z",
          "2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z"]),
        ("2026-11-22T18:00", "Europe/Berlin", {"rrule": "FREQ=WEEKLY;BYDAY=MO,WE;BYHOUR=9"},
         ["2026-11-23T08:00:00Z", "2026-11-25T08:00:00Z", "2026-11-30T08:00:00Z"]),
        # Seconds are absolute: on the clocks it is an hour later, then an hour earlier.
        ("2026-03-28T12:00", "Europe/Berlin", {"every": DAY},
         ["2026-03-28T11:00:00Z", "2026-03-29T11:00:00Z", "2026-03-30T11:00:00Z"]),
        ("2026-10-25T01:30", "Europe/Berlin", {"every": HOUR},
         ["2026-10-24T23:30:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"]),
        ("2026-10-25T02:30:00+01:00", "Europe/Berlin", {"every": HOUR},
         ["2026-10-25T01:30:00Z", "2026-10-25T02:30:00Z"]),
        # New York.
        ("2026-03-07T02:30", "America/New_York", {"cron": "30 2 * * *"},
         ["2026-03-07T07:30:00Z", "2026-03-08T07:00:00Z", "2026-03-09T06:30:00Z"]),
        ("2026-10-31T01:30", "America/New_York", {"cron": "30 1 * * *"},
         ["2026-10-31T05:30:00Z", "2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"]),
        ("2026-10-31T12:00", "America/New_York", {"cron": "0 9 * * *"},
         ["2026-11-01T14:00:00Z", "2026-11-02T14:00:00Z"]),
        # Lord Howe turns its clocks by half an hour.
        ("2026-10-03T02:15", "Australia/Lord_Howe", {"cron": "15 2 * * *"},
         ["2026-10-02T15:45:00Z", "2026-10-03T15:30:00Z", "2026-10-04T15:15:00Z"]),
        ("2026-04-04T01:45", "Australia/Lord_Howe", {"cron": "45 1 * * *"},
         ["2026-04-03T14:45:00Z", "2026-04-04T14:45:00Z", "2026-04-05T15:15:00Z"]),
        ("2026-04-05T01:30", "Australia/Lord_Howe", {"cron": "*/15 * * * *"},
         ["2026-04-04T14:30:00Z", "2026-04-04T14:45:00Z", "2026-04-04T15:30:00Z"]),
        # Casablanca puts its clocks back for Ramadan: 2026-02-15 03:00, and on on 2026-03-22.
        ("2026-02-14T02:30", "Africa/Casablanca", {"cron": "30 2 * * *"},
         ["2026-02-14T01:30:00Z", "2026-02-15T01:30:00Z", "2026-02-16T02:30:00Z"]),
        ("2026-03-21T02:30", "Africa/Casablanca", {"cron": "30 2 * * *"},
         ["2026-03-21T02:30:00Z", "2026-03-22T02:00:00Z", "2026-03-23T01:30:00Z"]),
        # The day that wasn't in Samoa: its times fall together at the next day's beginning.
        ("2011-12-29T12:00", "Pacific/Apia", {"cron": "0 12 * * *"},
         ["2011-12-29T22:00:00Z", "2011-12-30T10:00:00Z", "2011-12-30T22:00:00Z"]),
        ("2011-12-29T12:00", "Pacific/Apia", {"cron": "0 0,12 * * *"},
         ["2011-12-29T22:00:00Z", "2011-12-30T10:00:00Z", "2011-12-30T22:00:00Z"]),
        ("2011-12-28T12:00", "Pacific/Apia", {"rrule": "FREQ=WEEKLY;BYDAY=FR"},
         ["2011-12-30T10:00:00Z", "2012-01-05T22:00:00Z"]),
        ("2011-12-29T12:00", "Pacific/Apia", {"every": DAY},
         ["2011-12-29T22:00:00Z", "2011-12-30T22:00:00Z"]),
        # A zone east of midnight: the day of the week is the clocks' own.
        ("2026-11-23T00:00", "Pacific/Kiritimati", {"cron": "0 9 * * MON"},
         ["2026-11-22T19:00:00Z", "2026-11-29T19:00:00Z"]),
        ("2026-11-23T00:00", "Asia/Kolkata", {"cron": "0 0 1 * *"},
         ["2026-11-30T18:30:00Z", "2026-12-31T18:30:00Z"]),
    ],
)  # fmt: skip
def test_instants_on_the_days_that_clocks_are_turned(
    start: str, place: str, keys: dict[str, Any], expected: list[str]
) -> None:
    rule = series(start, place, **keys)
    assert shown(all_of(rule), len(expected)) == expected
    moments = [utc(each) for each in expected]
    assert rule.first() == moments[0]
    for earlier, later in pairwise(moments):
        assert rule.after(earlier) == later
        assert rule.after(later - SECOND) == later
        assert rule.latest(later - SECOND) == earlier
        assert rule.latest(later) == later


@pytest.mark.parametrize(
    ("start", "keys", "expected"),
    [
        # The end is one of them, if the rule says so.
        ("2026-11-23T12:00", {"every": HOUR, "until": utc("2026-11-23T14:00")}, ["12", "13", "14"]),
        ("2026-11-23T12:00", {"every": HOUR, "until": utc("2026-11-23T13:59:59")}, ["12", "13"]),
        ("2026-11-23T12:00", {"cron": "0 * * * *", "until": utc("2026-11-23T14:00")},
         ["12", "13", "14"]),
        ("2026-11-23T12:00", {"rrule": "FREQ=HOURLY", "until": utc("2026-11-23T13:30")},
         ["12", "13"]),
        ("2026-11-23T12:00", {"rrule": "FREQ=HOURLY;UNTIL=20261123T140000Z"}, ["12", "13", "14"]),
        ("2026-11-23T12:00", {"rrule": "FREQ=HOURLY;UNTIL=20261123T135959Z"}, ["12", "13"]),
        ("2026-11-23T12:00", {"every": HOUR, "count": 1}, ["12"]),
        ("2026-11-23T12:00", {"every": HOUR, "count": 3}, ["12", "13", "14"]),
        ("2026-11-23T12:00", {"cron": "30 * * * *", "count": 2}, ["12:30", "13:30"]),
        ("2026-11-23T12:00", {"rrule": "FREQ=HOURLY", "count": 2}, ["12", "13"]),
        ("2026-11-23T12:00", {"rrule": "FREQ=HOURLY;COUNT=2"}, ["12", "13"]),
        # What comes first ends it.
        ("2026-11-23T12:00", {"every": HOUR, "count": 3, "until": utc("2026-11-23T13:00")},
         ["12", "13"]),
        ("2026-11-23T12:00", {"every": HOUR, "count": 2, "until": utc("2026-11-23T19:00")},
         ["12", "13"]),
        ("2026-11-23T12:00", {"rrule": "FREQ=HOURLY;COUNT=9", "until": utc("2026-11-23T13:00")},
         ["12", "13"]),
        ("2026-11-23T12:00", {"rrule": "FREQ=HOURLY;UNTIL=20261123T190000Z", "count": 2},
         ["12", "13"]),
        # Nothing is left between the start and the end.
        ("2026-11-23T12:01", {"cron": "0 * * * *", "until": utc("2026-11-23T12:59:59")}, []),
        ("2026-11-23T12:00", {"rrule": "FREQ=HOURLY;UNTIL=20261123T115959Z"}, []),
        ("2026-11-23T12:00", {"rrule": "FREQ=HOURLY;UNTIL=00010101T000000Z"}, []),
    ],
)  # fmt: skip
def test_until_and_count(start: str, keys: dict[str, Any], expected: list[str]) -> None:
    rule = series(start, **keys)
    moments = [utc(f"2026-11-23T{each if ':' in each else each + ':00'}") for each in expected]
    assert list(islice(all_of(rule), 20)) == moments
    assert rule.first() == next(iter(moments), None)
    if moments:
        assert rule.after(moments[-1]) is None
    assert rule.latest(utc("2030-01-01T00:00")) == (moments[-1] if moments else None)


@pytest.mark.parametrize(
    ("place", "text", "expected"),
    [
        # Without a Z it is the zone's own time.
        ("Europe/Berlin", "FREQ=DAILY;UNTIL=20261125T090000", 3),
        ("Europe/Berlin", "FREQ=DAILY;UNTIL=20261125T085959", 2),
        ("Europe/Berlin", "FREQ=DAILY;UNTIL=20261125T090000Z", 3),
        ("Europe/Berlin", "FREQ=DAILY;UNTIL=20261125T080000Z", 3),
        ("Europe/Berlin", "FREQ=DAILY;UNTIL=20261125T075959Z", 2),
        ("America/New_York", "FREQ=DAILY;UNTIL=20261125T090000", 3),
        ("America/New_York", "FREQ=DAILY;UNTIL=20261125T090000Z", 2),
        ("Asia/Tokyo", "FREQ=DAILY;COUNT=7", 7),
        # What people write for never, and for long ago.
        ("America/Adak", "FREQ=DAILY;UNTIL=99991231T235959", 50),
        ("America/Adak", "FREQ=DAILY;UNTIL=99991231T235959Z", 50),
        ("Asia/Tokyo", "FREQ=DAILY;UNTIL=00010101T000000", 0),
    ],
)
def test_the_end_of_a_rule_in_a_zone(place: str, text: str, expected: int) -> None:
    rule = series("2026-11-23T09:00", place, rrule=text)
    assert len(list(islice(all_of(rule), 50))) == expected


def test_counted_instants_across_a_gap_are_those_that_come() -> None:
    # 02:00, 02:20 and 02:40 are one.
    rule = series("2026-03-29T01:40", "Europe/Berlin", cron="*/20 * * * *", count=3)
    assert shown(all_of(rule), 9) == [
        "2026-03-29T00:40:00Z", "2026-03-29T01:00:00Z", "2026-03-29T01:20:00Z",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"rrule": "FREQ=DAILY;COUNT=3", "count": 3}, "has count too; keep one of them"),
        ({"rrule": "FREQ=DAILY;UNTIL=20270101T000000Z", "until": utc("2027-01-01T00:00")},
         "has until too; keep one of them"),
        ({"rrule": "FREQ=DAILY", "timezone": "Mars/Olympus"}, "is not a known time zone"),
        ({"cron": "0 9 * * *", "timezone": "Mars/Olympus"}, "is not a known time zone"),
        ({"cron": "0 9 * *"}, "has 4 fields"),
        ({"rrule": "FREQ=SECONDLY"}, "comes every second"),
    ],
)  # fmt: skip
def test_keys_that_do_not_fit_together(keys: dict[str, Any], message: str) -> None:
    for _ in range(2):  # what is remembered is no refusal
        with pytest.raises(InvalidJob, match=message):
            written_rule(Job(**{**vars(JOB), **keys}))


NEVER = "never fires; write another rule, or a later end"
BETWEEN = "has no instant between run-at and"


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"cron": "0 0 30 2 *"}, f"cron: '0 0 30 2 *' {NEVER}"),
        ({"rrule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"},
         f"rrule: 'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30' {NEVER}"),
        ({"cron": "0 0 1 1 *", "until": utc("2026-12-31T23:59")},
         f"cron: '0 0 1 1 *' {BETWEEN} 2026-12-31T23:59:00Z; write another rule, or a later end"),
        ({"rrule": "FREQ=DAILY;UNTIL=20261123T115959Z"},
         f"rrule: 'FREQ=DAILY;UNTIL=20261123T115959Z' {BETWEEN} 2026-11-23T11:59:59Z"),
        ({"cron": "* * * * *"},
         "cron: '* * * * *' comes 1m apart; limits.shortest-interval allows 5m or more"),
        ({"cron": "0,4 9 * * *"}, "comes 4m apart; limits.shortest-interval allows 5m or more"),
        ({"cron": "0,58 * * * *"}, "comes 2m apart"),
        ({"rrule": "FREQ=MINUTELY"}, "rrule: 'FREQ=MINUTELY' comes 1m apart"),
        ({"rrule": "FREQ=DAILY;BYSECOND=0,1"}, "comes 1s apart"),
        ({"every": 299 * SECOND}, "every: '4m59s' comes 4m59s apart"),
        ({"every": SECOND}, "every: '1s' comes 1s apart"),
    ],
)  # fmt: skip
def test_rules_that_are_refused(keys: dict[str, Any], message: str) -> None:
    rule = rule_of(Job(**{**vars(JOB), **keys}))
    with pytest.raises(InvalidJob) as caught:
        check(rule, shortest=5 * MINUTE)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "keys",
    [
        {"cron": "*/5 * * * *"}, {"cron": "0 0 29 2 *"}, {"every": 5 * MINUTE},
        {"rrule": "FREQ=MINUTELY;INTERVAL=5"}, {"rrule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29"},
        {"every": 100 * 365 * DAY}, {"rrule": "FREQ=DAILY;COUNT=1"},
    ],
)  # fmt: skip
def test_rules_that_are_not(keys: dict[str, Any]) -> None:
    check(rule_of(Job(**{**vars(JOB), **keys})), shortest=5 * MINUTE)


def test_the_text_of_an_issue_is_such_a_rule() -> None:
    body = (
        "---\nrun-at: 2026-10-24T02:30\ntimezone: Europe/Berlin\ncron: 30 2 * * *\n"
        "until: 2026-10-26T02:30\nworkflow: run.yml\n---\n"
    )
    assert shown(all_of(rule_of(parse(body))), 9) == [
        "2026-10-24T00:30:00Z", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z",
    ]  # fmt: skip


def test_a_series_ends_with_the_calendar() -> None:
    for keys in ({"cron": "0 0 1 1 *"}, {"rrule": "FREQ=YEARLY"}, {"every": 10_000 * DAY}):
        rule = series("2999-01-01T00:00", "Pacific/Kiritimati", **keys)
        assert len(list(islice(all_of(rule), 9))) == 1
    assert rule_of(replace(JOB, run_at=utc("2999-12-31T12:00"), every=DAY)).first() is None
