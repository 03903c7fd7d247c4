"""A tick over a connection: what the command and the action have in common."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from scheduler.clock import SystemClock
from scheduler.connection import Connection
from scheduler.errors import options
from scheduler.hold.arming import Arming
from scheduler.hold.holder import Holder
from scheduler.hold.plan import Plan, Surroundings
from scheduler.hold.relay import Relay
from scheduler.hold.signals import Leave, Overtime
from scheduler.job.signing import Keys
from scheduler.ports.values import API_VERSION, Run
from scheduler.settings import file
from scheduler.settings.model import Settings
from scheduler.settings.profiles import POLL, PROFILES, Stay
from scheduler.text import refusal
from scheduler.tick.context import Context, new_context
from scheduler.tick.tick import Tick, tick
from scheduler.times import instants

if TYPE_CHECKING:
    from scheduler.tick.report import TickReport

#: The longest hold: a job on a GitHub-hosted runner ends after six hours.
#: https://docs.github.com/en/actions/reference/limits
LONGEST_HOLD = timedelta(hours=6)
#: So long before the end of the API's version it is spoken of.
SUNSET = timedelta(days=180)


@dataclass(frozen=True, kw_only=True)
class Hold:
    """How a tick stays."""

    #: How long; nothing: it makes one pass.
    length: timedelta
    #: How often it lists the open issues.
    poll: timedelta = POLL
    #: What it stays for.
    stay: Stay = Stay.HOLD
    #: Whether it starts its successor when it begins to wait.
    relay: bool = False
    #: The profile that decides how it stays once it is seen what waits; empty: as said here.
    profile: str = ""
    #: Whether its length was asked for, whatever the profile says.
    given: bool = False


def hold_of(
    hold: str, poll: str, *, relay: bool = False, stay: Stay = Stay.HOLD, option: str = ""
) -> Hold:
    """A hold as it is written: two durations; one of ``0s`` is one pass.

    ``option`` is what stands before the names of the two where they were written.

    Raises:
        UsageError: a duration is wrong, or a hold is too long.
    """
    field = f"{option}hold"
    with options():
        length = instants.duration("0s" if hold == "0" else hold, field=field, allow_zero=True)
        often = instants.duration(poll, field=f"{option}poll")
        if length > LONGEST_HOLD:
            raise refusal(field, hold, "is longer than a job lives", "GitHub ends it after 6h")
    return Hold(length=length, poll=often, stay=stay, relay=relay)


def hold_for(hold: str | None, poll: str | None, *, profile: str) -> Hold:
    """The hold of a profile, with what the action's inputs say instead.

    Raises:
        UsageError: as ``hold_of``.
    """
    wanted = PROFILES[profile]
    length = hold or instants.format_duration(wanted.hold or timedelta(0))
    often = poll or instants.format_duration(POLL)
    found = hold_of(length, often, relay=wanted.relay, stay=wanted.stay)
    planned = profile if wanted.alarm and found.length else ""
    return replace(found, profile=planned, given=bool(hold))


def tick_once(connection: Connection, *, insists: bool = False) -> TickReport:
    """One pass over the connection's queue.

    ``insists``: also as another account than the one that keeps the records.

    Raises:
        NotPermitted, Unavailable: the queue itself can't be read.
        OtherScheduler: outside of Actions, another account keeps the records.
    """
    ctx = _context(connection, insists=insists)
    report = tick(ctx)
    _outlook(connection, report)
    return report


def _context(connection: Connection, *, insists: bool) -> Context:
    """All that a tick works with; the only place where it is put together."""
    return new_context(
        connection.queue,
        clock=connection.clock,
        settings=connection.settings,
        settings_found=connection.settings_found,
        nonce=lambda: secrets.token_hex(12),
        keys=Keys.read(connection.environment.signing_keys),
        branch=connection.environment.default_branch(connection.queue.repository),
        own_records_only=not (connection.environment.in_actions or insists),
    )


def tick_and_hold(
    connection: Connection, hold: Hold, leave: Leave, *, insists: bool = False
) -> TickReport:
    """One pass, then stay; asked to ``leave``, both end cleanly, with what is in hand done.

    Raises:
        NotPermitted, Unavailable: the queue itself can't be read.
    """
    ctx, clock = _context(connection, insists=insists), connection.clock
    relay = Relay(connection.queue, clock, connection.settings)
    plan = _plan(connection, hold) if hold.profile else None

    def begin() -> None:
        if plan.relays if plan else hold.relay:
            relay.begin()

    holder = Holder(
        Tick(ctx),
        connection.queue,
        hold=hold.length,
        poll=hold.poll,
        stay=hold.stay,
        stopped=lambda: leave.asked,
        settings=lambda: _settings(connection),
        begin=begin,
        plan=plan,
    )

    def wind_up() -> None:
        holder.take_no_more()
        if isinstance(clock, SystemClock):
            clock.wake()

    leave.wind_up = wind_up
    try:
        report = holder.run()
        report.notices += relay.finish(report)
        if plan:
            if report.error is None:
                plan.leave(report.needed)
            report.notices += plan.said()
        report.requests = connection.requests
    except Overtime:
        report = holder.abandon()
        report.notices += [relay.problem] if relay.problem else []
        report.notices += plan.said() if plan else []
    if plan and plan.clock == "alarm" and plan.settled and report.next_due:
        report.notices.append(
            f"left: the next job is due at {instants.format_instant(report.next_due)}; an alarm "
            "wakes the scheduler for it"
        )
    elif hold.length and holder.stay is Stay.DUE and report.next_due and not report.stopped:
        report.notices.append(
            f"left: the next job is due at {instants.format_instant(report.next_due)}; a new or "
            "changed job wakes the scheduler, else GitHub's cron, minutes to hours late or never"
        )
    _outlook(connection, report)
    return report


def _plan(connection: Connection, hold: Hold) -> Plan:
    """What decides which clock wakes the next tick."""
    environment, queue, clock = connection.environment, connection.queue, connection.clock
    lender = connection.lender or queue

    def branch(repo: str) -> str:
        return environment.default_branch(repo) or lender.default_branch(repo)

    def run() -> Run | None:
        number = environment.run_id or ""
        return queue.run(queue.repository, int(number)) if number.isdecimal() else None

    return Plan(
        queue,
        clock,
        Arming(queue, clock, connection.settings, branch=branch, lender=lender),
        profile=hold.profile,
        around=Surroundings(
            self_hosted=environment.self_hosted,
            private=environment.private,
            alarm=environment.alarm,
            run=run,
        ),
        hold=hold.length if hold.given else None,
    )


def _outlook(connection: Connection, report: TickReport) -> None:
    """Say when GitHub is about to answer this version of its API no longer."""
    end = connection.sunset
    if end is not None and end - connection.clock.now() < SUNSET:
        report.notices.append(
            f"GitHub ends version {API_VERSION} of its API on {end:%Y-%m-%d}; use a newer version "
            "of the scheduler before"
        )


def _settings(connection: Connection) -> Settings:
    """The settings as they are now.

    Raises:
        UsageError: they are broken.
        SettingsUnreadable: they were there, and the token may read no contents now.
    """
    text = connection.queue.settings_text()
    if text is None and connection.settings_found:
        # They were there: that they are gone is to be shown, not to be taken from a 404.
        connection.queue.prove_contents()
    return Settings() if text is None else file.parse(text)
