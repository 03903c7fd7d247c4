"""What of a job is news, to whom, and where it is told: decided without asking anybody."""

from __future__ import annotations

from dataclasses import dataclass

from scheduler.job import references
from scheduler.job.model import Job
from scheduler.job.states import State
from scheduler.journal.journal import Entry
from scheduler.settings.model import Alerts

#: The ends without a run that are told where a job has its outcome told. What is on hold is no
#: end yet.
NOT_RUN = frozenset({State.MISSED, State.REJECTED, State.DISCARDED, State.SKIPPED, State.CANCELLED})
#: Which of them are no failure: a condition or a person wanted them.
MEANT = frozenset({State.SKIPPED, State.CANCELLED})


@dataclass(frozen=True, kw_only=True)
class Place:
    """An issue or a pull request that is told what became of a job."""

    #: ``owner/name``.
    repo: str
    #: The number of the issue or pull request there.
    number: int

    @property
    def ref(self) -> str:
        """``owner/name#123``."""
        return f"{self.repo}#{self.number}"

    @classmethod
    def of(cls, ref: str, *, queue: str) -> Place | None:
        """The place that ``ref`` names; ``queue`` is the repository of one that names none."""
        found = references.parts(ref)
        return cls(repo=found[0] or queue, number=found[1]) if found else None


def whom(alerts: Alerts, *states: State) -> tuple[str, ...]:
    """Who is called to a job that has come to any of ``states``."""
    return alerts.mention if any(state.value in alerts.on for state in states) else ()


def place_of(job: Job, *, queue: str) -> Place | None:
    """Where ``job`` has its outcome told; None: nowhere."""
    return Place.of(job.reply_to, queue=queue) if job.reply_to else None


def of_run(entry: Entry, *, failed: bool, queue: str) -> Place | None:
    """Where it is told what the run of ``entry`` came to; None: nowhere.

    By what the job asked for as it was dispatched: whoever edits its text later changes nothing.
    """
    if not entry.reply_to or (entry.reply == "failure" and not failed):
        return None
    return Place.of(entry.reply_to, queue=queue)


def of_end(job: Job, state: State, *, queue: str) -> Place | None:
    """Where it is told that ``job`` came to ``state`` without a run; None: nowhere."""
    if state not in NOT_RUN or (job.reply == "failure" and state in MEANT):
        return None
    return place_of(job, queue=queue)
