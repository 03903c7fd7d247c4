"""Wakes the scheduler where a command sees that it stays away, instead of only saying so.

Every sign of life is a tick: whoever looks at the queue with a token that may dispatch starts one,
if something is overdue in what was read anyway. That it is woken once in five minutes at most is
known without a store, by the scheduler's newest run. What a command itself has changed is a reason
of its own, where GitHub tells no workflow of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial

from scheduler.commands import watchdog
from scheduler.commands.at_work import profile_at_work
from scheduler.commands.nudge import Nudged, helps, wake
from scheduler.commands.watchdog import Overdue
from scheduler.connection import Connection
from scheduler.errors import SchedulerError
from scheduler.job.model import Job
from scheduler.ports.values import Run, Ticket
from scheduler.settings.model import Settings

#: A tick takes a while to start: what is overdue for less is most likely in hand.
IN_HAND = timedelta(minutes=1)
#: So long a run of the scheduler is given before another one is started.
AGAIN = timedelta(minutes=5)
#: GitHub's words for a run that did not tick.
NO_TICK = frozenset({"skipped", "cancelled", "action_required", "startup_failure"})


def revive(connection: Connection, *, nudge: bool = True, done: int | None = None) -> str | None:
    """Wake the scheduler if what was seen is overdue; the line that says so, None: no need to.

    ``done`` is a job that this command has dealt with itself: for its sake alone nothing is woken.
    Never raises.
    """
    now, queue, settings = connection.clock.now(), connection.queue, connection.settings
    repo, seen = queue.repository, connection.seen
    said = watchdog.warning(seen, settings, now, repository=repo)
    workflow = settings.scheduler.workflow
    late: Sequence[Overdue] = ()
    if nudge and settings.nudge:
        newest = partial(queue.newest_runs, repo, workflow)
        late = neglected(seen, settings, now, repository=repo, newest=newest, done=done)
    if not late:
        return said
    woken = _woken(connection)
    away = watchdog.away(late, now)
    if woken.sent:
        fix = watchdog.advice(repo, settings)
        return f"{away}; it is woken now; if nothing comes of that, {fix}"
    return f"{away}; {woken.reason}" if woken.disabled else said


def rouse(connection: Connection, job: Job | None = None, *, nudge: bool = True) -> Nudged | None:
    """Wake the scheduler for what was changed; None: no need to, or that is not wanted.

    What a workflow's own token edits, reopens or labels starts no workflow. ``job`` is what was
    changed, as it stands now; None: it may be due already. Never raises.
    https://docs.github.com/en/actions/concepts/security/github_token
    """
    queue, settings = connection.queue, connection.settings
    if not (nudge and settings.nudge and connection.environment.in_actions):
        return None
    if job is not None and not helps(job, profile_at_work(queue, settings), connection.clock.now()):
        return None
    return _woken(connection)


def neglected(
    seen: Iterable[Ticket],
    settings: Settings,
    now: datetime,
    *,
    repository: str,
    newest: Callable[[], Sequence[Run]],
    done: int | None = None,
) -> Sequence[Overdue]:
    """The overdue jobs for which the scheduler is to be woken; none where it was lately.

    ``newest`` asks for its newest runs, where anything is overdue.
    """
    late = [
        each
        for each in watchdog.overdue(seen, settings, now, grace=IN_HAND, repository=repository)
        if now - each.untouched > IN_HAND
    ]
    if all(each.number == done for each in late):
        return ()
    try:
        runs = newest()
    except SchedulerError:
        return ()  # who may not see its runs may not start one either
    return () if any(_ticks_lately(run, now) for run in runs) else late


def _woken(connection: Connection) -> Nudged:
    queue, environment = connection.queue, connection.environment

    def branch(repo: str) -> str:
        return environment.default_branch(repo) or queue.default_branch(repo)

    return wake(queue, connection.settings, branch=branch)


def _ticks_lately(run: Run, now: datetime) -> bool:
    """Whether a run was started within the last minutes, and ticks or ticked."""
    lately = run.created_at is not None and now - run.created_at < AGAIN
    return lately and run.conclusion not in NO_TICK
