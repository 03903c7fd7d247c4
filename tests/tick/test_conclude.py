"""What follows from a run's end, whoever is at the same issue meanwhile."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scheduler.errors import Rejected
from scheduler.journal.comments import head
from scheduler.journal.notes import News
from tests.faults.series import m, series_world
from tests.faults.world import World, body, world
from tests.support.fakes import Crash, MemoryQueue, Through
from tests.tick.test_follow import MINUTE, end, ends, entry, run, sent, ticked


def at(name: str, act: Callable[[], object]) -> Through:
    """Does ``act`` once, right before the first request of that name."""
    done: list[bool] = []

    def through(index: int, called: str, send: Callable[[], object]) -> object:
        if called == name and not done:
            done.append(True)
            act()
        return send()

    return through


def failing() -> World:
    made = sent()
    end(made, "failure")
    return made


@pytest.mark.parametrize(
    "request_name",
    ["comments", "add_comment", "ticket", "add_label", "set_state", "edit_comment"],
)
def test_two_ticks_tell_of_one_failure_once(request_name: str) -> None:
    made = failing()
    made.tick(at(request_name, made.tick))
    told = [each for each in made.hub.on(1) if "schedule:outcome" in each.body]
    assert len(told) == 1
    assert entry(made).conclusion == "failure"
    assert made.hub.ticket(1).labels == ("schedule", "schedule:failed")


def states(queue: MemoryQueue) -> list[str]:
    return [each for each in queue.calls if each == "set_state"]


@pytest.mark.parametrize(("anew", "writes"), [(True, 1), (False, 3)])
def test_a_failed_job_is_not_planned_whatever_the_server_makes_of_a_reason_alone(
    anew: bool, writes: int
) -> None:
    made = failing()
    made.hub.closed_anew = anew
    queue = MemoryQueue(made.hub)
    made.tick(queue=queue)
    assert len(states(queue)) == writes
    ticket = made.hub.ticket(1)
    assert (ticket.open, ticket.state_reason) == (False, "not_planned")
    assert ticket.labels == ("schedule", "schedule:failed")


@pytest.mark.parametrize("dies_at", [1, 2, 3])
@pytest.mark.parametrize("before", [True, False])
def test_whoever_dies_while_it_is_closed_anew_leaves_it_to_the_next_tick(
    dies_at: int, before: bool
) -> None:
    made = failing()
    asked: list[str] = []

    def through(_index: int, called: str, send: Callable[[], object]) -> object:
        asked.append(called)
        dies = called == "set_state" and asked.count(called) == dies_at
        if dies and before:
            raise Crash
        answer = send()
        if dies:
            raise Crash
        return answer

    made.tick(through)
    made.until_quiet()
    ticket = made.hub.ticket(1)
    assert (ticket.open, ticket.state_reason) == (False, "not_planned")
    assert ticket.labels == ("schedule", "schedule:failed")
    assert entry(made).conclusion == "failure"
    assert (len(made.hub.sent), len(made.history(1).news)) == (1, 1)


def test_where_it_can_not_be_closed_anew_nothing_is_recorded_and_nothing_runs_again() -> None:
    made, asked = failing(), []

    def through(_index: int, called: str, send: Callable[[], object]) -> object:
        asked.append(called)
        if called == "set_state" and asked.count(called) == 3:
            raise Rejected("no", status=422)
        return send()

    made.tick(through)
    assert (made.hub.ticket(1).open, entry(made).conclusion) == (True, "")
    made.until_quiet()
    ticket = made.hub.ticket(1)
    assert (ticket.open, ticket.state_reason) == (False, "not_planned")
    assert (entry(made).conclusion, len(made.hub.sent)) == ("failure", 1)


def test_another_ticks_opening_is_no_persons_wish() -> None:
    made = failing()

    def dies() -> None:
        made.tick(at("edit_comment", _die))
        made.hub.reopen(1, by="github-actions[bot]")

    made.tick(at("ticket", dies))
    assert entry(made).conclusion == ""
    made.until_quiet()
    assert (made.hub.ticket(1).open, made.hub.ticket(1).state_reason) == (False, "not_planned")
    assert (entry(made).conclusion, len(made.hub.sent)) == ("failure", 1)


def _die() -> None:
    raise Crash


def test_what_a_person_reopened_meanwhile_is_not_closed_by_what_its_run_came_to() -> None:
    made = failing()
    made.tick(at("ticket", lambda: made.hub.reopen(1)))
    assert made.hub.ticket(1).open
    assert "schedule:failed" not in made.hub.ticket(1).labels


def test_a_record_that_somebody_else_wrote_silences_nothing() -> None:
    made = failing()
    forged = head(News(key=entry(made).key, run_id=run(made)))
    made.hub.comment(1, f"{forged}\nall is well", by="agent")
    made.tick()
    (news,) = made.history(1).news
    assert made.hub.comments[news.id].author.login != "agent"


def test_a_locked_issue_is_labelled_and_recorded_all_the_same() -> None:
    made = failing()
    made.hub.roles.pop("github-actions[bot]", None)
    made.hub.change(1, locked=True)
    report = ticked(made)
    assert ends(report) == [(1, "failure")]
    assert [each for each in report.notices if "takes no comment" in each]
    assert "schedule:failed" in made.hub.ticket(1).labels


def test_a_deleted_issue_is_let_go() -> None:
    made = failing()
    made.tick(at("comments", lambda: made.hub.delete(1)))
    assert ends(ticked(made)) == []


def test_where_the_journal_is_gone_nothing_is_said() -> None:
    made = failing()
    first = made.hub.on(1)[0].id
    made.tick(at("recent_runs", lambda: made.hub.delete_comment(first)))
    assert ends(ticked(made)) == []
    assert made.hub.ticket(1).state_reason == "completed"
    assert made.hub.on(1) == []


def test_another_ticks_dispatch_beside_it_is_not_lost() -> None:
    made = series_world()
    made.tick()
    made.clock.sleep(MINUTE)
    end(made, "success")
    # Its next instant comes while a tick that stalls follows the first run.
    made.clock.sleep((m(10) - made.clock.true).total_seconds() - 15)

    def beside() -> None:
        made.clock.sleep(25)
        made.tick()

    made.tick(at("recent_runs", beside))
    assert len(made.hub.sent) == 2
    made.until_quiet()
    assert made.count("s") == len({each.key for each in made.hub.sent}) == len(made.hub.sent)


def test_a_command_that_waits_is_carried_out_before_a_failure_is_recorded() -> None:
    made = series_world()
    made.tick()
    end(made, "failure")
    made.clock.sleep(MINUTE)
    made.tick(at("recent_runs", lambda: made.hub.comment(1, "/run", by="owner")))
    assert made.history(1).news == ()
    made.clock.sleep(MINUTE)
    made.tick()
    made.clock.sleep(MINUTE)
    made.tick()
    assert len(made.history(1).news) == 1
    assert len(made.hub.sent) == 2


def test_where_nothing_tells_the_login_a_write_does() -> None:
    made = sent()
    made.hub.graphql = False
    end(made, "failure")
    made.tick()
    assert [each.body.count("Looking into") for each in made.hub.on(1)] == [0, 0]
    assert entry(made).conclusion == "failure"


def test_a_journal_by_a_clock_that_is_ahead_is_found() -> None:
    made = world()
    made.clock.step(11 * MINUTE)
    made.hub.open(body("1", more="retries: 1\nretry-after: 1h\n"))
    made.tick()
    end(made, "failure")
    made.clock.step(-11 * MINUTE)
    made.clock.sleep(12 * MINUTE)
    made.tick()
    assert (entry(made).conclusion, bool(entry(made).again)) == ("failure", True)


def test_failures_in_a_row_are_counted_beside_the_records_of_further_tries() -> None:
    made = world()
    made.hub.open(body("1", more="every: 1h\npause-after: 3\nretries: 1\nretry-after: 1m\n"))
    for _ in range(24):
        made.tick()
        for place, (_, each) in enumerate(made.hub.runs):
            if not each.conclusion:
                end(made, "failure", place)
        made.clock.sleep(10 * MINUTE)
    assert "schedule:paused" in made.hub.ticket(1).labels
    assert len(made.hub.sent) == 6
    # Of the first in a row, and of the one that paused the series.
    assert len(made.history(1).news) == 2


def test_a_further_try_of_a_series_has_the_deadline_of_its_own_instant() -> None:
    made = world()
    rule = "every: 1d\ndeadline: 2h\nretries: 2\nretry-after: 20m\n"
    made.hub.open(body("1", more=rule))
    made.tick()
    end(made, "success")
    made.clock.sleep(24 * 60 * MINUTE)
    for _ in range(12):
        made.tick()
        if not made.hub.runs[-1][1].conclusion:
            end(made, "failure")
        made.clock.sleep(10 * MINUTE)
    assert [each.key[-2:] for each in made.hub.sent] == ["0Z", "0Z", "~2", "~3"]


def test_a_moved_job_that_stays_open_keeps_its_place() -> None:
    made = failing()
    made.hub.change(1, body=body("1", run_at=m(600)), open=True, state_reason="reopened")
    made.tick()
    ticket = made.hub.ticket(1)
    assert (ticket.open, "schedule:failed" in ticket.labels) == (True, False)


def test_what_two_ticks_told_of_which_one_died_is_told_once_in_the_end() -> None:
    made = failing()
    made.tick()
    news, others = made.hub.on(1)[1].body, made.hub.on(1)[0].body
    made.hub.comment(1, news, by="github-actions[bot]")
    made.hub.comment(1, news, by="agent")
    ticked(made)
    bodies = [(each.body, each.author.login) for each in made.hub.on(1)]
    bot = "github-actions[bot]"
    assert bodies == [(others, bot), (news, bot), (news, "agent")]


def test_what_a_tick_recorded_itself_is_not_written_over() -> None:
    made = series_world()
    made.tick()
    end(made, "success")
    made.clock.sleep(MINUTE)
    made.hub.comment(1, "/pause", by="owner")
    made.tick()
    made.clock.sleep(MINUTE)
    made.tick()
    entries = made.history(1).journal.entries
    assert [(e.outcome, e.conclusion) for e in entries] == [
        ("dispatched", "success"), ("paused", ""),
    ]  # fmt: skip
    assert made.history(1).journal.handled == made.hub.on(1)[-1].id


def test_what_another_tick_records_beside_it_is_not_written_over() -> None:
    made = series_world()
    made.tick()
    end(made, "success")
    made.clock.sleep(MINUTE)

    def pauses() -> None:
        made.hub.comment(1, "/run", by="owner")
        made.tick()

    made.tick(at("recent_runs", pauses))
    made.until_quiet()
    assert len(made.hub.sent) == len({each.key for each in made.hub.sent}) == 2
    assert made.history(1).journal.entries[0].conclusion == "success"
