"""The job that a text asks for, with what the settings say where it says nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from scheduler.errors import InvalidJob
from scheduler.job.model import Job
from scheduler.policy.job_text import job_of, readable, reading, waiting, with_defaults
from scheduler.ports.values import Ticket, User
from scheduler.settings.model import Defaults, Settings

NINE = datetime(2026, 11, 23, 9, tzinfo=timezone.utc)
TEXT = "---\nrun-at: 2026-11-23T09:00:00Z\nworkflow: run.yml\n---\nm"
DEFAULTS = Defaults(
    workflow="run.yml", timezone="Asia/Tokyo", deadline=timedelta(hours=6), max_attempts=3
)
FILLED: dict[str, Any] = {
    "workflow": "run.yml", "timezone": "Asia/Tokyo", "deadline": timedelta(hours=6),
    "max_attempts": 3,
}  # fmt: skip
SAID: dict[str, Any] = {
    "workflow": "own.yml", "timezone": "UTC", "deadline": timedelta(0), "max_attempts": 9,
}  # fmt: skip


def filled(defaults: Defaults = DEFAULTS, **said: Any) -> Job:
    job = Job(run_at=NINE, **said)
    return with_defaults(job, Settings(defaults=defaults), queue="octo/queue")


def test_what_a_job_does_not_say_the_settings_say() -> None:
    assert filled() == Job(run_at=NINE, **FILLED)
    assert filled(**SAID) == Job(run_at=NINE, **SAID)
    for name, value in SAID.items():
        assert filled(**{name: value}) == Job(run_at=NINE, **{**FILLED, name: value})


def test_an_event_takes_no_workflow_from_the_settings() -> None:
    assert (filled(event="wake").event, filled(event="wake").workflow) == ("wake", None)


@pytest.mark.parametrize(
    ("said", "field"),
    [({}, "workflow: "), ({"workflow": "a.yml", "every": timedelta(seconds=9)}, "every: ")],
)
def test_what_is_no_job_even_so_is_refused(said: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidJob, match=f"^{field}"):
        filled(Defaults(), **said)


def test_a_text_is_a_job_or_none() -> None:
    assert readable(TEXT, timezone=None) == job_of(TEXT, timezone=None)
    assert readable("hello", timezone=None) is None


def test_a_local_time_is_that_of_the_settings_zone() -> None:
    local = TEXT.replace("09:00:00Z", "18:00:00")
    assert readable(local, timezone=None) is None
    assert job_of(local, timezone="Asia/Tokyo").run_at == NINE


def test_an_issue_waits_for_its_job_s_instant() -> None:
    ticket = Ticket(
        number=1, body=TEXT, author=User(login="a"), created_at=NINE, updated_at=NINE
    )  # fmt: skip
    read, waits_for = waiting(ticket, Settings(), queue="octo/queue")
    assert (read.said, waits_for) == (job_of(TEXT, timezone=None), NINE)
    assert read == reading(ticket, Settings(), queue="octo/queue")
    assert read.job.max_attempts == Settings().defaults.max_attempts


def test_a_job_waits_for_no_job_of_another_queue_and_not_for_itself() -> None:
    for line in ("when: succeeded(#42)", "unless: failed(octo/other#7)"):
        ticket = Ticket(
            number=42, body=TEXT.replace("---\nm", f"{line}\n---\nm"), author=User(login="a"),
            created_at=NINE, updated_at=NINE,
        )  # fmt: skip
        with pytest.raises(InvalidJob, match=rf"^{line.partition(' ')[0]}"):
            reading(ticket, Settings(), queue="octo/queue")
        # What has ended is still shown.
        closed = reading(replace(ticket, open=False), Settings(), queue="octo/queue")
        assert closed.job == closed.said
