"""A series' journal as people read it: one table of its last occurrences, and what comes next."""

from __future__ import annotations

from datetime import datetime

from scheduler.journal import Entry, Journal
from scheduler.journal_head import head
from scheduler.markdown import cell, code
from scheduler.model import Job, occurrence_comment, occurrence_instant
from scheduler.report import MAX_SHOWN_ENTRIES, SYMBOLS, asked_by, lateness
from scheduler.states import State
from scheduler.when import format_instant, format_local, zone


def series_comment(journal: Journal, *, next_instant: datetime | None, asked: Job) -> str:
    """The one comment of a series, rewritten after each occurrence."""
    lines = [head(journal), coming(next_instant, asked), ""]
    lines += ["| occurrence | result | |", "|---|---|---|"]
    for entry in reversed(journal.entries[-MAX_SHOWN_ENTRIES:]):
        lines.append("| {} | {} | {} |".format(*(cell(each) for each in row(entry))))
    return "\n".join(lines)


def coming(moment: datetime | None, asked: Job) -> str:
    """What comes next, in UTC and in the job's own zone."""
    if moment is None:
        return "The series is over: nothing comes after this."
    local = ""
    if asked.timezone and asked.timezone != "UTC":
        local = f" ({format_local(moment, zone(asked.timezone, field='timezone'))})"
    return f"Next: {format_instant(moment)}{local}"


def row(entry: Entry) -> tuple[str, str, str]:
    """One occurrence: when it was, what came of it, and where or why."""
    instant = occurrence_instant(entry.key)
    when = format_instant(instant) if instant else f"comment {occurrence_comment(entry.key)}"
    result = f"{SYMBOLS.get(entry.outcome, '•')} {WORDS.get(entry.outcome, entry.outcome)}"
    words = []
    if entry.outcome == State.DISPATCHED.value:
        run = f"[run {entry.run_id}]({entry.run_url})" if entry.run_url else ""
        words.append(run or (f"run {entry.run_id}" if entry.run_id else "run not named"))
        if entry.lateness_s is not None:
            words.append(lateness(entry.lateness_s))
        if entry.requested_by:
            words.append(asked_by(entry))
    elif entry.reason:
        words.append(code(entry.reason))
    if entry.passed:
        words.append(f"{entry.passed} earlier passed over")
    if entry.until:
        words.append(f"not before {format_instant(entry.until)}")
    return when, result, ", ".join(words)


def told(entry: Entry) -> str:
    """One occurrence in one line, for a terminal."""
    return ": ".join(filter(None, ("  ".join(row(entry)[:2]), row(entry)[2])))


#: What a state is called of one occurrence.
WORDS = {State.PENDING.value: "done", State.REJECTED.value: "refused"}
