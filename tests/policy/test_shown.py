"""What an issue shows of its job, by its labels, its close reason, its journal and its title."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from scheduler.job.states import State
from scheduler.journal.journal import Claim, Entry, History, Journal
from scheduler.policy.shown import Shown, shown
from scheduler.ports.values import Ticket, User
from scheduler.settings.model import Defaults, Settings

NINE = datetime(2026, 11, 23, 9, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)
ONCE = "run-at: 2026-11-23T09:00:00Z\nworkflow: run.yml\n"
EVERY = f"{ONCE}every: 1h\n"
KEY = "1@2026-11-23T09:00:00Z"
NONE = History()


def issue(head: str = ONCE, *labels: str, reason: str | None = None, comments: int = 0) -> Ticket:
    """An issue of these labels; with a close reason it is closed."""
    return Ticket(
        number=1, body=f"---\n{head}---\nm", author=User(login="a"), open=reason is None,
        state_reason=reason, labels=("schedule", *(f"schedule:{each}" for each in labels)),
        comments=comments, created_at=NINE - HOUR, updated_at=NINE - HOUR,
    )  # fmt: skip


def recorded(outcome: str, key: str = KEY, until: datetime | None = None) -> History:
    entry = Entry(key=key, attempt=1, outcome=outcome, at=NINE, until=until)
    return History(journal=Journal(id=9, entries=(entry,)))


def look(ticket: Ticket, history: History = NONE, *, read: bool = True, **defaults: Any) -> Shown:
    settings = Settings(defaults=Defaults(**defaults))
    return shown(ticket, history, settings, queue="octo/queue", read=read)


CLAIMED = History(
    claims=(Claim(id=5, key=KEY, attempt=1, nonce="n", target="t", made_at=NINE, expires_at=NINE),)
)


@pytest.mark.parametrize(
    ("ticket", "history", "state"),
    [
        (issue(), NONE, "pending"),
        (issue(), CLAIMED, "dispatching"),
        (issue(), recorded("dispatched"), "dispatched"),
        (issue(), recorded("dispatched", "1@2026-11-22T09:00:00Z"), "pending"),
        (issue(EVERY), recorded("dispatched"), "pending"),
        (issue(ONCE, "held"), NONE, "held"),
        (issue(ONCE, "paused"), CLAIMED, "paused"),
        (issue(ONCE, "held", "paused"), NONE, "held"),
        (issue("nope: 1\n"), NONE, "invalid"),
        (issue("nope: 1\n", "held"), NONE, "invalid"),
        (issue(reason="completed"), NONE, "cancelled"),
        (issue(reason="not_planned"), NONE, "cancelled"),
        (issue(ONCE, "missed", reason="not_planned"), NONE, "missed"),
        (issue(ONCE, "held", reason="not_planned"), NONE, "cancelled"),
        (issue("nope: 1\n", "invalid", reason="not_planned"), NONE, "cancelled"),
        (issue(reason="completed"), recorded("dispatched"), "dispatched"),
    ],
)
def test_the_state_of_an_issue(ticket: Ticket, history: History, state: str) -> None:
    assert look(ticket, history).state is State(state)


@pytest.mark.parametrize(
    ("comments", "reason", "state"),
    [
        (1, "completed", "dispatched"),
        (0, "completed", "cancelled"),
        (1, "not_planned", "cancelled"),
    ],
)
def test_without_its_comments_the_close_reason_tells(
    comments: int, reason: str, state: str
) -> None:
    ticket = issue(reason=reason, comments=comments)
    assert look(ticket, read=False).state is State(state)


def test_a_text_that_is_no_job_says_why() -> None:
    found = look(issue("nope: 1\n"))
    assert (found.job, found.run_at) == (None, None)
    assert found.problem.startswith("front matter: 'nope'")


@pytest.mark.parametrize(
    ("ticket", "history", "run_at"),
    [
        (issue(), NONE, NINE),
        (issue(reason="completed"), NONE, NINE),
        (issue(), recorded("pending", until=NINE + HOUR), NINE + HOUR),
        (issue(EVERY), NONE, NINE),
        (replace(issue(EVERY), updated_at=NINE), recorded("dispatched"), NINE + HOUR),
        (replace(issue(EVERY), title="⏰ run.yml at 2026-11-23T11:00:00Z"), NONE, NINE + 2 * HOUR),
    ],
)
def test_when_it_runs_next(ticket: Ticket, history: History, run_at: datetime) -> None:
    assert look(ticket, history).run_at == run_at


def test_the_title_tells_of_a_job_that_was_put_off_without_its_comments() -> None:
    title = "⏰ run.yml at 2026-11-23T11:00:00Z: m"
    for comments, read, run_at in ((1, False, NINE + 2 * HOUR), (0, False, NINE), (1, True, NINE)):
        ticket = replace(issue(comments=comments), title=title)
        assert look(ticket, read=read).run_at == run_at


def test_what_the_text_does_not_say_the_settings_do() -> None:
    daily = issue('run-at: 2026-11-23T00:00:00Z\ncron: "30 9 * * *"\n')
    found = look(daily, workflow="run.yml", timezone="Europe/Berlin")
    assert found.run_at == NINE - HOUR / 2
    assert (found.job and found.job.workflow) == "run.yml"
    assert (found.said and found.said.workflow) is None


def test_what_nothing_says_is_a_fault_of_what_waits_and_not_of_what_has_ended() -> None:
    head = "run-at: 2026-11-23T09:00:00Z\n"
    found = look(issue(head))
    assert found.state is State.INVALID
    assert found.problem.startswith("workflow: is missing")
    assert look(issue(head, reason="completed"), recorded("dispatched")).run_at == NINE


def ran(conclusion: str, key: str = KEY, **more: Any) -> Entry:
    return Entry(key=key, attempt=1, outcome="dispatched", at=NINE, conclusion=conclusion, **more)


TRIED = f"{ONCE}retries: 2\n"
AGAIN = ran("failure", again=f"{KEY}~2", again_at=NINE + HOUR)


@pytest.mark.parametrize(
    ("ticket", "entries", "state", "hours"),
    [
        (issue(TRIED), (ran(""),), "running", 0),
        (issue(ONCE), (ran(""),), "dispatched", 0),
        (issue(TRIED), (AGAIN,), "retrying", 1),
        (issue(TRIED, "paused"), (AGAIN,), "paused", 1),
        (issue(TRIED), (AGAIN, ran("", f"{KEY}~2")), "running", 0),
        (issue(TRIED, reason="completed"), (AGAIN, ran("success", f"{KEY}~2")), "dispatched", 0),
        (issue(TRIED, reason="not_planned"), (AGAIN, ran("failure", f"{KEY}~2")), "failed", 0),
        # Somebody has opened it again.
        (issue(ONCE, "failed"), (ran("failure"),), "retrying", 0),
        (issue(EVERY + "retries: 1\n"), (AGAIN,), "retrying", 1),
        (issue(EVERY + "retries: 1\n"), (ran(""),), "pending", 0),
    ],
)
def test_a_job_whose_run_may_be_tried_again(
    ticket: Ticket, entries: tuple[Entry, ...], state: str, hours: int
) -> None:
    found = look(ticket, History(journal=Journal(id=9, entries=entries)))
    assert found.state is State(state)
    if state in ("running", "retrying", "paused") and not (found.job and found.job.recurring):
        assert found.run_at == NINE + hours * HOUR
