"""Decides about one job: gathers what ``policy`` must know, and asks it."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import takewhile

from scheduler.errors import (
    InvalidJob,
    NotPermitted,
    RateLimited,
    Rejected,
    SchedulerError,
    Unavailable,
)
from scheduler.job.model import Job, occurrence_instant, occurrence_key
from scheduler.job.states import LABELLED, TERMINAL, State, begun_label, state_label
from scheduler.journal.comments import series_comment
from scheduler.journal.journal import Claim, Entry, History, Journal, read
from scheduler.journal.record import RECORD
from scheduler.journal.slash import Command, Resolution, heard, resolutions
from scheduler.policy import decide as policy
from scheduler.policy import series
from scheduler.policy.decide import Decision
from scheduler.ports import Clock, Comment, Comments, Queue, Ticket, User
from scheduler.settings.model import Settings
from scheduler.tick.claims import Claimant
from scheduler.tick.discussions import Discussions
from scheduler.tick.facts import Facts
from scheduler.tick.issues import MOST_LABELS, Issues, full
from scheduler.tick.occurrence import Known
from scheduler.tick.report import Note, TickReport
from scheduler.tick.rules import Rules, requested_by

#: For how long after its last change the comments of a held issue are read for a person's
#: word; taking the label off has it read whenever that was.
HELD_FOR = timedelta(days=1)


@dataclass(kw_only=True)
class Desk:
    """What one tick works with; made once a tick and shared by those who act in it."""

    queue: Queue
    clock: Clock
    settings: Settings
    facts: Facts
    rules: Rules
    discussions: Discussions
    claimant: Claimant
    issues: Issues
    report: TickReport
    #: How early a job may be claimed; only a holder, which waits for the instant, sets it.
    early: timedelta = timedelta(0)
    #: Where jobs are that were dealt with and stay open, and from when on to look at them.
    stays: dict[int, tuple[Known, datetime]] = field(default_factory=dict)
    #: Of whose words GitHub did not say whether they are commands; asked again a little later.
    unheard: set[str] = field(default_factory=set)

    def note(self, kind: str, found: Known, reason: str) -> None:
        """Say in the report's list ``kind`` where a job is, and why."""
        getattr(self.report, kind).append(Note(id=found.number, reason=reason))

    def history(self, comments: Comments) -> History:
        """What the comments record, as far as the scheduler's own login is known."""
        if not comments.items:
            return History()
        return read(comments.items, login=self.facts.login() or "")

    def presumed(self, comments: Comments) -> History:
        """What they record by the word of somebody who may write, before the own login is known.

        Good for telling what waits, and for nothing else: before anything is sent they are
        read again, and only the own login is believed.
        """
        for each in comments.items:
            by = each.author
            if RECORD.match(each.body) and (by.bot or self.facts.may_write(by.login)):
                return read(comments.items, login=by.login)
        return History()

    def locate(
        self,
        found: Known,
        comments: Iterable[Comment],
        history: History,
        *,
        left: Iterable[Command] = (),
    ) -> Known:
        """The same job at the occurrence that is to be looked at now, by what is recorded.

        ``left`` are commands that were found in comments before.
        """
        label, ticket = self.settings.label, found.ticket
        queue, runs_in = self.queue.repository, found.asked.repo or self.queue.repository
        handled = history.journal.handled or 0
        every = (
            *(each for each in left if each.comment_id > handled),
            *heard(comments, after=handled),
        )
        people = dict.fromkeys(each.author for each in every)
        may = {user: self._may_command(user, found.asked) for user in people}
        # A journal says how far words were dealt with, and no more: what comes after somebody's
        # whose right can't be told now waits with theirs, or theirs would never be heard.
        told = tuple(takewhile(lambda each: may[each.author] is not None, every))
        said = tuple(each for each in told if may[each.author])
        place = series.locate(
            found.asked,
            history,
            name=lambda each: occurrence_key(found.number, each, queue=queue, runs_in=runs_in),
            now=self.as_of(found.job),
            begun=begun_label(label) in ticket.labels,
            commands=said,
        )
        return replace(
            found,
            job=replace(found.asked, run_at=place.due),
            key=place.key,
            instant=place.instant,
            skip=place.skip,
            command=place.command,
            said=said,
            passed_by=tuple(each.comment_id for each in told if may[each.author] is False),
            over=place.over,
            lost=place.lost,
            paused=state_label(label, State.PAUSED) in ticket.labels,
            history=history,
        )

    def _wanted(self, found: Known) -> policy.Wanted:
        instant = None if found.asked.recurring else occurrence_instant(found.key)
        return policy.Wanted(
            skip=found.skip,
            command=self._possible(found),
            overtaken=found.overtaken,
            lost=found.lost,
            moved=instant not in (None, found.asked.run_at),
        )

    def _possible(self, found: Known) -> Command | None:
        """What a comment asks for; a pause that no label can show is none."""
        said, ticket = found.command, found.ticket
        label = state_label(self.settings.label, State.PAUSED)
        shown = label in ticket.labels or len(ticket.labels) < MOST_LABELS
        if said is None or said.name != "pause" or shown:
            return said
        return replace(said, problem=full(ticket, label))

    def words(self, found: Known, comments: Comments, history: History) -> bool:
        """Whether somebody who may said anything to the scheduler that was not dealt with."""
        handled = history.journal.handled or 0
        said = {each.author for each in heard(comments.items, after=handled)}
        said |= {User(login=each.by) for each in resolutions(comments.items, after=handled)}
        people = sorted(said, key=lambda user: user.login)
        return any(self._may_command(user, found.asked) is not False for user in people)

    def _may_command(self, user: User, job: Job) -> bool | None:
        """Whether somebody's words are commands; None: GitHub does not say now.

        Whoever that is keeps no job waiting: what they said is listened to later.
        """
        if user.login in self.unheard:
            return None
        try:
            return self.rules.may_command(user, job)
        except RateLimited:
            raise
        except (Rejected, Unavailable, NotPermitted) as problem:
            self.unheard.add(user.login)
            words = f"comment: whether {user.login!r} may say what becomes of jobs can't be told"
            self.report.notices.append(f"{words} now, for their role: {problem}")
            return None

    def limits(self, job: Job) -> policy.Limits:
        """The numbers that a decision about ``job`` depends on."""
        limits = self.settings.limits
        return policy.Limits(
            recover_after=limits.recover_after,
            backoff=limits.backoff,
            max_attempts=job.max_attempts or self.settings.defaults.max_attempts,
        )

    def decide(self, found: Known, comments: Comments, history: History) -> Decision:
        """What is to be done with a job now, by what its comments record."""
        return policy.decide(
            found.job,
            history,
            key=found.key,
            now=self.as_of(found.job),
            limits=self.limits(found.job),
            reopened=self.reopened(found.ticket),
            github_now=comments.as_of,
            resolution=self.resolution(found, comments, history),
            forged=self._forged(history),
            forbidden=self.rules.forbidden(found),
            wanted=self._wanted(found),
        )

    def reopened(self, ticket: Ticket) -> bool:
        """Whether a person reopened the issue.

        The label of an end is put on after the closing, so on an open issue it tells the same.
        """
        ends = {state_label(self.settings.label, state) for state in TERMINAL & LABELLED}
        return ticket.state_reason == "reopened" or bool(ends & set(ticket.labels))

    def as_of(self, job: Job) -> datetime:
        """The instant to decide for: a job that is claimed early is decided for its own."""
        now = self.clock.now()
        return job.run_at if timedelta(0) < job.run_at - now <= self.early else now

    def after_recovery(
        self, found: Known, comments: Comments, history: History, claim: Claim
    ) -> Decision:
        """What is to be done once it is known that ``claim`` started nothing."""
        return policy.after_recovery(
            found.job,
            history,
            claim,
            key=found.key,
            now=self.as_of(found.job),
            limits=self.limits(found.job),
            reopened=self.reopened(found.ticket),
            github_now=comments.as_of,
            wanted=self._wanted(found),
        )

    def resolution(self, found: Known, comments: Comments, history: History) -> Resolution | None:
        """The word of a trusted person on a job that is held."""
        entries = history.journal.of(found.key)
        given_up = [each.id for each in history.withdrawals]
        if entries and entries[-1].outcome == State.HELD.value:
            after = entries[-1].seen or 0
        elif given_up:
            after = max(given_up)
        else:
            return None
        for said in resolutions(comments.items, after=after):
            if self._may_command(User(login=said.by), found.asked):
                return said
        return None

    def _forged(self, history: History) -> str | None:
        for login, comment_id in history.foreign:
            # An app writes issues only where it was given the right to.
            if login.endswith("[bot]") or self.facts.may_write(login):
                return (
                    f"comment {comment_id}: {login!r} wrote a record of the scheduler's and is "
                    f"not the scheduler ({self.facts.login()}); delete that comment once it is "
                    "clear what ran"
                )
        return None

    def record(
        self, found: Known, history: History, entry: Entry, *, own: Claim | None = None
    ) -> tuple[Known, Journal]:
        """Write ``entry`` into the journal; what is known of other comments is then old.

        Returns: the job with its issue as it is counted then, and the journal.
        """
        self.facts.forget_comments()
        if passed_by := self._passed_by(found, entry, history):
            history = self._handled(history, passed_by)
        if not found.asked.recurring:
            journal, gone = self.claimant.record(found.number, history, entry, own=own)
            return found.with_fewer(gone), journal
        # Many occurrences share a series' journal, so it is read once more right before it is
        # written: a tick that stalled must not wipe out what another has recorded since.
        comments = self.discussions.again(found.ticket).comments
        newest = self.history(comments)
        joined = newest.journal.joined(history.journal)
        history = replace(newest, journal=joined, claims=history.claims)
        if found.lost:
            # What stands there now was perhaps dealt with; only later words are listened to.
            seen = max((comment.id for comment in comments.items), default=0)
            history, entry = self._handled(history, seen), replace(entry, seen=seen)
        with suppress(InvalidJob):  # what ran is recorded, whatever its rule does by now
            entry = series.counted(entry, found.asked, joined, lost=found.lost)
        after = replace(history, journal=history.journal.with_entry(entry), claims=())
        if comments.as_of is not None and self._told(comments, newest, after.journal, own):
            marked = replace(history.journal, read_at=comments.as_of)
            history = replace(history, journal=marked)
        foot = self._next_instant(found, after)
        journal, gone = self.claimant.record(
            found.number,
            history,
            entry,
            own=own,
            written=lambda journal: series_comment(journal, next_instant=foot, asked=found.asked),
        )
        return found.with_fewer(gone), journal

    def _next_instant(self, found: Known, after: History) -> datetime | None:
        with suppress(InvalidJob):
            comes = self.locate(found, (), after)
            return None if comes.over else series.shown(comes.instant, after.journal)
        return None

    def _told(
        self, comments: Comments, newest: History, journal: Journal, own: Claim | None
    ) -> bool:
        """Whether ``journal`` tells all that the comments decide, so that they are read no more."""
        mine = own.id if own else 0
        standing = (c for c in newest.claims if c.id != mine and not journal.settles(c))
        return not (
            any(standing)
            or journal.held
            or newest.lost
            or newest.explanations
            or heard(comments.items, after=journal.handled or 0)
            or self._forged(newest)
        )

    def _passed_by(self, found: Known, entry: Entry, history: History) -> int:
        """The last comment that is nobody's command, with no command before it that waits.

        The journal, which is written now anyway, says that it was passed by: nobody is asked
        about its author again, and it is no command once its author may give one.
        """
        handled = history.journal.with_entry(entry).handled or 0
        first = min((s.comment_id for s in found.said if s.comment_id > handled), default=None)
        passed = (each for each in found.passed_by if first is None or each < first)
        return max(passed, default=0)

    def _handled(self, history: History, comment_id: int) -> History:
        handled = max(history.journal.handled or 0, comment_id)
        return replace(history, journal=replace(history.journal, handled=handled))

    def title(self, comes: Known, title: str) -> str:
        """The title that the issue of a job with ``title`` should have, if it is ours to say."""
        if comes.command or not comes.asked.recurring:
            return title
        return series.retitled(title, series.shown(comes.instant, comes.history.journal))

    def go_on(self, comes: Known) -> Known:
        """Show on a series' issue that it has begun, and which occurrence comes next."""
        state = State.HELD if comes.history.journal.held else State.PENDING
        ticket = self.issues.begun(comes.ticket, state)
        ticket = self.issues.retitle(ticket, lambda title: self.title(comes, title))
        return replace(comes, ticket=ticket)

    def show(self, placed: Known) -> None:
        """Make a series' issue say what comes next: a tick may have died, or its rule be new."""
        begun = placed.asked.recurring and placed.history.journal.entries and not placed.over
        if not begun or placed.command or placed.job.run_at <= self.clock.now():
            return
        try:
            self.tidy(placed.history)
            self.go_on(placed)
        except SchedulerError:
            # Only a courtesy: the next tick does it, and nothing is to be kept from running.
            return

    def tidy(self, history: History) -> None:
        """Delete the claims that the journal settles: a tick died before it came to that."""
        for claim in history.claims:
            if history.journal.settles(claim) and not history.journal.keeps(claim):
                self.discussions.delete(claim.id)

    def entry(
        self, found: Known, outcome: State, history: History, claim: Claim | None, reason: str = ""
    ) -> Entry:
        """A journal entry of ``outcome``, under ``claim`` if there is one."""
        attempt = claim.attempt if claim else policy.next_attempt(history, found.key)
        repo = found.job.repo or self.queue.repository
        key = claim.key if claim else found.key
        until = None
        if outcome is State.PENDING and found.command and found.command.length:
            until = found.command.said_at + found.command.length
        ran = outcome is State.DISPATCHED
        return Entry(
            key=key,
            attempt=attempt,
            outcome=outcome.value,
            at=self.clock.now(),
            reason=reason,
            claim=claim.id if claim else None,
            target=claim.target if claim else f"{repo} {found.job.target}",
            until=until,
            instead_of=claim.instead_of if claim and ran else None,
            requested_by=requested_by(found) if ran else "",
            verified=self.rules.verified(found) if ran else None,
        )
