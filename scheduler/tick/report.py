"""The report of a tick: as JSON, as lines for a terminal, and as a job summary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from scheduler.errors import SchedulerError
from scheduler.journal import ends
from scheduler.journal.comments import SYMBOLS, lateness, why
from scheduler.policy.outcomes import Ended
from scheduler.text import cell, code, visible
from scheduler.tick.outcome import PASSING, Fired, Heading, Tally
from scheduler.times.instants import format_instant

#: The lists of notes that stand first in the summary: what somebody should look at.
PROBLEMS = ("held", "invalid", "rejected", "discarded", "missed", "retrying")
#: So many jobs of one reason are named in the summary.
NAMED = 3
#: What is said of a job whose issue is locked.
LOCKED = "the issue is locked; unlock it to have the job run"


@dataclass(frozen=True, kw_only=True)
class Note:
    """A job and why it is where it is."""

    id: int
    reason: str


@dataclass(kw_only=True)
class TickReport:
    """What one tick did; the lists are those of ``tick --json``."""

    #: When it began, UTC.
    now: datetime
    #: How many open issues it listed, and how many of their jobs were due.
    scanned: int = 0
    due: int = 0
    dispatched: list[Fired] = field(default_factory=list)
    missed: list[Note] = field(default_factory=list)
    invalid: list[Note] = field(default_factory=list)
    rejected: list[Note] = field(default_factory=list)
    retrying: list[Note] = field(default_factory=list)
    discarded: list[Note] = field(default_factory=list)
    held: list[Note] = field(default_factory=list)
    recovered: list[Note] = field(default_factory=list)
    withdrawn: list[Note] = field(default_factory=list)
    skipped: list[Note] = field(default_factory=list)
    paused: list[Note] = field(default_factory=list)
    obeyed: list[Note] = field(default_factory=list)
    #: The jobs of which a run that may be tried again is under way.
    running: list[Note] = field(default_factory=list)
    #: The due jobs that wait for a condition, or for their last run.
    conditional: list[Note] = field(default_factory=list)
    #: The runs whose ends this tick has recorded, by the job's issue.
    followed: list[tuple[int, Ended]] = field(default_factory=list)
    #: How many due jobs were left when no more were taken.
    waiting: int = 0
    #: When something is to be looked at again, UTC.
    next_due: datetime | None = None
    #: When a tick is needed again, UTC: that, or later where what waits tolerates it.
    needed: datetime | None = None
    #: How many requests were really sent.
    requests: int = 0
    #: What is said of the tick as a whole.
    notices: list[str] = field(default_factory=list)
    #: Why it stopped early, and the error where that is no passing one.
    stopped: str = ""
    error: SchedulerError | None = None

    #: The lists of notes, by name.
    NOTES = tuple(kind.value for kind in Heading if kind is not Heading.WAITING)

    @classmethod
    def of(cls, tally: Tally, *, now: datetime, requests: int) -> TickReport:
        """The report of what was counted: what is said of a job in passing, until something else.

        ``now`` is when the tick began, ``requests`` how many it has really sent.
        """
        notes: dict[Heading, list[Note]] = {kind: [] for kind in Heading}
        for outcome in tally.outcomes:
            for kind in PASSING if outcome.anew else ():
                notes[kind] = [note for note in notes[kind] if note.id != outcome.number]
            if outcome.followed:  # what was under way as the tick came to the job has ended
                under_way = notes[Heading.RUNNING]
                under_way[:] = [note for note in under_way if note.id != outcome.number]
            for kind, reason in outcome.notes:
                notes[kind].append(Note(id=outcome.number, reason=reason))
        report = cls(
            now=now,
            scanned=tally.scanned,
            due=tally.due,
            dispatched=[each.fired for each in tally.outcomes if each.fired],
            followed=[(each.number, end) for each in tally.outcomes for end in each.followed],
            waiting=tally.left,
            next_due=tally.next_due,
            needed=tally.needed,
            requests=requests,
            stopped=tally.stopped,
            error=tally.error,
        )
        report.conditional.extend(notes.pop(Heading.WAITING))
        lists = report.notes
        for kind, each in notes.items():
            lists[kind.value].extend(each)
        return report

    @property
    def notes(self) -> dict[str, list[Note]]:
        """The lists of notes, by name, in the order in which they are told."""
        return {name: getattr(self, name) for name in self.NOTES}

    @property
    def failed(self) -> list[tuple[int, Ended]]:
        """Those of ``followed`` whose runs failed."""
        return [(number, end) for number, end in self.followed if end.failed]

    @property
    def left(self) -> int:
        """The due jobs that the tick did not come to: if it stopped, those it names nowhere."""
        if self.waiting or not self.stopped:
            return self.waiting
        lists = [*self.notes.values(), self.conditional]
        notes = (note.id for notes in lists for note in notes)
        named = {*(fired.id for fired in self.dispatched), *notes}
        return max(self.due - len(named - {note.id for note in self.invalid}), 0)

    def as_json(self) -> dict[str, Any]:
        """The object that ``tick --json`` prints."""
        data: dict[str, Any] = {
            "now": format_instant(self.now),
            "scanned": self.scanned,
            "due": self.due,
            "dispatched": [
                {**vars(f), "run_url": f.run_url or None, "reason": f.reason or None}
                for f in self.dispatched
            ],
        }
        for name, notes in self.notes.items():
            data[name] = [vars(note) for note in notes]
        data["followed"] = [_end(*each) for each in self.followed]
        data["failed"] = [_end(*each) for each in self.failed]
        waits = [f"#{note.id} waits: {note.reason}" for note in self.conditional]
        data["waiting"] = self.left
        data["next_due"] = format_instant(self.next_due) if self.next_due else None
        data["requests"] = self.requests
        data["notices"] = [*self.notices, *waits]
        data["stopped"] = self.stopped or None
        return data

    def lines(self) -> Iterator[str]:
        """The same for a terminal, a line each."""
        for fired in self.dispatched:
            run = fired.run_url or "the run's id is not known"
            short = f"; {fired.reason}" if fired.reason else ""
            yield visible(f"dispatched #{fired.id} {lateness(fired.lateness_s)}: {run}{short}")
        for number, end in self.followed:
            run = end.url or "its run"
            told = f" ({end.told})" if end.told else ""
            word = "failed" if end.failed else "followed"
            yield visible(f"{word} #{number}: {end.conclusion}: {run}{told}")
        for name, notes in self.notes.items():
            for note in notes:
                yield visible(f"{name} #{note.id}: {note.reason}")
        for note in self.conditional:
            yield visible(f"waiting #{note.id}: {note.reason}")
        for notice in self.notices:
            yield visible(f"notice: {notice}")
        if self.stopped:
            yield visible(f"stopped early: {self.stopped}")
        yield self.headline()

    def text(self) -> str:
        """The same as one text."""
        return "\n".join(self.lines())

    def headline(self) -> str:
        """One line that says what the tick found and what comes next."""
        coming = f"next {format_instant(self.next_due)}" if self.next_due else "nothing waits"
        return (
            f"{_count(self.scanned, 'open job')}, {self.due} due, "
            f"{len(self.dispatched)} dispatched; {coming} ({self.requests} requests)"
        )


def _end(number: int, end: Ended) -> dict[str, Any]:
    """What a run came to, as ``tick --json`` has it."""
    return {"id": number, "run_id": end.run_id, "conclusion": end.conclusion}


def _ran(end: Ended) -> str:
    """What a run came to, as a cell of the summary's table."""
    run = f"[run {end.run_id}]({end.url})" if end.run_id and end.url else "its run"
    word = code(end.conclusion) if end.failed else ""
    return ", ".join(filter(None, (run, word, ends.took(end.took_s), end.told and code(end.told))))


def _count(number: int, noun: str) -> str:
    """A number with its noun."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def unread(number: int) -> str:
    """What is said of a job on hold whose comments are not read."""
    return f"on hold; 'schedule show {number}' says why"


def summary(report: TickReport, *, repository: str, server: str = "https://github.com") -> str:
    """The job summary: a headline and a table of what was done, problems first."""
    lines = [f"### Schedule: {report.headline()}", ""]
    rows = [*_rows(report, f"{server}/{repository}/issues")]
    if rows:
        lines += ["| jobs | result | |", "|---|---|---|"]
        lines += [f"| {jobs} | {result} | {cell(text)} |" for jobs, result, text in rows]
    lines += [line for notice in report.notices for line in ("", f"Notice: {code(notice)}")]
    if report.stopped:
        lines += ["", f"Stopped early: {code(report.stopped)}"]
    return "\n".join(lines) + "\n"


def _rows(report: TickReport, issues: str) -> Iterator[tuple[str, str, str]]:
    """The rows of the summary's table; ``issues`` is the address before an issue's number."""
    for number, end in report.failed:
        yield _linked([number], issues), f"{ends.symbol(end.conclusion)} failed", _ran(end)
    for name in PROBLEMS:
        yield from _grouped(name, report.notes[name], issues)
    for fired in report.dispatched:
        run = f"[run {fired.run_id}]({fired.run_url})" if fired.run_id else "run not named"
        told = f"{run}, {lateness(fired.lateness_s)}"
        told += f"; ⚠️ {why(fired.reason)}" if fired.reason else ""
        yield _linked([fired.id], issues), "✅ dispatched", told
    for number, end in report.followed:
        if not end.failed:
            shown = f"{ends.symbol(end.conclusion)} {ends.shown(end.conclusion)}"
            yield _linked([number], issues), shown, _ran(end)
    for name, notes in report.notes.items():
        if name not in PROBLEMS:
            yield from _grouped(name, notes, issues)
    yield from _grouped("waiting", report.conditional, issues)


def _grouped(name: str, notes: list[Note], issues: str) -> Iterator[tuple[str, str, str]]:
    """One row for each reason, with all jobs that have it."""
    symbol = SYMBOLS.get(name) or {"invalid": "⚠️", "waiting": "⏳", "running": "⏳"}.get(name, "↻")
    jobs: dict[str, list[int]] = {}
    for note in notes:
        jobs.setdefault(note.reason, []).append(note.id)
    for reason, numbers in jobs.items():
        yield _linked(numbers, issues), f"{symbol} {name}", why(reason)


def _linked(numbers: Sequence[int], issues: str) -> str:
    """``#1, #2, #3 and 7 more``, with links."""
    named = ", ".join(f"[#{number}]({issues}/{number})" for number in numbers[:NAMED])
    more = len(numbers) - NAMED
    return f"{named} and {more} more" if more > 0 else named
