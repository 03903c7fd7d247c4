"""Asks whether a due job may run now: by its last run, and by its conditions.

GitHub is asked right before the claim; nothing is remembered. A condition that
GitHub can't be asked about skips the job.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from scheduler.errors import Rejected, SchedulerError
from scheduler.job.conditions import PATIENCE, Condition, parse
from scheduler.journal.comments import waiting_comment
from scheduler.journal.notes import Explanation
from scheduler.policy.conditions import (
    APPROVED,
    REQUESTED,
    Checked,
    Opinions,
    Seen,
    opinions,
    verdict,
)
from scheduler.policy.series import rule_of
from scheduler.policy.trust import at_least
from scheduler.ports.queue import Queue
from scheduler.ports.values import Run
from scheduler.tick import after
from scheduler.tick.context import Context
from scheduler.tick.facts import Facts
from scheduler.tick.occurrence import Occurrence
from scheduler.times.instants import format_duration, format_instant

#: The most reviewers whose roles are asked for. Anyone may review in a public repository.
MOST_REVIEWERS = 20

#: How often what is waited for is asked about: after a tenth of the time it was waited for.
SOONEST, LATEST = timedelta(minutes=1), timedelta(minutes=10)
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, kw_only=True)
class NotNow:
    """A dispatch that has to wait."""

    #: What is waited for.
    reason: str
    #: When to look again, UTC.
    until: datetime
    #: The job as it is known once its issue says what it waits for.
    found: Occurrence | None = None


def against(ctx: Context, found: Occurrence) -> NotNow | str | None:
    """Why a job waits, or is skipped; None: it may run, as one that a command runs always may.

    Raises:
        Unavailable, RateLimited, NotPermitted: GitHub did not say.
    """
    if found.command is not None:
        return None
    return _unless(ctx, found) or _overlap(ctx, found) or _when(ctx, found)


def _overlap(ctx: Context, found: Occurrence) -> NotNow | str | None:
    """Why a series waits, or skips an instant, while its last run goes on."""
    job = found.asked
    if not job.recurring or job.overlap == "allow":
        return None
    last = _last_run(ctx, found)
    if last is None or last.status in ("", "completed"):
        return None
    words = f"its last run {last.id} is still {last.status or 'going on'}"
    if job.misfire == "all":
        return NotNow(reason=f"{words}; it runs after it", until=_later(ctx, found))
    return f"{words}, and overlap is 'skip'"


def _last_run(ctx: Context, found: Occurrence) -> Run | None:
    """The last run of a series as it is now; None: none can be asked about."""
    last = found.history.journal.ran
    if last is None or last.run_id is None:
        return None  # of an event's run, or one that GitHub did not name, nothing can be asked
    repo = last.target.partition(" ")[0] or found.asked.repo or ctx.queue.repository
    return ctx.queue.run(repo, last.run_id)


def _later(ctx: Context, found: Occurrence) -> datetime:
    """When what a job waits for is asked about again."""
    now = ctx.clock.now()
    waited = now - found.job.run_at
    return now + min(max(waited / 10, SOONEST), LATEST)


def _unless(ctx: Context, found: Occurrence) -> str | None:
    """Why a job is skipped, by its ``unless``."""
    if found.job.unless is None:
        return None
    try:
        holds, seen, _ = _answer(ctx, found, "unless", found.job.unless)
    except Rejected as refused:
        return f"unless: {found.job.unless} can't be asked: {refused}"
    return f"unless: {found.job.unless} holds: {seen}" if holds else None


def _when(ctx: Context, found: Occurrence) -> NotNow | str | None:
    """Why a job waits, or is skipped, by its ``when``."""
    job = found.job
    if job.when is None:
        return None
    try:
        holds, seen, final = _answer(ctx, found, "when", job.when)
    except Rejected as refused:
        return f"when: {job.when} can't be asked: {refused}"
    if holds:
        return None
    if final:
        return f"when: {job.when} can never come true: {seen}"
    now, expires = ctx.clock.now(), job.expires_at()
    if expires is not None and expires < now:
        expires = None  # a person reopened it, however late it is
    patience = job.patience or (PATIENCE if expires is None else None)
    patience = _within(found, patience)
    if patience is not None and now >= job.run_at + patience:
        return f"when: {job.when} did not hold within {format_duration(patience)}: {seen}"
    # At the end of its patience it is asked a last time; its deadline it has to pass.
    ends = [expires + _SECOND] if expires is not None else []
    ends += [job.run_at + patience] if patience is not None else []
    reason = f"when: {job.when} does not hold yet: {seen}"
    until = min([_later(ctx, found), *ends])
    return NotNow(reason=reason, until=until, found=_told(ctx, found, reason, min(ends)))


def _within(found: Occurrence, patience: timedelta | None) -> timedelta | None:
    """A series waits no longer than until its next instant, which then waits for itself."""
    rule = rule_of(found.asked, found.history.journal)
    following = rule.after(found.instant) if rule is not None else None
    if following is None:
        return patience
    # Put off, it may be due at that very instant or later; it is asked about all the same.
    room = max(following - found.job.run_at - _SECOND, _SECOND)
    return room if patience is None else min(patience, room)


def _answer(ctx: Context, found: Occurrence, field: str, text: str) -> tuple[bool, str, bool]:
    """Whether a condition holds, what was seen, and whether that can't become otherwise.

    Raises:
        Rejected, Unavailable, RateLimited, NotPermitted: as ``ask``.
    """
    condition = parse(field, text)
    if condition.of_job:
        said = after.of_job(ctx, found, condition, waits=field == "when")
        return said.holds, said.seen, said.final
    return *verdict(condition, ask(condition, ctx.queue, ctx.facts)), False


def _told(ctx: Context, found: Occurrence, reason: str, end: datetime) -> Occurrence:
    """Say on the issue, once, what its job waits for; of a series, once for all of it."""
    asked, ticket, history = found.asked, found.ticket, found.history
    occurrence = "" if asked.recurring else found.key
    words = f"{occurrence} {asked.when} {asked.patience}"
    told = Explanation.of(words)
    if any(each.text_hash == told.text_hash for each in history.explanations):
        return found
    if ticket.comments and ctx.facts.login() is None:
        return found  # whether it stands there already can't be told
    until = None if asked.recurring else format_instant(end)
    try:
        said = ctx.queue.add_comment(ticket.number, waiting_comment(told, reason, until))
    except SchedulerError:
        return found  # only a courtesy: it waits all the same, and the tick's report says so
    return replace(
        found,
        ticket=replace(ticket, comments=max(ticket.comments, 0) + 1, updated_at=said.created_at),
        history=replace(history, explanations=(*history.explanations, told)),
    )


def ask(condition: Condition, queue: Queue, facts: Facts) -> Seen:
    """What ``verdict`` needs to know of ``condition``.

    Raises:
        Rejected: it can't be asked, and what to do about that.
        Unavailable, RateLimited, NotPermitted: GitHub did not say.
    """
    repo, number = condition.repo or queue.repository, condition.number
    if condition.name == "merged":
        return queue.pull_request(repo, number)
    if condition.name == "checks-pass":
        return _checks(queue, repo, queue.pull_request(repo, number).head)
    if condition.name == "approved":
        return _opinions(queue, facts, repo, number)
    return queue.issue(repo, number)


def _checks(queue: Queue, repo: str, head: str) -> Checked:
    """What was checked of a commit; statuses are asked for where no check has failed."""
    checks = tuple(queue.check_runs(repo, head))
    if all(check.state == "passed" for check in checks):
        # What is no app sets statuses: both are the checks that people see.
        checks += tuple(queue.statuses(repo, head))
    return Checked(head=head, checks=checks)


def _opinions(queue: Queue, facts: Facts, repo: str, number: int) -> Opinions:
    """The opinions of those who may write there: to others nobody has to listen.

    ``author_association`` would save a question for each, and can't be relied on: a private
    member of an organisation is called a contributor, and a member need not have a right.
    """
    said = opinions(queue.reviews(repo, number))
    if len(said) > MOST_REVIEWERS:
        words = f"more than {MOST_REVIEWERS} people have reviewed {repo}#{number}"
        raise Rejected(f"{words}; dismiss some of their reviews", status=422)
    elsewhere = None if repo.lower() == queue.repository.lower() else repo
    # One who requests changes decides it, so those are asked about first.
    for state in (REQUESTED, APPROVED):
        for login, last in said.items():
            if last == state and at_least(facts.role(login, elsewhere), "write"):
                return Opinions(by={login: state})
    return Opinions(by={})
