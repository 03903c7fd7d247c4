"""A tick that rides on an event which happens anyway: one look, where there is nothing to do.

The look is the list of open issues, and one request beside it: the alarms that wait, where they are
the clock, else the settings. It is enough to know that a whole tick would do nothing that can't
wait. And it takes the place of none: a ride may stand where another tick waited in the concurrency
group, and where that one was to go on with something, this one does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from scheduler.commands.tick import hold_of
from scheduler.connection import Connection, connect
from scheduler.environment import Environment
from scheduler.errors import InvalidJob, SchedulerError
from scheduler.hold import alarm, memory
from scheduler.hold.arming import Place
from scheduler.job.states import State, state_label
from scheduler.policy.job_text import waiting
from scheduler.policy.series import titled, written_rule
from scheduler.ports.clock import Clock
from scheduler.ports.values import Target, Ticket
from scheduler.settings import file
from scheduler.settings.model import Settings
from scheduler.settings.profiles import HOLD, PROFILES
from scheduler.tick.report import TickReport
from scheduler.times.instants import format_instant

#: What waits for a person: a ride can do nothing about it.
RESTS = (State.HELD, State.INVALID, State.PAUSED, State.APPROVAL)
#: The notice of such a look.
LOOKED = "ride: nothing is due, so this look was all"


@dataclass(frozen=True, kw_only=True)
class _Job:
    """A job that waits for its instant."""

    run_at: datetime
    #: From when on it is late.
    late_from: datetime


def glance(environment: Environment, *, clock: Clock | None = None) -> TickReport | None:
    """The report of a ride that has nothing to do; None: a whole tick is needed, or can't be told.

    Two requests, where the queue's label is `schedule` and a page holds its open jobs. What a run's
    end is to be followed for needs a whole tick. Never raises.
    """
    if environment.follows:
        return None
    try:
        return _glance(environment, clock)
    except SchedulerError:
        return None


def _glance(environment: Environment, clock: Clock | None) -> TickReport | None:
    connection = connect(environment, clock=clock, unread=Settings())
    try:
        now = connection.clock.now()
        tickets = list(connection.queue.open_tickets())
        known = memory.read(connection.queue.noted())
        jobs = _jobs(tickets, connection, connection.settings, now)
        if not (jobs and _by_alarms(environment, known)):
            text = connection.queue.settings_text()
            settings = Settings() if text is None else file.parse(text)
            if settings.label.lower() != connection.settings.label.lower():
                return None
            if settings.paused:
                return _report(connection, now, tickets, [])
            jobs = _jobs(tickets, connection, settings, now)
            if jobs is None or not _spared(environment, settings, known, jobs):
                return None
        elif not _armed(connection, environment, now, jobs or ()):
            return None
        return _report(connection, now, tickets, jobs or [])
    finally:
        connection.close()


def _jobs(
    tickets: Sequence[Ticket], connection: Connection, settings: Settings, now: datetime
) -> list[_Job] | None:
    """The jobs that wait for an instant; None: something may be to be done about one by now.

    What is due within the time that a tick stays counts as due.
    """
    queue, stays = connection.queue.repository, connection.environment.hold
    near = max(HOLD, hold_of(stays, "20s").length if stays else HOLD)
    rests = {state_label(settings.label, state) for state in RESTS}
    found = []
    for ticket in tickets:
        if rests & set(ticket.labels):
            continue
        try:
            read, run_at = waiting(ticket, settings, queue=queue)
        except InvalidJob:
            return None
        if run_at - now <= near:
            return None
        if written_rule(read.job) is not None and titled(ticket.title) is None:
            return None  # a person wrote its title, so it can't be seen at which instant it is
        found.append(_Job(run_at=run_at, late_from=read.job.at(run_at).late_from()))
    return found


def _by_alarms(environment: Environment, known: memory.Memory | None) -> bool:
    """Whether alarms in the queue's own repository are the clock, as a tick has noted."""
    named = environment.profile in (None, "auto", "alarm")
    return named and not environment.alarm_token and known is not None and known.clock == "alarm"


def _spared(
    environment: Environment, settings: Settings, known: memory.Memory | None, jobs: Sequence[_Job]
) -> bool:
    """Whether the clock at work goes on without this tick, by the settings."""
    if not jobs:
        return True
    profile = environment.profile or settings.profile
    if profile == "auto" and known and known.clock in PROFILES:
        profile = known.clock
    if profile == "auto":
        return not environment.self_hosted
    # A chain of alarms or of holders may hang on this very run.
    return not (PROFILES[profile].relay or PROFILES[profile].alarm)


def _armed(
    connection: Connection, environment: Environment, now: datetime, jobs: Sequence[_Job]
) -> bool:
    """Whether an alarm waits that ends in time for the next job."""
    queue = connection.queue
    workflow = environment.workflow or connection.settings.scheduler.workflow
    place = Place(target=Target(repo=queue.repository, ref="", workflow=workflow))
    runs = place.waiting(queue.waiting_runs(place.target))
    due = min(each.late_from for each in jobs)
    return not (alarm.arm(now, due, runs) or alarm.surplus(now, due, runs))


def _report(
    connection: Connection, now: datetime, tickets: Sequence[Ticket], jobs: Sequence[_Job]
) -> TickReport:
    due = min((each.run_at for each in jobs), default=None)
    notices = [f"{LOOKED}; the next job is due at {format_instant(due)}"] if due else [LOOKED]
    return TickReport(
        now=now,
        scanned=len(tickets),
        next_due=due,
        needed=min((each.late_from for each in jobs), default=None),
        requests=connection.requests,
        notices=notices,
    )
