"""The demo's checks, on a state made by hand: as it should be, then with one thing wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from scheduler.sandbox import Sandbox
from scheduler.sandbox.command import SAMPLE
from scheduler.sandbox.demo import checks
from tests.conftest import ISSUES, QUEUE, REPO, at


class End:
    """The state after a good demo: #1 ran, #2 was cancelled, #3 refused, #4 tried again."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.open(at(-60), "said")
        self.open(at(-60), "forgotten")
        self.open("tomorrow", "broken")
        self.run_id = self.run("said")
        self.sandbox.repository().runs[self.run_id].log.append("[a/b] agent x says: said\n")
        self.sandbox.finish_run(self.run_id)
        self.comment(1, f"✅ {sandbox.url}/octo/queue/actions/runs/{self.run_id}")
        self.edit(1, user="bot", state="closed", state_reason="completed")
        self.edit(2, user="owner", state="closed", state_reason="not_planned")
        self.comment(3, "run-at: is wrong")
        self.edit(3, user="bot", labels=["schedule", "schedule:invalid"])
        self.open(at(-60), "away")
        self.tries = [self.sync("4@x", "failure"), self.sync("4@x~2", "success")]
        edited = " ".join(f"{sandbox.url}/octo/queue/actions/runs/{run}" for run in self.tries)
        self.comment(4, edited)
        self.edit(4, user="bot", state="closed", state_reason="completed")

    def call(self, user: str, method: str, path: str, body: Any = None) -> Any:
        return self.sandbox.call(user, method, path, body)

    def open(self, run_at: str, message: str) -> None:
        body = f"---\nrun-at: {run_at}\nworkflow: agent-message.yml\n---\n{message}\n"
        self.call("agent", "POST", ISSUES, {"title": "t", "body": body, "labels": ["schedule"]})

    def run(self, message: str, user: str = "bot") -> int:
        path = f"{REPO}/actions/workflows/agent-message.yml/dispatches"
        inputs = {"message": message, "agent": "x"}
        body = {"ref": "main", "inputs": inputs, "return_run_details": True}
        return int(self.call(user, "POST", path, body)["workflow_run_id"])

    def sync(self, key: str, conclusion: str, user: str = "bot") -> int:
        path = f"{REPO}/actions/workflows/sync.yml/dispatches"
        body = {"ref": "main", "inputs": {"schedule_id": key}, "return_run_details": True}
        run_id = int(self.call(user, "POST", path, body)["workflow_run_id"])
        self.sandbox.finish_run(run_id, conclusion)
        return run_id

    def close_anew(self, number: int) -> None:
        self.edit(number, state="open")
        self.edit(number, state="closed", state_reason="not_planned")

    def comment(self, number: int, text: str) -> None:
        self.call("bot", "POST", f"{ISSUES}/{number}/comments", {"body": text})

    def edit(self, number: int, user: str = "owner", **changes: Any) -> None:
        self.call(user, "PATCH", f"{ISSUES}/{number}", changes)

    def record(self, run_id: int = 0, **changes: Any) -> None:
        """Change the record of a run: the first job's, or another."""
        for name, value in changes.items():
            setattr(self.sandbox.repository().runs[run_id or self.run_id], name, value)

    def judge(self) -> list[tuple[str, ...]]:
        ran = checks.ran(
            self.sandbox, 1, workflow="agent-message.yml",
            inputs={"message": "said", "agent": "x"}, says="agent x says: said",
        )  # fmt: skip
        cancelled = checks.cancelled(self.sandbox, 2, by="owner", message="forgotten")
        refused = checks.refused(self.sandbox, 3, field="run-at", message="broken")
        ends = ("failure", "success")
        tried = checks.tried(self.sandbox, 4, workflow="sync.yml", ends=ends)
        return [verdict.problems for verdict in (ran, cancelled, refused, tried)]


@pytest.fixture
def end() -> Iterator[End]:
    with Sandbox({QUEUE: SAMPLE}) as sandbox:
        yield End(sandbox)


def test_a_good_end_has_no_problems(end: End) -> None:
    assert end.judge() == [(), (), (), ()]


def late(end: End) -> None:
    body = f"---\nrun-at: {at(3600)}\nworkflow: agent-message.yml\n---\nsaid\n"
    end.edit(1, body=body)


def overtaken(end: End) -> None:
    first, second = end.tries
    began = end.sandbox.repository().runs[second].created_at
    end.record(first, updated_at=began + timedelta(seconds=1))


def early(end: End) -> None:
    body = f"---\nrun-at: {at(3600)}\nworkflow: sync.yml\n---\n"
    end.edit(4, body=body)


def closed_by_the_scheduler(end: End) -> None:
    end.edit(2, state="open")
    end.edit(2, user="bot", state="closed")


#: What goes wrong, with which job (by index), and what is said of it.
WRONG: dict[str, tuple[Callable[[End], object], int, str]] = {
    "stays open": (lambda end: end.edit(1, state="open"), 0, "its issue is open"),
    "closed by hand": (
        lambda end: end.close_anew(1), 0, "not closed as"
    ),
    "ran twice": (lambda end: end.run("said"), 0, "it has 2 runs"),
    "ran not": (lambda end: end.sandbox.repository().runs.clear(), 0, "it has 0 runs"),
    "failed": (lambda end: end.record(conclusion="failure"), 0, "its run is failure"),
    "goes on": (lambda end: end.record(conclusion=None, status="queued"), 0, "its run is queued"),
    "too early": (late, 0, "before its time"),
    "said nothing": (lambda end: end.record(log=["[a/b] agent x says:\n"]), 0, "does not say"),
    "other inputs": (
        lambda end: end.record(payload={"inputs": {"message": "said", "agent": "y"}}), 0,
        "got agent='y'",
    ),
    "by another": (
        lambda end: end.record(actor=end.sandbox.state.users["agent"]), 0, "agent started its run"
    ),
    "commented twice": (lambda end: end.comment(1, "again"), 0, "one comment"),
    "no job at all": (lambda end: end.sandbox.delete_issue(1), 0, "never opened"),
    "cancelled, open": (lambda end: end.edit(2, state="open"), 1, "its issue is open"),
    "cancelled by the scheduler": (
        closed_by_the_scheduler, 1, "was not closed by owner",
    ),
    "cancelled, commented": (lambda end: end.comment(2, "x"), 1, "wrote on its issue"),
    "cancelled, ran": (lambda end: end.run("forgotten"), 1, "ran it all the same"),
    "cancelled, gone": (lambda end: end.sandbox.delete_issue(2), 1, "never opened"),
    "refused, closed": (lambda end: end.edit(3, state="closed"), 2, "its issue is closed"),
    "refused, no label": (lambda end: end.edit(3, labels=["schedule"]), 2, "lacks the label"),
    "refused twice": (lambda end: end.comment(3, "run-at: again"), 2, "has 2 comments"),
    "refused, ran": (lambda end: end.run("broken"), 2, "ran it all the same"),
    "tried, closed by hand": (
        lambda end: end.close_anew(4), 3, "not closed as"
    ),
    "tried once": (
        lambda end: end.sandbox.repository().runs.pop(end.tries[1]), 3, "its runs are failure, not"
    ),
    "tried thrice": (lambda end: end.sync("4@x~3", "success"), 3, "failure, success, success"),
    "tried in vain": (
        lambda end: end.record(end.tries[1], conclusion="failure"), 3, "failure, failure"
    ),
    "tried too early": (early, 3, "before its time"),
    "tried beside": (overtaken, 3, "before the one before it"),
    "tried as the same": (
        lambda end: end.record(end.tries[1], payload={"inputs": {"schedule_id": "4@x"}}), 3,
        "is of '4@x', not '4@x~2'",
    ),
    "tried by another": (
        lambda end: end.record(end.tries[1], actor=end.sandbox.state.users["agent"]), 3,
        "agent started run",
    ),
    "tried, not told": (
        lambda end: end.sandbox.repository().issues[4].comments.clear(), 3, "does not link run"
    ),
    "tried, said to have failed": (
        lambda end: end.edit(4, labels=["schedule", "schedule:failed"]), 3, "says otherwise"
    ),
    "tried, gone": (lambda end: end.sandbox.delete_issue(4), 3, "never opened"),
    "refused, gone": (lambda end: end.sandbox.delete_issue(3), 2, "never opened"),
}  # fmt: skip


@pytest.mark.parametrize(("spoil", "job", "problem"), WRONG.values(), ids=WRONG)
def test_each_check_can_fail(
    end: End, spoil: Callable[[End], object], job: int, problem: str
) -> None:
    spoil(end)
    assert problem in " · ".join(end.judge()[job])


def test_a_job_whose_only_run_failed(end: End) -> None:
    def judged() -> tuple[str, ...]:
        ends = ("failure",)
        return checks.tried(end.sandbox, 4, workflow="sync.yml", ends=ends).problems

    end.sandbox.repository().runs.pop(end.tries[1])
    assert judged() == (
        "its issue is closed, not closed as not_planned",
        "its issue's label 'schedule:failed' says otherwise",
    )
    end.close_anew(4)
    end.edit(4, labels=["schedule", "schedule:failed"])
    assert judged() == ()


def test_a_comment_about_something_else_is_no_refusal(end: End) -> None:
    (comment,) = end.call("owner", "GET", f"{ISSUES}/3/comments")
    end.call("bot", "PATCH", f"{REPO}/issues/comments/{comment['id']}", {"body": "no"})
    assert end.judge()[2] == ("the comment does not name 'run-at'",)
