"""The hidden head of the scheduler's own comments, within what a comment holds."""

from __future__ import annotations

from dataclasses import replace

from scheduler.journal import (
    LONGEST_REASON,
    OLDER,
    WHOLE,
    Claim,
    Entry,
    Explanation,
    Journal,
    Withdrawal,
)
from scheduler.records import hidden

#: What people read below the hidden line takes 20,000 characters at most. If the line is
#: longer than this, older entries are left out.
LONGEST_LINE = 45_000


KIND: dict[type, str] = {
    Claim: "claim",
    Journal: "journal",
    Explanation: "invalid",
    Withdrawal: "withdrawn",
}


def head(record: Claim | Journal | Explanation | Withdrawal) -> str:
    """The hidden first line of a comment that holds ``record``."""
    kind = KIND[type(record)]
    if isinstance(record, Journal):
        record = _bounded(record)
    return hidden(kind, record)


def _bounded(journal: Journal) -> Journal:
    """The journal as it fits into a comment: of old entries only what decides is kept."""
    # However much else was written since: how far the job is, and until when it was put off.
    decisive = (journal.furthest, journal.instead, journal.put_off, journal.resumed, journal.parted)
    old, young = journal.entries[:-WHOLE], journal.entries[-WHOLE:]
    cut = [replace(entry, reason=entry.reason[:LONGEST_REASON]) for entry in young]
    left = len(old[-OLDER:])
    while True:
        older, recent = old[: len(old) - left], old[len(old) - left :]
        kept = (*(e for e in older if any(e is each for each in decisive)), *recent)
        short = [_short(entry) for entry in kept]
        fitting = replace(journal, entries=(*short, *cut))
        if not left or len(hidden("journal", fitting)) <= LONGEST_LINE:
            return fitting
        left = max(left - 10, 0)


def _short(entry: Entry) -> Entry:
    if not (entry.target or entry.reason):
        return entry
    return replace(entry, reason="", run_url="", target="", matched="")
