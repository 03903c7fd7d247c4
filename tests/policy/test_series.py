from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.job.model import Job, occurrence_instant
from scheduler.job.states import HANDLED
from scheduler.journal.journal import NEVER_STARTED, Entry, History, Journal
from scheduler.journal.slash import Command
from scheduler.policy.series import (
    COUNTED,
    Place,
    jitter,
    locate,
    lost,
    passed_over,
    position,
    put_off,
    retitled,
)
from tests.support.hourly import DAY, HOUR, HOURLY, MINUTE, SECOND, at, entry, name


def history(
    *entries: Entry, handled: int | None = None, unreadable: tuple[int, ...] = ()
) -> History:
    journal = Journal(id=9 if entries else 0, entries=entries, handled=handled)
    return History(journal=journal, unreadable=unreadable)


@dataclass(frozen=True, kw_only=True)
class Placed(Place):
    """A place, and how many instants before it get no end of their own."""

    passed: int = 0


def place(
    job: Job,
    now: datetime,
    *entries: Entry,
    begun: bool | None = None,
    commands: tuple[Command, ...] = (),
    handled: int | None = None,
    unreadable: tuple[int, ...] = (),
) -> Placed:
    known = history(*entries, handled=handled, unreadable=unreadable)
    found = locate(
        job,
        known,
        name=name,
        now=now,
        begun=bool(entries) if begun is None else begun,
        commands=[each for each in commands if each.comment_id > (handled or 0)],
    )
    ended = found.command is not None or found.lost
    passed = 0 if ended else passed_over(job, known.journal, found.instant)
    return Placed(**vars(found), passed=passed)


def plain(
    instant: datetime, *, passed: int = 0, skip: str | None = None, lost: bool = False
) -> Placed:
    key = name(instant)
    return Placed(key=key, instant=instant, due=instant, passed=passed, skip=skip, lost=lost)


@pytest.mark.parametrize(
    ("now", "done", "expected"),
    [
        # Nothing ran yet: the first instant, before it and after it.
        ("07", None, "09"), ("09", None, "09"), ("09:59:59", None, "09"),
        # What ran is followed by what comes next, whenever that is looked at.
        ("09:00:01", "09", "10"), ("09:59:59", "09", "10"), ("10", "09", "10"),
        ("10:59:59", "09", "10"), ("08", "09", "10"),
        # A later instant was run by hand or by a clock that is ahead: it goes on after that.
        ("10", "12", "13"),
    ],
)  # fmt: skip
def test_the_occurrence_that_a_series_is_at(now: str, done: str | None, expected: str) -> None:
    entries = [entry(at(done))] if done else []
    assert place(HOURLY, at(now), *entries) == plain(at(expected))


@pytest.mark.parametrize("misfire", ["skip", "latest", "all"])
def test_one_that_is_late_alone_runs_whatever_misfire_says(misfire: str) -> None:
    job = replace(HOURLY, misfire=misfire)
    assert place(job, at("10:59:59"), entry(at("09"))) == plain(at("10"))


SKIPPED = "instants passed before it could run, and misfire is 'skip'"


@pytest.mark.parametrize(
    ("misfire", "expected"),
    [
        (None, plain(at("14"), passed=4)),
        ("latest", plain(at("14"), passed=4)),
        ("skip", plain(at("14"), passed=4, skip=f"5 {SKIPPED}")),
        ("all", plain(at("10"))),
    ],
)
def test_after_an_outage(misfire: str | None, expected: Placed) -> None:
    job = replace(HOURLY, misfire=misfire)
    for now in ("14", "14:59:59"):
        assert place(job, at(now), entry(at("09"))) == expected
    # The same of a series that nobody has looked at since its beginning.
    fresh = place(job, at("13:30"))
    assert (fresh.instant, fresh.passed) == ((at("09"), 0) if misfire == "all" else (at("13"), 4))


@pytest.mark.parametrize("overlap", [None, "allow", "skip"])
def test_where_it_stands_is_not_a_matter_of_overlap(overlap: str | None) -> None:
    for misfire in ("skip", "latest", "all"):
        job = replace(HOURLY, misfire=misfire)
        expected = place(job, at("14"), entry(at("09")))
        assert place(replace(job, overlap=overlap), at("14"), entry(at("09"))) == expected


@pytest.mark.parametrize(
    ("now", "deadline", "expected"),
    [
        # What is too late is told of together, by the last of it; the rest runs one by one.
        ("14:30", HOUR, plain(at("13"), passed=3)),
        ("14", HOUR, plain(at("12"), passed=2)),
        ("14:00:01", HOUR, plain(at("13"), passed=3)),
        ("14:30", 10 * HOUR, plain(at("10"))),
        ("14:30", 4 * HOUR + 30 * MINUTE, plain(at("10"))),
        ("14:30", 4 * HOUR + 29 * MINUTE, plain(at("10"))),
        ("14:30", MINUTE, plain(at("14"), passed=4)),
        ("14:30", at("14"), plain(at("14"), passed=4)),
        ("14:30", at("14:30"), plain(at("10"))),
        ("14:30", at("15"), plain(at("10"))),
    ],
)
def test_all_of_them_but_for_the_deadline(
    now: str, deadline: timedelta | datetime, expected: Placed
) -> None:
    job = replace(HOURLY, misfire="all", deadline=deadline)
    assert place(job, at(now), entry(at("09"))) == expected


@pytest.mark.parametrize("minutes", range(0, 300, 7))
def test_what_jitter_lets_run_still_is_not_told_of_as_too_late(minutes: int) -> None:
    deadline, now = 30 * MINUTE, at("14") + minutes * MINUTE
    job = replace(HOURLY, misfire="all", deadline=deadline, jitter=50 * MINUTE)
    found = place(job, now, entry(at("09")))
    assert found.passed > 0
    assert found.due + deadline < now, "of this and those before it, none can run any more"


def test_so_many_that_were_passed_over_are_not_counted_to_the_end() -> None:
    job = replace(HOURLY, every=5 * MINUTE, run_at=at("09") - 400 * DAY)
    assert place(job, at("09")).passed == COUNTED


def test_every_instant_is_named_once_and_in_order_by_all() -> None:
    job, seen = replace(HOURLY, misfire="all", count=6), []
    entries: list[Entry] = []
    while not (found := place(job, at("23"), *entries)).over:
        seen.append(found.instant)
        entries.append(entry(found.instant))
    assert seen == [at(f"{hour:02}") for hour in range(9, 15)]


@pytest.mark.parametrize(
    ("outcome", "goes_on"),
    [
        ("dispatched", True), ("missed", True), ("discarded", True), ("skipped", True),
        ("rejected", False), ("cancelled", False), ("pending", False), ("paused", False),
        (NEVER_STARTED, False),
    ],
)  # fmt: skip
def test_what_came_of_an_instant_decides_whether_it_goes_on(outcome: str, goes_on: bool) -> None:
    found = place(HOURLY, at("10:30"), entry(at("09")), entry(at("10"), outcome))
    assert found.instant == (at("11") if goes_on else at("10"))
    assert goes_on == (outcome in {state.value for state in HANDLED})


def test_where_a_journal_stands() -> None:
    assert position(Journal()) is None
    entries = (entry(at("10")), entry(at("09")), entry(7), entry(at("12"), "held"))
    assert position(Journal(entries=entries)) == at("10")


@pytest.mark.parametrize("count", [1, 3])
def test_a_series_that_is_over(count: int) -> None:
    last = at("09") + (count - 1) * HOUR
    for job in (replace(HOURLY, count=count), replace(HOURLY, until=last + 59 * MINUTE)):
        for now in (last, last + 100 * DAY):
            found = place(job, now, entry(last))
            assert found == Placed(key=name(last), instant=last, due=last, over=True)
        # Of what the outage left, the last runs before it ends.
        assert place(job, at("20")) == plain(last, passed=count - 1)
        assert place(job, at("08")) == plain(at("09"))


def test_a_rule_that_was_edited_is_followed_from_where_it_stands() -> None:
    daily = replace(HOURLY, every=None, cron="0 6 * * *")
    assert place(daily, at("11"), entry(at("10"))) == plain(at("06", 24))
    ended = replace(HOURLY, until=at("09:30"))
    assert place(ended, at("11"), entry(at("10"))).over
    moved = replace(HOURLY, run_at=at("12:30"))
    assert place(moved, at("11"), entry(at("10"))) == plain(at("12:30"))


@given(st.text(max_size=60), st.integers(0, 86_400))
def test_jitter_follows_from_the_key_alone(key: str, seconds: int) -> None:
    longest = seconds * SECOND
    found = jitter(key, longest)
    assert timedelta() <= found <= longest
    assert found % SECOND == timedelta()
    assert found == jitter(key, longest)
    assert jitter(key, None) == timedelta()


def test_jitter_spreads_keys_over_all_of_it() -> None:
    found = {jitter(name(at("09") + n * HOUR), 9 * SECOND) for n in range(200)}
    assert found == {n * SECOND for n in range(10)}


def test_jitter_is_known_to_every_machine() -> None:
    assert jitter("42@2026-11-23T09:00:00Z", 10 * MINUTE) == 473 * SECOND


@pytest.mark.parametrize("longest", [10 * MINUTE, HOUR, DAY])
def test_what_is_late_by_jitter_comes_before_the_next_instant(longest: timedelta) -> None:
    job = replace(HOURLY, jitter=longest)
    dues = []
    for number in range(48):
        instant = at("09") + number * HOUR
        done = [entry(instant - HOUR)] if number else []
        found = place(job, instant, *done)
        assert (found.key, found.instant, found.passed) == (name(instant), instant, 0)
        assert instant <= found.due <= instant + min(longest, HOUR - SECOND)
        assert found == place(job, found.due, *done)
        dues.append(found.due)
    assert all(earlier < later for earlier, later in pairwise(dues))
    assert len({due - at("09") - n * HOUR for n, due in enumerate(dues)}) > 40


def test_an_instant_whose_jitter_is_not_over_is_not_yet_the_latest() -> None:
    job = replace(HOURLY, jitter=50 * MINUTE)
    due = place(job, at("14"), entry(at("13"))).due
    assert at("14:01") < due
    early = place(job, due - SECOND, entry(at("09")))
    assert (early.instant, early.passed) == (at("13"), 3)
    late = place(job, due, entry(at("09")))
    assert (late.instant, late.passed, late.due) == (at("14"), 4, due)


def test_the_last_instant_of_a_series_has_jitter_too() -> None:
    job = replace(HOURLY, jitter=30 * MINUTE, count=1)
    assert place(job, at("09")).due == at("09") + jitter(name(at("09")), 30 * MINUTE)


def snoozed(until: datetime, comment: int = 7) -> Entry:
    return entry(comment, "pending", until=until)


@pytest.mark.parametrize(
    ("misfire", "instant", "passed", "skip"),
    [
        ("latest", "12", 2, False), (None, "12", 2, False), ("skip", "12", 2, True),
        ("all", "10", 0, False),
    ],
)  # fmt: skip
def test_a_series_that_was_put_off(
    misfire: str | None, instant: str, passed: int, skip: bool
) -> None:
    job = replace(HOURLY, misfire=misfire)
    entries = (entry(at("09")), snoozed(at("12:20")))
    for now in ("09:10", "10", "11:30", "12:19:59"):
        early = place(job, at(now), *entries)
        assert (early.instant, early.due, early.skip) == (at("10"), at("12:20"), None)
    found = place(job, at("12:20"), *entries)
    assert (found.instant, found.due) == (at(instant), at("12:20"))
    assert (found.passed, found.skip is not None) == (passed, skip)
    following = place(job, at("12:30"), *entries, entry(at("12")))
    assert following == plain(at("13"))


def test_being_put_off_comes_before_a_deadline() -> None:
    """The deadline counts from when it may run: what was put off is not too late for that."""
    job = replace(HOURLY, misfire="all", deadline=HOUR)
    entries = (entry(at("09")), snoozed(at("14")))
    for now in ("14", "14:10", "15"):
        found = place(job, at(now), *entries)
        assert (found.instant, found.due, found.passed) == (at("10"), at("14"), 0)
    late = place(job, at("15:00:01"), *entries)
    assert (late.instant, late.due, late.passed) == (at("14"), at("14"), 4)


def test_the_last_word_on_being_put_off_counts() -> None:
    journal = Journal(entries=(snoozed(at("14"), 7), snoozed(at("11"), 8), entry(at("09"))))
    assert put_off(journal) == at("11")
    assert put_off(Journal()) is None
    assert put_off(Journal(entries=(entry(at("09")),))) is None


def command(comment: int, word: str = "run") -> Command:
    return Command(comment_id=comment, by="owner", name=word, said_at=at("09:05"))


def test_a_command_comes_first_and_once() -> None:
    said = (command(7), command(8, "pause"))
    expected = Placed(key="42@comment-7", instant=at("09:05"), due=at("09:05"), command=command(7))
    assert place(HOURLY, at("10:30"), entry(at("09")), commands=said) == expected
    assert place(HOURLY, at("08"), commands=said) == expected
    after = place(HOURLY, at("10:30"), entry(at("09")), commands=said, handled=7)
    assert after.command == command(8, "pause")
    assert place(HOURLY, at("10:30"), entry(at("09")), commands=said, handled=8) == plain(at("10"))
    one_off = replace(HOURLY, every=None)
    assert place(one_off, at("10:30"), commands=said) == expected


def test_what_a_command_ran_moves_the_series_nowhere() -> None:
    assert place(HOURLY, at("09:30"), entry(at("09")), entry(7)) == plain(at("10"))
    assert place(HOURLY, at("08"), entry(7), handled=7) == plain(at("09"))


def test_what_is_held_is_looked_at_before_anything_else() -> None:
    held = entry(at("09"), "held", when=at("09:02"))
    for now in ("09:30", "23"):
        assert place(HOURLY, at(now), held) == plain(at("09"))
    # What people ask for is heard all the same: nobody else could say that it is over.
    assert place(HOURLY, at("23"), held, commands=(command(7),)).command == command(7)
    by_comment = entry(7, "held", when=at("09:06"))
    found = place(HOURLY, at("12"), entry(at("09")), by_comment, handled=7)
    assert found == Placed(key="42@comment-7", instant=at("09:06"), due=at("09:06"))
    settled = place(HOURLY, at("10:30"), held, entry(at("09")))
    assert settled == plain(at("10"))


LOST = "the journal was deleted or can't be read, so nobody can tell what ran before; the series"


@pytest.mark.parametrize(
    ("entries", "unreadable"),
    [
        ((), ()),
        ((), (5,)),
        ((entry(at("09"), NEVER_STARTED),), ()),
        ((entry(at("09")),), (5,)),
        ((entry(at("09"), "skipped", seen=5),), (5, 6)),
    ],
)
def test_a_lost_journal_leads_to_the_first_instant_after_now(
    entries: tuple[Entry, ...], unreadable: tuple[int, ...]
) -> None:
    for misfire in ("skip", "latest", "all"):
        job = replace(HOURLY, misfire=misfire, deadline=HOUR)
        found = place(job, at("14:30"), *entries, begun=True, unreadable=unreadable)
        assert found == plain(at("14"), skip=f"{LOST} goes on at 2026-11-23T15:00:00Z", lost=True)
        # That stands in a new journal, and what follows is as ever.
        seen = entry(at("14"), "skipped", seen=max(unreadable, default=None))
        again = place(job, at("14:31"), *entries, seen, begun=True, unreadable=unreadable)
        assert again == plain(at("15"))


def test_a_lost_journal_of_a_series_that_has_ended() -> None:
    job = replace(HOURLY, count=3)
    assert place(job, at("23"), begun=True) == plain(at("11"), skip=f"{LOST} is over", lost=True)
    assert place(job, at("23"), entry(at("11"), "skipped")).over


def test_what_has_not_begun_has_lost_nothing() -> None:
    assert place(HOURLY, at("08"), begun=True) == plain(at("09"), lost=True)
    assert place(HOURLY, at("09:30"), begun=False) == plain(at("09"))
    assert not lost(history(), begun=False)
    assert lost(history(), begun=True)
    assert lost(history(unreadable=(5,)), begun=False)
    assert not lost(history(entry(at("09"))), begun=True)
    assert not lost(history(entry(at("09"), seen=5), unreadable=(5,)), begun=True)


ONCE = replace(HOURLY, every=None)


def test_a_job_that_comes_once() -> None:
    for now in ("08", "09", "23"):
        assert place(ONCE, at(now)) == plain(at("09"))
    spread = place(replace(ONCE, jitter=10 * MINUTE), at("08"))
    assert spread.due == at("09") + jitter(name(at("09")), 10 * MINUTE)
    put = place(ONCE, at("08"), snoozed(at("11"), 7), handled=7)
    assert (put.key, put.due) == (name(at("09")), at("11"))
    past = place(ONCE, at("08"), snoozed(at("07"), 7), handled=7)
    assert past.due == at("09")
    # Whoever ran it by a comment ran it: its own instant does not come any more.
    command = replace(entry(7), instead_of=at("09"))
    ran = place(ONCE, at("08"), command, handled=7)
    assert (ran.key, ran.instant, ran.due) == ("42@comment-7", at("09"), at("09"))
    # But one that it is moved to does, and what ran beside a series took nobody's place.
    assert place(replace(ONCE, run_at=at("10")), at("08"), command, handled=7) == plain(at("10"))
    assert place(ONCE, at("08"), entry(7), handled=7) == plain(at("09"))


@given(
    st.lists(st.integers(0, 30 * 24 * 60), min_size=1, max_size=40).map(sorted),
    st.sampled_from(["latest", "all", "skip"]),
    st.sampled_from([None, 40 * MINUTE]),
)
def test_whenever_ticks_come_no_instant_is_named_twice_or_early(
    looks: list[int], misfire: str, spread: timedelta | None
) -> None:
    """The engine in a few lines: what is due is done, and stands in the journal."""
    job = replace(HOURLY, misfire=misfire, jitter=spread)
    entries: list[Entry] = []
    told = 0
    for now in (at("08") + look * MINUTE for look in looks):
        found = place(job, now, *entries)
        for _ in range(3):
            if found.due > now:
                break
            told += found.passed + 1
            entries.append(entry(found.instant, "skipped" if found.skip else "dispatched"))
            found = place(job, now, *entries)
    keys = [each.key for each in entries]
    instants = [occurrence_instant(key) or at("09") for key in keys]
    assert all(earlier < later for earlier, later in pairwise(instants))
    if entries:
        # Whatever was passed over stands beside what came instead.
        assert told == (instants[-1] - at("09")) // HOUR + 1


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("⏰ run.yml at 2026-11-23T09:00:00Z: Check", "⏰ run.yml at 2026-11-24T09:00:00Z: Check"),
        ("⏰ run.yml at 2026-11-23T09:00:00Z", "⏰ run.yml at 2026-11-24T09:00:00Z"),
        ("⏰ a at b at 2026-11-23T09:00:00Z: at 2026-11-23T09:00:00Z",
         "⏰ a at b at 2026-11-24T09:00:00Z: at 2026-11-23T09:00:00Z"),
        ("Nightly deploy", "Nightly deploy"),
        ("⏰ run.yml, every night", "⏰ run.yml, every night"),
        ("Re: ⏰ run.yml at 2026-11-23T09:00:00Z", "Re: ⏰ run.yml at 2026-11-23T09:00:00Z"),
        ("⏰ run.yml at 2026-11-23T09:00:00Z, or so", "⏰ run.yml at 2026-11-23T09:00:00Z, or so"),
        ("", ""),
    ],
)  # fmt: skip
def test_the_title_says_when_it_comes_next(title: str, expected: str) -> None:
    assert retitled(title, at("09", 24)) == expected
    assert retitled(expected, at("09", 24)) == expected
