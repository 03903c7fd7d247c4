"""Issues that a person closed while a claim stood on them: settled once that can be told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from scheduler.errors import Rejected, Unavailable
from scheduler.journal.journal import NEVER_STARTED
from scheduler.settings.model import Scheduler, Settings
from tests.faults.test_holes import at
from tests.faults.world import World, body, world
from tests.support.fakes import BOT, NOON, Crash, MemoryQueue


def _die() -> None:
    raise Crash


def cut_off(*, shown_after: float = 0.0) -> World:
    """A job was sent, its tick died at once, and the owner closed its issue.

    The run is shown so many seconds after it was started.
    """
    made = world()
    made.hub.stale["runs"] = shown_after
    made.hub.open(body("1", to="workflow: plain.yml"))
    made.tick(at("dispatch", _die, before=False))
    assert made.count("1") == 1
    made.hub.close(1)
    return made


def test_a_young_claim_is_left_alone_until_its_run_can_be_seen() -> None:
    closed = cut_off(shown_after=60)
    for _ in range(5):
        closed.clock.sleep(20)
        closed.tick()
        assert closed.history(1).journal.entries == ()
        assert len(closed.history(1).claims) == 1
    closed.until_quiet()
    (entry,) = closed.history(1).journal.entries
    assert (entry.outcome, entry.run_id) == ("dispatched", closed.hub.runs[0][1].id)
    closed.hub.reopen(1)
    closed.until_quiet()
    assert closed.count("1") == 1


@pytest.mark.parametrize("listed", [True, False])
def test_a_claim_is_found_among_what_people_say_with_a_list_and_without(listed: bool) -> None:
    closed = cut_off()
    closed.hub.comment_list = listed
    closed.hub.comment(1, "Closed, since nobody needs it.", by="owner")
    closed.clock.sleep(150)
    closed.tick()
    (entry,) = closed.history(1).journal.entries
    assert (entry.outcome, entry.run_id) == ("dispatched", closed.hub.runs[0][1].id)


def test_of_a_closed_issue_without_a_claim_only_the_list_is_read() -> None:
    closed = cut_off()
    closed.hub.open(body("2", run_at=NOON + timedelta(hours=9)))
    closed.hub.comment(2, "Never mind.", by="owner")
    closed.hub.close(2)
    closed.clock.sleep(150)
    queue = MemoryQueue(closed.hub)
    closed.tick(queue=queue)
    assert queue.calls.count("comments") == 1


# Which closed issues are looked at, and what becomes of one that can't be read.


@pytest.mark.parametrize(
    "error", [Unavailable("no answer"), Rejected("GitHub answers 404: Not Found", status=404)]
)
def test_one_that_can_not_be_read_is_told_of_and_hides_no_other(error: Exception) -> None:
    made = world()
    for name in ("1", "2"):
        made.hub.open(body(name, to="workflow: plain.yml"))
        made.tick(at("dispatch", _die))
        made.hub.close(int(name))
    made.clock.sleep(150)
    made.hub.unreadable[1] = error
    report = made.tick()
    assert report is not None
    assert [note.id for note in report.retrying] == [1]
    assert report.next_due is not None
    assert report.next_due <= made.clock.now()
    assert [note.id for note in report.recovered] == [2]
    del made.hub.unreadable[1]
    made.tick()
    assert [entry.outcome for entry in made.history(1).journal.entries] == [NEVER_STARTED]


def looked_at(made: World, *, due: bool) -> bool:
    """Whether a tick reads the comments of the first issue, beside a job that is due or not."""
    if due:
        made.hub.open(body("due"))
    queue = MemoryQueue(made.hub)
    made.tick(queue=queue)
    return "comments" in queue.calls[queue.calls.index("closed_tickets") :] and bool(
        made.history(1).journal.entries
    )


@pytest.mark.parametrize("due", [True, False])
@pytest.mark.parametrize(
    ("by", "reason", "moved", "seen"),
    [
        ("owner", "completed", 0, (True, True)),
        ("owner", "not_planned", 0, (True, True)),
        # Who else works under that account may close an issue on which a claim stands.
        (BOT, "completed", 0, (True, True)),
        (BOT, "not_planned", 0, (True, True)),
        # Beside due jobs, of which each request is counted, what the issue shows is enough.
        ("owner", "not_planned", 90, (False, True)),
    ],
)
def test_which_closed_issues_are_looked_at(
    by: str, reason: str, moved: int, seen: tuple[bool, bool], due: bool
) -> None:
    made = world(settings=Settings(scheduler=Scheduler(login=BOT)))
    made.hub.open(body("1", to="workflow: plain.yml"))
    made.tick(at("dispatch", _die))
    if moved:
        made.hub.change(1, body=body("1", run_at=NOON + timedelta(hours=moved)))
    made.hub.close(1, by=by, reason=reason)
    made.clock.sleep(150)
    assert looked_at(made, due=due) == seen[not due]


@pytest.mark.parametrize("due", [True, False])
def test_what_was_just_closed_is_not_looked_at_beside_due_jobs(due: bool) -> None:
    # A claim on it would be left alone for as long, whoever closed it.
    made = world()
    made.hub.open(body("1", to="workflow: plain.yml"))
    made.tick(at("dispatch", _die))
    made.clock.sleep(100)
    made.hub.close(1)
    made.clock.sleep(100)
    assert looked_at(made, due=due) == (not due)
    made.clock.sleep(30)
    made.tick()
    assert made.history(1).journal.entries


@pytest.mark.parametrize(("hours", "seen"), [(0.9, True), (1.1, False)])
def test_only_the_last_hour_s_are_looked_at(hours: float, seen: bool) -> None:
    made = cut_off()
    made.clock.sleep(hours * 3600)
    assert looked_at(made, due=True) == seen
