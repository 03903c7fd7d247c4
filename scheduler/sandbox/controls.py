"""What a test does to the sandbox from outside GitHub's API.

Each method named in `NAMES` is also a control route: ``POST /_sandbox/<name>`` with the
method's arguments as a JSON object answers its result. Control routes need a token of their
own, `Controls.control_token`; they meet no fault and stand in no log.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, is_dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from scheduler.sandbox.http import callers
from scheduler.sandbox.http.failure import ApiFailure
from scheduler.sandbox.http.faults import Fault
from scheduler.sandbox.http.gateway import Gateway, Hook
from scheduler.sandbox.hub import issues, pulls
from scheduler.sandbox.hub.clock import iso, parse_iso
from scheduler.sandbox.hub.issues import Desk
from scheduler.sandbox.hub.people import Token
from scheduler.sandbox.hub.repository import Repository
from scheduler.sandbox.runner.actions import Actions
from scheduler.sandbox.runner.fates import CONCLUSIONS, Fate
from scheduler.sandbox.runner.runs import Run

CONTROL = "/_sandbox"

NAMES = (
    "fault", "faults", "clear_faults", "set_latency", "set_staleness", "set_hidden_comments",
    "set_clock",
    "request_log", "clear_requests", "make_token", "set_role", "add_repository", "add_ref",
    "set_pushed_at", "delete_issue", "transfer_issue", "rename_repository", "open_pull",
    "push_to_pull", "start_cron", "finish_run", "approve_run", "reject_run", "set_private",
    "set_actions",    "fate", "fates", "clear_fates",
    "configure", "reset",
)  # fmt: skip
"""The methods that are control routes."""


class Controls:
    """The control methods. A repository is named ``owner/name``, by default the first."""

    def __init__(self, gateway: Gateway, actions: Actions) -> None:
        self.control_token = callers.new_token()
        self.gateway = gateway
        self.actions = actions
        self.state = gateway.state

    def control(self, name: str, arguments: Any) -> tuple[Any, int]:
        """Carry out a control route. Returns: what to answer as JSON, and the status."""
        if name not in NAMES or not isinstance(arguments, dict):
            return {"message": f"{name}: one of {', '.join(NAMES)}, with a JSON object"}, 404
        try:
            return _plain(getattr(self, name)(**arguments)), 200
        except ApiFailure as exc:
            return exc.body(), exc.status
        except (TypeError, ValueError, KeyError) as exc:
            return {"message": f"{name}: {exc}"}, 422

    def repository(self, name: str | None = None) -> Repository:
        """A repository's state."""
        if name is None:
            return next(iter(self.state.repositories.values()))
        return self.state.repository(name)

    def fault(self, kind: str, **which: Any) -> Fault:
        """Plan a fault; ``which`` are the other attributes of `Fault`."""
        return self.gateway.faults.add(Fault(kind=kind, **which))

    def faults(self) -> list[Fault]:
        """The planned faults, with how often each has hit."""
        return list(self.gateway.faults.planned)

    def clear_faults(self) -> None:
        """Plan none."""
        self.gateway.faults.clear()

    def set_latency(self, seconds: float) -> None:
        """Hold each request back for so long."""
        self.gateway.latency = seconds

    def set_staleness(self, **seconds: float) -> dict[str, float]:
        """Let reads be late, such as those of ``comments`` or ``filtered_runs``: `Staleness`."""
        with self.state.lock:
            self.state.staleness.set(seconds)
            return asdict(self.state.staleness)

    def set_hidden_comments(self, count: int, repository: str | None = None) -> None:
        """Let each issue count so many comments more than any list shows."""
        with self.state.lock:
            self.repository(repository).hidden_comments = count

    def set_clock(
        self, *, advance: float = 0, offset: float | None = None, to: str | None = None
    ) -> str:
        """Move the time. Returns: the time in the sandbox.

        advance: seconds from now. offset: seconds ahead of the machine's clock.
        to: an instant.
        """
        with self.state.lock:
            clock = self.state.clock
            if offset is not None:
                clock.offset = timedelta(seconds=offset)
            if to is not None:
                instant = parse_iso(to)
                if instant is None:
                    raise ValueError(f"to: {to!r} is not an instant")
                clock.offset = instant - clock.source()
            clock.advance(advance)
            self.actions.look()
            return iso(clock())

    def request_log(self) -> list[Any]:
        """What was asked, as JSON objects, oldest first."""
        return list(self.gateway.log)

    def clear_requests(self) -> None:
        """Empty the request log."""
        self.gateway.log.clear()

    def on_request(self, hook: Hook, *, after: bool = False) -> contextlib.ExitStack:
        """Call ``hook`` with each request: before it takes effect, or after, unanswered yet.

        The hook may use the sandbox; what it raises closes the connection unanswered.
        Returns: a context manager; leaving it, or its ``close()``, takes the hook away.
        """
        hooks = self.gateway.after if after else self.gateway.before
        hooks.append(hook)
        hooked = contextlib.ExitStack()
        hooked.callback(_remove, hooks, hook)
        return hooked

    def make_token(
        self, user: str = "agent", *, permissions: Mapping[str, str] | None = None,
        repository: str | None = None, expires_in: float | None = None,
        integration: bool | None = None, role: str | None = None,
    ) -> str:  # fmt: skip
        """A token for a user, who is made where there is none.

        permissions: all that it may, as ``{"issues": "write", "contents": "read"}``.
        expires_in: seconds from now on the sandbox's clock.
        role: the user's role in every repository from now on.
        """
        with self.state.lock:
            person = self.state.add_user(user)
            now = self.state.clock()
            token = Token(
                user=person,
                repository=repository,
                permissions=permissions,
                expires_at=None if expires_in is None else now + timedelta(seconds=expires_in),
                integration=person.kind == "Bot" if integration is None else integration,
            )
            if role is not None:
                for one in self.state.repositories.values():
                    one.roles[person.login] = role
            return self.state.add_token(token).text

    def set_role(self, user: str, role: str, repository: str | None = None) -> None:
        """Give a user a role in a repository; ``none`` only matters in a private one."""
        with self.state.lock:
            self.repository(repository).roles[self.state.add_user(user).login] = role

    def add_repository(self, name: str, folder: str, *, private: bool = False) -> None:
        """One more repository."""
        with self.state.lock:
            self.state.add_repository(name, Path(folder), private=private)

    def add_ref(
        self, name: str, folder: str, *, tag: bool = False, repository: str | None = None
    ) -> None:
        """One more branch or tag, or another folder for one."""
        with self.state.lock:
            repo = self.repository(repository)
            repo.folders[name] = Path(folder)
            if tag:
                repo.tags.add(name)

    def set_pushed_at(self, instant: str, repository: str | None = None) -> None:
        """When the last commit of each branch was made."""
        with self.state.lock:
            self.repository(repository).pushed_at = _instant(instant)

    def delete_issue(self, number: int, repository: str | None = None) -> None:
        """Delete an issue: 410 from now on."""
        with self.state.lock:
            issues.remove(self.repository(repository), number, self.state.clock())

    def transfer_issue(self, number: int, to: str, repository: str | None = None) -> int:
        """Move an issue to another repository: 301 from now on. Returns: its new number."""
        with self.state.lock:
            repo, target = self.repository(repository), self.state.repository(to)
            number_there = target.last_number = target.last_number + 1
            fate = f"{target.id}#{number_there}"
            issue = issues.remove(repo, number, self.state.clock(), fate)
            issue.number = number_there
            for comment in issue.comments:
                comment.issue = number_there
                target.comments[comment.id] = comment
            target.issues[number_there] = issue
            return number_there

    def rename_repository(self, name: str, to: str) -> None:
        """Give a repository another name: requests by the old one lead to its id."""
        with self.state.lock:
            self.state.rename(name, to)

    def open_pull(self, title: str, *, by: str = "agent", repository: str | None = None) -> int:
        """Open a pull request; the rest is GitHub's own API. Returns: its number."""
        with self.state.lock:
            desk = Desk(self.state, self.repository(repository), self.state.add_user(by))
            return pulls.opened(desk, title).number

    def push_to_pull(self, number: int, repository: str | None = None) -> str:
        """One more commit in a pull request, unchecked yet. Returns: the commit."""
        with self.state.lock:
            return pulls.push(self.repository(repository), number)

    def start_cron(self, workflow: str, repository: str | None = None) -> int:
        """Start a workflow as its ``schedule`` would. Returns: the run's id."""
        with self.state.lock:
            return self.actions.cron(self.repository(repository), workflow).id

    def finish_run(self, run: int, conclusion: str = "success", *, jobs: bool = True) -> None:
        """End a run that nothing carries out; without ``jobs`` it never had one."""
        if conclusion not in CONCLUSIONS:
            raise ValueError(f"conclusion {conclusion!r}: one of {', '.join(CONCLUSIONS)}")
        with self.state.lock:
            ended = self._run(run)
            if not jobs:
                ended.jobs.clear()
            self.actions.finish(ended, conclusion)

    def approve_run(self, run: int) -> None:
        """Let a run go on that waits in an environment, as an administrator may: timer or not."""
        with self.state.lock:
            self.actions.approve(self._run(run))

    def reject_run(self, run: int) -> None:
        """Reject what a run waits for: its jobs that wait fail."""
        with self.state.lock:
            self.actions.reject(self._run(run))

    def set_private(self, private: bool, repository: str | None = None) -> None:  # noqa: FBT001
        """Hide a repository from everybody else, or show it; its environments' rules go by it."""
        with self.state.lock:
            self.repository(repository).private = private

    def set_actions(self, enabled: bool, repository: str | None = None) -> None:  # noqa: FBT001
        """Switch a repository's Actions off or on, as far as its settings tell of it."""
        with self.state.lock:
            self.repository(repository).actions_enabled = enabled

    def fate(self, outcome: str, **which: Any) -> Fate:
        """Plan what becomes of the next runs; ``which`` are the other attributes of `Fate`."""
        planned = Fate(outcome=outcome, **which)
        with self.state.lock:
            self.actions.fates.planned.append(planned)
        return planned

    def fates(self) -> list[Fate]:
        """The planned fates, with of how many runs each has decided."""
        with self.state.lock:
            return list(self.actions.fates.planned)

    def clear_fates(self) -> None:
        """Plan none; runs that have met theirs keep it."""
        with self.state.lock:
            self.actions.fates.planned.clear()

    def _run(self, run_id: int) -> Run:
        for repo in self.state.repositories.values():
            if run_id in repo.runs:
                return repo.runs[run_id]
        raise ValueError(f"no run {run_id}")

    def configure(
        self, *, run_details: bool | None = None, graphql: bool | None = None,
        events: bool | None = None, inputs_limit: int | None = None,
        limits: Mapping[str, int] | None = None, retired: Iterable[str] | None = None,
        sunset: str | None = None, numbered_items: int | None = None,
        minute: float | None = None, private_rules: bool | None = None,
        blocked: Iterable[str] | None = None, concurrency_groups: bool | None = None,
        file_writes: bool | None = None, closed_anew: bool | None = None,
    ) -> None:  # fmt: skip
        """Switch what differs between servers.

        limits: as `State.limits` has them. numbered_items: how many page numbers reach.
        retired: the versions of the API that are answered no longer.
        sunset: the instant at which that is announced for another.
        minute: seconds that a minute of a wait timer lasts, for jobs that begin to wait.
        private_rules: whether the plan has wait timers for private repositories.
        file_writes: whether new workflow files are taken, and written into the folder.
        closed_anew: whether a closed issue may be given another reason.
        blocked: the accounts whose runs a policy ends without a job.
        """
        plain = {
            "run_details": run_details, "graphql": graphql, "inputs_limit": inputs_limit,
            "numbered_items": numbered_items, "minute": minute, "private_rules": private_rules,
            "concurrency_groups": concurrency_groups, "file_writes": file_writes,
            "closed_anew": closed_anew,
        }  # fmt: skip
        with self.state.lock:
            for name, value in plain.items():
                if value is not None:
                    setattr(self.state, name, value)
            if events is not None:
                self.actions.events = events
            if retired is not None:
                self.state.retired = set(retired)
            if blocked is not None:
                self.actions.fates.block(blocked)
            if sunset is not None:
                self.state.sunset = _instant(sunset)
            self.state.limits.update(limits or {})

    def reset(self) -> None:
        """Forget issues, labels, environments, runs, requests, and whatever was planned.

        Tokens and what `configure` has set stay, and ids grow on.
        """
        with self.state.lock:
            for repo in self.state.repositories.values():
                for run in repo.runs.values():
                    run.cancelling = True
                    self.actions.executor.stop(run, force=True)
                    run.status, run.conclusion = "completed", "cancelled"
                for kept in (repo.issues, repo.comments, repo.labels, repo.runs, repo.gone,
                             repo.checks, repo.statuses, repo.environments):  # fmt: skip
                    kept.clear()
                repo.last_number = repo.hidden_comments = 0
            self.state.staleness.set(dict.fromkeys(asdict(self.state.staleness), 0))
            self.state.clock.offset = timedelta(0)
            self.gateway.latency = 0
            self.gateway.before.clear()
            self.gateway.after.clear()
            self.gateway.limits.clear()
        self.clear_faults()
        self.clear_fates()
        self.clear_requests()


def _remove(hooks: list[Hook], hook: Hook) -> None:
    if hook in hooks:
        hooks.remove(hook)


def _instant(text: str) -> datetime:
    instant = parse_iso(text)
    if instant is None:
        raise ValueError(f"{text!r} is not an instant")
    return instant


def _plain(value: Any) -> Any:
    """Dataclasses as objects, everything else as it is."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return value
