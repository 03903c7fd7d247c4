"""One tick: scan the queue, take what is due oldest first, settle what was left open.

Each job has a guard of its own, so that one bad issue neither delays nor hides another.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from scheduler.errors import (
    InvalidJob,
    NotPermitted,
    OtherScheduler,
    RateLimited,
    Rejected,
    Unavailable,
    VersionRetired,
)
from scheduler.policy.trust import looks_strange
from scheduler.ports.values import Ticket
from scheduler.tick import (
    approval,
    follow,
    invalid,
    leftovers,
    pacing,
    reply,
    retrying,
    rules,
    running,
)
from scheduler.tick.context import Context
from scheduler.tick.followed import Followed
from scheduler.tick.invalid import RECENT
from scheduler.tick.occurrence import Occurrence
from scheduler.tick.outcome import Heading, Outcome, Tally, Waiting, attempt, note_of, tries
from scheduler.tick.process import process
from scheduler.tick.reading import in_order, read
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
        #: The closed issues that have changed, and those of them that were closed lately.
        self._changed: Sequence[Ticket] = ()
        self._ended: Sequence[Ticket] = ()
        self._worked = False

    def run(self) -> TickReport:
        """Scan, carry out, settle, report.

        Raises:
            NotPermitted, Unavailable: the open issues can't be listed.
        """
        tally = self.tally
        tickets = in_order(self.ctx, self.ctx.queue.open_tickets())
        tally.scanned = len(tickets)
        if self.ctx.settings.paused:
            self.ctx.notices.append(PAUSED)
        ours = [ticket for ticket in tickets if not looks_strange(ticket, self.ctx.settings)]
        known = self._read(ours)
        theirs: list[Occurrence] = []
        due = self._due(known)
        try:
            closed = self._closed(COUNTED if due else RECENT)
            near = [ticket for ticket in closed if not looks_strange(ticket, self.ctx.settings)]
            if running.limited(self.ctx):
                self._look(known)
            forbidden = self._take(known, (), [*near, *ours])
            if len(ours) < len(tickets):
                # What others wrote is carried out: no stranger's text has kept it waiting.
                theirs = self._read(tickets[len(ours) :])
                if self._due(theirs) and not due:
                    closed = self._closed(COUNTED)
                forbidden += self._take(theirs, known, [*closed, *tickets])
            self._ask(known)
            self._explain()
            self._reject(forbidden)
            self._reopen([*known, *theirs], [*closed, *tickets])
            followed = self._followed([*known, *theirs])
            leftovers.settle(self.ctx, closed, tally)
            reply.of_closed(self.ctx, closed)
            follow.look(self.ctx, tally, followed)
        except RateLimited as limited:
            tally.stopped = str(limited)
            tally.comes_next(limited.retry_at)
        except (Unavailable, NotPermitted, OtherScheduler) as problem:
            tally.stopped = str(problem)
            tally.error = None if problem.passing else problem
            tally.comes_next(self.ctx.began)
        self.say_untold()
        report = self.report()
        report.notices += self.ctx.label_notices.values()
        return report

    def _look(self, known: list[Occurrence]) -> None:
        """Ask what became of runs before anything is sent; what has not ended is counted."""
        followed = follow.gather(self.ctx, known, self._ended, due=True)
        self.ctx.following.take(followed)
        follow.look(self.ctx, self.tally, followed)

    def _followed(self, known: list[Occurrence]) -> Sequence[Followed]:
        """The runs to ask about once all is sent: all of them, or what the first look put off.

        On an issue of which something is due an end is not recorded before that is sent. That a job
        waits for its run may have shown only then, where nothing but a write tells the login.
        """
        waiting = (outcome.waiting for outcome in self.tally.outcomes)
        found = {each.found.number: each.found for each in waiting if each and each.found.running}
        late = [
            found.pop(each.number) for each in known if each.number in found and not each.running
        ]
        if running.limited(self.ctx):
            return [*self.ctx.following.put_off(), *follow.gather(self.ctx, late, (), due=True)]
        numbers = {each.number for each in late}
        known = [*(each for each in known if each.number not in numbers), *late]
        return follow.gather(self.ctx, known, self._ended, due=bool(self.tally.due))

    def _closed(self, back: timedelta) -> list[Ticket]:
        """The issues closed so far back; those of which a run may be followed come with them."""
        now, reach = self.ctx.began, follow.reach(self.ctx)
        self._changed = self.ctx.queue.closed_tickets(now - max(back, reach), changed=True)
        since = now - max(back, reach)
        self._ended = [each for each in self._changed if _closed(each) >= since]
        since = now - back
        return [each for each in self._ended if _closed(each) >= since]

    @property
    def most(self) -> int:
        """How many dispatches, endings and answers this tick may make, of each; 0: no more."""
        return self.ctx.settings.limits.per_tick if self.taking else 0

    def report(self) -> TickReport:
        """The report of what was found and done until now."""
        report = TickReport.of(self.tally, now=self.ctx.began, requests=self.ctx.queue.requests)
        report.notices += [*self.ctx.notices, *pacing.notices(self.ctx, report.left)]
        return report

    def read(self, ticket: Ticket, *, now: datetime) -> Occurrence | None:
        """The job of an issue at ``now``; None: what it is instead is noted."""
        return read(self.ctx, self.tally, ticket, now=now)

    def _read(self, tickets: Iterable[Ticket]) -> list[Occurrence]:
        """The jobs of these issues; what waits and what is due of them is counted."""
        now, tally = self.ctx.began, self.tally
        jobs = (self.read(ticket, now=now) for ticket in tickets)
        known = [found for found in jobs if found is not None]
        for found in known:
            if found.waits and found.paused:
                tally.note(found.number, Heading.PAUSED, "paused")
            elif found.command is None and (found.running or found.tried_again(now)):
                tally.note(found.number, *tries(found))
            elif found.rests(now):
                tally.note(found.number, Heading.WAITING, approval.waits_for(self.ctx))
        tally.due += len(self._due(known))
        for found in self._awake(known):
            if found.job.run_at > now:
                tally.waits(found)
        return known

    def _awake(self, known: Iterable[Occurrence]) -> list[Occurrence]:
        """The jobs that wait for no person."""
        now, stopped = self.ctx.began, self.ctx.settings.paused
        return [found for found in known if not (stopped or found.rests(now))]

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

    def _reopen(self, known: list[Occurrence], others: Iterable[Ticket]) -> None:
        """Open the closed jobs that somebody wants to have tried again, and hear what they say."""
        opened = self._read(retrying.reopen(self.ctx, self.tally, self._changed))
        if opened:
            self._take(opened, known, others)

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

    def _ask(self, known: list[Occurrence]) -> None:
        """Ask for the approvals that jobs will need, so many at a time."""
        if self.ctx.settings.approve == "none" or self.ctx.settings.paused:
            return
        dealt = {outcome.number for outcome in self.tally.outcomes if outcome.notes}
        asked = 0
        for found in known:
            if found.number in dealt and not found.unapproved:
                continue
            try:
                if approval.early(self.ctx, found):
                    if asked >= self.most:
                        self.tally.comes_next(self.ctx.began)
                        return
                    asked += 1
                    approval.ask(self.ctx, found)
                    if not found.unapproved:
                        words = approval.waits_for(self.ctx)
                        self.tally.note(found.number, Heading.WAITING, words)
            except RateLimited:
                raise
            except (Rejected, Unavailable, NotPermitted) as problem:
                self.tally.note(found.number, *note_of(problem), again=self.ctx.began)

    def _explain(self) -> None:
        """Tell authors what is wrong with their texts, so many at a time."""
        # So many at a time: whoever floods the queue uses up no hour's requests.
        told = 0
        while self.ctx.unexplained and told < self.most:
            told += invalid.tell(self.ctx, self.tally)
        if self.ctx.unexplained:
            self.tally.comes_next(self.ctx.began)

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
            RateLimited, VersionRetired, OtherScheduler: no job after it would fare better.
            NotPermitted, Unavailable: the same, by what became of several in a row.
        """
        outcome = attempt(found.number, lambda done: process(self.ctx, done, found), self.tally)
        problem = outcome.problem
        if problem is None:
            self._outages, self._worked = 0, True
        elif isinstance(problem, (RateLimited, VersionRetired, OtherScheduler)):
            raise problem
        elif isinstance(problem, InvalidJob):
            invalid.refuse(self.ctx, self.tally, found.ticket, problem)
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


def _closed(ticket: Ticket) -> datetime:
    """When an issue was closed, as far as that is told."""
    return ticket.closed_at or ticket.updated_at


def _later(found: Occurrence, now: datetime) -> int:
    """Where a due job stands: first what can run, then what is missed, then what is asked for."""
    if found.command is not None:
        return 2
    expires = found.job.expires_at()
    return int(expires is not None and expires < now)
