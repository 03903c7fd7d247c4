"""A series with a count: its journal says which instant it is at, and nothing is counted anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.errors import InvalidJob
from scheduler.job.model import Job, occurrence_instant, occurrence_key
from scheduler.journal.comments import head
from scheduler.journal.journal import OLDER, WHOLE, Entry, History, Journal, read
from scheduler.policy.series import FRESH, expected, locate, over, passed_over, rule_of
from scheduler.policy.series import counted as counted_end
from scheduler.ports.values import Comment, User
from scheduler.times import instants, recurrence
from scheduler.times.recurrence import END
from tests.support.instants import DAY, HOUR, MINUTE, SECOND, all_of, utc
from tests.support.instants import rule_of as plain

BOT = "github-actions[bot]"
RULES: dict[str, dict[str, Any]] = {
    "cron": {"cron": "30 2 * * *"},
    "often": {"cron": "*/20 1-3 * * *"},
    "rrule": {"rrule": "FREQ=WEEKLY;BYDAY=MO,SU;BYHOUR=2,3;BYMINUTE=0,30"},
    "own": {"rrule": "FREQ=DAILY;BYHOUR=2,14"},
}


def counted(rule: str, count: int, place: str = "Europe/Berlin") -> Job:
    start = datetime(2026, 3, 20, 12, tzinfo=timezone.utc)
    job = Job(run_at=start, workflow="a.yml", timezone=place, **RULES[rule])
    if rule == "own":
        return replace(job, rrule=f"{job.rrule};COUNT={count}")
    return replace(job, count=count)


def entry(job: Job, instant: datetime, journal: Journal | None = None) -> Entry:
    done = Entry(
        key=occurrence_key(1, instant), attempt=1, outcome="dispatched", at=instant, target="t"
    )
    return counted_end(done, job, journal or Journal())


def name(instant: datetime | int) -> str:
    return occurrence_key(1, instant)


@settings(deadline=None)
@given(
    st.sampled_from(list(RULES)),
    st.sampled_from(["Europe/Berlin", "UTC", "Australia/Lord_Howe", "America/New_York"]),
    st.integers(1, 40),
    st.integers(0, 39),
    st.integers(-3, 60 * 24),
)
def test_from_any_known_place_the_same_is_counted(
    rule: str, place: str, count: int, known: int, hours: int
) -> None:
    job = counted(rule, count, place)
    whole = plain(job)
    every = list(all_of(whole))
    assert len(every) == count
    assert every == list(islice(all_of(whole.endless), count))
    at = min(known, count - 1)
    resumed = replace(whole, known=(every[at], at + 1))
    moment = whole.start + hours * HOUR
    for asked in (moment, every[at], every[at] - SECOND, every[-1], END):
        assert resumed.after(asked) == whole.after(asked)
        assert resumed.latest(asked) == whole.latest(asked)
        assert resumed.number(asked) == sum(1 for each in every if each <= asked)
        assert list(resumed.since(asked)) == [each for each in every if each >= asked]
    assert resumed.first() == every[0]


@pytest.mark.parametrize("rule", RULES)
def test_each_end_says_which_it_is_and_the_last_ends_the_series(rule: str) -> None:
    job, journal = counted(rule, 25), Journal()
    for number in range(1, 26):
        assert not over(job, journal)
        found = locate(job, History(journal=journal), name=name, now=END - DAY)
        first = locate(job, History(journal=journal), name=name, now=job.run_at)
        assert not first.over
        assert found.instant == list(all_of(plain(job)))[-1]
        done = entry(job, first.instant, journal)
        assert done.nth == number
        journal = journal.with_entry(done)
    assert over(job, journal)
    assert locate(job, History(journal=journal), name=name, now=job.run_at).over


def recorded(journal: Journal) -> Journal:
    """The journal as it is read again from its comment."""
    comment = Comment(id=9, issue=1, body=head(journal), author=User(login=BOT), created_at=END)
    return read([comment], login=BOT).journal


def test_a_journal_tells_it_and_an_old_one_that_does_not_is_counted_from_the_start() -> None:
    job = counted("cron", 40)
    every = list(all_of(plain(job)))
    new = Journal().with_entry(entry(job, every[29]))
    assert recorded(new).entries[0].nth == 30
    old = replace(new, entries=tuple(replace(e, nth=None, counted="") for e in new.entries))
    assert '"nth"' not in head(old)
    for journal in (recorded(new), recorded(old)):
        rule = rule_of(job, journal)
        assert rule is not None
        assert list(rule.since(every[29] + SECOND)) == every[30:]
        assert passed_over(job, journal, every[35]) == 5


def test_of_many_entries_the_one_that_counts_keeps_its_number() -> None:
    job = counted("cron", 10_000)
    every = list(islice(all_of(plain(job).endless), WHOLE + OLDER + 40))
    journal = Journal()
    for instant in every:
        journal = journal.with_entry(entry(job, instant, journal))
    # Words by hand came since, so many that it is among the old ones.
    asked = (
        replace(journal.entries[-1], key=occurrence_key(1, n), nth=None, counted="")
        for n in range(1, WHOLE + OLDER + 9)
    )
    for said in asked:
        journal = journal.with_entry(said)
    again = recorded(journal)
    assert again.furthest is not None
    assert occurrence_instant(again.furthest.key) == every[-1]
    assert again.furthest.nth == len(every)
    assert sum(1 for e in again.entries if e.nth) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"run_at": datetime(2026, 3, 22, 12, tzinfo=timezone.utc)},
        {"cron": "30 3 * * *"},
        {"timezone": "Asia/Tokyo"},
        {"cron": None, "rrule": "FREQ=DAILY"},
    ],
)
def test_what_was_counted_by_another_rule_start_or_zone_says_nothing(
    change: dict[str, object],
) -> None:
    job = counted("cron", 10)
    every = list(all_of(plain(job)))
    journal = Journal().with_entry(entry(job, every[4]))
    edited = replace(job, **change)  # type: ignore[arg-type]
    assert rule_of(edited, journal) == plain(edited)
    assert list(all_of(plain(edited)))[-1] != every[-1]


def test_a_count_that_was_changed_goes_on_from_the_same_place() -> None:
    job = counted("cron", 10)
    every = list(all_of(plain(replace(job, count=20))))
    journal = Journal().with_entry(entry(job, every[9]))
    assert over(job, journal)
    rule = rule_of(replace(job, count=12), journal)
    assert rule is not None
    assert rule.known == (every[9], 10)
    assert list(rule.since(every[9] + SECOND)) == every[10:12]


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[datetime]]:
    """The wall times of which anybody asked when they are."""
    seen: list[datetime] = []
    real = instants.first_instant

    def first_instant(local: datetime, place: ZoneInfo) -> datetime:
        seen.append(local)
        return real(local, place)

    monkeypatch.setattr(recurrence, "first_instant", first_instant)
    yield seen
    monkeypatch.undo()


def test_late_in_a_long_series_few_instants_are_looked_at(looked_at: list[datetime]) -> None:
    job = replace(counted("cron", 10_000), cron="@daily", timezone=None)
    instant = datetime(2053, 8, 1, tzinfo=timezone.utc)
    number = (instant - job.run_at) // DAY + 1
    done = replace(entry(replace(job, count=1), instant), nth=number, counted=plain(job).digest)
    journal = Journal().with_entry(done)
    looked_at.clear()
    history = History(journal=journal)
    now = instant + 3 * DAY + MINUTE
    place = locate(job, history, name=name, now=now)
    assert place.instant == instant + 3 * DAY
    assert passed_over(job, journal, place.instant) == 2
    assert counted_end(entry(job, place.instant, journal), job, journal).nth == number + 3
    assert not over(job, journal)
    assert len(looked_at) < 60


def test_what_only_waits_is_never_counted(looked_at: list[datetime]) -> None:
    old, touched = utc("2000-01-01T00:00"), utc("2026-11-23T12:00")
    job = replace(counted("cron", 10_000), cron="@daily", run_at=old)
    assert expected(job, title="by hand", touched=touched) == utc("2026-11-23T23:00")
    assert len(looked_at) < 10


def test_steps_are_not_counted_one_by_one() -> None:
    start = datetime(2000, 1, 1, tzinfo=timezone.utc)
    job = Job(run_at=start, workflow="a.yml", every=timedelta(minutes=5), count=10_000)
    assert plain(job).until == start + 9_999 * timedelta(minutes=5)
    forever = replace(job, every=timedelta(days=36_000), count=10_000)
    assert plain(forever).until <= END
    assert len(list(all_of(plain(forever)))) == 11


def test_a_text_that_asks_for_too_much_counting_is_refused() -> None:
    job = counted("cron", 10_000)
    words = r"^count: '10000' takes too long to be counted: .*; write a later run-at"
    with pytest.raises(InvalidJob, match=words):
        locate(job, History(), name=name, now=job.run_at + (FRESH + 30) * DAY)
    assert not locate(job, History(), name=name, now=job.run_at + (FRESH - 30) * DAY).over


def test_a_series_that_has_run_is_counted_however_long_that_takes() -> None:
    job = counted("cron", 10_000)
    late = job.run_at + (FRESH + 30) * DAY
    assert locate(job, History(), name=name, now=late, begun=True).lost
    old = Entry(key=name(next(all_of(plain(job)))), attempt=1, outcome="missed", at=job.run_at)
    history = History(journal=Journal().with_entry(old))
    assert not locate(job, history, name=name, now=late).over


def test_what_was_counted_once_is_not_counted_again(looked_at: list[datetime]) -> None:
    job = replace(counted("cron", 10_000), cron="15 4 * * *")
    late = job.run_at + 1_500 * DAY
    first = locate(job, History(), name=name, now=late)
    assert 1_500 < len(looked_at) < 1_600
    looked_at.clear()
    assert locate(job, History(), name=name, now=late) == first
    assert len(looked_at) < 40
