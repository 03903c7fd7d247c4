"""Whether this is the moment: the last run, and what a job's conditions ask about.

Asked right before a claim, of GitHub and never of memory. What can't be asked is a no.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduler.desk import Desk
from scheduler.known import Known
from scheduler.model import Run
from scheduler.states import State

#: How often what is waited for is asked about: after a tenth of the time it was waited for.
SOONEST, LATEST = timedelta(minutes=1), timedelta(minutes=10)


@dataclass(frozen=True, kw_only=True)
class NotNow:
    """Look again at ``until``; ``reason`` is what is waited for."""

    reason: str
    until: datetime


class Circumstances:
    """What speaks against a dispatch, beside the rules of the repository."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def against(self, found: Known) -> NotNow | str | None:
        """Why not now, or why not at all; a person who says run it is not asked about it.

        Raises:
            Unavailable, RateLimited, NotPermitted: GitHub did not say.
        """
        if found.command is not None:
            return None
        return self._overlap(found)

    def _overlap(self, found: Known) -> NotNow | str | None:
        job = found.asked
        if not job.recurring or job.overlap == "allow":
            return None
        last = self._last_run(found)
        if last is None or last.status in ("", "completed"):
            return None
        words = f"its last run {last.id} is still {last.status or 'going on'}"
        if job.misfire == "all":
            return NotNow(reason=f"{words}; it runs after it", until=self._later(found))
        return f"{words}, and overlap is 'skip'"

    def _last_run(self, found: Known) -> Run | None:
        entries = found.history.journal.entries
        ran = [e for e in entries if e.outcome == State.DISPATCHED.value and e.run_id]
        if not ran:
            return None
        repo = ran[-1].target.partition(" ")[0] or found.asked.repo or self._desk.queue.repository
        return self._desk.queue.run(repo, ran[-1].run_id or 0)

    def _later(self, found: Known) -> datetime:
        now = self._desk.clock.now()
        waited = now - found.job.run_at
        return now + min(max(waited / 10, SOONEST), LATEST)
