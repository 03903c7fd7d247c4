"""What is written down of one job: the entry in its journal, and its issue's title."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from scheduler.errors import InvalidJob, Rejected, SchedulerError
from scheduler.job.model import which_try
from scheduler.job.states import State
from scheduler.journal.comments import journal_comment, series_comment
from scheduler.journal.journal import Claim, Entry, History, Journal, never_started
from scheduler.journal.news import mentioning
from scheduler.journal.notes import digest
from scheduler.journal.slash import heard
from scheduler.policy import retries, series
from scheduler.policy.decide import next_attempt
from scheduler.policy.news import place_of
from scheduler.ports.values import Comments
from scheduler.tick import decide, issues, rules
from scheduler.tick.context import Context
from scheduler.tick.occurrence import Occurrence
from scheduler.tick.rules import requested_by


def write(
    ctx: Context,
    found: Occurrence,
    history: History,
    entry: Entry,
    *,
    own: Claim | None = None,
    who: Sequence[str] = (),
) -> tuple[Occurrence, Journal]:
    """Write ``entry`` into the journal; what is known of other comments is then old.

    Returns: the job with its issue as it is counted then, and the journal.

    ``who`` are those whom a new comment calls; the next edit of it leaves them out.
    """
    ctx.facts.forget_comments()
    if passed_by := _passed_by(found, entry, history):
        history = _handled(history, passed_by)
    if own is not None and which_try(entry.key) > 1:
        # Whoever records the end of the run before, late, writes over the journal: what was sent
        # since stands apart from it until the next entry of the journal joins both.
        with suppress(InvalidJob):
            entry = series.counted(entry, found.asked, history.journal)
        journal, gone = write_journal(ctx, found.number, history, entry, own=own, apart=True)
        return found.with_fewer(gone), journal
    if not found.asked.recurring:
        journal, gone = write_journal(
            ctx,
            found.number,
            history,
            entry,
            own=own,
            written=lambda journal: mentioning(journal_comment(journal), who),
        )
        return found.with_fewer(gone), journal
    # Many occurrences share a series' journal, so it is read once more right before it is
    # written: a tick that stalled must not wipe out what another has recorded since.
    comments = ctx.discussions.again(found.ticket).comments
    newest = decide.history(ctx, comments)
    joined = newest.journal.joined(history.journal)
    history = replace(newest, journal=joined, claims=history.claims)
    if found.lost:
        # What stands there now was perhaps dealt with; only later words are listened to.
        seen = max((comment.id for comment in comments.items), default=0)
        history, entry = _handled(history, seen), replace(entry, seen=seen)
    with suppress(InvalidJob):  # what ran is recorded, whatever its rule does by now
        entry = series.counted(entry, found.asked, joined, lost=found.lost)
    after = replace(history, journal=history.journal.with_entry(entry), claims=())
    if comments.as_of is not None and _told(ctx, comments, newest, after.journal, own):
        marked = replace(history.journal, read_at=comments.as_of)
        history = replace(history, journal=marked)
    foot = next_instant(ctx, found, after)
    journal, gone = write_journal(
        ctx,
        found.number,
        history,
        entry,
        own=own,
        written=lambda journal: mentioning(
            series_comment(journal, next_instant=foot, asked=found.asked), who
        ),
    )
    return found.with_fewer(gone), journal


def write_journal(
    ctx: Context,
    number: int,
    history: History,
    entry: Entry,
    *,
    own: Claim | None = None,
    written: Callable[[Journal], str] = journal_comment,
    apart: bool = False,
) -> tuple[Journal, int]:
    """Write ``entry`` where the issue's journal stands, then delete what it settles.

    Returns: the journal, and how many comments were deleted.

    ``written`` is the comment of a journal. Without a journal, the claimant's ``own``
    claim becomes it. Another's claim never does: whoever made it may be alive, and deletes
    it when it finds it too old. While what happened is unclear, that claim stays as it is,
    for the human who decides. ``apart``: it becomes a journal of its own, whatever others there
    are; all are read as one.
    """
    journal, before = history.journal, len(history.journal.entries)
    superseded = own.supersedes if own else None
    for claim in history.claims:
        if claim.id == superseded and not journal.records(claim):
            journal = journal.with_entry(never_started(claim, entry.at))
    journal = journal.with_entry(entry)
    body, places = written(journal), [history.journal.id, own.id if own else 0]
    if apart and len(journal.entries) > before:
        added = replace(journal, entries=journal.entries[before:], left_out=None, read_at=None)
        body, places = written(added), places[1:]
    home = _put(ctx, number, places, body)
    over = {claim.id for claim in history.claims if journal.records(claim)}
    over -= {claim.id for claim in history.claims if journal.keeps(claim)}
    over |= {*(() if apart else history.copies), *([own.id] if own else [])}
    over |= {each.id for each in history.withdrawals}
    for claim_id in sorted(over - {home}):
        ctx.discussions.delete(claim_id)
    home_of_all = history.journal.id or home
    journal = replace(journal, id=home_of_all if apart else home)
    kept = tuple(claim for claim in history.claims if claim.id not in over)
    known = replace(history, journal=journal, claims=kept)
    ctx.following.histories[number] = (known, ctx.clock.monotonic())
    return journal, len(over - {home})


def _put(ctx: Context, number: int, places: Iterable[int], body: str) -> int:
    """Write ``body`` over the first of the comments that is still there, else a new one; its id."""
    for comment_id in dict.fromkeys(places):
        if not comment_id:
            continue
        try:
            ctx.queue.edit_comment(comment_id, body)
        except Rejected as gone:
            if gone.status not in (404, 410):
                raise
        else:
            return comment_id
    return ctx.queue.add_comment(number, body).id


def next_instant(ctx: Context, found: Occurrence, after: History) -> datetime | None:
    """The instant that a series is at once ``after`` is recorded; None: it is over."""
    with suppress(InvalidJob):
        comes = decide.locate(ctx, found, (), after)
        if which_try(comes.key) > 1:
            return comes.job.run_at
        return None if comes.over else series.shown(comes.instant, after.journal)
    return None


def _told(
    ctx: Context, comments: Comments, newest: History, journal: Journal, own: Claim | None
) -> bool:
    """Whether ``journal`` tells all that the comments decide, so that they are read no more."""
    mine = own.id if own else 0
    standing = (c for c in newest.claims if c.id != mine and not journal.records(c))
    return not (
        any(standing)
        or journal.held
        or newest.lost
        or newest.explanations
        or heard(comments.items, after=journal.handled or 0)
        or decide.forged(ctx, newest)
    )


def _passed_by(found: Occurrence, entry: Entry, history: History) -> int:
    """The last comment that is nobody's command, with no command before it that waits.

    The journal, which is written now anyway, says that it was passed by: nobody is asked
    about its author again, and it is no command once its author may give one.
    """
    handled = history.journal.with_entry(entry).handled or 0
    first = min((s.comment_id for s in found.said if s.comment_id > handled), default=None)
    passed = (each for each in found.passed_by if first is None or each < first)
    return max(passed, default=0)


def _handled(history: History, comment_id: int) -> History:
    """The history whose journal says that comments up to this one were dealt with."""
    handled = max(history.journal.handled or 0, comment_id)
    return replace(history, journal=replace(history.journal, handled=handled))


def title_of(comes: Occurrence, title: str) -> str:
    """The title that the issue of a job with ``title`` should have, if it is ours to say."""
    again = which_try(comes.key) > 1 and not comes.running
    if comes.command or not (comes.asked.recurring or again):
        return title
    if again:
        return series.retitled(title, comes.job.run_at)
    return series.retitled(title, series.shown(comes.instant, comes.history.journal))


def go_on(ctx: Context, comes: Occurrence) -> Occurrence:
    """Show on a series' issue that it has begun, and which occurrence or try comes next."""
    if not comes.asked.recurring:
        ticket = issues.retitle(ctx, comes.ticket, lambda title: title_of(comes, title))
        return replace(comes, ticket=ticket)
    state = State.HELD if comes.history.journal.held else State.PENDING
    ticket = issues.begun(ctx, comes.ticket, state)
    ticket = issues.retitle(ctx, ticket, lambda title: title_of(comes, title))
    return replace(comes, ticket=ticket)


def show(ctx: Context, placed: Occurrence) -> None:
    """Make an issue say what comes next: a tick may have died, or a series' rule be new."""
    comes_again = placed.asked.recurring or placed.tried_again(ctx.clock.now())
    begun = comes_again and placed.history.journal.entries and not placed.over
    if not begun or placed.command or placed.job.run_at <= ctx.clock.now():
        return
    try:
        tidy(ctx, placed.history)
        go_on(ctx, placed)
    except SchedulerError:
        # Only a courtesy: the next tick does it, and nothing is to be kept from running.
        return


def tidy(ctx: Context, history: History) -> None:
    """Delete the claims that the journal settles: a tick died before it came to that."""
    for claim in history.claims:
        if history.journal.records(claim) and not history.journal.keeps(claim):
            ctx.discussions.delete(claim.id)


def entry(
    ctx: Context,
    found: Occurrence,
    outcome: State,
    history: History,
    claim: Claim | None,
    *,
    reason: str = "",
) -> Entry:
    """A journal entry of ``outcome``, under ``claim`` if there is one."""
    attempt = claim.attempt if claim else next_attempt(history, found.key)
    repo = found.job.repo or ctx.queue.repository
    key = claim.key if claim else found.key
    place = place_of(found.job, queue=ctx.queue.repository)
    until = None
    if outcome is State.PENDING and found.command and found.command.length:
        until = found.command.said_at + found.command.length
    ran = outcome is State.DISPATCHED
    said = found.command if outcome is State.PENDING else None
    again = None
    if said is not None and said.name == "retry":
        again = retries.wanted(found.asked, history.journal, found.number, said.said_at)
    approves = outcome is State.PENDING and found.command and found.command.name == "approve"
    return Entry(
        key=key,
        attempt=attempt,
        outcome=outcome.value,
        at=ctx.clock.now(),
        reason=claim.left_out if claim and ran else reason,
        claim=claim.id if claim else None,
        target=claim.target if claim else f"{repo} {found.job.target}",
        until=until,
        approved=digest(found.ticket.body) if approves else "",
        instead_of=claim.instead_of if claim and ran else None,
        requested_by=requested_by(found) if ran else "",
        verified=rules.verified(ctx, found) if ran and found.job.agent else None,
        again=again.key if again else "",
        again_at=again.at if again else None,
        reply_to=place.ref if place and ran else "",
        reply=found.job.reply or "" if place and ran else "",
    )
