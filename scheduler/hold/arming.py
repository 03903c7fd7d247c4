"""Arms the alarm that wakes the next tick, before this one leaves.

An alarm is a run: it waits in an environment, outside of the tick's concurrency group, and then
ticks. What waits is read from one list of runs; no more is asked than arming takes. Whoever is
killed on the way leaves no alarm or one too many, and the next tick sees which. A lost answer
arms no second: the next tick reads again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from scheduler.errors import Rejected, SchedulerError, Unavailable
from scheduler.hold import alarm
from scheduler.hold.alarm import Waiting, timer_of
from scheduler.ports.clock import Clock
from scheduler.ports.hold import HeldQueue
from scheduler.ports.values import Dispatch, Run, Target
from scheduler.settings.model import Settings

HOUR = timedelta(hours=1)
#: How an alarm ends that nobody lets tick, in GitHub's word and for people.
ENDED = {"cancelled": "was cancelled", "failure": "failed, or was rejected"}
#: A run that waits for so much longer than its timer waits for something else.
STUCK = timedelta(minutes=5)
#: An alarm that ended so much before its time was let go by somebody, or has no such timer.
EARLY = timedelta(seconds=15)
#: The workflow that lends alarms to other repositories.
LENT = "alarm.yml"
#: The title of an alarm's run; behind its environment the queue's name, where it is lent.
RUN_NAME = re.compile(r"alarm (schedule-[1-9][0-9]{0,4}[md])(?: (\S+))?")
#: How ``schedule`` makes the environments.
INSTALL = "'schedule clock install alarm' sets it right"
#: What the refusal of a dispatch says of the job's issue; an alarm has none.
ABOUT_A_JOB = re.compile(r", then reopen the issue|; edit the issue, then reopen it")
#: What GitHub calls a run that has not begun.
NOT_BEGUN = ("waiting", "queued", "pending", "requested")


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the alarms of a queue wait."""

    target: Target
    #: What the queue is called there; empty: its alarms are runs of its own scheduler.
    queue: str = ""

    def dispatch(self, timer: timedelta, ref: str) -> Dispatch:
        """The request that arms an alarm with this timer, by the workflow at ``ref``."""
        name = alarm.environment(timer)
        inputs = {"timer": name, "queue": self.queue} if self.queue else {"alarm": name}
        return Dispatch(target=replace(self.target, ref=ref), inputs=inputs)

    def waiting(self, runs: Iterable[Run]) -> list[Waiting]:
        """Those of ``runs`` that wait as an alarm of this queue."""
        found = []
        for run in runs:
            timer = self.timer(run)
            if timer and run.created_at and run.status in NOT_BEGUN and not run.conclusion:
                found.append(Waiting(timer, run.created_at, run.id))
        return found

    def timer(self, run: Run) -> timedelta | None:
        """The timer of an alarm's run; None: it is none, or another queue's.

        The run of an event has the title of its issue, which anybody may write.
        """
        if run.event not in ("workflow_dispatch", ""):
            return None
        named = RUN_NAME.fullmatch(run.title)
        return timer_of(named[1]) if named and (named[2] or "") == self.queue else None


class Arming:
    """One tick's way to the alarms; ``branch`` tells a repository's default branch.

    ``lender`` is the connection by which the runs of the place are seen and started.
    """

    def __init__(
        self,
        queue: HeldQueue,
        clock: Clock,
        settings: Settings,
        *,
        branch: Callable[[str], str],
        lender: HeldQueue | None = None,
    ) -> None:
        self._queue = lender or queue
        self._clock = clock
        self._settings = settings
        self._branch = branch
        self.repository = settings.alarm.repository or queue.repository
        self._name = (settings.alarm.queue or queue.repository) if settings.alarm.repository else ""
        self.timers = alarm.timers(settings.alarm.timers)
        self.notices: list[str] = []
        #: Whether the repository is another one than the queue's.
        self.lent = bool(self._name)
        self._sending = False
        #: Whether what was refused will be refused again: not only too much for this hour.
        self.refused = False
        #: The runs that wait for longer than their timers.
        self.stuck: list[int] = []

    def environments(self) -> dict[str, str]:
        """By the environments' names: what is wrong with it, empty: nothing.

        One that is not there is not named.

        Raises:
            SchedulerError: GitHub did not tell.
        """
        found = {each.name.lower(): each for each in self._queue.environments(self.repository)}
        named: dict[str, str] = {}
        for timer in self.timers:
            there = found.get(name := alarm.environment(timer))
            if there is None:
                continue
            named[name] = ""
            if there.minutes != (wanted := timer // alarm.MINUTE):
                told = f"a wait timer of {there.minutes} min" if there.minutes else "no wait timer"
                named[name] = f"has {told}, not of {wanted} min"
            elif there.rules:
                rules = " and ".join(each.replace("_", " ") for each in there.rules)
                named[name] = f"has {rules} beside its timer"
        return named

    def flaw(self, named: Mapping[str, str]) -> str:
        """What is wrong with the environments ``named``, in words; empty: nothing."""
        wrong = {name: words for name, words in named.items() if words}
        missing = [name for name in map(alarm.environment, self.timers) if name not in named]
        if not (wrong or missing):
            return ""
        name, words = next(iter(wrong.items()), (next(iter(missing), ""), "is missing"))
        more = len(wrong) + len(missing) - 1
        others = f", and {more} more are wrong" if more else ""
        where = f" in {self.repository}" if self.lent else ""
        return f"the environment {name}{where} {words}{others}"

    def arm(self, due: datetime) -> str:
        """Arm what is to wake the next tick for ``due``, if it needs any; why it could not be.

        What is due sooner than the shortest alarm ends gets that one all the same: nobody stays.
        """
        now, self._sending = self._clock.now(), False
        due = max(due, now + alarm.held(self.timers))
        try:
            return self._arm(now, due, self.place)
        except Unavailable as problem:
            if problem.sent and self._sending:
                self.notices.append(f"alarm: no answer told whether it was armed ({problem})")
                return ""
            return f"alarm: not armed: {problem}"
        except SchedulerError as problem:
            self.refused, words = True, ABOUT_A_JOB.sub("", str(problem))
            if isinstance(problem, Rejected) and "Unexpected inputs" in words:
                fix = "its workflow is an old copy without the input 'alarm'; copy it anew"
                return f"alarm: not armed: {fix}"
            return f"alarm: not armed: {words}"

    def _arm(self, now: datetime, due: datetime, place: Place) -> str:
        waiting = place.waiting(self._queue.waiting_runs(place.target))
        self._tell_stuck(now, waiting)
        if late := alarm.surplus(now, due, waiting, self.timers):
            self._cancel(late)
            waiting.remove(late)
        if alarm.arm(now, due, waiting, self.timers) is None:
            return ""
        # All runs, not a search of them, which shows what is new some time later.
        lately = self._queue.runs(place.target, now - HOUR, filtered=False)
        alarms = [run for run in lately if place.timer(run)]
        known = {each.run_id for each in waiting}
        waiting += [each for each in place.waiting(alarms) if each.run_id not in known]
        timer = alarm.arm(now, due, waiting, self.timers)
        if timer is None:
            return ""
        if problem := self._doubted(now, place, alarms) or self._too_many(alarms):
            return problem
        if not waiting:
            self._tell_ended(place, alarms)
        request = place.dispatch(timer, self._branch(self.repository))
        self._sending = True
        self._queue.dispatch(request)
        return ""

    def _doubted(self, now: datetime, place: Place, alarms: Sequence[Run]) -> str:
        """What is wrong with the environments by now, where an alarm makes that be asked."""
        newest = max(alarms, key=lambda run: run.id, default=None)
        if not self.stuck and not (newest and self._early(now, place, newest)):
            return ""
        try:
            flaw = self.flaw(self.environments())
        except SchedulerError:
            return ""
        self.refused = bool(flaw)
        return f"alarm: {flaw}; {INSTALL}" if flaw else ""

    def _early(self, now: datetime, place: Place, run: Run) -> bool:
        """Whether an alarm has ended its wait before its time, other than by being cancelled."""
        timer, began = place.timer(run), run.created_at
        if not (timer and began) or run.conclusion == "cancelled":
            return False
        # Of its own alarms a tick asks that one about itself.
        rings = run.status == "in_progress" and self.lent
        over = run.updated_at if run.conclusion else now if rings else None
        return over is not None and over < began + timer - EARLY

    def _too_many(self, alarms: Sequence[Run]) -> str:
        limit = self._settings.limits.alarms_per_hour
        count = sum(1 for run in alarms if run.conclusion != "cancelled")
        if count < limit:
            return ""
        return (
            f"alarm: {count} were armed within the hour, and limits.alarms-per-hour is {limit}; "
            "the chain stops here, and the next sign of life begins another"
        )

    def _tell_stuck(self, now: datetime, waiting: Iterable[Waiting]) -> None:
        for each in waiting:
            if each.run_id is None or each.run_id in self.stuck:
                continue
            if now - each.ends > STUCK:
                self.stuck.append(each.run_id)
                self.notices.append(
                    f"alarm: run {each.run_id} waits for longer than its timer, as for an approval "
                    f"in {alarm.environment(each.timer)}; it is not counted on"
                )

    def _tell_ended(self, place: Place, alarms: Sequence[Run]) -> None:
        """Say that somebody ended the newest alarm before its time."""
        newest = max(alarms, key=lambda run: run.id, default=None)
        if newest is None or newest.conclusion not in ENDED:
            return
        timer, began, ended = place.timer(newest), newest.created_at, newest.updated_at
        if timer and began and ended and ended >= began + timer:
            return  # it rang, and a newer tick took the place of the one that it began
        how = ENDED[newest.conclusion]
        self.notices.append(f"alarm: run {newest.id} {how}; another one is armed")

    def _cancel(self, late: Waiting) -> None:
        if late.run_id is not None:
            self._queue.cancel_run(self.repository, late.run_id)

    @property
    def place(self) -> Place:
        """Where alarms wait."""
        workflow = LENT if self._name else self._settings.scheduler.workflow
        target = Target(repo=self.repository, ref="", workflow=workflow)
        return Place(target=target, queue=self._name)
