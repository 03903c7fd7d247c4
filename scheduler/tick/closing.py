"""What becomes of an issue once the result of an occurrence stands in its journal.

A one-off's issue is closed. A series' stays open and shows what comes next, until nothing does.
A slash command is answered, and its label set.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from scheduler.errors import SchedulerError
from scheduler.job.states import State
from scheduler.journal.journal import Journal
from scheduler.journal.slash import Command
from scheduler.policy import decide, series
from scheduler.tick.context import Desk
from scheduler.tick.occurrence import Known
from scheduler.tick.report import moved_comment

#: GitHub's words for the faces under a comment.
#: https://docs.github.com/en/rest/reactions/reactions#about-reactions
DONE, REFUSED, UNCLEAR = "+1", "-1", "confused"


class Closing:
    """Closes issues, or lets them go on."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def obey(self, found: Known, state: State) -> Known:
        """Do what a command asks of the issue itself.

        Before it is recorded: whoever dies in between does it once more, which changes nothing.
        """
        said, issues = found.command, self.desk.issues
        if said is None or state is State.REJECTED:
            return found
        if state is State.CANCELLED:
            issues.close(found.ticket, state)
        elif said.name in ("pause", "resume"):
            paused = said.name == "pause"
            ticket = issues.pause(found.ticket, paused=paused)
            return replace(found, paused=paused, ticket=ticket)
        return found

    def after(self, found: Known, journal: Journal, state: State) -> None:
        """Do to the issue of ``found`` what follows from its occurrence being ``state``."""
        said = found.command
        if said is not None:
            self._answer(said, DONE if state in decide.DONE else REFUSED)
            if state is State.CANCELLED:
                return
        runs_on = found.asked.recurring and state is not State.REJECTED
        if state is State.DISPATCHED and not found.asked.recurring and self._moved(found, journal):
            self.desk.issues.show(found.ticket, State.PENDING)
            runs_on = True
        if runs_on or (said is not None and state is not State.DISPATCHED):
            self._go_on(found, journal)
        else:
            self.close(found, state)

    def close(self, found: Known, state: State) -> None:
        """Close the issue of ``found``, and say so where it was moved in that very moment."""
        closed = self.desk.issues.close(found.ticket, state)
        job = self.desk.rules.job(closed.body) if closed.body != found.ticket.body else None
        if job is not None and (job.recurring or job.run_at != found.asked.run_at):
            # Moved after the last look at it; nothing shows whether it was closed then, too.
            self.desk.queue.add_comment(found.number, moved_comment(job.run_at))

    def _moved(self, found: Known, journal: Journal) -> bool:
        """Whether a job was given another instant before its journal said what became of it."""
        return self._comes(found, journal).key != found.key

    def _comes(self, found: Known, journal: Journal, left: Iterable[Command] = ()) -> Known:
        """The same job at what is next, now that its journal says what became of this."""
        history = replace(found.history, journal=journal, claims=())
        return self.desk.locate(found, (), history, left=left)

    def _go_on(self, found: Known, journal: Journal) -> None:
        desk, paused = self.desk, found.paused
        # Beside one command there may stand another.
        comes = replace(self._comes(found, journal, left=found.said), paused=paused)
        if comes.over:
            self.close(found, State.DISPATCHED)
            return
        if found.asked.recurring:
            comes = desk.go_on(comes)
        elif found.command is not None and found.command.length is not None:
            due = self._comes(found, journal).job.run_at
            desk.issues.retitle(found.ticket, lambda title: series.retitled(title, due))
        again = comes.job.run_at if found.command is None else desk.clock.now()
        desk.stays[found.number] = (comes, again)
        if not comes.waits and comes.job.run_at > desk.clock.now():
            desk.report.comes_next(comes.job.run_at)

    def _answer(self, said: Command, content: str) -> None:
        face = UNCLEAR if said.problem and content == REFUSED else content
        try:
            self.desk.queue.react(said.comment_id, face)
        except SchedulerError:
            # Only a courtesy: the journal says what was done.
            return
