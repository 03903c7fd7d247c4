"""The implementations of the port, each with the hands to arrange what it is asked about."""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from scheduler.github.client import GitHub
from scheduler.github.queue import GitHubQueue
from scheduler.ports.hold import HeldQueue
from scheduler.ports.values import Check, Edit, Environment, Ticket
from scheduler.sandbox import Sandbox
from scheduler.simulation.hub import BOT, Hub
from scheduler.simulation.queue import HubQueue
from scheduler.simulation.records import Pull, Thread, user
from scheduler.times.pace import Pace
from tests.conftest import ISSUES, JOBS, QUEUE, REPO, WORKFLOWS, served
from tests.support.fakes import FakeClock, MemoryHub, MemoryQueue

OTHER = "octo/other"
NIGHTLY = "name: Nightly\non: {schedule: [{cron: '7 3 * * *'}], workflow_dispatch: {}}\n"
ALARM = """
name: Clock
run-name: ${{ inputs.alarm && format('alarm {0}', inputs.alarm) || '' }}
on: {workflow_dispatch: {inputs: {alarm: {type: string}}}}
jobs:
  alarm:
    environment: {name: "${{ inputs.alarm }}", deployment: false}
    runs-on: ubuntu-latest
    steps: [{run: 'true'}]
"""
FILES = {**WORKFLOWS, "nightly.yml": NIGHTLY}


class Place(ABC):
    """A queue of one kind, its clock, and what people do around it."""

    queue: HeldQueue
    clock: FakeClock
    #: Whether a poll can tell that nothing has changed.
    etags = True

    def later(self, seconds: float = 10) -> datetime:
        """Let time pass; the instant that it is then, in whole seconds."""
        self.clock.sleep(seconds)
        return self.clock.true.replace(microsecond=0)

    def there(self, number: int) -> Ticket:
        """An issue that must be there."""
        found = self.queue.ticket(number)
        assert found is not None
        return found

    @abstractmethod
    def open(self, body: str = "Check it", *, by: str = "agent") -> int: ...

    @abstractmethod
    def close(self, number: int) -> None: ...

    @abstractmethod
    def reopen(self, number: int) -> None: ...

    @abstractmethod
    def edit(self, number: int, body: str) -> None: ...

    @abstractmethod
    def label(self, number: int, label: str) -> None: ...

    @abstractmethod
    def unlabel(self, number: int, label: str) -> None: ...

    @abstractmethod
    def delete(self, number: int) -> None: ...

    @abstractmethod
    def transfer(self, number: int) -> None: ...

    @abstractmethod
    def say(self, number: int, body: str, *, by: str = "owner") -> int: ...

    @abstractmethod
    def reactions(self, comment: int) -> list[tuple[str, str]]: ...

    @abstractmethod
    def cron(self, workflow: str) -> int: ...

    @abstractmethod
    def end(self, run_id: int, conclusion: str, *, jobs: bool = True) -> None: ...

    @abstractmethod
    def delete_run(self, run_id: int) -> None: ...

    @abstractmethod
    def disable(self, workflow: str) -> None: ...

    @abstractmethod
    def environment(self, name: str, minutes: int) -> None: ...

    @abstractmethod
    def pull(self) -> int: ...

    @abstractmethod
    def elsewhere(self) -> int:
        """An issue of another repository, to which the queue's token may write from now on."""

    @abstractmethod
    def label_pull(self, number: int) -> None: ...

    @abstractmethod
    def review(self, number: int, state: str, *, by: str) -> None: ...

    @abstractmethod
    def merge(self, number: int) -> None: ...

    @abstractmethod
    def check(self, commit: str, name: str, conclusion: str | None) -> None: ...

    @abstractmethod
    def status(self, commit: str, context: str, state: str) -> None: ...


@dataclass(kw_only=True)
class PlainHub(Hub):
    """The hub with nothing but a clock."""

    clock: FakeClock

    def instant(self) -> datetime:
        return self.clock.true


class HubPlace(Place):
    """A queue in memory."""

    def __init__(self, hub: Hub, queue: HeldQueue, clock: FakeClock) -> None:
        self.hub, self.queue, self.clock = hub, queue, clock
        hub.roles = {"owner": "admin", "agent": "write", "triage": "triage", "stranger": "read"}
        hub.workflows = {name: text + JOBS for name, text in FILES.items()}
        hub.workflows["clock.yml"] = ALARM
        hub.begins = "queued"

    def open(self, body: str = "Check it", *, by: str = "agent") -> int:
        return self.hub.open(body, author=by)

    def close(self, number: int) -> None:
        self.hub.close(number)

    def reopen(self, number: int) -> None:
        self.hub.reopen(number)

    def edit(self, number: int, body: str) -> None:
        self.hub.change(number, body=body)
        self.hub.edited[number] = Edit(at=self.hub.now(), editor=user("owner"))

    def label(self, number: int, label: str) -> None:
        self.hub.put_on(number, label)

    def unlabel(self, number: int, label: str) -> None:
        self.hub.take_off(number, label)

    def delete(self, number: int) -> None:
        self.hub.delete(number)

    def transfer(self, number: int) -> None:
        self.hub.delete(number)

    def say(self, number: int, body: str, *, by: str = "owner") -> int:
        return self.hub.comment(number, body, by=by).id

    def reactions(self, comment: int) -> list[tuple[str, str]]:
        return sorted(self.hub.reactions.get(comment, ()))

    def cron(self, workflow: str) -> int:
        return self.hub.run(workflow, "schedule").id

    def end(self, run_id: int, conclusion: str, *, jobs: bool = True) -> None:
        if not jobs:
            self.hub.without_jobs.add(run_id)
        self.hub.mark(run_id, "completed", conclusion)

    def delete_run(self, run_id: int) -> None:
        self.hub.delete_run(run_id)

    def disable(self, workflow: str) -> None:
        self.hub.disabled.add(workflow)

    def environment(self, name: str, minutes: int) -> None:
        self.hub.environments.append(Environment(name=name, minutes=minutes))

    def pull(self) -> int:
        self.hub.pulls[900] = Pull()
        return 900

    def elsewhere(self) -> int:
        self.hub.threads[OTHER, 5] = Thread()
        return 5

    def label_pull(self, number: int) -> None:
        """Here a pull request is no issue, so it has no labels."""

    def review(self, number: int, state: str, *, by: str) -> None:
        self.hub.pulls[number].review(state, by=by)

    def merge(self, number: int) -> None:
        pull = self.hub.pulls[number]
        pull.open, pull.merged = False, True

    def check(self, commit: str, name: str, conclusion: str | None) -> None:
        state = {None: "pending", "success": "passed"}.get(conclusion, "failed")
        self._put(self.hub.check_runs, commit, Check(name=name, state=state))

    def status(self, commit: str, context: str, state: str) -> None:
        told = {"pending": "pending", "success": "passed"}.get(state, "failed")
        self._put(self.hub.statuses, commit, Check(name=context, state=told))

    def _put(self, kept: dict[str, list[Check]], commit: str, check: Check) -> None:
        others = [each for each in kept.get(commit, ()) if each.name != check.name]
        kept[commit] = [*others, check]


class GitHubPlace(Place):
    """GitHub's queue, by HTTP, over the sandbox."""

    def __init__(self, sandbox: Sandbox, clock: FakeClock) -> None:
        self.sandbox, self.clock = sandbox, clock
        self.clients: list[GitHub] = []
        http = self.client(sandbox.tokens["bot"])
        self.queue = GitHubQueue(http, repository=QUEUE, label="schedule")

    def client(self, token: str) -> GitHub:
        http = GitHub(api_url=self.sandbox.url, token=token, clock=self.clock, pace=Pace.of(0))
        self.clients.append(http)
        return http

    def call(self, method: str, path: str, body: Any = None, *, by: str = "owner") -> Any:
        return self.sandbox.call(by, method, path, body)

    def open(self, body: str = "Check it", *, by: str = "agent") -> int:
        made = {"title": "by hand", "body": body, "labels": ["schedule"]}
        return int(self.call("POST", ISSUES, made, by=by)["number"])

    def _patch(self, number: int, **changes: Any) -> None:
        self.call("PATCH", f"{ISSUES}/{number}", changes)

    def close(self, number: int) -> None:
        self._patch(number, state="closed")

    def reopen(self, number: int) -> None:
        self._patch(number, state="open")

    def edit(self, number: int, body: str) -> None:
        self._patch(number, body=body)

    def label(self, number: int, label: str) -> None:
        self.call("POST", f"{ISSUES}/{number}/labels", {"labels": [label]})

    def unlabel(self, number: int, label: str) -> None:
        self.call("DELETE", f"{ISSUES}/{number}/labels/{label}")

    def delete(self, number: int) -> None:
        self.sandbox.delete_issue(number)

    def transfer(self, number: int) -> None:
        self.sandbox.transfer_issue(number, OTHER)

    def say(self, number: int, body: str, *, by: str = "owner") -> int:
        return int(self.call("POST", f"{ISSUES}/{number}/comments", {"body": body}, by=by)["id"])

    def reactions(self, comment: int) -> list[tuple[str, str]]:
        found = self.call("GET", f"{ISSUES}/comments/{comment}/reactions")
        return sorted((each["user"]["login"], each["content"]) for each in found)

    def cron(self, workflow: str) -> int:
        return self.sandbox.start_cron(workflow)

    def end(self, run_id: int, conclusion: str, *, jobs: bool = True) -> None:
        self.sandbox.finish_run(run_id, conclusion, jobs=jobs)

    def delete_run(self, run_id: int) -> None:
        self.call("DELETE", f"{REPO}/actions/runs/{run_id}")

    def disable(self, workflow: str) -> None:
        self.call("PUT", f"{REPO}/actions/workflows/{workflow}/disable")

    def environment(self, name: str, minutes: int) -> None:
        self.call("PUT", f"{REPO}/environments/{name}", {"wait_timer": minutes})

    def pull(self) -> int:
        return self.sandbox.open_pull("A change")

    def elsewhere(self) -> int:
        token = self.sandbox.make_token(BOT, permissions={"issues": "write"})
        self.queue = GitHubQueue(self.client(token), repository=QUEUE, label="schedule")
        made = self.call("POST", f"/repos/{OTHER}/issues", {"title": "There"})
        return int(made["number"])

    def label_pull(self, number: int) -> None:
        self.label(number, "schedule")

    def review(self, number: int, state: str, *, by: str) -> None:
        event = {"APPROVED": "APPROVE", "CHANGES_REQUESTED": "REQUEST_CHANGES"}[state]
        self.call("POST", f"{REPO}/pulls/{number}/reviews", {"event": event, "body": "so"}, by=by)

    def merge(self, number: int) -> None:
        self.call("PUT", f"{REPO}/pulls/{number}/merge")

    def check(self, commit: str, name: str, conclusion: str | None) -> None:
        made = {"name": name, "head_sha": commit}
        made |= {"conclusion": conclusion} if conclusion else {}
        self.call("POST", f"{REPO}/check-runs", made, by="bot")

    def status(self, commit: str, context: str, state: str) -> None:
        self.call("POST", f"{REPO}/statuses/{commit}", {"context": context, "state": state})


def hub() -> Place:
    """The simulation's hub, and the queue over it."""
    clock = FakeClock()
    made = PlainHub(clock=clock)
    return HubPlace(made, HubQueue(made), clock)


def fakes() -> Place:
    """The tests' own, in which nothing goes wrong."""
    clock = FakeClock()
    made = MemoryHub(clock)
    place = HubPlace(made, MemoryQueue(made), clock)
    place.etags = False
    return place


@contextlib.contextmanager
def github(folder: Path) -> Iterator[Place]:
    """The sandbox, and a client of it."""
    clock = FakeClock()
    folders = {QUEUE: served(folder / "queue", FILES), OTHER: served(folder / "other", {})}
    (folders[QUEUE] / ".github" / "workflows" / "clock.yml").write_text(ALARM)
    with Sandbox(folders, clock=lambda: clock.true) as sandbox:
        place = GitHubPlace(sandbox, clock)
        yield place
        for http in place.clients:
            http.close()
