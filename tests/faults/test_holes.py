"""Holes that the protocol could have, one test for each: what must not come of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from scheduler.journal.comments import claim_comment
from scheduler.journal.journal import Claim
from scheduler.policy.recovery import Found, Unclear, match
from scheduler.ports.values import Run
from scheduler.settings.model import Limits, Scheduler, Settings
from tests.faults.world import Fault, World, body, faulty, interleave, world
from tests.support.fakes import BOT, NOON, Crash, MemoryQueue, Through

NONE = Settings(limits=Limits(recover_after=timedelta(0), backoff=timedelta(0)))


def at(name: str, do: Callable[[], object], *, before: bool = True) -> Through:
    """Have somebody ``do`` something at the first request called ``name``."""
    met: list[int] = []

    def through(index: int, called: str, act: Callable[[], object]) -> object:
        hit = called == name and not met
        if hit:
            met.append(index)
        if hit and before:
            do()
        answer = act()
        if hit and not before:
            do()
        return answer

    return through


def one(settings: Settings | None = None, to: str = "workflow: titled.yml") -> World:
    made = world(settings=settings)
    made.hub.open(body("1", to=to))
    return made


def test_a_claimant_that_wakes_late_does_not_delete_the_journal() -> None:
    # It finds its claim too old and deletes it: nobody may have made it the journal.
    late = one()

    def somebody_else_recovers() -> None:
        late.clock.sleep(150)
        late.tick()
        assert late.count("1") == 1

    late.tick(at("ticket", somebody_else_recovers))
    assert late.audit(1, "1") == "dispatched"
    late.hub.reopen(1)
    late.until_quiet()
    assert late.audit(1, "1") == "dispatched"


@pytest.mark.parametrize("step", [True, False])
def test_a_claim_that_has_grown_old_is_withdrawn(step: bool) -> None:
    # By either clock: a machine that was suspended, or whose wall clock was set.
    late = one()
    wait = late.clock.step if step else late.clock.sleep
    late.tick(at("ticket", lambda: wait(30), before=False))
    assert late.count("1") == 0
    assert not late.hub.comments
    good = one()
    good.tick(at("ticket", lambda: good.clock.sleep(29), before=False))
    assert good.audit(1, "1") == "dispatched"


def test_a_held_job_keeps_its_record_when_the_claimant_wakes_late() -> None:
    late = one(to="event: wake")

    def somebody_else_holds() -> None:
        late.clock.sleep(150)
        late.tick()

    late.tick(at("ticket", somebody_else_holds))
    late.until_quiet()
    assert late.audit(1, "1", may_hold=True) == "held"
    assert late.count("1") == 0


def test_two_claims_left_standing_are_both_asked_about() -> None:
    # Each tick without a known login claims before it can read the records.
    blind = world(graphql=False)
    blind.hub.open(body("1"))
    blind.tick(at("dispatch", _die, before=False))
    assert blind.count("1") == 1
    blind.clock.sleep(150)
    blind.tick(at("add_comment", _die, before=False))
    assert len(blind.history(1).standing) == 2
    blind.until_quiet()
    assert blind.audit(1, "1") == "dispatched"


def _die() -> None:
    raise Crash


def test_a_hold_for_a_forgery_does_not_call_a_claim_unstarted() -> None:
    held = one()
    held.tick(at("dispatch", _die, before=False))
    claim = held.history(1).claims[0]
    forged = replace(claim, nonce="forged")
    comment = held.hub.comment(1, claim_comment(forged), by="owner")
    held.until_quiet()
    assert held.audit(1, "1", may_hold=True) == "held"
    assert "owner" in held.history(1).journal.entries[-1].reason
    assert [entry.outcome for entry in held.history(1).journal.entries] == ["held"]
    assert held.history(1).standing == (claim,)
    # Not even on a person's word is it dispatched again before GitHub was asked.
    held.hub.delete_comment(comment.id)
    held.hub.comment(1, "/resolve again", by="owner")
    held.until_quiet()
    assert held.audit(1, "1") == "dispatched"


def test_two_recoveries_at_once() -> None:
    for turns in range(64):
        both = one()
        both.tick(at("dispatch", _die))
        both.clock.sleep(150)
        order = iter([turns >> bit & 1 for bit in range(6) for _ in range(1 + turns % 5)])
        interleave(both, [[], []], order)
        both.until_quiet()
        assert both.audit(1, "1") == "dispatched"


def test_ticks_with_two_logins_do_not_dispatch_twice() -> None:
    # A person's token beside the workflow's own: neither knows the other's claims for its own.
    for turns in range(64):
        both = one()
        order = iter([turns >> bit & 1 for bit in range(6) for _ in range(1 + turns % 7)])
        interleave(both, [[], []], order, logins=[BOT, "owner"])
        assert both.count("1") <= 1
        both.tick()
        both.tick(login="owner")
        assert both.count("1") <= 1


def test_a_token_that_is_not_the_named_scheduler_dispatches_nothing() -> None:
    named = one(Settings(scheduler=Scheduler(login=BOT)))
    report = named.tick(login="owner")
    assert named.count("1") == 0
    assert report is not None
    assert "scheduler.login" in report.stopped
    assert not named.hub.comments
    named.until_quiet()
    assert named.audit(1, "1") == "dispatched"


def test_a_run_of_this_tick_is_not_taken_for_that_of_another_claim() -> None:
    # Both in one pass, with one processor's recover-after of 0s.
    two = world(settings=NONE)
    two.hub.open(body("1", to="workflow: plain.yml"))
    second = two.hub.open(body("2", to="workflow: plain.yml"))
    two.hub.close(1)
    two.tick(at("dispatch", _die))
    assert two.count("2") == 0
    two.hub.reopen(1)
    two.clock.sleep(2)
    two.until_quiet()
    assert two.audit(1, "1") == "dispatched"
    assert two.audit(second, "2", may_hold=True) in ("dispatched", "held")


def test_a_claim_that_was_to_end_a_job_is_never_unclear() -> None:
    late = world()
    late.hub.open(body("1", to="event: wake", more="deadline: 1s\n"))
    late.tick(at("add_comment", _die, before=False))
    late.until_quiet()
    assert late.history(1).journal.entries[-1].outcome == "missed"
    assert "schedule:missed" in late.hub.ticket(1).labels


def test_a_missed_job_that_was_reopened_runs_although_an_answer_is_lost() -> None:
    late = world()
    late.hub.open(body("1", more="deadline: 1s\n"))
    late.until_quiet()
    assert late.history(1).journal.entries[-1].outcome == "missed"
    late.hub.reopen(1)
    late.tick(at("dispatch", _die))
    late.until_quiet()
    assert late.audit(1, "1") == "dispatched"


def test_an_edit_of_the_instant_while_a_claim_stands() -> None:
    moved = one()
    moved.tick(at("dispatch", _die, before=False))
    moved.hub.change(1, body=body("1", run_at=NOON + timedelta(minutes=10)))
    moved.clock.sleep(600)
    moved.until_quiet()
    keys = [sent.request.inputs["schedule_id"] for sent in moved.hub.sent]
    assert keys == ["1@2026-11-23T12:00:00Z", "1@2026-11-23T12:10:00Z"]
    outcomes = [(e.key, e.outcome) for e in moved.history(1).journal.entries]
    assert outcomes == [(key, "dispatched") for key in keys]


@pytest.mark.parametrize("word", ["dispatched 7", "again"])
def test_a_job_that_is_moved_while_it_is_on_hold_runs_then(word: str) -> None:
    made = one(to="event: wake")
    made.tick(at("dispatch", _die, before=False))
    made.until_quiet()
    assert "schedule:held" in made.hub.ticket(1).labels
    later = (made.clock.true + timedelta(hours=1)).replace(microsecond=0)
    made.hub.change(1, body=body("1", to="event: wake", run_at=later))
    made.until_quiet()
    assert "schedule:held" in made.hub.ticket(1).labels
    made.hub.comment(1, f"/resolve {word}", by="owner")
    made.until_quiet()
    assert (made.count("1"), made.hub.ticket(1).open) == (1, True)
    assert made.hub.ticket(1).labels == ("schedule",)
    assert not made.history(1).claims
    made.clock.sleep(3600)
    made.until_quiet()
    assert made.count("1") == 2
    assert made.hub.sent[-1].at >= later
    assert made.hub.sent[-1].key == f"1@{later:%Y-%m-%dT%H:%M:%SZ}"
    assert not made.hub.ticket(1).open


@pytest.mark.parametrize("time", [1, 2])
def test_closed_or_unlabelled_before_the_claim_is_read_again(time: int) -> None:
    for change in (
        {"open": False, "closed_at": NOON, "closed_by": "owner"},
        {"labels": ()},
        {"locked": True},
    ):
        stopped = one()
        name = ("add_comment", "comments")[time - 1]
        stopped.tick(at(name, lambda s=stopped, c=change: s.hub.change(1, **c)))  # type: ignore[misc]
        assert stopped.count("1") == 0
        assert not stopped.history(1).claims


def test_the_journal_of_a_cancelled_job_says_that_it_had_started() -> None:
    for by in ("owner", BOT):
        cancelled = one()
        cancelled.tick(at("dispatch", _die, before=False))
        cancelled.hub.close(1, by=by, reason="not_planned")
        cancelled.clock.sleep(150)
        cancelled.tick()
        entry = cancelled.history(1).journal.entries[-1]
        assert (entry.outcome, cancelled.count("1")) == ("dispatched", 1)
        assert not cancelled.history(1).claims


def test_a_lost_close_is_made_up_for() -> None:
    for kind in ("crash-before", "drop-before"):
        left = one()
        queue = MemoryQueue(left.hub)
        left.tick(queue=queue)
        index = queue.calls.index("set_state") + 1
        left = one()
        left.tick(faulty(left.clock, Fault(index, kind)))
        assert left.hub.ticket(1).open
        left.tick()
        assert left.audit(1, "1") == "dispatched"


def test_a_word_counts_once() -> None:
    held = one(to="event: wake")
    held.tick(at("dispatch", _die))
    held.until_quiet()
    assert held.audit(1, "1", may_hold=True) == "held"
    held.hub.comment(1, "/resolve again", by="agent")
    held.tick(at("dispatch", _die, before=False))
    held.until_quiet()
    assert held.audit(1, "1", may_hold=True) == "held"
    held.hub.comment(1, "/resolve dispatched 77", by="agent")
    held.until_quiet()
    entry = held.history(1).journal.entries[-1]
    assert (entry.outcome, entry.run_id, entry.matched) == ("dispatched", 77, "the word of agent")
    assert entry.target.startswith("octo/queue wake")
    assert entry.run_url.endswith("/octo/queue/actions/runs/77")
    assert not held.hub.ticket(1).open
    assert held.count("1") == 1


def test_a_title_with_several_keys_proves_nothing() -> None:
    claim = Claim(
        id=1, key="7@2026-11-23T12:00:00Z", attempt=1, nonce="n", target="o/r w.yml@main",
        made_at=NOON, expires_at=NOON, created_at=NOON,
    )  # fmt: skip
    run = Run(id=5, title=f"after 42@2026-11-23T12:00:00Z [{claim.key}]", created_at=NOON)
    assert isinstance(match(claim, [run], login=BOT), Unclear)
    other = replace(claim, key="42@2026-11-23T12:00:00Z")
    assert isinstance(match(other, [run], login=BOT), Unclear)
    assert isinstance(match(claim, [replace(run, title=claim.key)], login=BOT), Found)


def test_a_stranger_has_no_word() -> None:
    held = one(to="event: wake")
    held.tick(at("dispatch", _die))
    held.until_quiet()
    held.hub.comment(1, "/resolve again", by="stranger")
    held.until_quiet()
    assert held.audit(1, "1", may_hold=True) == "held"
    assert held.count("1") == 0


@pytest.mark.parametrize("started", [1, 2])
@pytest.mark.parametrize("apart", [0, 5, 60])
@pytest.mark.parametrize("comment_list", [True, False])
def test_two_claims_that_may_have_started_the_same_run(
    started: int, apart: int, comment_list: bool
) -> None:
    two = world()
    two.hub.comment_list = comment_list
    for number in (1, 2):
        two.hub.open(body(str(number), to="workflow: plain.yml"))
    two.tick(at("dispatch", _die, before=started != 1))
    two.clock.sleep(apart)
    two.tick(at("dispatch", _die, before=started != 2))
    assert (two.count("1"), two.count("2")) == (int(started == 1), int(started == 2))
    two.until_quiet()
    outcomes = [two.audit(number, str(number), may_hold=True) for number in (1, 2)]
    if apart < 30:
        # The second claim knew the first one's run when there was one.
        assert outcomes == (["held", "held"] if started == 2 else ["held", "dispatched"])
        assert "may be its run or that of" in two.history(1).journal.entries[-1].reason
