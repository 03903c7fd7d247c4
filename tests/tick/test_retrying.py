"""Runs that are tried again: what a tick does of a job whose journal says how its run ended."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from scheduler.job import frontmatter
from scheduler.job.model import next_try, which_try
from scheduler.journal.comments import journal_comment, series_comment
from scheduler.journal.journal import Entry, Journal
from scheduler.policy import retries
from scheduler.policy.retries import Retry
from scheduler.ports.values import Comment
from tests.faults.world import Fault, World, body, faulty, world
from tests.support.condition_world import tick
from tests.support.fakes import BOT, NOON, MemoryQueue

KEY = "1@2026-11-23T12:00:00Z"
MINUTE = timedelta(minutes=1)


def job(place: World, *lines: str, run_at: datetime = NOON) -> int:
    return place.hub.open(body("j", run_at=run_at, more="".join(f"{line}\n" for line in lines)))


def ended(place: World, word: str, number: int = 1, *, again: bool = False) -> Entry:
    """Record how the last run of a job ended, and whether it is tried again, as a tick does."""
    journal = place.history(number).journal
    ran = journal.ran
    assert ran is not None
    end = replace(ran, conclusion=word, ended_at=place.clock.now())
    if again:
        retry = Retry(key=f"{KEY}~{which_try(ran.key) + 1}", at=end.ended_at or NOON)
        end = retries.planned(end, replace(retry, at=retry.at + MINUTE))
    told = tuple(end if each is ran else each for each in journal.entries)
    place.hub.edit_comment(journal.id, journal_comment(replace(journal, entries=told)))
    return end


def keys(place: World) -> list[str]:
    return [sent.key for sent in place.hub.sent]


@pytest.fixture
def place() -> World:
    """The job #1, with two retries, was dispatched at noon."""
    made = world()
    job(made, "retries: 2")
    assert [fired.id for fired in tick(made).dispatched] == [1]
    return made


def test_a_job_with_retries_stays_open_until_its_run_has_ended(place: World) -> None:
    assert place.hub.ticket(1).open
    report = tick(place, minutes=1)
    assert (report.due, report.dispatched, report.retrying) == (0, [], [])
    said = [(note.id, note.reason) for note in report.running]
    assert said == [(1, "run 1002, try 1 of 3, is under way, as far as is known")]
    assert keys(place) == [KEY]
    ended(place, "success")
    report = tick(place, minutes=1)
    ticket = place.hub.ticket(1)
    assert (ticket.open, ticket.state_reason, ticket.labels) == (False, "completed", ("schedule",))


def test_a_run_that_failed_is_tried_again_once_when_it_is_due(place: World) -> None:
    place.hub.change(1, title="⏰ titled.yml at 2026-11-23T12:00:00Z: hi")
    ended(place, "failure", again=True)
    report = tick(place, seconds=5)
    said = [(note.id, note.reason) for note in report.retrying]
    at = "2026-11-23T12:01:07Z"
    assert said == [(1, f"run 1002 ended as 'failure'; try 2 of 3 comes at {at}")]
    assert report.next_due == NOON + timedelta(seconds=67.25)
    assert place.hub.ticket(1).title == f"⏰ titled.yml at {at}: hi"
    assert keys(place) == [KEY]
    assert [fired.id for fired in tick(place, minutes=1).dispatched] == [1]
    assert keys(place) == [KEY, f"{KEY}~2"]
    assert place.hub.sent[-1].request.inputs["schedule_id"] == f"{KEY}~2"
    assert place.hub.ticket(1).open
    assert not tick(place, minutes=9).dispatched
    entries = place.history(1).journal.entries
    assert [(e.key, e.conclusion, e.run_id) for e in entries] == [
        (KEY, "failure", 1002), (f"{KEY}~2", "", entries[1].run_id),
    ]  # fmt: skip


def test_what_is_recorded_late_of_the_run_before_wipes_out_no_retry(place: World) -> None:
    before = place.hub.comments[place.history(1).journal.id]
    ended(place, "failure", again=True)
    late = place.hub.comments[before.id]
    tick(place, minutes=2)
    assert len(keys(place)) == 2
    # A tick that has read the journal before that writes it now.
    place.hub.edit_comment(late.id, late.body)
    for _ in range(3):
        assert not tick(place, minutes=5).dispatched
    assert len(keys(place)) == 2


def test_somebody_who_opens_a_failed_job_again_has_it_tried_again() -> None:
    made = world()
    job(made)
    tick(made)
    ended(made, "failure")
    made.hub.close(1, by=BOT, reason="not_planned")
    assert not tick(made, minutes=1).dispatched
    made.hub.put_on(1, "schedule:failed", by=BOT)
    made.hub.reopen(1)
    assert [fired.id for fired in tick(made, minutes=1).dispatched] == [1]
    assert keys(made) == [KEY, f"{KEY}~2"]
    ticket = made.hub.ticket(1)
    assert (ticket.open, ticket.state_reason, ticket.labels) == (False, "completed", ("schedule",))
    tick(made, minutes=5)
    ended(made, "failure")
    made.hub.reopen(1)
    tick(made, minutes=1)
    assert keys(made)[-1] == f"{KEY}~3"


def test_what_a_failed_job_waited_for_somebody_to_open_it_is_no_lateness() -> None:
    made = world()
    job(made)
    tick(made)
    ended(made, "failure")
    tick(made, minutes=5)
    made.clock.sleep(3 * 86400)
    made.hub.reopen(1)
    (fired,) = tick(made, minutes=1).dispatched
    assert 60 <= fired.lateness_s < 70


@pytest.mark.parametrize("graphql", [True, False])
def test_a_word_on_a_closed_job_is_heard_also_where_only_a_write_tells_the_login(
    *, graphql: bool
) -> None:
    made = world()
    made.hub.graphql = graphql
    job(made)
    tick(made)
    made.hub.mark(1002, "completed", "failure")
    tick(made, minutes=1)
    assert not made.hub.ticket(1).open
    said(made, "/retry")
    tick(made, minutes=1)
    assert keys(made) == [KEY, f"{KEY}~2"]
    before = len(made.hub.on(1))
    assert not tick(made, minutes=5).dispatched
    made.hub.mark(made.hub.runs[-1][1].id, "completed", "failure")
    for _ in range(3):
        assert not tick(made, minutes=5).dispatched
    assert not made.hub.ticket(1).open
    assert len(made.hub.on(1)) == before + 1


def test_a_stranger_who_opens_it_again_has_nothing_tried_again() -> None:
    made = world()
    job(made)
    tick(made)
    ended(made, "failure")
    made.hub.close(1, by=BOT, reason="not_planned")
    made.hub.roles["stranger"] = "triage"
    made.hub.reopen(1, by="stranger")
    report = tick(made, minutes=1)
    assert [note.id for note in report.rejected] == [1]
    assert keys(made) == [KEY]
    assert not made.hub.ticket(1).open


def test_a_job_whose_run_succeeded_is_not_run_again_by_opening_it() -> None:
    made = world()
    job(made)
    tick(made)
    for word in ("", "success", "unknown"):
        if word:
            ended(made, word)
        made.hub.reopen(1)
        assert not tick(made, minutes=1).dispatched
        assert not made.hub.ticket(1).open


def said(place: World, words: str, *, by: str = "owner") -> Comment:
    return place.hub.comment(1, words, by=by)


def reaction(place: World, comment: Comment) -> set[str]:
    return {content for _, content in place.hub.reactions.get(comment.id, set())}


def test_a_person_need_not_wait_for_the_retry(place: World) -> None:
    ended(place, "failure", again=True)
    words = said(place, "/retry")
    report = tick(place, seconds=5)
    assert [note.id for note in report.obeyed] == [1]
    assert reaction(place, words) == {"+1"}
    assert keys(place) == [KEY, f"{KEY}~2"]
    assert not tick(place, minutes=9).dispatched


def test_a_retry_needs_a_run_that_failed(place: World) -> None:
    words = said(place, "/retry")
    report = tick(place, seconds=5)
    assert report.rejected[0].reason.startswith("/retry: run 1002 is still under way")
    assert reaction(place, words) == {"-1"}
    said(place, "/run")
    report = tick(place, seconds=5)
    assert "it has run already; /retry" in report.rejected[0].reason
    assert keys(place) == [KEY]
    assert place.hub.ticket(1).open


def test_strangers_have_nothing_tried_again(place: World) -> None:
    ended(place, "failure")
    said(place, "/retry", by="stranger")
    place.hub.close(1, by=BOT, reason="not_planned")
    assert not tick(place, minutes=5).dispatched


def test_a_cancel_ends_the_retries_and_not_the_run(place: World) -> None:
    said(place, "/cancel")
    report = tick(place, minutes=1)
    assert report.obeyed[0].reason == (
        "/cancel by 'owner': run 1002 goes on, and is not tried again"
    )
    ticket = place.hub.ticket(1)
    assert (ticket.open, ticket.state_reason) == (False, "completed")
    run = place.hub.found(1002)
    assert run is not None
    assert run.conclusion is None
    # Of one that failed before, what that came to stands.
    other = world()
    job(other, "retries: 2")
    tick(other)
    ended(other, "failure", again=True)
    said(other, "/cancel")
    report = tick(other, seconds=5)
    assert "run 1002 ended as 'failure', and is not tried again" in report.obeyed[0].reason
    ticket = other.hub.ticket(1)
    assert (ticket.open, ticket.state_reason) == (False, "not_planned")
    assert "schedule:failed" in ticket.labels
    assert not tick(other, minutes=5).dispatched


def test_a_pause_and_a_snooze_put_the_retry_off(place: World) -> None:
    ended(place, "failure", again=True)
    place.hub.put_on(1, "schedule:paused")
    assert not tick(place, minutes=5).dispatched
    place.hub.take_off(1, "schedule:paused")
    said(place, "/snooze 1h")
    assert not tick(place, minutes=1).dispatched
    assert not tick(place, minutes=50).dispatched
    assert tick(place, minutes=11).dispatched
    assert keys(place) == [KEY, f"{KEY}~2"]


def test_a_deadline_is_counted_from_the_first_try() -> None:
    made = world()
    job(made, "retries: 2", "deadline: 10m")
    tick(made)
    ended(made, "failure", again=True)
    report = tick(made, minutes=30)
    assert "deadline passed at 2026-11-23 12:10:00 UTC" in report.missed[0].reason
    assert keys(made) == [KEY]
    # A person who asks for it is not bound by it.
    made.hub.reopen(1)
    assert tick(made, minutes=1).dispatched
    assert keys(made) == [KEY, f"{KEY}~2"]


def test_a_condition_is_asked_before_each_try(place: World) -> None:
    made = world()
    made.hub.open("no job", author="owner")
    made.hub.change(1, labels=())
    made.hub.open(body("j", more="retries: 2\nunless: closed(#1)\n"))
    tick(made)
    key = "2@2026-11-23T12:00:00Z"
    journal = made.history(2).journal
    end = replace(
        journal.entries[0], conclusion="failure", again=f"{key}~2", again_at=NOON + MINUTE
    )
    made.hub.edit_comment(journal.id, journal_comment(replace(journal, entries=(end,))))
    made.hub.close(1)
    report = tick(made, minutes=2)
    assert [note.id for note in report.skipped] == [2]
    assert keys(made) == [key]
    assert not made.hub.ticket(2).open


def test_a_job_that_is_moved_leaves_its_retries_behind(place: World) -> None:
    ended(place, "failure", again=True)
    later = NOON + timedelta(hours=5)
    place.hub.change(1, body=body("j", run_at=later, more="retries: 2\n"))
    assert not tick(place, hours=4).dispatched
    assert tick(place, hours=2).dispatched
    assert keys(place) == [KEY, "1@2026-11-23T17:00:00Z"]


def series(place: World, *lines: str) -> int:
    return job(place, *(lines or ("every: 1h",)), "retries: 2")


def series_ended(place: World, word: str, *, again: datetime | None = None) -> None:
    journal: Journal = place.history(1).journal
    ran = journal.ran
    assert ran is not None
    end = replace(ran, conclusion=word, ended_at=place.clock.now())
    if again is not None:
        end = retries.planned(end, Retry(key=next_try(ran.key), at=again))
    told = replace(journal, entries=tuple(end if e is ran else e for e in journal.entries))
    asked = frontmatter.parse(place.hub.ticket(1).body)
    place.hub.edit_comment(journal.id, series_comment(told, next_instant=None, asked=asked))


def test_a_retry_of_a_series_belongs_to_its_occurrence() -> None:
    made = world()
    series(made)
    tick(made)
    series_ended(made, "failure", again=NOON + 10 * MINUTE)
    assert not tick(made, minutes=5).dispatched
    assert [fired.id for fired in tick(made, minutes=6).dispatched] == [1]
    assert keys(made) == [KEY, f"{KEY}~2"]
    assert [fired.id for fired in tick(made, minutes=50).dispatched] == [1]
    assert keys(made)[-1] == "1@2026-11-23T13:00:00Z"
    entries = made.history(1).journal.entries
    assert [e.key for e in entries] == keys(made)
    assert len(made.hub.on(1)) == 1
    assert not tick(made, minutes=30).dispatched


def test_the_newer_occurrence_goes_on_while_retries_are_left() -> None:
    made = world()
    series(made)
    tick(made)
    series_ended(made, "failure", again=NOON + 59 * MINUTE)
    assert [fired.id for fired in tick(made, minutes=61).dispatched] == [1]
    assert keys(made) == [KEY, "1@2026-11-23T13:00:00Z"]
    assert not tick(made, minutes=30).dispatched


def test_a_series_of_one_waits_for_what_its_last_run_comes_to() -> None:
    made = world()
    series(made, "cron: 0 * * * *", "count: 1")
    tick(made)
    assert made.hub.ticket(1).open
    assert tick(made, minutes=1).running
    series_ended(made, "failure", again=NOON + 10 * MINUTE)
    assert tick(made, minutes=12).dispatched
    assert made.hub.ticket(1).open
    journal = made.history(1).journal
    assert [e.nth for e in journal.entries] == [1, 1]


def test_the_last_run_of_a_series_is_followed_whoever_comes_when() -> None:
    """Where nothing but a write tells the login, that it waits for its run shows late in a tick."""
    made = world()
    made.hub.graphql = False
    queue = MemoryQueue(made.hub)
    series(made, "cron: 0 * * * *", "count: 1")
    made.tick(queue=queue)
    for index in range(1, len(queue.calls) + 1):
        made = world()
        made.hub.graphql = False
        series(made, "cron: 0 * * * *", "count: 1")
        made.tick(faulty(made.clock, Fault(index, "drop-after")))
        for _, run in made.hub.runs:
            made.hub.mark(run.id, "completed", "success")
        # Days later, as where nobody ticks meanwhile.
        for _ in range(4):
            made.clock.sleep(2 * 86_400)
            for _, run in made.hub.runs:
                made.hub.mark(run.id, "completed", "success")
            made.until_quiet()
        assert not made.hub.ticket(1).open, (index, queue.calls[index - 1], made.story())


def test_a_retry_costs_no_more_than_an_occurrence_of_a_series(place: World) -> None:
    other = world()
    job(other, "every: 1h")
    tick(other)
    counts = []
    for made, minutes in ((other, 60), (place, 2)):
        if made is place:
            ended(place, "failure", again=True)
        made.clock.sleep(minutes * 60)
        queue = MemoryQueue(made.hub)
        report = made.tick(queue=queue)
        assert report is not None
        assert report.dispatched
        counts.append((report.requests, queue.calls))
    assert counts[1][0] <= counts[0][0], counts


def finish(place: World, word: str, *, at: int = -1) -> None:
    """End a run of the hub."""
    place.hub.mark(place.hub.runs[at][1].id, "completed", word)


def told(place: World, number: int = 1) -> list[str]:
    """The comments that tell people what a run came to."""
    return [each.body for each in place.hub.on(number) if "its run failed" in each.body]


def test_a_run_is_tried_again_until_it_succeeds_and_nobody_is_troubled(place: World) -> None:
    finish(place, "failure")
    report = tick(place, minutes=1)
    assert report.as_json()["failed"] == [{"id": 1, "run_id": 1002, "conclusion": "failure"}]
    # A minute after the run's end, and after the next twice as long.
    assert report.next_due is not None
    assert report.next_due - place.clock.now() <= MINUTE
    assert tick(place, minutes=1).dispatched
    finish(place, "timed_out")
    tick(place, minutes=1)
    assert not tick(place, seconds=55).dispatched
    assert tick(place, seconds=70).dispatched
    finish(place, "success")
    tick(place, minutes=1)
    ticket = place.hub.ticket(1)
    assert (ticket.open, ticket.state_reason, ticket.labels) == (False, "completed", ("schedule",))
    assert keys(place) == [KEY, f"{KEY}~2", f"{KEY}~3"]
    assert told(place) == []
    entries = place.history(1).journal.entries
    assert [e.conclusion for e in entries] == ["failure", "timed_out", "success"]
    assert not tick(place, hours=1).dispatched


def test_once_its_retries_are_used_up_a_job_has_failed_and_says_so_once(place: World) -> None:
    for _ in range(3):
        finish(place, "failure")
        tick(place, minutes=1)
        tick(place, minutes=5)
    ticket = place.hub.ticket(1)
    assert (ticket.open, ticket.state_reason) == (False, "not_planned")
    assert ticket.labels == ("schedule", "schedule:failed")
    assert len(keys(place)) == 3
    assert len(told(place)) == 1
    for _ in range(3):
        assert not tick(place, minutes=30).dispatched
    assert len(told(place)) == 1


def test_what_is_not_to_be_tried_again_has_failed_at_once(place: World) -> None:
    finish(place, "cancelled")
    tick(place, minutes=1)
    ticket = place.hub.ticket(1)
    assert (ticket.open, ticket.state_reason) == (False, "not_planned")
    assert "'cancelled' is not among its retry-on" in told(place)[0]


def test_somebody_asks_for_a_retry_on_a_closed_job() -> None:
    made = world()
    job(made)
    tick(made)
    finish(made, "failure")
    tick(made, minutes=1)
    assert not made.hub.ticket(1).open
    said(made, "/retry", by="stranger")
    assert not tick(made, minutes=1).dispatched
    words = said(made, "/retry")
    report = tick(made, minutes=1)
    assert [fired.id for fired in report.dispatched] == [1]
    assert [note.id for note in report.obeyed] == [1]
    assert reaction(made, words) == {"+1"}
    assert keys(made) == [KEY, f"{KEY}~2"]
    ticket = made.hub.ticket(1)
    assert (ticket.open, ticket.state_reason, ticket.labels) == (False, "completed", ("schedule",))
    assert not tick(made, minutes=5).dispatched
    finish(made, "failure")
    tick(made, minutes=1)
    assert (made.hub.ticket(1).state_reason, len(told(made))) == ("not_planned", 2)
    assert not tick(made, minutes=5).dispatched
    # Days later, too, once more.
    said(made, "/retry")
    made.clock.sleep(3 * 86_400)
    said(made, "/retry")
    assert tick(made, minutes=5).dispatched
    assert keys(made)[-1] == f"{KEY}~3"


def test_a_series_tells_of_a_failure_once_its_retries_are_used_up() -> None:
    made = world()
    job(made, "every: 6h", "retries: 1")
    tick(made)
    finish(made, "failure")
    tick(made, minutes=1)
    assert tick(made, minutes=2).dispatched
    assert told(made) == []
    finish(made, "failure")
    tick(made, minutes=1)
    assert len(told(made)) == 1
    assert keys(made) == [KEY, f"{KEY}~2"]
    tick(made, hours=6)
    assert keys(made)[-1] == "1@2026-11-23T18:00:00Z"


def test_a_retry_that_comes_too_late_tells_that_its_run_failed() -> None:
    made = world()
    job(made, "retries: 2", "deadline: 10m")
    tick(made)
    finish(made, "failure")
    tick(made, minutes=1)
    report = tick(made, hours=1)
    assert [note.id for note in report.missed] == [1]
    assert len(told(made)) == 1
    ticket = made.hub.ticket(1)
    assert (ticket.open, "schedule:failed" in ticket.labels) == (False, True)


def test_a_run_of_days_ago_is_looked_for_all_the_same(place: World) -> None:
    finish(place, "success")
    tick(place, days=3)
    tick(place, minutes=1)
    ticket = place.hub.ticket(1)
    assert (ticket.open, ticket.state_reason) == (False, "completed")
