"""Claim, read again, then dispatch or end: the only way to either."""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass, replace
from datetime import timedelta

from scheduler.errors import NotPermitted, Rejected, Unavailable
from scheduler.job.model import occurrence_comment, occurrence_instant
from scheduler.job.states import State
from scheduler.job.workflow_inputs import inputs_for
from scheduler.journal.journal import Claim, Entry, Explanation, History
from scheduler.policy import decide
from scheduler.policy.decide import End, Fire
from scheduler.policy.recovery import Found, listed
from scheduler.ports import Comments, Dispatch
from scheduler.tick.claims import AnswerLost, Fresh, GivenUp, Held, Withdrawn, Work
from scheduler.tick.closing import Closing
from scheduler.tick.conditions import Circumstances, NotNow
from scheduler.tick.context import Desk
from scheduler.tick.occurrence import Known
from scheduler.tick.pacing import Pacing
from scheduler.tick.report import Fired, stays_comment
from scheduler.tick.rules import requested_by
from scheduler.tick.settlement import Settlement


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A claim that won, and everything that is known under it."""

    found: Known
    work: Work
    held: Held
    history: History


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A dispatch that GitHub accepted, and the entry that is to say so."""

    standing: Standing
    entry: Entry


class Dispatcher:
    """Takes one job from a decision to its record."""

    def __init__(self, desk: Desk, settlement: Settlement) -> None:
        self.desk = desk
        self.settlement = settlement
        self.closing = Closing(desk)
        self.circumstances = Circumstances(desk)
        self.pacing = Pacing(desk.queue, desk.clock)
        #: Targets of which a dispatch was sent and its answer lost, in this tick.
        self.unsettled: set[str] = set()
        #: Dispatches that were sent, whatever came of them.
        self.sent = 0
        #: Jobs that were ended without a dispatch.
        self.ended = 0

    def claimed(self, found: Known, decision: Fire | End) -> None:
        """Claim ``found``, read it again, then dispatch or end it, and record that.

        Raises:
            Withdrawn: the claim was given up, and nothing was sent.
            RateLimited, Unavailable, Rejected, NotPermitted: GitHub's answer, untold yet.
        """
        standing = self.begin(found, decision)
        sent = self.fire(standing) if standing else None
        if sent:
            self.settle(sent)

    def begin(self, found: Known, decision: Fire | End) -> Standing | None:
        """Claim ``found`` and read it again; the claim under which it may now be sent.

        None: there is nothing to be sent, and what was to be done instead is done.
        """
        desk = self.desk
        self.pacing.make_room()
        target, declared, problem = desk.rules.judge(found)
        if isinstance(decision, Fire) and problem is None:
            against = self.circumstances.against(found)
            if isinstance(against, NotNow):
                desk.note("retrying", found, against.reason)
                desk.stays[found.number] = (against.found or found, against.until)
                desk.report.comes_next(against.until)
                return None
            problem = (State.SKIPPED, against) if against else None
        if problem and isinstance(decision, Fire) and problem[0] in (State.PAUSED, State.HELD):
            self._stays(found, *problem)
            return None
        if problem and isinstance(decision, Fire):
            decision = End(
                state=problem[0],
                reason=problem[1],
                attempt=decision.attempt,
                supersedes=decision.supersedes,
            )
        # What the job's own rule says, whatever was added to spread or delay it.
        said = replace(found.job, run_at=found.instant)
        inputs = inputs_for(
            said,
            declared if target.workflow else None,
            key=found.key,
            requested_by=requested_by(found),
        )
        once = bool(occurrence_comment(found.key)) and not found.asked.recurring
        work = Work(
            ticket=found.ticket,
            key=found.key,
            dispatch=Dispatch(target=target, inputs=inputs),
            title=found.key if declared.shows_key else "",
            instead_of=found.asked.run_at if once else None,
            asked=found.command,
        )
        firing = isinstance(decision, Fire)
        if firing and listed(work.target) in self.unsettled:
            desk.note("retrying", found, "waits: an answer about the same target was lost")
            desk.report.comes_next(desk.report.now)
            return None
        desk.discussions.acquaint(found.ticket)
        newest = desk.facts.newest_run(target.repo) if firing else None
        blind = bool(found.ticket.comments) and desk.facts.login() is None
        try:
            held, fresh = desk.claimant.claim(work, decision, newest)
        except Rejected as refused:
            # Without a claim nothing may be sent; the label is all that can still be said.
            desk.note("held", found, f"no claim can be written: {refused}")
            desk.issues.show(found.ticket, State.HELD)
            return None
        except GivenUp as given_up:
            if given_up.times < decide.PATIENT:
                raise
            desk.note("held", found, str(given_up))
            desk.issues.show(found.ticket, State.HELD)
            return None
        self._same_login(held)
        found, history = self._confirmed(found, decision, held, fresh, blind=blind)
        standing = Standing(found=found, work=work, held=held, history=history)
        if isinstance(decision, End):
            self._end(standing, decision.state, decision.reason)
            return None
        return standing

    def _stays(self, found: Known, state: State, reason: str) -> None:
        """Show that a job stays paused or on hold, whoever took its label off, and say why once."""
        desk, ticket = self.desk, found.ticket
        desk.note(state.value, found, reason)
        told = Explanation(text_hash=hashlib.sha256(reason.encode()).hexdigest()[:16])
        if all(each.text_hash != told.text_hash for each in found.history.explanations):
            # Only a courtesy: the label and the tick's report say it as well.
            with contextlib.suppress(Rejected, Unavailable, NotPermitted):
                desk.queue.add_comment(ticket.number, stays_comment(told, state, reason))
        if state is State.PAUSED:
            desk.issues.pause(ticket, paused=True)
        else:
            desk.issues.show(ticket, state)

    def _same_login(self, held: Held) -> None:
        """Make sure that the claim was written by the login whose records are believed.

        Two ticks that believe different logins do not see each other's claims.
        """
        named = self.desk.settings.scheduler.login
        if named is not None and named.lower() != held.login.lower():
            self.desk.claimant.withdraw(held)
            raise NotPermitted(
                f"token: writes as {held.login!r}, and the settings name {named!r} as the "
                "scheduler; use that account's token, or change scheduler.login in "
                ".github/scheduler.yml"
            )
        self.desk.facts.learn_login(held.login)

    def _confirmed(
        self, found: Known, decision: Fire | End, held: Held, fresh: Fresh, *, blind: bool
    ) -> tuple[Known, History]:
        """The job as it is read again, and the history under which the decision still holds.

        ``blind``: only this claim has shown whose acts are the scheduler's own.
        """
        desk = self.desk
        comments = Comments(items=fresh.comments, as_of=fresh.as_of)
        history = desk.history(comments)
        earlier = decide.before(history, held.claim)
        now_found = desk.locate(replace(found, ticket=fresh.ticket), fresh.comments, earlier)
        if blind:
            now_found, comments = desk.rules.still_meant(now_found, comments)
        again = desk.decide(now_found, comments, earlier)
        if isinstance(again, decide.Recover) and again.claim == decision.supersedes:
            again = desk.after_recovery(now_found, comments, earlier, again.claim)
        if now_found.key != found.key or not decide.confirms(decision, held.claim, history, again):
            desk.claimant.withdraw(held)
            desk.discussions.forget(found.number)
            raise Withdrawn("another tick is at it, or its history is not what it seemed")
        return now_found, history

    def _end(self, standing: Standing, state: State, reason: str) -> None:
        desk, found = self.desk, standing.found
        self.ended += 1
        found = self.closing.obey(found, state)
        entry = desk.entry(found, state, standing.history, standing.held.claim, reason)
        obeyed = found.command is not None and state in decide.DONE
        desk.note("obeyed" if obeyed else state.value, found, reason)
        found, journal = desk.record(found, standing.history, entry, own=standing.held.claim)
        self.closing.after(found, journal, state)

    def fire(self, standing: Standing) -> Sent | None:
        """Dispatch under a claim; what is then to be recorded.

        None: it was not accepted, or that can't be told, and what follows is done.
        """
        desk, found, claim = self.desk, standing.found, standing.held.claim
        self.sent += 1
        # A claim may be early, a dispatch never.
        while (early := found.job.run_at - desk.clock.now()) > timedelta(0):
            desk.clock.sleep(early.total_seconds())
        try:
            accepted, sent_at = desk.claimant.send(standing.work, standing.held)
        except AnswerLost as lost:
            self._lost(standing, lost)
            return None
        except Rejected as refused:
            self._end(standing, State.DISCARDED, str(refused))
            return None
        if accepted.run_id:
            desk.facts.saw_run(standing.work.dispatch.target.repo, accepted.run_id, claim.key)
        late = round((sent_at - found.job.run_at).total_seconds(), 3)
        entry = replace(
            desk.entry(found, State.DISPATCHED, standing.history, claim),
            at=sent_at,
            lateness_s=late,
            run_id=accepted.run_id,
            run_url=accepted.run_url,
        )
        return Sent(standing=standing, entry=entry)

    def settle(self, sent: Sent) -> None:
        """Record a dispatch that GitHub accepted, and close its issue."""
        desk, standing, entry = self.desk, sent.standing, sent.entry
        found, claim = standing.found, standing.held.claim
        if entry.run_id is None and found.job.workflow:
            entry = self.settlement.identify(entry, claim, found.number, desk.clock)
            if entry.run_id:
                desk.facts.saw_run(standing.work.dispatch.target.repo, entry.run_id, entry.key)
        late = entry.lateness_s or 0.0
        desk.report.dispatched.append(
            Fired(id=found.number, run_id=entry.run_id, run_url=entry.run_url, lateness_s=late)
        )
        found, journal = desk.record(found, standing.history, entry, own=claim)
        self.closing.after(found, journal, State.DISPATCHED)

    def _lost(self, standing: Standing, lost: AnswerLost) -> None:
        desk, found, claim = self.desk, standing.found, standing.held.claim
        # The claim's window is still open: only a run that names the occurrence is proof.
        outcome = self.settlement.by_title(claim, found.number)
        if outcome is not None:
            self.recovered(found, standing.history, claim, outcome, own=claim)
            return
        if not standing.work.title:
            self.unsettled.add(listed(standing.work.target))
        desk.note("retrying", found, f"{lost}; whether it ran is looked up later")
        desk.report.comes_next(desk.clock.now() + desk.settings.limits.recover_after)

    def recovered(
        self,
        found: Known,
        history: History,
        claim: Claim,
        outcome: Found,
        *,
        own: Claim | None = None,
    ) -> None:
        """Record the run that was found to be a claim's, and close if that was the job's."""
        self.desk.facts.started[outcome.run.id] = claim.key
        entry = self.desk.entry(found, State.DISPATCHED, history, claim)
        reason = f"run {outcome.run.id}, found by {outcome.matched}"
        self.desk.note("recovered", found, reason)
        found, journal = self.desk.record(found, history, started(entry, outcome), own=own)
        if claim.key == found.key:
            self.closing.after(found, journal, State.DISPATCHED)
        else:
            # What it is at meanwhile is due as well.
            self.desk.report.comes_next(self.desk.report.now)


def started(entry: Entry, outcome: Found) -> Entry:
    """``entry`` with the run that recovery found."""
    run = outcome.run
    at = run.created_at or entry.at
    instant = occurrence_instant(entry.key)
    late = (at - instant).total_seconds() if instant else 0.0
    return replace(
        entry,
        at=at,
        run_id=run.id,
        run_url=run.url,
        matched=outcome.matched,
        lateness_s=max(late, 0.0),
    )
