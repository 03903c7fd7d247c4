"""From a decision to its record: what is sent, what is only ended, and what is put off."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from scheduler.errors import Unavailable
from scheduler.settings.model import Scheduler, Settings
from tests.faults.series import goes, m, open_series
from tests.faults.test_holes import at
from tests.faults.world import PLAIN, Fault, World, body, faulty, world
from tests.support.condition_world import asked_about, comments, job
from tests.support.fakes import BOT, NOON, MemoryQueue, Through
from tests.support.hold_world import hold_world


def lost_answers() -> Through:
    """No dispatch takes effect, and nobody is told so."""

    def through(_: int, name: str, act: Callable[[], object]) -> object:
        if name == "dispatch":
            raise Unavailable("no answer", sent=True)
        return act()

    return through


def outcomes(made: World, number: int) -> list[str]:
    return [entry.outcome for entry in made.history(number).journal.entries]


def test_what_a_person_cancels_is_cancelled_though_it_might_not_have_run() -> None:
    made = world()
    made.hub.open(body("1", run_at=m(60)), author="stranger")
    made.hub.comment(1, "/cancel", by="owner")
    made.until_quiet()
    assert outcomes(made, 1) == ["cancelled"]


def test_what_was_missed_is_missed_though_its_target_is_gone() -> None:
    made = world()
    number = made.hub.open(body("1", to="workflow: gone.yml", more="deadline: 1h\n"))
    made.clock.sleep(7200)
    made.until_quiet()
    assert outcomes(made, number) == ["missed"]


def test_what_runs_shows_no_name_waits_until_a_lost_answer_is_cleared_up() -> None:
    made = world()
    for name in ("1", "2"):
        made.hub.open(body(name, to="workflow: plain.yml"))
    made.hub.open(body("3", to="workflow: plain.yml", run_at=NOON - timedelta(days=2),
                       more="deadline: 1h\n"))  # fmt: skip
    made.hub.open(body("4"))
    report = made.tick(lost_answers())
    assert report is not None
    waits = {note.id: note.reason for note in report.retrying}
    assert set(waits) == {1, 2, 4}
    assert "the same target" in waits[2]
    assert "the same target" not in waits[1] + waits[4]
    assert report.next_due is not None
    assert report.next_due <= made.clock.now()
    assert [note.id for note in report.missed] == [3], "nothing is sent for it"
    assert len(made.history(2).claims) == 0
    made.until_quiet()
    for name in ("1", "2", "4"):
        assert made.count(name) == 1


def silent(message: str) -> World:
    """A job whose workflow takes no message."""
    made = world()
    made.hub.workflows["plain.yml"] = PLAIN.replace("message: {}, ", "")
    made.hub.open(body("1", to="workflow: plain.yml").replace("hi", message))
    made.clock.sleep(60)
    return made


LEFT = "the workflow declares no input 'message'; not handed over: message"


@pytest.mark.parametrize(("message", "left"), [("hi", LEFT), ("", "")])
def test_a_dispatch_records_what_its_run_was_not_told(message: str, left: str) -> None:
    made = silent(message)
    report = made.tick()
    assert report is not None
    assert [fired.reason for fired in report.dispatched] == [left]
    assert [entry.reason for entry in made.history(1).journal.entries] == [left]


@pytest.mark.parametrize("closed", [False, True])
def test_so_does_one_that_another_tick_finds(closed: bool) -> None:
    made = silent("hi")
    place = requests(silent("hi")).index("dispatch") + 1
    made.tick(faulty(made.clock, Fault(place, "crash-after")))
    assert made.history(1).claims[0].left_out == LEFT
    if closed:
        made.hub.close(1, reason="not_planned")
    made.until_quiet()
    assert made.count("1") == 1
    (entry,) = made.history(1).journal.entries
    assert (entry.outcome, entry.reason) == ("dispatched", LEFT)


def test_a_claim_that_ends_a_job_leaves_nothing_out() -> None:
    made = world()
    made.hub.workflows["plain.yml"] = PLAIN.replace("message: {}, ", "")
    made.hub.open(body("1", to="workflow: plain.yml", more="deadline: 1s\n"))
    made.clock.sleep(60)
    made.tick()
    (entry,) = made.history(1).journal.entries
    assert entry.outcome == "missed"
    assert LEFT not in entry.reason


def requests(made: World) -> list[str]:
    """What one tick asks."""
    queue = MemoryQueue(made.hub)
    made.tick(queue=queue)
    return queue.calls


@pytest.mark.parametrize(("named", "writes"), [(BOT.upper(), BOT), (BOT, BOT.upper())])
def test_the_scheduler_s_login_is_the_same_in_any_letter_case(named: str, writes: str) -> None:
    made = world(settings=Settings(scheduler=Scheduler(login=named)))
    made.hub.open(body("1"))
    made.tick(queue=MemoryQueue(made.hub, login=writes))
    assert made.count("1") == 1


def test_what_is_waited_for_is_told_once_in_a_hold_that_seldom_polls() -> None:
    place = hold_world(poll=500)
    place.hub.pulls = asked_about().hub.pulls
    number = job(place, "when: merged(#100)")
    place.lively.at(300, lambda: setattr(place.hub.pulls[100], "merged", True))
    place.stays()
    assert len([text for text in comments(place, number) if "when: merged" in text]) == 1
    (sent,) = place.sent_at("j")
    assert 300 <= sent <= 360


def test_a_run_is_told_the_instant_of_its_rule_and_not_when_jitter_lets_it_run() -> None:
    made = world()
    open_series(made.hub, more="jitter: 9m\n", to="event: wake")
    goes(made, 60)
    told = [sent.request.inputs["scheduled_for"] for sent in made.hub.sent]
    assert told == [f"2026-11-23T12:{minute}0:00Z" for minute in range(len(told))]
    late = [sent.at - m(10 * place) for place, sent in enumerate(made.hub.sent)]
    assert max(late) > timedelta(minutes=2)


@pytest.mark.parametrize("request_name", ["add_comment", "comments"])
def test_a_run_that_is_asked_for_under_a_claim_is_not_one_more(request_name: str) -> None:
    made = world()
    made.hub.open(body("1"))
    made.tick(at(request_name, lambda: made.hub.comment(1, "/run", by="owner")))
    made.until_quiet()
    assert made.count("1") == 1
    assert not made.hub.ticket(1).open
