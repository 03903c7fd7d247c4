"""What is done with one job, by what its history shows: recovered, held, resolved, left to wait."""

from __future__ import annotations

from datetime import timedelta

import pytest

from scheduler.errors import Unavailable
from scheduler.settings.model import Limits, Settings
from scheduler.tick.report import TickReport
from tests.faults.series import forward, goes, m, open_series, title
from tests.faults.test_holes import at
from tests.faults.world import World, body, world
from tests.support.fakes import NOON, Crash, MemoryQueue, Through

EVENT = "event: wake"


def _die() -> None:
    raise Crash


def _lose() -> None:
    raise Unavailable("no answer", sent=True)


def one(
    *, to: str = "workflow: titled.yml", minutes: float = 0, labels: tuple[str, ...] = ()
) -> World:
    made = world()
    made.hub.open(body("1", to=to, run_at=m(minutes)))
    made.hub.change(1, labels=("schedule", *labels))
    return made


def ticks(made: World, through: Through | None = None) -> TickReport:
    report = made.tick(through)
    assert report is not None
    return report


def outcomes(made: World) -> list[tuple[str, str]]:
    """The end of the key of each entry, and its outcome."""
    return [(e.key.partition("T")[2], e.outcome) for e in made.history(1).journal.entries]


def reasons(report: TickReport, kind: str) -> str:
    return "; ".join(f"#{note.id} {note.reason}" for note in report.notes[kind])


def at_once(made: World, report: TickReport) -> bool:
    return report.next_due is not None and report.next_due <= made.clock.now()


# What keeps a job from being touched at all.


def test_a_locked_issue_costs_no_claim() -> None:
    made = one()
    made.hub.change(1, locked=True)
    queue = MemoryQueue(made.hub)
    made.tick(queue=queue)
    assert "locked" in reasons(made.reports[-1], "held")
    assert set(queue.calls) <= {"open_tickets", "closed_tickets"}


def test_a_paused_job_is_not_run_for_words_that_were_taken_back() -> None:
    made = one(labels=("schedule:paused",))
    comment = made.hub.comment(1, "/run", by="owner").id
    report = ticks(made, at("comments", lambda: made.hub.delete_comment(comment)))
    assert made.hub.sent == []
    assert made.hub.on(1) == []
    assert "resume" in reasons(report, "paused")


def test_a_job_that_a_person_put_on_hold_is_not_run_by_a_word() -> None:
    made = one(minutes=60, labels=("schedule:held",))
    made.hub.comment(1, "/run", by="owner")
    report = ticks(made)
    assert made.hub.sent == []
    assert "#1" in reasons(report, "held")
    made.hub.change(1, labels=("schedule",))
    made.until_quiet()
    assert made.count("1") == 1


def test_a_job_whose_claim_tells_who_the_scheduler_is_is_dealt_with_once() -> None:
    made = one()
    made.hub.graphql = False
    made.hub.comment(1, "What for?", by="owner")
    queue = MemoryQueue(made.hub)
    made.tick(queue=queue)
    assert made.count("1") == 1
    assert queue.calls.count("add_comment") == 1
    assert made.reports[-1].retrying == made.reports[-1].recovered == []


# What a tick that died left undone.


def test_what_was_recorded_and_not_closed_is_closed_and_told_of() -> None:
    made = one()
    made.tick(at("set_state", _die))
    assert made.hub.ticket(1).open
    report = ticks(made)
    assert "was dispatched already; closed" in reasons(report, "recovered")
    assert not made.hub.ticket(1).open


def test_a_series_that_is_over_is_closed_and_told_of() -> None:
    made = world()
    open_series(made.hub, more="count: 1\n")
    made.tick(at("set_state", _die))
    made.clock.sleep(1200)
    queue = MemoryQueue(made.hub)
    made.tick(queue=queue)
    assert "series is over" in reasons(made.reports[-1], "recovered")
    assert queue.calls.count("set_state") == 1
    assert made.count("s") == 1
    assert made.hub.ticket(1).state_reason == "completed"


def test_a_hold_that_was_recorded_and_not_shown_is_shown() -> None:
    made = one(to=EVENT)
    made.tick(at("dispatch", _die))
    made.clock.sleep(150)
    made.tick(at("add_label", _die))
    assert outcomes(made) == [("12:00:00Z", "held")]
    assert "schedule:held" not in made.hub.ticket(1).labels
    assert "#1" in reasons(ticks(made), "held")
    assert "schedule:held" in made.hub.ticket(1).labels


def test_a_claim_that_is_young_is_waited_for_and_said_so() -> None:
    made = one(to="workflow: plain.yml")
    made.tick(at("dispatch", _die))
    made.clock.sleep(60)
    report = ticks(made)
    assert "a tick has claimed it" in reasons(report, "retrying")
    assert at_once(made, report)
    assert made.hub.sent == []


def test_the_pause_after_an_attempt_that_started_nothing_is_said_and_kept() -> None:
    made = one(to="workflow: plain.yml")
    made.settings = Settings(limits=Limits(backoff=timedelta(minutes=30)))
    made.tick(at("dispatch", _die))
    made.clock.sleep(150)
    report = ticks(made)
    assert "attempt 1 did not start it" in reasons(report, "retrying")
    assert report.next_due is not None
    assert m(20) < report.next_due < m(40)
    made.clock.sleep((report.next_due - made.clock.true).total_seconds() - 1)
    ticks(made)
    assert made.hub.sent == []
    made.clock.sleep(1)
    ticks(made)
    assert made.count("1") == 1


def test_a_claim_on_an_instant_that_was_given_up_is_settled_first() -> None:
    made = one(to="workflow: plain.yml")
    made.tick(at("dispatch", _die))
    made.hub.change(1, body=body("1", to="workflow: plain.yml", run_at=m(1)))
    made.clock.sleep(150)
    report = ticks(made)
    assert outcomes(made) == [("12:00:00Z", "never-started")]
    assert "12:00:00Z never started" in reasons(report, "recovered")
    assert at_once(made, report)
    ticks(made)
    assert outcomes(made)[1:] == [("12:01:00Z", "dispatched")]
    assert made.count("1") == 1


def test_an_instant_that_another_tick_dealt_with_meanwhile_is_no_failure() -> None:
    made = world()
    open_series(made.hub)
    goes(made, 1)
    forward(made, m(11))
    report = ticks(made, at("closed_tickets", made.tick))
    assert made.count("s") == 2
    assert made.hub.ticket(1).title == title(m(20))
    assert reasons(report, "retrying") == reasons(report, "withdrawn") == ""
    assert report.next_due == m(20)


# What can't be told.


def test_what_can_not_be_told_is_held_and_told_of_once() -> None:
    made = one(to=EVENT)
    made.tick(at("dispatch", _die))
    made.clock.sleep(150)
    assert "the event 'wake'" in reasons(ticks(made), "held")
    for _ in range(3):
        made.clock.sleep(150)
        assert "the event 'wake'" in reasons(ticks(made), "held")
    assert outcomes(made) == [("12:00:00Z", "held")]


def test_a_record_that_is_not_the_scheduler_s_holds_a_job_once() -> None:
    made = one(minutes=60)
    other = one()
    other.tick()
    made.hub.comment(1, other.hub.on(1)[0].body, by="owner")
    made.clock.sleep(3600)
    for _ in range(3):
        assert "'owner' wrote a record" in reasons(ticks(made), "held")
        made.clock.sleep(150)
    assert outcomes(made) == [("13:00:00Z", "held")]


def test_a_job_that_was_missed_and_reopened_is_held_like_any_other() -> None:
    made = world()
    made.hub.open(body("1", run_at=NOON - timedelta(hours=5), more="deadline: 1h\n"))
    other = one()
    ticks(made)
    other.tick()
    made.hub.comment(1, other.hub.on(1)[0].body, by="owner")
    made.hub.reopen(1)
    for _ in range(2):
        ticks(made)
    assert outcomes(made) == [("07:00:00Z", "missed"), ("07:00:00Z", "held")]
    assert made.hub.sent == []


def test_a_word_is_good_for_one_more_attempt_and_no_further() -> None:
    made = one(to=EVENT)
    lost = at("dispatch", _lose, before=False)
    made.tick(lost)
    made.until_quiet()
    for word in (1, 2):
        made.hub.comment(1, "/resolve again", by="owner")
        made.tick(at("dispatch", _lose, before=False))
        made.until_quiet()
        made.until_quiet()
        assert made.count("1") == 1 + word
        assert outcomes(made)[-1][1] == "held"


# What a person says of it.


def test_a_run_that_a_person_names_is_linked_and_closes_the_job() -> None:
    made = one(to=EVENT)
    made.tick(at("dispatch", _die, before=False))
    made.until_quiet()
    made.hub.comment(1, "/resolve dispatched 77", by="owner")
    report = ticks(made)
    assert "run 77, by the word of owner" in reasons(report, "recovered")
    entry = made.history(1).journal.entries[-1]
    assert (entry.outcome, entry.run_id, entry.matched) == ("dispatched", 77, "the word of owner")
    assert entry.run_url == "https://github.com/octo/queue/actions/runs/77"
    assert not made.hub.ticket(1).open


def test_a_person_may_name_a_run_although_the_claim_was_deleted() -> None:
    made = one(to=EVENT)
    made.tick(at("dispatch", _die, before=False))
    made.until_quiet()
    (claim,) = made.history(1).claims
    made.hub.delete_comment(claim.id)
    made.hub.comment(1, "/resolve dispatched 77", by="owner")
    made.until_quiet()
    assert outcomes(made)[-1] == ("12:00:00Z", "dispatched")
    assert not made.hub.ticket(1).open


def test_a_run_in_a_job_s_place_that_a_person_names_was_its_only_one() -> None:
    made = one(to=EVENT, minutes=300)
    made.hub.comment(1, "/run", by="owner")
    made.tick(at("dispatch", _die, before=False))
    made.until_quiet()
    made.hub.comment(1, "/resolve dispatched 77", by="owner")
    made.until_quiet()
    assert not made.hub.ticket(1).open
    made.hub.reopen(1)
    goes(made, 310, step=20)
    made.until_quiet()
    assert made.count("1") == 1


def test_of_one_that_was_moved_a_person_says_that_nothing_ran() -> None:
    made = one(to=EVENT)
    made.tick(at("dispatch", _die))
    made.until_quiet()
    made.hub.change(1, body=body("1", to=EVENT, run_at=NOON + timedelta(hours=3)))
    made.hub.comment(1, "/resolve again", by="owner")
    report = ticks(made)
    assert outcomes(made)[-1] == ("12:00:00Z", "never-started")
    assert "no run of 1@2026-11-23T12:00:00Z" in reasons(report, "recovered")
    assert "schedule:held" not in made.hub.ticket(1).labels
    assert at_once(made, report)
    made.until_quiet()
    assert made.hub.sent == []
    goes(made, 181, step=20)
    assert made.count("1") == 1


@pytest.mark.parametrize("word", ["again", "dispatched 7"])
def test_a_word_that_comes_before_the_hold_settles_nothing(word: str) -> None:
    made = one(to=EVENT)
    made.hub.comment(1, f"/resolve {word}", by="owner")
    made.tick(at("dispatch", _die, before=False))
    made.until_quiet()
    assert outcomes(made)[-1] == ("12:00:00Z", "held")
    assert made.count("1") == 1
