"""Finds what keeps runs from running: no runner, a scheduler that fails, a group that is held on.

A queue can be in order and nothing runs all the same. Only runs tell that, and what they tell
is asked for by monitors alone.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from scheduler.connection import Connection
from scheduler.errors import NotPermitted, Rejected
from scheduler.policy.outcomes import FAILED
from scheduler.ports.values import Group, Run
from scheduler.text import shown
from scheduler.times.instants import distance, format_duration, format_instant

#: What starts a job's run; the last stands for a server that does not tell.
EVENTS = ("workflow_dispatch", "repository_dispatch", "")
#: How a run of the scheduler ends though nothing is wrong with it: a newer one took its place.
REPLACED = "cancelled"
#: So many groups are looked into, those first that were got longest ago: two requests for each.
GROUPS = 10
#: So many repositories besides the queue's own are asked.
REPOSITORIES = 10


@dataclass(frozen=True, kw_only=True)
class Held:
    """A concurrency group that a dead run holds."""

    group: str
    run_id: int
    #: The run as it is now; None: it was deleted.
    run: Run | None
    #: Since when it is dead, as far as that is known.
    since: datetime | None

    def words(self, now: datetime) -> str:
        """Who holds it, in one line."""
        told = f"concurrency group {shown(self.group)} is held by run {self.run_id}, which"
        if self.run is None:
            return f"{told} is not there any more"
        if self.run.conclusion:
            ago = f" {distance(self.since, now)}" if self.since else ""
            return f"{told} ended as {self.run.conclusion}{ago}: {self.run.url}"
        return f"{told} has had no job for {_length(self.since, now)}: {self.run.url}"

    def ways_out(self, repository: str) -> tuple[str, str]:
        """How to free it, in two lines."""
        path = f"{shlex.quote(f'repos/{repository}/actions/runs/{self.run_id}')}"
        if self.run is None:
            first = "cancel the runs that wait for it, and start them anew"
        elif self.run.conclusion:
            first = f"delete that run: gh api -X DELETE {path}"
        else:
            first = f"end that run: gh api -X POST {path}/force-cancel"
        second = "name the group otherwise, under 'concurrency' in its file"
        return f"  {first}", f"  if that does not free it: {second}"


@dataclass(frozen=True, kw_only=True)
class Stuck:
    """What keeps runs from running."""

    #: The queue's ``owner/name``.
    repository: str = ""
    #: The runs that have waited too long for a runner, the longest first.
    queued: tuple[Run, ...] = ()
    #: The scheduler's last run, if it failed.
    failed: Run | None = None
    groups: tuple[Held, ...] = ()
    #: What could not be asked, and why.
    unasked: tuple[str, ...] = ()

    def problems(self, now: datetime) -> list[str]:
        """A line for each thing that is wrong."""
        return [*self._runs(now), *(held.words(now) for held in self.groups)]

    def lines(self, now: datetime) -> list[str]:
        """The same for a person: with the ways out, and with what was not looked at."""
        found = list(self._runs(now))
        for held in self.groups:
            found += [held.words(now), *held.ways_out(self.repository)]
        return found + [f"not looked at: {each}" for each in self.unasked]

    def as_json(self, now: datetime) -> dict[str, Any]:
        """What ``schedule stats --overdue --json`` adds."""
        return {
            "queued": [
                {
                    "run_id": run.id,
                    "workflow": run.workflow,
                    "queued_s": round((now - since).total_seconds(), 3),
                    "url": run.url,
                }
                for run in self.queued
                if (since := waits_since(run)) is not None
            ],
            "scheduler": self.failed
            and {
                "run_id": self.failed.id,
                "conclusion": self.failed.conclusion,
                "url": self.failed.url,
            },
            "groups": [
                {
                    "group": held.group,
                    "run_id": held.run_id,
                    "status": held.run.status if held.run else None,
                    "conclusion": held.run.conclusion if held.run else None,
                    "since": format_instant(held.since) if held.since else None,
                    "url": held.run.url if held.run else None,
                }
                for held in self.groups
            ],
            "unasked": list(self.unasked),
        }

    def _runs(self, now: datetime) -> Iterator[str]:
        for run in self.queued:
            waited = _length(waits_since(run), now)
            name = f" of {shown(run.workflow)}" if run.workflow else ""
            yield f"run {run.id}{name} has been queued for {waited}: {run.url}"
        if self.failed is not None:
            ended = self.failed.updated_at
            ago = f" {distance(ended, now)}" if ended else ""
            yield (
                f"the scheduler's last run ended as {self.failed.conclusion}{ago}: "
                f"{self.failed.url}"
            )


def _length(since: datetime | None, now: datetime) -> str:
    return format_duration(now - (since or now))


def waits_since(run: Run) -> datetime | None:
    """Since when a queued run waits: an attempt that somebody asked for waits anew."""
    return run.started_at or run.created_at


def too_long(runs: Sequence[Run], now: datetime, grace: timedelta, workflow: str) -> list[Run]:
    """Those of the queued ``runs`` that wait for longer than ``grace``, the longest first.

    What no dispatch started is not the scheduler's business, but its own ``workflow``.
    """
    dated = [
        (since, run.id, run)
        for run in runs
        if (since := waits_since(run)) is not None
        and now - since > grace
        and (run.event in EVENTS or run.workflow == workflow)
    ]
    return [run for _, _, run in sorted(dated, key=lambda each: each[:2])]


def last_failed(runs: Sequence[Run]) -> Run | None:
    """The scheduler's last run that did anything, if it failed; ``runs`` are newest first."""
    for run in runs:
        if run.conclusion in FAILED and run.conclusion != REPLACED:
            return run
        if run.conclusion == "success" or run.status == "in_progress":
            return None
    return None


def dead_since(
    run: Run | None, group: Group, now: datetime, grace: timedelta, jobs: int | None
) -> tuple[bool, datetime | None]:
    """Whether the holder of a group is dead, and since when.

    It has ended, is gone, or has waited for a runner without any job: then it never gets one.
    For ``grace`` nothing is sure, since a group is freed a little after its run ended.
    """
    if run is None:
        return True, group.acquired_at
    if run.conclusion:
        return run.updated_at is None or now - run.updated_at > grace, run.updated_at
    since = waits_since(run)
    waits = run.status in ("queued", "pending", "requested") and jobs == 0
    return waits and since is not None and now - since > grace, since


def stuck(connection: Connection, now: datetime, grace: timedelta) -> Stuck:
    """Ask what keeps runs from running: three requests where nothing does.

    One more for each other repository that jobs may start workflows in, and two for each group
    that was got longer than ``grace`` ago. What the token may not see is said, and left out.
    """
    return _Look(connection, now, grace).found()


class _Look:
    def __init__(self, connection: Connection, now: datetime, grace: timedelta) -> None:
        self._queue = connection.queue
        self._repo = connection.queue.repository
        self._workflow = connection.settings.scheduler.workflow
        allowed = connection.settings.allow.repositories
        others = (each for each in allowed if "*" not in each and each != self._repo)
        self._repositories = [self._repo, *list(others)[:REPOSITORIES]]
        self._now, self._grace = now, grace
        self._unasked: list[str] = []

    def found(self) -> Stuck:
        queued = [run for repo in self._repositories for run in self._queued(repo)]
        queued.sort(key=lambda run: waits_since(run) or self._now)
        failed, groups = self._failed(), tuple(self._groups())
        return Stuck(
            repository=self._repo,
            queued=tuple(queued),
            failed=failed,
            groups=groups,
            unasked=tuple(self._unasked),
        )

    def _queued(self, repo: str) -> list[Run]:
        try:
            runs = self._queue.queued_runs(repo)
        except (Rejected, NotPermitted) as problem:
            self._unasked.append(f"queued runs of {repo} ({problem})")
            return []
        return too_long(runs, self._now, self._grace, self._workflow)

    def _failed(self) -> Run | None:
        try:
            return last_failed(self._queue.newest_runs(self._repo, self._workflow))
        except (Rejected, NotPermitted) as problem:
            self._unasked.append(f"the scheduler's runs, of {shown(self._workflow)} ({problem})")
            return None

    def _groups(self) -> list[Held]:
        try:
            groups = self._queue.concurrency_groups(self._repo)
            if groups is None:
                self._unasked.append("concurrency groups (this server does not tell them)")
                return []
            return self._dead(groups)
        except (Rejected, NotPermitted) as problem:
            self._unasked.append(f"concurrency groups ({problem})")
            return []

    def _dead(self, groups: Sequence[Group]) -> list[Held]:
        earliest = self._now - self._grace
        old = [each for each in groups if each.acquired_at is None or each.acquired_at < earliest]
        old.sort(key=lambda each: (each.acquired_at is not None, each.acquired_at or earliest))
        if len(old) > GROUPS:
            self._unasked.append(f"concurrency groups but the {GROUPS} that were got first")
        found = []
        for group in old[:GROUPS]:
            for run_id in self._queue.holders(self._repo, group.name):
                run = self._queue.run(self._repo, run_id)
                jobs = None
                if run is not None and run.status in ("queued", "pending", "requested"):
                    jobs = self._queue.jobs_of_run(self._repo, run_id)
                dead, since = dead_since(run, group, self._now, self._grace, jobs)
                if dead:
                    found.append(Held(group=group.name, run_id=run_id, run=run, since=since))
        return found
