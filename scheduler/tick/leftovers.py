"""Closed issues on which a claim still stands: their journal says what became of it.

Nothing is dispatched here; a claim that is still young is left to the next tick.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from scheduler.errors import Rejected, Unavailable
from scheduler.job.states import LABELLED, TERMINAL, State, state_label
from scheduler.journal.journal import Claim, claim_of, never_started, read
from scheduler.policy.recovery import Found, Unclear
from scheduler.ports import Comment, Comments, Ticket, User
from scheduler.tick.context import Desk
from scheduler.tick.dispatch import started
from scheduler.tick.invalid import RECENT
from scheduler.tick.report import Note
from scheduler.tick.settlement import Settlement

#: No job is claimed so long before its instant.
EARLY = timedelta(minutes=1)
#: Written, and deleted at once, where nothing but a write of its own shows the login.
PROBE = "Looking into what became of the attempt above."


class ClosedIssues:
    """Settles what a person, or a tick that died, left behind on closed issues."""

    def __init__(self, desk: Desk, settlement: Settlement) -> None:
        self.desk = desk
        self.settlement = settlement

    def settle(self, closed: Iterable[Ticket]) -> None:
        """Settle the claims that stand on the issues closed within the last hour."""
        desk, report = self.desk, self.desk.report
        since = report.now - RECENT
        states = {state_label(desk.settings.label, state) for state in LABELLED}
        done = {note.id for note in report.dispatched} | {
            note.id for name in report.NOTES for note in getattr(report, name)
        }
        for ticket in closed:
            told = ticket.number in done or states & set(ticket.labels) or self._ended(ticket)
            if not ticket.comments or told or (ticket.closed_at or ticket.updated_at) < since:
                continue
            recent = desk.facts.recent_comments(since, earlier=True)
            if recent is None and self._over(ticket):
                continue  # of too many comments to look through, those of what is over tell nothing
            here = [comment for comment in recent or () if comment.issue == ticket.number]
            try:
                if recent is None or any(self._claimed(comment) for comment in here):
                    self._settle(ticket)
                else:
                    self._mark(ticket, here)
            except (Rejected, Unavailable) as problem:
                report.retrying.append(Note(id=ticket.number, reason=str(problem)))
                report.comes_next(report.now)

    def _ended(self, ticket: Ticket) -> bool:
        """Whether the issue itself shows that nothing is to be settled yet; asks for nothing.

        Only beside due jobs, of which each request is counted: a tick with nothing due looks.
        """
        closed_at = ticket.closed_at or ticket.updated_at
        young = self.desk.report.now - closed_at < self.desk.settings.limits.recover_after
        # A claim on what was just closed would be left alone for as long, whoever closed it.
        return bool(self.desk.report.due) and (young or self._early(ticket))

    def _early(self, ticket: Ticket) -> bool:
        """Whether it was closed before its time: then it was claimed only if it was moved."""
        job, closed_at = self.desk.rules.job(ticket.body), ticket.closed_at or ticket.updated_at
        return job is not None and closed_at + EARLY < job.run_at

    def _over(self, ticket: Ticket) -> bool:
        """Whether an issue whose comments can only be read alone is not worth that request.

        The scheduler closes as completed only what its journal says was dispatched; who else
        does under its account, of that a claim is left standing there.
        """
        login, by = self.desk.facts.login() or "", ticket.closed_by or ""
        done = ticket.state_reason == "completed" and by and by.lower() == login.lower()
        return bool(login) and (bool(done) or self._early(ticket))

    def _claimed(self, comment: Comment) -> bool:
        """Whether a comment is a claim that may be the scheduler's own: anybody can write one."""
        if claim_of(comment) is None:
            return False
        login = self.desk.facts.login()
        if login is None:
            return self._insider(comment.author)
        return comment.author.login.lower() == login.lower()

    def _mark(self, ticket: Ticket, here: Iterable[Comment]) -> None:
        """Put on the label of a job's end where a tick died between the closing and that.

        The records of whoever closed it say which; that this was the scheduler is asked only
        where there is a label to put on.
        """
        desk, by = self.desk, ticket.closed_by
        entries = read(here, login=by).journal.entries if by else ()
        job = desk.rules.job(ticket.body)
        if not entries or job is None or ticket.state_reason == "completed":
            return
        ends = {State.REJECTED} if job.recurring else TERMINAL & LABELLED
        state = next((each for each in ends if each.value == entries[-1].outcome), None)
        if state and by and by.lower() == (desk.facts.login() or "").lower():
            desk.issues.mark(ticket, state)

    def _settle(self, ticket: Ticket) -> None:
        desk = self.desk
        comments = desk.queue.comments(ticket.number)
        if not self._introduced(ticket, comments):
            return
        history = desk.history(comments)
        desk.tidy(history)
        for claim in history.standing:
            if self._young(claim, comments):
                continue
            outcome = self.settlement.ask(claim, ticket.number)
            entry = never_started(claim, desk.clock.now())
            if isinstance(outcome, Found):
                desk.facts.started[outcome.run.id] = claim.key
                entry = started(replace(entry, outcome=State.DISPATCHED.value, reason=""), outcome)
                entry = replace(entry, instead_of=claim.instead_of)
                reason = f"was closed, but had started run {outcome.run.id}"
            elif isinstance(outcome, Unclear):
                seen = max(comment.id for comment in comments.items)
                entry = replace(entry, outcome=State.HELD.value, reason=outcome.reason, seen=seen)
                reason = f"was closed; whether it had started can't be told: {outcome.reason}"
            else:
                reason = "was closed before it started"
                if claim.ends == State.CANCELLED.value:
                    # Reopened, it is not closed again by the same words.
                    entry = replace(entry, outcome=claim.ends, reason="the issue was closed")
            desk.facts.forget_comments()
            journal, _ = desk.claimant.record(ticket.number, history, entry)
            history = replace(history, journal=journal)
            desk.report.recovered.append(Note(id=ticket.number, reason=reason))

    def _young(self, claim: Claim, comments: Comments) -> bool:
        age = (comments.as_of or self.desk.clock.now()) - (claim.created_at or claim.made_at)
        return age < self.desk.settings.limits.recover_after

    def _introduced(self, ticket: Ticket, comments: Comments) -> bool:
        """Whether the scheduler's own login is known; where nothing tells it, a write does.

        Nobody is believed on their own word: the claims of whoever may have written them for
        the scheduler are only a reason to write and see.
        """
        facts = self.desk.facts
        if facts.login() is not None:
            return True
        claims = ((each.author, claim_of(each)) for each in comments.items)
        old = {author for author, claim in claims if claim and not self._young(claim, comments)}
        if not any(self._insider(author) for author in old):
            return False
        written = self.desk.queue.add_comment(ticket.number, PROBE)
        facts.learn_login(written.author.login)
        self.desk.queue.delete_comment(written.id)
        return True

    def _insider(self, user: User) -> bool:
        return user.bot or self.desk.facts.may_write(user.login)
