"""What became of a job is told once where the job has it told, and nothing there stops the job."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from scheduler.errors import Rejected, Unavailable
from scheduler.job.states import State
from scheduler.journal.journal import Entry
from scheduler.policy.outcomes import Ended
from scheduler.settings.model import Alerts, Allow, Settings
from scheduler.simulation.records import Thread
from scheduler.tick import reply
from scheduler.tick.context import Context
from tests.faults.world import Fault, World, body, faulty, world
from tests.support.contexts import calls, context
from tests.support.fakes import BOT, NOON, MemoryQueue

OTHER = "octo/other"
ALLOWED = Settings(allow=Allow(repositories=(OTHER,)))
LATE = "deadline: 2026-11-23T12:00:01Z\n"
KEY = "1@2026-11-23T12:00:00Z"
RUN = "https://github.com/octo/queue/actions/runs/7"


def one(
    to: str = f"{OTHER}#5", *, more: str = LATE, author: str = "agent", settings: Settings = ALLOWED
) -> World:
    made = world(settings=settings)
    made.hub.open(body("1", more=f"reply-to: '{to}'\n{more}"), author=author)
    made.hub.threads[OTHER, 5] = Thread()
    return made


def told(made: World, repo: str = OTHER, number: int = 5) -> list[str]:
    """The comments there, without their records."""
    thread = made.hub.threads[repo, number].comments
    return [each.body.partition("\n")[2] for each in thread]


def ran(to: str = f"{OTHER}#5", *, which: str = "") -> Entry:
    return Entry(
        key=KEY, attempt=1, outcome="dispatched", at=NOON, run_id=7, run_url=RUN,
        target="octo/queue titled.yml@main", reply_to=to, reply=which,
    )  # fmt: skip


def ended(conclusion: str = "failure", *, told: str = "") -> Ended:
    return Ended(
        key=KEY, attempt=1, run_id=7, url=RUN, conclusion=conclusion, took_s=61.0,
        ended_at=NOON + timedelta(minutes=2), told=told,
    )  # fmt: skip


def of_run(made: World, entry: Entry, end: Ended, ctx: Context | None = None) -> str:
    ctx = ctx or context(made.hub, made.settings)
    return reply.of_run(ctx, made.hub.ticket(1), entry, end)


# What a run came to.


@pytest.mark.parametrize(
    ("end", "words"),
    [
        (ended(), ("❌ Job [octo/queue#1](https://github.com/octo/queue/issues/1) has started "
                  f"`titled.yml`; [run 7]({RUN}) ended with `failure` after 1m1s.")),
        (ended("success"), "ended with `success` after 1m1s."),
        (ended("never ran"), "ended with `never ran`"),
        (ended("unknown", told="it was deleted"), "can't be told: `it was deleted`."),
    ],
)  # fmt: skip
def test_it_is_told_once_whoever_asks_again(end: Ended, words: str) -> None:
    made = one()
    for _ in range(3):
        assert of_run(made, ran(), end) == ""
        made.clock.sleep(3600)
    (line,) = told(made)
    assert words in line


def test_a_success_is_not_told_where_failures_alone_are_asked_for() -> None:
    made = one()
    ctx = context(made.hub, made.settings)
    assert of_run(made, ran(which="failure"), ended("success"), ctx) == ""
    assert of_run(made, ran(to=""), ended(), ctx) == ""
    assert calls(ctx) == []
    assert of_run(made, ran(which="failure"), ended(), ctx) == ""
    assert len(told(made)) == 1


def test_it_costs_a_look_the_comment_and_a_look() -> None:
    made = one()
    ctx = context(made.hub, made.settings)
    ctx.facts.learn_login(BOT)
    of_run(made, ran(), ended(), ctx)
    assert calls(ctx) == ["replies", "reply", "replies"]


def test_a_repository_that_is_allowed_no_longer_is_not_written_to() -> None:
    made = one()
    ctx = context(made.hub, Settings())
    why = of_run(made, ran(), ended(), ctx)
    assert "reply-to: 'octo/other' is not in allow.repositories" in why
    assert calls(ctx) == []


def missing(made: World) -> None:
    made.hub.threads.clear()


def lock(made: World) -> None:
    made.hub.threads[OTHER, 5].locked = True


def keep_out(made: World) -> None:
    made.hub.elsewhere = Rejected("GitHub answers 403: Resource not accessible", status=403)


def transferred(made: World) -> None:
    made.hub.elsewhere = Rejected("GitHub answers that it has moved", status=301)


@pytest.mark.parametrize("happens", [missing, lock, keep_out, transferred])
def test_a_place_that_takes_no_comment_is_said_in_one_line(
    happens: Callable[[World], None],
) -> None:
    made = one()
    happens(made)
    why = of_run(made, ran(), ended())
    assert why.startswith("reply-to: octo/other#5 could not be told: GitHub answers ")
    assert "\n" not in why


def test_a_place_without_an_answer_is_asked_again_for_an_hour() -> None:
    made = one()
    made.hub.elsewhere = Unavailable("no answer")
    with pytest.raises(Unavailable):
        of_run(made, ran(), ended())
    made.clock.sleep(7200)
    assert of_run(made, ran(), ended()) == "reply-to: octo/other#5 could not be told: no answer"
    made.hub.elsewhere = None
    assert of_run(made, ran(), ended()) == ""
    assert len(told(made)) == 1


def test_of_two_comments_the_first_stays() -> None:
    made = one()

    def beside(index: int, name: str, act: Callable[[], object]) -> object:
        written = act()
        if name == "reply":
            thread = made.hub.threads[OTHER, 5].comments
            thread.insert(0, replace(thread[0], id=thread[0].id - 1))  # by another tick
        return written

    ctx = context(MemoryQueue(made.hub, through=beside), made.settings)
    of_run(made, ran(), ended(), ctx)
    assert len(told(made)) == 1


def test_another_run_of_the_same_job_is_told_apart() -> None:
    made = one()
    for run_id in (7, 8):
        of_run(made, ran(), replace(ended(), run_id=run_id))
    assert len(told(made)) == 2


def test_a_pull_request_and_a_job_are_told_as_any_issue_is() -> None:
    made = one()
    made.hub.open("an issue")
    made.hub.close(2)
    assert of_run(made, ran("octo/queue#2"), ended()) == ""
    assert len(made.hub.on(2)) == 1


# What came to an end without a run.


def test_a_missed_job_is_told_of_and_its_end_stands() -> None:
    made = one()
    made.until_quiet()
    (line,) = told(made)
    assert line == (
        "⌛ Job [octo/queue#1](https://github.com/octo/queue/issues/1) was missed, and is not run; "
        "it says why."
    )
    assert made.hub.ticket(1).labels == ("schedule", "schedule:missed")


@pytest.mark.parametrize("which", ["always", "failure"])
def test_a_job_that_a_comment_cancels_is_told_of_unless_failures_alone_are(which: str) -> None:
    made = one(more=f"reply: {which}\n")
    made.hub.change(1, body=made.hub.ticket(1).body.replace("T12:00:00Z", "T23:00:00Z"))
    made.hub.comment(1, "/cancel", by="owner")
    made.until_quiet()
    assert not made.hub.ticket(1).open
    assert len(told(made)) == (which == "always")


def test_what_can_t_be_told_stands_on_the_job() -> None:
    made = one()
    missing(made)
    made.until_quiet()
    (journal,) = made.hub.on(1)
    assert "⚠️ `reply-to: octo/other#5 could not be told: GitHub answers 404" in journal.body
    assert made.hub.ticket(1).labels == ("schedule", "schedule:missed")


def test_a_place_without_an_answer_keeps_no_job_from_its_end() -> None:
    made = one()
    made.hub.elsewhere = Unavailable("no answer")
    made.until_quiet()
    assert made.hub.ticket(1).labels == ("schedule", "schedule:missed")
    assert "could not be told: no answer" in made.hub.on(1)[-1].body


@pytest.mark.parametrize("kind", ["crash-before", "crash-after", "drop-after", "stall-after"])
def test_whatever_goes_wrong_at_any_request_it_is_told_once(kind: str) -> None:
    for index in range(1, 18):
        made = one()
        made.tick(faulty(made.clock, Fault(index, kind)))
        made.until_quiet()
        assert len(told(made)) == 1, f"at {index}: {made.story()}"
        assert made.hub.ticket(1).labels == ("schedule", "schedule:missed")


def test_where_a_dispatch_is_told_stands_in_the_journal_from_then_on() -> None:
    made = one(more="reply: failure\n")
    made.until_quiet()
    (entry,) = (e for e in made.history(1).journal.entries if e.outcome == State.DISPATCHED.value)
    assert (entry.reply_to, entry.reply) == ("octo/other#5", "failure")
    assert told(made) == []


# What somebody closed.


def closed(more: str = "", *, by: str = "owner", author: str = "agent") -> World:
    made = one(more=more, author=author)
    made.hub.change(1, body=made.hub.ticket(1).body.replace("T12:00:00Z", "T23:00:00Z"))
    made.hub.close(1, by=by)
    return made


@pytest.mark.parametrize("by", ["owner", BOT])
def test_a_job_that_was_closed_before_anything_was_sent_is_told_of_once(by: str) -> None:
    made = closed(by=by)
    for _ in range(3):
        made.tick()
        made.clock.sleep(600)
    assert [each[:2] for each in told(made)] == ["⛔ "]
    assert "was cancelled, and does not run any more" in told(made)[0]


def test_the_same_after_an_hour_or_where_failures_alone_are_asked_for_is_not() -> None:
    made = closed()
    made.clock.sleep(3700)
    made.tick()
    assert told(made) == []
    made = closed("reply: failure\n")
    made.tick()
    assert told(made) == []


def test_what_the_scheduler_closed_is_not_told_of_as_cancelled() -> None:
    made = one(more="")
    for _ in range(3):
        made.tick()
        made.clock.sleep(600)
    assert len(made.hub.sent) == 1
    assert not any("cancelled" in each for each in told(made))


@pytest.mark.parametrize("author", ["stranger", "another[bot]"])
def test_a_closed_job_of_somebody_who_may_not_schedule_costs_one_question(author: str) -> None:
    made = closed(author=author)
    queue = MemoryQueue(made.hub)
    made.tick(queue=queue)
    assert told(made) == []
    assert not {"replies", "reply", "comments"} & {*queue.calls}


def test_a_closed_job_whose_place_takes_no_comment_is_a_notice() -> None:
    made = closed()
    missing(made)
    report = made.tick()
    assert report is not None
    assert report.notices == [
        "#1 was closed, and reply-to: octo/other#5 could not be told: GitHub answers 404: Not Found"
    ]


# By ticks, once the run has ended.


def run_of(made: World, conclusion: str) -> None:
    """Have the job's run end."""
    (sent,) = made.hub.sent
    assert sent.run is not None
    made.hub.mark(sent.run.id, "completed", conclusion)


def started(more: str = "", *, settings: Settings = ALLOWED) -> World:
    made = one(more=more, settings=settings)
    made.tick()
    made.clock.sleep(60)
    return made


@pytest.mark.parametrize("conclusion", ["success", "failure"])
@pytest.mark.parametrize("more", ["", "reply: failure\n"])
def test_a_tick_tells_what_a_run_came_to(conclusion: str, more: str) -> None:
    made = started(more)
    made.tick()
    assert told(made) == []
    run_of(made, conclusion)
    made.until_quiet()
    assert len(told(made)) == (not more or conclusion == "failure")
    assert all(f"ended with `{conclusion}` after" in each for each in told(made))


def test_a_text_that_is_changed_once_the_run_has_started_changes_nothing() -> None:
    made = started()
    made.hub.threads[OTHER, 6] = Thread()
    made.hub.change(1, body=made.hub.ticket(1).body.replace("#5", "#6"))
    run_of(made, "success")
    made.until_quiet()
    assert (len(told(made)), told(made, number=6)) == (1, [])


def test_what_can_t_be_told_of_a_run_stands_on_the_job() -> None:
    made = started()
    missing(made)
    run_of(made, "failure")
    made.until_quiet()
    journal = next(each.body for each in made.hub.on(1) if "schedule:journal" in each.body)
    assert "reply-to: octo/other#5 could not be told: GitHub answers 404" in journal
    assert "schedule:failed" in made.hub.ticket(1).labels


def test_a_place_without_an_answer_keeps_no_run_s_end_from_its_issue() -> None:
    made = started()
    made.hub.elsewhere = Unavailable("no answer")
    run_of(made, "failure")
    made.tick()
    assert "schedule:failed" in made.hub.ticket(1).labels
    made.hub.elsewhere = None
    made.until_quiet()
    assert len(told(made)) == 1
    assert made.history(1).journal.unknown == ()


def test_an_event_is_told_of_as_one_whose_run_can_t_be_followed() -> None:
    made = one(more="")
    made.hub.change(1, body=made.hub.ticket(1).body.replace("workflow: titled.yml", "event: wake"))
    made.until_quiet()
    assert len(made.hub.sent) == 1
    (line,) = told(made)
    assert "can't be told" in line


def test_nothing_is_told_of_runs_where_none_is_followed() -> None:
    made = started(settings=replace(ALLOWED, follow=timedelta(0)))
    run_of(made, "failure")
    made.until_quiet()
    assert told(made) == []


@pytest.mark.parametrize("conclusion", ["success", "failure"])
@pytest.mark.parametrize("kind", ["crash-before", "crash-after", "drop-after", "stall-after"])
def test_whatever_goes_wrong_as_a_run_has_ended_it_is_told_once(kind: str, conclusion: str) -> None:
    settings = replace(ALLOWED, alerts=Alerts(mention=("@org/oncall",)))
    for index in range(1, 20):
        made = started(settings=settings)
        run_of(made, conclusion)
        made.tick(faulty(made.clock, Fault(index, kind)))
        made.until_quiet()
        assert len(told(made)) == 1, f"at {index}: {made.story()}"
        called = sum("@org/oncall" in each.body for each in made.hub.on(1))
        assert called == (conclusion == "failure"), f"at {index}: {made.story()}"
        assert made.history(1).journal.entries[-1].conclusion == conclusion


@pytest.mark.parametrize("conclusion", ["success", "failure"])
@pytest.mark.parametrize("name", ["recent_runs", "replies", "reply", "edit_comment"])
def test_two_ticks_tell_it_once(name: str, conclusion: str) -> None:
    made = started()
    run_of(made, conclusion)
    begun: list[bool] = []

    def beside(index: int, called: str, act: Callable[[], object]) -> object:
        if called == name and not begun:
            begun.append(True)
            made.tick()
        return act()

    made.tick(beside)
    assert begun
    assert len(told(made)) == 1
    assert made.history(1).journal.entries[-1].conclusion == conclusion


def test_each_occurrence_of_a_series_is_told_of() -> None:
    made = one(more="every: 1h\n")
    for conclusion in ("success", "failure"):
        made.tick()
        made.clock.sleep(60)
        made.hub.mark(made.hub.runs[-1][1].id, "completed", conclusion)
        made.tick()
        made.clock.sleep(3540)
    first, second = told(made)
    assert "`success`" in first
    assert "`failure`" in second


# What is tried again.


def test_what_is_tried_again_is_told_of_once_the_last_run_has_ended() -> None:
    made = started("retries: 1\nretry-after: 1m\n")
    made.hub.mark(made.hub.runs[-1][1].id, "completed", "failure")
    made.tick()
    assert told(made) == []
    made.clock.sleep(90)
    made.tick()
    assert len(made.hub.sent) == 2
    made.hub.mark(made.hub.runs[-1][1].id, "completed", "success")
    made.until_quiet()
    (line,) = told(made)
    assert "ended with `success`" in line


def test_where_the_next_try_does_not_come_the_last_run_is_what_it_came_to() -> None:
    alerts = replace(ALLOWED, alerts=Alerts(mention=("@org/oncall",)))
    made = started("retries: 1\nretry-after: 1m\n", settings=alerts)
    made.hub.mark(made.hub.runs[-1][1].id, "completed", "failure")
    made.tick()
    made.hub.disabled.add("titled.yml")
    made.until_quiet()
    (line,) = told(made)
    assert f"[run {made.hub.runs[-1][1].id}]" in line
    assert "ended with `failure`" in line
    assert sum("@org/oncall" in each.body for each in made.hub.on(1)) == 1


def test_a_series_that_is_told_of_on_its_own_issue_goes_on() -> None:
    made = one("#1", more="every: 1h\n")
    for hour in range(1, 4):
        made.tick()
        made.clock.sleep(60)
        assert len(made.hub.sent) == hour
        made.hub.mark(made.hub.runs[-1][1].id, "completed", "success")
        made.tick()
        made.clock.sleep(3540)
    replies = [each for each in made.hub.on(1) if "schedule-reply" in each.body]
    assert len(replies) == 3
    assert made.hub.ticket(1).open
    assert made.history(1).journal.held is None


def test_a_reply_on_a_job_that_is_being_dispatched_keeps_it_from_nothing() -> None:
    made = one("#2", more="")
    made.hub.open(body("2"))
    written: list[bool] = []

    def beside(index: int, name: str, act: Callable[[], object]) -> object:
        found = act()
        if name == "add_comment" and made.hub.on(2) and not written:
            written.append(True)
            reply.of_run(context(made.hub, made.settings), made.hub.ticket(1), ran("#2"), ended())
        return found

    made.tick(beside)
    assert written
    assert [sent.name for sent in made.hub.sent] == ["1", "2"]
    made.until_quiet()
    assert made.hub.ticket(2).state_reason == "completed"
