"""One tick: scan the queue, take what is due oldest first, settle what was left open.

Each job has a guard of its own, so that one bad issue neither delays nor hides another.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from scheduler.errors import (
    InvalidJob,
    NotPermitted,
    RateLimited,
    Rejected,
    Unavailable,
    VersionRetired,
)
from scheduler.job.model import Job, occurrence_key
from scheduler.job.states import LABELLED, TERMINAL, State, state_label
from scheduler.policy.job_text import its_own_fault, reading
from scheduler.policy.trust import looks_strange
from scheduler.ports import Ticket
from scheduler.tick import issues, leftovers, pacing, rules
from scheduler.tick.context import HELD_FOR, Context
from scheduler.tick.invalid import RECENT, explain
from scheduler.tick.occurrence import Occurrence
from scheduler.tick.outcome import Heading, Outcome, Tally, Waiting, attempt, note_of
from scheduler.tick.place import place
from scheduler.tick.process import process
from scheduler.tick.report import TickReport
from scheduler.tick.rules import COUNTED

PAUSED = "the settings say `paused: true`: nothing is run until that is taken back"
#: So many jobs in a row without an answer end the tick: it is not one job's fault.
OUTAGES = 3


def tick(ctx: Context) -> TickReport:
    """One pass over the queue.

    Raises:
        NotPermitted, Unavailable: the queue itself can't be read. What stops a tick later
            stands in the report's ``stopped`` and ``error``.
    """
    return Tick(ctx).run()


class Tick:
    """One pass; ``run`` does all of it."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx
        #: What was found and done so far; `report` is made from it.
        self.tally = Tally()
        #: False once no more jobs are to be taken: what is in hand is finished, and the rest is
        #: left to the next tick.
        self.taking = True
        #: How many jobs since the last that went well got no answer, or were denied.
        self._outages = 0
        #: What the token was denied last, and whether anything went well.
        self._denied: NotPermitted | None = None
        self._worked = False
        #: What is still to be explained to authors; none of it may keep a due job waiting.
        self.untold: dict[int, tuple[Ticket, str]] = {}

    def run(self) -> TickReport:
        """Scan, carry out, settle, report.

        Raises:
            NotPermitted, Unavailable: the open issues can't be listed.
        """
        now, tally = self.ctx.began, self.tally
        tickets = self.in_order(self.ctx.queue.open_tickets())
        tally.scanned = len(tickets)
        if self.ctx.settings.paused:
            self.ctx.notices.append(PAUSED)
        ours = [ticket for ticket in tickets if not looks_strange(ticket, self.ctx.settings)]
        known = self._read(ours)
        due = self._due(known)
        try:
            closed = self.ctx.queue.closed_tickets(now - (COUNTED if due else RECENT))
            near = [ticket for ticket in closed if not looks_strange(ticket, self.ctx.settings)]
            forbidden = self._take(known, (), [*near, *ours])
            if len(ours) < len(tickets):
                # What others wrote is carried out: no stranger's text has kept it waiting.
                theirs = self._read(tickets[len(ours) :])
                if self._due(theirs) and not due:
                    closed = self.ctx.queue.closed_tickets(now - COUNTED)
                forbidden += self._take(theirs, known, [*closed, *tickets])
            self._explain()
            self._reject(forbidden)
            leftovers.settle(self.ctx, closed, tally)
        except RateLimited as limited:
            tally.stopped = str(limited)
            tally.comes_next(limited.retry_at)
        except (Unavailable, NotPermitted) as problem:
            tally.stopped = str(problem)
            tally.error = None if problem.passing else problem
            tally.comes_next(now)
        self.say_untold()
        report = self.report()
        report.notices += self.ctx.refused.values()
        return report

    @property
    def most(self) -> int:
        """How many dispatches, endings and answers this tick may make, of each; 0: no more."""
        return self.ctx.settings.limits.per_tick if self.taking else 0

    def report(self) -> TickReport:
        """The report of what was found and done until now."""
        report = TickReport.of(self.tally, now=self.ctx.began, requests=self.ctx.queue.requests)
        report.notices += [*self.ctx.notices, *pacing.notices(self.ctx, report.left)]
        return report

    def in_order(self, tickets: Iterable[Ticket]) -> list[Ticket]:
        """Issues in the order in which their texts are read: those of strangers last.

        Who wrote it, as far as the list shows, is asked before a text costs anything.
        """
        return sorted(tickets, key=lambda ticket: looks_strange(ticket, self.ctx.settings))

    def _read(self, tickets: Iterable[Ticket]) -> list[Occurrence]:
        """The jobs of these issues; what waits and what is due of them is counted."""
        now, tally = self.ctx.began, self.tally
        read = (self.read(ticket, now=now) for ticket in tickets)
        known = [found for found in read if found is not None]
        for found in known:
            if found.waits:
                tally.note(found.number, Heading.PAUSED, "paused")
        tally.due += len(self._due(known))
        ahead = (found.job.run_at for found in self._awake(known) if found.job.run_at > now)
        tally.comes_next(*ahead)
        return known

    def _awake(self, known: Iterable[Occurrence]) -> list[Occurrence]:
        """The jobs that wait for no person."""
        return [found for found in known if not (found.waits or self.ctx.settings.paused)]

    def _due(self, known: Iterable[Occurrence]) -> list[Occurrence]:
        """The jobs that are due, in the order in which they are taken."""
        now = self.ctx.began
        due = [found for found in self._awake(known) if found.job.run_at <= now]
        # What can only be called missed waits until what can still run has run, and so do words:
        # whoever floods issues with them keeps no other job waiting.
        return sorted(due, key=lambda found: (_later(found, now), found.job.run_at, found.number))

    def _take(
        self, known: list[Occurrence], before: Iterable[Occurrence], others: Iterable[Ticket]
    ) -> list[Occurrence]:
        """Carry out what is due of ``known``; the jobs that a rule forbids, which are not.

        ``before`` and ``others`` are what counts beside it.
        """
        rules.enter(self.ctx, [*before, *known], others, now=self.ctx.began)
        due = self._due(known)
        self.ctx.facts.expect([found.ticket for found in due])
        forbidden = [found for found in self._awake(known) if rules.forbidden(self.ctx, found)]
        numbers = {found.number for found in forbidden}
        self._carry_out([found for found in due if found.number not in numbers])
        return forbidden

    def say_untold(self) -> None:
        """Say once, not of each job, what the server could not tell of who did what to them."""
        words = self.ctx.facts.untold
        if words and words not in self.ctx.notices:
            self.ctx.notices.append(words)

    def _carry_out(self, due: list[Occurrence]) -> None:
        """Do what is to be done about each due job, until no more are to be taken.

        Raises:
            NotPermitted: the token was denied all that was tried.
            RateLimited, Unavailable: as ``_guarded``.
        """
        tally = self.tally
        while due:
            # A series that has more than one instant to make up for lets the others go first.
            open_still: list[Waiting] = []
            for done, found in enumerate(due):
                if max(tally.sent, tally.ended) >= self.most:
                    tally.left += len(due) - done
                    tally.comes_next(self.ctx.began)
                    return
                if waiting := self._guarded(found).waiting:
                    open_still.append(waiting)
            now = self.ctx.clock.now()
            due = [each.found for each in open_still if each.at <= now and not each.found.waits]
        if self._denied is not None and not self._worked:
            raise self._denied

    def _explain(self) -> None:
        """Tell authors what is wrong with their texts, so many at a time."""
        # So many at a time: whoever floods the queue uses up no hour's requests.
        told = 0
        while self.untold and told < self.most:
            told += self.tell()
        if self.untold:
            self.tally.comes_next(self.ctx.began)

    def tell(self) -> bool:
        """Explain one text to its author, unless that was done before.

        Raises:
            RateLimited: it was not, nor would the next one be.
        """
        ticket, words = self.untold.pop(next(iter(self.untold)))
        try:
            return explain(self.ctx, ticket, words, now=self.ctx.clock.now())
        except RateLimited:
            self.untold[ticket.number] = ticket, words
            raise
        except (Rejected, Unavailable, NotPermitted) as problem:
            self._retrying(ticket.number, problem)
            return True

    def _reject(self, forbidden: list[Occurrence]) -> None:
        """End the jobs that a rule forbids, so many at a time."""
        # Said at once, not when they fire: their author can still do something about it. And
        # last, so many at a time: whoever floods the queue keeps nobody else waiting.
        for found in forbidden[: self.most]:
            self._guarded(found)
        if len(forbidden) > self.most:
            self.tally.comes_next(self.ctx.began)

    def _guarded(self, found: Occurrence) -> Outcome:
        """Do what is to be done about one job; what goes wrong with it is noted.

        Raises:
            RateLimited, VersionRetired: no job after it would fare better.
            NotPermitted, Unavailable: the same, by what became of several in a row.
        """
        outcome = attempt(found.number, lambda done: process(self.ctx, done, found), self.tally)
        problem = outcome.problem
        if problem is None:
            self._outages, self._worked = 0, True
        elif isinstance(problem, (RateLimited, VersionRetired)):
            raise problem
        elif isinstance(problem, InvalidJob):
            self.refuse(found.ticket, problem)
        else:
            self._failed(found.number, problem)
        return outcome

    def _failed(self, number: int, problem: Exception) -> None:
        """Say what went wrong with a job; and go on, unless it is not this one's fault."""
        self._retrying(number, problem)
        if isinstance(problem, NotPermitted):
            self._denied = problem
        if not isinstance(problem, (NotPermitted, Unavailable)):
            return
        self._outages += 1
        if self._outages % OUTAGES == 0:
            if isinstance(problem, NotPermitted) and not self._worked:
                raise problem
            # Several failed in a row: the issue itself, asked for alone, tells an outage,
            # which ends the tick, from issues that GitHub can't show all of.
            self.ctx.queue.ticket(number)

    def _retrying(self, number: int, problem: Exception) -> None:
        """Say what went wrong with a job that is looked at again by the next tick."""
        self.tally.note(number, *note_of(problem), again=self.ctx.began)

    def read(self, ticket: Ticket, *, now: datetime) -> Occurrence | None:
        """The job of an issue at ``now``; None: its author is to be told why it is none."""
        shown = {s for s in LABELLED if state_label(self.ctx.settings.label, s) in ticket.labels}
        unchanged = now - ticket.updated_at > HELD_FOR
        if State.HELD in shown and unchanged:
            reason = "on hold; its comments say why"
            self.tally.note(ticket.number, Heading.HELD, reason)
            return None
        try:
            read = reading(ticket, self.ctx.settings, queue=self.ctx.queue.repository)
            job = read.job
            with its_own_fault(ticket.body):
                found = place(self.ctx, self._unplaced(ticket, read.said, job))
        except InvalidJob as problem:
            self.refuse(ticket, problem)
            return None
        except (Rejected, Unavailable, NotPermitted) as problem:
            self._retrying(ticket.number, problem)
            return None
        # Of a job that is due the label says that a person reopened it, until that is done.
        over = shown & TERMINAL if job.run_at > now else set()
        return self._unmarked(found, over | (shown & {State.INVALID}))

    def _unplaced(self, ticket: Ticket, raw: Job, job: Job) -> Occurrence:
        """A job before its comments are read: at its own instant."""
        queue = self.ctx.queue.repository
        runs_in = job.repo or queue
        key = occurrence_key(ticket.number, job.run_at, queue=queue, runs_in=runs_in)
        return Occurrence(ticket=ticket, raw=raw, asked=job, job=job, key=key, instant=job.run_at)

    def refuse(self, ticket: Ticket, problem: InvalidJob) -> None:
        """Take an issue's text for none of a job; its author is told why, in good time."""
        self.tally.note(ticket.number, *note_of(problem))
        self.untold[ticket.number] = ticket, str(problem)

    def forget(self, number: int) -> None:
        """Replace what was said of a job in passing by what is now done about it."""
        self.untold.pop(number, None)
        self.tally.forget(number)

    def _unmarked(self, found: Occurrence, states: set[State]) -> Occurrence:
        """The job, its issue without labels that are true no longer; if that fails, as it was."""
        try:
            return replace(found, ticket=issues.unmark(self.ctx, found.ticket, states))
        except (Rejected, Unavailable, NotPermitted) as problem:
            self._retrying(found.number, problem)
            return found


def _later(found: Occurrence, now: datetime) -> int:
    """Where a due job stands: first what can run, then what is missed, then what is asked for."""
    if found.command is not None:
        return 2
    expires = found.job.expires_at()
    return int(expires is not None and expires < now)
