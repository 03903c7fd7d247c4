from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from scheduler.job.model import Job
from scheduler.journal.journal import Entry, History
from scheduler.ports.values import Target, Ticket, User
from scheduler.tick.followed import FIRST_LOOK, FRESH, LONGEST_PAUSE, Followed, Following
from tests.support.fakes import NOON

TICKET = Ticket(number=42, author=User(login="agent"), created_at=NOON, updated_at=NOON)
SENT = Entry(
    key="42@2026-11-23T12:00:00Z", attempt=1, outcome="dispatched", at=NOON,
    target="octo/queue run.yml@main",
)  # fmt: skip
JOB = Job(run_at=NOON, workflow="other.yml", repo="octo/other", ref="next")
ONE = Followed(ticket=TICKET, entry=SENT, job=JOB)


@pytest.mark.parametrize(
    ("target", "job", "expected"),
    [
        ("octo/queue run.yml@main", JOB, Target(repo="octo/queue", ref="main", workflow="run.yml")),
        ("", JOB, Target(repo="octo/other", ref="next", workflow="other.yml")),
        (
            "octo/queue run.yml", replace(JOB, repo=None),
            Target(repo="octo/queue", ref="next", workflow="other.yml"),
        ),
        (
            "octo/queue wake", Job(run_at=NOON, event="wake"),
            Target(repo="octo/queue", ref="", event="wake"),
        ),
        ("octo/there wake", None, Target(repo="octo/there", ref="", event="wake")),
        ("", None, Target(repo="octo/queue", ref="")),
    ],
)  # fmt: skip
def test_where_a_dispatch_was_sent(target: str, job: Job | None, expected: Target) -> None:
    found = replace(ONE, entry=replace(SENT, target=target), job=job)
    assert found.target("octo/queue") == expected


def test_the_first_look_comes_soon_and_each_pause_is_twice_as_long_up_to_a_polls() -> None:
    following = Following()
    assert following.next_look is None
    following.begin(ONE, History(), now=NOON, steady=0.0)
    now, pauses = NOON, list[timedelta]()
    for _ in range(5):
        assert following.next_look is not None
        pauses.append(following.next_look - now)
        now = following.next_look
        following.looked(now, longest=timedelta(0))
    assert pauses == [FIRST_LOOK, FIRST_LOOK * 2, LONGEST_PAUSE, LONGEST_PAUSE, LONGEST_PAUSE]
    following.looked(now, longest=LONGEST_PAUSE * 9)
    assert following.next_look == now + LONGEST_PAUSE * 2
    following.begin(ONE, History(), now=now, steady=9.0)
    assert following.next_look == now + FIRST_LOOK, "what was just sent is not kept waiting"
    following.drop(ONE)
    following.drop(ONE)
    following.looked(now, longest=timedelta(0))
    assert following.next_look is None


def test_what_was_read_a_moment_ago_is_good_for_a_moment() -> None:
    following, history = Following(), History()
    following.begin(ONE, history, now=NOON, steady=5.0)
    assert following.fresh(42, 5.0 + FRESH) is history
    assert following.fresh(42, 5.1 + FRESH) is None
    assert following.fresh(43, 5.0) is None
