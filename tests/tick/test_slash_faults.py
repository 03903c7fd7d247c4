"""Slash commands when things go wrong: on hold, forged, under faults, two ticks at once."""

from __future__ import annotations

import itertools

import pytest

from tests.faults.series import entries, goes, m, open_series, sound, told
from tests.faults.test_holes import at
from tests.faults.world import FAULTS, Fault, World, body, faulty, interleave, world
from tests.support.fakes import BOT, Crash, MemoryQueue
from tests.tick.test_slash_commands import LATER, Kind, both, faces, many, one_off, own, say


def held() -> World:
    """A series of which a run's answer was lost, and nothing can tell whether it ran."""
    made = world()
    open_series(made.hub, to="event: wake")
    made.tick(at("dispatch", _die, before=False))
    made.clock.sleep(150)
    made.tick()
    assert "schedule:held" in made.hub.ticket(1).labels
    return made


def _die() -> None:
    raise Crash


@pytest.mark.parametrize("name", ["run", "pause", "resume", "snooze 2h"])
def test_on_hold_people_are_told_what_comes_first(name: str) -> None:
    made = held()
    comment = say(made, f"/{name}")
    goes(made, 6)
    assert faces(made, comment) == {"-1"}
    assert "the job is on hold; say /resolve first" in entries(made)[-1].reason
    assert "schedule:held" in made.hub.ticket(1).labels
    assert "schedule:paused" not in made.hub.ticket(1).labels
    assert made.count("s") == 1
    # The claim that may have run is still there for whoever decides.
    assert len(made.history(1).claims) == 1
    say(made, "/resolve dispatched 7")
    goes(made, 11)
    assert made.count("s") == 2
    assert not made.history(1).claims


def test_on_hold_it_can_be_cancelled() -> None:
    made = held()
    comment = say(made, "/cancel")
    made.tick()
    assert made.hub.ticket(1).state_reason == "not_planned"
    assert faces(made, comment) == {"+1"}
    assert made.count("s") == 1


def test_on_hold_a_resolution_that_is_none_is_answered() -> None:
    made = held()
    comment = say(made, "/resolve agian")
    made.tick()
    assert faces(made, comment) == {"confused"}
    assert "write '/resolve again'" in entries(made)[-1].reason
    say(made, "/resolve again")
    made.tick()
    assert made.count("s") == 2


def test_a_run_by_command_can_be_held_and_resolved() -> None:
    made = world()
    open_series(made.hub, to="event: wake")
    made.tick()
    comment = say(made, "/run")
    made.tick(at("dispatch", _die))
    made.until_quiet()
    assert entries(made)[-1].outcome == "held"
    assert made.count("s") == 1
    say(made, "/resolve again")
    made.tick()
    assert made.hub.sent[1].key == f"1@comment-{comment}"
    assert faces(made, comment) == {"+1"}
    made.until_quiet()
    assert [sent.key for sent in made.hub.sent].count(f"1@comment-{comment}") == 1


def test_a_forged_record_keeps_a_command_from_being_done() -> None:
    made = many()
    journal = next(comment for comment in made.hub.on(1) if comment.author.login == BOT)
    forged = made.hub.comment(1, journal.body, by="agent")
    say(made, "/pause")
    goes(made, 11)
    assert "schedule:held" in made.hub.ticket(1).labels
    assert "schedule:paused" not in made.hub.ticket(1).labels
    made.hub.delete_comment(forged.id)
    say(made, "/resolve again")
    goes(made, 13)
    # Never a run for what was to pause it.
    assert not [sent.key for sent in made.hub.sent if "comment" in sent.key]
    assert made.count("s") <= 2


def test_a_job_that_was_held_before_its_time_waits_for_it_after_a_word() -> None:
    made = one_off()
    journal = many().hub.on(1)[0].body
    forged = made.hub.comment(1, journal.replace('"1@', '"7@'), by="agent")
    say(made, "/pause")
    goes(made, 3)
    assert entries(made)[-1].outcome == "held"
    made.hub.delete_comment(forged.id)
    say(made, "/resolve again")
    goes(made, 290, step=20)
    assert not made.hub.sent
    goes(made, 310)
    assert [sent.at >= LATER for sent in made.hub.sent] == [True]
    assert not made.hub.ticket(1).open


@pytest.mark.parametrize(
    "kind",
    [pytest.param(one_off, id="one-off"), pytest.param(many, id="series", marks=pytest.mark.slow)],
)
def test_run_under_every_fault_runs_once(kind: Kind) -> None:
    def due() -> World:
        made = kind()
        say(made, "/run")
        return made

    made = due()
    queue = MemoryQueue(made.hub)
    made.tick(queue=queue)
    cases = 0
    for index, fault in itertools.product(range(1, queue.requests + 1), (*FAULTS, "long-after")):
        made = due()
        made.tick(faulty(made.clock, Fault(index, fault)))
        made.until_quiet()
        ran = [sent.key for sent in made.hub.sent if "comment" in sent.key]
        assert len(ran) == 1, (index, fault, made.story())
        assert own(made) == 1, (index, fault, made.story())
        if kind is many:
            sound(made, 1)
        cases += 1
    assert cases > 100


@pytest.mark.parametrize(
    "name",
    [
        "cancel",
        *(
            pytest.param(each, marks=pytest.mark.slow)
            for each in ("snooze banana", "pause", "snooze 1h", "snoze 1h")
        ),
    ],
)
def test_what_is_not_run_is_done_once_under_every_fault(name: str) -> None:
    def due() -> World:
        made = many()
        say(made, f"/{name}")
        return made

    made = due()
    queue = MemoryQueue(made.hub)
    made.tick(queue=queue)
    for index, fault in itertools.product(range(1, queue.requests + 1), FAULTS):
        made = due()
        made.tick(faulty(made.clock, Fault(index, fault)))
        made.until_quiet()
        done = [e for e in entries(made) if "comment" in e.key and e.outcome != "never-started"]
        assert len(done) == 1, (index, fault, made.story())
        assert own(made) == 1, (index, fault, made.story())
        assert ("schedule:paused" in made.hub.ticket(1).labels) is (name == "pause")
        assert made.hub.ticket(1).open is (name != "cancel")


def test_what_was_run_and_closed_before_that_was_told_is_done() -> None:
    made = one_off()
    say(made, "/run")
    made.tick(at("dispatch", _die, before=False))
    made.hub.close(1)
    made.until_quiet()
    assert [entry.outcome for entry in entries(made)] == ["dispatched"]
    made.hub.reopen(1)
    goes(made, 301, step=20)
    assert (made.count("s"), made.hub.ticket(1).open) == (1, False)


@both
def test_a_cancel_that_was_not_told_of_closes_once(kind: Kind) -> None:
    made = kind()
    say(made, "/cancel")
    made.tick(at("set_state", _die, before=False))
    assert not made.hub.ticket(1).open
    made.until_quiet()
    assert entries(made)[-1].outcome == "cancelled"
    made.hub.reopen(1)
    made.until_quiet()
    assert made.hub.ticket(1).open


@pytest.mark.parametrize("to", ["workflow: titled.yml", "event: wake"])
def test_a_job_that_is_moved_before_its_run_is_told_of_runs_again(to: str) -> None:
    made = world()
    made.hub.open(body("s", run_at=LATER, to=to))
    say(made, "/run")
    made.tick(at("dispatch", _die, before=False))
    assert made.count("s") == 1
    made.hub.change(1, body=body("s", run_at=m(60), to=to))
    goes(made, 5)
    if to == "event: wake":
        say(made, "/resolve dispatched 7")
        goes(made, 10)
    assert (made.count("s"), made.hub.ticket(1).labels) == (1, ("schedule",))
    goes(made, 61)
    assert [sent.key for sent in made.hub.sent][1:] == ["1@2026-11-23T13:00:00Z"]
    assert not made.hub.ticket(1).open


@pytest.mark.parametrize("listed", [True, False])
def test_without_a_known_login_a_tick_that_died_hides_no_word(*, listed: bool) -> None:
    made = many()
    made.hub.graphql, made.hub.comment_list = False, listed
    say(made, "/pause")
    made.tick(at("edit_comment", _die))
    assert "schedule:paused" in made.hub.ticket(1).labels
    goes(made, 5)
    said = say(made, "/resume")
    goes(made, 11)
    assert "schedule:paused" not in made.hub.ticket(1).labels
    assert faces(made, said) == {"+1"}
    assert told(made)[-1] == ("10", 0, "dispatched")
    sound(made, 1)


def test_two_ticks_at_once_obey_once() -> None:
    for turns in range(0, 64, 3):
        made = many()
        say(made, "/run")
        interleave(made, [[], []], iter([turns >> bit & 1 for bit in range(6)] * 5))
        assert made.count("s") == 2
        made.until_quiet()
        assert made.count("s") == 2 + len([e for e in told(made)[1:] if e[0] != "command"])


@pytest.mark.parametrize(
    "name", ["cancel", *(pytest.param(n, marks=pytest.mark.slow) for n in ("pause", "snooze 1h"))]
)
def test_no_word_that_sends_nothing_is_taken_for_an_event_whose_answer_was_lost(name: str) -> None:
    for index, kind in itertools.product(range(1, 20), FAULTS):
        made = world(graphql=False)
        made.hub.open(body("s", run_at=LATER, to="event: wake"))
        say(made, f"/{name}")
        made.tick(faulty(made.clock, Fault(index, kind), Fault(index + 1, kind)))
        made.until_quiet()
        story = (index, kind, made.story())
        assert "schedule:held" not in made.hub.ticket(1).labels, story
        assert [each.outcome for each in entries(made)].count("held") == 0, story
        assert made.count("s") == 0
