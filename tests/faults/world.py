"""What the fault tests share: jobs, faults, ticks side by side, and the audit of the end."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from scheduler.errors import RateLimited, SchedulerError, Unavailable
from scheduler.job.states import State
from scheduler.journal.journal import History, read
from scheduler.settings.model import IN_FLIGHT, Settings
from scheduler.tick.context import new_context
from scheduler.tick.report import TickReport
from scheduler.tick.tick import tick
from scheduler.times.instants import format_instant
from tests.support.fakes import BOT, NOON, Crash, FakeClock, MemoryHub, MemoryQueue, Through

#: Its runs show the occurrence key.
TITLED = """
run-name: "job ${{ inputs.job }} [${{ inputs.schedule_id }}]"
on: {workflow_dispatch: {inputs: {job: {}, message: {}, schedule_id: {}}}}
"""
#: Its runs show nothing of it.
PLAIN = "on: {workflow_dispatch: {inputs: {job: {}, message: {}, schedule_id: {}}}}\n"

FAULTS = (
    "crash-before",
    "crash-after",
    "drop-before",
    "drop-after",
    "502-before",
    "502-after",
    "429",
    "secondary",
    "stall-before",
    "stall-after",
)
#: Seconds; longer than a claim is good for, and than ``recover-after``.
STALL = 31.0
LONG_STALL = 151.0
#: The longest that a dispatch may be under way, by the protocol.
LATEST = IN_FLIGHT.total_seconds()
#: Seconds between two ticks: longer than ``recover-after`` and the longest early backoff.
PAUSE = 150.0


def body(
    name: str, *, run_at: datetime = NOON, to: str = "workflow: titled.yml", more: str = ""
) -> str:
    """An issue's body; ``name`` is what the audit knows its dispatches by."""
    head = f"run-at: {format_instant(run_at)}\n{to}\ninputs: {{job: '{name}'}}\n{more}"
    return f"---\n{head}---\nhi\n"


@dataclass(frozen=True)
class Fault:
    """What goes wrong at a process's ``index``-th request (from 1)."""

    index: int
    kind: str


def faulty(clock: FakeClock, *faults: Fault) -> Through:
    """Carries requests out, and strikes where a fault is planned."""
    planned = {fault.index: fault.kind for fault in faults}

    def through(index: int, name: str, act: Callable[[], object]) -> object:
        kind, _, when = planned.get(index, "").partition("-")
        if kind in ("429", "secondary"):
            wait = 2 if kind == "429" else 60
            raise RateLimited(kind, retry_at=clock.now() + timedelta(seconds=wait))
        if when == "before":
            strike(clock, kind, name)
        answer = act()
        if when == "after":
            strike(clock, kind, "")
        return answer

    return through


def strike(clock: FakeClock, kind: str, name: str) -> None:
    """Die, lose the answer, or stall; ``name`` is the request that is still to take effect."""
    if kind == "crash":
        raise Crash
    if kind in ("drop", "502"):
        raise Unavailable(kind)
    # What GitHub does after a client gave up on it can't be waited for for ever: a dispatch
    # that takes effect later than this is `test_stale_reads`' subject.
    long = LATEST if name == "dispatch" else LONG_STALL
    clock.sleep(long if kind == "long" else STALL)


@dataclass
class World:
    """A hub, its clock, and how ticks run there."""

    hub: MemoryHub
    settings: Settings = field(default_factory=Settings)
    nonces: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    reports: list[TickReport] = field(default_factory=list)

    @property
    def clock(self) -> FakeClock:
        """The hub's clock, which every process shares unless it brings its own."""
        return self.hub.clock

    def tick(
        self,
        through: Through | None = None,
        *,
        login: str = BOT,
        queue: MemoryQueue | None = None,
    ) -> TickReport | None:
        """One process's tick; None when it died or gave up."""
        queue = queue or MemoryQueue(self.hub, login=login, through=through)
        try:
            ctx = new_context(
                queue,
                clock=self.clock,
                settings=self.settings,
                nonce=lambda: f"nonce-{next(self.nonces):06}",
            )
            report = tick(ctx)
        except (Crash, SchedulerError):
            return None
        self.reports.append(report)
        return report

    def until_quiet(self, most: int = 14, *, pause: float = PAUSE) -> None:
        """Tick until nothing is left to do. AssertionError: it never ends."""
        for _ in range(most):
            self.clock.sleep(pause)
            before = self.fingerprint()
            report = self.tick()
            if report and not report.retrying and before == self.fingerprint():
                return
        raise AssertionError(f"not quiet after {most} ticks: {self.story()}")

    def fingerprint(self) -> object:
        """Everything that a tick can change."""
        hub = self.hub
        issues = [(v[-1][1].open, v[-1][1].labels) for v in hub.views.values()]
        return issues, [(c.id, c.body) for c in hub.comments.values()], len(hub.sent)

    def history(self, number: int) -> History:
        """What the scheduler wrote on an issue."""
        return read(self.hub.on(number), login=BOT)

    def count(self, name: str) -> int:
        """How often a job was really dispatched."""
        return sum(sent.name == name for sent in self.hub.sent)

    def story(self) -> str:
        """What happened, for a failed test."""
        lines = [f"{len(self.hub.sent)} sent"]
        for number, views in self.hub.views.items():
            ticket = views[-1][1]
            lines.append(f"#{number} open={ticket.open} {ticket.labels}")
            lines += [f"    {each.id} {each.body[:400]}" for each in self.hub.on(number)]
        lines += [str(report.as_json()) for report in self.reports[-3:]]
        return "\n".join(lines)

    def audit(self, number: int, name: str, *, may_hold: bool = False) -> str:
        """The state in which one job ended. AssertionError: lost, doubled, or in silence."""
        sent, ticket = self.count(name), self.hub.ticket(number)
        entries = list(self.history(number).journal.entries)
        # A tick that woke late may have put it on hold beside the claimant's own record.
        entries = [e for e in entries if e.outcome == State.DISPATCHED.value] or entries
        outcome = entries[-1].outcome if entries else ""
        told = self.story
        assert sent <= 1, f"{name} doubled: {told()}"
        if outcome == State.DISPATCHED.value:
            assert sent == 1, f"{name} lost: {told()}"
            assert not ticket.open, f"{name} left open: {told()}"
            assert ticket.state_reason == "completed", told()
            runs = [each.run.id for each in self.hub.sent if each.name == name and each.run]
            assert entries[-1].run_id in (None, *runs), f"{name} got another's run: {told()}"
        else:
            assert outcome == State.HELD.value, f"{name} ended in {outcome!r}: {told()}"
            assert may_hold, f"{name} was held: {told()}"
            assert f"schedule:{outcome}" in ticket.labels, told()
            assert ticket.open, told()
            assert entries[-1].reason, told()
        return outcome


def world(*, details: bool = True, graphql: bool = True, settings: Settings | None = None) -> World:
    """An empty hub with both kinds of workflow."""
    clock = FakeClock(NOON + timedelta(seconds=7, microseconds=250_000))
    hub = MemoryHub(clock=clock, details=details, graphql=graphql)
    hub.workflows = {"titled.yml": TITLED, "plain.yml": PLAIN}
    return World(hub=hub, settings=settings or Settings())


def interleave(
    world: World,
    plans: Sequence[Sequence[Fault]],
    choices: Iterator[int],
    *,
    logins: Sequence[str] = (),
) -> list[Any]:
    """Run a tick for each plan, side by side: a choice at each request says who goes on.

    Each tick is a thread, of which only the one that holds the baton runs: the order is
    the same whenever the choices are. Returns: the reports (None: died or gave up).

    Where a plan holds a long stall, no other tick gets the baton right before a dispatch:
    a process that freezes there for longer than a dispatch may take is what nothing helps
    against (`test_stale_reads`).
    """
    frozen = any(fault.kind.startswith("long") for plan in plans for fault in plan)
    back = threading.Semaphore(0)
    batons = [threading.Semaphore(0) for _ in plans]
    results: list[Any] = [None] * len(plans)
    failures: list[BaseException] = []
    alive = list(range(len(plans)))

    def work(me: int) -> None:
        carry = faulty(world.clock, *plans[me])

        def through(index: int, name: str, act: Callable[[], object]) -> object:
            if not (frozen and name == "dispatch"):
                back.release()
                batons[me].acquire()
            return carry(index, name, act)

        batons[me].acquire()
        try:
            login = logins[me] if logins else BOT
            results[me] = world.tick(through, login=login)
        except BaseException as failure:  # noqa: BLE001 - it is raised again below
            failures.append(failure)
        finally:
            alive.remove(me)
            back.release()

    threads = [threading.Thread(target=work, args=(me,), daemon=True) for me in alive]
    for thread in threads:
        thread.start()
    while alive:
        batons[alive[next(choices, 0) % len(alive)]].release()
        back.acquire()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return results
