"""A series' record: what people see, what it survives, and what it costs."""

from __future__ import annotations

import pytest

from tests.faults.series import (
    entries,
    forward,
    goes,
    m,
    next_instant,
    open_series,
    series_world,
    sound,
    title,
    told,
)
from tests.faults.test_holes import at
from tests.faults.world import World, body, interleave, world
from tests.support.fakes import BOT, Crash, MemoryQueue


def _die() -> None:
    raise Crash


def requests(made: World) -> list[str]:
    queue = MemoryQueue(made.hub)
    made.tick(queue=queue)
    return queue.calls


@pytest.mark.parametrize("how", ["deleted", "damaged", "newer"])
def test_without_its_journal_it_goes_on_at_the_first_instant_after_now(how: str) -> None:
    lost = series_world()
    lost.hub.comment(1, "/run", by="owner")
    goes(lost, 23)
    assert len(lost.hub.sent) == 4
    [journal] = [each for each in lost.hub.on(1) if each.author.login == BOT]
    if how == "deleted":
        lost.hub.delete_comment(journal.id)
    elif how == "damaged":
        lost.hub.edit_comment(journal.id, journal.body.replace('"entries":[{', '"entries":[', 1))
    else:
        lost.hub.edit_comment(journal.id, journal.body.replace('"v":1', '"v":2', 1))
    goes(lost, 25)
    assert len(lost.hub.sent) == 4
    assert told(lost) == [("20", 0, "skipped")]
    assert "the series goes on at 2026-11-23T12:30:00Z" in entries(lost)[0].reason
    goes(lost, 41)
    assert told(lost)[1:] == [("30", 0, "dispatched"), ("40", 0, "dispatched")]
    assert "schedule:held" not in lost.hub.ticket(1).labels
    # What is said from then on is heard again.
    lost.hub.comment(1, "/run", by="owner")
    goes(lost, 43)
    assert len(lost.hub.sent) == 7


@pytest.mark.slow
def test_a_journal_that_can_t_be_read_stays_where_it_is_for_ever() -> None:
    lost = series_world()
    goes(lost, 1)
    lost.hub.edit_comment(1001, lost.hub.comments[1001].body.replace('"v":1', '"v":2', 1))
    forward(lost, m(1))
    for _ in range(220):
        lost.clock.sleep(600)
        lost.tick()
    # Of entries that are too old for the comment only this one is kept.
    assert [outcome for _, _, outcome in told(lost)] == ["skipped"] + ["dispatched"] * 160
    assert len(lost.hub.sent) == 220
    assert len(lost.hub.on(1)) == 2


def test_one_that_is_held_goes_on_after_a_word() -> None:
    for word, runs in (("/resolve again", 2), ("/resolve dispatched 77", 1)):
        held = world()
        open_series(held.hub, to="event: wake")
        held.tick()
        forward(held, m(10))
        held.tick(at("dispatch", _die))
        goes(held, 33)
        assert told(held)[-1] == ("10", 0, "held")
        assert "schedule:held" in held.hub.ticket(1).labels
        held.hub.comment(1, word, by="owner")
        held.tick()
        assert "schedule:held" not in held.hub.ticket(1).labels
        assert told(held)[2:] == [("10", 0, "dispatched"), ("30", 1, "dispatched")]
        assert held.count("s") == runs + 1
        assert len([each for each in held.hub.on(1) if each.author.login == BOT]) == 1
        goes(held, 41)
        assert told(held)[-1] == ("40", 0, "dispatched")


def test_one_that_github_refuses_goes_on() -> None:
    refused = series_world()
    goes(refused, 1)
    refused.hub.disabled.add("titled.yml")
    goes(refused, 11)
    refused.hub.disabled.clear()
    goes(refused, 21)
    assert [outcome for _, _, outcome in told(refused)] == ["dispatched", "discarded", "dispatched"]
    assert "a disabled workflow" in entries(refused)[1].reason
    assert "schedule:discarded" not in refused.hub.ticket(1).labels
    sound(refused, 1)


def test_one_that_breaks_a_rule_is_closed_and_says_so() -> None:
    stranger = world()
    open_series(stranger.hub, author="stranger")
    goes(stranger, 1)
    ticket = stranger.hub.ticket(1)
    assert (ticket.open, ticket.state_reason) == (False, "not_planned")
    assert "schedule:rejected" in ticket.labels
    assert "'stranger' has the role 'none'" in entries(stranger)[0].reason
    assert not stranger.hub.sent
    stranger.hub.roles["stranger"] = "write"
    stranger.hub.reopen(1)
    goes(stranger, 11)
    assert [sent.key[-9:] for sent in stranger.hub.sent] == ["12:00:00Z", "12:10:00Z"]
    assert "schedule:rejected" not in stranger.hub.ticket(1).labels


def test_the_title_follows_a_rule_that_was_changed() -> None:
    edited = series_world()
    goes(edited, 1)
    edited.hub.change(1, body=body("s", more="every: 1h\n"))
    goes(edited, 2)
    assert edited.hub.ticket(1).title == title(m(60))
    goes(edited, 61, step=5)
    assert told(edited) == [("0", 0, "dispatched"), ("60", 0, "dispatched")]


def test_a_title_of_one_s_own_is_left_alone() -> None:
    own = series_world()
    own.hub.change(1, title="Our nightly run")
    goes(own, 11)
    assert own.hub.ticket(1).title == "Our nightly run"


@pytest.mark.slow
def test_ticks_at_once_move_it_on_once() -> None:
    for turns in range(64):
        both = series_world()
        goes(both, 1)
        forward(both, m(10))
        interleave(both, [[], []], iter([turns >> bit & 1 for bit in range(6)] * 5))
        assert both.count("s") == 2
        goes(both, 11)
        assert told(both) == [("0", 0, "dispatched"), ("10", 0, "dispatched")]
        sound(both, 1)


def test_what_an_occurrence_costs(capsys: pytest.CaptureFixture[str]) -> None:
    once = world()
    once.hub.open(body("1"))
    plain = requests(once)
    many = series_world()
    first = requests(many)
    forward(many, m(11))
    due = requests(many)
    idle = requests(many)
    with capsys.disabled():
        numbers = f"{len(plain)} one-off, {len(first)} first, {len(due)} later, {len(idle)} idle"
        print(f"\nrequests of a tick: {numbers}")  # noqa: T201
    assert (len(plain), len(first), len(due), len(idle)) == (12, 15, 20, 5)
    # Who the scheduler is and what comments say, before and after; the last run; the claim's end;
    # the issue once more, right before its title is written; what became of its first run.
    extra = sorted(due)
    for call in plain:
        extra.remove(call)
    assert extra == [
        "comments", "comments", "delete_comment", "recent_comments", "recent_runs", "run", "ticket",
        "viewer",
    ]  # fmt: skip


def test_what_only_waits_costs_nothing_of_its_own() -> None:
    many = world()
    for number in range(40):
        open_series(many.hub, f"s{number}", rule="every: 1h")
    many.tick()
    many.clock.sleep(60)
    quiet = ["open_tickets", "recent_comments", "viewer", "closed_tickets"]
    assert requests(many) == [*quiet, "recent_runs"]
    for _, run in list(many.hub.runs):
        many.hub.mark(run.id, "completed", "success")
    assert requests(many) == [*quiet, "recent_runs", *["comments", "edit_comment"] * 40]
    assert requests(many) == quiet


def test_next_instants_are_told_to_whoever_wakes_the_scheduler() -> None:
    told_next = series_world()
    report = told_next.tick()
    assert report is not None
    assert report.next_due == next_instant(told_next, 1) == m(10)


def test_two_ticks_that_tell_of_one_dispatch_tell_of_it_once() -> None:
    # One sent it and stalls before it reads the journal anew; the other finds the run meanwhile.
    both = series_world()
    goes(both, 1)
    forward(both, m(10))

    def somebody_else_recovers() -> None:
        both.clock.sleep(150)
        both.tick()

    both.tick(at("dispatch", somebody_else_recovers, before=False))
    assert told(both) == [("0", 0, "dispatched"), ("10", 0, "dispatched")]
    assert both.count("s") == 2
    both.until_quiet()
    sound(both, 1)


def test_a_tick_that_stalled_wipes_out_nothing_that_was_recorded_since() -> None:
    both = series_world()
    goes(both, 1)
    forward(both, m(10))

    def others_go_on() -> None:
        goes(both, 32, step=3)

    both.tick(at("dispatch", others_go_on, before=False))
    goes(both, 36)
    assert told(both) == [(name, 0, "dispatched") for name in ("0", "10", "20", "30")]
    assert both.count("s") == 4
    both.until_quiet()
    sound(both, 1)
