"""Which entries of a journal still decide something, however old they are."""

from __future__ import annotations

from scheduler.job.model import first_try, occurrence_comment, occurrence_instant
from scheduler.job.states import State
from scheduler.journal.journal import NEVER_STARTED, OVER, Journal


def marks(journal: Journal) -> frozenset[int]:
    """The places in the entries that state how far the job is, and what people decided."""
    one = (
        journal.furthest,
        journal.put_off,
        journal.instead,
        journal.resumed,
        journal.retried,
        journal.approved,
        journal.parted,
        journal.ran,
    )
    last = {entry.key: entry for entry in journal.entries}
    kept = [*one, *(e for e in last.values() if e.outcome == State.HELD.value)]
    known = {id(entry) for entry in kept if entry is not None}
    return frozenset(place for place, e in enumerate(journal.entries) if id(e) in known)


def decisive(journal: Journal) -> frozenset[int]:
    """The places in the entries that still decide something.

    Besides ``marks``: the end, the attempts and the run of each occurrence that may be decided
    on again.
    """
    places: dict[str, list[int]] = {}
    for place, entry in enumerate(journal.entries):
        places.setdefault(entry.key, []).append(place)
    looked_at = (own for key, own in places.items() if _looked_at(journal, key, own[-1]))
    return marks(journal).union(*(_deciding(journal, own) for own in looked_at))


def _looked_at(journal: Journal, key: str, last: int) -> bool:
    """Whether the occurrence of ``key`` may be decided on again."""
    if journal.entries[last].outcome == State.HELD.value:
        return True
    if journal.ran and first_try(journal.ran.key) == first_try(key):
        return True  # it may be tried again
    if (instant := occurrence_instant(key)) is None:
        return occurrence_comment(key) > (journal.handled or 0)
    reached = occurrence_instant(journal.furthest.key) if journal.furthest else None
    return reached is None or instant >= reached


def _deciding(journal: Journal, places: list[int]) -> set[int]:
    """The places of an occurrence's entries that its next decision depends on."""
    entries = journal.entries
    ends = [p for p in places if entries[p].outcome in OVER]
    ran = [p for p in places if entries[p].outcome == State.DISPATCHED.value]
    missed = [p for p in places if entries[p].outcome == State.MISSED.value]
    told = [p for p in places if entries[p].outcome != NEVER_STARTED]
    last = max(places, key=lambda place: entries[place].attempt)
    since = [p for p in places if not ends or p >= ends[-1]]
    # A job that was missed once has no deadline any more, whatever ended it since.
    return {*since, *(ran[:1] or missed[-1:]), *told[-1:], last}
