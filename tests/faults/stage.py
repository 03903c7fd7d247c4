"""A sandbox with the fault tests' workflows, and ticks against it over real HTTP."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from scheduler.commands.tick import tick_once
from scheduler.connection import connect
from scheduler.environment import Environment
from scheduler.errors import SchedulerError
from scheduler.journal.journal import History, Journal, read
from scheduler.ports.values import Comment, User
from scheduler.sandbox import Sandbox
from scheduler.sandbox.http.requestlog import Request
from scheduler.tick.report import TickReport
from tests.faults.world import PLAIN, TITLED
from tests.support.fakes import BOT

REPO = "octo/queue"
JOBS = 'jobs: {a: {runs-on: ubuntu-latest, steps: [{run: "true"}]}}\n'
#: One processor: an open claim can only be a dead tick's.
ONE_PROCESSOR = "limits: {recover-after: 0s, backoff: 0s}\n"
LONG_PAST = "2026-01-01T00:00:00Z"


class SandboxClock:
    """A machine whose clock is the sandbox's: a sleep moves both, and takes no time."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._start = sandbox.clock()

    def now(self) -> datetime:
        return self.sandbox.clock()

    def monotonic(self) -> float:
        return (self.sandbox.clock() - self._start).total_seconds()

    def sleep(self, seconds: float) -> None:
        self.sandbox.clock.advance(max(seconds, 0.0))


@dataclass
class Stage:
    """One sandbox; ``open`` jobs, let them ``tick``, and ``audit`` them."""

    sandbox: Sandbox

    def open(self, name: str, workflow: str = "titled.yml") -> int:
        """A job that is due."""
        head = f"run-at: {LONG_PAST}\nworkflow: {workflow}\ninputs: {{job: '{name}'}}"
        issue = {"title": name, "body": f"---\n{head}\n---\nhi\n", "labels": ["schedule"]}
        made = self.sandbox.call("agent", "POST", f"/repos/{REPO}/issues", issue)
        return int(made["number"])

    def environ(self) -> dict[str, str]:
        """The variables of a tick with the workflow's own token."""
        return {**self.sandbox.environ("bot"), "SCHEDULE_WRITES_PER_SECOND": "0"}

    def tick(self) -> TickReport | None:
        """A tick in this process; None when it gave up."""
        connection = None
        try:
            environment = Environment.read(self.environ())
            connection = connect(environment, clock=SandboxClock(self.sandbox))
            return tick_once(connection)
        except SchedulerError:
            return None
        finally:
            if connection is not None:
                connection.close()

    def process(self, **more: str) -> subprocess.Popen[bytes]:
        """``python -m scheduler tick`` as a process of its own."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        return subprocess.Popen(
            [sys.executable, "-m", "scheduler", "tick", "--json"],
            env={**kept, **self.environ(), **more},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def until_quiet(self, *, pause: float = 2, most: int = 12) -> None:
        """Tick until a tick changes nothing. AssertionError: it never ends."""
        for _ in range(most):
            self.sandbox.clock.advance(pause)
            self.sandbox.clear_requests()
            report = self.tick()
            writes = [each for each in self.sandbox.requests if each.method != "GET"]
            if report and not report.retrying and {w.path for w in writes} <= {"/graphql"}:
                return
        raise AssertionError("\n".join(map(str, self.sandbox.requests)))

    def names(self) -> list[str]:
        """The jobs that were really started, one entry for each time."""
        runs = self.sandbox.repository(REPO).runs.values()
        return [str(run.inputs["job"]) for run in runs]

    def issue(self, number: int) -> Any:
        return self.sandbox.call("owner", "GET", f"/repos/{REPO}/issues/{number}")

    def history(self, number: int) -> History:
        """What the scheduler wrote on an issue."""
        found = self.sandbox.call("owner", "GET", f"/repos/{REPO}/issues/{number}/comments")
        comments = [
            Comment(
                id=each["id"],
                issue=number,
                body=each["body"],
                author=User(login=each["user"]["login"]),
                created_at=datetime.fromisoformat(each["created_at"].replace("Z", "+00:00")),
            )
            for each in found
        ]
        return read(comments, login=BOT)

    def journal(self, number: int) -> Journal:
        """The journal of an issue."""
        return self.history(number).journal

    def audit(self, number: int, name: str, *, may_hold: bool = False) -> str:
        """The state in which one job ended. AssertionError: lost, doubled, or in silence."""
        sent, issue, entries = self.names().count(name), self.issue(number), []
        entries = [*self.journal(number).entries]
        outcome = entries[-1].outcome if entries else "nothing"
        told = f"{name}: {outcome}, sent {sent}, {issue['state']}, {entries}"
        assert sent <= 1, told
        if outcome == "dispatched":
            assert (sent, issue["state"], issue["state_reason"]) == (1, "closed", "completed"), told
        else:
            assert (outcome, may_hold, issue["state"]) == ("held", True, "open"), told
            assert "schedule:held" in [label["name"] for label in issue["labels"]], told
        return outcome

    @contextmanager
    def at_request(
        self, index: int, do: Callable[[], None], *, after: bool = False
    ) -> Iterator[None]:
        """``do`` something at the bot's ``index``-th request from now (from 1)."""
        met: list[Request] = []

        def hook(seen: Request) -> None:
            if seen.user == BOT:
                met.append(seen)
                if len(met) == index:
                    do()

        with self.sandbox.on_request(hook, after=after):
            yield


@contextmanager
def served(
    folder: Path, *, settings: str = ONE_PROCESSOR, run_details: bool = True
) -> Iterator[Stage]:
    """A sandbox over ``folder``, into which the workflows and the settings are written."""
    place = folder / ".github" / "workflows"
    place.mkdir(parents=True, exist_ok=True)
    (place / "titled.yml").write_text(TITLED + JOBS)
    (place / "plain.yml").write_text(PLAIN + JOBS)
    (folder / ".github" / "scheduler.yml").write_text(settings)
    with Sandbox({REPO: folder}, run_details=run_details) as sandbox:
        sandbox.configure(limits={"bot": 10**9, "user": 10**9})
        yield Stage(sandbox)
