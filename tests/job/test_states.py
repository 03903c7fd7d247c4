from __future__ import annotations

import pytest

from scheduler.job.states import (
    CARRIED_OUT,
    LABELLED,
    NOT_CARRIED_OUT,
    STATES,
    TERMINAL,
    TRANSITIONS,
    Event,
    State,
    chart,
    state_label,
)
from scheduler.policy.decide import OBEYED

#: The states that a label shows, whoever puts it there.
SHOWN = LABELLED | {State.PAUSED, State.APPROVAL}
WAYS = [(state, event, to) for state, ways in TRANSITIONS.items() for event, to in ways.items()]


def test_the_states() -> None:
    assert {state.value for state in State} == {
        "pending", "dispatching", "dispatched", "cancelled", "missed", "rejected", "discarded",
        "invalid", "held", "paused", "skipped", "failed", "running", "retrying",
        "waiting for approval",
    }  # fmt: skip


def test_every_state_is_explained_and_has_its_ways() -> None:
    assert set(STATES) == set(TRANSITIONS) == set(State)
    for meaning in STATES.values():
        assert all(text.strip() for text in vars(meaning).values())


def test_every_state_is_reached_from_pending() -> None:
    reached, found = set[State](), {State.PENDING}
    while found:
        state = found.pop()
        reached.add(state)
        found |= set(TRANSITIONS[state].values()) - reached
    assert reached == set(State)


@pytest.mark.parametrize("state", State)
def test_every_state_has_a_way_out(state: State) -> None:
    assert TRANSITIONS[state]
    assert state not in TRANSITIONS[state].values()


def test_every_event_is_used() -> None:
    assert {event for _, event, _ in WAYS} == set(Event)


def test_what_ended_comes_back_only_by_a_person() -> None:
    for state in TERMINAL - {State.DISPATCHED, State.FAILED}:
        assert TRANSITIONS[state] == {Event.REOPENED: State.PENDING}
    assert TRANSITIONS[State.FAILED] == {Event.REOPENED: State.RETRYING}
    assert not any(event is Event.REOPENED for state, event, _ in WAYS if state not in TERMINAL)


def test_a_person_can_close_whatever_is_open() -> None:
    for state in set(State) - TERMINAL:
        assert TRANSITIONS[state][Event.CLOSED] is State.CANCELLED


def test_only_what_was_claimed_can_have_been_dispatched() -> None:
    before = {state for state, _, to in WAYS if to is State.DISPATCHED}
    assert before == {State.DISPATCHING, State.HELD, State.RUNNING}
    claimed = {state for state, _, to in WAYS if to is State.DISPATCHING}
    assert claimed == {State.PENDING, State.RETRYING}
    failed = {state for state, _, to in WAYS if to is State.FAILED}
    assert failed == {State.DISPATCHED, State.RUNNING, State.RETRYING}
    assert {state for state, _, to in WAYS if to is State.RUNNING} == {State.DISPATCHING}
    assert TRANSITIONS[State.DISPATCHED] == {Event.RUN_FAILED: State.FAILED}


def test_the_labels_and_the_issue_agree() -> None:
    for state, meaning in STATES.items():
        assert meaning.issue.startswith("closed") == (state in TERMINAL)
        assert (f"`{state_label('schedule', state)}`" in meaning.issue) == (state in SHOWN)
    ends = {State.MISSED, State.REJECTED, State.DISCARDED, State.SKIPPED, State.FAILED}
    assert ends == LABELLED & TERMINAL
    assert state_label("later", State.HELD) == "later:held"
    assert state_label("later", State.APPROVAL) == "later:approve"


def test_the_chart_shows_each_way_and_each_end() -> None:
    lines = chart().splitlines()
    assert lines[0] == "stateDiagram-v2"
    assert lines[1] == '    state "waiting for approval" as waiting_for_approval'
    assert "    [*] --> pending: schedule" in lines
    name = {state: state.value.replace(" ", "_") for state in State}
    for state, event, to in WAYS:
        assert f"    {name[state]} --> {name[to]}: {event.value}" in lines
    for state in TERMINAL:
        assert f"    {state.value} --> [*]" in lines
    assert len(lines) == 3 + len(WAYS) + len(TERMINAL)


def test_a_command_is_carried_out_or_it_is_not() -> None:
    assert {*OBEYED.values()} < CARRIED_OUT
    assert not CARRIED_OUT & NOT_CARRIED_OUT
    # One that was passed over was no command any more, and what a run came to is none's end.
    assert {State.SKIPPED, State.FAILED} == TERMINAL - CARRIED_OUT - NOT_CARRIED_OUT
