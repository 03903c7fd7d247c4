"""What became of a job's last run, by its journal, and as GitHub shows it now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scheduler.connection import Connection
from scheduler.errors import SchedulerError
from scheduler.job.model import Job
from scheduler.job.states import State
from scheduler.journal import ends
from scheduler.journal.journal import Entry
from scheduler.policy import outcomes
from scheduler.ports.values import Target


@dataclass(frozen=True, kw_only=True)
class Ran:
    """The run of a job's last dispatch."""

    #: What the journal says of the dispatch.
    entry: Entry
    #: ``queued``, ``running``, or how it ended; None: that is not known.
    outcome: str | None = None
    #: GitHub's words for the run; None: it was not asked, or does not say.
    status: str | None = None
    conclusion: str | None = None
    #: Why GitHub could not say; empty: it could, or was not asked.
    problem: str = ""

    def as_json(self) -> dict[str, Any] | None:
        """The object ``run`` of ``show --json``; None: no run is known."""
        if self.entry.run_id is None:
            return None
        return {
            "id": self.entry.run_id,
            "url": self.entry.run_url or None,
            "status": self.status,
            "conclusion": self.conclusion,
        }

    def words(self) -> str:
        """The outcome for people, with how long it took and what is to be known of it."""
        entry = self.entry
        more = (self.outcome, ends.took(entry.took_s), entry.told and f"({entry.told})")
        return " ".join(filter(None, (*more, self.problem and f"({self.problem})")))


def recorded(entries: Sequence[Entry]) -> Ran | None:
    """The run of the last dispatch, by the journal; None: nothing was dispatched."""
    started = (e for e in reversed(entries) if e.outcome == State.DISPATCHED.value)
    entry = next(started, None)
    if entry is None:
        return None
    word = entry.conclusion or None
    over = word is not None and word in outcomes.GOOD | outcomes.FAILED - {outcomes.NEVER_RAN}
    return Ran(
        entry=entry,
        outcome=word,
        status="completed" if over else None,
        conclusion=word if over else None,
    )


def live(connection: Connection, ran: Ran | None, job: Job | None) -> Ran | None:
    """The same as GitHub shows it now, unless the journal says it in GitHub's own word."""
    if ran is None or ran.status is not None or ran.entry.run_id is None:
        return ran
    queue, entry = connection.queue.repository, ran.entry
    repo = Target.of(entry.target).repo or (job.repo if job else None) or queue
    try:
        run = connection.queue.run(repo, ran.entry.run_id)
    except SchedulerError as problem:
        return Ran(entry=entry, outcome=ran.outcome, problem=f"can't be asked: {problem}")
    if run is None:
        return Ran(entry=entry, outcome=ran.outcome, problem="the run is not there any more")
    return Ran(
        entry=entry,
        outcome=ran.outcome or outcomes.under_way(run),
        status=run.status or None,
        conclusion=run.conclusion,
    )
