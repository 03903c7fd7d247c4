"""Which dispatches are followed, what that asks, and what stands there afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from scheduler.errors import NotPermitted, Rejected
from scheduler.job.states import State
from scheduler.journal.journal import Entry
from scheduler.settings.model import Limits, Settings
from scheduler.tick.follow import ALONE
from scheduler.tick.report import TickReport
from tests.faults.series import forward, m, series_world
from tests.faults.world import World, body, world
from tests.support.fakes import BOT, NOON, Crash, MemoryQueue, Through

MINUTE = 60


def sent(count: int = 1, **given: object) -> World:
    """Jobs that were dispatched a minute ago, whose runs are under way."""
    made = world()
    for n in range(1, count + 1):
        made.hub.open(body(str(n), **given))  # type: ignore[arg-type]
    made.tick()
    made.clock.sleep(MINUTE)
    return made


def run(made: World, place: int = -1) -> int:
    return made.hub.runs[place][1].id


def end(made: World, conclusion: str, place: int = -1) -> int:
    """End a run of the hub; its id."""
    made.hub.mark(run(made, place), "completed", conclusion)
    return run(made, place)


def asked(made: World, **changes: object) -> list[str]:
    """What one tick asks."""
    made.settings = replace(made.settings, **changes)  # type: ignore[arg-type]
    queue = MemoryQueue(made.hub)
    made.tick(queue=queue)
    return queue.calls


def ticked(made: World) -> TickReport:
    report = made.tick()
    assert report is not None
    return report


def ends(report: TickReport) -> list[tuple[int, str]]:
    return [(each["id"], each["conclusion"]) for each in report.as_json()["followed"]]


def entry(made: World, number: int = 1) -> Entry:
    return made.history(number).journal.entries[-1]


def dies_after(name: str, times: int) -> Through:
    """Dies once so many requests of that name have taken effect."""
    seen: list[str] = []

    def through(index: int, called: str, send: Callable[[], object]) -> object:
        answer = send()
        seen.append(called)
        if seen.count(name) == times and called == name:
            raise Crash
        return answer

    return through


OFF = timedelta(0)
#: What a tick with nothing due asks beside what was closed within the hour.
QUIET = ["open_tickets", "closed_tickets", "recent_comments"]


def test_a_run_that_went_well_costs_its_share_of_a_list_and_one_edit() -> None:
    made = sent()
    assert asked(made, follow=OFF) == QUIET
    assert asked(made, follow=timedelta(hours=6)) == [*QUIET, "recent_runs"]
    end(made, "success")
    assert asked(made) == [*QUIET, "recent_runs", "edit_comment"]
    assert asked(made) == QUIET
    ticket = made.hub.ticket(1)
    assert (ticket.open, ticket.state_reason, ticket.labels) == (False, "completed", ("schedule",))
    assert len(made.hub.on(1)) == 1
    assert entry(made).conclusion == "success"
    took = entry(made).took_s
    assert took is not None
    assert 50 < took < 70
    assert f"The run ended after {took:.0f} s: `success`." in made.hub.on(1)[0].body


def test_a_hundred_runs_cost_one_list() -> None:
    made = world()
    made.settings = replace(
        made.settings, quotas=replace(made.settings.quotas, new_per_agent_per_day=999)
    )
    for n in range(30):
        made.hub.open(body(str(n)))
    made.tick()
    for place in range(30):
        end(made, "success", place)
    made.clock.sleep(MINUTE)
    assert asked(made) == [*QUIET, "recent_runs", *["edit_comment"] * 30]


def test_beside_a_due_job_a_young_one_is_read_alone_and_a_late_tick_finds_all() -> None:
    made = sent()
    made.hub.open(body("2"))
    calls = asked(made)
    assert calls.count("recent_comments") == 0
    assert calls.count("recent_runs") == 1
    made.clock.sleep(2 * 3600)
    for place in (0, 1):
        end(made, "success", place)
    quiet = ["open_tickets", "closed_tickets"]
    assert asked(made, follow=OFF) == quiet
    assert asked(made, follow=timedelta(hours=6)) == [
        *quiet, "comments", "comments", "recent_runs", "edit_comment", "edit_comment",
    ]  # fmt: skip


def test_a_tick_that_died_before_its_record_is_made_good_for_long() -> None:
    made = sent()
    made.clock.sleep(3600)
    end(made, "failure")

    def dies(index: int, name: str, act: object) -> object:
        if name == "edit_comment":
            raise Crash
        return act()  # type: ignore[operator]

    assert made.tick(dies) is None
    made.clock.sleep(2 * 3600)
    assert ends(ticked(made)) == [(1, "failure")]
    assert len(made.history(1).news) == 1


def test_with_nothing_to_follow_nothing_more_is_asked() -> None:
    made = world()
    made.hub.open(body("1", run_at=m(60)))
    made.hub.open("no job")
    made.hub.open(body("2", run_at=NOON - timedelta(hours=2), more="deadline: 1h\n"))
    made.hub.close(made.hub.open(body("3", run_at=m(60))), by="owner")
    made.tick()
    assert asked(made) == asked(made, follow=OFF)


def test_without_following_nothing_is_ever_known() -> None:
    made = world()
    made.settings = replace(made.settings, follow=OFF)
    made.hub.open(body("1"))
    made.hub.open(body("2", to="event: wake"))
    made.tick()
    end(made, "failure", 0)
    made.clock.sleep(MINUTE)
    assert ends(ticked(made)) == []
    assert [entry(made, n).conclusion for n in (1, 2)] == ["", ""]


@pytest.mark.parametrize(
    "word", ["failure", "cancelled", "timed_out", "startup_failure", "action_required", "stale"]
)
def test_the_issue_of_a_run_that_failed_tells_it(word: str) -> None:
    made = sent()
    run_id = end(made, word)
    report = ticked(made)
    assert report.as_json()["failed"] == [{"id": 1, "run_id": run_id, "conclusion": word}]
    ticket = made.hub.ticket(1)
    assert (ticket.open, ticket.state_reason) == (False, "not_planned")
    assert ticket.labels == ("schedule", "schedule:failed")
    journal, news = made.hub.on(1)
    assert f"with `{word}`" in news.body
    assert f"run {run_id}" in news.body
    assert "`/retry`" in news.body
    assert f"`{word}`" in journal.body
    assert made.history(1).news[0].run_id == run_id
    before = made.fingerprint()
    assert ends(ticked(made)) == []
    assert made.fingerprint() == before


def test_a_run_without_a_single_job_never_ran() -> None:
    made = sent()
    made.hub.without_jobs.add(run(made))
    end(made, "failure")
    assert ends(ticked(made)) == [(1, "never ran")]
    assert "1. the workflow file is broken" in made.hub.on(1)[1].body


@pytest.mark.parametrize("word", ["neutral", "skipped"])
def test_what_is_no_failure_leaves_the_issue_completed(word: str) -> None:
    made = sent()
    end(made, word)
    report = ticked(made)
    assert (ends(report), report.failed) == ([(1, word)], [])
    assert made.hub.ticket(1).state_reason == "completed"


def test_a_run_is_followed_for_so_long_and_then_that_is_said() -> None:
    made = sent()
    made.clock.sleep(6 * 3600 - 2 * MINUTE)
    assert ends(ticked(made)) == []
    made.clock.sleep(3 * MINUTE)
    assert ends(ticked(made)) == [(1, "unknown")]
    assert entry(made).told == "its run was still queued after 6h"
    assert made.hub.ticket(1).state_reason == "completed"
    end(made, "failure")
    assert ends(ticked(made)) == [], "said once"


def test_a_run_that_was_deleted_is_said_to_be_gone_and_not_at_once() -> None:
    made = sent()
    made.hub.delete_run(run(made))
    assert ends(ticked(made)) == []
    made.clock.sleep(10 * MINUTE)
    assert ends(ticked(made)) == [(1, "unknown")]
    assert "is not there: it was deleted" in entry(made).told


def test_an_events_run_is_never_followed_and_that_stands_in_its_journal() -> None:
    made = sent(to="event: wake")
    assert (entry(made).conclusion, entry(made).told) == (
        "unknown", "an event's run can't be followed",
    )  # fmt: skip
    assert asked(made) == QUIET


def test_a_run_that_the_list_does_not_show_is_asked_for_alone() -> None:
    made = sent()
    end(made, "success")
    made.hub.stale["runs"] = 999
    assert asked(made) == [*QUIET, "recent_runs", "run", "edit_comment"]


def test_a_run_that_nobody_named_is_found_by_the_key_in_its_title() -> None:
    made = world()
    made.hub.open(body("1"))
    made.hub.details = False
    made.hub.stale["runs"] = 999
    made.tick()
    assert entry(made).run_id is None
    made.hub.stale.clear()
    run_id = end(made, "failure")
    made.clock.sleep(MINUTE)
    assert ends(ticked(made)) == [(1, "failure")]
    assert entry(made).run_id == run_id


@pytest.mark.parametrize("more", ["", "retries: 1\nretry-after: 1h\n"])
def test_one_that_nobody_named_is_found_where_only_a_write_tells_the_login(more: str) -> None:
    made = world(details=False, graphql=False)
    made.hub.open(body("1", more=more))
    made.hub.stale["runs"] = 50
    made.tick()
    assert entry(made).run_id is None
    made.clock.sleep(MINUTE)
    before = [each.id for each in made.hub.on(1)]
    assert "add_comment" not in asked(made)  # what is under way tells nothing yet
    run_id = end(made, "failure")
    assert ends(ticked(made)) == [(1, "failure")]
    assert (entry(made).run_id, bool(entry(made).again)) == (run_id, bool(more))
    assert len(made.hub.on(1)) == len(before) + (not more)


def test_a_job_that_was_sent_early_by_a_clock_that_is_ahead_is_followed() -> None:
    made = world()
    made.hub.open(body("1", run_at=NOON + timedelta(minutes=9)))
    made.clock.step(10 * MINUTE)
    made.tick()
    end(made, "failure")
    made.clock.step(-10 * MINUTE)
    made.clock.sleep(11 * MINUTE)
    assert ends(ticked(made)) == [(1, "failure")]


def test_what_ran_before_runs_were_followed_is_let_be() -> None:
    made = world(settings=Settings(follow=OFF))
    made.hub.open(body("1", more="every: 1d\n"))
    for _ in range(12):
        made.tick()
        end(made, "failure")
        made.clock.sleep(24 * 60 * MINUTE)
    made.settings = Settings()
    made.tick()
    end(made, "failure")
    made.clock.sleep(MINUTE)
    assert ends(ticked(made)) == [(1, "failure")]
    assert [each.conclusion for each in made.history(1).journal.entries] == [""] * 12 + ["failure"]
    assert len(made.history(1).news) == 1
    assert "schedule:paused" not in made.hub.ticket(1).labels


def test_a_job_that_waits_for_its_run_is_over_however_long_no_tick_came() -> None:
    made = sent(more="retries: 1\nretry-after: 1m\n")
    made.clock.sleep(3 * 24 * 60 * MINUTE)
    end(made, "success")
    assert ends(ticked(made)) == [(1, "success")]
    assert not made.hub.ticket(1).open


@pytest.mark.parametrize("word", ["failure", "success"])
def test_a_question_that_nobody_asked_keeps_no_end_from_its_record(word: str) -> None:
    made = sent(more="retries: 1\nretry-after: 1m\n")
    made.hub.comment(1, "/resolve again", by="owner")
    end(made, word)
    assert ends(ticked(made)) == [(1, word)]


@pytest.mark.parametrize("reason", ["completed", "not_planned"])
def test_whoever_closes_a_job_that_waits_for_its_run_the_end_is_recorded(reason: str) -> None:
    made = sent(more="retries: 1\nretry-after: 1m\n")
    made.hub.close(1, by="owner", reason=reason)
    end(made, "failure")
    assert ends(ticked(made)) == [(1, "failure")]
    assert (entry(made).again, len(made.hub.sent)) == ("", 1)
    assert "schedule:failed" in made.hub.ticket(1).labels


def test_a_job_that_somebody_had_run_long_before_its_instant_is_followed() -> None:
    made = world()
    made.hub.open(body("1", run_at=NOON + timedelta(days=2)))
    made.hub.comment(1, "/run", by="owner")
    made.tick()
    end(made, "failure")
    made.clock.sleep(MINUTE)
    assert ends(ticked(made)) == [(1, "failure")]
    assert made.hub.ticket(1).state_reason == "not_planned"


@pytest.mark.parametrize("more", ["every: 1d\n", "retries: 1\n"])
def test_one_that_was_closed_long_after_its_dispatch_is_followed(more: str) -> None:
    made = sent(more=more)
    made.clock.sleep(60 * MINUTE)
    made.hub.close(1, by="owner", reason="not_planned")
    end(made, "failure")
    made.clock.sleep(MINUTE)
    assert ends(ticked(made)) == [(1, "failure")]


def test_a_word_that_waits_for_a_run_to_end_keeps_it_not_from_ending() -> None:
    made = world(settings=Settings(limits=Limits(running=1)))
    made.hub.open(body("1", more="every: 1d\n"))
    made.tick()
    made.hub.comment(1, "/run", by="owner")
    end(made, "success")
    for _ in range(4):
        made.clock.sleep(2 * MINUTE)
        made.tick()
    assert next(each.conclusion for each in made.history(1).journal.entries) == "success"
    assert len(made.hub.sent) == 2


@pytest.mark.parametrize("hours", [1, 5, 30])
@pytest.mark.parametrize("comment_list", [True, False])
def test_a_job_waits_for_a_long_run_where_only_a_write_tells_the_login(
    hours: int, comment_list: bool
) -> None:
    made = world(graphql=False, settings=Settings(follow=timedelta(days=2)))
    made.hub.comment_list = comment_list
    made.hub.open(body("1", more="retries: 1\nretry-after: 1m\n"))
    made.tick()
    made.clock.sleep(hours * 60 * MINUTE)
    end(made, "failure")
    assert ends(ticked(made)) == [(1, "failure")]
    made.clock.sleep(2 * MINUTE)
    made.tick()
    assert len(made.hub.sent) == 2


def test_a_claim_that_was_left_hides_no_run_where_only_a_write_tells_the_login() -> None:
    made = world(graphql=False, settings=Settings(limits=Limits(running=1)))
    made.hub.open(body("1", more="retries: 1\nretry-after: 1m\n"))
    made.hub.comment(1, "/retry", by="owner")
    made.tick(dies_after("edit_comment", 2))
    assert made.history(1).claims
    made.clock.sleep(MINUTE)
    end(made, "failure")
    assert ends(ticked(made)) == [(1, "failure")]


def test_a_run_whose_job_was_moved_meanwhile_is_followed_all_the_same() -> None:
    made = sent(more="retries: 1\nretry-after: 1m\n")
    made.hub.change(1, body=body("1", run_at=NOON + timedelta(days=2)))
    end(made, "failure")
    assert ends(ticked(made)) == [(1, "failure")]
    assert made.hub.ticket(1).open


def test_runs_that_cant_be_read_are_said_once_and_nothing_is_lost() -> None:
    def denied(index: int, name: str, act: object) -> object:
        if name in ("recent_runs", "run"):
            raise NotPermitted("token: lacks the permission 'actions: read'")
        return act()  # type: ignore[operator]

    made = sent(2)
    for place in (0, 1):
        end(made, "success", place)
    report = made.tick(denied)
    assert report is not None
    assert [each for each in report.notices if "follow" in each] == [
        "follow: the runs of octo/queue can't be read: token: lacks the permission 'actions: read'"
    ]
    assert (report.stopped, ends(report)) == ("", [])
    assert ends(ticked(made)) == [(1, "success"), (2, "success")]


def test_after_so_long_it_is_said_why_it_was_never_known() -> None:
    def gone(index: int, name: str, act: object) -> object:
        if name in ("recent_runs", "run"):
            raise Rejected("Not Found", status=404)
        return act()  # type: ignore[operator]

    made = sent()
    made.clock.sleep(6 * 3600)
    report = made.tick(gone)
    assert report is not None
    assert ends(report) == [(1, "unknown")]
    assert entry(made).told == "the runs of octo/queue can't be read: Not Found"


def test_an_issue_that_a_person_reopened_stays_as_they_left_it() -> None:
    made = sent()
    end(made, "failure")

    def reopens(index: int, name: str, act: object) -> object:
        if name == "add_comment":
            made.hub.reopen(1)
        return act()  # type: ignore[operator]

    made.tick(reopens)
    ticket = made.hub.ticket(1)
    assert (ticket.open, "schedule:failed" in ticket.labels) == (True, False)
    assert entry(made).conclusion == "failure"


def test_an_issue_that_was_unlabelled_is_left_alone() -> None:
    made = sent()
    end(made, "failure")

    def unlabels(index: int, name: str, act: object) -> object:
        if name == "add_comment":
            made.hub.change(1, labels=())
        return act()  # type: ignore[operator]

    made.tick(unlabels)
    assert (made.hub.ticket(1).labels, made.hub.ticket(1).state_reason) == ((), "completed")


def test_a_series_shows_how_each_run_ended_and_tells_the_first_failure_in_a_row() -> None:
    made = series_world()
    for n, word in enumerate(["failure", "failure", "success", "failure"]):
        forward(made, m(10 * n))
        made.tick()
        end(made, word)
        made.clock.sleep(2 * MINUTE)
        made.tick()
    entries = made.history(1).journal.entries
    assert [e.conclusion for e in entries] == ["failure", "failure", "success", "failure"]
    assert [n.key for n in made.history(1).news] == [entries[0].key, entries[3].key]
    ticket = made.hub.ticket(1)
    assert (ticket.open, ticket.labels) == (True, ("schedule", "schedule:recurring"))
    (journal,) = (each for each in made.hub.on(1) if "| occurrence |" in each.body)
    assert journal.body.count("❌ failure") == 3
    assert "✅ success" in journal.body
    assert len(made.hub.sent) == 4


def test_a_failed_job_that_is_reopened_is_tried_again() -> None:
    made = sent()
    end(made, "failure")
    made.tick()
    made.hub.reopen(1)
    made.clock.sleep(MINUTE)
    made.tick()
    ticket = made.hub.ticket(1)
    assert (ticket.open, ticket.state_reason, ticket.labels) == (False, "completed", ("schedule",))
    assert [each.key for each in made.hub.sent] == [
        "1@2026-11-23T12:00:00Z", "1@2026-11-23T12:00:00Z~2"
    ]  # fmt: skip


def test_where_no_list_of_comments_is_told_a_few_issues_are_read_at_a_time() -> None:
    made = world()
    made.hub.comment_list = False
    for n in range(ALONE + 5):
        made.hub.open(body(str(n)))
    made.tick()
    for place in range(ALONE + 5):
        end(made, "success", place)
    known = 0
    for _ in range(9):
        made.clock.sleep(MINUTE)
        report = ticked(made)
        assert len(report.followed) <= ALONE
        known += len(report.followed)
    assert known == ALONE + 5


def test_the_state_of_a_closed_issue_is_the_records() -> None:
    made = sent()
    end(made, "failure")
    made.tick()
    assert State.FAILED.value in made.hub.ticket(1).labels[-1]
    assert made.hub.ticket(1).closed_by == BOT
