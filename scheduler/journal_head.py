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
    """The journal as it fits into a comment.

    What still decides stays, and the newest entries, whole; then as many older ones, without
    their words, as there is room for. Where that is too much by itself, the marks lose their
    words, and then the oldest go of which nothing but the end of an instant follows that the
    job was moved away from.
    """
    entries = journal.entries
    left, spared, terse = len(entries[:-WHOLE][-OLDER:]), sorted(journal.decisive), False
    while True:
        fitting = _fitting(journal, {*spared}, left, terse=terse)
        if len(hidden("journal", fitting)) <= LONGEST_LINE:
            return fitting
        if left:
            left = max(left - 10, 0)
        elif not terse:
            terse = True
        elif len(spared) > len(journal.marks):
            others = [place for place in spared if place not in journal.marks]
            spared = sorted({*journal.marks, *others[10:]})
        else:
            return fitting


def _fitting(journal: Journal, spared: set[int], left: int, *, terse: bool) -> Journal:
    young = len(journal.entries) - WHOLE
    kept, out = [], [journal.left_out] if journal.left_out else []
    for place, entry in enumerate(journal.entries):
        if place >= young or (place in journal.marks and not terse):
            kept.append(replace(entry, reason=entry.reason[:LONGEST_REASON]))
        elif place in spared or place >= young - left:
            kept.append(_short(entry, counts=entry is journal.furthest))
        else:
            out.append(entry.at)
    return replace(journal, entries=tuple(kept), left_out=max(out, default=None))


def _short(entry: Entry, *, counts: bool) -> Entry:
    """An entry without its words; only the one that a series ``counts`` from keeps its number."""
    if not counts and (entry.nth or entry.counted):
        entry = replace(entry, nth=None, counted="")
    if not (entry.target or entry.reason):
        return entry
    bare = replace(entry, reason="", run_url="", target="", matched="")
    return replace(bare, requested_by="", verified=None)
