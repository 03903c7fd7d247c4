"""The answer of a command that opened, moved or found a job, and how instants are shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from scheduler.commands.nudge import Nudged
from scheduler.job.model import Job
from scheduler.job.states import State
from scheduler.ports.values import Ticket
from scheduler.settings.model import Settings
from scheduler.settings.profiles import PROFILES
from scheduler.times import instants

#: What a job that stood there before is now, in words; of one that waits, when it runs.
STANDS = {
    State.DISPATCHING: "is being dispatched",
    State.RUNNING: "is running",
    State.RETRYING: "is to be tried again",
    State.HELD: "is on hold",
    State.PAUSED: "is paused",
    State.APPROVAL: "waits for an approval",
    State.INVALID: "can't be read",
}


#: What is to be expected of a job for which nobody is woken.
UNSEEN = "this token's issues start no tick, and none was asked for; the next tick sees it"


def instant_words(job: Job, now: datetime) -> str:
    """The instant, its day of the week (in UTC, as the instant is), and how far away it is."""
    at = job.run_at
    return f"{instants.format_instant(at)} ({instants.weekday(at)}, {instants.distance(at, now)})"


def local(job: Job, zone: str | None) -> list[str]:
    """A line with what clocks in ``zone`` show then, if that says more than UTC."""
    if zone is None or zone == "UTC":
        return []
    return [f"that is {instants.format_local(job.run_at, instants.zone(zone, field='timezone'))}"]


def times(job: Job, now: datetime, zone: str | None) -> dict[str, Any]:
    """The fields of a JSON answer that show a job's instant."""
    place = instants.zone(zone, field="timezone") if zone else None
    return {
        "run_at": instants.format_instant(job.run_at),
        "in": instants.distance(job.run_at, now),
        "in_s": instants.seconds(job.run_at, now),
        "weekday": instants.weekday(job.run_at),
        "local": instants.format_local(job.run_at, place) if place else None,
    }


def shown_in(job: Job, settings: Settings) -> str | None:
    """The zone in which a job's time is shown beside UTC: its own, else that of the settings."""
    return job.timezone or settings.defaults.timezone


def stop_lines(state: State, number: int) -> list[str]:
    """A line for what keeps an open job from running at its time, and what ends that."""
    if state is State.PAUSED:
        return [f"it is paused; 'schedule resume {number}' lets it go on"]
    if state is State.APPROVAL:
        return ["it waits for an approval: another person comments /approve on its issue"]
    if state is State.HELD:
        return [f"it is on hold; say what happened with 'schedule resolve {number}'"]
    return []


@dataclass(frozen=True, kw_only=True)
class Created:
    """A job in the queue, and what a command did to it."""

    ticket: Ticket
    job: Job
    #: Whether this command opened it; else it was in the queue before.
    created: bool
    #: The instant from which distances are shown.
    now: datetime
    #: Whether this command gave it another time.
    moved: bool = False
    #: Whether it was found by its ``dedup-key``, and whether it was then changed to what was asked.
    duplicate: bool = False
    replaced: bool = False
    state: State = State.PENDING
    #: Whether the scheduler was woken for it; None: it was not tried.
    nudged: Nudged | None = None
    #: The profile that is at work; empty: it was not asked.
    clock: str = ""
    #: Whether no tick is started by its issue either, as a workflow's own token opened it.
    unseen: bool = False
    #: The zone in which its time is shown beside UTC.
    zone: str | None = None
    #: What whoever asked for it has to know, a line each.
    warnings: tuple[str, ...] = ()
    #: More lines about a job that was moved.
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The object that ``create --json`` and ``reschedule --json`` print."""
        return {
            "id": self.ticket.number,
            "status": self.state.value,
            **times(self.job, self.now, self.zone),
            "workflow": self.job.workflow,
            "event": self.job.event,
            "repo": self.job.repo,
            "agent": self.job.agent,
            "request_id": self.job.request_id,
            "created": self.created,
            "duplicate": self.duplicate,
            "nudged": self.nudged.sent if self.nudged else None,
            "expect": self.nudged.reason if self.nudged else None,
            "clock": self.clock or None,
            "url": self.ticket.url,
            "warnings": list(self.warnings),
            **({"notes": list(self.notes)} if self.moved else {}),
        }

    def text(self) -> str:
        """The lines for a person: when it runs, its address, how late it may be."""
        expect = [self.nudged.reason] if self.nudged else []
        if self.moved:
            return "\n".join([self.line(), *self.local(), *self.notes, *expect])
        if self.clock and not self.nudged:
            words = UNSEEN if self.unseen else PROFILES[self.clock].without_cron
            expect = [f"clock {self.clock}: {words}"]
        return "\n".join([self.line(), *self.local(), self.ticket.url, *expect])

    def local(self) -> list[str]:
        """The line with its time in ``zone``, if that differs from UTC."""
        return local(self.job, self.zone)

    def line(self) -> str:
        """One line: its number, its target and when it runs."""
        runs = f"runs {self.job.target} at {instant_words(self.job, self.now)}"
        if self.created:
            return f"#{self.ticket.number} {runs}"
        if self.moved:
            return f"#{self.ticket.number} now {runs}"
        if self.state is not State.PENDING:
            runs = STANDS.get(self.state, f"was {self.state.value}")
        there = "stood there already" + (" and was changed" if self.replaced else "")
        return f"#{self.ticket.number} {there}: it {runs}"
