"""The input ``fail-on``: what makes a tick's own run fail, once everything is done."""

from __future__ import annotations

from collections.abc import Sequence

from scheduler.errors import SchedulerError, UsageError
from scheduler.text import did_you_mean, shown
from scheduler.tick.report import TickReport

#: The lists of a report that can be named. What is in them needs a person.
LISTS = ("held", "discarded", "missed", "invalid", "rejected", "failed")
#: So many jobs of a list are named.
NAMED = 10


class Found(SchedulerError):
    """The tick did all that it could, and found what is to make its run fail."""


def listed(text: str) -> tuple[str, ...]:
    """The lists that ``fail-on`` names, with commas between.

    Raises:
        UsageError: one of them is none of `LISTS`.
    """
    names = tuple(filter(None, (part.strip() for part in text.split(","))))
    for name in names:
        if name not in LISTS:
            fix = did_you_mean(name, LISTS, f"name some of {', '.join(LISTS)}")
            raise UsageError(f"fail-on: {shown(name)} is not known; {fix}")
    return names


def reason(report: TickReport, names: Sequence[str]) -> str | None:
    """Why the run is to fail, in one line; None: nothing that was named was found."""
    found = []
    for name in names:
        numbers = [f"#{number}" for number in _found(report, name)]
        if numbers:
            more = [f"{len(numbers) - NAMED} more"] if len(numbers) > NAMED else []
            found.append(f"{name}: {', '.join([*numbers[:NAMED], *more])}")
    return f"fail-on: {'; '.join(found)}; see the summary" if found else None


def _found(report: TickReport, name: str) -> Sequence[int]:
    """The jobs in a list of the report; of ``failed``, those of which this tick recorded it."""
    if name == "failed":
        return list(dict.fromkeys(number for number, _ in report.failed))
    return [note.id for note in report.notes[name]]
