"""Follows runs until they have ended, and writes down what each came to.

What a tick must know of them stands in journals: a dispatch without a conclusion is followed.
Which issues may have one, the lists say that a tick reads anyway; their journals stand in the
repository's own list of comments, which is asked for once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial

from scheduler.errors import NotPermitted, Paced, RateLimited, Rejected
from scheduler.job.model import Job
from scheduler.job.states import TERMINAL, State, begun_label, state_label
from scheduler.journal import journal
from scheduler.journal.journal import History
from scheduler.journal.record import BEGIN
from scheduler.policy import outcomes
from scheduler.ports.values import Comment, Ticket, User
from scheduler.tick import brakes, conclude, decide, rules
from scheduler.tick.context import Context
from scheduler.tick.followed import BEFORE, LATE, Followed, in_turn
from scheduler.tick.invalid import RECENT
from scheduler.tick.occurrence import Occurrence
from scheduler.tick.outcome import Progress, Tally, Waiting, attempt, note_of
from scheduler.tick.runs import NotAsked, Runs

#: No job is dispatched so long before its instant, by however wrong a clock: what was closed
#: earlier was cancelled.
EARLY = timedelta(minutes=15)
#: Of so many issues the comments are read alone, where the repository's list does not have them.
ALONE = 10
#: So few issues are read alone where the list is not read anyway: it may be longer than they are.
FEW = 2


def reach(ctx: Context) -> timedelta:
    """How far back closed issues may have a run that is followed; nothing: none is."""
    follow = ctx.settings.follow
    return follow + LATE if follow else timedelta(0)


def gather(
    ctx: Context, known: Iterable[Occurrence], closed: Iterable[Ticket], *, due: bool
) -> Sequence[Followed]:
    """The dispatches to follow: those in the journals of open series and of closed issues.

    Where no issue can have one, nothing is asked. What this tick has sent itself is left to the
    next, or to the hold. ``due``: whether anything was due in this tick.

    Raises:
        RateLimited: GitHub wants to be left alone.
    """
    if not ctx.settings.follow:
        return ()
    since = ctx.began - reach(ctx)
    placed = _placed(ctx, known)
    series = {each.number: each for each in placed if _may_have_run(ctx, each, since)}
    ended = [ticket for ticket in closed if _may_have_ended(ctx, ticket, since)]
    told = {number: _told(ctx, each) for number, each in series.items()}
    for history in filter(None, told.values()):
        _tidy(ctx, history)
    rest = [series[number].ticket for number, history in told.items() if history is None]
    lately = {each.number: _written(ctx, each, since) for each in (*rest, *ended)}
    looked_into = any(_looked_into(ctx, ticket, due=due) for ticket in ended)
    by_issue = _comments(ctx, [*rest, *ended], lately, looked_into=looked_into) if lately else {}
    for ticket in (*rest, *ended):
        told[ticket.number] = _history(ctx, ticket, by_issue.get(ticket.number, ()))
    tickets = [*(each.ticket for each in series.values()), *ended]
    return [each for ticket in tickets for each in _unknown(ctx, ticket, told, series)]


def look(ctx: Context, tally: Tally, followed: Iterable[Followed]) -> list[Waiting]:
    """Ask what became of these runs, and write down how those have ended that have.

    Returns: the jobs whose runs are tried again.

    Raises:
        RateLimited: GitHub wants to be left alone.
    """
    by_repo: dict[str, list[Followed]] = {}
    waiting: list[Waiting] = []
    for each in followed:
        by_repo.setdefault(each.target(ctx.queue.repository).repo, []).append(each)
    for repo, here in by_repo.items():
        # Of what can't be followed no list is needed.
        asked = [each for each in here if not _nothing_to_ask(ctx, each)]
        runs = Runs.of(ctx, repo, asked) if asked else Runs(ctx=ctx, repo=repo)
        for each in sorted(here, key=lambda each: each.entry.at):
            act = partial(_look, ctx, followed=each, runs=runs)
            outcome = attempt(each.number, act, tally)
            problem = outcome.problem
            waiting += [outcome.waiting] if outcome.waiting else []
            if isinstance(problem, RateLimited) and not isinstance(problem, Paced):
                raise problem
            if problem is not None:
                said = note_of(problem)[1]
                _say(ctx, f"#{each.number}: what its run came to can't be recorded now: {said}")
        if runs.problem:
            _say(ctx, runs.problem)
    return waiting


def again(ctx: Context, tally: Tally, *, poll: timedelta) -> list[Waiting]:
    """One more look by a tick that stays; the next comes after twice the pause.

    Returns: the jobs whose runs are tried again.

    Raises:
        RateLimited: GitHub wants to be left alone.
    """
    ctx.following.looked(ctx.clock.now(), longest=poll)
    waiting: list[Waiting] = []
    if ctx.settings.follow:
        waiting = look(ctx, tally, list(ctx.following.runs.values()))
    if not (ctx.following.runs and ctx.settings.follow):
        ctx.following.next_look = None
    return waiting


def _look(ctx: Context, done: Progress, *, followed: Followed, runs: Runs) -> None:
    """Ask what became of one run, and do what follows if it has ended."""
    entry, now, follow = followed.entry, ctx.clock.now(), ctx.settings.follow
    if why := _nothing_to_ask(ctx, followed):
        ended = outcomes.not_known(entry, why)
    else:
        target = followed.target(ctx.queue.repository)
        if runs.candidate(followed, target) and ctx.facts.login() is None:
            # Whose run it may be can't be told but by the login; so a write tells that.
            conclude.introduce(ctx, followed.number)
        try:
            run = runs.run(followed, target)
            jobs = runs.jobs(run)
        except NotAsked as not_asked:
            if str(not_asked):
                _say(ctx, str(not_asked))
            if now - entry.at <= follow or not str(not_asked):
                return
            ended = outcomes.not_known(entry, str(not_asked))
        else:
            found = outcomes.ended(entry, run, now=now, follow=follow, jobs=jobs)
            if found is None:
                ctx.following.take([followed])
                if reason := brakes.stop(ctx, followed, run):
                    _say(ctx, reason)
                return
            ended = brakes.explained(ctx, followed, found)
    ctx.following.over.add(followed.name)
    if conclude.conclude(ctx, done, followed, ended):
        ctx.following.drop(followed)
        ctx.following.last_end = ended.ended_at or ctx.following.last_end


def _nothing_to_ask(ctx: Context, followed: Followed) -> str:
    """Why a run can't be followed at all; empty: it can."""
    nameless = followed.entry.run_id is None
    if nameless and not followed.target(ctx.queue.repository).workflow:
        return outcomes.EVENT
    return ""


def _say(ctx: Context, words: str) -> None:
    """Say once what kept a run from being followed."""
    if words not in ctx.following.told:
        ctx.following.told.add(words)
        ctx.notices.append(f"follow: {words}")


def _unknown(
    ctx: Context,
    ticket: Ticket,
    told: Mapping[int, History | None],
    series: Mapping[int, Occurrence],
) -> Iterator[Followed]:
    """The dispatches of one issue that are followed, by what its records tell."""
    number, history = ticket.number, told[ticket.number]
    if history is None or history.standing or history.unreadable:
        return
    if ctx.following.fresh(number, ctx.clock.monotonic()) is None:
        # It was read when the tick began, or later.
        age = (ctx.clock.now() - ctx.began).total_seconds()
        ctx.following.histories[number] = (history, ctx.clock.monotonic() - age)
    job, found = rules.job_in(ctx, ticket.body), series.get(number)
    since = ctx.began - reach(ctx)
    for entry in history.journal.unknown:
        # What ran before runs were followed is let be, but where a job waits for that very run.
        waits = found is not None and found.running and entry.key == found.key
        if entry.at < ctx.began and (entry.at >= since or waits):
            yield Followed(ticket=ticket, entry=entry, job=job, found=found)


def _told(ctx: Context, found: Occurrence) -> History | None:
    """What the records of an open issue say, as far as this tick has read or written them."""
    known = ctx.following.fresh(found.number, ctx.clock.monotonic())
    if known is not None:
        return known
    return found.history if found.history.journal.id else None


def _placed(ctx: Context, known: Iterable[Occurrence]) -> list[Occurrence]:
    """The open jobs; those that may wait for a run of days ago, by what their issues record."""
    found = []
    for each in known:
        waits = each.asked.retries and not each.asked.recurring and each.job.run_at <= ctx.began
        if waits and each.ticket.comments and not each.history.journal.entries:
            comments = ctx.discussions.read(each.ticket)
            nobody = ctx.facts.login() is None
            told = decide.presumed(ctx, comments) if nobody else decide.history(ctx, comments)
            found.append(decide.locate(ctx, each, comments.items, told))
        else:
            found.append(each)
    return found


def _may_have_run(ctx: Context, found: Occurrence, since: datetime) -> bool:
    """Whether an open job may have a run that is followed: its dispatch has changed its issue."""
    ticket = found.ticket
    # One that was moved or edited since its dispatch may wait for anything by now.
    if found.running or any(each.at >= since for each in found.history.journal.unknown):
        return True
    begun = begun_label(ctx.settings.label) in ticket.labels
    return found.asked.recurring and begun and ticket.updated_at >= since


def _may_have_ended(ctx: Context, ticket: Ticket, since: datetime) -> bool:
    """Whether a closed issue may have a run that is followed; asks for nothing.

    The scheduler closes as completed what it has dispatched. One of which a tick has told already
    that the run failed, and died before it recorded that, has the label.
    """
    closed_at, by = _closed(ticket), ticket.closed_by
    if not ticket.comments or closed_at < since:
        return False
    job = rules.job_in(ctx, ticket.body)
    shown = {state for state in TERMINAL if state_label(ctx.settings.label, state) in ticket.labels}
    # Whoever closed a series, or a job that waits for its run: that goes on.
    waits = job is not None and bool(job.retries) and not shown and closed_at >= job.run_at
    if State.FAILED in shown or waits or _begun(ctx, ticket, job):
        return True
    if ticket.state_reason not in ("completed", None):
        return False
    login = ctx.facts.known_login
    if by and login and by.lower() != login.lower():
        return False
    # Long before its instant it was called off, or somebody's word had it run at once: then there
    # are that word and the journal.
    return job is None or closed_at + EARLY >= job.run_at or ticket.comments > 1


def _begun(ctx: Context, ticket: Ticket, job: Job | None) -> bool:
    """Whether an issue's job is a series, or was one that has begun."""
    begun = begun_label(ctx.settings.label) in ticket.labels
    return begun or (job is not None and job.recurring)


def _closed(ticket: Ticket) -> datetime:
    return ticket.closed_at or ticket.updated_at


def _written(ctx: Context, ticket: Ticket, since: datetime) -> datetime:
    """From when on the journal of an issue was written, if a run of it is followed."""
    job = rules.job_in(ctx, ticket.body)
    failed = state_label(ctx.settings.label, State.FAILED) in ticket.labels
    # A job that waits for its run was closed long after its dispatch.
    long = failed or _begun(ctx, ticket, job) or (job is not None and bool(job.retries))
    return since if ticket.open or long else _closed(ticket) - BEFORE


def _looked_into(ctx: Context, ticket: Ticket, *, due: bool) -> bool:
    """Whether the leftovers are looked for in all comments anyway, on a closed issue's account."""
    young = ctx.began - _closed(ticket) < ctx.settings.limits.recover_after
    return _closed(ticket) >= ctx.began - RECENT and not (due and young)


def _comments(
    ctx: Context,
    tickets: Sequence[Ticket],
    lately: Mapping[int, datetime],
    *,
    looked_into: bool,
) -> dict[int, list[Comment]]:
    """The comments of these issues that were changed lately, by issue.

    From the repository's list, if that was read or is read anyway, or they are more than a few: an
    issue's own comments are one page each, however much is said elsewhere. Where the list does not
    reach back so far, those of some are read alone, of others each time.
    """
    first = min(lately.values())
    recent = ctx.facts.known_comments(first)
    if recent is None and (looked_into or len(tickets) > FEW):
        # What is asked for here, the leftovers of the last hour are found in as well.
        recent = ctx.facts.newest_comments(min(first, ctx.began - RECENT))
    by_issue = _by_issue(recent.items if recent is not None else ())
    if recent is not None and recent.since <= first:
        return by_issue
    rest = [
        ticket
        for ticket in tickets
        if not any(each.body.startswith(BEGIN) for each in by_issue.get(ticket.number, ()))
    ]
    return by_issue | _alone(ctx, in_turn(rest, ALONE, ctx.began), lately)


def _by_issue(comments: Iterable[Comment]) -> dict[int, list[Comment]]:
    by_issue: dict[int, list[Comment]] = {}
    for comment in comments:
        by_issue.setdefault(comment.issue, []).append(comment)
    return by_issue


def _alone(
    ctx: Context, tickets: Iterable[Ticket], lately: Mapping[int, datetime]
) -> dict[int, list[Comment]]:
    """The comments of these issues that were changed lately, each asked for alone."""
    found: dict[int, list[Comment]] = {}
    for ticket in tickets:
        with suppress(Rejected, NotPermitted):
            since = lately[ticket.number]
            found[ticket.number] = [*ctx.queue.comments(ticket.number, since=since).items]
    return found


def _history(ctx: Context, ticket: Ticket, comments: Iterable[Comment]) -> History | None:
    """The records on an issue, if a run may be followed by them; None: there is none."""
    records = [each for each in comments if each.body.startswith(BEGIN)]
    writers = {each.author for each in records}
    if any(journal.read(records, login=each.login).told_twice for each in writers):
        _tidy(ctx, journal.read(records, login=ctx.facts.login() or ""))
    tell = [each for each in writers if journal.read(records, login=each.login).journal.unknown]
    if not tell:
        return None
    login = _believed(ctx, ticket, tell)
    history = journal.read(records, login=login) if login else None
    return history if history is not None and history.journal.unknown else None


def _tidy(ctx: Context, history: History) -> None:
    """Delete what a tick told beside another, and died before it could compare."""
    for comment_id in history.told_twice:
        ctx.discussions.delete(comment_id)


def _believed(ctx: Context, ticket: Ticket, writers: Sequence[User]) -> str | None:
    """Whose records say what is followed, as far as that can be told without a question.

    One app that wrote them, and closed the issue, is taken for the scheduler for as long as its
    run is only looked at, or went well: whoever is told of a failure is told by the login itself.
    """
    known = ctx.facts.known_login
    if known is not None:
        return known
    one = writers[0]
    if len(writers) == 1 and one.bot and (ticket.open or ticket.closed_by in (None, one.login)):
        return one.login
    if (login := ctx.facts.login()) is not None:
        return login
    insiders = [each for each in writers if rules.insider(ctx, each)]
    return insiders[0].login if len(insiders) == 1 else None
