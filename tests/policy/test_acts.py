"""The acts on an issue that let its job run, and who did the contrary of a command."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from scheduler.journal.slash import Command
from scheduler.policy.acts import (
    Kind,
    beginnings,
    labelled,
    last_by_others,
    overtaken,
    reopened_at,
)
from scheduler.ports.values import Event, Ticket, User

NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
BOT = "github-actions[bot]"
LABEL, PAUSED, HELD = "schedule", "schedule:paused", "schedule:held"


def events(*told: str) -> list[Event]:
    """Events a minute apart: ``event``, ``event:LABEL``, each perhaps ``/LOGIN`` at its end."""
    found = []
    for minute, each in enumerate(told):
        what, _, login = each.partition("/")
        event, _, label = what.partition("=")
        actor = User(login=login or "ann")
        found.append(
            Event(event=event, at=NOON + timedelta(minutes=minute), actor=actor, label=label)
        )
    return found


ON, OFF = f"labeled={LABEL}", f"unlabeled={LABEL}"
PAUSE, RESUME = f"labeled={PAUSED}", f"unlabeled={PAUSED}"
HOLD, LET_GO = f"labeled={HELD}", f"unlabeled={HELD}"


@pytest.mark.parametrize(
    ("told", "kinds"),
    [
        ([], []),
        ([ON], [Kind.LABELLED]),
        (["labeled=Schedule"], [Kind.LABELLED]),
        (["labeled=bug"], []),
        ([ON, OFF, ON], [Kind.LABELLED]),
        ([ON, "locked", "unlocked"], [Kind.LABELLED, Kind.UNLOCKED]),
        ([ON, "unlocked", "locked"], [Kind.LABELLED]),
        ([ON, PAUSE], [Kind.LABELLED]),
        ([ON, PAUSE, RESUME], [Kind.LABELLED, Kind.RESUMED]),
        ([ON, PAUSE, RESUME, PAUSE], [Kind.LABELLED]),
        ([ON, HOLD, LET_GO], [Kind.LABELLED, Kind.LET_GO]),
        # Whoever reopens it answers for all that was so when it was closed.
        ([ON, PAUSE, RESUME, "closed", "reopened"], [Kind.REOPENED]),
        ([ON, "closed", RESUME, "reopened"], [Kind.REOPENED, Kind.RESUMED]),
        ([ON, "closed", "reopened", PAUSE, RESUME], [Kind.REOPENED, Kind.RESUMED]),
        (["closed", "reopened", ON], [Kind.REOPENED, Kind.LABELLED]),
    ],
)
def test_what_lets_a_job_run(told: list[str], kinds: list[Kind]) -> None:
    assert [each.kind for each in beginnings(events(*told), label=LABEL)] == kinds


def test_a_beginning_names_who_and_what_it_ended() -> None:
    first, second = beginnings(events(f"{ON}/ann", f"{PAUSE}/bob", f"{RESUME}/cy"), label=LABEL)
    assert (first.event.actor, first.since) == (User(login="ann"), None)
    assert second.event.actor == User(login="cy")
    assert second.since is not None
    assert second.since.actor == User(login="bob")


def test_when_it_was_reopened_last() -> None:
    assert reopened_at(events("closed")) is None
    assert reopened_at(events("reopened", "closed", "reopened", ON)) == NOON + timedelta(minutes=2)


def test_who_labelled_it_last() -> None:
    found = labelled(events(f"{ON}/ann", OFF, f"{ON}/bob", "labeled=bug/cy"), label="Schedule")
    assert found is not None
    assert found.actor == User(login="bob")
    assert labelled(events("labeled=bug"), label=LABEL) is None


def said(name: str, minute: float) -> Command:
    return Command(comment_id=1, by="ann", name=name, said_at=NOON + timedelta(minutes=minute))


def ticket(*labels: str, is_open: bool = True) -> Ticket:
    return Ticket(
        number=1, author=User(login="ann"), open=is_open, labels=(LABEL, *labels), created_at=NOON,
        updated_at=NOON,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("command", "told", "now", "words"),
    [
        (said("run", -1), [f"{PAUSE}/bob"], ticket(PAUSED), "'bob' paused it after that"),
        (said("resume", -1), [f"{PAUSE}/bob"], ticket(PAUSED), "'bob' paused it after that"),
        (said("pause", 0), [PAUSE, f"{RESUME}/bob"], ticket(), "'bob' resumed it after that"),
        (said("cancel", 0), ["closed", "reopened/bob"], ticket(), "'bob' reopened it after that"),
        # In the same second, or before it, the command counts.
        (said("run", 0), [PAUSE], ticket(PAUSED), None),
        (said("run", 1), [PAUSE], ticket(PAUSED), None),
        # What does not stand any more overtakes nothing.
        (said("run", -1), [PAUSE, RESUME], ticket(), None),
        (said("cancel", -1), ["reopened", "closed"], ticket(is_open=False), None),
        # Nor does what the scheduler did itself, nor any command without a contrary.
        (said("run", -1), [f"{PAUSE}/{BOT}"], ticket(PAUSED), None),
        (said("snooze", -1), [PAUSE], ticket(PAUSED), None),
    ],
)
def test_what_was_done_after_a_command_goes_before_it(
    command: Command, told: list[str], now: Ticket, words: str | None
) -> None:
    assert overtaken(command, events(*told), now, label=LABEL, login=BOT.upper()) == words


def test_an_account_that_is_gone_is_somebody() -> None:
    (act,) = events(PAUSE)
    gone = Event(event=act.event, at=act.at, actor=None, label=act.label)
    words = overtaken(said("run", -1), [gone], ticket(PAUSED), label=LABEL, login=BOT)
    assert words == "somebody paused it after that"
    assert last_by_others([gone], "labeled", PAUSED, login=BOT) == gone
    assert last_by_others(events(f"{PAUSE}/{BOT}"), "labeled", PAUSED, login=BOT) is None
