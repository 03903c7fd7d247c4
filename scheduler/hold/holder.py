"""A tick that stays: it keeps the queue in memory and dispatches each job on its instant.

What the holder does next is one pure function, ``agenda.next_step``; the loop performs it. A
claim is made a little early, so that the dispatch itself is on time, and recording waits
until no other dispatch is near. The faults of a single tick hold here too: whoever kills the
holder leaves claims that the next tick can follow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from scheduler.errors import (
    InvalidJob,
    NotPermitted,
    OtherScheduler,
    Paced,
    RateLimited,
    SchedulerError,
    SettingsUnreadable,
    Unavailable,
    UsageError,
    VersionRetired,
)
from scheduler.hold.agenda import AGAIN, LEAD, NOTHING, Agenda, Step, next_step
from scheduler.hold.poll import REFRESH, Poller, Superseded
from scheduler.job.states import State, state_label
from scheduler.policy.decide import Fire
from scheduler.ports.hold import HeldQueue
from scheduler.ports.values import Comments
from scheduler.settings.model import Settings
from scheduler.settings.profiles import Stay
from scheduler.tick import claims, decide, dispatch, follow, invalid
from scheduler.tick.dispatch import Standing
from scheduler.tick.occurrence import Occurrence
from scheduler.tick.outcome import Heading, Outcome, Progress, Waiting, attempt, note_of
from scheduler.tick.process import process
from scheduler.tick.report import TickReport
from scheduler.tick.tick import OUTAGES, Tick

#: A wall clock that moved otherwise than the steady one was set, or the machine slept.
JUMP = timedelta(seconds=1)
#: What this token was denied is tried again after this: seldom is a right given meanwhile.
DENIED = timedelta(minutes=5)
#: What ends a hold, whichever job it meets.
ENDS = (
    RateLimited,
    VersionRetired,
    UsageError,
    SettingsUnreadable,
    OtherScheduler,
    Superseded,
)


class Holder:
    """A tick that stays; ``run`` returns the report of the pass and of all that followed.

    ``queue`` is that of the tick's context, as one that can be polled. ``stopped`` says whether it
    is to leave, ``settings`` reads them anew, ``begin`` is called when it begins to wait. Waits and
    ages are measured by the steady clock: the other may be set meanwhile.
    """

    def __init__(
        self,
        tick: Tick,
        queue: HeldQueue,
        *,
        hold: timedelta,
        poll: timedelta,
        stay: Stay = Stay.HOLD,
        stopped: Callable[[], bool] = lambda: False,
        settings: Callable[[], Settings] | None = None,
        begin: Callable[[], object] = lambda: None,
        plan: Callable[[datetime | None], tuple[timedelta, Stay] | None] | None = None,
    ) -> None:
        self.tick = tick
        self.ctx = tick.ctx
        self.stay = stay
        self.agenda = Agenda(unexplained=tick.ctx.unexplained, following=tick.ctx.following)
        self.poller = Poller(tick, queue, self.agenda, poll=poll, settings=settings)
        self._stopped = stopped
        self._begin = begin
        #: Asked when the pass is over, and whenever it would leave: how much longer to hold for
        #: what is due next, and what for; None: leave.
        self._plan = plan
        self._hold = hold
        #: What both clocks showed when they were last compared.
        self._then = (self.ctx.clock.now(), self.ctx.clock.monotonic())
        #: When the hold ends, and until when a lost answer keeps its target waiting: by the
        #: steady clock, in its seconds.
        self._ends = self._then[1] + hold.total_seconds()
        self._unsettled_until = self._then[1]
        #: The jobs that were denied since one was last dealt with.
        self._denied: set[int] = set()

    def run(self) -> TickReport:
        """The pass, then the hold; leaves cleanly whatever GitHub says meanwhile.

        Raises:
            NotPermitted, Unavailable: the queue itself could not be read, by the pass or later.
        """
        report, silent = self._pass()
        tally, notices = self.tick.tally, self.ctx.notices
        if self._plan and not (silent or report.error is not None or self._stopped()):
            self._holds_on(report.needed)
        due, end = report.needed, self.ctx.clock.now() + self._left(self._ends)
        idle = not self._hold or (self.stay is not Stay.HOLD and due is None)
        idle |= self.stay is Stay.DUE and due is not None and due > end
        if idle or report.error is not None or self._stopped():
            return report
        if report.stopped:
            # GitHub did not answer, or wants to be left alone: a holder can wait for that.
            notices.append(f"the pass stopped early and the hold went on: {report.stopped}")
            tally.stopped = ""
        self._begin()
        self.ctx.following.stay(self.ctx.clock.now())
        self.ctx.early, self.ctx.patience = LEAD, 0.0
        try:
            self._stay()
        except SchedulerError as ended:
            tally.stopped = f"the hold ended early: {ended}"
            tally.error = None if ended.passing else ended
        self._put_down()
        self.tick.say_untold()
        if silent and not self.agenda.looked and not self._stopped():
            raise silent
        if self.agenda.looked:
            now, waiting = self.ctx.clock.now(), self.agenda.waiting.values()
            tally.next_due, tally.needed = self.agenda.next_due(), self.agenda.needed()
            tally.left = sum(1 for found in waiting if found.job.run_at <= now)
        return self.tick.report()

    def _pass(self) -> tuple[TickReport, Unavailable | None]:
        """The pass; with the reason where GitHub did not even show the queue."""
        try:
            report = self.tick.run()
        except Unavailable as outage:
            if not self._hold or not outage.passing:
                raise
            self.tick.tally.stopped = str(outage)
            self.tick.tally.comes_next(self.ctx.clock.now())
            return self.tick.report(), outage
        self.ctx.notices.extend(self.ctx.label_notices.values())
        return report, None

    def take_no_more(self) -> None:
        """End the pass before its next job, as its limit would; what is in hand is finished."""
        self.tick.taking = False

    def abandon(self) -> TickReport:
        """The report of a holder that has no time left: the next tick finds what it began."""
        tally = self.tick.tally
        for sent in self.agenda.unrecorded:
            tally.add(Outcome(number=sent.standing.found.number, fired=dispatch.fired(sent)))
        tally.stopped = "asked to leave; what could not be finished is left to the next tick"
        tally.comes_next(self.ctx.clock.now())
        return self.tick.report()

    def _left(self, until: float) -> timedelta:
        """How long it is until the steady clock shows ``until``, in its seconds."""
        return timedelta(seconds=until - self.ctx.clock.monotonic())

    def _stay(self) -> None:
        """Do one step after the other, until it is time to leave.

        Raises:
            SchedulerError: what ends the hold early.
        """
        clock = self.ctx.clock
        while not self._stopped():
            now, steady = clock.now(), clock.monotonic()
            step, number, wait = next_step(
                self.agenda,
                now=now,
                end=now + timedelta(seconds=self._ends - steady),
                next_poll=now + timedelta(seconds=self.poller.next_poll - steady),
                stay=self.stay,
            )
            if self._jumped(now, steady):
                # Before anything is sent, GitHub's answer tells what time it really is.
                step, number = Step.POLL, None
            if step is Step.LEAVE:
                if not self._holds_on(self.agenda.needed()):
                    return
                continue
            if step is Step.SLEEP:
                clock.sleep(wait.total_seconds())
                continue
            try:
                self._do(step, number)
            except RateLimited as limited:
                self._wait_out(limited)
            else:
                self.agenda.took(step, -self._left(steady))

    def _holds_on(self, due: datetime | None) -> bool:
        """Ask the plan how much longer to hold for what is due next; whether it says to."""
        asked = self._plan(due) if self._plan else None
        if self._plan:
            self._hold, self.stay = asked or (NOTHING, Stay.DUE)
            self._ends = self.ctx.clock.monotonic() + self._hold.total_seconds()
        return asked is not None

    def _jumped(self, now: datetime, steady: float) -> bool:
        """Whether a clock was set, or the machine slept, since this was last asked."""
        moved = now - self._then[0] - timedelta(seconds=steady - self._then[1])
        self._then = (now, steady)
        if abs(moved) <= JUMP:
            return False
        self.agenda.no_later(now + AGAIN)
        return True

    def _wait_out(self, limited: RateLimited) -> None:
        """Wait until GitHub answers again, or it is to leave.

        Raises:
            RateLimited: that is not before the hold ends.
        """
        until = (
            self.ctx.clock.monotonic() + (limited.retry_at - self.ctx.clock.now()).total_seconds()
        )
        if until >= self._ends:
            raise limited
        while (left := self._left(until)) > NOTHING and not self._stopped():
            self.ctx.clock.sleep(left.total_seconds())

    def _do(self, step: Step, number: int | None) -> None:
        """Do one step; ``number`` is the job that it is about.

        Raises:
            SchedulerError: as ``_guarded``, and as a poll does.
        """
        agenda = self.agenda
        if step is Step.RECORD:
            sent = agenda.unrecorded.pop(0)
            found = sent.standing.found
            invalid.forget(self.ctx, self.tick.tally, found.number)
            outcome = self._guarded(found, lambda done: dispatch.conclude(self.ctx, done, sent))
            self._waits(outcome.waiting)
        elif step is Step.TELL:
            invalid.tell(self.ctx, self.tick.tally)
        elif step is Step.FOLLOW:
            self._follow()
        elif number is None:
            self.poller.poll()
        elif step is Step.FIRE:
            standing = agenda.claimed.pop(number)
            outcome = self._guarded(standing.found, lambda done: self._fire(done, standing))
            self._waits(outcome.waiting)
        else:
            found = agenda.waiting[number]
            self._guarded(found, lambda done: self._take_up(done, found, step))

    def _follow(self) -> None:
        """Look what became of the runs that are followed, by their issues as a poll shows them."""
        following, waiting = self.ctx.following, {**self.agenda.running, **self.agenda.waiting}
        for each in list(following.runs.values()):
            found = waiting.get(each.number)
            ticket = found.ticket if found else each.ticket
            following.take([replace(each, found=found, ticket=ticket)])
        for waits in follow.again(self.ctx, self.tick.tally, poll=self.poller.every):
            if waits.found.number in self.poller.listed:
                self._waits(waits)

    def _guarded(self, found: Occurrence, act: Callable[[Progress], None]) -> Outcome:
        """Do ``act`` about a job; what goes wrong is noted, and it is looked at again later.

        Raises:
            RateLimited, VersionRetired, UsageError, SettingsUnreadable, OtherScheduler, Superseded:
                no job after it would fare better.
            NotPermitted: the same, by what became of several.
        """
        outcome = attempt(found.number, act, self.tick.tally)
        problem = outcome.problem
        if isinstance(problem, Paced):  # the others go on meanwhile
            self._put_back(found, problem.retry_at - self.ctx.clock.now())
        elif isinstance(problem, ENDS):
            self._put_back(found)
            raise problem
        elif isinstance(problem, InvalidJob):
            # Until its author has changed the text, which a poll shows.
            self.agenda.drop(found.number)
            self.poller.refuse(found.ticket)
            invalid.refuse(self.ctx, self.tick.tally, found.ticket, problem)
        elif problem is not None:
            self._failed(found, problem)
        return outcome

    def _failed(self, found: Occurrence, problem: Exception) -> None:
        """Say what went wrong with a job, and look at it again later.

        Raises:
            NotPermitted: the token was denied something about several jobs, and none went well.
        """
        denied = isinstance(problem, NotPermitted)
        self._put_back(found, DENIED if denied else AGAIN)
        self.tick.tally.note(found.number, *note_of(problem))
        if denied:
            # Whether that is this job's fault, the next poll tells, or the jobs after it.
            self.poller.next_poll = self.ctx.clock.monotonic()
            self._denied.add(found.number)
            if len(self._denied) == OUTAGES:
                raise problem

    def _put_back(self, found: Occurrence, after: timedelta = AGAIN) -> None:
        """Let a job that is still listed wait, to be looked at again after so long."""
        if found.number in self.poller.listed:
            found = self.agenda.waiting.get(found.number, found)
            self.agenda.put(found, self.ctx.clock.now() + after)

    def _take_up(self, done: Progress, found: Occurrence, step: Step) -> None:
        """Claim a job for its instant, or do the one thing that is to be done about it now."""
        number, agenda = found.number, self.agenda
        self.poller.renew()
        if agenda.looked_at(number):
            # It was looked at before, and may be another since.
            self.poller.poll()
        if agenda.waiting.get(number) is not found:
            return
        self._put_back(found)
        invalid.forget(self.ctx, self.tick.tally, number)
        if self.ctx.clock.monotonic() >= self._unsettled_until:
            self.ctx.unsettled.clear()
        fire = self._simply(found) if step is Step.CLAIM else None
        if fire is not None:
            if standing := dispatch.begin(self.ctx, done, found, fire):
                agenda.claimed[number] = standing
        else:
            process(self.ctx, done, found)
            self._denied.clear()
        if done.waiting:
            self._waits(done.waiting)
        elif number in agenda.claimed or done.final:
            # What somebody has to decide, they decide by changing the issue: a poll shows it.
            agenda.drop(number)

    def _waits(self, waiting: Waiting | None) -> None:
        """Let a job wait again that was dealt with and whose issue stays open."""
        if waiting is not None:
            found, at = waiting.found, waiting.at
            self.agenda.put(found, at if at > found.job.run_at else None)

    def _simply(self, found: Occurrence) -> Fire | None:
        """The decision about a job of which all is known, if it is simply to be sent."""
        kept = state_label(self.ctx.settings.label, State.HELD) in found.ticket.labels
        decision = decide.decision(self.ctx, found, Comments(items=()), found.history)
        return None if kept or found.ticket.locked or not isinstance(decision, Fire) else decision

    def _fire(self, done: Progress, standing: Standing) -> None:
        """Dispatch a claimed job; what is then to be recorded is left for when there is time."""
        self.tick.tally.due += 1
        sent = dispatch.fire(self.ctx, done, standing)
        # Only this shows what the token may do; a claim is no more than a comment.
        self._denied.clear()
        if sent:
            self.agenda.unrecorded.append(sent)
        elif not done.final:
            self._put_back(standing.found)
        if self.ctx.unsettled:
            # Until that claim is settled, or another tick has settled it.
            patience = self.ctx.settings.limits.recover_after.total_seconds() + REFRESH
            self._unsettled_until = self.ctx.clock.monotonic() + patience

    def _put_down(self) -> None:
        """Finish what was begun: take unsent claims back, record what was sent."""
        while self.agenda.claimed:
            _, standing = self.agenda.claimed.popitem()
            claims.withdraw(self.ctx, standing.own)
            self.agenda.put(standing.found)
        while self.agenda.unrecorded:
            sent = self.agenda.unrecorded.pop(0)
            found, act = sent.standing.found, partial(dispatch.conclude, self.ctx, sent=sent)
            problem = attempt(found.number, act, self.tick.tally).problem
            if isinstance(problem, SchedulerError):
                self.tick.tally.note(found.number, Heading.RETRYING, str(problem))
                self._put_back(found)
            elif problem is not None:
                raise problem
