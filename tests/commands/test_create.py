"""The issue of a job: its title, and how it is rehearsed."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from scheduler.commands.create import MAX_TITLE, Rehearsed, title
from scheduler.job.frontmatter import parse
from scheduler.job.model import Job
from scheduler.policy.series import titled

NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("message", "tail"),
    [
        ("", ""), ("Check it", ": Check it"), ("\n\n first \nsecond", ": first"),
        ("a\x1b[2Jb", ": a [2Jb"), ("a\u202eb", ": a b"),
    ],
)  # fmt: skip
def test_the_title_is_the_target_the_instant_and_the_first_line(message: str, tail: str) -> None:
    found = title(Job(run_at=NOON, workflow="run.yml", message=message))
    assert found == f"⏰ run.yml at 2026-11-23T12:00:00Z{tail}"
    assert titled(found) == NOON


def test_a_long_title_is_cut_where_github_would_refuse_it() -> None:
    found = title(Job(run_at=NOON, event="wake", message="x" * 999))
    assert len(found) == MAX_TITLE
    assert found.endswith("x…")


def test_a_rehearsal_shows_the_issue_that_would_be_opened() -> None:
    job = Job(run_at=NOON, workflow="run.yml", message="m")
    shown = Rehearsed(job=job, now=NOON - timedelta(hours=1), label="schedule", zone=None)
    told = shown.as_json()
    assert (told["title"], told["labels"], told["in"]) == (title(job), ["schedule"], "in 1h")
    assert parse(told["body"]) == job
    assert shown.text() == "\n".join(
        [title(job), "at 2026-11-23T12:00:00Z (Monday, in 1h)", "label: schedule", "", told["body"]]
    )
