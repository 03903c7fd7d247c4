"""What is told of a job that was opened, moved or found."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from scheduler.commands.answer import Created, shown_in, stop_lines
from scheduler.commands.nudge import Nudged
from scheduler.job.model import Job
from scheduler.job.states import State
from scheduler.ports.values import Ticket, User
from scheduler.settings.model import Defaults, Settings

NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
JOB = Job(run_at=NOON + timedelta(hours=2), workflow="run.yml", request_id="r")
ISSUE = Ticket(number=7, author=User(login="a"), url="U", created_at=NOON, updated_at=NOON)
RUNS = "runs run.yml at 2026-11-23T14:00:00Z (Monday, in 2h)"


def made(**more: Any) -> Created:
    return Created(**{"ticket": ISSUE, "job": JOB, "created": False, "now": NOON, **more})


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"created": True}, f"#7 {RUNS}\nU"),
        (
            {"created": True, "nudged": Nudged(sent=True, reason="at once")},
            f"#7 {RUNS}\nU\nat once",
        ),
        ({"moved": True}, f"#7 now {RUNS}"),
        ({"moved": True, "notes": ("n",)}, f"#7 now {RUNS}\nn"),
        ({}, f"#7 stood there already: it {RUNS}\nU"),
        ({"replaced": True}, f"#7 stood there already and was changed: it {RUNS}\nU"),
        ({"state": State.HELD}, "#7 stood there already: it is on hold\nU"),
        ({"state": State.MISSED}, "#7 stood there already: it was missed\nU"),
        ({"state": State.INVALID}, "#7 stood there already: it can't be read\nU"),
    ],
)
def test_what_a_person_is_told(more: dict[str, Any], text: str) -> None:
    assert made(**more).text() == text


def test_the_clocks_of_a_zone_are_told_where_they_say_more() -> None:
    (_, there, _) = made(zone="Europe/Berlin").text().splitlines()
    assert there == "that is Monday 2026-11-23 15:00 Europe/Berlin (+01:00)"
    assert len(made(zone="UTC").text().splitlines()) == 2


def test_what_a_program_is_told() -> None:
    told = made(created=True, zone="Europe/Berlin").as_json()
    assert (told["id"], told["status"], told["run_at"]) == (7, "pending", "2026-11-23T14:00:00Z")
    assert (told["url"], told["request_id"]) == ("U", "r")
    assert (told["nudged"], told["expect"]) == (None, None)
    assert made(nudged=Nudged(sent=False, reason="why")).as_json()["expect"] == "why"


@pytest.mark.parametrize(
    ("state", "word"), [(State.PAUSED, "resume"), (State.HELD, "resolve"), (State.PENDING, None)]
)
def test_what_ends_that_a_job_stands_still(state: State, word: str | None) -> None:
    lines = stop_lines(state, 7)
    assert [line for line in lines if f"'schedule {word} 7'" in line] == lines
    assert bool(lines) == (word is not None)


def test_a_job_s_own_zone_goes_before_that_of_the_settings() -> None:
    settings = Settings(defaults=Defaults(timezone="Asia/Tokyo"))
    assert shown_in(JOB, settings) == "Asia/Tokyo"
    assert shown_in(Job(run_at=NOON, timezone="UTC"), settings) == "UTC"
    assert shown_in(JOB, Settings()) is None
