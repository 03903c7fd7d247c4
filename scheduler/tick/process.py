"""One job on its way: carries out what ``policy`` decides, with nothing decided here."""

from __future__ import annotations

from dataclasses import replace

from scheduler.job.states import State, state_label
from scheduler.journal.journal import NEVER_STARTED, Claim, History, highest_attempt, never_started
from scheduler.journal.slash import Resolution
from scheduler.policy import decide
from scheduler.policy.decide import Decision, End, Fire
from scheduler.policy.recovery import Found, Unclear
from scheduler.ports import Comments
from scheduler.tick.claims import Withdrawn, changed
from scheduler.tick.context import HELD_FOR, Desk
from scheduler.tick.discussions import is_long
from scheduler.tick.dispatch import Dispatcher
from scheduler.tick.occurrence import Known
from scheduler.tick.settlement import Settlement

#: Of a job that its label alone keeps on hold.
KEPT = decide.Wait(reason="on hold; its comments say why", state=State.HELD)


class Lifecycle:
    """Moves jobs, one at a time, from where their history shows them to where they belong."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.settlement = Settlement(desk.queue, desk.facts)
        self.dispatcher = Dispatcher(desk, self.settlement)

    @property
    def ended(self) -> int:
        """How many jobs were ended without a dispatch so far."""
        return self.dispatcher.ended

    @property
    def sent(self) -> int:
        """How many dispatches were sent so far, whatever came of them."""
        return self.dispatcher.sent

    def process(self, found: Known) -> None:
        """Do the one thing that is to be done with a due job now.

        Raises:
            Withdrawn: a claim was given up; the next tick looks again.
            RateLimited, Unavailable, Rejected, NotPermitted: GitHub's answer, untold yet.
        """
        if found.ticket.locked:
            self.desk.note("held", found, "the issue is locked; unlock it to have the job run")
            return
        comments: Comments | None = Comments(items=())
        held = state_label(self.desk.settings.label, State.HELD) in found.ticket.labels
        if held and self._left_alone(found):
            self._wait(found, KEPT)
            return
        if found.ticket.comments or held:
            comments = self.desk.discussions.read(found.ticket)
            if self.desk.facts.login() is None:
                comments = self._introduced(found, comments)
        if comments is None:
            return
        history = self.desk.history(comments)
        found = self.desk.locate(found, comments.items, history)
        found, comments = self.desk.rules.still_meant(found, comments)
        if found.waits:
            self.desk.note("paused", found, "paused; `schedule resume` or `/resume` lets it go on")
            return
        if found.over:
            self.desk.tidy(history)
            self.dispatcher.closing.close(found, State.DISPATCHED)
            self.desk.note("recovered", found, "its series is over; closed")
            return
        found, decision = self._decided(found, comments, history)
        if isinstance(decision, decide.Recover) and not comments.whole:
            # A claim that was known from before may have been taken back since.
            comments = self.desk.discussions.whole(found.ticket)
            history = self.desk.history(comments)
            found = self.desk.locate(found, comments.items, history)
            found, decision = self._decided(found, comments, history)
        self._carry_out(found, comments, history, decision)

    def _left_alone(self, found: Known) -> bool:
        """Whether nothing was said on a held job's long discussion that could let it go on.

        Whoever talks there has no tick read all of it. Only as far back as a held job is looked at.
        """
        desk = self.desk
        if not is_long(found.ticket) or desk.facts.login() is None:
            return False
        since = desk.clock.now() - HELD_FOR
        comments = desk.queue.comments(found.number, since=since)
        history = desk.history(comments)
        said = desk.words(found, comments, history)
        return not (said or history.withdrawals)

    def _decided(
        self, found: Known, comments: Comments, history: History
    ) -> tuple[Known, Decision]:
        """What is to be done with a job; the label of its hold comes off by a person's word.

        And where it is tried again of which no more is known than that GitHub's answers were old.
        """
        decision = self.desk.decide(found, comments, history)
        said = self.desk.resolution(found, comments, history)
        if said is None and (kept := self._kept(found, history, decision)):
            return found, kept
        released = said is not None or decide.given_up(history.withdrawals) >= decide.PATIENT
        if released and not isinstance(decision, (decide.Hold, decide.Wait)):
            # Before it is carried out: whoever dies in between finds the same again.
            ticket = self.desk.issues.unmark(found.ticket, {State.HELD})
            return replace(found, ticket=ticket), decision
        return found, decision

    def _introduced(self, found: Known, comments: Comments) -> Comments | None:
        """The comments once it is known whose records are to be believed; None: all is done.

        Only the first own write can show it.
        """
        presumed, decision = self._presumed(found, comments)
        said = self.desk.resolution(presumed, comments, presumed.history)
        if said is None and (kept := self._kept(presumed, presumed.history, decision)):
            self._wait(presumed, kept)
            return None
        try:
            self.dispatcher.claimed(presumed, decision)
        except Withdrawn:
            if self.desk.facts.login() is None:
                raise
            return self.desk.discussions.read(found.ticket)
        return None

    def _presumed(self, found: Known, comments: Comments) -> tuple[Known, Fire | End]:
        """What to claim by records that may be anybody's; it is made sure of once that is done.

        What a person said that sends nothing is claimed as that: such a claim, left behind,
        would else be taken for one under which something may have been sent.
        """
        history = self.desk.presumed(comments)
        placed = self.desk.locate(found, comments.items, history)
        if placed.command is not None:
            decision = self.desk.decide(placed, comments, history)
            if isinstance(decision, End) and decision.state in decide.OBEYED.values():
                attempt = highest_attempt(comments.items, placed.key) + 1
                return placed, replace(decision, attempt=attempt, supersedes=None)
        attempt = highest_attempt(comments.items, found.key) + 1
        return replace(found, history=history), Fire(attempt=attempt)

    def _kept(self, found: Known, history: History, decision: Decision) -> decide.Wait | None:
        """The wait of a job that the label keeps on hold, though its records let it go on."""
        if found.command is not None and history.journal.held:
            return None
        labelled = state_label(self.desk.settings.label, State.HELD) in found.ticket.labels
        if not labelled or not isinstance(decision, (Fire, End, decide.Recover)):
            return None
        base = self.desk.settings.limits.backoff
        wait = decide.held_back(history.withdrawals, key=found.key, base=base)
        if wait is None or wait.until is None:
            return KEPT
        return wait if self.desk.clock.now() < wait.until else None

    def _carry_out(
        self, found: Known, comments: Comments, history: History, decision: Decision
    ) -> None:
        if isinstance(decision, decide.Wait):
            self._wait(found, decision)
        elif isinstance(decision, decide.Finish):
            self._still_open(found, decision.state)
            self.dispatcher.closing.after(found, history.journal, decision.state)
            self.desk.note("recovered", found, f"was {decision.state.value} already; closed")
        elif isinstance(decision, decide.Hold):
            if found.command is not None:
                # It is the job that is held; the command is then answered as one on such a job.
                found = self.desk.locate(found, (), history)
            self._hold(found, comments, history, decision.reason)
        elif isinstance(decision, decide.Resolve):
            self._resolve(found, history, decision.resolution)
        elif isinstance(decision, decide.Recover):
            self._recover(found, comments, history, decision.claim)
        else:
            self.dispatcher.claimed(found, decision)

    def _still_open(self, found: Known, state: State) -> None:
        """Make sure that what is only to be closed was not reopened, or moved, since it was read.

        Raises:
            Withdrawn: it was, or somebody else closed it.
        """
        if state is State.DISPATCHED:
            return  # which no reopening repeats
        now = self.desk.queue.ticket(found.number)
        label = self.desk.settings.label
        reason = changed(found.ticket, now, label) if now else "the issue was deleted"
        if now and not reason and self.desk.reopened(now) != self.desk.reopened(found.ticket):
            reason = "the issue was reopened"
        if reason:
            raise Withdrawn(reason)

    def _wait(self, found: Known, decision: decide.Wait) -> None:
        if decision.state is State.HELD:
            self.desk.note("held", found, decision.reason)
            self.desk.issues.show(found.ticket, State.HELD)
            if decision.until is not None:
                self.desk.stays[found.number] = (found, decision.until)
                self.desk.report.comes_next(decision.until)
            return
        if decision.until == found.job.run_at:
            # It is not yet its time: its series has moved on, or a person put it off.
            self.desk.show(found)
            self.desk.stays[found.number] = (found, found.job.run_at)
        else:
            self.desk.note("retrying", found, decision.reason)
        self.desk.report.comes_next(decision.until or self.desk.report.now)

    def _hold(
        self,
        found: Known,
        comments: Comments,
        history: History,
        reason: str,
        claim: Claim | None = None,
    ) -> None:
        self.desk.note("held", found, reason)
        entries = history.journal.of(found.key)
        if claim or not entries or entries[-1].outcome != State.HELD.value:
            seen = max((comment.id for comment in comments.items), default=0)
            entry = self.desk.entry(found, State.HELD, history, claim, reason=reason)
            self.desk.record(found, history, replace(entry, seen=seen))
        self.desk.issues.show(found.ticket, State.HELD)

    def _resolve(self, found: Known, history: History, said: Resolution) -> None:
        entry = self.desk.entry(found, State.DISPATCHED, history, None)
        if not said.started:
            words = f"none, by the word of {said.by}"
            self.desk.record(found, history, replace(entry, outcome=NEVER_STARTED, reason=words))
            self.desk.issues.show(found.ticket, State.PENDING)
            self.desk.note("recovered", found, f"no run of {found.key}, by the word of {said.by}")
            self.desk.report.comes_next(self.desk.report.now)
            return
        held = history.journal.of(found.key)[-1]
        target = held.target if "/" in held.target.partition(" ")[0] else entry.target
        kept = next((claim for claim in history.claims if claim.key == found.key), None)
        queue = self.desk.queue.repository
        server = found.ticket.url.partition(f"/{queue}/issues/")[0]
        entry = replace(
            entry,
            target=target,
            run_id=said.run_id,
            run_url=f"{server}/{target.partition(' ')[0]}/actions/runs/{said.run_id}",
            matched=f"the word of {said.by}",
            instead_of=kept.instead_of if kept else None,
        )
        found, journal = self.desk.record(found, history, entry)
        self.dispatcher.closing.after(found, journal, State.DISPATCHED)
        self.desk.note("recovered", found, f"run {said.run_id}, by the word of {said.by}")

    def _recover(self, found: Known, comments: Comments, history: History, claim: Claim) -> None:
        outcome = self.settlement.ask(claim, found.number)
        if isinstance(outcome, Unclear):
            self._hold(found, comments, history, outcome.reason, claim)
        elif isinstance(outcome, Found):
            self.dispatcher.recovered(found, history, claim, outcome)
        elif claim.key != found.key or len(history.standing) > 1:
            # The instant was changed while a claim stood, or another claim stands beside it:
            # that one is to be asked about before anything is sent.
            self.desk.record(found, history, never_started(claim, self.desk.clock.now()))
            self.desk.note(
                "recovered", found, f"attempt {claim.attempt} at {claim.key} never started"
            )
            self.desk.report.comes_next(self.desk.report.now)
        else:
            decision = self.desk.after_recovery(found, comments, history, claim)
            self._carry_out(found, comments, history, decision)
