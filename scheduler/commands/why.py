"""Why a job is where it is, by what its issue and its comments show. Pure; for display alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from scheduler.commands.ran import recorded
from scheduler.commands.watchdog import UNTOUCHED, advice, minutes
from scheduler.errors import InvalidJob
from scheduler.job import conditions
from scheduler.job.model import Job, next_try
from scheduler.job.states import State, queued_label, state_label
from scheduler.journal.comments import Told
from scheduler.journal.journal import NEVER_STARTED, Entry, History
from scheduler.policy import brakes, decide, quotas, retries, series
from scheduler.policy.quotas import Entered
from scheduler.ports.values import Ticket
from scheduler.settings.model import Settings
from scheduler.tick.report import LOCKED, unread
from scheduler.times.instants import format_instant

#: How many instants to come are shown.
NEXT = 5
#: A command in a reason, and the job that it names.
COMMAND = re.compile(r"('schedule \w+) \d+\b")
NOT_YET = "not yet due"


@dataclass(frozen=True, kw_only=True)
class Why:
    """Why a job is where it is."""

    #: In one line, with what ends it; empty: there is nothing to say but the state.
    reason: str = ""
    #: A word that says more than the state; empty: none does.
    word: str = ""
    #: The condition that it waits for, and from when until when at the latest, UTC.
    condition: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def waiting_for(self) -> dict[str, Any] | None:
        """The condition as JSON; None: it waits for none."""
        if not self.condition or self.since is None or self.until is None:
            return None
        return {
            "condition": self.condition,
            "since": format_instant(self.since),
            "until": format_instant(self.until),
        }


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known of a job."""

    ticket: Ticket
    state: State
    job: Job | None
    #: Why its text is no job; empty of a job.
    problem: str
    run_at: datetime | None
    #: Its records, and what explanations on its issue say, oldest first, if it was ``read``.
    history: History
    told: Sequence[Told]
    read: bool
    #: The scheduler's own login, as far as it is known.
    login: str = ""
    #: Records by others who may write, which keep it on hold: login and comment id.
    foreign: Sequence[tuple[str, int]] = ()
    #: Who put the label of its hold or its pause on; empty: not known.
    labelled_by: str = ""

    @property
    def by_scheduler(self) -> bool:
        """Whether that was the scheduler; where nobody knows its login, an app is taken for it."""
        by = self.labelled_by
        return by.lower() == self.login.lower() if self.login else by.endswith("[bot]")


def why(known: Known, *, now: datetime, settings: Settings, queue: str) -> Why:
    """Why the job is where it is; ``queue`` is the repository."""
    if known.problem:
        return Why(reason=known.problem)
    if known.state is State.HELD:
        return Why(reason=_held(known))
    if known.state is State.PAUSED:
        return Why(reason=_paused(known, settings))
    if known.state is State.APPROVAL:
        return Why(reason=_unapproved(known, settings))
    if known.state is State.DISPATCHING:
        return Why(reason=_claimed(known))
    if known.state in (State.RUNNING, State.RETRYING):
        return Why(reason=_tried(known))
    if known.state is not State.PENDING:
        return Why(reason=_ended(known))
    if known.ticket.locked:
        return Why(reason=LOCKED, word="locked")
    if settings.paused:
        return Why(reason="the settings say `paused: true`, so nothing is run until that goes")
    return _pending(known, now=now, settings=settings, queue=queue)


def _ended(known: Known) -> str:
    """Why a job ended as it did, as its journal says it, or who closed it."""
    entries = known.history.journal.entries
    if known.state is State.FAILED and (ran := recorded(entries)):
        return f"its run ended: {ran.words()}"
    if said := next((e.reason for e in reversed(entries) if e.run_id or e.reason), ""):
        return said
    by = known.ticket.closed_by
    return f"closed by {by!r}" if known.state is State.CANCELLED and by else ""


def _tried(known: Known) -> str:
    """Which try of a job is under way, or comes next, and after what."""
    job, journal = known.job, known.history.journal
    last = retries.last_run(job, journal, known.ticket.number) if job else None
    if job is None or last is None:
        return ""
    key = last.key if known.state is State.RUNNING else next_try(last.key)
    return retries.told(job, journal, key, due=known.run_at or last.at)


def _held(known: Known) -> str:
    """Why a job is on hold, and what settles it."""
    number, history = known.ticket.number, known.history
    if known.foreign:
        return other_scheduler(known.foreign, known.login)
    key = history.journal.held
    if key is not None:
        reason = history.journal.of(key)[-1].reason
        return (
            f"{reason}; look at the runs, then say 'schedule resolve {number} --dispatched RUN-ID' "
            f"if it ran, or 'schedule resolve {number} --again' to have it run"
        )
    if decide.given_up(history.withdrawals) >= decide.PATIENT:
        last = max(history.withdrawals, key=lambda each: each.at)
        return f"GitHub showed the issue older than it is: {last.reason}; it is tried again"
    by = known.labelled_by
    if by and not known.by_scheduler:
        return f"{by!r} put the label of the hold on; {_let_go(number)}"
    if stays := next((each for each in reversed(known.told) if not each.waits), None):
        return f"{stays.reason}; {_let_go(number)}"
    if not known.read and known.ticket.comments:
        return unread(number)
    if known.ticket.locked:
        return LOCKED
    if by:
        return (
            "on hold; why could not be written on the issue: GitHub refused the scheduler's "
            f"comment, as it does on a locked issue; {_let_go(number)}"
        )
    return (
        "on hold by its label, and no comment says why: a person put it on, or GitHub refused "
        f"the scheduler's comment; {_let_go(number)}"
    )


def _let_go(number: int) -> str:
    return f"'schedule resolve {number} --again' has it run"


def other_scheduler(foreign: Iterable[tuple[str, int]], login: str) -> str:
    """What is said where somebody who is not the scheduler has written its records."""
    by: dict[str, list[int]] = {}
    for author, comment in foreign:
        by.setdefault(author, []).append(comment)
    who = ", ".join(
        f"comment {', '.join(map(str, ids))} is a record by {author!r}"
        for author, ids in by.items()
    )
    own = f", and the scheduler is {login!r}" if login else ""
    return f"{who}{own}; delete it first, once it is clear what ran"


def _paused(known: Known, settings: Settings) -> str:
    """Who paused a job, as far as a record or an event says it."""
    lets = f"'schedule resume {known.ticket.number}' lets it go on"
    if known.labelled_by and not known.by_scheduler:
        return f"paused by {known.labelled_by!r}; {lets}"
    if stays := next((each for each in reversed(known.told) if not each.waits), None):
        return f"{stays.reason}; {lets}"
    job = known.job if known.by_scheduler else None
    number = brakes.pauses(known.history.journal, job, settings) if job is not None else 0
    if number:
        return f"{brakes.paused_itself(number)}; {lets}"
    entries = reversed(known.history.journal.entries)
    last = next((e for e in entries if e.outcome == State.PAUSED.value), None)
    if last is not None and last.reason:
        return f"paused at {format_instant(last.at)} by {_asked(last)}; {lets}"
    return f"paused; {lets}"


def _unapproved(known: Known, settings: Settings) -> str:
    """Who has to approve a job."""
    label = state_label(settings.label, State.APPROVAL)
    lets = f"comments /approve or takes the label {label!r} off"
    if stays := next((each for each in reversed(known.told) if not each.waits), None):
        return f"{stays.reason}; it runs once another person {lets}"
    role, author = settings.trust.role, known.ticket.author.login
    if settings.approve == "none":
        return f"it runs once whoever may schedule jobs {lets}"
    return f"it runs once a person with the role {role!r} or above, not {author!r}, {lets}"


def _asked(entry: Entry) -> str:
    """Who gave a command, and which, as its entry says it: ``/pause by 'owner'``."""
    command, _, who = entry.reason.partition(" by ")
    return f"{who} ({command})" if who else entry.reason


def _claimed(known: Known) -> str:
    claim = known.history.standing[0]
    since = format_instant(claim.created_at or claim.made_at)
    return f"a tick claimed it at {since} (attempt {claim.attempt}); what became of that comes next"


def _pending(known: Known, *, now: datetime, settings: Settings, queue: str) -> Why:
    job, run_at = known.job, known.run_at
    if job is None or run_at is None:
        return Why()
    limits, put_off = settings.quotas, known.history.journal.put_off
    opened = known.ticket.created_at
    if over := quotas.too_deep(job, limits) or quotas.too_far(job, opened, limits):
        return _over(over)
    if run_at > now:
        if put_off is not None and put_off.until == run_at:
            return Why(reason=f"put off until {format_instant(run_at)} by {_asked(put_off)}")
        return Why(reason=NOT_YET)
    if retried := _retried(known):
        return Why(reason=retried, word="retrying")
    # A job may be opened when its time is past already.
    since = max(run_at, known.ticket.created_at)
    if queued_label(settings.label) in known.ticket.labels:
        return Why(reason=_queued(settings), word="waiting")
    if job.when is not None and (waits := _waits(known, job, run_at, now)):
        return waits
    late = max(since, job.at(run_at).late_from())
    if job.tolerance and now < late:
        until = f"by its tolerance it is good until {format_instant(late)}"
        return Why(reason=f"due since {format_instant(since)}, and {until}", word="due")
    untouched = max(late, known.ticket.updated_at)
    if now - untouched > UNTOUCHED:
        return Why(
            reason=(
                f"due since {format_instant(since)}, and the scheduler has not been there for "
                f"{minutes(now - untouched)}; {advice(queue, settings)}"
            ),
            word="overdue",
        )
    return Why(reason=f"due since {format_instant(since)}; the next tick sees to it", word="due")


def _queued(settings: Settings) -> str:
    """Which limits let a due job wait for a run to end."""
    limits = settings.limits
    each = {"limits.running": limits.running, "limits.running-per-agent": limits.running_per_agent}
    said = " and ".join(f"{name} is {most}" for name, most in each.items() if most is not None)
    return f"waits for a run to end{f': {said}' if said else ''}"


def _over(reason: str) -> Why:
    """What is said of a job that a rule of the settings forbids."""
    return Why(reason=f"{reason}; the next tick rejects it", word="over limit")


def _retried(known: Known) -> str:
    """What came of the attempts at the occurrence that is due; empty: none is known."""
    history, run_at = known.history, known.run_at
    entries = history.journal.entries
    if entries and entries[-1].outcome == NEVER_STARTED:
        last = entries[-1]
        why = f": {last.reason}" if last.reason else ""
        return f"attempt {last.attempt} started no run{why}; it is tried again"
    last_time = max((each.at for each in history.withdrawals), default=None)
    if last_time is not None and run_at is not None and last_time >= run_at:
        reason = max(history.withdrawals, key=lambda each: each.at).reason
        return f"its last claim was taken back, for what GitHub showed is old: {reason}"
    return ""


def _waits(known: Known, job: Job, run_at: datetime, now: datetime) -> Why | None:
    """Why a due job waits for its condition; None: nothing shows that it was asked about."""
    until = _patient(job, run_at, known.history)
    condition = str(job.when)
    told = [e for e in known.told if e.waits and e.reason.startswith(f"when: {condition} ")]
    asked = told if known.read else known.ticket.comments
    if not asked or now > until + UNTOUCHED:
        return None
    seen = f" ({told[-1].reason})" if told else ""
    return Why(
        reason=(
            f"waits for {condition} since {format_instant(run_at)}, until {format_instant(until)} "
            f"at the latest{seen}"
        ),
        word="waiting",
        condition=condition,
        since=run_at,
        until=until,
    )


def _patient(job: Job, run_at: datetime, history: History) -> datetime:
    """Until when a due job waits for its condition, as a tick counts it."""
    expires = job.at(run_at).expires_at()
    ends = [expires] if expires is not None and expires >= run_at else []
    if job.patience is not None or not ends:
        ends.append(run_at + (job.patience or conditions.PATIENCE))
    try:
        rule = series.rule_of(job, history.journal)
        following = rule.after(run_at) if rule is not None else None
    except InvalidJob:
        following = None
    return min([*ends, *([following] if following is not None else [])])


def over_limits(
    jobs: Iterable[tuple[Known, Job]], *, now: datetime, settings: Settings
) -> dict[int, Why]:
    """The jobs of a whole queue that a limit keeps from running; ``jobs`` as their texts say."""
    each = list(jobs)
    entered = [Entered.of(known.ticket, said) for known, said in each]
    found = {
        number: _over(reason)
        for number, reason in quotas.refusals(entered, quotas=settings.quotas, now=now).items()
    }
    most = settings.limits.per_tick
    due = sorted(
        (known.run_at, known.ticket.number)
        for known, _ in each
        if known.state is State.PENDING
        and known.run_at is not None
        and known.run_at <= now
        and known.ticket.number not in found
    )
    for place, (_, number) in enumerate(due[most:], most):
        before = "job is" if place == 1 else "jobs are"
        words = f"{place} {before} due before it, and limits.per-tick is {most}"
        found[number] = Why(reason=f"{words}; a tick to come sees to it", word="over limit")
    return found


def coming(job: Job, run_at: datetime, now: datetime, history: History) -> tuple[datetime, ...]:
    """The next instants of an open job, ``run_at`` first; of a series up to ``NEXT``."""
    try:
        rule = series.rule_of(job, history.journal)
        if rule is None:
            return (run_at,)
        after = max(run_at, now) + timedelta(seconds=1)
        return (run_at, *islice(rule.since(after.replace(microsecond=0)), NEXT - 1))
    except InvalidJob:
        return (run_at,)


def progress(job: Job, history: History) -> str | None:
    """How far a series with a count is, ``2 of 10``; None: it has none, or that can't be told."""
    if job.count is None:
        return None
    reached = history.journal.furthest
    try:
        rule = series.rule_of(job, history.journal)
        position = series.position(history.journal)
        if reached is None or rule is None or position is None:
            return f"0 of {job.count}"
        done = reached.nth if reached.counted == rule.digest else rule.number(position)
    except InvalidJob:
        return None
    return f"{done or 0} of {job.count}"


def entry_json(entry: Entry) -> dict[str, Any]:
    """An entry of the journal, as ``show --json`` prints it."""
    return {
        "key": entry.key,
        "attempt": entry.attempt,
        "outcome": entry.outcome,
        "at": format_instant(entry.at),
        "run_id": entry.run_id,
        "run_url": entry.run_url or None,
        "conclusion": entry.conclusion or None,
        "reason": entry.reason or None,
    }


def grouped(reasons: Iterable[tuple[int, str]]) -> list[str]:
    """Reasons a line each, after the jobs of which they are true: ``#3, #5: paused``."""
    by: dict[str, list[tuple[int, str]]] = {}
    for number, reason in reasons:
        # The same but for the job that it names.
        by.setdefault(COMMAND.sub(r"\1 ID", reason), []).append((number, reason))
    lines = []
    for reason, jobs in by.items():
        named = ", ".join(f"#{number}" for number, _ in jobs[:NEXT])
        more = f" and {len(jobs) - NEXT} more" if len(jobs) > NEXT else ""
        lines.append(f"{named}{more}: {reason if len(jobs) > 1 else jobs[0][1]}")
    return lines
