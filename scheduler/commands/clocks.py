"""Which clocks wake the scheduler, when each came last, and what it is to be expected of them.

The runs of the scheduler's workflow tell: by their events, by the title of an alarm, and by who
dispatched them. That is seven requests at most.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from scheduler.commands.at_work import (
    NO_ALARM,
    clock_at_work,
    in_time,
    late_from,
    under_way,
    waiting_for_instants,
)
from scheduler.connection import Connection
from scheduler.errors import InvalidJob, Refused, Rejected, SchedulerError
from scheduler.hold import alarm, memory
from scheduler.hold.alarm import Waiting
from scheduler.hold.arming import RUN_NAME, Arming
from scheduler.policy.job_text import waiting
from scheduler.ports.values import Run, Ticket
from scheduler.settings.model import Settings
from scheduler.settings.profiles import PROFILES
from scheduler.times.instants import format_duration, format_instant

#: The clocks, in the order in which they are shown, and what is to be expected of each.
CLOCKS = {
    "cron": "GitHub's own: minutes to hours late, or never",
    "alarm": "a run that waits in an environment, seconds late",
    "relay": "a holder's successor, which waits until the holder ends",
    "nudge": "a command that opens a job, or sees that one is overdue",
    "outside": "a person, or a clock outside of GitHub, as often as that is set up",
    "ride": "a push or the end of another run, where the workflow says so",
    "issue": "what people and apps do to a job",
}
#: Which clock an event is of, where the event alone tells.
EVENTS = {
    "schedule": "cron",
    "repository_dispatch": "outside",
    "push": "ride",
    "workflow_run": "ride",
    "issues": "issue",
    "issue_comment": "issue",
}
#: As whom a workflow's own token dispatches.
ACTIONS = "github-actions[bot]"
#: GitHub's word for a run that was none of a tick's.
SKIPPED = "skipped"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One clock."""

    #: One of ``CLOCKS``.
    name: str
    #: When it came last, as far as the newest runs tell; None: not among them.
    last: datetime | None = None
    #: How many of the newest runs it has started.
    runs: int = 0
    #: What is to be expected of it.
    expect: str
    #: When it comes next, where that is known.
    next: datetime | None = None

    def as_json(self) -> dict[str, Any]:
        """One of ``clocks``."""
        return {
            "name": self.name,
            "last": format_instant(self.last) if self.last else None,
            "runs": self.runs,
            "expect": self.expect,
            "next": format_instant(self.next) if self.next else None,
        }


@dataclass(frozen=True, kw_only=True)
class Clocks:
    """All clocks of a queue."""

    now: datetime
    #: The setting, and the profile that is at work.
    profile: str
    clock: str
    #: When the next job is due; None: none waits.
    next_due: datetime | None
    seen: Sequence[Seen]
    #: The alarms that wait.
    alarms: Sequence[Waiting]
    #: What is wrong, or could not be told.
    notices: Sequence[str]
    #: How many requests that has cost.
    requests: int
    #: Whether alarms are at work, but nothing wakes a tick in time for what is due next.
    stopped: bool = False

    @property
    def expect(self) -> str:
        """The lateness to expect where GitHub's cron never comes."""
        return NO_ALARM if self.stopped else PROFILES[self.clock].without_cron

    def as_json(self) -> dict[str, Any]:
        """The object that ``clock show --json`` prints."""
        return {
            "now": format_instant(self.now),
            "profile": self.profile,
            "clock": self.clock,
            "expect": self.expect,
            "next_due": format_instant(self.next_due) if self.next_due else None,
            "clocks": [each.as_json() for each in self.seen],
            "alarms": [
                {
                    "run_id": each.run_id,
                    "environment": alarm.environment(each.timer),
                    "ends": format_instant(each.ends),
                }
                for each in self.alarms
            ],
            "notices": [*self.notices],
            "requests": self.requests,
        }

    def text(self) -> str:
        """The same for a person."""
        lines = []
        for each in self.seen:
            came = f"{_ago(self.now, each.last)} ago" if each.last else "not lately"
            comes = f"; next at {format_instant(each.next)}" if each.next else ""
            lines.append(f"{each.name:<8} {came:<12} {each.expect}{comes}")
        lines += [self._due(), *self.notices]
        return "\n".join([*lines, f"clock {self.clock}: {self.expect}"])

    def _due(self) -> str:
        """When the next job is due, or since when one is that may wait for something else."""
        if self.next_due is None:
            return "no job waits for an instant"
        if self.next_due > self.now:
            return f"the next job is due at {format_instant(self.next_due)}"
        since = format_instant(self.next_due)
        return f"a job is due since {since}; 'schedule list' says what each waits for"


def clocks(connection: Connection) -> Clocks:
    """Which clocks there are.

    Raises:
        Refused: the scheduler's workflow is not there.
        NotPermitted: the token may not see the runs.
    """
    queue, settings, now = connection.queue, connection.settings, connection.clock.now()
    connection.seen[:] = queue.open_tickets()
    workflow = settings.scheduler.workflow
    try:
        newest = list(queue.newest_runs(queue.repository, workflow))
        newest += queue.scheduled_runs(queue.repository, workflow)
    except Rejected as refused:
        if refused.status != 404:
            raise
        raise Refused(
            f"{workflow}: is not in {queue.repository}, so nothing wakes the scheduler; copy it "
            "from the README to .github/workflows/"
        ) from refused
    at_work = clock_at_work(queue, settings)
    notices: list[str] = []
    told = _alarms(connection, at_work, notices)
    alarms = told or []
    if not newest and queue.actions_enabled(queue.repository) is False:
        notices.append(
            f"Actions are switched off in {queue.repository}; switch them on under Settings, "
            "Actions, General"
        )
    runs = {run.id: run for run in newest if run.conclusion != SKIPPED}
    relays = PROFILES[at_work].relay
    came = {run: clock_of(run, relays=relays) for run in runs.values()}
    seen = [_seen(name, [run for run, of in came.items() if of == name]) for name in CLOCKS]
    waits = waiting_for_instants(connection.seen, settings)
    woken = in_time(alarms, late_from(waits, settings, queue=queue.repository), now)
    stopped = bool(waits and told is not None) and not (woken or under_way(newest, alarms))
    return Clocks(
        now=now,
        stopped=at_work == "alarm" and stopped,
        profile=settings.profile,
        clock=at_work,
        next_due=_next_due(connection.seen, settings, queue=queue.repository),
        seen=[_with_alarms(each, alarms) for each in seen],
        alarms=alarms,
        notices=notices,
        requests=connection.requests,
    )


def clock_of(run: Run, *, relays: bool) -> str:
    """The clock that started a run.

    What a workflow's own token dispatched is a successor where holders relay, else a nudge; what
    another did comes from outside.
    """
    if run.event in EVENTS:
        return EVENTS[run.event]
    if RUN_NAME.fullmatch(run.title):
        return "alarm"
    if run.actor == ACTIONS:
        return "relay" if relays else "nudge"
    return "outside"


def _seen(name: str, runs: Iterable[Run]) -> Seen:
    came = sorted(run.created_at for run in runs if run.created_at)
    expect = CLOCKS[name]
    if name == "outside" and len(came) > 2:
        gaps = sorted(later - before for before, later in itertools.pairwise(came))
        expect = f"{expect}; lately every {_rounded(gaps[len(gaps) // 2].total_seconds())}"
    return Seen(name=name, last=came[-1] if came else None, runs=len(came), expect=expect)


def _with_alarms(seen: Seen, alarms: Sequence[Waiting]) -> Seen:
    if seen.name != "alarm" or not alarms:
        return seen
    ends = min(each.ends for each in alarms)
    count = f"{len(alarms)} wait" if len(alarms) > 1 else "one waits"
    expect = f"{seen.expect}; {count}"
    return Seen(name=seen.name, last=seen.last, runs=seen.runs, expect=expect, next=ends)


def _alarms(connection: Connection, at_work: str, notices: list[str]) -> list[Waiting] | None:
    """The alarms that wait, None: not told; what is wrong with their environments is noticed."""
    queue = connection.queue
    lender = connection.lender or queue
    arming = Arming(
        queue, connection.clock, connection.settings, branch=queue.default_branch, lender=lender
    )
    place = arming.place
    try:
        named = arming.environments()
        found = place.waiting(lender.waiting_runs(place.target))
    except SchedulerError as problem:
        notices.append(f"alarms of {arming.repository}: not told ({problem})")
        return None
    wrong = [f"{name} {flaw}" for name, flaw in named.items() if flaw]
    missing = len(arming.timers) - len(named)
    fix = "'schedule clock install alarm' sets it right"
    if wrong:
        notices.append(f"alarms: the environment {'; '.join(wrong)}; {fix}")
    elif missing and (named or at_work == "alarm"):
        notices.append(f"alarms: {missing} of {len(arming.timers)} environments are missing; {fix}")
    elif missing:
        notices.append(
            "alarms: there are no environments for them; 'schedule clock install alarm' makes them"
        )
    known = memory.read(queue.noted())
    if named and not wrong and not missing and known and known.clock != "alarm":
        notices.append("alarms: the environments are there; ticks look again tomorrow")
    return found


def _next_due(tickets: Iterable[Ticket], settings: Settings, *, queue: str) -> datetime | None:
    found = []
    for ticket in tickets:
        with contextlib.suppress(InvalidJob):
            found.append(waiting(ticket, settings, queue=queue)[1])
    return min(found, default=None)


def _ago(now: datetime, then: datetime) -> str:
    return _rounded(max((now - then).total_seconds(), 0))


def _rounded(seconds: float) -> str:
    """A length of time in its largest unit, and the next."""
    whole = timedelta(seconds=int(seconds))
    unit = timedelta(hours=1) if whole >= timedelta(days=1) else timedelta(minutes=1)
    return format_duration(whole // unit * unit if whole >= timedelta(minutes=1) else whole)
