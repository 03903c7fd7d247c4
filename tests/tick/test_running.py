"""No more runs under way than the settings allow: the others wait, and say so."""

from __future__ import annotations

from datetime import timedelta

import pytest

from scheduler.settings.model import Limits, Settings
from tests.faults.series import m, open_series
from tests.faults.world import FAULTS, Fault, World, body, faulty, world
from tests.support.fakes import NOON, MemoryQueue
from tests.support.sampled import one_in

LABEL = "schedule:waiting"


def queue(count: int, limits: Limits, *agents: str, more: str = "") -> World:
    """So many jobs that are due."""
    made = world(settings=Settings(limits=limits))
    made.hub.begins = "in_progress"
    for place in range(count):
        agent = f"agent: {agents[place]}\n" if agents else ""
        made.hub.open(body(str(place + 1), more=agent + more))
    made.tick()
    return made


def ends(made: World, place: int, conclusion: str = "success") -> None:
    made.hub.mark(made.hub.runs[place][1].id, "completed", conclusion)


def sent(made: World) -> list[str]:
    return [each.name for each in made.hub.sent]


def waiting(made: World) -> list[int]:
    return [n for n, v in made.hub.views.items() if LABEL in v[-1][1].labels]


ONE, TWO = Limits(running=1), Limits(running=2)


@pytest.mark.parametrize("conclusion", ["success", "failure", "cancelled"])
def test_more_due_jobs_wait_for_a_running_one_to_end(conclusion: str) -> None:
    made = queue(4, TWO)
    assert sent(made) == ["1", "2"]
    assert waiting(made) == [3, 4]
    reason = "for a run to end: 2 runs are under way, and limits.running is 2"
    assert [(n.id, n.reason) for n in made.reports[-1].conditional] == [(3, reason), (4, reason)]
    made.clock.sleep(3600)
    made.tick()
    assert sent(made) == ["1", "2"]
    ends(made, 0, conclusion)
    made.clock.sleep(60)
    made.tick()
    assert sent(made) == ["1", "2", "3"]
    assert waiting(made) == [4]
    for place in (1, 2):
        ends(made, place)
    made.clock.sleep(60)
    made.tick()
    assert sent(made) == ["1", "2", "3", "4"]
    assert waiting(made) == []


def test_a_series_whose_ticks_come_on_its_instants_does_not_wait_for_its_own_ended_run() -> None:
    made = world(settings=Settings(limits=Limits(running=1)))
    made.hub.begins = "in_progress"
    open_series(made.hub, rule="every: 10m")
    made.tick()
    for place in range(3):
        ends(made, place, "failure")
        # So near an instant no tick writes the journal, but after what it has sent itself.
        made.clock.sleep((m(10 * (place + 1)) - made.clock.true).total_seconds() + 4)
        made.tick()
        assert len(made.hub.sent) == place + 2
    ended = [each.conclusion for each in made.history(1).journal.entries]
    assert ended == ["failure", "failure", "failure", ""]


def test_each_agent_has_a_limit_of_its_own() -> None:
    made = queue(4, Limits(running_per_agent=1), "a", "A", "b", "a")
    assert sent(made) == ["1", "3"]
    ends(made, 0)
    made.clock.sleep(60)
    made.tick()
    assert sent(made) == ["1", "3", "2"]


def test_waiting_for_a_run_is_no_lateness() -> None:
    made = queue(2, ONE)
    made.clock.sleep(7200)
    ends(made, 0)
    made.clock.sleep(60)
    made.tick()
    late = made.history(2).journal.entries[0].lateness_s
    assert late is not None
    assert 59 <= late <= 70


def test_its_deadline_counts_meanwhile_and_the_label_comes_off() -> None:
    made = queue(2, ONE, more="deadline: 1h\n")
    made.clock.sleep(3700)
    made.tick()
    assert sent(made) == ["1"]
    assert "schedule:missed" in made.hub.ticket(2).labels
    assert waiting(made) == []


def test_what_is_asked_in_a_comment_waits_too() -> None:
    made = queue(2, ONE)
    made.hub.comment(2, "/run", by="owner")
    made.clock.sleep(60)
    made.tick()
    assert sent(made) == ["1"]
    ends(made, 0)
    made.clock.sleep(60)
    made.tick()
    made.until_quiet()
    assert sent(made) == ["1", "2"]


def test_an_event_and_what_is_not_known_any_more_take_no_place() -> None:
    made = world(settings=Settings(limits=ONE, follow=timedelta(hours=1)))
    made.hub.open(body("1", to="event: wake"))
    made.hub.open(body("2"))
    made.tick()
    made.hub.open(body("3"))
    made.clock.sleep(60)
    made.tick()
    assert sent(made) == ["1", "2"]
    made.clock.sleep(3700)
    made.tick()
    assert sent(made) == ["1", "2", "3"]


def test_without_a_limit_nothing_more_is_asked() -> None:
    calls = []
    for limits in (Limits(), TWO):
        made = world(settings=Settings(limits=limits))
        made.hub.open(body("1", run_at=NOON + timedelta(hours=1)))
        queue = MemoryQueue(made.hub)
        made.tick(queue=queue)
        calls.append(queue.calls)
    assert calls[0] == calls[1]


@pytest.mark.parametrize("kind", one_in(3, FAULTS))
def test_no_more_and_none_lost_whatever_goes_wrong(kind: str) -> None:
    for index in range(1, 22, 3):
        made = queue(0, ONE)
        for place in range(3):
            made.hub.open(body(str(place + 1)))
        for _ in range(12):
            made.tick(faulty(made.clock, Fault(index, kind)))
            under = [run for _, run in made.hub.runs if not run.conclusion]
            assert len(under) <= 1, made.story()
            made.clock.sleep(150)
            made.tick()
            under = [run for _, run in made.hub.runs if not run.conclusion]
            assert len(under) <= 1, made.story()
            for place in range(len(made.hub.runs)):
                ends(made, place)
            made.clock.sleep(150)
        assert sorted(sent(made)) == ["1", "2", "3"], made.story()
        assert waiting(made) == []
